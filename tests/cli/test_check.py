"""The verb check: which contracts can be used, and why the others cannot."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from model.__main__ import main


def check(home: Path, *words: str) -> Result:
    """What the verb says."""
    return CliRunner().invoke(main, ["check", *words], env={"WHATIF_HOME": str(home)}, catch_exceptions=False)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A home with a book whose contract divides by nothing at all."""
    place = tmp_path / "books" / "mine"
    place.mkdir(parents=True)
    (place / "contract.toml").write_text("[book]\nname = 1/0\n")
    return tmp_path


def test_the_shipped_books_can_be_used(tmp_path: Path):
    said = check(tmp_path)
    assert said.exit_code == 0
    assert said.stdout.splitlines()[0] == "ok      cards: Taiwan credit cards"


def test_a_broken_contract_is_named_with_its_reason_and_its_neighbours_go_on(broken: Path):
    said = check(broken, "--json")
    found = {each["book"]: each["trouble"] for each in json.loads(said.stdout)["books"]}
    assert said.exit_code == 1
    assert [name for name, reason in found.items() if reason] == ["mine"]
    assert "contract.toml" in found["mine"]
    assert check(broken, "cards").exit_code == 0
    assert check(broken, "mine").stdout.startswith("BROKEN  mine: ")


def test_a_book_that_is_not_there_is_bad_input(tmp_path: Path):
    said = check(tmp_path, "nobodys")
    assert said.exit_code == 2
    assert "nobodys" in said.stderr
