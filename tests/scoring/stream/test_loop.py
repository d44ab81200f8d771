"""A stream from end to end on the broker inside librdkafka: every message answered, recorded, followed, committed."""

import socket
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
from click.testing import CliRunner

from data.books import read_book
from data.errors import BadInput
from model.__main__ import main
from model.cli.stream import PACE_SECONDS, StreamPace
from model.errors import ReleaseError, StoreError
from model.record.database import engine
from model.record.replay import replay
from model.record.trail import find, recent
from model.release.store import Store
from model.scoring.stream import loop
from model.scoring.stream.decider import DecidedBatch
from model.scoring.stream.loop import Stream, StreamFollower, StreamState, now_ms, reached
from model.scoring.stream.messages import ObservedOutcome, RefusedMessage
from model.scoring.stream.metrics import StreamMetrics
from model.scoring.stream.running import StreamTerms, stream_of
from model.settings import Settings
from tests.support.kafka import QuickBroker, free_ports
from tests.support.streamed import applications

CARDS = read_book("cards")
GOOD = applications(CARDS.contract, CARDS.raw[:, :300], [f"A-{k}" for k in range(300)])
IDLE = 0.7  # seconds after which a stream of these tests ends that nothing comes to
MOST_WAITS = 1000  # after which a stream of these tests that hears of nobody is given up
SECONDS = 120.0  # after which one ends that has not read what it was sent


class Heard(StreamFollower):
    """A follower that keeps what it hears."""

    def __init__(self) -> None:
        self.ids, self.reasons, self.told = list[str](), list[str](), list[ObservedOutcome]()
        self.states, self.closed = list[StreamState](), 0

    def decided(self, batch: DecidedBatch) -> None:
        self.ids += batch.ids

    def refused(self, messages: Sequence[RefusedMessage]) -> None:
        self.reasons += [reason for each in messages for reason in each.reasons]

    def outcomes(self, found: Sequence[ObservedOutcome]) -> None:
        self.told += found

    def second(self, state: StreamState) -> None:
        self.states.append(state)

    def close(self) -> None:
        self.closed += 1


class NoRoom:
    """A client whose buffer is full, of a stream that is told to stop then."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def produce(self, *_given: object, **_more: object) -> None:
        self.stream.stop.set()
        raise BufferError

    def poll(self, _seconds: float) -> int:
        return 0

    def flush(self, _seconds: float) -> int:
        return 0


class TakesNothing:
    """A client whose broker takes nothing: either what is sent waits for ever, or there is ``room`` for none of it."""

    def __init__(self, stream: Stream, room: bool) -> None:
        self.stream, self.room, self.waited = stream, room, 0

    def produce(self, *_given: object, **_more: object) -> None:
        if not self.room:
            raise BufferError

    def poll(self, _seconds: float) -> int:
        return self.flush(_seconds)

    def flush(self, _seconds: float) -> int:
        self.waited += 1
        if self.waited > MOST_WAITS:
            self.stream.stop.set()
        return 1


def send(broker: QuickBroker, topic: str, said: Sequence[object]) -> None:
    producer = broker.producer()
    for each in said:
        key = str(each["id"]) if isinstance(each, dict) and "id" in each else None
        producer.produce(topic, each if isinstance(each, bytes) else orjson.dumps(each), key=key)
    assert producer.flush(20) == 0


def run(using: Settings, follower: StreamFollower | None = None, until: int = 0, **terms: Any) -> Stream:
    """A stream that ends once it has read ``until`` messages, or when nothing has come for a while."""
    with stream_of(using, "cards", StreamTerms(**terms)) as stream:
        stream.followers = [*stream.followers, *([] if follower is None else [follower])]
        Thread(target=stop_after, args=(stream, until), daemon=True).start()
        stream.run(SECONDS if until else IDLE)
    return stream


def stop_after(stream: Stream, count: int) -> None:
    """End a stream that has read so many messages."""
    while count and stream.seen < count and not stream.stop.is_set():
        time.sleep(0.01)
    if count:
        stream.stop.set()


def answered(broker: QuickBroker, topic: str) -> list[dict[str, Any]]:
    return [orjson.loads(each.value() or b"") for each in broker.read(topic)]


def test_every_message_is_answered_recorded_and_told_and_read_once(quick_broker: QuickBroker, using: Settings):
    heard = Heard()
    send(quick_broker, using.stream_applications, [*GOOD, b"no application", {**GOOD[0], "limit": "much"}])
    send(quick_broker, using.stream_outcomes, [{"id": "A-1", "outcome": 1}, {"id": "A-2", "outcome": 5}])
    stream = run(using, heard, until=304, outcomes=True)
    assert (stream.seen, stream.decided, stream.refused) == (304, 300, 3)
    decisions = answered(quick_broker, using.stream_decisions)
    assert sorted(each["id"] for each in decisions) == sorted(heard.ids) == sorted(each["id"] for each in GOOD)
    refused = answered(quick_broker, using.stream_refused)
    assert sorted(reason for each in refused for reason in each["reasons"]) == sorted(heard.reasons)
    assert [(each.id, each.outcome) for each in heard.told] == [("A-1", 1)]
    assert heard.closed == 1
    assert run(using, Heard(), outcomes=True).seen == 0  # all of it was committed


def test_decisions_are_on_record_and_can_be_done_again(quick_broker: QuickBroker, using: Settings):
    send(quick_broker, using.stream_applications, GOOD)
    run(using, until=len(GOOD))
    database = engine(using)
    calls = [each for each in recent(database) if each.via == "stream"]
    assert sum(each.rows for each in calls) == len(GOOD)
    entries = [find(database, each.id) for each in calls]
    assert sorted(name for each in entries for name in each.detail["ids"]) == sorted(each["id"] for each in GOOD)
    assert all(replay(each, Store(using.home, "cards")).same for each in entries)
    database.dispose()


def test_nothing_is_recorded_where_that_is_switched_off(quick_broker: QuickBroker, using: Settings):
    send(quick_broker, using.stream_applications, GOOD[:5])
    stream = run(using.model_copy(update={"stream_record": False}), until=5)
    database = engine(using)
    assert (stream.decided, recent(database)) == (5, [])
    database.dispose()


def test_what_a_follower_could_not_keep_is_read_again(quick_broker: QuickBroker, using: Settings):
    class Full(StreamFollower):
        def decided(self, batch: DecidedBatch) -> None:
            raise StoreError("The disk is full.")

    send(quick_broker, using.stream_applications, GOOD[:20])
    with pytest.raises(StoreError, match="disk is full"):
        run(using, Full())
    run(using, until=20)
    values: dict[bytes, set[bytes]] = {}
    for each in quick_broker.read(using.stream_decisions):
        values.setdefault(each.key() or b"", set()).add(each.value() or b"")
    assert len(values) == 20
    assert all(len(each) == 1 for each in values.values())


def test_a_stream_that_is_told_to_stop_ends_after_what_it_has_begun(quick_broker: QuickBroker, using: Settings):
    class Stops(StreamFollower):
        def decided(self, batch: DecidedBatch) -> None:
            stream.stop.set()

    send(quick_broker, using.stream_applications, GOOD)
    with stream_of(using, "cards", StreamTerms()) as stream:
        stream.followers = [Stops()]
        stream.run()
    done = stream.decided
    assert 0 < done <= len(GOOD)
    assert run(using, until=len(GOOD) - done).decided == len(GOOD) - done


def test_what_the_client_had_no_room_for_when_it_was_told_to_stop_is_read_again(
    quick_broker: QuickBroker, using: Settings
):
    send(quick_broker, using.stream_applications, GOOD[:20])
    heard = Heard()
    with stream_of(using, "cards", StreamTerms()) as stream:
        stream.producer = NoRoom(stream)  # type: ignore[assignment]
        stream.followers = [heard]
        stream.run(IDLE)
    assert (stream.decided, heard.ids, heard.closed) == (0, [], 1)
    assert run(using, until=20).decided == 20


@pytest.mark.parametrize("room", [True, False])
def test_while_a_broker_takes_nothing_followers_hear_that_the_process_lives(
    quick_broker: QuickBroker, using: Settings, monkeypatch: pytest.MonkeyPatch, room: bool
):
    monkeypatch.setattr(loop, "TOLD_SECONDS", 0)
    heard = list[int]()

    class Hears(StreamFollower):
        def second(self, state: StreamState) -> None:
            if taking.waited:
                heard.append(taking.waited)
            if len(heard) == 3:
                stream.stop.set()

    send(quick_broker, using.stream_applications, GOOD[:20])
    with stream_of(using, "cards", StreamTerms()) as stream:
        taking = TakesNothing(stream, room)
        stream.producer = taking  # type: ignore[assignment]
        stream.followers = [Hears()]
        stream.run(SECONDS)
    assert (heard[:3], stream.decided) == ([1, 2, 3], 0)  # each time that it was waited for
    assert run(using, until=20).decided == 20  # and in time all of it is decided


def test_a_follower_that_cannot_end_well_keeps_no_other_from_it(quick_broker: QuickBroker, using: Settings):
    class Torn(StreamFollower):
        def close(self) -> None:
            raise StoreError("The database is gone.")

    heard = Heard()
    with stream_of(using, "cards", StreamTerms()) as stream:
        stream.followers = [Torn(), heard]
        with pytest.raises(StoreError, match="database is gone"):
            stream.run(IDLE)
    assert heard.closed == 1


def test_metrics_tell_lag_rate_and_refusals(quick_broker: QuickBroker, using: Settings):
    pages = list[str]()
    port = free_ports("metrics")["metrics"]

    class Scraped(StreamFollower):
        def second(self, state: StreamState) -> None:
            pages.append(httpx.get(f"http://127.0.0.1:{port}/metrics").text)
            stream.stop.set()

    send(quick_broker, using.stream_applications, [*GOOD, b"{"])
    with stream_of(using, "cards", StreamTerms(metrics_port=port)) as stream:
        stream.followers = [*stream.followers, Scraped()]
        stream.run(5)
        with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(BadInput, match="Give another --port"):
            StreamMetrics().serve("127.0.0.1", taken.getsockname()[1])
    lines = [each.rpartition(" ") for each in pages[0].splitlines()]
    counted = sum(float(figure) for name, _, figure in lines if name.startswith("whatif_stream_decided_total"))
    assert counted == len(GOOD)
    assert "whatif_stream_refused_total 1.0" in pages[0]
    assert "whatif_stream_lag 0.0" in pages[0]


def test_the_verb_decides_and_says_what_it_did(quick_broker: QuickBroker, using: Settings):
    send(quick_broker, using.stream_applications, [*GOOD, b"{"])
    done = CliRunner().invoke(main, ["stream", "--port", "0", "--idle", str(IDLE), "--no-record", "--json"])
    assert done.exit_code == 0, done.output
    said = orjson.loads(done.stdout)
    assert (said["decided"], said["refused"], said["errors"]) == (300, 1, 0)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--in", "nothing-comes-here"], "have no topic nothing-comes-here"),
        (["--schema", "memo"], "'memo' is not one of 'application', 'decision', 'outcome', 'refusal'"),
        (["--brokers", ""], "No broker is named. Give --brokers host:port"),
        (["--in", ""], "The topic of applications has no name. Set WHATIF_STREAM_APPLICATIONS."),
        (["--outcomes", ""], "The topic of outcomes has no name."),
        (["--in", "a", "--out", "a"], "The topic a cannot hold both applications and decisions."),
        (["--refused", "b", "--outcomes", "b"], "The topic b cannot hold both refused and outcomes."),
        (["--group", ""], "needs a group that its processes share the work as. Set WHATIF_STREAM_GROUP"),
        (["--idle", "nan"], "nan is not a finite number"),
        (["--book", "nothing"], "There is no book 'nothing'"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_read(using: Settings, words: list[str], told: str):
    done = CliRunner().invoke(main, ["stream", "--port", "0", "--idle", "0.1", *words])
    assert (told in done.output, done.exit_code) == (True, 2)


def test_the_verb_prints_schemas(using: Settings):
    done = CliRunner().invoke(main, ["stream", "--schema", "application"])
    assert orjson.loads(done.stdout)["required"][:2] == ["id", "limit"]


def test_a_clock_that_is_ahead_is_waited_for_but_not_one_whose_messages_are_refused():
    def took(ahead: list[int], stopped: bool = False) -> tuple[bool, float]:
        stop, begin = Event(), time.monotonic()
        if stopped:
            stop.set()
        answer = reached([now_ms() + each for each in ahead], stop)
        return answer, time.monotonic() - begin

    assert took([]) == (True, pytest.approx(0, abs=0.1))
    assert took([-5000, 400, 3_600_000]) == (True, pytest.approx(0, abs=0.1))
    assert took([0, 800, 3_600_000]) == (True, pytest.approx(0.3, abs=0.2))
    assert took([30_000], stopped=True) == (False, pytest.approx(0, abs=0.1))


def test_while_a_clock_is_waited_for_others_are_told_meanwhile(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loop, "AHEAD_SECONDS", 0.001)
    stop, told = Event(), list[int]()

    def waiting() -> None:
        told.append(now_ms())
        if len(told) == 5:
            stop.set()

    assert not reached([now_ms() + 60_000], stop, waiting)
    assert len(told) == 5


def test_without_a_champion_nothing_is_read(using: Settings, tmp_path: Path):
    with (
        pytest.raises(ReleaseError, match="no champion to decide yet"),
        stream_of(using.model_copy(update={"home": tmp_path}), "cards", StreamTerms()),
    ):
        pass


def test_a_lag_is_what_waits(quick_broker: QuickBroker, using: Settings):
    send(quick_broker, using.stream_applications, GOOD)
    lags = list[int]()

    class Looks(StreamFollower):
        def decided(self, batch: DecidedBatch) -> None:
            lags.append(stream.lag())

    with stream_of(using, "cards", StreamTerms()) as stream:
        stream.followers = [Looks()]
        stream.run(IDLE)
    assert lags[-1] == 0
    assert np.all(np.diff(lags) <= 0)


def test_whoever_watches_is_told_now_and_then_how_it_goes(
    quick_broker: QuickBroker, using: Settings, capsys: pytest.CaptureFixture[str]
):
    with stream_of(using, "cards", StreamTerms()) as stream:
        pace = StreamPace(stream)
        for rate in range(2 * PACE_SECONDS):
            stream.decided += 1000
            pace.second(StreamState(7, float(rate), 0, "here", release=""))
    told = capsys.readouterr().err.splitlines()
    assert told == [f"{each},000 decided, 0 refused; {each - 1} a second, 7 waiting" for each in (10, 20)]
