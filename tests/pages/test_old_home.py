"""A home that an earlier version laid down opens: what is on record stands and can be done again, its releases are
listed and answer, and where a contract's words have changed since, the pages say so until a release is trained anew."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from data import books
from model.__main__ import main
from model.api import process
from model.record.database import engine
from model.record.replay import replay
from model.record.trail import Entry, find, recent
from model.record.verify import verify_record
from model.release.store import Store
from model.report.numbers import NBSP, Unit
from model.settings import Settings
from tests.pages.conftest import Open, markup, opened, shown
from tests.support import old_home
from tests.support.old_home import FIRST, KINDS, SECOND
from tests.support.second_book import NAME, TITLE

PAGES = {"whatif:customer": "applicant", "whatif:book": "book", "whatif:policy": "policy"}


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    place = old_home.lay_down(tmp_path / "home")
    monkeypatch.setenv("WHATIF_HOME", str(place))
    monkeypatch.setenv("WHATIF_BOOK", NAME)
    yield place
    process.close()


@pytest.fixture
def record(old: Path) -> Iterator[Engine]:
    found = engine(Settings(home=old))
    yield found
    found.dispose()


@pytest.fixture
def open_old(open_app: Open, old: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """As `open_app`, on the old home."""
    monkeypatch.setenv("WHATIF_HOME", str(old))
    return open_app


def calls(record: Engine) -> list[Entry]:
    """What is on record, the oldest first."""
    return [find(record, each.id) for each in reversed(recent(record))]


def command(*words: str) -> dict[str, object]:
    """What a command answers."""
    answer = CliRunner().invoke(main, [*words, "--json"], catch_exceptions=False)
    assert answer.exit_code == 0, answer.stderr
    return dict(json.loads(answer.stdout))


def unhurt(at: AppTest) -> bool:
    """Whether a page stands without a complaint."""
    return not (at.exception or at.error or at.warning)


def test_its_record_is_what_was_written(record: Engine) -> None:
    found = verify_record(record)
    assert (found.ok, found.rows, found.findings) == (True, len(KINDS), ())
    assert command("audit", "verify")["ok"] is True


def test_every_call_is_done_again_by_the_release_that_answered_it(record: Engine, old: Path) -> None:
    entries = calls(record)
    assert tuple(each.kind for each in entries) == KINDS
    assert [each.release for each in entries] == [FIRST, *[SECOND] * 5]
    for entry in entries:
        found = replay(entry, Store(old, NAME))
        assert found.same, found.words


def test_its_releases_are_listed_with_who_promoted_them_and_why(old: Path) -> None:
    store = Store(old, NAME)
    assert store.ids() == [FIRST, SECOND]
    assert store.aliases() == {"champion": SECOND, "previous": FIRST}
    assert store.load().scorer.contract.book.title == TITLE
    assert store.load(FIRST).scorer.contract.book.title == "Loans, made up"
    moved = [(each.alias, each.release, each.who, each.why) for each in store.history()]
    assert ("champion", FIRST, "carol", "The first.") in moved
    assert ("champion", SECOND, "carol", "Its title is another.") in moved
    listed = command("releases", "--book", NAME)["releases"]
    assert isinstance(listed, list)
    assert [(each["release"], each["passed"]) for each in listed] == [(FIRST, True), (SECOND, True)]


@pytest.mark.parametrize("page", ["book", "applicant", "policy", "trust", "operations"])
def test_every_page_opens_on_its_champion(open_old: Open, page: str) -> None:
    at = open_old(page, **({"customer": 3} if page == "applicant" else {}))
    assert unhurt(at)
    assert f"model {SECOND[:6]} live" in markup(at)
    assert "wi-number" in markup(at)


@pytest.mark.parametrize("kind", PAGES)
def test_an_address_kept_since_shows_the_numbers_on_record(open_old: Open, record: Engine, kind: str) -> None:
    (entry,) = (each for each in calls(record) if each.kind == kind)
    at = open_old(PAGES[kind], **entry.detail["address"])
    assert unhurt(at)
    label, value = {
        "whatif:customer": ("PD, one year", lambda out: f"{100 * out['pd'][0]:.1f}{NBSP}%"),
        "whatif:book": ("Expected loss", lambda out: Unit.of(out["loss"][0]).text(out["loss"][0], "US$")),
        "whatif:policy": (
            "Approval rate",
            lambda out: f"{100 * out['approved'][0] / out['customers'][0]:.1f}{NBSP}%",
        ),
    }[kind]
    assert shown(at, label) == value(entry.outputs)


def test_operations_lists_its_releases_and_calls_and_does_one_again(open_old: Open, record: Engine) -> None:
    at = opened(opened(open_old("operations"), "_challenger"), "_calls")
    assert unhurt(at)
    releases, listed = (
        next(each.value for each in at.dataframe if column in each.value) for column in ("Release", "Call")
    )
    assert {FIRST[:6], SECOND[:6]} == {str(each)[:6] for each in releases["Release"]}
    assert set(listed["Call"]) == {each.id for each in calls(record)}
    at.button(key="_replay").click().run()
    assert "gives the same numbers" in at.success[0].value


def test_a_contract_with_other_words_keeps_its_release_and_one_of_another_substance_not(
    open_old: Open, old: Path, record: Engine
) -> None:
    contract = books.folder(NAME, old) / "contract.toml"
    contract.write_text(contract.read_text().replace("Share still owed", "Share that is still owed"))
    at = open_old()
    assert unhurt(at)
    assert f"model {SECOND[:6]} live" in markup(at)
    contract.write_text(contract.read_text().replace('version = "', 'version = "9.', 1))
    at = open_old()
    assert f"Release {SECOND} was trained on another snapshot or contract of {NAME}" in at.error[0].value
    assert "wi-number" not in markup(at)
    told = open_old("operations")
    assert f"No model of “{TITLE}” is deployed that belongs to it." in markup(told)
    assert len(next(each.value for each in told.dataframe if "Release" in each.value)) == 2
    store = Store(old, NAME)
    anew = store.promote(store.train().id, who="carol", why="The contract has changed.")
    assert anew not in (FIRST, SECOND)
    at = open_old()
    assert unhurt(at)
    assert f"model {anew[:6]} live" in markup(at)
    assert verify_record(record).ok
    for entry in calls(record)[:4]:  # of the whole book another contract cannot be asked
        assert replay(entry, store).same
