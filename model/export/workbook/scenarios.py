"""The sheet Scenarios: two to five scenarios of the book side by side, as the page Compare tells them: what differs,
then each number with its difference to the first, its limit and the headroom, by formula.

The book as it is and the scenario of the sheet Book are those of that sheet and follow what is changed there; the
others are as they were computed.
"""

from collections.abc import Sequence
from math import ceil

import numpy as np

from data.contract import Appetite, Contract, Measure
from model.export.workbook.book import BROKEN, HOLDING, NONE, BookSheet, measure_format
from model.export.workbook.sheets import (
    HEAD,
    HEAD_RIGHT,
    INPUT,
    LINE,
    NOTE,
    RIGHT,
    SENTENCE,
    STRONG,
    TITLE,
    Sheet,
    Style,
    Value,
    cell,
    cells_between,
    text_literal,
)
from model.report.book.words import AMOUNTS, limit_of, within
from model.report.comparison.briefing import against_words, main_measure, noun
from model.report.comparison.differences import differences_table
from model.report.comparison.measures import TO_FIRST, ComparedMeasure, measures, sentence
from model.report.language import lost_label, unit_label
from model.whatif.comparison.result import ComparisonResult

SCENARIOS = "Scenarios"
LABEL, FIRST = 0, 1  # columns: what a row is, the first scenario
WIDTHS = 50, 24
HEADS = 4  # the row of the scenarios' names
WIDE = 110  # characters of the sentence's line
GREY: Style = {**RIGHT, "font_color": "#5A6472"}
IN_ROW: Style = {"indent": 1, "align": "left", "font_color": "#5A6472"}
AS_MADE, MOVED = "as made", "moved on the sheet Book"
NOTHING_DIFFERS = "Nothing that is assumed differs between them"
FULL_WEIGHT = 1e-9  # how near to 100 % weights sum that do


class ScenariosSheet:
    """The sheet as it is written. ``result``: those compared, of the book; the sheet ``book`` shows one of them."""

    def __init__(self, sheet: Sheet, book: BookSheet, result: ComparisonResult) -> None:
        self.sheet, self.book, self.result = sheet, book, result
        self.contract: Contract = result.books[0].contract
        self.columns = range(FIRST, FIRST + len(result.names))
        self.states = [self._state(k) for k in range(len(result.names))]
        self.numbers = {each.name: each for each in measures(result)}
        self.cells: dict[Measure, list[str]] = {}
        sheet.widths((WIDTHS[0], *[WIDTHS[1]] * len(self.columns)))
        self._head()
        self._differences()
        self._numbers()
        if result.weighs:
            self._weights()
        sheet.page((self.row - 1, self.columns[-1]), frozen=(HEADS + 1, FIRST), heads=HEADS + 1)

    def _state(self, k: int) -> int | None:
        """Which of the two states of the sheet Book a scenario is; None where it is neither."""
        own = self.result.books[k]
        if own is self.book.result:
            return 1
        return None if own.moved else 0

    # ---- what differs ---------------------------------------------------------------------------------------------

    def _head(self) -> None:
        sheet, result = self.sheet, self.result
        main = self.numbers[main_measure(self.contract, result.comparison.subject)]
        sheet.text(0, LABEL, f"{self.contract.book.title}: scenarios side by side", TITLE)
        sheet.height(0, 24)
        told = sentence(main, result.names, noun(self.contract, result.comparison))
        sheet.merged((1, LABEL), (1, self.columns[-1]), SENTENCE)
        sheet.paragraph(1, LABEL, told, SENTENCE, width=WIDE)
        sheet.text(2, LABEL, f"{against_words(result)} Blue on pale yellow is yours to change.", NOTE)
        self._names(HEADS)

    def _names(self, row: int) -> None:
        self.sheet.texts(row, FIRST, self.result.names, HEAD_RIGHT)
        self.sheet.height(row, _high(self.result.names))

    def _differences(self) -> None:
        sheet, table = self.sheet, differences_table(self.result, self.contract)
        sheet.text(HEADS, LABEL, table.columns[0].name, HEAD)
        self.row = HEADS + 1
        for row in table.exact:
            label, *told = map(str, row)
            sheet.text(self.row, LABEL, label, {"text_wrap": True})
            sheet.texts(self.row, FIRST, told, {**RIGHT, "text_wrap": True})
            sheet.height(self.row, _high(told))
            self.row += 1
        if not table.exact:
            sheet.text(self.row, LABEL, NOTHING_DIFFERS, NOTE)
            self.row += 1
        sheet.text(self.row, LABEL, "The numbers below are", IN_ROW)
        for column, state in zip(self.columns, self.states, strict=True):
            if state is None:
                sheet.text(self.row, column, AS_MADE, GREY)
                continue
            moved = f"IF({self.book.moved(state)},{text_literal(MOVED)},{text_literal(AS_MADE)})"
            sheet.formula(self.row, column, moved, AS_MADE, GREY)
        self.row += 2

    # ---- the numbers ----------------------------------------------------------------------------------------------

    def _numbers(self) -> None:
        self.sheet.text(self.row, LABEL, "The numbers", HEAD)
        self._names(self.row)
        self.row += 1
        for measure in self.contract.measures:
            self._measure(measure, self.numbers[measure])
        self.row += 1

    def _measure(self, measure: Measure, found: ComparedMeasure) -> None:
        sheet, style = self.sheet, measure_format(self.contract, measure)
        label = unit_label(found.label, self.contract.book.currency) if measure in AMOUNTS else found.label
        look: Style = {**RIGHT, **STRONG, "num_format": style}
        sheet.text(self.row, LABEL, label, STRONG)
        self.cells[measure] = [cell(self.row, column) for column in self.columns]
        for column, state, value in zip(self.columns, self.states, found.values, strict=True):
            shown: Value = value if np.isfinite(value) else NONE
            if state is not None:
                sheet.formula(self.row, column, self.book.measured[state, measure], shown, look)
            elif isinstance(shown, str):
                sheet.text(self.row, column, shown, look)
            else:
                sheet.number(self.row, column, shown, look)
        self.row += 1
        self._differing(found.values, self.cells[measure], style)
        limits = [limit_of(self.contract, each.scenario, measure) for each in self.result.books]
        if limits[0][1] is not None:
            self._limits(measure, limits[0][1], limits=[limit for limit, _ in limits], values=found.values)

    def _differing(self, values: Sequence[float], cells: Sequence[str], style: str) -> None:
        sheet, (first, *others) = self.sheet, cells
        sheet.text(self.row, LABEL, TO_FIRST, IN_ROW)
        signed: Style = {**GREY, "num_format": f"+{style};-{style};{style}"}
        for column, own, value in zip(self.columns[1:], others, values[1:], strict=True):
            gap = value - values[0]
            shown: Value = gap if np.isfinite(gap) else NONE
            sheet.formula(self.row, column, _where_known(f"{own}-{first}", own, first), shown, signed)
        self.row += 1

    def _limits(
        self, measure: Measure, appetite: Appetite, *, limits: Sequence[float], values: Sequence[float]
    ) -> None:
        """The limit of each, and how far it is from there."""
        sheet, style, sign = (
            self.sheet,
            measure_format(self.contract, measure),
            1 if appetite.sense == "at most" else -1,
        )
        for k, label in enumerate((f"limit, {appetite.sense}", "headroom", "it")):
            sheet.text(self.row + k, LABEL, label, IN_ROW)
        for k, (column, limit, value) in enumerate(zip(self.columns, limits, values, strict=True)):
            now, own = self.cells[measure][k], cell(self.row, column)
            if self.states[k] == 1:
                look: Style = {**GREY, "num_format": style}
                sheet.formula(self.row, column, self.book.limits[measure], limit, look)
            else:
                sheet.number(self.row, column, limit, {**INPUT, "num_format": style})
                told = f"The board's limit: {appetite.sense} this."
                sheet.input_range(self.row, column, (-1e15, 1e15), title="Limit", message=told)
            gap = f"{own}-{now}" if sign > 0 else f"{now}-{own}"
            room: Value = sign * (limit - value) if np.isfinite(value) else NONE
            sheet.formula(self.row + 1, column, _where_known(gap, now), room, {**GREY, "num_format": style})
            test = f"IF({now}{'<=' if sign > 0 else '>='}{own},{text_literal(HOLDING)},{text_literal(BROKEN)})"
            verdict = HOLDING if within(appetite, value, limit) else BROKEN
            shown = verdict if np.isfinite(value) else NONE
            sheet.formula(self.row + 2, column, _where_known(test, now), shown, GREY)
        self.row += 3

    # ---- weighted -------------------------------------------------------------------------------------------------

    def _weights(self) -> None:
        """The losses weighted by what each scenario is given."""
        sheet, weights = self.sheet, [each.weight / 100 for each in self.result.comparison.members]
        sheet.text(self.row, LABEL, "Weight", STRONG)
        for column, weight in zip(self.columns, weights, strict=True):
            sheet.number(self.row, column, weight, {**INPUT, "num_format": "0.0%"})
            told = "From 0 to 1, a fraction; all of them sum to 1."
            sheet.input_range(self.row, column, (0.0, 1.0), title="Weight", message=told)
        own = cells_between((self.row, self.columns[0]), (self.row, self.columns[-1]))
        first, *_, last = self.cells["loss"]
        lacking = "weights must sum to 100 %"
        whole = abs(sum(weights) - 1) <= FULL_WEIGHT
        self.row += 1
        lost = f"{lost_label(self.contract)}, weighted"
        sheet.text(self.row, LABEL, unit_label(lost, self.contract.book.currency), STRONG)
        text = f"IF(ABS(SUM({own})-1)>{FULL_WEIGHT!r},{text_literal(lacking)},SUMPRODUCT({own}*{first}:{last}))"
        shown: Value = self.result.weighted_loss() if whole else lacking
        look: Style = {**RIGHT, **STRONG, "num_format": measure_format(self.contract, "loss")}
        sheet.formula(self.row, FIRST, text, shown, look)
        self.row += 2


def _high(texts: Sequence[str]) -> float:
    """How high a row of texts is that wrap in the columns of the scenarios, in points."""
    return LINE * max(ceil(1.25 * len(each) / WIDTHS[1]) for each in texts)


def _where_known(formula: str, *cells: str) -> str:
    """A formula where each of the cells has a number."""
    known = ",".join(f"ISNUMBER({each})" for each in cells)
    return f"IF(AND({known}),{formula},{text_literal(NONE)})"
