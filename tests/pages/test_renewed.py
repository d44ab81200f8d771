"""The pages on a model that was fitted to a stream's outcomes: they work on it, and say what it was fitted to."""

from pathlib import Path

import pytest

from tests.pages.conftest import Open, markup
from tests.support.kept import KeptReleases
from tests.support.loans import NAME
from tests.support.outcomes_of_loans import lay_down_renewed

FITTED = "the latest 3,000 outcomes of the stream, 28 May to 30 May 2026"


@pytest.fixture(scope="module")
def renewed_home(tmp_path_factory: pytest.TempPathFactory, kept: KeptReleases) -> Path:
    """A home whose champion was renewed. Read only."""
    home = tmp_path_factory.mktemp("renewed_pages") / "home"
    store, renewed = lay_down_renewed(home, kept)
    store.promote(renewed, who="Ada", why="It is newer.", override="for tests")
    return home


@pytest.fixture
def open_renewed(open_app: Open, renewed_home: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setenv("WHATIF_HOME", str(renewed_home))
    monkeypatch.setenv("WHATIF_BOOK", NAME)
    return open_app


def test_the_book_opens_on_it(open_renewed: Open):
    at = open_renewed("book")
    assert not at.error
    assert "6,000 loans" in markup(at)


def test_trust_says_what_it_was_fitted_to_and_on_whom_it_is_judged(open_renewed: Open):
    at = open_renewed("trust", open="gates")
    told = markup(at)
    assert not at.error
    assert f"on {FITTED}. Below, what it says of the loans" in told
    assert "on records of the book, none of which it was fitted to" in told
    assert "the book, which is older" in told
    assert f"<td>{FITTED}</td>" in told
    assert "out of time" not in told.lower()


@pytest.mark.parametrize("panel", ["bands", "later", "drift", "fairness", "misses"])
def test_trust_has_every_panel_of_it(open_renewed: Open, panel: str):
    at = open_renewed("trust", open=panel)
    assert not at.error
    assert not at.warning


def test_operations_lists_what_it_was_fitted_to(open_renewed: Open):
    at = open_renewed("operations")
    assert not at.error
    assert f"<td>{FITTED}</td>" in markup(at)
