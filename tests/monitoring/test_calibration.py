"""Predicted against observed: bins, groups and the shift that brings them together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.monitoring.calibration import Bin, by_group, recalibrated, reliability, shift_to_observed
from tests.monitoring.samples import WORKED, borrowers, columns, pairs, stretched


def test_reliability_equals_the_worked_numbers():
    low, high = reliability(*WORKED, bins=2)
    assert (low.n, low.observed, high.n, high.observed) == (2, 0.5, 2, 0.5)
    assert (low.predicted, high.predicted) == pytest.approx((0.225, 0.6))


def test_groups_equal_the_worked_numbers():
    outcome, predicted = np.array([1.0, 0, 0, 0]), np.array([0.5, 0.5, 0.1, 0.1])
    a, b = by_group(outcome, predicted, np.array([0, 0, 1, 1]), 2)
    assert (a.predicted, a.observed, b.observed) == (0.5, 0.5, 0)
    assert b.predicted == pytest.approx(0.1)


@given(pairs, st.integers(1, 12))
def test_reliability_counts_every_record_once(drawn: list[tuple[bool, int]], bins: int):
    outcome, predicted = columns(drawn)
    found = reliability(outcome, predicted, bins)
    assert 1 <= len(found) <= bins
    assert sum(each.n for each in found) == len(outcome)
    assert sum(each.n * each.observed for each in found) == pytest.approx(outcome.sum())
    assert sum(each.n * each.predicted for each in found) == pytest.approx(predicted.sum())
    assert all(each.n > 0 and each.low <= each.observed <= each.high for each in found)
    assert np.all(np.diff([each.predicted for each in found]) > 0)


def test_bins_hold_equally_many_records():
    assert {each.n for each in reliability(*borrowers(1000), bins=20)} == {50}


def test_calibrated_model_agrees_in_nearly_all_bins_and_an_optimistic_one_in_few():
    outcome, pd = borrowers(50_000)
    assert sum(each.agrees for each in reliability(outcome, pd, 20)) >= 17
    assert sum(each.agrees for each in reliability(outcome, stretched(pd, shift=-0.5), 20)) <= 5


def test_empty_group_is_told_as_unknown_and_records_of_none_are_left_out():
    full, empty = by_group(np.array([1.0, 0, 1]), np.array([0.5, 0.3, 0.9]), np.array([0, 0, -1]), 2)
    assert (full.n, full.observed) == (2, 0.5)
    assert empty.n == 0
    assert np.isnan([empty.predicted, empty.observed, empty.low, empty.high]).all()
    assert not empty.agrees
    assert isinstance(full, Bin)


def test_shift_equals_the_worked_number():
    outcome = np.array([1.0] * 2 + [0.0] * 8)
    shift = shift_to_observed(outcome, np.full(10, 0.1))
    assert shift == pytest.approx(np.log(9 / 4), abs=1e-12)
    assert recalibrated(np.array([0.1]), shift) == pytest.approx([0.2])


@given(pairs)
def test_recalibrated_mean_is_the_observed_rate_and_the_ranking_stays(drawn: list[tuple[bool, int]]):
    outcome, predicted = columns(drawn)
    found = recalibrated(predicted, shift_to_observed(outcome, predicted))
    assert found.mean() == pytest.approx(outcome.mean(), abs=1e-10)
    assert np.array_equal(np.argsort(found, kind="stable"), np.argsort(predicted, kind="stable"))


def test_shift_of_nothing_leaves_every_digit():
    _, pd = borrowers(100)
    assert np.array_equal(recalibrated(pd, 0.0), pd)


@pytest.mark.parametrize("outcome", [np.zeros(3), np.ones(3), np.zeros(0)])
def test_shift_is_unknown_where_all_or_nobody_defaulted(outcome: np.ndarray):
    assert np.isnan(shift_to_observed(outcome, np.full(len(outcome), 0.1)))


def test_shift_bears_certain_predictions():
    assert np.isfinite(shift_to_observed(np.array([0.0, 1, 0]), np.array([0.0, 1.0, 0.5])))
