"""From the cells of a file to the numbers of a field, and in a sentence what is wrong with those that hold none."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from data.arrays import Array
from data.contract import YEAR, Field, bounds, special_words
from data.files.fields import read_field
from data.files.given import GivenCells, number_as_text
from data.files.numbers import Habit, figure_of
from data.files.words import no_value
from model.report import numbers

LONGEST_TEXT = 200  # characters of a cell that are looked at
SHOWN = 40  # characters of somebody's text that a message repeats
TOLD = 3  # words that a note repeats


@dataclass(frozen=True, eq=False)
class ReadValues:
    """``values`` (n,) of a field; ``wrong`` says by row what is wrong with a cell that holds none; ``note`` what was
    counted as missing, "" where nothing was that a person would have to know."""

    values: Array
    wrong: dict[int, str]
    note: str = ""


def values_of(field: Field, given: GivenCells, habit: Habit) -> ReadValues:
    """The numbers (n,) in a field's cells. A text that says that there is no value is one only where the field may be
    missing."""
    found = read_field(field, given, habit)
    wrong: dict[int, str] = {}
    told: dict[str, str] = {}
    refused = found.unread.copy()
    if not field.missing and given.texts:
        refused |= given.holds(np.array([text in found.missing for text in given.texts], bool))
    for k in np.flatnonzero(refused).tolist():
        text = shown_cell(given, k)
        if text not in told:
            told[text] = f"{field.label}: {_fault(field, given, row=k, text=text, two=bool(found.two[k]))}"
        wrong[k] = told[text]
    return ReadValues(found.values, wrong, _note(field, found.missing) if field.missing else "")


def shown_cell(given: GivenCells, row: int) -> str:
    """A cell as a text; "" if it is none that can be shown as one."""
    if given.place[row] >= 0:
        return given.texts[int(given.place[row])]
    return number_as_text(float(given.numbers[row])) if np.isfinite(given.numbers[row]) else ""


def _fault(field: Field, given: GivenCells, row: int, text: str, two: bool) -> str:
    if not text:
        what = "an infinite number was given" if np.isinf(given.numbers[row]) else "a day or a list is no number"
        return f"{what}. {_expected(field)}"
    meant = figure_of(text) if two else None
    if meant is not None:
        whole, part = max(meant[:2], key=abs), min(meant[:2], key=abs)
        return f"{quoted(text)} can be read as {whole:.12g} or as {part:.12g}. Write it without thousands separators."
    return f"{quoted(text)} is no {'year and no day' if field.unit == YEAR else 'number'}. {_expected(field)}"


def _note(field: Field, missing: Mapping[str, int]) -> str:
    """What was counted as missing that does not plainly say so itself."""
    words = {text: n for text, n in missing.items() if not no_value(text) or text.startswith("#")}
    if not words:
        return ""
    some = ", ".join(quoted(text) for text in sorted(words, key=lambda text: (-words[text], text))[:TOLD])
    n = sum(words.values())
    more = " and others" if len(words) > TOLD else ""
    return f"{field.label}: {n:,} cell{'s' if n > 1 else ''} with {some}{more} counted as missing."


def _expected(field: Field) -> str:
    """What a field takes, in a sentence."""
    if field.codes:
        some = [f"{code:.12g} ({word})" for code, word in field.values_in_words.items()][:3]
        return f"Enter a code or its words, such as {', '.join(some)}; the template lists all."
    return f"Enter a number {allowed(field)}."


def allowed(field: Field) -> str:
    """What a field takes, in words."""
    if field.codes:
        return "; ".join(f"{code:.12g} = {word}" for code, word in field.values_in_words.items())
    if field.special:
        return f"{allowed(field.model_copy(update={'special': {}}))}, or {special_words(field)}"
    low, high = bounds(field)
    if field.unit == "%":
        return f"from {low:g} to {high:g} (a fraction: 35{numbers.NBSP}% is 0.35)"
    ends = [numbers.measure(end, field.unit) for end in (low, high)]
    told = [f"{way} {end}" for way, end in zip(("from", "to"), ends, strict=True) if "inf" not in end]
    return " ".join(told) or "any number"


def short(text: str) -> str:
    """Somebody's text, fit to be repeated."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: SHOWN + 1]).strip()
    return shown if len(text) <= SHOWN else f"{shown[: SHOWN - 1]}…"


def quoted(text: str) -> str:
    """Somebody's text in quotes, fit to be repeated."""
    return f"“{short(text)}”"
