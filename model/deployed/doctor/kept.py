"""What is kept: books, their releases, the record and the saved scenarios."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from data import books
from data.errors import WhatIfError
from model.deployed.desk import DeployedModels
from model.deployed.doctor.check import CheckState, DoctorCheck
from model.errors import StoreError
from model.record.database import FILE, engine, place, reading, writing
from model.record.migrations import KNOWN, LATEST, revision
from model.record.schema import audit, by_caller, has_record, kept_from_changing
from model.release.promotion import require_same_book
from model.release.register import Register
from model.release.release import Release
from model.release.signature import release_keys
from model.release.store import Store
from model.report.release.words import signature as signature_words
from model.settings import Settings

REACHED = (
    "SELECT extract(epoch FROM clock_timestamp()), pg_is_in_recovery(), "
    "coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)"
)


# ---- books and releases ---------------------------------------------------------------------------------------------


def release_checks(using: Settings) -> list[DoctorCheck]:
    """Each book that has releases: whether they are as they were written, give their stored numbers, and are of the
    book; and the book that is served, whether or not it has any."""
    if using.model_url is not None:
        return [_elsewhere_check(using)]
    names = set(books.names(using.home)) | {using.book}
    return [check for name in sorted(names) for check in _book_checks(name, using)]


def _book_checks(name: str, using: Settings) -> Iterator[DoctorCheck]:
    served = name == using.book
    title = f"Release of {name}"
    bad: CheckState = "stops" if served else "warning"  # what else is served is asked for by a click
    store = Store(using.home, name)
    try:
        books.contract(name, using.home)
    except WhatIfError as error:
        yield DoctorCheck(f"Book {name}", bad, str(error), "Put its contract right, or take its folder away.")
        return
    try:
        aliases = store.aliases()
    except WhatIfError as error:
        yield DoctorCheck(
            title, bad, str(error), f"Remove that file, then: python -m model promote RELEASE --book {name}"
        )
        return
    if not aliases:
        if served:
            yield DoctorCheck(
                title,
                "warning",
                "There is none: the service does not start, and the dashboard trains one before it shows anything.",
                f"Train one: python -m model train --book {name}",
            )
        return
    for alias in sorted(aliases, key=lambda each: each != "champion"):
        heading = title if alias == "champion" else f"{title}, {alias}"
        try:
            release = store.load(alias)
            if alias == "champion":
                contract = books.contract(name, using.home)
                require_same_book(release, contract, books.snapshot_sha256(name, using.home, using.book_rows))
        except WhatIfError as error:
            state = bad if alias == "champion" else "warning"
            again = f"Put it back from a copy, or: python -m model train --book {name}"
            yield DoctorCheck(heading, state, str(error), again)
        else:
            sound = f"{release.id} is as it was written and gives its stored numbers."
            yield _signed_check(heading, sound, release, name)
    if "champion" not in aliases and served:
        promote = f"Promote one: python -m model promote RELEASE --book {name} --why TEXT"
        yield DoctorCheck(title, "stops", "None is the champion, so that nothing answers.", promote)


def _signed_check(heading: str, sound: str, release: Release, book: str) -> DoctorCheck:
    """Of a release that is as it was written: who vouches for it. Where keys are named, somebody should."""
    told = f"{sound} It is {signature_words(release.signature)}."
    if release.signature.state == "signed" or not release_keys():
        return DoctorCheck(heading, "ok", told)
    again = f"Sign it where the key is: python -m model sign {release.id} --book {book}"
    return DoctorCheck(heading, "warning", told, again)


def key_checks(using: Settings) -> list[DoctorCheck]:
    """Whether the keys that releases are signed with, and held against, can be used; nothing where none is named."""
    name = "Keys of releases"
    try:
        keys = release_keys()
    except WhatIfError as error:
        return [DoctorCheck(name, "stops", str(error), "Correct WHATIF_RELEASE_KEY or WHATIF_RELEASE_SIGNERS.")]
    if not keys and using.unsigned == "refuse":
        told = "Releases that nobody known signed are refused (WHATIF_UNSIGNED), and no key is known: all are."
        return [DoctorCheck(name, "stops", told, "Name keys in WHATIF_RELEASE_SIGNERS or WHATIF_RELEASE_KEY.")]
    if not keys:
        return []
    own = using.release_key
    if os.name == "posix" and own is not None and own.stat().st_mode & stat.S_IROTH:
        return [DoctorCheck(name, "warning", f"{own} can be read by everybody on this machine.", f"chmod 600 {own}")]
    count = len(keys.public) + len(keys.secrets)
    refused = "refused" if using.unsigned == "refuse" else "let in, and told as such"
    return [DoctorCheck(name, "ok", f"{count:,} known; releases that none of them signed are {refused}.")]


def _elsewhere_check(using: Settings) -> DoctorCheck:
    name, desk = "Model elsewhere", DeployedModels(lambda: using)
    try:
        model = desk.model(using.book)
        where = "" if model is None else model.where
    except WhatIfError as error:
        return DoctorCheck(name, "stops", str(error), "Start that server, or correct WHATIF_MODEL_URL and its likes.")
    finally:
        desk.close()
    return DoctorCheck(name, "ok", f"{where} answers, and takes what the book {using.book} holds.")


def newest_release(using: Settings) -> datetime | None:
    """When the newest release here was made, by its manifest; None if none can be read."""
    made = []
    for name in books.names(using.home):
        register = Register(using.home, name)
        for identity in register.ids():
            try:
                when = datetime.fromisoformat(str(register.manifest(identity)["created"]))
            except (OSError, ValueError, KeyError, TypeError):  # what is wrong with it, loading it tells
                continue
            made.append(when if when.tzinfo else when.replace(tzinfo=UTC))
    return max(made, default=None)


# ---- the database ---------------------------------------------------------------------------------------------------


def record_checks(using: Settings, now: float) -> tuple[list[DoctorCheck], float | None]:
    """Whether the record can be reached and written, and its tables are those of this version; and by how many seconds
    the database server's clock is ahead of ``now``, None where there is no such server."""
    name, own = "Record", using.store_url is None
    found = [] if using.audit else [_off_check()]
    if own and not (using.home / FILE).exists():
        return [
            *found,
            DoctorCheck(name, "ok", "There is none yet; it is made when something is first recorded."),
        ], None
    try:
        opened = engine(using)
    except StoreError as error:
        return [*found, DoctorCheck(name, "stops", str(error))], None
    try:
        with reading(opened) as connection:
            ahead, trouble = (None, "") if own else _of_server(connection, now)
            tables = _record_tables_check(connection) or _tables_check(revision(connection), has_record(connection))
        if own:
            with writing(opened):  # taken, and let go of: whether it can be
                pass
    except StoreError as error:  # it says what to do
        return [*found, DoctorCheck(name, "stops", str(error))], None
    finally:
        opened.dispose()
    if trouble:
        rights = "Name a database that takes writing in WHATIF_STORE_URL, or have its user given the right."
        return [*found, DoctorCheck(name, "stops", f"{place(opened)} {trouble}.", rights), tables], ahead
    return [*found, DoctorCheck(name, "ok", f"{place(opened)} can be reached and written."), tables], ahead


def _off_check() -> DoctorCheck:
    told = "It is switched off (WHATIF_AUDIT): nobody can say later what was answered."
    return DoctorCheck("Recording", "warning", told, "Leave WHATIF_AUDIT out where an audit trail is asked for.")


def _of_server(connection: Connection, now: float) -> tuple[float, str]:
    """By how many seconds a PostgreSQL server is ahead, and what keeps it from being written; "" if nothing does."""
    at, standby, creates = connection.execute(text(REACHED)).one()
    ahead = float(at) - now
    if standby:
        return ahead, "is a copy that only reads"
    if not has_record(connection):
        return ahead, "" if creates else "lets its user make no tables"
    writes = connection.scalar(text(f"SELECT has_table_privilege('{audit.name}', 'INSERT')"))
    return ahead, "" if writes else "lets its user write no record"


def _record_tables_check(connection: Connection) -> DoctorCheck | None:
    """Of tables of the record that an earlier version made; None of those of this one, or where there are none."""
    if not has_record(connection) or by_caller(connection):
        return None
    trouble = kept_from_changing(connection)
    if trouble:
        return DoctorCheck("Tables", "stops", trouble)
    return DoctorCheck(
        "Tables", "ok", "Those of the record are of an earlier version; the first call recorded brings them up to date."
    )


def _tables_check(at: str, recorded: bool) -> DoctorCheck:
    name = "Tables"
    if at and at not in KNOWN:
        return DoctorCheck(
            name,
            "stops",
            f"The saved scenarios are kept in a form ({at}) that a newer version of this product made.",
            "Use that version, or another database.",
        )
    if at == LATEST:
        return DoctorCheck(name, "ok", f"They are those of this version ({at}).")
    where = "There are none yet" if not recorded else "There are none of saved scenarios yet"
    if at:
        where = f"Those of saved scenarios are of an earlier version ({at})"
    return DoctorCheck(name, "ok", f"{where}; the first use brings them up to date ({LATEST}).")
