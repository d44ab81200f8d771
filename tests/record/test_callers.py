"""An id is its caller's own: who repeats another's is answered and stands on record under their own name; and what an
earlier version recorded, when one id was one call of anybody's, stays as it was written."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from data.errors import BadInput
from model.__main__ import main
from model.deployed.doctor.kept import record_checks
from model.errors import StoreError
from model.monitoring.live import Call
from model.record import database, schema
from model.record.export import export
from model.record.trail import Audit, find, recent
from model.record.verify import verify_record
from model.report.operations.briefing import call_choice, chosen_call
from model.report.operations.status import RecentCalls, Titled
from model.settings import Settings
from tests.support import old_home, postgres
from tests.support.inside import Served, told
from tests.support.recording import entry

AT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.server() as started:
        yield started


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty record in each database."""
    url = request.getfixturevalue("server").url() if request.param == "postgres" else None
    made = database.engine(Settings(home=tmp_path, store_url=url))
    yield made
    made.dispose()


def asked(who: str, pd: float = 0.25, **more: Any) -> Any:
    """A call of the id that everybody chose."""
    return entry(id="loan-7", given=True, who=who, outputs={"pd": np.array([pd])}, **more)


# ---- what two callers named alike ------------------------------------------------------------------------------------


def test_two_callers_have_a_call_each_of_one_id_whatever_its_figures(engine: Engine):
    with Audit(engine) as writer:
        waiting = [writer.append(asked(who, pd)) for who, pd in (("a", 0.25), ("b", 0.25), ("c", 0.75))]
        assert [each.result() for each in waiting] == ["loan-7"] * 3
        assert writer.record(asked("b")) == "loan-7"  # and each of them may repeat their own
        with pytest.raises(BadInput, match="already used for another request"):
            writer.record(asked("b", 0.75))
    with Audit(engine) as another:
        assert another.record(asked("d")) == another.record(asked("d")) == "loan-7"
    assert sorted((each.id, each.who) for each in recent(engine)) == [("loan-7", who) for who in "abcd"]
    assert [find(engine, "loan-7", who).outputs["pd"].item() for who in "abcd"] == [0.25, 0.25, 0.75, 0.25]
    assert verify_record(engine).ok


def test_a_call_whose_id_several_callers_chose_is_asked_for_with_its_caller(engine: Engine):
    with Audit(engine) as writer:
        for who in ("a", "b"):
            writer.record(asked(who))
        writer.record(entry(id="loan-71", who="a"))
    with pytest.raises(
        StoreError, match=r"Several callers have a call of the id 'loan-7': a, b\. Say whose: --who NAME"
    ):
        find(engine, "loan-7")
    assert find(engine, "loan-71").who == "a"
    assert find(engine, "loan-", "b").id == "loan-7"
    with pytest.raises(StoreError, match=r"The record of nobody has no one call .* there is none"):
        find(engine, "loan-7", "nobody")


def test_calls_of_one_id_and_moment_are_each_exported_once(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(schema, "PAGE", 2)
    callers = [f"caller-{k}" for k in range(5)]
    with Audit(engine) as writer:
        for who in callers:
            writer.record(asked(who, at=AT))
    assert export(engine, tmp_path / "out.jsonl", tmp_path) == 5
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [each["who"] for each in lines] == callers


def test_altered_row_is_named_where_another_caller_has_its_id(engine: Engine):
    with Audit(engine) as writer:
        for who in ("a", "b", "c"):
            writer.record(asked(who))
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_update"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE audit SET who = 'z' WHERE who = 'b'"))
    (finding,) = verify_record(engine).findings
    assert finding.startswith("Row 2 of chain ")


def test_programs_that_choose_one_id_are_each_answered_and_recorded_over_rest(
    own_home: Path, rows: list[list[float]], request_of: Any
):
    served = Served(own_home, tokens=True)
    branch, other = (served.holding("explain", name=name) for name in ("branch", "head-office"))
    body, another = (request_of(rows[k : k + 1], id="loan-7") for k in range(2))
    first, same = served.infer(body, headers=branch), served.infer(body, headers=other)
    assert first.json() == same.json()
    assert told(served.infer(another, headers=other), 400).endswith("was already used for another request. Use a new.")
    third = served.infer(another, headers=served.holding("score", name="third"))
    assert third.status_code == 200
    on_record = recent(served.running.engine)
    assert sorted((each.id, each.who) for each in on_record) == [
        ("loan-7", "branch"),
        ("loan-7", "head-office"),
        ("loan-7", "third"),
    ]
    assert (find(served.running.engine, "loan-7", "third").inputs == np.array(rows[1:2]).T).all()


def test_call_is_chosen_by_its_caller_where_the_page_lists_an_id_twice():
    alike = (("x", "a"), ("loan-7", "a"), ("loan-7", "b"))
    calls = tuple(Call(name, AT, "score", who, "rest", "cards", "0" * 12, 1, 1.0) for name, who in alike)
    found = RecentCalls(calls, {"cards": Titled("Cards", "customer")}, True)
    options = [value for value, _ in call_choice(found).options]
    assert len(set(options)) == 3
    assert options[0] == "x"
    assert [chosen_call(found, each) for each in options] == list(calls)


# ---- what an earlier version recorded --------------------------------------------------------------------------------

BEFORE = {
    "sqlite": (
        "ALTER TABLE audit RENAME TO audit_new",
        "DROP INDEX audit_at",
        """CREATE TABLE audit (id TEXT NOT NULL, chain TEXT NOT NULL, seq BIGINT NOT NULL, at TEXT NOT NULL,
        kind TEXT NOT NULL, who TEXT NOT NULL, via TEXT NOT NULL, book TEXT NOT NULL, release TEXT NOT NULL,
        contract_sha256 TEXT NOT NULL, rows BIGINT NOT NULL, inputs BLOB NOT NULL, outputs BLOB NOT NULL,
        detail TEXT NOT NULL, duration_ms DOUBLE NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL,
        PRIMARY KEY (id), UNIQUE (chain, seq))""",
        "INSERT INTO audit SELECT * FROM audit_new",
        "DROP TABLE audit_new",
        "CREATE INDEX audit_at ON audit (at, id)",
        *schema._SQLITE,
    ),
    "postgresql": (
        "ALTER TABLE audit DROP CONSTRAINT audit_pkey, ADD PRIMARY KEY (id)",
        "DROP INDEX audit_at",
        "CREATE INDEX audit_at ON audit (at, id)",
    ),
}
"""From today's tables to those that versions up to 0.10 made."""


def aged(engine: Engine, *calls: Any) -> list[tuple[Any, ...]]:
    """A record as version 0.10 left it; its rows."""
    with Audit(engine) as writer:
        for each in calls:
            writer.record(each)
    with engine.begin() as connection:
        for statement in BEFORE[engine.dialect.name]:
            connection.execute(text(statement))
    return rows_of(engine)


def rows_of(engine: Engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT * FROM audit ORDER BY chain, seq")).all()]


def test_record_of_an_earlier_version_goes_on_with_every_row_as_it_was_written(engine: Engine, tmp_path: Path):
    before = aged(engine, asked("a"), entry(id="x"), entry(id="y"))
    assert (verify_record(engine).ok, verify_record(engine).rows) == (True, 3)  # it is read as it is
    assert find(engine, "loan-7").who == "a"
    with Audit(engine) as writer:
        assert writer.record(asked("b", 0.75)) == "loan-7"
    with Audit(engine) as writer:  # once made, it stays
        assert writer.record(asked("c")) == "loan-7"
    after = rows_of(engine)
    assert set(before) < set(after)
    assert (verify_record(engine).ok, verify_record(engine).rows, len(after)) == (True, 5, 5)
    for statement in ("UPDATE audit SET who = 'z'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))


def test_several_processes_take_up_a_record_of_an_earlier_version_at_once(engine: Engine):
    aged(engine, *(entry() for _ in range(3)))
    writers = [Audit(engine) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda k: writers[k].record(asked(f"caller-{k}")), range(4))) == {"loan-7"}
    for writer in writers:
        writer.close()
    assert (verify_record(engine).ok, verify_record(engine).rows) == (True, 7)


def tables_said(place: Path) -> str:
    """What the doctor says of the tables of a home."""
    return next(each.found for each in record_checks(Settings(home=place), 0.0)[0] if each.name == "Tables")


def test_home_of_an_earlier_version_takes_an_id_that_another_caller_chose(tmp_path: Path):
    place = old_home.lay_down(tmp_path / "home")
    engine = database.engine(Settings(home=place))
    try:
        first = recent(engine, 100)[-1]
        assert tables_said(place).startswith("Those of the record are of an earlier version")
        with Audit(engine) as writer:
            assert writer.record(entry(id=first.id, given=True, who="another")) == first.id
        assert (verify_record(engine).ok, verify_record(engine).rows) == (True, len(old_home.KINDS) + 1)
        assert "of the record" not in tables_said(place)
    finally:
        engine.dispose()


def test_full_disk_leaves_a_record_of_an_earlier_version_as_it_was(tmp_path: Path):
    engine = database.engine(Settings(home=tmp_path))
    try:
        before = aged(engine, *(entry(inputs=np.random.default_rng(k).random((20, 500))) for k in range(5)))
        with closing(sqlite3.connect(tmp_path / database.FILE)) as other:
            other.execute("VACUUM")
            pages = other.execute("PRAGMA page_count").fetchone()[0]
        with engine.connect() as lent:
            lent.exec_driver_sql(f"PRAGMA max_page_count = {pages + 3}")
        with Audit(engine) as writer, pytest.raises(StoreError, match="full"):
            writer.record(asked("b"))
        assert rows_of(engine) == before
        assert verify_record(engine).ok
    finally:
        engine.dispose()


@pytest.mark.postgres
def test_tables_of_another_user_are_told_with_what_that_user_must_run(server: postgres.Server, tmp_path: Path):
    url = server.url()
    owner = database.engine(Settings(home=tmp_path, store_url=url))
    aged(owner, entry())
    with owner.begin() as connection:
        for statement in (
            "DROP ROLE IF EXISTS clerk",
            "CREATE ROLE clerk LOGIN PASSWORD 'clerk'",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk",
        ):
            connection.execute(text(statement))
    using = Settings(home=tmp_path, store_url=url.replace("keeper:s3cret%2Fword", "clerk:clerk"))
    clerk = database.engine(using)
    try:
        with Audit(clerk) as writer, pytest.raises(StoreError, match=r"Have that user run: ALTER TABLE audit DROP"):
            writer.record(entry())
        stops = [each for each in record_checks(using, 0.0)[0] if each.state == "stops"]
        assert ["another user's" in each.found for each in stops] == [True]
        with owner.begin() as connection:
            for statement in schema.KEYED_ANEW:
                connection.execute(text(statement))
        with Audit(clerk) as writer:
            writer.record(entry())
    finally:
        clerk.dispose()
        owner.dispose()


def test_command_does_the_call_again_of_the_caller_who_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = old_home.lay_down(tmp_path / "home")
    monkeypatch.setenv("WHATIF_HOME", str(place))
    engine = database.engine(Settings(home=place))
    try:
        own = find(engine, recent(engine, 100)[-1].id)
        changes = {name: getattr(own, name) for name in ("kind", "via", "book", "release", "contract_sha256", "inputs")}
        with Audit(engine) as writer:
            writer.record(entry(**changes, id=own.id, who="another", outputs=own.outputs))
    finally:
        engine.dispose()
    refused = CliRunner().invoke(main, ["audit", "replay", own.id])
    assert (refused.exit_code, "Say whose: --who NAME." in refused.stderr) == (2, True)
    done = CliRunner().invoke(main, ["audit", "replay", own.id, "--who", "another", "--json"])
    assert (json.loads(done.stdout)["who"], json.loads(done.stdout)["same"]) == ("another", True)
