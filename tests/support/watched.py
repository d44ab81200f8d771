"""A stream that somebody looks at: applications decided, and written as the loop's own follower writes them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from data.arrays import Array
from data.books import Book
from model.record import database
from model.release.store import Store
from model.scoring.stream.decider import Decided, Decider
from model.scoring.stream.live import MINUTE_MS, LiveWriter
from model.scoring.stream.live_store import read_live
from model.scoring.stream.loop import StreamState
from model.settings import Settings
from tests.support.streamed import applications, message

TOOK = 20  # ms from each application to its decision


@dataclass
class WatchedStream:
    """A process that decides records of a ``book`` by the releases of a ``home``, and tells of it in the database
    there. ``ago``: so many seconds before now it lives."""

    home: Path
    book: Book
    ago: float = 0.0
    writer: LiveWriter = field(init=False)

    def __post_init__(self) -> None:
        self.engine = database.engine(Settings(home=self.home))
        self.decider = Decider(Store(self.home, self.book.contract.book.name))
        self.writer = LiveWriter(self.engine, self.book.contract.book.name, lambda: time.time() - self.ago)

    @property
    def now(self) -> int:
        """Its moment, ms since 1970."""
        return int(1000 * (time.time() - self.ago))

    def decide(self, raw: Array, name: str = "A", before: int = 0, spoiled: Sequence[object] = ()) -> Decided:
        """Decide records (fields, n) as ``name-0``, ``name-1``, … so many minutes before, and what is ``spoiled``."""
        at = self.now - before * MINUTE_MS
        said = [*applications(self.book.contract, raw, [f"{name}-{k}" for k in range(raw.shape[1])]), *spoiled]
        found = self.decider.decide([message(each, at - TOOK, k) for k, each in enumerate(said)], at)
        for batch in found.batches:
            self.writer.decided(batch)
        if found.refused:
            self.writer.refused(found.refused)
        return found

    def live(self) -> None:
        """Say that it lives."""
        name = self.decider.champions()[-1].release
        self.writer.second(StreamState(lag=3, rate=12.5, errors=0, process="teller:7", release=name))

    def written(self, count: int) -> None:
        """Wait until so many decisions of the hour are written."""
        end = time.monotonic() + 20
        while self._there() != count:
            assert time.monotonic() < end, self.writer.trouble
            time.sleep(0.01)

    def close(self) -> None:
        """Let it end."""
        self.writer.close()
        self.engine.dispose()

    def _there(self) -> int:
        return read_live(self.engine, self.book.contract.book.name, datetime.now(UTC)).hour.decided
