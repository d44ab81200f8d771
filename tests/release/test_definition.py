"""The gate that holds reasons against their definition, at any width: it passes what is right, and a fault planted in
any table or any input's reasons fails it, however many inputs there are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from data.arrays import Array
from model.engine import shapley
from model.engine.compilers.gradient_boosting import compile_model
from model.engine.shapley import ShapleyTables, against, brute_force
from model.engine.tables import Tables
from model.release import definition, parity
from model.release.definition import BLOCK, MOST_PLAYERS, definition_gap
from model.release.gate import Gate
from model.release.parity import EXACT, parity_gates
from model.release.training import one_thread, rows

WIDTHS = (1, 2, 5, 13, 14, 23, 60, 255)
widths = pytest.mark.parametrize("width", WIDTHS)
planted = pytest.mark.parametrize("width", [2, 13, 23, 255])
seeds = st.integers(0, 10**6)


@dataclass(frozen=True, eq=False)
class Made:
    """A small model of some width and all that the gate looks at."""

    model: Any
    tables: Tables
    shapley: ShapleyTables
    inputs: Array


@cache
def made(width: int) -> Made:
    """Inputs of every kind: whole, with gaps, with many values; neighbours act together."""
    rng = np.random.default_rng(width)
    inputs = rng.normal(size=(width, 300)).round(2)
    inputs[::3] = rng.integers(0, 4, inputs[::3].shape)
    inputs[1::4, ::7] = np.nan
    known = np.nan_to_num(inputs)
    effect = known[:: max(width // 20, 1)].sum(0) + sum(a * b for a, b in pairwise(known[:12]))
    target = (rng.random(300) < 1 / (1 + np.exp(-2 * (effect - effect.mean()) / effect.std()))).astype(int)
    model = HistGradientBoostingClassifier(
        max_iter=25 if width < 255 else 12,
        max_leaf_nodes=5,
        learning_rate=0.3,
        min_samples_leaf=5,
        max_bins=12,
        interaction_cst="pairwise",
        early_stopping=False,
        random_state=0,
    )
    with one_thread():
        model.fit(rows(inputs), target)
    tables = compile_model(model)
    return Made(model, tables, against(tables, tables.encode(inputs), "the book"), inputs)


@dataclass
class Stand:
    """What stands in for a book: nothing but its inputs is read."""

    inputs: Array


def failed(found: list[Gate]) -> set[str]:
    return {gate.name for gate in found if not gate.passed}


def gated(own: Made, **other: Any) -> set[str]:
    """The parity gates that fail; ``other`` tables or reasons than the right ones."""
    wrong = replace(own, **other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, "ORACLE_ROWS", 1)
        patch.setattr(parity, "SHAP_ROWS", 5)
        patch.setattr(parity, "SHAP_BACKGROUND", 5)
        return failed(parity_gates(wrong.model, wrong.tables, wrong.shapley, Stand(wrong.inputs)))  # type: ignore[arg-type]


def gap(own: Made) -> float:
    with one_thread():
        return definition_gap(own.model.decision_function, own.tables, own.inputs[:, :1], own.inputs[:, 3:9])


def paired(tables: Tables) -> list[int]:
    """The tables of two inputs."""
    return np.flatnonzero(tables.second >= 0).tolist()


def reachable(tables: Tables) -> NDArray[np.int64]:
    """The cells that a record can lie in."""
    return np.unique(np.concatenate([tables.cells_of(codes).ravel() for codes in tables.in_every_cell(500)]))


def span(tables: Tables, group: int) -> slice:
    """The cells of a table."""
    ends = np.append(tables.offset, len(tables.cells))
    return slice(int(ends[group]), int(ends[group + 1]))


@contextmanager
def making(fault: Callable[[ShapleyTables], ShapleyTables]) -> Iterator[None]:
    """While all tables of reasons that are made have a fault, the same each time, as of wrong code."""
    right = shapley.against

    def wrong(tables: Tables, codes: Any, background: str) -> ShapleyTables:
        return fault(right(tables, codes, background))

    with pytest.MonkeyPatch.context() as patch:
        for module in (parity, definition):
            patch.setattr(module, "against", wrong)
        yield


# ---- what is right passes -------------------------------------------------------------------------------------------


@widths
def test_right_tables_and_reasons_pass_at_any_width(width: int):
    own = made(width)
    assert gated(own) == set()
    assert gap(own) < 1e-12


@pytest.mark.parametrize("width", [5, 9, 13])
def test_both_tests_that_stand_in_agree_with_the_definition_where_it_can_be_taken(width: int):
    """Where all coalitions can be asked, what all say is the same."""
    own = made(width)
    margin, x, background = own.model.decision_function, own.inputs[:, :2], own.inputs[:, 2:6]
    for way in (definition._all_at_once, definition._in_blocks, definition._along_orders):
        assert max(way(margin, own.tables, x, background)) < 1e-12


def test_null_players_change_nobody_else_s_value():
    """Of thirteen inputs five differ: the definition over all of them, and over the five."""
    own = made(13)
    margin, x, block = own.model.decision_function, own.inputs[:, 0], np.array([1, 4, 5, 9, 12])
    background = np.repeat(x[None], 4, axis=0)
    background[:, block] = own.inputs[block, 5:9].T
    whole = brute_force(margin, x, background)
    some = brute_force(lambda part: definition._filled(margin, x, block, part), x[block], background[:, block])
    np.testing.assert_allclose(whole[block], some, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.delete(whole, block), 0, atol=1e-15)


@pytest.mark.parametrize("width", [60, 255])
def test_cost_is_bounded_at_any_width(width: int, monkeypatch: pytest.MonkeyPatch):
    """How many records the model is asked about: 2^8 coalitions a block, 2 · (inputs + 1) an order."""
    own, asked = made(width), 0
    plain = own.model.decision_function

    def counted(part: Array) -> Array:
        nonlocal asked
        asked += len(part)
        found: Array = plain(part)
        return found

    definition_gap(counted, own.tables, own.inputs[:, :1], own.inputs[:, 1:3])
    blocks = -(-width // BLOCK)
    assert asked <= 2 * (blocks * 2**BLOCK + (1 + len(own.tables.first)) * 2 * (width + 1))


# ---- what is wrong fails --------------------------------------------------------------------------------------------


@planted
@settings(max_examples=2)
@given(seeds)
def test_any_cell_of_any_table_that_differs_from_the_model_is_found(width: int, seed: int):
    """Also one that no record of the book lies in."""
    own = made(width)
    cells = own.tables.cells.copy()
    cells[np.random.default_rng(seed).choice(reachable(own.tables))] += 1e-6
    tables = replace(own.tables, cells=cells)
    assert "margins" in gated(own, tables=tables, shapley=replace(own.shapley, tables=tables))


@planted
@settings(max_examples=2)
@given(seeds)
def test_any_cell_of_the_reasons_that_was_changed_is_found(width: int, seed: int):
    own, rng = made(width), np.random.default_rng(seed)
    cells = own.shapley.cells.copy()
    at = int(rng.choice(reachable(own.tables)))
    side = int(rng.integers(2)) if own.tables.second[np.searchsorted(own.tables.offset, at, "right") - 1] >= 0 else 0
    cells[at, side] += 1e-6
    assert {"additivity", "oracle"} <= gated(own, shapley=replace(own.shapley, cells=cells))


@planted
@settings(max_examples=2)
@given(seeds)
def test_reasons_stored_in_one_pair_s_table_the_wrong_way_round_are_found(width: int, seed: int):
    """Their sum is right in every cell."""
    own = made(width)
    group = int(np.random.default_rng(seed).choice(paired(own.tables)))
    cells = own.shapley.cells.copy()
    cells[span(own.tables, group)] = cells[span(own.tables, group), ::-1]
    assert gated(own, shapley=replace(own.shapley, cells=cells)) == {"oracle"}


@planted
def test_code_that_divides_any_one_pair_wrongly_is_found(width: int):
    """Planted in several tables of two in turn: its inputs' reasons swapped, halves taken for thirds."""
    own = made(width)
    few = paired(own.tables)[:: max(1, len(paired(own.tables)) // 3)]
    for group in few:
        at = span(own.tables, group)

        def swapped(made_: ShapleyTables, at: slice = at) -> ShapleyTables:
            cells = made_.cells.copy()
            cells[at] = cells[at, ::-1]
            return replace(made_, cells=cells)

        def tilted(made_: ShapleyTables, at: slice = at) -> ShapleyTables:
            cells = made_.cells.copy()
            cells[at] += np.array([1, -1]) / 3 * cells[at, :1]
            return replace(made_, cells=cells)

        for fault in (swapped, tilted):
            with making(fault):
                assert gap(own) > EXACT, f"table {group} of {width} inputs, {fault.__name__}"


@planted
def test_code_that_gives_one_input_s_reasons_to_another_is_found(width: int):
    """Several inputs that matter, in turn."""
    own = made(width)
    used = np.unique(np.concatenate([own.tables.first, own.tables.second[own.tables.second >= 0]]))
    plain = ShapleyTables.explain
    for one in used[:: max(1, len(used) // 3)].tolist():
        other = (one + 1) % width

        def explain(self: ShapleyTables, codes: Any, one: int = one, other: int = other) -> Array:
            phi = plain(self, codes)
            phi[[one, other]] = phi[[other, one]]
            return phi

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ShapleyTables, "explain", explain)
            assert gap(own) > EXACT, f"input {one} of {width}"


@pytest.mark.parametrize("width", [5, 23, 60])
def test_model_in_which_three_inputs_act_together_is_found(width: int):
    """As if a path tested three: no tables of two can say what it does, whoever made them."""
    own = made(width)

    def three(part: Array) -> Array:
        found: Array = own.model.decision_function(part) + 1e-3 * np.prod(np.nan_to_num(part[:, :3]) > 0, axis=1)
        return found

    assert definition_gap(three, own.tables, own.inputs[:, :3], own.inputs[:, 3:9]) > EXACT


# ---- every cell -----------------------------------------------------------------------------------------------------


@widths
def test_made_up_records_have_their_codes_and_lie_in_every_cell_that_a_record_can_lie_in(width: int):
    """In all but those above a threshold of infinity, which parts the missing from the known."""
    tables = made(width).tables
    for codes in tables.in_every_cell(500):
        np.testing.assert_array_equal(tables.encode(tables.values(codes)), codes)
        added = tables.cells[tables.cells_of(codes)].sum(0) + tables.intercept
        np.testing.assert_allclose(added, tables.margins(codes), rtol=0, atol=1e-12)
    ends = np.append(tables.edges, 0)[tables.starts[1:] - 1]
    nobodys = np.where(np.isinf(ends), tables.sizes - 2, 256)
    empty = np.setdiff1d(np.arange(len(tables.cells)), reachable(tables))
    group = np.searchsorted(tables.offset, empty, "right") - 1
    down, across = np.divmod(empty - tables.offset[group], tables.stride[group])
    assert (
        (down == nobodys[tables.first[group]]) | (tables.second[group] >= 0) & (across == nobodys[tables.second[group]])
    ).all()


def test_up_to_thirteen_inputs_the_definition_is_taken_unshortened(monkeypatch: pytest.MonkeyPatch):
    sizes: list[int] = []
    plain = definition.brute_force  # type: ignore[attr-defined]

    def watched(margin: Any, x: Array, background: Array) -> Array:
        sizes.append(len(x))
        return plain(margin, x, background)

    monkeypatch.setattr(definition, "brute_force", watched)
    for width in (13, 14):
        gap(made(width))
    assert (MOST_PLAYERS, max(sizes), sizes.count(13)) == (13, 13, 1)
    assert set(sizes[1:]) == {7}
