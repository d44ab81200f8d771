"""A what-if that stands, or is shared, while another release becomes the champion says so."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from model.deployed import desk
from model.deployed.desk import DeployedModels
from model.release.store import Store
from model.settings import Settings
from tests.pages.conftest import Open, markup, opened, sentence
from tests.support.forging import shifted, twin

CHANGED = "the model changed"
WHAT_IFS = {
    "book": ({"balances": 20}, "book.balances", 40.0),
    "applicant": ({"customer": 12345, "balances": -20}, "customer.balances", -40.0),
    "policy": ({"cutoff": 540}, "policy.cutoff", 530.0),
}


@pytest.fixture
def store(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A home of its own, whose desk every page asks."""
    monkeypatch.setenv("WHATIF_HOME", str(own_home))
    own = DeployedModels(lambda: Settings(home=own_home))
    monkeypatch.setattr(desk, "desk", own)
    for module in ("deployed", "page_state"):
        monkeypatch.setattr(f"pages.shared.{module}.desk", own)
    yield Store(own_home, "cards")
    own.close()


@pytest.fixture
def open_own(open_app: Open, store: Store, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setenv("WHATIF_HOME", str(store.home))
    return open_app


def told(at: AppTest) -> list[str]:
    return [each.value.replace("\\", "") for each in at.warning if CHANGED in each.value]


@pytest.mark.parametrize("page", WHAT_IFS)
def test_a_what_if_says_that_another_release_answers_until_it_is_moved(open_own: Open, store: Store, page: str) -> None:
    address, lever, value = WHAT_IFS[page]
    at, before = open_own(page, **address), store.resolve("champion")
    assert not told(at)
    was = sentence(at)
    after = store.promote(shifted(store, 0.5), why="newer data")
    for _ in range(2):  # and it stays said while nothing is moved
        at.run()
        (message,) = told(at)
        assert re.fullmatch(
            rf"Since you set this, the model changed: {before[:6]} until \d+ \w+ \d{{4}}, \d\d:\d\d, now {after[:6]}\. "
            r"The numbers below are the new model's\. "
            r"[A-Z][a-z ]+: [^:]* by the model before, [^:]* now\.",
            message,
        )
    assert sentence(at) != was
    at.slider(key=lever).set_value(value).run()
    assert not told(at)


def test_a_what_if_left_on_another_page_says_so_on_the_return(open_own: Open, store: Store) -> None:
    at = open_own("book", balances=20)
    at.switch_page("policy/page.py").run()
    store.promote(twin(store), why="for tests")
    at.run()
    assert not told(at)  # nothing is assumed there
    at.switch_page("book/page.py").run()
    assert len(told(at)) == 1


def test_nothing_assumed_is_no_what_if(open_own: Open, store: Store) -> None:
    at = open_own("book")
    store.promote(twin(store), why="for tests")
    assert not told(at.run())


@pytest.mark.parametrize("page", WHAT_IFS)
def test_a_shared_link_says_that_another_release_answered_when_it_was_made(
    open_own: Open, store: Store, page: str
) -> None:
    address, _, _ = WHAT_IFS[page]
    name = {"book": "book", "applicant": "customer", "policy": "policy"}[page]
    at = opened(open_own(page, **address), f"_{name}_link")
    link = {key: each[0] for key, each in parse_qs(urlsplit(at.code[0].value).query).items()}
    before = store.resolve("champion")[:6]
    assert link == {key: str(each) for key, each in address.items()} | {"made-with": before}
    assert "made-with" not in dict(at.query_params)
    assert not told(open_own(page, **link))
    after = store.promote(shifted(store, 0.5), why="newer data")[:6]
    again = open_own(page, **link)
    (message,) = told(again)
    assert message.startswith(f"Since this link was made, the model changed: {before}, now {after}.")
    assert "made-with" not in dict(again.query_params)
    assert not told(open_own(page, **address))  # what a reload opens


@pytest.mark.parametrize("made", ["<b>x</b>", "zzzzzz", "", "59e0f7" * 9])
def test_what_no_release_is_called_is_ignored_in_a_link(open_own: Open, store: Store, made: str) -> None:
    at = open_own("book", **{"balances": 20, "made-with": made})
    assert not at.warning
    assert "<b>x" not in markup(at)
