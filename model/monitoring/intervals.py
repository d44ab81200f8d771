"""Intervals that hold the truth in 95 of 100 cases, as far as chance goes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from data.arrays import Array

CONFIDENCE = 0.95
Z = float(ndtri(0.5 + CONFIDENCE / 2))  # 1.96 standard errors to either side


@dataclass(frozen=True)
class Estimate:
    """A figure with the ends of its 95 % interval, all in the figure's unit; NaN where nothing can be said."""

    value: float
    low: float
    high: float


UNKNOWN = Estimate(np.nan, np.nan, np.nan)


def wilson(hits: ArrayLike, n: ArrayLike) -> tuple[Array, Array]:
    """Both ends of Wilson's 95 % interval of a rate (1927), ``hits`` of ``n``, each (k,) or a number.

    NaN where ``n`` is 0. 50 of 100 → 0.404 to 0.596.
    """
    total = np.asarray(n, np.float64)
    total = np.where(total > 0, total, np.nan)
    p = np.asarray(hits, np.float64) / total
    middle = (p + Z**2 / (2 * total)) / (1 + Z**2 / total)
    half = Z / (1 + Z**2 / total) * np.sqrt(p * (1 - p) / total + Z**2 / (4 * total**2))
    return np.asarray(np.maximum(middle - half, 0.0)), np.asarray(np.minimum(middle + half, 1.0))


def normal(value: float, error: float, lowest: float = -np.inf, highest: float = np.inf) -> Estimate:
    """``value`` with the normal interval of its standard ``error``, cut where the figure cannot be.

    0.5 with an error of 0.1 → 0.304 to 0.696.
    """
    low, high = np.clip([value - Z * error, value + Z * error], lowest, highest)
    return Estimate(float(value), float(low), float(high))
