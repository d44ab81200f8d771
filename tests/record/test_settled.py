"""What-ifs that stood for a while are on record, once each; stops on the way are not."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from model.errors import StoreError
from model.record import settled as module
from model.record.database import engine
from model.record.settled import WhatIfRecorder
from model.record.trail import Audit, Entry, recent
from model.settings import Settings


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """A record, what settles into it, and a clock; `later` returns when everything due is on record."""

    def __init__(self, home: Path, clock: Clock) -> None:
        self.clock = clock
        self.engine = engine(Settings(home=home))
        self.audit = Audit(self.engine)
        self.settled = WhatIfRecorder(self.audit, stands=3.0)

    def look(self, sign: str, visitor: str = "anna", kind: str = "whatif:book") -> None:
        """A visitor looks at something."""
        entry = Entry(
            kind=kind,
            who=visitor,
            via="page",
            book="cards",
            release="r",
            contract_sha256="c",
            inputs=np.empty((0, 0)),
            outputs={},
            duration_ms=1,
            detail={"sign": sign},
        )
        self.settled.note(visitor, entry, sign)

    def later(self, seconds: float) -> None:
        """Time passes, and what has stood long enough by then is recorded."""
        self.clock.now += seconds
        due = [each for each in self.settled._latest.values() if each.since + self.settled.stands <= self.clock.now]
        with self.settled._changed:
            self.settled._changed.notify()
        for each in due:
            assert done(lambda each=each: self.settled.trouble or each.entry.id in self.ids())  # type: ignore[misc]

    def ids(self) -> set[str]:
        """What is on record."""
        return {each.id for each in recent(self.engine)}

    def recorded(self) -> list[tuple[str, str]]:
        """Who looked at which kind, in order."""
        return [(each.who, each.kind) for each in reversed(recent(self.engine))]

    def close(self) -> None:
        """Let go of everything."""
        self.settled.close()
        self.audit.close()
        self.engine.dispose()


def done(what: Callable[[], object], seconds: float = 120.0) -> bool:
    """Whether something comes true in time."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if what():
            return True
        pause.wait(0.01)
    return False


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk with nothing on record."""
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    made = Desk(tmp_path, clock)
    yield made
    made.close()


def test_what_stands_is_recorded_and_a_stop_on_the_way_is_not(desk: Desk):
    for sign in ("a", "b", "c"):
        desk.look(sign)
        desk.later(1)
    assert desk.recorded() == []
    desk.later(2)
    assert desk.recorded() == [("anna", "whatif:book")]


def test_drawing_the_same_again_neither_restarts_the_time_nor_adds_a_row(desk: Desk):
    desk.look("a")
    desk.later(2)
    desk.look("a")
    desk.later(1)
    assert len(desk.recorded()) == 1
    desk.look("a")
    desk.later(10)
    assert len(desk.recorded()) == 1


def test_coming_back_to_what_is_on_record_adds_no_row(desk: Desk):
    desk.look("a")
    desk.later(3)
    desk.look("b")
    desk.later(1)
    desk.look("a")
    desk.later(10)
    assert len(desk.recorded()) == 1


def test_coming_back_after_something_else_stood_is_another(desk: Desk):
    for sign in ("a", "b", "a"):
        desk.look(sign)
        desk.later(3)
    assert len(desk.recorded()) == 3


def test_visitors_and_kinds_do_not_disturb_each_other(desk: Desk):
    desk.look("a")
    desk.look("a", kind="whatif:customer")
    desk.look("a", visitor="bob")
    desk.later(3)
    assert sorted(desk.recorded()) == [("anna", "whatif:book"), ("anna", "whatif:customer"), ("bob", "whatif:book")]


def test_what_is_looked_at_when_the_process_ends_is_recorded(desk: Desk):
    desk.look("a")
    desk.settled.close()
    assert desk.recorded() == [("anna", "whatif:book")]


def test_what_could_not_be_recorded_is_told_and_tried_again_when_looked_at(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    def full(_entry: Entry) -> str:
        raise StoreError("no space left")

    monkeypatch.setattr(desk.audit, "record", full)
    desk.look("a")
    desk.later(3)
    assert "no space" in desk.settled.trouble
    assert done(lambda: ("anna", "whatif:book") not in desk.settled._recorded)
    monkeypatch.undo()
    monkeypatch.setattr(module, "monotonic", desk.clock)
    desk.look("a")
    desk.settled.close()
    assert len(desk.recorded()) == 1
    assert desk.settled.trouble == ""


def test_only_so_many_visitors_are_remembered(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "REMEMBERED", 2)
    for visitor in ("anna", "bob", "cleo"):
        desk.look("a", visitor=visitor)
        desk.later(3)
    assert done(lambda: len(desk.settled._recorded) == 2)
