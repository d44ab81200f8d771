"""What became of the applications of a stream: each beside what was said of it, for models to be held against and to
learn from.

Two tables in the record's database. An application is kept as it was decided, with what the challenger of that moment
says of it, before its offset is committed: nothing else has its record once it is. A message is a row, so that what is
read again changes nothing; of several outcomes of one application the latest counts. Both are rolling: beyond so many
applications the oldest go, and with them the outcomes of their time.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from typing import TypeVar

import numpy as np
import orjson
import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite

from data.arrays import Array
from data.contract import Contract
from data.errors import BadInput
from model.engine.tables import probability
from model.errors import ReleaseError, StoreError
from model.monitoring.stream_course import OutcomeRows
from model.record.database import reading, writing
from model.record.schema import lock_tables
from model.release.outcome_window import OutcomeWindow
from model.release.release import Release
from model.release.store import Store
from model.scoring.stream.decider import DecidedBatch
from model.scoring.stream.messages import ObservedOutcome

CLEAR_SECONDS = 10.0  # between two looks at whether there is too much
CLEARED_ROWS = 2000  # at once, so that whoever writes waits some milliseconds only

_data = sql.MetaData()
APPLICATIONS = sql.Table(
    "stream_application",
    _data,
    sql.Column("book", sql.String(64), primary_key=True),
    sql.Column("id", sql.String(200), primary_key=True),
    sql.Column("at", sql.BigInteger, nullable=False),  # of the message, ms since 1970 UTC
    sql.Column("decided_at", sql.BigInteger, nullable=False),
    sql.Column("release", sql.String(64), nullable=False),
    sql.Column("pd", sql.Double, nullable=False),
    sql.Column("challenger", sql.String(64)),
    sql.Column("challenger_pd", sql.Double),
    sql.Column("fields", sql.String(16), nullable=False),  # what the record is made of: `fields_of`
    sql.Column("raw", sql.LargeBinary, nullable=False),
    sql.Index("stream_application_at", "book", "at"),
)
OUTCOMES = sql.Table(
    "stream_outcome",
    _data,
    sql.Column("book", sql.String(64), primary_key=True),
    sql.Column("id", sql.String(200), primary_key=True),
    sql.Column("at", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("outcome", sql.SmallInteger, primary_key=True, autoincrement=False),
    sql.Index("stream_outcome_at", "book", "at"),
    sqlite_with_rowid=False,
)


def fields_of(contract: Contract) -> str:
    """A short digest of the names that a record is made of, in their order: only records of the same are compared."""
    return hashlib.sha256("\n".join(each.name for each in contract.record).encode()).hexdigest()[:16]


class OutcomeStore:
    """Keeps what a stream decides and what becomes of it; at most ``keep`` applications of the book, or little more."""

    def __init__(self, engine: sql.Engine, store: Store, keep: int) -> None:
        self.engine, self.store, self.keep = engine, store, keep
        self.trouble = ""
        self._challenger: Release | None = None
        self._refused = ""
        self._end = Event()
        with writing(engine) as connection:
            lock_tables(connection)
            _data.create_all(connection)
        self._thread = Thread(target=self._clear, daemon=True, name="outcomes")
        self._thread.start()

    # ---- as a follower ---------------------------------------------------------------------------------------------

    def decided(self, batch: DecidedBatch) -> None:
        """Keep applications that were decided; they are on disk when this returns.

        Raises
        ------
        StoreError
            If they cannot be kept: then their offsets must not be committed.
        """
        said = self._challenged(batch)
        shared = {
            "book": self.store.book,
            "decided_at": batch.decided_at,
            "release": batch.release.id,
            "challenger": None if said is None else said[0],
            "fields": fields_of(batch.release.contract),
        }
        challenger_pd = [None] * len(batch) if said is None else said[1].tolist()
        raw = np.ascontiguousarray(batch.raw.T)
        columns = zip(batch.ids, batch.at.tolist(), batch.pd.tolist(), challenger_pd, raw, strict=True)
        rows: dict[str, dict[str, object]] = {}
        for name, at, pd, other, record in columns:  # a statement may name a row once only
            if name not in rows or at > int(str(rows[name]["at"])):
                own = {"id": name, "at": at, "pd": pd, "challenger_pd": other, "raw": record.tobytes()}
                rows[name] = {**shared, **own}
        with writing(self.engine) as connection:
            _write(connection, APPLICATIONS, list(rows.values()))

    def refused(self, messages: Sequence[object]) -> None:
        """What could not be decided has no record to keep."""

    def outcomes(self, found: Sequence[ObservedOutcome]) -> None:
        """Keep what became of applications, known here or not; it is on disk when this returns.

        Raises
        ------
        StoreError
            If it cannot be kept.
        """
        rows = [{"book": self.store.book, "id": each.id, "at": each.at, "outcome": each.outcome} for each in found]
        with writing(self.engine) as connection:
            _write(connection, OUTCOMES, rows)

    def second(self, state: object) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """End the thread that clears."""
        self._end.set()
        self._thread.join(10)

    # ---- the challenger ----------------------------------------------------------------------------------------------

    def _challenged(self, batch: DecidedBatch) -> tuple[str, Array] | None:
        """The challenger of the moment and the PDs it says, (n,); None where there is none that can."""
        identity = self.store.aliases().get("challenger")
        if identity in (None, batch.release.id, self._refused):
            return None
        try:
            if self._challenger is None or self._challenger.id != identity:
                self._challenger = self.store.load(str(identity))
                self._refused = self.trouble = ""
            own = self._challenger
            if fields_of(own.contract) != fields_of(batch.release.contract):
                raise ReleaseError(f"The challenger {own.id} reads other fields than the champion.")
        except ReleaseError as error:  # told, and not tried again at every message
            self._challenger, self._refused, self.trouble = None, str(identity), str(error)
            return None
        return own.id, probability(own.scorer.margins(batch.raw))

    # ---- rolling -----------------------------------------------------------------------------------------------------

    def _clear(self) -> None:
        while not self._end.wait(CLEAR_SECONDS):
            try:
                self.clear()
            except StoreError as error:  # tried again: what is kept is too much, not too little
                self.trouble = str(error)

    def clear(self) -> int:
        """Let the oldest applications beyond `keep` go, a few at a time, and outcomes beyond twice that; how many
        applications went."""
        gone = 0
        while (over := self._count(APPLICATIONS) - self.keep) > 0 and not self._end.is_set():
            gone += self._cleared(min(CLEARED_ROWS, over))
        while (over := self._count(OUTCOMES) - 2 * self.keep) > 0 and not self._end.is_set():
            self._let_go(min(CLEARED_ROWS, over))
        return gone

    def _count(self, table: sql.Table) -> int:
        asked = sql.select(sql.func.count()).where(table.c.book == self.store.book)
        with reading(self.engine) as connection:
            return int(connection.execute(asked).scalar_one())

    def _cleared(self, rows: int) -> int:
        """The oldest applications go, with their outcomes and with those of that time whose application never came."""
        t, book = APPLICATIONS.c, self.store.book
        oldest = sql.select(t.id, t.at).where(t.book == book).order_by(t.at, t.id).limit(rows)
        with writing(self.engine) as connection:
            found = connection.execute(oldest).all()
            for table in (APPLICATIONS, OUTCOMES):
                own = sql.delete(table).where(table.c.book == book, table.c.id == sql.bindparam("own"))
                connection.execute(own, [{"own": row.id} for row in found])
            connection.execute(sql.delete(OUTCOMES).where(OUTCOMES.c.book == book, OUTCOMES.c.at < found[-1].at))
        return len(found)

    def _let_go(self, rows: int) -> None:
        """The oldest outcomes go: of applications, most of them, that were never seen here."""
        o, book = OUTCOMES.c, self.store.book
        end = sql.select(o.at).where(o.book == book).order_by(o.at).offset(rows - 1).limit(1).scalar_subquery()
        with writing(self.engine) as connection:
            connection.execute(sql.delete(OUTCOMES).where(o.book == book, o.at <= end))


def _write(connection: sql.Connection, table: sql.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Keep rows, each of its own key. Of an application the decision on the latest message stays, the first of those;
    of an outcome every message, once.

    PostgreSQL's driver takes a tenth of a millisecond for a row of parameters, so there all rows go as one JSON text.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_settled(_of_json(table), table), {"rows": orjson.dumps(rows, default=_hex).decode()})
    else:
        connection.execute(_settled(sqlite.insert(table), table), rows)


Insert = TypeVar("Insert", sqlite.Insert, postgresql.Insert)


def _settled(found: Insert, table: sql.Table) -> Insert:
    """With what becomes of a row whose key is there."""
    if table is OUTCOMES:
        return found.on_conflict_do_nothing()
    t = table.c
    own = {each.name: found.excluded[each.name] for each in t if not each.primary_key}
    return found.on_conflict_do_update(index_elements=[t.book, t.id], set_=own, where=found.excluded["at"] > t.at)


def _of_json(table: sql.Table) -> postgresql.Insert:
    """The statement that takes its rows from one JSON text, bytes written in hexadecimal digits."""
    names = [each.name for each in table.c]
    packed = {each.name for each in table.c if isinstance(each.type, sql.LargeBinary)}
    typed = [sql.column(each.name, sql.Text() if each.name in packed else each.type) for each in table.c]
    text = sql.cast(sql.bindparam("rows"), sql.JSON)
    given = sql.func.json_to_recordset(text).table_valued(*typed).render_derived("given", with_types=True).c
    values = [sql.func.decode(given[name], "hex") if name in packed else given[name] for name in names]
    return postgresql.insert(table).from_select(names, sql.select(*values))


def _hex(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError


# ---- joined ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OutcomeCounts:
    """How many ``applications`` are kept, how many of them are ``matched`` by an outcome; of how many that are not kept
    an outcome came, ``unmatched``; how many outcomes were told more than once, ``repeated``, and how many of those
    differently, ``contradicted``."""

    applications: int
    matched: int
    unmatched: int
    repeated: int
    contradicted: int


def _joined(book: str) -> sql.Select[tuple[int]]:
    """Applications with the latest outcome of each; of two at one moment the bad one."""
    t, o, p = APPLICATIONS.c, OUTCOMES.c, OUTCOMES.alias("later").c
    later = (p.at > o.at) | ((p.at == o.at) & (p.outcome > o.outcome))
    superseded = sql.select(p.id).where(p.book == o.book, p.id == o.id, later).exists()
    both = OUTCOMES.join(APPLICATIONS, (t.book == o.book) & (t.id == o.id))
    return sql.select(o.at).select_from(both).where(o.book == book, ~superseded)


def joined_rows(engine: sql.Engine, book: str, most: int) -> OutcomeRows:
    """The latest ``most`` applications of a book whose outcome is known; none where nothing was ever kept.

    Raises
    ------
    StoreError
        If the database cannot be read.
    """
    t, o = APPLICATIONS.c, OUTCOMES.c
    wanted = (t.decided_at, o.outcome, t.release, t.pd, t.challenger, t.challenger_pd)
    asked = _joined(book).add_columns(*wanted).order_by(o.at.desc(), t.id.desc()).limit(most)
    with reading(engine) as connection:
        there = sql.inspect(connection).has_table(OUTCOMES.name)
        rows = connection.execute(asked).all()[::-1] if there else []
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    at, decided_at, outcome, release, pd, challenger, challenger_pd = columns
    return OutcomeRows(
        np.array(at, np.int64),
        np.array(decided_at, np.int64),
        outcome=np.array(outcome, np.float64),
        release=tuple(release),
        pd=np.array(pd, np.float64),
        challenger=tuple(each or "" for each in challenger),
        challenger_pd=np.array(challenger_pd, np.float64),  # None becomes NaN
    )


def latest_outcomes(engine: sql.Engine, contract: Contract, most: int) -> OutcomeWindow:
    """The latest ``most`` records of a contract's fields whose outcome is known.

    Raises
    ------
    BadInput
        If there are fewer, with how many there are.
    StoreError
        If the database cannot be read.
    """
    t, o, name = APPLICATIONS.c, OUTCOMES.c, contract.book.name
    asked = _joined(name).add_columns(o.outcome, t.raw).where(t.fields == fields_of(contract))
    with reading(engine) as connection:
        there = sql.inspect(connection).has_table(OUTCOMES.name)
        rows = connection.execute(asked.order_by(o.at.desc(), t.id.desc()).limit(most)).all()[::-1] if there else []
    if len(rows) < most:
        raise BadInput(
            f"Of the stream of the book {name} {len(rows):,} outcomes are known; a window of {most:,} was asked for. "
            "Wait for more, or choose a smaller window."
        )
    at, outcome, raw = zip(*rows, strict=True)
    records = np.frombuffer(b"".join(map(bytes, raw)), np.float64).reshape(len(rows), len(contract.record))
    return OutcomeWindow(np.ascontiguousarray(records.T), np.array(outcome, np.float64), np.array(at, np.int64))


def outcome_counts(engine: sql.Engine, book: str) -> OutcomeCounts:
    """How much is kept of a book's stream, and what was told more than once."""
    t, o, count = APPLICATIONS.c, OUTCOMES.c, sql.func.count
    told = (
        sql.select(o.id, count().label("times"), count(sql.distinct(o.outcome)).label("kinds"))
        .where(o.book == book)
        .group_by(o.id)
        .subquery()
    )
    known = sql.select(t.id).where(t.book == book, t.id == told.c.id).exists()
    with reading(engine) as connection:
        if not sql.inspect(connection).has_table(OUTCOMES.name):
            return OutcomeCounts(0, 0, unmatched=0, repeated=0, contradicted=0)
        applications = connection.execute(sql.select(count()).where(t.book == book)).scalar_one()
        matched, ids, repeated, contradicted = connection.execute(
            sql.select(
                count(sql.case((known, 1))),
                count(),
                count(sql.case((told.c.times > 1, 1))),
                count(sql.case((told.c.kinds > 1, 1))),
            )
        ).one()
    return OutcomeCounts(
        int(applications), int(matched), unmatched=ids - matched, repeated=int(repeated), contradicted=int(contradicted)
    )


def outcomes_since(engine: sql.Engine, book: str, at: int, most: int) -> int:
    """How many applications of a book have an outcome that came after the moment ``at``, ms since 1970 UTC; counted up
    to ``most``."""
    o = OUTCOMES.c
    with reading(engine) as connection:
        if not sql.inspect(connection).has_table(OUTCOMES.name):
            return 0
        asked = sql.select(sql.func.count()).select_from(_joined(book).where(o.at > at).limit(most).subquery())
        return int(connection.execute(asked).scalar_one())
