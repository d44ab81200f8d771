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

from data.arrays import AnyArray, Arrow
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


def answer_parts(told: bytes | bytearray) -> tuple[dict[str, Any], Arrow]:
    """The line of JSON that an answer begins with, and the rest of it, which is not held twice. ValueError if there is
    no such line."""
    end = told.find(b"\n")
    if end < 0:
        raise ValueError("an answer without a first line")
    return json.loads(told[:end]), pa.BufferReader(pa.py_buffer(memoryview(told)[end + 1 :]))


def next_table(rest: Arrow) -> Arrow:
    """The next table in an answer. Whoever reads a stranger's file is not trusted to hand on whole columns; an
    ArrowException if one is not."""
    table = pa.ipc.open_stream(rest).read_all()
    table.validate(full=True)
    return table


def received(told: bytes | bytearray) -> Parsed:
    """What the reading process said. ValueError, KeyError or an ArrowException if it is nothing of the kind."""
    about, rest = answer_parts(told)
    table = next_table(rest)
    if table.column_names != [*map(str, range(len(about["header"]))), LINES]:
        raise ValueError("columns that are not those of the header")
    return Parsed(
        tuple(map(str, about["header"])),
        table.columns[:-1],
        lines=np.asarray(table.column(LINES), np.int64),
        odd=tuple(Odd(int(each["line"]), str(each["why"])) for each in about["odd"]),
        notes=tuple(map(str, about["notes"])),
        line=int(about["line"]),
        delimiter=str(about["delimiter"]),
        sheet=str(about["sheet"]),
        others=tuple(map(str, about["others"])),
        unread={int(k): str(kind) for k, kind in about["unread"].items()},
        objects=tuple(map(int, about["objects"])),
    )


def packed_cells(cells: Sequence[Any]) -> Arrow:
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


def _packed(cell: Arrow) -> tuple[int, float | None, str | None]:
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


_MADE: Mapping[int, Arrow] = {
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


def unpacked_cells(column: Arrow) -> AnyArray:
    """The cells (n,) of such a column, as objects; None for those that hold nothing."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    kind, number, text = (whole.field(name) for name in ("kind", "number", "text"))
    kinds = np.asarray(kind)
    cells = np.empty(len(kinds), object)
    for each in np.unique(kinds).tolist():
        there = pa.array(np.flatnonzero(kinds == each))
        cells[kinds == each] = _MADE[each](number.take(there).to_pylist(), text.take(there).to_pylist())
    return cells
