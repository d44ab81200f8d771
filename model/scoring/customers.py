"""The customers in a file that somebody gives: good rows as records, bad rows with their reasons.

All of it is worked out in the process that reads the file (`data/files/apart.py`), so that whatever the file holds it
takes neither memory nor time of this one: what comes back is numbers, names and sentences, each looked at again here.
What a file may look like: model/scoring/files.py.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from data.arrays import Array, Arrow
from data.contract import Contract
from data.errors import BadInput
from data.files import apart, child
from data.files.kinds import kind_of
from data.files.names import plain
from data.files.numbers import habit_of
from data.files.parsed import answer_parts, next_table
from data.files.table import damaged_unless_understood, file_table
from model.engine.parallel import Progress, no_progress
from model.report import numbers
from model.report.operations.upload import BadRow, on_line
from model.scoring.columns import wanted
from model.scoring.files import FileCells, cells_of, upload_limits
from model.scoring.identifiers import identities
from model.scoring.records import Refusal, read_records

LOOKED_AT = 2_000  # different texts of a column that a file's habits are taken from
MOST_REASONS = 200_000  # of all refused rows together, of which each has one
IDS, ROWS = "ids", "rows"  # columns beside those of the fields
PARSED = 0.7  # of the time of reading


@dataclass(frozen=True, eq=False)
class CustomerFile:
    """A file as read. Of the good rows: ``raw`` (fields, n) as the contract orders it, ``ids`` (n,) int64 or text,
    ``rows`` (n,) their lines in the file. ``ignored``: columns nothing reads; ``protected``: how many columns were left
    unread because they hold protected attributes. ``named``: whether the file identifies its rows; else ``ids`` are
    their lines, which are nobody's numbers. ``repeated``: identifiers that stand on several lines, with those;
    ``notes``: what reading took for granted."""

    raw: Array
    ids: NDArray[Any]
    rows: NDArray[np.int64]
    bad: tuple[BadRow, ...]
    ignored: tuple[str, ...]
    protected: int
    named: bool = True
    repeated: tuple[tuple[str, tuple[int, ...]], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> NDArray[Any]:
        """What the rows are called, (n,): their identifiers, or "line 12"."""
        return self.ids if self.named else np.array([on_line(line) for line in self.rows.tolist()], object)

    def __len__(self) -> int:
        return len(self.rows)


def read_customers(content: bytes, name: str, contract: Contract, progress: Progress = no_progress) -> CustomerFile:
    """The customers in a file, whose kind its ``name`` ends with; 100,000 rows of CSV in about a second. ``progress``
    hears the share read; reading ends with whatever it raises.

    Raises
    ------
    BadInput
        If the file as a whole cannot be used: too large, empty, damaged, protected, of another kind than its name says,
        without the columns that are needed or with one of them twice. A row that cannot be used is in
        `CustomerFile.bad`.
    """
    limits = upload_limits()
    kind_of(content, name, limits)
    request = {
        child.READER: __name__,
        "name": name,
        "wanted": sorted(set(map(plain, wanted(contract)))),
        "sheet": None,
        "limits": asdict(limits),
        "contract": contract.model_dump(mode="json"),
    }
    said = apart.read_apart(content, request, limits, progress)
    with damaged_unless_understood(limits):
        why = apart.refusal(said)
        if not why:
            return _received(said, contract)
    raise BadInput(why)


# ---- in the process that reads -----------------------------------------------------------------------------------


def read_file(content: bytes, request: dict[str, Any], out: IO[bytes], told: child.Told) -> None:
    """Say of a file what customers it holds; BadInput if it cannot be used."""
    contract = Contract.model_validate(request["contract"])
    table = file_table(child.parse_file(content, request, lambda share: told(PARSED * share)))
    _send(customers_of(cells_of(table, contract), contract), out)


def customers_of(cells: FileCells, contract: Contract) -> CustomerFile:
    """The customers in the cells of a file; BadInput if it has no row."""
    if not len(cells.lines) and not cells.odd:
        person = contract.book.record
        raise BadInput(f"The file holds its column names and no {person}. Add one row for each {person}.")
    habit = habit_of((each.texts[:LOOKED_AT] for each in cells.fields), cells.delimiter)
    found = read_records(contract, cells.fields, [habit] * len(cells.fields))
    reasons = _reasons(found.refusals)
    notes = [*cells.notes, *found.notes, *_other_years(contract, found.raw)]
    ids, doubts = identities(cells.ids, cells.lines)
    refused = np.fromiter(reasons, np.int64, len(reasons))
    good = np.setdiff1d(np.arange(len(cells.lines)), refused)
    named = cells.ids is not None
    bad = [
        BadRow(int(line), str(ids[k]) if named else on_line(line), tuple(reasons[k]))
        for k, line in zip(refused, cells.lines[refused], strict=True)
    ]
    return CustomerFile(
        np.ascontiguousarray(found.raw[:, good]),
        ids[good],
        rows=cells.lines[good],
        bad=tuple(sorted([*bad, *cells.odd], key=lambda row: row.line)),
        ignored=cells.columns.ignored,
        protected=cells.columns.protected,
        named=named,
        repeated=_repeated(ids, cells.lines),
        notes=(*notes, *doubts),
    )


def _reasons(refusals: Sequence[Refusal]) -> dict[int, list[str]]:
    """Why rows are refused, by row; of a file with more reasons than `MOST_REASONS` the first ones of each row."""
    found: dict[int, list[str]] = {}
    for each in refusals:
        found.setdefault(each.row, []).append(each.reason)
    if len(refusals) > MOST_REASONS:
        kept = max(MOST_REASONS // len(found), 1)
        for reasons in found.values():
            more = len(reasons) - kept
            if more > 0:
                reasons[kept:] = [f"{numbers.counted(more, 'more value')} cannot be used."]
    return found


def _other_years(contract: Contract, raw: Array) -> list[str]:
    """What is to be said of records that came into the book in years it does not hold; ``raw`` (fields, n)."""
    field = contract.vintage
    if field is None:
        return []
    years = raw[contract.row[field.name]]
    n = int(((years < field.minimum) | (years > field.maximum)).sum())
    if not n:
        return []
    held = f"{numbers.measure(field.minimum, field.unit)} to {numbers.measure(field.maximum, field.unit)}"
    row = "rows lie" if n > 1 else "row lies"
    return [f"{field.label}: {n:,} {row} outside the years of the book, {held}; the model has seen none like them."]


def _repeated(ids: NDArray[Any], lines: NDArray[np.int64]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The identifiers that stand on several lines, with those, in the file's order."""
    again = pd.Series(lines)[pd.Series(ids).duplicated(keep=False).to_numpy()]
    found: dict[str, list[int]] = {}
    for name, line in zip(ids[again.index], again.tolist(), strict=True):
        found.setdefault(str(name), []).append(line)
    return tuple((name, tuple(own)) for name, own in found.items())


# ---- between the two ---------------------------------------------------------------------------------------------


def _send(sheet: CustomerFile, out: IO[bytes]) -> None:
    head = {
        "ignored": sheet.ignored,
        "protected": sheet.protected,
        "named": sheet.named,
        "repeated": sheet.repeated,
        "notes": sheet.notes,
    }
    fields = {str(k): pa.array(values) for k, values in enumerate(sheet.raw)}
    numbered = sheet.ids.dtype == np.int64
    ids = pa.array(sheet.ids, pa.int64()) if numbered else pa.array(list(map(str, sheet.ids)), pa.large_string())
    refused = {
        "line": pa.array([each.line for each in sheet.bad], pa.int64()),
        "id": pa.array([each.id for each in sheet.bad], pa.large_string()),
        "reasons": pa.array([each.reasons for each in sheet.bad], pa.large_list(pa.large_string())),
    }
    out.write(json.dumps(head).encode() + b"\n")
    for table in (pa.table({**fields, IDS: ids, ROWS: pa.array(sheet.rows, pa.int64())}), pa.table(refused)):
        with pa.ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)


def _received(said: bytes | bytearray, contract: Contract) -> CustomerFile:
    """What the reading process said. ValueError, KeyError, BadInput or an ArrowException if it is nothing of the
    kind: it had a stranger's file in hand."""
    about, rest = answer_parts(said)
    good, refused = next_table(rest), next_table(rest)
    width = len(contract.record)
    if good.column_names != [*map(str, range(width)), IDS, ROWS] or good.column(ROWS).null_count:
        raise ValueError("columns that are not those of the record")
    raw = np.empty((width, len(good)))
    for k in range(width):
        raw[k] = good.column(k).to_numpy()
    contract.check(raw)  # whatever the checks there overlook is no customer
    return CustomerFile(
        raw,
        _ids(good.column(IDS)),
        rows=good.column(ROWS).to_numpy().astype(np.int64, casting="safe"),
        bad=tuple(_bad_rows(refused)),
        ignored=tuple(map(str, about["ignored"])),
        protected=int(about["protected"]),
        named=bool(about["named"]),
        repeated=tuple((str(name), tuple(map(int, lines))) for name, lines in about["repeated"]),
        notes=tuple(map(str, about["notes"])),
    )


def _ids(column: Arrow) -> NDArray[Any]:
    if column.null_count:
        raise ValueError("rows without a name")
    if pa.types.is_integer(column.type):
        return np.asarray(column.to_numpy(), np.int64)
    named = np.empty(len(column), object)
    named[:] = list(map(str, column.to_pylist()))
    return named


def _bad_rows(refused: Arrow) -> list[BadRow]:
    """The rows refused; a sentence that many share is held once."""
    known: dict[str, str] = {}
    columns = (refused.column(name).to_pylist() for name in ("line", "id", "reasons"))
    return [
        BadRow(int(line), str(name), tuple(known.setdefault(each, each) for each in map(str, reasons)))
        for line, name, reasons in zip(*columns, strict=True)
    ]
