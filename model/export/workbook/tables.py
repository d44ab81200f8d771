"""The sheet Tables: the deployed model itself, and how it reads the records of the sheet Customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.arrays import Array
from data.contract import Contract
from model.engine.scorer import TableScorer
from model.export.compressed import CellReading, CompressedTables
from model.export.workbook.formulas import HUGE, CellFormula, Operand, in_cells, of_field
from model.export.workbook.sheets import (
    HEAD,
    HEAD_RIGHT,
    NOTE,
    PART,
    RIGHT,
    TITLE,
    Sheet,
    cell,
    cells_between,
    column_name,
    text_literal,
)
from model.whatif.customer.decision import score_scale

TABLES = "Tables"
OF_INPUT, OF_TABLE, OF_MODEL = 3, 5, 10  # columns: of an input's record, of a table's record, of a table itself
LISTS = OF_MODEL + 2 * OF_TABLE + 1  # the column that lists begin in, right of what is reckoned
NO_VALUE = "missing"


@dataclass(frozen=True, eq=False)
class ReadRecord:
    """One record as the model reads it: ``raw`` (fields, 1), ``inputs`` and ``codes`` (inputs,), what it finds in the
    compressed tables, ``found``, ``margin`` in log-odds, ``reasons`` (inputs,) likewise."""

    raw: Array
    inputs: Array
    codes: Sequence[int]
    found: CellReading
    margin: float
    reasons: Array


@dataclass(frozen=True)
class RecordNames:
    """What formulas call of a record: its ``operands`` by field and history, its log-odds and each input's part of them
    by the cells they stand in; ``values`` the cells of the inputs as the model is given them."""

    operands: Mapping[str, Operand]
    margin: str
    values: tuple[str, ...]
    reasons: tuple[str, ...]


class TablesSheet:
    """The sheet as it is written: first the model, then one record after the other."""

    def __init__(self, sheet: Sheet, scorer: TableScorer) -> None:
        self.sheet, self.scorer, self.contract = sheet, scorer, scorer.contract
        self.compressed = CompressedTables.of(scorer.shapley)
        self._next_list = LISTS
        self._look_ups: dict[tuple[tuple[float, ...], tuple[float, ...]], tuple[str, str]] = {}
        self._heads()
        self._constants()
        self._model()

    def _heads(self) -> None:
        sheet = self.sheet
        sheet.widths([34, *[12] * (LISTS - 2), 3])
        sheet.text(0, 0, "The deployed model", TITLE)
        told = (
            "A value is looked up in the thresholds of its input, which gives its code; the codes of one or two inputs "
            "are looked up in a table, which gives log-odds. Their sum is the answer. Nothing here is to be changed."
        )
        sheet.text(1, 0, told, NOTE)

    def _constants(self) -> None:
        scale, shapley = score_scale(self.contract), self.scorer.shapley
        constants = (
            ("intercept", "Log-odds that every record begins with", self.scorer.tables.intercept),
            ("average", f"Log-odds of {shapley.background}", shapley.base),
            ("points_each", "Score points of one log-odds", scale.factor),
            ("points_even", "Score points at even odds", scale.offset),
        )
        self.names: dict[str, str] = {}
        for row, (name, label, value) in enumerate(constants, 3):
            self.sheet.text(row, 0, label)
            self.sheet.number(row, 1, value)
            self.names[name] = self.named(name, cell(row, 1, TABLES))
        self._inputs_at = 3 + len(constants) + 2
        self._tables_at = self._inputs_at + len(self.contract.inputs) + 3
        self.end = self._tables_at + len(self.compressed.first) + 2

    def named(self, name: str, place: str) -> str:
        """A name for a place of the workbook."""
        return self.sheet.book.name(name, place)

    # ---- the model ------------------------------------------------------------------------------------------------

    def _model(self) -> None:
        tables, sheet, packed = self.scorer.tables, self.sheet, self.compressed
        labels = [each.label for each in self.contract.inputs]
        sheet.texts(self._inputs_at - 1, 0, ("Input", "Thresholds"), HEAD)
        self._thresholds = list[str]()
        for k, (label, begins) in enumerate(zip(labels, tables.starts[:-1], strict=True)):
            edges = np.minimum(tables.edges[begins : tables.starts[k + 1]][::-1], float(HUGE))  # parts gaps from values
            sheet.text(self._inputs_at + k, 0, label)
            sheet.number(self._inputs_at + k, 1, len(edges))
            name = f"thresholds_{self.contract.inputs[k].name}"
            self._thresholds.append(self.listed(f"Thresholds: {label}", edges.tolist(), name) if len(edges) else "")
        heads = ("Table", "First input", "Second input", "Cells begin", "Columns", "Map of rows", "Map of columns")
        sheet.texts(self._tables_at - 1, 0, (*heads, "Mean", "Leans of rows", "Leans of columns"), HEAD)
        for g, (i, j) in enumerate(zip(packed.first.tolist(), packed.second.tolist(), strict=True)):
            row = self._tables_at + g
            sheet.text(row, 0, labels[i] if j < 0 else f"{labels[i]} × {labels[j]}")
            places = packed.at[g], packed.wide[g], packed.down[g], packed.across[g]
            about = (i + 1, j + 1, *places, packed.mean[g], packed.down_leans[g], packed.across_leans[g])
            for k, value in enumerate(about, 1):
                sheet.number(row, k, float(value))
        self._first, self._second = (self.named(name, self._of_tables(k)) for name, k in (("first", 1), ("second", 2)))
        self._maps = self.listed("Maps from codes to rows and columns", packed.maps.tolist(), "maps")
        self._leans = self.listed("What rows and columns lean to", packed.leans.tolist(), "leans")
        self._cells = self.listed("Cells, log-odds", packed.cells.tolist(), "cells")

    def _of_tables(self, column: int) -> str:
        """The cells of all tables in one column."""
        return cells_between(
            (self._tables_at, column), (self._tables_at + len(self.compressed.first) - 1, column), TABLES
        )

    def listed(self, label: str, values: Sequence[float], name: str) -> str:
        """A list of numbers in a column of its own, under a label; the name of its cells."""
        column, self._next_list = self._next_list, self._next_list + 1
        self.sheet.text(self._inputs_at - 1, column, label, HEAD)
        self.sheet.numbers(self._inputs_at, column, values)
        last = self._inputs_at + len(values) - 1
        return self.named(name, cells_between((self._inputs_at, column), (last, column), TABLES))

    def worded(self, label: str, words: Sequence[str], name: str) -> str:
        """A list of texts likewise."""
        column, self._next_list = self._next_list, self._next_list + 1
        self.sheet.text(self._inputs_at - 1, column, label, HEAD)
        for k, each in enumerate(words):
            self.sheet.text(self._inputs_at + k, column, each)
        last = self._inputs_at + len(words) - 1
        return self.named(name, cells_between((self._inputs_at, column), (last, column), TABLES))

    def look_up(self, keys: tuple[float, ...], values: tuple[float, ...]) -> tuple[str, str]:
        """The names of two lists, of keys and of what stands for each; the same lists stand there once."""
        if (keys, values) not in self._look_ups:
            k = len(self._look_ups) + 1
            self._look_ups[keys, values] = (
                self.listed(f"Look-up {k}: key", keys, f"look_up_{k}_keys"),
                self.listed(f"Look-up {k}: value", values, f"look_up_{k}_values"),
            )
        return self._look_ups[keys, values]

    # ---- records --------------------------------------------------------------------------------------------------

    def read(self, raw: Array) -> ReadRecord:
        """A record (fields, 1) as the model reads it."""
        inputs = self.contract.derive(raw)
        codes = self.scorer.tables.encode(inputs)
        return ReadRecord(
            raw,
            inputs[:, 0],
            codes=codes[:, 0].tolist(),
            found=self.compressed.read(codes),
            margin=float(self.scorer.margins(raw)[0]),
            reasons=self.scorer.shapley.explain(codes)[:, 0],
        )

    def add(self, record: ReadRecord, which: int, *, prefix: str, title: str, cells: Mapping[str, str]) -> RecordNames:
        """How the model reads the record whose fields stand in ``cells``, the first or the second by ``which``."""
        operands = operands_of(self.contract, cells)
        inputs_at, tables_at = 2 + which * OF_INPUT, OF_MODEL + which * OF_TABLE
        codes = self.named(f"{prefix}_codes", self._of_inputs(inputs_at + 1))
        log_odds, first, second = (
            self.named(f"{prefix}_{what}", self._of_tables(tables_at + k))
            for k, what in enumerate(("log_odds_of_tables", "reasons_first", "reasons_second"), 2)
        )
        self.sheet.text(self._inputs_at - 2, inputs_at, title, PART)
        self.sheet.text(self._tables_at - 2, tables_at, title, PART)
        self._read_inputs(record, inputs_at, operands)
        self._read_tables(record, tables_at, codes)
        for k, reason in enumerate(record.reasons.tolist()):
            parts = (f"SUMIF({self._first},{k + 1},{first})", f"SUMIF({self._second},{k + 1},{second})")
            self.sheet.formula(self._inputs_at + k, inputs_at + 2, "+".join(parts), reason)
        row = self._tables_at + len(self.compressed.first)
        self.sheet.text(row, tables_at, "Sum", HEAD)
        self.sheet.formula(row, tables_at + 2, f"{self.names['intercept']}+SUM({log_odds})", record.margin)
        values, reasons = (
            tuple(cell(self._inputs_at + k, column, TABLES) for k in range(len(record.inputs)))
            for column in (inputs_at, inputs_at + 2)
        )
        margin = self.named(f"{prefix}_log_odds", cell(row, tables_at + 2, TABLES))
        return RecordNames(operands, margin, values, reasons)

    def finish(self) -> None:
        """The sheet protected and laid out for paper, without the lists."""
        self.sheet.page((self.end, LISTS - 2), frozen=(self._inputs_at, 1))

    def _of_inputs(self, column: int) -> str:
        """The cells of all inputs in one column."""
        last = self._inputs_at + len(self.contract.inputs) - 1
        return cells_between((self._inputs_at, column), (last, column), TABLES)

    def _read_inputs(self, record: ReadRecord, at: int, operands: Mapping[str, Operand]) -> None:
        """What the model is given and its codes, from a column on."""
        sheet = self.sheet
        sheet.texts(self._inputs_at - 1, at, ("Value", "Code", "Reason, log-odds"), HEAD_RIGHT)
        for k, (each, thresholds) in enumerate(zip(self.contract.inputs, self._thresholds, strict=True)):
            row, word, found = self._inputs_at + k, each.missing or NO_VALUE, float(record.inputs[k])
            value, count = cell(row, at), cell(row, 1)
            formula = in_cells(self.contract.spelled(each.formula), operands, self.look_up)
            text = f"IFERROR({formula.text},{text_literal(word)})" if formula.gaps else formula.text
            sheet.formula(row, at, text, word if np.isnan(found) else found, RIGHT)
            above = f"IFERROR(MATCH({value},{thresholds},-1),0)" if thresholds else "0"
            sheet.formula(row, at + 1, f"IF(ISNUMBER({value}),{count}-{above},{count}+1)", record.codes[k])

    def _read_tables(self, record: ReadRecord, at: int, codes: str) -> None:
        """Row and column of each table, what stands there, and the reasons of its two inputs, from a column on."""
        sheet, found = self.sheet, record.found
        heads = ("Row", "Column", "Log-odds", "Reason, first", "Reason, second")
        sheet.texts(self._tables_at - 1, at, heads, HEAD_RIGHT)
        for g, paired in enumerate((self.compressed.second >= 0).tolist()):
            row = self._tables_at + g
            first, second, begins, wide, down, across, mean, of_rows, of_columns = (
                f"${column_name(k)}{row + 1}" for k in range(1, OF_MODEL)
            )
            its_row, its_column, cell_ = (f"{column_name(at + k)}{row + 1}" for k in range(3))
            both = f"{cell_}-{mean}"
            lean = f"INDEX({self._leans},{of_rows}+{its_row}+1)-INDEX({self._leans},{of_columns}+{its_column}+1)"
            formulas = (
                f"INDEX({self._maps},{down}+INDEX({codes},{first})+1)",
                f"INDEX({self._maps},{across}+INDEX({codes},{second})+1)" if paired else "0",
                f"INDEX({self._cells},{begins}+{its_row}*{wide}+{its_column}+1)",
                f"({both}+{lean})/2" if paired else both,
                f"({both}-({lean}))/2" if paired else "0",
            )
            values = (found.row, found.column, found.log_odds, found.first, found.second)
            for k, (formula, value) in enumerate(zip(formulas, values, strict=True)):
                sheet.formula(row, at + k, formula, float(value[g, 0]))


def operands_of(contract: Contract, cells: Mapping[str, str]) -> dict[str, Operand]:
    """What stands for each field and history in formulas, by the cells of the fields."""
    found: dict[str, Operand] = {each.name: of_field(each, cells[each.name]) for each in contract.record}
    for each in contract.histories:
        if each.role == "input":
            months = (found[f"{each.name}_{k}"] for k in range(1, len(each.months) + 1))
            found[each.name] = tuple(month for month in months if isinstance(month, CellFormula))
    return found
