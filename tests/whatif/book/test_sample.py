"""A stratified sample with weights: who is drawn, and what the weights add up to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from model.whatif.book.sample import draw_sample


def drawn(n: int, kinds: int, size: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Strata and sizes of n customers, and who is drawn of them with which weights."""
    rng = np.random.default_rng(n)
    strata, sizes = rng.integers(0, kinds, n) ** 2, rng.lognormal(8, 1.5, n)
    found = draw_sample(strata, sizes, size, seed)
    return strata, sizes, found.rows, found.weights


@given(some.integers(1, 3000), some.integers(1, 40), some.integers(50, 300))
def test_weights_sum_to_the_customers_of_each_stratum(n: int, kinds: int, size: int):
    strata, _, rows, weights = drawn(n, kinds, size)
    assert len(rows) == min(n, size)
    assert len(set(rows.tolist())) == len(rows)
    for kind in np.unique(strata):
        assert weights[strata[rows] == kind].sum() == pytest.approx((strata == kind).sum())


def test_the_same_book_gives_the_same_sample_and_another_seed_another():
    first, again, other = (drawn(2000, 9, 200, seed)[2] for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_strata_whose_sizes_are_further_apart_are_drawn_more_often():
    strata = np.repeat([0, 1], 1000)
    sizes = np.concatenate([np.full(1000, 5.0) + np.linspace(0, 0.1, 1000), np.linspace(0, 1000, 1000)])
    found = draw_sample(strata, sizes, 100)
    assert (strata[found.rows] == 0).sum() == 1
    assert found.weights @ sizes[found.rows] == pytest.approx(sizes.sum(), rel=0.01)


def test_a_small_book_is_drawn_whole():
    found = draw_sample(np.zeros(7, np.int64), np.ones(7), 10)
    assert (found.rows.tolist(), found.weights.tolist()) == (list(range(7)), [1.0] * 7)
