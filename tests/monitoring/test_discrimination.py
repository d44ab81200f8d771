"""How well predictions rank: the worked numbers, scikit-learn's and a count over all pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from model.monitoring.discrimination import auc, auc_interval, gains, gini, placements, roc, single_input_auc
from tests.monitoring.samples import WORKED, borrowers, columns, pairs


def won(bad: float, good: float) -> float:
    """Whether the default is predicted riskier than the other record, a tie one half."""
    return 1.0 if bad > good else 0.5 if bad == good else 0.0


def delong_by_pairs(outcome: np.ndarray, predicted: np.ndarray) -> tuple[float, float]:
    """AUC and its variance by the definition, over every pair of a default and another record."""
    table = np.array([[won(b, g) for g in predicted[outcome == 0]] for b in predicted[outcome == 1]])
    of_bad, of_good = table.mean(1), table.mean(0)
    return table.mean(), of_bad.var(ddof=1) / len(of_bad) + of_good.var(ddof=1) / len(of_good)


def test_auc_gini_and_ks_equal_the_worked_numbers():
    assert auc(*WORKED) == 0.75
    assert gini(auc(*WORKED)) == 0.5
    assert roc(*WORKED).ks == 0.5


def test_auc_interval_equals_the_worked_one_and_is_cut_at_one():
    found = auc_interval(*WORKED)
    assert (found.value, found.high) == (0.75, 1.0)
    assert found.low == pytest.approx(0.75 - 1.959964 * np.sqrt(0.125), abs=1e-6)


@given(pairs)
def test_auc_equals_scikit_learns(drawn: list[tuple[bool, int]]):
    outcome, predicted = columns(drawn)
    assert auc(outcome, predicted) == pytest.approx(roc_auc_score(outcome, predicted), abs=1e-14)


@given(pairs)
def test_auc_interval_equals_delongs_over_all_pairs(drawn: list[tuple[bool, int]]):
    outcome, predicted = columns(drawn)
    area, variance = delong_by_pairs(outcome, predicted)
    found = auc_interval(outcome, predicted)
    half = 1.959963984540054 * np.sqrt(variance)
    expected = [area, max(area - half, 0), min(area + half, 1)]
    assert [found.value, found.low, found.high] == pytest.approx(expected, abs=1e-9)


@given(pairs, st.randoms())
def test_measures_do_not_depend_on_the_order_of_records(drawn: list[tuple[bool, int]], random):
    outcome, predicted = columns(drawn)
    random.shuffle(drawn)
    again = columns(drawn)
    assert auc(outcome, predicted) == auc(*again)
    assert roc(outcome, predicted).ks == roc(*again).ks
    assert gains(outcome, predicted, 4) == gains(*again, 4)


@given(pairs)
def test_mean_placement_of_either_class_is_the_auc(drawn: list[tuple[bool, int]]):
    outcome, predicted = columns(drawn)
    found = placements(outcome, predicted)
    for of in (0, 1):
        assert found[outcome == of].mean() == pytest.approx(auc(outcome, predicted), abs=1e-12)


@pytest.mark.parametrize("outcome", [np.zeros(5), np.ones(5)])
def test_one_class_only_has_no_auc_and_no_curve(outcome: np.ndarray):
    predicted = np.linspace(0.1, 0.5, 5)
    assert np.isnan([auc(outcome, predicted), auc_interval(outcome, predicted).low, roc(outcome, predicted).ks]).all()


def test_single_default_has_an_auc_but_no_interval():
    found = auc_interval(np.array([0.0, 0, 1]), np.array([0.1, 0.2, 0.3]))
    assert found.value == 1
    assert np.isnan([found.low, found.high]).all()


def test_interval_holds_the_true_auc_in_about_95_of_100_samples():
    outcome, pd = borrowers(200_000)
    truth = auc(outcome, pd)
    found = [auc_interval(outcome[k : k + 500], pd[k : k + 500]) for k in range(0, 200_000, 500)]
    assert 0.92 < np.mean([each.low <= truth <= each.high for each in found]) < 0.98


def test_roc_has_both_ends_few_points_and_the_area_of_the_auc():
    outcome, pd = borrowers(50_000)
    curve = roc(outcome, pd)
    assert (curve.hits[0], curve.false_alarms[0], curve.cut_offs[0]) == (0, 0, np.inf)
    assert (curve.hits[-1], curve.false_alarms[-1]) == (1, 1)
    assert len(curve.hits) <= 200
    assert np.trapezoid(curve.hits, curve.false_alarms) == pytest.approx(auc(outcome, pd), abs=1e-3)


@given(pairs)
def test_roc_rises_and_of_few_records_shows_every_point(drawn: list[tuple[bool, int]]):
    outcome, predicted = columns(drawn)
    curve = roc(outcome, predicted)
    assert np.all(np.diff(curve.hits) >= 0)
    assert np.all(np.diff(curve.false_alarms) >= 0)
    assert len(curve.hits) == len(np.unique(predicted)) + 1
    assert np.trapezoid(curve.hits, curve.false_alarms) == pytest.approx(auc(outcome, predicted), abs=1e-12)


@given(pairs)
def test_ks_is_the_distance_at_its_own_cut_off(drawn: list[tuple[bool, int]]):
    outcome, predicted = columns(drawn)
    curve = roc(outcome, predicted)
    if np.isfinite(curve.ks_at):
        above = predicted >= curve.ks_at
        assert above[outcome == 1].mean() - above[outcome == 0].mean() == pytest.approx(curve.ks, abs=1e-12)
    else:
        assert curve.ks == 0


def test_gains_equal_the_worked_numbers():
    halves, quarters = gains(*WORKED, slices=2), gains(*WORKED, slices=4)
    assert [(each.n, each.bad, each.lift) for each in halves] == [(2, 1, 1), (2, 1, 1)]
    assert (quarters[0].n, quarters[0].rate, quarters[0].lift, quarters[0].captured) == (1, 1, 2, 0.5)
    assert [each.predicted for each in quarters] == pytest.approx([0.8, 0.4, 0.35, 0.1])


@given(pairs, st.integers(1, 6))
def test_gains_add_up_to_all_records_and_all_defaults(drawn: list[tuple[bool, int]], slices: int):
    outcome, predicted = columns(drawn)
    found = gains(outcome, predicted, slices)
    assert sum(each.n for each in found) == len(outcome)
    assert sum(each.bad for each in found) == pytest.approx(outcome.sum())
    assert found[-1].captured == pytest.approx(1)
    means = [each.predicted for each in found]
    assert np.all(np.diff(means) <= 1e-12)


def test_slice_of_ties_only_defaults_as_all_do():
    found = gains(np.array([1.0, 1, 0, 0]), np.full(4, 0.5), slices=2)
    assert [each.bad for each in found] == [1, 1]


def test_input_that_is_the_outcome_is_found_whichever_way_it_points():
    outcome, _ = borrowers(2000)
    noise = np.random.default_rng(1).normal(size=2000)
    found = single_input_auc(outcome, np.stack([outcome, -outcome, noise]))
    assert list(found[:2]) == [1, 1]
    assert 0.5 <= found[2] < 0.58


def test_input_that_is_worst_in_the_middle_is_found():
    assert single_input_auc(np.array([0.0, 1, 0]), np.array([[1.0, 2, 3]])) == [1.0]
    outcome, pd = borrowers(20_000)
    far = np.where(np.arange(20_000) % 2, 1, -1) * (1 - pd)
    assert single_input_auc(outcome, far[None])[0] > 0.65
    assert abs(auc(outcome, far) - 0.5) < 0.02


def test_input_that_is_missing_for_every_default_is_found():
    outcome, _ = borrowers(3000)
    values = np.where(outcome == 1, np.nan, np.random.default_rng(2).normal(size=3000))
    assert single_input_auc(outcome, values[None])[0] == 1.0


def test_input_missing_throughout_says_nothing():
    assert list(single_input_auc(WORKED[0], np.full((1, 4), np.nan))) == [0.5]


@given(pairs)
def test_single_input_is_never_less_than_its_own_auc(drawn: list[tuple[bool, int]]):
    outcome, predicted = columns(drawn)
    found = single_input_auc(outcome, predicted[None])[0]
    assert abs(auc(outcome, predicted) - 0.5) + 0.5 - 1e-12 <= found <= 1
