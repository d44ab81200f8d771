"""Where a lever can be put, as a control offers it: its ends, its step, and the stops of a logarithmic one."""

from dataclasses import dataclass, replace
from functools import lru_cache
from math import floor, log10

from data.contract import YEAR, Assumption, Contract, Lever, Shock, Variable

DIGITS = 6  # of a control's numbers, with the noise of reckoning taken off
NICE = (5.0, 2.0, 1.0)  # what stops lie apart, times a power of ten


@dataclass(frozen=True)
class LeverRange:
    """From ``low`` to ``high``, in the unit of the control. ``step`` is what a slider and the arrow keys move by, not
    how fine values are, unless they are ``whole``. ``log``: equal ways on the slider are equal shares of the value."""

    low: float
    high: float
    step: float
    whole: bool = False
    log: bool = False

    @property
    def both_ways(self) -> bool:
        """Whether zero lies between the ends."""
        return self.low < 0 < self.high

    @property
    def middled(self) -> tuple[float, float]:
        """The ends of a slider: as far to either side of zero where it lies between the ends."""
        far = max(-self.low, self.high)
        return (-far, far) if self.both_ways else (self.low, self.high)

    @property
    def unused(self) -> tuple[float, float]:
        """The shares of a slider below the low end and above the high one, where zero is in its middle."""
        start, end = self.middled
        return (self.low - start) / (end - start), (end - self.high) / (end - start)

    def with_value(self, value: float) -> "LeverRange":
        """The same, with an end moved out to a value beyond it: a preset may put a lever there."""
        if self.low <= value <= self.high:
            return self
        return replace(self, low=min(self.low, value), high=max(self.high, value))

    def stops(self, value: float) -> tuple[float, ...]:
        """Where a logarithmic slider can stand, rising: at round numbers a tenth to a twentieth of themselves apart, at
        its ends, and at ``value``."""
        found = _stops(self)
        return found if value in found else tuple(sorted((*found, value)))


@lru_cache(maxsize=256)
def _stops(within: LeverRange) -> tuple[float, ...]:
    found = [within.low]
    while found[-1] < within.high:
        apart = _round_below(found[-1] / 10)
        if within.whole:
            apart = max(apart, 1.0)
        found.append(round((floor(found[-1] / apart + 1e-9) + 1) * apart, 2 * DIGITS))
    return (*found[:-1], within.high)


def _round_below(value: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is no larger."""
    power = 10.0 ** floor(log10(value) + 1e-9)
    return next(nice * power for nice in NICE if nice * power <= value * (1 + 1e-9))


def lever_range(contract: Contract, lever: Lever) -> LeverRange:
    """Where a lever of one record can be put; codes, years and what is counted without a unit stay whole."""
    counted = lever.unit in ("", YEAR) and lever.step.is_integer()
    whole = (counted or contract.coded(lever)) and lever.minimum.is_integer()
    return LeverRange(lever.minimum, lever.maximum, lever.step, whole=whole, log=lever.logarithmic)


def book_range(part: Shock | Variable | Assumption, unit: float = 1.0) -> LeverRange:
    """Where what is assumed of a book can be put, in a control whose ``unit`` is so many of the part's own."""
    low, high, step = (round(each / unit, DIGITS) for each in (part.minimum, part.maximum, part.step))
    return LeverRange(low, high, step)
