"""A job that is ended by force, or for which there is no room, leaves the old output or none, and goes on."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

PROJECT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def found(home: Path, records: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Any:
    place = tmp_path_factory.mktemp("jobs")
    records.to_parquet(place / "in.parquet")
    words = [str(home), str(place / "in.parquet"), str(place / "out.parquet"), "20"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.killed_jobs", *words], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="no process can be forked there")
def test_twenty_kills_leave_the_output_whole_or_as_it_was_and_the_same_command_ends_it(found: Any) -> None:
    killed = found["killed"]
    for name in ("fresh", "over an old one"):
        assert set(killed[name]) <= {"as before", "whole"}
    assert "as before" in killed["fresh"] + killed["over an old one"]


@pytest.mark.skipif(sys.platform == "win32", reason="no process can be forked there")
def test_a_full_disk_is_told_leaves_nothing_and_the_same_command_goes_on_when_there_is_room(found: Any) -> None:
    full = found["full"]
    assert (full["status"], full["there"], full["afterwards"]) == (2, "", True)
    assert "no room left" in full["said"]
    assert "give the same command again" in full["said"]
