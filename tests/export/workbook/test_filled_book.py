"""A workbook of the book whose cells were changed comes back as the scenario that it says, cell by cell."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from data.errors import BadInput
from model.deployed.model import DeployedModel
from model.export.workbook.filled_book import read_brought
from model.export.workbook.workbook import asked_book_workbook
from model.record.database import engine
from model.record.scenarios import ScenarioStore
from model.scoring.scenario_files import bring_in, scenarios_as_workbook
from model.security.people import Person
from model.settings import Settings
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.saved import SavedScenario
from tests.export.workbook.conftest import DAY
from tests.export.workbook.reading import ReadWorkbook
from tests.support.records import CONTRACT

FED = {"preset": "fed_2026_severely_adverse", "severity": "50", "balances": "20", "nudge_unemployment": "0.5"}
OVERLAY = {"overlay_pd": "20", "overlay_lgd": "5", "overlay_owner": "Ada", "overlay_reason": "so"}
SCENARIO = BookScenario.from_query(CONTRACT, FED | OVERLAY | {"overlay_until": "2090-01-01", "ccf": "0.4"})[0]


@pytest.fixture(scope="module")
def workbook(model: DeployedModel) -> ReadWorkbook:
    """The workbook of a scenario of every layer."""
    return ReadWorkbook(asked_book_workbook(model, SCENARIO, who="Ada", day=DAY, name="Half and more"))


def row_of(workbook: ReadWorkbook, label: str) -> int:
    return next(k for k, row in enumerate(workbook.sheets["Book"], 1) if row[0] == label)


def test_what_was_taken_along_comes_back_as_it_was(model: DeployedModel, workbook: ReadWorkbook):
    found = read_brought(workbook.content, "mine.xlsx", model)
    assert (found.troubles, found.notes) == ((), ())
    (each,) = found.scenarios
    assert dict(each.draft.query) == SCENARIO.to_query()
    assert (each.draft.name, each.draft.subject) == ("Half and more", "book")
    assert each.draft.note == "From a workbook, made 2026-11-02 by Ada."


def test_changed_cells_are_kept_as_a_scenario_of_the_loss_that_comes_of_them(
    model: DeployedModel, workbook: ReadWorkbook, tmp_path: Path
):
    lgd, ccf = (workbook.cell_of(f"scenario_book_{name}") for name in ("lgd", "ccf"))
    overlay, limit = row_of(workbook, "Overlay: added to loss given default"), workbook.cell_of("book_limit_loss")
    name = f"C{row_of(workbook, 'What it is called')}"
    content = workbook.with_cells("Book", **{lgd: 0.65, ccf: 0.25, f"C{overlay}": 0.1, limit: 6e8, name: "Mine"})
    found = read_brought(content, "mine.xlsx", model)
    assert found.troubles == ()
    store = ScenarioStore(engine(Settings(home=tmp_path)))
    (kept,) = bring_in(model, store, found, person=Person("Ada", "analyst"), day=DAY)
    expected = SCENARIO
    for key, value in (("lgd", 0.65), ("ccf", 0.25), ("overlay_lgd", 10.0), ("limit_loss", 6e8)):
        expected = expected.with_value(CONTRACT, key, value)
    assert (kept.name, dict(kept.query)) == ("Mine", expected.to_query())
    assert dict(kept.numbers)["loss"] == BookResult.of(model.whole, expected, DAY).now.loss


def test_every_cell_that_cannot_be_is_told_with_its_address_and_nothing_is_taken(
    model: DeployedModel, workbook: ReadWorkbook, tmp_path: Path
):
    lgd, apr, base = (
        workbook.cell_of(f"{name}") for name in ("scenario_book_lgd", "scenario_book_apr", "base_book_lgd")
    )
    limit, severity = workbook.cell_of("book_limit_loss"), f"C{row_of(workbook, 'Severity (%)')}"
    content = workbook.with_cells("Book", **{lgd: 7, apr: "plenty", base: 0.9, limit: None, severity: 900})
    found = read_brought(content, "mine.xlsx", model)
    told = {each.partition(": ")[0]: each for each in found.troubles}
    assert set(told) == {f"Book!{each}" for each in (lgd, apr, base, limit, severity)}
    assert "7 was given; a number from 0 to 1 (35 % is 0.35) may be." in told[f"Book!{lgd}"]
    assert "“plenty” was given" in told[f"Book!{apr}"]
    assert "0.9 was given; the book as it is has 0.8. Change the column Scenario." in told[f"Book!{base}"]
    assert "nothing was given" in told[f"Book!{limit}"]
    assert "Severity must be 0 to 150 %; 900 was given." in told[f"Book!{severity}"]
    store = ScenarioStore(engine(Settings(home=tmp_path)))
    with pytest.raises(BadInput, match="Nothing was brought in"):
        bring_in(model, store, found, person=Person("Ada", "analyst"), day=DAY)


def test_a_workbook_of_another_book_is_refused_and_one_of_another_release_told(
    model: DeployedModel, workbook: ReadWorkbook
):
    facts = {str(row[0]): f"B{k}" for k, row in enumerate(workbook.sheets["Read me"][:14], 1)}
    other = workbook.with_cells("Read me", **{facts["Release"]: "0123456789ab"})
    found = read_brought(other, "mine.xlsx", model)
    assert found.troubles == ()
    (note,) = found.notes
    assert note.startswith("The workbook was made of release 0123456789ab; here ")
    assert found.scenarios[0].draft.note.endswith(note)
    strange = workbook.with_cells("Read me", **{facts["Book"]: "loans: Others"})
    with pytest.raises(BadInput, match="of the book 'loans'; pick that book first"):
        read_brought(strange, "mine.xlsx", model)


def test_a_file_of_scenarios_is_read_as_before(model: DeployedModel):
    saved = SavedScenario("Plain", "cards", "book", (("lgd", "0.7"),), "Ada", day=date(2026, 11, 2).isoformat())
    content = scenarios_as_workbook(model.book, [replace(saved, id="1")], {})
    (each,) = read_brought(content, "a.xlsx", model).scenarios
    assert dict(each.draft.query) == {"lgd": "0.7"}
    with pytest.raises(BadInput, match="Scenarios are read from"):
        read_brought(b"", "a.csv", model)
