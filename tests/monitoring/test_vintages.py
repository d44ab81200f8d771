"""The backtest: each vintage's prediction against what happened."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.monitoring.discrimination import auc_interval
from model.monitoring.intervals import wilson
from model.monitoring.vintages import backtest, by_vintage
from tests.monitoring.samples import borrowers, stretched

OUTCOME = np.array([1.0, 0, 0, 0, 0, 0, 0, 0])
PREDICTED = np.array([0.2] * 4 + [0.1] * 4)
VINTAGE = np.array([2006.0] * 4 + [2007.0] * 4)


def test_vintages_equal_the_worked_numbers():
    first, second = by_vintage(OUTCOME, PREDICTED, VINTAGE)
    assert (first.vintage, first.n, first.bad, first.observed.value) == (2006, 4, 1, 0.25)
    assert (first.observed.low, first.observed.high) == pytest.approx((0.045587, 0.699358), abs=1e-6)
    assert first.agrees
    assert first.ratio == pytest.approx(1.25)
    assert (second.vintage, second.observed.value) == (2007, 0)


def test_backtest_equals_the_worked_numbers():
    found = backtest(OUTCOME, PREDICTED, VINTAGE)
    assert found.error == pytest.approx(0.075)
    assert found.worst is not None
    assert found.worst.vintage == 2007
    assert (found.together.n, found.together.observed.value) == (8, 0.125)
    assert found.together.predicted == pytest.approx(0.15)


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_vintages_are_in_order_and_hold_every_record_once(seed: int):
    rng = np.random.default_rng(seed)
    outcome, pd = borrowers(300, seed)
    vintage = rng.choice([1999.0, 2001, 2010, np.nan], 300)
    found = by_vintage(outcome, pd, vintage)
    assert [each.vintage for each in found[:3]] == [1999, 2001, 2010]
    assert np.isnan(found[3].vintage)
    assert sum(each.n for each in found) == 300
    assert sum(each.bad for each in found) == outcome.sum()


def test_vintages_auc_is_that_of_its_own_records_and_unknown_below_thirty():
    outcome, pd = borrowers(4000)
    vintage = np.where(np.arange(4000) % 40, 2001.0, 2002.0)
    large, small = by_vintage(outcome, pd, vintage)
    own = vintage == 2001
    assert large.auc == auc_interval(outcome[own], pd[own])
    assert small.n == 100
    assert np.isnan([small.auc.value, small.auc.low]).all()


def test_vintage_in_which_more_defaulted_than_predicted_lies_outside():
    outcome, pd = borrowers(20_000)
    vintage = np.where(np.arange(20_000) % 2, 2006.0, 2008.0)
    predicted = np.where(vintage == 2008, stretched(pd, shift=-0.5), pd)
    found = backtest(outcome, predicted, vintage)
    assert [each.vintage for each in found.outside] == [2008]
    assert found.outside[0].ratio > 1.2


def test_backtest_keeps_to_the_years_asked_for():
    outcome, pd = borrowers(900)
    vintage = 2000.0 + np.arange(900) % 9
    found = backtest(outcome, pd, vintage, since=2002, until=2004)
    assert [each.vintage for each in found.vintages] == [2002, 2003, 2004]
    assert found.together.n == 300


def test_backtest_of_nobody_is_empty():
    found = backtest(OUTCOME, PREDICTED, VINTAGE, since=2050)
    assert (found.vintages, found.together.n, found.worst) == ((), 0, None)
    assert np.isnan(found.error)


def test_wilson_takes_many_rates_at_once():
    low, high = wilson(np.array([50, 0, 0]), np.array([100, 10, 0]))
    assert low[:2] == pytest.approx([0.4038, 0], abs=5e-5)
    assert high[:2] == pytest.approx([0.5962, 0.2775], abs=5e-5)
    assert np.isnan([low[2], high[2]]).all()
