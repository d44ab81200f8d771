"""The language of a contract's formulas: what it computes, and that it can do nothing else."""

import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import ContractError
from data.formulas import FUNCTIONS, parse_formula

VALUES: dict[str, Any] = {
    "limit": np.array([100.0, 200.0]),
    "bill": np.array([[30.0, -5.0], [20.0, 15.0], [10.0, 40.0]]),
    "gap": np.array([np.nan, 1.0]),
    "ago": np.array([[0.0], [1.0], [2.0]]),
}
KNOWN = frozenset(VALUES)


def value(text: str) -> Any:
    return np.asarray(parse_formula(text, KNOWN)(VALUES)).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("limit", [100, 200]),
        ("limit + 1", [101, 201]),
        ("limit - 2 * 3", [94, 194]),
        ("limit / 8", [12.5, 25]),
        ("-limit", [-100, -200]),
        ("(limit - 1) * 2", [198, 398]),
        ("max(bill)", [30, 40]),
        ("min(bill)", [10, -5]),
        ("max(bill, 12)", [[30, 12], [20, 15], [12, 40]]),
        ("min(limit, 150)", [100, 150]),
        ("sum(bill)", [60, 50]),
        ("mean(bill)", [20, 50 / 3]),
        ("count(bill >= 15)", [2, 2]),
        ("count(bill > 15)", [2, 1]),
        ("count((bill > 0) & (bill < 20))", [1, 1]),
        ("count((bill < 0) | (bill == 30))", [1, 1]),
        ("count(bill != 20)", [2, 3]),
        ("count(bill <= 10)", [1, 1]),
        ("sum(latest(bill, 2))", [50, 10]),
        ("sum(earliest(bill, 2))", [30, 55]),
        ("previous(bill)", [[20, 15], [10, 40], [10, 40]]),
        ("where(limit > 150, 1, 0)", [0, 1]),
        ("where(limit > 150, limit, max(bill))", [30, 200]),
        ("pick(limit, 100, 0.5, 200, 0.25, 1)", [0.5, 0.25]),
        ("pick(limit, 200, 0.25, 1)", [1, 0.25]),
        ("pick(limit, 300, 7, 150, 8, min(bill))", [10, -5]),
        ("abs(min(bill))", [10, 5]),
        ("round(limit / 30, 1)", [3.3, 6.7]),
        ("max(sum(bill), 55)", [60, 55]),
        ("where(ago == 0, bill, 0)", [[30, -5], [0, 0], [0, 0]]),
    ],
)
def test_formula_gives_the_value_worked_by_hand(text: str, expected: list[Any]):
    assert value(text) == expected


def test_every_function_of_the_language_is_worked_by_hand_above():
    marks = test_formula_gives_the_value_worked_by_hand.pytestmark  # type: ignore[attr-defined]
    worked = " ".join(text for text, _ in marks[0].args[1])
    assert all(f"{name}(" in worked for name in FUNCTIONS)


def test_pick_takes_what_is_missing_for_any_other_value_whatever_the_order_of_the_pairs():
    for text in ("pick(x, 44, 1, 11, 2, 3)", "pick(x, 11, 2, 44, 1, 3)"):
        found = parse_formula(text, {"x"})({"x": np.array([11, 44, 99, np.nan, -5, 11.5])})
        assert found.tolist() == [2, 1, 3, 3, 3, 3]


@pytest.mark.parametrize("text", ["pick(limit)", "pick(limit, 1)", "pick(limit, 1, 2)", "pick(limit, 1, limit, 3)"])
def test_pick_without_whole_pairs_of_numbers_is_refused(text: str):
    with pytest.raises(TypeError, match="pick takes"):
        value(text)


def test_missing_is_the_missing_value():
    np.testing.assert_equal(value("where(limit > 150, missing, 1)"), [1, np.nan])


def test_missing_values_stay_missing():
    np.testing.assert_equal(value("round(gap * 2 + limit, 2)"), [np.nan, 202])


def test_division_by_nothing_raises_no_alarm():
    assert value("limit / (limit - 100)") == [np.inf, 2]


@pytest.mark.parametrize(
    ("x", "decimals", "expected"),
    [
        (0.12345, 4, 0.1235),
        (0.12344, 4, 0.1234),
        (0.5, 0, 1),
        (1.5, 0, 2),
        (2.5, 0, 3),
        (-0.5, 0, 0),
        (-1.5, 0, -1),
        (114.8333, 0, 115),
    ],
)
def test_round_takes_halves_up(x: float, decimals: int, expected: float):
    assert FUNCTIONS["round"](x, decimals) == expected


def test_round_forgives_noise_in_the_last_bit():
    half = 3913 / 20000
    assert FUNCTIONS["round"](np.nextafter(half, 0), 4) == FUNCTIONS["round"](half, 4) == 0.1957
    assert FUNCTIONS["round"](0.5 - 0.9e-6, 0) == 1
    assert FUNCTIONS["round"](0.5 - 1.1e-6, 0) == 0


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_round_moves_no_value_by_more_than_half_a_place(x: float, decimals: int):
    assert abs(FUNCTIONS["round"](x, decimals) - x) <= 0.5000011 * 10.0**-decimals


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(0, 4))
def test_round_keeps_the_order(x: float, y: float, decimals: int):
    low, high = sorted((x, y))
    assert FUNCTIONS["round"](low, decimals) <= FUNCTIONS["round"](high, decimals)


@pytest.mark.parametrize(
    "text",
    [
        "limit.real",
        "bill.__class__",
        "().__class__.__bases__",
        "__import__('os')",
        "open(limit)",
        "eval(limit)",
        "limit(1)",
        "(lambda: 1)()",
        "lambda: 1",
        "'text'",
        'f"{limit}"',
        "b'bytes'",
        "True",
        "None",
        "1j",
        "...",
        "[x for x in bill]",
        "{x for x in bill}",
        "{1: 2}",
        "[1, 2]",
        "(1, 2)",
        "bill[0]",
        "limit ** 9",
        "limit // 2",
        "limit % 2",
        "limit if limit else 1",
        "limit and limit",
        "not limit",
        "limit in bill",
        "limit is limit",
        "(limit := 1)",
        "max(*bill)",
        "max(bill, second=1)",
        "max.__globals__",
        "max",
        "limit + sum",
        "__builtins__",
        "missing()",
        "import os",
        "limit = 1",
        "limit; limit",
        "",
        "limit +",
        "a\0b",
        "-" * 5000 + "1",
    ],
)
def test_formula_refuses_all_but_arithmetic(text: str):
    with pytest.raises(ContractError, match="The formula"):
        parse_formula(text, KNOWN)


def test_formula_may_be_a_long_sum_but_not_one_without_end():
    long = parse_formula(" + ".join(["limit"] * 900), KNOWN)
    assert long({"limit": np.array([2.0])}) == 1800.0
    with pytest.raises(ContractError, match=r"is nested 1,2\d\d levels deep, at most 1,000 are read"):
        parse_formula(" + ".join(["limit"] * 1200), KNOWN)


def test_formula_that_reads_an_unknown_name_says_which():
    with pytest.raises(ContractError, match="reads salary, status, which is not declared"):
        parse_formula("limit + salary * status", KNOWN)


def test_formula_knows_the_names_it_reads():
    assert parse_formula("where(limit > 1, max(bill), missing)", KNOWN).names == {"limit", "bill"}


def test_formula_reaches_no_builtin_of_python():
    formula = parse_formula("limit", KNOWN)
    with pytest.raises(NameError):
        formula({"bill": 1.0})


class Garbage:
    """In a circle with itself, so that its end is the collector's, in the middle of whatever is being built."""

    def __init__(self) -> None:
        self.circle = self

    def __del__(self) -> None:
        for _ in range(50):
            pass


def test_formulas_are_read_by_many_threads_at_once():
    """A service reads contracts in several threads; here they are switched as often as the interpreter can."""

    def read(_: int) -> str:
        Garbage()
        return parse_formula(text, KNOWN).text

    text = "where(limit > 1, limit, round(limit / max(limit, 1), 3)) + " * 5 + "limit"
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(5)
    try:
        with ThreadPoolExecutor(8) as threads:
            texts = set(threads.map(read, range(1000)))
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*thresholds)
    assert texts == {text}
