"""A book played on a stream: what is sent, when, and that it can be read as what it is."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import numpy as np
import orjson
import pytest
from click.testing import CliRunner

from data.books import Book
from data.errors import BadInput
from model.__main__ import main
from model.errors import StoreError
from model.record.database import engine
from model.scoring.stream.drifting import drift_of
from model.scoring.stream.outcomes import OutcomeCounts, outcome_counts
from model.scoring.stream.running import StreamTerms, stream_of
from model.scoring.stream.simulate import Playback, Simulation, SimulationTerms, SimulationTopics
from model.settings import Settings

TOPICS = SimulationTopics("applications", "outcomes")


class Taken:
    """Takes messages, and keeps when each came; every so often it is full."""

    def __init__(self, full_every: int = 0, refuse: bool = False) -> None:
        self.messages: list[tuple[str, str, bytes, float]] = []
        self.calls, self.full_every, self.refuse = 0, full_every, refuse

    def produce(self, topic: str, value: bytes, key: bytes, on_delivery: Callable[[object, object], None]) -> None:
        self.calls += 1
        if self.full_every and self.calls % self.full_every == 0:
            raise BufferError
        self.messages.append((topic, key.decode(), value, time.monotonic()))
        on_delivery("no leader" if self.refuse else None, None)

    def poll(self, _timeout: float) -> int:
        return 0

    def flush(self, _timeout: float) -> int:
        return 0

    def of(self, topic: str) -> list[tuple[str, str, bytes, float]]:
        return [each for each in self.messages if each[0] == topic]


def terms(**given: object) -> SimulationTerms:
    return SimulationTerms(**{"run": "1", "rate": 500.0, "outcomes_after": 0.0, "count": 100, **given})


def played(book: Book, sender: Taken, **given: object) -> Simulation:
    simulation = Simulation(Playback(book, terms(**given)), sender, TOPICS)
    simulation.play(lambda _: None)
    return simulation


def test_an_application_holds_a_record_of_the_book_and_its_outcome_follows(book: Book):
    sender = Taken(full_every=7)
    played(book, sender)
    known = {(raw.tobytes(), int(target)) for raw, target in zip(book.raw.T, book.target, strict=True)}
    names = [field.name for field in book.contract.record]
    outcomes = {key: orjson.loads(value) for _, key, value, _ in sender.of("outcomes")}
    applications = sender.of("applications")
    assert len(applications) == len({key for _, key, _, _ in applications}) == len(outcomes) == 100
    for _, key, value, _ in applications:
        message = orjson.loads(value)
        record = np.array([message[name] for name in names], float)
        assert message["id"] == key
        assert (record.tobytes(), outcomes[key]["outcome"]) in known


def test_a_missing_value_is_null(book: Book):
    raw = book.raw[:, :1].copy()
    raw[0] = np.nan
    gap = Book(book.contract, raw, ids=book.ids[:1], target=book.target[:1], observed={}, sha256="")
    (value,) = Playback(gap, terms()).applications(0, 1).values
    assert orjson.loads(value)[book.contract.record[0].name] is None


def test_the_same_seed_plays_the_same_and_no_record_twice_before_all_were_played(book: Book):
    book = book.part(np.arange(600))
    first, second = (Playback(book, terms()).applications(0, len(book)) for _ in range(2))
    assert first.values == second.values
    assert Playback(book, terms(seed=1)).applications(0, 50).values != first.values[:50]
    again = Playback(book, terms()).applications(len(book), 50)
    assert [orjson.loads(each)["limit"] for each in again.values] == [
        orjson.loads(each)["limit"] for each in first.values[:50]
    ]
    assert first.outcomes.sum() == book.target.sum()


def test_outcomes_come_as_long_after_as_was_asked_and_the_rate_is_kept(book: Book):
    sender = Taken()
    played(book, sender, count=200, outcomes_after=0.2)
    at = {key: when for _, key, _, when in sender.of("applications")}
    late = [when - at[key] for _, key, _, when in sender.of("outcomes")]
    assert min(late) >= 0.2
    took = max(at.values()) - min(at.values())
    assert took > 0.9 * 199 / 500  # never faster; how much slower is the machine's matter


def test_malformed_messages_are_the_share_asked_for_in_every_kind_and_have_no_outcome(book: Book):
    sender = Taken()
    simulation = played(book, sender, rate=50_000.0, count=3000, malformed=0.2)
    spoilt = simulation.played.malformed
    assert spoilt == pytest.approx(600, abs=100)
    assert len(sender.of("outcomes")) == 3000 - spoilt
    kinds = set()
    for _, _, value, _ in sender.of("applications"):
        try:
            message = orjson.loads(value)
        except orjson.JSONDecodeError:
            kinds.add("cut off")
            continue
        if isinstance(message, list):
            kinds.add("list")
        elif message["id"] is None:
            kinds.add("no id")
        elif len(message) < len(book.contract.record) + 1:
            kinds.add("field absent")
        elif any(isinstance(each, str) for name, each in message.items() if name != "id"):
            kinds.add("word")
        elif any(isinstance(each, float) and each > 1e200 for each in message.values()):
            kinds.add("range")
    assert len(kinds) == 6


def test_it_ends_soon_when_it_is_stopped_and_says_what_is_left(book: Book):
    sender = Taken()
    simulation = Simulation(Playback(book, terms(count=None, outcomes_after=60.0)), sender, TOPICS)
    Timer(0.1, simulation.stop).start()
    found = simulation.play(lambda _: None)
    assert found.seconds < 5
    assert simulation.waiting == found.applications == len(sender.of("applications")) > 0


def test_it_says_when_the_brokers_refuse(book: Book):
    with pytest.raises(StoreError, match=r"did not take 200 messages\. no leader"):
        played(book, Taken(refuse=True))


def test_twenty_thousand_messages_are_made_in_a_second(book: Book):
    playback = Playback(book, terms(drifts=(drift_of(book.contract, "limit=-20%"),)))
    start = time.thread_time()
    playback.applications(0, 20_000, 0.5)
    assert time.thread_time() - start < 1


# ---- by Kafka --------------------------------------------------------------------------------------------------------


def test_what_is_played_is_decided_refused_and_joined_with_its_outcomes(
    using: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("WHATIF_STREAM_BROKERS")
    words = [
        "--brokers",
        using.stream_brokers,
        "--rate",
        "1000",
        "--count",
        "200",
        "--outcomes-after",
        "0.1",
        "--malformed",
        "0.2",
    ]
    done = CliRunner().invoke(main, ["simulate", *words, "--drift", "limit=-20%", "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    said = orjson.loads(done.stdout)
    assert (said["applications"], said["outcomes"], said["waiting"]) == (200, 200 - said["malformed"], 0)
    assert 0 < said["malformed"] < 100
    assert len(said["run"]) == 6  # so that ids stay short
    with stream_of(using, "cards", StreamTerms(outcomes=True)) as stream:
        stream.run(0.7)
    assert (stream.decided, stream.refused) == (said["outcomes"], said["malformed"])
    database = engine(using)
    assert outcome_counts(database, "cards") == OutcomeCounts(
        applications=stream.decided, matched=stream.decided, unmatched=0, repeated=0, contradicted=0
    )
    database.dispose()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--drift", "income=3"], "Nothing of the book cards is called 'income'"),
        (["--since", "2001"], "has no vintages, so no window of them can be chosen. Leave out the years."),
        (["--book", "none"], "There is no book 'none'"),
        (["--rate", "nan"], "nan is not a finite number"),
        (["--for", "inf"], "inf is not a finite number"),
        (["--outcomes-after", "inf"], "inf is not a finite number"),
        (["--seed", "-1"], "-1 is not in the range x>=0"),
    ],
)
def test_what_cannot_be_played_is_said(using: Settings, words: list[str], says: str):
    done = CliRunner().invoke(main, ["simulate", "--count", "1", *words], catch_exceptions=False)
    assert (done.exit_code, says in done.output) == (2, True)


def test_it_says_that_no_broker_is_named(own_home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WHATIF_HOME", str(own_home))
    done = CliRunner().invoke(main, ["simulate"], catch_exceptions=False)
    assert (done.exit_code, "Set WHATIF_STREAM_BROKERS" in done.output) == (2, True)


def test_applications_and_outcomes_are_played_on_two_topics():
    with pytest.raises(BadInput, match="topic both cannot hold both applications and outcomes"):
        SimulationTopics("both", "both")
