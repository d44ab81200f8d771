"""Whether the record is what was written, and shortening it.

What `verify_record` finds: a row altered, removed, added or moved; a chain whose first or last rows are gone; a chain
gone altogether, unless it was the latest. With a key, nobody without it can make any of these pass, but for one thing:
to put back an older copy of the whole database. Compare its last rows with an export kept elsewhere.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection, Engine, Row, delete, func, insert, literal, select, update

from data.errors import BadInput
from data.json_types import Json
from model.errors import StoreError
from model.record import schema as table
from model.record.database import reading, writing
from model.record.schema import beginning, chain_seal, has_record, row_hash, secret, walk
from model.record.trail import end_segment

TOLD = 20  # findings told of one chain
MOVED = 50  # altered rows up to which it is tried whether they were only moved

_ORDER = (table.audit.c.chain, table.audit.c.seq)
Stored = Row[tuple[Any, ...]]


@dataclass(frozen=True)
class Verdict:
    """``rows`` and ``chains`` on record; ``since`` when it is complete from, None where nothing was ever pruned;
    ``findings`` a sentence for each thing that is not as it was written."""

    rows: int
    chains: int
    since: datetime | None
    findings: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the record is what was written."""
        return not self.findings


@dataclass(frozen=True)
class Pruned:
    """``rows`` removed, ``kept`` still there, ``since`` when the record is complete from, None where nothing was ever
    removed."""

    rows: int
    kept: int
    since: datetime | None


# ---- verify ---------------------------------------------------------------------------------------------------------


def verify_record(engine: Engine, key: SecretStr | None = None) -> Verdict:
    """Read the whole record, as of one moment, and hold every row against its hash and its neighbours.

    In constant memory; a one-row call takes 30 µs in SQLite, four times that in PostgreSQL.

    Raises
    ------
    StoreError
        If the database cannot be read.
    """
    with reading(engine) as connection:
        if not has_record(connection):
            return Verdict(0, 0, None, ())
        listed = connection.execute(select(table.chain).order_by(table.chain.c.number))
        chains = [each._asdict() for each in listed]
        findings = [*_strays(connection), *_absent([each["number"] for each in chains])]
        rows = 0
        for each in chains:
            check = _Check(connection, each, secret(key))
            findings += check.findings()
            rows += check.rows
    return Verdict(rows, len(chains), _since([each["since"] for each in chains]), tuple(findings))


def _since(told: list[str]) -> datetime | None:
    with suppress(ValueError):  # nothing was pruned yet, or what is kept of it was altered
        return datetime.fromisoformat(max(map(str, told), default=""))
    return None


def _strays(connection: Connection) -> Iterator[str]:
    """Rows that belong to no chain."""
    own, there = table.audit.c.chain, select(table.chain.c.chain)
    query = select(own, func.count()).where(own.not_in(there)).group_by(own).order_by(own)
    for name, count in connection.execute(query):
        yield f"Chain {name} is missing from the list of chains; {_rows(count)} of it are still there."


def _absent(numbers: list[int]) -> Iterator[str]:
    """Chains are numbered 1, 2, … and none is ever taken off the list."""
    for number in sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers)):
        yield f"The chain of number {number} is missing with all its rows."


class _Check:
    """One chain, read row by row."""

    def __init__(self, connection: Connection, chain: Mapping[str, Json], key: bytes) -> None:
        self.connection, self.chain, self.key = connection, chain, key
        self.name: str = chain["chain"]
        self.rows, self.reached = 0, 0
        self._told: list[str] = []
        self._more = 0
        self._altered = 0
        self._suspects: list[int] = []
        self._gaps: list[int] = []

    def findings(self) -> list[str]:
        """What is wrong with it, in sentences."""
        sealed = self.chain["seal"] == chain_seal(self.key, self.chain)
        if not sealed:
            self._tell(f"What is kept of the first and the last row of chain {self.name} was altered.")
        if any(not isinstance(self.chain[each], int) for each in ("first_seq", "head_seq")):
            return self._told
        self.reached = self.chain["first_seq"] - 1
        self._rows()
        if self.rows and not sealed and self._altered == self.rows:
            return [
                f"No row of chain {self.name} agrees with the key given: it was written under another WHATIF_AUDIT_KEY "
                "(or under none, or this check was made without it), or altered from end to end."
            ]
        self._moved()
        if self._more:
            self._told.append(f"Chain {self.name} has {self._more:,} more such findings.")
        return self._told

    def _tell(self, sentence: str) -> None:
        if len(self._told) < TOLD:
            self._told.append(sentence)
        else:
            self._more += 1

    def _rows(self) -> None:
        first, prev, doubtful = self.chain["first_seq"], self.chain["first_prev"], False
        if first == 1 and prev != beginning(self.key, self.name):
            self._tell(f"Chain {self.name} does not begin where it should.")
        own = table.checkpoint.c
        listed = self.connection.execute(select(own.seq, own.hash).where(own.chain == self.name))
        ends = {row.seq: row.hash for row in listed}
        for row in walk(self.connection, _ORDER, table.audit.c.chain == self.name):
            self.rows += 1
            if not isinstance(row.seq, int):  # SQLite keeps a text where a number belongs
                self._altered += 1
                self._tell(f"{_named(row)} was altered.")
                continue
            gap = row.seq != self.reached + 1
            if gap:
                self._gap(self.reached + 1, row.seq - 1)
            if row.hash != row_hash(self.key, row._asdict()):
                self._altered += 1
                self._suspect(row)
                doubtful = True
            else:
                if row.prev != prev and not gap and not doubtful:
                    self._tell(f"{_named(row)} does not follow the row before it: one of the two was put in its place.")
                doubtful = False
            if ends.get(row.seq, row.hash) != row.hash:
                self._tell(f"{_named(row)} is not the row that the checkpoint there was written for.")
            self.reached, prev = row.seq, row.hash
        head = self.chain["head_seq"]
        if self.reached < head:
            self._gap(self.reached + 1, head)
        elif self.reached > head:
            self._tell(
                f"Chain {self.name} goes on to row {self.reached:,}, beyond its last, {head:,}: rows were added."
            )
        elif prev != self.chain["head_hash"] and not doubtful:
            self._tell(f"The last row of chain {self.name}, {head:,}, is not the one that was written last.")

    def _gap(self, first: int, last: int) -> None:
        if len(self._gaps) < MOVED:
            self._gaps += range(first, min(last, first + MOVED) + 1)
        where = "at its beginning" if not self.rows or first == self.chain["first_seq"] else "in its middle"
        where = "at its end" if last == self.chain["head_seq"] else where
        which = f"row {first:,} is" if first == last else f"rows {first:,} to {last:,} are"
        self._tell(f"Chain {self.name} lacks {_rows(last - first + 1)} {where}: {which} missing.")

    def _suspect(self, row: Stored) -> None:
        if len(self._suspects) < MOVED:
            self._suspects.append(row.seq)
        else:
            self._tell(f"{_named(row)} was altered.")

    def _moved(self) -> None:
        """Tell of altered rows whether only their place was."""
        places = [*self._suspects, *self._gaps]
        own = table.audit.c
        for seq in self._suspects:
            at = own.chain == self.name, own.seq == seq
            row = self.connection.execute(select(table.audit).where(*at)).one()
            written = (place for place in places if row.hash == row_hash(self.key, {**row._asdict(), "seq": place}))
            place = next(written, None)
            if place is None:
                self._tell(f"{_named(row)} was altered.")
            else:
                self._tell(f"{_named(row)} was moved: it was written as row {place:,}.")


def _named(row: Stored) -> str:
    seq = f"{row.seq:,}" if isinstance(row.seq, int) else row.seq
    return f"Row {seq} of chain {row.chain}, call {row.id} of {str(row.at)[:19]} UTC,"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


# ---- prune ----------------------------------------------------------------------------------------------------------


def prune(engine: Engine, before: date, key: SecretStr | None = None) -> Pruned:
    """Remove rows recorded before a day (UTC) by whole segments: those up to the last checkpoint, or the end of a
    chain, before which every row is older. Younger rows stay, and older ones that share a segment with them.

    One short transaction a segment, so that calls go on being recorded meanwhile.

    Raises
    ------
    BadInput
        If the day has not been reached.
    StoreError
        If the record does not verify, or cannot be written: nothing is removed but by segments already told.
    """
    if before > datetime.now(UTC).date():
        raise BadInput(f"Rows can be removed that were recorded before today at the latest; {before} was given.")
    verdict = verify_record(engine, key)
    if not verdict.ok:
        raise StoreError(f"Nothing was removed, because the record is not what was written: {verdict.findings[0]}")
    removed = 0
    with reading(engine) as connection:
        names = list(connection.scalars(select(table.chain.c.chain))) if verdict.chains else []
    for name in names:
        while gone := _segment(engine, name, before, secret(key)):
            removed += gone
    if not removed:
        return Pruned(0, verdict.rows, verdict.since)
    with reading(engine) as connection:
        kept = connection.scalar(select(func.count()).select_from(table.audit)) or 0
        since = _since(list(connection.scalars(select(table.chain.c.since))))
    return Pruned(removed, kept, since)


def _segment(engine: Engine, name: str, before: date, key: bytes) -> int:
    """Remove the oldest segment of a chain if all of it is older; how many rows that were."""
    rows, ends = table.audit.c, table.checkpoint.c
    with writing(engine) as connection:
        query = select(table.chain).where(table.chain.c.chain == name).with_for_update()
        own = connection.execute(query).one()._asdict()
        if own["seal"] != chain_seal(key, own):
            raise StoreError(f"What is kept of chain {name} was altered just now; nothing more was removed.")
        query_end = select(func.min(ends.seq)).where(ends.chain == name, ends.seq >= own["first_seq"])
        end = connection.scalar(query_end) or own["head_seq"]
        if end < own["first_seq"]:
            return 0
        within = (rows.chain == name, rows.seq.between(own["first_seq"], end))
        latest = connection.scalar(select(func.max(rows.at)).where(*within))
        if latest is None or latest >= before.isoformat():
            return 0
        end_segment(connection, name, end)
        last = connection.execute(select(rows.hash).where(rows.chain == name, rows.seq == end)).scalar_one()
        connection.execute(insert(table.pruning), {"chain": name})
        gone = connection.execute(delete(table.audit).where(*within)).rowcount
        connection.execute(delete(table.pruning).where(table.pruning.c.chain == literal(name)))
        own |= {"first_seq": end + 1, "first_prev": last, "since": max(latest, own["since"])}
        seal = chain_seal(key, own)
        changed = {each: own[each] for each in ("first_seq", "first_prev", "since")}
        connection.execute(update(table.chain).where(table.chain.c.chain == name).values(seal=seal, **changed))
    return int(gone)
