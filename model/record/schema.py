"""How the record lies in the database: its tables, its triggers, and how a row is packed and hashed.

Every process that records writes a chain of its own: row ``seq`` carries the hash of row ``seq - 1`` and a hash over
all of itself, so that a row altered, removed or moved is found. The table ``chain`` keeps where each chain begins and
ends, under a seal, so that missing last rows are found too. A ``checkpoint`` ends a segment: the record is only ever
shortened by whole segments, from the old end of a chain.

With a key, hashes are HMAC-SHA256: who can write to the database but does not hold the key cannot make a row, or the
end of a chain, that passes. Without one they are SHA-256, which finds accidents and clumsy hands only.
"""

import hashlib
import hmac
import json
import math
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import SecretStr
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Double,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    UniqueConstraint,
    func,
    inspect,
    literal,
    select,
    text,
    tuple_,
)

from data.arrays import Array
from data.json_types import Json
from model.errors import StoreError

PAGE = 1000  # rows listed at a time
LOAD = 16 * 2**20  # bytes of packed arrays read at a time, one row at least
SMALL = 1024  # bytes of arrays up to which they are kept as they are
PLAIN, PRESSED = b"p", b"z"
MOST_NUMBERS = 2**30  # bytes of a row's numbers: 100,000 rows of a request, with their reasons, take 50 million
MOST_UNPACKED = MOST_NUMBERS + 2**20  # with their names and shapes
LOCK = 0x0C4ED17  # the advisory lock in PostgreSQL under which tables and chains are made

metadata = MetaData()
_text = Text().with_variant(Text(collation="C"), "postgresql")  # ordered by code point, as in SQLite

audit = Table(
    "audit",
    metadata,
    Column("id", _text, nullable=False),
    Column("chain", _text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", _text, nullable=False),
    Column("kind", _text, nullable=False),
    Column("who", _text, nullable=False),
    Column("via", _text, nullable=False),
    Column("book", _text, nullable=False),
    Column("release", _text, nullable=False),
    Column("contract_sha256", _text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("inputs", LargeBinary, nullable=False),
    Column("outputs", LargeBinary, nullable=False),
    Column("detail", _text, nullable=False),
    Column("duration_ms", Double, nullable=False),
    Column("prev", _text, nullable=False),
    Column("hash", _text, nullable=False),
    PrimaryKeyConstraint("id", "who"),  # a caller's own name of a call: another caller may have taken the same
    UniqueConstraint("chain", "seq"),
    Index("audit_at", "at", "id", "who"),
)
ID = ("id", "who")  # what tells a call from all others
HASHED = tuple(column.name for column in audit.c if column.name != "hash")

chain = Table(
    "chain",
    metadata,
    Column("chain", _text, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),  # 1, 2, … without a gap: none is ever removed
    Column("started", _text, nullable=False),
    Column("process", _text, nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("first_prev", _text, nullable=False),
    Column("since", _text, nullable=False),  # when the last row that was pruned was recorded; "" before that
    Column("head_seq", BigInteger, nullable=False),
    Column("head_hash", _text, nullable=False),
    Column("seal", _text, nullable=False),
)
SEALED = tuple(column.name for column in chain.c if column.name != "seal")

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("chain", _text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("hash", _text, nullable=False),
    Column("at", _text, nullable=False),
)

pruning = Table("pruning", metadata, Column("chain", _text, primary_key=True))

REFUSED = "the record is append-only"
_SQLITE = (
    f"CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
    "CREATE TRIGGER audit_delete BEFORE DELETE ON audit WHEN NOT EXISTS (SELECT 1 FROM pruning) "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
)
_POSTGRES = (
    "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP = 'DELETE' THEN IF EXISTS (SELECT 1 FROM pruning) THEN RETURN OLD; END IF; END IF; "
    f"RAISE EXCEPTION '{REFUSED}'; END $$",
    "CREATE TRIGGER audit_refuse BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_keep BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
)


KEYED_ANEW = (
    "ALTER TABLE audit DROP CONSTRAINT audit_pkey, ADD PRIMARY KEY (id, who)",
    "DROP INDEX audit_at",
    "CREATE INDEX audit_at ON audit (at, id, who)",
)
"""From the tables of version 0.10 to these, in PostgreSQL."""


def lock_tables(connection: Connection) -> None:
    """Let nobody else make tables or chains until the transaction ends; in SQLite one writer is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))


def has_record(connection: Connection) -> bool:
    """Whether anything was ever recorded here."""
    return bool(inspect(connection).has_table(audit.name))


def by_caller(connection: Connection) -> bool:
    """Whether a caller's ids are its own in the record that is there: up to version 0.10 one id was one call of
    anybody's."""
    key = inspect(connection).get_pk_constraint(audit.name)
    return tuple(key["constrained_columns"]) == ID


def prepare(connection: Connection) -> None:
    """Make tables and triggers where there are none, and of tables of an earlier version those of this one.

    Raises
    ------
    StoreError
        If the tables are another user's, who alone can change them.
    """
    if has_record(connection) and by_caller(connection):
        return
    lock_tables(connection)
    if not inspect(connection).has_table(audit.name):  # and no other process was quicker
        metadata.create_all(connection)
        _protect(connection)
    elif not by_caller(connection):
        _set_apart(connection)


def kept_from_changing(connection: Connection) -> str:
    """Why tables of an earlier version cannot be made those of this one by who is connected; "" if they can, or need
    not be."""
    if connection.dialect.name != "postgresql" or not has_record(connection) or by_caller(connection):
        return ""
    owned = f"SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = '{audit.name}'::regclass"
    if connection.scalar(text(owned)):
        return ""
    return (
        "The record's tables are of an earlier version, and another user's. Have that user run: "
        f"{'; '.join(KEYED_ANEW)}"
    )


def _protect(connection: Connection) -> None:
    for statement in _POSTGRES if connection.dialect.name == "postgresql" else _SQLITE:
        connection.execute(text(statement))


def _set_apart(connection: Connection) -> None:
    """Let ids be those of their callers; no row is another for it, so that every hash stands.

    PostgreSQL takes another key in place. SQLite knows no such thing: its rows are copied once, 200 MB in a second.
    """
    trouble = kept_from_changing(connection)
    if trouble:
        raise StoreError(trouble)
    if connection.dialect.name == "postgresql":
        for statement in KEYED_ANEW:
            connection.execute(text(statement))
        return
    connection.execute(text("ALTER TABLE audit RENAME TO audit_before"))
    connection.execute(text("DROP INDEX audit_at"))
    audit.create(connection)
    names = ", ".join(f'"{column.name}"' for column in audit.c)
    connection.execute(text(f"INSERT INTO audit ({names}) SELECT {names} FROM audit_before"))
    connection.execute(text("DROP TABLE audit_before"))  # and its triggers
    _protect(connection)


# ---- arrays ---------------------------------------------------------------------------------------------------------


def packed_values(arrays: Mapping[str, Array]) -> bytes:
    """Arrays by name as bytes: a line of JSON with their shapes, then little-endian float64 in C order. Every bit comes
    back, those of NaN too. Compressed beyond `SMALL`: below, that takes 15 µs of 20 and gains a hundred bytes."""
    head = json.dumps({name: np.shape(each) for name, each in arrays.items()})
    body = [np.asarray(each, "<f8").tobytes() for each in arrays.values()]
    content = b"\n".join((head.encode(), b"".join(body)))
    return PLAIN + content if len(content) < SMALL else PRESSED + zlib.compress(content, 1)


def unpacked_values(content: bytes) -> dict[str, Array]:
    """What was `packed_values`.

    Raises
    ------
    StoreError
        If the bytes are no such thing.
    """
    try:
        plain = content[1:] if content[:1] == PLAIN else _inflated(content[1:])
        head, _, body = plain.partition(b"\n")
        found, start = dict[str, Array](), 0
        for name, shape in json.loads(head).items():
            if any(type(side) is not int or side < 0 for side in shape):
                raise ValueError("a shape that cannot be")
            size = math.prod(shape)
            if start + 8 * size > len(body):
                raise ValueError("fewer numbers than it says")
            found[name] = np.frombuffer(body, "<f8", size, start).reshape(shape).astype(np.float64)
            start += 8 * size
    except (zlib.error, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise StoreError("A row of the record holds numbers that cannot be read; check it: audit verify.") from error
    return found


def _inflated(content: bytes) -> bytes:
    """What was compressed; ValueError where it is larger than any row may be, or breaks off."""
    reader = zlib.decompressobj()
    plain = reader.decompress(content, MOST_UNPACKED)
    if not reader.eof:
        raise ValueError("larger than a row may be, or cut off")
    return plain


# ---- hashes ---------------------------------------------------------------------------------------------------------


def secret(key: SecretStr | None) -> bytes:
    """The key's bytes, none without a key."""
    return key.get_secret_value().encode() if key is not None else b""


def sealed(key: bytes, values: Sequence[Any]) -> str:
    """The hash of values in order: SHA-256, or HMAC-SHA256 under a key. Each value goes in with its kind and length,
    so that no two rows read alike."""
    parts = [b"credit-what-if 1"]
    for value in values:
        if isinstance(value, float):
            kind, raw = b"f", struct.pack("<d", value)
        elif isinstance(value, int):
            kind, raw = b"i", b"%d" % value
        elif isinstance(value, str):
            kind, raw = b"s", value.encode("utf-8", "surrogatepass")
        else:
            kind, raw = b"b", bytes(value)
        parts += (struct.pack("<cQ", kind, len(raw)), raw)
    message = b"".join(parts)
    return (hmac.digest(key, message, "sha256") if key else hashlib.sha256(message).digest()).hex()


def row_hash(key: bytes, row: Mapping[str, Json]) -> str:
    """What the hash of a row of ``audit`` should be."""
    return sealed(key, [row[name] for name in HASHED])


def chain_seal(key: bytes, row: Mapping[str, Json]) -> str:
    """What the seal of a row of ``chain`` should be."""
    return sealed(key, [row[name] for name in SEALED])


def beginning(key: bytes, name: str) -> str:
    """What the first row of a chain carries in place of the hash of one before it."""
    return sealed(key, ["chain", name])


# ---- reading --------------------------------------------------------------------------------------------------------


def walk(
    connection: Connection, order: tuple[Column[Any], ...], *chosen: ColumnElement[bool]
) -> Iterator[Row[tuple[Any, ...]]]:
    """Rows of ``audit`` in the order of columns that tell them apart, in constant memory however large they are."""
    size = func.length(audit.c.inputs) + func.length(audit.c.outputs)
    key, last = tuple_(*order), None
    while True:
        beyond = () if last is None else (key > tuple_(*map(literal, last)),)
        listed = connection.execute(select(*order, size).where(*chosen, *beyond).order_by(*order).limit(PAGE)).all()
        for low, high in _loads([(tuple(each[:-1]), each[-1]) for each in listed]):
            within = (key >= tuple_(*map(literal, low)), key <= tuple_(*map(literal, high)))
            yield from connection.execute(select(audit).where(*chosen, *within).order_by(*order))
        if len(listed) < PAGE:
            return
        last = listed[-1][:-1]


def _loads(listed: Sequence[tuple[tuple[Any, ...], int]]) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """The listed rows in runs that are no heavier than `LOAD`, as the first and the last of each."""
    first, weight = 0, 0
    for k, (_, size) in enumerate(listed):
        weight += size
        if weight > LOAD or k == len(listed) - 1:
            yield listed[first][0], listed[k][0]
            first, weight = k + 1, 0
