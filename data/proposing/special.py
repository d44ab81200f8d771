"""Numbers that are no amounts but codes: −9 for no record, 9999 for unknown, as bureaus and old systems write them.

They are found by standing apart, again and again, and are asked about, never changed: a file cannot say what they mean.
"""

import re

import numpy as np

from data.arrays import Array

MOST = 5  # codes below zero, and as many far off
FEWEST_OTHERS = 2  # different values that are none: 0 and 1 beside 9
FEWEST_ROWS, FEWEST_OF_ONE = 5, 2  # of all codes together; of each
MANY_OTHERS = 10  # different values, among which a lone -1 is a code
GAP = 3.0  # between codes below zero and the numbers from zero on
FAR, FARTHER, SHARE = 3.0, 10.0, 0.01  # times the other values; of any number, where it stands in this share of rows
_WRITTEN = re.compile(r"9+\d?|(\d)\1*")  # 9, 99, 98, 9997; 8, 888, 7777
_NINES = re.compile(r"9+\.9+")  # a field with decimals, filled up: 9999.99


def special_codes(known: Array) -> tuple[float, ...]:
    """The values (of (n,), none missing) that look like codes, the lowest first; () where none do."""
    levels, number = np.unique(known, return_counts=True)
    count = number.astype(np.float64)
    found = _below_zero(levels, count)
    rest = ~np.isin(levels, found)
    outwards = np.argsort(np.abs(levels[rest]), kind="stable")
    found += _far_off(levels[rest][outwards], count[rest][outwards], len(known))
    return tuple(sorted(found))


def _below_zero(levels: Array, count: Array) -> list[float]:
    """Few numbers below zero that may be codes, where all others are not: -1, or what a gap parts from them."""
    low, others = levels[levels < 0], levels[levels >= 0]
    if not 0 < len(low) <= MOST or len(others) < FEWEST_OTHERS or not _often(low, count[: len(low)]):
        return []
    lone = len(others) >= MANY_OTHERS and low[-1] == -1
    apart = low[:-1] if lone else low
    if len(apart) and (others[0] - apart[-1] < GAP or not _codes(apart)):
        return []
    return [float(each) for each in low]


def _far_off(levels: Array, count: Array, n: int) -> list[float]:
    """Of ``levels``, the smallest first by their size whatever their sign, those at the end far beyond all others."""
    for k in range(min(MOST, len(levels) - FEWEST_OTHERS), 0, -1):
        ends, others = levels[-k:], max(abs(float(levels[-k - 1])), 1.0)
        near = abs(float(ends[0]))
        if not _often(ends, count[-k:]):
            continue
        if near > FAR * others and _codes(ends):
            return [float(each) for each in ends]
        if near > FARTHER * others and (count[-k:] >= SHARE * n).all():
            return [float(each) for each in ends]
    return []


def _often(levels: Array, count: Array) -> bool:
    written = all(each == round(each) or _NINES.fullmatch(_text(each)) for each in levels.tolist())
    return written and int(count.sum()) >= FEWEST_ROWS and int(count.min()) >= FEWEST_OF_ONE


def _codes(levels: Array) -> bool:
    """Whether these are written as codes are."""
    return all(_WRITTEN.fullmatch(_text(each)) or _NINES.fullmatch(_text(each)) for each in levels.tolist())


def _text(level: float) -> str:
    """A number without its sign as a file has it: 9999, 9999.99."""
    return repr(abs(level)).removesuffix(".0")
