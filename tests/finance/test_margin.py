"""The margin after losses against worked numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import OutOfRange
from model.finance import margin

fractions = st.floats(0, 1)


def of_one(pd: float, months: float, opex: float = 0.0) -> float:
    """Margin on a balance and exposure of 1 at 20 % against 5 %, LGD 80 %."""
    return float(margin.after_loss(pd, 1.0, loss=0.8 * pd, rate=0.20, funding=0.05, opex=opex, months=months))


@pytest.mark.parametrize(
    ("months", "even"), [(36, 0.45 / 1.25), (12, 0.15 / 0.95), (1, 0.0125 / 0.8125)], ids=["36", "12", "1"]
)
def test_margin_breaks_even_where_the_arithmetic_says(months: float, even: float):
    assert of_one(even, months) == pytest.approx(0, abs=1e-15)
    assert of_one(even - 0.001, months) > 0 > of_one(even + 0.001, months)


def test_break_even_is_36_percent_over_three_years_and_16_over_one():
    found = [next(pd for pd in np.arange(0, 1, 0.0001) if of_one(pd, months) <= 0) for months in (36, 12)]
    assert found == pytest.approx([0.36, 0.158], abs=2e-4)


def test_nobody_defaults_and_nothing_is_lost_the_whole_margin_is_earned():
    assert float(margin.after_loss(0, 10_000, loss=0, rate=0.20, funding=0.05, opex=600, months=36)) == pytest.approx(
        3 * (1500 - 600)
    )


def test_who_defaults_earns_nothing_and_costs_the_loss():
    assert float(margin.after_loss(1, 10_000, loss=8_000, rate=0.20, funding=0.05, opex=600, months=36)) == -8_000


def test_account_without_a_balance_costs_its_running_alone():
    assert float(margin.after_loss(0.25, 0, loss=0, rate=0.20, funding=0.05, opex=600, months=12)) == -450


def test_margin_is_worked_out_element_by_element():
    pds, balances, losses = np.array([0.0, 0.1, 1.0]), np.array([100.0, 200.0, 300.0]), np.array([0.0, 5.0, 7.0])
    found = margin.after_loss(pds, balances, loss=losses, rate=0.2, funding=0.05, opex=1.0, months=24)
    alone = [float(margin.after_loss(*each, 0.2, 0.05, 1.0, 24)) for each in zip(pds, balances, losses, strict=True)]
    assert found.tolist() == alone


@given(fractions, fractions, st.floats(0, 1e6), fractions)
def test_margin_never_rises_with_the_pd_while_the_account_earns(one: float, other: float, balance: float, lgd: float):
    low, high = sorted((one, other))
    better, worse = (
        margin.after_loss(pd, balance, loss=pd * lgd * balance, rate=0.2, funding=0.05, opex=0, months=36)
        for pd in (low, high)
    )
    assert worse <= better + 1e-9 * balance


@pytest.mark.parametrize("months", [0, -1, float("nan")])
def test_horizon_of_no_months_is_refused(months: float):
    with pytest.raises(OutOfRange, match=r"The margin horizon must be more than 0 months; .* was given"):
        margin.after_loss(0.1, 1, loss=0.1, rate=0.2, funding=0.05, opex=0, months=months)
