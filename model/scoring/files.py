"""The table of customers in a file as people keep them: CSV, Excel or Parquet, cell by cell.

Where the table stands in a file: data/files/table.py. Which column is which field: model/scoring/columns.py. What a
cell means: data/files/fields.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data.contract import Contract
from data.errors import BadInput
from data.files.given import GivenCells
from data.files.kinds import MB, Limits
from data.files.series import given_cells
from data.files.table import FileTable
from model.report.operations.upload import BadRow as BadRow
from model.scoring.columns import Columns, matched
from model.scoring.values import quoted, short
from model.settings import settings

MOST_BYTES = 50 * MB
MOST_ROWS = 200_000
MOST_UNPACKED = 512 * MB  # bytes an Excel or Parquet file may say it unpacks to
MOST_CELLS = 50 * MOST_ROWS  # of a sheet's whole rectangle, which the Excel reader holds at once
MOST_COLUMNS = 2_000
MOST_FORM_ROWS, MOST_FORM_COLUMNS = 20_000, 100


@dataclass(frozen=True, eq=False)
class FileCells:
    """What was read: the cells of each field, the identifiers', the line of each row, rows that are no rows, what parts
    the cells of a text file, and what reading took for granted."""

    columns: Columns
    fields: Sequence[GivenCells]
    ids: Sequence[object] | None
    lines: NDArray[np.int64]
    odd: tuple[BadRow, ...] = ()
    delimiter: str = ""
    notes: tuple[str, ...] = ()


def cells_of(table: FileTable, contract: Contract) -> FileCells:
    """The cells of a file's table.

    Raises
    ------
    BadInput
        If the file as a whole cannot be used.
    """
    columns = matched(table, contract)
    for place in (*columns.fields, *(() if columns.id is None else (columns.id,))):
        if place in table.unread:
            raise BadInput(
                f"{quoted(table.header[place])} holds values of the type {short(table.unread[place])}; write numbers, "
                "or the words of a code."
            )
    return FileCells(
        columns,
        [given_cells(table.frame[place]) for place in columns.fields],
        ids=None if columns.id is None else table.frame[columns.id].tolist(),
        lines=table.lines,
        odd=tuple(BadRow(each.line, "", (each.why,)) for each in table.odd),
        delimiter=table.delimiter,
        notes=table.notes,
    )


def form_limits(most_bytes: int) -> Limits:
    """How much of a file is read that is a form of ours, filled in: its answer is looked at cell by cell."""
    return replace(upload_limits(), size=most_bytes, rows=MOST_FORM_ROWS, columns=MOST_FORM_COLUMNS, answer=64 * MB)


def upload_limits() -> Limits:
    """How much of a file is read, and at what cost."""
    using = settings()
    return Limits(
        MOST_BYTES,
        MOST_UNPACKED,
        rows=MOST_ROWS,
        columns=MOST_COLUMNS,
        cells=MOST_CELLS,
        memory=using.file_memory * MB,
        seconds=using.file_seconds,
        at_once=using.file_processes,
    )
