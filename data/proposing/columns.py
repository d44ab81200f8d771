"""What the cells of one column are: numbers, days or words, whatever they were written as, and how to read them again.

The column as a whole decides, and where it leaves two readings its file. What is decided is a
`data.files.reading.Reading`, by which the values are then read here and whenever such a file comes back.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.arrays import Array
from data.files import days
from data.files.given import GivenCells, number_as_text
from data.files.numbers import (
    COMMA,
    MANY,
    MONTHS,
    PERCENT,
    POINT,
    UNITS,
    Decimal,
    Figures,
    Habit,
    Votes,
    conversion,
    figures,
    habit_of,
    settled,
    starts_with_zero,
    votes,
)
from data.files.reading import ANY, INFINITE, PLAIN, Read, Reading, read_numbers, read_years
from data.files.series import given_cells
from data.files.words import flags, no_number, no_value
from data.proposing import hints

Kind = Literal["numbers", "days", "words", "nothing", "odd"]

MOSTLY = 0.95  # share of cells that must be numbers for any others to count as missing
HALF, VARIED, TIMES = 0.5, 12, 4  # or this share, if so many different numbers stand beside few different words
MOST_GAPS = 40  # words that are listed as missing; beyond, whatever is no number is
LARGEST = 1e15  # beyond it neighbouring whole numbers are no longer told apart: no amount is as large
LOOKED_AT = 2_000  # different texts of a column that a file's habits are taken from


@dataclass(frozen=True, eq=False)
class RecognisedCells:
    """Of one column: ``values`` (n,) float64, NaN where missing: the numbers, the years of days, or the places of words
    in ``words``. ``unit`` and ``currency`` as the cells carry them; ``changes`` say what reading them took, ``reading``
    how to do it again, ``asked`` what of it a person should look at; ``no_values`` are the texts that were taken for no
    value. ``why`` a column cannot be used, if it cannot."""

    kind: Kind
    values: Array
    words: tuple[str, ...] = ()
    unit: str = ""
    currency: str = ""
    changes: tuple[str, ...] = ()
    reading: Reading = PLAIN
    asked: str = ""
    no_values: tuple[str, ...] = ()
    why: str = ""

    @property
    def known(self) -> Array:
        """The values that are there."""
        return self.values[~np.isnan(self.values)]


def habit_of_file(frame: pd.DataFrame, delimiter: str) -> Habit:
    """How a file writes its numbers."""
    texts = []
    for name in frame:
        column = frame[name]
        if isinstance(column.dtype, pd.StringDtype) or column.dtype == object:
            texts.append(list(given_cells(column.drop_duplicates()[:LOOKED_AT]).texts))
    return habit_of(texts, delimiter)


def recognise(column: "pd.Series[Any]", habit: Habit = Habit()) -> RecognisedCells:  # noqa: B008  frozen
    """What a column holds, in a file that writes numbers by ``habit``; its name says whether numbers may be days."""
    name, given = str(column.name or ""), given_cells(column)
    if given.odd:
        return RecognisedCells("odd", np.full(len(given), np.nan), why="its cells are neither numbers, days nor words")
    if given.years is not None:
        return _days(given, PLAIN, habit, ())
    if given.truths:
        return _numbers(given, PLAIN, habit, ())
    looked = _Looked.at(given, name)
    if not looked.good.any() and not (~np.isnan(given.numbers)).any() and not looked.words.any():
        return RecognisedCells("nothing", np.full(len(given), np.nan))
    return _as_days(looked, habit) or _as_numbers(looked, habit) or _no_day(looked) or _words(given)


def words_of(column: "pd.Series[Any]") -> RecognisedCells:
    """The cells of a column as words, numbers among them by how they are written."""
    return _words(given_cells(column))


@dataclass(frozen=True, eq=False)
class _Looked:
    """The different texts of a column (m,): which mean no value among numbers (``gap``), hold numbers (``good``), days
    (``dated``) or neither (``words``), those that mean no value in either case left out; ``count`` of each, ``typed``
    cells that are numbers anyway."""

    given: GivenCells
    name: str
    figures: Figures
    count: NDArray[np.int64]
    gap: NDArray[np.bool_]
    good: NDArray[np.bool_]
    years: Array
    words: NDArray[np.bool_]
    typed: int

    @classmethod
    def at(cls, given: GivenCells, name: str) -> "_Looked":
        found = given.figures
        years = days.years_of(given.texts, days.year_comes_first(given.texts), pointed=hints.dated(name))
        gap = np.array([no_number(text) for text in given.texts], bool)
        always = np.array([no_value(text) for text in given.texts], bool)
        good = found.known & ~gap
        typed = int((~np.isnan(given.numbers)).sum())
        return cls(
            given,
            name,
            figures=found,
            count=given.counts(),
            gap=gap,
            good=good,
            years=np.where(gap, np.nan, years),
            words=~good & ~always,
            typed=typed,
        )

    def cells(self, which: NDArray[np.bool_]) -> int:
        """How many cells hold one of these texts."""
        return int(self.count[which].sum())

    def odd(self, good: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
        """The texts that are words among ``good`` ones; None where they are too many to be mere gaps."""
        odd = ~good & ~self.gap
        rest, own = self.cells(odd), self.cells(good) + self.typed
        varied = int(good.sum()) + len(np.unique(self.given.numbers[~np.isnan(self.given.numbers)]))
        few = varied >= max(VARIED, TIMES * int(odd.sum())) and own >= HALF * (own + rest)
        return odd if own and (few or own >= MOSTLY * (own + rest)) else None


# ---- days -----------------------------------------------------------------------------------------------------------


def _as_days(looked: _Looked, habit: Habit) -> RecognisedCells | None:
    """Days that texts hold, in whatever layout; or numbers that mean days."""
    dated = days.is_day(looked.years)
    first: days.How = "year first" if days.year_comes_first(looked.given.texts) else "written"
    odd = looked.odd(dated) if dated.any() and not looked.typed else None
    if odd is not None:
        usual = np.where(np.isnan(days.plausible(looked.years)), 0, looked.count)
        example = looked.given.texts[int(usual.argmax())]
        reading = _with_gaps(Reading(days=first), looked, odd)
        return _days(
            looked.given, reading, habit=habit, changes=(f"days written as {example}",), asked=_gaps_asked(looked, odd)
        )
    counted = looked.good & (looked.figures.sign == "") & (looked.figures.size == "")
    odd = looked.odd(counted | dated)  # a sheet may hold some of its days as numbers
    values = np.append(looked.figures.read(POINT)[counted], looked.given.numbers)
    values = values[np.isfinite(values)]
    if odd is None or not len(values):
        return None
    how = days.numbered(values, hints.dated(looked.name), hints.timed(looked.name), hints.monthly(looked.name))
    if how:
        reading = _with_gaps(Reading(days=how), looked, odd)
        return _days(
            looked.given,
            reading,
            habit=habit,
            changes=(f"numbers read as days, {how}",),
            asked=_gaps_asked(looked, odd),
        )
    if hints.dated(looked.name) and days.unplaced(values):
        return _unread(looked, "its name speaks of a day, and its numbers count days from one that is not known")
    if hints.dated(looked.name) and days.uncounted(values):
        return _unread(looked, "its name speaks of a day, and which one its numbers mean is not known")
    return None


def _no_day(looked: _Looked) -> RecognisedCells | None:
    """Of words: days in a layout that is not known, and times of the day, which would be read as so many groups."""
    texts = looked.given.texts
    said = np.array([not no_number(text) for text in texts], bool)
    digits = said & np.array([any(map(str.isdigit, text)) for text in texts], bool)
    if hints.dated(looked.name) and digits.any() and looked.cells(digits) >= MOSTLY * looked.cells(said):
        example = texts[int(np.where(digits, looked.count, 0).argmax())]
        return _unread(looked, f"its name speaks of a day, and {example[:40]} is not written as one that is read")
    if days.times_of_day([texts[k] for k in np.flatnonzero(said)]):
        return _unread(looked, "its cells are times of the day, which are not read as inputs")
    return None


def _unread(looked: _Looked, why: str) -> RecognisedCells:
    return RecognisedCells("odd", np.full(len(looked.given), np.nan), why=why)


def _days(
    given: GivenCells, reading: Reading, habit: Habit, changes: tuple[str, ...], asked: str = ""
) -> RecognisedCells:
    found = read_years(given, reading, habit)
    there = ~np.isnan(given.years) if given.years is not None else (given.place >= 0) | ~np.isnan(given.numbers)
    gone = int((there & np.isnan(found.values)).sum()) - sum(found.missing.values())
    told = _told(found)
    if gone > 0:
        told += (f"{gone:,} days outside the years {days.FIRST_YEAR} to {days.LAST_YEAR} count as missing",)
    kind: Kind = "nothing" if np.isnan(found.values).all() else "days"
    return RecognisedCells(kind, found.values, changes=(*changes, *told), reading=reading, asked=asked)


# ---- numbers --------------------------------------------------------------------------------------------------------


def _as_numbers(looked: _Looked, habit: Habit) -> RecognisedCells | None:
    """Numbers, with the signs and words that stand at them."""
    texts, found = looked.given.texts, looked.figures
    if any(map(starts_with_zero, texts)):  # 02139 is a name, not a number
        return None
    signs = _signs(looked)
    good = looked.good & np.isin(found.sign, ["", *signs.kept])
    odd = looked.odd(good)
    if odd is None:
        if signs.others and looked.odd(looked.good) is not None:
            why = f"its numbers carry different signs: {', '.join([*signs.kept, *signs.others])}"
            return RecognisedCells("odd", np.full(len(looked.given), np.nan), why=why)
        return None
    decimal, doubt = _decimal(votes(found, texts, looked.count), habit, looked)
    reading = _with_gaps(signs.reading.model_copy(update={"decimal": decimal}), looked, odd)
    asked = "; ".join(filter(None, (doubt, signs.asked, _bounds_asked(looked, good), _gaps_asked(looked, odd))))
    return _numbers(looked.given, reading, habit=habit, changes=_changes(looked, good, reading, habit), asked=asked)


def _numbers(
    given: GivenCells, reading: Reading, habit: Habit, changes: tuple[str, ...], asked: str = ""
) -> RecognisedCells:
    """The numbers of a column, infinite ones missing."""
    if given.truths:
        return RecognisedCells("numbers", given.numbers, changes=given.changes)
    found = read_numbers(given, reading, habit)
    infinite = int(np.isinf(found.values).sum())
    if infinite:
        reading = reading.model_copy(update={"gaps": (*reading.gaps, INFINITE)})
        changes = (*changes, f"{infinite:,} infinite value{'s' if infinite > 1 else ''} counted as missing")
        found = read_numbers(given, reading, habit)
    kind: Kind = "nothing" if np.isnan(found.values).all() else "numbers"
    unit = PERCENT if reading.percent else reading.unit
    told = (*given.changes, *changes, *_told(found))
    gone = (*sorted(found.missing), *((INFINITE,) if infinite else ()))
    return RecognisedCells(
        kind,
        found.values,
        words=(),
        unit=unit,
        currency=reading.currency,
        changes=told,
        reading=reading,
        asked=asked,
        no_values=gone,
    )


@dataclass(frozen=True)
class _Signs:
    """The signs at the numbers of a column that go together, any others, and what they say of its reading."""

    kept: tuple[str, ...]
    others: tuple[str, ...]
    reading: Reading
    asked: str = ""


def _signs(looked: _Looked) -> _Signs:
    found, good = looked.figures, looked.good
    weight = {sign: looked.cells(good & (found.sign == sign)) for sign in set(found.sign[good].tolist()) - {""}}
    if not weight:
        return _bare(looked)
    main = max(sorted(weight), key=lambda sign: weight[sign])
    kept = [sign for sign in sorted(weight) if sign == main or conversion(sign, main) or conversion(main, sign)]
    others = tuple(sign for sign in sorted(weight) if sign not in kept)
    if main == PERCENT:
        return _percent(looked, others)
    if main in UNITS.values():
        unit = next(sign for sign in kept if all(conversion(each, sign) for each in kept))
        asked = f"{' and '.join(kept)} stand in one column: taken for {unit}" if len(kept) > 1 else ""
        return _Signs(tuple(kept), others, Reading(unit=unit), asked)
    return _Signs((main,), others, Reading(currency=main))


def _bare(looked: _Looked) -> _Signs:
    """Of numbers without signs, 36m may be months."""
    sizes = set(looked.figures.size[looked.good].tolist())
    values = looked.figures.point[looked.good]
    if sizes == {"m"} and hints.unit(looked.name, 0.0, 2.0)[0] == MONTHS and (values == np.floor(values)).all():
        return _Signs((), (), Reading(unit=MONTHS), "m was taken for months")
    return _Signs((), (), PLAIN, "m was taken for million" if sizes == {"m"} else "")


def _percent(looked: _Looked, others: tuple[str, ...]) -> _Signs:
    """Per cents; numbers without the sign among them are per cents too, unless they look like fractions."""
    found = looked.figures
    bare = np.abs(found.read(POINT)[looked.good & (found.sign == "")])
    bare = bare[bare > 0]
    share = np.abs(found.read(POINT)[looked.good & (found.sign == PERCENT)])
    if not len(bare):
        return _Signs((PERCENT,), others, Reading(percent="signed"))
    fractions = bool(bare.max() <= 1.5 < np.median(share))
    taken = "fractions" if fractions else "percent"
    asked = f"{len(bare):,} different numbers have no % where the others do: taken for {taken}"
    return _Signs((PERCENT,), others, Reading(percent="signed" if fractions else "all"), asked)


def _decimal(of: Votes, habit: Habit, looked: _Looked) -> tuple[Decimal, str]:
    """Which sign stands before decimals, as it is recorded, and what to ask of it; "" where no cell leaves a choice."""
    if not of.either:
        return "", ""
    sign, doubt = settled(of, habit), ""
    amount = hints.unit(looked.name, 0.0, 2.0)[0] == "amount"
    untrimmed = of.either >= MANY and of.zeros > 0 and not (of.point or of.comma or of.whole)
    if not sign or (sign == of.sign == POINT and amount and untrimmed and not habit.decimal):
        small = not amount and of.sign == POINT and float(np.nanmax(looked.figures.point)) < LARGE_FRACTION
        sign = POINT if small and habit.default == POINT else _likelier(of, habit, amount)
        doubt = _either_way(looked, sign)
    return ("usual" if sign == habit.default else sign), doubt  # type: ignore[return-value]


LARGE_FRACTION = 10.0  # rates are below; what is parted by points into thousands hardly all below 10,000


def _likelier(of: Votes, habit: Habit, amount: bool) -> str:
    """The likelier sign before decimals where column and file leave a choice."""
    if of.point or of.comma:
        return POINT if of.point >= of.comma else COMMA
    if not of.sign:
        return habit.default or POINT
    thousands = COMMA if of.sign == POINT else POINT
    if of.whole:
        return of.sign
    kept = of.either >= MANY and of.zeros > 0 and (amount or habit.trimmed)
    return thousands if kept or of.sign == COMMA or habit.default == COMMA else of.sign


def _either_way(looked: _Looked, sign: str) -> str:
    k = int(np.flatnonzero(looked.figures.either)[0])
    one, other = (f"{values[k]:.12g}" for values in (looked.figures.point, looked.figures.comma))
    taken = one if sign == POINT else other
    return f"{looked.given.texts[k]} could be {one} or {other}: taken for {taken}, and all others alike"


def _bounds_asked(looked: _Looked, good: NDArray[np.bool_]) -> str:
    """What 10+ and < 1 were taken for."""
    bound = good & np.array([" as the n" in each for each in looked.figures.way], bool)
    told = []
    for k in np.flatnonzero(bound)[:3].tolist():
        value = looked.figures.read(POINT)[k : k + 1]
        told.append(f"{looked.given.texts[k]} was taken for {value[0]:.12g}")
    return "; ".join(told)


def _changes(looked: _Looked, good: NDArray[np.bool_], reading: Reading, habit: Habit) -> tuple[str, ...]:
    """What reading numbers took, told."""
    found, texts = looked.figures, [looked.given.texts[k] for k in np.flatnonzero(good)]
    sign = habit.default if reading.decimal == "usual" else reading.decimal
    commas, points = (any(each in text for text in texts) for each in (COMMA, POINT))
    of_comma = bool((np.isnan(found.point) & ~np.isnan(found.comma))[good].any())
    told = []
    if commas and (sign == COMMA or (not sign and of_comma)):
        told.append("commas read as decimal points")
    elif commas:
        told.append("commas read as thousands separators")
    if points and (sign == COMMA or any(text.count(POINT) > 1 for text in texts)):
        told.append("points read as thousands separators")
    if reading.percent:
        told.append("percent divided by 100")
    units = [each for each in sorted(set(found.sign[good].tolist())) if each in UNITS.values()]
    told += [f"{unit} turned into {reading.unit}" for unit in units if unit != reading.unit]
    if any(found.size[good]) and reading.unit != MONTHS:
        told.append("k, m and the like multiplied out")
    for way in sorted({part for each in found.way[good] for part in each.split("; ") if part}):
        n = looked.cells(good & np.array([way in each for each in found.way], bool))
        told.append(f"{n:,} cell{'s' if n > 1 else ''} read with {way}")
    return tuple(told)


# ---- gaps and words -------------------------------------------------------------------------------------------------

USUAL = frozenset({"na", "n/a", "nan", "null", "none", "missing", "<na>", "nat"})  # told by their number alone


def _with_gaps(reading: Reading, looked: _Looked, odd: NDArray[np.bool_]) -> Reading:
    """The same, words among numbers or days counting as missing."""
    words = sorted(looked.given.texts[k] for k in np.flatnonzero(odd))
    return reading.model_copy(update={"gaps": tuple(words) if len(words) <= MOST_GAPS else (ANY,)})


def _gaps_asked(looked: _Looked, odd: NDArray[np.bool_]) -> str:
    if not odd.any():
        return ""
    n = looked.cells(odd)
    return f"{_some(looked, odd)} count{'s' if n == 1 else ''} as missing: does it mean something?"


def _some(looked: _Looked, which: NDArray[np.bool_]) -> str:
    """Some texts with how often they stand, the most frequent first."""
    ranked = sorted(np.flatnonzero(which).tolist(), key=lambda k: (-looked.count[k], looked.given.texts[k]))
    told = ", ".join(f"{looked.given.texts[k][:40]} ({looked.count[k]:,})" for k in ranked[:5])
    return told + (f" and {len(ranked) - 5:,} more" if len(ranked) > 5 else "")


def _told(found: Read) -> tuple[str, ...]:
    """What was counted as missing, told."""
    words = {text: n for text, n in found.missing.items() if text.casefold() not in USUAL}
    if not words:
        return ()
    ranked = sorted(words, key=lambda text: (-words[text], text))
    some = ", ".join(text[:40] for text in ranked[:3]) + (", …" if len(ranked) > 3 else "")
    return (f"{sum(words.values()):,} cells that are no numbers ({some}) count as missing",)


def as_categories(cells: RecognisedCells, why: str) -> RecognisedCells:
    """Whole numbers as words, the lowest first, that are read as such again: 33 is the word 33."""
    levels, which = np.unique(cells.known, return_inverse=True)
    words = tuple(number_as_text(float(each)) for each in levels)
    values = cells.values.copy()
    values[~np.isnan(values)] = which
    reading = Reading(words_only=True, gaps=cells.no_values)
    return RecognisedCells("words", values, words, changes=(*cells.changes, why), reading=reading)


def yes_or_no(cells: RecognisedCells) -> bool:
    """Whether a column says yes or no of something: 0 and 1, Y and N, or one short word that is there or not."""
    known = cells.known
    if not len(known):
        return False
    if cells.kind == "numbers":
        return set(np.unique(known).tolist()) <= {0.0, 1.0}
    if cells.kind != "words" or len(cells.words) > 2:
        return False
    return flags(cells.words) and (len(cells.words) == 2 or len(known) < len(cells.values))


def _words(given: GivenCells) -> RecognisedCells:
    """Words, each by its place among the sorted ones."""
    given = given.with_numbers_as_texts()
    gap = np.array([no_value(text) for text in given.texts], bool)
    kept = [text for text, missing in zip(given.texts, gap, strict=True) if not missing]
    if not kept:
        return RecognisedCells("nothing", np.full(len(given), np.nan))
    words = tuple(sorted(kept))
    where = {word: float(k) for k, word in enumerate(words)}
    values = given.spread(np.array([where.get(text, np.nan) for text in given.texts], np.float64))
    counted = any(figures(words).known)
    return RecognisedCells("words", values, words, reading=Reading(words_only=bool(counted)))
