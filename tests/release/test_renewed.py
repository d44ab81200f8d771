"""A model fitted anew to a stream's outcomes: a release of the same book that says so, proved by the same gates."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from data import books
from data.books import Book
from data.errors import BadInput
from model.engine.tables import probability
from model.errors import ReleaseError
from model.release.outcome_window import WINDOW_FILE, OutcomeWindow, records_among
from model.release.release import Release
from model.release.renewed import _latest_gates
from model.release.store import FILES, Store
from model.report.release.words import window as window_words
from tests.support.kept import KeptReleases
from tests.support.loans import NAME, frame, lay_down
from tests.support.outcomes_of_loans import compared_on_few, lay_down_renewed, window_of

OWN = 1000  # records of the book that come by the stream again


@pytest.fixture(scope="module", autouse=True)
def few() -> Iterator[None]:
    with compared_on_few():
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, kept: KeptReleases) -> Path:
    """A home with a champion of the loans and a release renewed on new ones; read only."""
    home = tmp_path_factory.mktemp("renewed") / "home"
    lay_down_renewed(home, kept)
    return home


@pytest.fixture
def home(trained: Path, tmp_path: Path) -> Path:
    return shutil.copytree(trained, tmp_path / "home")


@pytest.fixture
def store(home: Path) -> Store:
    return Store(home, NAME)


@pytest.fixture
def renewed(store: Store) -> Release:
    return store.load(next(each for each in store.ids() if each != store.resolve("champion")))


@pytest.fixture
def loans(home: Path) -> Book:
    return books.read_book(NAME, home)


def test_it_says_what_it_was_fitted_to_and_carries_it(renewed: Release, loans: Book):
    told = renewed.manifest["outcomes"]
    assert told["rows"] == renewed.manifest["rows"] == 3000
    assert window_words(renewed.manifest) == "the latest 3,000 outcomes of the stream, 28 May to 30 May 2026"
    window = window_of(loans.contract, frame(3000, seed=7))
    assert renewed.outcomes is not None
    assert renewed.outcomes.sha256 == window.sha256 == told["sha256"]
    assert np.array_equal(renewed.fitted_part(loans).raw, window.raw)


def test_it_is_held_against_the_champion_on_outcomes_that_the_champion_had_not_seen(renewed: Release, store: Store):
    champion = renewed.report.champion
    assert champion is not None
    assert (champion.id, champion.n, champion.kind) == (store.resolve("champion"), 3000, "outcomes")
    assert {"worse_auc", "psi_champion"} <= {gate.name for gate in renewed.report.gates}
    assert all(gate.passed or not gate.stops for gate in renewed.report.gates)


def test_its_evidence_is_what_it_says_of_the_book(renewed: Release, loans: Book):
    found = renewed.evidence.of("unseen")
    assert len(found) == len(renewed.evidence) == len(loans)
    assert np.array_equal(found.pd, probability(renewed.scorer.margins(loans.raw)))


def test_it_is_verified_by_training_once_more(renewed: Release, store: Store):
    found = store.verify(renewed.id)
    assert found.passed
    assert "retrain" in {gate.name for gate in found.gates}
    assert found.differs == ()


def test_it_is_promoted_as_a_release_of_the_book_and_the_next_is_held_against_it(
    renewed: Release, store: Store, loans: Book
):
    first = store.resolve("champion")
    store.promote(renewed.id)
    assert store.aliases() == {"champion": renewed.id, "previous": first}
    again = store.renew(window_of(loans.contract, frame(3000, seed=7).iloc[500:]))
    held = again.report.champion
    assert held is not None
    # of its own outcomes the champion has seen all, so that the book is left, which neither was fitted to
    assert (held.id, held.kind, held.n) == (renewed.id, "unseen", len(loans))


def test_a_release_of_the_book_is_what_it_was_before(renewed: Release, store: Store):
    champion = store.load()
    assert champion.outcomes is None
    assert set(champion.manifest["files"]) == set(FILES)
    assert "outcomes" not in champion.manifest
    assert {each.name for each in renewed.path.iterdir()} == {*FILES, WINDOW_FILE, "manifest.json"}


def test_records_of_the_book_that_came_by_the_stream_are_no_evidence(store: Store, loans: Book):
    table = frame().iloc[:OWN]
    twice = store.renew(window_of(loans.contract, table))
    known = records_among(loans.raw, loans.raw[:, :OWN])
    assert np.array_equal(twice.evidence.position, np.flatnonzero(~known))
    held = twice.report.champion
    assert held is not None
    assert (held.kind, held.n) == ("unseen", len(loans) - known.sum())


def test_a_window_that_was_altered_is_found(renewed: Release, store: Store):
    path = renewed.path / WINDOW_FILE
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ReleaseError, match=f"altered \\({WINDOW_FILE}\\)"):
        store.load(renewed.id)


def test_it_is_taken_in_elsewhere_with_its_window(renewed: Release, tmp_path: Path):
    other = tmp_path / "other"
    lay_down(other)
    files = {each.name: each.read_bytes() for each in renewed.path.iterdir()}
    taken = Store(other, NAME).take_in(renewed.id, renewed.artefact, files)
    assert taken.outcomes is not None
    assert len(taken.outcomes) == 3000


@pytest.mark.parametrize(("rows", "bad"), [(3000, 12), (3000, 2990), (30, 15)])
def test_too_few_outcomes_of_either_kind_are_told(store: Store, loans: Book, rows: int, bad: int):
    window = window_of(loans.contract, frame(rows, seed=7))
    window = OutcomeWindow(window.raw, (np.arange(rows) < bad).astype(float), window.at)
    with pytest.raises(BadInput, match=f"holds {rows:,} outcomes of the stream, {bad:,} of them bad; at least 20"):
        store.renew(window)
    assert len(store.ids()) == 2


def test_records_are_recognised_value_for_value(loans: Book):
    some = loans.raw[:, [5, 9, 5]].copy()
    some[0, 1] = np.nan
    assert records_among(some, loans.raw).tolist() == [True, False, True]
    assert records_among(some, some[:, [1]]).tolist() == [False, True, False]
    assert records_among(-0.0 * some[:, :1], 0.0 * some[:, :1]).all()


def test_what_a_contract_asks_of_later_vintages_is_asked_of_the_latest_outcomes(home: Path):
    contract = home / "books" / NAME / "contract.toml"
    asked = "brier_at_most = 0.20\nlater_auc_at_least = 0.6\nlater_gap_at_most = 0.02"
    contract.write_text(contract.read_text().replace("brier_at_most = 0.20", asked))
    book, table = books.read_book(NAME, home), frame(3000, seed=7)
    gates = {gate.name: gate for gate in _latest_gates(window_of(book.contract, table).within(book))}
    told = "Fitted to the first 2,400 outcomes of the window, tested on the 600 after them."
    assert [gate.note for gate in gates.values()] == [told, told]
    assert (gates["later_auc"].verdict, gates["later_gap"].kind) == ("passed", "later")
    table.loc[2400:, "lost"] = 1 - table["lost"][2400:]  # the world turned round
    gates = {gate.name: gate for gate in _latest_gates(window_of(book.contract, table).within(book))}
    assert {gate.verdict for gate in gates.values()} == {"failed"}
