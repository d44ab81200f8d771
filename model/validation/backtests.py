"""How a model held in the years after its training, and what else could have been made of it.

Two releases side by side by vintage; the intercept shifted to one year and held against those after it; what was lost
of what was owed. The order in which records are ranked is the same before and after a shift.
"""

from dataclasses import dataclass

import numpy as np

from data.arrays import Array
from data.books import Book
from model.monitoring.calibration import recalibrated, shift_to_observed
from model.monitoring.intervals import UNKNOWN, Estimate
from model.monitoring.paired import auc_difference
from model.monitoring.realised import RealisedRate, realised, realised_in_all
from model.validation.validation import SOURCES, BandMetrics, Validation


@dataclass(frozen=True)
class ReleasePair:
    """One vintage under two models; None where a model has no prediction of it that it had not been fitted to."""

    vintage: str
    champion: BandMetrics | None
    challenger: BandMetrics | None

    @property
    def either(self) -> BandMetrics:
        """Whichever there is: what was observed is the same."""
        found = self.champion or self.challenger
        assert found is not None
        return found


@dataclass(frozen=True)
class Sides:
    """Two models by vintage; on the ``n`` records of vintages ``since`` … that came after the training of both, the
    challenger's AUC less the champion's, and the mean PD of either against what was ``observed``."""

    rows: tuple[ReleasePair, ...]
    n: int
    since: float
    auc: Estimate
    champion: float
    challenger: float
    observed: float


def release_pair(champion: Validation, challenger: Validation) -> Sides:
    """Two releases of the same book by vintage, and paired on what neither had seen (DeLong's interval)."""
    first, second = ({each.name: each for each in proof.by_vintage()} for proof in (champion, challenger))
    rows = tuple(ReleasePair(name, first.get(name), second.get(name)) for name in sorted({*first, *second}))
    inside = SOURCES.index("crossed")
    late, other = (proof.position[proof.source != inside] for proof in (champion, challenger))
    _, own, theirs = np.intersect1d(late, other, assume_unique=True, return_indices=True)
    if not len(own):
        return Sides(rows, 0, np.nan, UNKNOWN, np.nan, np.nan, np.nan)
    own, theirs = (np.flatnonzero(proof.source != inside)[at] for proof, at in ((champion, own), (challenger, theirs)))
    outcome, vintage = champion.outcome[own], champion.vintage
    since = np.nan if vintage is None else float(vintage[own].min())
    gap = auc_difference(outcome, challenger.pd[theirs], champion.pd[own])
    means = [float(each.mean()) for each in (champion.pd[own], challenger.pd[theirs], outcome)]
    return Sides(rows, len(own), since, gap, *means)


@dataclass(frozen=True)
class Shifted:
    """A later ``vintage``: mean PD ``before`` the shift and ``after`` it, against what was ``observed``."""

    vintage: float
    n: int
    before: float
    after: float
    observed: Estimate


@dataclass(frozen=True)
class RecalibrationBacktest:
    """The intercept shifted to what was observed in one ``year``: by ``shift`` of all log-odds, which multiplies the
    odds of default by ``factor``; and what it would have made of the vintages after that."""

    year: float
    shift: float
    later: tuple[Shifted, ...]

    @property
    def factor(self) -> float:
        """By what the odds of default are multiplied."""
        return float(np.exp(self.shift))

    @property
    def missed(self) -> tuple[float, float]:
        """The mean distance of predicted and observed rates over the later vintages, weighted by records, before and
        after, fractions; NaN where there are none."""
        if not self.later:
            return np.nan, np.nan
        n = [each.n for each in self.later]
        gaps = np.array([(abs(x.before - x.observed.value), abs(x.after - x.observed.value)) for x in self.later])
        before, after = np.average(gaps, axis=0, weights=n)
        return float(before), float(after)


def recalibrate(proof: Validation, year: float) -> RecalibrationBacktest:
    """What shifting the intercept to one year's outcomes would have made of the years after it."""
    assert proof.vintage is not None
    own = proof.vintage == year
    shift = shift_to_observed(proof.outcome[own], proof.pd[own])
    later = []
    for each in proof.backtest():
        if each.vintage > year:
            pd: Array = proof.pd[proof.vintage == each.vintage]
            after = float(recalibrated(pd, shift).mean()) if np.isfinite(shift) else np.nan
            later.append(Shifted(each.vintage, each.n, each.predicted, after, each.observed))
    return RecalibrationBacktest(year, shift, tuple(later))


def realised_losses(book: Book) -> tuple[tuple[tuple[float, RealisedRate], ...], RealisedRate] | None:
    """Realised loss given default of a book by vintage, and in all; None where it knows no losses or no vintages."""
    vintages, loss = book.vintages, book.realised_loss
    if vintages is None or loss is None:
        return None
    years, group = np.unique(vintages, return_inverse=True)
    exposed = book.contract.exposures(book.raw, {})
    own = np.broadcast_to(np.asarray(exposed.own, np.float64), (len(book),))
    found = realised(book.target, loss, exposed.ead, own, group.astype(np.int64), len(years))
    rows = tuple((float(year), each) for year, each in zip(years, found, strict=True) if each.n)
    return rows, realised_in_all(book.target, loss, exposed.ead, own)
