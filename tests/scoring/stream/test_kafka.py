"""Kafka as the settings describe it: clients that reach a broker, and what is said where they do not."""

import sys
from pathlib import Path

import pytest

from data.errors import BadInput
from model.errors import StoreError
from model.scoring.stream import kafka
from model.scoring.stream.kafka import consumer_of, producer_of, require_topics
from model.settings import GroupProtocol, Settings
from tests.support.kafka import KafkaNode, QuickBroker, free_ports

PROTOCOLS = ("classic", "consumer")
SECRET = {"stream_security": "sasl_ssl", "stream_user": "keeper", "stream_password": "s3cret"}


def of(topics: dict[str, str], **more: object) -> Settings:
    """Settings as the environment would have them."""
    told = {name.removeprefix("WHATIF_").lower(): value for name, value in topics.items()}
    return Settings(**told | more)


def sent_and_read(using: Settings, texts: list[bytes]) -> list[bytes]:
    """What one of the group reads of what was sent to the decisions; it commits all of it."""
    producer, consumer = producer_of(using), consumer_of(using)
    for text in texts:
        producer.produce(using.stream_decisions, text, key=text)
    assert producer.flush(20) == 0
    return read(using, len(texts), consumer)


def read(using: Settings, count: int, consumer=None, seconds: float = 20.0) -> list[bytes]:
    consumer, found = consumer or consumer_of(using), []
    consumer.subscribe([using.stream_decisions])
    try:
        for _ in range(int(seconds * 10)):
            came = consumer.consume(1000, 0.1)
            assert [each.error() for each in came if each.error()] == []
            found += [each.value() for each in came]
            if len(found) >= count:
                consumer.commit(asynchronous=False, offsets=consumer.position(consumer.assignment()))
                break
    finally:
        consumer.close()
    return found


def test_a_group_goes_on_where_it_was(quick_broker: QuickBroker):
    using = of(quick_broker.topics(), stream_protocol="consumer")
    assert set(sent_and_read(using, [b"a", b"b"])) == {b"a", b"b"}
    assert sent_and_read(using, [b"c"]) == [b"c"]


def test_no_topic_is_taken_for_granted(quick_broker: QuickBroker):
    using = of(quick_broker.topics())
    require_topics(using, [using.stream_applications, using.stream_refused])
    with pytest.raises(StoreError, match=r"no topic mistyped.*kafka-topics --create --topic mistyped"):
        require_topics(using, [using.stream_applications, "mistyped"])
    with pytest.raises(StoreError, match="no topic mistyped or misnamed, or do not show"):
        require_topics(using, ["mistyped", "misnamed"])


def test_a_broker_that_is_not_there_is_said_with_its_address(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(kafka, "BROKER_SECONDS", 1.5)
    port = free_ports("none")["none"]
    with pytest.raises(StoreError, match=rf"127.0.0.1:{port} can be asked.*See WHATIF_STREAM_BROKERS"):
        require_topics(Settings(stream_brokers=f"127.0.0.1:{port}"), ["applications"])
    assert caplog.text.count("answers yet") == 1


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"stream_brokers": ""}, "No broker is named. Set WHATIF_STREAM_BROKERS"),
        ({"stream_security": "sasl_ssl"}, "sasl_ssl needs a user and a password"),
        (SECRET | {"stream_password": None}, "needs a user and a password"),
        (SECRET | {"stream_ca": Path("nowhere.pem")}, "WHATIF_STREAM_CA must name a file in PEM; nowhere.pem is none"),
        ({"stream_security": "ssl", "stream_key": Path("own.key")}, "A certificate needs its key"),
    ],
)
def test_settings_that_do_not_suffice_are_said_before_anybody_is_asked(told: dict[str, object], sentence: str):
    using = Settings(**{"stream_brokers": "127.0.0.1:9", **told})
    for refused in (consumer_of, producer_of, lambda each: require_topics(each, ["applications"])):
        with pytest.raises(BadInput, match=sentence) as raised:
            refused(using)
        assert "s3cret" not in str(raised.value)


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path):
    (tmp_path / "ca.pem").write_text("no certificate")
    using = Settings(stream_brokers="127.0.0.1:9", stream_security="ssl", stream_ca=tmp_path / "ca.pem")
    with pytest.raises(StoreError, match=r"refuses the settings WHATIF_STREAM_….*ca"):
        producer_of(using)


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(BadInput, match="pip install"):
        consumer_of(Settings(stream_brokers="127.0.0.1:9"))


# ---- Apache Kafka itself -----------------------------------------------------------------------------------------


@pytest.mark.kafka
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("way", ["sasl", "mutual"])
def test_kafka_is_reached_over_tls_as_somebody(kafka_node: KafkaNode, protocol: GroupProtocol, way: str):
    using = of(kafka_node.topics() | getattr(kafka_node, way), stream_protocol=protocol)
    require_topics(using, [using.stream_applications, using.stream_decisions])
    assert sorted(sent_and_read(using, [b"a", b"b"])) == [b"a", b"b"]


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("way", "wrong", "sentence"),
    [
        ("sasl", {"stream_password": "guessed"}, "Authentication failed.*WHATIF_STREAM_PASSWORD"),
        ("sasl", {"stream_ca": "other.pem"}, "certificate verify failed.*WHATIF_STREAM_CA"),
        ("sasl", {"stream_security": "plaintext"}, "WHATIF_STREAM_SECURITY"),
        ("mutual", {"stream_certificate": None, "stream_key": None}, "WHATIF_STREAM_CERTIFICATE"),
    ],
)
def test_who_is_not_let_in_is_told_why(
    kafka_node: KafkaNode, monkeypatch: pytest.MonkeyPatch, way: str, wrong: dict[str, object], sentence: str
):
    monkeypatch.setattr(kafka, "BROKER_SECONDS", 2.0)
    given = {name: kafka_node.folder / each if str(each).endswith(".pem") else each for name, each in wrong.items()}
    using = of(kafka_node.topics() | getattr(kafka_node, way), **given)
    with pytest.raises(StoreError, match=sentence) as raised:
        require_topics(using, ["applications"])
    assert "guessed" not in str(raised.value)


@pytest.mark.kafka
def test_what_a_broker_took_is_there_after_it_was_killed(kafka_node: KafkaNode):
    using = of(kafka_node.topics())
    assert sent_and_read(using, [b"a", b"b"]) is not None
    kafka_node.kill()
    kafka_node.start()
    assert {each.value() for each in kafka_node.read(using.stream_decisions)} == {b"a", b"b"}
    assert sent_and_read(using, [b"c"]) == [b"c"]
