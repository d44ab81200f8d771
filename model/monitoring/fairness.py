"""How a policy falls on groups of people: monitoring metrics, not legal findings.

Protected attributes evaluate a policy and never enter a score. Groups of fewer than 30 are suppressed: their rates say
more about chance than about the policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from model.monitoring.intervals import Z, wilson

SMALLEST = 30


@dataclass(frozen=True)
class Group:
    """One group under a policy: ``selected`` of ``n`` are granted; of the ``good`` who paid, ``good_selected``.

    ``impact``: selection rate over the highest group's (adverse impact ratio), with the ends of its 95 % interval;
    ``opportunity``: the rate among the good less the highest group's, likewise. NaN where a group is suppressed or has
    nobody to compare with.
    """

    name: str
    n: int
    selected: int
    good: int
    good_selected: int
    impact: float
    impact_low: float
    impact_high: float
    opportunity: float
    opportunity_low: float
    opportunity_high: float
    suppressed: bool

    @property
    def rate(self) -> float:
        """Selection rate, a fraction."""
        return self.selected / self.n if self.n else np.nan

    def flagged(self, least: float) -> bool:
        """Whether the ratio lies below the ``least`` one asked; 0.80 but for the last bit is not below 0.80."""
        return bool(self.impact < least - 1e-9)


def groups(
    selected: NDArray[np.bool_], good: NDArray[np.bool_], group: NDArray[np.int64], names: Sequence[str]
) -> list[Group]:
    """Each group's rates under a policy: ``selected`` and ``good`` (n,) by ``group`` (n,), a position in ``names``.

    Adverse impact ratio and equal-opportunity difference against the group with the highest rate (Uniform Guidelines,
    29 CFR 1607.4 D; Hardt et al. 2016). Ratios' intervals are Katz's on the log scale, differences' are Newcombe's from
    Wilson's. 45/50 and 30/40 of the good granted → a difference of 0.15; 55/100 and 42/100 granted → a ratio of 0.7636.
    """
    count = len(names)
    n, chosen = (np.bincount(group[mask], minlength=count) for mask in (np.ones(len(group), bool), selected))
    fine, fine_chosen = (np.bincount(group[mask], minlength=count) for mask in (good, good & selected))
    large, large_good = n >= SMALLEST, fine >= SMALLEST
    best, best_good = _highest(chosen, n, large), _highest(fine_chosen, fine, large_good & large)
    found = []
    for k, name in enumerate(names):
        nothing = (np.nan, np.nan, np.nan)
        ratio = difference = nothing
        if best is not None and large[k]:
            ratio = impact_ratio(
                int(chosen[k]), int(n[k]), best=int(chosen[best]), best_n=int(n[best]), itself=k == best
            )
        if best_good is not None and large[k] and large_good[k]:
            difference = opportunity_difference(
                int(fine_chosen[k]),
                int(fine[k]),
                best=int(fine_chosen[best_good]),
                best_n=int(fine[best_good]),
                itself=k == best_good,
            )
        found.append(
            Group(
                name,
                int(n[k]),
                int(chosen[k]),
                int(fine[k]),
                int(fine_chosen[k]),
                *ratio,
                *difference,
                suppressed=not large[k],
            )
        )
    return found


def _highest(part: NDArray[np.int64], whole: NDArray[np.int64], large: NDArray[np.bool_]) -> int | None:
    if not large.any():
        return None
    rates = np.where(large, part / np.maximum(whole, 1), -1.0)
    return int(np.argmax(rates))


def impact_ratio(selected: int, n: int, best: int, best_n: int, itself: bool = False) -> tuple[float, float, float]:
    """A group's selection rate over the highest group's, with the ends of Katz's 95 % interval (on the log scale); NaN
    where nobody is selected from the highest group, an interval of (0, its upper end unknown) where none of the group.
    """
    if best == 0:
        return (np.nan, np.nan, np.nan)
    if itself:
        return (1.0, 1.0, 1.0)
    ratio = (selected / n) / (best / best_n)
    if selected == 0:
        return (0.0, 0.0, np.nan)
    spread = Z * np.sqrt((1 - selected / n) / selected + (1 - best / best_n) / best)
    return (ratio, float(ratio * np.exp(-spread)), float(ratio * np.exp(spread)))


def opportunity_difference(
    selected: int, n: int, best: int, best_n: int, itself: bool = False
) -> tuple[float, float, float]:
    """A group's rate among the good less the highest group's, with the ends of Newcombe's 95 % interval (1998)."""
    if itself:
        return (0.0, 0.0, 0.0)
    p, q = selected / n, best / best_n
    (low, high), (best_low, best_high) = wilson(selected, n), wilson(best, best_n)
    below = np.hypot(p - low, best_high - q)
    above = np.hypot(high - p, q - best_low)
    return (p - q, float(p - q - below), float(p - q + above))


def smallest_ratio(selected: Array, sizes: NDArray[np.int64]) -> Array:
    """The lowest adverse impact ratio among groups of 30 and more under many policies at once: ``selected`` (groups,
    policies) of ``sizes`` (groups,); NaN where nobody is selected or there is one group only. (policies,)"""
    large = sizes >= SMALLEST
    if large.sum() < 2:
        return np.full(selected.shape[1], np.nan)
    rates = selected[large] / sizes[large, None]
    highest = rates.max(0)
    return np.asarray(np.where(highest > 0, rates.min(0) / np.where(highest > 0, highest, 1.0), np.nan))
