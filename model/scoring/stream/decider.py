"""Messages to decisions: each by the release that was champion when it was sent, all of one release at once."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from model.errors import ReleaseError
from model.release.register import Moved, champion_at
from model.release.release import Release
from model.release.store import Store
from model.scoring.decided import DecidedRecords, decide_records
from model.scoring.stream.messages import FURTHEST_AHEAD, Message, RefusedMessage, read_applications, wrong_time
from model.whatif.customer.scenario import CustomerScenario

DEFECT = "It could not be scored: {}. Report this, it is a defect."


@dataclass(frozen=True, eq=False)
class DecidedBatch(DecidedRecords):
    """Applications (n,) that one ``release`` decided. ``at`` (n,) their messages' timestamps and ``decided_at`` when
    they were decided, ms since 1970 UTC; ``raw`` (fields, n) their records."""

    release: Release
    ids: tuple[str, ...]
    at: NDArray[np.int64]
    decided_at: int
    raw: Array

    @classmethod
    def of(
        cls, said: DecidedRecords, release: Release, ids: tuple[str, ...], at: NDArray[np.int64], now: int, raw: Array
    ) -> "DecidedBatch":
        """What was ``said`` of the records ``raw`` of applications, at the moment ``now``."""
        own = {each.name: getattr(said, each.name) for each in fields(said)}
        return cls(**own, release=release, ids=ids, at=at, decided_at=now, raw=raw)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def latency_ms(self) -> Array:
        """From each message's timestamp to its decision, (n,), milliseconds."""
        return np.maximum(self.decided_at - self.at, 0).astype(np.float64)


@dataclass(frozen=True)
class Decided:
    """What became of some messages: decided by a release each, or ``refused``."""

    batches: tuple[DecidedBatch, ...]
    refused: tuple[RefusedMessage, ...]


class Decider:
    """Decides messages by the releases of a store. Which was champion when is read anew when the history has grown, so
    that a promotion needs no new start."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._history: tuple[list[tuple[int, int]], tuple[Moved, ...]] = ([], ())
        self._releases: dict[str, Release] = {}
        self._assumptions: dict[str, dict[str, float]] = {}

    def decide(self, messages: Sequence[Message], now: int) -> Decided:
        """What is decided of ``messages`` at the moment ``now``, ms since 1970 UTC.

        Raises
        ------
        ReleaseError
            If there is no champion, or one that decides cannot be loaded: then nothing is decided.
        """
        wrong = {each: why for each in messages if (why := wrong_time(each.at, now))}
        timed = [each for each in messages if each not in wrong] if wrong else messages
        refused = [RefusedMessage(each, "", (), (why,)) for each, why in wrong.items()]
        batches = list[DecidedBatch]()
        for name, own in self._by_release(timed).items():
            decided = self._carefully(self.release(name), own, now)
            batches += decided.batches
            refused += decided.refused
        return Decided(tuple(batches), tuple(refused))

    def champions(self) -> tuple[Moved, ...]:
        """Every time the champion moved, read anew where the files that tell it have changed."""
        found = [_state(self.store.root / name) for name in ("history.jsonl", "aliases.json")]
        if self._history[0] != found:
            self._history = found, self.store.champions()
        return self._history[1]

    def decides(self, at: int, now: int) -> str:
        """The release that decides, or refuses, what was sent at ``at``, ms since 1970 UTC, whatever its clock says."""
        return str(champion_at(self.champions(), utc_of(min(max(at, 0), now + FURTHEST_AHEAD))))

    def release(self, identity: str) -> Release:
        """A release that decides, loaded and checked once."""
        if identity not in self._releases:
            self._releases[identity] = self.store.load(identity)
        return self._releases[identity]

    def _by_release(self, messages: Sequence[Message]) -> dict[str, list[Message]]:
        """The messages by the release that was champion when they were sent, in their order."""
        champions = self.champions()
        if not champions:
            raise ReleaseError(
                f"There is no champion of the book {self.store.book} to decide. Run: python -m model train --book "
                f"{self.store.book}"
            )
        found: dict[str, list[Message]] = {}
        for each in messages:
            name = champions[-1].release if len(champions) == 1 else champion_at(champions, utc_of(each.at))
            found.setdefault(str(name), []).append(each)
        return found

    def _carefully(self, release: Release, messages: Sequence[Message], now: int) -> Decided:
        """What a release decides; a message that it cannot cope with takes no other down with it."""
        try:
            return self._decided(release, messages, now)
        except Exception as error:  # whatever it is: a stream that ends at a message would end at it for ever
            if len(messages) == 1:
                told = DEFECT.format(f"{type(error).__name__}: {error}")
                return Decided((), (RefusedMessage(messages[0], "", (), (told,)),))
        each_alone = [self._carefully(release, [each], now) for each in messages]
        batches = tuple(batch for each in each_alone for batch in each.batches)
        return Decided(batches, tuple(why for each in each_alone for why in each.refused))

    def _decided(self, release: Release, messages: Sequence[Message], now: int) -> Decided:
        scorer, contract = release.scorer, release.contract
        read = read_applications(contract, messages)
        if not read.ids:
            return Decided((), read.refused)
        if release.id not in self._assumptions:
            self._assumptions[release.id] = CustomerScenario().values(contract)
        said = decide_records(scorer, read.raw, self._assumptions[release.id])
        at = np.array([each.at for each in messages], np.int64)[read.place]
        batch = DecidedBatch.of(said, release, read.ids, at, now, read.raw)
        _ = batch.points  # worked out here, where what cannot be is refused alone
        return Decided((batch,), read.refused)


def _state(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def utc_of(at: int) -> datetime:
    """Milliseconds since 1970 as a moment, UTC."""
    return datetime.fromtimestamp(at / 1000, UTC)
