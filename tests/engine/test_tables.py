"""The tables are the fitted model, number for number."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from data.arrays import Array
from data.books import Book
from model.engine.binning import MOST_EDGES
from model.engine.compilers.gradient_boosting import compile_model
from model.engine.scorer import TableScorer
from model.engine.tables import Tables, probability
from model.errors import NotTabular
from model.release.parity import awkward
from model.release.training import one_thread, rows
from tests.support.records import BOOK


def edges_of(tables: Tables, which: int) -> Array:
    return tables.edges[tables.starts[which] : tables.starts[which + 1]]


def rescored_by_definition(tables: Tables, codes: Any) -> Array:
    """Margins written out as the sum they are, without the compiled look-up."""
    out = np.full(codes.shape[1], tables.intercept)
    for first, second, cells in tables.groups():
        out += cells[codes[first]] if second < 0 else cells[codes[first], codes[second]]
    return out


def stumps(thresholds: int) -> Any:
    """A model of one input and as many trees as thresholds, each adding 1 above its own, 100 if missing."""
    x = np.arange(60.0)[:, None]
    real = HistGradientBoostingClassifier(max_iter=1, max_depth=1, min_samples_leaf=5).fit(x, x[:, 0] > 30)
    trees = []
    for k in range(thresholds):
        nodes = real._predictors[0][0].nodes.copy()
        nodes["num_threshold"][0], nodes["missing_go_to_left"][0] = float(k), 0
        nodes["value"][nodes["left"][0]], nodes["value"][nodes["right"][0]] = 0.0, 1.0
        trees.append([SimpleNamespace(nodes=nodes)])
    return SimpleNamespace(_predictors=trees, _baseline_prediction=np.array([[0.0]]), n_features_in_=1)


# ---- equal to the model -------------------------------------------------------------------------------------------


def test_tables_equal_decision_function_and_probability_on_every_customer(scorer: TableScorer, fitted: Any, book: Book):
    margins = scorer.margins(book.raw)
    with one_thread():
        np.testing.assert_allclose(margins, fitted.decision_function(rows(book.inputs)), rtol=0, atol=1e-9)
        pd = fitted.predict_proba(rows(book.inputs))[:, 1]
    np.testing.assert_allclose(probability(margins), pd, rtol=0, atol=1e-9)
    assert np.isnan(book.inputs).any(0).sum() > 1000  # customers with a missing input are among them


def test_tables_equal_decision_function_where_inputs_are_missing_or_equal_to_a_threshold(
    scorer: TableScorer, fitted: Any, book: Book
):
    probes = awkward(scorer.tables, book.inputs)
    assert probes.shape[1] == 2 * len(scorer.tables.edges) + scorer.tables.n_inputs
    assert np.isnan(probes).any(1).all()
    with one_thread():
        said = fitted.decision_function(rows(probes))
    np.testing.assert_allclose(scorer.tables.margins(scorer.tables.encode(probes)), said, rtol=0, atol=1e-9)


@settings(max_examples=60)
@given(data=st.data())
def test_tables_equal_predict_proba_on_any_inputs(scorer: TableScorer, fitted: Any, data: st.DataObject):
    tables = scorer.tables
    values = [
        st.one_of(
            st.just(np.nan),
            st.sampled_from(edges_of(tables, i).tolist()),
            st.sampled_from([*np.nextafter(edges_of(tables, i), np.inf), *np.nextafter(edges_of(tables, i), -np.inf)]),
            st.floats(-1e7, 1e7),
            st.sampled_from([np.inf, -np.inf, 0.0, -0.0]),
        )
        for i in range(tables.n_inputs)
    ]
    inputs = np.array(data.draw(st.lists(st.tuples(*values), min_size=1, max_size=8))).T
    with one_thread():
        pd = fitted.predict_proba(rows(inputs))[:, 1]
    np.testing.assert_allclose(probability(tables.margins(tables.encode(inputs))), pd, rtol=0, atol=1e-9)


def test_look_up_is_the_sum_of_the_tables_as_written(scorer: TableScorer, book: Book):
    codes = scorer.tables.encode(book.inputs[:, :5000])
    expected = rescored_by_definition(scorer.tables, codes)
    np.testing.assert_allclose(scorer.tables.margins(codes), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2047, 2048, 2049, 4097])
def test_score_of_a_customer_does_not_depend_on_who_is_scored_with_him(scorer: TableScorer, book: Book, n: int):
    together = scorer.margins(book.raw[:, :n])
    assert together[-1] == scorer.margins(book.raw[:, n - 1 : n])[0]
    assert len(together) == n


def test_empty_book_has_no_scores(scorer: TableScorer, book: Book):
    assert scorer.margins(book.raw[:, :0]).shape == (0,)


@pytest.mark.parametrize("seed", range(4))
def test_tables_equal_small_models_with_missing_values_and_inputs_never_split(seed: int):
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(500, 5)), 1)
    x[:, 4] = 7.0  # never split
    x[rng.random(x.shape) < 0.15] = np.nan
    y = np.nan_to_num(x[:, 0] * x[:, 1], nan=1.0) + rng.normal(size=500) > 0
    with one_thread():
        model = HistGradientBoostingClassifier(max_iter=25, interaction_cst="pairwise", random_state=seed).fit(x, y)
        said = model.decision_function(x)
    tables = compile_model(model)
    np.testing.assert_allclose(tables.margins(tables.encode(np.ascontiguousarray(x.T))), said, rtol=0, atol=1e-12)


def test_tables_of_a_model_without_pairs_are_one_an_input():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 3))
    with one_thread():
        model = HistGradientBoostingClassifier(max_iter=20, interaction_cst="no_interactions").fit(x, x.sum(1) > 0)
        said = model.decision_function(x)
    tables = compile_model(model)
    assert [(first, second) for first, second, _ in tables.groups()] == [(0, -1), (1, -1), (2, -1)]
    np.testing.assert_allclose(tables.margins(tables.encode(np.ascontiguousarray(x.T))), said, rtol=0, atol=1e-12)


def test_one_input_tables_are_folded_into_a_pair_of_the_same_input(scorer: TableScorer):
    groups = [(first, second) for first, second, _ in scorer.tables.groups()]
    paired = {i for first, second in groups if second >= 0 for i in (first, second)}
    assert not [first for first, second in groups if second < 0 and first in paired]
    assert len(set(groups)) == len(groups)


def test_tables_survive_storage_to_the_last_bit(scorer: TableScorer):
    again = Tables.from_arrays(scorer.tables.arrays())
    for name, array in scorer.tables.arrays().items():
        assert again.arrays()[name].tobytes() == array.tobytes(), name


# ---- codes -----------------------------------------------------------------------------------------------------------


def test_value_equal_to_a_threshold_lies_below_it_and_missing_has_a_code_of_its_own(scorer: TableScorer):
    tables = scorer.tables
    for i in range(tables.n_inputs):
        edges = edges_of(tables, i)
        values = [*edges, *np.nextafter(edges, np.inf), -np.inf, np.inf, np.nan]
        codes = tables.encode(np.array([values]), [i])[0].tolist()
        k = len(edges)
        assert codes == [*range(k), *range(1, k + 1), 0, k, k + 1]
        assert tables.sizes[i] == k + 2


def test_codes_compare_in_double_precision(scorer: TableScorer):
    tables = scorer.tables
    i = next(i for i in range(tables.n_inputs) if (edges_of(tables, i).astype(np.float32) < edges_of(tables, i)).any())
    edges = edges_of(tables, i)
    k = int(np.flatnonzero(edges.astype(np.float32) < edges)[0])
    assert tables.encode(np.array([[edges[k], np.nextafter(edges[k], np.inf)]]), [i])[0].tolist() == [k, k + 1]


@given(st.lists(st.floats(allow_nan=False), min_size=2, max_size=30), st.integers(0, 12))
def test_codes_keep_the_order_of_values(scorer: TableScorer, values: list[float], which: int):
    codes = scorer.tables.encode(np.array([sorted(values)]), [which])[0]
    assert np.all(np.diff(codes.astype(int)) >= 0)


# ---- incremental rescoring ---------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(changed=st.sets(st.integers(0, 12)), share=st.sampled_from([0.0, 0.01, 0.5, 1.0]), seed=st.integers(0, 10**6))
def test_rescoring_what_changed_equals_scoring_anew(scorer: TableScorer, changed: set[int], share: float, seed: int):
    rng = np.random.default_rng(seed)
    tables = scorer.tables
    before = tables.encode(BOOK.inputs[:, rng.integers(0, len(BOOK), 3000)])
    after = before.copy()
    moved = rng.random(3000) < share
    other = tables.encode(BOOK.inputs[:, rng.integers(0, len(BOOK), 3000)])
    for i in changed:
        after[i, moved] = other[i, moved]
    margins = tables.margins(before)
    again = tables.rescored(margins, before, after, sorted(changed))
    np.testing.assert_allclose(again, tables.margins(after), rtol=0, atol=1e-12)
    still = (before == after).all(0)
    assert again[still].tobytes() == margins[still].tobytes()


@pytest.mark.parametrize("changed", [[0], [1], list(range(13))], ids=["few tables", "one input", "every table"])
@pytest.mark.parametrize("moved", [1, 400, 600, 999, 1000])
def test_rescoring_many_or_few_customers_leaves_the_others_to_the_last_bit(
    scorer: TableScorer, book: Book, changed: list[int], moved: int
):
    tables = scorer.tables
    before = tables.encode(book.inputs[:, :1000])
    after = before.copy()
    after[np.ix_(changed, range(moved))] = tables.encode(book.inputs[:, 5000 : 5000 + moved])[changed]
    margins = tables.margins(before) + 1e-10  # so that a margin worked out anew is told from one left alone
    again = tables.rescored(margins, before, after, iter(changed))
    still = (before == after).all(0)
    assert again[still].tobytes() == margins[still].tobytes()
    assert 1000 - moved <= still.sum() < 1000
    np.testing.assert_allclose(again, tables.margins(after), rtol=0, atol=2e-10)


def test_rescoring_changes_nothing_it_was_given(scorer: TableScorer, book: Book):
    before, after = (np.ascontiguousarray(scorer.tables.encode(book.inputs)[:, k : k + 500]) for k in (0, 500))
    margins = scorer.tables.margins(before)
    kept = before.tobytes(), after.tobytes(), margins.tobytes()
    for changed in ([2], range(13)):
        scorer.tables.rescored(margins, before, after, changed)
        assert (before.tobytes(), after.tobytes(), margins.tobytes()) == kept


@pytest.mark.parametrize("changed", [[], [0], [0, 5, 12]])
def test_rescoring_no_change_gives_the_very_same_numbers(scorer: TableScorer, book: Book, changed: list[int]):
    codes = scorer.tables.encode(book.inputs)
    margins = scorer.tables.margins(codes)
    again = scorer.tables.rescored(margins, codes, codes.copy(), changed)
    assert again.tobytes() == margins.tobytes()
    assert again is not margins


def test_tables_untouched_by_a_change_are_not_read(scorer: TableScorer):
    read = set(scorer.tables.touched([3]).tolist())
    groups = [(first, second) for first, second, _ in scorer.tables.groups()]
    assert read == {g for g, pair in enumerate(groups) if 3 in pair}
    assert 0 < len(read) < len(groups)


# ---- histograms ------------------------------------------------------------------------------------------------------


def test_histogram_counts_every_row_once_in_every_table(scorer: TableScorer, book: Book):
    found = scorer.tables.histogram(scorer.tables.encode(book.inputs))
    sums = np.add.reduceat(found, scorer.tables.offset)
    assert set(sums.tolist()) == {30_000.0}


def test_histograms_of_parts_add_up_to_the_whole(scorer: TableScorer, book: Book):
    codes = scorer.tables.encode(book.inputs)
    weights = np.arange(30_000.0)
    parts = [scorer.tables.histogram(np.ascontiguousarray(codes[:, k::3]), weights[k::3]) for k in range(3)]
    np.testing.assert_array_equal(sum(parts), scorer.tables.histogram(codes, weights))


# ---- what is no table --------------------------------------------------------------------------------------------


def test_model_with_paths_over_three_inputs_is_refused():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 3))
    with one_thread():
        deep = HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=5).fit(x, x.prod(1) > 0)
    with pytest.raises(NotTabular, match="more than two inputs; fit it with pairwise interactions"):
        compile_model(deep)


def test_model_with_a_categorical_input_is_refused():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 4, size=(300, 2)).astype(float)
    with one_thread():
        model = HistGradientBoostingClassifier(max_iter=5, categorical_features=[0]).fit(x, x[:, 0] % 2 == 0)
    with pytest.raises(NotTabular, match="encode it in the contract's formula instead"):
        compile_model(model)


def test_input_may_have_as_many_thresholds_as_a_byte_has_codes():
    tables = compile_model(stumps(MOST_EDGES))
    values = np.array([[-1.0, 0.0, 0.5, 99.0, 253.0, 253.5, np.nan]])
    assert tables.encode(values)[0].tolist() == [0, 0, 1, 99, 253, 254, 255]
    assert tables.margins(tables.encode(values)).tolist() == [0, 0, 1, 99, 253, 254, 254]


def test_input_with_more_thresholds_than_a_byte_has_codes_is_refused():
    with pytest.raises(NotTabular, match="more than 254 thresholds"):
        compile_model(stumps(MOST_EDGES + 1))


# ---- monotone --------------------------------------------------------------------------------------------------------


def test_probability_of_even_odds_is_a_half_and_rises_with_the_margin():
    assert probability(np.array(0.0)) == 0.5
    assert np.all(np.diff(probability(np.linspace(-30, 30, 1001))) > 0)


def test_scorer_accepts_raw_records_and_goes_through_the_contract(scorer: TableScorer, book: Book):
    few = book.raw[:, :7]
    codes = scorer.tables.encode(book.contract.derive(few))
    np.testing.assert_array_equal(scorer.margins(few), scorer.tables.margins(codes))
    base, reasons = scorer.explain(few)
    assert base == scorer.shapley.base
    np.testing.assert_array_equal(reasons, scorer.shapley.explain(codes))
