"""What is said of a book of which a sample answers: that it does, how far it may be off, and no digit more."""

import re
from datetime import date
from pathlib import Path

import pytest

from data import books
from model.deployed.model import DeployedModel
from model.report.book.briefing import book_briefing, book_sentence
from model.report.book.words import error_words, interval_words
from model.report.briefing import Briefing, Finding
from model.report.language import size_words
from model.report.numbers import BASIS_POINTS, NBSP, SHARE, Difference, Unit
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import LIMIT, BookScenario
from model.whatif.book.scored import ScoredBook
from tests.support.large_book import LOANS, NAME, deployed

DAY = date(2026, 1, 1)
INTERVAL = re.compile(rf"^±{NBSP}(.+) \(95{NBSP}%\)$")


@pytest.fixture(scope="module")
def model(large_home: Path) -> DeployedModel:
    return deployed(large_home)


@pytest.fixture(scope="module")
def result(model: DeployedModel) -> BookResult:
    return BookResult.of(model.whole, BookScenario().with_value(model.contract, "balances", 20), DAY)


@pytest.fixture(scope="module")
def said(model: DeployedModel, result: BookResult) -> Briefing:
    return book_briefing(result, {}, model=model.deployed)


def test_sentence_says_that_it_is_an_estimate_and_how_far_it_may_be_off(said: Briefing, result: BookResult):
    assert f"Estimated from 6,000 of 60,000 loans: expected loss ±{NBSP}US$" in said.sentence
    assert said.sentence.endswith(f"(95{NBSP}% interval).")
    assert "**Sample.** 6,000 loans answer for the book" in said.method


def test_every_tile_has_its_interval(said: Briefing):
    notes = [tile.notes[0] for tile in said.tiles]
    assert len([each for each in notes if INTERVAL.match(each)]) == len(notes) == 6
    assert "60,000 loans" in said.tiles[0].notes


def test_numbers_of_the_sample_are_those_of_the_book_within_the_interval(
    model: DeployedModel, result: BookResult, large_home: Path
):
    book = books.read_book(NAME, large_home, LOANS)
    exact = BookResult.of(ScoredBook.of(model.local_scorer, book), result.scenario, DAY)
    assert result.now.customers == exact.now.customers == LOANS
    for name in ("exposure", "pd", "loss", "margin"):
        assert 0 < abs(result.now.measure(name) - exact.now.measure(name)) < 2 * result.errors[name]
    assert exact.errors == {}
    assert "Estimated" not in book_sentence(exact)


def test_panel_of_every_number_has_the_intervals(said: Briefing, result: BookResult):
    panel = next(each for each in said.panels if each.key == "_numbers")
    (found,) = panel.make({})
    assert isinstance(found, Finding)
    assert found.table is not None
    names = [column.name for column in found.table.columns]
    places = [k for k, name in enumerate(names) if name == "95 % interval, ±"]
    loss = next(row for row in found.table.exact if row[0] == "Expected loss")
    assert loss[places[0]].startswith(f"±{NBSP}US$")
    assert loss[places[1]] == pytest.approx(result.errors["loss"])
    assert len(names) == len(loss)


def test_limit_that_lies_within_the_interval_is_not_told_as_kept(model: DeployedModel, result: BookResult):
    contract = model.contract
    limit = result.now.loss + 0.5 * result.errors["loss"]
    scenario = result.scenario.with_value(contract, f"{LIMIT}loss", limit)
    near = interval_words(contract, scenario, name="loss", base=result.base, now=result.now, errors=result.errors)
    assert near.endswith(f"(95{NBSP}%), the limit within")


def test_of_a_band_the_sample_does_not_know_how_many_it_holds(result: BookResult):
    part = result.within("late_band:1")
    assert re.search(r"Estimated from [\d,]+ of about [\d,]+ loans: expected loss ±", book_sentence(part))
    assert 0 < part.errors["loss"] < result.errors["loss"]


def test_size_of_the_book_names_the_sample(model: DeployedModel, book: books.Book):
    assert size_words(model.book) == "60,000 loans, 6,000 sampled"
    assert size_words(book) == "30,000 customers"


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (67.04e9, 0.152e9, "US$\N{NO-BREAK SPACE}67.0\N{NO-BREAK SPACE}bn"),
        (465.3e6, 23e6, "US$\N{NO-BREAK SPACE}470\N{NO-BREAK SPACE}m"),
        (456_789, 3_000, "US$\N{NO-BREAK SPACE}457,000"),
        (24.14e6, 0.4e6, "US$\N{NO-BREAK SPACE}24.1\N{NO-BREAK SPACE}m"),
        (24.14e6, 0.0, "US$\N{NO-BREAK SPACE}24.1\N{NO-BREAK SPACE}m"),
    ],
)
def test_number_has_no_digit_below_a_tenth_of_its_error(value: float, error: float, shown: str):
    found = Difference.of(value, value * 1.2, place=error / 10)
    assert found.unit.text(value, "US$") == shown
    assert found.unit.place >= error / 10


def test_small_change_of_an_estimate_adds_no_digits_to_it():
    exact, rough = Difference.of(465.30e6, 465.42e6), Difference.of(465.30e6, 465.42e6, place=2e6)
    assert exact.unit.digits > 0
    assert (rough.unit.text(465.30e6, "US$"), rough.unit.text(465.42e6, "US$")) == (f"US${NBSP}470{NBSP}m",) * 2
    assert rough.money("US$") == f"+US${NBSP}120,000"
    assert Difference.of(0.123, 0.124, SHARE, place=0.03).unit.digits == 0


@pytest.mark.parametrize(
    ("name", "unit", "error", "said"),
    [
        ("loss", Unit(1e9, 1, f"{NBSP}bn"), 0.152e9, f"±{NBSP}$0.15{NBSP}bn"),
        ("loss", Unit(1e6, 1, f"{NBSP}m"), 0.4e6, f"±{NBSP}$0.4{NBSP}m"),
        ("pd", SHARE, 0.0023, f"±{NBSP}0.23{NBSP}points"),
        ("pd", SHARE, 0.0153, f"±{NBSP}1.5{NBSP}points"),
        ("loss_bps", BASIS_POINTS, 4.6, f"±{NBSP}5{NBSP}bp"),
    ],
)
def test_error_has_one_digit_or_two(name: str, unit: Unit, error: float, said: str, model: DeployedModel):
    contract = model.contract
    assert error_words(contract, name, error, unit).replace(f"US${NBSP}", "$") == said  # type: ignore[arg-type]
