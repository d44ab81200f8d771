"""What is kept of a stream for whoever looks, as tables, and read again: see `model.scoring.stream.live`."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import sqlalchemy as sql

from data.json_types import JsonObject
from model.monitoring.stream import (
    HOUR,
    LATENCIES,
    Counts,
    RefusedAbout,
    StreamDecision,
    StreamLive,
    StreamMinute,
    StreamProcess,
)
from model.record.database import reading
from model.record.schema import unpacked_values

metadata = sql.MetaData()
_number = sql.BigInteger().with_variant(sql.Integer(), "sqlite")  # which counts up by itself there
MINUTES = sql.Table(
    "stream_minute",
    metadata,
    sql.Column("book", sql.String(64), primary_key=True),
    sql.Column("minute", sql.BigInteger, primary_key=True),  # since 1970 UTC
    sql.Column("process", sql.String(64), primary_key=True),
    sql.Column("release", sql.String(64), primary_key=True),  # that decided; "" of what was refused
    sql.Column("decided", sql.BigInteger, nullable=False),
    sql.Column("granted", sql.BigInteger, nullable=False),
    sql.Column("pd", sql.Double, nullable=False),  # a sum, as the next two
    sql.Column("exposure", sql.Double, nullable=False),  # of those granted, as the next
    sql.Column("loss", sql.Double, nullable=False),
    sql.Column("outside", sql.BigInteger, nullable=False),
    sql.Column("refused", sql.BigInteger, nullable=False),
    sql.Column("counts", sql.LargeBinary, nullable=False),  # by the bins of latencies, of each input, last of the PD
    sql.Column("about", sql.Text, nullable=False),  # what was refused, as JSON: how often, and a reason
)
PROCESSES = sql.Table(
    "stream_process",
    metadata,
    sql.Column("process", sql.String(64), primary_key=True),
    sql.Column("book", sql.String(64), nullable=False),
    sql.Column("name", sql.String(200), nullable=False),
    sql.Column("started", sql.BigInteger, nullable=False),  # ms since 1970 UTC, as the next two
    sql.Column("beat", sql.BigInteger, nullable=False),
    sql.Column("ended", sql.BigInteger),
    sql.Column("release", sql.String(64), nullable=False),
    sql.Column("lag", sql.BigInteger, nullable=False),
    sql.Column("rate", sql.Double, nullable=False),
    sql.Column("errors", sql.BigInteger, nullable=False),
)
DECISIONS = sql.Table(
    "stream_decision",
    metadata,
    sql.Column("number", _number, primary_key=True, autoincrement=True),
    sql.Column("book", sql.String(64), nullable=False),
    sql.Column("id", sql.String(200), nullable=False),
    sql.Column("at", sql.BigInteger, nullable=False),
    sql.Column("decided_at", sql.BigInteger, nullable=False),
    sql.Column("release", sql.String(64), nullable=False),
    sql.Column("pd", sql.Double, nullable=False),
    sql.Column("score", sql.BigInteger, nullable=False),
    sql.Column("granted", sql.Boolean, nullable=False),
    sql.Column("exposure", sql.Double, nullable=False),
    sql.Column("loss", sql.Double, nullable=False),
    sql.Column("outside", sql.Boolean, nullable=False),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("average", sql.Double, nullable=False),
    sql.Column("reasons", sql.Text, nullable=False),  # points by concept, as JSON
    sql.Index("stream_decision_id", "book", "id"),
)


# ---- reading --------------------------------------------------------------------------------------------------------


def read_live(engine: sql.Engine, book: str, now: datetime, decisions: int = 10) -> StreamLive:
    """A book's stream as it stands: all processes together, with so many of the latest ``decisions``.

    Raises
    ------
    StoreError
        If the database cannot be read.
    """
    last = int(now.timestamp()) // 60
    span = range(last - HOUR + 1, last + 1)
    empty = {minute: StreamMinute(minute) for minute in span}
    with reading(engine) as connection:
        if not sql.inspect(connection).has_table(MINUTES.name):
            return StreamLive(now, tuple(empty.values()))
        t = MINUTES.c
        within = (t.book == book) & t.minute.between(span[0], span[-1])
        rows = connection.execute(sql.select(MINUTES).where(within)).mappings().all()
        processes = connection.execute(sql.select(PROCESSES).where(PROCESSES.c.book == book)).mappings().all()
        newest = DECISIONS.c.number.desc()
        listed = sql.select(DECISIONS).where(DECISIONS.c.book == book).order_by(newest).limit(decisions)
        latest = [_decision_of(each) for each in connection.execute(listed).mappings()]
    for row in rows:
        empty[row["minute"]] = empty[row["minute"]].plus(_minute_of(row))
    bins, latencies = _binned(rows)
    seen = sorted(map(_process_of, processes), key=lambda each: each.seen, reverse=True)
    return StreamLive(
        now,
        tuple(empty.values()),
        processes=tuple(seen),
        refusals=_refusals([json.loads(row["about"]) for row in sorted(rows, key=lambda each: each["minute"])]),
        bins=bins,
        latencies=latencies,
        decisions=tuple(latest),
    )


def find_decision(engine: sql.Engine, book: str, identity: str) -> StreamDecision | None:
    """The latest decision kept of an application by its id; None if none is, or no longer.

    Raises
    ------
    StoreError
        If the database cannot be read.
    """
    t = DECISIONS.c
    wanted = sql.select(DECISIONS).where((t.book == book) & (t.id == identity)).order_by(t.number.desc()).limit(1)
    with reading(engine) as connection:
        if not sql.inspect(connection).has_table(DECISIONS.name):
            return None
        row = connection.execute(wanted).mappings().one_or_none()
    return None if row is None else _decision_of(row)


def _minute_of(row: sql.RowMapping) -> StreamMinute:
    names = ("decided", "granted", "pd", "exposure", "loss", "outside", "refused")
    return StreamMinute(row["minute"], **{name: row[name] for name in names})


def _process_of(row: sql.RowMapping) -> StreamProcess:
    ended = row["ended"]
    return StreamProcess(
        row["name"],
        started=_moment(row["started"]),
        beat=_moment(row["beat"]),
        ended=None if ended is None else _moment(ended),
        release=row["release"],
        lag=row["lag"],
        rate=row["rate"],
        errors=row["errors"],
    )


def _decision_of(row: sql.RowMapping) -> StreamDecision:
    return StreamDecision(
        row["id"],
        at=_moment(row["at"]),
        decided_at=_moment(row["decided_at"]),
        release=row["release"],
        pd=row["pd"],
        score=row["score"],
        granted=row["granted"],
        exposure=row["exposure"],
        loss=row["loss"],
        outside=row["outside"],
        record=tuple(unpacked_values(row["record"])["record"].tolist()),
        average=row["average"],
        reasons=tuple(json.loads(row["reasons"]).items()),
    )


def _binned(rows: Sequence[sql.RowMapping]) -> tuple[dict[str, tuple[Counts, ...]], Counts]:
    """By release the records in each bin of each input and last of the PD; and decisions by the bins of latencies."""
    bins: dict[str, tuple[Counts, ...]] = {}
    latencies = np.zeros(len(LATENCIES) + 1, np.int64)
    for row in rows:
        if not row["release"]:
            continue
        held = {name: each.astype(np.int64) for name, each in unpacked_values(row["counts"]).items()}
        latencies += held.pop("latencies")
        own, before = tuple(held.values()), bins.get(row["release"])
        bins[row["release"]] = own if before is None else tuple(map(np.add, before, own))
    return bins, latencies


def _refusals(rows: Sequence[JsonObject]) -> tuple[RefusedAbout, ...]:
    """What was refused, the most frequent first, from rows in the order of time."""
    found: dict[str, tuple[int, str]] = {}
    for row in rows:
        for about, (count, reason) in row.items():
            found[about] = found.get(about, (0, ""))[0] + count, reason
    told = [RefusedAbout(about, count, reason) for about, (count, reason) in found.items()]
    return tuple(sorted(told, key=lambda each: (-each.count, each.about)))


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)
