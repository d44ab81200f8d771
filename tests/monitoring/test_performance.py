"""Measures of a model on outcomes, in worked numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.monitoring.performance import calibration_error, measure


def test_auc_is_the_worked_one():
    found = measure(np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    assert found.auc == pytest.approx(0.75, abs=1e-15)


def test_brier_score_is_the_worked_one():
    found = measure(np.array([0.0, 1, 1, 0]), np.array([0.1, 0.9, 0.8, 0.3]))
    assert found.brier == pytest.approx(0.0375, abs=1e-15)


def test_calibration_error_over_three_bins_is_the_worked_one():
    outcome = np.array([0.0, 0, 0, 0, 1, 1, 1, 1, 1])
    predicted = np.array([0.1, 0.2, 0.3, 0.4, 0.65, 0.7, 0.8, 0.9, 1.0])
    assert calibration_error(outcome, predicted, bins=3) == pytest.approx(0.138889, abs=5e-7)


def test_log_loss_of_a_coin_is_the_logarithm_of_two():
    assert measure(np.array([0.0, 1]), np.array([0.5, 0.5])).log_loss == pytest.approx(np.log(2), abs=1e-12)


def test_probability_on_an_edge_belongs_to_the_bin_below():
    below = calibration_error(np.array([1.0, 0.0]), np.array([0.5, 0.4]), bins=2)
    assert below == pytest.approx(abs(1 - 0.5 - 0.4) / 2)
    assert calibration_error(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 0


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.floats(0, 1)), min_size=1, max_size=40), st.integers(1, 12))
def test_calibration_error_lies_between_nothing_and_one(pairs: list[tuple[float, float]], bins: int):
    outcome, predicted = map(np.array, zip(*pairs, strict=True))
    found = calibration_error(outcome, predicted, bins)
    assert 0 <= found <= 1
    assert found >= abs(outcome.mean() - predicted.mean()) - 1e-12  # more bins never hide an error of the mean
