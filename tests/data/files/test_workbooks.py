"""Excel workbooks as people keep them: the sheet and the place of the table are found, and told."""

from collections.abc import Callable
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter

from data.errors import BadInput
from data.files.table import FileTable, read_table
from tests.data.files.reading import in_this_process as in_this_process

WANTED = ("loan_id", "default")
HEADER = ("loan_id", "income", "rate", "default")
ROWS = [[1001.0, 90427.0, 0.5, "yes"], [1002.0, 63882.0, None, "no"], [1003.0, 68786.0, 0.25, "no"]]
Write = Callable[[Any, Any], None]


def workbook(*write: Write, names: tuple[str, ...] = ()) -> bytes:
    """A workbook of sheets, each as its function fills it."""
    into = BytesIO()
    with xlsxwriter.Workbook(into, {"in_memory": True}) as book:
        for k, fill in enumerate(write):
            fill(book, book.add_worksheet(names[k] if names else None))
    return into.getvalue()


def put(sheet: Any, rows: list[Any], row: int = 0, column: int = 0) -> None:
    for k, cells in enumerate(rows):
        sheet.write_row(row + k, column, cells)


def data(_book: Any, sheet: Any) -> None:
    put(sheet, [HEADER, *ROWS])


def cover(_book: Any, sheet: Any) -> None:
    put(sheet, [["Loans in default"], ["as of"], ["31 Dec"]])


def read(content: bytes, wanted: tuple[str, ...] = WANTED, sheet: str | None = None) -> FileTable:
    return read_table(content, "a.xlsx", wanted, sheet)


def same(table: FileTable) -> bool:
    return (table.header, table.frame.to_numpy().tolist()) == (HEADER, ROWS)


def test_a_sheet_is_read_cell_by_cell():
    table = read(workbook(data))
    assert same(table)
    assert table.lines.tolist() == [2, 3, 4]
    assert (table.notes, table.odd, table.others, table.sheet) == ((), (), (), "Sheet1")


def test_cells_keep_their_types():
    moment, day, clock = datetime(2020, 1, 31, 8, 30), date(2020, 1, 31), time(8, 30)

    def fill(book: Any, sheet: Any) -> None:
        put(sheet, [["text", "number", "truth", "moment", "day", "clock", "error", "mixed"]])
        put(sheet, [["007", 1.5, True], ["", 2, False]], 1)
        for k in (1, 2):
            sheet.write_datetime(k, 3, moment, book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))
            sheet.write_datetime(k, 4, day, book.add_format({"num_format": "yyyy-mm-dd"}))
            sheet.write_datetime(k, 5, clock, book.add_format({"num_format": "hh:mm"}))
            sheet.write_formula(k, 6, "=1/0", None, "#DIV/0!")
        put(sheet, [[1], ["x"]], 1, 7)

    first, second = read(workbook(fill), ()).frame.to_numpy().tolist()
    assert first == ["007", 1.5, True, moment, day, clock, None, 1.0]
    assert second == [None, 2.0, False, moment, day, clock, None, "x"]
    assert list(map(type, first[2:6])) == [bool, datetime, date, time]


@pytest.mark.parametrize("wanted", [WANTED, ("default",)])
def test_the_table_is_found_behind_a_cover_and_told(wanted: tuple[str, ...]):
    table = read(workbook(cover, data, names=("Cover", "Data")), wanted)
    assert same(table)
    assert table.notes == ("Read from the sheet “Data”, its header taken from row 1.",)


def test_a_table_may_start_anywhere_on_a_sheet_below_a_merged_title():
    def fill(book: Any, sheet: Any) -> None:
        sheet.merge_range("A1:H2", "Loans, confidential", book.add_format())
        put(sheet, [HEADER, *ROWS, [], ["Total", 223095], ["Source: core banking"]], 4, 2)

    table = read(workbook(fill))
    assert same(table)
    assert table.lines.tolist() == [6, 7, 8]
    assert table.notes == (
        "Read from the sheet “Sheet1”, its header taken from row 5.",
        "Row 10 was left out: it begins with “Total”, taken for a total.",
        "Row 11 was left out: it holds “Source: core banking” and nothing else, taken for a remark.",
    )


def test_without_a_name_to_look_for_a_title_is_passed_over_all_the_same():
    def fill(_book: Any, sheet: Any) -> None:
        put(sheet, [["Loans"], [], HEADER, *ROWS])

    assert same(read(workbook(fill), ()))


def test_a_list_of_columns_is_not_taken_for_the_table():
    def about(_book: Any, sheet: Any) -> None:
        put(sheet, [["Column", "Meaning"], *([name, "what it is"] for name in HEADER)])

    for order in ((about, data), (data, about)):
        table = read(workbook(*order), ("default",))
        assert same(table)
        assert table.others == ()


def test_sheets_that_may_be_meant_as_well_are_told():
    table = read(workbook(data, cover, data, names=("Jan", "Cover", "Feb")))
    assert same(table)
    assert (table.sheet, table.others) == ("Jan", ("Feb",))
    assert table.notes[1] == "Other sheets that hold such a table were not read: “Feb”."
    assert read(workbook(cover, data), ("elsewhere",)).others != ()


def test_the_sheet_that_is_asked_for_is_read():
    content = workbook(data, cover, names=("Jan", "Cover"))
    assert read(content, sheet="Cover").header == ("Loans in default",)
    with pytest.raises(BadInput, match=r"has no sheet “Feb”\. There are: “Jan”, “Cover”\."):
        read(content, sheet="Feb")


def test_hidden_sheets_are_not_looked_at_unless_there_is_no_other():
    def hidden(book: Any, sheet: Any) -> None:
        data(book, sheet)
        sheet.hide()

    def old(_book: Any, sheet: Any) -> None:
        put(sheet, [("loan_id", "default"), ["x", "y"], ["z", "y"]])

    table = read(workbook(old, hidden, names=("Now", "Before")))
    assert table.header == ("loan_id", "default")
    assert "Hidden sheets were not looked at: “Before”." in table.notes
    assert read(workbook(old, hidden), sheet="Sheet2").header == HEADER


def test_units_repeated_headers_and_blank_rows_are_passed_over():
    def fill(_book: Any, sheet: Any) -> None:
        put(sheet, [HEADER, ["no.", "EUR", "%", "flag"], ROWS[0], [], HEADER, ["-----", "-----"], *ROWS[1:]])

    table = read(workbook(fill))
    assert same(table)
    assert table.lines.tolist() == [3, 7, 8]
    assert table.notes == (
        "Row 2 was left out: it holds “no., EUR, %, flag”, taken for units or a second header.",
        "The header stands again on row 5; passed over.",
    )


def test_names_are_texts_whatever_they_are_on_the_sheet():
    def fill(book: Any, sheet: Any) -> None:
        put(sheet, [["loan\n  id", 2024, 0.5, True, None, "default"], [1, 2, 3, 4, 5, 6]])
        sheet.write_datetime(0, 4, datetime(2024, 3, 31), book.add_format({"num_format": "yyyy-mm-dd"}))

    assert read(workbook(fill), ("loan id",)).header == ("loan id", "2024", "0.5", "True", "2024-03-31", "default")


def test_a_sheet_that_is_formatted_far_down_is_read():
    def fill(book: Any, sheet: Any) -> None:
        data(book, sheet)
        sheet.write_blank(1_048_575, 2, None, book.add_format({"bold": True}))

    assert same(read(workbook(fill)))


@pytest.mark.parametrize(
    "write", [(), (lambda book, sheet: None,), (lambda book, sheet: None, lambda book, sheet: None)]
)
def test_a_workbook_without_a_table_is_refused(write: tuple[Write, ...]):
    with pytest.raises(BadInput, match=r"of the workbook (is|are) empty\. Put the table there"):
        read(workbook(*write))
