"""A customer's workbook that somebody filled in, read back: the record and the assumptions of its own numbers, cell by
cell. What is wrong is told with the cell's address, and nothing is taken unless all of it can be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite, isnan
from typing import NoReturn

import numpy as np
import pandas as pd

from data.arrays import Array
from data.contract import Contract, Field, check_value
from data.errors import BadInput
from data.files.numbers import Habit
from data.files.series import given_cells
from data.files.table import FileTable, read_table
from model.export.workbook.customer import CUSTOMER, OWN_TITLE, PUT_IN, PutIn, put_in_beside
from model.export.workbook.sheets import column_name
from model.report.language import unit_label
from model.scoring.files import form_limits
from model.scoring.values import quoted, values_of
from model.whatif.customer.scenario import CUTOFF, CustomerScenario, stated

MOST_BYTES = 5 * 2**20
MOST_TROUBLES = 10
START = f"Take a workbook along from this page and fill in its column {OWN_TITLE}."


@dataclass(frozen=True)
class FilledIn:
    """What was read: the record in the contract's order, `MISSING` where it says nothing and may, the assumptions by
    name, and what else the workbook put in that is not taken over."""

    own: tuple[float, ...]
    assumptions: tuple[tuple[str, float], ...]
    notes: tuple[str, ...] = ()

    def on_top_of(self, contract: Contract, scenario: CustomerScenario) -> CustomerScenario:
        """The record, under the scenario of the book that stands, with the assumptions of the workbook."""
        found = replace(scenario, customer=None, own=self.own, edits=(), assumptions=())
        for name, value in self.assumptions:
            found = found.assumed(contract, name, value)
        return found


class CellTroubles(BadInput):
    """Cells that hold what they may not; ``told`` one by one, each with its address."""

    def __init__(self, told: list[str]) -> None:
        more = [f"And {len(told) - MOST_TROUBLES:,} more."] if len(told) > MOST_TROUBLES else []
        self.told = (*told[:MOST_TROUBLES], *more)
        super().__init__(" ".join(self.told))


def read_filled_in(content: bytes, name: str, contract: Contract) -> FilledIn:
    """The record that somebody put into the workbook of a customer.

    Raises
    ------
    BadInput
        If the file is no such workbook of this book.
    CellTroubles
        If cells hold what they may not.
    """
    if not name.lower().endswith(".xlsx"):
        raise BadInput(f"A customer's workbook is an .xlsx file; {quoted(name)} was given. {START}")
    limits = form_limits(MOST_BYTES)
    table = read_table(content, name, wanted=(PUT_IN, OWN_TITLE), sheet=CUSTOMER, limits=limits)
    cells = PutInCells(table, sheet=CUSTOMER, labels=PUT_IN, values=OWN_TITLE, start=START)
    raw = np.array([[cells.of_field(each)] for each in contract.record])
    beside = [each for each in put_in_beside(contract, under=True) if cells.has(each.label)]
    numbers = {each.name: cells.of_beside(each) for each in beside}
    if not cells.troubles:
        _check_together(contract, raw, cells)
    if cells.troubles:
        raise CellTroubles(cells.troubles)
    known = {each.name for each in contract.assumptions} | {CUTOFF}
    own = tuple(stated(value) for value in raw[:, 0])
    return FilledIn(own, tuple((key, numbers[key]) for key in numbers if key in known), _notes(numbers, known))


def _check_together(contract: Contract, raw: Array, cells: "PutInCells") -> None:
    """Note what values that are each allowed may not be together."""
    try:
        contract.check(raw)
    except BadInput as error:
        places = [cells.address(_label(each)) for each in (contract.record[0], contract.record[-1])]
        cells.troubles.append(f"{places[0]}:{places[1].partition('!')[2]}: {error}")


def _notes(numbers: Mapping[str, float], known: set[str]) -> tuple[str, ...]:
    """What is to be said of what a scenario of the book adds: the record stands under the one that is chosen here."""
    if not numbers.keys() - known:
        return ()
    return ("The workbook stood under a scenario of the book; here the record stands under the one that is on.",)


def _label(field: Field) -> str:
    """What the sheet calls a field."""
    return field.label if field.codes else unit_label(field.label, field.unit)


class PutInCells:
    """The cells of a column that were put in, ``values``, by the label of their row in the column ``labels``; what is
    wrong is noted in ``troubles``. ``start`` says how to begin anew."""

    def __init__(self, table: FileTable, *, sheet: str, labels: str, values: str, start: str) -> None:
        self.troubles: list[str] = []
        self._sheet, self._start = sheet, start
        places = {title.casefold(): k for k, title in reversed(list(enumerate(table.header)))}
        missing = [each for each in (labels, values) if each.casefold() not in places]
        if missing:
            raise BadInput(f"The sheet {sheet} has no column {missing[0]!r}. {start}")
        self._column = places[values.casefold()]
        named = table.frame[places[labels.casefold()]].tolist()
        self._rows = {str(each).strip().casefold(): k for k, each in reversed(list(enumerate(named)))}
        self._values, self._lines = table.frame[self._column].tolist(), table.lines

    def has(self, label: str) -> bool:
        """Whether there is a row of this label."""
        return label.casefold() in self._rows

    def address(self, label: str) -> str:
        """Where the cell of a row is: Customer!C6."""
        return f"{self._sheet}!{column_name(self._column)}{self._lines[self._rows[label.casefold()]]}"

    def given(self, label: str) -> object:
        """What stands in the cell of a row."""
        return self._values[self._rows[label.casefold()]]

    def refuse(self, label: str) -> NoReturn:
        """Raise that there is no row of a label."""
        raise BadInput(
            f"The sheet {self._sheet} has no row {label!r}: it is of another book or contract. {self._start}"
        )

    def of_field(self, field: Field) -> float:
        """The value of a field, NaN where it has none or cannot be."""
        label = _label(field)
        if not self.has(label):
            self.refuse(label)
        value = self.given(label)
        number = _number(value)
        if isinstance(value, str) and value.strip():  # a code's word, or a number that was written as a text
            found = values_of(field, given_cells(pd.Series([value], dtype=object)), Habit())
            if found.wrong:
                return self.wrong(label, found.wrong[0])
            number = float(found.values[0])
        if number is None:
            return self.wrong(label, f"{field.label}: {_shown(value)} is no number.")
        try:
            check_value(field, number)
        except BadInput as error:
            return self.wrong(label, str(error))
        return number

    def of_beside(self, part: PutIn) -> float:
        """The value of an assumption, NaN where it cannot be."""
        value = self.given(part.label)
        number, (low, high) = _number(value), part.between
        if number is None or isnan(number) or not low <= number <= high:
            given = "nothing" if number is not None and isnan(number) else _shown(value)
            allowed = f"a number from {low:g} to {high:g}{' (35 % is 0.35)' if '%' in part.style else ''}"
            return self.wrong(part.label, f"{part.label}: {given} was given; {allowed} may be.")
        return number

    def wrong(self, label: str, told: str) -> float:
        """Note what is wrong with the cell of a row; NaN."""
        self.troubles.append(f"{self.address(label)}: {told}")
        return float("nan")


def _shown(value: object) -> str:
    """What stands in a cell, as a message repeats it."""
    return f"{value:g}" if isinstance(value, float) else quoted(str(value))


def _number(value: object) -> float | None:
    """The number in a cell, NaN where it is empty; None where it holds none."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, str) and not value.strip()):
        return float("nan")
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    return float(value) if isfinite(value) or isnan(value) else None
