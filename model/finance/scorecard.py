"""The scorecard's scale: log-odds as whole points an executive knows."""

from dataclasses import dataclass
from math import log
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.arrays import Array
from data.edges import starting
from data.errors import OutOfRange

Number = TypeVar("Number", float, Array)
ROUNDING = 1e-9  # points: what is a whole score on paper may come out of logarithms this much lower


@dataclass(frozen=True)
class Scale:
    """score = offset + factor · ln(good : bad odds), factor = points_to_double / ln 2,
    offset = base_score − factor · ln(base_odds) (Siddiqi 2006, ch. 6). 600 at 50:1 and 20 points to double: factor
    28.8539, offset 487.123.

    Raises OutOfRange if ``base_odds`` or ``points_to_double`` is not positive.
    """

    base_score: float
    base_odds: float
    points_to_double: float

    def __post_init__(self) -> None:
        for name in ("base_odds", "points_to_double"):
            if not getattr(self, name) > 0:
                raise OutOfRange(f"The scale's {name} must be greater than 0; {getattr(self, name)!r} was given.")

    @property
    def factor(self) -> float:
        """Points per unit of log-odds."""
        return self.points_to_double / log(2)

    @property
    def offset(self) -> float:
        """Points at even odds."""
        return self.base_score - self.factor * log(self.base_odds)

    def score(self, margin: Number) -> Number:
        """Points of a margin (log-odds of default, so its negative is ln of the good : bad odds)."""
        return self.offset - self.factor * margin

    def margin(self, score: Number) -> Number:
        """Log-odds of default at a score."""
        return (self.offset - score) / self.factor

    def pd(self, score: float) -> float:
        """Probability of default at a score, in [0, 1]."""
        return float(1 / (1 + np.exp((score - self.offset) / self.factor)))


def whole_points(scores: Array) -> NDArray[np.int64]:
    """Scores (n,) in whole points, rounded down, so that whoever is shown at the cut-off has reached it: 509.99 → 509,
    509.9999999999 → 510."""
    return np.asarray(np.floor(scores + ROUNDING), np.int64)


def reaches(scores: Array, cutoff: float) -> NDArray[np.bool_]:
    """Whether each of ``scores`` (n,) reaches a cut-off in points, rounding forgiven, (n,)."""
    return np.asarray(scores + ROUNDING >= cutoff)


def score_band(scores: Array, edges: ArrayLike) -> NDArray[np.int64]:
    """The band each of ``scores`` (n,) lies in by its whole points, the lowest first, 0…len(edges), (n,): 510 of edges
    510, 540 → 1."""
    return starting(np.floor(scores + ROUNDING), edges)
