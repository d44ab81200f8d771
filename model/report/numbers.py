"""Numbers to text: the one place that decides digits, signs and units.

A true minus sign, a no-break space before a unit, thousands separators. What is rounded is rounded so that the
numbers shown add up: see `summing`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor

import numpy as np

from data.contract import YEAR, plural
from model.finance.scorecard import whole_points

MOST_DECIMALS = 6  # of a number that was set
SIGNIFICANT = 3  # digits of a figure in a sentence
MINUS, NBSP = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"


def signed(text: str, value: float) -> str:
    """``text`` of an absolute value with a plus or a true minus in front; none for a zero."""
    if value == 0 or np.isnan(value):
        return text
    return f"+{text}" if value > 0 else f"{MINUS}{text}"


def plain(value: float, digits: int = 0) -> str:
    """A number with thousands separators and a true minus."""
    rounded = round(value, digits) + 0.0  # + 0.0 turns -0.0 into 0.0
    return f"{rounded:,.{max(digits, 0)}f}".replace("-", MINUS)


def decimals(value: float) -> int:
    """How many decimals a number that was set has, at most six: 80 has none, 17.25 two."""
    return len(f"{value:.{MOST_DECIMALS}f}".rstrip("0").partition(".")[2])


def exactly(value: float, least: int = 0) -> str:
    """A number that was set, as it is used: 80, 17.25; with ``least`` decimals at the least. What is worked out is
    rounded, what is chosen is not."""
    return plain(value, max(least, decimals(value)))


def significant(value: float, beside: float = np.nan) -> str:
    """A number that was worked out, by its first three digits: 0.00123, 24.6, 12,346; more of them where fewer would
    not tell it from the number ``beside`` it."""
    if not np.isfinite(value):
        return "not known"
    rounded = value
    for digits in range(SIGNIFICANT, 18):  # of which 17 tell any two floats apart
        rounded, other = (float(f"{each:.{_digits(each, digits)}g}") for each in (value, beside))
        if rounded != other or value == beside:
            break
    whole, _, rest = np.format_float_positional(abs(rounded), trim="-").partition(".")
    return f"{MINUS if rounded < 0 else ''}{int(whole):,}{'.' if rest else ''}{rest}"


def _digits(value: float, least: int) -> int:
    """How many digits of a number are told: all before the point."""
    return max(least, len(f"{abs(value):.0f}")) if np.isfinite(value) else least


def counted(n: float, noun: str) -> str:
    """How many of what: 1 loan, 30,000 loans."""
    return f"{plain(n)} {noun if n == 1 else plural(noun)}"


def counted_exactly(n: float, noun: str) -> str:
    """How much of what was set: 36 months, 17.5 months."""
    return f"{exactly(n)} {noun if n == 1 else plural(noun)}"


def singular(unit: str) -> str:
    """One of a unit of several: month, month late."""
    first, _, rest = unit.partition(" ")
    if first.endswith("ies"):
        first = f"{first[:-3]}y"
    elif first.endswith("s") and not first.endswith("ss"):
        first = first[:-1]
    return f"{first} {rest}".strip()


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


def score_change(base: float, now: float) -> str:
    """The difference of two scores in the points shown, signed; of two that look alike with as many digits as it takes;
    "" for none."""
    whole = whole_score(now) - whole_score(base)
    exact = difference_of(base, now)
    if whole or not exact:
        return score_points(whole) if whole else ""
    digits = max(1, -floor(np.log10(abs(exact))))
    return signed(f"{abs(exact):.{digits}f}", exact)


def money(amount: float, currency: str) -> str:
    """An amount in a readable unit: NT$ 9,800; NT$ 5.1 m; −NT$ 1.31 bn."""
    return Unit.of(amount).text(amount, currency)


def _priced(text: str, currency: str, negative: bool = False) -> str:
    """The ``text`` of an absolute amount with its currency, and a minus before both; without one it is a number of
    records."""
    sign = f"{currency}{NBSP}" if currency else ""
    return f"{MINUS if negative else ''}{sign}{text}"


def unpriced(text: str, currency: str) -> str:
    """An amount without the currency that stands elsewhere: −NT$ 5.1 m → −5.1 m."""
    return text.replace(f"{currency}{NBSP}", "", 1) if currency else text


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
            digits = sum(largest < edge for edge in (9.995e9, 9.995e10))
            return cls(1e9, digits, f"{NBSP}bn")
        if smallest >= 1e6:
            return cls(1e6, 0 if largest >= 9.995e7 else 1, f"{NBSP}m")
        return cls(1.0, 0, "")

    @property
    def place(self) -> float:
        """What one unit of the last digit shown is worth."""
        return self.size / 10.0**self.digits

    def finer(self) -> list["Unit"]:
        """This unit, and the same with more digits as far as they can be read."""
        most = max(self.digits, MOST_DIGITS.get(self.size, 2))
        return [replace(self, digits=digits) for digits in range(self.digits, most + 1)]

    def supported(self, place: float) -> "Unit":
        """This unit with so few digits that the last is worth at least ``place``; of shares and points none below 0."""
        if self.place >= place:
            return self
        digits = floor(-np.log10(place / self.size))
        return replace(self, digits=digits if self.size in (1.0, 1e6, 1e9) and self != BASIS_POINTS else max(digits, 0))

    def error(self, error: float) -> "Unit":
        """This unit with as many digits as half an interval has that are worth telling: the first, or two where that is
        less than 3."""
        digits = self.digits
        while 0 < error < 3 * self.size / 10.0**digits:
            digits += 1
        return replace(self, digits=digits)

    def shows(self, base: float, now: float) -> bool:
        """Whether the difference of two amounts can be read off them in this unit: it is a whole place of it, and in
        millions or billions no more than a tenth away from what it is."""
        exact = difference_of(base, now)
        seen = self.rounded(now) - self.rounded(base)
        close = self.size < 1e6 or abs(seen * self.size - exact) <= 0.1 * abs(exact)
        return not exact or (close and seen * exact > 0 and abs(exact) >= self.place)

    def rounded(self, amount: float) -> float:
        """An amount in this unit as shown."""
        return round(amount / self.size, self.digits) + 0.0

    def text(self, amount: float, currency: str) -> str:
        """NT$ 465 m; −NT$ 465 m; what would be nothing in this unit is told in one that fits it."""
        shown = self.rounded(amount)
        if not shown:
            own = Unit.of(amount)
            return _priced("0", currency) if self.size <= own.size else own.text(amount, currency)
        return _priced(f"{plain(abs(shown), self.digits)}{self.suffix}", currency, shown < 0)

    def as_set(self, amount: float, currency: str) -> str:
        """An amount that was set, in this unit and as it is used: NT$ 465.25 m."""
        if amount == 0:
            return self.text(amount, currency)
        return _priced(f"{exactly(abs(amount / self.size), self.digits)}{self.suffix}", currency, amount < 0)

    def change(self, base: float, now: float, currency: str) -> str:
        """The difference of two amounts, signed; "" for none: +NT$ 102 m."""
        return Difference.of(base, now, self).money(currency)

    def signed(self, shown: float, currency: str) -> str:
        """A difference in this unit, signed; "" for none."""
        shown = round(shown, self.digits)
        return signed(_priced(f"{plain(abs(shown), self.digits)}{self.suffix}", currency), shown) if shown else ""


SHARE = Unit(0.01, 1, f"{NBSP}%")  # fractions, shown in percent
BASIS_POINTS = Unit(1.0, 0, f"{NBSP}bp")
MOST_DIGITS = {1e9: 3, 1e6: 2, 0.01: 1}  # by size; no PD has more digits than its interval supports
UNROUNDED = " before rounding"
NOISE = 1e-12  # of the larger of two numbers: what summing in another order makes


@dataclass(frozen=True)
class Difference:
    """Two numbers and their difference, as they are shown wherever they stand: ``base`` and ``now`` in ``unit``, the
    difference and its parts in ``fine``, which is the same unit unless the difference is too small to show in it.

    Whether anything changed is decided on the numbers themselves, never on what is left of them on the screen.
    """

    base: float
    now: float
    unit: Unit
    fine: Unit

    @classmethod
    def of(cls, base: float, now: float, unit: Unit | None = None, place: float = 0.0) -> "Difference":
        """From ``base`` to ``now``, in ``unit`` or the one that fits, with more digits where the difference does not
        show in fewer. One that is too small even so is told by itself, beside numbers that look alike. No digit of the
        two numbers is worth less than ``place``, which is what they are known to."""
        fits = (unit or Unit.of(base, now)).supported(place)
        units = [each for each in fits.finer() if each == fits or each.place >= place]
        shows = [each for each in units if each.shows(base, now)]
        if shows:
            return cls(base, now, shows[0], shows[0])
        chosen = next((each for each in units if each.rounded(base) == each.rounded(now)), units[-1])
        return cls(base, now, chosen, _fitting(chosen, difference_of(base, now)))

    @property
    def exact(self) -> float:
        """The difference itself; 0.0 where there is none, or nothing to compare."""
        return difference_of(self.base, self.now)

    @property
    def shown(self) -> float:
        """The difference in ``fine``: of the numbers shown, if it can be read off them."""
        if not self.exact:
            return 0.0
        if self.fine == self.unit:
            return round(self.unit.rounded(self.now) - self.unit.rounded(self.base), self.unit.digits)
        return self.fine.rounded(self.exact)

    @property
    def rounded_apart(self) -> bool:
        """Whether the numbers are shown further apart than they are: an edge of rounding lies between them."""
        return self.fine != self.unit and self.unit.rounded(self.base) != self.unit.rounded(self.now)

    def money(self, currency: str) -> str:
        """The difference of two amounts, signed; "" for none: +NT$ 102 m."""
        return self._told(self.fine.signed(self.shown, currency))

    def points(self) -> str:
        """The difference of two fractions, signed; "" for none: −6.8 points."""
        return self._told(points(self.shown / 100, self.fine.digits)) if self.exact else ""

    def _told(self, text: str) -> str:
        """A difference that is not the one of the numbers shown says so."""
        return f"{text}{UNROUNDED}" if text and self.rounded_apart else text

    def plain(self) -> str:
        """The difference of two other numbers, signed and with its unit; "" for none: +12 bp."""
        text = f"{plain(abs(self.shown), self.fine.digits)}{self.fine.suffix}"
        return self._told(signed(text, self.shown)) if self.exact else ""

    def parts(self, exact: Sequence[float]) -> tuple[Unit, list[float]]:
        """Parts of the difference as they are shown beside it, so that they add up to it, and their unit: that of the
        two numbers where the largest part shows in it, unless those look apart by another difference than is told."""
        largest = max(map(abs, exact), default=0.0)
        same = self.unit.shows(0.0, largest) or largest <= NOISE * max(abs(self.base), abs(self.now))
        if same and not self.rounded_apart:
            unit = self.unit
        else:
            unit = self.fine if self.exact else _fitting(self.unit, largest)
        total = self.unit.rounded(self.now) - self.unit.rounded(self.base) if unit == self.unit else self.shown
        return unit, summing([part / unit.size for part in exact], total, unit.digits)


def finite(value: float) -> float | None:
    """A number as a table holds it; None for what is none."""
    return float(value) if np.isfinite(value) else None


def difference_of(base: float, now: float) -> float:
    """By how much two numbers differ; 0.0 where that is rounding alone, or one of them is not known."""
    difference = now - base
    same = not np.isfinite(difference) or abs(difference) <= NOISE * max(abs(base), abs(now))
    return 0.0 if same else difference


def _fitting(unit: Unit, difference: float) -> Unit:
    """The unit in which a difference does show that does not in ``unit``."""
    own = Unit.of(difference) if unit.size >= 1e6 else unit
    if own.size < unit.size and own.shows(0.0, difference):
        return own
    digits = -floor(np.log10(abs(difference) / own.size))
    return replace(own, digits=max(own.digits + (own == unit), digits))


def measure(
    value: float,
    unit: str,
    codes: dict[int, str] | None = None,
    missing: str = "missing",
    special: Mapping[float, str] | None = None,
) -> str:
    """A value of the contract in its unit: a fraction for %, a code's word, an amount in its currency, a year; of one
    that is ``special`` the words."""
    if np.isnan(value):
        return missing
    if special and value in special:
        return special[value]
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
    return f"{plain(value, 0 if value == round(value) else 1)}{NBSP}{singular(unit) if value == 1 else unit}"


def _bare(value: float) -> str:
    """A number without unit: whole, to two digits after the point, or a small one to its first two."""
    if value == round(value) or abs(value) >= 0.1:
        return plain(value, 0 if value == round(value) else 2)
    return f"{MINUS if value < 0 else ''}{np.format_float_positional(float(f'{abs(value):.2g}'), trim='-')}"


def lever_value(value: float, unit: str) -> str:
    """A lever's position, as it is used; a relative one carries its sign."""
    if unit == "±%":
        return f"{signed(exactly(abs(value)), value)}{NBSP}%"
    if unit == "%":
        return f"{exactly(value)}{NBSP}%"
    return as_set(value, unit)


def as_set(
    value: float, unit: str, codes: dict[int, str] | None = None, special: Mapping[float, str] | None = None
) -> str:
    """What was set, in its unit and as it is used: as `measure`, but with every decimal."""
    if np.isnan(value) or codes or unit == YEAR or (special and value in special):
        return measure(value, unit, codes, special=special)
    if unit == "%":
        return f"{exactly(100 * value)}{NBSP}%"
    return _in_unit(exactly(abs(value)), value, unit)


def _in_unit(size: str, value: float, unit: str) -> str:
    """The text of an absolute value with its sign and unit."""
    if unit and unit[-1] in "$€£¥₹¤":
        return _priced(size, unit, value < 0)
    signed_ = f"{MINUS}{size}" if value < 0 else size
    if not unit:
        return signed_
    return f"{signed_}{NBSP}{singular(unit) if value == 1 else unit}"


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
