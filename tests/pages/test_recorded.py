"""What-ifs that visitors settle on are on record, once, and can be done again."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from model.api import process
from model.api.process import running
from model.errors import StoreError
from model.record import settled
from model.record.replay import replay
from model.record.trail import Audit, Entry, find, recent
from model.release.release import Release
from model.release.store import Store
from model.security.people import Person
from tests.pages.conftest import Open, shown
from tests.support.records import CONTRACT

STANDS = 0.2  # seconds
PAGES = {
    "whatif:customer": ("applicant", {"customer": 12345, "balances": -20}),
    "whatif:book": ("book", {"balances": 20}),
    "whatif:policy": ("policy", {"cutoff": 540}),
}


@pytest.fixture(autouse=True)
def _own_record(open_app: Open, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home and a record of the test's own, and what-ifs that soon count as settled on."""
    for each in own_home.glob("record.sqlite*"):  # what tests on the shared home left
        each.unlink()
    monkeypatch.setenv("WHATIF_HOME", str(own_home))
    monkeypatch.setattr(settled.WhatIfRecorder.__init__, "__defaults__", (STANDS,))
    yield
    process.close()


def calls() -> list[Entry]:
    """What is on record, the oldest first."""
    engine = running().engine
    return [find(engine, each.id) for each in reversed(recent(engine))]


def until(what: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait for something to come true."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if what():
            return
        pause.wait(0.02)
    raise AssertionError("It did not come true in time.")


def stood(count: int = 1) -> list[Entry]:
    """What is on record once so many what-ifs are and whatever else was looked at has stood too."""
    until(lambda: len(calls()) >= count)
    own = running().settled
    assert own is not None
    until(lambda: not own._latest)
    return calls()


def test_what_stands_side_by_side_is_on_record_each_as_its_own_page_has_it(open_app: Open, own_home: Path) -> None:
    store = Store(own_home, "cards")
    open_app("compare", of="policy", **{"1": "Today's", "2.cutoff": "540", "2.under.balances": "20"})
    found = stood(2)
    assert [each.kind for each in found] == ["whatif:policy"] * 2
    assert {each.detail["address"].get("cutoff", "") for each in found} == {"", "540"}
    assert all(replay(each, store).same for each in found)


@pytest.mark.parametrize("kind", PAGES)
def test_what_stands_is_on_record_with_all_that_it_takes(open_app: Open, release: Release, kind: str) -> None:
    page, assumed = PAGES[kind]
    open_app(page, **assumed)
    (entry,) = stood()
    assert (entry.kind, entry.who, entry.via, entry.book) == (kind, "local user", "page", "cards")
    assert (entry.release, entry.contract_sha256) == (release.id, release.contract.hash)
    assert entry.detail["address"] == {name: str(value) for name, value in assumed.items()}
    assert entry.duration_ms > 0
    assert all(np.isfinite(each).all() for each in entry.outputs.values())
    assert entry.inputs.shape == ((len(CONTRACT.record), 1) if kind == "whatif:customer" else (0, 0))
    if kind != "whatif:customer":
        assert entry.detail["day"] == date.today().isoformat()


@pytest.mark.parametrize("kind", PAGES)
def test_what_is_on_record_is_what_was_shown_and_replays_to_the_same_numbers(
    open_app: Open, own_home: Path, kind: str
) -> None:
    page, assumed = PAGES[kind]
    at = open_app(page, **assumed)
    (entry,) = stood()
    told, value = {
        "whatif:customer": (f"PD, {CONTRACT.book.pd_horizon}", lambda out: f"{100 * out['pd'][0]:.1f}"),
        "whatif:book": ("Capital", lambda out: f"{out['capital'][0] / 1e6:.0f}"),
        "whatif:policy": ("Approval rate", lambda out: f"{100 * out['approved'][0] / out['customers'][0]:.1f}"),
    }[kind]
    assert value(entry.outputs) in shown(at, told).replace(",", "")
    found = replay(entry, Store(own_home, "cards"))
    assert found.same, found.words


def test_the_edited_record_is_what_was_scored(open_app: Open, release: Release) -> None:
    open_app("applicant", customer=12345, balances=-20)
    (entry,) = stood()
    margin = release.scorer.margins(entry.inputs)
    assert entry.outputs["pd"] == pytest.approx(1 / (1 + np.exp(-margin)), rel=1e-14)
    assert set(entry.outputs) == {"pd", "shap_values", "base_value"}
    total = entry.outputs["shap_values"].sum() + entry.outputs["base_value"][0]
    assert total == pytest.approx(margin[0], abs=1e-9)


def test_what_was_passed_through_on_the_way_is_not_recorded(open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled.WhatIfRecorder.__init__, "__defaults__", (30.0,))
    at = open_app("applicant", customer=12345)
    for value in (-5.0, -10.0, -15.0):
        at.slider(key="customer.balances").set_value(value).run()
    process.close()  # what is looked at now counts as settled on
    (entry,) = calls()
    assert entry.detail["address"] == {"customer": "12345", "balances": "-15"}


def test_drawing_the_same_again_is_not_another(open_app: Open) -> None:
    at = open_app("book", balances=20)
    stood()
    at.run()
    at.run()
    open_app("policy", cutoff=540)  # comes after it, so when this is on record that would be too
    assert [each.kind for each in stood(2)] == ["whatif:book", "whatif:policy"]


def test_going_elsewhere_and_standing_there_is_another(open_app: Open) -> None:
    at = open_app("applicant", customer=12345)
    stood()
    at.slider(key="customer.balances").set_value(-20.0).run()
    assert [each.detail["address"].get("balances") for each in stood(2)] == [None, "-20"]


@pytest.mark.parametrize("page", ["book", "policy"])
def test_what_nobody_assumed_anything_of_is_no_what_if(open_app: Open, page: str) -> None:
    open_app(page)
    open_app("applicant", customer=12345)
    assert [each.kind for each in stood()] == ["whatif:customer"]


def test_protected_attributes_never_stand_in_a_record(open_app: Open, own_home: Path) -> None:
    for page, assumed in PAGES.values():
        open_app(page, **assumed)
    protected = {field.name for field in CONTRACT.protected()}
    assert protected
    for entry in stood(3):
        assert protected.isdisjoint([*entry.outputs, *entry.detail, *entry.detail["address"]])
        assert entry.inputs.shape[0] in (0, len(CONTRACT.record))  # the record's fields, of which none is protected
    assert protected.isdisjoint(each.name for each in CONTRACT.record)
    process.close()
    with sqlite3.connect(own_home / "record.sqlite") as raw:
        details = [row[0] for row in raw.execute("SELECT detail FROM audit")]
    raw.close()
    assert len(details) == 3
    assert not [name for name in protected for each in details if f'"{name}"' in each]


def test_with_recording_off_nothing_is_written_and_nothing_warns(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATIF_AUDIT", "off")
    shown_pages = [open_app(page, **assumed) for page, assumed in PAGES.values()]
    assert [each.value for at in shown_pages for each in (*at.warning, *at.error)] == []
    assert running().settled is None
    process.close()
    assert recent(running().engine) == []


def test_two_visitors_do_not_disturb_each_other(open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled.WhatIfRecorder.__init__, "__defaults__", (30.0,))
    one, other = open_app("applicant", customer=12345), open_app("applicant", customer=200)
    one.slider(key="customer.balances").set_value(-20.0).run()
    other.slider(key="customer.balances").set_value(10.0).run()
    process.close()
    found = {each.detail["address"]["customer"]: each.detail["address"]["balances"] for each in calls()}
    assert found == {"12345": "-20", "200": "10"}


def test_what_two_visitors_settle_on_alike_is_on_record_twice(open_app: Open) -> None:
    for _ in range(2):
        open_app("book", balances=20)
    assert [each.kind for each in stood(2)] == ["whatif:book"] * 2


def test_the_name_of_whoever_looks_is_on_record(open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.shared.visitor.current", lambda: Person("ann", "viewer"))
    open_app("book", balances=20)
    assert [each.who for each in stood()] == ["ann"]


@pytest.mark.parametrize("page", ["book", "applicant", "policy", "trust", "operations"])
def test_what_cannot_be_recorded_is_told_on_every_page_and_numbers_stand(
    open_app: Open, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("The disk is full. Make room.")

    monkeypatch.setattr(Audit, "_commit", full)
    open_app("book", balances=20)
    own = running().settled
    assert own is not None
    until(lambda: bool(own.trouble))
    at: AppTest = open_app(page)
    (told,) = [each.value for each in at.warning if "not being recorded" in each.value]
    assert told.startswith("What you look at is not being recorded. ")
    assert "The disk is full. Make room." in told
    assert calls() == []
