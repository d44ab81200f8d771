"""Kafka as the tests ask it: a node of Apache Kafka's own, made of its jars, in a temporary folder and listening on
this machine only; and for quick tests the broker inside librdkafka.

WHATIF_TEST_KAFKA names the folder of the jars; .ci/kafka.sh makes it.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

Answer = TypeVar("Answer")
USER, PASSWORD = "keeper", "s3cret"
PARTITIONS = 4
SECONDS = 240.0  # within which a node begins or ends
CLUSTER = "4L6g3nShT-eMCtK--X86sw"
JAVA = (
    "java",
    "-Xmx400m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)
UNSEEN = {"log_level": 0}  # librdkafka writes each try to reach a broker that is being killed
PORTS = (20_000, 32_000)  # below those that clients connect from: one that knocks at a stopped broker's may get it
NAMES = ("applications", "decisions", "outcomes", "refused")
PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{plain},SSL://127.0.0.1:{ssl},SASL_SSL://127.0.0.1:{sasl},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain},SSL://127.0.0.1:{ssl},SASL_SSL://127.0.0.1:{sasl}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={folder}/log
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.session.timeout.ms=6000
group.consumer.min.heartbeat.interval.ms=500
group.consumer.heartbeat.interval.ms=500
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
listener.name.ssl.ssl.client.auth=required
sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512,PLAIN
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.plain.sasl.jaas.config=\
    org.apache.kafka.common.security.plain.PlainLoginModule required user_{user}="{password}";
"""


@dataclass
class Broker:
    """One that answers at ``address``. Of its topics each test makes its own."""

    address: str

    def __post_init__(self) -> None:
        self._numbers = count(1)

    @cached_property
    def admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.address, **UNSEEN})

    def topics(self, partitions: int = PARTITIONS) -> dict[str, str]:
        """Fresh topics and a fresh group for one stream, as the environment names them: WHATIF_STREAM_…"""
        number = next(self._numbers)
        own = {name: f"{name}-{number}" for name in NAMES}
        self.create(*own.values(), partitions=partitions)
        told = {f"WHATIF_STREAM_{name}".upper(): topic for name, topic in own.items()}
        return told | {"WHATIF_STREAM_BROKERS": self.address, "WHATIF_STREAM_GROUP": f"group-{number}"}

    def create(self, *topics: str, partitions: int = PARTITIONS) -> None:
        patiently(lambda: self._create([NewTopic(each, partitions, 1) for each in topics]))
        end = time.monotonic() + SECONDS
        while not self._led(topics):
            assert time.monotonic() < end, f"Nobody leads {', '.join(topics)}."
            time.sleep(0.05)

    def _create(self, topics: Sequence[NewTopic]) -> None:
        for made in self.admin.create_topics(list(topics)).values():
            try:
                made.result(SECONDS)
            except KafkaException as error:
                if error.args[0].name() != "TOPIC_ALREADY_EXISTS":  # of a try before this one
                    raise

    def _led(self, topics: Sequence[str]) -> bool:
        """Whether the partitions of ``topics``, of all if there is none, can be read and written: a broker knows them
        before that."""
        asking = Consumer({"bootstrap.servers": self.address, "group.id": "whoever asks", **UNSEEN})
        try:
            for topic in topics or asking.list_topics(timeout=2).topics:
                self.ends(asking, topic)
        except KafkaException:
            return False
        finally:
            asking.close()
        return True

    def producer(self, **more: object) -> Producer:
        """One that sends in groups; the lag is the broker's, so a test may send as fast as it can."""
        told = {"bootstrap.servers": self.address, "linger.ms": 5, "queue.buffering.max.messages": 2_000_000}
        return Producer({**told, **UNSEEN, **more})

    def read(self, topic: str) -> list[Message]:
        """All that lies in a topic now, partition by partition in its order."""
        return sorted(self.each_of(topic), key=lambda each: (each.partition(), each.offset()))

    def each_of(self, topic: str) -> Iterator[Message]:
        """All that lies in a topic now, one after the other."""
        reader = Consumer({"bootstrap.servers": self.address, "group.id": "whoever reads", **UNSEEN})
        try:
            left = {each: end for each, end in patiently(lambda: self.ends(reader, topic)).items() if end}
            reader.assign([TopicPartition(topic, each, OFFSET_BEGINNING) for each in left])
            until = time.monotonic() + SECONDS
            while left:
                assert time.monotonic() < until, f"{topic} cannot be read to its end: {left}"
                yield from (each for each in reader.consume(10_000, 0.2) if each.error() is None)
                for place in reader.position([TopicPartition(topic, each) for each in left]):
                    if place.offset >= left[place.partition]:
                        del left[place.partition]
        finally:
            reader.close()

    @staticmethod
    def ends(reader: Consumer, topic: str) -> dict[int, int]:
        """By partition, the offset that follows its last message."""
        partitions = reader.list_topics(topic, 2).topics[topic].partitions
        return {each: reader.get_watermark_offsets(TopicPartition(topic, each), SECONDS)[1] for each in partitions}

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """By partition, the offset that a group goes on from; those that it has not come to are left out."""
        reader = Consumer({"bootstrap.servers": self.address, "group.id": group, **UNSEEN})
        try:
            partitions = reader.list_topics(topic, SECONDS).topics[topic].partitions
            asked = [TopicPartition(topic, each) for each in partitions]
            found = patiently(lambda: reader.committed(asked, SECONDS))
            return {each.partition: each.offset for each in found if each.offset >= 0}
        finally:
            reader.close()

    def lag(self, group: str, topic: str) -> int:
        """How many messages of a topic a group has not answered for."""
        reader = Consumer({"bootstrap.servers": self.address, "group.id": "whoever asks", **UNSEEN})
        try:
            ends, done = patiently(lambda: self.ends(reader, topic)), self.committed(group, topic)
            return sum(end - done.get(each, 0) for each, end in ends.items())
        finally:
            reader.close()


@dataclass
class KafkaNode(Broker):
    """A node in a folder, its log on disk. It is stopped, killed, paused, and started again on the same log."""

    folder: Path
    ports: Mapping[str, int]
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def sasl(self) -> dict[str, str]:
        """How a stream reaches it over TLS as somebody with a password."""
        return {
            "WHATIF_STREAM_BROKERS": f"127.0.0.1:{self.ports['sasl']}",
            "WHATIF_STREAM_SECURITY": "sasl_ssl",
            "WHATIF_STREAM_CA": str(self.folder / "ca.pem"),
            "WHATIF_STREAM_USER": USER,
            "WHATIF_STREAM_PASSWORD": PASSWORD,
        }

    @property
    def mutual(self) -> dict[str, str]:
        """How a stream reaches it over TLS with a certificate of its own."""
        return {
            "WHATIF_STREAM_BROKERS": f"127.0.0.1:{self.ports['ssl']}",
            "WHATIF_STREAM_SECURITY": "ssl",
            "WHATIF_STREAM_CA": str(self.folder / "ca.pem"),
            "WHATIF_STREAM_CERTIFICATE": str(self.folder / "client.crt"),
            "WHATIF_STREAM_KEY": str(self.folder / "client.key"),
        }

    def start(self) -> None:
        words = [*JAVA, "-cp", f"{jars()}/*", "kafka.Kafka", str(self.folder / "server.properties")]
        with (self.folder / "out.log").open("ab") as log:
            self.process = subprocess.Popen(words, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + SECONDS
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "out.log").read_text()[-3000:]
            assert time.monotonic() < end, "Kafka does not answer."
            time.sleep(0.1)

    def _answers(self) -> bool:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", self.ports["plain"])) != 0:
                return False
        return self._led(())

    def stop(self) -> None:
        """As an administrator stops it."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As a machine that loses its power does, but for what the system still writes."""
        self._end(signal.SIGKILL)

    def _end(self, by: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(by)
        try:
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(SECONDS)
            raise
        self.process = None

    def pause(self) -> None:
        """It answers nobody any more, and lets go of no connection, until it is to `go_on`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


def patiently(asked: Callable[[], Answer]) -> Answer:
    """What is answered in the end: a broker that was stopped or paused says for a while that another is in charge."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return asked()
        except KafkaException:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def jars() -> Path:
    """Kafka's jars; without them the test is skipped, but fails where everything must run."""
    given = os.environ.get("WHATIF_TEST_KAFKA", "")
    if given and any(Path(given).glob("kafka_*.jar")):
        return Path(given).resolve()
    told = "WHATIF_TEST_KAFKA names no folder with Kafka's jars; .ci/kafka.sh makes one"
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)


@contextmanager
def kafka_node() -> Iterator[KafkaNode]:
    """A started node, stopped and removed afterwards."""
    own, folder = jars(), Path(tempfile.mkdtemp(prefix="kafka-"))
    try:
        ports = free_ports("plain", "ssl", "sasl", "controller")
        certificates(folder)
        told = PROPERTIES.format(folder=folder, user=USER, password=PASSWORD, **ports)
        (folder / "server.properties").write_text(told)
        words = [
            *JAVA,
            "-cp",
            f"{own}/*",
            "kafka.tools.StorageTool",
            "format",
            "-t",
            CLUSTER,
            "-c",
            "server.properties",
        ]
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            words += ["--add-scram", f"{mechanism}=[name={USER},password={PASSWORD}]"]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        node = KafkaNode(f"127.0.0.1:{ports['plain']}", folder, ports)
        try:
            node.start()
            yield node
        finally:
            node.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def quick_broker() -> Iterator["QuickBroker"]:
    """The broker inside librdkafka: there in a hundredth of a second, in this process's memory, reached from others,
    too. It makes a topic where one is named; of transactions and restarts it knows nothing."""
    host = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "none", **UNSEEN})
    found: Any = next(iter(host.list_topics(timeout=SECONDS).brokers.values()))
    yield QuickBroker(f"{found.host}:{found.port}")
    host.flush()


class QuickBroker(Broker):
    """The broker inside librdkafka."""

    def create(self, *topics: str, partitions: int = PARTITIONS) -> None:
        """It makes a topic, of four partitions, when it is asked for."""
        assert partitions == PARTITIONS, f"Here a topic has {PARTITIONS} partitions."
        for each in topics:
            self.admin.list_topics(each, SECONDS)


def certificates(folder: Path) -> None:
    """A certificate authority, what it signs of a broker at 127.0.0.1 and of a client, and another authority that
    signed nothing: ca.pem, broker.pem, client.crt, client.key, other.pem."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for name in ("ca", "other"):
        words = (
            "-x509",
            *key,
            "-days",
            "2",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.pem",
            "-subj",
            f"/CN=the {name}",
        )
        _openssl(folder, "req", *words)
    for name in ("broker", "client"):
        names = ("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        _openssl(folder, "req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", *names)
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-copy_extensions", "copy")
        _openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signed, "-out", f"{name}.crt")
    both = (folder / "broker.key").read_text() + (folder / "broker.crt").read_text()
    (folder / "broker.pem").write_text(both)


def _openssl(folder: Path, *words: str) -> None:
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def free_ports(*names: str) -> dict[str, int]:
    """A free port for each name."""
    found = dict[str, int]()
    for port in random.SystemRandom().sample(range(*PORTS), 200):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) != 0 and len(found) < len(names):
                found[names[len(found)]] = port
    return found
