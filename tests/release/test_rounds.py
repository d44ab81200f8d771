"""How many rounds of boosting a small book is worth."""

from dataclasses import replace

import numpy as np

from data.books import Book
from model.bench_own_book import made_up, proposed_book
from model.release.rounds import TRIED, proposed_rounds
from tests.data.files.reading import in_this_process as in_this_process


def test_noise_is_worth_few_rounds_and_what_can_be_told_more():
    book = proposed_book(made_up(400, 6))
    rng = np.random.default_rng(0)
    told = (book.inputs[0] > np.median(book.inputs[0])).astype(float)
    assert proposed_rounds(replace(book, target=rng.permutation(book.target))) == TRIED[0]
    assert (proposed_rounds(replace(book, target=told)) or 0) > TRIED[0]
    assert book.contract.training.iterations in TRIED


def test_a_large_book_has_the_usual_number(book: Book) -> None:
    assert proposed_rounds(book) is None
