"""What the doctor says of releases, books and the record, with the faults really there."""

import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from model.deployed.doctor.check import DoctorCheck
from model.deployed.doctor.examine import examine
from model.deployed.doctor.kept import newest_release, record_checks, release_checks
from model.deployed.doctor.machine import clock_check
from model.record import database
from model.record.database import FILE
from model.record.migrations import LATEST, VERSION_TABLE
from model.record.scenarios import ScenarioStore
from model.record.trail import Audit
from model.release.release import Release
from model.release.store import Store
from model.settings import Settings
from tests.support import large_book, postgres
from tests.support.forging import forge, overwrite, point, stray, twin
from tests.support.recording import entry


@pytest.fixture
def store(own_home: Path) -> Store:
    """The store of a home that may be changed."""
    return Store(own_home, "cards")


def of(found: list[DoctorCheck], name: str) -> DoctorCheck:
    """The one check of a name."""
    (check,) = [each for each in found if each.name == name]
    return check


# ---- releases --------------------------------------------------------------------------------------------------------


def test_a_sound_release_is_well(home: Path, release: Release):
    (found,) = release_checks(Settings(home=home))
    assert (found.name, found.state) == ("Release of cards", "ok")
    assert release.id in found.found


def test_an_altered_file_of_a_release_stops(store: Store, release: Release):
    tables = store.root / release.id / "tables.npz"
    overwrite(tables, tables.read_bytes()[:-1] + b"!")
    found = of(release_checks(Settings(home=store.home)), "Release of cards")
    assert (found.state, "tables.npz" in found.found) == ("stops", True)
    assert "python -m model train --book cards" in found.advice


def test_a_release_of_another_contract_than_its_book_has_stops(store: Store):
    point(store, champion=stray(store))
    found = of(release_checks(Settings(home=store.home)), "Release of cards")
    assert (found.state, "another snapshot or contract" in found.found) == ("stops", True)


@pytest.mark.parametrize(("rows", "state"), [(large_book.HELD, "ok"), (large_book.LOANS, "stops")])
def test_a_release_of_a_sample_is_held_against_the_records_that_are_held(large_home: Path, rows: int, state: str):
    using = Settings(home=large_home, book=large_book.NAME, book_rows=rows)
    assert of(release_checks(using), f"Release of {large_book.NAME}").state == state


def test_of_another_book_than_the_one_served_it_is_a_warning(store: Store, release: Release):
    (store.root / release.id / "golden.npz").unlink()
    found = of(release_checks(Settings(home=store.home, book="small_business")), "Release of cards")
    assert found.state == "warning"


def test_an_altered_challenger_is_a_warning(store: Store):
    second = twin(store)
    point(store, challenger=second)
    (store.root / second / "golden.npz").unlink()
    found = release_checks(Settings(home=store.home))
    assert of(found, "Release of cards").state == "ok"
    assert of(found, "Release of cards, challenger").state == "warning"


def test_without_a_release_the_service_does_not_start(tmp_path: Path):
    found = of(release_checks(Settings(home=tmp_path)), "Release of cards")
    assert (found.state, "the service does not start" in found.found) == ("warning", True)


def test_releases_without_a_champion_stop(store: Store, release: Release):
    (store.root / "aliases.json").write_text(f'{{"challenger": "{release.id}"}}')
    assert of(release_checks(Settings(home=store.home)), "Release of cards").state == "stops"


def test_aliases_that_cannot_be_read_stop(store: Store):
    (store.root / "aliases.json").write_text("{")
    assert of(release_checks(Settings(home=store.home)), "Release of cards").state == "stops"


@pytest.mark.parametrize(("served", "state"), [("cards", "warning"), ("mine", "stops")])
def test_a_book_of_ones_own_that_cannot_be_read_is_told(own_home: Path, served: str, state: str):
    (own_home / "books" / "mine").mkdir(parents=True)
    (own_home / "books" / "mine" / "contract.toml").write_text("[book]\n")
    assert of(release_checks(Settings(home=own_home, book=served)), "Book mine").state == state


def test_a_book_that_is_not_there_stops(tmp_path: Path):
    found = of(release_checks(Settings(home=tmp_path, book="mortgages")), "Book mortgages")
    assert (found.state, "There is no book 'mortgages'" in found.found) == ("stops", True)


def test_a_release_of_a_day_to_come_tells_that_the_clock_is_wrong(store: Store, release: Release):
    forge(store, release.id, {}, created="2099-01-01T00:00:00+00:00")
    assert newest_release(Settings(home=store.home)) == datetime(2099, 1, 1, tzinfo=UTC)
    found = of(examine(Settings(home=store.home), host="127.0.0.1"), "Clock")
    assert (found.state, "2099-01-01" in found.found) == ("stops", True)


def test_a_model_elsewhere_that_does_not_answer_stops(tmp_path: Path):
    using = Settings(home=tmp_path, model_url=f"http://127.0.0.1:{_unused()}", model_timeout=1.0)
    (found,) = release_checks(using)
    assert (found.name, found.state) == ("Model elsewhere", "stops")
    assert "WHATIF_MODEL_URL" in found.advice


def _unused() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ---- the record ------------------------------------------------------------------------------------------------------


def used(using: Settings) -> None:
    """Record a call, and make the tables of saved scenarios."""
    opened = database.engine(using)
    ScenarioStore(opened).listed()
    with Audit(opened) as audit:
        audit.record(entry())
    opened.dispose()


def record(using: Settings) -> list[DoctorCheck]:
    return record_checks(using, time.time())[0]


def test_a_record_that_is_not_there_yet_is_not_made(tmp_path: Path):
    (found,) = record(Settings(home=tmp_path))
    assert found.state == "ok"
    assert not (tmp_path / FILE).exists()


def test_a_record_in_use_is_well(tmp_path: Path):
    using = Settings(home=tmp_path)
    used(using)
    found = record(using)
    assert [each.state for each in found] == ["ok", "ok"]
    assert LATEST in of(found, "Tables").found


def test_a_file_that_is_no_record_stops(tmp_path: Path):
    (tmp_path / FILE).write_bytes(b"no database at all, but long enough to be looked at as one" * 100)
    found = of(record(Settings(home=tmp_path)), "Record")
    assert (found.state, FILE in found.found) == ("stops", True)


def test_tables_of_a_newer_version_stop(tmp_path: Path):
    using = Settings(home=tmp_path)
    used(using)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    found = of(record(using), "Tables")
    assert (found.state, "9999" in found.found) == ("stops", True)


def test_a_record_that_is_switched_off_is_told(tmp_path: Path):
    found = of(record(Settings(home=tmp_path, audit=False)), "Recording")
    assert (found.state, "WHATIF_AUDIT" in found.found) == ("warning", True)


@pytest.mark.parametrize("address", ["postgresql://keeper:word@127.0.0.1:{port}/record", "mysql://host/record"])
def test_a_database_that_refuses_stops(tmp_path: Path, address: str):
    found = of(record(Settings(home=tmp_path, store_url=address.format(port=_unused()))), "Record")
    assert found.state == "stops"
    assert "WHATIF_STORE_URL" in found.found
    assert "word" not in found.found


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.server() as started:
        yield started


@pytest.mark.postgres
def test_a_database_server_is_well_before_and_after_its_first_use(server: postgres.Server, tmp_path: Path):
    using = Settings(home=tmp_path, store_url=server.url())
    for told in ("There are none yet", LATEST):
        found = record(using)
        assert [each.state for each in found] == ["ok", "ok"]
        assert told in of(found, "Tables").found
        used(using)


@pytest.mark.postgres
def test_a_wrong_password_stops_and_is_not_told(server: postgres.Server, tmp_path: Path):
    found = of(record(Settings(home=tmp_path, store_url=server.url("another"))), "Record")
    assert (found.state, "another" in found.found) == ("stops", False)


@pytest.mark.postgres
def test_a_user_who_may_not_write_stops(server: postgres.Server, tmp_path: Path):
    whole = server.url()
    name = whole.rpartition("/")[2]
    login = ("-h", "127.0.0.1", "-p", str(server.port), "-U", postgres.USER, "-d", name, "-c")
    server.run("psql", *login, "CREATE ROLE guest LOGIN PASSWORD 'guest'")
    guest = Settings(home=tmp_path, store_url=whole.replace(f"{postgres.USER}:s3cret%2Fword", "guest:guest"))
    found = of(record(guest), "Record")
    assert (found.state, "lets its user make no tables" in found.found) == ("stops", True)
    used(Settings(home=tmp_path, store_url=whole))
    server.run(
        "psql",
        *login,
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest; GRANT SELECT ON {VERSION_TABLE} TO guest",
    )
    found = of(record(guest), "Record")
    assert (found.state, "lets its user write no record" in found.found) == ("stops", True)


@pytest.mark.postgres
def test_the_clock_of_the_database_server_is_held_against_ones_own(server: postgres.Server, tmp_path: Path):
    using = Settings(home=tmp_path, store_url=server.url())
    _, ahead = record_checks(using, time.time() + 3600)
    found = clock_check(datetime.now(UTC), released=None, elsewhere={"the database server": ahead})
    assert found.state == "stops"
    assert "the database server is 3,600 s behind" in found.found
