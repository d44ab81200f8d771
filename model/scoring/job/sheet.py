"""Excel workbooks as a source: read whole, in a process of its own, as the upload page reads them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from data.arrays import Arrow
from data.contract import Contract
from data.files.given import GivenCells
from data.files.kinds import MB
from data.files.series import given_cells
from data.files.table import read_table
from model.engine.parallel import Progress
from model.scoring.columns import wanted
from model.scoring.files import MOST_COLUMNS, upload_limits
from model.scoring.identifiers import identities
from model.scoring.job import sizes
from model.scoring.job.source import Block, Layout, TableHeader, layout_of

MOST_ROWS = 1_048_576  # of an Excel sheet
MOST_BYTES = 512 * MB


class SheetSource:
    """A table on a sheet of a workbook."""

    delimiter = ""

    def __init__(self, path: Path, contract: Contract, carried: Sequence[str], progress: Progress) -> None:
        limits = replace(
            upload_limits(),
            size=MOST_BYTES,
            unpacked=4 * MOST_BYTES,
            rows=MOST_ROWS,
            cells=MOST_ROWS * 100,
            columns=MOST_COLUMNS,
        )
        table = read_table(path.read_bytes(), path.name, wanted=wanted(contract), limits=limits, told=progress)
        self._table = table
        self.layout: Layout = layout_of(TableHeader(table.header, table.whence), contract, carried, table.unread)
        columns = self.layout.columns
        self._fields = [given_cells(table.frame[place]) for place in columns.fields]
        self._ids: Arrow | None = None
        self.notes: Sequence[str] = table.notes
        if columns.id is not None:
            found, doubts = identities(table.frame[columns.id].tolist(), table.lines)
            self._ids = pa.array(found, pa.int64() if found.dtype == np.int64 else pa.large_string())
            self.notes = (*table.notes, *doubts)
        self.id_type: Arrow | None = None if self._ids is None else self._ids.type
        self._carried = {name: _texts(table.frame[place].tolist()) for name, place in self.layout.carried.items()}
        self.carried_types: Mapping[str, Arrow] = dict.fromkeys(self._carried, pa.large_string())
        self.rows: int = len(table.lines)

    def blocks(self, after: int = 0) -> Iterator[Block]:
        """The rows in blocks; rows that are none come with the first."""
        odd = self._table.odd
        for first in range(after * sizes.BLOCK, max(self.rows, 1), sizes.BLOCK):
            rows = slice(first, first + sizes.BLOCK)
            yield Block(
                self._table.lines[rows],
                [_some(each, rows) for each in self._fields],
                None if self._ids is None else self._ids[rows],
                {name: column[rows] for name, column in self._carried.items()},
                odd if first == 0 else (),
            )


def _some(given: GivenCells, rows: slice) -> GivenCells:
    """Some of a column's cells, by the same texts."""
    years = None if given.years is None else given.years[rows]
    return replace(given, numbers=given.numbers[rows], place=given.place[rows], years=years)


def _texts(column: Sequence[object]) -> Arrow:
    texts = [None if each is None or each != each else str(each) for each in column]
    return pa.array(texts, pa.large_string())
