"""Realised loss given default: sums over defaulters, their intervals, gross and net."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.monitoring.realised import realised, realised_in_all


def test_realised_loss_equals_the_worked_number():
    found = realised_in_all(np.ones(2), np.array([50.0, 10]), np.full(2, 100.0), np.full(2, 0.25))
    assert (found.n, found.ead, found.loss, found.own_loss) == (2, 200, 60, 15)
    assert (found.gross.value, found.net.value) == pytest.approx((0.30, 0.075))
    assert (found.gross.low, found.gross.high) == pytest.approx((0, 0.691993), abs=1e-6)


def test_only_defaulters_count_and_nobody_elses_figures_are_read():
    outcome = np.array([1.0, 0, 0, 1])
    loss, ead = np.array([30.0, np.nan, 999, 20]), np.array([100.0, 50, np.nan, 100])
    found = realised_in_all(outcome, loss, ead, np.ones(4))
    assert (found.n, found.gross.value) == (2, 0.25)
    assert found.net == found.gross


def test_large_loans_weigh_more():
    found = realised_in_all(np.ones(2), np.array([0.0, 900]), np.array([100.0, 900]), np.ones(2))
    assert found.gross.value == pytest.approx(0.9)


def test_group_without_defaulters_is_unknown_and_one_of_one_has_no_interval():
    outcome, group = np.array([1.0, 0, 1, 1, 1]), np.array([0, 1, 2, 2, -1])
    one, none, two = realised(
        outcome, np.full(5, 40.0), ead=np.full(5, 100.0), own_share=np.ones(5), group=group, count=3
    )
    assert (one.n, one.gross.value) == (1, 0.4)
    assert np.isnan([one.gross.low, one.gross.high]).all()
    assert none.n == 0
    assert np.isnan([none.gross.value, none.net.value]).all()
    assert (two.n, two.gross.low, two.gross.high) == (2, 0.4, 0.4)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_net_is_the_banks_share_of_gross(seed: int, share: float):
    rng = np.random.default_rng(seed)
    ead = rng.uniform(10, 100, 50)
    found = realised_in_all(np.ones(50), ead * rng.random(50), ead, np.full(50, share))
    assert found.net.value == pytest.approx(share * found.gross.value)
    assert found.gross.low < found.gross.value < found.gross.high


def test_interval_holds_the_true_ratio_in_about_95_of_100_samples():
    rng = np.random.default_rng(0)
    ead = rng.lognormal(4, 0.7, (600, 200))
    loss = ead * rng.beta(0.5, 0.5, (600, 200))
    group = np.repeat(np.arange(600), 200)
    found = realised(
        np.ones(120_000), loss.ravel(), ead=ead.ravel(), own_share=np.ones(120_000), group=group, count=600
    )
    assert 0.92 < np.mean([each.gross.low <= 0.5 <= each.gross.high for each in found]) < 0.97
