"""The stream decided by Spark: what the loop decides, by the same bytes, however often it begins."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from data.books import read_book
from model.release.register import LEAD, Moved
from model.release.store import Store
from model.scoring.spark.streaming import deciding, kafka_options
from model.settings import Settings
from tests.support.forging import shifted
from tests.support.kafka import PASSWORD, KafkaNode
from tests.support.spark import MASTER, PYTHON, SparkShell, environment
from tests.support.streamed import applications
from tests.support.streaming import StreamProcess, wait_until

CARDS = read_book("cards")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def send(node: KafkaNode, topic: str, first: int, after: int) -> None:
    """Applications of some customers, and one message in a hundred that is none."""
    producer, raw = node.producer(), CARDS.raw[:, first:after]
    for number, said in enumerate(applications(CARDS.contract, raw, [f"A-{k}" for k in range(first, after)])):
        producer.produce(topic, orjson.dumps(said), said["id"])
        if number % 100 == 0:
            producer.produce(topic, b"{", f"bad-{first + number}")
    assert producer.flush(30) == 0


def counted(node: KafkaNode, topic: str) -> Counter[tuple[bytes, bytes]]:
    """How often each key came with each value."""
    return Counter((each.key(), each.value()) for each in node.each_of(topic))


@pytest.fixture
def told(kafka_node: KafkaNode) -> dict[str, str]:
    """The settings of a stream over TLS, with a password."""
    return kafka_node.topics() | kafka_node.sasl


@pytest.fixture
def shell(own_home: Path, tmp_path: Path, told: dict[str, str]) -> Iterator[SparkShell]:
    found = SparkShell(own_home, tmp_path, told=told)
    yield found
    found.close()


@pytest.mark.spark
@pytest.mark.kafka
def test_spark_decides_what_the_loop_decides_and_goes_on_where_it_was(
    kafka_node: KafkaNode, told: dict[str, str], own_home: Path, tmp_path: Path, shell: SparkShell
):
    """A first Spark is killed while it decides, a second one goes on from its checkpoint; a promotion comes between."""
    topic, decisions, refused = (told[f"WHATIF_STREAM_{name}"] for name in ("APPLICATIONS", "DECISIONS", "REFUSED"))
    words = ("--checkpoint", str(tmp_path / "checkpoint"))
    send(kafka_node, topic, 0, 6_000)
    settings = told | environment(own_home)
    killed = StreamProcess(own_home, tmp_path, settings, "--engine", "spark", "--master", MASTER, *words, python=PYTHON)
    wait_until(lambda: not killed.runs or any(kafka_node.each_of(decisions)), "it decides")
    assert killed.runs, killed.err.read_text()[-3000:]
    killed.kill()

    assert shell.answer("stream", *words, "--once")["read"] <= 6_060
    assert {key for key, _ in counted(kafka_node, decisions)} == {b"A-%d" % k for k in range(6_000)}

    store = Store(own_home, "cards")
    second = shifted(store, 0.3)
    store.promote(second, who="Ana", why="A try.")
    begin = datetime.now(UTC)
    send(kafka_node, topic, 6_000, 8_000)  # within the second after it: by the champion before
    wait_until(lambda: datetime.now(UTC) > begin + LEAD, "the promotion decides")
    send(kafka_node, topic, 8_000, 10_000)
    assert shell.answer("stream", *words, "--once")["read"] == 4_040
    assert shell.answer("stream", *words, "--once")["read"] == 0

    found, told_wrong = counted(kafka_node, decisions), counted(kafka_node, refused)
    own = {f"WHATIF_STREAM_{name}": f"{told[f'WHATIF_STREAM_{name}']}-loop" for name in ("DECISIONS", "REFUSED")}
    kafka_node.create(*own.values())
    StreamProcess(own_home, tmp_path, told | own, "--no-record", "--idle", "5").ended()
    assert found.keys() == counted(kafka_node, own["WHATIF_STREAM_DECISIONS"]).keys()
    assert told_wrong.keys() == counted(kafka_node, own["WHATIF_STREAM_REFUSED"]).keys()
    assert len(found) == 10_000
    assert len(told_wrong) == 100
    late = {key: orjson.loads(value)["release"] for key, value in found if int(key[2:]) >= 8_000}
    assert set(late.values()) == {second}
    assert all(count == 1 for (key, _), count in found.items() if int(key[2:]) >= 6_000)


@pytest.mark.spark
@pytest.mark.kafka
def test_what_spark_cannot_do_is_said(kafka_node: KafkaNode, shell: SparkShell, tmp_path: Path):
    words = ("stream", "--checkpoint", str(tmp_path / "checkpoint"), "--once")
    absent = shell.run(*words, "--in", "nothing-comes-here")
    assert (absent["status"], "nothing-comes-here" in absent["err"]) == (2, True), absent
    assert PASSWORD not in absent["err"]
    for wrong, sentence in ((("--outcomes", "x"), "--outcomes is not of --engine spark"), (("--idle", "1"), "--idle")):
        said = shell.run(*words, *wrong)
        assert (said["status"], sentence in said["err"]) == (2, True), said
    assert "needs a --checkpoint" in shell.run("stream")["err"]


def test_a_batch_asks_every_release_that_may_decide_in_it_and_no_other():
    def ms(minutes: float) -> int:
        return int((NOON + timedelta(minutes=minutes) + LEAD).timestamp() * 1000)

    names = ("first", "second", "first", "third")
    moves = [Moved(NOON + timedelta(minutes=k), "champion", release=name, who="") for k, name in enumerate(names)]
    assert deciding(moves, ms(-9), ms(-5)) == ["first"]
    assert deciding(moves, ms(0.5), ms(1) - 1) == ["first"]
    assert deciding(moves, ms(0.5), ms(1)) == ["first", "second"]
    assert deciding(moves, ms(1.5), ms(9)) == ["second", "first", "third"]
    assert deciding(moves, -1, ms(-5)) == ["first"]


def test_certificates_go_to_spark_as_text_and_passwords_as_they_are(tmp_path: Path):
    for name in ("ca", "own", "key"):
        (tmp_path / name).write_text(f"the {name}")
    using = Settings(
        stream_brokers="kafka:9094",
        stream_security="sasl_ssl",
        stream_ca=tmp_path / "ca",
        stream_certificate=tmp_path / "own",
        stream_key=tmp_path / "key",
        stream_mechanism="PLAIN",
        stream_user="Ana",
        stream_password='a "good" \\ one;',
    )
    found = kafka_options(using)
    assert found["kafka.security.protocol"] == "SASL_SSL"
    assert found["kafka.ssl.truststore.certificates"] == "the ca"
    assert (found["kafka.ssl.keystore.certificate.chain"], found["kafka.ssl.keystore.key"]) == ("the own", "the key")
    assert found["kafka.sasl.jaas.config"] == (
        "org.apache.kafka.common.security.plain.PlainLoginModule required "
        'username="Ana" password="a \\"good\\" \\\\ one;";'
    )
    assert kafka_options(Settings(stream_brokers="a:1,b:2")) == {
        "kafka.bootstrap.servers": "a:1,b:2",
        "kafka.security.protocol": "PLAINTEXT",
    }
