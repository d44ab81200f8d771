"""One input swept, what would turn the decision, goal seek, and any two inputs against each other."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.arrays import Array
from data.books import Book
from data.contract import Contract, Field
from data.errors import BadInput, Impossible, NotEditable, OutOfRange
from model.engine.scorer import TableScorer
from model.whatif.customer.decision import decide, score_scale
from model.whatif.customer.scenario import CUTOFF, CustomerScenario, apply, editable
from model.whatif.customer.sensitivity import (
    Curve,
    flips,
    position,
    seek_probability,
    steps,
    sweep,
    swept_values,
    two_way,
)
from tests.support.records import BOOK, CONTRACT, numbers, within

LEVERS = [lever.name for lever in CONTRACT.levers]
NAMES = [*dict.fromkeys([*LEVERS, *CONTRACT.row])]
DECLINED = {"late": 3.0}  # an edit after which customer 1 is declined at 520


def curve(x: list[float], pd: list[float], now: float) -> Curve:
    values = np.array(pd)
    at = x.index(now)
    return Curve("limit", "Credit limit", "NT$", np.array(x), values, now, pd[at], 0.25, values <= 0.25)


# ---- sweeps ----------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(numbers, st.sampled_from(NAMES), st.sampled_from(NAMES), st.data())
def test_every_point_of_a_sweep_is_the_decision_at_that_value(
    scorer: TableScorer, number: int, name: str, other: str, data: st.DataObject
):
    base = BOOK.raw[:, number - 1 : number]
    edits = {other: data.draw(within(editable(CONTRACT, other)), label="edit")}
    try:
        edited = apply(CONTRACT, base, edits)
    except Impossible:
        edits, edited = {}, base
    found = sweep(scorer, BOOK, base, edits, name, 520.0)
    assumed = CustomerScenario().values(CONTRACT) | {CUTOFF: 520.0}
    now = decide(scorer, edited, assumed)
    assert found.now in found.x
    assert found.now_pd == pytest.approx(now.pd, abs=1e-12)
    for k in np.unique(np.linspace(0, len(found.x) - 1, 9).astype(int)):
        point = decide(scorer, apply(CONTRACT, base, edits | {name: float(found.x[k])}), assumed)
        assert found.pd[k] == pytest.approx(point.pd, abs=1e-12)
        assert found.granted[k] == point.granted


@pytest.mark.parametrize("name", NAMES)
def test_sweep_rises_within_the_bounds_and_has_the_point_of_now(scorer: TableScorer, name: str):
    part = editable(CONTRACT, name)
    for k in (0, 4, 2197, 29_999):
        found = sweep(scorer, BOOK, BOOK.raw[:, k : k + 1], {}, name, 520.0)
        assert np.all(np.diff(found.x) > 0)
        assert part.minimum <= found.x[0] <= found.now <= found.x[-1] <= part.maximum
        assert len(found.x) == len(found.pd) == len(found.granted) <= 102
        assert (found.label, found.unit) == (part.label, part.unit)


@pytest.mark.parametrize("name", [lever.name for lever in CONTRACT.levers if lever.name not in CONTRACT.row])
def test_lever_is_swept_over_all_its_steps(book: Book, contract: Contract, name: str):
    lever = contract.lever(name)
    values = swept_values(book, name, lever.minimum)
    np.testing.assert_allclose(np.diff(values), lever.step)
    assert (values[0], values[-1]) == (lever.minimum, lever.maximum)


def test_field_is_swept_over_observed_values_only(book: Book, contract: Contract):
    for name in ("limit", "bill_1", "paid_6", "status_3"):
        values = swept_values(book, name, 12_345.5)
        assert set(values) - {12_345.5} <= set(book.raw[contract.row[name]])


def test_rare_code_is_swept_as_well(book: Book, contract: Contract):
    assert set(contract.field("status_2").codes) == set(swept_values(book, "status_2", 0.0).astype(int))


def test_sweep_leaves_out_what_cannot_stand_with_the_rest(scorer: TableScorer):
    found = sweep(scorer, BOOK, BOOK.raw[:, 4:5], {}, "status_1", 520.0)  # August of customer 5 is 0
    assert found.x.tolist() == [-2, -1, 0, 1, 2, 3, 4]
    found = sweep(scorer, BOOK, BOOK.raw[:, :1], {"status_2": 0.0}, "late", 520.0)
    assert found.x.tolist() == [0, 1, 2, 3, 4]


def test_sweep_of_a_protected_attribute_is_refused(scorer: TableScorer):
    with pytest.raises(NotEditable):
        sweep(scorer, BOOK, BOOK.raw[:, :1], {}, "age", 520.0)


def test_position_of_now_is_the_edit_else_the_start_else_the_value_after_the_edits(scorer: TableScorer):
    base = BOOK.raw[:, :1]
    assert position(scorer, base, {"late": 1.0}, "late") == 1
    assert position(scorer, base, {}, "late") == 2
    assert position(scorer, base, {"late": 1.0}, "status_1") == 1
    assert position(scorer, base, {}, "bill_1") == 3913
    assert position(scorer, base, {"balances": 100.0}, "bill_1") == 7826


def test_cutoff_of_a_sweep_is_the_probability_at_that_score(scorer: TableScorer, contract: Contract):
    found = sweep(scorer, BOOK, BOOK.raw[:, :1], {}, "limit", 540.0)
    assert found.cutoff_pd == pytest.approx(score_scale(contract).pd(540), abs=1e-12)
    assert np.array_equal(found.granted, found.pd <= found.cutoff_pd)


def test_values_at_which_a_sweep_turns_are_those_where_the_decision_changes():
    found = curve([1, 2, 3, 4, 5], [0.5, 0.2, 0.2, 0.3, 0.1], 1)
    assert found.flips == (2, 4, 5)
    assert curve([1, 2], [0.1, 0.2], 1).flips == ()


# ---- what would turn the decision ----------------------------------------------------------------------------------


def turned(scorer: TableScorer, base: Array, edits: dict[str, float], name: str, value: float) -> bool:
    now, then = (
        scorer.margins(apply(CONTRACT, base, each))[0] <= score_scale(CONTRACT).margin(520.0)
        for each in (edits, edits | {name: value})
    )
    return bool(now != then)


@settings(max_examples=20)
@given(numbers, st.booleans())
def test_flip_turns_the_decision_and_no_nearer_value_does(scorer: TableScorer, number: int, late: bool):
    base, edits = BOOK.raw[:, number - 1 : number], DECLINED if late else {}
    found = flips(scorer, BOOK, base, edits, 520.0)
    assert [each.name for each in found] == LEVERS
    for each in found:
        now = position(scorer, base, edits, each.name)
        values = swept_values(BOOK, each.name, now)
        if each.value is None:
            assert not any(turned(scorer, base, edits, each.name, float(v)) for v in values)
            continue
        assert turned(scorer, base, edits, each.name, each.value)
        assert each.up == (each.value > now)
        nearer = values[np.abs(values - now) < abs(each.value - now)]
        assert not any(turned(scorer, base, edits, each.name, float(v)) for v in nearer)
        further = values[values >= each.value] if each.up else values[values <= each.value]
        assert each.beyond == all(turned(scorer, base, edits, each.name, float(v)) for v in further)


def test_flips_are_found_while_an_edit_forbids_some_values(scorer: TableScorer):
    found = flips(scorer, BOOK, BOOK.raw[:, :1], {"status_2": 0.0}, 520.0)
    assert [each.name for each in found] == LEVERS


def test_decision_lost_by_three_months_late_is_turned_back_by_catching_up(scorer: TableScorer):
    score = score_scale(CONTRACT).score(scorer.margins(BOOK.raw))
    good = BOOK.raw[:, int(np.argmax(score))][:, None]
    assert not decide(
        scorer, apply(CONTRACT, good, DECLINED), CustomerScenario().values(CONTRACT) | {CUTOFF: 560.0}
    ).granted
    late = next(each for each in flips(scorer, BOOK, good, DECLINED, 560.0) if each.name == "late")
    assert late.value is not None
    assert late.value < 3
    assert (late.up, late.beyond) == (False, True)


class Seesaw:
    """A model that likes limits from 100,000 to 200,000 and no others."""

    contract = CONTRACT

    def margins(self, raw: Array) -> Array:
        limit = raw[CONTRACT.row["limit"]]
        return np.where((limit >= 100_000) & (limit <= 200_000), -9.0, 9.0)


@pytest.mark.parametrize(
    ("limit", "value", "up", "beyond"),
    [(20_000, 100_000, True, False), (900_000, 200_000, False, False), (160_000, 210_000, True, True)],
)
def test_flip_tells_whether_every_value_further_on_keeps_the_turned_decision(
    limit: float, value: float, up: bool, beyond: bool
):
    base = BOOK.raw[:, :1].copy()
    base[CONTRACT.row["limit"]] = limit
    found = flips(Seesaw(), BOOK, base, {}, 520.0)  # type: ignore[arg-type]
    assert (found[0].name, found[0].value, found[0].up, found[0].beyond) == ("limit", value, up, beyond)
    assert [each.value for each in found[1:]] == [None, None, None]


# ---- goal seek -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "target", "value", "reached", "before"),
    [
        (3, 0.30, 4, True, False),  # nearer than 1
        (3, 0.22, 5, True, False),
        (3, 0.40, 3, True, True),  # holds now
        (3, 0.05, 5, False, False),  # never: the lowest there is
        (2, 0.30, 1, True, False),
    ],
)
def test_goal_is_the_nearest_value_that_reaches_it_or_the_best_there_is(
    now: float, target: float, value: float, reached: bool, before: bool
):
    found = seek_probability(curve([1, 2, 3, 4, 5], [0.28, 0.45, 0.40, 0.25, 0.20], now), target)
    assert (found.value, found.reached, found.reached_before) == (value, reached, before)
    assert found.target == target


def test_goal_never_reached_is_the_nearest_of_equally_good_values():
    assert seek_probability(curve([1, 2, 3, 4], [0.3, 0.3, 0.5, 0.3], 3), 0.1).value == 2
    assert seek_probability(curve([1, 2, 3, 4], [0.3, 0.3, 0.4, 0.3], 3), 0.1).pd == 0.3


@settings(max_examples=40)
@given(numbers, st.sampled_from(NAMES), st.floats(0.01, 0.9))
def test_goal_is_an_observed_value_with_the_probability_the_model_gives_it(
    scorer: TableScorer, number: int, name: str, target: float
):
    base = BOOK.raw[:, number - 1 : number]
    found = sweep(scorer, BOOK, base, {}, name, 520.0)
    goal = seek_probability(found, target)
    assert goal.value in found.x
    direct = decide(scorer, apply(CONTRACT, base, {name: goal.value}), CustomerScenario().values(CONTRACT))
    assert goal.pd == pytest.approx(direct.pd, abs=1e-12)
    assert goal.reached == (goal.pd <= target) == bool((found.pd <= target).any())
    assert goal.reached_before == (found.now_pd <= target)
    better = found.x[found.pd <= target] if goal.reached else found.x[found.pd < goal.pd]
    assert all(abs(value - found.now) >= abs(goal.value - found.now) for value in better)


@pytest.mark.parametrize("name", LEVERS)
def test_sweep_of_a_lever_never_turns_back(scorer: TableScorer, contract: Contract, name: str):
    for k in range(0, 30_000, 1500):
        found = sweep(scorer, BOOK, BOOK.raw[:, k : k + 1], {}, name, 520.0)
        steps = [contract.lever(name).direction * (b - a) for a, b in pairwise(found.pd)]
        assert min(steps) >= -1e-12


def test_coded_fields_have_a_word_for_every_swept_value(book: Book, contract: Contract):
    for name in contract.row:
        field: Field = contract.field(name)
        if field.codes:
            assert set(swept_values(book, name, book.raw[contract.row[name], 0])) <= set(field.codes)


# ---- two inputs ------------------------------------------------------------------------------------------------------


def test_every_cell_of_a_two_way_table_is_the_decision_at_both_values_or_empty_where_they_cannot_stand(
    scorer: TableScorer,
):
    assumed = CustomerScenario().values(CONTRACT)

    @settings(max_examples=30)
    @given(numbers, st.lists(st.sampled_from(NAMES), min_size=3, max_size=3, unique=True), st.data())
    def check(number: int, names: list[str], data: st.DataObject):
        base = BOOK.raw[:, number - 1 : number]
        first, second, other = names
        edits = {other: data.draw(within(editable(CONTRACT, other)), label="edit")}
        down, across = (steps(BOOK, name, position(scorer, base, {}, name), 4) for name in (first, second))
        found = two_way(scorer, base, edits, first, down, second, across)
        assert found.shape == (len(down), len(across))
        for k, one in enumerate(down):
            for j, another in enumerate(across):
                try:
                    record = apply(CONTRACT, base, edits | {first: one, second: another})
                except Impossible:
                    assert np.isnan(found[k, j])
                else:
                    assert found[k, j] == pytest.approx(decide(scorer, record, assumed).pd, abs=1e-12)

    check()


def test_two_way_table_is_empty_where_the_values_break_a_rule_together(scorer: TableScorer):
    found = two_way(scorer, BOOK.raw[:, :1], {}, "late", [0, 4, 5], "status_2", [-2, 0, 1])
    # A lever makes the month before late as well; a single field set after it has the last word.
    assert np.isnan(found).tolist() == [[False, False, False], [True, False, False], [True, True, False]]


def test_two_way_table_holds_other_edits_and_drops_those_of_its_own_inputs(scorer: TableScorer):
    base, edits = BOOK.raw[:, :1], {"late": 3.0, "limit": 500_000.0}
    found = two_way(scorer, base, edits, "limit", [50_000.0], "balances", [20.0])
    record = apply(CONTRACT, base, {"late": 3.0, "limit": 50_000.0, "balances": 20.0})
    assert found[0, 0] == pytest.approx(decide(scorer, record, CustomerScenario().values(CONTRACT)).pd, abs=1e-12)


def test_two_way_table_asks_the_model_once_and_not_at_all_for_nothing():
    asked = []

    class Counting(Seesaw):
        def margins(self, raw: Array) -> Array:
            asked.append(raw.shape[1])
            return super().margins(raw)

    base = BOOK.raw[:, :1]
    two_way(Counting(), base, {}, "limit", [10_000.0, 20_000.0], "late", [0.0, 1.0, 2.0])  # type: ignore[arg-type]
    assert asked == [6]
    assert two_way(Counting(), base, {}, "limit", [], "late", [0.0]).shape == (0, 1)  # type: ignore[arg-type]
    assert two_way(Counting(), base, {}, "limit", [1e4], "late", []).shape == (1, 0)  # type: ignore[arg-type]
    assert asked == [6]


@pytest.mark.parametrize(
    ("first", "values", "second", "error", "told"),
    [
        ("limit", [1e4], "limit", BadInput, r"'limit' was given twice\. Choose another"),
        ("limit", [1e7], "late", OutOfRange, "10,000 to 1,000,000"),
        ("late", [0.5], "limit", OutOfRange, "moves in steps of 1"),
        ("age", [30.0], "limit", NotEditable, "Editable are"),
    ],
)
def test_two_way_table_of_what_cannot_be_says_what_to_do(
    scorer: TableScorer, first: str, values: list[float], second: str, error: type[BadInput], told: str
):
    with pytest.raises(error, match=told):
        two_way(scorer, BOOK.raw[:, :1], {}, first, values, second, [20_000.0 if second == "limit" else 1.0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [2, 3, 11, 500])
def test_steps_of_an_input_are_values_of_its_sweep_with_both_ends_and_the_value_of_now(name: str, count: int):
    for k in (0, 4, 2197):
        raw = BOOK.raw[:, k : k + 1]
        now = raw[CONTRACT.row[name], 0] if name in CONTRACT.row else CONTRACT.lever_start(name, raw)[0]
        found, every = steps(BOOK, name, float(now), count), swept_values(BOOK, name, float(now))
        assert list(found) == sorted(set(found))
        assert set(found) <= set(every)
        assert {every[0], every[-1], now} <= set(found)
        assert len(found) <= max(count, 3)
        assert len(found) >= min(count, len(every)) - 1
