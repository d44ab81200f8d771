"""Cells and rows that a person takes out of a file before anything is made of it: words that stand for no value, and
records whose outcome is neither."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from data.errors import BadInput
from data.files.names import listed_texts, one_line, shown_text
from data.files.words import no_value
from data.proposing.decisions import Decisions
from data.proposing.sources import Source

ALL_COLUMNS = ""  # the column of a word that stands for no value in any of them


def missing_words(source: Source, missing: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The words that stand for no value, by the file's column; those of every column by `ALL_COLUMNS`. A word is given
    by itself, or as COLUMN=WORD.

    Raises
    ------
    BadInput
        If there is no such column.
    """
    found = dict[str, tuple[str, ...]]()
    for given in missing:
        before, sign, word = given.partition("=")
        column = source.column(before.strip()) if sign and before.strip() else ALL_COLUMNS
        if column and column not in source.frame:
            near = listed_texts(list(map(str, source.frame)), 8)
            raise BadInput(f"{shown_text(source.name)} has no column {shown_text(before)}. It has: {near}.")
        text = one_line(word if column else given)
        if text:
            found[column] = (*found.get(column, ()), text)
    return found


def without_values(source: Source, words: Mapping[str, tuple[str, ...]]) -> Source:
    """The file with nothing in the cells that hold one of the words, and a note of how many that were."""
    if not words:
        return source
    frame, notes = source.frame.copy(deep=False), list(source.notes)
    for name in map(str, frame):
        own = (*words.get(ALL_COLUMNS, ()), *words.get(name, ()))
        gone = _holding(frame[name], own)
        if gone is not None:
            notes.append(f"{name}: {int(gone.sum()):,} cells that hold {listed_texts(own)} are taken for no value")
            frame[name] = frame[name].mask(gone)
    for name in words.keys() - {ALL_COLUMNS}:
        if _holding(source.frame[name], words[name]) is None:
            told = listed_texts(words[name])
            raise BadInput(
                f"The column {shown_text(name)} has no cell that holds {told}. Say which word means no value."
            )
    return replace(source, frame=frame, notes=tuple(notes))


def without_rows(source: Source, decisions: Decisions) -> Source:
    """The file without the rows whose outcome is one of the words to ``drop``; a word such as missing means those that
    have none.

    Raises
    ------
    BadInput
        If no row has such an outcome, or every row has.
    """
    target = decisions.target
    if not decisions.drop or target not in source.frame:
        return source
    column, gone = source.frame[target], np.zeros(len(source.frame), bool)
    for word in decisions.drop:
        own = _empty(column) if no_value(one_line(word)) else _holding(column, (word,))
        if own is None or not own.any():
            there = listed_texts([str(each) for each in column.dropna().unique()[:12]], 12)
            raise BadInput(
                f"The target {shown_text(target)} has no value {shown_text(word)} to leave out. It has: {there}."
            )
        gone |= own
    if gone.all():
        raise BadInput(f"Every row of {shown_text(source.name)} would be left out by --drop. Name fewer outcomes.")
    note = f"{int(gone.sum()):,} rows were left out, whose {target} is {listed_texts(decisions.drop)}"
    kept, left_out = (source.frame[which].reset_index(drop=True) for which in (~gone, gone))
    return replace(source, frame=kept, left_out=left_out, notes=(*source.notes, note))


def is_word(text: str, word: str) -> bool:
    """Whether a cell's text is the word that somebody gave: in whatever case, numbers by their value."""
    return text.casefold() == word.casefold() or (
        plain_number(text) is not None and plain_number(text) == plain_number(word)
    )


def plain_number(text: str) -> float | None:
    """The number that a word is, written plainly; None where it is none."""
    return float(text) if re.fullmatch(r"\s*[+-]?\d{1,15}(\.\d{0,15})?\s*", text, re.ASCII) else None


def _holding(column: "pd.Series[Any]", words: tuple[str, ...]) -> "np.ndarray[Any, np.dtype[np.bool_]] | None":
    """Which cells hold one of the words, (n,); None where none does."""
    if not words:
        return None
    different = column.dropna().unique()
    hit = [each for each in different if any(is_word(_text(each), one_line(word)) for word in words)]
    return column.isin(hit).to_numpy(bool) if hit else None


def _text(cell: object) -> str:
    """A cell as it would be typed: true as 1, 5.0 as 5."""
    if isinstance(cell, bool | np.bool_):
        return str(cell)
    return f"{cell:.15g}" if isinstance(cell, float | np.floating) else one_line(str(cell))


def _empty(column: "pd.Series[Any]") -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Which cells hold no value."""
    nothing = column.isna().to_numpy(bool)
    texts = [each for each in column.dropna().unique() if isinstance(each, str) and no_value(one_line(each))]
    return nothing | column.isin(texts).to_numpy(bool) if texts else nothing
