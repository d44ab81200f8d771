"""All records of a large book: what they answer is the book, asked once; who gives up leaves nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from time import sleep

import pytest

from data import books
from data.errors import BadInput
from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.engine.parallel import Progress
from model.release.release import Release
from model.scoring.parts.reading import Refusals, RefusedRow
from model.scoring.parts.stress import LocalEngine, StressEngine
from model.scoring.parts.whole import WholeRun, asked_of_all, engine_by, local_engine
from model.settings import Settings
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.book.sums import BookCensus, BookConstants, StressQuestion, StressSums
from tests.support import second_book
from tests.support.kept import KeptReleases
from tests.support.large_book import HELD, LOANS, NAME, deployed
from tests.support.records import TODAY
from tests.support.spark import SparkShell


class GaveUp(Exception):
    """Somebody did not wait."""


@pytest.fixture
def model(large_home: Path) -> DeployedModel:
    return deployed(large_home)


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


def test_several_visitors_are_answered_by_one_run_and_who_waits_can_cancel(
    model: DeployedModel, monkeypatch: pytest.MonkeyPatch
):
    asked, goes_on, sums = list[float](), Event(), LocalEngine.sums

    def waits(self: LocalEngine, question: StressQuestion, known: BookConstants, heard: Progress) -> StressSums:
        asked.append(question.scenario.number(model.contract, "balances"))
        assert goes_on.wait(60)
        return sums(self, question, known, heard)

    monkeypatch.setattr(LocalEngine, "sums", waits)
    begun = partial(WholeRun.begun, model, day=TODAY, engine_of=local_engine)
    runs = [begun(scenario=stress(model)) for _ in range(2)]
    while not asked:
        sleep(0.01)
    third = begun(scenario=stress(model, 10))
    third.cancel()
    assert third.ended.wait(60)
    assert not any(each.ended.is_set() for each in runs)
    goes_on.set()
    assert all(each.ended.wait(60) for each in runs)
    assert asked == [20]
    assert model.whole_answers.known(stress(model), TODAY) is not None
    assert model.whole_answers.known(stress(model, 10), TODAY) is None


def test_a_row_that_cannot_be_and_was_not_there_before_is_told(model: DeployedModel):
    class Refusing(LocalEngine):
        def census(self, *_asked):
            row = RefusedRow("late=1/0.parquet", 7, "12", ("The limit is missing.",))
            return BookCensus.nobody(), Refusals(1, (row,))

    @contextmanager
    def refusing(model: DeployedModel) -> Iterator[StressEngine]:
        with local_engine(model) as own:
            assert isinstance(own, LocalEngine)
            yield Refusing(own.scorer, own.files)

    with pytest.raises(BadInput, match=r"^late=1/0\.parquet, row 7: The limit is missing\. It was not there"):
        asked_of_all(model, stress(model), TODAY, lambda _: None, refusing)


def test_spark_of_the_settings_is_asked_of_the_table_that_the_contract_names(
    model: DeployedModel, monkeypatch: pytest.MonkeyPatch
):
    asked = list[tuple[str, str, str]]()

    @contextmanager
    def noted(source: str, release: Release, master: str) -> Iterator[StressEngine]:
        asked.append((source, release.id, master))
        with local_engine(model) as own:
            yield own

    monkeypatch.setattr("model.scoring.spark.engine.spark_engine", noted)
    using = Settings(engine="spark", spark_master="sc://spark:15002")
    own = model.contract
    for table in ("", "risk.loans"):
        terms = own.book.model_copy(update={"table": table})
        monkeypatch.setattr(type(model), "contract", property(lambda _, t=terms: own.model_copy(update={"book": t})))
        with engine_by(using)(model):
            pass
    assert model.book.large is not None
    assert [source for source, *_ in asked] == [str(model.book.large.root.absolute()), "risk.loans"]
    assert {each[1:] for each in asked} == {(model.id, "sc://spark:15002")}
    assert engine_by(Settings()) is local_engine


@pytest.mark.spark
def test_spark_answers_what_this_machine_does(model: DeployedModel, large_home: Path, tmp_path: Path):
    shell = SparkShell(large_home, tmp_path)
    try:
        asked = {"home": str(large_home), "held": HELD, "day": TODAY.isoformat()}
        said = shell.ask(all_of=NAME, scenario=stress(model).to_query(), **asked)
    finally:
        shell.close()
    found = asked_of_all(model, stress(model), TODAY, lambda _: None, local_engine)
    assert said["customers"] == LOANS
    assert said["loss"] == pytest.approx(found.now.loss, rel=1e-9)
    assert said["shares"][-1] == pytest.approx(1)


def test_book_that_is_held_whole_is_not_asked_again(kept: KeptReleases, tmp_path: Path):
    second_book.lay_down(tmp_path)
    kept.champion(tmp_path, second_book.NAME)
    model = DeployedModels(lambda: Settings(home=tmp_path)).model(second_book.NAME)
    assert model is not None
    with pytest.raises(BadInput, match="All of the book second is held"), local_engine(model):
        pass
