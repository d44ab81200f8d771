"""A candidate beside the champion: like against like, on what neither had seen, and against the champion of the day."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data import books
from model.errors import GateError
from model.release import parity
from model.release.release import Release
from model.release.store import Store
from model.release.window import Window
from tests.support import proofs
from tests.support.forging import overwrite, twin
from tests.support.loans import NAME, frame, lay_down

FOR_A_TEST = "For a test."


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow comparisons on few rows."""
    monkeypatch.setattr(parity, "ORACLE_ROWS", 1)
    monkeypatch.setattr(parity, "ORACLE_BACKGROUND", 2)
    monkeypatch.setattr(parity, "SHAP_ROWS", 20)


def gate(release: Release, name: str) -> dict[str, Any]:
    return next(each for each in release.report.as_dict()["gates"] if each["name"] == name)


def promoted(store: Store, **how: Any) -> Release:
    release = store.train(**how)
    store.promote(release.id, override=FOR_A_TEST)
    return release


def test_models_of_two_windows_are_compared_on_the_vintages_after_both_alone(tmp_path: Path):
    store = proofs.lay_down(tmp_path)
    first = promoted(store)  # 2001 to 2004
    second = store.train(until=2005)
    book = books.read_folder(tmp_path / "books" / NAME)
    found = second.report.as_dict()["champion"]
    assert (found["id"], found["kind"], found["n"]) == (first.id, "later", len(Window(2006, 2006).of(book)))
    chosen = Window(2006, 2006).of(book)
    said = 1 / (1 + np.exp(-first.scorer.margins(book.raw[:, chosen])))
    brier = next(each for each in found["measures"] if each["name"] == "brier")
    assert brier["champion"] == pytest.approx(float(np.mean((said - book.target[chosen]) ** 2)), abs=1e-12)
    assert "of vintages later than both" in gate(second, "worse_auc")["note"]


def test_without_a_common_later_vintage_cross_validation_is_held_against_cross_validation(tmp_path: Path):
    lay_down(tmp_path, window="until = 2006")
    store = Store(tmp_path, NAME)
    promoted(store)
    second = store.train(since=2003)
    book = books.read_folder(tmp_path / "books" / NAME)
    assert second.report.as_dict()["champion"]["kind"] == "crossed"
    assert second.report.as_dict()["champion"]["n"] == len(Window(2003, 2006).of(book))


def test_champion_of_another_snapshot_is_not_compared_and_the_report_says_why(tmp_path: Path):
    lay_down(tmp_path)
    promoted(Store(tmp_path, NAME))
    lay_down(tmp_path, table=frame(seed=3))
    found = Store(tmp_path, NAME).train().report.as_dict()["champion"]
    assert (found["n"], found["measures"]) == (0, [])
    assert found["why_not"].startswith("It was trained on another snapshot")


def test_champion_that_cannot_be_read_is_told_at_the_gates(tmp_path: Path):
    lay_down(tmp_path)
    store = Store(tmp_path, NAME)
    first = promoted(store)
    overwrite(first.path / "snapshot.npz", b"altered")
    second = store.train(since=2002)
    found = gate(second, "champion_read")
    assert (found["figure"], found["verdict"]) == (0, "watch")
    assert "was altered (snapshot.npz)" in found["note"]


def test_candidate_is_held_against_the_champion_of_the_day_it_is_promoted(tmp_path: Path):
    """Trained while there was no champion, and worse than the one there is by now."""
    lay_down(tmp_path, window="until = 2006")
    store = Store(tmp_path, NAME)
    worse, better = store.train(until=2001), store.train()
    assert worse.report.as_dict()["champion"] is None
    store.promote(better.id)
    assert "worse_auc" in {each.name for each in store.obstacles(worse).gates}
    with pytest.raises(GateError, match=r"is not promoted: .*At worst ranks worse than the champion by"):
        store.promote(worse.id)
    assert store.promote(worse.id, override=FOR_A_TEST) == worse.id
    assert "worse_auc" in store.history(worse.id)[-1].gates


def test_sound_release_that_was_never_compared_is_promoted_beside_another_champion(tmp_path: Path):
    lay_down(tmp_path)
    store = Store(tmp_path, NAME)
    first = store.train()
    store.promote(first.id)
    second = twin(store)
    assert store.obstacles(store.load(second)).gates == ()
    assert store.promote(second) == second


# ---- recalibrated ----------------------------------------------------------------------------------------------------


def test_recalibrated_release_is_judged_on_the_vintages_after_that(tmp_path: Path):
    """From 2005 on far more default: shifted to 2005, the model says what happens in 2006, and is off before."""
    store = proofs.lay_down(tmp_path)
    plain, again = store.train(), store.train(recalibrated=Window(2005, 2005))
    found = gate(again, "ece")
    own = again.evidence.of("later")
    assert found["note"] == "In 2006, after what it was recalibrated on."
    assert found["figure"] == pytest.approx(
        again.report.as_dict()["later"]["variants"]["pairwise, monotone (shipped)"]["ece"]
    )
    assert len(own) == again.report.as_dict()["later"]["n"]
    shipped = again.report.as_dict()["cross_validation"]["pairwise, monotone (shipped)"]
    assert shipped["ece"] > 0.1  # what the released model says of the years it was fitted to
    assert shipped["auc"] == plain.report.as_dict()["cross_validation"]["pairwise, monotone (shipped)"]["auc"]


def test_wild_recalibration_fails_the_gates_for_calibration(tmp_path: Path):
    """Shifted to a year in which nearly all defaulted."""
    table = frame()
    table.loc[(table["year"] == 2005) & (table["loan"] % 20 > 0), "lost"] = 1
    lay_down(tmp_path, table=table, window="until = 2004\nlater_until = 2005")
    release = Store(tmp_path, NAME).train(recalibrated=Window(2005, 2005))
    failed = {each["name"] for each in release.report.as_dict()["gates"] if not each["passed"]}
    assert {"ece", "brier"} <= failed
    assert "auc" not in failed


def test_shift_of_the_intercept_is_no_drift(tmp_path: Path):
    store = proofs.lay_down(tmp_path)
    promoted(store)
    again = store.train(recalibrated=Window(2005, 2005))
    assert gate(again, "psi_champion")["figure"] < 0.001


def test_test_on_later_vintages_that_the_contract_asks_for_and_a_window_leaves_none_of_fails(tmp_path: Path):
    contract = lay_down(tmp_path, window="until = 2004\nlater_until = 2005") / "contract.toml"
    contract.write_text(contract.read_text().replace("[gates]", "[gates]\nlater_auc_at_least = 0.6", 1))
    store = Store(tmp_path, NAME)
    assert gate(store.train(), "later_auc")["passed"]
    release = store.train(until=2006)
    found = gate(release, "later_auc")
    assert (found["figure"], found["passed"]) == (None, False)
    assert found["note"].startswith("No later vintage")
    with pytest.raises(GateError, match="Ranks in later vintages, 2007: AUC: not known"):
        store.promote(release.id)
