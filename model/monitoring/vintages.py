"""What was predicted for each vintage and what happened: the backtest.

Intervals know chance only. A year's economy moves all its loans together, so predictions outside them are a question
to ask, not yet a fault of the model.
"""

from dataclasses import dataclass

import numpy as np

from data.formulas import Array
from model.monitoring.calibration import by_group
from model.monitoring.discrimination import auc_interval
from model.monitoring.intervals import UNKNOWN, Estimate

FEWEST = 30  # defaults, and other records, from which a vintage's AUC is told


@dataclass(frozen=True)
class Vintage:
    """One year's ``n`` records: ``observed`` default rate (Wilson) against the mean PD ``predicted``, fractions.

    ``auc`` (DeLong) is NaN with fewer than 30 defaults or 30 others; ``vintage`` is NaN for records without one.
    """

    vintage: float
    n: int
    bad: int
    predicted: float
    observed: Estimate
    auc: Estimate

    @property
    def agrees(self) -> bool:
        """Whether the mean PD lies within the interval of what was observed."""
        return self.observed.low <= self.predicted <= self.observed.high

    @property
    def ratio(self) -> float:
        """Observed over predicted: above 1 more defaulted than predicted."""
        return self.observed.value / self.predicted if self.predicted else np.nan


@dataclass(frozen=True)
class Backtest:
    """All vintages of a backtest, and all of them ``together`` (its ``vintage`` is NaN).

    ``error`` is the mean distance of predicted and observed rates over vintages, weighted by records; ``worst`` the
    vintage with the largest, or None without records.
    """

    vintages: tuple[Vintage, ...]
    together: Vintage
    error: float
    worst: Vintage | None

    @property
    def outside(self) -> tuple[Vintage, ...]:
        """The vintages whose prediction lies outside the interval of what happened."""
        return tuple(each for each in self.vintages if not each.agrees)


def by_vintage(outcome: Array, predicted: Array, vintage: Array) -> tuple[Vintage, ...]:
    """Each vintage's rates and AUC, the earliest first; ``outcome``, ``predicted`` and ``vintage`` (n,).

    1 of 4 of 2006 defaulted at a PD of 0.2 → 0.25 observed (0.046 to 0.699), which agrees.
    """
    years, which = np.unique(vintage, return_inverse=True)
    which = which.astype(np.int64)
    members = np.split(np.argsort(which, kind="stable"), np.cumsum(np.bincount(which, minlength=len(years)))[:-1])
    found = []
    for year, row, at in zip(years, by_group(outcome, predicted, which, len(years)), members, strict=False):
        bad = round(row.n * row.observed)
        area = auc_interval(outcome[at], predicted[at]) if min(bad, row.n - bad) >= FEWEST else UNKNOWN
        observed = Estimate(row.observed, row.low, row.high)
        found.append(Vintage(float(year), row.n, bad, row.predicted, observed, area))
    return tuple(found)


def backtest(
    outcome: Array, predicted: Array, vintage: Array, since: float | None = None, until: float | None = None
) -> Backtest:
    """`by_vintage` over the years from ``since`` to ``until``, both included, and what follows from it for all.

    ``predicted`` must come from a model that had not seen the record. 1 of 4 of 2006 at 0.2 and 0 of 4 of 2007 at
    0.1 → error (0.05 + 0.10)/2 = 0.075, worst 2007, together 0.125 observed against 0.15 predicted.
    """
    kept = np.ones(len(vintage), bool)
    if since is not None:
        kept &= vintage >= since
    if until is not None:
        kept &= vintage <= until
    outcome, predicted, vintage = outcome[kept], predicted[kept], vintage[kept]
    years = by_vintage(outcome, predicted, vintage)
    (together,) = by_vintage(outcome, predicted, np.full(len(outcome), np.nan)) or (_NOBODY,)
    apart = [abs(each.predicted - each.observed.value) for each in years]
    error = float(np.average(apart, weights=[each.n for each in years])) if years else np.nan
    return Backtest(years, together, error, years[int(np.argmax(apart))] if years else None)


_NOBODY = Vintage(np.nan, 0, 0, np.nan, UNKNOWN, UNKNOWN)
