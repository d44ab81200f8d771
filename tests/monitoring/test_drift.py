"""Whether records still look like those of the training."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data.edges import told_apart
from model.monitoring.bins import bin_counts, codes, edges_of, quantile_edges
from model.monitoring.drift import ACT, OF_PD, WATCH, Snapshot, drift, psi, snapshot_of
from tests.monitoring.samples import borrowers

shares = st.lists(st.floats(0, 1), min_size=2, max_size=8).filter(lambda each: sum(each) > 0)


@pytest.fixture
def inputs() -> np.ndarray:
    rng = np.random.default_rng(0)
    found = np.stack([rng.normal(size=5000), rng.integers(0, 4, 5000), rng.normal(size=5000)])
    found[2, :500] = np.nan
    return found


@pytest.fixture
def pd() -> np.ndarray:
    return borrowers(5000)[1]


def test_psi_equals_the_worked_number():
    assert psi([0.4, 0.3, 0.3], [0.35, 0.25, 0.4]) == pytest.approx(0.044561, abs=5e-7)


@given(shares, st.integers(0, 10**6))
def test_psi_is_nothing_against_itself_and_the_same_in_both_directions(drawn: list[float], seed: int):
    one = np.array(drawn) / sum(drawn)
    two = np.random.default_rng(seed).dirichlet(np.ones(len(one)))
    assert psi(one, one) == 0
    assert psi(one, two) >= 0
    assert psi(one, two) == pytest.approx(psi(two, one))


def test_empty_bin_counts_as_one_record_in_ten_thousand():
    assert psi([1.0, 0.0], [0.5, 0.5]) == psi([1.0, 1e-4], [0.5, 0.5])
    assert np.isfinite(psi([1.0, 0.0], [0.0, 1.0]))


def test_snapshot_has_ten_bins_one_per_value_of_few_and_one_for_missing(inputs: np.ndarray, pd: np.ndarray):
    found = snapshot_of(inputs, pd)
    assert [len(each) for each in found.edges] == [9, 3, 9, 9]
    assert found.shares[2][-1] == 0.1
    assert found.shares[0] == pytest.approx([0.1] * 10 + [0])
    assert [each.sum() for each in found.shares] == pytest.approx([1] * 4)


def test_edges_equal_the_worked_ones():
    hundred = np.arange(1.0, 101)
    assert list(quantile_edges(hundred)) == list(range(10, 100, 10))
    assert list(edges_of(np.array([0.0, 0, np.nan, 1, 3]))) == [0, 1]
    assert list(codes(np.array([0.0, 0.5, 1, 3, 9, np.nan]), np.array([0.0, 1]))) == [0, 1, 1, 2, 2, 3]


@given(st.lists(st.one_of(st.integers(0, 30), st.just(np.nan)), min_size=1, max_size=80), st.integers(1, 12))
def test_every_value_has_a_bin_and_no_bin_is_empty(drawn: list[float], bins: int):
    values = np.array(drawn, float)
    for edges in (quantile_edges(values, bins), edges_of(values, bins)):
        counts = np.bincount(codes(values, edges), minlength=len(edges) + 2)
        assert len(counts) == len(edges) + 2
        assert counts.sum() == len(values)
        assert counts[-1] == np.isnan(values).sum()
        assert (counts[:-1] > 0).all() or counts[-1] == len(values)


def test_snapshot_survives_storage_without_pickle(inputs: np.ndarray, pd: np.ndarray):
    kept = snapshot_of(inputs, pd)
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **kept.arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        again = Snapshot.from_arrays(stored)
    assert again.n == 5000
    for one, two in zip((*kept.edges, *kept.shares), (*again.edges, *again.shares), strict=True):
        assert np.array_equal(one, two)


def test_training_records_have_not_drifted(inputs: np.ndarray, pd: np.ndarray):
    found = drift(snapshot_of(inputs, pd), inputs, pd)
    assert [each.index for each in found] == [0, 1, 2, OF_PD]
    assert [each.psi for each in found] == [0] * 4
    assert {each.n for each in found} == {5000}


def test_moved_input_is_the_only_one_to_act_on(inputs: np.ndarray, pd: np.ndarray):
    moved = inputs.copy()
    moved[0] += 1
    found = drift(snapshot_of(inputs, pd), moved[:, :3000], pd[:3000])
    assert [each.psi > ACT for each in found] == [True, False, False, False]
    assert all(each.psi < WATCH for each in found[1:])
    assert {each.n for each in found} == {3000}


def test_gaps_that_training_never_had_are_drift(inputs: np.ndarray, pd: np.ndarray):
    gaps = inputs.copy()
    gaps[1, ::10] = np.nan
    found = drift(snapshot_of(inputs, pd), gaps, pd)[1]
    assert found.actual[-1] == 0.1
    assert found.psi > ACT


def test_drift_of_nobody_is_unknown(inputs: np.ndarray, pd: np.ndarray):
    found = drift(snapshot_of(inputs, pd), inputs[:, :0], pd[:0])
    assert {each.n for each in found} == {0}
    assert np.isnan([each.psi for each in found]).all()


def test_snapshot_of_other_inputs_is_refused(inputs: np.ndarray, pd: np.ndarray):
    with pytest.raises(ValueError, match="zip"):
        drift(snapshot_of(inputs, pd), inputs[:2], pd)


@given(
    arrays(
        np.float64,
        st.integers(0, 60),
        elements=st.one_of(st.integers(-5, 5).map(float), st.floats(-3, 3), st.just(np.nan)),
    ),
    st.lists(st.one_of(st.integers(-5, 5).map(float), st.floats(-3, 3)), max_size=6, unique=True).map(sorted),
)
def test_counting_by_bins_is_putting_each_into_its_bin(values, edges):
    own = np.array(edges, np.float64)
    own = own[told_apart(own)] if len(own) else own
    wanted = np.bincount(codes(values, own), minlength=len(own) + 2)
    assert bin_counts(values, own).tolist() == wanted.tolist()
