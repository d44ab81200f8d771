"""Kafka as the settings describe it: clients configured, topics looked for, and what Kafka says told in sentences. The
one place that knows confluent-kafka, which is imported when a stream is asked for."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from data.errors import BadInput
from model.errors import StoreError
from model.settings import Settings

if TYPE_CHECKING:
    from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

LOG = logging.getLogger(__name__)

ClientConfig: TypeAlias = dict[str, Any]
Client = TypeVar("Client")
OnCommit: TypeAlias = Callable[["KafkaError | None", list["TopicPartition"]], None]

BROKER_SECONDS = 120.0  # that who begins waits for a broker: one that is started anew takes a minute where much runs
ASKED_SECONDS = 1.0  # that one question to a broker is given
SESSION_MS = 10_000  # without a sign of life, after which the group gives a killed process's partitions to others
FETCHED_MESSAGES = 10_000  # read ahead of what is decided: a second's worth, a few megabytes
FETCHED_KB = 16_384
WAITING_KB = 65_536  # of answers that the broker has not taken yet
CLIENT: ClientConfig = {
    "client.id": "credit-what-if",
    "log_level": 2,  # librdkafka writes each try to reach a broker that is down; what ends a stream is raised
    "socket.keepalive.enable": True,
}
CONSUMER: ClientConfig = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",  # a new group begins at the beginning: nothing that was sent before it is left out
    "fetch.wait.max.ms": 100,
    "queued.min.messages": FETCHED_MESSAGES,
    "queued.max.messages.kbytes": FETCHED_KB,
    "fetch.queue.backoff.ms": 5,  # by default a second, in which a queue this short would run dry
}
CLASSIC: ClientConfig = {  # groups by KIP-848 refuse these: there the broker decides them
    "session.timeout.ms": SESSION_MS,
    "heartbeat.interval.ms": SESSION_MS // 4,
    "partition.assignment.strategy": "cooperative-sticky",  # who keeps a partition reads on while others change
}
PRODUCER: ClientConfig = {
    "enable.idempotence": True,  # acknowledged by all copies, once, in order, whatever has to be sent again
    "linger.ms": 5,  # a flush does not wait for it
    "compression.type": "lz4",
    "partitioner": "murmur2_random",  # as Java's clients and Spark place a key
    "queue.buffering.max.kbytes": WAITING_KB,
}
UNREACHED = ("_ALL_BROKERS_DOWN", "_TRANSPORT", "_TIMED_OUT", "_RESOLVE")
ADVICE = {
    "_AUTHENTICATION": "See WHATIF_STREAM_USER, WHATIF_STREAM_PASSWORD and WHATIF_STREAM_MECHANISM.",
    "_SSL": "See WHATIF_STREAM_SECURITY and WHATIF_STREAM_CA, and for a certificate of one's own "
    "WHATIF_STREAM_CERTIFICATE and WHATIF_STREAM_KEY.",
    "TOPIC_AUTHORIZATION_FAILED": "Let the user read applications and outcomes, and write decisions and refusals.",
    "GROUP_AUTHORIZATION_FAILED": "Let the user read as the group that WHATIF_STREAM_GROUP names.",
    "CLUSTER_AUTHORIZATION_FAILED": "Let the user write idempotently.",
    "UNSUPPORTED_VERSION": "Groups by KIP-848 need Kafka 4; set WHATIF_STREAM_PROTOCOL=classic.",
    "_UNSUPPORTED_FEATURE": "Groups by KIP-848 need Kafka 4; set WHATIF_STREAM_PROTOCOL=classic.",
    "_TRANSPORT": "See WHATIF_STREAM_BROKERS and WHATIF_STREAM_SECURITY, and whether a broker runs there.",
    "_RESOLVE": "See WHATIF_STREAM_BROKERS.",
}


def consumer_of(using: Settings, on_commit: OnCommit | None = None) -> "Consumer":
    """One of the group that the settings name. It commits nothing by itself, and begins where the group was. While it
    reads, ``on_commit`` hears what became of commits that nobody waited for: an error or none, and the partitions.

    Raises
    ------
    BadInput
        If confluent-kafka is not installed, or the settings do not suffice.
    StoreError
        If librdkafka refuses the settings.
    """
    _require_library()
    from confluent_kafka import Consumer

    if not using.stream_group:  # librdkafka ends the process
        raise BadInput("A stream needs a group that its processes share the work as. Set WHATIF_STREAM_GROUP.")

    own: ClientConfig = {"group.id": using.stream_group, "group.protocol": using.stream_protocol}
    own |= {} if on_commit is None else {"on_commit": on_commit}
    classic = CLASSIC if using.stream_protocol == "classic" else {}
    return _made(Consumer, connection_of(using) | CONSUMER | classic | own)


def producer_of(using: Settings) -> "Producer":
    """One that loses nothing and sends nothing twice by itself; errors as `consumer_of` has them."""
    _require_library()
    from confluent_kafka import Producer

    return _made(Producer, connection_of(using) | PRODUCER)


def require_apart(topics: Mapping[str, str], optional: Sequence[str] = ()) -> None:
    """BadInput where topics, by what they hold, have no name, but for the ``optional``, or two have the same."""
    for holds, name in topics.items():
        if not name and holds not in optional:
            raise BadInput(f"The topic of {holds} has no name. Set WHATIF_STREAM_{holds.upper()}.")
        same = [each for each, other in topics.items() if name and other == name]
        if len(same) > 1:
            settings = " and ".join(f"WHATIF_STREAM_{each.upper()}" for each in same)
            raise BadInput(f"The topic {name} cannot hold both {' and '.join(same)}. Set {settings} to two topics.")


def require_topics(using: Settings, topics: Sequence[str]) -> None:
    """Ask the brokers whether they have all of ``topics``. None is made: how many partitions and copies one has is for
    those to say who run the brokers. A broker that cannot be reached is waited for, as it is while a stream runs, and
    the log says so at once; one that refuses is not.

    Raises
    ------
    BadInput
        As `consumer_of`.
    StoreError
        If no broker answers in `BROKER_SECONDS`, or one refuses this user, or one of the topics is not there.
    """
    _require_library()
    from confluent_kafka import KafkaException, Producer

    said = SaidByClient()
    asked = _made(Producer, connection_of(using) | {"error_cb": said.take, "log_level": 0})
    end, waits = time.monotonic() + BROKER_SECONDS, False
    while True:
        try:
            found = asked.list_topics(timeout=ASKED_SECONDS).topics
        except KafkaException as error:
            asked.poll(0)
            told = sentence_of([*said.telling, *said.errors, error.args[0]][0])
            if said.telling or time.monotonic() > end:
                raise StoreError(f"No broker at {using.stream_brokers} can be asked: {told}") from error
            if not waits:
                LOG.warning(
                    "No broker at %s answers yet, it is asked for %.0f s: %s",
                    using.stream_brokers,
                    BROKER_SECONDS,
                    told,
                )
            waits = True
            continue
        absent = [each for each in topics if each not in found]
        if not absent:
            return
        if not waits or time.monotonic() > end:
            raise StoreError(
                f"The brokers at {using.stream_brokers} have no topic {' or '.join(absent)}, or do not show it to "
                f"this user. Make it first: kafka-topics --create --topic {absent[0]} --partitions N"
            )
        time.sleep(ASKED_SECONDS)  # a broker that has just come back learns of its topics


@dataclass
class SaidByClient:
    """What librdkafka says of itself while it tries: a request that fails knows less of why."""

    errors: list["KafkaError"] = field(default_factory=list)

    def take(self, error: "KafkaError") -> None:
        """Called by the client."""
        self.errors.append(error)

    @property
    def telling(self) -> list["KafkaError"]:
        """Those that waiting does not cure: what a broker refused, not that one could not be reached."""
        return [each for each in self.errors if each.name() not in UNREACHED or "SSL" in each.str()]


def sentence_of(error: "KafkaError") -> str:
    """An error of Kafka's, and what to do about it."""
    name = "_SSL" if "SSL" in error.str() else str(error.name())
    return f"{error.str().rstrip('.')}. {ADVICE.get(name, ADVICE['_TRANSPORT'])}"


def connection_of(using: Settings) -> ClientConfig:
    """How librdkafka reaches the brokers. BadInput where the settings do not suffice."""
    if not using.stream_brokers:
        raise BadInput("No broker is named. Set WHATIF_STREAM_BROKERS to host:port, several with commas between.")
    found: ClientConfig = {
        **CLIENT,
        "bootstrap.servers": using.stream_brokers,
        "security.protocol": using.stream_security,
    }
    if using.stream_security.endswith("ssl"):
        found |= _certificates_of(using)
    if using.stream_security.startswith("sasl"):
        if not using.stream_user or using.stream_password is None:
            raise BadInput(
                f"WHATIF_STREAM_SECURITY={using.stream_security} needs a user and a password: set WHATIF_STREAM_USER "
                "and WHATIF_STREAM_PASSWORD."
            )
        found |= {
            "sasl.mechanisms": using.stream_mechanism,
            "sasl.username": using.stream_user,
            "sasl.password": using.stream_password.get_secret_value(),
        }
    return found


def _certificates_of(using: Settings) -> ClientConfig:
    if (using.stream_certificate is None) != (using.stream_key is None):
        raise BadInput("A certificate needs its key: set WHATIF_STREAM_CERTIFICATE and WHATIF_STREAM_KEY, or neither.")
    named: dict[str, Path | None] = {
        "ssl.ca.location": using.stream_ca,
        "ssl.certificate.location": using.stream_certificate,
        "ssl.key.location": using.stream_key,
    }
    for name, path in named.items():
        if path is not None and not path.is_file():
            setting = f"WHATIF_STREAM_{name.split('.')[1].upper()}"
            raise BadInput(f"{setting} must name a file in PEM; {path} is none.")
    return {name: str(path) for name, path in named.items() if path is not None}


def _require_library() -> None:
    try:
        import confluent_kafka  # noqa: F401
    except ImportError as error:
        raise BadInput(
            "A stream needs the library confluent-kafka, which is not installed. Install it: "
            'pip install "confluent-kafka>=2.12"'
        ) from error


def _made(kind: Callable[[ClientConfig], Client], config: ClientConfig) -> Client:
    """A client; StoreError where librdkafka refuses its settings, an unreadable certificate for one."""
    from confluent_kafka import KafkaException

    try:
        return kind(config)
    except KafkaException as error:
        raise StoreError(f"Kafka's client refuses the settings WHATIF_STREAM_…: {error.args[0].str()}.") from error
