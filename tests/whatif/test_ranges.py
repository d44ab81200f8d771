"""Where a lever can be put, as its controls offer it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.books import SHIPPED
from data.contract import Lever, load_contract
from model.whatif.ranges import LeverRange, book_range, lever_range

CARDS, LOANS = (load_contract(SHIPPED / name / "contract.toml") for name in ("cards", "small_business"))
LEVERS = [(contract, each) for contract in (CARDS, LOANS) for each in contract.levers]


def test_zero_is_in_the_middle_of_what_moves_both_ways():
    balances = book_range(CARDS.shock("balances"))
    assert (balances.low, balances.high) == (-50, 100)
    assert balances.middled == (-100, 100)
    assert balances.unused == (0.25, 0)
    later = book_range(CARDS.shock("later"))
    assert later.middled == (0, 50)
    assert not later.both_ways


def test_a_value_beyond_an_end_moves_the_end_out():
    unemployment = book_range(CARDS.variable("unemployment"))
    assert unemployment.with_value(18.5) == LeverRange(-5, 18.5, 0.1)
    assert unemployment.with_value(3) is unemployment


def test_fractions_are_ranged_as_their_controls_show_them():
    assert book_range(CARDS.assumption("lgd"), 0.01) == LeverRange(0, 100, 1)
    assert book_range(CARDS.assumption("apr"), 0.01) == LeverRange(0, 60, 0.5)


@pytest.mark.parametrize(("contract", "lever"), LEVERS, ids=lambda each: getattr(each, "name", ""))
def test_a_lever_over_more_than_two_powers_of_ten_is_logarithmic(contract, lever):
    within = lever_range(contract, lever)
    assert within.log == (lever.name in ("amount", "employees") and contract is LOANS)
    assert within.whole == (lever.name in ("late", "employees"))


def test_a_contract_says_itself_how_a_lever_is_scaled():
    lever = CARDS.lever("limit")
    assert not lever.logarithmic
    assert Lever(**{**lever.model_dump(), "scale": "log"}).logarithmic
    assert not Lever(**{**lever.model_dump(), "maximum": 1e9, "scale": "linear"}).logarithmic
    with pytest.raises(ValueError, match="a logarithmic scale needs a minimum above 0"):
        Lever(**{**CARDS.lever("pays").model_dump(), "scale": "log"})


def test_the_stops_of_a_loan_amount_are_round():
    within = lever_range(LOANS, LOANS.lever("amount"))
    stops = within.stops(150_000)
    assert stops[:4] == (5_000, 5_500, 6_000, 6_500)
    assert stops[-2:] == (1_900_000, 2_000_000)
    assert 123_456.78 in within.stops(123_456.78)
    assert lever_range(LOANS, LOANS.lever("employees")).stops(7)[:21] == (*range(1, 21), 22)


@given(low=st.floats(0.001, 1e6), times=st.floats(1.01, 1e6), part=st.floats(0, 1), whole=st.booleans())
def test_every_stop_lies_within_a_tenth_of_the_one_before(low, times, part, whole):
    low = float(round(low) + 1) if whole else low
    high = float(round(low * times) + 1) if whole else low * times
    value = low + part * (high - low)
    stops = LeverRange(low, high, 1, whole=whole, log=True).stops(value)
    assert (stops[0], stops[-1]) == (low, high)
    assert value in stops
    assert list(stops) == sorted(set(stops))
    assert all(b - a <= max(a * 0.1000001, whole) for a, b in pairwise(stops))
    assert not whole or all(each.is_integer() for each in stops if each != value)
