"""What is said of saved scenarios, in the words of whatever book they are of."""

import numpy as np
import pytest

from data import books
from data.books import Book
from model.report.scenarios.parts import scenario_parts
from model.report.scenarios.words import (
    assumed_line,
    both_results,
    changed_since,
    listed_sentence,
    opened_sentence,
    told_numbers,
)
from model.whatif.book.scenario import BookScenario
from model.whatif.saved import SUBJECTS, OpenedScenario, SavedScenario


@pytest.fixture(params=["cards", "small_business"])
def book(request: pytest.FixtureRequest) -> Book:
    """A shipped book without its records."""
    contract = books.contract(request.param)
    raw = np.empty((len(contract.record), 0))
    nobody = np.empty(0, np.int64)
    return Book(contract, raw, ids=nobody, target=np.empty(0), observed={}, sha256="")


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_part_has_a_label_and_a_range_in_its_unit(book: Book, subject):
    parts = scenario_parts(book.contract, subject)
    assert all(part.label and "_" not in part.label for part in parts.values())
    assert all(part.low < part.high for part in parts.values() if part.low is not None and part.high is not None)
    assert not {each.name for each in book.contract.protected()} & set(parts)
    lgd = next((part for key, part in parts.items() if key.endswith("lgd") and part.unit == "%"), None)
    assert lgd is None or (lgd.low, lgd.high) == (0, 100)


def test_what_is_assumed_is_told_in_the_contracts_words(book: Book):
    stress = BookScenario().with_value(book.contract, "unemployment", 3.0)
    assert plain(assumed_line(book, "book", stress.to_query())) == "Unemployment +3 pp"
    assert assumed_line(book, "book", {}) == "nothing is changed"
    assert assumed_line(book, "policy", {}).startswith("today's cut-off, ")
    told = plain(assumed_line(book, "policy", {"cutoff": "540", "under.unemployment": "3"}))
    assert told == "Cut-off 540; under the book's scenario: Unemployment +3 pp"


def test_numbers_are_told_from_before_to_now_and_what_has_changed_is_said(book: Book):
    contract = book.contract
    totals = {
        "customers": 10,
        "exposure": 1e9,
        "pd_sum": 1,
        "pd_exposure": 1e8,
        "capital": 5e7,
        "margin": 1e7,
        "years": 3,
    }
    then, now = (tuple((totals | {"loss": loss, "net_loss": loss}).items()) for loss in (980e6, 1.01e9))
    assert [each.name for each in told_numbers(contract, "book", then)][:1] == ["loss"]
    told = plain(both_results(contract, "book", then, now))
    assert told.startswith(
        f"Expected loss: {contract.book.currency} 980 m by the model before, {contract.book.currency} 1"
    )
    assert "the same as by the model before" in both_results(contract, "book", then, then)
    assert both_results(contract, "customer", (), ()) == ""
    kept = SavedScenario("Base", "cards", "book", (), "Ada", numbers=then, release="a" * 12, contract_sha256="c")
    found = OpenedScenario(kept, (), now, model="b" * 12, contract_sha256="c", then=None, gone="It is no longer kept.")
    (message,) = changed_since(contract, found)
    assert message.startswith(
        "Since this was saved, the model aaaaaa gave its numbers, now bbbbbb answers. Expected loss"
    )
    assert message.endswith("It is no longer kept.")
    assert opened_sentence(contract, found, "nothing is changed").startswith(
        "“Base”: nothing is changed. Expected loss"
    )


def test_list_counts_in_singular_and_plural(book: Book):
    one = SavedScenario("A", "cards", "book", (), "Ada")
    assert listed_sentence("Cards", [one]) == "1 scenario of Cards: 1 draft."
    two = [one, one, SavedScenario("B", "cards", "book", (), "Ada", state="submitted")]
    assert listed_sentence("Cards", two) == "3 scenarios of Cards: 2 drafts, 1 waits for review."
