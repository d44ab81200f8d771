"""The verb check: which contracts can be used, and why the others cannot."""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from data import books
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


def own_cards(home: Path, **words: str) -> Path:
    """The contract of the shipped cards as a book of one's own, with other words."""
    path = shutil.copytree(books.SHIPPED / "cards", home / "books" / "mine") / "contract.toml"
    text = path.read_text().replace('name = "cards"', 'name = "mine"')
    for key, word in words.items():
        text = re.sub(rf"(?m)^{key} = .*$", f'{key} = "{word}"', text, count=1)
    path.write_text(text)
    return path


def test_one_book_is_shown_in_its_own_words_without_a_model(tmp_path: Path):
    path = own_cards(tmp_path, person="member", granted="would be waved through")
    path.write_text(f"# QUESTION: Its time. Is it a month?\n{path.read_text()}")
    said = check(tmp_path, "--book", "mine")
    assert said.exit_code == 0
    assert "  line   1  Its time. Is it a month?" in said.stdout
    assert "Customer: This member scores" in said.stdout
    assert "27 points above the cut-off, and would be waved through. About 3 in 100 members like this" in said.stdout
    assert re.search(r"  Customer, .* moved: With .* this member would score", said.stdout)
    assert "  Operations: Give a file of members." in said.stdout
    full = json.loads(check(tmp_path, "mine", "--json").stdout)["books"][0]
    assert {"where": "Frame", "says": "Taiwan credit cards · 1,000 members"} in full["wording"]
    assert not (tmp_path / "mine").exists()


def test_everything_that_is_wrong_is_told_at_once_by_file_line_and_name(tmp_path: Path):
    path = own_cards(tmp_path)
    text = path.read_text()
    path.write_text(text.replace("folds = 5", "folds = 1").replace("points_to_double = 20", "points_to_double = 0"))
    broken = check(tmp_path, "--book", "mine")
    assert broken.exit_code == 1
    assert re.findall(r"contract\.toml, line (\d+): (\S+): Input should be greater than", broken.stdout) == [
        (str(line), name)
        for name, key in (("score.points_to_double", "points_to_double ="), ("training.folds", "folds ="))
        for line, each in enumerate(text.splitlines(), 1)
        if each.startswith(key)
    ]
