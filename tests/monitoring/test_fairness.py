"""Fairness of a policy: the worked numbers, suppression, intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.monitoring.fairness import Group, groups, impact_ratio, opportunity_difference, smallest_ratio
from model.monitoring.intervals import wilson


def people(*cells: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Groups of (good granted, good, bad granted, bad)."""
    selected, good, group = [], [], []
    for k, (good_granted, fine, bad_granted, bad) in enumerate(cells):
        selected += [True] * good_granted + [False] * (fine - good_granted)
        selected += [True] * bad_granted + [False] * (bad - bad_granted)
        good += [True] * fine + [False] * bad
        group += [k] * (fine + bad)
    return np.array(selected, bool), np.array(good, bool), np.array(group, int)


def test_opportunity_and_impact_equal_the_worked_numbers():
    a, b = groups(*people((45, 50, 10, 50), (30, 40, 12, 60)), ["a", "b"])
    assert (a.impact, a.opportunity) == (1.0, 0.0)
    assert b.opportunity == pytest.approx(-0.15)
    assert b.impact == pytest.approx(0.763636, abs=5e-7)
    assert (a.flagged(0.8), b.flagged(0.8)) == (False, True)


def test_four_fifths_rule_equals_the_worked_numbers():
    cells = [(rate, 100, 0, 0) for rate in (60, 45, 48, 51)]
    found = groups(*people(*cells), list("abcd"))
    assert [each.impact for each in found] == pytest.approx([1, 0.75, 0.80, 0.85])
    assert [each.flagged(0.8) for each in found] == [False, True, False, False]
    assert [each.flagged(0.85) for each in found] == [False, True, True, False]


def test_groups_of_fewer_than_thirty_are_suppressed_and_never_the_standard():
    small, large, other = groups(*people((29, 29, 0, 0), (60, 100, 0, 0), (30, 100, 0, 0)), ["s", "l", "o"])
    assert small.suppressed
    assert np.isnan(small.impact)
    assert np.isnan(small.opportunity)
    assert (large.impact, other.impact) == (1.0, 0.5)
    assert not small.flagged(0.8)


def test_intervals_hold_their_rate_and_narrow_with_more_people():
    ratio, low, high = impact_ratio(42, 100, 55, 100)
    assert low < ratio < high
    _, more_low, more_high = impact_ratio(4200, 10_000, 5500, 10_000)
    assert more_high - more_low < (high - low) / 5
    difference, below, above = opportunity_difference(30, 40, 45, 50)
    assert below < difference < above
    assert wilson(50, 100) == pytest.approx((0.404, 0.596), abs=5e-4)


def test_nobody_granted_is_a_ratio_of_nothing():
    found = groups(*people((0, 50, 0, 0), (0, 50, 0, 0)), ["a", "b"])
    assert all(np.isnan(each.impact) and not each.flagged(0.8) for each in found)
    some, none = groups(*people((10, 50, 0, 0), (0, 50, 0, 0)), ["a", "b"])
    assert (some.impact, none.impact, none.flagged(0.8)) == (1.0, 0.0, True)


def brute(selected: np.ndarray, group: np.ndarray, count: int) -> list[float]:
    rates = [selected[group == k].mean() for k in range(count)]
    return [rate / max(rates) if max(rates) else np.nan for rate in rates]


@given(st.integers(0, 10**6), st.integers(2, 4))
def test_ratios_equal_a_count_by_hand(seed: int, count: int):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(count), 40)
    selected, good = rng.random(len(group)) < 0.5, rng.random(len(group)) < 0.7
    found: list[Group] = groups(selected, good, group, [str(k) for k in range(count)])
    assert [each.impact for each in found] == pytest.approx(brute(selected, group, count))
    policies = np.array([[int(selected[group == k].sum())] for k in range(count)])
    lowest = smallest_ratio(policies, np.bincount(group))[0]
    assert lowest == pytest.approx(min(each.impact for each in found))


def test_smallest_ratio_leaves_small_groups_out():
    selected = np.array([[50.0], [29.0], [10.0]])
    assert smallest_ratio(selected, np.array([100, 29, 40])) == pytest.approx([0.5])
    assert np.isnan(smallest_ratio(selected[:1], np.array([100]))).all()
