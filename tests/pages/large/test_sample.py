"""The pages on a book of which a sample answers: they say so, and find whoever is not in it."""

from pathlib import Path

import pytest

from model.release.installed import installed_book
from tests.pages.conftest import Open, answers, markup, opened, sentence, shown
from tests.support import large_book
from tests.support.large_book import HELD, NAME, TITLE


@pytest.fixture
def open_large(open_app: Open, large_home: Path, held_few: None, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setenv("WHATIF_HOME", str(large_home))
    monkeypatch.setenv("WHATIF_BOOK", NAME)
    monkeypatch.setenv("WHATIF_AUDIT", "off")
    return open_app


@pytest.mark.parametrize("page", ["book", "applicant", "policy", "trust", "operations"])
def test_page_opens_and_says_that_a_sample_answers(open_large: Open, page: str):
    at = open_large(page)
    assert not at.exception
    assert not at.error
    assert f"{TITLE} · 60,000 loans, 6,000 sampled · as of December 2019" in markup(at)


def test_book_page_tells_the_interval_in_sentence_and_tiles(open_large: Open):
    at = open_large("book", balances=20)
    assert "Estimated from 6,000 of 60,000 loans: expected loss ±\N{NO-BREAK SPACE}US$" in sentence(at)
    assert answers(at).count("(95\N{NO-BREAK SPACE}%)") == 6
    assert "60,000 loans" in answers(at)
    assert "95 % interval, ±" in [column for each in opened(at, "_numbers").dataframe for column in each.value.columns]


def test_customer_who_is_not_in_the_sample_is_looked_up(open_large: Open, large_home: Path):
    book, loans = installed_book(NAME, large_home), large_book.loans().set_index("loan")
    assert len(book) == HELD
    number = next(each for each in loans.index if each not in set(book.ids.tolist()))
    at = open_large("applicant", customer=number)
    assert not at.error
    assert at.number_input(key="_find").value == number
    (limit,) = (each for each in at.number_input if each.label.startswith("Amount granted"))
    assert limit.value == loans.loc[number, "limit"]
    assert shown(at, "Score").isdigit()
    at = open_large("applicant", customer=60_001)
    assert "There is no loan 60,001 among the 60,000 of the book." in [each.value for each in at.warning]
