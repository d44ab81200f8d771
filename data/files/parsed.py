"""A table as it passes from the process that read the file to the one that asked: Arrow's columns and plain JSON.

Cells of Excel have types of their own. A column of them travels as a kind, a number and a text for each cell.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import IO, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from data.files.layout import Odd

NOTHING, FLOAT, WHOLE, TRUTH, TEXT, MOMENT, DAY, CLOCK, SPAN = range(9)  # what a cell of Excel is
LINES = "lines"  # the column beside those of the table


@dataclass(frozen=True, eq=False)
class Parsed:
    """A table out of a file: ``columns`` (k) of n cells each, by place; the others as in `data.files.table.FileTable`.
    ``objects`` are the places of columns whose cells have types of their own."""

    header: Sequence[str]
    columns: Sequence[Any]
    lines: NDArray[np.int64]
    odd: Sequence[Odd] = ()
    notes: Sequence[str] = ()
    line: int = 1
    delimiter: str = ""
    sheet: str = ""
    others: Sequence[str] = ()
    unread: Mapping[int, str] = field(default_factory=dict)
    objects: Sequence[int] = ()


def send(parsed: Parsed, into: IO[bytes]) -> None:
    """What the reading process says: a line of JSON, then the table."""
    head = {
        "header": list(parsed.header),
        "odd": [asdict(each) for each in parsed.odd],
        "notes": list(parsed.notes),
        "line": parsed.line,
        "delimiter": parsed.delimiter,
        "sheet": parsed.sheet,
        "others": list(parsed.others),
        "unread": {str(k): kind for k, kind in parsed.unread.items()},
        "objects": list(parsed.objects),
    }
    columns = [*parsed.columns, pa.array(parsed.lines)]
    table = pa.table(columns, names=[*map(str, range(len(parsed.header))), LINES])
    into.write(json.dumps(head).encode() + b"\n")
    with pa.ipc.new_stream(into, table.schema) as stream:
        stream.write_table(table)


def received(told: bytes) -> Parsed:
    """What the reading process said. ValueError, KeyError or an ArrowException if it is nothing of the kind."""
    head, _, body = told.partition(b"\n")
    about = json.loads(head)
    table = pa.ipc.open_stream(body).read_all()
    table.validate(full=True)  # whoever reads a stranger's file is not trusted to hand on whole columns
    if table.column_names != [*map(str, range(len(about["header"]))), LINES]:
        raise ValueError("columns that are not those of the header")
    return Parsed(
        tuple(map(str, about["header"])),
        table.columns[:-1],
        np.asarray(table.column(LINES), np.int64),
        tuple(Odd(int(each["line"]), str(each["why"])) for each in about["odd"]),
        tuple(map(str, about["notes"])),
        int(about["line"]),
        str(about["delimiter"]),
        str(about["sheet"]),
        tuple(map(str, about["others"])),
        {int(k): str(kind) for k, kind in about["unread"].items()},
        tuple(map(int, about["objects"])),
    )


def packed_cells(cells: Sequence[Any]) -> Any:
    """Cells of Excel, "" for those that hold nothing, as a column of kind, number and text."""
    n, types = len(cells), set(map(type, cells))
    if types <= {float}:  # as most columns are: twenty times as fast
        parts = (pa.array(np.full(n, FLOAT, np.int8)), pa.array(cells, pa.float64()), pa.nulls(n, pa.large_string()))
    elif types == {str}:
        kinds = np.where(np.array(cells, object) == "", NOTHING, TEXT).astype(np.int8)
        parts = (pa.array(kinds), pa.nulls(n, pa.float64()), pa.array(cells, pa.large_string()))
    else:
        kind, number, text = zip(*map(_packed, cells), strict=True)
        parts = (pa.array(kind, pa.int8()), pa.array(number, pa.float64()), pa.array(text, pa.large_string()))
    return pa.StructArray.from_arrays(parts, ["kind", "number", "text"])


def _packed(cell: Any) -> tuple[int, float | None, str | None]:
    if isinstance(cell, str):
        return (TEXT, None, cell) if cell else (NOTHING, None, None)
    if isinstance(cell, bool):
        return TRUTH, float(cell), None
    if isinstance(cell, int):
        return WHOLE, float(cell), None
    if isinstance(cell, float):
        return FLOAT, cell, None
    if isinstance(cell, timedelta):
        return SPAN, cell.total_seconds(), None
    if isinstance(cell, datetime):  # a day too, so asked about first
        return MOMENT, None, cell.isoformat()
    return DAY if isinstance(cell, date) else CLOCK, None, cell.isoformat()


_MADE: Mapping[int, Any] = {
    NOTHING: lambda numbers, texts: [None] * len(numbers),
    FLOAT: lambda numbers, texts: numbers,
    WHOLE: lambda numbers, texts: list(map(int, numbers)),
    TRUTH: lambda numbers, texts: list(map(bool, numbers)),
    TEXT: lambda numbers, texts: texts,
    MOMENT: lambda numbers, texts: list(map(datetime.fromisoformat, texts)),
    DAY: lambda numbers, texts: list(map(date.fromisoformat, texts)),
    CLOCK: lambda numbers, texts: list(map(time.fromisoformat, texts)),
    SPAN: lambda numbers, texts: [timedelta(seconds=each) for each in numbers],
}


def unpacked_cells(column: Any) -> NDArray[Any]:
    """The cells (n,) of such a column, as objects; None for those that hold nothing."""
    whole = column.combine_chunks()
    kind, number, text = (whole.field(name) for name in ("kind", "number", "text"))
    kinds = np.asarray(kind)
    cells = np.empty(len(kinds), object)
    for each in np.unique(kinds).tolist():
        there = pa.array(np.flatnonzero(kinds == each))
        cells[kinds == each] = _MADE[each](number.take(there).to_pylist(), text.take(there).to_pylist())
    return cells
