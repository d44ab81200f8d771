"""Tables in text files: how the text is encoded, what parts its cells, and its rows."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from io import StringIO
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.errors import BadInput
from data.files import layout
from data.files.kinds import Limits
from data.files.layout import Found
from data.files.names import plain
from data.files.parsed import Parsed

DELIMITERS = ",;\t|"
CALLED = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "upright bars"}
LONGEST_LINE = 1_000_000  # characters
CHUNK = 20_000  # rows that are held as Python's texts at a time
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What Windows-1252 text does not have, and other code pages read as Windows-1252 do: words of accented letters alone,
# signs or quotes within words, capitals that follow small letters.
UNLIKELY = re.compile(
    r"[À-ÖØ-öø-ÿ]{4}|\w[¡¢¤¥¦¨©«¬®¯±´¶·¸»¿‚„…†‡ˆ‰‹‘“”•˜›×÷ƒ¼½¾³¹]+\w|[a-zß-öø-ÿ][ŠŒŽŸÀ-ÖØ-Þ]|[\x80-\x9f]"
)
SEPARATOR = re.compile(r'\s*"?sep=(.)"?\s*\Z', re.IGNORECASE | re.DOTALL)


def parse(content: bytes, wanted: Collection[str], limits: Limits, told: Callable[[float], object]) -> Parsed:
    """The table in a text file.

    Raises
    ------
    BadInput
        If its text cannot be told, it is no CSV, or it is too large.
    """
    text, notes = decoded(content)
    told(0.1)
    first = next(_lines(text), "")
    named = SEPARATOR.match(first)
    delimiter = named[1] if named else _delimiter(text, wanted)
    rows = _rows(text, delimiter)
    if named:
        next(rows)
    sample = list(islice(rows, layout.SEARCHED))
    if not sample:
        raise BadInput("The file is empty. Give a header and one row for each record.")
    begun = layout.start([each for each in sample if not layout.ruled(each[1])] or sample, wanted)
    if len(begun.header) > limits.columns:
        told_ = f"{len(begun.header):,} columns; at most {limits.columns:,} are read"
        raise BadInput(f"The file has {told_}. Leave some out.")
    found = Found()
    below = layout.without_units(begun, [each for each in sample if each[0] > begun.line], found)
    reach = max(text.count("\n"), text.count("\r"), 1)
    built = _Built(len(begun.header))
    for line, row in layout.body(chain(below, rows), begun, found, limits):
        if built.add(line, row):
            told(0.1 + 0.8 * min(line / reach, 1.0))
    columns, lines = built.done(found)
    kept = layout.places(begun.header, [_any(each) for each in columns])
    return Parsed(
        [begun.header[k] for k in kept], [columns[k] for k in kept], lines, found.sorted(),
        [*notes, *begun.notes(), *found.notes()], delimiter,
    )  # fmt: skip


def _any(column: Any) -> bool:
    """Whether any of a column's cells is filled."""
    return bool(pc.any(pc.not_equal(column, "")).as_py())


class _Built:
    """Columns of text, as rows are added; a chunk's rows only are held as Python's texts."""

    def __init__(self, width: int) -> None:
        self.rows: list[tuple[int, Sequence[str]]] = []
        self.lines: list[int] = []
        self.chunks: list[list[Any]] = [[] for _ in range(width)]

    def add(self, line: int, row: Sequence[str]) -> bool:
        """Take a row; whether a chunk was done with it."""
        self.rows.append((line, row))
        if len(self.rows) < CHUNK:
            return False
        self._keep(len(self.rows) - layout.TAIL)
        return True

    def _keep(self, n: int) -> None:
        kept, self.rows = self.rows[:n], self.rows[n:]
        self.lines.extend(line for line, _ in kept)
        for k, cells in enumerate(zip(*(row for _, row in kept), strict=True)):
            self.chunks[k].append(pa.array(cells, pa.large_string()))

    def done(self, found: Found) -> tuple[list[Any], NDArray[np.int64]]:
        """Columns and lines, without the totals at the end, which go to ``found``."""
        layout.take_totals(self.rows, found)
        self._keep(len(self.rows))
        return [pa.chunked_array(each, pa.large_string()) for each in self.chunks], np.array(self.lines, np.int64)


# ---- text ------------------------------------------------------------------------------------------------------------


def decoded(content: bytes) -> tuple[str, list[str]]:
    """The text of a file, and what was taken for granted to tell it."""
    notes = []
    encoding, start = next(((name, len(mark)) for mark, name in MARKS if content.startswith(mark)), ("", 0))
    try:
        text = content[start:].decode(encoding or _wide(content) or "utf-8")
    except UnicodeDecodeError:
        text = "" if encoding else _windows(content)
        if not text:
            raise BadInput(
                "The file's text is neither UTF-8 nor plainly Windows-1252. Save it as “CSV UTF-8”, or as .xlsx."
            ) from None
        notes.append("The text is not UTF-8; it was read as Windows-1252.")
    text = text.rstrip("\0\x1a")
    strange = text.count("\0")
    if strange:
        if 10 * strange > len(text):
            raise BadInput("The file holds characters that no CSV file has. Save it as “CSV UTF-8”, or as .xlsx.")
        text = text.replace("\0", " ")
        notes.append(f"{strange:,} NUL character{'s' if strange > 1 else ''} read as blanks.")
    return text, notes


def _wide(content: bytes) -> str:
    """UTF-16 without its mark: every other byte of Latin text is 0."""
    head = content[:2000]
    low, high = head[::2].count(0), head[1::2].count(0)
    if max(low, high) < 0.4 * len(head) / 2 or min(low, high) > 0.1 * len(head) / 2:
        return ""
    return "utf-16-le" if high > low else "utf-16-be"


def _windows(content: bytes) -> str:
    """The text as Windows-1252, which Latin-1 is part of; "" where it could as well be another code page."""
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return ""
    return "" if UNLIKELY.search(text) else text


# ---- rows ------------------------------------------------------------------------------------------------------------


def _lines(text: str) -> Iterator[str]:
    """A text's lines with their ends; BadInput for one that is too long."""
    for k, line in enumerate(StringIO(text, newline=""), 1):
        if len(line) > LONGEST_LINE:
            raise BadInput(f"Line {k:,} of the file is {len(line):,} characters long. Check the ends of its lines.")
        yield line


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold something, each with the line it starts on."""
    rows, before = csv.reader(_lines(text), delimiter=delimiter, strict=True), 0
    try:
        for row in rows:
            line, before = before + 1, rows.line_num
            if any(row):
                yield line, row
    except csv.Error as error:
        raise BadInput(f"Line {rows.line_num:,} of the file is no line of CSV ({error}). Check its quotes.") from None


def _delimiter(text: str, wanted: Collection[str]) -> str:
    """What parts the cells: what makes the most wanted names, then a header as wide as the rows, then even rows."""
    sample = list(islice((line for line in _lines(text) if line.strip()), layout.SEARCHED))
    return max(DELIMITERS, key=lambda sign: _suits(sample, sign, frozenset(wanted)))


def _suits(lines: Sequence[str], delimiter: str, wanted: frozenset[str]) -> tuple[int, bool, bool, float, int]:
    rows: list[list[str]] = []
    with suppress(csv.Error):  # as far as it goes
        rows.extend(row for row in csv.reader(lines, delimiter=delimiter) if row)
    if not rows:
        return 0, False, False, 0.0, 0
    hits = max(len({plain(cell) for cell in row} & wanted) for row in rows)
    (width, often), *_ = Counter(map(len, rows)).most_common(1)
    return hits, width > 1, len(rows[0]) == width, often / len(rows), width
