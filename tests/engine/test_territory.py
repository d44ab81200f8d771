"""Known territory: how far a record lies from what the model has seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.books import Book
from data.contract import Contract
from model.engine.scorer import TableScorer
from model.engine.territory import Territory, level, nearest, survey
from tests.support.records import BOOK


@pytest.fixture(scope="module")
def territory(scorer: TableScorer) -> Territory:
    return scorer.territory


def distance(inputs: np.ndarray, territory: Territory) -> np.ndarray:
    out = np.zeros(inputs.shape[1])
    nearest(np.ascontiguousarray(inputs), territory.reference, territory.spread, out)
    return out


def test_reference_customers_lie_in_the_middle_of_known_territory(territory: Territory):
    assert territory.percentile(territory.reference).max() == 0


def test_absurd_record_lies_outside(territory: Territory, contract: Contract, book: Book):
    record = np.array([field.maximum for field in contract.record])[:, None]
    record[contract.rows["bill"]] = [[1_700_000], [-340_000], [1_700_000], [-340_000], [1_700_000], [-340_000]]
    record[contract.row["limit"]] = 1000
    percentile = territory.percentile(contract.derive(record))[0]
    assert percentile == 100
    assert level(percentile) == "outside"
    assert territory.beyond(record)[contract.row["limit"], 0]


def test_about_one_customer_in_a_hundred_is_outside_and_five_are_unusual(territory: Territory, book: Book):
    percentiles = territory.percentile(book.inputs[:, ::7])
    assert 0.004 < (percentiles >= 99).mean() < 0.025
    assert 0.03 < (percentiles >= 95).mean() < 0.07


@given(st.lists(st.tuples(st.integers(0, len(BOOK) - 1), st.floats(0, 20)), min_size=2, max_size=10))
def test_percentile_rises_with_the_distance(scorer: TableScorer, drawn: list[tuple[int, float]]):
    inputs = np.stack([BOOK.inputs[:, k] * (1 + push) for k, push in drawn], axis=1)
    far = np.argsort(distance(inputs, scorer.territory))
    assert np.all(np.diff(scorer.territory.percentile(inputs)[far]) >= 0)


def test_percentile_is_a_number_of_customers_in_a_hundred(territory: Territory, book: Book):
    percentiles = territory.percentile(book.inputs[:, :500])
    assert set(percentiles) <= set(range(101))
    assert np.all(np.diff(territory.percentiles) >= 0)


@pytest.mark.parametrize(
    ("percentile", "beyond", "name"),
    [
        (0, False, "usual"),
        (94.9, False, "usual"),
        (95, False, "unusual"),
        (98.9, False, "unusual"),
        (99, False, "outside"),
        (100, False, "outside"),
        (0, True, "outside"),
    ],
)
def test_level_is_named_by_percentile_and_by_values_never_seen(percentile: float, beyond: bool, name: str):
    assert level(percentile, beyond) == name


@pytest.mark.parametrize(
    ("record", "reference", "expected"),
    [
        ([5, 1], [[0], [1]], 0.25),  # 5 of a spread of 10, then nothing: a mean of two
        ([50, 1], [[0], [1]], 0.5),  # never more than 1 each
        ([5, np.nan], [[0], [np.nan]], 0.25),  # both missing agree
        ([5, np.nan], [[0], [3]], 0.75),  # one missing counts 1
        ([5, 1], [[0, 5, 9], [1, 1, 1]], 0),  # the nearest of three
    ],
)
def test_distance_is_gowers_worked_by_hand(record: list[float], reference: list[list[float]], expected: float):
    given = np.array(record, float)[:, None]
    territory = Territory(
        np.array(reference, float), np.array([10.0, 1.0]), percentiles=np.zeros(101), low=given[:, 0], high=given[:, 0]
    )
    assert distance(given, territory)[0] == expected


def test_field_is_beyond_what_was_seen_one_step_past_the_book(territory: Territory, book: Book):
    assert not territory.beyond(book.raw).any()
    for k, values in enumerate(book.raw):
        record = book.raw[:, :1].copy()
        record[k] = values.max() + 1
        assert np.flatnonzero(territory.beyond(record)[:, 0]).tolist() == [k]
        record[k] = values.min() - 1
        assert np.flatnonzero(territory.beyond(record)[:, 0]).tolist() == [k]


def test_territory_of_the_same_book_and_seed_is_the_same(book: Book):
    inputs, raw = book.inputs[:, :400], book.raw[:, :400]
    once, again, other = (survey(inputs, raw, seed, size=50).arrays() for seed in (1, 1, 2))
    assert all(once[name].tobytes() == again[name].tobytes() for name in once)
    assert once["reference"].tobytes() != other["reference"].tobytes()


def test_territory_survives_storage(territory: Territory, book: Book):
    again = Territory.from_arrays(territory.arrays())
    np.testing.assert_array_equal(again.percentile(book.inputs[:, :50]), territory.percentile(book.inputs[:, :50]))


def test_outside_is_a_percentile_of_ninety_nine_or_more(scorer: TableScorer, book: Book):
    raw = book.raw[:, ::40].copy()
    raw[scorer.contract.rows["bill"], ::3] *= 3  # some of them far away
    inputs = scorer.contract.derive(raw)
    outside = scorer.territory.outside(inputs)
    np.testing.assert_array_equal(outside, scorer.territory.percentile(inputs) >= 99)
    assert 0 < outside.sum() < len(outside)
