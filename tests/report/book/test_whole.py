"""What all records of a large book say beside the sample's estimate."""

from dataclasses import replace
from pathlib import Path

import pytest

from model.deployed.model import DeployedModel
from model.report.book.whole import ask_label, whole_finding
from model.report.numbers import NBSP
from model.scoring.parts.whole import asked_of_all, local_engine
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.book.sums import ADDED, StressAnswer
from tests.support.large_book import LOANS, deployed
from tests.support.records import TODAY


@pytest.fixture(scope="module")
def model(large_home: Path) -> DeployedModel:
    return deployed(large_home)


@pytest.fixture(scope="module")
def result(model: DeployedModel) -> BookResult:
    return BookResult.of(model.whole, BookScenario().with_value(model.contract, "balances", 20), TODAY)


@pytest.fixture(scope="module")
def answer(model: DeployedModel, result: BookResult) -> StressAnswer:
    return asked_of_all(model, result.scenario, TODAY, lambda _: None, local_engine)


def test_headline_says_what_all_of_them_lose_and_that_the_interval_holds_it(result: BookResult, answer: StressAnswer):
    found = whole_finding(result, answer)
    assert found.headline.startswith(f"All 60,000 loans: expected loss US${NBSP}")
    assert found.headline.endswith(", within the sample's interval")
    assert found.note == ""


def test_table_holds_both_numbers_and_the_interval(result: BookResult, answer: StressAnswer):
    table = whole_finding(result, answer).table
    assert table is not None
    names = [column.name for column in table.columns]
    assert names[2:5] == ["All 60,000", "Estimated from 6,000", "95 % interval, ±"]
    loss = next(row for row in table.exact if row[0] == "Expected loss")
    assert loss[5:8] == (answer.now.loss, result.now.loss, pytest.approx(result.errors["loss"]))
    assert [row[-1] for row in table.exact] == ["yes"] * 6


def test_number_outside_its_interval_is_told(result: BookResult, answer: StressAnswer):
    totals = answer.sums.totals.copy()
    totals[:, ADDED.index("loss")] *= 1.1
    other = StressAnswer(answer.question, replace(answer.sums, totals=totals))
    found = whole_finding(result, other)
    assert found.headline.endswith(", outside the sample's interval")
    assert found.note.startswith("1 number outside: of intervals of 95 %")


def test_button_names_how_many_are_asked(model: DeployedModel):
    assert ask_label(model.contract, LOANS) == "Ask all 60,000 loans"
