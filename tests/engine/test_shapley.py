"""The reasons are the Shapley values of the definition, and sum to the score."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from data.arrays import Array
from data.books import Book
from model.engine.compilers.gradient_boosting import compile_model
from model.engine.scorer import TableScorer
from model.engine.shapley import against, brute_force, exact, sampled
from model.release.training import one_thread, rows

small = st.floats(-100, 100).map(lambda x: round(x, 3))


# ---- the definition ------------------------------------------------------------------------------------------------


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(*(st.lists(small, min_size=n, max_size=n) for _ in range(3)))))
def test_linear_model_gives_each_input_its_weight_times_its_distance_from_the_mean(
    drawn: tuple[list[float], list[float], list[float]],
):
    w, x, mean = map(np.array, drawn)

    def value(coalitions: NDArray[np.bool_]) -> Array:
        return np.where(coalitions, w * x, w * mean).sum(1)

    np.testing.assert_allclose(exact(len(w), value), w * (x - mean), rtol=0, atol=1e-9)


def test_linear_model_against_a_background_gives_the_same():
    rng = np.random.default_rng(3)
    w, x, background = rng.normal(size=4), rng.normal(size=4), rng.normal(size=(50, 4))
    found = brute_force(lambda at: at @ w, x, background)
    np.testing.assert_allclose(found, w * (x - background.mean(0)), rtol=0, atol=1e-12)


def test_product_of_two_inputs_is_shared_equally():
    found = brute_force(lambda at: at[:, 0] * at[:, 1], np.array([2.0, 3.0]), np.zeros((1, 2)))
    assert found.tolist() == [3, 3]


def test_input_that_changes_nothing_gets_nothing_and_equal_inputs_get_the_same():
    def value(coalitions: NDArray[np.bool_]) -> Array:
        return 7.0 * coalitions[:, [0, 2]].all(1)

    np.testing.assert_allclose(exact(3, value), [3.5, 0, 3.5], rtol=0, atol=1e-12)


@given(st.lists(small, min_size=16, max_size=16))
def test_values_of_any_game_are_the_mean_over_all_orders_and_sum_to_the_whole(worth: list[float]):
    def value(coalitions: NDArray[np.bool_]) -> Array:
        return np.array(worth)[coalitions @ (1 << np.arange(4))]

    orders = np.zeros(4)
    for order in permutations(range(4)):
        inside = 0
        for player in order:
            orders[player] += worth[inside | 1 << player] - worth[inside]
            inside |= 1 << player
    found = exact(4, value)
    np.testing.assert_allclose(found, orders / 24, rtol=0, atol=1e-9)
    assert found.sum() == pytest.approx(worth[15] - worth[0], abs=1e-9)


def test_game_may_have_several_values_at_once():
    def value(coalitions: NDArray[np.bool_]) -> Array:
        return np.stack([coalitions.sum(1), coalitions[:, 0] * 5.0], axis=1)

    np.testing.assert_allclose(exact(2, value), [[1, 5], [1, 0]], atol=1e-15)


# ---- tables against the definition -------------------------------------------------------------------------------


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), leaves=st.integers(2, 9), depth=st.integers(1, 4))
def test_tables_of_a_small_model_with_gaps_equal_brute_force(seed: int, leaves: int, depth: int):
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(300, 5)), 1)
    x[rng.random(x.shape) < 0.2] = np.nan
    y = np.nan_to_num(x[:, 0] - x[:, 1] * x[:, 2], nan=0.7) > 0
    with one_thread():
        model = HistGradientBoostingClassifier(
            max_iter=12, max_leaf_nodes=leaves, max_depth=depth, min_samples_leaf=5, interaction_cst="pairwise"
        ).fit(x, y)
        background = x[rng.integers(0, 300, 13)]
        tables = compile_model(model)
        shapley = against(tables, tables.encode(np.ascontiguousarray(background.T)), "thirteen rows")
        probes = np.concatenate([x[:6], np.full((1, 5), np.nan), background[:1]])
        found = shapley.explain(tables.encode(np.ascontiguousarray(probes.T)))
        truth = np.array([brute_force(model.decision_function, each, background) for each in probes]).T
        np.testing.assert_allclose(found, truth, rtol=0, atol=1e-9)
        assert shapley.base == pytest.approx(model.decision_function(background).mean(), abs=1e-9)


def test_reasons_of_a_customer_equal_brute_force_on_the_deployed_model(scorer: TableScorer, fitted: Any, book: Book):
    background = book.inputs[:, ::10_000]
    shapley = against(scorer.tables, scorer.tables.encode(background), "three customers")
    with one_thread():
        truth = brute_force(fitted.decision_function, book.inputs[:, 12_345], rows(background))
    found = shapley.explain(scorer.tables.encode(book.inputs[:, 12_345:12_346]))[:, 0]
    np.testing.assert_allclose(found, truth, rtol=0, atol=1e-9)


def test_base_and_reasons_sum_to_the_score_of_every_customer(scorer: TableScorer, book: Book):
    base, reasons = scorer.explain(book.raw)
    np.testing.assert_allclose(base + reasons.sum(0), scorer.margins(book.raw), rtol=0, atol=1e-9)


def test_base_is_the_average_customer_and_reasons_average_to_nothing(scorer: TableScorer, book: Book):
    base, reasons = scorer.explain(book.raw)
    assert base == pytest.approx(scorer.margins(book.raw).mean(), abs=1e-9)
    np.testing.assert_allclose(reasons.mean(1), 0, atol=1e-9)


def test_reasons_against_one_customer_are_nothing_for_that_customer(scorer: TableScorer, book: Book):
    codes = scorer.tables.encode(book.inputs[:, 4:5])
    shapley = against(scorer.tables, codes, "one customer")
    np.testing.assert_allclose(shapley.explain(codes), 0, atol=1e-12)
    assert shapley.base == pytest.approx(scorer.tables.margins(codes)[0], abs=1e-12)
    assert shapley.background == "one customer"


# ---- a whole book --------------------------------------------------------------------------------------------------


def test_driver_totals_equal_the_sum_of_the_matrix(scorer: TableScorer, book: Book):
    codes = scorer.tables.encode(book.inputs)
    reasons = scorer.shapley.explain(codes)
    weights = book.raw[0] / 1e6
    np.testing.assert_allclose(scorer.shapley.totals(codes), reasons.sum(1), rtol=0, atol=1e-7)
    np.testing.assert_allclose(scorer.shapley.totals(codes, weights), reasons @ weights, rtol=0, atol=1e-7)


def test_driver_totals_come_from_histograms_of_parts_added_up(scorer: TableScorer, book: Book):
    codes = scorer.tables.encode(book.inputs)
    parts = [scorer.tables.histogram(np.ascontiguousarray(codes[:, k::4])) for k in range(4)]
    found = scorer.shapley.totals_of(np.sum(parts, axis=0))
    np.testing.assert_allclose(found, scorer.shapley.totals(codes), rtol=0, atol=1e-9)


# ---- too many players for every coalition ---------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.integers(2, 7))
def test_one_order_and_its_reverse_are_exact_where_players_act_alone_or_in_pairs(seed: int, players: int):
    rng = np.random.default_rng(seed)
    alone, together = rng.normal(size=players), rng.normal(size=(players, players))

    def value(coalitions: NDArray[np.bool_]) -> Array:
        return coalitions @ alone + np.einsum("ci,ij,cj->c", coalitions, together, coalitions)

    np.testing.assert_allclose(sampled(players, value, 1, seed)[0], exact(players, value), rtol=0, atol=1e-9)


def test_every_pair_of_orders_sums_to_the_whole_and_many_come_near_the_exact_values():
    worth = np.random.default_rng(5).normal(size=2**6)

    def value(coalitions: NDArray[np.bool_]) -> Array:
        return np.stack([worth[coalitions @ (1 << np.arange(6))], coalitions.sum(1)], axis=1)

    found = sampled(6, value, 2000)
    np.testing.assert_allclose(found.sum(1), np.tile([worth[-1] - worth[0], 6], (2000, 1)), rtol=0, atol=1e-9)
    error = found.std(0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(0) - exact(6, value)) <= 5 * error + 1e-12).all()
    assert 0 < error[:, 0].max() < 0.05
    np.testing.assert_array_equal(error[:, 1], 0)


def test_orders_are_the_same_for_the_same_seed_and_each_coalition_is_asked_for_once():
    seen: list[NDArray[np.bool_]] = []

    def value(coalitions: NDArray[np.bool_]) -> Array:
        seen.append(coalitions)
        return coalitions[:, 0] * coalitions[:, 1] * coalitions[:, 2] * 1.0

    np.testing.assert_array_equal(sampled(10, value, 4, 3), sampled(10, value, 4, 3))
    assert len(seen) == 2
    assert len(np.unique(seen[0], axis=0)) == len(seen[0]) <= 4 * 2 * 11
