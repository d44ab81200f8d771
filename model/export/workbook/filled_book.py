"""A workbook of the book that was taken along and changed, read back as a scenario: its assumptions, limits and
overlay, and what else it assumed when it was made. Each cell is checked; all that is wrong is told with its address,
and nothing is taken unless all of it can be.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite

from data.contract import Assumption, Contract
from data.errors import BadInput
from data.files.kinds import Limits
from data.files.table import FileTable, read_table
from model.deployed.model import DeployedModel
from model.export.workbook.book import (
    BASE_TITLE,
    BOOK,
    HIGHEST_TITLE,
    KEY_TITLE,
    NAME,
    OVERLAY_LABEL,
    PUT_IN,
    SCENARIO_TITLE,
    measure_format,
    measure_label,
)
from model.export.workbook.customer import PutIn
from model.export.workbook.filled_in import PutInCells
from model.export.workbook.read_me import BOOK as BOOK_FACT
from model.export.workbook.read_me import CONTRACT, MADE, READ_ME, RELEASE
from model.export.workbook.sheets import number_format
from model.report.language import unit_label
from model.scoring.files import form_limits
from model.scoring.scenario_files import (
    MOST_BYTES,
    FileScenario,
    ScenarioFile,
    Troubles,
    cell_text,
    draft_of,
    file_of,
    read_scenarios,
)
from model.whatif.book.scenario import FULL, LIMIT, OVERLAY_LGD, parts

START = "Take a workbook of the book along and change what is blue on pale yellow."
ANYTHING = (-1e15, 1e15)  # between which a limit lies


def read_brought(content: bytes, name: str, model: DeployedModel) -> ScenarioFile:
    """The scenarios of a file that is brought in: of one that holds scenarios, or the scenario of a workbook of the
    book that was taken along.

    Raises
    ------
    BadInput
        If the file as a whole cannot be used, or is of another book.
    """
    limits = form_limits(MOST_BYTES)
    if name.lower().endswith(".xlsx"):
        try:
            table = read_table(content, name, wanted=(PUT_IN, SCENARIO_TITLE, KEY_TITLE), sheet=BOOK, limits=limits)
        except BadInput:  # such a sheet is not there: whether it is a file of scenarios is told by whoever reads those
            return read_scenarios(content, name, model.book)
        if {PUT_IN, SCENARIO_TITLE, KEY_TITLE} <= set(table.header):
            return _of_workbook(table, _facts(content, name, limits), model)
    return read_scenarios(content, name, model.book)


def _facts(content: bytes, name: str, limits: Limits) -> dict[str, str]:
    """What the sheet Read me says, by its label."""
    table = read_table(content, name, wanted=(BOOK_FACT,), sheet=READ_ME, limits=limits)
    rows = [list(table.header[:2]), *table.frame.iloc[:, :2].values.tolist()]
    return {cell_text(row[0]): cell_text(row[1]) for row in reversed(rows) if len(row) == 2}


def _of_workbook(table: FileTable, facts: Mapping[str, str], model: DeployedModel) -> ScenarioFile:
    notes = _whence(facts, model)
    cells = _ScenarioCells(table, model.contract)
    texts = cells.texts()
    troubles = Troubles(cells.troubles)
    about = {"name": cells.name, "about": "book", "owner": "", "note": " ".join(notes[0]), "stands_on": ""}
    where = cells.address_of_name
    draft = draft_of(model.book, about, (), frozen=False, cells=texts, where=where, troubles=troubles)
    found = file_of([] if draft is None else [FileScenario(draft, where)], troubles)
    return replace(found, notes=notes[1])


def _whence(facts: Mapping[str, str], model: DeployedModel) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is kept of where a workbook comes from; and of that what is to be told. BadInput if it is of another
    book."""
    book, contract = facts.get(BOOK_FACT, "").partition(":")[0], model.contract
    if book != contract.book.name:
        given = f"of the book {book!r}; pick that book first" if book else f"not said to be of any book. {START}"
        raise BadInput(f"The workbook is {given.rstrip('.')}.")
    told, release = [], facts.get(RELEASE, "")
    own = model.id if model.release is None else model.release.id
    if release != own:
        told.append(
            f"The workbook was made of release {release or 'unknown'}; here {own} answers, so that its numbers may be "
            "others than the workbook shows."
        )
    if contract.hash not in facts.get(CONTRACT, ""):
        told.append("Its contract is another than the one here: what both know was taken over.")
    return (f"From a workbook, made {facts.get(MADE, 'on an unknown day').partition(',')[0]}.", *told), tuple(told)


class _ScenarioCells:
    """The cells of a scenario on the sheet Book."""

    def __init__(self, table: FileTable, contract: Contract) -> None:
        self.contract = contract
        self.now, self.base, self.limits = (
            PutInCells(table, sheet=BOOK, labels=PUT_IN, values=values, start=START)
            for values in (SCENARIO_TITLE, BASE_TITLE, HIGHEST_TITLE)
        )
        by_key = PutInCells(table, sheet=BOOK, labels=KEY_TITLE, values=SCENARIO_TITLE, start=START)
        if not by_key.has(NAME):
            by_key.refuse(NAME)
        self.name, self.address_of_name = cell_text(by_key.given(NAME)), by_key.address(NAME)
        self._by_key = by_key

    @property
    def troubles(self) -> list[str]:
        """What is wrong with numbers, each with its address."""
        return [*self.base.troubles, *self.now.troubles, *self.limits.troubles]

    def texts(self) -> dict[str, tuple[str, str]]:
        """What each part of the scenario is put to, as an address carries it, by its key, with its address."""
        found = dict[str, tuple[str, str]]()
        for each in self.contract.assumptions:
            part = PutIn(
                each.name,
                unit_label(each.label, each.unit),
                (each.minimum, each.maximum),
                style=number_format(each.unit),
                feeds="",
            )
            self._put(found, self.now, part)
            self._as_it_is(each, part)
        numbers = {each.name for each in self.contract.assumptions}
        if self.now.has(OVERLAY_LABEL):
            numbers.add(OVERLAY_LGD)
            self._put(found, self.now, PutIn(OVERLAY_LGD, OVERLAY_LABEL, (-1.0, 1.0), style="0.0%", feeds=""), FULL)
        for limit in self.contract.appetite:
            label, style = measure_label(self.contract, limit.measure), measure_format(self.contract, limit.measure)
            self._put(found, self.limits, PutIn(LIMIT + limit.measure, label, ANYTHING, style=style, feeds=""))
        for key in parts(self.contract):
            text = cell_text(self._by_key.given(key)) if self._by_key.has(key) else ""
            if text and key not in numbers:
                found[key] = (self._by_key.address(key), text)
        return found

    def _put(self, found: dict[str, tuple[str, str]], cells: PutInCells, part: PutIn, scale: float = 1.0) -> None:
        if not cells.has(part.label):
            cells.refuse(part.label)
        value = cells.of_beside(part)
        if isfinite(value):
            found[part.name] = (cells.address(part.label), f"{scale * value:.15g}")

    def _as_it_is(self, assumption: Assumption, part: PutIn) -> None:
        """Note where the book as it is was changed, which no scenario does."""
        value = self.base.of_beside(part)
        if isfinite(value) and value != assumption.default:
            told = f"{part.label}: {value:g} was given; the book as it is has {assumption.default:g}."
            self.base.wrong(part.label, f"{told} Change the column {SCENARIO_TITLE}.")
