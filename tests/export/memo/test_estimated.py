"""The paper of a book of which a sample answers: that it does, and how far it may be off, stands on it."""

from pathlib import Path

import pytest

from model.deployed.model import DeployedModel
from model.export.memo.memo import Memo
from model.export.memo.page import memo_page
from model.export.memo.subjects import memo_of
from model.report.book.briefing import estimate
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from tests.export.conftest import OCCASION
from tests.support.large_book import deployed


@pytest.fixture(scope="module")
def estimated(large_home: Path) -> DeployedModel:
    return deployed(large_home)


@pytest.fixture(scope="module")
def paper(estimated: DeployedModel) -> Memo:
    return memo_of(estimated, BookScenario().with_value(estimated.contract, "balances", 20), OCCASION)


def test_sentence_and_numbers_have_the_interval(estimated: DeployedModel, paper: Memo):
    scenario = BookScenario().with_value(estimated.contract, "balances", 20)
    said = estimate(BookResult.of(estimated.whole, scenario, OCCASION.day))
    assert "Estimated from 6,000 of 60,000 loans" in said
    assert paper.sentence.endswith(said)
    assert ["(95\N{NO-BREAK SPACE}%)" in tile.notes[0] for tile in paper.tiles] == [True] * 6
    assert said in memo_page(paper).replace("&nbsp;", "\N{NO-BREAK SPACE}")
