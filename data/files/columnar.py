"""Tables in Parquet files: columns with types of their own, whose rows have numbers but no lines."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.arrays import Arrow
from data.errors import BadInput
from data.files.kinds import MB, Limits
from data.files.names import one_line
from data.files.parsed import Parsed
from data.files.workbook import parsing

LONGEST_TEXT = 1_000  # characters of a cell; a short file may hold a long text a million times


def parse_parquet(content: bytes, limits: Limits, progress: Callable[[float], object]) -> Parsed:
    """The table in a Parquet file. Columns of lists, records or bytes are not read.

    Raises
    ------
    BadInput
        If it cannot be read or is too large.
    """
    with parsing("Parquet file"):
        file = pq.ParquetFile(BytesIO(content))
        schema = file.schema_arrow
        _check_size(file.metadata, limits)
        read = [k for k, kind in enumerate(schema.types) if holds_values(kind)]
        texts = [schema.names[k] for k in read if holds_texts(schema.types[k])]
        file = pq.ParquetFile(BytesIO(content), read_dictionary=texts)
        rows = file.metadata.num_rows
        columns: list[Any] = [pa.nulls(rows)] * len(schema)
        for done, k in enumerate(read, 1):  # by place: names may repeat
            columns[k] = column_of_cells(file.reader.read_column(k), schema.field(k), rows)
            progress(0.1 + 0.9 * done / len(read))
    unread = {k: str(schema.types[k])[:60] for k in range(len(schema)) if k not in read}
    lines = np.arange(rows, dtype=np.int64) + 2  # as if the names stood on line 1
    return Parsed([one_line(name) for name in schema.names], columns, lines, unread=unread)


def _check_size(about: Arrow, limits: Limits) -> None:
    size = sum(about.row_group(k).total_byte_size for k in range(about.num_row_groups))
    if about.num_rows > limits.rows:
        raise BadInput(f"The file has more than {limits.rows:,} rows. Split it.")
    if about.num_columns > limits.columns:
        told = f"{about.num_columns:,} columns; at most {limits.columns:,} are read"
        raise BadInput(f"The file has {told}. Leave some out.")
    if about.num_rows * about.num_columns > limits.cells:
        told = f"{about.num_rows:,} rows of {about.num_columns:,} columns; at most {limits.cells:,} cells are read"
        raise BadInput(f"The file has {told}. Split it, or leave out columns.")
    if size > limits.unpacked:
        raise BadInput(f"The file unpacks to {size / MB:,.0f} MB. Leave out columns that are not needed, or split it.")


def column_of_cells(column: Arrow, field: Arrow, rows: int) -> Arrow:
    """A chunked column of ``rows`` as it is looked at, its texts cut while they stand in a dictionary, before they are
    repeated."""
    if len(column) != rows:
        raise ValueError(f"{len(column)} rows of {rows}")
    column.validate(full=True)
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([part.storage for part in column.chunks], column.type.storage_type)
    if pa.types.is_dictionary(column.type):
        parts = [
            pa.DictionaryArray.from_arrays(part.indices, _cut(part.dictionary)).dictionary_decode()
            for part in column.unify_dictionaries().chunks
        ]
        column = pa.chunked_array(parts, parts[0].type if parts else pa.large_string())
    frequency = _frequency(field)
    return _begun(column, frequency) if frequency else _cut(column)


def _frequency(field: Arrow) -> str:
    """Of which frequency the periods are that pandas wrote in a column; "" if it holds none. Where pandas was imported
    the type says it, elsewhere the field."""
    kind, about = field.type, field.metadata or {}
    if isinstance(kind, pa.BaseExtensionType):
        return str(kind.freq) if kind.extension_name == "pandas.period" else ""
    if about.get(b"ARROW:extension:name") != b"pandas.period":
        return ""
    return str(json.loads(about[b"ARROW:extension:metadata"])["freq"])


def _begun(column: Arrow, frequency: str) -> Arrow:
    """Periods as the moments they begin at."""
    import pandas as pd  # a third of a second, for what few files hold

    ordinals = column.fill_null(0).to_numpy()
    periods = pd.PeriodIndex.from_ordinals(ordinals, freq=frequency)  # type: ignore[attr-defined]
    moments = pa.array(periods.to_timestamp().to_numpy())
    return pc.if_else(column.is_null(), None, pa.chunked_array([moments]))


def holds_texts(kind: Arrow) -> bool:
    """Whether cells of this type are texts."""
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def holds_values(kind: Arrow) -> bool:
    """Whether cells of this type hold one value."""
    own = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    own = own.value_type if pa.types.is_dictionary(own) else own
    tests = (pa.types.is_primitive, pa.types.is_decimal, pa.types.is_null, pa.types.is_boolean, holds_texts)
    return any(test(own) for test in tests)


def _cut(texts: Arrow) -> Arrow:
    if not holds_texts(texts.type):
        return texts
    return pc.utf8_slice_codeunits(texts.cast(pa.large_string()), 0, LONGEST_TEXT)
