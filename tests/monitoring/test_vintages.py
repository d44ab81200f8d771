"""Each vintage's prediction against what happened."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.monitoring.discrimination import auc_interval
from model.monitoring.intervals import wilson
from model.monitoring.vintages import by_vintage
from tests.monitoring.samples import borrowers

OUTCOME = np.array([1.0, 0, 0, 0, 0, 0, 0, 0])
PREDICTED = np.array([0.2] * 4 + [0.1] * 4)
VINTAGE = np.array([2006.0] * 4 + [2007.0] * 4)


def test_vintages_equal_the_worked_numbers():
    first, second = by_vintage(OUTCOME, PREDICTED, VINTAGE)
    assert (first.vintage, first.n, first.bad, first.observed.value) == (2006, 4, 1, 0.25)
    assert (first.observed.low, first.observed.high) == pytest.approx((0.045587, 0.699358), abs=1e-6)
    assert first.predicted == pytest.approx(0.2)
    assert (second.vintage, second.observed.value) == (2007, 0)


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


def test_wilson_takes_many_rates_at_once():
    low, high = wilson(np.array([50, 0, 0]), np.array([100, 10, 0]))
    assert low[:2] == pytest.approx([0.4038, 0], abs=5e-5)
    assert high[:2] == pytest.approx([0.5962, 0.2775], abs=5e-5)
    assert np.isnan([low[2], high[2]]).all()
