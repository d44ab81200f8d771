"""The record as a file that people and other programs read: one line a record scored, numbers by their names."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
from sqlalchemy import Engine

from data.arrays import Array
from data.contract import Contract, read_contract
from data.errors import BadInput, ContractError
from data.json_types import Json, JsonObject
from model.record import schema as table
from model.record.database import reading
from model.record.schema import has_record, unpacked_values, walk
from model.release.store import Store
from model.report import spreadsheet

COLUMNS = (
    "id",
    "at",
    "kind",
    "who",
    "via",
    "book",
    "release",
    "contract_sha256",
    "record",
    "inputs",
    "outputs",
    "detail",
    "duration_ms",
    "chain",
    "seq",
    "prev",
    "hash",
)
NESTED = ("inputs", "outputs", "detail")
WHOLE = ("record", "seq")
LINES = 5000  # lines written at a time

Line: TypeAlias = JsonObject
Put: TypeAlias = Callable[[list[Line]], object]


def export(engine: Engine, path: Path, home: Path, kind: str | None = None) -> int:
    """Write the record, or calls of one kind, the oldest first, to a .csv, .jsonl or .parquet file; how many lines.

    One line a record: ``record`` counts the records of a call from 0. ``inputs`` and ``outputs`` are objects by name
    (as JSON text in CSV and Parquet); the contract of the release gives the names if it is under ``home``, otherwise
    fields are numbered. A call on the whole book is one line. The file is there once it is complete.

    Raises
    ------
    BadInput
        If the suffix is another, or the file cannot be written.
    StoreError
        If the record cannot be read.
    """
    if path.suffix not in _WRITERS:
        raise BadInput(f"The record is exported as .csv, .jsonl or .parquet; {path.name} was given.")
    draft = path.with_name(f".{path.name}.part")
    written, contract = 0, lru_cache(maxsize=64)(partial(_contract, home))
    try:
        with reading(engine) as connection, _written(draft, path), _WRITERS[path.suffix](draft) as put:
            batch: list[Line] = []
            chosen = () if kind is None else (table.audit.c.kind == kind,)
            order = (table.audit.c.at, table.audit.c.id, table.audit.c.who)
            for row in walk(connection, order, *chosen) if has_record(connection) else ():
                named = contract(row.book, row.release, row.contract_sha256)
                for line in _lines(row._asdict(), named):
                    batch.append(line)
                    if len(batch) == LINES:
                        put(batch)
                        written, batch = written + len(batch), []
            put(batch)
            written += len(batch)
    except _Unwritable as error:
        raise BadInput(f"{path} cannot be written: {error}. Name a file in a folder that may be written to.") from error
    return written


class _Unwritable(Exception):
    """The file, not the database."""


@contextmanager
def _written(draft: Path, path: Path) -> Iterator[None]:
    """Put the draft in its place if all went well, and take it away if not."""
    try:
        yield
        draft.replace(path)
    except OSError as error:
        raise _Unwritable(error.strerror or str(error)) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


# ---- from a row to lines --------------------------------------------------------------------------------------------


def _lines(row: Mapping[str, Json], contract: Contract | None) -> Iterator[Line]:
    fields = [] if contract is None else [each.name for each in contract.record]
    inputs = [] if contract is None else [each.name for each in contract.inputs]
    raw, outputs = unpacked_values(row["inputs"])["inputs"], unpacked_values(row["outputs"])
    n = raw.shape[1]
    shared = {name: row[name] for name in COLUMNS if name in row}
    shared["detail"] = json.loads(row["detail"])
    each_input = _columns(raw, fields)
    each_output = {
        name: _columns(values, inputs) if _by_record(values, n) else None for name, values in outputs.items()
    }
    for k in range(max(n, 1)):
        line = dict(shared)
        line["record"] = k
        line["inputs"] = _at(each_input, k) if n else {}
        line["outputs"] = {
            name: _at(columns, k) if columns is not None else _all(outputs[name])
            for name, columns in each_output.items()
        }
        yield {name: line[name] for name in COLUMNS}


def _by_record(values: Array, n: int) -> bool:
    """Whether an output has one value, or one column, a record. (The base value of one record stays what it is.)"""
    return values.ndim in (1, 2) and values.shape[-1] == n


def _columns(values: Array, names: list[str]) -> tuple[list[str] | None, list[Json]]:
    """Values by record: (n,) as numbers, (k, n) as k numbers each, named if there are as many names."""
    if values.ndim == 1:
        return None, values.tolist()
    named = names if len(names) == len(values) else [str(k + 1) for k in range(len(values))]
    return named, values.T.tolist()


def _at(columns: tuple[list[str] | None, list[Json]], k: int) -> Json:
    names, values = columns
    if names is None:
        return _number(values[k])
    return {name: _number(value) for name, value in zip(names, values[k], strict=True)}


def _all(values: Array) -> Json:
    """An output of the call as a whole: a number if there is one, otherwise all of them in C order."""
    flat = [_number(each) for each in np.ravel(values).tolist()]
    return flat[0] if len(flat) == 1 else flat


def _number(value: float) -> float | str | None:
    """A number as JSON takes it: no number as null, the infinite as text."""
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else str(value)


def _contract(home: Path, book: str, release: str, digest: str) -> Contract | None:
    """The contract of a release, if that is under ``home`` and is the one."""
    if not release.isalnum() or book != Path(book).name:
        return None
    path = Store(home, book).root / release / "contract.toml"
    try:
        found = read_contract(path.read_bytes())
    except (OSError, ContractError):
        return None
    return found if found.hash == digest else Store(home, book).words(digest)


# ---- from lines to a file -------------------------------------------------------------------------------------------


@contextmanager
def _csv(path: Path) -> Iterator[Put]:
    with _open(path, spreadsheet.ENCODING) as file:
        file.write(spreadsheet.lines([COLUMNS]))
        yield lambda lines: file.write(spreadsheet.lines(_flat(line).values() for line in lines))


@contextmanager
def _jsonl(path: Path) -> Iterator[Put]:
    with _open(path) as file:
        yield lambda lines: file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


@contextmanager
def _parquet(path: Path) -> Iterator[Put]:
    import pyarrow as pa
    import pyarrow.parquet

    types = {**dict.fromkeys(COLUMNS, pa.string()), **dict.fromkeys(WHOLE, pa.int64()), "duration_ms": pa.float64()}
    schema = pa.schema(list(types.items()))
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        yield lambda lines: writer.write_table(pa.Table.from_pylist([_flat(line) for line in lines], schema))


def _open(path: Path, encoding: str = "utf-8") -> IO[str]:
    return path.open("w", encoding=encoding, newline="")


def _flat(line: Line) -> Line:
    return {name: json.dumps(value, ensure_ascii=False) if name in NESTED else value for name, value in line.items()}


_WRITERS = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
