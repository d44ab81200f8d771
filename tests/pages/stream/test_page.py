"""The stream page: what stands there while nothing runs, while it runs, while it is paused; a decision opened."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from data.books import Book
from model.api import process
from model.record.database import writing
from model.release.store import Store
from model.report import numbers
from model.scoring.stream import live
from model.scoring.stream.decider import DecidedBatch
from model.scoring.stream.live_store import DECISIONS
from model.scoring.stream.messages import ObservedOutcome
from model.scoring.stream.outcomes import OutcomeStore
from model.security.people import Person
from model.whatif.customer.decision import explain
from pages.stream import state
from tests.pages.conftest import Open, address, figure, links, markup, sentence, shown
from tests.support.forging import shifted
from tests.support.streamed import applications
from tests.support.watched import WatchedStream

Run = Callable[..., WatchedStream]
ROWS = 400


@pytest.fixture(autouse=True)
def _streaming(open_app: Open, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home of the test's own with a stream configured, whose processes write often and whose page reads anew."""
    monkeypatch.setenv("WHATIF_HOME", str(own_home))
    monkeypatch.setenv("WHATIF_STREAM_BROKERS", "127.0.0.1:9092")
    monkeypatch.setattr(live, "PAUSE", 0.02)
    state.live_of.clear()
    yield
    process.close()


@pytest.fixture
def run(own_home: Path, book: Book) -> Iterator[Run]:
    """Starts processes that decide; they end with the test."""
    started = list[WatchedStream]()

    def begin(ago: float = 0.0) -> WatchedStream:
        started.append(WatchedStream(own_home, book, ago))
        started[-1].live()
        return started[-1]

    yield begin
    for each in started:
        each.close()


def again(at: AppTest) -> AppTest:
    """The page once more, a second later."""
    state.live_of.clear()
    at.run()
    assert not at.exception
    return at


def looking(monkeypatch: pytest.MonkeyPatch, role: Any) -> None:
    """As somebody of this role."""
    monkeypatch.setattr("pages.shared.visitor.current", lambda: Person("somebody", role))


def test_there_is_no_such_page_where_no_stream_is_configured(open_app: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("WHATIF_STREAM_BROKERS")
    at = open_app("stream")
    assert "wi-live" not in markup(at)
    assert "No stream" not in markup(at)  # the first page is opened in its place
    assert "expected loss" in markup(at)


def test_a_stream_that_never_ran_is_told_how_to_start(open_app: Open):
    at = open_app("stream")
    assert "No stream of this book has run yet." in markup(at)
    assert "python -m model stream" in markup(at)
    assert "wi-number'" not in markup(at)


def test_numbers_are_those_of_the_hour_and_move_as_it_goes_on(open_app: Open, run: Run, book: Book):
    stream = run()
    stream.live()
    (batch,) = stream.decide(book.raw[:, :ROWS], before=1).batches
    stream.written(ROWS)
    at = open_app("stream")
    share = numbers.percent(batch.granted.mean())
    lost = numbers.money(batch.loss[batch.granted].sum(), "NT$")
    told = f"In the last hour {ROWS} applications were decided, {share} granted, at an expected loss of {lost}."
    assert sentence(at) == told
    assert shown(at, "Granted") == share
    assert shown(at, "Mean PD, one month") == numbers.percent(batch.pd.mean())
    assert shown(at, "Decisions a second") == "12"
    assert "the book: 71.7" in markup(at)
    assert "the training: 22.1" in markup(at)
    assert "no input has moved" in markup(at)
    assert "✓ holds" in markup(at)
    assert "role='status'" not in markup(at).split("wi-live")[1].split("</p>")[0]
    assert sum(figure(at, "stream-arrivals")["data"][0]["y"]) == ROWS
    stream.decide(book.raw[:, :50], name="B")
    stream.written(ROWS + 50)
    assert f"{ROWS + 50} applications" in sentence(again(at))
    assert [each.label for each in links(at)][4:] == ["B-49", "B-48", "B-47", "B-46"]


def test_a_page_that_is_paused_holds_what_stood_there_until_it_goes_on(open_app: Open, run: Run, book: Book):
    stream = run()
    stream.decide(book.raw[:, :10])
    stream.written(10)
    at = open_app("stream")
    stood = sentence(at), [each.label for each in links(at)]
    at.button("_stream_pause").click()
    stream.decide(book.raw[:, :10], name="B")
    stream.written(20)
    again(at)
    assert (sentence(at), [each.label for each in links(at)]) == stood
    assert "Paused at " in markup(at)
    at.button("_stream_go_on").click()
    again(at)
    assert "20 applications" in sentence(at)
    assert "Paused at" not in markup(at)


def test_decisions_that_are_still_listed_keep_their_place(open_app: Open, run: Run, book: Book):
    stream = run()
    for k in range(3):
        stream.decide(book.raw[:, :4], name=f"A{k}")
        stream.written(4 * k + 4)
    at = open_app("stream")
    before = [each.label for each in links(at)]
    stream.decide(book.raw[:, :1], name="B")
    stream.written(13)
    after = [each.label for each in links(again(at))]
    assert len(after) == len(before) == state.LISTED
    assert [now for was, now in zip(before, after, strict=True) if was != now] == ["B-0"]


def test_a_stream_that_is_silent_says_since_when_and_its_numbers_are_greyed(open_app: Open, run: Run, book: Book):
    stream = run(ago=300)
    stream.live()
    stream.decide(book.raw[:, :10])
    stream.written(10)
    at = open_app("stream")
    assert "No stream process has been heard of for 5 minutes, since " in sentence(at)
    assert "10 applications were decided" in sentence(at)
    assert markup(at).count("wi-number wi-grey") == 7
    assert "Start one with: python -m model stream" in markup(at)


def test_a_stream_to_which_nothing_comes_says_how_something_does(open_app: Open, run: Run):
    stream = run()
    stream.live()
    stream.written(0)
    at = open_app("stream")
    while "The stream runs" not in markup(at):
        again(at)
    assert "in the last hour nothing was decided" in sentence(at)
    assert "python -m model simulate" in markup(at)
    assert shown(at, "Granted") == "–"


def test_what_was_refused_is_told_with_its_reason_and_never_as_markup(open_app: Open, run: Run, book: Book):
    good = applications(book.contract, book.raw[:, :1], ["x"])[0]
    stream = run()
    stream.decide(book.raw[:, :10], spoiled=[{**good, "limit": "<b>many</b>"}, {**good, "limit": 5e9}, b"{"])
    stream.written(10)
    at = open_app("stream", ["_stream_refused"])
    assert shown(at, "Refused") == "3"
    table = markup(at).split("<table class='wi-table' aria-label='Messages refused")[1]
    assert "Credit limit" in table
    assert "5,000,000,000 was given" in table
    assert "<b>many" not in "".join(each.value for each in at.html)


def test_drift_beyond_its_threshold_is_told_with_the_input_that_moved_most(open_app: Open, run: Run, book: Book):
    raw = book.raw[:, :ROWS].copy()
    raw[book.contract.row["limit"]] = 10_000
    stream = run()
    stream.decide(raw, before=1)
    stream.written(ROWS)
    at = open_app("stream", ["_stream_drift"])
    assert "✗ does not hold" in markup(at)
    assert "have moved by 0.10 or more, most " in markup(at)


def test_of_few_applications_drift_is_not_told(open_app: Open, run: Run, book: Book):
    stream = run()
    stream.decide(book.raw[:, :50])
    stream.written(50)
    at = open_app("stream", ["_stream_drift"])
    assert shown(at, "Drift of the score, PSI") == "too few"
    assert "50 of 180 applications" in markup(at)


def test_who_may_see_no_calls_sees_no_single_decision(
    open_app: Open, run: Run, book: Book, monkeypatch: pytest.MonkeyPatch
):
    stream = run()
    stream.decide(book.raw[:, :10])
    stream.written(10)
    looking(monkeypatch, "viewer")
    at = open_app("stream", ["_stream_refused"])
    assert "10 applications" in sentence(at)
    assert links(at) == []
    assert "To see calls takes the role analyst" in markup(at)
    opened = open_app("applicant", decision="A-1")
    assert "To see calls takes the role analyst" in opened.warning[0].value
    assert "wi-number'" not in markup(opened)


def test_how_champion_and_challenger_did_on_outcomes_is_one_click_below(
    open_app: Open, run: Run, book: Book, own_home: Path
):
    store, stream = Store(own_home, "cards"), run()
    challenger = shifted(store, 0.5)
    store.promote(challenger, "challenger", who="Eve", why="a test", override="a test")
    kept = OutcomeStore(stream.engine, store, 10_000)
    for batch in stream.decide(book.raw[:, :ROWS], before=1).batches:
        kept.decided(batch)
    kept.outcomes([ObservedOutcome(f"A-{k}", int(book.target[k]), stream.now) for k in range(ROWS)])
    kept.close()
    stream.written(ROWS)
    state.course_of_models.clear()
    at = open_app("stream", ["_stream_course"])
    assert f"On {ROWS} outcomes that both predicted, challenger {challenger[:6]} ranks as well as champion" in markup(
        at
    )
    assert f"predicted of {ROWS} applications" in markup(at)
    observed = figure(at, "stream-course-rates")["data"][2]["y"]
    assert observed == pytest.approx([100 * book.target[:ROWS].mean()], abs=1e-3)


# ---- a decision opened ----------------------------------------------------------------------------------------------


def said_as(at: AppTest, batch: DecidedBatch, k: int, store: Store) -> None:
    """The customer page says of an application what the stream said, reasons included."""
    assert shown(at, "PD, one month") == numbers.percent(batch.pd[k])
    assert shown(at, "Score") == str(batch.score[k])
    assert shown(at, "Decision").lower() == ("granted" if batch.granted[k] else "not granted")
    why = explain(store.load(batch.release.id).scorer, batch.raw[:, [k]])
    by_concept = {each.name: each.points for each in why.concepts}
    assert by_concept == pytest.approx({name: points[k] for name, points in batch.points.items()})
    (bars,) = [each for each in figure(at, "why")["data"] if each["type"] == "bar"][:1]
    assert sum(map(round, bars["x"])) == pytest.approx(batch.score[k] - round(batch.average), abs=1)


def test_a_decision_opens_with_the_same_numbers_and_reasons_and_no_value_of_it_in_the_address(
    open_app: Open, run: Run, book: Book, own_home: Path
):
    stream = run()
    (batch,) = stream.decide(book.raw[:, 20:24]).batches
    stream.written(4)
    at = open_app("applicant", decision="A-2")
    said_as(at, batch, 2, Store(own_home, "cards"))
    assert "Application A-2, decided" in at.info[0].value
    assert address(at) == {"decision": "A-2"}
    at.number_input("customer.limit.typed").set_value(500_000).run()
    assert address(at) == {"decision": "A-2", "limit": "500000"}
    again_opened = open_app("applicant", **address(at))
    assert shown(again_opened, "Score") == shown(at, "Score") != str(batch.score[2])


def test_a_decision_of_a_release_that_no_longer_answers_is_shown_by_that_release_and_says_so(
    open_app: Open, run: Run, book: Book, own_home: Path
):
    store = Store(own_home, "cards")
    stream = run()
    (batch,) = stream.decide(book.raw[:, 20:24]).batches
    stream.written(4)
    at = open_app("applicant", decision="A-2")
    store.promote(shifted(store, 0.5), who="Eve", why="a test", override="a test")
    after = again(at)
    said_as(after, batch, 2, store)
    assert "is no longer the champion; the numbers below are its own" in after.info[0].value
    assert "the model changed" not in " ".join(each.value for each in after.warning)
    fresh = open_app("applicant", decision="A-2")
    said_as(fresh, batch, 2, store)


def test_a_decision_that_is_no_longer_kept_says_where_it_is(open_app: Open, run: Run, book: Book):
    stream = run()
    stream.decide(book.raw[:, :4])
    stream.written(4)
    with writing(stream.engine) as connection:
        connection.execute(DECISIONS.delete())
    at = open_app("applicant", decision="A-1")
    assert "The decision of application A-1 is not kept here" in at.warning[0].value.replace("\\", "")
    assert "python -m model audit export" in at.warning[0].value.replace("\\", "")
