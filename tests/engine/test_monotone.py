"""No input and no lever ever moves the probability the wrong way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from model.engine.scorer import TableScorer
from model.engine.tables import probability
from model.whatif.customer.scenario import apply
from tests.support.records import BOOK, CONTRACT, records, within

NEVER = 1e-12  # PD
EXPECTED = {  # the sign of the PD's response to a raised field, where every input that reads it declares a direction
    "limit": -1,
    **{f"paid_{k}": -1 for k in range(1, 7)},
    **{f"status_{k}": 1 for k in range(2, 7)},
}


def pd(scorer: TableScorer, raw: Array) -> Array:
    return probability(scorer.margins(raw))


def everyone(draw: st.DataObject) -> Array:
    """Either a record typed by hand or a customer of the book."""
    if draw.draw(st.booleans(), label="typed by hand"):
        return draw.draw(records(), label="record")
    k = draw.draw(st.integers(0, len(BOOK) - 1), label="customer")
    return BOOK.raw[:, k : k + 1].copy()


def test_fields_with_a_declared_direction_are_those_read_by_directed_inputs_only(contract: Contract):
    directed = {
        field.name
        for k, field in enumerate(contract.record)
        if all(each.direction for each, reads in zip(contract.inputs, contract.reads, strict=True) if k in reads)
    }
    bills = {f"bill_{k}" for k in (3, 4, 5)}  # raise use and lower the share paid, but may turn "nothing due" around
    assert directed == {*EXPECTED, *bills, "status_1"}  # September's codes are not in the order of risk, see `standing`


@given(st.data())
def test_raising_a_field_never_moves_the_probability_the_wrong_way(scorer: TableScorer, data: st.DataObject):
    before = everyone(data)
    name = data.draw(st.sampled_from(sorted(EXPECTED)), label="field")
    k = CONTRACT.row[name]
    after = before.copy()
    after[k] = max(before[k, 0], data.draw(within(CONTRACT.record[k]), label="raised to"))
    moved = pd(scorer, after)[0] - pd(scorer, before)[0]
    assert EXPECTED[name] * moved >= -NEVER


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_raising_a_field_never_moves_any_customer_the_wrong_way(scorer: TableScorer, book: Book, name: str):
    field, base = book.contract.record[book.contract.row[name]], pd(scorer, book.raw)
    raised = book.raw.copy()
    values = raised[book.contract.row[name]]
    for step in (1, 3) if field.codes else (500, 20_000, 1_000_000):
        raised[book.contract.row[name]] = np.minimum(values + step, field.maximum)
        assert np.min(EXPECTED[name] * (pd(scorer, raised) - base)) >= -NEVER


def test_paying_more_of_anything_never_raises_the_probability(scorer: TableScorer, book: Book):
    more = book.raw.copy()
    more[book.contract.rows["paid"]] *= 2
    moved = pd(scorer, more) - pd(scorer, book.raw)
    assert moved.max() <= NEVER
    assert (moved < -0.01).sum() > 1000  # and it matters


@given(st.data())
def test_inputs_all_moved_in_their_declared_direction_never_lower_the_probability(
    scorer: TableScorer, data: st.DataObject
):
    before = BOOK.contract.derive(everyone(data))
    directions = np.array([each.direction for each in CONTRACT.inputs])[:, None]
    push = np.array(data.draw(st.lists(st.floats(0, 2), min_size=len(before), max_size=len(before)), label="push"))
    after = before + directions * push[:, None] * np.maximum(np.abs(before), 1)
    margins = scorer.tables.margins(scorer.tables.encode(np.concatenate([before, after], axis=1)))
    assert probability(margins[1]) - probability(margins[0]) >= -NEVER


@pytest.mark.parametrize("name", ["limit", "pays", "late"])
def test_lever_moved_from_its_start_never_moves_any_customer_the_wrong_way(scorer: TableScorer, book: Book, name: str):
    lever = book.contract.lever(name)
    start, base = book.contract.lever_start(name, book.raw), pd(scorer, book.raw)
    steps = round((lever.maximum - lever.minimum) / lever.step)
    for k in np.unique(np.linspace(0, steps, 12).astype(int)):
        value = lever.minimum + lever.step * k
        moved = pd(scorer, apply(book.contract, book.raw, {name: np.full(len(book), value)})) - base
        assert np.min(lever.direction * np.sign(value - start) * moved) >= -NEVER, value


@pytest.mark.parametrize("name", ["limit", "pays", "late"])
def test_lever_moved_on_and_on_never_turns_back_for_any_customer(scorer: TableScorer, book: Book, name: str):
    lever = book.contract.lever(name)
    steps = round((lever.maximum - lever.minimum) / lever.step)
    values = [lever.minimum + lever.step * k for k in np.unique(np.linspace(0, steps, 12).astype(int))]
    along = [pd(scorer, apply(book.contract, book.raw, {name: np.full(len(book), value)})) for value in values]
    assert np.min(lever.direction * np.diff(along, axis=0)) >= -NEVER


@pytest.mark.parametrize("percent", [-90, -40, -5, 5, 30, 100])
def test_balances_lever_never_moves_a_customer_the_wrong_way_within_the_range_of_balances(
    scorer: TableScorer, book: Book, percent: float
):
    bills = book.raw[book.contract.rows["bill"]]
    maximum = book.contract.field("bill_1").maximum
    inside = (bills * (1 + percent / 100) <= maximum).all(0)
    moved = pd(scorer, apply(book.contract, book.raw, {"balances": percent})) - pd(scorer, book.raw)
    assert inside.sum() >= len(book) - 10
    assert np.min(np.sign(percent) * moved[inside]) >= -NEVER


@given(st.data())
def test_lever_never_moves_a_record_typed_by_hand_the_wrong_way(scorer: TableScorer, data: st.DataObject):
    before = data.draw(records(), label="record")
    lever = CONTRACT.lever(data.draw(st.sampled_from(["limit", "pays", "late"]), label="lever"))
    value = data.draw(within(lever), label="value")
    start = CONTRACT.lever_start(lever.name, before)[0]
    moved = pd(scorer, apply(CONTRACT, before, {lever.name: value}))[0] - pd(scorer, before)[0]
    assert lever.direction * np.sign(value - start) * moved >= -NEVER
