"""The sheet Sample: a thousand customers of the book with weights, drawn by segment and score band. What follows from
assumptions is reckoned for each of them by formula, and their weighted totals stand beside the exact ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract, Input, Measure, capitalised
from model.export.workbook.book import BookSheet, measure_format, measure_label
from model.export.workbook.sheets import (
    CHECK,
    HEAD,
    HEAD_RIGHT,
    LINE,
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
    column_name,
    number_format,
)
from model.export.workbook.sums import BookSums, score_bands
from model.export.workbook.tables import NO_VALUE
from model.finance.scorecard import reaches, whole_points
from model.report.language import band_label, decided, records_heading, unit_label
from model.whatif.book import segments
from model.whatif.book.result import BookResult
from model.whatif.book.sample import SEED, Sample, draw_sample
from model.whatif.customer.decision import score_scale

SAMPLE = "Sample"
SIZE = 1000
TOTALS, FIRST = 5, 13  # rows: the heads of the totals, the first customer
TOTALLED: tuple[Measure, ...] = ("exposure", "pd", "loss")
STATES = ("as the book is", "scenario")
ANSWERS = {
    "pd": "PD",
    "score": "Score",
    "decision": "Decision",
    "ead": "Exposure at default",
    "lgd": "Loss given default",
    "loss": "Expected loss",
}
COUNTED_ANSWERS = ANSWERS | {"ead": "Counts", "lgd": "Share of it that counts", "loss": "Expected defaults"}
EXACT_DIGITS = 15  # of a number that a spreadsheet keeps
NOTES = (
    "What is said of each is exact; weighted totals are estimates: Off by says how far they are from the whole book.",
    "Exposure and loss follow the assumptions of the sheet Book; a probability is as it was computed.",
)


@dataclass(frozen=True, eq=False)
class SampledState:
    """The customers of a sample in one state, each (k,) but ``corners`` (corners, k): ``pd`` after all layers, exposure
    at default at the ends of the ranges that it moves along, and as it is, ``score`` in points, expected loss."""

    pd: Array
    corners: Array
    ead: Array
    score: Array
    loss: Array


@dataclass(frozen=True, eq=False)
class SampledBook:
    """A sample of a book under a scenario: ``ids`` (k,), ``bands``: of each segment and of the score what each customer
    is in, by its title; ``inputs`` (inputs, k) as the book is, ``kinds`` (k,) of loss given default; ``states``: as the
    book is and under the scenario."""

    sample: Sample
    ids: NDArray[np.int64]
    bands: dict[str, list[str]]
    inputs: Array
    kinds: NDArray[np.intp]
    states: tuple[SampledState, SampledState]

    @classmethod
    def of(cls, result: BookResult, sums: BookSums, size: int = SIZE) -> "SampledBook":
        """A sample drawn by the first segment and the score band of the book as it is: the same under any scenario."""
        contract, whole = result.contract, result.whole
        own, labels = score_bands(result)
        found = {each: segments.bands(whole, each) for each in contract.segments}
        strata = own if not found else next(iter(found.values())).astype(np.int64) * (len(labels) + 1) + own
        drawn = draw_sample(np.asarray(strata, np.int64), result.rows[0].loss, size)
        sample, rows = replace(drawn, weights=drawn.weights * whole.each), drawn.rows
        bands = {
            each.label: [band_label(contract, each, band) for band in of_all[rows].tolist()]
            for each, of_all in found.items()
        }
        bands["Score band"] = [labels[band] for band in own[rows].tolist()]
        raw = np.ascontiguousarray(whole.raw[:, rows])
        states = [_state(result, k, rows, sums.straight) for k in range(len(result.layers))]
        return cls(sample, whole.ids[rows], bands, contract.derive(raw), sums.which[rows], (states[0], states[1]))

    def weighted(self, state: int, measure: Measure) -> float:
        """The weighted total of exposure, loss or PD by exposure."""
        own, weights = self.states[state], self.sample.weights
        owed = float(weights @ own.ead)
        if measure == "pd":
            return float(weights @ (own.pd * own.ead)) / owed if owed else 0.0
        return float(weights @ own.loss) if measure == "loss" else owed


def _state(result: BookResult, k: int, rows: NDArray[np.intp], straight: Sequence[str]) -> SampledState:
    """Customers by their ``rows`` in one state of a result, with their exposure at the ends of the ranges of what that
    is a ``straight`` line in."""
    layers, found, part = result.layers[k], result.rows[k], result.whole.part(rows)
    ends = [(each.minimum, each.maximum) for each in map(result.contract.assumption, straight)]
    corners = []
    for values in product(*ends):
        own = dict(layers.assumptions) | dict(zip(straight, values, strict=True))
        corners.append(part.rows(replace(layers, assumptions=tuple(own.items()))).ead)
    score = np.asarray(score_scale(result.contract).score(part.log_odds(layers)))
    ead, loss = (values[rows] / found.each for values in (found.ead, found.loss))  # of one customer
    return SampledState(found.pd[rows], np.array(corners), ead, score=score, loss=loss)


class SampleSheet:
    """The sheet as it is written, beside the sheet ``book``; ``checks`` are the cells that show 0."""

    def __init__(self, sheet: Sheet, book: BookSheet, sampled: SampledBook) -> None:
        self.sheet, self.book, self.sampled = sheet, book, sampled
        self.contract: Contract = book.contract
        self.last = FIRST + len(sampled.ids) - 1
        self.checks: list[str] = []
        self.weight_at = 1 + len(sampled.bands)
        answers_at = self.weight_at + 1 + len(self.contract.inputs)
        self.kinds_at = answers_at + len(STATES) * len(ANSWERS) + 1
        self._head()
        self._customers()
        self._inputs()
        self.places = [self._answers(k, answers_at + k * len(ANSWERS)) for k in range(len(STATES))]
        self._parts()
        self._totals()
        sheet.widths((36, *[16] * (self.kinds_at - 2), 3))
        sheet.page((TOTALS + len(TOTALLED) + 1, 3 * len(STATES)), frozen=(FIRST, 1))

    def _head(self) -> None:
        sheet, book, count = self.sheet, self.contract.book, len(self.sampled.ids)
        by = " and ".join((*(each.label.lower() for each in self.contract.segments[:1]), "score band"))
        sheet.text(0, 0, f"{book.title}: {count:,} {book.records} with weights", TITLE)
        sheet.height(0, 24)
        told = f"Drawn by {by} of the book as it is, seed {SEED}, so that it is the same under any scenario."
        sheet.text(1, 0, f"{told} A weight says for how many {book.records} one stands.")
        for row, note in enumerate(NOTES if self.contract.in_money else NOTES[:1], 2):
            sheet.text(row, 0, note, NOTE)
        sheet.height(FIRST - 1, 3 * LINE)

    # ---- columns --------------------------------------------------------------------------------------------------

    def _texts(self, column: int, title: str, values: Sequence[str]) -> None:
        self.sheet.text(FIRST - 1, column, title, HEAD)
        for row, value in enumerate(values, FIRST):
            self.sheet.text(row, column, value)

    def _numbers(self, column: int, title: str, values: Sequence[Value], style: str) -> None:
        """A column of numbers, some of which may be words."""
        self.sheet.text(FIRST - 1, column, title, HEAD_RIGHT)
        look: Style = {**RIGHT, "num_format": style}
        for row, value in enumerate(values, FIRST):
            if isinstance(value, str):
                self.sheet.text(row, column, value, RIGHT)
            else:
                self.sheet.number(row, column, value, look)

    def _formulas(self, column: int, title: str, formulas: Iterable[str], values: Array, style: str) -> None:
        self.sheet.text(FIRST - 1, column, title, HEAD_RIGHT)
        look: Style = {**RIGHT, "num_format": style}
        for row, (formula, value) in enumerate(zip(formulas, values.tolist(), strict=True), FIRST):
            self.sheet.formula(row, column, formula, value, look)

    def _column(self, column: int) -> str:
        """The cells of a column, all customers."""
        return cells_between((FIRST, column), (self.last, column))

    # ---- who they are ---------------------------------------------------------------------------------------------

    def _customers(self) -> None:
        found, numbers = self.sampled, self.sampled.ids.tolist()
        title = f"{capitalised(self.contract.book.record)} number"
        if max(map(abs, numbers)) < 10**EXACT_DIGITS:
            self._numbers(0, title, numbers, "0")
        else:
            self._texts(0, title, list(map(str, numbers)))
        for column, (name, bands) in enumerate(found.bands.items(), 1):
            self._texts(column, name, bands)
        self._numbers(self.weight_at, "Weight", found.sample.weights.tolist(), "0.00")

    def _inputs(self) -> None:
        """What the model is given of each."""
        self.sheet.text(FIRST - 2, self.weight_at + 1, "What the model is given, as the book is", PART)
        for k, each in enumerate(self.contract.inputs):
            title = each.label if each.codes else unit_label(each.label, each.unit)
            values = [_shown(each, value) for value in self.sampled.inputs[k].tolist()]
            self._numbers(self.weight_at + 1 + k, title, values, number_format(each.unit))

    # ---- what is said of them -------------------------------------------------------------------------------------

    def _answers(self, state: int, column: int) -> Mapping[str, int]:
        """PD, score and decision as the model says, exposure, loss given default and expected loss by formula; the
        columns of each."""
        found, contract, book = self.sampled.states[state], self.contract, self.book
        answers = ANSWERS if contract.in_money else COUNTED_ANSWERS
        places = {name: column + k for k, name in enumerate(answers)}
        titled = {name: f"{title}, {STATES[state]}" for name, title in answers.items()}
        money = number_format(contract.book.currency) if contract.in_money else "0.0000"
        rows = range(FIRST + 1, self.last + 2)
        self.sheet.text(FIRST - 2, column, STATES[state].capitalize(), PART)
        self._numbers(places["pd"], titled["pd"], found.pd.tolist(), "0.0%")
        self._numbers(places["score"], titled["score"], whole_points(found.score).tolist(), "0")
        granted = reaches(found.score, contract.score.cutoff).tolist()
        self._texts(places["decision"], titled["decision"], [decided(contract, each) for each in granted])
        pd, ead, lgd, kind = (column_name(each) for each in (*(places[k] for k in ("pd", "ead", "lgd")), self.kinds_at))
        first, last = (column_name(each) for each in self._corners(state))
        called, rates = book.states[state], np.array(book.lgds[state])[self.sampled.kinds]
        owed = (f"SUMPRODUCT({first}{row}:{last}{row}*{called.weights})" for row in rows)
        self._formulas(places["ead"], titled["ead"], owed, found.ead, money)
        self._formulas(
            places["lgd"], titled["lgd"], (f"INDEX({called.lgd},{kind}{row})" for row in rows), rates, "0.0%"
        )
        lost = (f"{pd}{row}*{ead}{row}*{lgd}{row}" for row in rows)
        self._formulas(places["loss"], titled["loss"], lost, found.loss, money)
        return places

    def _corners(self, state: int) -> tuple[int, int]:
        """The first and the last column of the exposure at the ends of ranges."""
        count = self.book.sums.corners
        return self.kinds_at + 1 + state * count, self.kinds_at + (state + 1) * count

    def _parts(self) -> None:
        """What the formulas are made of."""
        self.sheet.text(FIRST - 2, self.kinds_at, "What the formulas are made of", PART)
        self._numbers(self.kinds_at, "Kind of loss given default", (self.sampled.kinds + 1).tolist(), "0")
        for state, found in enumerate(self.sampled.states):
            for k, values in enumerate(found.corners.tolist()):
                title = f"Exposure at end {k + 1}, {STATES[state]}"
                self._numbers(self._corners(state)[0] + k, title, values, "#,##0")

    # ---- beside the whole book ------------------------------------------------------------------------------------

    def _totals(self) -> None:
        """The weighted totals beside the exact ones of the sheet Book."""
        sheet, weights = self.sheet, self._column(self.weight_at)
        sheet.text(TOTALS, 0, "Weighted totals", HEAD)
        sheet.height(TOTALS, 2 * LINE)
        for state, title in enumerate(STATES):
            heads = (f"The whole book, {title}", f"Of the sample, {title}", "Off by")
            sheet.texts(TOTALS, 1 + 3 * state, heads, HEAD_RIGHT)
        row, n = TOTALS + 1, self.book.result.whole.n * self.book.result.whole.each
        sheet.text(row, 0, records_heading(self.contract))
        sheet.number(row, 1, n, {**RIGHT, "num_format": "#,##0"})
        sheet.formula(row, 2, f"SUM({weights})", float(n), {**RIGHT, "num_format": "#,##0"})
        sheet.formula(row, 3, f"ROUND({cell(row, 2)}-{cell(row, 1)},6)", 0, CHECK)
        self.checks.append(cell(row, 3, SAMPLE))
        for k, measure in enumerate(TOTALLED, row + 1):
            sheet.text(k, 0, measure_label(self.contract, measure))
            for state in range(len(STATES)):
                self._total(k, state, measure)

    def _total(self, row: int, state: int, measure: Measure) -> None:
        sheet, places, weights = self.sheet, self.places[state], self._column(self.weight_at)
        pd, ead, loss = (self._column(places[name]) for name in ("pd", "ead", "loss"))
        owed = f"SUMPRODUCT({weights}*{ead})"
        formula = {
            "exposure": owed,
            "pd": f"IF({owed}=0,0,SUMPRODUCT({weights}*{pd}*{ead})/{owed})",
            "loss": f"SUMPRODUCT({weights}*{loss})",
        }[measure]
        totals = (self.book.result.base, self.book.result.now)[state]
        exact, weighted = totals.measure(measure), self.sampled.weighted(state, measure)
        column, look = 1 + 3 * state, {**RIGHT, "num_format": measure_format(self.contract, measure)}
        sheet.formula(row, column, self.book.measured[state, measure], exact, look)
        sheet.formula(row, column + 1, formula, weighted, {**look, **STRONG})
        own, whole = cell(row, column + 1), cell(row, column)
        off = f"IF(ISNUMBER({whole}),IF({whole}=0,0,{own}/{whole}-1),0)"
        value = weighted / exact - 1 if exact else 0.0
        sheet.formula(row, column + 2, off, value, {**RIGHT, "num_format": "+0.00%;-0.00%;0.00%"})


def _shown(given: Input, value: float) -> Value:
    """An input's value, in the words of its code where it has codes."""
    if np.isnan(value):
        return given.missing or NO_VALUE
    return given.codes.get(round(value), value)
