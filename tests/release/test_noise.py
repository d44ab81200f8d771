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
from model.errors import GateError
from model.monitoring.discrimination import auc, auc_by_chance, single_input_auc
from model.release.checks import leakage_gates, performance_gates, told_from_noise
from model.release.gate import Gate
from model.release.promotion import Obstacles, require_passed
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
    by_chance = auc_by_chance(float(book.target.sum()), N)
    assert abs(np.mean(aucs) - 0.5) < (by_chance.high - 0.5) / np.sqrt(AGAIN)
    ranked = replace(found, auc=float(np.mean(aucs)))
    gates = told_from_noise(performance_gates(book.contract, ranked, ranked), book)
    (gate,) = (each for each in gates if each.name == "auc")
    assert gate.verdict == "failed"
    said = f"No better than chance, which ranks {N} such records from {by_chance.low:.3f} "
    assert gate.note.startswith(said)
    asked = rf"at least 0\.6\d* is asked\. {said}.* a lower bound would promote noise\. .* No reason"
    for reason in ("", "The board has seen it."):
        with pytest.raises(GateError, match=asked):
            require_passed(Obstacles("r", gates=(gate,)), reason)


def test_a_model_must_rank_better_than_chance_however_little_its_contract_asks(book: Book):
    high = auc_by_chance(float(book.target.sum()), N).high
    most = 0.5 + 3.09 * (high - 0.5) / 1.96  # what one file of noise in a thousand reaches
    least = book.contract.gates.auc_at_least
    for area, passed in ((most - 0.001, False), (most + 0.001, True)):
        gate = Gate("auc", "Ranks well: AUC", figure=area, bound=0.5, at_least=True)
        (told,) = told_from_noise([gate], book)
        assert (told.passed, told.note.startswith("No better than chance")) == (passed, not passed)
        assert told.note.endswith(f"The contract asks for 0.5; of {N} records chance alone reaches more.")
    large = replace(book, target=np.tile(book.target, 4), ids=np.arange(4 * N))
    (told,) = told_from_noise([Gate("auc", "", figure=0.7, bound=least, at_least=True)], large)
    assert (told.bound, told.note) == (least, "")  # of so many records chance reaches less than the contract asks


@pytest.mark.parametrize("words", [True, False])
def test_noise_lies_in_its_interval_in_95_of_100_files(words: bool):
    """What folds say of each other rests on the same pairs of records: ranks by lot alone would hold fewer."""
    rng, n, files = np.random.default_rng(2), 200, 300
    y, fold = np.arange(n) < 0.2 * n, np.arange(n) % 5
    inside, narrow = 0, 0
    by_chance = auc_by_chance(float(y.sum()), n)
    for _ in range(files):
        columns = rng.integers(0, 12, (6, n))
        x = (
            np.vstack([column == level for column in columns for level in range(12)]).T
            if words
            else rng.normal(size=(n, 6))
        )
        x = x - x.mean(0)
        found = []
        for k in range(5):
            test = fold == k
            found.append(auc(y[test].astype(float), x[test] @ (x[~test].T @ (y[~test] - y[~test].mean()))))
        far = abs(np.mean(found) - 0.5)
        inside += far <= by_chance.high - 0.5
        narrow += far <= (by_chance.high - 0.5) / np.sqrt(2)
    assert 0.92 <= inside / files <= 0.98
    assert narrow / files < 0.90


def test_a_model_that_knows_too_much_names_its_strongest_inputs_and_what_to_do(book: Book):
    gates = {each.name: each for each in leakage_gates(book, 0.99)}
    assert gates["single"].passed
    assert gates["single"].note.count(" ") < 2  # the strongest alone, where nothing is wrong
    note = gates["too_good"].note
    assert note.startswith("Strongest inputs alone, by AUC: ")
    assert note.split(": ")[1].count(", ") >= 4
    assert "post-outcome in the contract" in note
