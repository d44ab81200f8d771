"""The database that holds the record: a SQLite file under the home folder, or PostgreSQL by its address."""

import os
import sqlite3
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from data.json_types import JsonObject
from model.errors import StoreError
from model.settings import Settings

FILE = "record.sqlite"
PATIENCE = 5.0  # seconds to wait for another program's lock
SILENCE = 30.0  # seconds after which a server that says nothing is taken for gone
DRIVERS = ("postgres", "postgresql", "postgresql+pg8000")
WRITING = "writing"


def engine(settings: Settings) -> Engine:
    """The engine of the record's database, to be disposed of by whoever asked for it. The server is not called yet.

    Raises
    ------
    StoreError
        If the file cannot be made, the address cannot be read, or the driver is not installed.
    """
    if settings.store_url is None:
        return _sqlite(settings.home / FILE)
    return _postgres(settings.store_url.get_secret_value())


def place(engine: Engine) -> str:
    """Where the record lies, without password or options."""
    named: str = engine.get_execution_options().get("place", "")
    return named


# ---- SQLite ---------------------------------------------------------------------------------------------------------


def _sqlite(path: Path) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Connections never make the file: once there, its absence is told and not papered over.
        path.touch(mode=0o600)  # customers' records
    except OSError as error:
        raise StoreError(
            f"The record {path} cannot be made: {error.strerror}. Set WHATIF_HOME to a folder that may be written to."
        ) from error

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=rw",
            uri=True,
            timeout=PATIENCE,
            isolation_level=None,  # BEGIN is said below: what will write must say so at once, or could not wait
            check_same_thread=False,
        )
        try:
            _write_ahead(connection)
            for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    made = create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, hide_parameters=True, execution_options={"place": str(path)}
    )

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get(WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    @event.listens_for(made, "connect")
    def connected(_connection: Any, record: Any) -> None:
        record.info["file"] = _identity(path)

    @event.listens_for(made, "checkout")
    def lent(_connection: Any, record: Any, _proxy: Any) -> None:
        if record.info["file"] != _identity(path):  # removed or replaced: the open one no longer has a name
            raise DisconnectionError(f"{path} was replaced")

    return made


def _write_ahead(connection: sqlite3.Connection) -> None:
    """The switch to a write-ahead log, once in a file's life, which does not wait by itself while another process makes
    the very same one."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


# ---- PostgreSQL -----------------------------------------------------------------------------------------------------


def _postgres(address: str) -> Engine:
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise StoreError(
            "WHATIF_STORE_URL cannot be read as the address of a database. It must look like "
            "postgresql://user:password@host:5432/name, with special characters in the password percent-encoded."
        ) from None
    if url.drivername not in DRIVERS or not url.host:
        told = url.set(query={}).render_as_string(hide_password=True)
        raise StoreError(
            f"WHATIF_STORE_URL must be the address of a PostgreSQL database, as postgresql://user@host:5432/name; "
            f"{told} was given. Leave it out for a SQLite file under WHATIF_HOME."
        )
    options = dict(url.query)
    secured = _secured(options)
    url = url.set(drivername="postgresql+pg8000", query={})
    try:
        made = create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"application_name": "credit-what-if", "timeout": SILENCE, **secured},
            execution_options={"place": url.set(drivername="postgresql").render_as_string(hide_password=True)},
        )
    except ImportError as error:
        raise StoreError(
            "The record is to be kept in PostgreSQL, whose driver is not installed. Install it with: "
            'pip install "pg8000>=1.31"'
        ) from error
    made.dialect.use_insertmanyvalues_wo_returning = True  # the driver would send one row at a time

    @event.listens_for(made, "connect")
    def connected(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET lock_timeout = '{PATIENCE:.0f}s'")
        cursor.execute("SET idle_in_transaction_session_timeout = '300s'")
        cursor.close()
        connection.commit()

    return made


def _secured(options: JsonObject) -> JsonObject:
    """The driver's arguments for ``sslmode`` and ``sslrootcert``; without them it takes TLS if the server offers it."""
    unknown = sorted(set(options) - {"sslmode", "sslrootcert"})
    mode, root = options.get("sslmode", "prefer"), options.get("sslrootcert")
    if unknown or mode not in ("disable", "prefer", "require", "verify-ca", "verify-full"):
        told = f"the option {unknown[0]}" if unknown else f"sslmode={mode}"
        raise StoreError(
            f"WHATIF_STORE_URL holds {told}, which is not understood. Allowed are sslrootcert=FILE and sslmode="
            "disable, prefer, require, verify-ca or verify-full."
        )
    if mode in ("disable", "prefer", "require"):
        return {} if mode == "prefer" else {"ssl_context": mode == "require"}
    try:
        context = ssl.create_default_context(cafile=root)
    except OSError as error:
        raise StoreError(f"sslrootcert in WHATIF_STORE_URL cannot be read: {error}. Name a PEM file.") from error
    context.check_hostname = mode == "verify-full"
    return {"ssl_context": context}


# ---- transactions ---------------------------------------------------------------------------------------------------


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes, committed at the end and rolled back if anything goes wrong; then StoreError."""
    with _telling(engine), engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that reads everything as of one moment; StoreError if it cannot."""
    with _telling(engine), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def _telling(engine: Engine) -> Iterator[None]:
    driver: Any = engine.dialect.dbapi
    try:
        yield
    except (SQLAlchemyError, driver.Error, OSError) as error:
        what = _words(error)
        raise StoreError(f"The record in {place(engine)} cannot be used: {what}. {_advice(what)}") from error


def _words(error: BaseException) -> str:
    """What the driver says, without the statement and its values."""
    cause = getattr(error, "orig", None) or error
    said = cause.args[0] if cause.args else ""
    if isinstance(said, dict):  # as PostgreSQL answers
        said = said.get("M", "")
    return str(said).rstrip(". ") or type(cause).__name__


def _advice(what: str) -> str:
    said = what.lower()
    if "locked" in said or "lock timeout" in said:
        return "Another program holds it: try again, or end that program."
    if "full" in said or "no space" in said:
        return "Make room where it lies, then try again."
    if "unable to open" in said or "was replaced" in said:
        return "Its file is gone or may not be opened: put it back, or start anew for a new record."
    if "authentication" in said or "does not exist" in said or "permission" in said or "readonly" in said:
        return "Check the user, the database and their rights, and WHATIF_STORE_URL."
    if "connection" in said or "network" in said or "terminat" in said:
        return "Start the database, or correct WHATIF_STORE_URL."
    return "Check the database, WHATIF_STORE_URL and WHATIF_HOME."
