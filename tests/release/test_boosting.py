"""How far the trees of a book's model are boosted."""

from dataclasses import replace

import numpy as np
import pytest

from data.arrays import Array
from data.books import Book
from data.proposing.plan import LEAVES, Boosting
from model.bench_own_book import made_up, proposed_book
from model.release import boosting
from model.release.boosting import FASTER, FEW_LEAVES, OF_MANY, TRIED, proposed_boosting
from tests.data.files.reading import in_this_process as in_this_process


@pytest.fixture(scope="module")
def book() -> Book:
    return proposed_book(made_up(400, 6))


def test_noise_is_worth_few_rounds_of_the_usual_leaves_and_what_can_be_told_more(book: Book):
    rng, ranks = np.random.default_rng(0), ranks_of(book).sum(0)
    told = (ranks > np.median(ranks)).astype(float)
    rate = book.contract.training.learning_rate
    assert proposed_boosting(replace(book, target=rng.permutation(book.target))) == Boosting(TRIED[0], LEAVES, rate)
    assert proposed_boosting(replace(book, target=told)).rounds > TRIED[0]
    assert book.contract.training.iterations in TRIED


def test_where_inputs_add_up_small_trees_say_more(book: Book):
    first, second, *_ = (ranks / len(book) - 0.5 for ranks in ranks_of(book))
    added = 3.0 * (first + second) + np.random.default_rng(1).logistic(size=len(book)) > 1.0
    found = proposed_boosting(replace(book, target=added.astype(float)))
    assert (found.leaves, found.rate) == (FEW_LEAVES, FASTER * book.contract.training.learning_rate)


def ranks_of(book: Book) -> Array:
    """The rank of each record by each input, (inputs, n)."""
    found: Array = np.argsort(np.argsort(np.nan_to_num(book.inputs), axis=1), axis=1)
    return found


def test_a_large_book_is_tried_out_on_a_part_and_has_rounds_to_spare(book: Book, monkeypatch: pytest.MonkeyPatch):
    noise = replace(book, target=np.random.default_rng(0).permutation(book.target))
    monkeypatch.setattr(boosting, "MANY", 200)
    monkeypatch.setattr(boosting, "MOST_RECORDS", 300)
    assert proposed_boosting(noise) == Boosting(OF_MANY[1], LEAVES, book.contract.training.learning_rate)
