"""How the cells of a column are read: decided when a book is made of its file, kept in the contract, and done again
with every file that comes later.

A `Reading` says what the cells alone do not: which sign stands before decimals, whether a bare number is in percent,
which words mean that there is no value. Without one, cells are read as their field says: months may be written
"36 months", a share "35 %".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from data.arrays import Array
from data.files import days
from data.files.days import How
from data.files.given import GivenCells
from data.files.numbers import (
    CURRENCIES,
    PERCENT,
    UNITS,
    Decimal,
    Figures,
    Habit,
    conversion,
    settled,
    votes,
)
from data.files.words import no_number

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{0,15})?", re.ASCII)
INFINITE = "inf"  # among the gaps: infinite numbers count as missing
ANY = "*"  # among the gaps: whatever is no number counts as missing


class Reading(BaseModel):
    """What a column's cells say beyond themselves. ``decimal`` is the sign before decimals where cells could be read
    either way; "usual" is the one that goes with what parts the file's cells. ``percent``: numbers with a % are divided
    by 100 ("signed"), or those without one too ("all"). ``unit`` and ``currency`` are what the cells carry. ``gaps``:
    words that count as missing, beyond those that always do. ``days``: how days are written whose year is the value.
    ``filled``: the one value the column has; the field says only whether it is there. ``words_only``: a number in a
    cell is a word, never a code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    decimal: Decimal = ""
    percent: Literal["", "signed", "all"] = ""
    unit: str = ""
    currency: str = ""
    gaps: tuple[str, ...] = ()
    days: How = ""
    filled: str = ""
    words_only: bool = False

    @cached_property
    def folded(self) -> frozenset[str]:
        """The gaps as they are compared."""
        return frozenset(each.casefold() for each in self.gaps)

    @cached_property
    def numbers(self) -> Array:
        """The numbers among the gaps."""
        return np.array([float(each) for each in self.gaps if _NUMBER.fullmatch(each)], np.float64)

    def is_gap(self, text: str) -> bool:
        """Whether a text among numbers or days means that there is no value."""
        return no_number(text) or text.casefold() in self.folded

    def of_unit(self, unit: str) -> "Reading":
        """The same, and what a field's unit says of cells in another layout than the first file's."""
        more: dict[str, str] = {}
        if unit == PERCENT and not self.percent:
            more["percent"] = "signed"
        if unit in UNITS.values() and not self.unit:
            more["unit"] = unit
        if unit in CURRENCIES.values() and not self.currency:
            more["currency"] = unit
        return self.model_copy(update=more) if more else self


PLAIN = Reading()


@dataclass(frozen=True, eq=False)
class Read:
    """The values (n,) of a column. ``unread`` (n,): the cell means none; ``two`` (n,): it means two numbers.
    ``missing`` counts, by text, the cells that were taken for no value."""

    values: Array
    unread: NDArray[np.bool_]
    two: NDArray[np.bool_]
    missing: Mapping[str, int]


def signed(found: Figures, reading: Reading, decimal: str) -> Array:
    """The numbers (m,) of texts, with what their signs say: percent divided, years as months where the column is in
    months; NaN where a text is no number of this column's kind."""
    values, out = found.scaled(found.read(decimal), reading.unit), np.full(len(found.point), np.nan)
    for sign in set(found.sign.tolist()):
        own = found.sign == sign
        if sign == PERCENT:
            factor = 0.01 if reading.percent else 0.0
        elif sign in UNITS.values():
            factor = conversion(sign, reading.unit)
        else:
            factor = 1.0 if sign in ("", reading.currency) else 0.0
        if factor:
            by_100 = sign == PERCENT or (sign == "" and reading.percent == "all")
            out[own] = values[own] / 100 if by_100 else values[own] * factor
    return out


def read_numbers(given: GivenCells, reading: Reading, habit: Habit) -> Read:
    """The numbers in cells; true and false are none, nor are days."""
    if given.years is not None or given.odd:
        filled = ~np.isnan(given.years) if given.years is not None else np.ones(len(given), bool)
        return Read(np.full(len(given), np.nan), filled, np.zeros(len(given), bool), {})
    given = given.with_numbers_as_texts() if given.truths else given
    if not given.texts:
        return _plain_numbers(given.numbers, reading)
    found, count = given.figures, given.counts()
    decimal = settled(votes(found, given.texts, count), habit, reading.decimal)
    of_texts = signed(found, reading, decimal)
    gap = np.array([reading.is_gap(text) for text in given.texts], bool)
    gap |= np.isin(found.read(decimal), reading.numbers)
    two = ~gap & found.either & (not decimal)
    of_texts[gap | two] = np.nan
    unread = ~gap & np.isnan(of_texts)
    if ANY in reading.gaps:
        gap, unread = gap | (unread & ~two), two
    typed = np.where(np.isin(given.numbers, reading.numbers), np.nan, given.numbers)
    values = np.where(given.place >= 0, given.spread(of_texts), typed)
    infinite = np.isinf(values)
    if INFINITE in reading.gaps:
        values, infinite = np.where(infinite, np.nan, values), np.zeros(len(values), bool)
    return Read(values, given.holds(unread) | infinite, given.holds(two), _missing(given, gap, count))


def _plain_numbers(values: Array, reading: Reading) -> Read:
    """The same of cells that are numbers all: a tenth of the time, which a large file has many of."""
    if len(reading.numbers):
        values = np.where(np.isin(values, reading.numbers), np.nan, values)
    nothing, infinite = np.zeros(len(values), bool), np.isinf(values)
    if INFINITE in reading.gaps:
        return Read(np.where(infinite, np.nan, values), nothing, nothing, {})
    return Read(values, infinite, nothing, {})


def read_years(given: GivenCells, reading: Reading, habit: Habit) -> Read:
    """The years of days, however they are written, and of years written as such."""
    if given.years is not None:
        unread = np.zeros(len(given), bool)
        return Read(days.plausible(given.years), unread, unread, {})
    how, texts = reading.days, given.texts
    written = days.years_of(texts, how == "year first", pointed=how in ("written", "year first"))
    count, gap = given.counts(), np.array([reading.is_gap(text) for text in texts], bool)
    counted = read_numbers(given, reading, habit)
    years = np.where(np.isnan(given.spread(written)), days.as_years(counted.values, how), given.spread(written))
    unread = np.isnan(years) & ~np.isnan(counted.values) | counted.unread & np.isnan(years)
    return Read(days.plausible(years), unread, counted.two & np.isnan(years), _missing(given, gap, count))


def _missing(given: GivenCells, gap: NDArray[np.bool_], count: NDArray[np.int64]) -> dict[str, int]:
    return {given.texts[k]: int(count[k]) for k in np.flatnonzero(gap).tolist() if given.texts[k]}
