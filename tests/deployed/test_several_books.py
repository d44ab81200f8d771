"""The desk with several books: which models it holds, and that none waits for another's."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data import books
from model.deployed import desk as client
from model.deployed.desk import DeployedModels
from model.release.store import Store
from model.settings import Settings
from tests.support import second_book
from tests.support.kept import KeptReleases
from tests.support.second_book import NAME


@pytest.fixture(scope="module")
def two(home: Path, kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with champions of two books. Read only."""
    place = tmp_path_factory.mktemp("two") / "home"
    shutil.copytree(home, place, ignore=shutil.ignore_patterns("record.sqlite*"))
    second_book.lay_down(place)
    kept.champion(place, NAME)
    return place


def desk_at(home: Path) -> DeployedModels:
    return DeployedModels(lambda: Settings(home=home))


def test_desk_hands_out_each_book_with_its_own_model(two: Path):
    desk = desk_at(two)
    cards, second = desk.model("cards"), desk.model(NAME)
    assert cards is not None
    assert second is not None
    assert (cards.contract.book.name, second.contract.book.name) == ("cards", NAME)
    assert desk.model("cards") is cards
    assert desk.model(NAME) is second


def test_desk_lets_go_of_the_model_asked_for_longest_ago(two: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client, "MOST_BOOKS", 1)
    desk = desk_at(two)
    first = desk.model("cards")
    desk.model(NAME)
    again = desk.model("cards")
    assert first is not None
    assert again is not None
    assert again is not first
    assert again.id == first.id


def blocked(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> tuple[threading.Event, threading.Event]:
    """Have a function wait where it is called for the second book: (it has begun, let it go on)."""
    begun, go = threading.Event(), threading.Event()
    real: Callable[..., Any] = getattr(module, name)

    def waits(*given: Any) -> Any:
        if NAME in (given[0], getattr(given[0], "book", None)):
            begun.set()
            assert go.wait(60)
        return real(*given)

    monkeypatch.setattr(module, name, waits)
    return begun, go


def test_a_book_being_read_keeps_no_other_waiting(two: Path, monkeypatch: pytest.MonkeyPatch):
    desk, found = desk_at(two), []
    begun, go = blocked(monkeypatch, books, "read_book")
    asking = threading.Thread(target=lambda: found.append(desk.model(NAME)))
    asking.start()
    assert begun.wait(60)
    assert desk.model("cards") is not None
    assert not found
    go.set()
    asking.join()
    assert found[0] is desk.model(NAME)


def test_a_book_being_trained_keeps_no_other_waiting(two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home = shutil.copytree(two, tmp_path / "home", ignore=shutil.ignore_patterns(NAME))
    second_book.lay_down(home)
    begun, go = blocked(monkeypatch, Store, "train")
    desk = desk_at(home)
    training = desk.train(NAME)
    assert begun.wait(60)
    assert desk.train(NAME) is training
    assert desk.model("cards") is not None
    assert desk.model(NAME) is None
    go.set()
    for thread in threading.enumerate():
        if thread.name == f"train-{NAME}":
            thread.join()
    assert training.error == ""
    assert desk.model(NAME) is not None


def test_other_words_in_a_contract_are_told_at_the_next_call_by_the_same_release(two: Path, tmp_path: Path):
    home = shutil.copytree(two, tmp_path / "home")
    desk, file, store = desk_at(home), home / "books" / NAME / "contract.toml", Store(home, NAME)
    before = desk.model(NAME)
    assert before is not None
    assert before.release is not None
    label = before.contract.levers[0].label
    file.write_text(file.read_text().replace(f'"{label}"', '"In other words"') + "\n# looked at again\n")
    after = desk.model(NAME)
    assert after is not None
    assert after.release is not None
    assert (after.id, after.release.artefact) == (before.id, before.release.artefact)
    assert after.contract.levers[0].label == "In other words" != label
    assert after.release.own_contract.hash == before.contract.hash != after.contract.hash
    kept = store.words(after.contract.hash)
    assert kept is not None
    assert kept.text == file.read_bytes()
    assert store.words(before.contract.hash) is None  # that one the release itself has
    store.promote(after.id, why="the same, in other words")


def test_a_contract_of_another_substance_is_taken_up_at_the_next_call(two: Path, tmp_path: Path):
    home = shutil.copytree(two, tmp_path / "home")
    desk = desk_at(home)
    assert desk.model(NAME) is not None
    file = home / "books" / NAME / "contract.toml"
    file.write_text(file.read_text().replace("folds = 3", "folds = 4"))
    with pytest.raises(client.ReleaseError, match="another snapshot or contract"):  # type: ignore[attr-defined]
        desk.model(NAME)
