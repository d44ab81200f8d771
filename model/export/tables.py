"""A table of a page as an Excel workbook: what it is and whence in its first lines, then every row with all its digits.

Numbers are numbers, shown as the page shows them; a text stays one whatever it begins with; a number of more digits
than a spreadsheet keeps is a text.
"""

from dataclasses import dataclass
from datetime import date
from numbers import Integral, Real

from model.export.workbook.sheets import HEAD, HEAD_RIGHT, NOTE, STRONG, Sheet, Style, WorkbookFile
from model.report.briefing import Cell, Column, Table

KEPT = 15  # digits of a number that a spreadsheet keeps
NARROW, WIDE = 10.0, 60.0  # characters of a column
LOOKED_AT = 200  # rows that say how wide a column is


@dataclass(frozen=True)
class TableSource:
    """Whence a table is: the ``book``'s title, the names of the ``scenario`` and the ``release``, "" for
    none, and the ``day``."""

    book: str
    scenario: str
    release: str
    day: date

    @property
    def lines(self) -> tuple[str, ...]:
        """The same in lines."""
        told = f"Scenario: {self.scenario}" if self.scenario else ""
        by = f"Release {self.release}" if self.release else ""
        return tuple(filter(None, (self.book, told, " · ".join(filter(None, (by, self.day.isoformat()))))))


def table_workbook(table: Table, source: TableSource) -> bytes:
    """The columns that a table's file has, under its title and ``source``; what is below the heads scrolls."""
    footer = " · ".join(source.lines)
    book = WorkbookFile(table.title, author="Credit What-If", day=source.day, footer=footer)
    sheet = book.sheet("Table")
    sheet.text(0, 0, table.title, STRONG)
    for k, line in enumerate(source.lines, 1):
        sheet.text(k, 0, line, NOTE)
    head = len(source.lines) + 2
    places, filed = table.places("file"), table.filed()
    sheet.widths([_wide(table, k) for k in places])
    for place, k in enumerate(places):
        column, values = table.columns[k], [row[place] for row in filed]
        right = any(isinstance(each, Real) for each in values)
        sheet.text(head, place, column.heading, HEAD_RIGHT if right else HEAD)
        style = {"num_format": number_format_of(column)}
        for row, value in enumerate(values, head + 1):
            _write(sheet, row, place, value, column, style)
    sheet.listed(head, rows=len(table.exact), columns=len(places))
    return book.content()


def number_format_of(column: Column) -> str:
    """How a column's numbers are shown: the digits of its screen, thousands apart, a plus where it has one."""
    if column.digits is None and column.read_unit in ("", "%"):
        return "0.0%" if column.unit else "General"
    behind = "." + "0" * column.digits if column.digits else ""
    plain = f"0{behind}%" if column.read_unit == "%" else f"#,##0{behind}"
    return f"+{plain};-{plain};{plain}" if column.signed else plain


def _write(sheet: Sheet, row: int, place: int, value: Cell, column: Column, style: Style) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Integral) and len(str(abs(int(value)))) > KEPT:
        sheet.text(row, place, str(int(value)))
    elif isinstance(value, Real) and not isinstance(value, bool):
        sheet.number(row, place, float(value) / (100 if column.read_unit == "%" else 1), style)
    else:
        sheet.text(row, place, str(value))


def _wide(table: Table, place: int) -> float:
    """How wide a column is, in characters; its head may break into two lines."""
    column = table.columns[place]
    texts = [column.written(column.read(row[place])) for row in table.exact[:LOOKED_AT]]
    longest = max((len(each) for each in (*texts, column.heading[: len(column.heading) // 2])), default=0)
    return min(max(NARROW, longest + 2.0), WIDE)
