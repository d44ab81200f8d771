"""Text files as exporters write them: the table is found, and what was taken for granted is told."""

import pytest

from data.errors import BadInput
from data.files.table import FileTable, read_table

WANTED = ("loan_id", "default")
HEADER = ["loan_id", "income", "rate", "default"]
ROWS = [["1001", "90427", "0.5", "1"], ["1002", "63882", "0.25", "0"], ["1003", "68786", "", "0"]]


def text(delimiter: str = ",", end: str = "\n") -> str:
    return end.join(delimiter.join(row) for row in [HEADER, *ROWS]) + end


def read(content: bytes | str, name: str = "a.csv") -> FileTable:
    return read_table(content.encode() if isinstance(content, str) else content, name, WANTED)


def cells(table: FileTable) -> list[list[str]]:
    return table.frame.to_numpy().tolist()


@pytest.mark.parametrize("delimiter", list(",;\t|"))
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_is_read_whatever_parts_its_cells_and_lines(delimiter: str, end: str):
    table = read(text(delimiter, end))
    assert (list(table.header), cells(table), table.delimiter) == (HEADER, ROWS, delimiter)
    assert table.lines.tolist() == [2, 3, 4]
    assert (table.notes, table.odd) == ((), ())


def test_titles_above_the_header_are_passed_over_and_told():
    table = read("Portfolio as of 31 Dec\nby Risk, confidential\n\n" + text())
    assert (list(table.header), cells(table)) == (HEADER, ROWS)
    assert table.lines.tolist() == [5, 6, 7]
    assert table.notes == ("The header was taken from line 4; what stands above it was not read.",)


def test_what_is_no_csv_is_refused():
    with pytest.raises(BadInput, match="is no line of CSV"):
        read(text() + '"open')
