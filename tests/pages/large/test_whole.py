"""The book page on a large book asks all of it: how far it is, a way out, and the answer beside the estimate."""

from datetime import date
from pathlib import Path
from threading import Event
from time import sleep

import pytest
from streamlit.testing.v1 import AppTest

from data.errors import BadInput
from model.deployed import desk as client
from model.deployed.model import DeployedModel
from model.engine.parallel import Progress
from model.scoring.parts.stress import LocalEngine
from model.whatif.book.scenario import BookScenario
from model.whatif.book.sums import BookConstants, StressQuestion, StressSums
from pages.book.whole_book import RUN
from tests.pages.conftest import Open, address, answers, markup, sentence
from tests.pages.large.test_sample import open_large as open_large
from tests.support.large_book import NAME


@pytest.fixture(autouse=True)
def model(large_home: Path, held_few: None, monkeypatch: pytest.MonkeyPatch) -> DeployedModel:
    """The model of the large book, which nobody has asked about all of it yet."""
    monkeypatch.setenv("WHATIF_HOME", str(large_home))
    found = client.desk.model(NAME)
    assert found is not None
    found.__dict__.pop("whole_answers", None)
    return found


def asking(at: AppTest) -> AppTest:
    """All records are asked, and the page is looked at again once they have answered."""
    at.button(key="_ask_whole").click()
    run = at.run().session_state[RUN]
    assert run.ended.wait(60)
    return at.run()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Event:
    """What lets all records be gone through; until then they are half done."""
    sums, goes_on = LocalEngine.sums, Event()

    def waits(self: LocalEngine, question: StressQuestion, known: BookConstants, heard: Progress) -> StressSums:
        heard(0.5)
        assert goes_on.wait(60)
        return sums(self, question, known, heard)

    monkeypatch.setattr(LocalEngine, "sums", waits)
    return goes_on


def table(at: AppTest) -> list[str]:
    """The columns of the table that holds both numbers."""
    return next((list(each.value.columns) for each in at.dataframe if "Within it" in each.value.columns), [])


def test_all_records_are_asked_at_a_press_and_stand_beside_the_estimate(open_large: Open, model: DeployedModel):
    at = open_large("book", balances=20)
    assert at.button(key="_ask_whole").label == "Ask all 60,000 loans"
    assert table(at) == []
    said = sentence(at)
    at = asking(at)
    assert "All 60,000 loans: expected loss" in markup(at)
    assert "within the sample's interval" in markup(at)
    assert table(at) == ["Measure", "All 60,000", "Estimated from 6,000", "95 % interval, ±", "Within it"]
    assert not [each for each in at.button if each.key == "_ask_whole"]
    assert sentence(at) == said


def test_answer_is_of_its_scenario_alone_and_known_to_every_visitor(open_large: Open):
    asking(open_large("book", balances=20))
    assert table(open_large("book", balances=20))
    assert table(open_large("book", balances=10)) == []


def test_page_says_how_far_it_is_and_cancel_leaves_everything_as_it_was(
    open_large: Open, model: DeployedModel, slow: Event
):
    at = open_large("book", balances=20)
    before, place = answers(at), address(at)
    at.button(key="_ask_whole").click().run()
    while at.session_state[RUN].share < 0.5:
        sleep(0.01)
    at.run()
    assert answers(at) == before
    assert "Asking all 60,000 loans: 65" in str(at.get("progress")[0].proto.text)
    run = at.session_state[RUN]
    at.button(key="_cancel_whole").click().run()
    slow.set()
    assert run.ended.wait(60)
    at.run()
    assert (answers(at), address(at)) == (before, place)
    assert at.button(key="_ask_whole").label == "Ask all 60,000 loans"
    assert model.whole_answers.known(BookScenario().with_value(model.contract, "balances", 20), date.today()) is None


def test_moving_on_gives_up_what_was_asked(open_large: Open, model: DeployedModel, slow: Event):
    at = open_large("book", balances=20)
    at.button(key="_ask_whole").click().run()
    run = at.session_state[RUN]
    at.query_params["balances"] = "10"
    at.run()
    slow.set()
    assert run.ended.wait(60)
    assert RUN not in at.session_state
    assert at.button(key="_ask_whole")


def test_files_that_have_changed_meanwhile_are_told(open_large: Open, monkeypatch: pytest.MonkeyPatch):
    def unreadable(*_given: object) -> None:
        raise BadInput("late=0/0.parquet cannot be read: it is gone")

    at = open_large("book", balances=20)
    monkeypatch.setattr(LocalEngine, "sums", unreadable)
    at = asking(at)
    assert "late=0/0.parquet cannot be read: it is gone" in [each.value for each in at.error]
    assert at.button(key="_ask_whole")


def test_part_of_the_book_offers_nothing(open_large: Open):
    at = open_large("book", within="late_band:1")
    assert "Estimated from" in sentence(at)
    assert not [each for each in at.button if each.key == "_ask_whole"]


def test_book_that_is_held_whole_offers_nothing(open_app: Open):
    assert not [each for each in open_app("book").button if each.key == "_ask_whole"]
