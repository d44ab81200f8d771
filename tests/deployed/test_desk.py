"""The desk: hands out the champion, takes up a new one, refuses an altered one, trains a first one; or hands out
a model that runs elsewhere, our own or another's, whatever becomes of it."""

import hashlib
import io
import json
import shutil
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from numpy.typing import NDArray
from pydantic import HttpUrl

from data.arrays import Array
from data.books import Book, read_book
from data.contract import read_contract as read_contract
from model.api import openapi, routes
from model.api.process import running
from model.api.service import Service
from model.deployed import desk as client
from model.deployed import place, remote, spot_check, takeover, transport
from model.deployed.desk import DeployedModels, TrainingRun
from model.deployed.model import DeployedModel
from model.deployed.remote import RemoteScorer, log_odds
from model.engine.tables import probability
from model.engine.territory import Territory
from model.errors import Changed, NoAnswer, NotTabular, Refused, ReleaseError
from model.release.release import Release
from model.release.store import Store
from model.release.training import Progress
from model.settings import Settings
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from tests.support import second_book
from tests.support.forging import failing, forge, point, shifted, stray, twin
from tests.support.records import numbers_of, stressed
from tests.support.servers import free_port
from tests.support.stand_in import StandIn, standing


def desk_at(home: Path) -> DeployedModels:
    return DeployedModels(lambda: Settings(home=home))


def finished(desk: DeployedModels, book: str = "cards") -> TrainingRun:
    """The desk's training after its thread has ended."""
    training = desk.train(book)
    for thread in threading.enumerate():
        if thread.name == f"train-{book}":
            thread.join()
    return training


def test_a_book_is_read_and_scored_in_the_background_once(home: Path) -> None:
    desk = desk_at(home)
    run = desk.read("cards")
    assert run.ended.wait(30)
    assert (run.step, run.share) == (1, 1.0)
    assert desk.at_hand("cards")
    model = desk.model("cards")
    assert model is not None
    assert model.whole.margins.shape == (30_000,)


def test_what_keeps_a_book_from_being_read_is_told_by_its_model(home: Path) -> None:
    desk = desk_at(home)
    run = desk.read("absent")
    assert run.ended.wait(30)
    assert desk.read("absent") is run
    assert desk.read("absent") is not run  # tried anew


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
        progress("TrainingRun the model", 0.25)
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
    assert model.book is read_book("cards")
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
    assert (running.doing, running.share) == ("TrainingRun the model", 0.25)
    model = desk.model("cards")
    assert model is not None
    assert model.release.id == release.id
    moved = desk.store("cards").history()[-1]
    assert (moved.who, moved.why) == ("automatic", "The first release whose gates passed.")


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
    poor = forge(store, release.id, {"gates.json": failing(release, "auc")})
    monkeypatch.setattr(Store, "train", lambda self, progress: self.load(poor))
    desk = desk_at(own_home)
    training = finished(desk)
    assert training.error == f"Release {poor} is not promoted: AUC 0.123 (at least 0.780 is asked)."
    assert training.kept == poor
    assert desk.model("cards") is None


@pytest.mark.usefixtures("unpromoted")
def test_a_release_that_a_gate_stopped_before_is_told_again_and_not_trained_again(
    store: Store, own_home: Path, release: Release, monkeypatch: pytest.MonkeyPatch
):
    poor = forge(store, release.id, {"gates.json": failing(release, "auc")})
    monkeypatch.setattr(Store, "train", lambda self, progress: pytest.fail("Trained once more."))
    training = finished(desk_at(own_home))
    assert training.kept == poor
    assert training.error.startswith(f"Release {poor} is not promoted: ")


@pytest.mark.usefixtures("unpromoted")
def test_a_gate_on_groups_is_told_without_figure_and_attribute_to_everybody_who_waits(
    store: Store, own_home: Path, release: Release
):
    report = json.loads(failing(release, "impact"))
    next(gate for gate in report["gates"] if gate["name"] == "impact")["stops"] = True
    poor = forge(store, release.id, {"gates.json": json.dumps(report).encode()})
    told = "approval ratio of groups (at least 0.80 is asked)"
    assert finished(desk_at(own_home)).error == f"Release {poor} is not promoted: {told}."


def test_a_release_of_a_contract_that_nobody_has_read_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    second_book.lay_down(tmp_path)
    contract = tmp_path / "books" / second_book.NAME / "contract.toml"
    contract.write_text(contract.read_text().replace("[book]\n", "[book]\nreviewed = false\n", 1))
    first = finished(desk_at(tmp_path), second_book.NAME)
    assert "no person has read it" in first.error
    monkeypatch.setattr(Store, "train", lambda self, progress: pytest.fail("Trained once more."))
    again = finished(desk_at(tmp_path), second_book.NAME)
    assert (again.kept, again.error) == (first.kept, first.error)


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
    book = read_book("cards")
    changed = replace(book, contract=read_contract(book.contract.text.replace(b"folds = 5", b"folds = 4")))
    monkeypatch.setattr("data.books.read_book", lambda *_: changed)
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


# ---- a model elsewhere -----------------------------------------------------------------------------------------------


@dataclass
class Pretender(StandIn):
    """Presents itself as this product with the champion's hash; ``packed`` is what it hands out as its release."""

    packed: bytes | None = None

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if path.startswith("/releases/") and self.packed is not None:
            return 200, self.packed
        return super().answer(method, path, body)


@dataclass
class Serving:
    """Our own service in a thread, on a home that may be changed; it can go away and come back."""

    home: Path
    port: int = field(default_factory=free_port)
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def service(self) -> Service:
        return running(Settings(home=self.home)).service

    def start(self) -> None:
        app = routes.create(self.service, open_here=True)
        config = uvicorn.Config(app, port=self.port, log_level="error", lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
            self._server = None


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch, release: Release) -> None:
    """Attempts follow each other at once, the way closes for a moment, and the book is not surveyed each time."""
    monkeypatch.setattr(transport, "PAUSE", 0.001)
    monkeypatch.setattr(transport, "CLOSED_FOR", 0.02)
    monkeypatch.setattr(remote, "survey", lambda *_: release.scorer.territory)


@pytest.fixture
def serving(own_home: Path, hurried: None) -> Iterator[Serving]:
    there = Serving(own_home)
    there.start()
    yield there
    there.stop()


At = Callable[..., DeployedModels]


@pytest.fixture
def at(tmp_path: Path, hurried: None) -> Iterator[At]:
    """Makes desks on an empty home whose models run at an address; they are closed in the end."""
    with ExitStack() as opened:

        def made(url: str, **more: Any) -> DeployedModels:
            given = {"home": tmp_path / "here", "model_url": url, "model_timeout": 5.0, **more}
            desk = DeployedModels(lambda: Settings(**given))
            opened.callback(desk.close)
            return desk

        yield made


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[RemoteScorer]:
    """Every connection that a desk makes."""
    made: list[RemoteScorer] = []
    real = client.connect  # type: ignore[attr-defined]

    def connect(*args: Any, **more: Any) -> RemoteScorer:
        made.append(real(*args, **more))
        return made[-1]

    monkeypatch.setattr(client, "connect", connect)
    return made


def got(desk: DeployedModels) -> DeployedModel:
    """The desk's model of the cards."""
    found = desk.model("cards")
    assert found is not None
    return found


def here(tmp_path: Path) -> Store:
    """The store of the desk's own home."""
    return Store(tmp_path / "here", "cards")


def arrays(content: Mapping[str, NDArray[Any]]) -> bytes:
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **content)
    return out.getvalue()


Files = Mapping[str, bytes | None]
NONE: Files = {}


def packed(release: Release, files: Files = NONE, kind: int = zipfile.ZIP_STORED) -> bytes:
    """A release as a zip file, some of its ``files`` others, or not there."""
    content = {path.name: path.read_bytes() for path in sorted(release.path.iterdir())} | files
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as made:
        for name, own in content.items():
            if own is not None:
                made.writestr(name, own)
    return out.getvalue()


def pretender(release: Release, by: float = 0.0, content: bytes | None = None) -> Pretender:
    """A server under the champion's hash that answers with log-odds moved ``by`` for the first customer asked."""
    names = [each.name for each in release.contract.record]

    def said(columns: Mapping[str, Array]) -> Array:
        margins = release.scorer.margins(np.stack([columns[name] for name in names]))
        margins[0] += by
        return probability(margins)

    return Pretender(
        model=said,
        version=release.id,
        metadata=openapi.metadata("credit", release, [release.id], "cards"),
        wrong=lambda answer: answer | {"parameters": {"artefact": release.artefact}},
        packed=content,
    )


def foreign(**more: Any) -> StandIn:
    """A server of another maker, of whose model nothing is known but its answers."""
    return StandIn(model=lambda columns: probability(columns["status_1"] / 3 - columns["limit"] / 4e5), **more)


def test_release_that_answers_elsewhere_is_taken_over_and_checked(
    serving: Serving, at: At, tmp_path: Path, release: Release, book: Book
):
    model = got(at(serving.url))
    assert model.release is not None
    assert (model.release.id, model.release.artefact) == (release.id, release.artefact)
    assert here(tmp_path).ids() == [release.id]
    assert here(tmp_path).aliases() == {}  # which release is the champion is the server's business
    assert (model.where, model.name) == (f"127.0.0.1:{serving.port}", release.id[:6])
    assert model.deployed.words == f"release {release.id} at 127.0.0.1:{serving.port}"
    assert model.local_scorer is model.release.scorer
    raw = book.raw[:, ::100]
    np.testing.assert_allclose(model.scorer.margins(raw), model.local_scorer.margins(raw), rtol=0, atol=1e-12)
    live, known = model.scorer.reasons(raw[:, :3]), model.local_scorer.reasons(raw[:, :3])
    assert live.parts == known.parts
    assert live.background == known.background
    np.testing.assert_allclose(live.values, known.values, rtol=0, atol=1e-12)


def test_whole_book_of_a_known_release_is_not_asked_about(serving: Serving, at: At, whole: ScoredBook):
    model = got(at(serving.url))
    before = serving.service.pulse.read().calls
    assert model.whole.margins.tobytes() == whole.margins.tobytes()
    assert model.sample is model.book
    assert serving.service.pulse.read().calls == before


def test_release_taken_over_once_is_not_fetched_again(
    serving: Serving, at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    got(at(serving.url))
    monkeypatch.setattr(Store, "take_in", lambda *_: pytest.fail("fetched again"))
    assert got(at(serving.url)).release is not None
    assert len(here(tmp_path).ids()) == 1


def test_release_of_the_same_name_but_another_artefact_is_not_taken_for_it(
    at: At, tmp_path: Path, release: Release, hurried: None
):
    shutil.copytree(release.path, here(tmp_path).root / release.id)
    there = pretender(release)
    there.metadata["parameters"]["artefact"] = "0" * 64
    with standing(there):
        model = got(at(there.url))
        assert model.release is None
        assert model.local_scorer is model.scorer


def agreeing(release: Release, files: Mapping[str, bytes]) -> Files:
    """Other files of a release, and a manifest whose checksums agree."""
    manifest = json.loads((release.path / "manifest.json").read_bytes())
    manifest["files"] |= {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return {**files, "manifest.json": json.dumps(manifest).encode()}


def others(release: Release, name: str, **changed: NDArray[Any]) -> bytes:
    """A file of arrays, some of them others."""
    with np.load(release.path / name) as found:
        return arrays({each: found[each] for each in found.files} | changed)


def lied(release: Release) -> bytes:
    """Tables that are others than the stored numbers come from."""
    tables = others(release, "tables.npz", intercept=np.array(release.scorer.tables.intercept + 0.5))
    return packed(release, agreeing(release, {"tables.npz": tables}))


def garbled(release: Release) -> bytes:
    """Some bytes of a compressed file others."""
    content = packed(release, kind=zipfile.ZIP_DEFLATED)
    return content[:2000] + bytes(50) + content[2050:]


TAMPERED: dict[str, tuple[Callable[[Release], bytes], str]] = {
    "no zip": (lambda release: b"<html>sign in</html>", "cannot be unpacked"),
    "cut off": (lambda release: packed(release)[:-200], "cannot be unpacked|is no release"),  # of the arrays within it
    "garbled": (garbled, "cannot be unpacked"),
    "a file altered": (lambda release: packed(release, {"contract.toml": b"# other"}), r"was altered \(contract\.toml"),
    "a file more": (lambda release: packed(release, {"../evil.py": b"import os"}), "is no release"),
    "a file too few": (lambda release: packed(release, {"golden.npz": None}), "incomplete"),
    "no manifest": (lambda release: packed(release, {"manifest.json": None}), "does not exist"),
    "other tables": (lied, "no longer gives its stored numbers"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_release_that_is_not_what_was_announced_is_refused_and_not_kept(
    how: str, at: At, tmp_path: Path, release: Release, connections: list[RemoteScorer]
):
    tampered, words = TAMPERED[how]
    with standing(pretender(release, content=tampered(release))) as there:
        refused(at(there.url), words)
    assert nothing_kept(tmp_path)
    assert [each.transport._client.is_closed for each in connections] == [True]


def test_another_release_than_the_one_announced_is_refused_and_not_kept(
    at: At, tmp_path: Path, release: Release, own_home: Path
):
    store = Store(own_home, "cards")
    other = store.load(shifted(store, 0.5))
    with standing(pretender(release, content=packed(other))) as there:
        refused(at(there.url), "is not the artefact")
    assert nothing_kept(tmp_path)


def refused(desk: DeployedModels, words: str) -> None:
    """It says what is wrong with the release that came."""
    with pytest.raises(ReleaseError, match=words):
        desk.model("cards")


def nothing_kept(tmp_path: Path) -> bool:
    """Neither a release nor a draft of one."""
    return not [path for path in (tmp_path / "here").rglob("*") if path.is_file()] and not here(tmp_path).ids()


def test_release_that_is_too_large_is_refused(
    at: At, tmp_path: Path, release: Release, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(takeover, "MOST_BYTES", 1000)
    with standing(pretender(release, content=packed(release))) as there:
        refused(at(there.url), "larger than 1,000 bytes")
    assert nothing_kept(tmp_path)


def test_release_that_cannot_be_kept_is_told_with_what_to_do(at: At, tmp_path: Path, release: Release):
    (tmp_path / "here").write_text("a file where the folder should be")
    with standing(pretender(release, content=packed(release))) as there:
        refused(at(there.url), "cannot be kept in .*Let the dashboard write there, or set WHATIF_HOME")
    assert (tmp_path / "here").read_text() == "a file where the folder should be"


def test_release_that_is_not_handed_out_is_used_as_foreign(at: At, tmp_path: Path, release: Release):
    with standing(pretender(release)) as there:
        model = got(at(there.url))
        assert model.release is None
        assert model.id == release.id
        assert model.deployed.words == f"the model {release.id} at {model.where}"
    assert here(tmp_path).ids() == []


def test_server_under_another_contract_is_used_as_foreign(serving: Serving, at: At, tmp_path: Path, book: Book):
    other = stray(serving.service.store)
    point(serving.service.store, champion=other)
    model = got(at(serving.url))
    assert model.release is None
    assert model.local_scorer is model.scorer
    assert (model.id, model.deployed.foreign) == (other, True)
    expected = serving.service.release(other).scorer.margins(book.raw[:, :50])
    np.testing.assert_allclose(model.scorer.margins(book.raw[:, :50]), expected, rtol=0, atol=1e-12)
    assert here(tmp_path).ids() == []


def test_whole_book_of_a_foreign_model_equals_its_answers(at: At, book: Book):
    with standing(foreign()) as there:
        model = got(at(there.url))
        row = book.contract.row
        said = book.raw[row["status_1"]] / 3 - book.raw[row["limit"]] / 4e5
        np.testing.assert_allclose(model.whole.margins, said.clip(*log_odds(np.array([0.0, 1.0]))), rtol=0, atol=1e-9)
        assert model.whole.tables is None
        assert set(model.personas) == {"safe", "borderline", "in trouble"}


# ---- the spot check --------------------------------------------------------------------------------------------------


def test_spot_check_of_the_same_model_finds_nothing(serving: Serving, at: At):
    model = got(at(serving.url))
    for stress in (BookScenario(), stressed(balances=40, payments=-50)):
        found = spot_check.check(model.scorer, model.whole, numbers_of(stress))
        assert (found.customers, found.differ) == (spot_check.CUSTOMERS, 0)
        assert found.gap <= 1e-12
        assert found.milliseconds > 0


def test_spot_check_finds_a_server_that_answers_differently_under_the_same_hash(at: At, release: Release):
    with standing(pretender(release, by=1e-6, content=packed(release))) as there:
        model = got(at(there.url))
        assert model.release is not None
        found = spot_check.check(model.scorer, model.whole, numbers_of(BookScenario()))
        assert (found.customers, found.differ) == (spot_check.CUSTOMERS, 1)
        assert 1e-9 < found.gap < 1e-6
        asked = [len(each.body["inputs"][0]["data"]) for each in there.asked()]
        assert asked == [spot_check.CUSTOMERS]  # one call


def test_spot_check_asks_about_other_customers_each_time(at: At, release: Release):
    with standing(pretender(release, content=packed(release))) as there:
        model = got(at(there.url))
        for _ in range(2):
            spot_check.check(model.scorer, model.whole, numbers_of(BookScenario()))
        first, second = (each.body["inputs"] for each in there.asked())
        assert first != second


def test_spot_check_of_a_model_that_is_certain_is_no_false_alarm(at: At, release: Release, book: Book):
    """An answer is taken as no nearer to 0 and 1 than a millionth; so is then what the tables say."""
    sure = replace(release.scorer, tables=replace(release.scorer.tables, intercept=-30.0))
    there = StandIn(model=lambda columns: probability(np.full(len(columns["limit"]), -30.0)))
    with standing(there):
        model = got(at(there.url))
        whole = ScoredBook(sure, book.raw[:, :300], book.ids[:300])
        assert spot_check.check(model.scorer, whole, numbers_of(BookScenario())).differ == 0


# ---- promoted, away, back --------------------------------------------------------------------------------------------


def test_model_promoted_at_the_server_is_handed_out_next(serving: Serving, at: At, book: Book):
    desk = at(serving.url)
    first = got(desk)
    margins = first.scorer.margins(book.raw[:, :20])
    second = shifted(serving.service.store, 0.25)
    serving.service.store.promote(second)
    with pytest.raises(Changed, match="Another model answers"):
        first.scorer.margins(book.raw[:, :20])
    assert got(desk) is first  # not asked again within seconds
    desk.doubt()
    now = got(desk)
    assert now is not first
    assert now.release is not None
    assert now.id == second
    np.testing.assert_allclose(now.scorer.margins(book.raw[:, :20]), margins + 0.25, rtol=0, atol=1e-9)
    assert spot_check.check(now.scorer, now.whole, numbers_of(BookScenario())).differ == 0
    serving.service.store.rollback()
    desk.doubt()
    assert got(desk).id == first.id


def test_connection_of_a_model_that_was_replaced_is_given_up_once_nobody_uses_it(
    serving: Serving, at: At, connections: list[RemoteScorer]
):
    desk = at(serving.url)
    first = got(desk)
    serving.service.store.promote(shifted(serving.service.store, 0.25))
    desk.doubt()
    got(desk)
    assert [each.transport._client.is_closed for each in connections] == [False, False]  # a page may still hold it
    del first
    assert [each.transport._client.is_closed for each in connections] == [True, False]


def test_another_version_of_a_foreign_model_is_handed_out_next(at: At, book: Book):
    with standing(foreign()) as there:
        desk = at(there.url)
        first = got(desk)
        whole = first.whole
        there.version, there.model = "v2", lambda columns: probability(columns["status_1"] / 2)
        with pytest.raises(Changed):
            first.scorer.margins(book.raw[:, :5])
        desk.doubt()
        now = got(desk)
        assert (first.id, now.id) == ("v1", "v2")
        assert now.whole is not whole


def test_own_server_that_was_away_and_is_back_is_the_same_model(serving: Serving, at: At, book: Book):
    desk = at(serving.url)
    first = got(desk)
    whole = first.whole
    serving.stop()
    desk.doubt()
    since = rf"at 127\.0\.0\.1:{serving.port} has not answered since \d\d:\d\d UTC \(Connection refused\)\."
    for _ in range(4):  # the way closes in between
        with pytest.raises(NoAnswer, match=since):
            desk.model("cards")
    serving.start()
    time.sleep(2 * transport.CLOSED_FOR)
    assert got(desk) is first
    assert first.whole is whole
    assert first.scorer.margins(book.raw[:, :2]).shape == (2,)


def test_foreign_server_that_was_away_and_is_back_is_the_same_model(at: At):
    with standing(foreign()) as there:
        desk, port = at(there.url), int(there.url.rpartition(":")[2])
        first = got(desk)
    there.first = ["silence"]  # on the connection that is still open
    desk.doubt()
    with pytest.raises(NoAnswer, match="has not answered since"):
        desk.model("cards")
    with standing(foreign(), port):
        assert got(desk) is first


def test_server_away_is_asked_once_and_not_connected_to_anew(at: At, connections: list[RemoteScorer]):
    with standing(foreign()) as there:
        desk = at(there.url, model_timeout=0.2)
        got(desk)
        there.seen.clear()
        there.first = [0.6] * 3
        desk.doubt()
        with pytest.raises(NoAnswer, match=r"has not answered since .* \(no answer within 0\.2 s\)"):
            desk.model("cards")
        assert len(there.seen) == 3  # the attempts of one call
    assert len(connections) == 1


def test_server_that_was_unwell_and_is_the_same_is_the_same_model(at: At, connections: list[RemoteScorer]):
    with standing(foreign()) as there:
        desk = at(there.url)
        first = got(desk)
        desk.doubt()
        there.first = [(500, {}, b'{"error": "starting"}')]  # to the question whether it is ready
        assert got(desk) is first
    assert [each.transport._client.is_closed for each in connections] == [False, True]


def test_server_that_never_answered_is_told(at: At):
    with pytest.raises(NoAnswer, match="has not answered yet"):
        at(f"http://127.0.0.1:{free_port()}").model("cards")


def test_refusal_is_remembered_for_seconds_and_told_again_without_asking(at: At, monkeypatch: pytest.MonkeyPatch):
    refusing = foreign()
    refusing.answer = lambda method, path, body: (403, {"error": "no"})  # type: ignore[method-assign]
    with standing(refusing) as there:
        desk = at(there.url)
        told = []
        for _ in range(3):
            with pytest.raises(Refused, match="403: no") as refused:
                desk.model("cards")
            told.append(refused.value)
        assert len(there.seen) == 1
        assert len({str(each) for each in told}) == 1
        assert len({id(each) for each in told}) == 3  # a traceback grows no longer with each
        desk.doubt()
        with pytest.raises(Refused):
            desk.model("cards")
        assert len(there.seen) == 2
        monkeypatch.setattr(place, "REMEMBERED", 0.0)
        with pytest.raises(Refused):
            desk.model("cards")
        assert len(there.seen) == 3


def test_silence_is_told_again_only_to_those_who_waited_for_the_same_answer():
    there = place.RemotePlace()
    came = time.monotonic()
    there.remember(NoAnswer("silent"))
    with pytest.raises(NoAnswer, match="silent"):
        there.repeat_refusal(came)
    there.repeat_refusal(time.monotonic())  # asked anew
    there.repeat_refusal(came)


def test_book_is_surveyed_once_whatever_is_connected_to(at: At, release: Release, monkeypatch: pytest.MonkeyPatch):
    surveyed: list[object] = []
    monkeypatch.setattr(remote, "survey", lambda *_: surveyed.append(1) or release.scorer.territory)
    with standing(foreign()) as there, standing(foreign()) as another:
        desk = at(there.url)
        first = got(desk)
        there.version, there.model = "v2", lambda columns: probability(columns["status_1"] / 2)
        desk.doubt()
        assert got(desk) is not first
        using = desk._settings()
        desk._settings = lambda: using.model_copy(update={"model_url": HttpUrl(another.url)})
        got(desk)
    assert surveyed == [1]


def test_other_books_are_handed_out_while_one_is_surveyed(
    at: At, own_home: Path, release: Release, monkeypatch: pytest.MonkeyPatch
):
    under_way, go = threading.Event(), threading.Event()

    def slow(*_: object) -> Territory:
        under_way.set()
        assert go.wait(60)
        return release.scorer.territory

    with standing(foreign()) as there, standing(foreign()) as another:
        desk = at(there.url)
        first = got(desk)
        using = desk._settings()
        monkeypatch.setattr(remote, "survey", slow)
        desk._territories.clear()
        urls = threading.local()
        desk._settings = lambda: using.model_copy(update={"model_url": getattr(urls, "own", using.model_url)})

        def connecting() -> DeployedModel:
            urls.own = HttpUrl(another.url)
            return got(desk)

        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(connecting)
            try:
                assert under_way.wait(60)
                assert got(desk) is first
            finally:
                go.set()
            assert waiting.result() is not first


def test_doubt_has_the_model_asked_at_the_next_call(at: At):
    with standing(foreign()) as there:
        desk = at(there.url)
        first = got(desk)
        there.seen.clear()
        assert got(desk) is first
        assert there.seen == []
        desk.doubt()
        assert got(desk) is first
        assert [each.path for each in there.seen] == ["/v2/models/credit/ready", "/v2/models/credit/infer"]
        there.seen.clear()
        assert got(desk) is first
        assert there.seen == []


def test_model_elsewhere_is_asked_again_after_some_seconds(at: At, monkeypatch: pytest.MonkeyPatch):
    with standing(foreign()) as there:
        desk = at(there.url)
        got(desk)
        there.seen.clear()
        monkeypatch.setattr(client, "CHECKED", 0.0)
        got(desk)
        assert there.seen


def test_whole_book_is_asked_about_once_by_two_threads(at: At, book: Book):
    with standing(foreign()) as there:
        model = got(at(there.url))
        there.seen.clear()
        with ThreadPoolExecutor(2) as pool:
            one, other = pool.map(lambda _: model.scored_book(), range(2))
        assert one is other is model.whole
        assert sum(len(each.body["inputs"][0]["data"]) for each in there.asked()) == len(book)


def test_asking_about_the_whole_book_can_be_cancelled_and_begun_anew(at: At):
    class Cancelled(Exception):
        pass

    def told(share: float) -> None:
        raise Cancelled

    with standing(foreign()) as there:
        model = got(at(there.url))
        with pytest.raises(Cancelled):
            model.scored_book(told)
        assert model.whole.n == len(model.book)
        assert np.isfinite(model.whole.margins).all()


def test_closed_desk_has_given_up_its_connections(at: At, connections: list[RemoteScorer]):
    with standing(foreign()) as there:
        desk = at(there.url)
        got(desk)
        desk.close()
        assert [each.transport._client.is_closed for each in connections] == [True]
