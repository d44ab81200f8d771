"""Parquet as a source: a file, or a folder of them, with the parts of its path that are columns (hive)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.arrays import Arrow
from data.contract import Contract
from data.errors import BadInput
from data.files.columnar import column_of_cells, holds_texts, holds_values
from data.files.given import GivenCells
from data.files.names import one_line
from data.files.series import given_cells
from data.files.workbook import parsing
from model.scoring.identifiers import identity
from model.scoring.job import sizes
from model.scoring.job.source import Block, Layout, TableHeader, layout_of, whole_numbers

FIRST_LINE = 2  # as if the names stood on line 1
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class ParquetPart:
    """One Parquet file with the columns that its path says, by name, and how many rows come before it."""

    path: Path
    keys: Mapping[str, str]
    before: int
    rows: int


class ParquetSource:
    """A table in Parquet: ``files`` in order, below ``root`` where they are several."""

    delimiter = ""

    def __init__(self, files: Sequence[Path], root: Path, contract: Contract, carried: Sequence[str]) -> None:
        self.root = root
        self.parts, before = list[ParquetPart](), 0
        for path in files:
            rows = self._opened(path).metadata.num_rows
            self.parts.append(ParquetPart(path, _keys(path, root), before, rows))
            before += rows
        self.rows: int = before
        keys = tuple(self.parts[0].keys)
        with parsing("Parquet file"):
            self.schema: Any = self._opened(files[0]).schema_arrow
        names = (*self.schema.names, *(key for key in keys if key not in self.schema.names))
        unread = {k: str(kind) for k, kind in enumerate(self.schema.types) if not holds_values(kind)}
        self.layout: Layout = layout_of(TableHeader(tuple(map(one_line, names))), contract, carried, unread)
        self.names = names
        self.notes: Sequence[str] = ()

    @staticmethod
    def _opened(path: Path) -> Arrow:
        with parsing(f"Parquet file {path.name}"):
            return pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=False)  # else all of it is held

    def _type(self, place: int) -> Arrow:
        if place >= len(self.schema):
            return pa.large_string()
        kind = self.schema.types[place]
        return pa.large_string() if holds_texts(_plain_type(kind)) else _plain_type(kind)

    @cached_property
    def id_type(self) -> Arrow | None:
        """Whole numbers stay such; anything else is text."""
        place = self.layout.columns.id
        if place is None:
            return None
        return pa.int64() if whole_numbers(self._type(place)) else pa.large_string()

    @cached_property
    def carried_types(self) -> Mapping[str, Arrow]:
        """The types of the columns carried through: the file's own."""
        return {name: self._type(place) for name, place in self.layout.carried.items()}

    def blocks(self, after: int = 0) -> Iterator[Block]:
        """The rows in blocks: those of one file begin a block of their own."""
        for part in self.parts:
            own = -(-part.rows // sizes.BLOCK)
            if after >= own:
                after -= own
                continue
            yield from self._blocks(part, after)
            after = 0

    def read_through(self) -> Iterator[int]:
        """Read all that is read as blocks, and make nothing of it; how many rows each had."""
        for part in self.parts:
            names = [self.names[place] for place in self.layout.places if self.names[place] not in part.keys]
            with parsing(f"Parquet file {part.path.name}"):
                own = self._opened(part.path)
                there = [name for name in names if name in own.schema_arrow.names]
                for batch in own.iter_batches(sizes.BLOCK, columns=there):
                    n, rows = batch.num_rows, pa.Table.from_batches([batch])
                    held = [column_of_cells(rows.column(name), rows.schema.field(name), n) for name in there]
                    yield len(held[0]) if held else n

    def _blocks(self, part: ParquetPart, after: int) -> Iterator[Block]:
        names = [self.names[place] for place in self.layout.places if self.names[place] not in part.keys]
        own = self._opened(part.path)
        absent = [name for name in names if name not in own.schema_arrow.names]
        if absent:
            raise BadInput(
                f"The file {part.path.name} lacks the column {absent[0]!r} that the first file of the folder has. Give "
                "all files the same columns."
            )
        skipped = after * sizes.BLOCK
        with parsing(f"Parquet file {part.path.name}"):
            first, groups, at = part.before + skipped, [], 0
            for k in range(own.metadata.num_row_groups):
                rows = own.metadata.row_group(k).num_rows
                if at + rows > skipped:
                    groups.append(k)
                else:
                    skipped -= rows
                at += rows if not groups else 0
            for batch in _rebatched(own.iter_batches(sizes.BLOCK, row_groups=groups, columns=names), skipped):
                yield self._block(part, batch, first)
                first += batch.num_rows

    def _block(self, part: ParquetPart, batch: Arrow, first: int) -> Block:
        own = {name: batch.schema.field(name) for name in batch.schema.names}
        n = batch.num_rows

        def column(place: int) -> Arrow:
            name = self.names[place]
            if name in part.keys:
                return _repeated(part.keys[name], n)
            return column_of_cells(batch.column(name), own[name], n)

        columns = self.layout.columns
        ids = None if columns.id is None else identifiers(column(columns.id), self.id_type)
        carried = {name: column(place).cast(self.carried_types[name]) for name, place in self.layout.carried.items()}
        return Block(
            np.arange(first, first + n, dtype=np.int64) + FIRST_LINE,
            [cells(column(place)) for place in columns.fields],
            ids,
            carried,
        )


def _keys(path: Path, root: Path) -> dict[str, str]:
    """The columns that the folders of a path say: year=2024/region=north."""
    folders = path.relative_to(root).parts[:-1] if path != root else ()
    pairs = (folder.partition("=") for folder in folders if "=" in folder)
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _repeated(value: str, n: int) -> Arrow:
    text = None if value == NO_VALUE else value
    return pa.chunked_array([pa.array([text] * n, pa.large_string())])


def _rebatched(batches: Iterator[Arrow], skipped: int) -> Iterator[Arrow]:
    """Tables of `sizes.BLOCK` rows, whatever the row groups are, without the first ``skipped`` rows."""
    held, n = list[Arrow](), 0
    for batch in batches:
        held.append(batch)
        n += batch.num_rows
        if skipped:
            gone = min(skipped, n)
            held, n, skipped = [pa.Table.from_batches(held).slice(gone).combine_chunks()], n - gone, skipped - gone
            held = held[0].to_batches()
        while n >= sizes.BLOCK:
            whole = pa.Table.from_batches(held)
            yield whole.slice(0, sizes.BLOCK)
            held, n = whole.slice(sizes.BLOCK).to_batches(), n - sizes.BLOCK
    if n:
        yield pa.Table.from_batches(held)


def _plain_type(kind: Arrow) -> Arrow:
    """The type of a column's cells, out of a dictionary or an extension."""
    kind = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def cells(column: Arrow) -> GivenCells:
    """The cells of a chunked Arrow column."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers = column.cast(pa.float64(), safe=False).to_numpy()
        return GivenCells(np.asarray(numbers, np.float64), np.full(len(numbers), -1, np.int64))
    return given_cells(column.to_pandas())


def identifiers(column: Arrow, kind: Arrow) -> Arrow:
    """A column as identifiers of the type that all of the file's have."""
    if kind == pa.int64():
        return column.cast(kind).combine_chunks()
    return pa.array([identity(each) for each in column.to_pylist()], pa.large_string())
