"""A stratified sample of a stream: who is drawn, whatever the order, and what it says of the whole."""

import numpy as np
import pytest

from data.arrays import Array
from data.sampling import DrawnRecords, StratifiedStream

RECORDS, STRATA, SIZE = 40_000, 30, 2_000
CHANCE = np.random.default_rng(5)
STRATUM = CHANCE.integers(0, STRATA - 1, RECORDS) ** 2 // (STRATA - 1)  # the first hold many, the last few
VALUE = CHANCE.lognormal(STRATUM / 8, 0.4)
IDS = CHANCE.permutation(RECORDS).astype(np.int64) * 7 + 3


def drawn(order: np.ndarray | None = None, purpose: str = "book", size: int = SIZE, batch: int = 1_500) -> DrawnRecords:
    """A sample of the records, which pass by in an ``order``."""
    order = np.arange(RECORDS) if order is None else order
    stream = StratifiedStream(size, STRATA, purpose)
    for start in range(0, len(order), batch):
        some = order[start : start + batch]
        stream.add(IDS[some], STRATUM[some], np.array([VALUE[some], STRATUM[some]]))
    return stream.drawn()


def test_each_stratum_is_drawn_in_proportion():
    found = drawn()
    assert (len(found.ids), found.total, len(set(found.ids.tolist()))) == (SIZE, RECORDS, SIZE)
    counts = np.bincount(found.values[1].astype(int), minlength=STRATA)
    wanted = np.bincount(STRATUM, minlength=STRATA) * SIZE / RECORDS
    assert (np.abs(counts - wanted) < 1).all()


def test_values_are_those_of_the_records_drawn():
    found, place = drawn(), {number: k for k, number in enumerate(IDS.tolist())}
    rows = [place[number] for number in found.ids.tolist()]
    assert (found.values == np.array([VALUE[rows], STRATUM[rows]])).all()


@pytest.mark.parametrize("order", [np.argsort(IDS), np.argsort(STRATUM), np.argsort(-VALUE)], ids=["id", "strata", "v"])
def test_neither_order_nor_batches_decide_who_is_drawn(order: np.ndarray):
    first, other = drawn(), drawn(order, batch=9_999)
    assert (first.ids == other.ids).all()
    assert (first.values == other.values).all()


def test_another_purpose_draws_others():
    assert len(set(drawn().ids.tolist()) & set(drawn(purpose="other").ids.tolist())) < SIZE / 5


def test_fewer_than_asked_for_are_all_of_them():
    found = drawn(size=RECORDS + 1)
    assert sorted(found.ids.tolist()) == sorted(IDS.tolist())


def test_what_is_held_on_the_way_does_not_grow_with_the_stream():
    stream, held = StratifiedStream(SIZE, STRATA), []
    for k in range(40):
        ids = np.arange(k * RECORDS, (k + 1) * RECORDS)
        stream.add(ids, STRATUM, VALUE[None])
        held.append(stream.held)
    assert max(held) < 4 * SIZE + RECORDS / 4
    assert stream.drawn().total == 40 * RECORDS


def estimate(purpose: str) -> float:
    """The sum of the values by the sample of one purpose."""
    found: Array = drawn(purpose=purpose).values
    return float(found[0].sum()) * RECORDS / SIZE


def test_sum_of_the_sample_is_right_on_average():
    sums = np.array([estimate(f"seed {k}") for k in range(60)])
    error = sums.std(ddof=1) / np.sqrt(len(sums))
    assert abs(sums.mean() - VALUE.sum()) < 3.5 * error
    alone = VALUE.std() * RECORDS / np.sqrt(SIZE)  # of as many drawn without strata
    assert sums.std(ddof=1) < 0.75 * alone
