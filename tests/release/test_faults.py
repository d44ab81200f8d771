"""A fault planted in a sound book: its own gate catches it, and no other cries."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data import books
from data.books import Book
from data.errors import BadInput, ContractError
from model.errors import GateError, ReleaseError
from model.release import checks, origin, parity, training
from model.release.release import Release
from model.release.store import Store
from model.release.window import Window, training_windows
from tests.support.forging import overwrite
from tests.support.loans import LEAK, NAME, frame, lay_down, outcomes


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    compare_few(monkeypatch)


def compare_few(patch: pytest.MonkeyPatch) -> None:
    """The slow comparisons on few rows."""
    patch.setattr(parity, "ORACLE_ROWS", 1)
    patch.setattr(parity, "ORACLE_BACKGROUND", 2)
    patch.setattr(parity, "SHAP_ROWS", 20)


def failing(release: Release) -> set[str]:
    """The kinds of the gates that failed."""
    return {str(gate["kind"]) for gate in release.report.as_dict()["gates"] if not gate["passed"]}


def trained(home: Path, **how: Any) -> Release:
    lay_down(home, **how)
    return Store(home, NAME).train()


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a release of the sound book, trained once; read only."""
    place = tmp_path_factory.mktemp("sound") / "home"
    with pytest.MonkeyPatch.context() as patch:
        compare_few(patch)
        trained(place)
    return place


@pytest.fixture
def sound(trained_home: Path, tmp_path: Path) -> Release:
    """That release in ``tmp_path``, which a test may change."""
    shutil.copytree(trained_home, tmp_path, dirs_exist_ok=True)
    store = Store(tmp_path, NAME)
    return store.load(store.ids()[0])


def test_sound_book_passes_every_gate_and_is_promoted(sound: Release, tmp_path: Path):
    assert failing(sound) == set()
    assert Store(tmp_path, NAME).promote(sound.id) == sound.id


def test_leak_is_caught_by_the_gates_for_leaks_alone(tmp_path: Path):
    release = trained(tmp_path, collected="input", more=LEAK)
    assert failing(release) == {"leakage"}
    gate = next(gate for gate in release.report.as_dict()["gates"] if gate["name"] == "single")
    assert gate["note"].startswith("Strongest inputs alone, by AUC: Sent to collection 0.9")
    assert "is of the role post-outcome in the contract" in gate["note"]
    with pytest.raises(GateError, match=r"is not promoted: .*No input knows the outcome"):
        Store(tmp_path, NAME).promote(release.id)


def test_what_is_known_only_after_the_outcome_cannot_be_read_at_all(tmp_path: Path):
    folder = lay_down(tmp_path, more=LEAK)
    with pytest.raises(ContractError, match="input collected reads collected, which is known only after the outcome"):
        books.read_folder(folder)


def test_records_that_stand_in_the_book_twice_are_caught_as_a_leak(tmp_path: Path):
    table = frame()
    twice = table.sample(frac=0.05, random_state=1)
    table.loc[table.sample(n=len(twice), random_state=2).index, table.columns[1:]] = twice.iloc[:, 1:].to_numpy()
    assert failing(trained(tmp_path, table=table)) == {"leakage"}


def test_reversed_direction_is_caught_by_the_gate_for_directions_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The contract promises that income lowers the risk; somebody fits to the opposite sign of nothing: to none."""
    plain = training.classifier

    def reversed_(book: Book, variant: training.Variant = training.SHIPPED) -> Any:  # type: ignore[attr-defined, name-defined]
        found = plain(book, variant)
        return found.set_params(monotonic_cst=[0, *found.monotonic_cst[1:]]) if variant.monotone else found

    monkeypatch.setattr(training, "classifier", reversed_)
    release = trained(tmp_path, income=1)
    assert failing(release) == {"monotone"}
    assert next(gate["note"] for gate in release.report.as_dict()["gates"] if gate["name"] == "monotone") == "Income."


def test_swapped_column_is_caught_by_the_gate_for_the_contract_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plain = training.rows
    calls = iter([True])  # the fit of the model that is released, before any other

    def swapped(inputs: Any) -> Any:
        found = plain(inputs)
        return np.ascontiguousarray(found[:, [1, 0, 2]]) if next(calls, False) else found

    monkeypatch.setattr(training, "rows", swapped)
    release = trained(tmp_path, income=0)
    gate = next(gate for gate in release.report.as_dict()["gates"] if gate["name"] == "contract")
    assert gate["figure"] == 2
    assert gate["note"] == "Not the contract's: income, debt."
    assert failing(release) <= {"contract", "monotone"}  # debt's direction is now income's


@pytest.mark.parametrize("name", ["tables.npz", "model.skops", "outcomes.npz", "gates.json"])
def test_tampered_file_is_caught_when_the_release_is_loaded(sound: Release, tmp_path: Path, name: str):
    content = bytearray((sound.path / name).read_bytes())
    content[len(content) // 2] ^= 1
    overwrite(sound.path / name, bytes(content))
    with pytest.raises(ReleaseError, match=f"was altered \\({name}\\)"):
        Store(tmp_path, NAME).promote(sound.id)


def test_stale_lock_file_is_caught_by_the_gate_for_the_lock_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stale = tmp_path / "requirements.txt"
    stale.write_text(origin.LOCK.read_text().replace("scikit-learn==", "scikit-learn==0."))
    monkeypatch.setattr(origin, "LOCK", stale)
    release = trained(tmp_path)
    assert failing(release) == {"lock"}
    note = next(gate["note"] for gate in release.report.as_dict()["gates"] if gate["name"] == "lock")
    assert note.startswith("scikit-learn 1.")


def test_drifted_file_is_caught_by_the_gates_for_stability_alone(sound: Release, tmp_path: Path):
    store = Store(tmp_path, NAME)
    store.promote(sound.id)
    drifted = frame()
    drifted["debt"] = (2 * drifted["debt"]).round()
    release = trained(tmp_path, table=drifted)
    assert failing(release) == {"stability"}
    gate = next(gate for gate in release.report.as_dict()["gates"] if gate["name"] == "csi_champion")
    assert gate["note"] == "Debt; 6,000 records."


def test_model_that_is_worse_than_the_champion_is_caught_beside_it_alone(sound: Release, tmp_path: Path):
    store = Store(tmp_path, NAME)
    store.promote(sound.id)
    contract = lay_down(tmp_path) / "contract.toml"
    contract.write_text(contract.read_text().replace('formula = "late"', 'formula = "min(late, 1)"'))
    release = store.train()
    assert failing(release) == {"champion"}
    assert release.report.as_dict()["champion"]["n"] == 6000
    with pytest.raises(GateError, match=r"is not promoted: At worst ranks worse than the champion by: "):
        store.promote(release.id)


def test_next_release_of_a_small_book_is_told_to_watch_and_can_be_promoted(tmp_path: Path):
    """Of 600 loans chance alone is larger than what is allowed: another model, as good, is no failure."""
    store = Store(tmp_path, NAME)
    first = store.promote(trained(tmp_path, table=frame(600)).id, override="Too few to measure well.")
    contract = lay_down(tmp_path, table=frame(600)) / "contract.toml"
    contract.write_text(contract.read_text().replace("learning_rate = 0.15", "learning_rate = 0.1"))
    release = store.train()
    assert release.id != first
    beside = [gate for gate in release.report.as_dict()["gates"] if gate["kind"] == "champion"]
    assert {gate["verdict"] for gate in beside} == {"passed", "watch"}
    watched = [gate for gate in beside if gate["verdict"] == "watch"]
    assert all("Cannot be told with n = 600" in gate["note"] for gate in watched)
    assert store.promote(release.id, override="Too few to measure well.") == release.id


def unequal(gap: float) -> pd.DataFrame:
    """The loans, in which women earn less by ``gap`` in the logarithm, and default more often for it."""
    table = frame()
    women = table["sex"] == 2
    table.loc[women, "income"] = (table.loc[women, "income"] * np.exp(-gap)).round()
    table.loc[~women, "income"] = (table.loc[~women, "income"] * np.exp(gap)).round()
    return table.assign(lost=outcomes(table))


def test_policy_that_grants_a_group_less_often_is_caught_by_the_gate_for_fairness_alone(tmp_path: Path):
    release = trained(tmp_path, table=unequal(0.4))
    assert failing(release) == {"fairness"}
    gate = next(gate for gate in release.report.as_dict()["gates"] if gate["kind"] == "fairness")
    assert 0.5 < gate["figure"] < 0.8
    assert gate["note"].startswith("Sex.")
    with pytest.raises(GateError, match=r"is not promoted: Decided alike: smallest approval ratio of a group"):
        Store(tmp_path, NAME).promote(release.id)


def test_policy_that_the_contract_watches_is_told_and_stops_nothing(tmp_path: Path):
    contract = lay_down(tmp_path, table=unequal(0.4)) / "contract.toml"
    contract.write_text(
        contract.read_text().replace("[[concepts]]", '[gates.watched]\nimpact = "Known."\n\n[[concepts]]', 1)
    )
    release = Store(tmp_path, NAME).train()
    gate = next(gate for gate in release.report.as_dict()["gates"] if gate["kind"] == "fairness")
    assert gate["verdict"] == "watch"
    assert gate["note"].endswith("Known.")
    assert Store(tmp_path, NAME).promote(release.id) == release.id


def test_policy_that_grants_nobody_is_not_fair_for_that(tmp_path: Path):
    contract = lay_down(tmp_path) / "contract.toml"
    contract.write_text(contract.read_text().replace("cutoff = 510", "cutoff = 900"))
    release = Store(tmp_path, NAME).train()
    gate = next(gate for gate in release.report.as_dict()["gates"] if gate["kind"] == "fairness")
    assert (gate["figure"], gate["passed"]) == (None, False)
    assert gate["note"].startswith("Sex. Nobody reaches the cut-off.")
    with pytest.raises(GateError, match=r"approval ratio of a group: not known, at least 0\.8 is asked"):
        Store(tmp_path, NAME).promote(release.id)


def test_nothing_protected_means_no_gate_for_fairness(sound: Release, tmp_path: Path):
    book = books.read_folder(tmp_path / "books" / NAME)
    fields = tuple(field for field in book.contract.fields if field.role != "protected")
    bare = replace(book, contract=book.contract.model_copy(update={"fields": fields}))
    assert checks.fairness_gates(bare, sound.evidence) == []


# ---- windows ---------------------------------------------------------------------------------------------------------


def test_later_vintages_are_tested_out_of_time_and_never_trained_on(tmp_path: Path):
    release = trained(tmp_path, window="since = 2001\nuntil = 2004\nlater_until = 2005")
    book = books.read_folder(tmp_path / "books" / NAME)
    years = book.vintages
    assert years is not None
    crossed, later = release.evidence.of("crossed"), release.evidence.of("later")
    assert set(years[crossed.position]) == {2001, 2002, 2003, 2004}
    assert set(years[later.position]) == {2005}
    assert release.window == Window(2001, 2004)
    assert release.manifest["rows"] == len(crossed)
    assert release.report.as_dict()["later"]["n"] == len(later)
    assert set(release.report.as_dict()["later"]["variants"]) == {each.label for each in training.VARIANTS}  # type: ignore[attr-defined]
    assert list(release.report.as_dict()["cross_validation"]) == [training.SHIPPED.label]  # type: ignore[attr-defined]
    np.testing.assert_allclose(
        later.pd, 1 / (1 + np.exp(-release.scorer.margins(book.raw[:, later.position]))), rtol=0, atol=1e-15
    )


def test_vintage_outside_the_window_is_no_unknown_territory_but_an_amount_is(tmp_path: Path):
    release = trained(tmp_path, window="until = 2003")
    book = books.read_folder(tmp_path / "books" / NAME)
    record = book.raw[:, Window(2006, 2006).of(book)[:1]].copy()
    record[book.contract.row["debt"]] = 5000
    assert not release.scorer.territory.beyond(record).any()
    record[book.contract.row["debt"]] = 1e6
    assert release.scorer.territory.beyond(record).any()


def test_other_window_is_another_release_that_is_held_against_the_champion(tmp_path: Path):
    lay_down(tmp_path, window="until = 2004")
    store = Store(tmp_path, NAME)
    champion = store.promote(store.train().id)
    challenger = store.train(since=2002, until=2005)
    assert challenger.id != champion
    assert challenger.report.as_dict()["champion"]["id"] == champion
    assert store.load(champion).window == Window(None, 2004)


def test_recalibrated_release_moves_the_intercept_alone(tmp_path: Path):
    lay_down(tmp_path, window="until = 2003")
    store = Store(tmp_path, NAME)
    plain, again = store.train(), store.train(recalibrated=Window(2004, 2004))
    tables, shifted = plain.scorer.tables.arrays(), again.scorer.tables.arrays()
    np.testing.assert_array_equal(tables["cells"], shifted["cells"])
    shift = again.report.as_dict()["recalibrated"]["shift"]
    assert again.scorer.tables.intercept - plain.scorer.tables.intercept == pytest.approx(shift, abs=1e-12)
    book = books.read_folder(tmp_path / "books" / NAME)
    chosen = Window(2004, 2004).of(book)
    pd = 1 / (1 + np.exp(-again.scorer.margins(book.raw[:, chosen])))
    assert pd.mean() == pytest.approx(book.target[chosen].mean(), abs=1e-9)
    assert not np.isin(chosen, again.evidence.position).any()
    assert store.verify(again.id).passed


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        (2010, 2012, "The book loans has no record of the vintages 2010 to 2012. It has 2001 to 2006."),
        (None, 1999, "The book loans has no record of the vintages until 1999. It has 2001 to 2006."),
        (2004, 2030, "The window 2004 to 2030 reaches beyond the vintages of the book loans. It has 2001 to 2006."),
        (None, 2030, "The window until 2030 reaches beyond the vintages of the book loans. It has 2001 to 2006."),
        (1999, 2004, "The window 1999 to 2004 reaches beyond the vintages of the book loans. It has 2001 to 2006."),
        (0, None, "The window since 0 reaches beyond the vintages of the book loans. It has 2001 to 2006."),
        (2005, 2003, "The window 2005 to 2003 is empty: it begins after it ends. Give both ends"),
    ],
)
def test_window_that_cannot_be_kept_is_refused_with_the_vintages_there_are(
    tmp_path: Path, since: int | None, until: int | None, told: str
):
    lay_down(tmp_path)
    store = Store(tmp_path, NAME)
    with pytest.raises(BadInput, match=re.escape(told)):
        store.train(since=since, until=until)
    with pytest.raises(BadInput, match=re.escape(told)):
        store.train(recalibrated=Window(since, until))
    assert store.ids() == []


def test_end_of_a_window_that_is_not_given_is_the_contracts(tmp_path: Path):
    book = books.read_folder(lay_down(tmp_path, window="since = 2002\nuntil = 2004"))
    assert training_windows(book).window == Window(2002, 2004)
    assert training_windows(book, since=2003).window == Window(2003, 2004)
    assert training_windows(book, until=2005).window == Window(2002, 2005)


def test_window_of_all_vintages_there_are_is_kept(tmp_path: Path):
    book = books.read_folder(lay_down(tmp_path))
    assert len(Window(2001, 2006).of(book)) == len(book)


@pytest.mark.parametrize(
    ("window", "kind", "told"),
    [
        ("until = 2030", BadInput, "The window until 2030 reaches beyond the vintages of the book loans."),
        ("since = 1990\nuntil = 2004", BadInput, "The window 1990 to 2004 reaches beyond the vintages"),
        (
            "until = 2004\nlater_until = 2030",
            ContractError,
            "The contract of loans asks for a test until 2030 (later_until), but the book has the vintages 2001 to ",
        ),
    ],
)
def test_windows_of_a_contract_that_its_book_cannot_keep_are_refused(
    tmp_path: Path, window: str, kind: type[Exception], told: str
):
    lay_down(tmp_path, window=window)
    with pytest.raises(kind, match=re.escape(told)):
        Store(tmp_path, NAME).train()


def test_window_with_too_few_outcomes_is_refused(tmp_path: Path):
    table = frame(300)
    table.loc[table["year"] == 2001, "lost"] = 0
    lay_down(tmp_path, table=table)
    told = r"The window 2001 of loans holds \d+ records, 0 with the outcome; at least 20 .* Choose a wider window\."
    with pytest.raises(BadInput, match=told):
        Store(tmp_path, NAME).train(since=2001, until=2001)
    table["lost"] = 0
    lay_down(tmp_path, table=table)
    with pytest.raises(BadInput, match=r"The book loans holds 300 records, 0 .* needed to learn from\.$"):
        Store(tmp_path, NAME).train()


def test_book_without_vintages_has_no_windows(home: Path):
    with pytest.raises(BadInput, match="The book cards has no vintages"):
        Store(home, "cards").train(since=2000)


# ---- origin ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: {**m, "code_sha256": "0" * 64}, "the code (000000000000 then"),
        (lambda m: {**m, "lock_sha256": "1" * 64}, "the lock file (111111111111 then"),
        (lambda m: {**m, "platform": {**m["platform"], "machine": "abacus"}}, "the platform's machine (abacus then"),
        (lambda m: {**m, "libraries": {**m["libraries"], "numpy": "1.0"}}, "the library numpy (1.0 then"),
        (lambda m: {**m, "data_sha256": "2" * 64}, "the data (222222222222 then"),
    ],
)
def test_what_differs_from_the_origin_is_told(
    release: Release, book: Book, change: Callable[[dict[str, Any]], dict[str, Any]], told: str
):
    found = origin.origin_differences(change(dict(release.manifest)), book)
    assert len(found) == 1
    assert found[0].startswith(told)


def test_nothing_differs_where_a_release_was_made(release: Release, book: Book):
    assert origin.origin_differences(release.manifest, book) == ()
