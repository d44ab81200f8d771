"""A book's records played as applications on a stream, and what became of each as its outcome later.

For demonstrations and tests. Records come in one shuffled order, over and over, under numbers of their own; they may
drift, and some messages may be malformed on purpose. When a message is due is reckoned from the beginning, so that the
rate is kept however late a single one is.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.contract import Contract, bounds
from data.draws import draw
from model.errors import StoreError
from model.release.window import Window
from model.scoring.stream.drifting import RecordDrift, drifted
from model.scoring.stream.kafka import require_apart

TICK_SECONDS = 0.005  # between two looks at what is due, where the rate is higher than that
AHEAD_SECONDS, MAX_AHEAD = 0.25, 5000  # of the run, and messages, that are made at once
REST_SECONDS = 10.0  # at the end, for what the brokers have not taken yet


@dataclass(frozen=True)
class SimulationTerms:
    """How a book is played: ``rate`` applications a second; their outcomes ``outcomes_after`` seconds; over so many
    ``seconds``, or ``count`` applications, or until it is stopped; ``drifts`` that are complete after ``drift_over``
    seconds; the ``malformed`` share of messages; records of a ``window`` of vintages, shuffled by ``seed``. ``run``
    stands in every application's number, so that no two runs share one."""

    run: str
    rate: float
    outcomes_after: float
    seconds: float | None = None
    count: int | None = None
    drifts: tuple[RecordDrift, ...] = ()
    drift_over: float = 300.0
    malformed: float = 0.0
    window: Window = field(default_factory=Window)
    seed: int = 0

    @property
    def most(self) -> int | None:
        """How many applications there are in all; None: until it is stopped."""
        ends = [self.count, None if self.seconds is None else max(int(self.rate * self.seconds), 1)]
        return min((each for each in ends if each is not None), default=None)


@dataclass(frozen=True)
class SimulationTopics:
    """Where applications and outcomes go; BadInput where one has no name, or both are the same."""

    applications: str
    outcomes: str

    def __post_init__(self) -> None:
        require_apart(vars(self))


@dataclass
class Played:
    """What has been sent so far; ``refused`` by the brokers; for how many ``seconds`` it has been played, and at which
    of them the ``latest`` application was sent."""

    applications: int = 0
    malformed: int = 0
    outcomes: int = 0
    refused: int = 0
    seconds: float = 0.0
    latest: float = 0.0

    @property
    def rate(self) -> float:
        """Applications a second, from the first to the latest; 0 before there are two."""
        return (self.applications - 1) / self.latest if self.latest else 0.0


class Sender(Protocol):
    """What puts messages on topics: confluent_kafka's producer, as far as it is used here."""

    def produce(
        self, topic: str, value: bytes, key: bytes, *, on_delivery: Callable[[object, object], None] | None = None
    ) -> None:
        """Take a message; BufferError while too many wait."""
        ...

    def poll(self, timeout: float) -> int:
        """Tell of messages that were delivered."""
        ...

    def flush(self, timeout: float) -> int:
        """Wait until all are delivered; how many are not."""
        ...


# ---- messages --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Applications:
    """Some applications: their ``ids``, the messages' ``values``, the ``outcomes`` (n,) of their records, and which are
    malformed, ``spoilt`` (n,)."""

    ids: list[str]
    values: list[bytes]
    outcomes: NDArray[np.int64]
    spoilt: NDArray[np.bool_]


class Playback:
    """A book's records as applications, each under its own number, over and over in one shuffled order.

    Raises
    ------
    BadInput
        If the book has no record of the window.
    """

    def __init__(self, book: Book, terms: SimulationTerms) -> None:
        self.book, self.terms = book, terms
        self._order = np.random.default_rng(terms.seed).permutation(terms.window.of(book))

    def applications(self, first: int, n: int, so_far: float = 0.0) -> Applications:
        """The ``n`` applications from number ``first`` on, their drifts ``so_far`` on the way, a share in [0, 1]."""
        contract, numbers = self.book.contract, np.arange(first, first + n, dtype=np.int64)
        place = self._order[numbers % len(self._order)]
        raw = drifted(contract, self.book.raw[:, place], numbers, self.terms.drifts, so_far)
        spoilt = draw(numbers, f"malformed {self.terms.seed}") < self.terms.malformed
        ids = [f"S-{self.terms.run}-{k}" for k in numbers.tolist()]
        values = application_values(contract, ids, raw)
        for k in np.flatnonzero(spoilt).tolist():
            values[k] = _spoiled(contract, values[k], first + k)
        return Applications(ids, values, self.book.target[place].astype(np.int64), spoilt)


def application_values(contract: Contract, ids: Sequence[str], raw: Array) -> list[bytes]:
    """The messages of applications with records ``raw`` (fields, n), as JSON; a missing value is null."""
    names = ["id", *(field.name for field in contract.record)]
    columns = [ids, *map(_plain, raw)]
    return [orjson.dumps(dict(zip(names, record, strict=True))) for record in zip(*columns, strict=True)]


def outcome_value(identifier: str, outcome: int) -> bytes:
    """The message of what became of an application."""
    return orjson.dumps({"id": identifier, "outcome": outcome})


def _plain(values: Array) -> list[int] | list[float]:
    """Numbers as JSON would be written by hand: whole ones without a point."""
    whole = np.isfinite(values).all() and (values == np.round(values)).all()
    found: list[int] | list[float] = (values.astype(np.int64) if whole else values).tolist()
    return found


def _spoiled(contract: Contract, value: bytes, number: int) -> bytes:
    """A message that no application can be read from, by kinds in turn: cut off, no object, a field that is not there,
    a word for a number, a value beyond the contract's range, no identifier."""
    record, own = orjson.loads(value), contract.record[number % len(contract.record)]
    beyond = 1e300 if np.isfinite(bounds(own)[1]) else "beyond"
    absent = {name: each for name, each in record.items() if name != own.name}
    kinds = (
        value[: len(value) // 2],
        b'["no", "application"]',
        orjson.dumps(absent),
        orjson.dumps({**record, own.name: "much"}),
        orjson.dumps({**record, own.name: beyond}),
        orjson.dumps({**record, "id": None}),
    )
    return kinds[number // len(contract.record) % len(kinds)]


# ---- playing ---------------------------------------------------------------------------------------------------------


class Simulation:
    """Plays a book on a stream, by what sends messages to its topics."""

    def __init__(self, playback: Playback, sender: Sender, topics: SimulationTopics) -> None:
        self.playback, self.sender, self.topics = playback, sender, topics
        self.played = Played()
        self._waiting: deque[tuple[float, str, int]] = deque()  # outcomes: when due, of whom, which
        self._wrong = ""
        self._stop = Event()
        self._start = time.monotonic()

    @property
    def waiting(self) -> int:
        """Outcomes that are not due yet."""
        return len(self._waiting)

    def stop(self) -> None:
        """End it soon, from another thread or from a signal."""
        self._stop.set()

    def play(self, tell: Callable[[Played], None]) -> Played:
        """Send applications and outcomes as they are due, until all are sent or it is stopped. ``tell`` hears once a
        second what has been sent.

        Raises
        ------
        StoreError
            If the brokers do not take all that was sent, with what they say.
        """
        terms, told = self.playback.terms, 0.0
        self._start = time.monotonic()
        coming, sent = self._made(), 0
        pause = max(TICK_SECONDS, min(1 / terms.rate, 1.0)) / 2
        while not self._stop.is_set() and (sent != terms.most or self._waiting):
            now = self._now()
            due = min(int(now * terms.rate) + 1, np.inf if terms.most is None else terms.most)
            while sent < due and not self._stop.is_set():
                self._apply(*next(coming))
                sent += 1
            while self._waiting and self._waiting[0][0] <= now:
                self._resolve(*self._waiting.popleft())
            self.sender.poll(0)
            self.played.seconds = now
            if now - told >= 1:
                told = now
                tell(self.played)
            self._stop.wait(pause)
        left = self.sender.flush(REST_SECONDS)
        self.played.seconds = self._now()
        if left or self._wrong:
            raise StoreError(f"The brokers did not take {left + self.played.refused:,} messages. {self._wrong}".strip())
        return self.played

    def _made(self) -> Iterator[tuple[str, bytes, int, bool]]:
        """Applications without an end, some made at once, each as it is drifted by then."""
        terms, number = self.playback.terms, 0
        ahead = int(np.clip(terms.rate * AHEAD_SECONDS, 1, MAX_AHEAD))
        while True:
            so_far = min(self._now() / terms.drift_over, 1.0)
            made = self.playback.applications(number, ahead, so_far)
            yield from zip(made.ids, made.values, made.outcomes.tolist(), made.spoilt.tolist(), strict=True)
            number += ahead

    def _now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._start

    def _apply(self, identifier: str, value: bytes, outcome: int, spoilt: bool) -> None:
        self._send(self.topics.applications, identifier, value)
        now = self._now()
        self.played.applications += 1
        self.played.malformed += spoilt
        self.played.latest = now
        if not spoilt:
            self._waiting.append((now + self.playback.terms.outcomes_after, identifier, outcome))

    def _resolve(self, _due: float, identifier: str, outcome: int) -> None:
        self._send(self.topics.outcomes, identifier, outcome_value(identifier, outcome))
        self.played.outcomes += 1

    def _send(self, topic: str, identifier: str, value: bytes) -> None:
        while not self._stop.is_set():
            try:
                self.sender.produce(topic, value, identifier.encode(), on_delivery=self._delivered)
                return
            except BufferError:  # the brokers are slower than asked for
                self.sender.poll(TICK_SECONDS)

    def _delivered(self, error: object, _message: object) -> None:
        if error is not None:
            self.played.refused += 1
            self._wrong = str(error)
