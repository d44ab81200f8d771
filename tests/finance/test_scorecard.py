"""The scorecard's scale, in numbers a CFO can check (domain: 600 at 50 : 1, 20 points to double the odds)."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contract import Contract
from data.errors import OutOfRange
from model.finance.scorecard import Scale
from model.whatif.customer.decision import score_scale

SCALE = Scale(600, 50, 20)


def test_factor_and_offset_are_the_worked_ones():
    assert pytest.approx(28.8539, abs=5e-5) == SCALE.factor
    assert pytest.approx(487.123, abs=5e-4) == SCALE.offset


@pytest.mark.parametrize(("odds", "points"), [(25, 580), (50, 600), (100, 620), (200, 640)])
def test_doubling_the_odds_adds_twenty_points(odds: float, points: float):
    assert SCALE.score(-log(odds)) == pytest.approx(points, abs=1e-9)


def test_score_of_six_hundred_is_the_worked_probability():
    assert SCALE.pd(600) == pytest.approx(0.01960784, abs=5e-9)
    assert SCALE.pd(600) == pytest.approx(1 / 51, abs=1e-15)


def test_score_scale_of_the_cards_is_the_worked_one(contract: Contract):
    assert score_scale(contract) == SCALE


@given(st.floats(-20, 20))
def test_score_margin_and_probability_lead_back_to_each_other(margin: float):
    score = SCALE.score(margin)
    assert SCALE.margin(score) == pytest.approx(margin, abs=1e-10)
    assert SCALE.pd(score) == pytest.approx(1 / (1 + np.exp(-margin)), rel=1e-9)


@given(st.floats(-20, 20), st.floats(1e-3, 5))
def test_higher_score_is_a_lower_probability(margin: float, step: float):
    better, worse = SCALE.score(margin), SCALE.score(margin + step)
    assert better > worse
    assert SCALE.pd(better) < SCALE.pd(worse)


def test_score_of_many_margins_is_each_ones_score():
    margins = np.array([-2.0, 0.0, 1.5])
    assert SCALE.score(margins).tolist() == [SCALE.score(float(each)) for each in margins]


@pytest.mark.parametrize("wrong", [0, -20, float("nan")])
def test_scale_that_cannot_be_is_refused(wrong: float):
    with pytest.raises(OutOfRange, match="base_odds must be greater than 0"):
        Scale(600, wrong, 20)
    with pytest.raises(OutOfRange, match="points_to_double must be greater than 0"):
        Scale(600, 50, wrong)
