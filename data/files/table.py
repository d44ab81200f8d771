"""The table in a stranger's file: one reader for whoever takes files.

Cells are as the file has them: texts in CSV, objects in Excel, native types in Parquet. What they mean is for others:
data/proposing/columns.py, model/scoring/files.py.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from data.errors import BadInput
from data.files import apart
from data.files.kinds import Limits, kind_of
from data.files.layout import Odd
from data.files.names import plain, shown_text, unique
from data.files.parsed import Parsed, received, unpacked_cells

STANDARD = Limits()
_NO_TABLE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, OSError, pa.ArrowException)
_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}  # a float would round where one is missing


@dataclass(frozen=True, eq=False)
class FileTable:
    """A table in a file as read.

    ``frame`` (n rows) has the columns 0 to k-1 by place; ``header`` (k) their names as in the file, line breaks and
    runs of blanks made one blank: they may repeat or be empty. ``lines`` (n,) int64 are the line or row of the file
    that each row starts on; ``odd`` are rows that are no rows of the table; ``notes`` say what reading took for
    granted. ``delimiter`` parts the cells of a text file ("" in others); ``sheet`` is the sheet that was read, and
    ``others`` are those that might have been meant as well. ``unread`` gives, by place, the type of columns whose cells
    hold no single value (lists, bytes): in ``frame`` each of their cells is ``b""``. ``line`` is that of the header.
    """

    frame: pd.DataFrame
    header: tuple[str, ...]
    lines: NDArray[np.int64]
    odd: tuple[Odd, ...] = ()
    notes: tuple[str, ...] = ()
    line: int = 1
    delimiter: str = ""
    sheet: str = ""
    others: tuple[str, ...] = ()
    unread: Mapping[int, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, each another whatever its case: see `data.files.names.unique`."""
        return unique(self.header)

    @property
    def whence(self) -> str:
        """Where the header was taken from, in words; "" where it could be nowhere else."""
        if self.sheet:
            return f"row {self.line:,} of the sheet {shown_text(self.sheet)}"
        return f"line {self.line:,}" if self.line > 1 else ""


def read_table(
    content: bytes,
    name: str,
    wanted: Collection[str] = (),
    sheet: str | None = None,
    limits: Limits = STANDARD,
    told: apart.Told = lambda share: None,
) -> FileTable:
    """The table in a file, whose kind its ``name`` ends with; read in a process of its own.

    Parameters
    ----------
    wanted
        Names that the header is likely to hold, in whatever case: the sheet and the line with most of them are taken
        for the table's where a file starts with titles or a cover.
    sheet
        The sheet to read, if it is to be this one.
    told
        Hears the share done, at least every tenth of a second; reading ends with whatever it raises.

    Raises
    ------
    BadInput
        If the file as a whole cannot be used.
    """
    kind_of(content, name, limits)
    request = {"name": name, "wanted": sorted(set(map(plain, wanted))), "sheet": sheet, "limits": asdict(limits)}
    said = apart.read_apart(content, request, limits, told)
    with damaged_unless_understood(limits):
        why = apart.refusal(said)
        if not why:
            return file_table(received(said))
    raise BadInput(why)


@contextmanager
def damaged_unless_understood(limits: Limits) -> Iterator[None]:
    """Whatever is wrong with an answer of the reading process, the file is said to have damaged it."""
    try:
        yield
    except _NO_TABLE:
        raise BadInput(apart.ended(0, limits)) from None


def file_table(parsed: Parsed) -> FileTable:
    """The table of a file, from its parts."""
    columns: dict[int, Any] = {}
    for k, column in enumerate(parsed.columns):
        if k in parsed.unread:
            columns[k] = pd.Series([b""] * len(parsed.lines), dtype=object)
        elif k in parsed.objects:
            columns[k] = pd.Series(unpacked_cells(column), dtype=object)
        else:
            columns[k] = column.to_pandas(types_mapper=_NULLABLE.get if column.null_count else None)
    frame = pd.DataFrame(columns, index=range(len(parsed.lines)))
    return FileTable(
        frame,
        tuple(parsed.header),
        lines=parsed.lines,
        odd=tuple(parsed.odd),
        notes=tuple(parsed.notes),
        line=parsed.line,
        delimiter=parsed.delimiter,
        sheet=parsed.sheet,
        others=tuple(parsed.others),
        unread=parsed.unread,
    )
