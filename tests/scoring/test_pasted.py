"""A row pasted from a spreadsheet or a text file is the record that it says."""

import numpy as np
import pytest

from data.books import read_book
from data.errors import BadInput
from data.files import apart
from model.scoring.pasted import LONGEST, read_pasted
from model.whatif.customer.scenario import book_record
from tests.data.files.reading import in_this_process as in_this_process

READ_APART = apart.read_apart
BOOK = read_book("cards")
CONTRACT = BOOK.contract
NAMES = [field.name for field in CONTRACT.record]
LABELS = [field.label for field in CONTRACT.record]
ROW = [f"{value:g}" for value in BOOK.raw[:, 41]]


@pytest.mark.parametrize("delimiter", ["\t", ";", ","])
def test_a_row_of_the_book_is_read_with_its_header_and_without(delimiter: str) -> None:
    own = book_record(BOOK, int(BOOK.ids[41]))
    row = delimiter.join(ROW)
    ways = [
        row,
        f"{row}\r\n",
        delimiter.join(["42", *ROW]),
        f"{delimiter.join(NAMES)}\n{row}",
        f"{delimiter.join(reversed(NAMES))}\n{delimiter.join(reversed(ROW))}",
    ]
    if delimiter != ",":  # which some labels hold
        ways.append(f"{delimiter.join(LABELS)}\n{row}")
    for text in ways:
        assert read_pasted(text, CONTRACT).values == own, text
    assert np.array_equal(np.array(own), BOOK.raw[:, 41])


def test_a_row_is_read_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(apart, "read_apart", lambda *what: asked.append(what) or READ_APART(*what))
    assert read_pasted("\t".join(ROW), CONTRACT).values == book_record(BOOK, int(BOOK.ids[41]))
    assert len(asked) == 1


def test_of_several_rows_the_first_is_taken_and_that_is_told() -> None:
    text = "\n".join("\t".join(line) for line in (NAMES, ROW, ROW, ROW))
    assert read_pasted(text, CONTRACT).notes[0] == "Of 3 rows pasted the first was taken."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (" \n ", "Nothing was pasted."),
        ("1\t2\t3", "3 cells were pasted without a header; a customer has"),
        ("\t".join(NAMES), "Only a header was pasted."),
        ("\t".join(NAMES[1:]) + "\n" + "\t".join(ROW[1:]), CONTRACT.record[0].label),
        ("\t".join(["-5", *ROW[1:]]), r"The row cannot be taken: .*Credit limit"),
        ("x" * (LONGEST + 1), "characters can be pasted"),
    ],
)
def test_what_cannot_be_taken_is_told_with_what_to_do(text: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        read_pasted(text, CONTRACT)
