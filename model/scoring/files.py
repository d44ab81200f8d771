"""The table of customers in a file as people keep them: CSV, Excel or Parquet, cell by cell.

Where the table stands in a file: data/files/table.py. Which column is which field: model/scoring/columns.py. What a
cell means: data/files/fields.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.contract import Contract
from data.errors import BadInput
from data.files.given import GivenCells
from data.files.kinds import MB, Limits
from data.files.series import given_cells
from data.files.table import read_table
from model.engine.parallel import Progress, no_progress
from model.report.operations.upload import BadRow
from model.scoring.columns import Columns, matched, wanted
from model.scoring.values import quoted, short
from model.settings import settings

MOST_BYTES = 50 * MB
MOST_ROWS = 200_000
MOST_UNPACKED = 512 * MB  # bytes an Excel or Parquet file may say it unpacks to
MOST_CELLS = 50 * MOST_ROWS  # of a sheet's whole rectangle, which the Excel reader holds at once
MOST_COLUMNS = 2_000


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


def taken(content: bytes, name: str, contract: Contract, progress: Progress = no_progress) -> FileCells:
    """The cells of a file, whose kind its ``name`` ends with. ``progress`` hears the share read; reading ends with
    whatever it raises.

    Raises
    ------
    BadInput
        If the file as a whole cannot be used.
    """
    table = read_table(content, name, wanted(contract), None, upload_limits(), progress)
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
        None if columns.id is None else table.frame[columns.id].tolist(),
        table.lines,
        tuple(BadRow(each.line, "", (each.why,)) for each in table.odd),
        table.delimiter,
        table.notes,
    )


def upload_limits() -> Limits:
    """How much of a file is read, and at what cost."""
    using = settings()
    return Limits(
        MOST_BYTES,
        MOST_UNPACKED,
        MOST_ROWS,
        MOST_COLUMNS,
        MOST_CELLS,
        using.file_memory * MB,
        using.file_seconds,
        using.file_processes,
    )
