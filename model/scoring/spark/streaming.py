"""Applications from Kafka decided by Spark Structured Streaming: micro-batches are decided on its workers, by the code
that `python -m model stream` decides with, and each message by the release that was champion when it was sent.

Spark keeps in its checkpoint how far it has read; what it reads once more after a restart is answered once more by the
same bytes. It keeps no record in the database: the topic of decisions is what there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, TypeAlias

from data.errors import BadInput
from model.errors import EngineError
from model.release.register import LEAD, Moved, champion_at
from model.scoring.spark.door import through_the_door
from model.scoring.spark.engine import Frame, ready_session, send_release
from model.scoring.spark.parcel import Parcel
from model.scoring.spark.session import Session, connected, told_shortly
from model.scoring.stream.decider import Decider, utc_of
from model.scoring.stream.loop import StreamTopics, now_ms, reached
from model.scoring.stream.messages import FURTHEST_AHEAD
from model.settings import Settings

KafkaOptions: TypeAlias = dict[str, str]
MOST = 100_000  # messages of one micro-batch
ANSWERS = "topic string, key binary, value binary, headers array<struct<key: string, value: binary>>"
COLUMNS = ("topic", "partition", "offset", "key", "value")
MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


@dataclass
class SparkStream:
    """A stream that Spark goes through at a ``master``. ``checkpoint``: a folder, on a cluster one that all its
    machines see, where Spark keeps how far it has read. ``seen``: how many messages were answered."""

    decider: Decider
    using: Settings
    topics: StreamTopics
    checkpoint: str
    master: str

    def __post_init__(self) -> None:
        self.stop = Event()
        self.seen = 0

    def run(self, once: bool = False) -> None:
        """Decide until told to stop, or ``once``: what there is now.

        Raises
        ------
        BadInput, EngineError, ReleaseError
        """
        champions = self.decider.champions()
        with ready_session(self.decider.release(champions[-1].release), self.master) as (session, parcel):
            if connected(session):
                raise BadInput(
                    f"A stream is decided where Spark's session is, not over Spark Connect; {self.master} was given. "
                    "Give the master of a cluster, or local[2] for this machine."
                )
            batches = MicroBatches(self, session, {champions[-1].release: parcel})
            writer = self._source(session).writeStream.foreachBatch(batches.decide)
            query = writer.option("checkpointLocation", self.checkpoint)
            query = query.trigger(availableNow=True) if once else query
            with told_shortly():
                self._follow(query.start())

    def _source(self, session: Session) -> Frame:
        told = {
            "subscribe": self.topics.applications,
            "startingOffsets": "earliest",
            "maxOffsetsPerTrigger": str(MOST),
        }
        try:
            return session.readStream.format("kafka").options(**kafka_options(self.using), **told).load()
        except Exception as error:
            if "Failed to find data source: kafka" not in str(error) and "DATA_SOURCE_NOT_FOUND" not in str(error):
                raise
            raise EngineError(
                "This Spark does not know Kafka. Give spark-submit its jars: --packages "
                f"org.apache.spark:spark-sql-kafka-0-10_2.13:{session.version}"
            ) from error

    def _follow(self, query: Any) -> None:
        try:
            while not self.stop.is_set() and not query.awaitTermination(0.5):
                pass
        finally:
            query.stop()


class MicroBatches:
    """What is done with each micro-batch. ``parcels``: the releases that the workers were sent."""

    def __init__(self, stream: SparkStream, session: Session, parcels: dict[str, Parcel]) -> None:
        self.stream, self.session, self.parcels = stream, session, parcels
        self.options = kafka_options(stream.using) | {"includeHeaders": "true"}

    def decide(self, frame: Frame, _number: int) -> None:
        """Decide a micro-batch and send the answers. When this returns, the brokers have all of them."""
        from pyspark.sql import functions

        kind, at = functions.col("timestampType"), functions.unix_millis("timestamp")
        came = frame.select(*COLUMNS, functions.when(kind >= 0, at).otherwise(-1).cast("long").alias("at")).persist()
        try:
            latest = functions.max(functions.when(functions.col("at") <= now_ms() + FURTHEST_AHEAD, came.at))
            count, low, high = came.agg(functions.count("*"), functions.min("at"), latest).collect()[0]
            if not count or not reached([high or 0], self.stream.stop):
                return
            now, champions = now_ms(), self.stream.decider.champions()
            for name in deciding(champions, low, high or 0):
                self._answer(came, champions, name, now)
            self.stream.seen += count
        finally:
            came.unpersist()

    def _answer(self, came: Frame, champions: Sequence[Moved], name: str, now: int) -> None:
        """Send what one release says of the messages that are its own."""
        topics = self.stream.topics
        if name not in self.parcels:
            self.parcels[name] = send_release(self.session, self.stream.decider.release(name))
        asked = {
            "book": self.stream.decider.store.book,
            "release": name,
            "now": now,
            "champions": [(each.at.isoformat(), each.release) for each in champions],
            "decisions": topics.decisions,
            "refused": topics.refused,
        }
        answers = came.mapInArrow(through_the_door("answer_messages", self.parcels[name].named, asked), ANSWERS)
        answers.write.format("kafka").options(**self.options).save()


def deciding(champions: Sequence[Moved], low: int, high: int) -> list[str]:
    """The releases that may decide messages sent from ``low`` to ``high``, ms since 1970 UTC."""
    first, last = utc_of(max(low, 0)), utc_of(max(high, 0))
    between = [each.release for each in champions if first <= each.at + LEAD <= last]
    return list(dict.fromkeys([str(champion_at(champions, first)), *between]))


def kafka_options(using: Settings) -> KafkaOptions:
    """How Spark's Kafka reaches the brokers, with the certificates' text instead of files that workers do not have."""
    found = {"kafka.bootstrap.servers": using.stream_brokers, "kafka.security.protocol": using.stream_security.upper()}
    if using.stream_security.endswith("ssl"):
        if using.stream_ca is not None:
            found |= {"kafka.ssl.truststore.type": "PEM", "kafka.ssl.truststore.certificates": _text(using.stream_ca)}
        if using.stream_certificate is not None and using.stream_key is not None:
            found |= {
                "kafka.ssl.keystore.type": "PEM",
                "kafka.ssl.keystore.certificate.chain": _text(using.stream_certificate),
                "kafka.ssl.keystore.key": _text(using.stream_key),
            }
    if using.stream_security.startswith("sasl") and using.stream_password is not None:
        user, password = map(_quoted, (using.stream_user, using.stream_password.get_secret_value()))
        module = MODULES[using.stream_mechanism]
        found |= {
            "kafka.sasl.mechanism": using.stream_mechanism,
            "kafka.sasl.jaas.config": f"{module} required username={user} password={password};",
        }
    return found


def _text(path: Path) -> str:
    return path.read_text()


def _quoted(text: str) -> str:
    """A text as Java's login configuration has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
