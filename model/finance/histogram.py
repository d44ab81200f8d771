"""Log-odds of any number of records as a histogram: parts add up to the whole, and its mean PD can be had at any shift.

A bin of width w holds how many lie in it and the sums of the powers of their distances d from its middle c, up to the
fourth. The mean of the PDs at a shift s is then a Taylor series in each bin, Σ σ(c + s + d) = Σ σ⁽ᵏ⁾(c + s) · Σ dᵏ/k!,
whose error is at most max|σ⁽⁵⁾|/5! · (w/2)⁵ a record. The fifth derivative of the logistic function is at most 1/4, so
that bins of 1/64 give the mean PD within 6.1e-14.
"""

from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.errors import OutOfRange
from model.engine.tables import probability

BINS_PER_UNIT = 64
ORDER = 4  # of the Taylor series
MEAN_ERROR = 6.1e-14  # at most, of a mean PD at any shift


@dataclass(frozen=True, eq=False)
class LogOddsHistogram:
    """``bins`` (k,): those that hold records, in rising order, bin b from b/64 to (b + 1)/64; ``moments`` (5, k): how
    many they hold, and the sums of the powers of the distances from the middle."""

    bins: NDArray[np.int64]
    moments: Array

    @classmethod
    def of(cls, log_odds: Array) -> "LogOddsHistogram":
        """Of some records (n,), none of which is certain to default or not to: OutOfRange then, as of their PDs."""
        ends = probability(np.array([log_odds.min(), log_odds.max()])) if len(log_odds) else np.array([0.5])
        certain = ends[(ends <= 0) | (ends >= 1)]
        if len(certain):
            raise OutOfRange(f"PD must lie strictly between 0 and 1; {float(certain[0])!r} was given.")
        place = np.floor(log_odds * BINS_PER_UNIT).astype(np.int64)
        bins, which = np.unique(place, return_inverse=True)
        distance = log_odds - (place + 0.5) / BINS_PER_UNIT
        moments = np.empty((ORDER + 1, len(bins)))
        power = np.ones(len(log_odds))
        for row in moments:
            row[:] = np.bincount(which, power, len(bins))
            power *= distance
        return cls(bins, moments)

    def __add__(self, other: "LogOddsHistogram") -> "LogOddsHistogram":
        bins, which = np.unique(np.concatenate([self.bins, other.bins]), return_inverse=True)
        moments = np.zeros((ORDER + 1, len(bins)))
        moments[:, which[: len(self.bins)]] = self.moments
        moments[:, which[len(self.bins) :]] += other.moments
        return LogOddsHistogram(bins, moments)

    def curve(self, shift: float) -> tuple[float, float]:
        """The mean PD with every log-odds shifted, within `MEAN_ERROR`, and its slope there."""
        p = probability((self.bins + 0.5) / BINS_PER_UNIT + shift)
        q = p * (1 - p)
        derivatives = (
            p,
            q,
            q * (1 - 2 * p),
            q * (1 - 6 * p + 6 * p**2),
            q * (1 - 2 * p) * (1 - 12 * p + 12 * p**2),
        )
        scaled = self.moments / np.array([factorial(k) for k in range(ORDER + 1)])[:, None]
        mean = sum(float(each @ moment) for each, moment in zip(derivatives, scaled, strict=True))
        slope = sum(float(each @ moment) for each, moment in zip(derivatives[1:], scaled, strict=False))
        n = float(self.moments[0].sum())
        return mean / n, slope / n
