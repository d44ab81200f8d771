"""One record as people paste it: a row copied from a spreadsheet or a text file, with its header or without."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from data.contract import Contract
from data.errors import BadInput
from data.files.names import plain
from model.report import numbers
from model.scoring.batch import read_customers
from model.scoring.columns import wanted
from model.whatif.customer.scenario import stated

LONGEST = 20_000  # characters
NAME = "pasted.csv"


@dataclass(frozen=True)
class PastedRecord:
    """The record, in the contract's order, `MISSING` where the row says nothing and may; and what was taken for
    granted."""

    values: tuple[float, ...]
    notes: tuple[str, ...] = ()


def read_pasted(text: str, contract: Contract) -> PastedRecord:
    """The first row of what was pasted. A row without a header holds every field in the contract's order, after an
    identifier or not; cells mean what they mean in a file.

    Raises
    ------
    BadInput
        If there is no row, it is too long, lacks a field, or a value of it cannot be.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise BadInput("Nothing was pasted. Copy a row, with its header or without, and paste it.")
    if len(text) > LONGEST:
        raise BadInput(f"At most {LONGEST:,} characters can be pasted; {len(text):,} were. Paste one row.")
    delimiter = _delimiter(lines[0])
    first = _cells(lines[0], delimiter)
    if not {plain(cell) for cell in first} & wanted(contract):
        lines = [delimiter.join(_header(contract, len(first))), *lines]
    if len(lines) == 1:
        raise BadInput("Only a header was pasted. Paste the row of values below it, too.")
    found = read_customers("\n".join(lines[:2]).encode(), NAME, contract)
    if found.bad:
        raise BadInput(f"The row cannot be taken: {' '.join(found.bad[0].reasons)}")
    if not len(found):
        raise BadInput("No row of values was found in what was pasted. Copy a row, with its header or without.")
    values = tuple(stated(value) for value in found.raw[:, 0])
    more = len(lines) - 2
    note = f"Of {numbers.counted(more + 1, 'row')} pasted the first was taken." if more else ""
    return PastedRecord(values, tuple(filter(None, (note, *found.notes))))


def _delimiter(line: str) -> str:
    return next((each for each in "\t;" if each in line), ",")


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]


def _header(contract: Contract, cells: int) -> Sequence[str]:
    """The names of the columns of a row that has so many ``cells`` and no header."""
    names = [field.name for field in contract.record]
    if cells == len(names):
        return names
    if cells == len(names) + 1:
        return [contract.book.id_column or contract.book.id, *names]
    raise BadInput(
        f"{numbers.counted(cells, 'cell')} were pasted without a header; {contract.book.one_record} has {len(names)} "
        f"values, from {contract.record[0].label} to {contract.record[-1].label}. Paste the header, too, or all of "
        "them in this order."
    )
