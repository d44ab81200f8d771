"""What a stream does, kept while it does it, for whoever looks: sums by minute, the processes, the latest decisions.

The loop hands over what it decided and goes on; a thread adds it up about once a second and writes it, so that a
decision never waits for a look at it. Each process writes rows of its own and whoever reads adds them up: processes
need not know of each other, and one that is killed takes the last second with it and no more. It is what one looks at,
not the record: of the decisions at most four a second are kept, for an hour, and the minutes for a day.
"""

import json
import logging
import os
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

import numpy as np
import sqlalchemy as sql

from model.errors import StoreError
from model.monitoring.bins import bin_counts
from model.monitoring.stream import HOUR, LATENCIES, Counts, StreamMinute
from model.record.database import writing
from model.record.schema import lock_tables, packed_values
from model.release.release import Release
from model.scoring.stream.decider import DecidedBatch
from model.scoring.stream.live_store import DECISIONS, MINUTES, PROCESSES, metadata
from model.scoring.stream.loop import StreamFollower, StreamState
from model.scoring.stream.messages import RefusedMessage

PAUSE = 1.0  # seconds between two writings
WAITING = 50_000  # applications that may wait to be added up, 20 MB; beyond that whoever brings more adds them up
LISTED = 4  # decisions a second that are kept to be looked at
KEPT_MS = 3_600_000  # for so long they are, or longer while they are among the
LATEST = 200
DAY = 24 * HOUR  # minutes kept
MINUTE_MS = 60_000
ABOUT = 50  # fields in a minute whose refusals are told apart
LONGEST = 300  # characters of a reason
OTHERS = "other fields"
LOG = logging.getLogger(__name__)

# ---- adding up ------------------------------------------------------------------------------------------------------


@dataclass
class DecidedSums:
    """What a release decided in a minute, added up; ``bins`` of each input and last of the PD."""

    release: Release
    total: StreamMinute
    latencies: Counts = field(default_factory=lambda: np.zeros(len(LATENCIES) + 1, np.int64))
    bins: list[Counts] = field(default_factory=list)

    def add(self, batches: Sequence[DecidedBatch]) -> None:
        """Add what was decided, all of it at once: one batch of five by itself costs as much as a thousand records."""
        pd = np.concatenate([each.pd for each in batches])
        more = StreamMinute(
            self.total.minute,
            decided=len(pd),
            granted=sum(int(np.count_nonzero(each.granted)) for each in batches),
            pd=float(pd.sum()),
            exposure=sum(float(each.exposure[each.granted].sum()) for each in batches),
            loss=sum(float(each.loss[each.granted].sum()) for each in batches),
            outside=sum(int(np.count_nonzero(each.outside)) for each in batches),
        )
        self.total = self.total.plus(more)
        places = np.searchsorted(LATENCIES, np.concatenate([each.latency_ms for each in batches]))
        self.latencies += np.bincount(places, minlength=len(LATENCIES) + 1)
        values = (*np.concatenate([each.inputs for each in batches], axis=1), pd)
        found = [bin_counts(each, edges) for each, edges in zip(values, self.release.snapshot.edges, strict=True)]
        self.bins = [was + now for was, now in zip(self.bins, found, strict=True)] if self.bins else found

    def counts(self) -> bytes:
        """All that is counted by bins."""
        bins = {str(k): each.astype(np.float64) for k, each in enumerate(self.bins)}
        return packed_values({"latencies": self.latencies.astype(np.float64)} | bins)


@dataclass
class RefusedSums:
    """What was refused in a minute: messages, and by what they are about how often and the latest reason."""

    refused: int = 0
    about: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, message: RefusedMessage) -> None:
        """Add one message, which may be refused for several things."""
        self.refused += 1
        for k, label in enumerate(message.fields or ("",)):
            name = label if label in self.about or len(self.about) < ABOUT else OTHERS
            reason = message.reasons[min(k, len(message.reasons) - 1)] if message.reasons else ""
            self.about[name] = self.about.get(name, (0, ""))[0] + 1, reason[:LONGEST]


class LiveWriter(StreamFollower):
    """Keeps what a stream of a ``book`` does in the database of ``engine``. A follower of the loop: see
    `model.scoring.stream.loop`. ``clock`` says the seconds since 1970.

    ``trouble``: why nothing can be written at present; the stream goes on, and what was added up is written later, of
    the last hour: a page shows no more, and a minute of a release takes 20 KB of memory.
    """

    def __init__(self, engine: sql.Engine, book: str, clock: Callable[[], float] = time.time) -> None:
        self.engine, self.book, self.trouble = engine, book, ""
        self.process = f"{os.getpid()}-{secrets.token_hex(4)}"  # a number alone may be another process's elsewhere
        self._clock, self._ended = clock, False
        self._started = self._beat = self._now()
        self._state = StreamState(lag=0, rate=0.0, errors=0, process=self.process, release="")
        self._waiting: list[DecidedBatch] = []
        self._rows = 0
        self._latest: deque[tuple[DecidedBatch, int]] = deque(maxlen=LISTED)
        self._decided: dict[tuple[int, str], DecidedSums] = {}
        self._refused: dict[int, RefusedSums] = {}
        self._changed: set[tuple[int, str]] = set()
        self._lock, self._adding = Lock(), Lock()
        self._prepared, self._pruned = False, 0
        self._end = Event()
        self._thread = Thread(target=self._run, daemon=True, name="stream-live")
        self._thread.start()

    # ---- what the loop tells

    def decided(self, batch: DecidedBatch) -> None:
        """Some applications were decided."""
        with self._lock:
            self._waiting.append(batch)
            self._rows += len(batch)
            many = self._rows > WAITING
        if many:  # the database is slow, or gone: memory stays as it is
            self._add_up()

    def refused(self, messages: Sequence[RefusedMessage]) -> None:
        """Some messages were refused."""
        minute = self._now() // MINUTE_MS
        with self._adding:
            sums = self._refused.setdefault(minute, RefusedSums())
            for each in messages:
                sums.add(each)
            self._changed.add((minute, ""))

    def second(self, state: StreamState) -> None:
        """How the loop stands, about once a second."""
        self._state, self._beat = state, self._now()

    def close(self) -> None:
        """Write what waits and that the process has ended."""
        self._ended = True
        self._end.set()
        self._thread.join(10)

    # ---- the thread

    def _now(self) -> int:
        return int(1000 * self._clock())

    def _run(self) -> None:
        while not self._end.wait(PAUSE):
            self._write_once()
        self._write_once()

    def _write_once(self) -> None:
        try:
            self._add_up()
            self._write()
            self.trouble = ""
        except StoreError as error:
            self._prepared = False  # the file may be another one by now
            self.trouble = str(error)
        except Exception as error:  # whoever looks sees nothing new then; the stream itself goes on
            self.trouble = f"What the stream does cannot be shown: {type(error).__name__}: {error}"
            LOG.exception("the stream's numbers were not written")

    def _add_up(self) -> None:
        with self._lock:
            batches, self._waiting, self._rows = self._waiting, [], 0
        together: dict[tuple[int, str], list[DecidedBatch]] = {}
        for batch in batches:
            if len(batch):
                together.setdefault((batch.decided_at // MINUTE_MS, batch.release.id), []).append(batch)
        with self._adding:
            for key, own in together.items():
                if key not in self._decided:
                    self._decided[key] = DecidedSums(own[0].release, StreamMinute(key[0]))
                self._decided[key].add(own)
                self._changed.add(key)
            for batch in batches[-LISTED:]:
                self._latest.extend((batch, k) for k in range(max(len(batch) - LISTED, 0), len(batch)))

    def _write(self) -> None:
        with self._adding:
            self._let_go_of_hours()
            changed, self._changed = self._changed, set()
            rows, listed = [self._row(key) for key in changed], list(self._latest)
        try:
            with writing(self.engine) as connection:
                if not self._prepared:
                    lock_tables(connection)
                    metadata.create_all(connection)
                self._replace(connection, rows)
                if listed:
                    connection.execute(DECISIONS.insert(), [self._decision(*each) for each in listed])
        except BaseException:
            with self._adding:
                self._changed |= changed
            raise
        self._prepared = True
        self._written(listed)
        self._prune()

    def _let_go_of_hours(self) -> None:
        """Let go of minutes that waited so long to be written that nobody sees them any more."""
        first = self._now() // MINUTE_MS - HOUR
        self._changed = {each for each in self._changed if each[0] > first}
        self._decided = {key: sums for key, sums in self._decided.items() if key[0] > first}
        self._refused = {minute: sums for minute, sums in self._refused.items() if minute > first}

    def _written(self, listed: Sequence[tuple[DecidedBatch, int]]) -> None:
        """Let go of what is written and will not change."""
        over = self._now() // MINUTE_MS - 1
        with self._adding:
            for each in listed:
                if each in self._latest:
                    self._latest.remove(each)
            for key in [each for each in self._decided if each[0] < over and each not in self._changed]:
                del self._decided[key]
            for minute in [each for each in self._refused if each < over and (each, "") not in self._changed]:
                del self._refused[minute]

    def _replace(self, connection: sql.Connection, rows: Sequence[Mapping[str, object]]) -> None:
        """Rows of this process alone: nobody else writes them."""
        t = MINUTES.c
        for row in rows:
            own = (t.book == self.book) & (t.minute == row["minute"]) & (t.process == self.process)
            connection.execute(MINUTES.delete().where(own & (t.release == row["release"])))
        if rows:
            connection.execute(MINUTES.insert(), list(rows))
        connection.execute(PROCESSES.delete().where(PROCESSES.c.process == self.process))
        connection.execute(PROCESSES.insert(), [self._process()])

    def _row(self, key: tuple[int, str]) -> dict[str, object]:
        minute, release = key
        row: dict[str, object] = {"book": self.book, "minute": minute, "process": self.process, "release": release}
        if not release:
            refused = self._refused[minute]
            nothing = dict.fromkeys(("decided", "granted", "pd", "exposure", "loss", "outside"), 0)
            return row | nothing | {"refused": refused.refused, "counts": b"", "about": json.dumps(refused.about)}
        sums = self._decided[key]
        own = sums.total
        return row | {
            "decided": own.decided,
            "granted": own.granted,
            "pd": own.pd,
            "exposure": own.exposure,
            "loss": own.loss,
            "outside": own.outside,
            "refused": 0,
            "counts": sums.counts(),
            "about": "{}",
        }

    def _process(self) -> dict[str, object]:
        state = self._state
        return {
            "process": self.process,
            "book": self.book,
            "name": state.process[:200],
            "started": self._started,
            "beat": self._beat,
            "ended": self._now() if self._ended else None,
            "release": state.release,
            "lag": state.lag,
            "rate": state.rate,
            "errors": state.errors,
        }

    def _decision(self, batch: DecidedBatch, k: int) -> dict[str, object]:
        reasons = {name: float(points[k]) for name, points in batch.points.items()}
        return {
            "book": self.book,
            "id": batch.ids[k],
            "at": int(batch.at[k]),
            "decided_at": int(batch.decided_at),
            "release": batch.release.id,
            "pd": float(batch.pd[k]),
            "score": int(batch.score[k]),
            "granted": bool(batch.granted[k]),
            "exposure": float(batch.exposure[k]),
            "loss": float(batch.loss[k]),
            "outside": bool(batch.outside[k]),
            "record": packed_values({"record": batch.raw[:, k]}),
            "average": batch.average,
            "reasons": json.dumps(reasons),
        }

    def _prune(self) -> None:
        """Once a minute, what nobody looks at any more. By one process at a time, or two would wait for each other."""
        now = self._now()
        if now // MINUTE_MS == self._pruned:
            return
        self._pruned = now // MINUTE_MS
        t = DECISIONS.c
        latest = sql.select(t.number).where(t.book == self.book).order_by(t.number.desc()).limit(LATEST)
        old = (t.book == self.book) & (t.decided_at < now - KEPT_MS)
        with writing(self.engine) as connection:
            lock_tables(connection)
            connection.execute(MINUTES.delete().where(MINUTES.c.minute < now // MINUTE_MS - DAY))
            connection.execute(PROCESSES.delete().where(PROCESSES.c.beat < now - DAY * MINUTE_MS))
            connection.execute(DECISIONS.delete().where(old & t.number.not_in(latest)))
