"""A workbook as it is written: cells that hold texts, numbers, inputs or formulas, each formula with its result.

Every result is set when it is written, so that a previewer or a phone, which reckons nothing, shows the numbers. A text
never becomes a formula. Inputs are blue on pale yellow and the only cells that are not protected.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from math import ceil, isfinite
from typing import Any, TypeAlias

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from data.contract import YEAR

Value: TypeAlias = float | str
Style: TypeAlias = Mapping[str, Any]

FONT: Style = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
PLAIN: Style = {}
TITLE: Style = {"bold": True, "font_size": 16}
SENTENCE: Style = {"font_size": 12, "text_wrap": True}
HEAD: Style = {"bold": True, "bottom": 1, "text_wrap": True}
HEAD_RIGHT: Style = {**HEAD, "align": "right"}
PART: Style = {"bold": True, "font_color": "#1F3A5F"}
NOTE: Style = {"font_color": "#5A6472"}
STRONG: Style = {"bold": True}
RIGHT: Style = {"align": "right"}
INPUT: Style = {"bg_color": "#FFF9E5", "font_color": "#1F3A8A", "border": 1, "border_color": "#D5D9DF", "locked": False}
CHECK: Style = {"num_format": "0.0E+00;-0.0E+00;0", "font_color": "#5A6472", "align": "right"}
LOSS, GAIN = "#EBB1AB", "#A9BFDB"  # bars of what lowers, and of what raises a score: a number stands on them

LINE = 15.0  # points of a line's height
ONE_PAGE = 70  # rows that are still readable on one page
MOST_TITLE, MOST_MESSAGE = 32, 255  # characters of the title and text of a message on a cell


def number_format(unit: str) -> str:
    """How a value in a unit of the contract is shown."""
    if unit == "%":
        return "0.0%"
    if unit == YEAR:
        return "0"
    return "#,##0" if unit else "General"


def cell(row: int, column: int, sheet: str = "") -> str:
    """The address of a cell, rows and columns from 0; of another sheet with its name."""
    own = str(xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True))
    return f"'{sheet}'!{own}" if sheet else own


def cells_between(first: tuple[int, int], last: tuple[int, int], sheet: str = "") -> str:
    """The address of a rectangle of cells, from one corner to the other."""
    return f"{cell(*first, sheet)}:{cell(*last)}"


class Sheet:
    """One sheet as it is written; rows and columns count from 0."""

    def __init__(self, book: "WorkbookFile", name: str, sheet: Any) -> None:
        self.book, self.name, self._sheet = book, name, sheet

    def text(self, row: int, column: int, text: str, style: Style = PLAIN) -> None:
        """A text, which stays one whatever it begins with."""
        self._sheet.write_string(row, column, text, self.book.style(style))

    def texts(self, row: int, column: int, texts: Iterable[str], style: Style = PLAIN) -> None:
        """Texts from left to right."""
        for k, each in enumerate(texts):
            self.text(row, column + k, each, style)

    def paragraph(self, row: int, column: int, text: str, style: Style = PLAIN, *, width: float) -> None:
        """A text in as many lines as it takes in a column of a ``width`` in characters; the row is made that high."""
        self.text(row, column, text, {**style, "text_wrap": True})
        self.height(row, LINE * max(1, ceil(1.1 * len(text) / width)))

    def number(self, row: int, column: int, value: float, style: Style = PLAIN) -> None:
        """A number; one that is missing leaves the cell empty."""
        if isfinite(value):
            self._sheet.write_number(row, column, value, self.book.style(style))
        else:
            self._sheet.write_blank(row, column, None, self.book.style(style))

    def numbers(self, row: int, column: int, values: Iterable[float]) -> None:
        """Numbers from top to bottom."""
        self._sheet.write_column(row, column, list(values))

    def formula(self, row: int, column: int, formula: str, result: Value, style: Style = PLAIN) -> None:
        """A formula, without the sign that it begins with, and what it comes to."""
        self._sheet.write_formula(row, column, f"={formula}", self.book.style(style), result)

    def blank_input(self, row: int, column: int) -> None:
        """An empty cell for somebody's own words."""
        self._sheet.write_blank(row, column, None, self.book.style({**INPUT, "text_wrap": True}))

    def merged(self, first: tuple[int, int], last: tuple[int, int], style: Style) -> None:
        """Cells that become one, whose content is then written into the first."""
        self._sheet.merge_range(*first, *last, "", self.book.style(style))

    def input_range(self, row: int, column: int, between: tuple[float, float], *, title: str, message: str) -> None:
        """A cell takes only numbers between two ends; who enters it is told ``message``."""
        low, high = between
        rule: dict[str, Any] = {"validate": "decimal", "criteria": "between", "minimum": low, "maximum": high}
        if not isfinite(low) and not isfinite(high):
            rule = {"validate": "decimal", "criteria": "between", "minimum": -1e300, "maximum": 1e300}
        elif not isfinite(high):
            rule = {"validate": "decimal", "criteria": ">=", "value": low}
        elif not isfinite(low):
            rule = {"validate": "decimal", "criteria": "<=", "value": high}
        self._told(row, column, rule, title, message)

    def input_list(self, row: int, column: int, source: str, *, title: str, message: str) -> None:
        """A cell takes only the values that stand in the cells of ``source``."""
        self._told(row, column, {"validate": "list", "source": f"={source}"}, title, message)

    def input_rule(self, row: int, column: int, rule: str, *, title: str, message: str) -> None:
        """A cell takes only values for which a formula holds."""
        self._told(row, column, {"validate": "custom", "value": f"={rule}"}, title, message)

    def _told(self, row: int, column: int, rule: dict[str, Any], title: str, message: str) -> None:
        head, told = title[:MOST_TITLE], message if len(message) <= MOST_MESSAGE else f"{message[: MOST_MESSAGE - 1]}…"
        rule |= {"input_title": head, "input_message": told, "error_title": head, "error_message": told}
        self._sheet.data_validation(row, column, row, column, rule)

    def bars(self, first: tuple[int, int], last: tuple[int, int]) -> None:
        """Bars behind numbers, to the right for what adds and to the left for what takes away."""
        look = {"type": "data_bar", "bar_solid": True, "bar_color": GAIN, "bar_negative_color": LOSS}
        look |= {"bar_axis_position": "middle", "bar_negative_border_color_same": True}
        self._sheet.conditional_format(*first, *last, look)

    def widths(self, widths: Sequence[float]) -> None:
        """How wide the columns are, in characters, from the first on."""
        for k, width in enumerate(widths):
            self._sheet.set_column(k, k, width)

    def height(self, row: int, points: float) -> None:
        """How high a row is."""
        self._sheet.set_row(row, points)

    def open_here(self) -> None:
        """The sheet that is seen when the workbook is opened."""
        self._sheet.activate()

    def listed(self, head: int, *, rows: int, columns: int) -> None:
        """The sheet is a list of so many rows and columns below its heads, which stand in a row and stay in sight; each
        column can be filtered, and on paper the sheet is one page wide."""
        self._sheet.freeze_panes(head + 1, 0)
        self._sheet.autofilter(head, 0, head + max(rows, 1), columns - 1)
        self._sheet.set_landscape()
        self._sheet.set_paper(9)  # A4
        self._sheet.fit_to_pages(1, 0)
        self._sheet.repeat_rows(head)
        self._sheet.set_footer(f"&L{self.book.footer}&R&P / &N")

    def page(self, last: tuple[int, int], *, frozen: tuple[int, int] = (0, 0), heads: int = 0) -> None:
        """The sheet protected but for its inputs, and printed: up to a ``last`` cell, landscape, one page wide; rows
        and columns that stay in sight, rows ``heads`` that head every page."""
        self._sheet.protect("", {"format_columns": True, "format_rows": True})
        self._sheet.print_area(0, 0, *last)
        self._sheet.set_landscape()
        self._sheet.set_paper(9)  # A4
        self._sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        self._sheet.fit_to_pages(1, 1 if last[0] < ONE_PAGE else 0)
        self._sheet.set_footer(f"&L{self.book.footer}&R&P / &N")
        self._sheet.hide_gridlines(2)
        if frozen != (0, 0):
            self._sheet.freeze_panes(*frozen)
        if heads:
            self._sheet.repeat_rows(0, heads - 1)


class WorkbookFile:
    """A workbook with its styles and names; `content` closes it. ``footer`` stands below each printed page."""

    def __init__(self, title: str, *, author: str, day: date, footer: str) -> None:
        self._file = BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(self._file, options)
        made = datetime(day.year, day.month, day.day)
        self._book.set_properties({"title": title, "author": author, "created": made})
        self._book.set_calc_mode("auto")
        self.footer = footer.replace("&", "&&")
        self._styles: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._names: set[str] = set()

    def sheet(self, name: str) -> Sheet:
        """One more sheet, after those before."""
        return Sheet(self, name, self._book.add_worksheet(name))

    def style(self, style: Style) -> Any:
        """How cells look, made once."""
        key = tuple(sorted(style.items()))
        if key not in self._styles:
            self._styles[key] = self._book.add_format({**FONT, **style})
        return self._styles[key]

    def name(self, wanted: str, place: str) -> str:
        """Give a place a name by which formulas call it: the one ``wanted`` as far as a spreadsheet has such names, and
        with a number after it where there is one like it already."""
        plain = re.sub(r"[^A-Za-z0-9_]", "_", wanted)[:200]
        found, again = plain, 1
        while found.casefold() in self._names:
            again += 1
            found = f"{plain}_{again}"
        self._names.add(found.casefold())
        self._book.define_name(found, f"={place}")
        return found

    def content(self) -> bytes:
        """The file; nothing more can be written."""
        self._book.close()
        return self._file.getvalue()


def text_literal(text: str) -> str:
    """A text as it stands in a formula."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def column_name(column: int) -> str:
    """The letters of a column."""
    return str(xl_col_to_name(column))
