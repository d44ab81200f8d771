"""Releases on disk: what is loaded, what is refused, and which one is the champion."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier

from data.books import Book
from data.errors import BadInput
from model.errors import GateError, Mismatch, ParityError, ReleaseError, StoreError
from model.release import parity, training
from model.release.release import Release
from model.release.store import FILES, Store
from tests.support.forging import failing, forge, overwrite, packed, point, stray, twin, unpacked, unreviewed
from tests.support.kept import KeptReleases
from tests.support.second_book import CONTRACT as SECOND
from tests.support.second_book import NAME, lay_down

PROJECT = Path(__file__).parents[2]


class Stowaway:
    """A type no model file has any business with."""


@pytest.fixture
def store(own_home: Path) -> Store:
    """A store that may be changed."""
    return Store(own_home, "cards")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow comparisons on few rows."""
    monkeypatch.setattr(parity, "ORACLE_ROWS", 1)
    monkeypatch.setattr(parity, "ORACLE_BACKGROUND", 1)
    monkeypatch.setattr(parity, "SHAP_ROWS", 10)


def aliases(store: Store) -> dict[str, str]:
    return json.loads((store.root / "aliases.json").read_text())


# ---- loading ---------------------------------------------------------------------------------------------------------


def test_loaded_release_scores_and_explains_as_when_it_was_made(release: Release, book: Book):
    golden = unpacked(release.path / "golden.npz")
    assert golden["raw"].shape == (len(book.contract.record), 1000)
    np.testing.assert_allclose(release.scorer.margins(golden["raw"]), golden["margins"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(release.scorer.explain(golden["raw"])[1], golden["reasons"], rtol=0, atol=1e-9)


def test_release_is_found_by_alias_id_and_beginning_of_its_id(home: Path, release: Release):
    store = Store(home, "cards")
    assert {store.resolve(each) for each in ("champion", release.id, release.id[:4])} == {release.id}
    assert store.load(release.id[:6]).id == release.id


@pytest.mark.parametrize("reference", ["challenger", "nothing", "../cards", "zz"])
def test_unknown_release_is_told_with_those_there_are(home: Path, release: Release, reference: str):
    with pytest.raises(ReleaseError) as caught:
        Store(home, "cards").load(reference)
    assert f"The release {reference!r} of the book cards does not exist." in str(caught.value)
    assert release.id in str(caught.value)


def test_empty_store_says_how_to_train(tmp_path: Path):
    store = Store(tmp_path, "cards")
    assert store.ids() == []
    assert store.aliases() == {}
    with pytest.raises(ReleaseError, match="none yet; run: python -m model train"):
        store.load()


def test_beginning_that_two_releases_share_is_told_as_ambiguous(store: Store, release: Release):
    (store.root / release.id).rename(store.root / "aa11")
    forge(store, "aa11", {})
    (store.root / store.ids()[-1]).rename(store.root / "aa22")
    with pytest.raises(ReleaseError, match=r"'aa' of the book cards is ambiguous. There are: .*aa11, aa22"):
        store.resolve("aa")


@pytest.mark.parametrize("name", FILES)
def test_altered_file_is_refused_and_named(store: Store, release: Release, name: str):
    path = store.root / release.id / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    overwrite(path, bytes(content))
    with pytest.raises(ReleaseError, match=rf"Release {release.id} was altered \({name}\). Restore it or train anew"):
        store.load()


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_removed_file_is_refused(store: Store, release: Release, name: str):
    (store.root / release.id / name).unlink()
    with pytest.raises(ReleaseError, match=name):
        store.load("champion")


def test_added_file_is_refused_and_named(store: Store, release: Release):
    (store.root / release.id / "model.pickle").write_bytes(b"cos\nsystem\n")
    with pytest.raises(ReleaseError, match=r"was altered \(model.pickle\)"):
        store.load()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"files": []}', b'{"files": {}}', b"null", b"\xff"])
def test_manifest_that_is_none_is_refused(store: Store, release: Release, content: bytes):
    overwrite(store.root / release.id / "manifest.json", content)
    with pytest.raises(ReleaseError, match=f"Release {release.id} is incomplete"):
        store.load()


def test_manifest_cannot_leave_a_file_out(store: Store, release: Release):
    folder = store.root / release.id
    manifest = json.loads((folder / "manifest.json").read_bytes())
    del manifest["files"]["territory.npz"]
    (folder / "territory.npz").unlink()
    overwrite(folder / "manifest.json", json.dumps(manifest).encode())
    with pytest.raises(ReleaseError, match=r"it has no territory.npz"):
        store.load()


def test_release_that_no_longer_gives_its_stored_scores_is_refused(store: Store, release: Release):
    golden = unpacked(release.path / "golden.npz")
    golden["margins"][500] += 1e-8
    identity = forge(store, release.id, {"golden.npz": packed(**golden)})
    with pytest.raises(ParityError, match=f"Release {identity} no longer gives its stored numbers: .* 1.0e-08"):
        store.load(identity)


def test_release_that_no_longer_gives_its_stored_reasons_is_refused(store: Store, release: Release):
    golden = unpacked(release.path / "golden.npz")
    golden["reasons"][3, 999] = np.nan
    identity = forge(store, release.id, {"golden.npz": packed(**golden)})
    with pytest.raises(ParityError, match="no longer gives its stored numbers"):
        store.load(identity)


def test_release_with_other_tables_under_right_checksums_is_refused(store: Store, release: Release):
    arrays = unpacked(release.path / "tables.npz")
    arrays["cells"] *= 1.0001
    identity = forge(store, release.id, {"tables.npz": packed(**arrays)})
    with pytest.raises(ParityError, match="no longer gives its stored numbers"):
        store.load(identity)


def test_arrays_that_would_run_code_when_read_are_refused(store: Store, release: Release):
    arrays = unpacked(release.path / "territory.npz")
    arrays["low"] = np.array([Stowaway()], dtype=object)
    identity = forge(store, release.id, {"territory.npz": packed(**arrays)})
    with pytest.raises(ReleaseError, match=r"arrays that cannot be read: .*allow_pickle=False"):
        store.load(identity)


def test_release_whose_contract_this_version_cannot_read_says_to_train_anew(store: Store, release: Release):
    text = release.contract.text.replace(b"[score]", b"[points]")
    identity = forge(store, release.id, {"contract.toml": text})
    with pytest.raises(ReleaseError, match=r"was made by another version: contract\.toml: score: .* Train it anew"):
        store.load(identity)


def test_loading_a_release_imports_neither_scikit_learn_nor_shap(home: Path):
    program = (
        "import sys; from pathlib import Path; from model.release.store import Store;"
        "found = Store(Path(sys.argv[1]), 'cards').load();"
        "print(found.id, *sorted({'sklearn', 'shap', 'skops', 'streamlit', 'plotly'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(home)], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == [Store(home, "cards").resolve("champion")]


# ---- verifying -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("few")
def test_verifying_repeats_every_comparison_and_the_training(home: Path, fitted: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(training, "fit", lambda book: fitted)
    found = Store(home, "cards").verify()
    assert [gate.name for gate in found.gates] == ["contract", "margins", "additivity", "oracle", "shap", "retrain"]
    assert found.passed
    assert found.differs == ()


@pytest.mark.usefixtures("few")
def test_verifying_tells_when_retraining_gives_other_tables(home: Path, book: Book, monkeypatch: pytest.MonkeyPatch):
    short = training.classifier(book).set_params(max_iter=1)
    with training.one_thread():
        short.fit(training.rows(book.inputs), book.target)
    monkeypatch.setattr(training, "fit", lambda book: short)
    found = {gate.name: gate for gate in Store(home, "cards").verify().gates}
    assert not found["retrain"].passed
    assert all(gate.passed for name, gate in found.items() if name != "retrain")


@pytest.mark.usefixtures("few")
def test_verifying_tells_when_the_stored_model_is_another_than_the_tables(store: Store, release: Release, book: Book):
    with training.one_thread():
        other = training.classifier(book).set_params(max_iter=1).fit(training.rows(book.inputs), book.target)
    identity = forge(store, release.id, {"model.skops": skops.io.dumps(other)})
    found = {gate.name: gate.passed for gate in store.verify(identity, retrain=False).gates}
    assert found["additivity"]
    assert not found["contract"]  # nor does it say what it was fitted to
    assert not found["margins"]
    assert not found["oracle"]
    assert "retrain" not in found


def test_model_file_with_a_type_that_is_not_trusted_is_never_loaded(store: Store, release: Release):
    identity = forge(store, release.id, {"model.skops": skops.io.dumps({"model": Stowaway()})})
    assert store.load(identity).id == identity  # loading does not read it
    with pytest.raises(ReleaseError, match=r"types that are not trusted: tests\.release\.test_store\.Stowaway\."):
        store.verify(identity)


def test_release_of_another_contract_cannot_be_verified_here(store: Store):
    with pytest.raises(ReleaseError, match="was trained on another snapshot or contract of cards"):
        store.verify(stray(store))


def test_release_of_other_data_cannot_be_verified_here(store: Store, release: Release):
    told = r"was trained on another snapshot or contract of cards .*: its data are 000000000000, the book's are "
    with pytest.raises(ReleaseError, match=told):
        store.verify(forge(store, release.id, {}, data_sha256="0" * 64))


# ---- aliases ---------------------------------------------------------------------------------------------------------


def test_new_champion_makes_the_old_one_previous(store: Store, release: Release):
    second = twin(store)
    assert store.promote(second) == second
    assert aliases(store) == {"champion": second, "previous": release.id}
    assert store.load().id == second


def test_champion_promoted_again_stays_without_becoming_its_own_previous(store: Store, release: Release):
    store.promote(release.id)
    assert aliases(store) == {"champion": release.id}


def test_challenger_stands_beside_the_champion(store: Store, release: Release):
    second = twin(store)
    store.promote(second[:8], "challenger")
    assert aliases(store) == {"champion": release.id, "challenger": second}
    store.promote("challenger")
    assert aliases(store) == {"champion": second, "challenger": second, "previous": release.id}


def test_rollback_changes_champion_and_previous_and_back_again(store: Store, release: Release):
    second = twin(store)
    store.promote(second)
    assert store.rollback() == release.id
    assert aliases(store) == {"champion": release.id, "previous": second}
    assert store.rollback() == second
    assert aliases(store) == {"champion": second, "previous": release.id}


def test_rollback_without_a_previous_champion_is_refused(store: Store):
    before = aliases(store)
    with pytest.raises(ReleaseError, match="no previous champion to go back to"):
        store.rollback()
    assert aliases(store) == before


def test_rollback_to_an_altered_release_is_refused_and_the_champion_stays(store: Store, release: Release):
    second = twin(store)
    store.promote(second)
    (store.root / release.id / "tables.npz").unlink()
    with pytest.raises(ReleaseError, match="incomplete"):
        store.rollback()
    assert aliases(store)["champion"] == second


def mismatch(store: Store, identity: str) -> str:
    """What is said of a release that does not belong to the book, as a pattern."""
    return (
        rf"Release {identity} was trained on another snapshot or contract of cards than the book has now: its contract "
        rf"is version {store.load(identity).contract.version} \([0-9a-f]{{12}}\), the book's is version .* Train anew"
    )


def test_release_of_another_contract_does_not_become_champion(store: Store, release: Release):
    other = stray(store)
    store.promote(other, "challenger")
    for reference in (other, "challenger"):
        with pytest.raises(Mismatch, match=mismatch(store, other)):
            store.promote(reference, override="We are in a hurry")
    assert aliases(store) == {"champion": release.id, "challenger": other}
    assert store.history(other)[-1].alias == "challenger"


def test_release_of_other_data_does_not_become_champion(store: Store, release: Release):
    with pytest.raises(Mismatch, match=r"its data are 000000000000, the book's are [0-9a-f]{12}\. Train anew"):
        store.promote(forge(store, release.id, {}, data_sha256="0" * 64))


def test_no_way_back_to_a_release_of_another_contract(store: Store, release: Release):
    other = stray(store)
    point(store, previous=other)
    with pytest.raises(Mismatch, match=mismatch(store, other)):
        store.rollback()
    assert aliases(store) == {"champion": release.id, "previous": other}


@pytest.mark.usefixtures("few")
def test_after_its_contract_was_edited_a_book_takes_a_release_trained_anew_and_no_older_one(tmp_path: Path):
    lay_down(tmp_path, SECOND)
    store = Store(tmp_path, NAME)
    first = store.promote(store.train().id)
    lay_down(tmp_path, SECOND.replace('version = "1.0.0"', 'version = "1.1.0"'))
    second = store.promote(store.train().id)
    assert second != first
    told = r"its contract is version 1\.0\.0 \(.*\), the book's is version 1\.1\.0 \("
    for move in (store.rollback, lambda: store.promote(first)):
        with pytest.raises(Mismatch, match=told):
            move()
    assert aliases(store) == {"champion": second, "previous": first}


def test_unknown_alias_is_refused_with_those_there_are(store: Store, release: Release):
    with pytest.raises(ReleaseError, match=r"no alias 'best'. There are: champion, challenger, previous"):
        store.promote(release.id, "best")


def test_altered_release_is_not_promoted(store: Store, release: Release):
    second = twin(store)
    (store.root / second / "note.txt").write_text("looks fine")
    with pytest.raises(ReleaseError, match="was altered"):
        store.promote(second)
    assert aliases(store) == {"champion": release.id}


@pytest.mark.parametrize("name", ["auc", "ece", "shap"])
def test_release_with_a_failing_gate_is_not_promoted_and_the_gate_is_told(store: Store, release: Release, name: str):
    report = json.loads((release.path / "gates.json").read_bytes())
    gate = next(each for each in report["gates"] if each["name"] == name)
    gate.update(figure=0.1234, passed=False)
    second = forge(store, release.id, {"gates.json": json.dumps(report).encode()})
    with pytest.raises(GateError) as caught:
        store.promote(second)
    assert f"Release {second} is not promoted: {gate['label']}: 0.1234, at " in str(caught.value)
    assert f" {gate['bound']:.4g} is asked. To promote it all the same" in str(caught.value)
    assert aliases(store) == {"champion": release.id}
    with pytest.raises(GateError):
        store.promote(second, "challenger")


def test_aliases_are_replaced_in_one_step(store: Store, release: Release, monkeypatch: pytest.MonkeyPatch):
    """A reader sees the old aliases or the new, whenever it looks: the new file is whole before it takes the name."""
    seen = []
    replace = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append((aliases(store), json.loads(self.read_text())))
        return replace(self, target)

    second = twin(store)
    monkeypatch.setattr(Path, "replace", watched)
    store.promote(second)
    assert seen == [({"champion": release.id}, {"champion": second, "previous": release.id})]
    assert [path.name for path in store.root.glob("*aliases*.json")] == ["aliases.json"]


def test_aliases_stay_as_they_are_when_the_disk_fails(store: Store, release: Release, monkeypatch: pytest.MonkeyPatch):
    def full(self: Path, target: Path) -> Path:
        raise OSError("no space left")

    second = twin(store)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        store.promote(second)
    assert aliases(store) == {"champion": release.id}


def test_processes_that_move_aliases_at_once_lose_none_of_it(kept: KeptReleases, tmp_path: Path):
    """Two processes each name both releases champion in turn: every move is noted once, and each begins where the last
    one ended."""
    lay_down(tmp_path)
    release, store, rounds = kept.champion(tmp_path, NAME), Store(tmp_path, NAME), 3
    second = twin(store)
    program = (
        "import sys; from pathlib import Path; from model.release.store import Store;"
        f"store = Store(Path(sys.argv[1]), {NAME!r});"
        f"[store.promote(each, why=sys.argv[2]) for _ in range({rounds}) for each in sys.argv[3:]]"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(store.home), name, second, release.id], cwd=PROJECT)
        for name in ("one", "other")
    ]
    assert [each.wait(240) for each in running] == [0, 0]
    champions = [each.release for each in store.history() if each.alias == "champion"]
    assert all(a != b for a, b in pairwise(champions))  # one that lost a move would seem to name the champion again
    assert {each.why for each in store.history()} & {"one", "other"}  # in step, the second finds nothing left to move
    assert champions[-1] == aliases(store)["champion"]
    assert set(aliases(store).values()) == {release.id, second}
    assert not (store.root / ".aliases.json").exists()


HOLDING = """
import sys, time
from pathlib import Path
from model.locks import exclusive
with exclusive(Path(sys.argv[1]), "Aliases"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_while_another_process_moves_aliases_nothing_moves_and_once_it_was_killed_it_does(
    store: Store, release: Release, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("model.locks.WAIT_SECONDS", 0.1)
    other, lock = twin(store), store.root / ".aliases.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDING, str(lock)], cwd=PROJECT, stdout=subprocess.PIPE)
    with holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(StoreError, match=r"^Champion and challenger of cards are being changed elsewhere"):
                store.promote(other)
            assert aliases(store) == {"champion": release.id}
        finally:
            holder.kill()
    store.promote(other)
    assert aliases(store) == {"champion": other, "previous": release.id}


def test_unreadable_aliases_are_told_with_what_to_do(store: Store):
    (store.root / "aliases.json").write_text("{")
    with pytest.raises(ReleaseError, match=r"aliases.json of cards is unreadable; promote a release anew"):
        store.load()


def test_releases_are_listed_oldest_first(store: Store, release: Release):
    second = twin(store)
    assert store.ids() == [release.id, second]
    assert store.manifest(second)["id"] == second


def test_unfinished_release_is_not_listed(store: Store, release: Release):
    draft = store.root / ".draft-x"
    draft.mkdir()
    (draft / "manifest.json").write_text("{}")
    assert store.ids() == [release.id]


def test_small_model_file_of_the_trusted_type_is_loaded():
    from model.release.release import _load_model

    x = np.arange(40.0)[:, None]
    model = HistGradientBoostingClassifier(max_iter=2).fit(x, x[:, 0] > 20)
    again = _load_model(skops.io.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(x), model.predict_proba(x))


# ---- since when ------------------------------------------------------------------------------------------------------


@pytest.fixture
def moved(store: Store) -> Any:
    """Writes the history of the aliases: ``moved((3, "champion", "aa"))``, by day of March 2026."""

    def write(*lines: tuple[int, str, str]) -> None:
        told = [{"at": f"2026-03-{day:02}T09:00:00+00:00", "alias": name, "release": to} for day, name, to in lines]
        (store.root / "history.jsonl").write_text("".join(json.dumps(each) + "\n" for each in told))

    return write


def test_a_promotion_and_a_rollback_are_dated(store: Store, release: Release):
    before = datetime.now(UTC).replace(microsecond=0)
    second = twin(store)
    store.promote(second)
    first = store.since()
    assert first is not None
    assert before <= first <= datetime.now(UTC)
    assert store.since("previous") == first
    store.rollback()
    lines = [json.loads(each) for each in (store.root / "history.jsonl").read_text().splitlines()]
    assert [(each["alias"], each["release"]) for each in lines[-4:]] == [
        ("champion", second),
        ("previous", release.id),
        ("champion", release.id),
        ("previous", second),
    ]
    found = store.since()
    assert found is not None
    assert found >= first


def test_promoting_what_is_champion_already_does_not_restart_its_time(store: Store, release: Release, moved: Any):
    moved((3, "champion", release.id))
    store.promote(release.id)
    assert store.since() == datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_the_last_time_counts_of_an_alias_that_came_back(store: Store, release: Release, moved: Any):
    moved((1, "champion", release.id), (2, "champion", "aa"), (3, "champion", release.id), (4, "challenger", "aa"))
    assert store.since() == datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_a_history_that_ends_elsewhere_dates_nothing(store: Store, release: Release, moved: Any):
    moved((1, "champion", release.id), (2, "champion", "aa"))  # how it came back to the release is not on record
    assert store.since() is None


def test_an_alias_that_never_moved_or_is_not_there_has_no_date(store: Store, release: Release, moved: Any):
    moved((1, "champion", release.id))
    assert store.since("challenger") is None
    (store.root / "history.jsonl").unlink()
    assert store.since() is None


@pytest.mark.parametrize("line", ["", "{", '{"at": "2026-0', "[]", "null", '{"alias": "champion"}', "\x00"])
def test_a_line_half_written_is_passed_over(store: Store, release: Release, moved: Any, line: str):
    moved((3, "champion", release.id))
    with (store.root / "history.jsonl").open("a") as history:
        history.write(line)
    assert store.since() == datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_an_alias_whose_move_cannot_be_noted_does_not_move(store: Store, release: Release):
    second = twin(store)
    (store.root / "history.jsonl").unlink(missing_ok=True)
    (store.root / "history.jsonl").mkdir()
    with pytest.raises(OSError, match=r"history\.jsonl"):
        store.promote(second)
    assert aliases(store) == {"champion": release.id}
    assert store.since() is None


@pytest.mark.parametrize("written", ["{", "[]", "null", '{"champion": null}', '{"champion": ["a"]}'])
def test_unreadable_aliases_can_be_put_right_as_told(store: Store, release: Release, written: str):
    (store.root / "aliases.json").write_text(written)
    with pytest.raises(ReleaseError, match="once that file is gone"):
        store.aliases()
    (store.root / "aliases.json").unlink()
    assert store.promote(release.id) == release.id
    assert store.load().id == release.id


# ---- who moved it, and why -------------------------------------------------------------------------------------------


def told(store: Store) -> list[tuple[str, ...]]:
    return [(each.alias, each.release, each.who, each.why, each.override) for each in store.history()]


def test_the_history_says_who_promoted_what_and_why(store: Store, release: Release):
    second, before = twin(store), datetime.now(UTC).replace(microsecond=0)
    store.promote(second, who="ann", why="  Newer data ")
    store.rollback("bob", "Too many declined")
    assert told(store)[-4:] == [
        ("champion", second, "ann", "Newer data", ""),
        ("previous", release.id, "ann", "Newer data", ""),
        ("champion", release.id, "bob", "Too many declined", ""),
        ("previous", second, "bob", "Too many declined", ""),
    ]
    assert all(before <= each.at <= datetime.now(UTC) for each in store.history()[-4:])
    assert [each.release for each in store.history(second)] == [second, second]


@pytest.mark.parametrize("why", ["", "  "])
def test_whoever_moves_an_alias_says_why(store: Store, release: Release, why: str):
    second = twin(store)
    for alias in ("champion", "challenger"):
        with pytest.raises(BadInput, match=r"Nothing was changed\. Say why"):
            store.promote(second, alias, who="ann", why=why, override="The board accepts it")
    store.promote(second)
    with pytest.raises(BadInput, match=r"Nothing was changed\. Say why"):
        store.rollback("ann", why)
    assert aliases(store) == {"champion": second, "previous": release.id}


def test_an_override_promotes_what_failed_and_is_kept_with_the_gates_it_passed_over(store: Store, release: Release):
    second = forge(store, release.id, {"gates.json": failing(release, "auc", "ece")})
    with pytest.raises(GateError, match="--override REASON"):
        store.promote(second, who="ann", why="Newer data", override="  ")
    store.promote(second, who="ann", why="Newer data", override=" The board accepts it ")
    assert aliases(store)["champion"] == second
    (moved,) = store.history(second)
    assert (moved.override, moved.gates) == ("The board accepts it", ("auc", "ece"))


def test_an_override_stands_with_the_release_it_let_through_alone(store: Store, release: Release):
    second = forge(store, release.id, {"gates.json": failing(release, "auc")})
    store.promote(second, override="The board accepts it")
    assert [each.override for each in store.history(release.id)] == [""] * len(store.history(release.id))


def test_an_override_that_nothing_needed_is_not_kept(store: Store):
    second = twin(store)
    store.promote(second, override="To be safe")
    (moved,) = store.history(second)
    assert (moved.override, moved.gates) == ("", ())


def test_a_gate_to_watch_does_not_stop_promotion(store: Store, release: Release):
    report = json.loads((release.path / "gates.json").read_bytes())
    report["gates"][1].update(passed=False, stops=False)
    second = forge(store, release.id, {"gates.json": json.dumps(report).encode()})
    assert store.promote(second) == second


def test_a_release_whose_contract_nobody_has_read_is_promoted_for_no_reason(store: Store, release: Release):
    second = unreviewed(store, release)
    for alias in ("champion", "challenger"):
        with pytest.raises(GateError, match=r"correct its guesses, set reviewed = true, train again"):
            store.promote(second, alias, override="We are in a hurry")
    assert aliases(store) == {"champion": release.id}


def test_lines_written_before_reasons_were_asked_for_are_still_read(store: Store, release: Release, moved: Any):
    moved((3, "champion", release.id))
    assert told(store) == [("champion", release.id, "", "", "")]


def test_the_report_of_a_release_is_read_without_loading_it(store: Store, release: Release):
    assert store.report(release.id) == release.report


def test_release_without_its_shapley_values_is_told_and_never_taken_in(store: Store) -> None:
    arrays = unpacked(store.root / store.resolve("champion") / "tables.npz")
    del arrays["shapley"]
    forged = forge(store, store.resolve("champion"), {"tables.npz": packed(**arrays)})
    with pytest.raises(ReleaseError, match="it lacks 'shapley'"):
        store.load(forged)
    files = {path.name: path.read_bytes() for path in (store.root / forged).iterdir()}
    shutil.rmtree(store.root / forged)
    with pytest.raises(ReleaseError, match="it lacks 'shapley'"):
        store.take_in(forged, "0" * 64, files)
    assert forged not in store.ids()
