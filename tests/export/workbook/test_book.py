"""The workbook of the whole book, as it is before anything reckons it."""

from datetime import date

import numpy as np
import pytest

from model.deployed.model import DeployedModel
from model.export.workbook.sums import BookSums
from model.export.workbook.workbook import asked_book_workbook
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from tests.export.workbook.conftest import DAY
from tests.export.workbook.reading import ReadWorkbook
from tests.support.records import CONTRACT, stressed

STRESS = stressed(unemployment=2.0, lgd=0.7, balances=10.0)


@pytest.fixture(scope="module")
def result(model: DeployedModel) -> BookResult:
    """The book under a scenario of shocks, economy and an assumption."""
    return BookResult.of(model.whole, STRESS, DAY)


@pytest.fixture(scope="module")
def whole_workbook(model: DeployedModel) -> ReadWorkbook:
    """Its workbook."""
    return ReadWorkbook(asked_book_workbook(model, STRESS, who="Ada", day=DAY))


def test_the_workbook_of_the_book_is_small(whole_workbook: ReadWorkbook):
    assert len(whole_workbook.content) < 500_000
    assert list(whole_workbook.sheets) == ["Read me", "Customer", "Book", "Scenarios", "Sample", "Tables"]


def test_every_measure_of_the_book_stands_there_as_it_was_computed(whole_workbook: ReadWorkbook, result: BookResult):
    for measure in CONTRACT.measures:
        assert whole_workbook.named(f"base_book_measure_{measure}") == pytest.approx(
            result.base.measure(measure), rel=1e-14
        )
        assert whole_workbook.named(f"scenario_book_measure_{measure}") == pytest.approx(
            result.now.measure(measure), rel=1e-14
        )


def test_every_band_stands_there_and_limits_say_whether_they_hold(whole_workbook: ReadWorkbook, result: BookResult):
    rows = {str(row[0]): row for row in whole_workbook.sheets["Book"] if row}
    for cell in result.cells(CONTRACT.segment("status_band")):
        row = rows[CONTRACT.segment("status_band").labels[cell.path[0]]]
        assert row[1] == cell.base.customers
        assert row[2] == pytest.approx(cell.base.loss, rel=1e-12)
    loss = rows["Expected loss (NT$), one month"]
    assert loss[4] == 550e6
    assert (loss[6] == "holds") == (result.now.loss <= 550e6)


def test_sums_give_the_loss_under_assumptions_that_were_never_asked(model: DeployedModel, result: BookResult):
    sums = BookSums.of(result)
    assert (sums.straight, sums.held) == (("ccf",), ("annual_default_rate", "correlation"))
    other = BookResult.of(model.whole, STRESS.with_value(CONTRACT, "ccf", 0.25).with_value(CONTRACT, "lgd", 0.9), DAY)
    for line, cells in ((sums.lines[0], other.now),):
        parts = line.now.parts @ np.array([0.75, 0.25])
        assert parts[0].sum() == pytest.approx(cells.exposure, rel=1e-12)
        assert 0.9 * parts[1].sum() == pytest.approx(cells.loss, rel=1e-12)
        assert 0.9 * parts[3].sum() == pytest.approx(cells.capital, rel=1e-12)


def test_no_customer_stands_on_the_sheet_of_the_whole_book(whole_workbook: ReadWorkbook):
    assert len(whole_workbook.sheets["Book"]) < 120


def test_a_scenario_of_nothing_is_told_so(model: DeployedModel):
    found = ReadWorkbook(asked_book_workbook(model, BookScenario(), who="Ada", day=date(2026, 11, 2)))
    assert found.at("Book!A2") == "Nothing is assumed: the scenario is the book as it is."
    assert found.named("scenario_book_measure_loss") == found.named("base_book_measure_loss")
