"""How many processes the tests are run by: two, unless one file's tests are all that is asked for; what they look for
garbage in; how ``.ci/run`` finds those that need more than Python."""

import gc
import re
from pathlib import Path

import pytest

from tests.conftest import MARKS, WORKERS

PROJECT = Path(__file__).parents[1]
FILE = "tests/test_settings.py"


@pytest.mark.parametrize(
    ("words", "workers"),
    [
        (["tests"], WORKERS),
        ([FILE, "tests/test_workflow.py"], WORKERS),
        ([FILE], 0),
        ([f"{FILE}::test_one", f"{FILE}::test_other"], 0),
        ([str(PROJECT / FILE)], 0),
    ],
)
def test_tests_of_a_single_file_are_run_without_a_second_process(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, words: list[str], workers: int
) -> None:
    monkeypatch.setattr(pytestconfig, "args", words)
    assert pytestconfig.hook.pytest_xdist_auto_num_workers(config=pytestconfig) == workers


def test_garbage_is_looked_for_in_what_tests_make_and_not_in_what_they_are_read_into():
    assert gc.isenabled()
    assert gc.get_freeze_count() > 100_000


def test_a_file_with_marked_tests_names_the_mark_by_which_they_are_found(pytestconfig: pytest.Config) -> None:
    found_by = set(re.findall(r"\$\(marked (\w+)\)", (PROJECT / ".ci" / "run").read_text()))
    assert found_by == {"office", "postgres", "servers", "spark", "kafka", "deploy"}
    marked = {(path, mark) for path, mark in pytestconfig.stash[MARKS] if mark in found_by}
    assert [path.name for path, mark in marked if not re.search(rf"mark\.{mark}\b", path.read_text())] == []
