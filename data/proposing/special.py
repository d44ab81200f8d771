"""Numbers that are no amounts but codes: −9 for no record, 9999 for unknown, as bureaus and old systems write them.

They are found by standing apart, again and again, in one column or over many, and are proposed with words that a person
puts right: a file cannot say what they mean.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from data.arrays import Array
from data.files.given import number_as_text

MOST = 5  # codes below zero, and as many far off
FEWEST_OTHERS = 2  # different values that are none: 0 and 1 beside 9
FEWEST_ROWS, FEWEST_OF_ONE = 5, 2  # of all codes together; of each
LOWEST_SCORE = 100.0
MANY_OTHERS = 10  # different values, among which a lone -1 is a code
GAP = 3.0  # between codes below zero and the numbers from zero on
FAR, FARTHER, SHARE = 3.0, 10.0, 0.01  # times the other values; of any number, where it stands in this share of rows
NEAR = 1.6  # times the other values, of a count that ends in 96 to 99, or 996 to 999
REPEATED = 3  # columns that hold a number which alone would not be taken for a code
_COUNTED = re.compile(r"9+[6-9]")  # 96 to 99, 996 to 999: beyond any count
_WRITTEN = re.compile(r"9+\d?|(\d)\1*")  # 9, 99, 98, 9997; 8, 888, 7777
_NINES = re.compile(r"9+\.9+")  # a field with decimals, filled up: 9999.99


def special_codes(known: Array) -> tuple[float, ...]:
    """The values (of (n,), none missing) that look like codes, the lowest first; () where none do."""
    return _Levels.of(known).codes()


@dataclass(frozen=True, eq=False)
class _Levels:
    """The different values of a column, the lowest first, and how often each stands there."""

    levels: Array
    count: Array

    @classmethod
    def of(cls, known: Array) -> "_Levels":
        levels, number = np.unique(known, return_counts=True)
        return cls(levels, number.astype(np.float64))

    def codes(self) -> tuple[float, ...]:
        """Those that stand apart in this column alone."""
        found = _below_zero(self.levels, self.count)
        rest = ~np.isin(self.levels, found)
        levels, count = self.levels[rest], self.count[rest]
        outwards = np.argsort(np.abs(levels), kind="stable")
        found += _far_off(levels[outwards], count[outwards], int(self.count.sum()))
        return tuple(sorted(found))

    def unscored(self) -> tuple[float, ...]:
        """The 0 of whoever has no score, where scores are from some hundreds on; () where it is none."""
        others = self.levels[self.levels > 0]
        nought = self.count[self.levels == 0].sum()
        apart = len(others) >= MANY_OTHERS and others[0] >= LOWEST_SCORE and nought >= FEWEST_ROWS
        return (0.0,) if apart else ()

    def likely(self) -> dict[float, bool]:
        """Values that would be codes if they were such in other columns, and whether a gap parts them from the others:
        whole numbers below zero where all others are from zero on, and ends like 98 and 99 beyond all others."""
        low, others = self.levels[self.levels < 0], self.levels[self.levels >= 0]
        found = dict[float, bool]()
        if 0 < len(low) <= MOST and len(others) and (low == np.round(low)).all():
            found = {float(each): bool(others[0] - each >= GAP) for each in low}
        for k in range(min(MOST, len(others) - 1), 0, -1):
            ends = others[-k:].tolist()
            if ends[0] > NEAR * max(others[-k - 1], 1.0) and all(_COUNTED.fullmatch(_text(each)) for each in ends):
                return found | dict.fromkeys(ends, True)
        return found


def codes_of_file(columns: Mapping[str, Array], scores: Set[str] = frozenset()) -> dict[str, tuple[float, ...]]:
    """The codes of each of a file's columns of numbers, the lowest first: of the values of each, none missing, those
    that stand apart, and those that look like codes and are such in other columns, or stand in several. In one of
    ``scores`` a 0 far below the others is one."""
    levels = {name: _Levels.of(known) for name, known in columns.items()}
    found = {name: each.codes() for name, each in levels.items()}
    for name in scores & levels.keys():
        found[name] = tuple(sorted({*found[name], *levels[name].unscored()}))
    likely = {name: each.likely() for name, each in levels.items()}
    sure = Counter(code for own in found.values() for code in own)
    often = Counter(code for own in likely.values() for code, apart in own.items() if apart)
    for name, own in likely.items():
        more = {
            code
            for code, apart in own.items()
            if sure[code] >= REPEATED or (apart and (sure[code] or often[code] >= REPEATED))
        }
        negative = {code for code in own if code < 0}
        more -= negative if not negative <= more else set()  # -2 and -1 before 0 are steps of a scale
        together = more | set(found[name])
        if len(levels[name].levels) - len(together) >= FEWEST_OTHERS:
            found[name] = tuple(sorted(together))
    return found


BUREAU = {-9.0: "no record", -8.0: "no usable trades", -7.0: "condition not met"}
UNKNOWN = "not known"


def words_of_codes(codes: Sequence[float], of_file: Collection[float] = ()) -> dict[float, str]:
    """What codes are taken to mean until a person says so; those of a bureau where several of its codes stand among
    those ``of_file``, so that one code means the same in every column."""
    if len(set(BUREAU) & {*codes, *of_file}) > 1 and set(codes) <= set(BUREAU):
        return {code: BUREAU[code] for code in codes}
    if len(codes) == 1:
        return {codes[0]: UNKNOWN}
    return {code: f"{UNKNOWN} ({number_as_text(code)})" for code in codes}


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
    whole = bool((levels == np.round(levels)).all() and (levels >= 0).all())
    for k in range(min(MOST, len(levels) - FEWEST_OTHERS), 0, -1):
        ends, others = levels[-k:], max(abs(float(levels[-k - 1])), 1.0)
        near = abs(float(ends[0]))
        if not _often(ends, count[-k:]):
            continue
        counted = whole and all(_COUNTED.fullmatch(_text(each)) for each in ends.tolist())
        if (near > FAR * others and _codes(ends)) or (near > NEAR * others and counted):
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
