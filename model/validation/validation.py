"""How far a model can be trusted: what it said of records beside what became of them.

The records are a release's evidence: each was predicted by a model that had not been fitted to it, in cross-validation
inside the training window, as a later vintage, or, where it was fitted to a stream's outcomes, as a record of the book
that is not among them. Vintages after the release's own test are no evidence by which it was
judged, but it had not seen them either: their predictions are the release's own, marked ``beyond``. Of a model of which
nothing is known but its answers there is no such claim: its records are ``asked``.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.contract import Contract, Field, Segment
from model.engine.parallel import over
from model.engine.scorer import Scorer
from model.engine.tables import probability
from model.finance.scorecard import reaches
from model.monitoring import fairness
from model.monitoring.calibration import Bin, by_group, reliability
from model.monitoring.discrimination import Gain, Roc, auc_interval, gains, roc
from model.monitoring.drift import OF_PD, WATCH, Drift, Snapshot, drift
from model.monitoring.fairness import Group
from model.monitoring.intervals import UNKNOWN, Estimate, wilson
from model.monitoring.performance import calibration_error, calibration_line
from model.monitoring.vintages import FEWEST, Vintage, by_vintage
from model.release.checks import scores
from model.release.evidence import KINDS
from model.release.release import Release
from model.release.window import Window
from model.whatif.book.segments import largest

Source = Literal["crossed", "later", "unseen", "beyond", "asked"]
SOURCES: tuple[Source, ...] = (*KINDS, "beyond", "asked")
Verdict = Literal["holds", "watch", "does not hold", ""]
SLICES = 10
MOST = 10  # misses of either sort
SCORE_STEPS = 40  # bins of the scores' distributions
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Subset:
    """Which records are looked at: ``when`` is a source or a vintage ("2006"), "" the main evidence; ``band`` one band
    of a ``segment``, "" being everybody."""

    when: str = ""
    segment: str = ""
    band: int = 0


@dataclass(frozen=True, eq=False)
class SubsetMetrics:
    """Of ``n`` records, ``bad`` of which defaulted: mean PD ``predicted`` and ``observed`` default rate, AUC, ROC with
    KS, reliability by ``bins``, calibration error ``ece`` and ``slope``; NaN where a figure cannot be told."""

    n: int
    bad: int
    predicted: float
    observed: Estimate
    auc: Estimate
    roc: Roc
    bins: tuple[Bin, ...]
    ece: float
    slope: float

    @classmethod
    def of(cls, outcome: Array, pd: Array) -> "SubsetMetrics":
        """From outcomes and predictions (n,); 0.6 s for 816,000 records."""
        n, bad = len(pd), int(outcome.sum())
        few = min(bad, n - bad) < FEWEST
        low, high = wilson(bad, n)
        return cls(
            n,
            bad,
            predicted=float(pd.mean()) if n else np.nan,
            observed=Estimate(bad / n if n else np.nan, float(low), float(high)),
            auc=UNKNOWN if few else auc_interval(outcome, pd),
            roc=roc(outcome, pd),
            bins=reliability(outcome, pd) if n else (),
            ece=calibration_error(outcome, pd) if n else np.nan,
            slope=np.nan if few else calibration_line(outcome, pd)[1],
        )

    @property
    def gap(self) -> float:
        """Observed default rate less mean PD, a fraction; above 0 the model is too optimistic."""
        return self.observed.value - self.predicted

    @property
    def whole(self) -> Bin:
        """All of them as one group, predicted against observed."""
        return Bin(self.n, self.predicted, observed=self.observed.value, low=self.observed.low, high=self.observed.high)


@dataclass(frozen=True)
class BandMetrics:
    """One band's ``n`` records: ``observed`` default rate (Wilson) against the mean PD ``predicted``, ``auc`` (DeLong)
    and ``ks``, NaN with fewer than 30 defaults or 30 others. ``calibrated`` and ``ranks``: verdicts, see `Validation`;
    bands of a segment have none on ranking, since records that are alike are harder to rank than all together."""

    name: str
    n: int
    bad: int
    predicted: float
    observed: Estimate
    auc: Estimate
    ks: float
    calibrated: Verdict
    ranks: Verdict
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Miss:
    """A record of which the model was most wrong: its number in the book, ``pd`` as predicted out of sample, whether it
    defaulted; ``loss`` and ``own_loss``, the bank's own share, in the book's currency where known, else NaN."""

    identifier: int
    pd: float
    defaulted: bool
    loss: float
    own_loss: float


@dataclass(frozen=True, eq=False)
class Separation:
    """How the scores of those who defaulted and of those who paid are distributed: shares (bins,) by ``edges``
    (bins + 1,) in score points; the mean of either; the score at which the two are furthest apart (KS)."""

    edges: Array
    bad: Array
    good: Array
    bad_mean: float
    good_mean: float
    ks: float
    ks_at: float

    @property
    def known(self) -> bool:
        """Whether there are both, those who defaulted and those who paid."""
        return not np.isnan([self.bad_mean, self.good_mean]).any()


@dataclass(frozen=True, eq=False)
class Validation:
    """What was said of records, (m,) each: their ``position`` in the ``book``, the ``pd`` predicted in [0, 1], the
    ``outcome``, the ``source``, a position in `SOURCES`, and the ``vintage`` where the book has any.

    ``window``: the vintages fitted to; None where no claim can be made of what was fitted to what. What it works out it
    remembers.
    """

    book: Book
    position: NDArray[np.int64]
    pd: Array
    outcome: Array
    source: NDArray[np.int8]
    vintage: Array | None
    window: Window | None
    _known: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, release: Release, book: Book) -> "Validation":
        """Of a release, from its evidence and from what it says of vintages after its own test."""
        found, after = release.evidence.within(len(book)), _beyond(release, book)
        where = np.concatenate((found.position, after))
        said = np.concatenate((found.pd, _said(release.scorer, book, after)))
        source = np.concatenate((found.kind, np.full(len(after), SOURCES.index("beyond"), np.int8)))
        return cls._at(book, where, pd=said, source=source, window=release.window)

    @classmethod
    def asked(cls, book: Book, margins: Array) -> "Validation":
        """Of a model of which only the answers are known: log-odds ``margins`` (n,) of the records of ``book``."""
        source = np.full(len(book), SOURCES.index("asked"), np.int8)
        return cls._at(book, np.arange(len(book), dtype=np.int64), pd=probability(margins), source=source, window=None)

    @classmethod
    def _at(
        cls, book: Book, where: NDArray[np.int64], pd: Array, source: NDArray[np.int8], window: Window | None
    ) -> "Validation":
        own = book.vintages
        vintage = None if own is None else own[where]
        return cls(book, where, pd=pd, outcome=book.target[where], source=source, vintage=vintage, window=window)

    @property
    def contract(self) -> Contract:
        """The contract of the book."""
        return self.book.contract

    def __len__(self) -> int:
        return len(self.position)

    @property
    def tested(self) -> bool:
        """Whether it is known what the model was fitted to, so that these records tell of others."""
        return self.window is not None

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """What was worked out under a ``key``, now or before."""
        if key not in self._known:
            self._known[key] = make()
        found: _Made = self._known[key]
        return found

    # ---- which records ----------------------------------------------------------------------------------------------

    @property
    def has(self) -> tuple[Source, ...]:
        """The sources there are."""
        return self.once("has", lambda: tuple(SOURCES[k] for k in np.unique(self.source)))

    @property
    def main(self) -> Source:
        """What the model is judged by: later vintages where it was tested on them, since that is how it is used."""
        return next(
            (each for each in ("later", "crossed", "unseen", "beyond", "asked") if each in self.has),
            "unseen" if self.tested else "asked",
        )

    @property
    def years(self) -> tuple[float, ...]:
        """The vintages there are, rising; none where the book has none."""
        if self.vintage is None:
            return ()
        own = self.vintage
        return self.once("years", lambda: tuple(float(each) for each in np.unique(own[~np.isnan(own)])))

    @property
    def whens(self) -> tuple[str, ...]:
        """What `Subset.when` may be, the main evidence first."""
        rest = [each for each in self.has if each != self.main]
        return (self.main, *rest, *(f"{year:.0f}" for year in self.years))

    def mask(self, chosen: Subset) -> NDArray[np.bool_]:
        """The records chosen, (m,)."""
        when = chosen.when or self.main
        if when in SOURCES:
            own = self.source == SOURCES.index(when)
        else:
            assert self.vintage is not None
            own = self.vintage == float(when)
        if chosen.segment:
            own = own & (self.band(self.contract.segment(chosen.segment)) == chosen.band)
        return np.asarray(own)

    def band(self, segment: Segment) -> NDArray[np.int8]:
        """The band each record lies in, (m,)."""
        own = self.contract

        def cut() -> NDArray[np.int8]:
            whole = own.bands(segment, own.values(self.book.raw), len(self.book))
            return np.asarray(whole[self.position])

        return self.once(("band", segment.name), cut)

    # ---- ranking and calibration ------------------------------------------------------------------------------------

    def measured(self, chosen: Subset = Subset()) -> SubsetMetrics:
        """Everything about the records chosen."""

        def work() -> SubsetMetrics:
            own = self.mask(chosen)
            return SubsetMetrics.of(self.outcome[own], self.pd[own])

        return self.once(("measured", chosen), work)

    def gains(self, chosen: Subset = Subset()) -> tuple[Gain, ...]:
        """Default rate, lift and defaults captured by tenths, the riskiest first."""
        own = self.mask(chosen)
        return self.once(("gains", chosen), lambda: gains(self.outcome[own], self.pd[own], SLICES))

    def separation(self, chosen: Subset = Subset()) -> Separation:
        """The scores of those who defaulted beside those of the others."""

        def work() -> Separation:
            own = self.mask(chosen)
            points, bad = scores(self.contract, self.pd[own]), self.outcome[own] == 1
            finite = points[np.isfinite(points)]
            ends = np.quantile(finite, [0.002, 0.998]) if len(finite) else np.array([0.0, 1.0])
            edges = np.linspace(ends[0], max(ends[1], ends[0] + 1), SCORE_STEPS + 1)
            shares = [
                np.histogram(each.clip(edges[0], edges[-1]), edges)[0] / max(len(each), 1)
                for each in (points[bad], points[~bad])
            ]
            found = self.measured(chosen).roc
            at = float(scores(self.contract, np.array([found.ks_at]))[0]) if np.isfinite(found.ks_at) else np.nan
            means = [float(each.mean()) if len(each) else np.nan for each in (points[bad], points[~bad])]
            return Separation(
                edges, shares[0], good=shares[1], bad_mean=means[0], good_mean=means[1], ks=found.ks, ks_at=at
            )

        return self.once(("separation", chosen), work)

    def calibration(self, segment: Segment, when: str = "") -> tuple[Bin, ...]:
        """Predicted against observed by the bands of a segment, those without records included."""

        def work() -> tuple[Bin, ...]:
            own = self.mask(Subset(when))
            band = self.band(segment)[own].astype(np.int64)
            return by_group(self.outcome[own], self.pd[own], band, self.contract.band_count(segment))

        return self.once(("calibration", segment.name, when), work)

    def by_segment(self, segment: Segment, names: Sequence[str], when: str = "") -> tuple[BandMetrics, ...]:
        """The bands of a segment that hold records, by their ``names``; they sum to the records of ``when``."""

        def work() -> tuple[BandMetrics, ...]:
            own = self.mask(Subset(when))
            outcome, pd, band = self.outcome[own], self.pd[own], self.band(segment)[own]
            rows = [(k, each) for k, each in enumerate(self.calibration(segment, when)) if each.n]
            source = when if when in SOURCES else self.main
            found = (
                self._banded(names[k], row, outcome=outcome[band == k], pd=pd[band == k], source=source)
                for k, row in rows
            )
            return tuple(replace(each, ranks="") for each in found)  # what is asked is asked of all bands together

        return self.once(("by_segment", segment.name, when), work)

    def by_vintage(self) -> tuple[BandMetrics, ...]:
        """The vintages, the earliest first, each with where its predictions come from; they sum to all records."""

        def work() -> tuple[BandMetrics, ...]:
            if self.vintage is None:
                return ()
            found = []
            for each in self.backtest():
                own = np.isnan(self.vintage) if np.isnan(each.vintage) else self.vintage == each.vintage
                sources = tuple(SOURCES[k] for k in np.unique(self.source[own]))
                row = Bin(
                    each.n, each.predicted, observed=each.observed.value, low=each.observed.low, high=each.observed.high
                )
                name = "not known" if np.isnan(each.vintage) else f"{each.vintage:.0f}"
                found.append(
                    self._banded(
                        name, row, outcome=self.outcome[own], pd=self.pd[own], source=sources[-1], sources=sources
                    )
                )
            return tuple(found)

        return self.once("by_vintage", work)

    def backtest(self) -> tuple[Vintage, ...]:
        """Each vintage's rates and AUC, the earliest first."""
        if self.vintage is None:
            return ()
        own = self.vintage
        return self.once("backtest", lambda: by_vintage(self.outcome, self.pd, own))

    def _banded(
        self, name: str, row: Bin, outcome: Array, pd: Array, source: str, sources: tuple[Source, ...] = ()
    ) -> BandMetrics:
        bad = round(row.n * row.observed)
        few = min(bad, row.n - bad) < FEWEST
        area = UNKNOWN if few else auc_interval(outcome, pd)
        return BandMetrics(
            name,
            row.n,
            bad=bad,
            predicted=row.predicted,
            observed=Estimate(row.observed, row.low, row.high),
            auc=area,
            ks=np.nan if few else roc(outcome, pd, 2).ks,
            calibrated=self.calibrated(row, source),
            ranks=self.ranks(area, source),
            sources=sources,
        )

    # ---- thresholds -------------------------------------------------------------------------------------------------

    def gap_bound(self, when: str = "") -> float:
        """By how much, a fraction, a mean PD may miss what was observed: the contract's bound for later vintages, its
        bound on the calibration error inside the training window; NaN where there is none."""
        if not self.tested:
            return np.nan
        if self.after_training(when):
            bound = self.contract.gates.later_gap_at_most
            return np.nan if bound is None else bound
        return self.contract.gates.ece_at_most

    def auc_bound(self, when: str = "") -> float:
        """What the AUC must reach, by the contract; NaN where it asks nothing."""
        if not self.tested:
            return np.nan
        if self.after_training(when):
            bound = self.contract.gates.later_auc_at_least
            return np.nan if bound is None else bound
        return self.contract.gates.auc_at_least

    def after_training(self, when: str) -> bool:
        """Whether the records of a source or vintage came after the training."""
        when = when or self.main
        if when in SOURCES:
            return when in ("later", "beyond")
        until = None if self.window is None else self.window.until
        return until is not None and float(when) > until

    def calibrated(self, row: Bin, when: str = "") -> Verdict:
        """Whether a mean PD agrees with what was observed, where there are records enough: it ``holds`` within the 95 %
        interval; outside it but within `gap_bound`, where chance no longer explains it but it is small, ``watch``;
        beyond both it does not."""
        bound = self.gap_bound(when)
        if row.n < FEWEST or np.isnan(bound):
            return ""
        if row.agrees:
            return "holds"
        return "watch" if abs(row.observed - row.predicted) <= bound else "does not hold"

    def ranks(self, area: Estimate, when: str = "") -> Verdict:
        """Whether an AUC reaches `auc_bound`; ``watch`` where it does not, but its 95 % interval does."""
        bound = self.auc_bound(when)
        if np.isnan(area.value) or np.isnan(bound):
            return ""
        if area.value >= bound:
            return "holds"
        return "watch" if area.high >= bound else "does not hold"

    # ---- misses, fairness, drift ------------------------------------------------------------------------------------

    def misses(self, chosen: Subset = Subset(), most: int = MOST) -> tuple[list[Miss], list[Miss]]:
        """Those with the highest PD who paid, and those with the lowest who defaulted."""
        own = np.flatnonzero(self.mask(chosen))
        paid, lost = own[self.outcome[own] == 0], own[self.outcome[own] == 1]
        return self._misses(paid, self.pd[paid], most), self._misses(lost, -self.pd[lost], most)

    def _misses(self, among: NDArray[np.intp], wrong: Array, most: int) -> list[Miss]:
        found = []
        for k in among[largest(wrong, self.book.ids[self.position[among]], most)]:
            place = np.array([self.position[k]])
            part, lost, own = self.book.part(place), np.nan, np.nan
            if part.realised_loss is not None and self.outcome[k] == 1:
                lost = float(part.realised_loss[0])
                share = np.broadcast_to(self.contract.exposures(part.raw, {}).own, (1,))
                own = lost * float(share[0])
            found.append(
                Miss(
                    int(self.book.ids[place[0]]),
                    float(self.pd[k]),
                    defaulted=bool(self.outcome[k] == 1),
                    loss=lost,
                    own_loss=own,
                )
            )
        return found

    def fair(self, attribute: Field, cutoff: float, when: str = "") -> tuple[list[Group], tuple[Bin, ...]]:
        """Each group's rates among those whose score reaches a cut-off, and predicted against observed of each."""
        own = self.mask(Subset(when))
        group, names = self.contract.groups(attribute, self.book.observed[attribute.name][self.position[own]])
        granted = reaches(scores(self.contract, self.pd[own]), cutoff)
        found = fairness.groups(granted, self.outcome[own] == 0, group, names)
        return found, by_group(self.outcome[own], self.pd[own], group, len(names))

    def drift(self, snapshot: Snapshot, when: str) -> tuple[Drift, ...]:
        """How far the records of a source or vintage have moved since the training."""

        def work() -> tuple[Drift, ...]:
            own = self.mask(Subset(when))
            return drift(snapshot, self.book.inputs[:, self.position[own]], self.pd[own])

        return self.once(("drift", when), work)


def stability(contract: Contract, each: Drift) -> Verdict:
    """What a PSI means: ``watch`` from 0.10 on, above `stability_bound` it does not hold."""
    if np.isnan(each.psi):
        return ""
    bound = stability_bound(contract, each)
    if each.psi > bound:
        return "does not hold"
    return "watch" if each.psi >= WATCH else "holds"


def stability_bound(contract: Contract, each: Drift) -> float:
    """What the contract asks of the PSI of the score, or of the CSI of an input."""
    return contract.gates.psi_at_most if each.index == OF_PD else contract.gates.csi_at_most


def noise(bins: int, n: int) -> float:
    """A PSI that chance alone reaches now and then: 2·(bins − 1)/n against a large training, twice what is expected of
    records that have not moved (Yurdakul 2018). Ten bins, 180 records → 0.10."""
    return 2 * (bins - 1) / n if n else np.nan


def moved_since(snapshot: Snapshot, scorer: Scorer, raw: Array) -> tuple[Drift, ...]:
    """How far records that are not of the book, ``raw`` (fields, n), have moved since the training."""
    pd = probability(scorer.margins(raw)) if raw.shape[1] else np.empty(0)
    return drift(snapshot, scorer.contract.derive(raw), pd)


def _beyond(release: Release, book: Book) -> NDArray[np.int64]:
    """Positions of vintages after all that the release was fitted to, recalibrated on and tested on."""
    vintages, how = book.vintages, release.asked
    if vintages is None or how.last is None:
        return np.empty(0, np.int64)
    after = vintages > how.last
    after[release.evidence.position] = False
    return np.flatnonzero(after).astype(np.int64)


def _said(scorer: Scorer, book: Book, where: NDArray[np.int64]) -> Array:
    out = np.empty(len(where))

    def work(rows: slice) -> None:
        out[rows] = probability(scorer.margins(np.ascontiguousarray(book.raw[:, where[rows]])))

    over(len(where), work)
    return out
