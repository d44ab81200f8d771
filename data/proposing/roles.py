"""What each column of a new book likely is: an input, protected, known only after the outcome, an identifier, …

Every decision carries its reason, because each is a guess for a person to review.
"""

import keyword
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import NOT_STATED, RECORDED, YEAR, plain_figure
from data.errors import BadInput
from data.files.days import FIRST_YEAR, LAST_YEAR
from data.files.given import number_as_text
from data.files.names import listed_texts, shown_text
from data.files.names import one_line as plain
from data.files.numbers import Habit
from data.files.reading import PLAIN, Reading, read_numbers
from data.files.series import given_cells
from data.formulas import FUNCTIONS
from data.proposing import hints, signals
from data.proposing.categories import coded_by_name, names_a_thing, numbers_are_codes
from data.proposing.cells import ALL_COLUMNS, missing_words
from data.proposing.columns import (
    LARGEST,
    RecognisedCells,
    as_categories,
    habit_of_file,
    recognise,
    words_of,
    yes_or_no,
)
from data.proposing.decisions import AS_PROPOSED, ColumnDecision, ColumnRole, Decisions
from data.proposing.drafting import comment
from data.proposing.hints import tokens
from data.proposing.labels import labels
from data.proposing.order import NUMBERS, POOLED, SCALES, as_ordered, in_order, rises
from data.proposing.outcomes import Outcomes, which_are_bad
from data.proposing.siblings import siblings
from data.proposing.sources import Source
from data.proposing.special import codes_of_file, words_of_codes

Role = ColumnRole
ABSENT: frozenset[Role] = frozenset({"identifier", "left out"})  # roles of the columns that the book does not hold

FEWEST_ROWS, FEWEST_OF_ONE = 200, 20
MOST_WORDS = 40  # different words of an input; rarer ones are pooled, and more than ten times as many is free text
MOST_GROUPS = 12  # of a protected attribute
RARE = 20  # rows of a word that stands for itself
ALL_BUT_UNIQUE = 0.95
HALF = 0.5  # as many different values as rows, or more, are no kinds of anything
MOST_OUTCOMES = 4  # values of a target that one outcome is told by
ADULT = (25.0, 35.0, 45.0, 60.0)  # the edges of age groups
AFTER = ": known only after the outcome?"
TAKEN = frozenset(FUNCTIONS) | {
    "missing",
    "reason",
    "value",
    "start",
    "ago",
    "customer",
    "own",
    "cutoff",
    "book",
    "lgd",
    "ccf",
    "apr",
    "funding",
    "opex",
    "margin_months",
    "annual_default_rate",
    "correlation",
    "unemployment",
    "gdp",
    "who",
    "share",
    "preset",
    "severity",
    "point",
    "method",
    "factor",
}
"""Names that formulas, addresses and assumptions have given away."""


@dataclass(frozen=True, eq=False)
class ProposedColumn:
    """One column decided on. ``given`` is its name in the file, ``name`` the contract's; ``values`` (n,) as they
    will stand in the snapshot. ``why`` it has its role; ``ordered`` why its ``codes`` stand as they do; ``changes`` to
    its cells. ``auc`` in [0.5, 1] of it alone. ``reading`` and ``words``, as in the contract, read such cells again;
    ``asked`` is what of that a person should look at. ``special`` are values that say why there is none, in words.
    ``beyond`` are numbers of rows that are left out, for their outcome is neither: what may come for all that. ``said``
    is what a person decided about it.
    """

    given: str
    name: str
    label: str
    role: Role
    values: Array
    why: str
    codes: dict[int, str] = field(default_factory=dict)
    ordered: str = ""
    edges: tuple[float, ...] = ()
    unit: str = ""
    currency: str = ""
    changes: tuple[str, ...] = ()
    auc: float = 0.5
    reading: Reading = PLAIN
    words: tuple[str, ...] = ()
    asked: str = ""
    special: Mapping[float, str] = field(default_factory=dict)
    beyond: Array = field(default_factory=lambda: np.empty(0))
    said: ColumnDecision = AS_PROPOSED

    @cached_property
    def gaps(self) -> int:
        """How many records lack it."""
        return int(np.isnan(self.values).sum())

    @property
    def on_a_scale(self) -> bool:
        """Whether its codes are the steps of a scale, so that more of it has a meaning."""
        return rises([self.codes[each] for each in sorted(self.codes)], self.ordered)

    @cached_property
    def ordinary(self) -> Array:
        """The values that are there and mean what they say."""
        known = ~np.isnan(self.usual)
        return self.usual if known.all() else self.usual[known]

    @cached_property
    def usual(self) -> Array:
        """Its values (n,), those that special codes stand for missing."""
        if not self.special:
            return self.values
        return np.where(np.isin(self.values, list(self.special)), np.nan, self.values)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it may have no value, in words: those of its special codes, in their order, and that of gaps."""
        return (*self.special.values(), *(("missing",) if self.gaps else ()))


@dataclass(frozen=True, eq=False)
class ProposedTarget:
    """The target: ``values`` (n,) 0 or 1, what they were called in the file, and why 1 is the bad one where that was
    guessed."""

    name: str
    label: str
    values: Array
    good: str
    bad: str
    why: str


@dataclass(frozen=True, eq=False)
class Identifiers:
    """``values`` (n,) int64, unique; ``why`` where they were guessed or made."""

    name: str
    values: NDArray[np.int64]
    why: str
    given: str = ""


# ---- names ----------------------------------------------------------------------------------------------------------


def safe_name(given: str, taken: Iterable[str], place: int = 0) -> str:
    """A name that formulas can read and nothing else has: small letters, digits and underscores."""
    name = re.sub(r"^(?=\d)", "x_", "_".join(tokens(given))[:40].strip("_")) or f"column_{place}"
    if keyword.iskeyword(name) or name in TAKEN or name.startswith(("own_", "beta_", "limit_of", "weight_of")):
        name = f"x_{name}"
    used, k, found = set(taken), 1, name
    while found in used:
        k += 1
        found = f"{name}_{k}"
    return found


# ---- the target -----------------------------------------------------------------------------------------------------


def outcome(source: Source, given: str, bad: Sequence[str]) -> ProposedTarget:
    """The target as 0 and 1; ``bad`` are its values that a person said are the bad outcome.

    Raises
    ------
    BadInput
        If there is no such column, it has gaps, or which of its values are bad cannot be told.
    """
    frame = source.frame
    if given not in frame:
        near = ", ".join(map(shown_text, list(frame.columns)[:8])) + (", …" if frame.shape[1] > 8 else "")
        where = f" They were taken from {source.whence}." if source.whence else ""
        if all(re.fullmatch(r"column \d+", str(name)) for name in frame):
            where = f" The file has no header: name the column by its place, 1 to {frame.shape[1]}."
        raise BadInput(f"{shown_text(source.name)} has no column {shown_text(given)}. It has: {near}.{where}")
    cells = _plus_and_minus(frame[given]) or recognise(frame[given])
    missing = int(np.isnan(cells.values).sum())
    if cells.kind in ("odd", "nothing") or missing == len(frame):
        raise BadInput(f"The target {shown_text(given)} holds nothing that can be read as two outcomes.")
    if missing:
        told = f"missing in {missing:,} of {len(frame):,} rows"
        raise BadInput(
            f"The target {shown_text(given)} is {told}. Leave out the rows whose outcome is not known: --drop missing."
        )
    levels = np.unique(cells.values)
    words = [cells.words[int(each)] if cells.words else f"{each:.12g}" for each in levels]
    rows = [int((cells.values == level).sum()) for level in levels]
    which, why = which_are_bad(Outcomes(given, tuple(words), tuple(rows), shlex.quote(source.name)), bad)
    values = np.isin(cells.values, levels[list(which)]).astype(np.float64)
    if len(frame) < FEWEST_ROWS:
        raise BadInput(f"{shown_text(source.name)} has {len(frame):,} rows; a model needs at least {FEWEST_ROWS}.")
    fewer = int(min(values.sum(), (1 - values).sum()))
    if fewer < FEWEST_OF_ONE:
        raise BadInput(f"Only {fewer} rows have one of the outcomes; a model needs at least {FEWEST_OF_ONE} of each.")
    label = labels(list(map(str, frame)))[list(frame).index(given)]
    told_bad, told_good = (
        _or([words[k] for k in range(len(words)) if (k in which) == is_bad]) for is_bad in (True, False)
    )
    return ProposedTarget(safe_name(given, ()), label, values=values, good=told_good, bad=told_bad, why=why)


def _plus_and_minus(column: "pd.Series[Any]") -> RecognisedCells | None:
    """The signs + and -, which tell the outcome of some files, though a lone - means no value elsewhere; None where the
    column holds anything else."""
    texts = column.map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
    if set(texts.dropna().unique()) != {"+", "-"}:
        return None
    values: Array = np.asarray(texts.map({"+": 0.0, "-": 1.0}), np.float64)
    return RecognisedCells("words", values, ("+", "-"))


def _or(words: Sequence[str]) -> str:
    """Several words as one: Charged Off or Default."""
    shown = (
        words
        if len(words) <= MOST_OUTCOMES
        else [*words[: MOST_OUTCOMES - 1], f"{len(words) - MOST_OUTCOMES + 1} more"]
    )
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


# ---- identifiers ----------------------------------------------------------------------------------------------------


def identifiers(source: Source, given: str | None, target: str) -> Identifiers:
    """The number of each record: from the column ``given``, from one that looks like it, or counted from 1.

    Raises
    ------
    BadInput
        If the column given is not there, has gaps, or is not unique.
    """
    frame, n = source.frame, len(source.frame)
    counted = np.arange(1, n + 1)
    if given is None:
        named = [name for name in map(str, frame.columns) if name != target and hints.identifier(name)]
        for name in sorted(named, key=lambda name: not hints.identifies(name)):  # the surest names first
            whole, dropped = _whole(frame[name].tolist())
            if whole is not None:
                return Identifiers(
                    safe_name(name, ()), whole, f"{name} is unique and named like an identifier{dropped}", name
                )
        return Identifiers("record_number", counted, "no column numbers the records: rows counted from 1")
    if given not in frame or given == target:
        what = "is the target" if given == target else "is no column of the file"
        raise BadInput(f"{shown_text(given)} {what}. Say by --id which column identifies a record, or leave it out.")
    cells = frame[given].tolist()
    texts = ["" if cell is None or cell != cell else plain(str(cell)) for cell in cells]
    if "" in texts:
        raise BadInput(f"The identifier {shown_text(given)} is missing in {texts.count(''):,} rows. Leave out --id.")
    if len(set(texts)) < n:
        seen: set[str] = set()
        twice = next(text for text in texts if text in seen or seen.add(text))  # type: ignore[func-returns-value]
        raise BadInput(
            f"The identifier {shown_text(given)} is not unique: {shown_text(twice)} stands twice. Leave out --id."
        )
    whole, dropped = _whole(cells)
    name = safe_name(given, ())
    if whole is None:
        return Identifiers(name, counted, f"{given} holds no whole numbers: rows counted from 1 instead", given)
    return Identifiers(name, whole, f"{given}{dropped}" if dropped else "", given)


_NUMBERED = re.compile(r"(?P<before>(?:.*[^\d.,])?)(?P<number>\d{1,15})", re.ASCII)


def _whole(cells: Sequence[object]) -> tuple[NDArray[np.int64] | None, str]:
    """Unique whole numbers that a page can show, if that is what they are, and what had to be dropped for it: the same
    letters before each, as in LN-0012345, and zeros."""
    found, before = list[int](), set[str]()
    for cell in cells:
        text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
        part = _NUMBERED.fullmatch(text)
        if part is None:
            return None, ""
        found.append(int(part["number"]))
        before.add(part["before"])
    if len(before) != 1 or len(set(found)) < len(found):
        return None, ""
    letters = plain(next(iter(before)))
    dropped = f"; {shown_text(letters)} before each number was dropped" if letters else ""
    return np.array(found, np.int64), dropped


# ---- the other columns ----------------------------------------------------------------------------------------------


def decide(
    source: Source, target: ProposedTarget, decisions: Decisions, numbers: Identifiers, alone: signals.Alone
) -> list[ProposedColumn]:
    """A role for every column but the target and the identifier, in the file's order: the one decided on, or proposed.

    Raises
    ------
    BadInput
        If a column cannot be what was decided.
    """
    taken, found = {target.name, numbers.name}, list[ProposedColumn]()
    called, missing = labels(list(map(str, source.frame))), missing_words(source, decisions.missing)
    habit = habit_of_file(source.frame, source.delimiter)
    read = {
        str(given): _of_the_kind(recognise(source.frame[given], habit), source.frame[given], decisions.of(str(given)))
        for given in source.frame
        if given not in (decisions.target, numbers.given)
    }
    known = {given: cells.known for given, cells in read.items() if cells.kind == "numbers"}
    codes = codes_of_file(known, frozenset(filter(hints.scored, known)))
    of_file = {code for own in codes.values() for code in own}
    for place, given in enumerate(source.frame, 1):
        if given in (decisions.target, numbers.given):
            continue
        said = decisions.of(str(given))
        name = safe_name(str(given), taken, place)
        taken.add(name)
        cells = read[str(given)]
        special = words_of_codes(codes.get(str(given), ()), of_file)
        if said.special:
            special = {code: word for code, word in said.special.items() if word}
            _apart(str(given), cells, special)
        blank = ProposedColumn(
            comment(str(given)) or name,
            name,
            label=said.label or called[place - 1],
            role="left out",
            values=cells.values,
            why="",
            unit=cells.unit,
            currency=cells.currency,
            changes=cells.changes,
            said=said,
        )
        own = _with_special(blank, cells, special, target=target.values, alone=alone)
        if source.left_out is not None and own.role == "input" and not own.codes:
            own = replace(own, beyond=_beyond(own, source.left_out[given], habit))
        found.append(_with_missing(own, (*missing.get(ALL_COLUMNS, ()), *missing.get(str(given), ()))))
    found = _one_vintage(found, target.values)
    return _without_twins(_without_siblings(found))


def _without_siblings(found: list[ProposedColumn]) -> list[ProposedColumn]:
    """Inputs that belong by their names to a column that is known only after the outcome, by its own name or because
    it gives the outcome away, set aside with it. That a number ranks well makes no siblings."""
    after = [each.given for each in found if each.role == "post-outcome" and "alone it tells" not in each.why]
    belong = siblings([each.given for each in found if each.role == "input" and each.said.role is None], after)
    return [
        replace(each, role="post-outcome", why=f"its name belongs to that of {belong[each.given]}{AFTER}")
        if each.given in belong
        else each
        for each in found
    ]


def _apart(given: str, cells: RecognisedCells, special: Mapping[float, str]) -> None:
    """Raise BadInput if a number that was said to be a code stands among the others of its column."""
    others = cells.known[~np.isin(cells.known, list(special))]
    within = [code for code in special if len(others) and others.min() <= code <= others.max()]
    if within and cells.kind == "numbers":
        ends = " to ".join(f"{each:.12g}" for each in (others.min(), others.max()))
        raise BadInput(
            f"{within[0]:.12g} cannot be a special code of {shown_text(given)}: its other values go from {ends}, and "
            "it would be one of them."
        )


def _with_special(
    blank: ProposedColumn, cells: RecognisedCells, special: Mapping[float, str], target: Array, alone: signals.Alone
) -> ProposedColumn:
    """What a column is, decided without its special codes; an input holds them."""
    plain, coded = cells, np.isin(cells.values, list(special))
    if special and cells.kind == "numbers":
        plain = replace(cells, values=np.where(coded, np.nan, cells.values))
    own = _to_read_again(_decided(replace(blank, values=plain.values), plain, target, alone), plain)
    if plain is cells or own.role != "input":
        return own
    return replace(own, special=special, values=np.where(coded, cells.values, own.values))


def _beyond(own: ProposedColumn, column: "pd.Series[Any]", habit: Habit) -> Array:
    """The numbers of an input in rows that are left out, without special codes; none where it is read as days."""
    if own.reading.days:
        return np.empty(0)
    values = read_numbers(given_cells(column), own.reading, habit).values
    return values[np.isfinite(values) & ~np.isin(values, list(own.special))]


def _of_the_kind(cells: RecognisedCells, column: "pd.Series[Any]", said: ColumnDecision) -> RecognisedCells:
    """The cells as numbers or as words, where that was decided, and numbers that are codes by the column's name as
    words; BadInput where words cannot be numbers."""
    if said.kind == "number" and cells.kind == "words":
        some = listed_texts(list(cells.words), 3)
        raise BadInput(f"{shown_text(str(column.name))} cannot be a number: its cells hold {some}. Make it a category.")
    if said.kind == "number" or cells.kind != "numbers":
        return cells
    if said.kind == "category":
        whole = bool((cells.known == np.round(cells.known)).all())
        return as_categories(cells, "its numbers were read as words, as decided") if whole else words_of(column)
    return _as_meant(str(column.name), cells)


def _as_meant(given: str, cells: RecognisedCells) -> RecognisedCells:
    """The same cells; numbers that are codes by the column's name as words."""
    if cells.kind != "numbers" or cells.unit or cells.currency or cells.reading.percent:
        return cells
    why = numbers_are_codes(given, cells.known)
    return as_categories(cells, why) if why and not _identifies(given, cells, len(np.unique(cells.known))) else cells


def _decided(own: ProposedColumn, cells: RecognisedCells, target: Array, alone: signals.Alone) -> ProposedColumn:
    given, known = own.given, cells.known
    if cells.kind == "nothing":
        return replace(own, why="it is empty")
    if cells.kind == "odd":
        return replace(own, why=cells.why)
    distinct = len(np.unique(known))
    if distinct == 1 and not 0 < own.gaps < len(target):
        return replace(own, why="it is the same in every row")
    if cells.kind == "numbers" and np.abs(known).max() > LARGEST:
        return replace(own, why="its numbers are beyond 1,000,000,000,000,000: identifiers or damage")
    if own.said.role is not None:
        return _as_said(own, cells, target, alone)
    truth = yes_or_no(cells)
    if hints.personal(given) and not truth and distinct > MOST_GROUPS:  # a dozen values tell of nobody who it is
        return replace(own, why="its name speaks of what tells who somebody is")
    words = cells.words if distinct <= 10 * MOST_WORDS else ()
    attribute, why = hints.protected(given, words, distinct, truth)
    if attribute:
        return _protected(own, cells, attribute, why)
    after = hints.after_outcome(given)
    if after:
        return _after(own, cells, f"its name speaks of {after}{AFTER}")
    if _identifies(given, cells, distinct):
        return replace(own, role="identifier", why=f"{distinct:,} different values in {len(known):,} rows")
    shared = names_a_thing(given) and distinct < HALF * len(known)
    if cells.kind == "words" and _free_text(cells.words, len(known)) and not shared:
        return replace(own, why=f"{distinct:,} different texts: free text, which this model does not read")
    if cells.kind == "days":
        return _day(own, target)
    if cells.kind == "numbers" and hints.begun_in(given) and _years(known):
        why = "its name and values speak of the year in which the loan began"
        return replace(own, role="vintage", unit=YEAR, why=why)
    coded = _as_input(own, cells)
    auc = float(alone(target, coded.values[None])[0])
    most = max(auc, float(alone(target, signals.by_rate(target, coded.values)[None])[0])) if coded.codes else auc
    sided = signals.one_sided(target, own.values if cells.kind == "numbers" else coded.values)
    sided = sided or signals.all_of_one(target, coded.values, bool(coded.codes), alone)
    coded = replace(coded, auc=auc)
    if most > signals.SUSPICIOUS_AUC or sided:
        why = sided or f"alone it tells the outcomes apart with an AUC of {most:.3f}"
        return replace(coded, role="post-outcome", why=f"{why}{AFTER}")
    if cells.kind == "numbers" and np.ptp(coded.values[~np.isnan(coded.values)]) < 1e-9 * np.abs(known).max():
        return replace(own, why="it is all but the same in every row")
    return replace(coded, role="input", why="nothing speaks against it")


def _as_input(own: ProposedColumn, cells: RecognisedCells) -> ProposedColumn:
    """Its values as a model takes them: numbers, codes of words, or whether a cell is filled."""
    if len(np.unique(cells.known)) > 1:
        return _coded(own, cells)
    filled = np.where(np.isnan(own.values), 0.0, 1.0)
    own = replace(own, values=filled, changes=(*own.changes, "filled is 1, empty 0"))
    return replace(own, codes={0: "empty", 1: "filled"}, ordered="it has one value or none")


def _as_said(own: ProposedColumn, cells: RecognisedCells, target: Array, alone: signals.Alone) -> ProposedColumn:
    """A column of the role that a person decided on; left out where it cannot be that."""
    role, known, why = own.said.role, cells.known, "so it was decided"
    if role == "protected":
        attribute, _ = hints.protected(own.given, cells.words)
        return _protected(own, cells, attribute or "as decided", why)
    if role == "post-outcome":
        return _after(own, cells, why)
    if role == "vintage":
        dated = cells.kind == "days" or (cells.kind == "numbers" and _years(known))
        short = f"it was to be the vintage, but is missing in {own.gaps:,} rows" if own.gaps else ""
        short = short if dated else "it was to be the vintage, but holds neither days nor years"
        turned = (*own.changes, "days turned into years") if cells.kind == "days" else own.changes
        return replace(own, why=short) if short else replace(own, role=role, unit=YEAR, changes=turned, why=why)
    if role != "input":
        return replace(own, role=role or own.role, why=why)
    if cells.kind == "days":
        return replace(own, why="it was to be an input, but holds days, which are not read as inputs")
    if cells.kind == "words" and _free_text(cells.words, len(known)):
        return replace(own, why="it was to be an input, but holds free text, which this model does not read")
    coded = _as_input(own, cells)
    return replace(coded, role=role, why=why, auc=float(alone(target, coded.values[None])[0]))


def _to_read_again(own: ProposedColumn, cells: RecognisedCells) -> ProposedColumn:
    """The same, with what it takes to read the cells of a later file as these were."""
    if own.role not in RECORDED:
        return own
    reading, words = cells.reading, tuple[str, ...]()
    if not cells.words:
        reading = reading.model_copy(update={"words_only": False})
    if own.codes and len(np.unique(cells.known)) == 1:
        only = cells.words[int(cells.known[0])] if cells.words else number_as_text(float(cells.known[0]))
        reading = reading.model_copy(update={"filled": only, "words_only": False, "gaps": cells.no_values})
    elif cells.words and own.codes:
        words = _words_of(own, cells)
    return replace(own, reading=reading, words=words, asked=cells.asked)


def _with_missing(own: ProposedColumn, words: Sequence[str]) -> ProposedColumn:
    """The same, where a person said that some words stand for no value: in later files they do, too."""
    if not words or own.role not in RECORDED:
        return own
    gaps = tuple(dict.fromkeys((*own.reading.gaps, *words)))
    return replace(own, reading=own.reading.model_copy(update={"gaps": gaps}))


def _words_of(own: ProposedColumn, cells: RecognisedCells) -> tuple[str, ...]:
    """The file's word for each code, in their order; "" for one that several words, or rare ones, share."""
    there = ~np.isnan(cells.values)
    code = np.full(len(cells.words), np.nan)
    code[cells.values[there].astype(int)] = own.values[there]
    shared = {each: [word for word, its in zip(cells.words, code, strict=True) if its == each] for each in own.codes}
    return tuple(
        words[0] if len(words) == 1 and own.codes[each].startswith(words[0][:60]) else ""
        for each, words in sorted(shared.items())
    )


def _identifies(given: str, cells: RecognisedCells, distinct: int) -> bool:
    """Whether a column identifies records, or whom they belong to: then it may stand in several rows, if its name says
    so."""
    known = cells.known
    named, all_but = hints.identifies(given) and not names_a_thing(given), distinct >= ALL_BUT_UNIQUE * len(known)
    if distinct <= MOST_WORDS or cells.kind == "days" or not (named or all_but):
        return False
    if cells.kind == "words":
        return named or hints.identifier(given) or hints.coded(cells.words)
    whole = bool((known == np.round(known)).all())
    running = float(known.max() - known.min()) < 1.05 * len(known)
    measured = cells.unit or cells.currency or hints.unit(given, float(known.min()), float(known.max()))[0]
    return whole and (named or hints.identifier(given) or (running and not measured))


def _free_text(words: Sequence[str], n: int) -> bool:
    """Whether ``n`` cells hold texts rather than a few words."""
    many = len(words) > 10 * MOST_WORDS or (len(words) > MOST_WORDS and len(words) >= ALL_BUT_UNIQUE * n)
    return many or float(np.mean([len(each) for each in words])) > 60


def _years(known: Array) -> bool:
    whole = bool((known == np.round(known)).all())
    return whole and known.min() >= FIRST_YEAR and known.max() <= LAST_YEAR


def _coded(own: ProposedColumn, cells: RecognisedCells) -> ProposedColumn:
    """Words as codes, in an order that knows nothing of the outcome; 0 and 1 as no and yes; other numbers as they are.
    Rare words share a code."""
    if cells.kind == "numbers":
        if set(np.unique(cells.known)) <= {0.0, 1.0} and own.said.kind != "number":
            return replace(own, codes={0: "no", 1: "yes"}, ordered="0 was read as no and 1 as yes")
        return own
    number = np.bincount(cells.known.astype(int), minlength=len(cells.words))
    ranked = np.argsort(-number, kind="stable")
    rare = 1 if len(ranked) <= MOST_WORDS and in_order(cells.words)[1] in SCALES else RARE  # a scale keeps its steps
    kept = [int(k) for k in ranked if number[k] >= rare][:MOST_WORDS]
    if len(kept) < 2:
        kept = [int(k) for k in ranked[:MOST_WORDS]]
    rest = len(cells.words) - len(kept)
    group = np.full(len(cells.words), len(kept))
    group[kept] = range(len(kept))
    names = [cells.words[k][:60] for k in kept] + ([f"{POOLED}{rest:,} rare)"] if rest else [])
    order, why = in_order(names) if not own.said.order else as_ordered(names, own.said.order)
    said = coded_by_name(own.given)
    if said and why == NUMBERS:
        why = f"codes, because its name says {said}, in the order of their numbers, of which more is not more"
    code = np.empty(len(names))
    code[order] = range(len(names))
    words = [names[k] for k in order]
    words = [word if word not in words[:k] else f"{word} ({k})" for k, word in enumerate(words)]
    changes = (*own.changes, f"{rest:,} words with fewer than {RARE} rows each pooled") if rest else own.changes
    gaps = np.isnan(cells.values)
    values = np.where(gaps, np.nan, code[group[np.where(gaps, 0, cells.values).astype(int)]])
    return replace(own, values=values, codes=dict(enumerate(words)), ordered=why, changes=changes)


def _protected(own: ProposedColumn, cells: RecognisedCells, attribute: str, why: str) -> ProposedColumn:
    """Groups to watch fairness by: an age by its edges, anything else by at most `MOST_GROUPS` codes."""
    known, distinct = cells.known, len(np.unique(cells.known))
    why = f"{why}: protected ({attribute}), never an input"
    own = replace(own, role="protected", why=why, unit=YEAR if _years(known) else own.unit)
    gaps = np.isnan(cells.values)
    if attribute == hints.PLACE and (distinct > MOST_GROUPS or cells.kind == "words"):
        return _place(own, cells)
    if cells.kind == "words" and distinct > 10 * MOST_WORDS:
        return replace(own, role="left out", why=f"{why}; {distinct:,} different texts are too many to compare")
    if cells.kind == "words":
        coded = _coded(own, cells)
        return _with_gaps(_fewer(coded, MOST_GROUPS), coded.ordered)
    if distinct <= MOST_GROUPS and attribute != "age":
        levels = [float(each) for each in np.unique(known)]
        words = {k: f"{each:.6g}" for k, each in enumerate(levels)}
        values = np.where(gaps, np.nan, np.searchsorted(levels, cells.values).astype(float))
        told = "codes without words in the file: write what each stands for"
        return _with_gaps(replace(own, values=values, codes=words), told)
    ages = attribute == "age" and known.min() >= 14 and known.max() <= 120
    edges = ADULT if ages else tuple(float(f"{each:.6g}") for each in np.quantile(known, (0.25, 0.5, 0.75)))
    inside = sorted({edge for edge in edges if known.min() < edge <= known.max()})
    inside = inside or sorted({float(each) for each in np.unique(known)[1:]})[:3]
    if not inside:
        return replace(own, role="left out", why=f"{why}; too few different values to compare")
    if not gaps.any():
        return replace(own, edges=tuple(inside))
    ends = [plain_figure(edge, own.unit) for edge in inside]
    middle = [f"{low} to below {high}" for low, high in pairwise(ends)]
    bands = dict(enumerate([f"below {ends[0]}", *middle, f"{ends[-1]} and over"]))
    values = np.where(gaps, np.nan, np.searchsorted(inside, np.where(gaps, 0, own.values), side="right").astype(float))
    banded = replace(own, values=values, codes=bands, changes=(*own.changes, "cut into bands, because it has gaps"))
    return _with_gaps(banded, "cut into bands, because it has gaps")


def _place(own: ProposedColumn, cells: RecognisedCells) -> ProposedColumn:
    """Where people live, by at most `MOST_GROUPS` groups: the most frequent places, of post codes the first sign."""
    if cells.kind == "days" or (cells.known != np.round(cells.known)).any():
        return replace(own, role="left out", why=f"{own.why}; its {cells.kind} are no places that could be compared")
    if cells.kind == "numbers":
        cells = as_categories(cells, "its numbers were read as places")
    words = list(cells.words)
    if hints.postal(own.given) and len(words) > MOST_GROUPS:
        longest = max(map(len, words))
        firsts = [(word.zfill(longest) if word.isdigit() else word)[:1].upper() for word in words]
        kinds = sorted(set(firsts))
        gaps = np.isnan(cells.values)
        place = np.array([kinds.index(each) for each in firsts], np.float64)
        values = np.where(gaps, np.nan, place[np.where(gaps, 0, cells.values).astype(int)])
        named = tuple(f"beginning with {each}" for each in kinds)
        cells = replace(cells, values=values, words=named)
        own = replace(own, changes=(*own.changes, "post codes gathered by their first sign"))
    coded = _coded(own, cells)
    return _with_gaps(_fewer(coded, MOST_GROUPS), coded.ordered)


def _fewer(own: ProposedColumn, most: int) -> ProposedColumn:
    """The same with at most ``most`` codes, the smallest groups pooled."""
    if len(own.codes) <= most:
        return own
    gaps = np.isnan(own.values)
    size = np.bincount(own.values[~gaps].astype(int), minlength=len(own.codes))
    kept = sorted(int(k) for k in np.argsort(-size, kind="stable")[: most - 1])
    place = np.full(len(own.codes), len(kept))
    place[kept] = range(len(kept))
    words = [own.codes[k] for k in kept] + [f"all others ({len(own.codes) - len(kept)})"]
    values = np.where(gaps, np.nan, place[np.where(gaps, 0, own.values).astype(int)].astype(float))
    changes = (*own.changes, "the smallest groups pooled")
    return replace(own, values=values, codes=dict(enumerate(words)), changes=changes)


def _with_gaps(own: ProposedColumn, ordered: str) -> ProposedColumn:
    """The same, whoever did not say being a group."""
    own = replace(own, ordered=ordered)
    gaps = np.isnan(own.values)
    if not gaps.any():
        return own
    code = len(own.codes)
    values = np.where(gaps, float(code), own.values)
    return replace(own, values=values, codes={**own.codes, code: NOT_STATED}, changes=(*own.changes, "gaps coded"))


def _after(own: ProposedColumn, cells: RecognisedCells, why: str) -> ProposedColumn:
    if cells.kind == "words" and len(cells.words) > 10 * MOST_WORDS:
        return replace(own, why=f"{why} (free text)")
    coded = own if cells.kind == "days" else _coded(own, cells)
    return replace(coded, role="post-outcome", why=why)


def _day(own: ProposedColumn, target: Array) -> ProposedColumn:
    own = replace(own, changes=(*own.changes, "days turned into years"))
    sided = signals.one_sided(target, own.values)
    if sided:
        return replace(own, role="post-outcome", why=f"{sided}{AFTER}")
    if not hints.begun(own.given):
        return replace(own, why="a day that is not the day the loan began by its name; days are not read as inputs")
    if own.gaps:
        return replace(own, why=f"it may be when the loan began, but is missing in {own.gaps:,} rows")
    if len(np.unique(own.values)) == 1:
        return replace(own, why="its year is the same in every row")
    why = "its name speaks of when the loan began: its year is the vintage"
    return replace(own, role="vintage", unit=YEAR, why=why)


def _one_vintage(found: list[ProposedColumn], target: Array) -> list[ProposedColumn]:
    """One vintage at most, whole and in every row; the first one stays, or the one decided on."""
    out, there = list[ProposedColumn](), False
    said = any(each.role == each.said.role == "vintage" for each in found)
    for each in found:
        later = there or (said and each.said.role != "vintage")
        if each.role == "vintage" and (later or each.gaps):
            why = "another column is the vintage already" if later else "it has gaps, which a vintage cannot have"
            each = replace(each, role="left out", why=f"{each.why}; {why}")
        there |= each.role == "vintage"
        out.append(each)
    return out


def _without_twins(found: list[ProposedColumn]) -> list[ProposedColumn]:
    """Inputs that repeat another one, value by value, left out."""
    seen: dict[bytes, str] = {}
    out = []
    for each in found:
        if each.role == "input":
            key = (each.values + 0.0).tobytes()
            if key in seen:
                each = replace(each, role="left out", why=f"it holds the same as {seen[key]}")
            else:
                seen[key] = each.given
        out.append(each)
    return out
