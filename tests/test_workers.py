"""How many processes the tests are run by: two, unless one file's tests are all that is asked for; what they look for
garbage in."""

import gc
from pathlib import Path

import pytest

from tests.conftest import WORKERS

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
