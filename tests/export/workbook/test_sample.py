"""The sheet Sample: customers with weights, and their totals beside those of the whole book."""

import numpy as np
import pytest

from model.deployed.model import DeployedModel
from model.export.workbook.workbook import asked_book_workbook
from model.finance.scorecard import whole_points
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.customer.decision import score_scale
from tests.export.workbook.conftest import DAY
from tests.export.workbook.reading import ReadWorkbook, Value
from tests.export.workbook.test_book import STRESS
from tests.support.records import CONTRACT

HEADS = 12  # the row of the customers' heads


@pytest.fixture(scope="module")
def result(model: DeployedModel) -> BookResult:
    """The book under a scenario of all kinds."""
    return BookResult.of(model.whole, STRESS, DAY)


@pytest.fixture(scope="module")
def workbook(model: DeployedModel) -> ReadWorkbook:
    """Its workbook."""
    return ReadWorkbook(asked_book_workbook(model, STRESS, who="Ada", day=DAY))


def column(workbook: ReadWorkbook, title: str) -> list[Value]:
    """The cells of a column of customers."""
    rows = workbook.sheets["Sample"]
    return [row[rows[HEADS].index(title)] for row in rows[HEADS + 1 :]]


def numbers(workbook: ReadWorkbook, title: str) -> np.ndarray:
    return np.array(column(workbook, title), float)


def test_a_thousand_customers_stand_there_as_the_service_has_them(
    model: DeployedModel, workbook: ReadWorkbook, result: BookResult
):
    ids = numbers(workbook, "Customer number").astype(int)
    assert len(set(ids.tolist())) == 1000
    rows = np.searchsorted(model.book.ids, ids)
    assert (model.book.ids[rows] == ids).all()
    for state, title in enumerate(("as the book is", "scenario")):
        own = result.rows[state]
        for what, values in (("PD", own.pd), ("Exposure at default", own.ead), ("Expected loss", own.loss)):
            assert numbers(workbook, f"{what}, {title}") == pytest.approx(values[rows], rel=1e-14), what
        scores = score_scale(CONTRACT).score(model.whole.log_odds(result.layers[state])[rows])
        assert (numbers(workbook, f"Score, {title}") == whole_points(np.asarray(scores))).all()
        granted = [each == "granted" for each in column(workbook, f"Decision, {title}")]
        assert granted == (numbers(workbook, f"Score, {title}") >= CONTRACT.score.cutoff).tolist()
    inputs = CONTRACT.derive(model.book.raw[:, rows])
    assert numbers(workbook, "Credit limit (NT$)") == pytest.approx(inputs[0])
    status = CONTRACT.inputs[1]
    assert column(workbook, status.label) == [status.codes.get(round(each), each) for each in inputs[1].tolist()]


def test_weights_sum_to_the_book_and_totals_say_how_far_they_are_off(workbook: ReadWorkbook, result: BookResult):
    weights = numbers(workbook, "Weight")
    assert weights.sum() == pytest.approx(30_000)
    rows = {str(row[0]): row for row in workbook.sheets["Sample"][:HEADS]}
    assert rows["Customers"][1:4] == [30_000, pytest.approx(30_000), 0]
    for state, (title, totals) in enumerate((("as the book is", result.base), ("scenario", result.now))):
        lost = weights @ numbers(workbook, f"Expected loss, {title}")
        whole, sample, off = rows["Expected loss (NT$), one month"][1 + 3 * state : 4 + 3 * state]
        assert (whole, sample) == (pytest.approx(totals.loss), pytest.approx(lost))
        assert off == pytest.approx(lost / totals.loss - 1)
        assert abs(float(off)) < 0.02
        assert rows["Exposure at default (NT$), at default"][3 + 3 * state] == pytest.approx(0, abs=0.02)


def test_every_band_is_there_and_nothing_protected(workbook: ReadWorkbook, result: BookResult):
    segment = CONTRACT.segments[0]
    own = column(workbook, segment.label)
    assert len(set(own)) == len(list(result.cells(segment)))
    weights = numbers(workbook, "Weight")
    for cell, label in zip(result.cells(segment), dict.fromkeys(sorted(set(own), key=own.index)), strict=True):
        assert label in own
        assert cell.base.customers in [pytest.approx(weights[np.array(own) == each].sum()) for each in set(own)]
    heads = [str(each) for each in workbook.sheets["Sample"][HEADS]]
    assert not [each.label for each in CONTRACT.protected() if each.label in heads]


def test_the_sample_is_the_same_under_another_scenario(model: DeployedModel, workbook: ReadWorkbook):
    other = ReadWorkbook(asked_book_workbook(model, BookScenario(), who="Ben", day=DAY))
    for title in ("Customer number", "Weight", "Score band"):
        assert column(other, title) == column(workbook, title)
    assert "seed 1" in str(other.at("Sample!A2"))
