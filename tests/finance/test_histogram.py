"""A histogram of log-odds against the log-odds themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import OutOfRange
from model.engine.tables import probability
from model.finance.capital import shift_along, shift_to
from model.finance.histogram import MEAN_ERROR, LogOddsHistogram

several = st.lists(st.floats(-30, 30), min_size=1, max_size=60).map(np.array)


@given(several, st.floats(-12, 12))
def test_the_mean_at_any_shift_is_that_of_the_log_odds(log_odds, shift):
    p = probability(log_odds + shift)
    mean, slope = LogOddsHistogram.of(log_odds).curve(shift)
    assert mean == pytest.approx(p.mean(), rel=1e-14, abs=2 * MEAN_ERROR)
    assert slope == pytest.approx((p * (1 - p)).mean(), rel=1e-9, abs=1e-10)


@given(several, several, st.floats(0.001, 0.999))
def test_parts_give_the_shift_of_the_whole(one, other, rate):
    found = shift_along((LogOddsHistogram.of(one) + LogOddsHistogram.of(other)).curve, rate)
    log_odds = np.concatenate([one, other])
    assert probability(log_odds + found).mean() == pytest.approx(rate, abs=2e-12)
    if 0.01 < rate < 0.99 and np.abs(log_odds).max() < 4:
        assert found == pytest.approx(shift_to(probability(log_odds), rate), abs=1e-9)


def test_the_error_is_the_one_that_is_told():
    """In the worst case: everybody at the end of a bin, where the fifth derivative is largest."""
    ends = np.concatenate([np.arange(-640, 640) / 64, np.nextafter(np.arange(-640, 640) / 64, -1)])
    gaps = [abs(LogOddsHistogram.of(np.array([each])).curve(0.0)[0] - probability(each)) for each in ends]
    assert 1e-15 < max(gaps) <= MEAN_ERROR


def test_nobody_may_be_certain():
    with pytest.raises(OutOfRange, match=r"strictly between 0 and 1; 1\.0 was given"):
        LogOddsHistogram.of(np.array([0.0, 60.0]))
