"""The workflow that users take along runs commands that exist, with options they have."""

import os
import re
import shlex
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from model.__main__ import main
from model.release.release import Release
from model.release.store import Store
from tests.support.forging import twin, unreviewed

PROJECT = Path(__file__).parents[1]
WORKFLOW = PROJECT / ".github" / "workflows" / "model.yml"
PINNED = re.compile(r"(?P<action>[\w-]+/[\w-]+)@(?P<commit>[0-9a-f]{40})  # v\d+\.\d+\.\d+")  # and what it was called
MADE_BY = "$" + "{SERVERS_PYTHON:-python3}"  # in .ci/servers.sh
BASH = re.compile(r"\$\{\w+:\+([^}]*)\}|\$\w+|\|.*")  # where a variable is set, variables, after a pipe


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())
    return found


def commands(workflow: dict[str, Any]) -> list[str]:
    """Every line that some step runs."""
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    return [line.strip() for step in steps for line in str(step.get("run", "")).splitlines()]


def verbs(workflow: dict[str, Any]) -> list[list[str]]:
    """The arguments of every call of the command line."""
    calls = [line.split("-m model", 1)[1] for line in commands(workflow) if "-m model" in line]
    return [shlex.split(BASH.sub(lambda found: found[1] or "x", each)) for each in calls]


def test_workflow_trains_verifies_and_writes_the_card(workflow: dict[str, Any]):
    assert [words[0] for words in verbs(workflow)] == ["promote", "train", "verify", "card"]


def steps_of(workflow: dict[str, Any], job: str) -> dict[str, dict[str, Any]]:
    """The steps of a job by name, or by the action they use."""
    return {str(step.get("name", step.get("uses"))): step for step in workflow["jobs"][job]["steps"]}


def crowned(workflow: dict[str, Any], runner: Path, store: Store | None, identity: str = "") -> tuple[str, Store]:
    """The step that makes the release fetched the champion, run as the workflow does, on a fresh runner; what it
    printed, and the runner's releases. ``store``: whose release is packed as the workflow packs it, if there is one."""
    if store is not None:
        (runner / "last").mkdir()
        with tarfile.open(runner / "last" / f"release-cards-{identity}.tar.gz", "w:gz") as packed:
            packed.add(store.root / identity, identity)
    step = steps_of(workflow, "release")["Make it the champion that the new one is held against"]
    text = str(step["run"]).replace(".venv/bin/python", shlex.quote(sys.executable))
    own = {"WHATIF_HOME": str(runner / "home"), "BOOK": "cards", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(["bash", "-e", "-c", text], cwd=runner, env=os.environ | own, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr, Store(runner / "home", "cards")


def test_the_release_of_the_last_tag_is_the_champion_that_the_next_is_held_against(
    workflow: dict[str, Any], own_home: Path, release: Release, tmp_path: Path
):
    runner = tmp_path / "runner"
    runner.mkdir()
    _, there = crowned(workflow, runner, Store(own_home, "cards"), release.id)
    assert there.aliases() == {"champion": release.id}
    assert [each.why for each in there.history()] == ["Last attached to a tag"]
    assert there.obstacles(there.load(twin(there))).gates == ()
    steps = list(steps_of(workflow, "release"))
    fetch = steps.index("Fetch the release last attached to a tag")
    assert steps[fetch + 1 : fetch + 3] == ["Make it the champion that the new one is held against", "Train and gate"]


def test_without_an_earlier_release_there_is_nothing_to_hold_against(workflow: dict[str, Any], tmp_path: Path):
    _, there = crowned(workflow, tmp_path, None)
    assert there.ids() == []


def test_an_earlier_release_that_cannot_be_champion_is_told_and_stops_nothing(
    workflow: dict[str, Any], own_home: Path, release: Release, tmp_path: Path
):
    store, runner = Store(own_home, "cards"), tmp_path / "runner"
    runner.mkdir()
    said, there = crowned(workflow, runner, store, unreviewed(store, release))
    assert "no person has read it" in said
    assert "::warning::Nothing is compared" in said
    assert there.aliases() == {}


def test_the_report_is_kept_also_where_a_gate_failed(workflow: dict[str, Any]):
    kept = [step for step in workflow["jobs"]["release"]["steps"] if step.get("if") == "always()"]
    assert [step["with"]["path"] for step in kept] == ["train.json"]


def test_every_verb_and_option_of_the_workflow_exists(workflow: dict[str, Any]):
    for verb, *words in verbs(workflow):
        known = {name for each in main.commands[verb].chosen().params for name in (*each.opts, *each.secondary_opts)}  # type: ignore[attr-defined]
        assert {word for word in words if word.startswith("--")} <= known, verb


def test_tests_and_lint_are_those_of_this_project(workflow: dict[str, Any]):
    assert ".ci/run" in commands(workflow)
    assert (PROJECT / ".ci" / "run").stat().st_mode & 0o111


def test_release_is_made_from_the_lock_file_after_the_tests(workflow: dict[str, Any]):
    assert workflow["jobs"]["release"]["needs"] == "test"
    assert any("--require-hashes -r requirements.txt" in line for line in commands(workflow))


def test_workflow_may_write_only_where_it_attaches_a_release(workflow: dict[str, Any]):
    assert workflow["permissions"] == {"contents": "read"}
    writing = [name for name, job in workflow["jobs"].items() if "write" in str(job.get("permissions"))]
    assert writing == ["attach"]


# ---- pythons and actions ---------------------------------------------------------------------------------------------


def pythons(workflow: dict[str, Any]) -> list[str]:
    """The versions of Python that the tests are run under."""
    found: list[str] = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    return found


def versions(oldest: str, newest: str) -> Iterator[str]:
    """Every minor version between two, both included."""
    major, first = oldest.split(".")
    return (f"{major}.{minor}" for minor in range(int(first), int(newest.split(".")[1]) + 1))


def test_the_oldest_python_supported_and_the_newest_are_tested(workflow: dict[str, Any]):
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    oldest, newest = pythons(workflow)
    supported = list(versions(oldest, newest))
    minor = int(newest.split(".")[1])
    assert project["requires-python"] == f">={oldest},<3.{minor + 1}"
    told = re.findall(r"Programming Language :: Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert told == supported
    assert f"With Python {oldest} to {newest}" in (PROJECT / "README.md").read_text()


def test_what_checks_the_code_takes_the_oldest_python(workflow: dict[str, Any]):
    tools = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]
    oldest, _ = pythons(workflow)
    assert tools["mypy"]["python_version"] == oldest
    assert tools["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"


def test_tests_run_under_the_python_of_the_matrix_and_servers_under_one_that_they_support(workflow: dict[str, Any]):
    steps = steps_of(workflow, "test")
    (python,) = [step["with"]["python-version"] for step in steps.values() if "python-version" in step.get("with", {})]
    *beside, last = python.split("\n")[:-1]  # the last one named is the python3 of the steps
    assert last == "${{ matrix.python }}"
    made_by = steps["Tests, lint, types, browser"]["env"]["SERVERS_PYTHON"]
    assert [f"python{each}" for each in beside] == [made_by]
    assert MADE_BY in (PROJECT / ".ci" / "servers.sh").read_text()


def test_every_action_is_pinned_by_commit_the_same_wherever_it_is_used():
    used = re.findall(r"uses: (.+)", WORKFLOW.read_text())
    pins = [PINNED.fullmatch(each) for each in used]
    assert None not in pins, used
    commits = {(each["action"], each["commit"]) for each in pins if each is not None}
    assert len(commits) == len({action for action, _ in commits}) == 4
