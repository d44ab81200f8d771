"""How models have done on a stream since outcomes came in: by stretches of time, champion and challenger beside it.

Everything is of predictions that were made before their outcome came. Whoever decided is the champion of that moment;
the challenger of that moment said what it would have, of the same applications, so that the two are compared on the
same outcomes. Of few outcomes no AUC is told, of few applications no drift.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from model.monitoring.bins import codes
from model.monitoring.discrimination import auc_interval
from model.monitoring.drift import Snapshot, psi
from model.monitoring.intervals import UNKNOWN, Estimate, wilson
from model.monitoring.paired import auc_difference
from model.monitoring.vintages import FEWEST

MOST_STRETCHES = 24
FEWEST_DRIFTED = 200  # applications; of ten bins chance alone makes a PSI of 0.05 of so many
SECOND, HOUR, DAY = 1000, 3_600_000, 86_400_000  # in ms
WIDTHS = (
    *(SECOND * each for each in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800)),
    *(HOUR * each for each in (1, 2, 3, 6, 12)),
    *(DAY * each for each in (1, 2, 7, 14, 28, 91, 182, 364)),
)


@dataclass(frozen=True, eq=False)
class OutcomeRows:
    """Applications of which the outcome is known (n,), by when it came, the earliest first: ``at`` then and
    ``decided_at``, ms since 1970 UTC; ``outcome`` 0 or 1; the ``release`` that decided and its ``pd``; the
    ``challenger`` of that moment, "" where there was none, and its ``challenger_pd``, then NaN."""

    at: NDArray[np.int64]
    decided_at: NDArray[np.int64]
    outcome: Array
    release: tuple[str, ...]
    pd: Array
    challenger: tuple[str, ...]
    challenger_pd: Array

    def __len__(self) -> int:
        return len(self.at)

    def chosen(self, some: NDArray[np.bool_]) -> "OutcomeRows":
        """Some of them, in the same order."""
        where = np.flatnonzero(some).tolist()
        return OutcomeRows(
            self.at[some],
            self.decided_at[some],
            outcome=self.outcome[some],
            release=tuple(self.release[k] for k in where),
            pd=self.pd[some],
            challenger=tuple(self.challenger[k] for k in where),
            challenger_pd=self.challenger_pd[some],
        )


@dataclass(frozen=True)
class CourseSide:
    """What was said of some outcomes: the ``releases`` that said it, the one that said most of it first; the mean PD
    ``predicted``; the AUC, NaN with fewer than 30 of either outcome; and the ``psi`` of the first one's PDs against
    its training, NaN of fewer than 200."""

    releases: tuple[str, ...]
    predicted: float
    auc: Estimate
    psi: float


@dataclass(frozen=True)
class CoursePair:
    """Champion and challenger on the same ``n`` outcomes, ``observed`` of which are bad, a share with Wilson's
    interval; the challenger's AUC less the champion's with DeLong's paired interval, NaN where an AUC is."""

    n: int
    observed: Estimate
    champion: CourseSide
    challenger: CourseSide
    auc: Estimate


@dataclass(frozen=True)
class CourseStretch:
    """Outcomes that came from ``start`` to before ``end``, ms since 1970 UTC: how many, how many ``bad``, the share
    ``observed`` with Wilson's interval; what was said of all of them when they were decided, ``decided``; and the
    challenger beside that where there was one, on those it spoke of."""

    start: int
    end: int
    n: int
    bad: int
    observed: Estimate
    decided: CourseSide
    beside: CoursePair | None


CourseKind = Literal["renewed", "kept", "failed", "challenger", "champion"]


@dataclass(frozen=True)
class CourseEvent:
    """What happened to a model ``at`` a moment, ms since 1970 UTC: it was renewed and named, or kept, or could not be
    made; or a release came to be challenger or champion. ``who`` did it, and ``why``."""

    at: int
    kind: CourseKind
    release: str
    who: str = ""
    why: str = ""


@dataclass(frozen=True)
class StreamCourse:
    """The course of a stream's models over its ``stretches``, the earliest first, and over all of them, ``whole``, None
    before any outcome; ``against``: the challenger of today beside the champion of today, None where they have no
    outcome in common. ``events`` in between, by time. ``left_out``: outcomes that were there before a decision."""

    stretches: tuple[CourseStretch, ...]
    whole: CourseStretch | None
    against: CoursePair | None
    events: tuple[CourseEvent, ...]
    left_out: int


def course_of(
    rows: OutcomeRows,
    snapshots: Mapping[str, Snapshot],
    *,
    champion: str = "",
    challenger: str = "",
    events: Sequence[CourseEvent] = (),
    most: int = MOST_STRETCHES,
) -> StreamCourse:
    """The course that ``rows`` tell of, in at most ``most`` stretches of one length.

    ``snapshots`` say how the PDs of releases were distributed in training, by id, as far as they are known;
    ``champion`` and ``challenger`` those of today. Stretches begin at whole seconds, hours and days UTC, and those
    without an outcome are left out.
    """
    before = rows.decided_at <= rows.at
    own, told = rows.chosen(before), tuple(sorted(events, key=lambda each: each.at))
    left_out = int((~before).sum())
    if not len(own):
        return StreamCourse((), None, None, told, left_out)
    width = _width(int(own.at[-1] - own.at[0]), most)
    which = own.at // width
    stretches = tuple(
        _stretch(own.chosen(which == k), int(k) * width, int(k + 1) * width, snapshots) for k in np.unique(which)
    )
    whole = _stretch(own, stretches[0].start, stretches[-1].end, snapshots)
    sides = zip(own.release, own.challenger, strict=True)
    today = np.array([decided == champion and beside == challenger != "" for decided, beside in sides])
    return StreamCourse(stretches, whole, _pair(own.chosen(today), snapshots), told, left_out)


def _width(span: int, most: int) -> int:
    """The length of a stretch, ms: the shortest of `WIDTHS` of which ``most`` hold the span wherever it begins."""
    return next((each for each in WIDTHS if span // each + 2 <= most), WIDTHS[-1])


def _stretch(own: OutcomeRows, start: int, end: int, snapshots: Mapping[str, Snapshot]) -> CourseStretch:
    return CourseStretch(
        start,
        end,
        n=len(own),
        bad=int(own.outcome.sum()),
        observed=_observed(own.outcome),
        decided=_side(own.release, own.pd, own.outcome, snapshots),
        beside=_pair(own.chosen(~np.isnan(own.challenger_pd)), snapshots),
    )


def _pair(own: OutcomeRows, snapshots: Mapping[str, Snapshot]) -> CoursePair | None:
    if not len(own):
        return None
    few = _few(own.outcome)
    return CoursePair(
        len(own),
        _observed(own.outcome),
        champion=_side(own.release, own.pd, own.outcome, snapshots),
        challenger=_side(own.challenger, own.challenger_pd, own.outcome, snapshots),
        auc=UNKNOWN if few else auc_difference(own.outcome, own.challenger_pd, own.pd),
    )


def _side(releases: Sequence[str], pd: Array, outcome: Array, snapshots: Mapping[str, Snapshot]) -> CourseSide:
    names = tuple(name for name, _ in Counter(releases).most_common())
    mine = pd[np.array([each == names[0] for each in releases])]
    area = UNKNOWN if _few(outcome) else auc_interval(outcome, pd)
    return CourseSide(names, float(pd.mean()), area, _moved(snapshots.get(names[0]), mine))


def _moved(snapshot: Snapshot | None, pd: Array) -> float:
    """The PSI of PDs against those of the training."""
    if snapshot is None or len(pd) < FEWEST_DRIFTED:
        return np.nan
    edges = snapshot.edges[-1]
    return psi(snapshot.shares[-1], np.bincount(codes(pd, edges), minlength=len(edges) + 2) / len(pd))


def _few(outcome: Array) -> bool:
    bad = int(outcome.sum())
    return min(bad, len(outcome) - bad) < FEWEST


def _observed(outcome: Array) -> Estimate:
    low, high = wilson(outcome.sum(), len(outcome))
    return Estimate(float(outcome.mean()), float(low), float(high))
