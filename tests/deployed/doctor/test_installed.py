"""What the doctor says of the libraries, held against lock files that name others."""

from importlib.metadata import version
from pathlib import Path

import pytest

from model.deployed.doctor.installed import libraries_check
from model.release.origin import LOCK


def test_what_the_lock_file_names_is_installed():
    found = libraries_check()
    assert (found.state, found.advice) == ("ok", "")


@pytest.mark.parametrize(
    ("line", "state", "told"),
    [
        ("numpy==0.0.1", "warning", f"numpy {version('numpy')} instead of 0.0.1"),
        ("click==0.0.1", "warning", f"click {version('click')} instead of 0.0.1"),
        ("no-such-library==1.0", "stops", "Not installed: no-such-library."),
        ('no-such-library==1.0 ; sys_platform == "plan9"', "ok", ""),
    ],
)
def test_a_library_of_another_version_is_told_and_an_absent_one_stops(tmp_path: Path, line: str, state: str, told: str):
    lock = tmp_path / "requirements.txt"
    lock.write_text(LOCK.read_text().replace(f"numpy=={version('numpy')}", "numpy>0") + f"\n{line} \\\n    --hash=x\n")
    found = libraries_check(lock)
    assert found.state == state
    assert told in found.found
    assert ("--require-hashes" in found.advice) is (state != "ok")


def test_of_many_others_five_are_named_those_first_that_sums_depend_on(tmp_path: Path):
    lock = tmp_path / "requirements.txt"
    names = ("click", "fastapi", "httpx", "numba", "numpy", "pandas", "pyarrow")
    lock.write_text("\n".join(f"{name}==0.0.1" for name in names))
    found = libraries_check(lock).found
    assert found.startswith("Others than those tested: numba ")
    assert found.index("numpy") < found.index("click")
    assert found.endswith(" and 2 more.")


def test_without_a_lock_file_it_says_so(tmp_path: Path):
    assert libraries_check(tmp_path / "requirements.txt").state == "warning"
