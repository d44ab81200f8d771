"""Where it sits: children sum to parents and parents to the book; who changed band, who moved most."""

from dataclasses import astuple, replace
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.contract import Segment, read_contract
from model.engine.scorer import TableScorer
from model.whatif.book.scenario import OWNER, REASON, UNTIL, BookScenario, Value
from model.whatif.book.scored import ScoredBook
from model.whatif.book.segments import MOST_MOVERS, Cell, bands, concentration, cut, largest, migration, movers
from model.whatif.book.totals import Rows, Totals
from model.whatif.customer.decision import score_scale
from tests.support.records import BOOK, CONTRACT, Part, numbers_of, stressed, stresses, sub_books

FED = "fed_2026_severely_adverse"
SCALE, EDGES = score_scale(CONTRACT), CONTRACT.score.bands
BASE, NOW = BookScenario(), stressed(balances=20, later=10, preset=FED, lgd=0.9, margin_months=24)
YEARS = (3.0, 2.0)
SEGMENTS = CONTRACT.segments
OVERLAY: dict[str, Value] = {OWNER: "Chief risk officer", REASON: "A strike", UNTIL: "2026-12-31"}


def rows_of(whole: ScoredBook, *several: BookScenario) -> list[Rows]:
    return [whole.rows(numbers_of(each)) for each in several]


def summed(several: list[Totals]) -> list[float]:
    total = several[0]
    for each in several[1:]:
        total = total + each
    return list(astuple(total))


@pytest.fixture(scope="module")
def both(whole: ScoredBook) -> tuple[Rows, Rows]:
    """The book as it is and under a scenario."""
    base, now = rows_of(whole, BASE, NOW)
    return base, now


def plain(ead: list[float], loss: list[float] | None = None) -> Rows:
    """Customers with these exposures and losses."""
    each = np.array(ead)
    return Rows(np.full(len(each), 0.1), each, np.array(loss or ead), np.array(loss or ead), each, each, each)


# ---- segments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("segments", [(each,) for each in SEGMENTS] + list(permutations(SEGMENTS, 2)) + [SEGMENTS])
def test_segments_sum_to_the_book_before_and_now(
    whole: ScoredBook, both: tuple[Rows, Rows], segments: tuple[Segment, ...]
):
    cells = cut(whole, *both, YEARS, *segments)
    for found, rows, years in zip(zip(*((c.base, c.now) for c in cells), strict=True), both, YEARS, strict=True):
        np.testing.assert_allclose(summed(list(found)), astuple(rows.totals(years)), rtol=1e-9)
    assert all(cell.base.customers == cell.now.customers > 0 for cell in cells)
    assert len({cell.path for cell in cells}) == len(cells)


@pytest.mark.parametrize("pair", list(combinations(SEGMENTS, 2)), ids=lambda pair: "/".join(each.name for each in pair))
def test_children_sum_to_their_parent(whole: ScoredBook, both: tuple[Rows, Rows], pair: tuple[Segment, Segment]):
    parents, children = cut(whole, *both, YEARS, pair[0]), cut(whole, *both, YEARS, *pair)
    for parent in parents:
        own = [each for each in children if each.path[0] == parent.path[0]]
        np.testing.assert_allclose(summed([each.base for each in own]), astuple(parent.base), rtol=1e-9)
        np.testing.assert_allclose(summed([each.now for each in own]), astuple(parent.now), rtol=1e-9)


@pytest.mark.parametrize("segment", SEGMENTS, ids=lambda each: each.name)
def test_cell_is_the_sum_of_its_customers(whole: ScoredBook, both: tuple[Rows, Rows], segment: Segment):
    own = CONTRACT.bands(segment, CONTRACT.values(whole.raw), whole.n)
    assert np.array_equal(bands(whole, segment), own)
    cells = cut(whole, *both, YEARS, segment)
    assert [each.path for each in cells] == [(band,) for band in range(CONTRACT.band_count(segment))]
    for cell in cells:
        for found, rows, years in zip((cell.base, cell.now), both, YEARS, strict=True):
            np.testing.assert_allclose(astuple(found), astuple(rows.totals(years, own == cell.path[0])), rtol=1e-9)


def test_customers_stay_in_the_segment_of_the_book_whatever_a_scenario_makes_of_them(whole: ScoredBook):
    base, now = rows_of(whole, BASE, stressed(limits=-50))
    segment = CONTRACT.segment("limit_band")
    cells = cut(whole, base, now, (3.0, 3.0), segment)
    highest = cells[-1]
    assert highest.base.customers == highest.now.customers == int((whole.raw[0] >= 300_000).sum())
    assert highest.now.exposure < highest.base.exposure


@settings(max_examples=20)
@given(sub_books(), stresses(), st.permutations(SEGMENTS), st.integers(1, 3))
def test_segments_of_a_small_book_sum_to_it_and_bands_without_customers_are_left_out(
    scorer: TableScorer, part: Part, stress: BookScenario, segments: list[Segment], count: int
):
    whole = ScoredBook(scorer, *part)
    base, now = rows_of(whole, BASE, stress)
    cells = cut(whole, base, now, (3.0, 3.0), *segments[:count])
    assert all(cell.base.customers > 0 for cell in cells)
    np.testing.assert_allclose(summed([each.now for each in cells]), astuple(now.totals(3.0)), rtol=1e-9)
    np.testing.assert_allclose(summed([each.base for each in cells]), astuple(base.totals(3.0)), rtol=1e-9)


def test_customers_with_a_missing_value_make_a_cell_of_their_own(scorer: TableScorer):
    contract = read_contract(CONTRACT.text.replace(b'field = "use_now"', b'field = "change_month"'))
    whole = ScoredBook(replace(scorer, contract=contract), BOOK.raw, BOOK.ids)
    base, now = rows_of(whole, BASE, BASE)
    cells = cut(whole, base, now, (3.0, 3.0), contract.segment("use_band"))
    missing = np.isnan(BOOK.inputs[[each.name for each in contract.inputs].index("change_month")])
    assert cells[-1].path == (6,)
    assert cells[-1].base.customers == int(missing.sum()) > 0
    assert sum(each.base.customers for each in cells) == len(BOOK)


# ---- concentration ---------------------------------------------------------------------------------------------------


def cell(exposure: float) -> Cell:
    nothing = Totals(1, exposure, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    return Cell((0,), nothing, nothing)


@pytest.mark.parametrize("n", [1, 4, 10, 11, 25, 1000])
def test_concentration_of_equal_exposures_is_ten_thousand_over_their_number(n: int):
    found = concentration([cell(5.0 * n)], plain([5.0] * n))
    assert found.customers == pytest.approx(1e4 / n, rel=1e-12)
    assert found.top_ten == pytest.approx(min(10 / n, 1), rel=1e-12)
    assert found.bands == pytest.approx(1e4)


def test_concentration_of_unequal_exposures_as_worked_by_hand():
    found = concentration([cell(60.0), cell(40.0)], plain([40.0, 20.0, 30.0, 10.0]))
    assert found.bands == pytest.approx(1e4 * (0.36 + 0.16))
    assert found.customers == pytest.approx(1e4 * (0.16 + 0.04 + 0.09 + 0.01))
    assert found.top_ten == 1
    fifteen = concentration([cell(1.0)], plain([float(k) for k in range(1, 16)]))
    assert fifteen.top_ten == pytest.approx(sum(range(6, 16)) / sum(range(1, 16)))


def test_book_without_exposure_has_no_concentration():
    found = concentration([cell(0.0)], plain([0.0, 0.0]))
    assert np.isnan([found.bands, found.customers, found.top_ten]).all()


def test_concentration_of_the_book_is_that_of_its_cells_under_the_scenario(whole: ScoredBook, both: tuple[Rows, Rows]):
    cells = cut(whole, *both, YEARS, SEGMENTS[0])
    found, ead = concentration(cells, both[1]), both[1].ead
    assert found.bands == pytest.approx(1e4 * sum((each.now.exposure / ead.sum()) ** 2 for each in cells))
    assert found.customers == pytest.approx(1e4 * float(((ead / ead.sum()) ** 2).sum()))
    assert found.top_ten == pytest.approx(float(np.sort(ead)[-10:].sum() / ead.sum()))


# ---- migration -------------------------------------------------------------------------------------------------------


def score_bands(rows: Rows) -> list[int]:
    """The score band of each customer, one after the other."""
    scores = [SCALE.score(float(np.log(pd / (1 - pd)))) for pd in rows.pd]
    return [sum(score >= edge for edge in EDGES) for score in scores]


def test_rows_of_the_migration_sum_to_the_bands_of_the_book_and_columns_to_those_of_the_scenario(whole: ScoredBook):
    base, now = rows_of(whole, BASE, NOW)
    found = migration(base, now, SCALE, EDGES)
    count = len(EDGES) + 1
    assert found.shape == (count, count)
    assert found.sum(1).tolist() == np.bincount(score_bands(base), minlength=count).tolist()
    assert found.sum(0).tolist() == np.bincount(score_bands(now), minlength=count).tolist()
    assert found.sum() == whole.n
    assert found.sum() > np.trace(found) > 0


def test_nobody_migrates_where_nothing_changes(whole: ScoredBook, both: tuple[Rows, Rows]):
    found = migration(both[0], both[0], SCALE, EDGES)
    assert np.array_equal(found, np.diag(np.diag(found)))


def test_worse_economy_moves_customers_to_lower_scores_only(whole: ScoredBook):
    base, now = rows_of(whole, BASE, stressed(unemployment=6))
    found = migration(base, now, SCALE, EDGES)
    assert np.triu(found, 1).sum() == 0
    assert np.tril(found, -1).sum() > 0


def test_customer_at_an_edge_lies_in_the_higher_band():
    at = [float(SCALE.pd(score)) for score in (460.0001, 459.9999, 560.0001, 300.0)]
    rows = replace(plain([1.0] * 4), pd=np.array(at))
    assert np.diag(migration(rows, rows, SCALE, EDGES)).tolist() == [2, 1, 0, 0, 0, 1]


def test_customer_whose_default_is_certain_lies_in_the_lowest_band(whole: ScoredBook):
    base, now = rows_of(whole, BASE, stressed(overlay_pd=300, **OVERLAY))
    assert (now.pd == 1).any()
    found = migration(base, now, SCALE, EDGES)
    assert found.sum(1).tolist() == np.bincount(score_bands(base), minlength=len(EDGES) + 1).tolist()
    assert found[:, 0].sum() >= (now.pd == 1).sum()


# ---- who moved most --------------------------------------------------------------------------------------------------


def test_movers_are_the_largest_changes_of_loss_by_a_full_sort(whole: ScoredBook, both: tuple[Rows, Rows]):
    base, now = both
    found = movers(whole, base, now)
    change = np.abs(now.loss - base.loss)
    order = sorted(range(whole.n), key=lambda k: (-change[k], whole.ids[k]))[:MOST_MOVERS]
    assert [each.customer for each in found] == [int(whole.ids[k]) for k in order]
    for each, k in zip(found, order, strict=True):
        assert (each.pd_base, each.pd, each.ead) == (base.pd[k], now.pd[k], now.ead[k])
        assert (each.loss_base, each.loss) == (base.loss[k], now.loss[k])


def test_movers_go_up_and_down():
    base, now = plain([1.0] * 4, [10, 20, 30, 40]), plain([1.0] * 4, [10, 5, 33, 50])
    whole = type("Numbers", (), {"ids": np.array([7, 8, 9, 10])})()
    found = movers(whole, base, now)
    assert [(each.customer, each.loss - each.loss_base) for each in found] == [(8, -15), (10, 10), (9, 3)]


def test_movers_among_some_customers_are_the_largest_changes_of_those(whole: ScoredBook, both: tuple[Rows, Rows]):
    base, now = both
    among = bands(whole, SEGMENTS[0]) == 2
    change = np.where(among, np.abs(now.loss - base.loss), -1.0)
    found = movers(whole, base, now, among)
    assert [each.customer for each in found] == whole.ids[np.argsort(-change)[:MOST_MOVERS]].tolist()
    assert movers(whole, base, now, np.zeros(whole.n, bool)) == []
    alone = movers(whole, base, now, whole.ids == found[3].customer)
    assert alone == [found[3]]


def test_nobody_moves_where_nothing_changes(whole: ScoredBook, both: tuple[Rows, Rows]):
    assert movers(whole, both[0], both[0]) == []


@settings(max_examples=20)
@given(sub_books(), stresses(), st.integers(1, 400))
def test_movers_of_any_book_are_the_largest_changes(scorer: TableScorer, part: Part, stress: BookScenario, most: int):
    whole = ScoredBook(scorer, *part)
    base, now = rows_of(whole, BASE, stress)
    found = movers(whole, base, now, most=most)
    change = np.abs(now.loss - base.loss)
    sizes = [abs(each.loss - each.loss_base) for each in found]
    assert sizes == sorted(change[change > 0].tolist(), reverse=True)[:most]
    assert len({each.customer for each in found}) == len(found)


@given(st.lists(st.integers(0, 4), max_size=40), st.integers(0, 12), st.integers(0, 10**6))
def test_largest_are_the_same_whatever_the_order_of_equals(drawn: list[int], most: int, seed: int):
    """As sorting all of them says; equals by their number, wherever they stand."""
    amount, ids = np.array(drawn, float), np.random.default_rng(seed).permutation(len(drawn)) + 1
    expected = sorted(range(len(drawn)), key=lambda k: (-amount[k], ids[k]))[:most]
    assert largest(amount, ids, most).tolist() == expected
