"""Numbers to text: the one place that decides digits, signs and units.

A true minus sign, a no-break space before a unit, thousands separators. What is rounded is rounded so that the
numbers shown add up: see `summing`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

import numpy as np

from data.contract import YEAR
from model.finance.scorecard import whole_points

MINUS, NBSP = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"


def signed(text: str, value: float) -> str:
    """``text`` of an absolute value with a plus or a true minus in front; none for a zero."""
    return f"+{text}" if value > 0 else f"{MINUS}{text}" if value < 0 else text


def plain(value: float, digits: int = 0) -> str:
    """A number with thousands separators and a true minus."""
    rounded = round(value, digits) + 0.0  # + 0.0 turns -0.0 into 0.0
    return f"{rounded:,.{digits}f}".replace("-", MINUS)


def counted(n: float, noun: str) -> str:
    """How many of what: 1 loan, 30,000 loans."""
    return f"{plain(n)} {noun}{'' if n == 1 else 's'}"


def percent(share: float, digits: int = 1) -> str:
    """A fraction as a percentage: 0.1237 → 12.4 %; what rounds to nothing or to all is said so."""
    smallest = 10.0**-digits
    if 0 < 100 * share < smallest / 2:
        return f"less than {smallest:.{digits}f}{NBSP}%"
    if 100 - smallest / 2 < 100 * share < 100:
        return f"more than {100 - smallest:.{digits}f}{NBSP}%"
    return f"{plain(100 * share, digits)}{NBSP}%"


def points(difference: float, digits: int = 1) -> str:
    """A difference of fractions in percentage points: −0.068 → −6.8 points."""
    rounded = round(100 * difference, digits)
    word = "point" if abs(rounded) == 1 else "points"
    return f"{signed(f'{abs(rounded):.{digits}f}', rounded)}{NBSP}{word}"


def in_100(share: float) -> str:
    """A probability as a frequency: about 12 in 100."""
    if share < 0.005:
        return "fewer than 1 in 100"
    if share > 0.995:
        return "nearly all of 100"
    return f"about {floor(round(100 * share, 1) + 0.5)} in 100"  # of the percentage shown: 9.5 % is about 10


def whole_score(score: float) -> int:
    """Score points as shown: whole, rounded down, so that a score shown at the cut-off has reached it."""
    return int(whole_points(np.array(score)))


def score_points(value: float) -> str:
    """Score points, signed: −33."""
    return signed(f"{abs(round(value)):,}", round(value))


def money(amount: float, currency: str) -> str:
    """An amount in a readable unit: NT$ 9,800; NT$ 5.1 m; −NT$ 1.31 bn."""
    size = abs(amount)
    if size >= 1e9:
        text = f"{size / 1e9:,.2f}{NBSP}bn"
    elif size >= 1e6:
        text = f"{size / 1e6:,.1f}{NBSP}m"
    else:
        text = f"{size:,.0f}"
    return _priced(text, currency, amount < 0 and bool(text.strip("0.,")))


def _priced(text: str, currency: str, negative: bool = False) -> str:
    """The ``text`` of an absolute amount with its currency, and a minus before both."""
    return f"{MINUS if negative else ''}{currency}{NBSP}{text}"


def unpriced(text: str, currency: str) -> str:
    """An amount without the currency that stands elsewhere: −NT$ 5.1 m → −5.1 m."""
    return text.replace(f"{currency}{NBSP}", "", 1)


@dataclass(frozen=True)
class Unit:
    """The unit in which amounts that stand side by side are shown: ``size`` of it, ``digits`` after the point."""

    size: float
    digits: int
    suffix: str

    @classmethod
    def of(cls, *amounts: float) -> "Unit":
        """The readable unit for these amounts: the smallest keeps its digits, unless it is below a hundredth of the
        largest, and the largest has no more than its own."""
        sizes = [abs(amount) for amount in amounts if np.isfinite(amount) and amount]
        largest = max(sizes, default=0.0)
        smallest = max(min(sizes, default=0.0), largest / 100)
        if smallest >= 9.995e8:
            return cls(1e9, 2 if largest < 9.995e9 else 1 if largest < 9.995e10 else 0, f"{NBSP}bn")
        if smallest >= 1e6:
            return cls(1e6, 0 if largest >= 9.995e7 else 1, f"{NBSP}m")
        return cls(1.0, 0, "")

    def rounded(self, amount: float) -> float:
        """An amount in this unit as shown."""
        return round(amount / self.size, self.digits) + 0.0

    def text(self, amount: float, currency: str) -> str:
        """NT$ 465 m; −NT$ 465 m."""
        if amount == 0:
            return _priced("0", currency)
        shown = self.rounded(amount)
        return _priced(f"{plain(abs(shown), self.digits)}{self.suffix}", currency, shown < 0)

    def change(self, base: float, now: float, currency: str) -> str:
        """The difference of the amounts shown, signed; "" if they look alike: +NT$ 102 m."""
        return self.signed(self.rounded(now) - self.rounded(base), currency)

    def signed(self, shown: float, currency: str) -> str:
        """A difference in this unit, signed; "" for none."""
        shown = round(shown, self.digits)
        return signed(_priced(f"{plain(abs(shown), self.digits)}{self.suffix}", currency), shown) if shown else ""


def measure(value: float, unit: str, codes: dict[int, str] | None = None, missing: str = "missing") -> str:
    """A value of the contract in its unit: a fraction for %, a code's word, an amount in its currency, a year."""
    if np.isnan(value):
        return missing
    if codes:
        return codes.get(round(value), plain(value))
    if unit == "%":
        return percent(value, 0)
    if unit == "":
        return _bare(value)
    if unit == YEAR:
        return f"{value:.0f}"
    if unit[-1] in "$€£¥₹¤":
        return _priced(plain(abs(value)), unit, round(value) < 0)
    return f"{plain(value, 0 if value == round(value) else 1)}{NBSP}{unit if value != 1 else unit.removesuffix('s')}"


def _bare(value: float) -> str:
    """A number without unit: whole, to two digits after the point, or a small one to its first two."""
    if value == round(value) or abs(value) >= 0.1:
        return plain(value, 0 if value == round(value) else 2)
    return f"{MINUS if value < 0 else ''}{np.format_float_positional(float(f'{abs(value):.2g}'), trim='-')}"


def lever_value(value: float, unit: str) -> str:
    """A lever's position: its percentages are whole numbers already, a relative one carries its sign."""
    if unit == "±%":
        return f"{signed(plain(abs(value)), round(value))}{NBSP}%"
    if unit == "%":
        return f"{plain(value)}{NBSP}%"
    return measure(value, unit)


def summing(parts: Sequence[float], total: float, digits: int = 0) -> list[float]:
    """``parts`` rounded to ``digits`` so that they add up to ``total`` rounded likewise (largest remainder).

    ``parts`` must sum to ``total`` but for rounding; no part moves by a unit of the last place or more.
    """
    unit = 10.0**-digits
    scaled = np.asarray(parts, float) / unit
    low = np.floor(scaled)
    missing = int(round(total / unit) - low.sum())
    up = np.argsort(low - scaled, kind="stable")[: max(0, missing)]
    low[up] += 1
    return [round(float(value) * unit, digits) + 0.0 for value in low]
