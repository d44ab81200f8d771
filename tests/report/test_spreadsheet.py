"""What leaves as CSV opens in a spreadsheet as it was meant: no formula, every letter and digit, gaps as gaps."""

import csv
import io
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.files.escapes import bare, escaped
from model.report import spreadsheet

SIGNS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
FORMULAS = [
    "=1+1",
    "@SUM(A1)",
    "-cmd|' /C calc'!A0",
    "+1-1",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\u00a0=1",
    "\ufeff=1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1-1",
    "\uff20SUM(A1)",
    "=",
    "-",
    "+",
    "@",
    "-5 %",
    "+5",
    "-1-1",
    "--1",
    "-.",
]
PARTED = ["a;=1", "a\t=1", "a\n=1", "5;@x", "x\r\n-y", ";=1;", "a;'=1"]  # where semicolons part cells
PLAIN = [
    "",
    "safe",
    "a=b",
    "5-3",
    "a@b.example",
    "1 +1",
    "-5",
    "-0.5",
    "-1e-05",
    "Zürich",
    "'",
    "it's",
    "a, -b",
    "a; -b",
]
risky = st.text(st.sampled_from("=+-@\uff1d;\t\r\n' \u00a0a1,\""), max_size=8) | st.text(max_size=6)


def cells(content: bytes, delimiter: str = ",") -> list[list[str]]:
    """The cells of a CSV file, as a spreadsheet takes them apart."""
    text = content.decode("utf-8").removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=delimiter == ","))


def formula(text: str) -> bool:
    """Whether a spreadsheet may take a cell for a formula that is more than a number."""
    bare = text.lstrip(" \u00a0\ufeff\u200b\t\r\n")
    begins = bare[:1] in SIGNS
    return begins and not re.fullmatch(r"-?\d+(\.\d*)?(e-?\d+)?", text)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_begins_a_formula_is_escaped_and_comes_back(text: str):
    for own in (text, f"'{text}", f"''{text}"):  # that with an apostrophe of its own keeps that one
        told = escaped(own)
        assert told.startswith("'")
        assert not formula(told)
        assert bare(told) == own
    assert formula(text)


@pytest.mark.parametrize("text", PLAIN)
def test_a_text_that_begins_none_stays_as_it_is(text: str):
    assert escaped(text) == text


@given(risky)
def test_no_text_is_a_formula_however_its_cells_are_parted_and_every_text_comes_back(text: str):
    told = escaped(text)
    assert bare(told) == text
    assert not formula(told)
    written = spreadsheet.file(pd.DataFrame({"n": [1], "word": pd.Series([text], dtype=object)}))
    assert cells(written)[1][1] == told
    parts = [cell for row in cells(written, ";") for cell in row]
    assert not [part for part in parts if part[:1] in SIGNS and formula(part)]


@pytest.mark.parametrize("text", PARTED)
def test_a_separator_of_another_country_begins_no_formula(text: str):
    told = escaped(text)
    assert not [part for part in re.split("[;\t\r\n]", told) if part[:1] in SIGNS]
    assert bare(told) == text


def test_a_file_has_its_mark_escaped_names_every_digit_and_nothing_for_nothing():
    frame = pd.DataFrame(
        {
            "-Loss, NT$": [0.1 + 0.2, np.nan, np.inf, -np.inf, -2.5, 1e-17],
            "=Wörter": ["=1+1", None, "ü", "a,b", 'say "x"', "-5"],
            "@mixed": [1, 2.5, None, np.inf, "=x", True],
            "count": pd.array([1, None, 3, -4, 5, 6], dtype="Int64"),
            "band": pd.Categorical(["+a", "b", "+a", None, "b", "b"]),
        }
    )
    content = spreadsheet.file(frame)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == 7
    assert cells(content) == [
        ["'-Loss, NT$", "'=Wörter", "'@mixed", "count", "band"],
        ["0.30000000000000004", "'=1+1", "1", "1", "'+a"],
        ["", "", "2.5", "", "b"],
        ["", "ü", "", "3", "'+a"],
        ["", "a,b", "", "-4", ""],
        ["-2.5", 'say "x"', "'=x", "5", "b"],
        ["1e-17", "-5", "True", "6", "b"],
    ]


@given(st.lists(st.none() | risky | st.floats() | st.integers() | st.booleans(), min_size=1, max_size=5))
def test_lines_written_piece_by_piece_are_those_of_the_file(values: list[Any]):
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object), "y": 1})
    lines = spreadsheet.lines([["x", "y"], *([value, 1] for value in values)])
    assert cells(lines.encode(spreadsheet.ENCODING)) == cells(spreadsheet.file(frame))


def test_an_empty_table_and_one_of_equal_names_are_written():
    assert cells(spreadsheet.file(pd.DataFrame({"=a": []}))) == [["'=a"]]
    twice = pd.DataFrame([[1, "=x"]], columns=["a", "a"])
    assert cells(spreadsheet.file(twice)) == [["a", "a"], ["1", "'=x"]]


def test_what_is_shown_keeps_its_numbers_and_escapes_its_texts_by_what_is_not_seen():
    frame = pd.DataFrame({"=a": ["+5 pp", "b"], "n": [1, -2], "x": [0.5, np.inf]})
    shown = spreadsheet.shown_frame(frame)
    assert shown.columns.tolist() == ["\u2060=a", "n", "x"]
    assert shown.iloc[:, 0].tolist() == ["\u2060+5 pp", "b"]
    assert shown["n"].dtype == frame["n"].dtype
    assert np.isnan(shown["x"].iloc[1])
