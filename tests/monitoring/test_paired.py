"""Two models on the same records: which is better, and how sure that is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.monitoring.discrimination import auc
from model.monitoring.measures import Compared
from model.monitoring.paired import auc_difference, bootstrapped, compare, mean_difference
from model.monitoring.performance import calibration_error, calibration_line, measure
from tests.monitoring.samples import borrowers, columns, pairs, stretched
from tests.monitoring.test_discrimination import won


def named(found: tuple[Compared, ...]) -> dict[str, Compared]:
    return {each.name: each for each in found}


def test_comparison_tells_the_five_measures_of_both():
    outcome, pd = borrowers(2000)
    found = compare(outcome, stretched(pd, 1.3), pd)
    assert [each.name for each in found] == ["auc", "brier", "log_loss", "ece", "slope"]
    assert [each.champion for each in found] == list(vars(measure(outcome, pd)).values())


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_model_against_itself_differs_by_nothing(seed: int):
    outcome, pd = borrowers(400, seed)
    for each in compare(outcome, pd, pd):
        assert (each.difference, each.low, each.high) == (0, 0, 0)


def test_same_seed_gives_the_same_interval():
    outcome, pd = borrowers(3000)
    assert compare(outcome, stretched(pd, 1.2), pd) == compare(outcome, stretched(pd, 1.2), pd)
    assert compare(outcome, stretched(pd, 1.2), pd, seed=1)[3] != compare(outcome, stretched(pd, 1.2), pd)[3]


def test_stretched_predictions_rank_the_same_but_are_worse_calibrated_beyond_chance():
    outcome, pd = borrowers(40_000)
    found = named(compare(outcome, stretched(pd, 1.5), pd))
    assert found["auc"].difference == 0
    for name in ("brier", "log_loss", "ece", "slope"):
        assert 0 < found[name].low < found[name].difference < found[name].high
    assert found["slope"].candidate == pytest.approx(1 / 1.5, abs=0.04)


def test_noise_costs_auc_beyond_chance():
    outcome, pd = borrowers(20_000)
    noise = np.random.default_rng(3).normal(0, 1, 20_000)
    found = compare(outcome, stretched(pd, shift=noise), pd)[0]
    assert found.low < found.difference < found.high < 0


def test_difference_of_slopes_is_of_their_distances_from_one():
    outcome, pd = borrowers(20_000)
    slope = compare(outcome, stretched(pd, 1 / 1.2), stretched(pd, 1.5))[4]
    assert slope.candidate > 1 > slope.champion
    assert slope.difference == pytest.approx(slope.candidate - 1 - (1 - slope.champion))


def test_auc_difference_equals_the_worked_one():
    outcome = np.array([0.0, 0, 1, 1])
    found = auc_difference(outcome, np.array([0.1, 0.4, 0.35, 0.8]), np.array([0.1, 0.2, 0.3, 0.4]))
    assert (found.value, found.low, found.high) == pytest.approx((-0.25, -0.942952, 0.442952), abs=1e-6)


@given(pairs, st.integers(0, 10**6))
def test_auc_difference_equals_delongs_over_all_pairs(drawn: list[tuple[bool, int]], seed: int):
    outcome, one = columns(drawn)
    two = np.random.default_rng(seed).integers(1, 10, len(one)) / 10
    bad, good = outcome == 1, outcome == 0
    tables = [np.array([[won(b, g) for g in each[good]] for b in each[bad]]) for each in (one, two)]
    by_bad, by_good = (np.array([table.mean(axis) for table in tables]) for axis in (1, 0))
    covariance = np.cov(by_bad) / bad.sum() + np.cov(by_good) / good.sum()
    error = np.sqrt(max(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1], 0))
    found = auc_difference(outcome, one, two)
    assert found.value == pytest.approx(auc(outcome, one) - auc(outcome, two), abs=1e-12)
    assert found.high == pytest.approx(min(found.value + 1.959963984540054 * error, 1), abs=1e-7)
    reverse = auc_difference(outcome, two, one)
    assert (found.value, found.low, found.high) == pytest.approx((-reverse.value, -reverse.high, -reverse.low))


def test_mean_difference_equals_the_worked_one():
    found = mean_difference(np.array([1.0, 2, 3]), np.array([0.0, 2, 2]))
    assert (found.value, found.low, found.high) == pytest.approx((2 / 3, 0.0133, 1.3200), abs=5e-5)


def test_bootstrap_by_blocks_agrees_with_drawing_single_records():
    outcome, pd = borrowers(3000)
    other = stretched(pd, 1.4, 0.2)
    rng = np.random.default_rng(7)
    errors, slopes = [], []
    for _ in range(300):
        at = rng.integers(0, 3000, 3000)
        e = [calibration_error(outcome[at], each[at]) for each in (other, pd)]
        s = [abs(calibration_line(outcome[at], each[at])[1] - 1) for each in (other, pd)]
        errors.append(e[0] - e[1])
        slopes.append(s[0] - s[1])
    for found, draws in zip(bootstrapped(outcome, other, pd), (errors, slopes), strict=True):
        low, high = np.quantile(draws, [0.025, 0.975])
        assert found.high - found.low == pytest.approx(high - low, rel=0.2)


def test_one_class_only_has_no_difference_of_ranking_or_slope():
    found = named(compare(np.zeros(50), np.linspace(0.1, 0.3, 50), np.linspace(0.1, 0.2, 50)))
    for name in ("auc", "slope"):
        assert np.isnan([found[name].difference, found[name].low, found[name].high]).all()
    assert found["brier"].low > 0
