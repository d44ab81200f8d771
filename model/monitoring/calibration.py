"""Whether what was predicted happened: by bins of the prediction, by groups, and the shift that makes it so."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from model.finance import capital
from model.monitoring.bins import codes, quantile_edges
from model.monitoring.intervals import wilson
from model.monitoring.performance import CERTAIN


@dataclass(frozen=True)
class Bin:
    """``n`` records: mean PD ``predicted`` against the ``observed`` default rate with the ends of its 95 % interval
    (Wilson), all fractions; NaN where there are no records."""

    n: int
    predicted: float
    observed: float
    low: float
    high: float

    @property
    def agrees(self) -> bool:
        """Whether the mean PD lies within the interval of what was observed."""
        return self.low <= self.predicted <= self.high


def reliability(outcome: Array, predicted: Array, bins: int = 10) -> tuple[Bin, ...]:
    """Predicted against observed by bins of equally many records, the lowest PDs first (DeGroot and Fienberg 1983).

    Equal PDs share a bin, so bins may be fewer. Outcomes 0, 0, 1, 1 predicted 0.1, 0.35, 0.4, 0.8 in two bins →
    0.225 against 0 of 2, and 0.6 against 2 of 2.
    """
    edges = quantile_edges(predicted, bins)
    return by_group(outcome, predicted, codes(predicted, edges), len(edges) + 1)


def by_group(outcome: Array, predicted: Array, group: NDArray[np.int64], count: int) -> tuple[Bin, ...]:
    """Predicted against observed for each of ``count`` groups; ``group`` (n,) says which, 0…count − 1, or −1 for none.

    Two groups, 1 of 2 defaulted at a PD of 0.5 and 0 of 2 at 0.1 → (0.5, 0.5) and (0.1, 0).
    """
    if (group < 0).any():
        inside = group >= 0
        outcome, predicted, group = outcome[inside], predicted[inside], group[inside]
    n = np.bincount(group, minlength=count)
    bad = np.bincount(group, outcome, count)
    whole = np.where(n > 0, n, np.nan)
    mean = np.bincount(group, predicted, count) / whole
    low, high = wilson(bad, n)
    return tuple(
        Bin(int(n[k]), float(mean[k]), observed=float(bad[k] / whole[k]), low=float(low[k]), high=float(high[k]))
        for k in range(count)
    )


def shift_to_observed(outcome: Array, predicted: Array) -> float:
    """The shift of all log-odds at which the mean PD is the observed default rate, by `capital.shift_to`.

    NaN where all or none defaulted. A PD of 0.1 for all, 2 of 10 defaulted → ln(9/4) = 0.8109.
    """
    rate = float(np.mean(outcome)) if len(outcome) else np.nan
    if not 0 < rate < 1:
        return np.nan
    return capital.shift_to(np.clip(predicted, CERTAIN, 1 - CERTAIN), rate)


def recalibrated(pd: Array, shift: float) -> Array:
    """``pd`` (n,) with its log-odds shifted by ``shift``; the ranking stays. 0.1 by ln(9/4) → 0.2; by 0 → itself."""
    return capital.one_year(pd, shift)
