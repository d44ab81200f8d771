"""The sheet Customer, its right: what the deployed model says of both records, why, and what changed."""

from collections.abc import Sequence

import numpy as np

from model.export.workbook.customer import (
    BASE_TITLE,
    CUSTOMER,
    FACTOR,
    FIRST,
    HEADS,
    LGD_PLUS,
    OWN_TITLE,
    PD_TIMES,
    SHIFT,
    WIDTHS,
    CustomerInputs,
    RecordColumn,
)
from model.export.workbook.formulas import in_cells
from model.export.workbook.sheets import (
    CHECK,
    HEAD,
    HEAD_RIGHT,
    NOTE,
    PART,
    RIGHT,
    SENTENCE,
    STRONG,
    Style,
    cell,
    cells_between,
    number_format,
    text_literal,
)
from model.export.workbook.tables import NO_VALUE
from model.finance.scorecard import ROUNDING
from model.report.language import decided, unit_label
from model.whatif.book.scored import RARE
from model.whatif.customer.decision import score_scale
from model.whatif.customer.scenario import CUTOFF

SAYS, OF_BASE, OF_OWN, CHANGE, SERVICE, OFF_BY = range(7, 13)  # columns of what is answered
MORE_WIDTHS = (2, 46, 22, 22, 13, 17, 10)
NO_ANSWER, MOVED = "–", "moved"
PERCENT, WHOLE, TENTH, EXACT = "0.0%", "0", "0.0", "0.0000"
DIGITS = 9  # after the point, to which what a sheet says and what the service said are the same


class CustomerAnswers:
    """The right of the sheet as it is written; ``checks`` are the cells that show 0."""

    def __init__(self, inputs: CustomerInputs) -> None:
        self.inputs, self.sheet, self.tables = inputs, inputs.sheet, inputs.tables
        self.contract, self.columns, self.row = inputs.contract, inputs.columns, FIRST
        self.checks: list[str] = []
        self.money = number_format(self.contract.book.currency)
        self.sheet.widths((*WIDTHS, *MORE_WIDTHS))
        self.sheet.text(HEADS, SAYS, "The deployed model says", HEAD)
        self.sheet.texts(HEADS, OF_BASE, (BASE_TITLE, OWN_TITLE, "Change", "Service, as made", "Off by"), HEAD_RIGHT)
        self.read = [
            self.tables.add(each.read, k, prefix=each.prefix, title=each.title, cells=each.fields)
            for k, each in enumerate(self.columns)
        ]
        self._probability()
        self._money()
        self._reasons()
        self._given()
        self._sentence()
        last = max(self.row, self.inputs.row) - 1, OFF_BY
        self.sheet.page(last, frozen=(FIRST, 1), heads=FIRST)

    # ---- rows -----------------------------------------------------------------------------------------------------

    def _figures(
        self,
        label: str,
        formulas: Sequence[str],
        values: Sequence[float],
        style: str,
        *,
        name: str = "",
        said: bool = True,
    ) -> list[str]:
        """A row of numbers of both records, each where its record can be, with the change, and for one's own numbers
        how far they are from what the service ``said``; the cells of both."""
        shown: Style = {**RIGHT, "num_format": style}
        cells = self._both(label, formulas, values, shown, name)
        base, own = cells
        change = (
            f"IF(ISNUMBER({base}),IF(ISNUMBER({own}),{own}-{base},{text_literal(NO_ANSWER)}),{text_literal(NO_ANSWER)})"
        )
        signed = {**RIGHT, "num_format": f"+{style};-{style};{style}"}
        self.sheet.formula(self.row, CHANGE, change, values[1] - values[0], signed)
        if said:
            self.sheet.number(self.row, SERVICE, values[1], {**shown, "font_color": "#5A6472"})
            self._check(
                f"IF({self.inputs.moved}=0,ROUND({own}-{cell(self.row, SERVICE)},{DIGITS}),{text_literal(MOVED)})"
            )
        self.row += 1
        return cells

    def _check(self, formula: str) -> None:
        self.sheet.formula(self.row, OFF_BY, formula, 0, CHECK)
        self.checks.append(cell(self.row, OFF_BY, CUSTOMER))

    def _both(
        self, label: str, formulas: Sequence[str], values: Sequence[float | str], style: Style, name: str = ""
    ) -> list[str]:
        self.sheet.text(self.row, SAYS, label)
        cells = []
        for each, column, formula, value in zip(self.columns, (OF_BASE, OF_OWN), formulas, values, strict=True):
            text = f"IF({each.faults}=0,{formula},{text_literal(NO_ANSWER)})"
            self.sheet.formula(self.row, column, text, value, style)
            place = cell(self.row, column, CUSTOMER)
            cells.append(self.tables.named(f"{each.prefix}_{name}", place) if name else cell(self.row, column))
        return cells

    def _part(self, title: str) -> None:
        self.row += 1
        self.sheet.text(self.row, SAYS, title, PART)
        self.row += 1

    # ---- what it says ---------------------------------------------------------------------------------------------

    def _probability(self) -> None:
        book, decisions = self.contract.book, [each.numbers.decision for each in self.columns]
        self.pd = self._figures(
            book.probability,
            [_pd(each, own.margin, self.inputs.under) for each, own in zip(self.columns, self.read, strict=True)],
            [each.pd for each in decisions],
            PERCENT,
            name="pd",
        )
        log_odds = [
            _log_odds(each, own.margin, after, self.inputs.under)
            for each, own, after in zip(self.columns, self.read, self.pd, strict=True)
        ]
        even, points = self.tables.names["points_even"], self.tables.names["points_each"]
        self.exact = self._figures(
            "Score, exact",
            [f"{even}-{points}*({each})" for each in log_odds],
            [each.score for each in decisions],
            EXACT,
            name="exact_score",
        )
        whole = [float(np.floor(each.score + ROUNDING)) for each in decisions]
        formulas = [f"INT({each}+{ROUNDING:.9f})" for each in self.exact]
        self.score = self._figures("Score, whole points", formulas, whole, WHOLE, name="score")
        told = [decided(self.contract, granted) for granted in (True, False)]
        formulas = [
            f"IF({_reached(each, score)},{text_literal(told[0])},{text_literal(told[1])})"
            for each, score in zip(self.columns, self.exact, strict=True)
        ]
        values = [told[0] if each.granted else told[1] for each in decisions]
        self._both(f"This {book.record} is", formulas, values, {**RIGHT, **STRONG}, "decision")
        self.row += 1

    def _money(self) -> None:
        if not self.contract.in_money:
            return
        contract, decisions = self.contract, [each.numbers.decision for each in self.columns]
        currency = contract.book.currency
        found = {name: [self._exposure(each, name) for each in self.columns] for name in ("ead", "lgd", "own_share")}
        ead = self._figures(
            unit_label("Exposure at default", currency),
            found["ead"],
            [each.ead for each in decisions],
            self.money,
            name="ead",
        )
        exposed = [contract.exposures(each.numbers.raw, each.numbers.assumptions) for each in self.columns]
        lgds = [
            float(np.clip(np.broadcast_to(each.lgd, 1)[0] + own.numbers.outside[LGD_PLUS], 0, 1))
            for each, own in zip(exposed, self.columns, strict=True)
        ]
        lgd = self._figures("Loss given default", found["lgd"], lgds, PERCENT, name="lgd")
        lost = [f"{pd}*{rate}*{at_risk}" for pd, rate, at_risk in zip(self.pd, lgd, ead, strict=True)]
        loss = self._figures(
            unit_label(f"Expected loss, over {contract.book.pd_horizon}", currency),
            lost,
            [each.expected_loss for each in decisions],
            self.money,
            name="loss",
        )
        if contract.guaranteed:
            net = [f"{each}*({share})" for each, share in zip(loss, found["own_share"], strict=True)]
            label = unit_label("Of it borne by the bank itself", currency)
            self._figures(label, net, [each.net_loss for each in decisions], self.money, name="net_loss")

    def _exposure(self, column: RecordColumn, name: str) -> str:
        text = getattr(self.contract.exposure, name)
        found = in_cells(self.contract.spelled(text), column.operands(self.contract), self.tables.look_up).text
        if name == "lgd" and self.inputs.under:
            return f"MIN(MAX({found}+{column.assumed[LGD_PLUS]},0),1)"
        return found

    # ---- why ------------------------------------------------------------------------------------------------------

    def _reasons(self) -> None:
        contract, points = self.contract, self.tables.names["points_each"]
        self._part("Why, in score points")
        base_score = score_scale(contract).score(self.tables.scorer.shapley.base)
        average = f"{self.tables.names['points_even']}-{points}*{self.tables.names['average']}"
        first = self.row
        background = self.tables.scorer.shapley.background
        self._figures(f"Score of {background}", [average, average], [base_score, base_score], TENTH, said=False)
        begins = self.row
        for concept in contract.concepts:
            own = [k for k, each in enumerate(contract.inputs) if each.concept == concept.name]
            self._concept(concept.label, [[read.reasons[k] for k in own] for read in self.read], own)
        if self.inputs.under:
            self._outside()
        self.sheet.bars((begins, OF_BASE), (self.row - 1, CHANGE))
        self._sums(first)

    def _concept(self, label: str, cells: Sequence[Sequence[str]], inputs: Sequence[int]) -> None:
        points = self.tables.names["points_each"]
        factor = score_scale(self.contract).factor
        formulas = [f"-{points}*({'+'.join(own) or '0'})" for own in cells]
        values = [-factor * float(each.read.reasons[inputs].sum()) for each in self.columns]
        self._figures(label, formulas, values, TENTH, said=False)

    def _outside(self) -> None:
        """What a scenario of the book adds to the score outside the model."""
        points, scale = self.tables.names["points_each"], score_scale(self.contract)
        even = self.tables.names["points_even"]
        formulas = [f"{score}-({even}-{points}*{own.margin})" for score, own in zip(self.exact, self.read, strict=True)]
        values = [each.numbers.decision.score - scale.score(each.read.margin) for each in self.columns]
        self._figures("Economy and overlay", formulas, values, TENTH, said=False)

    def _sums(self, first: int) -> None:
        """The average and the reasons add up to the score."""
        sums = [f"SUM({cells_between((first, column), (self.row - 1, column))})" for column in (OF_BASE, OF_OWN)]
        values = [each.numbers.decision.score for each in self.columns]
        row = self.row
        cells = self._figures("Together, the score", sums, values, TENTH, said=False)
        self.row = row
        gaps = [
            f"IF(ISNUMBER({own}),ROUND({own}-{score},{DIGITS}),0)" for score, own in zip(self.exact, cells, strict=True)
        ]
        self._check("+".join(gaps))
        self.row += 1

    # ---- what it is given -----------------------------------------------------------------------------------------

    def _given(self) -> None:
        """What the model is given, and each input's reason."""
        points, factor = self.tables.names["points_each"], score_scale(self.contract).factor
        self._part("What the model is given")
        self.sheet.texts(self.row - 1, OF_BASE, (BASE_TITLE, OWN_TITLE, "Points", "Points, base"), HEAD_RIGHT)
        begins = self.row
        base, own = self.read
        for k, each in enumerate(self.contract.inputs):
            style = {**RIGHT, "num_format": number_format(each.unit)}
            values = [self._value(k, column) for column in self.columns]
            formulas = [self._shown(k, read.values[k]) for read in (base, own)]
            self._both(each.label if each.codes else unit_label(each.label, each.unit), formulas, values, style)
            for column, read, record in zip((CHANGE, SERVICE), (own, base), self.columns[::-1], strict=True):
                formula = f"IF({record.faults}=0,-{points}*{read.reasons[k]},{text_literal(NO_ANSWER)})"
                reason = -factor * float(record.read.reasons[k])
                self.sheet.formula(self.row, column, formula, reason, {**RIGHT, "num_format": TENTH})
            self.row += 1
        self.sheet.bars((begins, CHANGE), (self.row - 1, SERVICE))

    def _value(self, k: int, column: RecordColumn) -> float | str:
        each, value = self.contract.inputs[k], float(column.read.inputs[k])
        if np.isnan(value):
            return each.missing or NO_VALUE
        return each.codes.get(round(value), value)

    def _shown(self, k: int, place: str) -> str:
        """An input's value, in the words of its code where it has codes."""
        each = self.contract.inputs[k]
        if not each.codes:
            return place
        codes = self._codes(k)
        return f"IFERROR(INDEX({codes[1]},MATCH({place},{codes[0]},0)),{place})"

    def _codes(self, k: int) -> tuple[str, str]:
        each = self.contract.inputs[k]
        known: dict[int, tuple[str, str]] = self.__dict__.setdefault("_lists", {})
        if k not in known:
            known[k] = (
                self.tables.listed(f"{each.label}: code", list(map(float, each.codes)), f"input_codes_{each.name}"),
                self.tables.worded(f"{each.label}: meaning", list(each.codes.values()), f"input_words_{each.name}"),
            )
        return known[k]

    def _sentence(self) -> None:
        """The first line: what comes of one's own numbers."""
        book, own = self.contract.book, self.columns[1]
        begins, tail = f"This {book.record} scores ", f" of 100 {book.records} like this {book.outcome}."
        verdict = f"IF({_reached(own, self.exact[1])},{text_literal(book.granted)},{text_literal(book.declined)})"
        about = ". About "
        told = (
            f"{text_literal(begins)}&{self.score[1]}&{text_literal(', and ')}&{verdict}&{text_literal(about)}"
            f"&INT(ROUND(100*{self.pd[1]},1)+0.5)&{text_literal(tail)}"
        )
        wrong = f"{own.faults}&{text_literal(' of your own numbers cannot be: the column Means says which.')}"
        decision = own.numbers.decision
        words = book.granted if decision.granted else book.declined
        score, share = int(np.floor(decision.score + ROUNDING)), int(round(100 * decision.pd, 1) + 0.5)
        text = f"{begins}{score}, and {words}{about}{share}{tail}"
        self.sheet.merged((1, 0), (1, OFF_BY), SENTENCE)
        self.sheet.formula(1, 0, f"IF({own.faults}=0,{told},{wrong})", text, SENTENCE)
        self.sheet.height(0, 24)
        self.sheet.height(1, 20)
        note = "Off by: 0 as long as your own numbers are as they were made."
        self.sheet.text(2, SAYS, note, NOTE)


def _reached(column: RecordColumn, score: str) -> str:
    """The condition that a score reaches the cut-off, rounding forgiven."""
    return f"{score}+{ROUNDING:.9f}>={column.assumed[CUTOFF]}"


def _pd(column: RecordColumn, margin: str, under: bool) -> str:
    """The probability of log-odds, after economy and overlay where the record stands ``under`` a scenario."""
    if not under:
        return f"1/(1+EXP(-{margin}))"
    own = column.assumed
    plain, r = f"1/(1+EXP(-({margin}+{own[SHIFT]})))", own["correlation"]
    bent = f"NORMSDIST(NORMSINV({plain})-SQRT({r}/(1-{r}))*{own[FACTOR]})"
    return f"MIN(IF({own[FACTOR]}=0,{plain},{bent})*{own[PD_TIMES]},1)"


def _log_odds(column: RecordColumn, margin: str, pd: str, under: bool) -> str:
    """What a score is made of: see `model.whatif.book.scored.log_odds_after`."""
    if not under:
        return margin
    own, within = column.assumed, f"MIN(MAX({pd},{RARE:.6f}),{1 - RARE:.6f})"
    plain = f"{margin}+{own[SHIFT]}"
    return f"IF(AND({own[FACTOR]}=0,{own[PD_TIMES]}=1),{plain},LN({within})-LN(1-{within}))"
