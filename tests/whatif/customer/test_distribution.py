"""How an input is spread over the book, and where a value lies in it."""

import numpy as np
import pytest

from data.books import Book
from model.whatif.customer.distribution import BINS, InputDistribution, input_distribution

VALUES = np.array([3.0, np.nan, 1.0, 2.0, 2.0, np.nan, 10.0])


def test_shares_below_and_alike_count_known_values_only():
    found = InputDistribution.of(VALUES)
    assert found.known.tolist() == [1, 2, 2, 3, 10]
    assert [found.below(value) for value in (1, 2, 2.5, 3, 11)] == [0, 20, 60, 60, 100]
    assert [found.same(value) for value in (1, 2, 2.5)] == [20, 40, 0]


def test_every_known_value_is_counted_once_and_the_fullest_bin_is_drawn_full():
    found = InputDistribution.of(VALUES)
    assert len(found.counts) == BINS
    assert sum(found.counts) == 5
    assert max(found.heights) == 1
    first = next(height for count, height in zip(found.counts, found.heights, strict=True) if count == 1)
    assert first == pytest.approx(np.sqrt(1 / max(found.counts)))


def test_values_in_the_tails_lie_at_the_ends():
    found = InputDistribution.of(np.append(np.arange(1000.0), 1e9))
    assert found.low + found.span < 1000
    assert (found.place(-5.0), found.place(1e9), found.place(np.nan)) == (0, 1, None)
    assert found.place(found.low + found.span / 4) == pytest.approx(0.25)
    assert sum(found.counts) == 1001


def test_one_value_alone_fills_the_first_bin():
    found = InputDistribution.of(np.full(7, 4.0))
    assert found.counts == (7, *[0] * (BINS - 1))
    assert (found.place(4.0), found.place(5.0)) == (0, 1)


def test_distribution_of_a_book_is_that_of_its_input(book: Book):
    found = input_distribution(book, "limit")
    limits = book.raw[book.contract.row["limit"]]
    assert found is input_distribution(book, "limit")
    assert found.below(200_000.0) == round(100 * float((limits < 200_000).mean()))
    assert found.same(50_000.0) == round(100 * float((limits == 50_000).mean()))
