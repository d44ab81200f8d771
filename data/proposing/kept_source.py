"""The cells of a file that a book is made of, kept as they were read, so that the book can be proposed anew.

One Parquet file that only whoever runs the dashboard can read: it holds what a stranger's file holds, names and
numbers of customers too. Whoever keeps it lets it go once the book stands.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from data.errors import BookError
from data.files.parsed import packed_cells, unpacked_cells
from data.proposing.sources import Source

ABOUT = b"whatif.source"
OWNER_ONLY = 0o600
_NULLABLE: Mapping[Any, Any] = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}


def keep_source(source: Source, path: Path) -> None:
    """Write a file's cells to ``path``, whole or not at all."""
    columns, objects = [], []
    for k, name in enumerate(source.frame):
        column = source.frame[name]
        if column.dtype == object and not _bytes(column):
            objects.append(k)
            columns.append(packed_cells(["" if _nothing(cell) else cell for cell in column]))
        else:
            columns.append(pa.array(column, from_pandas=True))
    about = {
        "names": list(map(str, source.frame)),
        "objects": objects,
        "name": source.name,
        "sha256": source.sha256,
        "notes": list(source.notes),
        "whence": source.whence,
        "twice": sorted(source.twice),
        "delimiter": source.delimiter,
    }
    table = pa.table(columns, names=list(map(str, range(len(columns)))))
    table = table.replace_schema_metadata({ABOUT: json.dumps(about).encode()})
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    try:
        with os.fdopen(handle, "wb") as file:
            pyarrow.parquet.write_table(table, file, compression="zstd")
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def kept_source(path: Path) -> Source:
    """The cells that `keep_source` wrote.

    Raises
    ------
    BookError
        If the file is gone or is none of these.
    """
    try:
        table = pyarrow.parquet.read_table(path)
        about = json.loads(table.schema.metadata[ABOUT])
        columns: dict[str, Any] = {}
        for k, name in enumerate(about["names"]):
            column = table.column(k)
            if k in about["objects"]:
                columns[name] = pd.Series(unpacked_cells(column), dtype=object)
            else:
                columns[name] = column.to_pandas(types_mapper=_NULLABLE.get if column.null_count else None)
        return Source(
            pd.DataFrame(columns, index=range(table.num_rows)),
            about["name"],
            sha256=about["sha256"],
            notes=tuple(about["notes"]),
            whence=about["whence"],
            twice=frozenset(about["twice"]),
            delimiter=about["delimiter"],
        )
    except FileNotFoundError:
        raise BookError("The cells of the file are no longer kept here. Give the file again.") from None
    except (OSError, ValueError, LookupError, TypeError, pa.ArrowException) as error:
        raise BookError(f"The cells kept of the file cannot be read: {error}. Give the file again.") from None


def _bytes(column: "pd.Series[Any]") -> bool:
    """Whether it is a column whose cells hold no single value, each of which stands as no bytes."""
    return len(column) > 0 and all(isinstance(cell, bytes) for cell in column)


def _nothing(cell: object) -> bool:
    return cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and cell != cell)
