"""What is known of a stream of applications while it is decided: what came of the last hour, minute by minute, who
decides, what was refused, and the latest decisions. Values alone, for whoever says or draws them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from model.monitoring.drift import OF_PD, Drift, Snapshot, psi

HOUR = 60  # minutes that are looked at
ALIVE = timedelta(seconds=10)
"""For so long a process that says that it lives about once a second is taken to do so."""
LATENCIES: Array = 0.1 * 10.0 ** (np.arange(161) / 20)
"""Edges of the bins of latencies, ms, from 0.1 ms to almost three hours: each a ninth wider than the one before."""
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class StreamMinute:
    """What was decided in a ``minute`` since 1970 UTC: how many applications, and the sum of their ``pd``; how many of
    them were ``granted``, and the sums of the ``exposure`` and the expected ``loss`` of those; how many lay ``outside``
    what the model has seen; messages that were ``refused``."""

    minute: int
    decided: int = 0
    granted: int = 0
    pd: float = 0.0
    exposure: float = 0.0
    loss: float = 0.0
    outside: int = 0
    refused: int = 0

    @property
    def begins(self) -> datetime:
        """When it begins, UTC."""
        return datetime.fromtimestamp(60 * self.minute, UTC)

    @property
    def granted_share(self) -> float:
        """The share granted, in [0, 1]; NaN where nothing was decided."""
        return self.granted / self.decided if self.decided else np.nan

    @property
    def mean_pd(self) -> float:
        """The mean PD, in [0, 1]; NaN where nothing was decided."""
        return self.pd / self.decided if self.decided else np.nan

    def plus(self, other: "StreamMinute") -> "StreamMinute":
        """This minute with what another process did in it."""
        return StreamMinute(
            self.minute,
            decided=self.decided + other.decided,
            granted=self.granted + other.granted,
            pd=self.pd + other.pd,
            exposure=self.exposure + other.exposure,
            loss=self.loss + other.loss,
            outside=self.outside + other.outside,
            refused=self.refused + other.refused,
        )


@dataclass(frozen=True)
class StreamProcess:
    """A process that decides, as it last said of itself: by which ``release``, how many messages it ``lag`` s behind,
    decisions a second (``rate``), ``errors`` since it ``started``; ``beat`` when it said so, ``ended`` when it was
    stopped, None while it was not."""

    name: str
    started: datetime
    beat: datetime
    ended: datetime | None
    release: str
    lag: int
    rate: float
    errors: int

    def alive(self, at: datetime) -> bool:
        """Whether it runs at a moment."""
        return self.ended is None and at - self.beat <= ALIVE

    @property
    def seen(self) -> datetime:
        """Until when it is known to have run."""
        return self.beat if self.ended is None else self.ended


@dataclass(frozen=True)
class RefusedAbout:
    """Messages refused for what they are ``about``, the label of a field, "" for the message as a whole: how many, and
    the reason given to one of the latest."""

    about: str
    count: int
    reason: str


@dataclass(frozen=True, eq=False)
class StreamDecision:
    """An application and what was decided of it: its ``id``, ``at`` which moment it was sent and decided, by which
    ``release``; ``pd`` in [0, 1], ``score`` in whole points, ``loss`` and ``exposure`` in the book's currency;
    ``record`` (fields,) as it came, ``reasons`` in score points by concept from the ``average`` score."""

    id: str
    at: datetime
    decided_at: datetime
    release: str
    pd: float
    score: int
    granted: bool
    exposure: float
    loss: float
    outside: bool
    record: tuple[float, ...]
    average: float
    reasons: tuple[tuple[str, float], ...]


@dataclass(frozen=True, eq=False)
class StreamLive:
    """A stream as it stands at a moment (``at``, UTC): the last `HOUR` ``minutes``, the latest last and not over yet;
    ``processes`` of the last day, the latest seen first; what was ``refused`` in that hour, the most frequent first;
    how many applications lay in each bin of each input and last of the PD, by the release that decided them; how many
    decisions took how long, by the bins of `LATENCIES`; the latest ``decisions``, the newest first."""

    at: datetime
    minutes: tuple[StreamMinute, ...]
    processes: tuple[StreamProcess, ...] = ()
    refusals: tuple[RefusedAbout, ...] = ()
    bins: Mapping[str, tuple[Counts, ...]] = field(default_factory=dict)
    latencies: Counts = field(default_factory=lambda: np.zeros(len(LATENCIES) + 1, np.int64))
    decisions: tuple[StreamDecision, ...] = ()

    @cached_property
    def hour(self) -> StreamMinute:
        """All that was decided and refused in the hour."""
        total = StreamMinute(self.minutes[0].minute)
        for each in self.minutes:
            total = total.plus(each)
        return total

    @cached_property
    def alive(self) -> tuple[StreamProcess, ...]:
        """The processes that run."""
        return tuple(each for each in self.processes if each.alive(self.at))

    @property
    def silent_since(self) -> datetime | None:
        """Since when no process has run; None while one does, or if none ever did."""
        return None if self.alive or not self.processes else max(each.seen for each in self.processes)

    @property
    def rate(self) -> float:
        """Decisions a second, of all processes together."""
        return sum(each.rate for each in self.alive)

    @property
    def lag(self) -> int:
        """Messages that wait, of all processes together."""
        return sum(each.lag for each in self.alive)

    @property
    def errors(self) -> int:
        """Errors of the processes that run."""
        return sum(each.errors for each in self.alive)

    def latency(self, share: float) -> float:
        """Within how many milliseconds a share of the hour's decisions was made, to a ninth of it; NaN without any."""
        total = int(self.latencies.sum())
        if not total:
            return np.nan
        reached = int(np.searchsorted(np.cumsum(self.latencies), share * total))
        return float(LATENCIES[min(reached, len(LATENCIES) - 1)])

    def drifts(self, release: str, snapshot: Snapshot) -> tuple[Drift, ...]:
        """How far the hour's applications that a release decided, inputs and last their PDs, lie from its training; ()
        without any."""
        counts = self.bins.get(release, ())
        if len(counts) != len(snapshot.edges) or not counts[OF_PD].sum():
            return ()
        indices = (*range(len(counts) - 1), OF_PD)
        return tuple(
            _drift(index, own, edges, expected)
            for index, own, edges, expected in zip(indices, counts, snapshot.edges, snapshot.shares, strict=True)
        )


def _drift(index: int, counts: Counts, edges: Array, expected: Array) -> Drift:
    n = int(counts.sum())
    actual = counts / n
    return Drift(index, psi(expected, actual), n=n, edges=edges, expected=expected, actual=actual)


@dataclass(frozen=True, eq=False)
class StreamReference:
    """What a stream is held against: the share ``granted`` of the book, and the mean PD and the ``snapshot`` of what
    the ``release`` was trained on; ``trained``: the mean PD is that of its training, else of the whole book."""

    release: str
    granted: float
    pd: float
    trained: bool
    snapshot: Snapshot


def kept_in_place(before: tuple[str, ...], latest: tuple[str, ...]) -> tuple[str, ...]:
    """The ``latest`` things, the newest first, in the order in which they are shown: what was shown ``before`` and is
    among them keeps its place, the others take the places that came free, the newest the first."""
    there = set(latest)
    places = [each if each in there else "" for each in before[: len(latest)]]
    places += [""] * (len(latest) - len(places))
    shown = set(places)
    new = iter(each for each in latest if each not in shown)
    return tuple(each or next(new) for each in places)
