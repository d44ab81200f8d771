"""A book that init proposed, on the pages: before and after a person has read its contract."""

import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from data import books
from model.__main__ import main
from model.deployed.desk import DeployedModels
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import loans, written
from tests.pages.conftest import Open, markup, sentence
from tests.support.kept import KeptReleases, promoted_anyway


def propose(home: Path, name: str, read: bool = True) -> Path:
    """A book of made-up loans, half of its columns; its contract."""
    frame = loans(600).drop(columns=["contact_flag", "last_seen", "notes", "zip_code"])
    frame["Year built"], frame["tiny ratio"] = 1950 + frame["LoanID"] % 60, frame["debt_ratio"] / 100
    words = ("init", str(written(frame, home, "csv", name)), "--target", "status", "--book", name)
    result = CliRunner().invoke(main, words, env={"WHATIF_HOME": str(home)}, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    path = home / "books" / name / "contract.toml"
    if read:
        text = path.read_text().replace("reviewed = false", "reviewed = true")
        path.write_text(re.sub(r" *# QUESTION: .*", "", text))
    return path


@pytest.fixture(scope="module")
def proposed(kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two such books; bare has no shocks."""
    home = tmp_path_factory.mktemp("proposed")
    propose(home, "mine")
    bare = propose(home, "bare").with_name("proposed.toml")
    bare.write_text(re.sub(r"\n# Shocks: .*?(?=\n# The economy)", "\n", bare.read_text(), flags=re.DOTALL))
    for name in ("mine", "bare"):
        kept.champion(home, name, promoted_anyway)
    assert books.contract("mine", home).shocks
    assert not books.contract("bare", home).shocks
    return home


@pytest.fixture
def open_mine(open_app: Open, proposed: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setenv("WHATIF_HOME", str(proposed))
    monkeypatch.setenv("WHATIF_BOOK", "mine")
    return open_app


def headings(at: AppTest) -> list[str]:
    """The layers of what is assumed, as they stand above their levers."""
    return [each.value for each in at.caption if re.match(r"[ABC] · ", each.value)]


@pytest.mark.parametrize("page", ["book", "applicant", "policy", "trust", "operations"])
def test_every_page_opens(open_mine: Open, page: str) -> None:
    at = open_mine(page)
    assert not at.error
    assert "Mine · 600 customers" in markup(at)


def test_a_layer_without_levers_has_no_heading(open_mine: Open) -> None:
    assert headings(open_mine()) == ["A · Customers", "B · Economy"]
    bare = open_mine(book="bare")
    assert headings(bare) == ["B · Economy"]
    assert "A · Applied to which customers" not in [each.label for each in bare.expander]
    assert "B · Coefficients and method" in [each.label for each in bare.expander]


def test_a_scenario_that_no_coefficient_lets_through_says_that_it_moves_nothing(open_mine: Open) -> None:
    at = open_mine(preset="fed_2026_severely_adverse", beta_unemployment=0)
    assert "scenario, which moves nothing until the economy has coefficients, expected loss" in sentence(at)
    assert headings(at) == ["A · Customers", "B · Economy"]
    assert any(each.value.startswith("The scenario moves nothing yet") for each in at.caption)
    moved = open_mine(preset="fed_2026_severely_adverse")  # by the coefficient proposed
    assert "moves nothing" not in sentence(moved)
    assert not any(each.value.startswith("The scenario moves nothing yet") for each in moved.caption)


def test_years_have_no_separators_and_small_numbers_keep_their_digits(open_mine: Open, proposed: Path) -> None:
    book = books.read_book("mine", proposed)
    at = open_mine("applicant", customer=int(book.ids[0]))
    (lever,) = (each for each in at.slider if each.label.startswith("Year built · "))
    assert re.fullmatch(r"Year built · (?:19|20)\d\d", lever.label)
    (field,) = (each for each in at.number_input if each.key == f"{lever.key}.typed")
    assert "From 1950 to 2009." in field.help
    assert (field.label, field.proto.format) == ("Year built", "%d")
    (small,) = (each for each in at.slider if each.label.startswith("Tiny ratio · "))
    assert re.fullmatch(r"Tiny ratio · 0\.00\d{1,4}", small.label)
    at.get_by_key("_start").set_value("your own").run()
    (vintage,) = (each for each in at.number_input if each.label == "Issue date")
    assert re.search(r"The book holds 20\d\d to 20\d\d; any year may be given\.", vintage.help)
    assert (vintage.min, vintage.max) == (1900, 2100)


def test_a_book_that_nobody_has_read_says_what_to_do_and_offers_no_way_around(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: DeployedModels
) -> None:
    propose(tmp_path, "unread", read=False)
    monkeypatch.setenv("WHATIF_HOME", str(tmp_path))
    desk.train("unread")
    until = time.monotonic() + 60
    while not desk.train("unread").error and time.monotonic() < until:
        time.sleep(0.1)
    at = open_app("book", book="unread")
    (told,) = at.error
    assert "answer its questions, write what is marked # TO DO, correct its guesses, set reviewed = true" in told.value
    assert not any("all the same" in each.value for each in at.markdown)
