"""The sheet Scenarios: what the page Compare tells of scenarios side by side, before anything reckons it."""

import numpy as np
import pytest

from data.errors import BadInput
from model.deployed.comparing import ask_each
from model.deployed.model import DeployedModel
from model.export.workbook.workbook import asked_book_workbook, asked_comparison_workbook, shown_member
from model.report.comparison.briefing import comparison_briefing
from model.report.comparison.differences import differences_table
from model.report.comparison.measures import measures
from model.whatif.book.scenario import BookScenario
from model.whatif.comparison.comparison import Comparison
from model.whatif.comparison.result import ComparisonResult
from model.whatif.customer.scenario import CustomerScenario
from tests.export.conftest import FED
from tests.export.workbook.conftest import DAY
from tests.export.workbook.reading import ReadWorkbook, Value
from tests.support.records import CONTRACT, stressed


def compared() -> Comparison:
    """Three scenarios: of the economy, as the book is, and of all kinds with a limit of its own."""
    found = Comparison()
    own = stressed(unemployment=2.0, lgd=0.7, balances=10.0, limit_loss=600e6)
    for name, each in (
        ("Half <b>", BookScenario.from_query(CONTRACT, FED)[0]),
        ("=Plain", BookScenario()),
        ("Own", own),
    ):
        found = found.with_member(name, each)
    return found.weighted(1, 30.0).weighted(2, 50.0).weighted(3, 20.0)


@pytest.fixture(scope="module")
def result(model: DeployedModel) -> ComparisonResult:
    """What Compare says of them."""
    return ask_each(model, compared(), day=DAY)


@pytest.fixture(scope="module")
def side_by_side(model: DeployedModel) -> ReadWorkbook:
    """Their workbook."""
    return ReadWorkbook(asked_comparison_workbook(model, compared(), who="Ada", day=DAY))


def rows(workbook: ReadWorkbook) -> list[list[Value]]:
    return workbook.sheets["Scenarios"]


def block(workbook: ReadWorkbook, label: str) -> list[list[Value]]:
    """The rows of a measure: its own, its difference, and limit, headroom and verdict where it has one."""
    found = rows(workbook)
    at = next(k for k, row in enumerate(found) if row[0] in (label, f"{label} (NT$)"))
    return found[at : at + 5]


def test_what_differs_stands_there_as_compare_tells_it(side_by_side: ReadWorkbook, result: ComparisonResult):
    found = rows(side_by_side)
    table = differences_table(result, CONTRACT)
    head = next(k for k, row in enumerate(found) if row[0] == "What differs")
    assert found[head][1:4] == ["Half <b>", "=Plain", "Own"]
    assert [row[:4] for row in found[head + 1 : head + 1 + len(table.exact)]] == [list(row) for row in table.exact]
    assert found[head + 1 + len(table.exact)][0] == "The numbers below are"


def test_every_number_and_its_difference_are_those_of_compare(
    model: DeployedModel, side_by_side: ReadWorkbook, result: ComparisonResult
):
    numbers = measures(result)
    for each in numbers:
        own, differences, *_ = block(side_by_side, each.label)
        assert own[1:4] == pytest.approx(list(each.values), rel=1e-13)
        assert differences[0] == "difference to the first"
        assert differences[1] == ""
        assert differences[2:4] == pytest.approx([value - each.values[0] for value in each.values[1:]], rel=1e-9)
    said = comparison_briefing(result, model=model.deployed)
    assert rows(side_by_side)[1][0] == said.sentence


def test_limits_headroom_and_verdict_are_those_of_compare(side_by_side: ReadWorkbook, result: ComparisonResult):
    loss = next(each for each in measures(result) if each.name == "loss")
    own, _, limit, headroom, verdict = block(side_by_side, loss.label)
    assert limit[:4] == ["limit, at most", 550e6, 550e6, 600e6]
    assert headroom[1:4] == pytest.approx(np.array(limit[1:4], float) - np.array(own[1:4], float))
    assert [each == "holds" for each in verdict[1:4]] == list(loss.holds)


def test_weights_weight_the_losses(side_by_side: ReadWorkbook, result: ComparisonResult):
    found = rows(side_by_side)
    at = next(k for k, row in enumerate(found) if row[0] == "Weight")
    assert found[at][1:4] == [0.3, 0.5, 0.2]
    assert found[at + 1][1] == pytest.approx(result.weighted_loss())


def test_differences_are_formulas_and_what_the_sheet_book_shows_follows_it(side_by_side: ReadWorkbook):
    formulas = [each for name, each in side_by_side.formulas().items() if name.startswith("Scenarios!")]
    assert "scenario_book_measure_loss" in formulas
    assert "base_book_measure_loss" in formulas
    assert sum("ISNUMBER" in each and "-" in each for each in formulas) >= 2 * len(CONTRACT.measures)
    told = next(row for row in rows(side_by_side) if row[0] == "The numbers below are")
    assert told[1:4] == ["as made"] * 3
    assert shown_member(compared()) == 0


def test_the_read_me_names_every_sheet(side_by_side: ReadWorkbook):
    assert list(side_by_side.sheets) == ["Read me", "Customer", "Book", "Scenarios", "Sample", "Tables"]
    told = [row[0] for row in side_by_side.sheets["Read me"]]
    assert set(side_by_side.sheets) - {"Read me"} <= set(told)
    (scenario,) = [row[1] for row in side_by_side.sheets["Read me"] if row[0] == "Scenario"]
    assert scenario.startswith("“Half <b>”, “=Plain”, “Own” side by side; the sheet Book is under “Half <b>”: Under ")


def test_one_scenario_stands_beside_the_book_as_it_is(model: DeployedModel):
    found = ReadWorkbook(asked_book_workbook(model, stressed(lgd=0.7), who="Ada", day=DAY, name="Milder"))
    head = next(row for row in rows(found) if row[0] == "What differs")
    assert head[1:3] == ["As the book stands", "Milder"]
    (differs,) = [row[1:3] for row in rows(found) if row[0] == "Loss given default"]
    assert differs == ["80 %".replace(" ", "\N{NO-BREAK SPACE}"), "70 %".replace(" ", "\N{NO-BREAK SPACE}")]


def test_only_scenarios_of_the_book_stand_side_by_side(model: DeployedModel):
    customers = Comparison("customer").with_member("A", CustomerScenario(1)).with_member("B", CustomerScenario(2))
    one = Comparison().with_member("A", stressed(lgd=0.7))
    for each in (customers, one):
        with pytest.raises(BadInput, match="two to five scenarios of the book"):
            asked_comparison_workbook(model, each, who="Ada", day=DAY)
