"""Text files of any length, in blocks of rows: what `data.files.delimited` reads at once, without ever holding it.

The same rows, cells and notes; the file is gone through twice, first for its encoding and its end.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from data.files import layout
from data.files.delimited import FILL, BegunText, begin, in_its_encoding, marked, nul_notes
from data.files.kinds import MB, Limits

HEAD = 4096  # bytes that show an encoding
NO_END = 2**63 - 1
ANY_LENGTH = Limits(rows=NO_END, cells=NO_END)


@dataclass(frozen=True, eq=False)
class TextBlock:
    """Some rows of a table: its ``columns`` (n,) of texts by place, the ``lines`` (n,) they start on, and the rows met
    that are no rows of the table (``odd``)."""

    columns: tuple[Any, ...]
    lines: NDArray[np.int64]
    odd: tuple[layout.Odd, ...]


class LongText:
    """A text file, looked through once and begun: ``header``, ``delimiter``, the ``line`` of the header.

    ``opened`` opens the file's bytes anew, uncompressed.
    """

    def __init__(self, opened: Callable[[], BinaryIO], wanted: frozenset[str]) -> None:
        encoding, start, end, notes = _looked_through(opened)
        text = partial(_cleaned, opened, start, end, encoding in ("", "utf-8"))
        self._text, self._notes = in_its_encoding(text, encoding, notes)
        self._wanted = wanted
        begun = self._begun()
        self.header, self.delimiter, self.line = begun.start.header, begun.delimiter, begun.start.line
        self._beginning = begun.start.notes()
        self._found = begun.found

    @property
    def lines(self) -> int:
        """How many lines the file has."""
        return self._text.size

    @property
    def notes(self) -> list[str]:
        """What reading took for granted, as far as it has come."""
        return [*self._notes, *self._beginning, *self._found.notes()]

    def _begun(self) -> BegunText:
        return begin(self._text, self._wanted, ANY_LENGTH)

    def blocks(self, rows: int) -> Iterator[TextBlock]:
        """The table in blocks of so many rows; the last may be shorter."""
        begun = self._begun()
        self._found = begun.found
        held = list[tuple[int, Any]]()
        for each in layout.body(begun.rows, begun.start, begun.found, ANY_LENGTH):
            held.append(each)
            if len(held) == rows + layout.TAIL:  # what may be totals is held back
                yield self._block(held[:rows], begun)
                del held[:rows]
        layout.take_totals(held, begun.found)
        while held or begun.found.odd:
            yield self._block(held[:rows], begun)
            del held[:rows]

    def _block(self, rows: list[tuple[int, Any]], begun: BegunText) -> TextBlock:
        columns = list(zip(*(row for _, row in rows), strict=True)) or [()] * len(self.header)
        odd = tuple(begun.found.odd)
        begun.found.odd.clear()  # told with the block, and not held
        lines = np.array([line for line, _ in rows], np.int64)
        return TextBlock(tuple(pa.array(each, pa.large_string()) for each in columns), lines, odd)


def _looked_through(opened: Callable[[], BinaryIO]) -> tuple[str, int, int, list[str]]:
    """The encoding that a file's first bytes show, where its text starts and ends, and what is to be said of it."""
    with opened() as file:
        head = file.read(HEAD)
        encoding, start = marked(head)
        size, end, strange, part = 0, 0, 0, head
        pending = 0  # NUL that stand at the end so far
        while part:
            kept = part.rstrip(FILL)
            if kept:
                strange += pending + kept.count(b"\0")
                end, pending = size + len(kept), 0
            pending += part.count(b"\0", len(kept))
            size += len(part)
            part = file.read(MB)
    if encoding in ("", "utf-8"):
        return encoding, start, end, nul_notes(strange, end - start)
    return encoding, start, size, []


def _cleaned(opened: Callable[[], BinaryIO], start: int, end: int, clean: bool) -> BinaryIO:
    return io.BufferedReader(_Cleaned(opened(), start, end, clean), MB)


class _Cleaned(io.RawIOBase):
    """The bytes of a file from ``start`` to ``end``; if it is to be ``clean``, NUL are blanks."""

    def __init__(self, file: BinaryIO, start: int, end: int, clean: bool) -> None:
        self.file, self.left, self.clean = file, end - start, clean
        file.read(start)

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        part = self.file.read(min(len(into), self.left))
        self.left -= len(part)
        into[: len(part)] = part.replace(b"\0", b" ") if self.clean else part
        return len(part)

    def close(self) -> None:
        self.file.close()
        super().close()
