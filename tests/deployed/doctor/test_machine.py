"""What the doctor says of the machine, with the faults really there."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from model.deployed.doctor import machine

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
NOBODY = 65534  # root writes wherever it likes


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that this process may read and not write."""
    place = Path(tempfile.mkdtemp())  # not below pytest's own, which nobody else may enter
    place.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    yield place
    if root:
        os.seteuid(0)
    shutil.rmtree(place)


def test_a_home_that_can_be_written_is_well_and_is_made_where_there_is_none(tmp_path: Path):
    found = machine.home_check(tmp_path / "new" / "home")
    assert found.state == "ok"
    assert list((tmp_path / "new" / "home").iterdir()) == []


@pytest.mark.parametrize("below", ["", "new"])
def test_a_read_only_home_stops(read_only: Path, below: str):
    found = machine.home_check(read_only / below)
    assert found.state == "stops"
    assert "cannot be written: Permission denied" in found.found
    assert "WHATIF_HOME" in found.advice
    assert machine.file_clock(read_only, 0.0) is None


def test_a_read_only_home_can_serve_where_a_database_keeps_the_record(read_only: Path):
    found = machine.home_check(read_only, alone=False)
    assert (found.state, "Nothing can be trained" in found.found) == ("warning", True)


def test_no_place_for_temporary_files_stops(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert machine.scratch_check().state == "ok"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    found = machine.scratch_check()
    assert (found.state, "TMPDIR" in found.advice) == ("stops", True)


def test_no_place_for_compiled_look_ups_stops(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert machine.compiled_check().state == "ok"
    nowhere = tmp_path / "file"
    nowhere.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(nowhere))
    code = machine.compiled_check.__code__.replace(co_filename=str(nowhere / "machine.py"))
    monkeypatch.setattr(machine.compiled_check, "__code__", code)
    found = machine.compiled_check()
    assert (found.state, "NUMBA_CACHE_DIR" in found.advice) == ("stops", True)


@pytest.mark.parametrize(("needed", "wanted", "state"), [(0, 0, "ok"), (0, 2**60, "warning"), (2**60, 2**60, "stops")])
def test_a_disk_that_fills_is_told_before_it_is_full(tmp_path: Path, needed: int, wanted: int, state: str):
    found = machine.disk_check(tmp_path / "not" / "there" / "yet", needed, wanted)
    assert found.state == state
    assert found.found.endswith("are free where the home lies.")
    assert ("Make room" in found.advice) is (state != "ok")


@pytest.mark.parametrize(
    ("left", "state"), [(None, "ok"), (4 * machine.GB, "ok"), (500 * machine.MB, "warning"), (machine.MB, "stops")]
)
def test_too_little_memory_is_told(left: int | None, state: str):
    assert machine.memory_check(left).state == state


def test_a_containers_limit_counts_where_it_is_less_than_the_machine_has(tmp_path: Path):
    told = tmp_path / "meminfo"
    told.write_text("MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n")
    assert machine.available_memory(told, tmp_path) == 8_000_000 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert machine.available_memory(told, tmp_path) == 8_000_000 * 1024
    (tmp_path / "memory.max").write_text("3000\n")
    assert machine.available_memory(told, tmp_path) == 2000
    assert machine.available_memory(tmp_path / "absent", tmp_path / "absent") is None


def test_what_is_left_here_can_be_told():
    left = machine.available_memory()
    assert left is None or left > 0


def test_a_clock_before_the_newest_release_stops():
    late = datetime(2099, 1, 1, tzinfo=UTC)
    found = machine.clock_check(NOW, released=late, elsewhere={})
    assert found.state == "stops"
    assert "2026-11-30 12:00 UTC, before the newest release here was made: 2099-01-01" in found.found


@pytest.mark.parametrize(
    ("ahead", "state", "told"),
    [
        (2.0, "ok", "as the server has it"),
        (-60.0, "warning", "the server is 60 s behind"),
        (3600.0, "stops", "the server is 3,600 s ahead of"),
    ],
)
def test_a_clock_that_differs_from_others_is_told(ahead: float, state: str, told: str):
    found = machine.clock_check(NOW, released=None, elsewhere={"the server": ahead, "the file system": 0.1})
    assert found.state == state
    assert told in found.found or told.replace("the server", "the server and the file system") in found.found


def test_the_clock_of_the_files_is_held_against_ones_own(tmp_path: Path):
    assert abs(machine.file_clock(tmp_path, datetime.now(UTC).timestamp()) or 99.0) < 60
    assert machine.file_clock(tmp_path, 0.0) > 1e9


def test_a_port_in_use_stops_and_a_free_one_does_not():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (taken,) = machine.port_checks("127.0.0.1", [port])
    (free,) = machine.port_checks("127.0.0.1", [port])
    assert (taken.state, taken.name, "another port" in taken.advice) == ("stops", f"Port {port}", True)
    assert free.state == "ok"


def test_an_address_of_another_machine_stops():
    (found,) = machine.port_checks("203.0.113.7", [8600])
    assert (found.state, "--host" in found.advice) == ("stops", True)
