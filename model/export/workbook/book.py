"""The sheet Book: the whole book, its segments and score bands, as it is and under a scenario; assumptions and limits
are cells, and every measure follows from them by formula."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from data.contract import Contract, Measure, capitalised
from model.export.workbook.formulas import CellFormula, Operand, in_cells, number
from model.export.workbook.sheets import (
    CHECK,
    HEAD,
    HEAD_RIGHT,
    INPUT,
    NOTE,
    PART,
    RIGHT,
    STRONG,
    TITLE,
    Sheet,
    Style,
    Value,
    cell,
    cells_between,
    number_format,
    text_literal,
)
from model.export.workbook.sums import KINDS, BookLine, BookSums, lgd_of
from model.export.workbook.tables import TablesSheet
from model.report.book.briefing import estimate
from model.report.book.words import AMOUNTS, horizon, label, limit_of, within
from model.report.language import unit_label
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import LIMIT as LIMITED
from model.whatif.book.scenario import OVERLAY_LGD, BookScenario, parts
from model.whatif.saved import LONGEST_NAME

BOOK = "Book"
LABEL, BASE, NOW, CHANGE, LIMIT, HEADROOM, HOLDS, SAID_BASE, SAID_NOW, OFF_BY = range(10)
WIDTHS = (40, 15, 15, 14, 15, 15, 12, 16, 16, 12, 14, 12, 14)
SUMS = 16  # the column that what is added up begins in, right of what is printed
FIRST = 5
STATES = ("base", "scenario")
NONE, HOLDING, BROKEN = "–", "holds", "broken"
DIGITS = 9  # after the point, of a share
KEY = HOLDS  # the column that says how an address calls what is assumed
PUT_IN, BASE_TITLE, SCENARIO_TITLE, HIGHEST_TITLE, KEY_TITLE = (
    "Assumptions",
    "As the book is",
    "Scenario",
    "Highest",
    "Key",
)
NAME = "name"  # in place of a key: what the scenario is called
HELD = "held: it moves every PD; ask the dashboard"
OVERLAY_LABEL = "Overlay: added to loss given default"
ASIDE: Style = {**NOTE, "indent": 1, "align": "left"}
OF_LINES: tuple[Measure, ...] = (
    "exposure",
    "pd",
    "loss",
    "loss_bps",
    "net_loss",
    "capital",
    "margin",
    "return_on_capital",
)


@dataclass(frozen=True)
class StateNames:
    """Of one state what formulas call its assumptions by name, the weights of the corners and the losses given
    default of the kinds of customers."""

    assumed: dict[str, str]
    weights: str
    lgd: str


class BookSheet:
    """The sheet as it is written; ``checks`` are the cells that show 0, ``measured`` the names of each measure in each
    state, ``limits`` those of the limits, ``lgds`` the loss given default of each kind in each state."""

    def __init__(
        self, sheet: Sheet, tables: TablesSheet, result: BookResult, sums: BookSums, *, name: str, scenario: str
    ) -> None:
        self.sheet, self.tables, self.result, self.sums = sheet, tables, result, sums
        self.contract: Contract = result.contract
        self.checks: list[str] = []
        self.assumed = [dict(each.assumptions) for each in result.layers]
        self.measured: dict[tuple[int, Measure], str] = {}
        self.limits: dict[Measure, str] = {}
        self.lgds: list[list[float]] = [[], []]
        self.overlay = [each.lgd_overlay for each in result.layers]
        sheet.widths((*WIDTHS, *[3] * (SUMS - len(WIDTHS)), 40))
        sheet.text(0, 0, f"{self.contract.book.title}: the whole book", TITLE)
        sheet.height(0, 24)
        assumed = scenario or "Nothing is assumed: the scenario is the book as it is."
        sheet.text(1, 0, " ".join(filter(None, (assumed, estimate(result)))))
        told = "Blue on pale yellow is yours to change: assumptions and limits. On the page Scenarios, under Files, "
        sheet.text(
            2, 0, f"{told}this workbook is brought in as the scenario that the column {SCENARIO_TITLE} says.", NOTE
        )
        self.states = self._assumptions(name)
        self._added_up()
        self._measures()
        self._lines()
        sheet.page((self.row - 1, len(WIDTHS) - 1), frozen=(FIRST, 1), heads=0)

    # ---- what is assumed ------------------------------------------------------------------------------------------

    def _assumptions(self, name: str) -> tuple[StateNames, StateNames]:
        sheet, contract = self.sheet, self.contract
        sheet.text(FIRST - 1, LABEL, PUT_IN, HEAD)
        heads = (BASE_TITLE, SCENARIO_TITLE, "Lowest", HIGHEST_TITLE, "Feeds")
        sheet.texts(FIRST - 1, BASE, heads, HEAD_RIGHT)
        sheet.text(FIRST - 1, KEY, KEY_TITLE, {**HEAD, "indent": 1})
        sheet.text(FIRST, LABEL, "What it is called")
        sheet.text(FIRST, NOW, name, {**INPUT, "align": "left"})
        sheet.number(FIRST, LIMIT, LONGEST_NAME, {**NOTE, "num_format": '0 "characters"'})
        sheet.text(FIRST, KEY, NAME, ASIDE)
        self.row, names = FIRST + 1, [dict[str, str](), dict[str, str]()]
        for each in contract.assumptions:
            held = each.name in self.sums.held
            sheet.text(self.row, LABEL, unit_label(each.label, each.unit))
            style = number_format(each.unit)
            for state, column in enumerate((BASE, NOW)):
                value = self.assumed[state][each.name]
                look: Style = {**RIGHT, "font_color": "#5A6472"} if held else INPUT
                sheet.number(self.row, column, value, {**look, "num_format": style})
                names[state][each.name] = self.tables.named(
                    f"{STATES[state]}_book_{each.name}", cell(self.row, column, BOOK)
                )
                if not held:
                    told = f"From {each.minimum:g} to {each.maximum:g}. {each.help}"
                    ends = each.minimum, each.maximum
                    sheet.input_range(self.row, column, ends, title=each.label, message=told)
            sheet.text(self.row, KEY, each.name, ASIDE)
            if held:
                sheet.text(self.row, CHANGE, HELD, ASIDE)
            else:
                sheet.number(self.row, CHANGE, each.minimum, {**NOTE, "num_format": style})
                sheet.number(self.row, LIMIT, each.maximum, {**NOTE, "num_format": style})
                sheet.text(self.row, HEADROOM, each.feeds, {**NOTE, **RIGHT})
            self.row += 1
        if any(self.overlay):
            sheet.text(self.row, LABEL, OVERLAY_LABEL)
            sheet.text(self.row, KEY, OVERLAY_LGD, ASIDE)
            for state, column in enumerate((BASE, NOW)):
                sheet.number(self.row, column, self.overlay[state], {**INPUT, "num_format": "0.0%"})
                ends = -1.0, 1.0
                sheet.input_range(self.row, column, ends, title="Overlay", message="From -1 to 1, a fraction.")
            self._overlay_row = self.row
            self.row += 1
        self._besides()
        return self._state(0, names[0]), self._state(1, names[1])

    def _besides(self) -> None:
        """What else the scenario assumes, as an address carries it: the model is asked anew about it, so that it is
        held here, and kept for whoever brings the workbook in."""
        sheet, contract = self.sheet, self.contract
        above = {each.name for each in contract.assumptions} | {LIMITED + each.measure for each in contract.appetite}
        above |= {OVERLAY_LGD} if any(self.overlay) else set()
        look: Style = {**RIGHT, "font_color": "#5A6472"}
        for key, value in self.result.scenario.values:
            if key in above:
                continue
            part = parts(contract)[key]
            sheet.text(self.row, LABEL, part if isinstance(part, str) else unit_label(part.label, part.unit))
            if isinstance(value, str):
                sheet.text(self.row, NOW, value, look)
            else:
                sheet.number(self.row, NOW, value, look)
            if len(str(value)) <= WIDTHS[NOW]:  # else it goes on into the cells beside it
                sheet.text(self.row, CHANGE, HELD, ASIDE)
            sheet.text(self.row, KEY, key, ASIDE)
            self.row += 1

    # ---- what is added up -----------------------------------------------------------------------------------------

    def _state(self, state: int, assumed: dict[str, str]) -> StateNames:
        """The weights of the corners and the losses given default of one state, above what is added up."""
        sheet, contract, own = self.sheet, self.contract, self.assumed[state]
        at, row = SUMS + 1 + state * (KINDS * self.sums.corners + 1), 1
        if state == 0:
            sheet.text(
                0,
                SUMS,
                f"What the formulas add up: sums over {contract.book.records}, with no single "
                f"{contract.book.record} in them",
                PART,
            )
            sheet.text(row, SUMS, "Weights of the ends of ranges")
        shares = []
        for name in self.sums.straight:
            part = contract.assumption(name)
            span = f"({assumed[name]}-{part.minimum!r})/{part.maximum - part.minimum!r}"
            share = (own[name] - part.minimum) / (part.maximum - part.minimum)
            shares.append(((f"(1-{span})", 1 - share), (f"({span})", share)))
        for k, corner in enumerate(product(*shares)):
            formula = "*".join(text for text, _ in corner) or "1"
            sheet.formula(row, at + k, formula, float(np.prod([value for _, value in corner])))
        weights = self.tables.named(
            f"{STATES[state]}_weights", cells_between((row, at), (row, at + self.sums.corners - 1), BOOK)
        )
        return StateNames(assumed, weights, self._losses(state, assumed, at))

    def _losses(self, state: int, assumed: dict[str, str], at: int) -> str:
        sheet, contract, row = self.sheet, self.contract, 3
        if state == 0:
            sheet.text(row - 1, SUMS, f"Loss given default of each kind of {contract.book.record}")
        for k, kind in enumerate(self.sums.classes):
            if state == 0:
                told = ", ".join(
                    f"{contract.record[contract.row[name]].label} {value:g}" for name, value in kind.items()
                )
                sheet.text(row + k, SUMS, told or "everybody")
            operands: dict[str, Operand] = {name: number(value) for name, value in kind.items()}
            operands |= {name: CellFormula(called) for name, called in assumed.items()}
            formula = in_cells(contract.spelled(contract.exposure.lgd), operands, self.tables.look_up).text
            value = lgd_of(contract, kind, self.assumed[state])
            if any(self.overlay):
                formula = f"MIN(MAX({formula}+{cell(self._overlay_row, (BASE, NOW)[state], BOOK)},0),1)"
                value = min(max(value + self.overlay[state], 0.0), 1.0)
            sheet.formula(row + k, at, formula, value, {"num_format": "0.0%"})
            self.lgds[state].append(value)
        last = row + len(self.sums.classes) - 1
        self._sums_at = last + 4
        return self.tables.named(f"{STATES[state]}_lgd", cells_between((row, at), (last, at), BOOK))

    def _added_up(self) -> None:
        sheet, sums = self.sheet, self.sums
        heads = ("Exposure", "PD × exposure", "Of it the bank's", "Capital for LGD 1")
        wide = KINDS * sums.corners + 1
        sheet.text(
            FIRST - 1, SUMS + 2 * wide, "Ends here", HEAD
        )  # so that whoever reads the heads knows how wide it is
        for state, title in enumerate(("As the book is", "Scenario")):
            at = SUMS + 1 + state * wide
            sheet.text(self._sums_at - 2, at, title, PART)
            for k, head in enumerate(heads):
                sheet.text(self._sums_at - 1, at + k * sums.corners, head, HEAD)
        deep = len(sums.classes)
        for k, line in enumerate(sums.lines):
            row = self._sums_at + k * deep
            sheet.text(row, SUMS, line.label)
            for state, own in enumerate((line.base, line.now)):
                at = SUMS + 1 + state * wide
                for kind, corner, each in product(range(KINDS), range(sums.corners), range(deep)):
                    sheet.number(row + each, at + kind * sums.corners + corner, float(own.parts[kind, each, corner]))
        self._people_at = self._sums_at + deep * len(sums.lines) + 2
        for state in range(2):
            sheet.text(
                self._people_at - 1,
                SUMS + 1 + state * wide,
                f"Those that do not {self.contract.book.outcome}; what these owe",
                HEAD,
            )
        for k, line in enumerate(sums.lines):
            sheet.text(self._people_at + k, SUMS, line.label)
            for state, own in enumerate((line.base, line.now)):
                at = SUMS + 1 + state * wide
                sheet.number(self._people_at + k, at, own.staying)
                for corner, owed in enumerate(own.owing.tolist()):
                    sheet.number(self._people_at + k, at + 1 + corner, owed)

    # ---- formulas -------------------------------------------------------------------------------------------------

    def _block(self, line: int, state: int, kind: int) -> str:
        deep, corners = len(self.sums.classes), self.sums.corners
        row = self._sums_at + line * deep
        at = SUMS + 1 + state * (KINDS * corners + 1) + kind * corners
        return cells_between((row, at), (row + deep - 1, at + corners - 1))

    def _formula(self, line: int, state: int, measure: Measure) -> str:
        """A measure of a line in a state."""
        own = self.states[state]
        product_ = {kind: f"SUMPRODUCT({self._block(line, state, kind)}*{own.weights})" for kind in (0, 1)}
        of_lgd = {kind: f"SUMPRODUCT({self._block(line, state, kind)}*{own.weights}*{own.lgd})" for kind in (1, 2, 3)}
        at, row = SUMS + 1 + state * (KINDS * self.sums.corners + 1), self._people_at + line
        owing = f"SUMPRODUCT({cells_between((row, at + 1), (row, at + self.sums.corners))}*{own.weights})"
        counted = {
            "exposure": product_[0],
            "pd": f"IF({product_[0]}=0,{text_literal(NONE)},{product_[1]}/{product_[0]})",
            "loss": of_lgd[1],
        }
        if not self.contract.in_money:
            return counted[measure]
        years = f"{own.assumed['margin_months']}/12"
        rate = f"({own.assumed['apr']}-{own.assumed['funding']})"
        margin = f"({years}*({rate}*{owing}-{own.assumed['opex']}*{cell(row, at)})-{of_lgd[2]})"
        return {
            **counted,
            "loss_bps": f"IF({product_[0]}=0,{text_literal(NONE)},10000*{of_lgd[1]}/{product_[0]})",
            "net_loss": of_lgd[2],
            "capital": of_lgd[3],
            "margin": margin,
            "return_on_capital": f"IF({of_lgd[3]}=0,{text_literal(NONE)},{margin}/({years})/{of_lgd[3]})",
        }[measure]

    def _write(self, row: int, column: int, *, line: int, state: int, measure: Measure, style: Style = RIGHT) -> None:
        value = (self.sums.lines[line].base, self.sums.lines[line].now)[state].totals.measure(measure)
        shown: Value = NONE if np.isnan(value) else value
        look = {**style, "num_format": measure_format(self.contract, measure)}
        self.sheet.formula(row, column, self._formula(line, state, measure), shown, look)

    # ---- the whole book -------------------------------------------------------------------------------------------

    def _measures(self) -> None:
        sheet = self.sheet
        self.row += 1
        sheet.text(self.row, LABEL, "The whole book", HEAD)
        heads = (
            "As the book is",
            "Scenario",
            "Change",
            "Limit",
            "Headroom",
            "It",
            "Computed, base",
            "Computed, now",
        )
        sheet.texts(self.row, BASE, (*heads, "Off by"), HEAD_RIGHT)
        for measure in self.contract.measures:
            self.row += 1
            self._measure(measure)
        self.row += 2

    def _measure(self, measure: Measure) -> None:
        sheet, row, stress = self.sheet, self.row, self.result.scenario
        style = measure_format(self.contract, measure)
        sheet.text(row, LABEL, measure_label(self.contract, measure))
        for state, column in enumerate((BASE, NOW)):
            self._write(row, column, line=0, state=state, measure=measure, style={**RIGHT, **STRONG})
            name = f"{STATES[state]}_book_measure_{measure}"
            self.measured[state, measure] = self.tables.named(name, cell(row, column, BOOK))
        base, now = cell(row, BASE), cell(row, NOW)
        before, after = (each.measure(measure) for each in (self.result.base, self.result.now))
        signed = f"+{style};-{style};{style}"
        sheet.formula(row, CHANGE, f"{now}-{base}", after - before, {**RIGHT, "num_format": signed})
        limit, appetite = limit_of(self.contract, stress, measure)
        if appetite is not None:
            sheet.number(row, LIMIT, limit, {**INPUT, "num_format": style})
            self.limits[measure] = self.tables.named(f"book_limit_{measure}", cell(row, LIMIT, BOOK))
            told = f"The board's limit: {appetite.sense} this."
            sheet.input_range(row, LIMIT, (-1e15, 1e15), title="Limit", message=told)
            sign = 1 if appetite.sense == "at most" else -1
            own = cell(row, LIMIT)
            gap = f"{own}-{now}" if sign > 0 else f"{now}-{own}"
            sheet.formula(row, HEADROOM, gap, sign * (limit - after), {**RIGHT, "num_format": style})
            test = f"IF({now}{'<=' if sign > 0 else '>='}{own},{text_literal(HOLDING)},{text_literal(BROKEN)})"
            sheet.formula(row, HOLDS, test, HOLDING if within(appetite, after, limit) else BROKEN, RIGHT)
        grey: Style = {**RIGHT, "font_color": "#5A6472", "num_format": style}
        for column, value in ((SAID_BASE, before), (SAID_NOW, after)):
            sheet.number(row, column, value, grey)
        gaps = [
            f"({ours}-{cell(row, said)})/MAX(ABS({cell(row, said)}),1E-300)"
            for ours, said in ((base, SAID_BASE), (now, SAID_NOW))
        ]
        text = f"IF({self.moved()},{text_literal('moved')},ROUND(ABS({gaps[0]})+ABS({gaps[1]}),{DIGITS}))"
        sheet.formula(row, OFF_BY, text, 0, CHECK)
        self.checks.append(cell(row, OFF_BY, BOOK))

    def moved(self, *states: int) -> str:
        """The condition that an assumption is not as it was made, in these states or in either."""
        wanted = states or (0, 1)
        parts = [
            f"{called}<>{self.assumed[state][name]!r}"
            for state in wanted
            for name, called in self.states[state].assumed.items()
            if name not in self.sums.held
        ]
        if any(self.overlay):
            row = self._overlay_row
            parts += [f"{cell(row, (BASE, NOW)[k], BOOK)}<>{self.overlay[k]!r}" for k in wanted]
        return f"OR({','.join(parts)})"

    # ---- where it sits --------------------------------------------------------------------------------------------

    def _lines(self) -> None:
        sheet, contract = self.sheet, self.contract
        shown = [each for each in OF_LINES if each in contract.measures]
        sheet.text(self.row, LABEL, "Where it sits", HEAD)
        sheet.height(self.row, 32)
        of = "Loss" if contract.in_money else label(contract, "loss")
        first = (f"{of}, as it is", *(label(contract, each) for each in shown))
        sheet.texts(self.row, BASE, (capitalised(contract.book.records), *first), HEAD_RIGHT)
        self.row += 1
        group, totals = "", dict[str, list[int]]()
        for k, line in enumerate(self.sums.lines):
            if line.group != group:
                group = line.group
                sheet.text(self.row, LABEL, group, PART)
                self.row += 1
            totals.setdefault(group, []).append(self.row)
            self._line(k, line, shown)
            self.row += 1
        loss = BASE + 2 + shown.index("loss")
        self._adds_up(totals, loss)

    def _line(self, k: int, line: BookLine, shown: Sequence[Measure]) -> None:
        sheet = self.sheet
        sheet.text(self.row, LABEL, line.label, STRONG if not line.group else {"indent": 1, "align": "left"})
        sheet.number(self.row, BASE, line.base.totals.customers, {**RIGHT, "num_format": "#,##0"})
        self._write(self.row, BASE + 1, line=k, state=0, measure="loss")
        for column, measure in enumerate(shown, BASE + 2):
            self._write(self.row, column, line=k, state=1, measure=measure)

    def _adds_up(self, totals: dict[str, list[int]], column: int) -> None:
        """The bands of each segment add up to the book."""
        whole = cell(totals[""][0], column)
        self.row += 1
        self.sheet.text(self.row, LABEL, "Bands less the whole book", NOTE)
        gaps = [
            f"ABS(SUM({cells_between((rows[0], column), (rows[-1], column))})/{whole}-1)"
            for group, rows in totals.items()
            if group
        ]
        if gaps:
            self.sheet.formula(self.row, BASE, f"ROUND({'+'.join(gaps)},{DIGITS})", 0, CHECK)
            self.checks.append(cell(self.row, BASE, BOOK))
        self.row += 1


def measure_label(contract: Contract, measure: Measure) -> str:
    """What a row of the whole book's measures is called."""
    told = label(contract, measure)
    told = unit_label(told, contract.book.currency) if measure in AMOUNTS else told
    return told if measure == "margin" else f"{told}, {horizon(contract, BookScenario(), measure)}"


def measure_format(contract: Contract, measure: Measure) -> str:
    """How a measure is shown."""
    if measure in AMOUNTS:
        return number_format(contract.book.currency) if contract.in_money else "#,##0.0"
    return "#,##0" if measure == "loss_bps" else "0.0%"
