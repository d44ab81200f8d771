"""The workflow that users take along runs commands that exist, with options they have."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from model.__main__ import main

PROJECT = Path(__file__).parents[1]
WORKFLOW = PROJECT / ".github" / "workflows" / "model.yml"
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
    assert [words[0] for words in verbs(workflow)] == ["train", "verify", "card"]


def test_every_verb_and_option_of_the_workflow_exists(workflow: dict[str, Any]):
    for verb, *words in verbs(workflow):
        known = {name for each in main.commands[verb].chosen().params for name in (*each.opts, *each.secondary_opts)}
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
