"""The sheet Customer, its left: two records to put in, the base and one's own numbers, each cell held to what is
allowed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from data.arrays import Array
from data.contract import Contract, Field, bounds
from model.export.workbook.formulas import CellFormula, in_cells
from model.export.workbook.sheets import (
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
    cell,
    cells_between,
    number_format,
    text_literal,
)
from model.export.workbook.tables import TABLES, ReadRecord, TablesSheet, operands_of
from model.report.language import unit_label
from model.scoring.values import allowed
from model.whatif.book.scenario import Layers
from model.whatif.customer.decision import Decision
from model.whatif.customer.scenario import CUTOFF, CUTOFF_RANGE

CUSTOMER = "Customer"
LABEL, BASE, OWN, LOWEST, HIGHEST, MEANS = range(6)  # columns of what is put in
WIDTHS = (34, 13, 13, 10, 10, 26)
HEADS = 4  # the row of the headings
FIRST = HEADS + 1  # of the first field
MEANING: Style = {**NOTE, "align": "left", "indent": 1}
KEPT, BROKEN = "kept", "broken"
PUT_IN, BASE_TITLE, OWN_TITLE = "Put in", "Base", "Own numbers"
AS_MADE, MOVED = 3, 4  # columns, on the sheet Tables, of one's own numbers as they were, and of whether they still are
SHIFT, FACTOR, PD_TIMES, LGD_PLUS = "shift", "factor", "pd_times", "lgd_plus"  # what a scenario adds to the model


@dataclass(frozen=True, eq=False)
class CustomerNumbers:
    """One of the two records: its ``raw`` fields (fields, 1), its ``assumptions`` by name, the cut-off among them, the
    ``decision`` of the service on it, and the ``layers`` of a scenario of the book that it stands under, if any."""

    raw: Array
    assumptions: Mapping[str, float]
    decision: Decision
    layers: Layers | None = None

    @property
    def outside(self) -> dict[str, float]:
        """What the scenario adds to what the model says, by name; what changes nothing where there is none."""
        if self.layers is None:
            return {SHIFT: 0.0, FACTOR: 0.0, PD_TIMES: 1.0, LGD_PLUS: 0.0}
        own = self.layers
        return {SHIFT: own.shift, FACTOR: own.factor, PD_TIMES: own.pd_overlay, LGD_PLUS: own.lgd_overlay}


@dataclass(frozen=True)
class PutIn:
    """A number to put in beside the fields: what it is called, between which ends it lies, how it is shown, what it
    feeds, and more about it."""

    name: str
    label: str
    between: tuple[float, float]
    style: str
    feeds: str
    help: str = ""


@dataclass(frozen=True)
class RecordColumn:
    """A record on the sheet: what formulas call its fields, its assumptions and the count of what cannot be."""

    prefix: str
    title: str
    column: int
    numbers: CustomerNumbers
    read: ReadRecord
    fields: Mapping[str, str]
    assumed: Mapping[str, str]
    faults: str

    def operands(self, contract: Contract) -> dict[str, CellFormula | tuple[CellFormula, ...]]:
        """What stands for each name in the contract's formulas, assumptions included."""
        known = {each.name: each for each in contract.assumptions}
        return operands_of(contract, self.fields) | {
            name: CellFormula(called, low=known[name].minimum, high=known[name].maximum)
            for name, called in self.assumed.items()
            if name in known
        }


def put_in_beside(contract: Contract, under: bool) -> tuple[PutIn, ...]:
    """What is put in beside the fields: the assumptions that the exposure depends on, the cut-off, and ``under`` a
    scenario of the book what that adds to the model."""
    needed = contract.exposed_to | ({"correlation"} if under else set())
    found = [
        PutIn(
            each.name,
            unit_label(each.label, each.unit),
            (each.minimum, each.maximum),
            style=number_format(each.unit),
            feeds=each.feeds,
            help=each.help,
        )
        for each in contract.assumptions
        if each.name in needed
    ]
    found.append(PutIn(CUTOFF, "Cut-off (score points)", CUTOFF_RANGE, style="General", feeds="decision"))
    if under:
        found += [
            PutIn(SHIFT, "Economy: change of the log-odds", (-20.0, 20.0), "0.0000", "probability"),
            PutIn(FACTOR, "Economy: its state (standard deviations)", (-4.0, 2.0), "General", "probability"),
            PutIn(PD_TIMES, "Overlay: times the probability", (0.1, 4.0), "General", "probability"),
        ]
        found += (
            [PutIn(LGD_PLUS, "Overlay: added to loss given default", (-1.0, 1.0), "0.0%", "expected loss")]
            if contract.in_money
            else []
        )
    return tuple(found)


@dataclass
class CustomerInputs:
    """The left of the sheet as it is written; ``columns`` are the base and one's own numbers, ``moved`` the name of the
    count of one's own numbers that are no longer as they were made."""

    sheet: Sheet
    tables: TablesSheet
    base: CustomerNumbers
    own: CustomerNumbers
    columns: tuple[RecordColumn, RecordColumn] = field(init=False)
    moved: str = field(init=False)
    row: int = FIRST

    def __post_init__(self) -> None:
        self.contract = self.tables.contract
        self.under = self.own.layers is not None
        self.beside = put_in_beside(self.contract, self.under)
        self._fault = self._first_fault = self.tables.end + 3
        last = self._first_fault + len(self.contract.record) + len(self.contract.constraints) + len(self.beside)
        self.columns = self._column("base", BASE, self.base, last), self._column("own", OWN, self.own, last)
        self.moved = self.tables.named("own_moved", cell(last, MOVED, TABLES))
        self._code_lists = dict[str, tuple[str, str]]()
        self._heads()
        for part in self.contract.record:
            self._field(part)
        self.row += 1
        self.sheet.text(self.row, LABEL, "Assumptions", PART)
        self.row += 1
        for each in self.beside:
            self._beside(each)
        self.row += 1
        for constraint in self.contract.constraints:
            self._constraint(constraint.rule, constraint.message)
        self._together()

    def _column(self, prefix: str, column: int, numbers: CustomerNumbers, last: int) -> RecordColumn:
        record, named = self.contract.record, self.tables.named
        beside = FIRST + len(record) + 2
        return RecordColumn(
            prefix,
            {BASE: BASE_TITLE, OWN: OWN_TITLE}[column],
            column,
            numbers=numbers,
            read=self.tables.read(numbers.raw),
            fields={
                each.name: named(f"{prefix}_{each.name}", cell(FIRST + k, column, CUSTOMER))
                for k, each in enumerate(record)
            },
            assumed={
                each.name: named(f"{prefix}_assumed_{each.name}", cell(beside + k, column, CUSTOMER))
                for k, each in enumerate(self.beside)
            },
            faults=named(f"{prefix}_faults", cell(last, column, TABLES)),
        )

    def _heads(self) -> None:
        sheet, contract, tables = self.sheet, self.contract, self.tables.sheet
        sheet.text(0, 0, f"{contract.book.title}: one {contract.book.record}", TITLE)
        told = f"Blue on pale yellow is yours to change: the {OWN_TITLE.lower()}, and the base they are held against."
        sheet.text(2, 0, told, NOTE)
        sheet.text(HEADS, LABEL, PUT_IN, HEAD)
        sheet.texts(HEADS, BASE, (BASE_TITLE, OWN_TITLE, "Lowest", "Highest"), HEAD_RIGHT)
        sheet.text(HEADS, MEANS, "Means", {**HEAD, "align": "left", "indent": 1})
        tables.text(self._fault - 2, 0, "Values that cannot be, each counted as 1; and what was moved", PART)
        heads = ("Value", BASE_TITLE, OWN_TITLE, f"{OWN_TITLE} as made", "Moved")
        tables.texts(self._fault - 1, 0, heads, HEAD)

    # ---- one row each ---------------------------------------------------------------------------------------------

    def _put(self, values: Sequence[float], style: str) -> None:
        for each, value in zip(self.columns, values, strict=True):
            self.sheet.number(self.row, each.column, value, {**INPUT, "num_format": style})

    def _ends(self, between: tuple[float, float], style: str) -> None:
        for column, end in zip((LOWEST, HIGHEST), between, strict=True):
            self.sheet.number(self.row, column, end, {**NOTE, "num_format": style})

    def _watch(self, label: str, fits: Sequence[str], called: str = "", as_made: float = np.nan) -> None:
        """A row of the sheet Tables: 1 where a value cannot be, 1 where one's own is not as it was made."""
        tables = self.tables.sheet
        tables.text(self._fault, 0, label)
        for column, each in zip((BASE, OWN), fits, strict=True):
            tables.formula(self._fault, column, f"IF({each},0,1)", 0)
        if called:
            made = cell(self._fault, AS_MADE)
            tables.number(self._fault, AS_MADE, as_made)
            same = f"IF(ISNUMBER({made}),IF({called}={made},0,1),1)"
            tables.formula(self._fault, MOVED, f"IF(ISNUMBER({called}),{same},IF(ISNUMBER({made}),1,0))", 0)
        self._fault += 1

    def _field(self, part: Field) -> None:
        k, style, between = self.contract.row[part.name], number_format(part.unit), bounds(part)
        self.sheet.text(self.row, LABEL, part.label if part.codes else unit_label(part.label, part.unit))
        self._put([float(each.numbers.raw[k, 0]) for each in self.columns], style)
        codes, words = self._lists(part) if part.codes else ("", "")
        message = f"Allowed: {allowed(part)}. {part.help}"
        for each in self.columns:
            if part.special and not codes:
                rule = _allowed(part, cell(self.row, each.column))
                self.sheet.input_rule(self.row, each.column, rule, title=part.label, message=message)
            elif codes:
                self.sheet.input_list(self.row, each.column, codes, title=part.label, message=message)
            else:
                self.sheet.input_range(self.row, each.column, between, title=part.label, message=message)
        if not codes:
            self._ends(between, style)
        fits = [_fits(part, each.fields[part.name], codes) for each in self.columns]
        own, value = self.columns[1].fields[part.name], float(self.own.raw[k, 0])
        means, text = self._meaning(part, own, words=words, codes=codes, value=value)
        wrong = text_literal("not one of its codes" if codes else "cannot be: see what is allowed")
        self.sheet.formula(self.row, MEANS, f"IF({fits[1]},{means},{wrong})", text, MEANING)
        self._watch(part.label, fits, own, value)
        self.row += 1

    def _lists(self, part: Field) -> tuple[str, str]:
        """The names of the lists of a field's codes and their words; a history's stand there once."""
        name = self.contract.owner(part.name)
        if name not in self._code_lists:
            label = part.label.partition(",")[0]
            self._code_lists[name] = (
                self.tables.listed(f"{label}: code", list(map(float, part.values_in_words)), f"codes_{name}"),
                self.tables.worded(f"{label}: meaning", list(part.values_in_words.values()), f"words_{name}"),
            )
        return self._code_lists[name]

    def _meaning(self, part: Field, own: str, *, words: str, codes: str, value: float) -> tuple[str, str]:
        """What is told beside a value that can be: its code's words, or that the model has seen nothing like it."""
        if codes:
            return f"INDEX({words},MATCH({own},{codes},0))", part.values_in_words.get(value, "")
        seen, k = self.tables.scorer.territory, self.contract.row[part.name]
        low, high, beyond = float(seen.low[k]), float(seen.high[k]), "outside what the model has seen"
        told, text = '""', ""
        if np.isfinite(low + high):
            inside = f"IF(ISNUMBER({own}),{_between(own, low, high)},TRUE)"
            told = f'IF({inside},"",{text_literal(beyond)})'
            text = "" if np.isnan(value) or low <= value <= high else beyond
        for code, word in part.special.items():
            told, text = f"IF({own}={code!r},{text_literal(word)},{told})", word if value == code else text
        return told, text

    def _constraint(self, rule: str, message: str) -> None:
        self.sheet.paragraph(self.row, LABEL, message, NOTE, width=WIDTHS[LABEL])
        rules = []
        for each in self.columns:
            found = in_cells(
                self.contract.spelled_rule(rule), operands_of(self.contract, each.fields), self.tables.look_up
            )
            rules.append(f"IFERROR({found.text},FALSE)")
            text = f"IF({rules[-1]},{text_literal(KEPT)},{text_literal(BROKEN)})"
            self.sheet.formula(self.row, each.column, text, KEPT, {**RIGHT, **NOTE})
        self._watch(message, rules)
        self.row += 1

    def _beside(self, part: PutIn) -> None:
        self.sheet.text(self.row, LABEL, part.label)
        values = [{**each.numbers.outside, **each.numbers.assumptions}[part.name] for each in self.columns]
        self._put(values, part.style)
        self._ends(part.between, part.style)
        self.sheet.text(self.row, MEANS, part.feeds, MEANING)
        low, high = part.between
        message = f"From {low:g} to {high:g}{', a fraction: 35 % is 0.35' if '%' in part.style else ''}. {part.help}"
        for each in self.columns:
            self.sheet.input_range(self.row, each.column, part.between, title=part.label, message=message)
        names = [each.assumed[part.name] for each in self.columns]
        fits = [f"IF(ISNUMBER({each}),{_between(each, low, high)},FALSE)" for each in names]
        self._watch(part.label, fits, names[1], values[1])
        self.row += 1

    def _together(self) -> None:
        tables, last = self.tables.sheet, self._fault - 1
        tables.text(self._fault, 0, "Together", STRONG)
        for column in (BASE, OWN, MOVED):
            place = cells_between((self._first_fault, column), (last, column))
            tables.formula(self._fault, column, f"SUM({place})", 0, STRONG)


def _fits(part: Field, called: str, codes: str) -> str:
    """The condition that a value of a field can be."""
    within = f"ISNUMBER(MATCH({called},{codes},0))" if codes else _allowed(part, called)
    return f"IF(ISNUMBER({called}),{within},{f'ISBLANK({called})' if part.missing else 'FALSE'})"


def _allowed(part: Field, called: str) -> str:
    """The condition that a number is within a field's range, or one of its special codes."""
    within = _between(called, *bounds(part))
    special = [f"{called}={code!r}" for code in part.special]
    return f"OR({','.join((within, *special))})" if special else within


def _between(called: str, low: float, high: float) -> str:
    ends = [f"{called}{sign}{end!r}" for sign, end in ((">=", low), ("<=", high)) if np.isfinite(end)]
    return f"AND({','.join(ends)})" if ends else "TRUE"
