"""A value stays on its side of an edge: whatever happens to its last bits, and there and back in log-odds."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import books
from data.arrays import Array
from data.edges import starting, told_apart, up_to
from model.engine.territory import Territory
from model.finance.scorecard import Scale, reaches, score_band, whole_points
from model.monitoring.bins import codes, edges_of, quantile_edges
from model.monitoring.calibration import recalibrated, reliability
from model.monitoring.discrimination import auc, gains, roc
from model.monitoring.drift import drift, snapshot_of
from model.monitoring.performance import calibration_error, error_bins
from model.release.checks import scores

CONTRACT = books.contract("cards")
log_odds = st.lists(st.floats(-9, 9), min_size=1, max_size=12)
heaps = st.lists(st.integers(0, 11), min_size=2, max_size=80)
shifts = st.floats(-6, 6)
ulps = st.integers(0, 10**6)
cuts = pytest.mark.parametrize("cut", [edges_of, quantile_edges], ids=["few", "quantiles"])


def heaped(points: list[float], which: list[int]) -> Array:
    """PDs of few distinct log-odds, so that many tie and every edge is one of them."""
    return np.array([1 / (1 + np.exp(-points[k % len(points)])) for k in which])


def jolted(values: Array, seed: int, most: int = 8) -> Array:
    """Each value moved by up to ``most`` units of its last place, each on its own."""
    by = np.random.default_rng(seed).integers(-most, most + 1, len(values))
    return values + by * np.spacing(values)


@cuts
@given(log_odds, heaps, shifts)
def test_bin_of_a_pd_survives_a_shift_of_log_odds_there_and_back(
    cut: Callable[[Array], Array], points: list[float], which: list[int], shift: float
):
    pd = heaped(points, which)
    edges = cut(pd)
    back, ends = (recalibrated(recalibrated(each, shift), -shift) for each in (pd, edges))
    assert list(codes(back, edges)) == list(codes(pd, edges))
    assert list(codes(pd, ends)) == list(codes(pd, edges))
    assert list(codes(back, ends)) == list(codes(pd, edges))


@cuts
@given(st.lists(st.one_of(st.floats(-1e12, 1e12), st.integers(0, 20).map(float)), min_size=2, max_size=80), ulps)
def test_bin_of_any_value_survives_its_last_bits(cut: Callable[[Array], Array], drawn: list[float], seed: int):
    values = np.array(drawn)
    edges = cut(values)
    assert list(codes(jolted(values, seed), jolted(edges, seed + 1))) == list(codes(values, edges))


@cuts
@given(st.lists(st.integers(-(2**50), 2**50), min_size=2, max_size=60))
def test_whole_numbers_of_any_size_are_told_apart_exactly(cut: Callable[[Array], Array], drawn: list[int]):
    values = np.array(drawn, float)
    edges = cut(values)
    assert set(edges) <= set(values)
    assert list(codes(values, edges)) == [int((value > edges).sum()) for value in values]
    nearest = np.concatenate([edges - 1, edges, edges + 1])
    assert list(up_to(nearest, edges)) == [int((value > edges).sum()) for value in nearest]
    assert list(starting(nearest, edges)) == [int((value >= edges).sum()) for value in nearest]


def test_heap_that_rounding_has_split_is_one_value():
    split = np.array([0.1, 0.3, np.nextafter(0.3, 1), 0.1 * 3, 0.5])
    ordered = np.sort(split)
    assert told_apart(ordered).sum() == 3
    assert len(edges_of(split)) == 2
    assert list(codes(split, edges_of(split))) == [0, 1, 1, 1, 2]


@given(log_odds, heaps, shifts, ulps)
def test_nobody_has_drifted_by_rounding(points: list[float], which: list[int], shift: float, seed: int):
    """PSI of the score, and CSI of an input: of the very same records, with other last bits."""
    pd = heaped(points, which)
    snapshot = snapshot_of(np.array([pd * 1000]), pd)
    back = jolted(recalibrated(recalibrated(pd, shift), -shift), seed)
    found = drift(snapshot, np.array([jolted(pd * 1000, seed)]), back)
    assert [each.psi for each in found] == [0, 0]


def test_edges_that_an_older_release_stored_hold_their_heaps_too():
    """They are values, as ever: a heap on one of them stays below it."""
    pd = np.repeat([0.1, 0.2, 0.7], 100)
    assert (codes(jolted(pd, 1), np.array([0.1, 0.2])) == np.repeat([0, 1, 2], 100)).all()


@given(log_odds, heaps, ulps)
def test_reliability_ranking_and_gains_do_not_change_by_rounding(points: list[float], which: list[int], seed: int):
    pd = heaped(points, which)
    outcome = np.random.default_rng(seed).integers(0, 2, len(pd)).astype(float)
    moved = jolted(pd, seed)
    for one, two in zip(reliability(outcome, pd), reliability(outcome, moved), strict=True):
        assert (one.n, one.observed) == (two.n, two.observed)
    assert auc(outcome, moved) == pytest.approx(auc(outcome, pd), abs=1e-12, nan_ok=True)
    assert roc(outcome, moved).ks == pytest.approx(roc(outcome, pd).ks, abs=1e-12, nan_ok=True)
    for first, second in zip(gains(outcome, pd), gains(outcome, moved), strict=True):
        assert (first.n, first.bad) == (second.n, pytest.approx(second.bad, abs=1e-9))


@given(st.integers(1, 60), ulps)
def test_equally_wide_bins_hold_what_lies_on_their_upper_edge(bins: int, seed: int):
    on = np.arange(bins + 1) / bins
    expected = np.maximum(np.arange(bins + 1) - 1, 0)
    assert list(error_bins(jolted(on, seed), bins)) == list(expected)
    third = np.full(90, 0.1 + 0.2)  # 0.30000000000000004
    assert calibration_error(np.repeat([0.0, 1, 0], 30), third) == pytest.approx(1 / 3 - 0.3)


# ---- scores ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(300, 850), min_size=1, max_size=60), shifts)
def test_whole_score_stays_whole_through_probabilities_and_shifts(drawn: list[int], shift: float):
    """A bank's scorecard in whole points, met as a probability: its own band, and its own side of the cut-off."""
    own = CONTRACT.score
    scale, points = Scale(own.base_score, own.base_odds, own.points_to_double), np.array(drawn, float)
    pd = 1 / (1 + np.exp(-scale.margin(points)))
    back = recalibrated(recalibrated(pd, shift / 3), -shift / 3)
    cutoff, edges = float(drawn[0]), sorted({float(each) for each in drawn[:3]})
    for found in (scores(CONTRACT, pd), scores(CONTRACT, back), scale.score(scale.margin(points))):
        assert list(whole_points(found)) == drawn
        assert list(reaches(found, cutoff)) == [each >= cutoff for each in drawn]
        assert list(score_band(found, edges)) == [sum(each >= edge for edge in edges) for each in drawn]


@given(st.floats(300, 850), st.integers(300, 850))
def test_score_shown_at_the_cut_off_has_reached_it(score: float, cutoff: int):
    found = np.array([score])
    assert bool(reaches(found, cutoff)[0]) == bool(whole_points(found)[0] >= cutoff)


# ---- groups and territory -------------------------------------------------------------------------------------------


def on_and_beside(edges: Sequence[float]) -> tuple[Array, list[int]]:
    """Each edge and its neighbours among the floating-point numbers, and the band above it."""
    found = [each + way for each in edges for way in (0.0, -np.spacing(each), np.spacing(each))]
    return np.array(found), list(np.repeat(np.arange(len(edges)) + 1, 3))


@pytest.mark.parametrize("name", ["cards", "small_business"])
def test_value_on_the_edge_of_a_segment_belongs_above_it_whatever_its_last_bits(name: str):
    contract = books.contract(name)
    seen = [each for each in contract.segments if each.field in contract.row]
    assert seen
    for segment in seen:
        values, above = on_and_beside(segment.edges)
        assert list(contract.bands(segment, {segment.field: values}, len(values))) == above


def test_value_on_the_edge_of_a_protected_group_belongs_above_it_whatever_its_last_bits():
    (field,) = [each for each in CONTRACT.protected() if each.edges]
    values, above = on_and_beside(field.edges)
    assert list(CONTRACT.groups(field, values)[0]) == above


def test_percentile_and_outside_agree_on_a_record_as_far_as_an_edge():
    rng = np.random.default_rng(0)
    reference = rng.integers(0, 10, (3, 40)) / 10
    percentiles = np.sort(rng.integers(0, 10, 101)) / 30
    seen = Territory(reference, np.ones(3), percentiles=percentiles, low=np.zeros(3), high=np.ones(3))
    records = rng.integers(0, 20, (3, 500)) / 10
    assert list(seen.outside(records)) == list(seen.percentile(records) >= 99)
    jolt = replaced(seen, percentiles + np.spacing(percentiles))
    assert list(jolt.percentile(records)) == list(seen.percentile(records))


def replaced(seen: Territory, percentiles: Array) -> Territory:
    return Territory(seen.reference, seen.spread, percentiles=percentiles, low=seen.low, high=seen.high)
