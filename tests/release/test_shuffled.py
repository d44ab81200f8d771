"""Gates on leaks of the outcomes into the inputs: each leak planted in a book of pure noise, honest books beside it."""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from data.arrays import Array
from data.books import Book, read_folder
from data.proposing.decisions import Decisions
from data.proposing.proposal import lay_down, propose
from data.proposing.signals import by_rate
from data.proposing.sources import read_source
from model.monitoring.discrimination import single_input_auc
from model.release import training
from model.release.gate import Gate
from model.release.release import Release
from model.release.shuffled import MOST_ROWS, shuffled_gates
from model.release.store import Store
from model.release.window import Window
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import written
from tests.data.proposing.test_proposal import guessed
from tests.support import loans, loans_sample
from tests.support.kept import KeptReleases

COLUMNS = ("branch", "dealer", "officer", "product")


def noise(n: int, kinds: int, seed: int, rate: float = 0.2) -> pd.DataFrame:
    """Words and an amount that say nothing of the outcome."""
    rng = np.random.default_rng(seed)
    held = {name: [f"{name[0]}{k:02d}" for k in rng.integers(0, kinds, n)] for name in COLUMNS}
    bad = rng.permutation(np.arange(n) < rate * n).astype(int)
    return pd.DataFrame({"loan_id": np.arange(n), "amount": rng.gamma(2, 9e3, n).round(), **held, "bad": bad})


def proposed(frame: pd.DataFrame, home: Path) -> Book:
    """As `init` proposes it."""
    source = read_source(written(frame, home, "csv", "noise"))
    return read_folder(
        lay_down(propose(source, Decisions("bad"), name="noise", margins=guessed, alone=single_input_auc), home)
    )


def leaked(book: Book) -> Book:
    """The same book as earlier versions of `init` would have coded it: words in the order of the outcome rate."""
    coded = [
        by_rate(book.target, row) if each.codes else row
        for each, row in zip(book.contract.record, book.raw, strict=True)
    ]
    return replace(book, raw=np.array(coded))


def gates(book: Book, own: Book | None = None) -> dict[str, Gate]:
    return {gate.name: gate for gate in shuffled_gates(book, book if own is None else own)}


@pytest.mark.parametrize(
    ("n", "kinds", "rate"), [(500, 16, 0.4), (1000, 20, 0.2), (2000, 15, 0.1), (2000, 40, 0.2), (12_000, 30, 0.2)]
)
def test_noise_coded_in_the_order_of_the_outcome_fails_and_coded_otherwise_passes(
    n: int, kinds: int, rate: float, tmp_path: Path
):
    honest = proposed(noise(n, kinds, n + kinds, rate), tmp_path)
    passed = gates(honest)
    assert all(gate.passed for gate in passed.values())
    assert passed["ordered"].figure == 0
    found = gates(leaked(honest))
    assert not found["ordered"].passed
    assert found["ordered"].note.startswith("Branch, Dealer, Officer, Product: coded in the order of these outcomes?")
    chance = (found["shuffled"].bound - 0.5) / 6  # one standard error of independent ranks
    assert found["shuffled"].figure > passed["shuffled"].figure + chance
    assert found["shuffled"].note.endswith("coded anew: Branch, Dealer, Officer, Product.")


def test_pipeline_that_codes_by_the_outcomes_still_ranks_shuffled_ones(tmp_path: Path):
    found = gates(leaked(proposed(noise(2000, 40, 1), tmp_path)))
    assert not found["shuffled"].passed
    assert found["shuffled"].figure > 0.6


def test_release_of_such_a_book_is_not_promoted_for_these_gates_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A book that lies in a home since an earlier version: trained again, it fails."""
    monkeypatch.setattr("model.release.parity.ORACLE_ROWS", 1)
    monkeypatch.setattr("model.release.parity.SHAP_ROWS", 20)
    book = proposed(noise(2000, 40, 2), tmp_path)
    before = Store(tmp_path, "noise").train().report.as_dict()["gates"]
    table = pd.read_parquet(tmp_path / "books/noise/noise.parquet")
    other = leaked(book)
    for name in COLUMNS:
        table[name] = other.raw[book.contract.row[name]]
    table.to_parquet(tmp_path / "books/noise/noise.parquet", index=False)
    after = Store(tmp_path, "noise").train().report.as_dict()["gates"]
    failed = (
        {each["name"] for each in before if not each["passed"]},
        {each["name"] for each in after if not each["passed"]},
    )
    assert "auc" in failed[0]  # honest noise does not rank, and that is what stops it
    assert failed[1] - failed[0] >= {"ordered", "shuffled"}
    assert not failed[0] & {"ordered", "shuffled"}


class Remembers:
    """A model that keeps what it was fitted to from one fold to the next."""

    seen: ClassVar[dict[bytes, float]] = {}

    def fit(self, x: Array, y: Array) -> "Remembers":
        self.seen.update((row.tobytes(), bad) for row, bad in zip(x, y, strict=True))
        return self

    def predict_proba(self, x: Array) -> Array:
        bad = np.array([self.seen.get(row.tobytes(), 0.5) for row in x])
        return np.stack([1 - bad, bad], axis=1)


def test_pipeline_whose_folds_know_of_each_other_is_caught_by_shuffled_outcomes_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def remembers(*_: Any) -> Remembers:
        return Remembers()

    book = read_folder(loans.lay_down(tmp_path))
    assert all(gate.passed for gate in gates(book).values())
    monkeypatch.setattr(training, "classifier", remembers)
    found = gates(book)
    assert (found["shuffled"].passed, found["ordered"].passed) == (False, True)
    assert found["shuffled"].figure > 0.55


@pytest.mark.parametrize("seed", range(12))
def test_honest_small_noise_passes(seed: int, tmp_path: Path):
    n, kinds, rate = [(200, 5, 0.1), (300, 12, 0.3), (600, 25, 0.05), (1500, 50, 0.5)][seed % 4]
    assert all(gate.passed for gate in gates(proposed(noise(n, kinds, seed, rate), tmp_path)).values())


def test_order_of_the_whole_book_is_found_where_the_model_is_fitted_to_a_window(tmp_path: Path):
    frame = loans.frame()
    rng = np.random.default_rng(3)
    frame["late"] = by_rate(frame["lost"].to_numpy(float), rng.integers(0, 60, len(frame)).astype(float))
    folder = loans.lay_down(tmp_path, table=frame)
    contract = folder / "contract.toml"
    contract.write_text(contract.read_text().replace("maximum = 12\n", "maximum = 60\n"))
    book = read_folder(folder)
    own = book.part(Window(2001, 2003).of(book))
    assert gates(own)["ordered"].figure < gates(book, own)["ordered"].figure
    assert not gates(book, own)["ordered"].passed
    assert gates(book, own)["ordered"].note.startswith("Months late: ")


def test_a_rare_outcome_is_still_among_the_records_that_are_shuffled(tmp_path: Path):
    frame = loans.frame(20_000)
    frame["lost"] = (np.arange(20_000) % 250 == 0).astype(int)
    book = read_folder(loans.lay_down(tmp_path, table=frame))
    gate = gates(book)["shuffled"]
    assert gate.note.startswith(f"{MOST_ROWS:,} records")
    assert gate.bound == pytest.approx(0.5 + 6 * np.sqrt(10_001 / (12 * 50 * 9950)), abs=1e-4)
    assert gate.passed


def test_the_same_book_gives_the_same_figures(tmp_path: Path):
    book = proposed(noise(400, 10, 5), tmp_path)
    assert gates(book) == gates(book)


def of_release(release: Release) -> dict[str, Gate]:
    """Both gates as they were told when a release was made."""
    return {gate.name: gate for gate in release.report.gates if gate.name in ("ordered", "shuffled")}


def test_the_shipped_books_pass(release: Release):
    found = of_release(release)
    assert [gate.passed for gate in found.values()] == [True, True]
    assert found["ordered"].figure == 0


def test_the_small_businesses_pass(kept: KeptReleases, tmp_path: Path):
    found = of_release(loans_sample.released(tmp_path, kept))
    assert [gate.passed for gate in found.values()] == [True, True]
