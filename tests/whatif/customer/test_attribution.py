"""What changed: exact Shapley values over the edited concepts, in PD."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from data.arrays import Array
from data.contract import Contract, read_contract
from data.errors import Impossible
from model.engine.scorer import TableScorer
from model.engine.tables import probability
from model.whatif.customer import attribution
from model.whatif.customer.attribution import changes
from model.whatif.customer.scenario import apply, editable
from tests.support.records import BOOK, CONTRACT, numbers, within

EDITABLE = [*dict.fromkeys([*(lever.name for lever in CONTRACT.levers), *CONTRACT.row])]
THREE = {"limit": 50_000.0, "paid_1": 3000.0, "late": 0.0}  # three concepts of customer 1


def pd(scorer: TableScorer, raw: Array) -> float:
    return float(probability(scorer.margins(raw))[0])


def edited_concepts(base: Array, edited: Array) -> set[str]:
    return {CONTRACT.record[k].concept for k in np.flatnonzero((base != edited)[:, 0])}


@given(numbers, st.data())
def test_parts_sum_to_the_change_and_are_those_of_the_edited_concepts(
    scorer: TableScorer, number: int, data: st.DataObject
):
    base = BOOK.raw[:, number - 1 : number]
    chosen = data.draw(st.lists(st.sampled_from(EDITABLE), max_size=6, unique=True))
    edits = {name: data.draw(within(editable(CONTRACT, name)), label=name) for name in chosen}
    try:
        edited = apply(CONTRACT, base, edits)
    except Impossible:
        assume(False)
    found = changes(scorer, base, edited)
    assert found.base == pd(scorer, base)
    assert found.edited == pd(scorer, edited)
    assert sum(part.pd for part in found.parts) == pytest.approx(found.edited - found.base, abs=1e-12)
    told = [name for part in found.parts for name in part.concepts]
    assert sorted(told) == sorted(edited_concepts(base, edited))


def test_no_edit_has_no_parts(scorer: TableScorer):
    found = changes(scorer, BOOK.raw[:, :1], BOOK.raw[:, :1].copy())
    assert found.parts == ()
    assert found.base == found.edited == pd(scorer, BOOK.raw[:, :1])


def test_single_edited_concept_carries_the_whole_change(scorer: TableScorer, contract: Contract):
    base = BOOK.raw[:, :1]
    edited = apply(contract, base, {"late": 0.0})
    (part,) = changes(scorer, base, edited).parts
    assert part.concepts == ("late",)
    assert part.label == contract.concept("late").label
    assert part.pd == pytest.approx(pd(scorer, edited) - pd(scorer, base), abs=1e-15)
    assert part.pd < -0.05


def test_parts_of_three_concepts_are_the_mean_over_all_orders_of_making_the_edits(
    scorer: TableScorer, contract: Contract
):
    base = BOOK.raw[:, :1]
    edited = apply(contract, base, THREE)
    rows = {
        name: [k for k, field in enumerate(contract.record) if field.concept == name and base[k, 0] != edited[k, 0]]
        for name in ("limit", "payments", "late")
    }
    expected = dict.fromkeys(rows, 0.0)
    for order in permutations(rows):
        record = base.copy()
        for name in order:
            before = pd(scorer, record)
            record[rows[name]] = edited[rows[name]]
            expected[name] += (pd(scorer, record) - before) / 6
    found = {part.concepts[0]: part.pd for part in changes(scorer, base, edited).parts}
    assert found == pytest.approx(expected, abs=1e-12)
    assert all(abs(value) > 1e-4 for value in expected.values())


def test_parts_come_weightiest_first(scorer: TableScorer, contract: Contract):
    base = BOOK.raw[:, :1]
    sizes = [abs(part.pd) for part in changes(scorer, base, apply(contract, base, THREE)).parts]
    assert len(sizes) == 3
    assert sizes == sorted(sizes, reverse=True)


def test_change_and_the_way_back_are_each_others_opposite(scorer: TableScorer, contract: Contract):
    base = BOOK.raw[:, :1]
    edited = apply(contract, base, THREE)
    there = {part.concepts: part.pd for part in changes(scorer, base, edited).parts}
    back = {part.concepts: -part.pd for part in changes(scorer, edited, base).parts}
    assert back == pytest.approx(there, abs=1e-12)


# ---- concepts that cannot stand apart ----------------------------------------------------------------------------


@pytest.fixture
def bound(scorer: TableScorer) -> TableScorer:
    """The model under a contract in which nobody pays more than the limit in a month."""
    rule = b"""
[[constraints]]
rule = "max(paid) <= limit"
message = "Nobody pays more than the limit."
fields = ["paid", "limit"]
"""
    return replace(scorer, contract=read_contract(CONTRACT.text + rule))


def test_concepts_in_conflict_are_one_part(bound: TableScorer, scorer: TableScorer):
    base = BOOK.raw[:, :1]
    edited = apply(bound.contract, base, THREE | {"limit": 90_000.0, "paid_1": 60_000.0})
    found = changes(bound, base, edited)
    assert {part.concepts: part.label for part in found.parts} == {
        ("limit", "payments"): f"{CONTRACT.concept('limit').label} and {CONTRACT.concept('payments').label}",
        ("late",): CONTRACT.concept("late").label,
    }
    assert sum(part.pd for part in found.parts) == pytest.approx(found.edited - found.base, abs=1e-12)
    assert {part.concepts for part in changes(scorer, base, edited).parts} == {("limit",), ("payments",), ("late",)}


def test_part_of_concepts_in_conflict_is_the_mean_over_the_orders_that_can_be(bound: TableScorer):
    base = BOOK.raw[:, :1]
    edited = apply(bound.contract, base, THREE | {"limit": 90_000.0, "paid_1": 60_000.0})
    only_late, all_but_late = base.copy(), edited.copy()
    rows = bound.contract.rows["status"]
    only_late[rows], all_but_late[rows] = edited[rows], base[rows]
    late = (pd(bound, only_late) - pd(bound, base) + pd(bound, edited) - pd(bound, all_but_late)) / 2
    assert {part.concepts: part.pd for part in changes(bound, base, edited).parts}[("late",)] == pytest.approx(late)


def test_concepts_that_keep_the_rule_apart_stay_apart(bound: TableScorer):
    base = BOOK.raw[:, :1]
    edited = apply(bound.contract, base, THREE)  # 3,000 paid lies below either limit
    assert {part.concepts for part in changes(bound, base, edited).parts} == {("limit",), ("payments",), ("late",)}


def test_of_more_concepts_than_can_be_told_apart_the_lightest_are_one(
    scorer: TableScorer, contract: Contract, monkeypatch: pytest.MonkeyPatch
):
    base = BOOK.raw[:, :1]
    edited = apply(contract, base, THREE)
    apart = changes(scorer, base, edited).parts
    monkeypatch.setattr(attribution, "MOST_PLAYERS", 2)
    first, rest = changes(scorer, base, edited).parts
    assert first.concepts == apart[0].concepts
    assert sorted(rest.concepts) == sorted(name for part in apart[1:] for name in part.concepts)
    assert first.pd + rest.pd == pytest.approx(pd(scorer, edited) - pd(scorer, base), abs=1e-12)


def test_a_value_that_stays_missing_is_not_edited(scorer: TableScorer):
    base = BOOK.raw[:, :1].copy()
    base[-1] = np.nan
    edited = base.copy()
    edited[CONTRACT.row["limit"]] += 10_000
    assert [part.concepts for part in changes(scorer, base, edited).parts] == [("limit",)]
    assert changes(scorer, base, base.copy()).parts == ()
