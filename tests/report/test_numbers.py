"""Numbers as people read them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.report import numbers
from model.report.numbers import MINUS, NBSP, Unit


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.1237, f"12.4{NBSP}%"),
        (0.5, f"50.0{NBSP}%"),
        (0.0, f"0.0{NBSP}%"),
        (0.0004, f"less than 0.1{NBSP}%"),
        (0.9999, f"more than 99.9{NBSP}%"),
    ],
)
def test_percent_says_what_rounds_to_nothing(share: float, text: str) -> None:
    assert numbers.percent(share) == text


def test_differences_carry_a_true_minus_and_the_word_points() -> None:
    assert numbers.points(-0.068) == f"{MINUS}6.8{NBSP}points"
    assert numbers.points(0.01) == f"+1.0{NBSP}point"
    assert numbers.points(0.0) == f"0.0{NBSP}points"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (9_800, f"NT${NBSP}9,800"),
        (5_100_000, f"NT${NBSP}5.1{NBSP}m"),
        (1_310_000_000, f"NT${NBSP}1.31{NBSP}bn"),
        (-5282.4, f"{MINUS}NT${NBSP}5,282"),
        (-5_100_000, f"{MINUS}NT${NBSP}5.1{NBSP}m"),
        (-0.2, f"NT${NBSP}0"),
    ],
)
def test_money_is_told_in_a_readable_unit(amount: float, text: str) -> None:
    assert numbers.money(amount, "NT$") == text


@pytest.mark.parametrize("amount", [-1_200_000_000, -59_700_000, -5_282, -0.2, 0, 5_282, 59_700_000])
def test_a_negative_amount_has_its_minus_before_the_currency_wherever_it_is_told(amount: float) -> None:
    unit = Unit.of(amount)
    for text in (numbers.money(amount, "US$"), unit.text(amount, "US$"), numbers.measure(amount, "US$")):
        assert text.startswith(f"{MINUS}US${NBSP}" if amount <= -1 else f"US${NBSP}")
        assert MINUS not in text[1:]
        assert numbers.unpriced(text, "US$") == text.replace(f"US${NBSP}", "")


def test_a_probability_is_told_as_a_frequency() -> None:
    assert numbers.in_100(0.121) == "about 12 in 100"
    assert numbers.in_100(0.0946) == "about 10 in 100"  # shown as 9.5 %
    assert numbers.in_100(0.001) == "fewer than 1 in 100"


def test_a_score_shown_at_the_cut_off_has_reached_it() -> None:
    assert numbers.whole_score(519.99) == 519
    assert numbers.whole_score(520.0) == 520


def test_values_are_told_in_words_of_the_contract() -> None:
    assert numbers.measure(2, "", {2: "paid in full"}) == "paid in full"
    assert numbers.measure(np.nan, "%", None, "nothing was due") == "nothing was due"
    assert numbers.measure(0.35, "%") == f"35{NBSP}%"
    assert numbers.measure(1, "months") == f"1{NBSP}month"
    assert numbers.measure(2015, "year") == "2015"
    assert numbers.measure(1200, "¤") == f"¤{NBSP}1,200"
    assert [numbers.measure(x, "") for x in (1200, 5.44, 0.0157, -0.00023, 0.06)] == [
        "1,200",
        "5.44",
        "0.016",
        f"{MINUS}0.00023",
        "0.06",
    ]
    assert numbers.measure(-1200, "NT$") == f"{MINUS}NT${NBSP}1,200"
    assert numbers.measure(-0.3, "NT$") == f"NT${NBSP}0"


def test_a_relative_lever_carries_its_sign() -> None:
    assert numbers.lever_value(-20, "±%") == f"{MINUS}20{NBSP}%"
    assert numbers.lever_value(-0.3, "±%") == f"{MINUS}0.3{NBSP}%"
    assert numbers.lever_value(30, "%") == f"30{NBSP}%"


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=8), st.integers(0, 2))
def test_rounded_parts_add_up_to_the_rounded_total(parts: list[float], digits: int) -> None:
    shown = numbers.summing(parts, sum(parts), digits)
    unit = 10.0**-digits
    assert sum(shown) == pytest.approx(round(sum(parts) / unit) * unit, abs=unit / 100)
    assert all(abs(a - b) < unit * 1.001 for a, b in zip(shown, parts, strict=True))


@pytest.mark.parametrize(
    ("value", "beside", "told"),
    [
        (0.5432198, 0.6, "0.543"),
        (0.6, 0.5432198, "0.6"),
        (-0.0012345, -0.0005, "−0.00123"),
        (0.00012345, np.nan, "0.000123"),
        (24.6351, 20, "24.6"),
        (12_345.6, 1, "12,346"),
        (0.59996, 0.6, "0.59996"),
        (0.6, 0.59996, "0.6"),
        (0.6, 0.6, "0.6"),
        (1000.4, 1000, "1,000.4"),
        (0.0, 0.1, "0"),
        (1e-12, 1e-9, "0.000000000001"),
        (np.nan, 0.1, "not known"),
    ],
)
def test_a_figure_in_a_sentence_has_three_digits_and_more_only_to_be_told_from_its_bound(
    value: float, beside: float, told: str
):
    assert numbers.significant(value, beside) == told


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_two_figures_that_differ_never_look_alike(one: float, other: float):
    assert (numbers.significant(one, other) == numbers.significant(other, one)) == (one == other)
