"""The scorecard's scale: log-odds as whole points an executive knows."""

from dataclasses import dataclass
from math import log
from typing import TypeVar

import numpy as np

from data.errors import OutOfRange
from data.formulas import Array

Number = TypeVar("Number", float, Array)


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
