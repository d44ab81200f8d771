"""Measures of a model on outcomes, in worked numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from model.monitoring.performance import calibration_error, calibration_line, measure
from tests.monitoring.samples import borrowers, columns, pairs, stretched


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


@given(pairs)
def test_measures_equal_scikit_learns(drawn: list[tuple[bool, int]]):
    outcome, predicted = columns(drawn)
    found = measure(outcome, predicted)
    assert found.auc == pytest.approx(roc_auc_score(outcome, predicted), abs=1e-14)
    assert found.brier == pytest.approx(brier_score_loss(outcome, predicted), abs=1e-14)
    assert found.log_loss == pytest.approx(log_loss(outcome, predicted), abs=1e-13)


def test_calibration_line_is_the_worked_one():
    outcome, predicted = np.array([0.0, 0, 1, 1, 1, 0]), np.array([0.2, 0.2, 0.2, 0.8, 0.8, 0.8])
    assert calibration_line(outcome, predicted) == pytest.approx((0, 0.5), abs=1e-12)


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (2.0, 0.0), (0.5, 1.0)])
def test_slope_of_stretched_predictions_is_what_undoes_the_stretch(slope: float, shift: float):
    outcome, pd = borrowers(20_000)
    intercept, found = calibration_line(outcome, pd)
    again = calibration_line(outcome, stretched(pd, slope, shift))
    assert again == pytest.approx((intercept - found / slope * shift, found / slope), abs=1e-8)
    assert found == pytest.approx(1, abs=0.06)


def test_calibration_line_equals_scikit_learns_regression():
    outcome, pd = borrowers(3000)
    x = np.log(pd / (1 - pd))[:, None]
    fitted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x, outcome)
    assert calibration_line(outcome, pd) == pytest.approx((fitted.intercept_[0], fitted.coef_[0, 0]), abs=1e-5)


@given(pairs)
def test_calibration_line_leaves_nothing_to_explain_or_says_there_is_none(drawn: list[tuple[bool, int]]):
    outcome, predicted = columns(drawn)
    intercept, slope = calibration_line(outcome, predicted)
    x = np.log(predicted / (1 - predicted))
    if np.isnan(slope):
        bad, good = x[outcome == 1], x[outcome == 0]
        assert bad.min() >= good.max() or bad.max() <= good.min()
    else:
        off = outcome - 1 / (1 + np.exp(-(intercept + slope * x)))
        assert [off.sum(), off @ x] == pytest.approx([0, 0], abs=1e-6)


def test_certain_predictions_that_err_are_measured_without_infinities():
    found = measure(np.array([0.0, 1, 0, 1]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert np.isfinite(list(vars(found).values())).all()


@pytest.mark.parametrize("outcome", [np.zeros(4), np.ones(4)])
def test_one_class_only_has_errors_but_no_ranking_and_no_slope(outcome: np.ndarray):
    found = measure(outcome, np.array([0.1, 0.2, 0.3, 0.4]))
    assert np.isnan([found.auc, found.slope]).all()
    assert np.isfinite([found.brier, found.log_loss, found.ece]).all()
