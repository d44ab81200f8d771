"""Streams on Apache Kafka itself, killed, restarted, rebalanced and misled: every application is decided once, by the
release of its moment, and nothing is lost."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import orjson
import psutil
import pytest

from data.books import read_book
from model.engine.tables import probability
from model.record.database import engine
from model.record.trail import find, recent
from model.record.verify import verify_record
from model.release import parity
from model.release.store import Store
from model.settings import Settings
from tests.support.forging import shifted
from tests.support.kafka import KafkaNode
from tests.support.loans import NAME, lay_down
from tests.support.outcomes_of_loans import changed, records_of
from tests.support.streamed import applications
from tests.support.streaming import SECONDS, StreamProcess, wait_until

pytestmark = pytest.mark.kafka
CARDS = read_book("cards")
CUSTOMERS = CARDS.raw.shape[1]
RECORDS = [orjson.dumps(each)[len(b'{"id":0') :] for each in applications(CARDS.contract, CARDS.raw, [0] * CUSTOMERS)]
LEAD = timedelta(seconds=1)  # as the stream's README promises
MALFORMED = {  # by the reason that must be told
    "no JSON": b"{",
    "one JSON object": b"[1, 2]",
    "empty": None,
    "needs an id": b'{"limit": 80000}',
    "lacks 19 fields": b'{"id": 5}',
    "beyond 2^53": b'{"id":"huge"' + RECORDS[0].replace(b'"limit":', b'"limit":1e17,"was":'),
    "was given": b'{"id":"vast"' + RECORDS[0].replace(b'"limit":', b'"limit":5e9,"was":'),
}


def application(number: int) -> bytes:
    """An application with a number of its own; what it says is a customer's record."""
    return b'{"id":%d%b' % (number, RECORDS[number % CUSTOMERS])


@dataclass
class Sender:
    """Sends ``count`` applications in ``seconds``, and one malformed message for every ``good`` of them."""

    node: KafkaNode
    topic: str
    count: int
    seconds: float
    good: int = 500
    bad: dict[bytes, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._send)
        self.failed = list[str]()

    def _send(self) -> None:
        producer, begin = self.node.producer(**{"enable.idempotence": True}), time.monotonic()
        reasons = list(MALFORMED)
        for number in range(self.count):
            producer.produce(self.topic, application(number), str(number), on_delivery=self._heard)
            if number % self.good == 0:
                key, reason = b"bad-%d" % number, reasons[(number // self.good) % len(reasons)]
                self.bad[key] = reason
                producer.produce(self.topic, MALFORMED[reason], key, on_delivery=self._heard)
            if number % 500 == 0:
                producer.poll(0)
                time.sleep(max(0.0, begin + self.seconds * number / self.count - time.monotonic()))
        assert producer.flush(SECONDS) == 0

    def _heard(self, error: Any, _message: Any) -> None:
        if error is not None:
            self.failed.append(str(error))

    def __enter__(self) -> "Sender":
        self.thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.thread.join()
        assert self.failed == []


@dataclass
class Releases:
    """The champion of a home, and what its releases say of the cards."""

    home: Path

    def __post_init__(self) -> None:
        self.store = Store(self.home, "cards")
        self.first = self.store.aliases()["champion"]
        self._said: dict[str, Any] = {}

    def pd(self, release: str) -> Any:
        """What a release says of each customer."""
        if release not in self._said:
            self._said[release] = probability(self.store.load(release).scorer.margins(CARDS.raw))
        return self._said[release]

    def expected(self, at: int) -> str:
        """The release that decides what was sent at ``at``, ms since 1970."""
        decides = self.first
        for moved in self.store.champions()[1:]:
            if at >= (moved.at + LEAD).timestamp() * 1000:
                decides = moved.release
        return decides


def wait_until_decided(node: KafkaNode, told: dict[str, str]) -> None:
    """Until the group has answered for every application."""
    group, topic = told["WHATIF_STREAM_GROUP"], told["WHATIF_STREAM_APPLICATIONS"]
    wait_until(lambda: node.lag(group, topic) == 0, "all is decided")


Begin: TypeAlias = Callable[..., StreamProcess]


@pytest.fixture
def begin(releases: Releases, tmp_path: Path) -> Iterator[Begin]:
    """Begins processes of a stream, which end with the test."""
    begun = list[StreamProcess]()

    def one_more(told: dict[str, str], *words: str) -> StreamProcess:
        begun.append(StreamProcess(releases.home, tmp_path, told, *words))
        return begun[-1]

    yield one_more
    for each in begun:
        each.kill()


@pytest.fixture
def releases(own_home: Path) -> Releases:
    return Releases(own_home)


def require_all_decided(node: KafkaNode, told: dict[str, str], sender: Sender, releases: Releases) -> int:
    """Every application has one decision, however often it is told: by the release of its moment, with the PD of its
    record; what is no application is refused with its reason. How often something was told once more."""
    sent_at = {each.key(): each.timestamp()[1] for each in node.each_of(told["WHATIF_STREAM_APPLICATIONS"])}
    found, again = dict[bytes, int](), 0
    for each in node.each_of(told["WHATIF_STREAM_DECISIONS"]):
        key, value = each.key(), each.value()
        if key in found:
            assert found[key] == hash(value), f"{key!r} was decided in two ways"
            again += 1
            continue
        found[key] = hash(value)
        said = orjson.loads(value)
        assert said["id"] == key.decode()
        assert said["release"] == releases.expected(sent_at[key]), (key, sent_at[key])
        assert said["pd"] == releases.pd(said["release"])[int(key) % CUSTOMERS]
    assert found.keys() == {b"%d" % number for number in range(sender.count)}
    refused = dict[bytes, set[bytes]]()
    for each in node.each_of(told["WHATIF_STREAM_REFUSED"]):
        refused.setdefault(each.key(), set()).add(each.value())
    assert refused.keys() == sender.bad.keys()
    for key, values in refused.items():
        assert len(values) == 1
        assert sender.bad[key] in " ".join(orjson.loads(next(iter(values)))["reasons"])
    return again


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_every_application_is_decided_once_whatever_is_killed_or_restarted_or_promoted(
    kafka_node: KafkaNode, releases: Releases, begin: Begin, protocol: str
):
    """Two processes share the topic; ten times one of them is killed, the broker is killed once, a release is laid
    down, shadows, is promoted and rolled back, all while 200,000 applications are sent."""
    told = kafka_node.topics() | {"WHATIF_STREAM_PROTOCOL": protocol}
    chance, store = random.Random(protocol), releases.store

    streams = [begin(told, "--no-record"), begin(told, "--no-record")]
    with Sender(kafka_node, told["WHATIF_STREAM_APPLICATIONS"], 200_000, 60.0) as sender:
        for number in range(10):
            time.sleep(chance.uniform(2.0, 7.0))
            own = number % 2
            assert streams[own].runs, streams[own].err.read_text()
            streams[own].kill()
            if number == 2:
                second = shifted(store, 0.3)
                store.promote(second, alias="challenger", who="Ana", why="To be tried.")
            if number == 4:
                store.promote(second, who="Ana", why="It did well.")
            if number == 5:
                kafka_node.kill()
                kafka_node.start()
            if number == 7:
                store.rollback(who="Ana", why="It did not.")
            streams[own] = begin(told, "--no-record")
    topic = told["WHATIF_STREAM_APPLICATIONS"]
    wait_until_decided(kafka_node, told)
    done = [each.end() for each in streams]
    assert all(each["decided"] > 0 for each in done)
    again = require_all_decided(kafka_node, told, sender, releases)
    assert again < sender.count / 2, "What was in hand when a process was killed is decided once more, and only that."
    by = {releases.expected(each.timestamp()[1]) for each in kafka_node.each_of(topic)}
    assert by == {releases.first, second}


def test_a_stream_that_is_told_to_end_answers_for_what_it_decided_and_nothing_is_decided_twice(
    kafka_node: KafkaNode, releases: Releases, begin: Begin
):
    told = kafka_node.topics()
    topic, group = told["WHATIF_STREAM_APPLICATIONS"], told["WHATIF_STREAM_GROUP"]
    with Sender(kafka_node, topic, 30_000, 12.0) as sender:
        decided = 0
        for _ in range(3):
            stream = begin(told, "--no-record")
            before = sum(kafka_node.committed(group, topic).values())
            wait_until(
                lambda least=before + 500: sum(kafka_node.committed(group, topic).values()) > least, "it decides"
            )
            done = stream.end()
            decided += done["read"]
            assert sum(kafka_node.committed(group, topic).values()) == decided
    stream = begin(told, "--no-record")
    wait_until_decided(kafka_node, told)
    assert stream.end()["errors"] == 0
    assert require_all_decided(kafka_node, told, sender, releases) == 0


def test_what_was_decided_is_on_record_also_where_the_process_was_killed(
    kafka_node: KafkaNode, releases: Releases, begin: Begin
):
    told = kafka_node.topics() | {"WHATIF_STREAM_PROTOCOL": "consumer"}
    with Sender(kafka_node, told["WHATIF_STREAM_APPLICATIONS"], 20_000, 10.0) as sender:
        stream = begin(told)
        wait_until(lambda: any(kafka_node.each_of(told["WHATIF_STREAM_DECISIONS"])), "it decides")
        stream.kill()
        stream = begin(told)
    wait_until_decided(kafka_node, told)
    stream.end()
    require_all_decided(kafka_node, told, sender, releases)
    database = engine(Settings(home=releases.home))
    assert verify_record(database).ok
    said = dict[str, float]()
    for call in recent(database, 100_000):
        entry = find(database, call.id)
        said |= dict(zip(entry.detail["ids"], entry.outputs["pd"].tolist(), strict=True))
    assert said == {str(k): pd for k, pd in enumerate(releases.pd(releases.first)[:20_000].tolist())}
    database.dispose()


def test_a_broker_that_takes_nothing_is_waited_for_without_reading_on(
    kafka_node: KafkaNode, releases: Releases, begin: Begin
):
    told = kafka_node.topics() | {"WHATIF_STREAM_PROTOCOL": "consumer"}
    with Sender(kafka_node, told["WHATIF_STREAM_APPLICATIONS"], 60_000, 1.0) as sender:
        pass
    stream = begin(told, "--no-record")
    process = psutil.Process(stream.process.pid)
    wait_until(lambda: any(kafka_node.each_of(told["WHATIF_STREAM_DECISIONS"])), "it decides")
    kafka_node.pause()
    try:
        time.sleep(2.0)
        before, worked = process.memory_info().rss, sum(process.cpu_times()[:2])
        time.sleep(6.0)
        assert process.memory_info().rss - before < 5_000_000
        assert sum(process.cpu_times()[:2]) - worked < 1.0
        assert stream.runs
    finally:
        kafka_node.go_on()
    wait_until_decided(kafka_node, told)
    assert stream.end()["read"] >= sender.count
    require_all_decided(kafka_node, told, sender, releases)


def test_a_stream_that_begins_before_its_broker_waits_for_it_and_says_so(
    kafka_node: KafkaNode, releases: Releases, begin: Begin
):
    told = kafka_node.topics()
    with Sender(kafka_node, told["WHATIF_STREAM_APPLICATIONS"], 20_000, 1.0) as sender:
        pass
    kafka_node.stop()
    try:
        stream = begin(told, "--no-record")
        wait_until(lambda: "answers yet" in stream.err.read_text(), "it says that it waits")
        time.sleep(12.0)
        assert stream.runs, stream.err.read_text()
    finally:
        kafka_node.start()
    wait_until_decided(kafka_node, told)
    assert stream.end()["read"] == sender.count + len(sender.bad)
    assert require_all_decided(kafka_node, told, sender, releases) == 0


def test_who_is_told_to_end_does_not_wait_for_a_broker_that_does_not_answer(
    kafka_node: KafkaNode, releases: Releases, begin: Begin
):
    told = kafka_node.topics() | {"WHATIF_STREAM_PROTOCOL": "consumer"}
    with Sender(kafka_node, told["WHATIF_STREAM_APPLICATIONS"], 20_000, 1.0) as sender:
        pass
    stream = begin(told, "--no-record")
    wait_until(lambda: any(kafka_node.each_of(told["WHATIF_STREAM_DECISIONS"])), "it decides")
    kafka_node.pause()
    try:
        start = time.monotonic()
        stream.end()
        assert time.monotonic() - start < 25  # what stops a pod gives it thirty seconds
    finally:
        kafka_node.go_on()
    begin(told, "--no-record")
    wait_until_decided(kafka_node, told)
    require_all_decided(kafka_node, told, sender, releases)


@pytest.mark.parametrize(("way", "protocol"), [("sasl", "classic"), ("mutual", "consumer")])
def test_a_stream_runs_over_tls(kafka_node: KafkaNode, releases: Releases, begin: Begin, way: str, protocol: str):
    told = kafka_node.topics() | getattr(kafka_node, way) | {"WHATIF_STREAM_PROTOCOL": protocol}
    with Sender(kafka_node, told["WHATIF_STREAM_APPLICATIONS"], 2_000, 0.1) as sender:
        pass
    stream = begin(told, "--no-record", "--idle", "5")
    assert stream.ended()["decided"] == 2_000
    require_all_decided(kafka_node, told, sender, releases)


def test_who_is_not_let_in_is_told_so_in_a_sentence(kafka_node: KafkaNode, begin: Begin):
    told = kafka_node.topics() | kafka_node.sasl | {"WHATIF_STREAM_PASSWORD": "guessed"}
    said = begin(told, "--no-record").failed()
    assert "WHATIF_STREAM_PASSWORD" in said
    assert "guessed" not in said
    assert "Traceback" not in said


def test_a_model_renewed_in_mid_stream_decides_nothing_until_it_is_promoted(
    kafka_node: KafkaNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Loans of a world that has changed and what became of them: the stream itself trains another model, names it
    challenger, and goes on deciding by the champion; promoted, the other decides, without a new start."""
    for name, rows in (("ORACLE_ROWS", 1), ("ORACLE_BACKGROUND", 2), ("SHAP_ROWS", 20)):
        monkeypatch.setattr(parity, name, rows)
    lay_down(tmp_path)
    store = Store(tmp_path, NAME)
    first = store.promote(store.train().id)
    told, new = kafka_node.topics(), changed(3_000, seed=7)
    contract, ids = store.load().contract, [f"L-{k}" for k in range(len(new))]
    said = applications(contract, records_of(contract, new), ids)
    decisions, outcomes = told["WHATIF_STREAM_DECISIONS"], told["WHATIF_STREAM_OUTCOMES"]
    producer = kafka_node.producer()

    def send(numbers: range) -> None:
        for k in numbers:
            producer.produce(told["WHATIF_STREAM_APPLICATIONS"], orjson.dumps(said[k]), ids[k])
        assert producer.flush(20) == 0

    def decided_by() -> dict[str, str]:
        found = [orjson.loads(each.value() or b"") for each in kafka_node.each_of(decisions)]
        return {each["id"]: each["release"] for each in found}

    words = ("--book", NAME, "--outcomes", outcomes, "--retrain", "2000", "--window", "2000")
    stream = StreamProcess(tmp_path, tmp_path, told, *words)
    try:
        send(range(2_500))
        for k in range(2_500):
            producer.produce(outcomes, orjson.dumps({"id": ids[k], "outcome": int(new["lost"].iloc[k])}), ids[k])
        wait_until(lambda: "challenger" in store.aliases() or not stream.runs, "a model is renewed")
        send(range(2_500, 2_700))
        wait_until_decided(kafka_node, told)
        assert set(decided_by().values()) == {first}

        second = store.promote(store.aliases()["challenger"], who="Ana", why="It knows the new world.")
        time.sleep(LEAD.total_seconds())
        send(range(2_700, 3_000))
        wait_until_decided(kafka_node, told)
        found = decided_by()
        assert {found[each] for each in ids[2_700:]} == {second} != {first}
        assert {found[each] for each in ids[:2_700]} == {first}
        assert stream.end()["errors"] == 0
    finally:
        stream.kill()
