"""The loop of a stream: read, decide, record, answer, tell the followers, and only then say that it was read.

At least once, and the same answer each time: offsets are committed after every decision of theirs has reached the
broker and what follows the stream knows of it, so that whatever ends this process loses nothing; what is read again is
answered again by the same bytes. Reading stops where answers are not taken.
"""

import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from os import getpid
from threading import Event, Thread
from typing import TYPE_CHECKING, Protocol

from model.errors import StoreError
from model.scoring.stream.answers import StreamAnswer, decision_answers, refusal_answer
from model.scoring.stream.decider import DecidedBatch, Decider
from model.scoring.stream.kafka import OnCommit, require_apart, sentence_of
from model.scoring.stream.messages import FURTHEST_AHEAD, Message, ObservedOutcome, RefusedMessage, read_outcomes

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Producer, TopicPartition
    from confluent_kafka import Message as KafkaMessage

MOST = 2000  # messages of one micro-batch
GATHERED_SECONDS = 0.004  # how long a micro-batch waits for more, once it has one
IDLE_SECONDS = 0.25  # how long a first message is waited for at a time
COMMIT_SECONDS = 0.2  # between two commits; what was decided since is decided again if the process is killed
AHEAD_MS = 500  # of the clock here that a timestamp may be, half of the lead that promotions have
REFUSING = frozenset(  # what waiting does not cure; all else, a broker that restarts above all, the client retries
    {
        "TOPIC_AUTHORIZATION_FAILED",
        "GROUP_AUTHORIZATION_FAILED",
        "CLUSTER_AUTHORIZATION_FAILED",
        "SASL_AUTHENTICATION_FAILED",
        "UNSUPPORTED_VERSION",
        "_AUTHENTICATION",
        "_SSL",
    }
)
TOLD_SECONDS = 1.0  # between two times that followers are told how it is
FLUSH_SECONDS = 1.0  # that the broker is waited for at a time
AHEAD_SECONDS = 1.0  # that a clock is waited for at a time
LEAVING_SECONDS = 10.0  # that it is waited for at the end


@dataclass(frozen=True)
class StreamTopics:
    """The topics of a stream; ``outcomes`` "" where none are read.

    Raises BadInput where one of the others has no name, or two are the same: answers would be read as applications.
    """

    applications: str
    decisions: str
    refused: str
    outcomes: str = ""

    def __post_init__(self) -> None:
        require_apart(vars(self), optional=("outcomes",))


@dataclass(frozen=True)
class StreamState:
    """How a stream is: messages that wait (``lag``), decided a second (``rate``), ``errors`` so far, the name of its
    ``process``, and the ``release`` that decides now."""

    lag: int
    rate: float
    errors: int
    process: str
    release: str


class Follower(Protocol):
    """Whoever wants to know what a stream does; asked on the loop's thread, so in little time."""

    def decided(self, batch: DecidedBatch) -> None:
        """Applications were decided, and their decisions have reached the broker."""

    def refused(self, messages: Sequence[RefusedMessage]) -> None:
        """Messages could not be decided, and the broker has them with the reasons."""

    def outcomes(self, found: Sequence[ObservedOutcome]) -> None:
        """What became of applications; kept when this returns."""

    def second(self, state: StreamState) -> None:
        """About a second has gone by, also while a broker or a clock is waited for."""

    def close(self) -> None:
        """The stream ends; what is still to be written is written now."""


class StreamFollower:
    """A follower that follows nothing, for those that follow some of it."""

    def decided(self, batch: DecidedBatch) -> None:
        """Applications were decided."""

    def refused(self, messages: Sequence[RefusedMessage]) -> None:
        """Messages could not be decided."""

    def outcomes(self, found: Sequence[ObservedOutcome]) -> None:
        """What became of applications."""

    def second(self, state: StreamState) -> None:
        """A second has gone by."""

    def close(self) -> None:
        """The stream ends."""


Recorder = Callable[[DecidedBatch], None]
"""Puts decisions on record before they are answered."""


def process_name() -> str:
    """This process among all that read the same topic."""
    return f"{socket.gethostname()}:{getpid()}"


class Stream:
    """One process of a stream. `run` ends when `stop` was set, or nothing has come for ``idle`` seconds."""

    def __init__(
        self,
        decider: Decider,
        consumer: Callable[[OnCommit], "Consumer"],
        producer: "Producer",
        topics: StreamTopics,
        followers: Sequence[Follower] = (),
        record: Recorder | None = None,
    ) -> None:
        self.decider, self.producer, self.topics = decider, producer, topics
        self.consumer = consumer(self._heard)
        self.followers, self.record = followers, record
        self.stop = Event()
        self.seen = self.decided = self.refused = self.errors = 0
        self._failed: str = ""
        self._done: dict[tuple[str, int], int] = {}  # the offset that follows what is answered, by topic and partition
        self._taken: dict[tuple[str, int], int] = {}  # that the broker knows of
        self._stray = list["KafkaMessage"]()
        self._committed = self._told = time.monotonic()
        self._decided_then = 0

    def run(self, idle: float | None = None) -> None:
        """Read until told to stop, or until nothing has come for ``idle`` seconds.

        Raises
        ------
        StoreError
            If the broker, the record or a follower cannot go on. What was read and not answered is read again.
        ReleaseError
            If no release can decide.
        """
        read = [each for each in (self.topics.applications, self.topics.outcomes) if each]
        self.consumer.subscribe(read, on_revoke=self._let_go)
        latest = time.monotonic()
        try:
            while not self.stop.is_set():
                messages = self._next()
                if messages:
                    self._answer(messages)
                    latest = time.monotonic()
                self._each_second()
                if idle is not None and time.monotonic() - latest > idle:
                    break
        finally:
            with ExitStack() as leaving:  # one that cannot write its last keeps no other from it
                leaving.callback(self._leave)
                for each in reversed(self.followers):
                    leaving.callback(each.close)

    def _leave(self) -> None:
        """Say how far was answered, and leave the group. A broker that does not answer is not waited for: what it does
        not hear is read again."""

        def leave() -> None:
            self._commit(wait=True)
            self.consumer.close()

        leaving = Thread(target=leave, name="leaving", daemon=True)
        leaving.start()
        leaving.join(LEAVING_SECONDS)

    # ---- reading ---------------------------------------------------------------------------------------------------

    def _next(self) -> list[Message]:
        """The next micro-batch: what is there, at most `MOST`, gathered for some milliseconds."""
        stray, self._stray = self._stray, []
        first = None if stray else self.consumer.poll(IDLE_SECONDS)
        if first is None and not stray:
            return []
        more = self.consumer.consume(MOST - 1, GATHERED_SECONDS)
        found = [*stray, *([] if first is None else [first]), *more]
        return [self._message(each) for each in found if self._sound(each)]

    def _sound(self, came: "KafkaMessage") -> bool:
        """Whether it is a message; what the client says of itself is none."""
        error = came.error()
        if error is None:
            return True
        self.errors += 1
        if error.fatal() or error.name() in REFUSING:
            raise StoreError(f"Kafka does not let the stream read on: {sentence_of(error)}")
        return False

    @staticmethod
    def _message(came: "KafkaMessage") -> Message:
        kind, at = came.timestamp()
        topic, partition, offset = str(came.topic()), int(came.partition() or 0), int(came.offset() or 0)
        return Message(topic, partition, offset, at if kind else -1, came.key(), came.value())

    # ---- answering -------------------------------------------------------------------------------------------------

    def _answer(self, messages: list[Message]) -> None:
        applications = [each for each in messages if each.topic != self.topics.outcomes]
        outcomes = [each for each in messages if each.topic == self.topics.outcomes]
        if not reached([each.at for each in applications], self.stop, self._still_here):
            return
        found = self.decider.decide(applications, now_ms()) if applications else None
        batches = found.batches if found is not None else ()
        told, wrong = read_outcomes(outcomes, now_ms())
        refused = [*(found.refused if found is not None else ()), *wrong]
        for batch in batches:
            if self.record is not None:
                self.record(batch)
        taken = [self._sent(self.topics.decisions, decision_answers(batch)) for batch in batches]
        taken.append(self._sent(self.topics.refused, [refusal_answer(each) for each in refused]))
        if not all(taken) or not self._flushed():
            return
        self._tell(batches, refused, told)
        self._note_done(messages)
        self.seen += len(messages)
        if time.monotonic() - self._committed > COMMIT_SECONDS:
            self._commit()

    def _sent(self, topic: str, answers: Sequence[StreamAnswer]) -> bool:
        """Hand answers to the client; False if we were told to stop before it took them all."""
        from confluent_kafka import KafkaException

        for key, value, headers in answers:
            while True:
                try:
                    self.producer.produce(topic, value, key, headers=headers, on_delivery=self._delivered)
                    break
                except BufferError:  # as much waits for the broker as may
                    if self.stop.is_set():
                        return False
                    self.producer.poll(0.1)
                    self._still_here()
                except KafkaException as error:
                    raise StoreError(f"Kafka does not take an answer: {sentence_of(error.args[0])}") from error
        return True

    def _delivered(self, error: object, _message: object) -> None:
        if error is not None:
            self._failed = str(error)

    def _flushed(self) -> bool:
        """Wait until the broker has every answer; meanwhile nothing is read, and group and followers hear that we live.
        False if we were told to stop before."""
        while self.producer.flush(FLUSH_SECONDS):
            if self.stop.is_set():
                return False
            self._still_here()
        if self._failed:
            self.errors += 1
            raise StoreError(f"Kafka did not take an answer: {self._failed}. What was read is read again.")
        return True

    def _still_here(self) -> None:
        """Show the group and the followers, about once a second, that this process lives although it waits."""
        if time.monotonic() - self._told >= TOLD_SECONDS:
            self._keep_alive()
            self._each_second()

    def _keep_alive(self) -> None:
        """Show the group that this process lives, without reading on."""
        own = self.consumer.assignment()
        if own:
            self.consumer.pause(own)
        came = self.consumer.poll(0)
        if came is not None and came.error() is None:
            self._stray.append(came)
        still = self.consumer.assignment()
        if still:
            self.consumer.resume(still)

    def _tell(
        self, batches: Sequence[DecidedBatch], refused: Sequence[RefusedMessage], told: Sequence[ObservedOutcome]
    ) -> None:
        self.decided += sum(map(len, batches))
        self.refused += len(refused)
        for each in self.followers:
            for batch in batches:
                each.decided(batch)
            if refused:
                each.refused(refused)
            if told:
                each.outcomes(told)

    # ---- committing ------------------------------------------------------------------------------------------------

    def _note_done(self, messages: Sequence[Message]) -> None:
        """How far each partition is answered. Of one that another process has by now, that process says it: what was
        in hand here when it went, is answered there, too."""
        own = {(each.topic, each.partition) for each in self.consumer.assignment()}
        for each in messages:
            if (each.topic, each.partition) in own:
                self._done[each.topic, each.partition] = each.offset + 1

    def _commit(self, wait: bool = False) -> None:
        """Say how far was read and answered, as far as it is not known to be known. Where nothing of that comes to the
        broker, what is read again is answered again."""
        from confluent_kafka import KafkaException, TopicPartition

        self._committed = time.monotonic()
        offsets = [TopicPartition(*own, at) for own, at in self._done.items() if self._taken.get(own) != at]
        if not offsets:
            return
        try:
            if wait:
                self._heard(None, self.consumer.commit(offsets=offsets, asynchronous=False))
            else:
                self.consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException:
            self.errors += 1

    def _heard(self, error: object, partitions: "Sequence[TopicPartition]") -> None:
        """What became of a commit."""
        self.errors += error is not None
        for each in partitions:
            if error is None and each.error is None:
                self._taken[str(each.topic), int(each.partition)] = int(each.offset)

    def _let_go(self, _consumer: object, partitions: "Sequence[TopicPartition]") -> None:
        """Another process takes partitions over: what was done of them is done."""
        self._commit(wait=True)
        for each in partitions:
            for known in (self._done, self._taken):
                known.pop((str(each.topic), int(each.partition)), None)

    # ---- how it is ---------------------------------------------------------------------------------------------------

    def _each_second(self) -> None:
        now = time.monotonic()
        if now - self._told < TOLD_SECONDS:
            return
        rate = (self.decided - self._decided_then) / (now - self._told)
        self._told, self._decided_then = now, self.decided
        self._commit()
        champions = self.decider.champions()
        state = StreamState(
            self.lag(), rate, self.errors, process_name(), release=champions[-1].release if champions else ""
        )
        for each in self.followers:
            each.second(state)

    def lag(self) -> int:
        """How many messages wait in the partitions that are read here."""
        from confluent_kafka import KafkaException

        waiting = 0
        for each in self.consumer.position(self.consumer.assignment()):
            try:
                low, high = self.consumer.get_watermark_offsets(each, cached=True)
            except KafkaException:
                continue
            read = each.offset if each.offset >= 0 else low
            waiting += max(high - read, 0)
        return waiting


def reached(moments: Sequence[int], stop: Event, waiting: Callable[[], None] = lambda: None) -> bool:
    """Let a clock that is a little ahead of the one here be reached, so that every promotion before is known: wait for
    the latest of ``moments``, ms since 1970, but for those that are refused. ``waiting`` is called meanwhile, at least
    every `AHEAD_SECONDS`. False if we were told to stop before."""
    now = now_ms()
    ahead = max((at - now for at in moments if at - now <= FURTHEST_AHEAD), default=0) - AHEAD_MS
    end = time.monotonic() + ahead / 1000
    while (left := end - time.monotonic()) > 0:
        if stop.wait(min(left, AHEAD_SECONDS)):
            return False
        waiting()
    return True


def now_ms() -> int:
    """The moment, ms since 1970 UTC."""
    return time.time_ns() // 1_000_000
