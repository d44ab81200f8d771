"""Pricing: the worked numbers, and what must hold for any loan."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from data.errors import OutOfRange
from model.finance import pricing

LOAN = {"principal": 10_000, "annual_rate": 0.12, "months": 36, "lgd": 0.6, "funding_rate": 0.05}
rates = st.floats(0, 0.6)
fractions = st.floats(0, 1)
terms = st.integers(1, 120)


@pytest.mark.parametrize(
    ("loan", "expected"),
    [
        ((200_000, 0.075, 180), 1_854.0247200054619),
        ((10_000, 0.12, 36), 332.143098),
        ((10_000, 0.14, 36), 341.776298),
        ((1_200, 0.0, 12), 100.0),
    ],
)
def test_payment_equals_the_worked_numbers(loan: tuple[float, float, int], expected: float):
    assert pricing.payment(*loan) == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize(("pd", "expected"), [(0.0, 1_082.1874), (0.02, 875.7266), (0.05, 573.6173)])
def test_loan_value_equals_the_worked_numbers(pd: float, expected: float):
    assert pricing.loan_value(10_000, 0.12, months=36, pd_12m=pd, lgd=0.6, funding_rate=0.05) == pytest.approx(
        expected, abs=5e-5
    )


def test_break_evens_equal_the_worked_numbers():
    assert pricing.break_even_pd(**LOAN) == pytest.approx(0.109588, abs=5e-7)
    assert pricing.break_even_rate(10_000, 36, pd_12m=0.05, lgd=0.6, funding_rate=0.05) == pytest.approx(
        0.080917, abs=5e-7
    )
    assert pricing.one_period_break_even_pd(0.12, 0.05, 0.45) == pytest.approx(0.122807, abs=5e-7)
    assert pricing.one_period_break_even_pd(0.06, 0.0, 0.6) == pytest.approx(0.0909090909)


def test_raroc_equals_the_worked_numbers_in_both_conventions():
    assert pricing.raroc(2.5, 1, expected_loss=0.7, funding=0, capital=4) == pytest.approx(0.20)
    assert pricing.raroc(2.5, 1, expected_loss=0.7, funding=0, capital=4, return_on_capital=0.02 * 4) == pytest.approx(
        0.22
    )


@given(st.floats(100, 1e7), rates, terms)
def test_payments_discounted_at_the_loans_own_rate_are_the_principal(principal: float, rate: float, months: int):
    value = pricing.loan_value(principal, rate, months=months, pd_12m=0.0, lgd=0.5, funding_rate=rate)
    assert value == pytest.approx(0, abs=1e-7 * principal)


@given(rates, terms, fractions, fractions, rates)
def test_loan_value_equals_a_month_by_month_account(rate: float, months: int, pd: float, lgd: float, funding: float):
    paid, owed, alive, value = pricing.payment(10_000, rate, months), 10_000.0, 1.0, -10_000.0
    for t in range(1, months + 1):
        still = alive * (1 - pd) ** (1 / 12)
        value += (still * paid + (alive - still) * (1 - lgd) * owed * (1 + rate / 12)) / (1 + funding / 12) ** t
        owed, alive = owed * (1 + rate / 12) - paid, still
    assert pricing.loan_value(10_000, rate, months=months, pd_12m=pd, lgd=lgd, funding_rate=funding) == pytest.approx(
        value, abs=1e-5
    )


@given(st.floats(0.01, 0.6), st.integers(2, 120), st.floats(0.05, 1), rates)
def test_at_its_break_even_pd_a_loan_is_worth_nothing(rate: float, months: int, lgd: float, funding: float):
    pd = pricing.break_even_pd(10_000, rate, months=months, lgd=lgd, funding_rate=funding)
    assume(pd < 0.999)  # nearer to certain default, a change of the last digit moves the value by more than a cent
    assert pricing.loan_value(10_000, rate, months=months, pd_12m=pd, lgd=lgd, funding_rate=funding) == pytest.approx(
        0, abs=0.01
    )  # to the cent


@given(st.integers(2, 120), st.floats(0, 0.5), st.floats(0.05, 1), rates)
def test_at_its_break_even_rate_a_loan_is_worth_nothing(months: int, pd: float, lgd: float, funding: float):
    rate = pricing.break_even_rate(10_000, months, pd_12m=pd, lgd=lgd, funding_rate=funding)
    assume(not np.isnan(rate))
    assert pricing.loan_value(10_000, rate, months=months, pd_12m=pd, lgd=lgd, funding_rate=funding) == pytest.approx(
        0, abs=0.01
    )


@given(rates, rates, st.floats(0.01, 1))
def test_one_period_rate_and_pd_are_each_others_inverse(rate: float, funding: float, lgd: float):
    assume(rate >= funding)
    pd = pricing.one_period_break_even_pd(rate, funding, lgd)
    assert pricing.one_period_break_even_rate(pd, funding, lgd) == pytest.approx(rate, abs=1e-12)


def test_loan_that_never_pays_has_no_break_even_pd():
    assert np.isnan(pricing.break_even_pd(10_000, 0.01, months=36, lgd=0.6, funding_rate=0.05))
    assert np.isnan(pricing.one_period_break_even_pd(0.04, 0.05, 0.45))


def test_loan_that_loses_nothing_has_no_break_even_pd():
    assert np.isnan(pricing.break_even_pd(10_000, 0.12, months=36, lgd=0.0, funding_rate=0.0))


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: pricing.payment(0, 0.1, 12), "principal"),
        (lambda: pricing.payment(100, 12, 12), "enter 12 % as 0.12"),
        (lambda: pricing.payment(100, 0.1, 0), "1 to 1,200"),
        (lambda: pricing.payment(100, 0.1, 1.5), "whole number"),
        (
            lambda: pricing.loan_value(100, 0.1, months=12, pd_12m=1.2, lgd=0.5, funding_rate=0.05),
            "PD must lie between",
        ),
        (
            lambda: pricing.loan_value(100, 0.1, months=12, pd_12m=0.2, lgd=50, funding_rate=0.05),
            "LGD must lie between",
        ),
        (lambda: pricing.loan_value(100, 0.1, months=12, pd_12m=0.2, lgd=0.5, funding_rate=-1), "funding rate"),
        (lambda: pricing.one_period_break_even_rate(1, 0.05, 0.5), "certain default"),
        (lambda: pricing.one_period_break_even_pd(0, 0, 0), "both be 0"),
        (lambda: pricing.raroc(1, 0, expected_loss=0, funding=0, capital=0), "Capital must be more than 0"),
        (lambda: pricing.payment(float("nan"), 0.1, 12), "principal"),
    ],
)
def test_what_cannot_be_is_refused_and_says_what_is_allowed(call, told: str):
    with pytest.raises(OutOfRange, match=told):
        call()
