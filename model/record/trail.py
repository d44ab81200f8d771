"""The record of what was asked of a model, on which data, and what it answered: written before anybody is answered.

    writer = Audit(engine(settings), settings.audit_key)
    writer.record(Entry(...))            # returns once it is on disk
    find(engine, "3f2a…")                # the entry, bit for bit; who="…" where several callers chose that id

Checking and pruning: `model.record.verify`. Export: `model.record.export`. Doing it again: `replay`.
"""

import json
import math
import os
import platform
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Condition, Thread
from types import TracebackType
from typing import Self
from uuid import uuid4

import numpy as np
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from data.arrays import Array
from data.errors import BadInput, WhatIfError
from data.json_types import Json, JsonObject
from model.errors import StoreError
from model.monitoring.live import Call
from model.record import schema as table
from model.record.database import reading, writing
from model.record.schema import beginning, chain_seal, has_record, packed_values, row_hash, secret, unpacked_values

SEGMENT = 1000  # rows from one checkpoint to the next
LONGEST = 1000  # characters of a text
HEAVIEST = 512 * 2**20  # bytes of one entry, packed
MOST, MOST_BYTES = 10_000, 1024 * 2**20  # entries that may wait, and their bytes; one may always
BATCH, BATCH_BYTES = 1000, 64 * 2**20  # entries of one transaction, and their bytes
_C = table.audit.c
TEXTS = ("id", "kind", "who", "via", "book", "release", "contract_sha256")


@dataclass(frozen=True, eq=False)
class Entry:
    """One call. ``kind``: "score", "upload", "whatif:customer", "whatif:book", "whatif:policy"; ``via``: "rest",
    "page", "upload". ``inputs`` raw records (fields, n), (0, 0) where the whole book was meant; ``outputs`` by name, of
    any shape. ``detail`` what else it takes to do it again, as JSON holds it. ``given`` says that ``id`` came with the
    request, so that a repetition by the same caller is recorded once: an id is a caller's own. ``at`` UTC.

    Raises
    ------
    BadInput
        If a value cannot be recorded as it is.
    """

    kind: str
    who: str
    via: str
    book: str
    release: str
    contract_sha256: str
    inputs: Array
    outputs: Mapping[str, Array]
    duration_ms: float
    detail: Mapping[str, Json] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid4().hex)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    given: bool = False

    def __post_init__(self) -> None:
        for name in TEXTS:
            _check_text(name, getattr(self, name))
        if not self.id:
            raise BadInput("A request id may not be empty; leave it out for one made here.")
        if np.ndim(self.inputs) != 2:
            raise BadInput(f"Inputs are recorded as (fields, rows); {np.shape(self.inputs)} were given.")
        if not math.isfinite(self.duration_ms):
            raise BadInput(f"The duration must be a number of milliseconds; {self.duration_ms!r} was given.")
        if self.at.tzinfo is None:
            raise BadInput("The time of an entry needs a time zone; give it in UTC.")


def _check_text(name: str, given: str) -> None:
    """What every database takes; one text that it refuses would take the calls recorded along with it down."""
    if len(given) > LONGEST:
        raise BadInput(f"{name} may be {LONGEST:,} characters long; {len(given):,} were given.")
    if not given.isascii() or "\0" in given:
        try:
            given.encode()
        except UnicodeEncodeError:
            raise BadInput(f"{name} holds half a character; give it in UTF-8.") from None
        if "\0" in given:
            raise BadInput(f"{name} holds a character of code 0; leave it out.")


# ---- reading --------------------------------------------------------------------------------------------------------


def recent(engine: Engine, limit: int = 50, kind: str | None = None) -> list[Call]:
    """The latest calls, the newest first."""
    c = _C
    columns = (c.id, c.at, c.kind, c.who, c.via, c.book, c.release, c.rows, c.duration_ms)
    query = select(*columns).order_by(c.at.desc(), c.id.desc(), c.who.desc()).limit(limit)
    with reading(engine) as connection:
        if not has_record(connection):
            return []
        found = connection.execute(query if kind is None else query.where(c.kind == kind)).all()
    return [Call(each[0], datetime.fromisoformat(each[1]), *each[2:]) for each in found]


def find(engine: Engine, reference: str, who: str | None = None) -> Entry:
    """The entry of an id, or of a beginning that only one id has; of the caller ``who``, where one is named: ids are
    unique to their callers.

    Raises
    ------
    StoreError
        If there is none, or there are several.
    """
    with reading(engine) as connection:
        found = list(_matching(connection, reference, who)) if reference and has_record(connection) else []
        exact = [each for each in found if each[0] == reference]
        if len(exact or found) != 1:
            raise StoreError(_not_one(reference, found, exact, who))
        name, caller = (exact or found)[0]
        row = connection.execute(select(table.audit).where(_C.id == name, _C.who == caller)).one()
    return entry_of(row._asdict())


def _matching(connection: Connection, reference: str, who: str | None) -> Iterable[tuple[str, str]]:
    within = [_C.id >= reference, _C.id <= reference + chr(0x10FFFF)]
    within += [] if who is None else [_C.who == who]
    listed = connection.execute(select(_C.id, _C.who).where(*within).order_by(_C.id, _C.who).limit(4))
    return [(row.id, row.who) for row in listed]


def _not_one(
    reference: str, found: Sequence[tuple[str, str]], exact: Sequence[tuple[str, str]], who: str | None
) -> str:
    of = "" if who is None else f" of {who}"
    if exact:
        callers = ", ".join(caller for _, caller in exact[:3])
        return f"Several callers have a call of the id {reference!r}: {callers}. Say whose: --who NAME."
    several = f"there are several, {', '.join(name for name, _ in found[:3])} among them; give more of it"
    what = several if found else "there is none; an export lists them all"
    return f"The record{of} has no one call whose id begins with {reference!r}: {what}."


def entry_of(row: Mapping[str, Json]) -> Entry:
    """A row of the table as the entry it was."""
    texts = {name: row[name] for name in TEXTS}
    at = datetime.fromisoformat(row["at"])
    inputs = unpacked_values(row["inputs"]).get("inputs", np.empty((0, 0)))
    outputs, detail = unpacked_values(row["outputs"]), json.loads(row["detail"])
    return Entry(**texts, inputs=inputs, outputs=outputs, duration_ms=row["duration_ms"], detail=detail, at=at)


# ---- writing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class _Waiting:
    """An entry on its way: the columns it fills itself."""

    values: JsonObject
    given: bool
    weight: int
    answer: "Future[str]"


_INSERT = insert(table.audit)
_KNOWN = select(_C.id, _C.who, _C.book, _C.release, _C.inputs, _C.outputs).where(
    _C.id.in_(bindparam("ids", expanding=True))
)
_CHAIN = select(table.chain).where(table.chain.c.chain == bindparam("name")).with_for_update()
_EXTEND = (
    update(table.chain)
    .where(table.chain.c.chain == bindparam("name"))
    .values({name: bindparam(f"new_{name}") for name in ("head_seq", "head_hash", "seal")})
)


class Audit:
    """Writes the record. One thread takes whatever waits and writes it in one transaction: a disk that syncs in 5 ms
    still takes thousands of calls a second from many threads.

    ``key`` makes the hashes HMACs. A context manager; `close` writes what still waits.
    """

    def __init__(self, engine: Engine, key: SecretStr | None = None) -> None:
        self.engine = engine
        self._key = secret(key)
        self._queue: deque[_Waiting] = deque()
        self._weight = 0
        self._closed = False
        self._changed = Condition()
        self._prepared = False
        self._chain, self._head = uuid4().hex, 0
        self._thread = Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, entry: Entry) -> "Future[str]":
        """Have an entry written; the future gives its id once it is on disk.

        The future raises StoreError if it could not be written, and BadInput if the id was ``given`` and used before
        by the same caller for another request. The same request of a caller under the same id is on record once, and
        gives its id; what another caller named so is another call.

        Raises
        ------
        BadInput
            If the entry cannot be recorded as it is.
        StoreError
            If too many wait, or the record is closed.
        """
        plain = sum(np.size(each) for each in (entry.inputs, *entry.outputs.values())) * 8
        if plain > table.MOST_NUMBERS:
            most = table.MOST_NUMBERS
            raise BadInput(f"A call may hold {most:,} bytes of numbers; this holds {plain:,}. Send fewer rows.")
        values = _columns(entry)
        weight = len(values["inputs"]) + len(values["outputs"]) + len(values["detail"])
        if weight > HEAVIEST:
            raise BadInput(f"A call may take {HEAVIEST:,} bytes on record; this takes {weight:,}. Send fewer rows.")
        waiting = _Waiting(values, entry.given, weight, Future())
        with self._changed:
            if self._closed:
                raise StoreError("The record is closed: the program is ending. Ask again once it runs.")
            if len(self._queue) >= MOST or (self._queue and self._weight + weight > MOST_BYTES):
                raise StoreError(
                    f"Too many calls wait to be recorded ({len(self._queue):,}); at most {MOST:,} may. Try again later."
                )
            self._queue.append(waiting)
            self._weight += weight
            self._changed.notify()
        return waiting.answer

    def record(self, entry: Entry) -> str:
        """Write an entry and wait until it is on disk; its id. Raises what `append` and its future do."""
        return self.append(entry).result()

    def close(self) -> None:
        """Write what waits and a checkpoint, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    # ---- the thread --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while batch := self._take():
            self._write(batch)
        with suppress(StoreError):  # it only ends a segment; the rows are safe
            self._checkpoint()

    def _take(self) -> list[_Waiting]:
        """What waits, as much as one transaction takes; nothing once the record is closed and written."""
        taken: list[_Waiting] = []
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            weight = 0
            while self._queue and len(taken) < BATCH and (not taken or weight + self._queue[0].weight <= BATCH_BYTES):
                taken.append(self._queue.popleft())
                weight += taken[-1].weight
            self._weight -= weight
        return taken

    def _write(self, batch: list[_Waiting]) -> None:
        batch = [each for each in batch if each.answer.set_running_or_notify_cancel()]
        answers: list[str | WhatIfError] = []
        for careful in (False, True):
            try:
                answers = self._commit(batch, careful)
                break
            except StoreError as error:
                # An id that another process has just recorded: look all of them up, once.
                if careful or not isinstance(error.__cause__, IntegrityError):
                    answers = [StoreError(f"The call was not recorded. {error}") for _ in batch]
                    break
            except Exception as error:  # whatever happens in the background must be seen in the foreground
                told = f"The call was not recorded: {type(error).__name__}: {error}. Report this, it is a defect."
                answers = [StoreError(told) for _ in batch]
                break
        for each, answer in zip(batch, answers, strict=True):
            if isinstance(answer, str):
                each.answer.set_result(answer)
            else:
                each.answer.set_exception(answer)

    def _commit(self, batch: list[_Waiting], careful: bool) -> list[str | WhatIfError]:
        """Write a batch in one transaction. Nothing but the chain's name and the last row known to be on disk is kept
        between transactions: whatever fails, the next one goes on from what the database holds."""
        prepared, self._prepared = self._prepared, False
        answers: list[str | WhatIfError] = []
        fresh: list[JsonObject] = []
        with writing(self.engine) as connection:
            if not prepared:
                table.prepare(connection)
            asked = [each.values["id"] for each in batch if each.given or careful]
            known: dict[tuple[str, str], Mapping[str, Json]] = (
                {(row.id, row.who): row._asdict() for row in connection.execute(_KNOWN, {"ids": asked})}
                if asked
                else {}
            )
            for each in batch:
                name, who = each.values["id"], each.values["who"]
                if (name, who) not in known:
                    fresh.append(each.values)
                    known[name, who] = each.values
                elif not _same(known[name, who], each.values):
                    answers.append(BadInput(f"The request id {name} was already used for another request. Use a new."))
                    continue
                answers.append(name)
            if fresh:
                chain = self._extend(connection, fresh)
        if fresh:
            self._chain, self._head = chain, fresh[-1]["seq"]
        self._prepared = True
        return answers

    def _extend(self, connection: Connection, fresh: list[JsonObject]) -> str:
        """Add rows to this process' chain, or to a new one if that is not there as it was left; the chain's name."""
        own = self._own(connection) or self._begin(connection)
        seq, prev = own["head_seq"], own["head_hash"]
        ends = []
        for values in fresh:
            seq += 1
            values |= {"chain": own["chain"], "seq": seq, "prev": prev}
            prev = values["hash"] = row_hash(self._key, values)
            if seq % SEGMENT == 0:
                ends.append({name: values[name] for name in ("chain", "seq", "hash", "at")})
        connection.execute(_INSERT, fresh)
        if ends:
            connection.execute(insert(table.checkpoint), ends)
        own |= {"head_seq": seq, "head_hash": prev}
        extended = {"new_head_seq": seq, "new_head_hash": prev, "new_seal": chain_seal(self._key, own)}
        connection.execute(_EXTEND, {"name": own["chain"], **extended})
        return str(own["chain"])

    def _own(self, connection: Connection) -> JsonObject | None:
        """This process' chain; None if there is none yet, or somebody altered its end or put an older one in its place:
        that is left as it is, to be found."""
        row = connection.execute(_CHAIN, {"name": self._chain}).one_or_none()
        own = row._asdict() if row is not None else None
        if own is None or own["seal"] != chain_seal(self._key, own) or own["head_seq"] < self._head:
            return None
        return own

    def _begin(self, connection: Connection) -> JsonObject:
        table.lock_tables(connection)
        name = uuid4().hex
        number = connection.scalar(select(func.coalesce(func.max(table.chain.c.number), 0))) or 0
        own: JsonObject = {"chain": name, "number": number + 1, "started": _now(), "first_seq": 1, "since": ""}
        own |= {"process": f"{platform.node()}:{os.getpid()}", "first_prev": beginning(self._key, name)}
        own |= {"head_seq": 0, "head_hash": own["first_prev"]}
        connection.execute(insert(table.chain), own | {"seal": chain_seal(self._key, own)})
        return own

    def _checkpoint(self) -> None:
        if not self._head:
            return
        with writing(self.engine) as connection:
            own = self._own(connection)
            if own is not None:
                end_segment(connection, own["chain"], own["head_seq"])


def end_segment(connection: Connection, chain: str, seq: int) -> None:
    """Write a checkpoint at a row, unless it is gone or has one."""
    c, ends = table.audit.c, table.checkpoint.c
    row = connection.execute(select(c.chain, c.seq, c.hash, c.at).where(c.chain == chain, c.seq == seq)).one_or_none()
    there = connection.execute(select(ends.seq).where(ends.chain == chain, ends.seq == seq)).one_or_none()
    if row is not None and there is None:
        connection.execute(insert(table.checkpoint), row._asdict())


def _columns(entry: Entry) -> JsonObject:
    try:
        detail = json.dumps(entry.detail, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadInput(f"The detail of a call must be what JSON can hold: {error}.") from error
    values: JsonObject = {name: getattr(entry, name) for name in TEXTS}
    return values | {
        "at": _told(entry.at),
        "rows": int(np.shape(entry.inputs)[1]),
        "inputs": packed_values({"inputs": entry.inputs}),
        "outputs": packed_values(entry.outputs),
        "detail": detail,
        "duration_ms": float(entry.duration_ms),
    }


def _same(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    """Whether two rows are of one request: book, release and every bit of inputs and outputs."""
    if any(one[name] != other[name] for name in ("book", "release")):
        return False
    return all(_bits(one[name]) == _bits(other[name]) for name in ("inputs", "outputs"))


def _bits(content: bytes) -> dict[str, tuple[tuple[int, ...], bytes]]:
    return {name: (each.shape, each.tobytes()) for name, each in unpacked_values(content).items()}


def _now() -> str:
    return _told(datetime.now(UTC))


def _told(at: datetime) -> str:
    """A time as it is kept: ISO 8601, UTC, microseconds; so text is ordered as time is."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
