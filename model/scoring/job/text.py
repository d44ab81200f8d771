"""Text files as a source, compressed (.gz) too."""

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from data.arrays import Arrow
from data.contract import Contract
from data.errors import BadInput
from data.files.kinds import MB
from data.files.long_text import LongText, TextBlock
from model.scoring.columns import wanted
from model.scoring.identifiers import shortened_doubt
from model.scoring.job import sizes
from model.scoring.job.columnar import cells, identifiers
from model.scoring.job.source import Block, Layout, TableHeader, layout_of

MOST_UNFOLDING = 200  # times the size of a compressed file
LEAST_UNFOLDED = 64 * MB  # that is read of any


class TextSource:
    """A table in a text file, whose cells are texts."""

    def __init__(self, path: Path, contract: Contract, carried: Sequence[str]) -> None:
        self.path = path
        with _whole(path):
            self._text = LongText(partial(_opened, path), frozenset(wanted(contract)))
        line = self._text.line
        header = TableHeader(self._text.header, f"line {line:,}" if line > 1 else "")
        self.layout: Layout = layout_of(header, contract, carried, {})
        self._doubts: list[str] = []
        self.delimiter: str = self._text.delimiter
        self.id_type: Arrow | None = None if self.layout.columns.id is None else pa.large_string()
        self.carried_types: Mapping[str, Arrow] = dict.fromkeys(self.layout.carried, pa.large_string())
        self.rows: int = self._text.lines - line  # about: what is no row of the table is among them

    @property
    def notes(self) -> Sequence[str]:
        """What reading took for granted, as far as it has come."""
        return [*self._text.notes, *self._doubts]

    def blocks(self, after: int = 0) -> Iterator[Block]:
        """The rows in blocks."""
        with _whole(self.path):
            for each in islice(self._text.blocks(sizes.BLOCK), after, None):
                yield self._block(each)

    def _block(self, found: TextBlock) -> Block:
        columns = self.layout.columns
        ids = None if columns.id is None else identifiers(found.columns[columns.id], self.id_type)
        if ids is not None and not self._doubts:
            self._doubts = shortened_doubt(ids.to_pylist(), found.lines)
        return Block(
            found.lines,
            [cells(pa.chunked_array([found.columns[place]])) for place in columns.fields],
            ids,
            {name: found.columns[place] for name, place in self.layout.carried.items()},
            found.odd,
        )


def _opened(path: Path) -> BinaryIO:
    if path.suffix.lower() == ".gz":
        most = max(MOST_UNFOLDING * path.stat().st_size, LEAST_UNFOLDED)
        return io.BufferedReader(_Unfolding(gzip.open(path, "rb"), most, path.name), MB)  # type: ignore[arg-type]
    return path.open("rb")


class _Unfolding(io.RawIOBase):
    """What a compressed file unfolds to, counted: tables of text come to ten or twenty times its size."""

    def __init__(self, file: BinaryIO, most: int, name: str) -> None:
        self.file, self.left, self.name = file, most, name

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        part = self.file.read(len(into))
        self.left -= len(part)
        if self.left < 0:
            raise BadInput(
                f"The compressed file {self.name} unfolds to more than {MOST_UNFOLDING} times its size, which no table "
                "of records does. Unpack it, and look at what it holds."
            )
        into[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self.file.close()
        super().close()


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """While a file is read that may be compressed: one that breaks off is a BadInput."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(
            f"The compressed file {path.name} is damaged or breaks off ({error}). Copy it again from where it was made."
        ) from None
