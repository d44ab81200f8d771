"""Scenarios under a name: every version kept, nothing overwritten unknowingly, nobody approves their own."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import given
from sqlalchemy import text

from data.errors import BadInput
from model.errors import Forbidden, StoreError
from model.record import database, migrations
from model.record.scenarios import SavedMeanwhile, ScenarioStore, fresh_id
from model.record.trail import Audit, recent
from model.record.verify import verify_record
from model.security.people import Person
from model.settings import Settings
from model.whatif.saved import SavedScenario, below, in_force, on_top, stacked
from tests.support import postgres
from tests.support.recording import entry
from tests.support.records import stresses

ADA, BEN, EVE = Person("Ada", "analyst"), Person("Ben", "analyst"), Person("Eve", "admin")
VIEWER = Person("Vera", "viewer")


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.server() as started:
        yield started


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def configured(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty database."""
    url = request.getfixturevalue("server").url() if request.param == "postgres" else None
    return Settings(home=tmp_path, store_url=url)


@pytest.fixture
def store(configured: Settings) -> Iterator[ScenarioStore]:
    made = database.engine(configured)
    yield ScenarioStore(made)
    made.dispose()


def draft(name: str = "Board's base", **more) -> SavedScenario:
    given = {"book": "cards", "subject": "book", "query": (("unemployment", "3"),), "owner": "Ada"}
    return SavedScenario(name, **(given | more))


def again(settings: Settings) -> ScenarioStore:
    """The store after a restart."""
    return ScenarioStore(database.engine(settings))


# ---- kept -----------------------------------------------------------------------------------------------------------


def test_scenario_is_there_again_after_a_restart_with_every_version(store: ScenarioStore, configured: Settings):
    numbers = (("loss", 0.1 + 0.2), ("capital", 1e-300))
    kept = store.save(
        draft(
            note="Höhe\nzwei: NT$\N{NO-BREAK SPACE}465\N{NO-BREAK SPACE}m",
            tags=("board", "2026"),
            numbers=numbers,
            release="ab12",
        ),
        ADA,
    )
    later = store.save(replace(kept, query=(("unemployment", "4"),)), BEN)
    store.engine.dispose()
    found = again(configured)
    assert found.find(kept.id) == later == found.named("cards", " board's  BASE ")
    assert (later.version, later.changed_by, later.numbers) == (2, "Ben", numbers)
    assert [(each.what, each.who, each.scenario) for each in found.history(kept.id)] == [
        ("saved", "Ben", later),
        ("saved", "Ada", kept),
    ]
    assert found.listed("cards") == [later]
    assert found.listed("small_business") == []
    found.engine.dispose()


def test_second_of_two_writers_is_told_what_the_first_changed_and_overwrites_knowingly(store: ScenarioStore):
    opened = store.save(draft(), ADA)
    store.save(replace(opened, note="for the board", query=(("unemployment", "4"),)), BEN)
    mine = replace(opened, query=(("unemployment", "5"),))
    with pytest.raises(SavedMeanwhile, match=r"Ben saved version 2 .* changed its note and what it assumes") as told:
        store.save(mine, ADA)
    assert (told.value.theirs.query, told.value.changed) == ((("unemployment", "4"),), ("note", "query"))
    assert store.find(opened.id).version == 2
    with pytest.raises(SavedMeanwhile):
        store.save(mine, ADA, overwrite=3)  # not the one that was told
    assert store.save(mine, ADA, overwrite=2).query == (("unemployment", "5"),)
    assert [each.what for each in store.history(opened.id)] == ["overwritten", "saved", "saved"]
    copy = store.save(replace(mine, name="Mine", id="", version=0), ADA)
    assert (copy.version, copy.id != opened.id) == (1, True)


def test_of_many_writers_at_once_one_wins_and_nobody_is_lost_unknowingly(configured: Settings):
    first = again(configured)
    opened, results = first.save(draft(), ADA), []

    def write(number: int) -> None:
        own = again(configured)
        try:
            results.append(own.save(replace(opened, note=f"{number}"), BEN))
        except SavedMeanwhile as error:
            results.append(error)
        own.engine.dispose()

    threads = [threading.Thread(target=write, args=(k,)) for k in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(isinstance(each, SavedMeanwhile) for each in results) == [False, True, True, True]
    assert len(first.history(opened.id)) == 2
    first.engine.dispose()


def test_name_stands_once_a_book_whatever_its_case_until_it_is_archived(store: ScenarioStore):
    kept = store.save(draft(), ADA)
    with pytest.raises(BadInput, match="Another scenario of this book is called “BOARD'S base”"):
        store.save(draft("BOARD'S base"), BEN)
    store.save(draft(book="small_business"), BEN)
    with pytest.raises(Forbidden, match="is Ada's"):
        store.archive(kept.id, 1, BEN)
    archived = store.archive(kept.id, 1, ADA)
    assert store.listed("cards") == []
    assert store.listed("cards", archived=True) == [archived]
    other = store.save(draft(), BEN)
    assert store.named("cards", "Board's base").id == other.id
    with pytest.raises(BadInput, match="Another scenario of this book"):
        store.restore(kept.id, EVE)
    store.save(replace(other, name="Another"), BEN)
    assert store.restore(kept.id, EVE).state == "draft"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": " "}, "name takes 1 to 100 printable characters; ' ' was given"),
        ({"name": "x" * 101}, "101 were given"),
        ({"name": "a\x00b"}, "printable"),
        ({"note": "x" * 2001}, "A note takes 0 to 2,000"),
        ({"tags": ("a,b",)}, "no comma"),
        ({"tags": tuple("abcdefghijklm")}, "12 tags; 13 were given"),
        ({"subject": "weather"}, "'weather' was given"),
        ({"query": tuple((f"n{k}", "1") for k in range(401))}, "may assume 400 things"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(changed: dict, told: str):
    with pytest.raises(BadInput, match=told):
        draft(**{"name": "A", **changed} if "name" in changed else changed)


def test_several_are_kept_together_or_none_of_them(store: ScenarioStore):
    store.save(draft("Taken"), ADA)
    base = replace(draft("New base"), id=fresh_id())
    variant = replace(draft("Variant", stands_on=base.id), id=fresh_id())
    with pytest.raises(BadInput, match="Another scenario of this book is called “Taken”"):
        store.save_together([base, variant, replace(draft("Taken"), id=fresh_id())], BEN)
    assert [each.name for each in store.listed(archived=True)] == ["Taken"]
    with pytest.raises(StoreError, match="no saved scenario"):
        store.history(base.id)
    with pytest.raises(StoreError, match="no saved scenario"):
        store.save_together([variant, base], BEN)
    with pytest.raises(Forbidden):
        store.save_together([base], VIEWER)
    assert [each.name for each in store.listed()] == ["Taken"]
    kept = store.save_together([base, variant], BEN)
    assert [(each.id, each.version, each.changed_by) for each in kept] == [(base.id, 1, "Ben"), (variant.id, 1, "Ben")]
    assert [store.find(each.id) for each in kept] == kept
    assert [each.what for each in store.history(variant.id)] == ["imported"]


# ---- who may, and sign-off ------------------------------------------------------------------------------------------


def test_viewer_reads_and_changes_nothing(store: ScenarioStore):
    kept = store.save(draft(), ADA)
    for work in (
        lambda: store.save(draft("Other"), VIEWER),
        lambda: store.clone(kept.id, "Other", VIEWER),
        lambda: store.submit(kept, VIEWER),
        lambda: store.review(kept.id, 1, person=VIEWER, approve=True, word="yes"),
        lambda: store.archive(kept.id, 1, VIEWER),
    ):
        with pytest.raises(Forbidden, match="Vera has the role viewer"):
            work()
    assert store.listed("cards") == [kept]


def test_signed_scenario_was_submitted_by_its_owner_and_approved_by_somebody_without_a_hand_in_it(store: ScenarioStore):
    kept = store.save(replace(store.save(draft(), ADA), note="better"), BEN)
    with pytest.raises(Forbidden, match="its owner submits it"):
        store.submit(kept, BEN)
    handed = store.submit(replace(kept, numbers=(("loss", 1.5),), release="ab12"), ADA)
    assert (handed.state, handed.submitted_by, handed.numbers) == ("submitted", "Ada", (("loss", 1.5),))
    for author in (ADA, BEN, Person("ADA", "admin")):
        with pytest.raises(Forbidden, match="nobody approves their own"):
            store.review(kept.id, handed.version, person=author, approve=True, word="fine")
    with pytest.raises(BadInput, match="can no longer be changed"):
        store.save(replace(handed, note="sneaked in"), ADA)
    with pytest.raises(BadInput, match="needs a word"):
        store.review(kept.id, handed.version, person=EVE, approve=True, word="  ")
    back = store.review(kept.id, handed.version, person=EVE, approve=False, word="LGD too low")
    assert (back.state, back.word) == ("draft", "LGD too low")
    handed = store.submit(store.save(replace(back, note="LGD 90"), ADA), ADA)
    signed = store.review(kept.id, handed.version, person=EVE, approve=True, word="agreed")
    assert (signed.state, signed.reviewed_by, signed.word) == ("signed", "Eve", "agreed")
    for work in (
        lambda: store.save(replace(signed, note="x"), EVE),
        lambda: store.save(replace(signed, state="draft"), EVE),
        lambda: store.submit(signed, ADA),
        lambda: store.review(kept.id, signed.version, person=EVE, approve=False, word="no"),
    ):
        with pytest.raises(BadInput):
            work()
    copy = store.clone(kept.id, "Next year", BEN)
    assert (copy.state, copy.owner, copy.reviewed_by, copy.word) == ("draft", "Ben", "", "")
    assert store.restore(store.archive(kept.id, signed.version, ADA).id, ADA).state == "signed"
    with pytest.raises(BadInput, match="is signed, not submitted"):
        store.review(kept.id, store.find(kept.id).version, person=EVE, approve=True, word="again")


def test_only_its_owner_or_an_admin_gives_a_scenario_away(store: ScenarioStore):
    kept = store.save(draft(), ADA)
    with pytest.raises(Forbidden, match="is Ada's"):
        store.save(replace(kept, owner="Ben"), BEN)
    given_away = store.save(replace(kept, owner="Ben"), ADA)
    handed = store.submit(given_away, BEN)
    with pytest.raises(Forbidden, match="nobody approves their own"):
        store.review(kept.id, handed.version, person=ADA, approve=True, word="mine, once")


# ---- on top of another ----------------------------------------------------------------------------------------------


def test_variant_follows_its_base_unless_frozen_and_never_in_a_circle(store: ScenarioStore, book):
    base = store.save(draft(query=(("unemployment", "3"), ("lgd", "0.7"))), ADA)
    on = draft("Variant").assuming(book, {"unemployment": "5", "lgd": "0.7"}, dict(base.query))
    variant = store.save(replace(on, stands_on=base.id), ADA)
    assert variant.own == (("unemployment", "5"),)
    frozen = store.save(replace(variant, name="Frozen", id="", version=0, follows=False), ADA)
    base = store.save(replace(base, query=(("unemployment", "1"), ("lgd", "0.9"))), ADA)
    assert in_force(variant, book, store.find)[0] == {"unemployment": "5", "lgd": "0.9"}
    assert in_force(frozen, book, store.find)[0] == {"unemployment": "5", "lgd": "0.7"}
    third = store.save(replace(variant, name="Third", id="", version=0, stands_on=variant.id), ADA)
    assert [each.name for each in below(third, store.find)] == ["Variant", "Board's base"]
    with pytest.raises(BadInput, match=r"would stand on itself, by way of “Variant”"):
        store.save(replace(base, stands_on=third.id), ADA)
    with pytest.raises(BadInput, match="would stand on itself"):
        store.save(replace(base, stands_on=base.id), ADA)
    with pytest.raises(BadInput, match="is about policy and cannot stand on “Board's base”, which is about book"):
        store.save(draft("Cut", subject="policy", query=(), stands_on=base.id), ADA)
    with pytest.raises(StoreError, match="no saved scenario 'nowhere'"):
        store.save(replace(variant, stands_on="nowhere"), ADA)
    deep = third
    for k in range(6):
        deep = store.save(replace(variant, name=f"Deep {k}", id="", version=0, stands_on=deep.id), ADA)
    with pytest.raises(BadInput, match="At most 8 scenarios may stand on each other"):
        store.save(replace(variant, name="Too deep", id="", version=0, stands_on=deep.id), ADA)


@given(stresses(), stresses())
def test_what_stands_on_another_and_its_own_part_give_the_whole_again(book, base, whole):
    below_it, query = base.to_query(), whole.to_query()
    own = on_top("book", book, below_it, query)
    found, complaints = stacked("book", book, below_it, own)
    assert found == query
    assert complaints == []
    assert on_top("book", book, query, query) == {}


def test_part_that_means_nothing_any_more_is_left_out_of_a_variant_and_told(book):
    found, complaints = stacked("book", book, {"lgd": "0.7"}, {"gone": "1", "unemployment": "99"})
    assert found == {"lgd": "0.7"}
    assert ["gone" in complaints[0], "Unemployment" in complaints[1]] == [True, True]
    assert stacked("policy", book, {"cutoff": "500"}, {"apr": "0.25"})[0] == {"cutoff": "500", "apr": "0.25"}
    assert stacked("customer", book, {"customer": "7", "lgd": "0.7"}, {"lgd": ""})[0] == {"customer": "7"}


# ---- tables ---------------------------------------------------------------------------------------------------------


def test_database_of_before_opens_and_its_record_stays_as_it_is(store: ScenarioStore, configured: Settings):
    with Audit(store.engine) as audit:
        audit.record(entry())
    with database.reading(store.engine) as connection:
        assert migrations.revision(connection) == ""
    kept = store.save(draft(), ADA)
    assert verify_record(store.engine, None).ok
    assert len(recent(store.engine)) == 1
    with database.reading(store.engine) as connection:
        assert migrations.revision(connection) == migrations.LATEST
    assert store.find(kept.id) == kept


def test_steps_are_those_that_there_are():
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [migrations.LATEST]
    assert tuple(sorted(each.revision for each in script.walk_revisions())) == migrations.KNOWN


def test_several_processes_make_the_tables_once(configured: Settings):
    found: list[object] = []

    def read() -> None:
        own = again(configured)
        try:
            found.append(own.listed())
        except Exception as error:
            found.append(error)
        own.engine.dispose()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [[]] * 4


def test_database_of_a_newer_version_and_a_row_that_was_tampered_with_are_told(tmp_path: Path):
    store = again(Settings(home=tmp_path))
    kept = store.save(draft(), ADA)
    with closing(sqlite3.connect(tmp_path / database.FILE)) as connection:
        connection.execute("UPDATE scenario SET content = '{\"name\": 3}'")
        connection.commit()
    with pytest.raises(StoreError, match=f"The saved scenario {kept.id} cannot be read"):
        store.listed()
    with database.writing(store.engine) as opened:
        opened.execute(text(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(StoreError, match="a newer version of this product"):
        store.listed()
    store.engine.dispose()
