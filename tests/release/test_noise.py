"""Pure noise, as words or as numbers, is told to be no better than chance; what knows too much is named."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.books import Book, read_folder
from data.proposing.decisions import Decisions
from data.proposing.proposal import lay_down, propose
from data.proposing.sources import read_source
from model.monitoring.discrimination import single_input_auc
from model.release.checks import leakage_gates, performance_gates, told_from_noise
from model.release.training import cross_validate
from model.release.variants import SHIPPED
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import written
from tests.data.proposing.test_proposal import guessed

N, AGAIN = 600, 3
COLUMNS = ("branch", "dealer", "officer", "product", "campaign", "sector")


def noise(home: Path, word: str) -> Book:
    """A book of codes that say nothing of the outcome, each written after a ``word``."""
    rng = np.random.default_rng(19)
    held = {name: [f"{word}{k}" for k in rng.integers(10, 30, N)] for name in COLUMNS}
    bad = rng.permutation(np.arange(N) < 0.2 * N).astype(int)
    frame = pd.DataFrame({"loan_id": np.arange(N), "loan_amount": rng.gamma(2, 9e3, N).round(), **held, "bad": bad})
    source = read_source(written(frame, home, "csv", "noise"))
    decisions = Decisions("bad")
    return read_folder(lay_down(propose(source, decisions, "noise", guessed, alone=single_input_auc), home))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return noise(tmp_path_factory.mktemp("numbers"), "")


def test_noise_is_the_same_book_whether_it_is_written_as_words_or_as_numbers(book: Book, tmp_path: Path):
    assert np.array_equal(noise(tmp_path, "b").inputs, book.inputs)
    assert sum(bool(each.codes) for each in book.contract.inputs) == len(COLUMNS)


def test_noise_ranks_like_chance_and_the_gate_that_stops_it_says_so(book: Book):
    rng, aucs = np.random.default_rng(1), []
    for _ in range(AGAIN):
        found = cross_validate(replace(book, target=rng.permutation(book.target)), (SHIPPED,)).found[SHIPPED.label]
        aucs.append(found.auc)
    bad = book.target.sum()
    error = np.sqrt((N + 1) / (12 * bad * (N - bad)))
    assert abs(np.mean(aucs) - 0.5) < 1.96 * error / np.sqrt(AGAIN)
    ranked = replace(found, auc=float(np.mean(aucs)))
    gates = told_from_noise(performance_gates(book.contract, ranked, ranked), book)
    (gate,) = (each for each in gates if each.name == "auc")
    assert gate.verdict == "failed"
    assert gate.note.startswith(f"No better than chance, which ranks {N} such records from {0.5 - 1.96 * error:.3f} ")


def test_a_model_that_knows_too_much_names_its_strongest_inputs_and_what_to_do(book: Book):
    gates = {each.name: each for each in leakage_gates(book, 0.99)}
    assert gates["single"].passed
    assert gates["single"].note.count(" ") < 2  # the strongest alone, where nothing is wrong
    note = gates["too_good"].note
    assert note.startswith("Strongest inputs alone, by AUC: ")
    assert note.split(": ")[1].count(", ") >= 4
    assert "post-outcome in the contract" in note
