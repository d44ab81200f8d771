"""The desk: hands out the champion, takes up a new one, refuses an altered one, trains a first one."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from data.books import read
from data.contract import read as read_contract
from model.errors import NotTabular, ReleaseError
from model.release.store import Release, Store
from model.release.training import Progress
from model.serving.client import Desk, Training
from model.settings import Settings
from tests.forging import forge, twin


def desk_at(home: Path) -> Desk:
    return Desk(lambda: Settings(home=home))


def finished(desk: Desk) -> Training:
    """The desk's training after its thread has ended."""
    training = desk.train("cards")
    for thread in threading.enumerate():
        if thread.name == "train-cards":
            thread.join()
    return training


@pytest.fixture
def store(own_home: Path) -> Store:
    """The store of a home that may be changed."""
    return Store(own_home, "cards")


@pytest.fixture
def unpromoted(store: Store, own_home: Path) -> Path:
    """A home with a release and no champion."""
    (store.root / "aliases.json").unlink()
    return own_home


@pytest.fixture
def trains_at_once(release: Release, monkeypatch: pytest.MonkeyPatch) -> list[threading.Event]:
    """`Store.train` finds the release that is there, once the event it is given is set."""
    go = threading.Event()

    def train(self: Store, progress: Progress) -> Release:
        progress("Training the model", 0.25)
        go.wait()
        return self.load(release.id)

    monkeypatch.setattr(Store, "train", train)
    return [go]


def test_desk_has_no_model_before_the_first_release(tmp_path: Path):
    assert desk_at(tmp_path).model("cards") is None


def test_desk_has_no_model_while_nothing_is_promoted(unpromoted: Path):
    assert desk_at(unpromoted).model("cards") is None


def test_desk_hands_out_the_champion_with_its_book(home: Path, release: Release):
    model = desk_at(home).model("cards")
    assert model is not None
    assert model.release.id == release.id
    assert model.book is read("cards")
    assert model.contract.hash == release.contract.hash
    assert model.name == release.id[:6]
    assert model.scorer.margins(model.book.raw[:, :1]) == release.scorer.margins(model.book.raw[:, :1])
    assert set(model.personas) == {"safe", "borderline", "in trouble"}


def test_desk_hands_out_the_same_model_to_everybody(home: Path):
    desk = desk_at(home)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(desk.model("cards"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert {id(each) for each in found} == {id(desk.model("cards"))}


def test_desk_takes_up_a_newly_promoted_champion(store: Store, own_home: Path, release: Release):
    again = (store.root / store.resolve("champion") / "gates.json").read_bytes() + b"\n"
    desk = desk_at(own_home)
    first = desk.model("cards")
    second = forge(store, store.resolve("champion"), {"gates.json": again})
    assert desk.model("cards") is first
    store.promote(second)
    model = desk.model("cards")
    assert model is not None
    assert model.release.id == second
    store.rollback()
    model = desk.model("cards")
    assert model is not None
    assert model.release.id == release.id


def test_desk_refuses_an_altered_champion_and_says_so(store: Store, own_home: Path, release: Release):
    (store.root / release.id / "note.txt").write_text("looks fine")
    with pytest.raises(ReleaseError, match=rf"Release {release.id} was altered \(note\.txt\)"):
        desk_at(own_home).model("cards")


def test_desk_refuses_a_champion_that_is_gone(store: Store, own_home: Path, release: Release):
    (store.root / release.id).rename(store.root / ".gone")
    with pytest.raises(ReleaseError, match=f"The release '{release.id}' of the book cards does not exist"):
        desk_at(own_home).model("cards")


def test_desk_keeps_serving_while_a_new_champion_is_broken(store: Store, own_home: Path, release: Release):
    desk = desk_at(own_home)
    good = desk.model("cards")
    second = twin(store)
    store.promote(second)
    (store.root / second / "note.txt").write_text("looks fine")
    with pytest.raises(ReleaseError):
        desk.model("cards")
    store.rollback()
    assert desk.model("cards") is good


def test_training_in_the_background_ends_in_a_promoted_release(
    unpromoted: Path, release: Release, trains_at_once: list[threading.Event]
):
    desk = desk_at(unpromoted)
    running = desk.train("cards")
    assert desk.model("cards") is None
    assert desk.train("cards") is running  # a second session waits for the same training
    trains_at_once[0].set()
    assert finished(desk) is running
    assert running.error == ""
    assert (running.doing, running.share) == ("Training the model", 0.25)
    model = desk.model("cards")
    assert model is not None
    assert model.release.id == release.id


def test_training_that_fails_ends_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def train(self: Store, progress: Progress) -> Release:
        raise NotTabular("A path of the model tests more than two inputs.")

    monkeypatch.setattr(Store, "train", train)
    desk = desk_at(tmp_path)
    assert finished(desk).error == "A path of the model tests more than two inputs."
    assert desk.model("cards") is None


def test_training_that_breaks_ends_in_a_sentence_and_not_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def train(self: Store, progress: Progress) -> Release:
        raise MemoryError("12 GB")

    monkeypatch.setattr(Store, "train", train)
    assert finished(desk_at(tmp_path)).error == "The training stopped: MemoryError: 12 GB"


@pytest.mark.usefixtures("unpromoted")
def test_training_whose_release_fails_a_gate_says_which(
    store: Store, own_home: Path, release: Release, monkeypatch: pytest.MonkeyPatch
):
    report = (release.path / "gates.json").read_bytes().replace(b'"passed": true', b'"passed": false', 1)
    poor = forge(store, release.id, {"gates.json": report})
    monkeypatch.setattr(Store, "train", lambda self, progress: self.load(poor))
    desk = desk_at(own_home)
    assert finished(desk).error.startswith(f"Release {poor} is not promoted: Ranks well: AUC")
    assert desk.model("cards") is None


def test_failed_training_stands_until_it_is_forgotten(
    unpromoted: Path, release: Release, monkeypatch: pytest.MonkeyPatch
):
    def fails(self: Store, progress: Progress) -> Release:
        raise MemoryError("12 GB")

    desk = desk_at(unpromoted)
    with monkeypatch.context() as patched:
        patched.setattr(Store, "train", fails)
        failed = finished(desk)
    assert desk.train("cards") is failed
    desk.forget("cards")
    monkeypatch.setattr(Store, "train", lambda self, progress: self.load(release.id))
    assert finished(desk).error == ""
    assert desk.model("cards") is not None


def test_desk_refuses_a_champion_trained_under_another_contract(own_home: Path, monkeypatch: pytest.MonkeyPatch):
    book = read("cards")
    changed = replace(book, contract=read_contract(book.contract.text + b"\n# changed\n"))
    monkeypatch.setattr("model.serving.client.read", lambda _name: changed)
    with pytest.raises(ReleaseError, match=r"another snapshot or contract of cards.*Train anew"):
        desk_at(own_home).model("cards")


def test_desk_trains_again_when_a_finished_release_is_gone(
    unpromoted: Path, store: Store, trains_at_once: list[threading.Event]
):
    desk = desk_at(unpromoted)
    trains_at_once[0].set()
    first = finished(desk)
    assert first.ended
    (store.root / "aliases.json").unlink()
    assert finished(desk) is not first
    assert "champion" in store.aliases()
