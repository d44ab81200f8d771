"""One part of many rows, as Arrow has it, read as records: those that the contract refuses are told, never dropped
silently.

A table with every column of a book's snapshot is one, and its numbers are taken as they stand. Any other is a file of
customers, whose columns and cells are read as those of a file that is given to the pages. A part is read by itself, so
that it says the same whatever rows come with it: a number that is written as text, which only the others of its column
could tell how to read, is none here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from data.arrays import Array, Arrow
from data.contract import Contract, Field
from data.errors import BadInput
from data.files.given import GivenCells
from data.files.numbers import POINT, Habit
from data.files.series import given_cells
from data.files.table import FileTable
from model.scoring.columns import matched
from model.scoring.identifiers import customer_numbers
from model.scoring.records import checked_records
from model.scoring.values import ReadValues, short, values_of

Ints = NDArray[np.int64]
MOST_TOLD = 5  # refused rows that are told one by one
_PLAIN = Habit(POINT, POINT)


@dataclass(frozen=True, order=True)
class RefusedRow:
    """A row that cannot be scored: in which ``file`` below the table's place, "" where that is the table; its number
    there from 1 on, 0 where nobody knows; its customer as the table has it; and every reason."""

    file: str
    row: int
    id: str
    reasons: tuple[str, ...]

    def words(self, record: str) -> str:
        """As one line; ``record`` is what a book calls one."""
        place = f"row {self.row:,}" if self.row else f"{record} {self.id or 'without a number'}"
        return f"{f'{self.file}, ' if self.file else ''}{place}: {' '.join(self.reasons)}"


@dataclass(frozen=True)
class Refusals:
    """How many rows were refused, and the ``first`` of them in the order of the files."""

    count: int = 0
    first: tuple[RefusedRow, ...] = ()

    def __add__(self, other: "Refusals") -> "Refusals":
        first = sorted((*self.first, *other.first))[:MOST_TOLD]
        return Refusals(self.count + other.count, tuple(first))


@dataclass(frozen=True, eq=False)
class PartRecords:
    """The good rows of a part: ``raw`` (fields, n) as the contract orders it, their numbers ``ids`` (n,), their places
    among the rows given, ``rows`` (n,); and what was refused."""

    raw: Array
    ids: Ints
    rows: NDArray[np.intp]
    refused: Refusals


@dataclass(frozen=True, eq=False)
class PartReader:
    """Reads parts of a table: ``columns`` are those of the fields by name, ``id`` that of the customer's number.
    ``snapshot``: whether it has the columns of a book."""

    contract: Contract
    columns: tuple[str, ...]
    id: str
    snapshot: bool

    @classmethod
    def of(cls, contract: Contract, names: Sequence[str]) -> "PartReader":
        """Of a table with columns of these names. BadInput where one that is needed is not there."""
        own, number = tuple(field.name for field in contract.record), contract.book.id
        if {*own, number} <= set(names):
            return cls(contract, own, number, True)
        found = matched(FileTable(pd.DataFrame(), tuple(names), np.empty(0, np.int64)), contract)
        if found.id is None:
            raise BadInput(
                f"The table has no column {number!r} with the number of each {contract.book.record}, by which shares "
                "of them are drawn. Add it, or name it so."
            )
        return cls(contract, tuple(names[place] for place in found.fields), names[found.id], False)

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(dict.fromkeys((*self.columns, self.id)))

    def read(self, batch: Arrow, rows: Ints, file: str = "") -> PartRecords:
        """The records of a batch, whose rows have the numbers ``rows`` (n,) in ``file``."""
        contract, number = self.contract, batch.column(self.id)
        fields = zip(contract.record, self.columns, strict=True)
        cells, found = zip(*(self._read(field, batch.column(name)) for field, name in fields), strict=True)
        raw = np.stack([each.values for each in found])
        wrong = dict[int, list[str]]()
        for each in checked_records(contract, raw, cells, [each.wrong for each in found]):
            wrong.setdefault(each.row, []).append(each.reason)
        ids, unnamed = customer_numbers(number)
        for row in np.flatnonzero(unnamed).tolist():
            wrong.setdefault(row, []).append(f"The {contract.book.record} has no number.")
        good = np.setdiff1d(np.arange(len(ids)), list(wrong))
        kept = np.ascontiguousarray(raw[:, good]) if wrong else raw
        contract.check(kept)  # whatever the checks above overlook is no customer
        first = sorted(wrong)[:MOST_TOLD]
        told = (RefusedRow(file, int(rows[k]), _shown(number[k]), tuple(wrong[k])) for k in first)
        return PartRecords(kept, ids[good], good, Refusals(len(wrong), tuple(told)))

    def _read(self, field: Field, column: Arrow) -> tuple[GivenCells, ReadValues]:
        """The cells of a field and the numbers in them, each n."""
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        kind = column.type
        if self.snapshot and (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
            numbers: Array = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            return GivenCells(numbers, np.full(len(numbers), -1)), ReadValues(numbers, {})
        if not field.codes and (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise BadInput(
                f"{field.label} stands as text in the table, where its numbers can be read in more ways than one. Make "
                "it a column of numbers."
            )
        cells = given_cells(column.to_pandas())
        return cells, values_of(field, cells, _PLAIN)


def _shown(number: Arrow) -> str:
    """A customer's number as the table has it, fit to be repeated."""
    found = number.as_py()
    return "" if found is None else short(str(found))
