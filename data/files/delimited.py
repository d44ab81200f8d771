"""Tables in text files: how the text is encoded, what parts its cells, and its rows."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO, TextIOWrapper
from itertools import chain, islice
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.arrays import Arrow
from data.errors import BadInput
from data.files import layout
from data.files.kinds import Limits
from data.files.layout import LayoutNotes
from data.files.names import plain
from data.files.parsed import Parsed

DELIMITERS = ",;\t|^~"
BLANK = " "  # runs of it part cells where no other sign does
FEWEST_BY_BLANKS, EVEN = 3, 0.95  # cells of a row, and the share of rows that have as many
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
    r"[À-ÖØ-öø-ÿ]{4}|[À-ÖØ-öø-ÿ][°±´§¤¦¨¬¶·¸¹¼½¾]|\w[¡¢¤¥¦§¨©«¬®¯±´¶·¸»¿‚„…†‡ˆ‰‹‘“”•˜›×÷ƒ¼½¾³¹]+\w|[a-zß-öø-ÿ][ŠŒŽŸÀ-ÖØ-Þ]|[\x80-\x9f]"
)
WINDOWS = "cp1252"
FILL = b"\0\x1a"  # what old systems fill up the end of a file with
SEPARATOR = re.compile(r'\s*"?sep=(.)"?\s*\Z', re.IGNORECASE | re.DOTALL)


def parse_text(content: bytes, wanted: Collection[str], limits: Limits, progress: Callable[[float], object]) -> Parsed:
    """The table in a text file.

    Raises
    ------
    BadInput
        If its text cannot be told, it is no CSV, or it is too large.
    """
    text, notes = decoded(content)
    progress(0.1)
    begun = begin(text, wanted, limits)
    found, built = begun.found, _Built(len(begun.start.header))
    for line, row in layout.body(begun.rows, begun.start, found, limits):
        if built.add(line, row):
            progress(0.1 + 0.9 * line / text.size)
    columns, lines = built.done(found)
    kept = layout.places(begun.start.header, [_any(each) for each in columns])
    return Parsed(
        [begun.start.header[k] for k in kept],
        [columns[k] for k in kept],
        lines=lines,
        odd=found.odd,
        notes=[*notes, *begun.start.notes(), *found.notes()],
        line=begun.start.line,
        delimiter=begun.delimiter,
    )


@dataclass(frozen=True, eq=False)
class BegunText:
    """A text file as far as its header: what parts its cells, where its table starts, the ``rows`` below the header,
    each with its line, and what was ``found`` beside them so far."""

    delimiter: str
    start: layout.Start
    rows: Iterator[tuple[int, Sequence[str]]]
    found: LayoutNotes


def begin(text: "Text", wanted: Collection[str], limits: Limits) -> BegunText:
    """Read a text as far as its header.

    Raises
    ------
    BadInput
        If it is no CSV, has no row, or too many columns.
    """
    named, declared = SEPARATOR.match(next(text.lines(), "")), _declared(text)
    after = declared.line if declared else 0
    delimiter = named[1] if named else _delimiter(text, wanted, after)
    rows = _rows(text, delimiter, after)
    if named:
        next(rows)
    sample = list(islice(rows, layout.SEARCHED))
    if not sample:
        raise BadInput("The file is empty. Give a header and one row for each record.")
    start = declared or layout.start([each for each in sample if not layout.ruled(each[1])] or sample, wanted)
    if len(start.header) > limits.columns:
        told_ = f"{len(start.header):,} columns; at most {limits.columns:,} are read"
        raise BadInput(f"The file has {told_}. Leave some out.")
    found = LayoutNotes()
    below = layout.without_units(start, [each for each in sample if each[0] > start.line], found)
    return BegunText(delimiter, start, chain(below, rows), found)


def _any(column: Arrow) -> bool:
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

    def done(self, found: LayoutNotes) -> tuple[list[Any], NDArray[np.int64]]:
        """Columns and lines, without the totals at the end, which go to ``found``."""
        layout.take_totals(self.rows, found)
        self._keep(len(self.rows))
        return [pa.chunked_array(each, pa.large_string()) for each in self.chunks], np.array(self.lines, np.int64)


# ---- text ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Text:
    """A file's text, ``opened`` at its first character and decoded anew each time it is gone through, so that it is not
    held twice, or not at all. ``size`` is how many lines it has."""

    opened: Callable[[], BinaryIO]
    encoding: str
    size: int

    def lines(self) -> Iterator[str]:
        """The lines with their ends; BadInput for one that is too long."""
        text = TextIOWrapper(self.opened(), self.encoding, newline="")
        k = 0
        while line := text.readline(LONGEST_LINE + 1):  # never more: a line may have no end
            k += 1
            if len(line) > LONGEST_LINE:
                told = f"more than {LONGEST_LINE:,} characters long"
                raise BadInput(f"Line {k:,} of the file is {told}. Check the ends of its lines.")
            yield line


def decoded(content: bytes) -> tuple[Text, list[str]]:
    """The text of a file, and what was taken for granted to tell it."""
    encoding, start = marked(content)
    content, notes = content[start:], list[str]()
    if encoding in ("", "utf-8"):
        content, notes = _without_nul(content)
    return in_its_encoding(partial(BytesIO, content), encoding, notes)


def in_its_encoding(opened: Callable[[], BinaryIO], encoding: str, notes: Sequence[str]) -> tuple["Text", list[str]]:
    """The text that bytes are, in its ``encoding`` where that is known, and what was taken for granted to tell it."""
    for each in (encoding,) if encoding else ("utf-8", WINDOWS):
        size = _size(opened, each)
        if size:
            told = "The text is not UTF-8; it was read as Windows-1252."
            return Text(opened, each, size), [*notes, told] if each == WINDOWS else list(notes)
    raise BadInput("The file's text is neither UTF-8 nor plainly Windows-1252. Save it as “CSV UTF-8”, or as .xlsx.")


def marked(head: bytes) -> tuple[str, int]:
    """The encoding that the first bytes of a file show, "" if none, and how many of them are its mark."""
    encoding, start = next(((name, len(mark)) for mark, name in MARKS if head.startswith(mark)), ("", 0))
    return encoding or _wide(head), start


def _wide(content: bytes) -> str:
    """UTF-16 without its mark, of which every other byte is 0 where the text is Latin; "" if it is none."""
    head = content[:2000]
    first, second = head[::2].count(0), head[1::2].count(0)
    if max(first, second) < 0.4 * len(head) or min(first, second) > 0.05 * len(head):
        return ""
    return "utf-16-le" if second > first else "utf-16-be"


def _without_nul(content: bytes) -> tuple[bytes, list[str]]:
    """The bytes without the end that old systems fill up, NUL within them made blanks, and what is to be said of it."""
    content = content.rstrip(FILL)
    strange = content.count(b"\0")
    return content.replace(b"\0", b" "), nul_notes(strange, len(content))


def nul_notes(strange: int, size: int) -> list[str]:
    """What is to be said of ``strange`` NUL characters in a text of so many bytes; BadInput if they are too many."""
    if 10 * strange > size:
        raise BadInput("The file holds characters that no CSV file has. Save it as “CSV UTF-8”, or as .xlsx.")
    told = f"{strange:,} NUL character{'s were' if strange > 1 else ' was'} read as blank{'s' * (strange > 1)}."
    return [told] if strange else []


def _size(opened: Callable[[], BinaryIO], encoding: str) -> int:
    """How many lines a text has; 0 if it is not in this encoding, or may as well be in another code page."""
    size = 0
    try:
        for size, line in enumerate(Text(opened, encoding, 0).lines(), 1):  # noqa: B007
            if encoding == WINDOWS and UNLIKELY.search(line):
                return 0
    except UnicodeDecodeError:
        return 0
    return size


# ---- rows ------------------------------------------------------------------------------------------------------------


def _rows(text: Text, delimiter: str, after: int) -> Iterator[tuple[int, list[str]]]:
    """The rows ``after`` a line that hold something, each with the line it starts on."""
    lines, before = islice(text.lines(), after, None), after
    rows = _cells(lines, delimiter, strict=True)
    try:
        for row in rows:
            line, before = before + 1, after + rows.line_num
            if any(row):
                yield line, row
    except csv.Error as error:
        where = after + rows.line_num
        raise BadInput(f"Line {where:,} of the file is no line of CSV ({error}). Check its quotes.") from None


def _cells(lines: Iterable[str], delimiter: str, strict: bool = False) -> Any:
    """A reader of lines; of those that blanks part a run of these is one."""
    if delimiter == BLANK:
        return csv.reader(
            (re.sub(" {2,}", BLANK, each.strip(" \r\n")) for each in lines), delimiter=BLANK, strict=strict
        )
    return csv.reader(lines, delimiter=delimiter, strict=strict, skipinitialspace=True)  # a, "b": a blank before


def _delimiter(text: Text, wanted: Collection[str], after: int) -> str:
    """What parts the cells: what makes the most wanted names, then a header as wide as the rows, then even rows;
    blanks where nothing else does and they part all rows alike."""
    lines = islice(text.lines(), after, None)
    sample = list(islice((line for line in lines if line.strip()), layout.SEARCHED))
    best = max(DELIMITERS, key=lambda sign: _suits(sample, sign, frozenset(wanted)))
    if _suits(sample, best, frozenset(wanted))[1]:
        return best
    hits, _, _, even, width = _suits(sample, BLANK, frozenset(wanted))
    parted = width >= FEWEST_BY_BLANKS and even >= EVEN and len(sample) > FEWEST_BY_BLANKS
    return BLANK if parted and hits >= _suits(sample, best, frozenset(wanted))[0] else best


def _suits(lines: Sequence[str], delimiter: str, wanted: frozenset[str]) -> tuple[int, bool, bool, float, int]:
    rows: list[list[str]] = []
    with suppress(csv.Error):  # as far as it goes
        rows.extend(row for row in _cells(lines, delimiter) if row)
    if not rows:
        return 0, False, False, 0.0, 0
    hits = max(len({plain(cell) for cell in row} & wanted) for row in rows)
    (width, often), *_ = Counter(map(len, rows)).most_common(1)
    return hits, width > 1, len(rows[0]) == width, often / len(rows), width


# ---- attributes ------------------------------------------------------------------------------------------------------

_ATTRIBUTE = re.compile(r"""\s*@attribute\s+(?:'([^']*)'|"([^"]*)"|([^\s{]+))""", re.IGNORECASE)
_DATA = re.compile(r"\s*@data\s*\Z", re.IGNORECASE)
MOST_DECLARED = 20_000  # lines before the data of a file that declares its attributes


def _declared(text: Text) -> layout.Start | None:
    """The columns of a file that names each on a line of its own before its data, as Weka's and KEEL's do; None where
    it does not."""
    names = list[str]()
    for line, given in enumerate(islice(text.lines(), MOST_DECLARED), 1):
        if _DATA.match(given):
            return layout.Start((), tuple(names), line=line, hits=0) if names else None
        named = _ATTRIBUTE.match(given)
        if named:
            names.append(next(each for each in named.groups() if each is not None))
        elif given.strip() and given.lstrip()[:1] not in "@%":
            return None
    return None
