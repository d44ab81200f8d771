"""A disk without room: whoever asks is told, nothing is half done, nobody sees a traceback, and it goes on again."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.api import status
from model.release import disk
from model.report.operations import words
from model.settings import Settings
from tests.support.forging import twin
from tests.support.full_disk import full_disk, no_room
from tests.support.inside import Served, told

WHY = {"why": "Newer data"}


@pytest.fixture
def served(own_home: Path) -> Served:
    """The service, with the token of its administrator."""
    made = Served(own_home)
    assert made.change("/releases/nothing/promote", **WHY).status_code == 404
    return made


@pytest.mark.parametrize("what", ["promote", "rollback"])
def test_an_alias_that_cannot_be_moved_is_told_and_moves_not_at_all(what: str, served: Served):
    store = served.running.service.store
    other = twin(store)
    if what == "rollback":
        store.promote(other, "champion", "risk-office", "Newer data")
    path = "/rollback" if what == "rollback" else f"/releases/{other}/promote"
    before = {each.name: each.read_bytes() for each in store.root.iterdir() if each.is_file()}
    with full_disk():
        answer = served.change(path, **WHY)
    assert "There is no room left" in told(answer, 503)
    assert answer.json()["code"] == "STORE_ERROR"
    after = {each.name: each.read_bytes() for each in store.root.iterdir() if each.is_file()}
    assert {name: held for name, held in after.items() if held} == {name: held for name, held in before.items() if held}
    assert served.change(path, **WHY).status_code == 200


def test_a_history_that_can_be_written_in_part_only_is_put_back(served: Served, monkeypatch: pytest.MonkeyPatch):
    """The disk fills up between the first byte of a line and its last."""
    import resource

    store = served.running.service.store
    other, history = twin(store), store.root / "history.jsonl"
    store.promote(other, "challenger", "risk-office", "Newer data")
    before, aliases = history.read_bytes(), store.aliases()
    soft, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert len(before) > len((store.root / "aliases.json").read_bytes())
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, most))
    try:
        with pytest.raises(OSError, match="too large"):
            store.promote(other, "champion", "risk-office", "Newer data")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, most))
    assert (history.read_bytes(), store.aliases()) == (before, aliases)


@pytest.mark.parametrize("path", ["/v2/health/ready", "/v2/models/credit/ready", "/ping"])
def test_the_service_says_that_it_is_not_ready_while_there_is_no_room(path: str, served: Served):
    with full_disk():
        assert "There is no room left" in told(served.client.get(path), 503)
        assert served.client.get("/v2/health/live").json() == {"live": True}
    assert served.client.get(path).json()["ready"] is True


def test_nothing_is_answered_that_cannot_be_recorded_for_want_of_room(
    served: Served, rows: list[list[float]], request_of: Callable[..., dict[str, Any]]
):
    with full_disk():
        answer = served.infer(request_of(rows))
    assert answer.json()["code"] == "STORE_ERROR"
    assert told(answer, 503)
    assert served.infer(request_of(rows)).status_code == 200


def test_operations_says_that_there_is_no_room(own_home: Path):
    using = Settings(home=own_home)
    assert status.record_state(using).trouble == ""
    with full_disk():
        check = words.recording(status.record_state(using))
    assert check.state == "failed"
    assert "There is no room left" in check.found
    assert words.recording(status.record_state(using)).found == "calls and what-ifs are being recorded"


def test_a_home_that_is_only_read_is_no_trouble_where_the_record_lies_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import errno

    monkeypatch.setattr(disk, "_try", lambda folder: errno.EROFS)
    monkeypatch.setattr(disk, "_found", {})
    assert "nothing can be written" in status.room_trouble(Settings(home=tmp_path))
    assert status.room_trouble(Settings(home=tmp_path, audit=False)) == ""
    assert status.room_trouble(Settings(home=tmp_path, store_url="postgresql://a@b/c")) == ""


def test_who_asks_all_the_time_has_it_tried_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tried: list[Path] = []
    monkeypatch.setattr(disk, "_try", lambda folder: len(tried.append(folder) or "") or 0)
    monkeypatch.setattr(disk, "_found", {})
    monkeypatch.setattr(disk, "FRESH", 3600.0)
    assert {disk.write_trouble(tmp_path) for _ in range(50)} == {""}
    assert len(tried) == 1


COMMANDS = {
    "init": ["init", "loans.csv", "--target", "bad"],
    "token create": ["token", "create", "branch", "--scope", "score"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_line_says_it_in_a_sentence(command: str, tmp_path: Path):
    rows = "\n".join(f"{k},{k % 7},{k * 37 % 101},{int(k % 7 == 0)}" for k in range(400))
    (tmp_path / "loans.csv").write_text(f"id,grade,amount,bad\n{rows}\n")
    (tmp_path / "home").mkdir()
    ran = subprocess.run(
        [sys.executable, "-B", "-m", "model", *COMMANDS[command]],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path.cwd()), "WHATIF_HOME": str(tmp_path / "home")},
        preexec_fn=no_room,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2, ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Error: " in ran.stderr
    assert "too large" in ran.stderr or "no room" in ran.stderr
