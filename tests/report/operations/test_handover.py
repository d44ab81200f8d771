"""What is said of a book's numbers before a release takes the champion's place."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from data.books import Book
from model.report.operations.handover import handover
from model.whatif.book.handover import BookNumbers
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.decision import score_scale
from tests.support.records import CONTRACT

DAY = date(2026, 1, 31)


@pytest.fixture(scope="module")
def champion(whole: ScoredBook, book: Book) -> BookNumbers:
    return BookNumbers.of(whole, book, DAY)


def test_the_numbers_are_those_of_the_book_and_policy_pages(champion: BookNumbers, whole: ScoredBook) -> None:
    assert champion.totals == BookResult.of(whole, BookScenario(), DAY).base
    granted = score_scale(CONTRACT).score(whole.margins) >= CONTRACT.score.cutoff
    assert champion.approval == pytest.approx(np.mean(granted), abs=1e-12)


def test_loss_pd_approval_and_capital_stand_under_either_model_with_difference_and_limit(champion: BookNumbers) -> None:
    totals = replace(champion.totals, loss=1.1 * champion.totals.loss, pd_exposure=1.1 * champion.totals.pd_exposure)
    said = handover(CONTRACT, ("aaaaaa", "bbbbbb"), champion, BookNumbers(totals, champion.approval - 0.021))
    assert said.table is not None
    rows = {str(row[0]): row[1:] for row in said.table.exact}
    assert list(rows) == [
        "Expected loss",
        "PD, weighted by exposure",
        "Approval rate at today's cut-off",
        "Capital (IRB)",
    ]
    assert "+" in str(rows["Expected loss"][2])
    assert "+" in str(rows["PD, weighted by exposure"][2])
    assert rows["Approval rate at today's cut-off"][2] == "\N{MINUS SIGN}2.1\N{NO-BREAK SPACE}points"
    assert rows["Capital (IRB)"][2] == "unchanged"
    assert said.headline.startswith("Promote bbbbbb? It moves expected loss from ")


def test_without_a_champion_there_is_nothing_to_compare(champion: BookNumbers) -> None:
    said = handover(CONTRACT, ("none", "bbbbbb"), None, champion)
    assert said.headline.startswith("Promote bbbbbb? It puts expected loss at ")
    assert said.table is not None
    assert {row[1] for row in said.table.exact} == {"none"}
