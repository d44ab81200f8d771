"""All records of a large book: what they answer is the book, asked once; who gives up leaves nothing."""

from pathlib import Path

import pytest

from data import books
from data.errors import BadInput
from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.scoring.parts.stress import LocalEngine
from model.scoring.parts.whole import asked_of_all, local_engine
from model.settings import Settings
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from tests.support import second_book
from tests.support.kept import KeptReleases
from tests.support.large_book import HELD, LOANS, NAME
from tests.support.records import TODAY


class GaveUp(Exception):
    """Somebody did not wait."""


@pytest.fixture
def model(large_home: Path) -> DeployedModel:
    found = DeployedModels(lambda: Settings(home=large_home, book_rows=HELD)).model(NAME)
    assert found is not None
    return found


def stress(model: DeployedModel, by: int = 20) -> BookScenario:
    return BookScenario().with_value(model.contract, "balances", by).with_value(model.contract, "unemployment", 1)


def test_all_records_answer_what_the_whole_book_in_memory_does(model: DeployedModel, large_home: Path):
    told: list[float] = []
    found = asked_of_all(model, stress(model), TODAY, told.append, local_engine)
    book = books.read_book(NAME, large_home, LOANS)
    exact = BookResult.of(ScoredBook.of(model.local_scorer, book), stress(model), TODAY)
    assert found.now.customers == LOANS
    for name in ("exposure", "pd", "loss", "capital", "margin", "return_on_capital"):
        for side in ("base", "now"):
            own, whole = (getattr(each, side).measure(name) for each in (found, exact))
            assert own == pytest.approx(whole, rel=1e-9)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_the_same_question_is_asked_once_and_another_goes_through_the_files_once(
    model: DeployedModel, monkeypatch: pytest.MonkeyPatch
):
    asked, counted = list[str](), list[str]()
    sums, census = LocalEngine.sums, LocalEngine.census
    monkeypatch.setattr(LocalEngine, "sums", lambda *given: (asked.append("sums"), sums(*given))[1])
    monkeypatch.setattr(LocalEngine, "census", lambda *given: (counted.append("census"), census(*given))[1])
    first, again = (asked_of_all(model, stress(model), TODAY, lambda _: None, local_engine) for _ in range(2))
    assert first is again
    other = asked_of_all(model, stress(model, 10), TODAY, lambda _: None, local_engine)
    assert other.now.loss < first.now.loss
    assert (len(asked), len(counted)) == (2, 1)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9])
def test_who_gives_up_leaves_no_answer_and_may_ask_again(model: DeployedModel, share: float):
    def impatient(done: float) -> None:
        if done > share:
            raise GaveUp

    with pytest.raises(GaveUp):
        asked_of_all(model, stress(model), TODAY, impatient, local_engine)
    assert model.whole_answers.known(stress(model), TODAY) is None
    assert asked_of_all(model, stress(model), TODAY, lambda _: None, local_engine).now.customers == LOANS


def test_book_that_is_held_whole_is_not_asked_again(kept: KeptReleases, tmp_path: Path):
    second_book.lay_down(tmp_path)
    kept.champion(tmp_path, second_book.NAME)
    model = DeployedModels(lambda: Settings(home=tmp_path)).model(second_book.NAME)
    assert model is not None
    with pytest.raises(BadInput, match="All of the book second is held"):
        local_engine(model)
