"""Tables in Excel workbooks: which sheet, where on it, and what its cells hold."""

import re
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from data.errors import BadInput
from data.files import layout
from data.files.kinds import MB, Limits
from data.files.layout import LayoutNotes, Start
from data.files.names import listed_texts, shown_text
from data.files.parsed import Parsed, packed_cells

MOST_SHEETS = 50  # that are looked at


@dataclass(frozen=True, eq=False)
class Seen:
    """A sheet that was looked at: its rows, their numbers beginning with 1, and where its table starts."""

    name: str
    rows: Sequence[Sequence[Any]]
    begun: Start

    @property
    def fit(self) -> tuple[int, int]:
        """How well it fits: names that are wanted, then names at all."""
        return self.begun.hits, len(self.begun.header)


def parse_workbook(
    content: bytes, wanted: Collection[str], sheet: str | None, limits: Limits, progress: Callable[[float], object]
) -> Parsed:
    """The table in a workbook: on ``sheet``, or on the one that holds most of ``wanted``.

    Raises
    ------
    BadInput
        If it cannot be read, is too large, is empty, or has no such sheet.
    """
    with parsing("Excel workbook"):
        check_size(content, limits)
        progress(0.1)
        with CalamineWorkbook.from_filelike(BytesIO(content)) as workbook:
            chosen, others, notes = _sheet(workbook, wanted, sheet, progress)
    progress(0.7)
    parsed = _table(chosen, limits)
    return Parsed(
        parsed.header,
        parsed.columns,
        lines=parsed.lines,
        odd=parsed.odd,
        notes=[*notes, *parsed.notes],
        line=parsed.line,
        sheet=chosen.name,
        others=others,
        objects=range(len(parsed.header)),
    )


def _sheet(
    workbook: Any, wanted: Collection[str], asked: str | None, progress: Callable[[float], object]
) -> tuple[Seen, list[str], list[str]]:
    """The sheet to read, the others that might have been meant, and what is to be said of it."""
    about = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    there = [each.name for each in about]
    if asked is not None and asked not in there:
        raise BadInput(f"The workbook has no sheet {shown_text(asked)}. There are: {listed_texts(there, 10)}.")
    open_ = [each.name for each in about if each.visible == SheetVisibleEnum.Visible]
    hidden = [name for name in there if name not in open_]
    names = [asked] if asked is not None else (open_ or hidden)[:MOST_SHEETS]
    best: list[Seen] = []
    for k, name in enumerate(names, 1):
        seen = _seen(workbook, name, wanted)
        progress(0.1 + 0.6 * k / len(names))
        if seen is None:
            continue
        if not best or seen.fit > best[0].fit:
            best = [seen]
        elif seen.fit == best[0].fit:
            best.append(seen)
    if not best:
        raise BadInput(
            f"{_sheets(names)} of the workbook {'is' if len(names) == 1 else 'are'} empty. Put the table there, "
            "a row for each record."
        )
    others = (
        [each.name for each in best[1:]] if best[0].begun.hits else [name for name in names if name != best[0].name]
    )
    return best[0], others, _notes(best[0], names, others, hidden if open_ else [])


def _sheets(names: Sequence[str]) -> str:
    return f"The sheet {shown_text(names[0])}" if len(names) == 1 else f"All {len(names)} sheets"


def _notes(chosen: Seen, names: Sequence[str], others: Sequence[str], hidden: Sequence[str]) -> list[str]:
    told = [each for each in chosen.begun.notes() if chosen.begun.unnamed]
    if len(names) > 1 or (chosen.begun.above and not chosen.begun.unnamed):
        told += [f"Read from the sheet {shown_text(chosen.name)}, its header taken from row {chosen.begun.line:,}."]
    if others and chosen.begun.hits:
        told.append(f"Other sheets that hold such a table were not read: {listed_texts(others)}.")
    if hidden:
        told.append(f"Hidden sheets were not looked at: {listed_texts(hidden)}.")
    return told


def _seen(workbook: Any, name: str, wanted: Collection[str]) -> Seen | None:
    """A sheet, if it holds anything."""
    rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    first: list[tuple[int, Sequence[Any]]] = []
    for line, row in enumerate(rows, 1):
        if not layout.empty(row) and not layout.ruled(row):
            first.append((line, row))
        if len(first) == layout.SEARCHED:
            break
    return Seen(name, rows, layout.start(first, wanted)) if first else None


def _table(seen: Seen, limits: Limits) -> Parsed:
    begun, found = seen.begun, LayoutNotes()
    if len(begun.header) > limits.columns:
        raise BadInput(
            f"The file has {len(begun.header):,} columns; at most {limits.columns:,} are read. Leave some out."
        )
    below = layout.without_units(begun, list(enumerate(seen.rows, 1))[begun.line :], found)
    kept = list(layout.body(below, begun, found, limits))
    layout.take_totals(kept, found)
    columns = list(zip(*(row for _, row in kept), strict=True)) or [()] * len(begun.header)
    places = layout.places(begun.header, [any(cell != "" for cell in column) for column in columns])
    return Parsed(
        [begun.header[k] for k in places],
        [packed_cells(columns[k]) for k in places],
        lines=np.array([line for line, _ in kept], np.int64),
        odd=found.odd,
        notes=found.notes("row"),
        line=begun.line,
    )


# ---- sizes -----------------------------------------------------------------------------------------------------------

_FAR = re.compile(rb' r="(?:[A-Z]{2,}\d|[A-Z]*\d{6})')
_OPENED = re.compile(rb"<(?:\w+:)?(?:row|c)(?=[\s/>])([^>]*)>")
_PLACE = re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Za-z]*)(\d+)["']""")


def check_size(content: bytes, limits: Limits) -> None:
    """Raise a BadInput if a workbook unpacks to more than is read: one cell far out makes a sheet's rectangle huge."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        size = sum(each.file_size for each in archive.infolist())
        if size > limits.unpacked:
            raise BadInput(f"The workbook unpacks to {size / MB:,.0f} MB. Save the sheet alone, or as CSV.")
        for each in archive.infolist():
            part = archive.read(each)
            if _plainly_near(part):
                continue
            height, width = rectangle(part)
            if width * height > limits.cells:
                raise BadInput(
                    f"A sheet of the workbook reaches to row {height:,} and column {width:,}. Delete what stands far "
                    "from the table, or save the sheet as CSV."
                )


def _plainly_near(part: bytes) -> bool:
    """Whether a sheet is written as nearly all are and spans fewer than 27 columns and 100,000 rows, so that nobody has
    to look at each cell: a million of them take 0.1 s, where one by one they take 2 s."""
    placed = part.count(b'<c r="') + part.count(b"<col")  # of columns' widths
    return part.count(b"<c") == placed and b":c" not in part and not _FAR.search(part)


def rectangle(part: bytes) -> tuple[int, int]:
    """Rows and columns that a sheet's cells span, whether each has its address or follows the one before it."""
    height = width = row = column = 0
    for found in _OPENED.finditer(part):
        place = _PLACE.search(found[1])
        letters, number = place.groups() if place else (b"", b"")
        if found[0].lstrip(b"<").split(b":")[-1].startswith(b"row"):
            row, column = int(number[:8]) if number else row + 1, 0
        else:
            column = _column(letters) if letters else column + 1
            row = max(row, int(number[:8])) if number else row
        height, width = max(height, row), max(width, column)
    return height, width


def _column(letters: bytes) -> int:
    """A column's number by its letters: A is 1, AA is 27."""
    number = 0
    for letter in letters[:8].upper():
        number = 26 * number + letter - 64
    return number


@contextmanager
def parsing(what: str) -> Iterator[None]:
    """Whatever a parser of somebody else's says of a file nobody vouches for is a BadInput; so is a Rust panic, which
    is no Exception."""
    try:
        yield
    except (BadInput, MemoryError):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise BadInput(
            f"The {what} cannot be read: it is damaged, protected, or of another kind. Open it where it was made and "
            "save it again."
        ) from None
