"""Which release was the champion when: what a stream decides by, whatever was promoted since."""

import errno
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import ReleaseError
from model.release.register import LEAD, Moved, Register, champion_at

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOVES = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(["a", "b", "c"])), max_size=8)


def moved(second: float, release: str) -> Moved:
    return Moved(START + timedelta(seconds=second), "champion", release, "somebody")


def test_a_moment_is_decided_by_the_champion_of_one_second_before():
    moves = moved(0, "first"), moved(100, "second"), moved(200, "first")
    asked = {-5: "first", 0: "first", 100.5: "first", 101: "second", 199: "second", 200.9: "second", 201: "first"}
    assert {at: champion_at(moves, START + timedelta(seconds=at)) for at in asked} == asked


def test_a_champion_that_the_history_does_not_know_is_champion_since_the_alias_was_written(tmp_path: Path):
    register = Register(tmp_path, "cards")
    register.root.mkdir(parents=True)
    (register.root / "aliases.json").write_text('{"champion": "b"}')
    line = {"at": START.isoformat(), "alias": "champion", "release": "a", "who": "Ana"}
    for history in ("", json.dumps(line) + "\n"):
        (register.root / "history.jsonl").write_text(history)
        moves = register.champions()
        assert [each.release for each in moves] == (["a", "b"] if history else ["b"])
        assert abs((datetime.now(UTC) - moves[-1].at).total_seconds()) < 60


def test_a_move_written_without_a_zone_is_of_utc(tmp_path: Path):
    register = Register(tmp_path, "cards")
    register.root.mkdir(parents=True)
    lines = [
        {"at": at, "alias": "champion", "release": name}
        for at, name in (("2026-03-01T13:00:00", "b"), (START.isoformat(), "a"))
    ]
    (register.root / "history.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    assert [(each.release, each.at.hour) for each in register.champions()] == [("a", 12), ("b", 13)]


def test_a_history_that_cannot_be_read_is_not_taken_for_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    register = Register(tmp_path, "cards")

    def refused(path: Path, **_how: str) -> str:
        raise OSError(errno.EMFILE, "Too many open files", path)

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(ReleaseError, match=r"history\.jsonl of cards cannot be read: Too many open files"):
        register.history()


def test_without_a_champion_nothing_decides():
    assert champion_at((), START) is None


@given(MOVES, MOVES, st.integers(0, 10_000))
def test_what_is_promoted_later_changes_no_decision_of_before(
    before: list[tuple[int, str]], after: list[tuple[int, str]], at: int
):
    known = sorted((moved(second, name) for second, name in before), key=lambda each: each.at)
    at += max((each for each, _ in before), default=0)
    later = sorted((moved(at + second, name) for second, name in after), key=lambda each: each.at)
    both = [*known, *later]
    moment = START + timedelta(seconds=at) + LEAD / 2
    assert not known or champion_at(both, moment) == champion_at(known, moment)
