"""What was lost of what was owed when borrowers defaulted: realised loss given default, by group or vintage."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from model.monitoring.intervals import UNKNOWN, Estimate, normal


@dataclass(frozen=True)
class RealisedRate:
    """Of ``n`` defaulters: ``ead`` owed, ``loss`` of it lost in all and ``own_loss`` borne by the bank, in money.

    ``gross`` = loss/ead and ``net`` = own loss/ead are fractions with their 95 % intervals; NaN without defaulters.
    """

    n: int
    ead: float
    loss: float
    own_loss: float
    gross: Estimate
    net: Estimate


def realised(
    outcome: Array, loss: Array, ead: Array, own_share: Array, group: NDArray[np.int64], count: int
) -> tuple[RealisedRate, ...]:
    """Realised LGD of each of ``count`` groups: Σ loss / Σ EAD over those with an ``outcome`` of 1.

    ``loss`` and ``ead`` (n,) in money and ``own_share`` (n,), the bank's fraction of a loss, are read of defaulters
    only. ``group`` (n,) is 0…count − 1, or −1 for none. The interval is that of a ratio of sums (delta method; Cochran
    1977, 6.4): variance n/(n − 1)·Σ(loss − LGD·EAD)²/(Σ EAD)². Losses 50 and 10 of 100 each, own share 0.25 → gross
    0.30 (0 to 0.692), net 0.075.
    """
    of = np.flatnonzero((outcome == 1) & (group >= 0))
    owed, lost, where = ead[of], loss[of], group[of]
    own = lost * own_share[of]
    n, total = np.bincount(where, minlength=count), np.bincount(where, owed, count).astype(np.float64)
    (sums, gross), (own_sums, net) = (_ratios(each, owed, where=where, n=n, total=total) for each in (lost, own))
    return tuple(
        RealisedRate(
            int(n[k]), float(total[k]), loss=float(sums[k]), own_loss=float(own_sums[k]), gross=gross[k], net=net[k]
        )
        for k in range(count)
    )


def realised_in_all(outcome: Array, loss: Array, ead: Array, own_share: Array) -> RealisedRate:
    """Realised LGD of all defaulters together."""
    return realised(outcome, loss, ead=ead, own_share=own_share, group=np.zeros(len(outcome), np.int64), count=1)[0]


def _ratios(
    amount: Array, owed: Array, where: NDArray[np.int64], n: NDArray[np.int64], total: Array
) -> tuple[Array, list[Estimate]]:
    """Sums of ``amount`` by group, and each over ``total`` with its interval."""
    sums = np.bincount(where, amount, len(n)).astype(np.float64)  # of nobody bincount makes integers
    ratio = sums / np.where(total > 0, total, np.nan)
    squares = np.bincount(where, (amount - ratio[where] * owed) ** 2, len(n))
    error = np.sqrt(n / np.where(n > 1, n - 1, np.nan) * squares) / np.where(total > 0, total, np.nan)
    lowest = 0.0 if not (amount < 0).any() else -np.inf  # recoveries may exceed what was owed
    return sums, [
        UNKNOWN if np.isnan(ratio[k]) else normal(float(ratio[k]), float(error[k]), lowest) for k in range(len(n))
    ]
