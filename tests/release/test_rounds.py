"""How many rounds of boosting a book is worth."""

from dataclasses import replace

import numpy as np
import pytest

from model.bench_own_book import made_up, proposed_book
from model.release import rounds
from model.release.rounds import OF_MANY, TRIED, proposed_rounds
from tests.data.files.reading import in_this_process as in_this_process


def test_noise_is_worth_few_rounds_and_what_can_be_told_more():
    book = proposed_book(made_up(400, 6))
    rng = np.random.default_rng(0)
    ranks = np.argsort(np.argsort(np.nan_to_num(book.inputs), axis=1), axis=1).sum(0)
    told = (ranks > np.median(ranks)).astype(float)
    assert proposed_rounds(replace(book, target=rng.permutation(book.target))) == TRIED[0]
    assert proposed_rounds(replace(book, target=told)) > TRIED[0]
    assert book.contract.training.iterations in TRIED


def test_a_large_book_is_tried_out_on_a_part_and_has_rounds_to_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    book = proposed_book(made_up(400, 6))
    noise = replace(book, target=np.random.default_rng(0).permutation(book.target))
    monkeypatch.setattr(rounds, "MANY", 200)
    monkeypatch.setattr(rounds, "MOST_RECORDS", 300)
    assert proposed_rounds(noise) == OF_MANY[1]
