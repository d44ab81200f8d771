"""Training gives the same model every time, and says what its constraints cost."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.books import Book
from model.engine.compilers.gradient_boosting import compile_model
from model.engine.scorer import TableScorer
from model.release import build, parity, training
from model.release.origin import LOCK
from model.release.release import Release
from model.release.store import FILES, Store
from model.release.training import SHIPPED, VARIANTS, Crossed, classifier  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def again(book: Book) -> Any:
    """The model, fitted a second time."""
    return training.fit(book)


@pytest.fixture
def quick(again: Any, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(again, release, monkeypatch)


def hurry(again: Any, release: Release, patch: pytest.MonkeyPatch) -> None:
    """Training at a fraction of the time: the second fit, fewer rows in the slow comparisons, known folds."""
    patch.setattr(training, "fit", lambda book: again)
    patch.setattr(parity, "ORACLE_ROWS", 1)
    patch.setattr(parity, "ORACLE_BACKGROUND", 1)
    patch.setattr(parity, "SHAP_ROWS", 10)
    found = dict(release.report.cross_validation.items())
    crossed = Crossed(found, release.evidence.pd)
    patch.setattr(training, "cross_validate", lambda book, variants, progress: crossed)
    patch.setattr(build, "shuffled_gates", lambda book, own, progress: [])


@dataclass(frozen=True)
class Trained:
    """A release made anew, and what was said meanwhile: doing what, and the share done."""

    release: Release
    told: list[tuple[str, float]]


@pytest.fixture(scope="module")
def elsewhere(again: Any, release: Release, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The same book trained in another home."""
    told: list[tuple[str, float]] = []
    with pytest.MonkeyPatch.context() as patch:
        hurry(again, release, patch)
        store = Store(tmp_path_factory.mktemp("elsewhere"), "cards")
        return Trained(store.train(lambda doing, share: told.append((doing, share))), told)


# ---- the same again --------------------------------------------------------------------------------------------------


def test_training_again_gives_the_same_tables_to_the_last_bit(again: Any, scorer: TableScorer):
    for name, array in compile_model(again).arrays().items():
        assert array.tobytes() == scorer.tables.arrays()[name].tobytes(), name


def test_training_in_another_home_gives_the_same_release(elsewhere: Trained, release: Release):
    second = elsewhere.release
    assert second.id == release.id
    for name in ("tables.npz", "golden.npz", "territory.npz", "outcomes.npz", "snapshot.npz", "contract.toml"):
        assert (second.path / name).read_bytes() == (release.path / name).read_bytes(), name


@pytest.mark.usefixtures("quick")
def test_training_where_the_release_exists_leaves_it_as_it_is(own_home: Path, release: Release):
    store = Store(own_home, "cards")
    before = {path.name: path.stat().st_mtime_ns for path in (store.root / release.id).iterdir()}
    assert store.train().id == release.id
    assert {path.name: path.stat().st_mtime_ns for path in (store.root / release.id).iterdir()} == before
    assert store.ids() == [release.id]


def test_training_tells_how_far_it_has_come(elsewhere: Trained):
    shares = [share for _, share in elsewhere.told]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == 1
    assert elsewhere.told[-1][0] == "Done"


@pytest.mark.usefixtures("quick")
def test_training_whose_tables_differ_from_the_model_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from model.errors import ParityError

    def corrupt(model: Any) -> Any:
        tables = compile_model(model)
        tables.cells[7] += 1e-6
        return tables

    monkeypatch.setattr(build, "compile_model", corrupt)
    with pytest.raises(ParityError, match=r"No release: Tables equal the trained model, all records: 1e-06, at most"):
        Store(tmp_path, "cards").train()
    assert list(tmp_path.rglob("*")) == []


# ---- what is stored --------------------------------------------------------------------------------------------------


def test_release_holds_its_files_and_no_other(release: Release):
    assert sorted(path.name for path in release.path.iterdir()) == sorted([*FILES, "manifest.json"])


def test_manifest_holds_the_checksum_of_every_file(release: Release):
    found = {name: hashlib.sha256((release.path / name).read_bytes()).hexdigest() for name in FILES}
    assert found == release.manifest["files"]


def test_manifest_holds_the_checksums_of_data_lock_file_and_contract(release: Release, book: Book):
    assert release.manifest["data_sha256"] == book.sha256
    assert release.manifest["contract_sha256"] == book.contract.hash
    assert release.manifest["lock_sha256"] == hashlib.sha256(LOCK.read_bytes()).hexdigest()
    assert (LOCK.parent / "pyproject.toml").is_file()


def test_manifest_says_what_the_release_is(release: Release, book: Book):
    expected = {"id": release.id, "book": "cards", "rows": 30_000, "contract_version": book.contract.version}
    assert release.manifest.items() >= expected.items()
    assert set(release.manifest["libraries"]) == {"numpy", "scipy", "scikit-learn", "skops", "numba"}
    assert release.manifest["background"] == release.scorer.shapley.background == "the average customer of the book"


def test_release_keeps_its_own_contract(release: Release, book: Book):
    assert release.contract.text == book.contract.text
    assert release.contract.hash == release.manifest["contract_sha256"]


def test_files_of_a_release_are_their_owners_alone(release: Release):
    assert {path.stat().st_mode & 0o777 for path in release.path.iterdir()} == {0o600}
    assert release.path.stat().st_mode & 0o777 == 0o700


# ---- figures ---------------------------------------------------------------------------------------------------------


def gate(release: Release, name: str) -> dict[str, Any]:
    return next(each for each in release.report.as_dict()["gates"] if each["name"] == name)


def test_model_ranks_as_well_as_promised_and_not_better_than_can_be(release: Release):
    assert 0.780 <= gate(release, "auc")["figure"] <= 0.80


def test_model_makes_no_larger_errors_than_promised(release: Release):
    assert gate(release, "brier")["figure"] <= 0.1350


def test_model_says_what_happens(release: Release):
    assert gate(release, "ece")["figure"] <= 0.012


@pytest.mark.parametrize(("name", "bound"), [("margins", 1e-9), ("additivity", 1e-9), ("oracle", 1e-9), ("shap", 1e-3)])
def test_tables_and_reasons_agree_with_model_definition_and_shap(release: Release, name: str, bound: float):
    found = gate(release, name)
    assert 0 <= found["figure"] <= found["bound"] == bound
    assert found["kind"] == "parity"
    assert found["passed"]


def test_report_tells_what_each_constraint_costs(release: Release):
    found = release.report.as_dict()["cross_validation"]
    assert list(found) == [
        "pairwise, monotone (shipped)",
        "pairwise",
        "monotone",
        "unconstrained",
    ]
    assert all(set(each) == {"auc", "brier", "log_loss", "ece", "slope"} for each in found.values())
    shipped, free = found["pairwise, monotone (shipped)"], found["unconstrained"]
    assert 0 <= free["auc"] - shipped["auc"] <= 0.005


def test_report_is_json_that_others_can_read(release: Release):
    assert json.loads((release.path / "gates.json").read_text()) == release.report.as_dict()
    assert release.report.folds == 5


# ---- the variants ----------------------------------------------------------------------------------------------------


def test_shipped_variant_has_pairs_and_the_directions_of_the_contract(book: Book):
    shipped = classifier(book)
    assert shipped.interaction_cst == "pairwise"
    assert shipped.monotonic_cst == [each.direction for each in book.contract.inputs]
    assert shipped.early_stopping is False
    assert shipped.random_state == book.contract.training.seed
    assert VARIANTS[0] == SHIPPED


def test_variants_differ_in_their_constraints_only(book: Book):
    found = [classifier(book, variant).get_params() for variant in VARIANTS]
    same = [{k: v for k, v in each.items() if k not in ("interaction_cst", "monotonic_cst")} for each in found]
    assert all(each == same[0] for each in same)
    constrained = [(bool(each["interaction_cst"]), bool(each["monotonic_cst"])) for each in found]
    assert constrained == [(True, True), (True, False), (False, True), (False, False)]


def test_model_is_given_the_declared_inputs_and_nothing_else(again: Any, book: Book):
    assert again.n_features_in_ == len(book.contract.inputs)
    np.testing.assert_array_equal(training.rows(book.inputs)[:3], book.contract.derive(book.raw[:, :3]).T)


def test_fitting_ignores_everything_but_record_and_outcome(book: Book):
    few = np.arange(3000)
    with training.one_thread():
        plain = classifier(book).set_params(max_iter=5).fit(training.rows(book.inputs)[few], book.target[few])
    anonymous = Book(book.contract, book.raw, ids=book.ids[::-1], target=book.target, observed={}, sha256="")
    with training.one_thread():
        other = (
            classifier(anonymous)
            .set_params(max_iter=5)
            .fit(training.rows(anonymous.inputs)[few], anonymous.target[few])
        )
    for name, array in compile_model(plain).arrays().items():
        assert array.tobytes() == compile_model(other).arrays()[name].tobytes(), name
