"""What the model looks at: sums, averages and remainders held against their definitions."""

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from data.arrays import Array
from data.books import Book
from model.engine.scorer import TableScorer
from model.engine.tables import probability
from model.errors import NotTabular
from model.validation import effects
from model.validation.effects import Overview
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.decision import score_scale

FEW = 2000


@pytest.fixture(scope="module")
def found(whole: ScoredBook) -> Overview:
    return effects.overview(whole)


@pytest.fixture(scope="module")
def some(scorer: TableScorer, book: Book) -> ScoredBook:
    return ScoredBook.of(scorer, book.part(np.arange(FEW)))


def reasons(whole: ScoredBook) -> Array:
    """φ of everybody in score points, as the customer page has them."""
    scorer = effects.scorer_of(whole)
    return -score_scale(whole.contract).factor * scorer.explain(whole.raw)[1]


def test_importance_equals_the_mean_over_everybody_one_by_one(some: ScoredBook) -> None:
    points = reasons(some)
    found = effects.overview(some)
    assert np.allclose(found.inputs, np.abs(points).mean(1), atol=1e-9)
    names = [each.concept for each in some.contract.inputs]
    for concept, size in zip(some.contract.concepts, found.concepts, strict=True):
        own = [k for k, name in enumerate(names) if name == concept.name]
        assert abs(size - np.abs(points[own].sum(0)).mean()) < 1e-9


def test_importance_of_a_book_in_many_chunks_is_that_of_its_parts(scorer: TableScorer, book: Book) -> None:
    parts = np.arange(FEW), np.arange(FEW, len(book))
    sums = [len(part) * effects.overview(ScoredBook.of(scorer, book.part(part))).inputs for part in parts]
    assert np.allclose(effects.overview(ScoredBook.of(scorer, book)).inputs, sum(sums) / len(book), atol=1e-9)


def test_swarm_is_the_same_each_time_and_never_too_large(whole: ScoredBook, found: Overview) -> None:
    again = effects.overview(whole).swarm
    assert np.array_equal(found.swarm.inputs, again.inputs)
    assert found.swarm.inputs.shape[1] == effects.SAMPLED <= 400


def test_swarm_of_a_small_book_holds_everybody_with_their_own_reasons(scorer: TableScorer, book: Book) -> None:
    small = ScoredBook.of(scorer, book.part(np.arange(50)))
    swarm = effects.overview(small).swarm
    assert np.allclose(swarm.inputs, reasons(small))
    assert np.allclose(swarm.concepts.sum(0), swarm.inputs.sum(0))


def test_swarm_share_rises_with_the_value_and_is_none_for_a_missing_one(scorer: TableScorer, book: Book) -> None:
    small = ScoredBook.of(scorer, book.part(np.arange(300)))
    share, values = effects.overview(small).swarm.share, small.contract.derive(small.raw)
    assert np.isnan(values).any()
    assert np.array_equal(np.isnan(share), np.isnan(values))
    for own, known in zip(share, values, strict=True):
        order = np.argsort(known)[: int((~np.isnan(known)).sum())]
        assert (np.diff(own[order]) >= 0).all()
        assert ((own[order] >= 0) & (own[order] <= 1)).all()


def test_heaped_dots_stay_in_their_row_and_near_ones_lie_apart() -> None:
    points = np.array([0.0, 0.0, 0.001, 5.0, *np.zeros(200)])
    offsets = effects.heaped(points, 0.0, 10.0)
    assert np.abs(offsets).max() <= effects.REACH
    assert offsets[3] == 0
    assert len(np.unique(offsets[points < 1].round(12))) == (points < 1).sum()


# ---- tables taken apart ---------------------------------------------------------------------------------------------


def test_parts_of_the_model_sum_to_every_margin(whole: ScoredBook, found: Overview) -> None:
    total = np.full(whole.n, found.parts.constant)
    for own, alone in enumerate(found.parts.alone):
        total += alone[whole.codes[own]]
    for g, (i, j, _) in enumerate(found.tables.groups()):
        rest = found.parts.together[g]
        if rest is not None:
            total += rest[whole.codes[i], whole.codes[j]]
    assert np.abs(total - whole.margins).max() < 1e-9


def test_what_two_inputs_do_together_averages_to_zero_along_every_value(whole: ScoredBook, found: Overview) -> None:
    assert len(found.pairs) > 10
    for pair in found.pairs:
        rest = found.parts.together[pair.group]
        assert rest is not None
        each = rest[whole.codes[pair.first], whole.codes[pair.second]]
        for own in (pair.first, pair.second):
            assert np.abs(np.bincount(whole.codes[own], each)).max() / whole.n < 1e-9


@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 2**32 - 1), st.floats(0, 0.9))
def test_a_sum_of_two_effects_leaves_nothing_together(down: int, across: int, seed: int, empty: float) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.integers(1, 50, (down, across)) * (rng.random((down, across)) >= empty)
    weights[0, 0] = 7.0
    table = rng.normal(size=(down, 1)) + rng.normal(size=across)
    _, _, _, rest = effects.apart(table, weights.astype(float))
    assert np.abs(rest[weights > 0]).max() < 1e-8


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.8))
def test_a_table_taken_apart_adds_up_and_its_rest_has_no_average(seed: int, empty: float) -> None:
    rng = np.random.default_rng(seed)
    weights = (rng.integers(1, 50, (5, 4)) * (rng.random((5, 4)) >= empty)).astype(float)
    weights[0, 0] = 3.0
    table = rng.normal(size=(5, 4))
    level, rows, columns, rest = effects.apart(table, weights)
    assert np.allclose(level + rows[:, None] + columns + rest, table)
    assert np.abs((weights * rest).sum(0)).max() < 1e-7
    assert np.abs((weights * rest).sum(1)).max() < 1e-7
    assert abs(rows @ weights.sum(1)) < 1e-7
    assert abs(columns @ weights.sum(0)) < 1e-7


# ---- one input ------------------------------------------------------------------------------------------------------


def put(some: ScoredBook, own: int, value: float) -> Array:
    """Margins of everybody with one input at a value that occurs in the book, NaN for missing."""
    values = some.contract.derive(some.raw)[own]
    same = np.isnan(values) if np.isnan(value) else values == value
    codes = some.codes.copy()
    codes[own] = some.codes[own][np.argmax(same)]
    return effects.scorer_of(some).tables.margins(codes)


def test_effect_is_how_far_the_mean_score_would_move_if_everybody_had_the_value(some: ScoredBook) -> None:
    found, factor = effects.overview(some), score_scale(some.contract).factor
    for own in range(len(some.contract.inputs)):
        effect = effects.effect(some, found, own)
        assert effect.values.n.sum() == some.n
        for k in (0, len(effect.mean) // 2, len(effect.mean) - 1):
            moved = put(some, own, effect.values.low[k]) - some.margins
            assert abs(-factor * moved.mean() - effect.mean[k]) < 1e-9


def test_band_holds_nine_in_ten_customers_seen_from_their_own_mean(some: ScoredBook) -> None:
    found, factor = effects.overview(some), score_scale(some.contract).factor
    assert some.n <= effects.SPREAD  # or the band is of a sample
    own = next(k for k, each in enumerate(some.contract.inputs) if each.codes)
    effect = effects.effect(some, found, own)
    points = -factor * np.array([put(some, own, low) for low in effect.values.low])
    share = effect.values.n / some.n
    seen = points - share @ points + share @ effect.mean
    assert np.allclose(np.quantile(seen, effects.BAND, axis=1), [effect.low, effect.high], atol=1e-9)
    assert np.allclose(seen.mean(1), effect.mean, atol=1e-9)


def test_line_and_band_go_one_way_where_the_model_keeps_a_direction(whole: ScoredBook, found: Overview) -> None:
    held = [(own, each.direction) for own, each in enumerate(whole.contract.inputs) if each.direction]
    assert held
    for own, direction in held:
        effect = effects.effect(whole, found, own)
        for drawn in (effect.mean, effect.low, effect.high):
            assert (-direction * np.diff(drawn[: effect.values.known]) >= -1e-9).all()


def test_dependence_is_the_mean_probability_if_everybody_had_the_value(some: ScoredBook) -> None:
    found, tables = effects.overview(some), effects.scorer_of(some).tables
    for own in (0, len(some.contract.inputs) - 1):
        effect = effects.effect(some, found, own)
        for k in (0, effect.values.known - 1):
            code = some.codes[own][np.argmax(some.contract.derive(some.raw)[own] == effect.values.low[k])]
            put = some.codes.copy()
            put[own] = code
            assert abs(probability(tables.margins(put)).mean() - effect.pd[k]) < 1e-12
        assert abs(effect.pd_now - probability(some.margins).mean()) < 1e-12


def test_probability_never_falls_along_an_input_held_to_be_riskier_the_more_there_is(
    whole: ScoredBook, found: Overview
) -> None:
    held = [(own, each.direction) for own, each in enumerate(whole.contract.inputs) if each.direction]
    assert held
    for own, direction in held:
        effect = effects.effect(whole, found, own)
        assert (direction * np.diff(effect.pd[: effect.values.known]) >= -1e-12).all()


def test_missing_values_are_a_group_of_their_own(whole: ScoredBook, found: Overview) -> None:
    values = whole.contract.derive(whole.raw)
    for own, known in enumerate(values):
        effect = effects.effect(whole, found, own)
        missing = int(np.isnan(known).sum())
        assert effect.values.missing is bool(missing)
        assert not missing or effect.values.n[-1] == missing


def test_codes_stand_for_themselves_and_amounts_lie_between_the_thresholds(whole: ScoredBook, found: Overview) -> None:
    for own, each in enumerate(whole.contract.inputs):
        values = effects.effect(whole, found, own).values
        known = slice(0, values.known)
        if each.codes:
            assert values.single
        if values.single:
            assert np.array_equal(values.low[known], values.high[known])
        else:
            assert (values.low[known] > values.start[known]).all()
            assert (values.high[: values.known - 1] <= values.start[1 : values.known]).all()


# ---- two inputs together --------------------------------------------------------------------------------------------


def test_map_of_two_inputs_is_blank_where_nobody_is_and_counts_everybody(whole: ScoredBook, found: Overview) -> None:
    for pair in found.pairs[:5]:
        drawn = effects.together(whole, found, pair)
        assert max(drawn.points.shape) <= effects.FEW
        assert drawn.n.sum() == whole.n
        assert np.array_equal(np.isnan(drawn.points), drawn.n == 0)


def test_map_of_two_inputs_averages_to_zero_along_rows_and_columns(whole: ScoredBook, found: Overview) -> None:
    for pair in found.pairs[:5]:
        drawn = effects.together(whole, found, pair)
        weighed = np.nan_to_num(drawn.points) * drawn.n
        assert np.abs(weighed.sum(0)).max() / whole.n < 1e-8
        assert np.abs(weighed.sum(1)).max() / whole.n < 1e-8


def test_pairs_are_sorted_by_what_they_do_together(whole: ScoredBook, found: Overview) -> None:
    sizes = [pair.together for pair in found.pairs]
    assert sizes == sorted(sizes, reverse=True)
    first = found.pairs[0]
    rest = found.parts.together[first.group]
    assert rest is not None
    points = score_scale(whole.contract).factor * rest[whole.codes[first.first], whole.codes[first.second]]
    assert abs(points.std() - first.together) < 1e-9


def test_a_table_of_one_input_has_no_map(whole: ScoredBook, found: Overview) -> None:
    tables = found.tables
    alone = replace(tables, second=np.full_like(tables.second, -1))
    lone = replace(found, tables=alone)
    assert lone.pairs == ()
    with pytest.raises(NotTabular, match="two inputs"):
        effects.together(whole, lone, lone.listed[0])


# ---- every cell -----------------------------------------------------------------------------------------------------


def test_the_cells_alone_reproduce_a_score(whole: ScoredBook, found: Overview) -> None:
    frame = effects.every_cell(found)
    values = whole.contract.derive(whole.raw[:, :40])
    labels = {each.label: values[own] for own, each in enumerate(whole.contract.inputs)}
    margins, scores = (np.full(40, frame[name][0]) for name in ("log_odds", "score_points"))
    for _, table in frame[frame["table"] > 0].groupby("table"):
        inside = np.ones((len(table), 40), bool)
        for side in ("1", "2"):
            name = table[f"input_{side}"].iloc[0]
            if not name:
                continue
            above, up_to = (table[f"{end}_{side}"].to_numpy()[:, None] for end in ("above", "up_to"))
            own = labels[name]
            inside &= ((own > above) & (own <= up_to)) | (np.isnan(above) & np.isnan(own))
        assert (inside.sum(0) == 1).all()
        margins += inside.T @ table["log_odds"].to_numpy()
        scores += inside.T @ table["score_points"].to_numpy()
    assert np.abs(margins - whole.margins[:40]).max() < 1e-9
    assert np.abs(scores - score_scale(whole.contract).score(whole.margins[:40])).max() < 1e-9


def test_every_table_counts_every_customer_once(whole: ScoredBook, found: Overview) -> None:
    frame = effects.every_cell(found)
    assert set(frame.groupby("table")["customers"].sum()) == {whole.n}
    assert len(frame) == len(found.tables.cells) + 1


def test_a_model_of_which_only_the_answers_are_known_has_nothing_to_look_at(
    whole: ScoredBook, scorer: TableScorer
) -> None:
    class Foreign:
        contract, territory = scorer.contract, scorer.territory

        def margins(self, raw: Array) -> Array:
            return np.zeros(raw.shape[1])

        reasons = scorer.reasons

    foreign = ScoredBook(Foreign(), whole.raw[:, :10], whole.ids[:10])
    with pytest.raises(NotTabular, match="not its tables"):
        effects.overview(foreign)
