"""From the cells of each field to records, and what is wrong with those that are none: one reading for every file that
is scored, however large."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.arrays import Array
from data.contract import Contract, Field, bounds, check_value
from data.errors import BadInput
from data.files.given import GivenCells
from data.files.numbers import Habit
from model.scoring.values import allowed, shown_cell, values_of


@dataclass(frozen=True)
class Refusal:
    """Why a record cannot be scored: its ``row`` among those read, the labels of the ``fields`` it is about, the
    ``given`` values as they stand in the file, the ``reason`` in a sentence, and what is ``allowed``."""

    row: int
    fields: tuple[str, ...]
    given: tuple[str, ...]
    reason: str
    allowed: str


@dataclass(frozen=True, eq=False)
class ReadRecords:
    """``raw`` (fields, n) as the contract orders it, NaN where a cell cannot be used; ``refusals`` by row, those of
    single fields first; ``notes`` say what was counted as missing."""

    raw: Array
    refusals: tuple[Refusal, ...]
    notes: tuple[str, ...]


def read_records(contract: Contract, cells: Sequence[GivenCells], habits: Sequence[Habit]) -> ReadRecords:
    """The records in the ``cells`` of each field of the contract's record, each n, read by the ``habits`` of each."""
    found = [values_of(*each) for each in zip(contract.record, cells, habits, strict=True)]
    raw = np.stack([each.values for each in found])
    refusals = checked_records(contract, raw, cells, [each.wrong for each in found])
    return ReadRecords(raw, refusals, tuple(each.note for each in found if each.note))


def checked_records(
    contract: Contract, raw: Array, cells: Sequence[GivenCells], unread: Sequence[Mapping[int, str]]
) -> tuple[Refusal, ...]:
    """Why some of the records ``raw`` (fields, n) cannot be scored, by row, those of single fields first; their values
    are NaN there afterwards. ``unread`` says of each field, by row, why a cell holds no number."""
    refusals = list[Refusal]()
    for k, field in enumerate(contract.record):
        wrong = dict(unread[k])
        _check(field, raw[k], wrong)
        may = allowed(field) if wrong else ""
        refusals += [
            Refusal(row, (field.label,), (shown_cell(cells[k], row),), reason, may) for row, reason in wrong.items()
        ]
        raw[k, list(wrong)] = np.nan
    return (*refusals, *_rules(contract, raw, cells, {each.row for each in refusals}))


def _check(field: Field, values: Array, wrong: dict[int, str]) -> None:
    """Add what the contract says of each of ``values`` (n,) that it does not allow."""
    low, high = bounds(field)
    doubtful = ~((values >= low) & (values <= high))
    if field.codes:
        doubtful |= ~np.isin(values, list(field.codes))
    if field.special:
        doubtful &= ~field.is_special(values)
    known: dict[float | None, str] = {}
    for k in np.flatnonzero(doubtful).tolist():
        if k in wrong:
            continue
        value = None if np.isnan(values[k]) else float(values[k])  # NaN is no key: it never equals itself
        if value not in known:
            try:
                check_value(field, values[k])
                known[value] = ""
            except BadInput as error:
                known[value] = str(error)
        if known[value]:
            wrong[k] = known[value]


def _rules(contract: Contract, raw: Array, cells: Sequence[GivenCells], bad: set[int]) -> list[Refusal]:
    """The message of each rule that a row breaks, where every value the rule speaks of can be used."""
    refused = np.zeros(raw.shape, bool)
    rows = np.fromiter(bad, np.int64, len(bad))
    refused[:, rows] = np.isnan(raw[:, rows])
    found, values = list[Refusal](), contract.values(raw)
    for each in contract.constraints:
        spoken = np.concatenate([np.arange(len(raw))[contract.rows[name]] for name in each.fields])
        kept = contract.keeping(each, values)
        labels = tuple(contract.record[k].label for k in spoken)
        for row in np.flatnonzero(~kept & ~refused[spoken].any(0)).tolist():
            given = tuple(shown_cell(cells[k], row) for k in spoken)
            found.append(Refusal(row, labels, given, each.message, each.message))
    return found
