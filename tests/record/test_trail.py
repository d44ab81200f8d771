"""The record: every call on disk before it is answered, none twice, none altered unnoticed."""

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies
from hypothesis.extra import numpy as arrays
from pydantic import SecretStr
from sqlalchemy import Engine, event, text

from data.errors import BadInput
from model.errors import StoreError
from model.record import database, schema, trail
from model.record.export import export
from model.record.trail import Audit, Entry, find, recent
from model.record.verify import prune, verify_record
from model.release.release import Release
from model.settings import Settings
from tests.support import postgres
from tests.support.recording import entry

PROJECT = Path(__file__).parents[2]
KEY = SecretStr("only the bank knows")


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.server() as started:
        yield started


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def configured(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty record."""
    url = request.getfixturevalue("server").url() if request.param == "postgres" else None
    return Settings(home=tmp_path, store_url=url, audit_key=KEY)


@pytest.fixture
def engine(configured: Settings) -> Iterator[Engine]:
    """An empty record in each database."""
    made = database.engine(configured)
    yield made
    made.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Engine]:
    """An empty record in a SQLite file that does not wait long for others."""
    made = database.engine(Settings(home=tmp_path))
    event.listen(made, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 50"))
    yield made
    made.dispose()


def fill(engine: Engine, count: int, key: SecretStr | None = KEY, **changes: Any) -> list[str]:
    """Record calls one after the other."""
    with Audit(engine, key) as writer:
        return [each.result() for each in [writer.append(entry(**changes)) for _ in range(count)]]


BLOB = {"sqlite": "BLOB", "postgresql": "BYTEA"}


@contextmanager
def unlocked(engine: Engine) -> Iterator[Callable[[str], None]]:
    """SQL as somebody with all rights to the database can run it, the triggers gone."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_update"))
            connection.execute(text("DROP TRIGGER audit_delete"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        yield lambda statement: connection.execute(text(statement)) and None
        connection.commit()


# ---- what is written ------------------------------------------------------------------------------------------------


def test_entry_comes_back_as_it_was(engine: Engine):
    told = entry(inputs=np.arange(6.0).reshape(2, 3), detail={"address": {"lgd": "0.4"}, "day": "2026-01-02"})
    with Audit(engine, KEY) as writer:
        assert writer.record(told) == told.id
    found = find(engine, told.id)
    assert {name: getattr(found, name) for name in trail.TEXTS} == {name: getattr(told, name) for name in trail.TEXTS}
    assert (found.at, found.duration_ms, found.detail) == (told.at, told.duration_ms, told.detail)
    assert np.array_equal(found.inputs, told.inputs)
    assert np.array_equal(found.outputs["pd"], told.outputs["pd"])


numbers = arrays.arrays(
    np.float64,
    arrays.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=20),
    elements=strategies.one_of(
        strategies.sampled_from([np.nan, -np.nan, np.inf, -np.inf, -0.0, 5e-324]), strategies.floats()
    ),
)


@settings(max_examples=25)
@given(numbers, strategies.dictionaries(strategies.text(max_size=8), numbers, max_size=3))
def test_every_bit_of_an_array_comes_back(
    tmp_path_factory: pytest.TempPathFactory, inputs: np.ndarray, outputs: dict[str, np.ndarray]
):
    engine = database.engine(Settings(home=tmp_path_factory.mktemp("bits")))
    try:
        told = entry(inputs=inputs, outputs=outputs)
        with Audit(engine) as writer:
            writer.record(told)
        found = find(engine, told.id)
        assert (found.inputs.shape, found.inputs.tobytes()) == (inputs.shape, inputs.tobytes())
        assert {name: (each.shape, each.tobytes()) for name, each in found.outputs.items()} == {
            name: (each.shape, each.tobytes()) for name, each in outputs.items()
        }
        assert verify_record(engine).ok
    finally:
        engine.dispose()


def test_nan_keeps_its_payload(engine: Engine):
    odd = np.array([[0x7FF8_0000_0000_BEEF, 0xFFF0_0000_0000_0001]], np.uint64).view(np.float64)
    with Audit(engine, KEY) as writer:
        name = writer.record(entry(inputs=odd))
    assert find(engine, name).inputs.tobytes() == odd.tobytes()
    assert verify_record(engine, KEY).ok


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"z" + b"noise",
        b"z" + zlib.compress(b'{"a": [2]}\n' + bytes(16))[:-5],
        b'p{"a": [-1]}\n' + bytes(16),
        b'p{"a": [3]}\n' + bytes(16),
        b'p{"a": [4611686018427387904, 4]}\n' + bytes(16),
        b'p{"a": [1.0]}\n' + bytes(16),
        b'p{"a": ' + b"[" * 50_000 + b"\n",
        b'p["a"]\n',
    ],
)
def test_row_whose_numbers_are_not_what_it_says_is_told(content: bytes):
    with pytest.raises(StoreError, match="holds numbers that cannot be read"):
        schema.unpacked_values(content)


def test_row_that_unpacks_to_more_than_any_takes_is_not_unpacked(monkeypatch: pytest.MonkeyPatch):
    content = schema.packed_values({"a": np.zeros(10_000)})
    assert schema.unpacked_values(content)["a"].shape == (10_000,)
    monkeypatch.setattr(schema, "MOST_UNPACKED", 1000)
    with pytest.raises(StoreError, match="cannot be read"):
        schema.unpacked_values(content)


def test_large_arrays_are_kept_smaller_than_they_are(engine: Engine):
    large = np.tile(np.arange(1000.0), (25, 40))
    with Audit(engine, KEY) as writer:
        name = writer.record(entry(inputs=large))
    assert np.array_equal(find(engine, name).inputs, large)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT length(inputs) FROM audit")) < large.nbytes / 4


def test_calls_of_many_threads_stand_in_one_unbroken_chain(engine: Engine):
    with Audit(engine, KEY) as writer, ThreadPoolExecutor(16) as pool:
        names = list(pool.map(lambda _: writer.record(entry()), range(400)))
    found = verify_record(engine, KEY)
    assert (found.ok, found.rows, found.chains) == (True, 400, 1)
    assert len({each.id for each in recent(engine, 1000)} & set(names)) == 400


def test_recent_lists_the_newest_first_and_by_kind(engine: Engine):
    start = datetime(2026, 1, 2, tzinfo=UTC)
    with Audit(engine, KEY) as writer:
        for k, kind in enumerate(["score", "upload", "score"]):
            writer.record(entry(id=f"call-{k}", kind=kind, at=start + timedelta(hours=k)))
    assert [each.id for each in recent(engine)] == ["call-2", "call-1", "call-0"]
    assert [each.id for each in recent(engine, 1)] == ["call-2"]
    (upload,) = recent(engine, kind="upload")
    assert (upload.at, upload.rows, upload.who, upload.duration_ms) == (start + timedelta(hours=1), 1, "someone", 1.5)


def test_record_that_was_never_written_is_empty_and_sound(engine: Engine, tmp_path: Path):
    assert recent(engine) == []
    assert verify_record(engine, KEY) == verify_record(engine, None)
    assert (verify_record(engine, KEY).ok, verify_record(engine, KEY).rows) == (True, 0)
    assert prune(engine, date(2026, 1, 1), KEY).rows == 0
    assert export(engine, tmp_path / "out.jsonl", tmp_path) == 0


def test_find_takes_a_beginning_that_only_one_call_has(engine: Engine):
    with Audit(engine, KEY) as writer:
        for name in ("Äb1", "Äb2", "ab%", "ab", "abc"):
            writer.record(entry(id=name))
    assert find(engine, "Äb2").id == "Äb2"
    assert find(engine, "abc").id == "abc"
    assert find(engine, "ab").id == "ab"  # the whole of one goes before the beginning of others
    assert find(engine, "ab%").id == "ab%"
    with pytest.raises(StoreError, match="begins with 'Äb': there are several, Äb1, Äb2 among them; give more of it"):
        find(engine, "Äb")
    for absent in ("%", "AB", "", "b"):
        with pytest.raises(StoreError, match="there is none"):
            find(engine, absent)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"who": "a\0b"}, "who holds a character of code 0"),
        ({"id": "\ud800"}, "id holds half a character"),
        ({"id": "x" * 1001}, "id may be 1,000 characters long; 1,001 were given"),
        ({"id": ""}, "A request id may not be empty"),
        ({"inputs": np.zeros(3)}, r"Inputs are recorded as \(fields, rows\); \(3,\) were given"),
        ({"duration_ms": np.nan}, "The duration must be a number of milliseconds; nan was given"),
        ({"at": datetime(2026, 1, 1)}, "needs a time zone"),
    ],
)
def test_what_cannot_be_recorded_is_refused_before_it_waits(changes: dict[str, Any], told: str):
    with pytest.raises(BadInput, match=told):
        entry(**changes)


def test_detail_that_is_no_json_is_refused_before_it_waits(file: Engine):
    with Audit(file) as writer:
        for bad in ({"x": np.nan}, {"x": object()}):
            with pytest.raises(BadInput, match="must be what JSON can hold"):
                writer.append(entry(detail=bad))


# ---- once, and in order ---------------------------------------------------------------------------------------------


def test_repeated_request_is_on_record_once(engine: Engine):
    with Audit(engine, KEY) as writer:
        together = [writer.append(entry(id="order-7", given=True, duration_ms=k)) for k in range(5)]
        assert [each.result() for each in together] == ["order-7"] * 5
        assert writer.record(entry(id="order-7", given=True)) == "order-7"
    with Audit(engine, KEY) as other:
        assert other.record(entry(id="order-7", given=True)) == "order-7"
    assert verify_record(engine, KEY).rows == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": np.array([[1.0], [np.nextafter(2, 3)]])},
        {"inputs": np.array([[1.0, 2.0]])},
        {"outputs": {"pd": np.array([0.26])}},
        {"outputs": {"margin": np.array([0.25])}},
        {"release": "ba9876543210"},
        {"book": "small_business"},
    ],
)
def test_used_id_with_another_request_is_refused_alone(engine: Engine, changes: dict[str, Any]):
    with Audit(engine, KEY) as writer:
        writer.record(entry(id="order-7", given=True))
        refused, other = writer.append(entry(id="order-7", given=True, **changes)), writer.append(entry(id="order-8"))
        with pytest.raises(BadInput, match="The request id order-7 was already used for another request"):
            refused.result()
        assert other.result() == "order-8"
    assert verify_record(engine, KEY).rows == 2


def test_id_recorded_meanwhile_by_another_process_does_not_fail_its_neighbours(engine: Engine):
    """The id is not looked up, for nobody said that a caller gave it; the database refuses it, and then it is."""
    with Audit(engine, KEY) as one, Audit(engine, KEY) as two:
        one.record(entry(id="twice"))
        both = [two.append(entry(id="twice")), two.append(entry(id="once"))]
        assert [each.result() for each in both] == ["twice", "once"]
    assert (verify_record(engine, KEY).rows, verify_record(engine, KEY).ok) == (2, True)


def test_two_processes_write_two_chains(configured: Settings, engine: Engine):
    started = [writing(configured, 50) for _ in range(2)]
    for each in started:
        assert each.wait(60) == 0
        each.stdout.close()
    found = verify_record(engine, KEY)
    assert (found.ok, found.rows, found.chains) == (True, 100, 2)


def writing(configured: Settings, count: int) -> Any:
    """A process that records calls and prints the id of each one it was told is on disk."""
    env = {**os.environ, "WHATIF_HOME": str(configured.home), "WHATIF_AUDIT_KEY": KEY.get_secret_value()}
    if configured.store_url is not None:
        env["WHATIF_STORE_URL"] = configured.store_url.get_secret_value()
    command = [sys.executable, "-m", "tests.support.recording", str(count)]
    return subprocess.Popen(command, cwd=PROJECT, env=env, stdout=subprocess.PIPE, text=True)


def test_kill_in_mid_load_loses_nothing_that_was_acknowledged(configured: Settings, engine: Engine):
    started = writing(configured, 1_000_000)
    with started.stdout:
        told = [started.stdout.readline().strip() for _ in range(60)]
        os.kill(started.pid, signal.SIGKILL)
        told += [line.strip() for line in started.stdout if line.endswith("\n") and len(line) == 33]
    assert started.wait(10) == -signal.SIGKILL
    found = verify_record(engine, KEY)
    assert found.ok, found.findings
    kept = [each.id for each in recent(engine, 1_000_000)]
    assert len(kept) == len(set(kept)) == found.rows
    assert set(told) <= set(kept)
    assert len(told) >= 60


# ---- the database fails ---------------------------------------------------------------------------------------------


def test_locked_database_is_told_and_the_next_call_is_recorded(file: Engine, tmp_path: Path):
    with Audit(file) as writer, closing(sqlite3.connect(tmp_path / database.FILE)) as other:
        writer.record(entry())
        other.execute("BEGIN IMMEDIATE")
        waiting = [writer.append(entry(id=f"lost-{k}")) for k in range(3)]
        for each in waiting:
            with pytest.raises(StoreError, match=r"not recorded.* database is locked\. Another program holds it"):
                each.result()
        other.rollback()
        assert writer.record(entry(id="after")) == "after"
    assert {each.id for each in recent(file)} & {"lost-0", "lost-1", "lost-2", "after"} == {"after"}
    found = verify_record(file)
    assert (found.ok, found.rows, found.chains) == (True, 2, 1)


def test_full_disk_is_told_and_nothing_is_half_written(file: Engine):
    large = np.random.default_rng(0).random((25, 2000))
    with Audit(file) as writer:
        writer.record(entry())
        with file.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        limit = [pages + 20]
        event.listen(file, "connect", lambda lent, _: lent.execute(f"PRAGMA max_page_count = {limit[0]}"))
        file.dispose()
        waiting = [writer.append(entry()), writer.append(entry(inputs=large))]
        with pytest.raises(StoreError, match=r"is full\. Make room where it lies"):
            waiting[1].result()
        waiting[0].exception()
        limit[0] = 1_000_000
        file.dispose()
        assert writer.record(entry(id="after", inputs=large)) == "after"
    found = verify_record(file)
    assert (found.ok, found.chains) == (True, 1)
    assert np.array_equal(find(file, "after").inputs, large)


def test_removed_file_is_told_and_not_made_anew(file: Engine, tmp_path: Path):
    path = tmp_path / database.FILE
    with Audit(file) as writer:
        writer.record(entry())
        aside = path.rename(tmp_path / "aside")
        with pytest.raises(StoreError, match="Its file is gone or may not be opened: put it back"):
            writer.record(entry())
        assert not path.exists()
        aside.rename(path)
        assert writer.record(entry(id="after")) == "after"
    assert (verify_record(file).ok, verify_record(file).rows) == (True, 2)


@pytest.mark.postgres
def test_server_that_goes_away_is_told_and_taken_up_again(server: postgres.Server, tmp_path: Path):
    engine = database.engine(Settings(home=tmp_path, store_url=server.url()))
    try:
        with Audit(engine) as writer:
            writer.record(entry())
            server.stop("immediate")
            for _ in range(2):
                with pytest.raises(StoreError, match=r"not recorded.*Start the database") as told:
                    writer.record(entry())
                assert "s3cret" not in str(told.value)
            server.start()
            assert writer.record(entry(id="after")) == "after"
        assert (verify_record(engine).ok, verify_record(engine).rows, verify_record(engine).chains) == (True, 2, 1)
    finally:
        engine.dispose()


def test_too_many_waiting_calls_are_refused(file: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trail, "MOST", 3)
    with Audit(file) as writer, closing(sqlite3.connect(tmp_path / database.FILE)) as other:
        writer.record(entry())
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"Too many calls wait to be recorded \(3\); at most 3 may"):
            [writer.append(entry()) for _ in range(20)]
        other.rollback()


def test_closed_record_takes_no_calls_and_has_written_all_it_took(file: Engine):
    writer = Audit(file)
    waiting = [writer.append(entry()) for _ in range(500)]
    writer.close()
    assert len({each.result(0) for each in waiting}) == 500
    with pytest.raises(StoreError, match="The record is closed"):
        writer.append(entry())


# ---- what somebody may do to it -------------------------------------------------------------------------------------


def test_rows_cannot_be_altered_or_removed_by_sql(engine: Engine):
    fill(engine, 3)
    for statement in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit WHERE seq = 3"):
        with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))
    assert (verify_record(engine, KEY).ok, verify_record(engine, KEY).rows) == (True, 3)


@pytest.mark.parametrize("column", ["who", "at", "release", "detail", "prev", "hash", "id"])
def test_altered_text_is_found_and_its_row_named(engine: Engine, column: str):
    fill(engine, 5)
    with unlocked(engine) as run:
        run(f"UPDATE audit SET {column} = 'x' || {column} WHERE seq = 3")
    (finding, *_) = verify_record(engine, KEY).findings
    assert finding.startswith("Row 3 of chain ")
    assert finding.endswith("was altered.")


@pytest.mark.parametrize("column", ["inputs", "outputs"])
def test_altered_number_is_found_and_its_call_named(engine: Engine, column: str):
    names = fill(engine, 5)
    other = {"sqlite": f"substr({column}, 1, length({column}) - 1) || x'00'", "postgresql": f"set_byte({column}, 9, 1)"}
    kind = BLOB[engine.dialect.name]
    with unlocked(engine) as run:
        run(f"UPDATE audit SET {column} = CAST({other[engine.dialect.name]} AS {kind}) WHERE seq = 4")
    (finding,) = verify_record(engine, KEY).findings
    assert finding.startswith("Row 4 of chain ")
    assert f"call {names[3]} of " in finding


def test_forged_row_with_a_hash_of_its_own_is_found_by_the_key(engine: Engine):
    """Somebody who knows how rows are hashed, but not the key."""
    fill(engine, 5)
    forge(engine, 3)
    (finding,) = verify_record(engine, KEY).findings
    assert finding.startswith("Row 3 of chain ")


def test_forged_row_without_a_key_is_found_by_the_row_after_it(engine: Engine):
    fill(engine, 5, None)
    forge(engine, 3)
    (finding,) = verify_record(engine).findings
    assert finding.startswith("Row 4 of chain ")
    assert finding.endswith("does not follow the row before it: one of the two was put in its place.")


def forge(engine: Engine, seq: int) -> None:
    with engine.connect() as connection:
        row = connection.execute(text(f"SELECT * FROM audit WHERE seq = {seq}")).one()._asdict() | {"who": "nobody"}
    digest = schema.row_hash(b"", row)
    with unlocked(engine) as run:
        run(f"UPDATE audit SET who = 'nobody', hash = '{digest}' WHERE seq = {seq}")


def test_missing_row_is_found(engine: Engine):
    fill(engine, 6)
    with unlocked(engine) as run:
        run("DELETE FROM audit WHERE seq IN (3, 4)")
    (finding,) = verify_record(engine, KEY).findings
    assert finding.endswith("lacks 2 rows in its middle: rows 3 to 4 are missing.")


def test_missing_first_row_is_found(engine: Engine):
    fill(engine, 3)
    with unlocked(engine) as run:
        run("DELETE FROM audit WHERE seq = 1")
    (finding,) = verify_record(engine, KEY).findings
    assert finding.endswith("lacks 1 row at its beginning: row 1 is missing.")


def test_missing_last_rows_are_found(engine: Engine):
    fill(engine, 6)
    with unlocked(engine) as run:
        run("DELETE FROM audit WHERE seq >= 5")
    (finding,) = verify_record(engine, KEY).findings
    assert finding.endswith("lacks 2 rows at its end: rows 5 to 6 are missing.")


def test_missing_last_rows_are_found_though_the_end_was_set_back(engine: Engine):
    fill(engine, 6)
    with unlocked(engine) as run:
        run("DELETE FROM audit WHERE seq >= 5")
        run("UPDATE chain SET head_seq = 4, head_hash = (SELECT hash FROM audit WHERE seq = 4)")
    (finding,) = verify_record(engine, KEY).findings
    assert finding.startswith("What is kept of the first and the last row of chain ")


def test_altered_end_is_left_to_be_found_by_the_process_that_writes(engine: Engine):
    """Going on from it would seal what was altered."""
    with Audit(engine, KEY) as writer:
        for _ in range(4):
            writer.record(entry())
        with unlocked(engine) as run:
            run("DELETE FROM audit WHERE seq = 4")
            run("UPDATE chain SET head_seq = 3, head_hash = (SELECT hash FROM audit WHERE seq = 3)")
        writer.record(entry())
    found = verify_record(engine, KEY)
    assert (found.ok, found.chains) == (False, 2)


def test_swapped_rows_are_found_and_told_apart_from_altered_ones(engine: Engine):
    fill(engine, 9)
    with unlocked(engine) as run:
        for was, now in ((2, -1), (7, 2), (-1, 7)):
            run(f"UPDATE audit SET seq = {now} WHERE seq = {was}")
    one, two = verify_record(engine, KEY).findings
    assert one.startswith("Row 2 of chain ")
    assert one.endswith("was moved: it was written as row 7.")
    assert two.startswith("Row 7 of chain ")
    assert two.endswith("was moved: it was written as row 2.")


def test_missing_chain_is_found(engine: Engine):
    for _ in range(3):
        fill(engine, 2)
    with unlocked(engine) as run:
        run("DELETE FROM audit WHERE chain = (SELECT chain FROM chain WHERE number = 2)")
        run("DELETE FROM chain WHERE number = 2")
    (finding,) = verify_record(engine, KEY).findings
    assert finding == "The chain of number 2 is missing with all its rows."


def test_rows_of_no_known_chain_are_found(engine: Engine):
    fill(engine, 2)
    with unlocked(engine) as run:
        run("DELETE FROM chain")
    (finding,) = verify_record(engine, KEY).findings
    assert finding.endswith("is missing from the list of chains; 2 rows of it are still there.")


@pytest.mark.parametrize(("written", "checked"), [(KEY, None), (None, KEY), (KEY, SecretStr("another"))])
def test_wrong_key_is_told_as_such(engine: Engine, written: SecretStr | None, checked: SecretStr | None):
    fill(engine, 3, written)
    (finding,) = verify_record(engine, checked).findings
    assert "it was written under another WHATIF_AUDIT_KEY" in finding


def test_many_findings_are_counted(engine: Engine):
    fill(engine, 100)
    with unlocked(engine) as run:
        run("UPDATE audit SET who = 'nobody' WHERE seq > 5")
    found = verify_record(engine, KEY)
    assert len(found.findings) == 21
    assert found.findings[-1].endswith("has 75 more such findings.")


# ---- pruning --------------------------------------------------------------------------------------------------------

OLD, NEW = datetime(2020, 5, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of ten rows."""
    monkeypatch.setattr(trail, "SEGMENT", 10)


def aged(engine: Engine, *times: tuple[int, datetime]) -> None:
    with Audit(engine, KEY) as writer:
        for count, at in times:
            for each in [writer.append(entry(at=at)) for _ in range(count)]:
                each.result()


@pytest.mark.usefixtures("short")
def test_prune_removes_whole_old_segments_and_the_rest_verifies(engine: Engine):
    aged(engine, (25, OLD), (30, NEW))
    found = prune(engine, date(2022, 1, 1), KEY)
    assert (found.rows, found.kept, found.since) == (20, 35, OLD)  # the third segment has old rows and new ones
    after = verify_record(engine, KEY)
    assert (after.ok, after.rows, after.since) == (True, 35, OLD)
    assert prune(engine, date(2022, 1, 1), KEY).rows == 0


@pytest.mark.usefixtures("short")
def test_prune_takes_the_end_of_a_process_that_is_gone(configured: Settings, engine: Engine):
    aged(engine, (25, OLD))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM checkpoint"))  # as after a kill
    assert prune(engine, date(2022, 1, 1), KEY).rows == 25
    fill(engine, 5)
    after = verify_record(engine, KEY)
    assert (after.ok, after.rows, after.chains) == (True, 5, 2)


@pytest.mark.usefixtures("short")
def test_process_goes_on_writing_after_its_chain_was_pruned(engine: Engine):
    with Audit(engine, KEY) as writer:
        for _ in range(15):
            writer.record(entry(at=OLD))
        assert prune(engine, date(2022, 1, 1), KEY).rows == 15
        writer.record(entry(id="after"))
    found = verify_record(engine, KEY)
    assert (found.ok, found.rows, found.chains) == (True, 1, 1)


@pytest.mark.usefixtures("short")
def test_rows_removed_after_a_prune_are_still_missed(engine: Engine):
    aged(engine, (25, OLD), (30, NEW))
    prune(engine, date(2022, 1, 1), KEY)
    with unlocked(engine) as run:
        run("DELETE FROM audit WHERE seq = 21")
    (finding,) = verify_record(engine, KEY).findings
    assert finding.endswith("lacks 1 row at its beginning: row 21 is missing.")


@pytest.mark.usefixtures("short")
def test_prune_refuses_a_record_that_does_not_verify(engine: Engine):
    aged(engine, (20, OLD))
    with unlocked(engine) as run:
        run("UPDATE audit SET who = 'nobody' WHERE seq = 3")
    with pytest.raises(StoreError, match=r"Nothing was removed, because .* Row 3 of chain .* was altered"):
        prune(engine, date(2022, 1, 1), KEY)
    assert verify_record(engine, KEY).rows == 20


def test_prune_refuses_a_day_to_come(engine: Engine):
    with pytest.raises(BadInput, match="recorded before today at the latest; 9999-01-01 was given"):
        prune(engine, date(9999, 1, 1), KEY)


# ---- export ---------------------------------------------------------------------------------------------------------


def scored(release: Release) -> Entry:
    """Two records scored with reasons, and one value missing."""
    raw = np.arange(2.0 * len(release.contract.record)).reshape(-1, 2)
    raw[0, 1] = np.nan
    outputs = {
        "pd": np.array([0.25, 0.5]),
        "shap_values": np.arange(2.0 * len(release.contract.inputs)).reshape(-1, 2),
        "base_value": np.array([-1.5]),
    }
    return entry(
        release=release.id, contract_sha256=release.contract.hash, inputs=raw, outputs=outputs, who="=HYPERLINK(1)"
    )


def test_export_writes_a_line_a_record_with_names(engine: Engine, release: Release, home: Path, tmp_path: Path):
    told = scored(release)
    with Audit(engine, KEY) as writer:
        writer.record(told)
        writer.record(entry(inputs=np.zeros((0, 0)), outputs={"loss": np.array([7.0])}, kind="whatif:book"))
    assert export(engine, tmp_path / "out.jsonl", home) == 3
    one, two, third = (json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines())
    fields, inputs = ([each.name for each in part] for part in (release.contract.record, release.contract.inputs))
    assert (one["id"], one["record"], two["record"]) == (told.id, 0, 1)
    assert one["inputs"] == dict(zip(fields, told.inputs[:, 0], strict=True))
    assert two["inputs"][fields[0]] is None
    assert two["outputs"]["pd"] == 0.5
    assert two["outputs"]["base_value"] == -1.5
    assert two["outputs"]["shap_values"] == dict(zip(inputs, told.outputs["shap_values"][:, 1], strict=True))
    assert (third["inputs"], third["outputs"], third["kind"]) == ({}, {"loss": 7.0}, "whatif:book")
    assert export(engine, tmp_path / "book.jsonl", home, "whatif:book") == 1


def test_export_numbers_the_fields_of_a_release_that_is_gone(engine: Engine, tmp_path: Path):
    with Audit(engine, KEY) as writer:
        writer.record(entry(release="../../secrets", inputs=np.array([[np.inf], [2.0]])))
    export(engine, tmp_path / "out.jsonl", tmp_path)
    assert json.loads((tmp_path / "out.jsonl").read_text())["inputs"] == {"1": "inf", "2": 2.0}


def test_export_says_the_same_in_every_format(engine: Engine, release: Release, home: Path, tmp_path: Path):
    with Audit(engine, KEY) as writer:
        writer.record(scored(release))
    for suffix in (".csv", ".jsonl", ".parquet"):
        assert export(engine, tmp_path / f"out{suffix}", home) == 2
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    table = pd.read_parquet(tmp_path / "out.parquet").to_dict("records")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8-sig") as file:
        sheet = list(csv.DictReader(file))
    assert [list(each) for each in (lines[0], table[0], sheet[0])] == [list(lines[0])] * 3
    for line, row, cells in zip(lines, table, sheet, strict=True):
        assert {**row, **{name: json.loads(row[name]) for name in ("inputs", "outputs", "detail")}} == line
        assert json.loads(cells["outputs"]) == line["outputs"]
        assert cells["who"] == "'=HYPERLINK(1)"  # no formula in a spreadsheet
    assert sorted(each.name for each in tmp_path.glob("*out*")) == ["out.csv", "out.jsonl", "out.parquet"]


def test_export_to_an_unknown_suffix_or_place_is_refused(file: Engine, tmp_path: Path):
    with pytest.raises(BadInput, match=r"exported as \.csv, \.jsonl or \.parquet; out\.xlsx was given"):
        export(file, tmp_path / "out.xlsx", tmp_path)
    with pytest.raises(BadInput, match="cannot be written: No such file or directory"):
        export(file, tmp_path / "nowhere" / "out.csv", tmp_path)


# ---- the database's address -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://me:s3cret@host/db", r"must be the address of a PostgreSQL database.*mysql://me:\*\*\*@host/db"),
        ("postgresql://me:s3cret@host:54x/db", "cannot be read as the address of a database"),
        ("s3cret", "cannot be read as the address of a database"),
        ("postgresql:///s3cret", "must be the address of a PostgreSQL database"),
        ("postgres://me:s3cret@host/db?sslmode=maybe", "holds sslmode=maybe, which is not understood"),
        ("postgres://me:s3cret@host/db?pool=3", "holds the option pool, which is not understood"),
        ("postgres://me:s3cret@host/db?sslmode=verify-full&sslrootcert=absent.pem", "sslrootcert .* cannot be read"),
    ],
)
def test_unusable_address_is_told_without_its_password(tmp_path: Path, url: str, told: str):
    with pytest.raises(StoreError, match=told) as raised:
        database.engine(Settings(home=tmp_path, store_url=url))
    assert "me:s3cret" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_server_that_is_not_there_is_told_without_its_password(tmp_path: Path):
    engine = database.engine(Settings(home=tmp_path, store_url="postgres://me:s3cret@127.0.0.1:9/db"))
    try:
        with pytest.raises(StoreError, match=r"postgresql://me:\*\*\*@127\.0\.0\.1:9/db.*Start the database") as told:
            verify_record(engine)
    finally:
        engine.dispose()
    assert "s3cret" not in str(told.value)


def test_driver_that_is_not_installed_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pg8000", None)
    with pytest.raises(StoreError, match=r'pip install "pg8000>=1\.31"'):
        database.engine(Settings(home=tmp_path, store_url="postgres://me:s3cret@host/db"))


@pytest.mark.postgres
def test_wrong_password_is_told_and_not_shown(server: postgres.Server, tmp_path: Path):
    engine = database.engine(Settings(home=tmp_path, store_url=server.url("wr0ng", "postgres")))
    try:
        with pytest.raises(
            StoreError, match=r'password authentication failed for user "keeper"\. Check the user'
        ) as told:
            verify_record(engine)
    finally:
        engine.dispose()
    assert "wr0ng" not in str(told.value)


def test_home_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be made: .* Set WHATIF_HOME"):
        database.engine(Settings(home=tmp_path / "file" / "home"))


def test_file_that_is_no_database_is_told(tmp_path: Path):
    (tmp_path / database.FILE).write_text("no database " * 1000)
    engine = database.engine(Settings(home=tmp_path))
    with pytest.raises(StoreError, match="file is not a database"):
        verify_record(engine)
    engine.dispose()
