"""What was predicted for each vintage and what happened.

Intervals know chance only. A year's economy moves all its loans together, so predictions outside them are a question
to ask, not yet a fault of the model.
"""

from dataclasses import dataclass

import numpy as np

from data.arrays import Array
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


def by_vintage(outcome: Array, predicted: Array, vintage: Array) -> tuple[Vintage, ...]:
    """Each vintage's rates and AUC, the earliest first; ``outcome``, ``predicted`` and ``vintage`` (n,).

    1 of 4 of 2006 defaulted at a PD of 0.2 → 0.25 observed (0.046 to 0.699).
    """
    years, which = np.unique(vintage, return_inverse=True)
    which = which.astype(np.int64)
    members = np.split(np.argsort(which, kind="stable"), np.cumsum(np.bincount(which, minlength=len(years)))[:-1])
    found = []
    for year, row, at in zip(years, by_group(outcome, predicted, which, len(years)), members, strict=False):
        bad = round(row.n * row.observed)
        area = auc_interval(outcome[at], predicted[at]) if min(bad, row.n - bad) >= FEWEST else UNKNOWN
        observed = Estimate(row.observed, row.low, row.high)
        found.append(Vintage(float(year), row.n, bad=bad, predicted=row.predicted, observed=observed, auc=area))
    return tuple(found)
