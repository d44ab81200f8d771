"""The whole book under assumptions: worked numbers, a slow reference, and what must hold whatever is assumed."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, fields, replace
from hashlib import sha256
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from data.draws import draw
from model.engine.parallel import ROWS
from model.engine.scorer import TableScorer
from model.engine.shapley import against
from model.engine.tables import probability
from model.whatif.book.scenario import BETA, FACTOR, OVERLAY_LGD, OVERLAY_PD, OWNER, REASON, UNTIL, BookScenario, Value
from model.whatif.book.scored import SAMPLE, ScoredBook
from model.whatif.book.totals import Rows, Totals
from tests.support.records import BOOK, CONTRACT, Part, numbers_of, stressed, stresses, sub_books

FED = "fed_2026_severely_adverse"
NOTHING = numbers_of(BookScenario())
OVERLAY: dict[str, Value] = {OWNER: "Chief risk officer", REASON: "A strike", UNTIL: "2026-12-31"}
SHOCKS = {"limits": -20, "balances": 20, "payments": -30, "later": 5}


def log_odds(pd: float) -> float:
    return float(np.log(pd / (1 - pd)))


def flat(scorer: TableScorer, pd: float) -> TableScorer:
    """A model that gives everybody the same PD."""
    tables = scorer.tables
    return replace(scorer, tables=replace(tables, cells=np.zeros_like(tables.cells), intercept=log_odds(pd)))


def lent(limit: float, bill: float, customers: int = 1) -> Part:
    """Customers with a limit and a bill in every month, who pay nothing."""
    raw = np.zeros((len(CONTRACT.record), customers))
    raw[CONTRACT.row["limit"]], raw[CONTRACT.rows["bill"]] = limit, bill
    return Part(raw, np.arange(1, customers + 1))


def only(whole: ScoredBook, **values: Value) -> Totals:
    """The totals of one scenario."""
    return whole.totals([numbers_of(stressed(**values))])[0]


def close(found: Totals, expected: Totals, rel: float = 1e-9) -> bool:
    return bool(np.allclose(astuple(found), astuple(expected), rtol=rel, atol=0))


# ---- nothing ---------------------------------------------------------------------------------------------------------

NOTHINGS: list[dict[str, Value]] = [
    {},
    {"who": "limit_band:1", "share": 40},
    {"preset": FED, "severity": 0},
    {"gdp": -10, "rate": 4},
    {"preset": FED, "beta_unemployment": 0},
    {"method": FACTOR, "correlation": 0.2},
    {"beta_unemployment": 0.5, "beta_gdp": -0.5},
    {"overlay_pd": 50, "overlay_lgd": 10},
    {"overlay_pd": 50, **OVERLAY, UNTIL: "2026-11-01"},
    {**OVERLAY},
    {"limit_loss": 1e6},
]


@pytest.mark.parametrize("values", NOTHINGS, ids=lambda values: ",".join(values) or "empty")
def test_scenario_that_assumes_nothing_is_the_book_to_the_last_bit(whole: ScoredBook, values: dict[str, Value]):
    numbers = replace(numbers_of(stressed(**values)), assumptions=NOTHING.assumptions)
    now = ScoredBook(whole.scorer, whole.raw, whole.ids).rows(numbers)  # afresh: nothing is remembered
    base = whole.rows(NOTHING)
    for each in fields(Rows):
        one, other = (np.asarray(getattr(rows, each.name)) for rows in (now, base))
        assert one.tobytes() == other.tobytes(), each.name
    assert whole.totals([NOTHING, numbers]) == whole.totals([NOTHING]) * 2
    assert whole.losses([numbers]) == whole.losses([NOTHING])


def test_shocks_put_and_taken_back_leave_the_book_to_the_last_bit(whole: ScoredBook):
    stress = stressed(**SHOCKS, lgd=0.9)
    moved = whole.totals([numbers_of(stress)])
    for name in (*SHOCKS, "lgd"):
        stress = stress.with_value(CONTRACT, name, None)
    assert whole.totals([numbers_of(stress)]) == whole.totals([NOTHING]) != moved


def test_book_as_it_is_equals_the_definition_to_the_last_bit(whole: ScoredBook, scorer: TableScorer, book: Book):
    rows = whole.rows(NOTHING)
    pd, (balance, ead) = probability(scorer.margins(book.raw)), book.contract.exposures(book.raw, {"ccf": 0.5})[:2]
    assert rows.pd.tobytes() == pd.tobytes()
    assert rows.ead.tobytes() == ead.tobytes()
    assert rows.loss.tobytes() == (pd * 0.8 * ead).tobytes()
    shift = brentq(lambda by: float(probability(scorer.margins(book.raw) + by).mean()) - 0.05, -10, 10, xtol=1e-14)
    year = probability(scorer.margins(book.raw) + shift)
    k = 0.8 * norm.cdf((norm.ppf(year) + np.sqrt(0.04) * norm.ppf(0.999)) / np.sqrt(0.96)) - year * 0.8
    np.testing.assert_allclose(rows.capital, k * ead, rtol=1e-8)
    np.testing.assert_allclose(rows.margin, (1 - pd) * 3 * (balance * 0.15 - 600) - pd * 0.8 * ead, rtol=1e-9)


def test_totals_are_the_sums_of_the_customers_and_ratios_are_of_the_sums(whole: ScoredBook):
    for numbers in (NOTHING, numbers_of(stressed(**SHOCKS, preset=FED))):
        rows, found = whole.rows(numbers), whole.totals([numbers])[0]
        sums = [len(whole.ids), rows.ead.sum(), rows.pd.sum(), (rows.pd * rows.ead).sum()]
        sums += [rows.loss.sum(), rows.net_loss.sum(), rows.capital.sum(), rows.margin.sum(), 3.0]
        np.testing.assert_allclose(astuple(found), sums, rtol=1e-12)
        assert close(rows.totals(3.0), found, 1e-12)
        assert found.pd == pytest.approx(float(np.average(rows.pd, weights=rows.ead)))
        assert found.pd_simple == pytest.approx(float(rows.pd.mean()))
        assert found.loss_bps == pytest.approx(1e4 * rows.loss.sum() / rows.ead.sum())
        assert found.return_on_capital == pytest.approx(rows.margin.sum() / 3 / rows.capital.sum())
        assert whole.losses([numbers])[0] == pytest.approx(found.loss, rel=1e-12)
        names = CONTRACT.measures
        assert [found.measure(name) for name in names] == [getattr(found, name) for name in names]


def test_totals_of_several_scenarios_are_those_of_each_alone(whole: ScoredBook):
    several = [
        numbers_of(stressed(**each)) for each in ({}, {"balances": 20}, {"balances": 20, "lgd": 0.9}, {"later": 3})
    ]
    assert whole.totals(several) == [whole.totals([each])[0] for each in several]
    assert whole.losses(several) == [whole.losses([each])[0] for each in several]


def test_ratios_of_a_book_without_exposure_are_undefined():
    nobody = Totals(0, 0.0, pd_sum=0.0, pd_exposure=0.0, loss=0.0, net_loss=0.0, capital=0.0, margin=0.0, years=3.0)
    assert np.isnan([nobody.pd, nobody.pd_simple, nobody.loss_bps, nobody.return_on_capital]).all()


def test_totals_add_up_and_keep_the_horizon():
    one = Totals(1, 2.0, pd_sum=3.0, pd_exposure=4.0, loss=5.0, net_loss=5.5, capital=6.0, margin=7.0, years=3.0)
    other = Totals(
        10, 20.0, pd_sum=30.0, pd_exposure=40.0, loss=50.0, net_loss=55.0, capital=60.0, margin=70.0, years=3.0
    )
    assert one + other == Totals(
        11, 22.0, pd_sum=33.0, pd_exposure=44.0, loss=55.0, net_loss=60.5, capital=66.0, margin=77.0, years=3.0
    )


# ---- worked numbers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("beta", "pd"), [(0.12, 0.070147), (0.18, 0.082835)])
def test_unemployment_up_three_points_moves_a_pd_of_5_percent_as_worked(scorer: TableScorer, beta: float, pd: float):
    whole = ScoredBook(flat(scorer, 0.05), *lent(100_000, 50_000, 3))
    rows = whole.rows(numbers_of(stressed(unemployment=3, beta_unemployment=beta)))
    np.testing.assert_allclose(rows.pd, pd, rtol=0, atol=5e-7)
    np.testing.assert_allclose(whole.rows(NOTHING).pd, 0.05, rtol=1e-12)


@pytest.mark.parametrize(("z", "pd"), [(1, 0.006684), (-1, 0.051165), (-2, 0.112454), (0, 0.02)])
def test_state_of_the_economy_as_one_factor_moves_the_pd_as_worked(scorer: TableScorer, z: float, pd: float):
    whole = ScoredBook(flat(scorer, 0.02), *lent(100_000, 50_000, 3))
    rows = whole.rows(numbers_of(stressed(method=FACTOR, factor=z, correlation=0.15)))
    np.testing.assert_allclose(rows.pd, pd, rtol=0, atol=5e-7)


def test_expected_loss_equals_its_worked_numbers(scorer: TableScorer):
    whole = ScoredBook(flat(scorer, 0.02), *lent(500_000, 500_000, 1000))
    found = only(whole, lgd=0.5)
    assert found.exposure == 500e6
    assert found.loss == pytest.approx(5e6, rel=1e-12)
    assert found.loss_bps == pytest.approx(100, rel=1e-12)
    one = ScoredBook(flat(scorer, 0.005), *lent(1_000_000, 1_000_000))
    assert only(one, lgd=0.25).loss == pytest.approx(1250, rel=1e-12)


@pytest.mark.parametrize(("rate", "lgd", "weight"), [(0.05, 0.85, 1.0341), (0.01, 0.45, 0.1722), (0.10, 0.85, 1.5847)])
def test_capital_stands_on_the_one_year_pd_and_not_on_the_models(
    scorer: TableScorer, rate: float, lgd: float, weight: float
):
    whole = ScoredBook(flat(scorer, 0.02), *lent(100_000, 100_000, 10))
    found = only(whole, annual_default_rate=rate, lgd=lgd)
    assert 12.5 * found.capital / found.exposure == pytest.approx(weight, abs=2e-4)


def test_base_decides_the_one_year_shift_and_every_scenario_keeps_it(scorer: TableScorer):
    whole = ScoredBook(flat(scorer, 0.02), *lent(100_000, 100_000, 10))
    found = only(whole, unemployment=3, lgd=0.85)
    pd = 1 / (1 + np.exp(-log_odds(0.05) - 0.3))
    k = 0.85 * (norm.cdf((norm.ppf(pd) + 0.2 * norm.ppf(0.999)) / np.sqrt(0.96)) - pd)
    assert found.capital == pytest.approx(k * 1e6, rel=1e-9)


@pytest.mark.parametrize(("months", "even"), [(36, 0.36), (12, 0.15 / 0.95), (1, 0.0125 / 0.8125)])
def test_margin_of_the_book_breaks_even_where_the_arithmetic_says(scorer: TableScorer, months: int, even: float):
    whole = ScoredBook(flat(scorer, even), *lent(100_000, 100_000, 10))
    found = only(whole, margin_months=months, opex=0)
    assert found.margin == pytest.approx(0, abs=1e-6)
    assert found.years == months / 12
    assert only(ScoredBook(flat(scorer, even * 0.9), *lent(100_000, 100_000)), margin_months=months, opex=0).margin > 0


def test_share_of_customers_below_break_even_is_about_as_stated(whole: ScoredBook):
    pd = whole.rows(NOTHING).pd
    assert 100 * float((pd < 0.36).mean()) == pytest.approx(84, abs=4)
    assert 100 * float((pd < 0.158).mean()) == pytest.approx(54, abs=4)
    assert (pd < 0.0125 / 0.8125).mean() < 0.001  # with one month of margin hardly anybody is profitable


def test_most_profitable_cut_off_lies_inside_the_book(whole: ScoredBook):
    rows = whole.rows(NOTHING)
    kept = np.cumsum(rows.margin[np.argsort(rows.pd)])
    best = int(np.argmax(kept)) + 1
    assert 0.5 < best / whole.n < 0.95
    assert kept[best - 1] > 1.1 * kept[-1] > 0


def test_overlay_multiplies_the_pd_up_to_certainty_and_adds_to_the_lgd_up_to_all(scorer: TableScorer):
    whole = ScoredBook(flat(scorer, 0.30), *lent(100_000, 100_000))
    assert whole.rows(numbers_of(stressed(overlay_pd=50, **OVERLAY))).pd[0] == pytest.approx(0.45)
    assert whole.rows(numbers_of(stressed(overlay_pd=300, **OVERLAY))).pd[0] == 1
    assert only(whole, overlay_lgd=10, **OVERLAY).loss == pytest.approx(0.3 * 0.9 * 100_000)
    assert only(whole, overlay_lgd=100, **OVERLAY).loss == pytest.approx(0.3 * 100_000)
    assert only(whole, overlay_lgd=-100, **OVERLAY).loss == 0


# ---- a slow reference, customer by customer --------------------------------------------------------------------------


def struck(raw: Array, values: dict[str, float], hit: bool, later: bool) -> Array:
    """One customer's record (fields,) after the shocks, by the words of the contract."""
    out = raw.copy()
    status, bill, paid = (CONTRACT.rows[name] for name in ("status", "bill", "paid"))
    if not hit:
        return out
    if "limits" in values:
        out[0] = min(max(out[0] * (1 + values["limits"] / 100), 1_000), 1_000_000)
    if "balances" in values:
        for k in range(bill.start, bill.stop):
            if out[k] > 0:
                out[k] = min(out[k] * (1 + values["balances"] / 100), 1_700_000)
    if "payments" in values:
        for k in range(paid.start, paid.stop):
            out[k] = min(out[k] * (1 + values["payments"] / 100), 1_700_000)
    if "later" in values and later:
        now = min(max(out[status.start], 0) + 1, 8)
        out[status.start] = now
        for ago in range(1, 6):
            if now - ago >= 1:
                out[status.start + ago] = max(out[status.start + ago], now - ago)
    return out


def band(raw: Array, name: str) -> int:
    """The band of one customer."""
    value = {
        "limit_band": raw[0],
        "status_band": raw[CONTRACT.row["status_1"]],
        "use_band": np.floor(max(raw[CONTRACT.row["bill_1"]], 0) / raw[0] * 1e4 + 0.500001) / 1e4,
    }[name]
    return sum(value >= edge for edge in CONTRACT.segment(name).edges)


def held_at_the_edge(scorer: TableScorer, was: Array, now: Array) -> Array:
    """A record within what the model has seen, or where it stood."""
    low, high = scorer.territory.low, scorer.territory.high
    return np.array([min(max(x, min(a, w)), max(b, w)) for x, a, b, w in zip(now, low, high, was, strict=True)])


def reference(scorer: TableScorer, part: Part, values: dict[str, Any]) -> Totals:
    """The totals from the definition, one customer after the other, by coefficients or one factor."""
    (raw, ids), get = part, lambda name, otherwise: values.get(name, otherwise)
    assumed = {each.name: get(each.name, each.default) for each in CONTRACT.assumptions}
    one = [float(scorer.margins(raw[:, k : k + 1])[0]) for k in range(len(ids))]
    year = brentq(
        lambda by: np.mean([1 / (1 + np.exp(-m - by)) for m in one]) - assumed["annual_default_rate"],
        -20,
        20,
        xtol=1e-14,
    )
    shares, laters = draw(ids, "share"), draw(ids, "later")
    shift = sum(get(BETA + each.name, each.coefficient) * get(each.name, 0) for each in CONTRACT.economy)
    total = Totals(
        0,
        0.0,
        pd_sum=0.0,
        pd_exposure=0.0,
        loss=0.0,
        net_loss=0.0,
        capital=0.0,
        margin=0.0,
        years=assumed["margin_months"] / 12,
    )
    for k in range(len(ids)):
        was = raw[:, k]
        segment, _, wanted = str(get("who", "")).partition(":")
        hit = (not segment or band(was, segment) == int(wanted)) and shares[k] < get("share", 100) / 100
        now = struck(was, values, hit, laters[k] < get("later", 0) / 100)
        margin = float(scorer.margins(held_at_the_edge(scorer, was, now)[:, None])[0]) + shift
        pd = 1 / (1 + np.exp(-margin))
        if get("factor", 0):
            r = assumed["correlation"]
            pd = norm.cdf(norm.ppf(pd) - np.sqrt(r / (1 - r)) * values["factor"])
        pd = min(pd * (1 + get(OVERLAY_PD, 0) / 100), 1)
        lgd = min(max(assumed["lgd"] + get(OVERLAY_LGD, 0) / 100, 0), 1)
        balance = max(now[CONTRACT.row["bill_1"]], 0)
        ead = balance + assumed["ccf"] * max(now[0] - balance, 0)
        annual = 1 / (1 + (1 - pd) / pd * np.exp(-year))
        k_unit = lgd * (norm.cdf((norm.ppf(annual) + 0.2 * norm.ppf(0.999)) / np.sqrt(0.96)) - annual)
        earned = balance * (assumed["apr"] - assumed["funding"]) - assumed["opex"]
        lost = pd * lgd * ead
        margin_after = (1 - pd) * assumed["margin_months"] / 12 * earned - lost
        total += Totals(
            1,
            ead,
            pd_sum=pd,
            pd_exposure=pd * ead,
            loss=lost,
            net_loss=lost,
            capital=k_unit * ead,
            margin=margin_after,
            years=total.years,
        )
    return total


HARD: list[dict[str, Value]] = [
    {},
    {"balances": 20},
    {"limits": -50},
    {"payments": -100},
    {"later": 50},
    {"limits": 50, "balances": 100, "payments": 50, "later": 20},
    {"balances": 40, "payments": -30, "who": "limit_band:2"},
    {"balances": 40, "later": 50, "share": 35},
    {"limits": -30, "later": 50, "who": "use_band:5", "share": 60},
    {"balances": -50, "who": "status_band:1"},
    {"balances": 20, "later": 5, "unemployment": 3, "gdp": -4, "beta_gdp": -0.05, "lgd": 0.9},
    {"payments": -20, "method": FACTOR, "factor": -2.5, "correlation": 0.15, "ccf": 0.8},
    {"balances": 20, "overlay_pd": 60, "overlay_lgd": 15, **OVERLAY, "unemployment": 2},
    {
        "lgd": 0.6,
        "ccf": 0.2,
        "apr": 0.25,
        "funding": 0.08,
        "opex": 900,
        "margin_months": 24,
        "annual_default_rate": 0.1,
    },
]


@pytest.fixture(scope="module")
def few() -> Part:
    """Customers drawn from the book, the largest balances and limits among them."""
    extreme = [np.argmax(BOOK.raw[row]) for row in range(len(CONTRACT.record))]
    drawn = np.random.default_rng(5).choice(len(BOOK), 180, replace=False)
    picked = np.unique([*extreme, *drawn])
    return Part(np.ascontiguousarray(BOOK.raw[:, picked]), BOOK.ids[picked])


@pytest.mark.parametrize("values", HARD, ids=lambda values: ",".join(values) or "nothing")
def test_totals_equal_the_rules_applied_customer_by_customer(scorer: TableScorer, few: Part, values: dict[str, Value]):
    found, expected = only(ScoredBook(scorer, *few), **values), reference(scorer, few, values)
    assert found.customers == expected.customers
    np.testing.assert_allclose(astuple(found), astuple(expected), rtol=1e-9)


def test_reference_is_hard_enough_to_tell_scenarios_apart(scorer: TableScorer, few: Part):
    found = [only(ScoredBook(scorer, *few), **values).loss for values in HARD]
    assert len({round(each) for each in found}) == len(HARD)


# ---- rows, chunks and order ------------------------------------------------------------------------------------------

LARGE = 2 * ROWS + 4321


@pytest.fixture(scope="module")
def large(scorer: TableScorer) -> ScoredBook:
    """A book of more than two chunks, resampled."""
    picked = np.random.default_rng(9).integers(0, len(BOOK), LARGE)
    return ScoredBook(scorer, np.ascontiguousarray(BOOK.raw[:, picked]), np.arange(1, LARGE + 1))


def parts_of(whole: ScoredBook, edges: Sequence[int]) -> list[ScoredBook]:
    """The book in pieces; their one-year PDs are the whole book's."""
    bounds = [0, *edges, whole.n]
    found = []
    for start, stop in pairwise(bounds):
        part = ScoredBook(whole.scorer, np.ascontiguousarray(whole.raw[:, start:stop]), whole.ids[start:stop])
        part.annual = whole.annual
        found.append(part)
    return found


@pytest.mark.parametrize("values", [{}, SHOCKS | {"preset": FED}, {"balances": 30, "who": "use_band:4", "share": 50}])
def test_where_chunks_end_does_not_matter(large: ScoredBook, values: dict[str, Value]):
    numbers = numbers_of(stressed(**values))
    found, rows = large.totals([numbers])[0], large.rows(numbers)
    assert found.customers == len(rows.pd) == LARGE
    pieces = parts_of(large, [1, 777, ROWS - 1, ROWS + 5000, 2 * ROWS + 4000])
    sums = [each.totals([numbers])[0] for each in pieces]
    total = sums[0]
    for each in sums[1:]:
        total = total + each
    assert close(found, total)
    together = [np.concatenate(each) for each in zip(*(astuple(p.rows(numbers))[:-1] for p in pieces), strict=True)]
    for one, other in zip(astuple(rows)[:-1], together, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)
    assert large.losses([numbers])[0] == pytest.approx(sum(each.losses([numbers])[0] for each in pieces), rel=1e-9)
    kept, others = large.held(numbers), [each.held(numbers) for each in pieces]
    assert kept.customers == sum(each.customers for each in others)
    assert kept.free == pytest.approx(sum(each.free for each in others), rel=1e-9)
    reacted = np.sum([each.reactions(numbers) for each in pieces], axis=0)
    np.testing.assert_allclose(large.reactions(numbers), reacted, rtol=1e-7, atol=1e-9 * found.loss)


def test_progress_of_a_large_book_is_heard_and_can_cancel_it(large: ScoredBook):
    heard: list[float] = []
    large.totals([NOTHING], heard.append)
    assert heard == pytest.approx([1 / 3, 2 / 3, 1.0])

    def told(_share: float) -> None:
        raise KeyboardInterrupt

    unheard_of = numbers_of(stressed(limits=7))
    for work in (large.rows, large.held, large.reactions):
        with pytest.raises(KeyboardInterrupt):
            work(unheard_of, told)
    afresh = ScoredBook(large.scorer, large.raw, large.ids)
    assert large.rows(unheard_of).loss.tobytes() == afresh.rows(unheard_of).loss.tobytes()  # nothing half done is kept
    assert large.held(unheard_of) == afresh.held(unheard_of)


def test_scenario_asked_for_again_after_many_others_gives_the_same_customers(scorer: TableScorer, book: Book):
    whole = ScoredBook(scorer, np.ascontiguousarray(book.raw[:, :2000]), book.ids[:2000])
    asked = [numbers_of(stressed(balances=each)) for each in range(40)]
    first = [whole.rows(each).loss.tobytes() for each in asked]
    assert [whole.rows(each).loss.tobytes() for each in asked] == first
    assert len(set(first)) == 40


@settings(max_examples=25)
@given(sub_books(least=2), st.integers(0, 10**6), stresses())
def test_order_of_the_customers_changes_nothing(scorer: TableScorer, part: Part, seed: int, stress: BookScenario):
    (raw, ids), order = part, np.random.default_rng(seed).permutation(len(part[1]))
    one, other = ScoredBook(scorer, raw, ids), ScoredBook(scorer, np.ascontiguousarray(raw[:, order]), ids[order])
    numbers = numbers_of(stress)
    assert close(one.totals([numbers])[0], other.totals([numbers])[0])
    np.testing.assert_allclose(one.rows(numbers).pd[order], other.rows(numbers).pd, rtol=1e-9)
    np.testing.assert_array_equal(one.rows(numbers).ead[order], other.rows(numbers).ead)
    assert one.held(numbers).customers == other.held(numbers).customers
    assert one.known(numbers) == other.known(numbers)


def test_two_scenarios_at_once_give_the_numbers_of_each_alone(large: ScoredBook):
    several = [numbers_of(stressed(**each)) for each in ({**SHOCKS, "lgd": 0.9}, {"payments": -40, "unemployment": 4})]
    alone = [(large.totals([each]), large.losses([each]), large.held(each), large.rows(each)) for each in several]

    def work(k: int) -> tuple[Any, ...]:
        own = ScoredBook(large.scorer, large.raw, large.ids) if k % 3 == 0 else shared
        each = several[k % 2]
        return own.totals([each]), own.losses([each]), own.held(each), own.rows(each)

    for _ in range(3):
        shared = ScoredBook(large.scorer, large.raw, large.ids)  # nothing remembered yet
        with ThreadPoolExecutor(2) as visitors:
            found = list(visitors.map(work, range(4)))
        for k, (totals, losses, held, rows) in enumerate(found):
            assert (totals, losses, held) == alone[k % 2][:3]
            assert astuple(rows)[0].tobytes() == alone[k % 2][3].pd.tobytes()
            assert rows.margin.tobytes() == alone[k % 2][3].margin.tobytes()


def test_answers_do_not_change_the_book(whole: ScoredBook, book: Book):
    before = whole.raw.tobytes(), whole.codes.tobytes(), whole.margins.tobytes()
    numbers = numbers_of(stressed(**SHOCKS, preset=FED, overlay_pd=5, **OVERLAY))
    whole.totals([numbers]), whole.rows(numbers), whole.held(numbers), whole.reactions(numbers), whole.known(numbers)
    assert (whole.raw.tobytes(), whole.codes.tobytes(), whole.margins.tobytes()) == before
    again = ScoredBook.of(whole.scorer, book)
    assert again.totals([numbers]) == whole.totals([numbers])
    assert whole.totals([numbers]) == whole.totals([numbers])


# ---- who is hit ------------------------------------------------------------------------------------------------------


def splitmix(state: int) -> int:
    """One step of the published generator, in whole numbers."""
    z = state % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def test_draw_is_splitmix64_from_a_seed_of_its_purpose():
    golden = 0x9E3779B97F4A7C15
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]  # of seed 0
    assert [splitmix(k * golden) for k in (1, 2, 3)] == published
    seed = int.from_bytes(sha256(b"later").digest()[:8])
    assert draw(np.array([7, 30_000]), "later").tolist() == [
        (splitmix(seed + k * golden) >> 11) / 2**53 for k in (7, 30_000)
    ]


def test_draw_is_the_customers_own_whatever_the_order_and_differs_by_purpose(book: Book):
    found = draw(book.ids, "later")
    assert np.array_equal(draw(book.ids[::-1], "later"), found[::-1])
    assert np.all((found >= 0) & (found < 1))
    assert len(np.unique(found)) == len(book)
    assert abs(np.corrcoef(found, draw(book.ids, "share"))[0, 1]) < 0.02


def hit(whole: ScoredBook, **values: Value) -> NDArray[np.bool_]:
    """Whom the shocks move: everybody's exposure rises when limits do."""
    return np.asarray(whole.rows(numbers_of(stressed(limits=5, **values))).ead != whole.rows(NOTHING).ead)


def test_more_percent_adds_customers_and_leaves_the_others(whole: ScoredBook):
    base = whole.rows(NOTHING).pd
    shares = [5, 6, 20, 50]
    found = [whole.rows(numbers_of(stressed(later=each))).pd != base for each in shares]
    for fewer, more in pairwise(found):
        assert not (fewer & ~more).any()
        assert more.sum() > fewer.sum()
    drawn = draw(whole.ids, "later")
    for each, moved in zip(shares, found, strict=True):
        assert not (moved & (drawn >= each / 100)).any()
        assert (drawn < each / 100).mean() == pytest.approx(each / 100, abs=0.006)


def test_share_of_the_customers_is_nested_and_close_to_exact(whole: ScoredBook):
    within = hit(whole)  # a limit already at its end, or an exposure that is all balance, does not move
    five, six, half = (hit(whole, share=each) for each in (5, 6, 50))
    assert not (five & ~six).any()
    assert not (six & ~half).any()
    for each, found in ((0.05, five), (0.06, six), (0.5, half)):
        assert found.sum() / within.sum() == pytest.approx(each, abs=0.009)  # three standard errors of a half
    assert np.array_equal(hit(whole, share=100), within)


def test_share_and_later_are_drawn_apart(whole: ScoredBook):
    base = whole.rows(NOTHING).pd
    moved = whole.rows(numbers_of(stressed(later=50))).pd != base
    both = whole.rows(numbers_of(stressed(later=50, share=20))).pd != base
    assert not (both & ~moved).any()
    assert both.sum() / moved.sum() == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("segment", CONTRACT.segments, ids=lambda each: each.name)
def test_shock_to_a_band_moves_its_customers_and_nobody_else(whole: ScoredBook, segment: Any):
    values = CONTRACT.values(whole.raw)
    own = CONTRACT.bands(segment, values, whole.n)
    within, everybody = hit(whole), whole.rows(numbers_of(stressed(limits=5)))
    for each in range(CONTRACT.band_count(segment)):
        assert np.array_equal(hit(whole, who=f"{segment.name}:{each}"), within & (own == each))
        now = whole.rows(numbers_of(stressed(limits=5, who=f"{segment.name}:{each}")))
        np.testing.assert_allclose(now.pd[own == each], everybody.pd[own == each], rtol=1e-9)
        assert now.pd[own != each].tobytes() == whole.rows(NOTHING).pd[own != each].tobytes()


def test_band_is_that_of_the_book_whatever_an_earlier_shock_made_of_it(scorer: TableScorer):
    raw, ids = lent(100_000, 50_000, 2)  # band 2 of the limit; limits down by half would make it band 1
    found = only(ScoredBook(scorer, raw, ids), limits=-50, balances=20, who="limit_band:2")
    assert found.exposure == pytest.approx(2 * 60_000)  # balance 60,000 above the limit of 50,000


# ---- what must hold --------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(sub_books(), stresses(), st.floats(0.1, 1), st.floats(0.1, 1))
def test_loss_is_linear_in_the_loss_given_default(
    scorer: TableScorer, part: Part, stress: BookScenario, one: float, other: float
):
    whole = ScoredBook(scorer, *part)
    stress = stress.with_value(CONTRACT, OVERLAY_LGD, None)
    first, second = whole.losses([numbers_of(stress.with_value(CONTRACT, "lgd", each)) for each in (one, other)])
    assert first * other == pytest.approx(second * one, rel=1e-9)


@settings(max_examples=30)
@given(sub_books(), stresses())
def test_book_twice_over_has_twice_the_totals_and_the_same_ratios(
    scorer: TableScorer, part: Part, stress: BookScenario
):
    raw, ids = part
    numbers = numbers_of(stress)
    once = ScoredBook(scorer, raw, ids).totals([numbers])[0]
    twice = ScoredBook(scorer, np.concatenate([raw, raw], axis=1), np.concatenate([ids, ids])).totals([numbers])[0]
    assert close(twice, once + once)
    for name in ("pd", "loss_bps", "return_on_capital"):
        assert twice.measure(name) == pytest.approx(once.measure(name), rel=1e-9, nan_ok=True)


@settings(max_examples=30)
@given(sub_books(), stresses(), st.sampled_from([FED, "fed_2025_severely_adverse", "eba_2025_adverse_eu"]), st.data())
def test_more_severity_of_an_adverse_preset_never_lowers_the_loss(
    scorer: TableScorer, part: Part, stress: BookScenario, preset: str, data: st.DataObject
):
    whole = ScoredBook(scorer, *part)
    for each in CONTRACT.economy:  # the coefficients with a source
        stress = stress.with_value(CONTRACT, BETA + each.name, None)
    severities = sorted(data.draw(st.lists(st.floats(0, 150), min_size=2, max_size=4)))
    stress = stress.with_value(CONTRACT, "preset", preset)
    losses = whole.losses([numbers_of(stress.with_value(CONTRACT, "severity", each)) for each in severities])
    assert np.all(np.diff(losses) >= -1e-12 * max(losses))
    assert losses[-1] >= whole.losses([numbers_of(stress.with_value(CONTRACT, "preset", None))])[0] * (1 - 1e-12)


@pytest.mark.parametrize(("name", "adverse"), [("balances", 1), ("payments", -1), ("later", 1)])
@settings(max_examples=30)
@given(part=sub_books(least=20), stress=stresses(), data=st.data())
def test_more_of_a_shock_in_its_adverse_direction_never_lowers_the_loss(
    scorer: TableScorer, part: Part, stress: BookScenario, data: st.DataObject, name: str, adverse: int
):
    whole, shock = ScoredBook(scorer, *part), CONTRACT.shock(name)
    values = data.draw(st.lists(st.floats(shock.minimum, shock.maximum), min_size=2, max_size=4))
    rising = [stress.with_value(CONTRACT, name, each) for each in sorted(values, key=lambda each: adverse * each)]
    losses = whole.losses([numbers_of(each) for each in rising])
    assert np.all(np.diff(losses) >= -1e-9 * max(losses))


@settings(max_examples=20)
@given(sub_books(least=20), st.floats(-100, 50), st.floats(-100, 50), st.integers(0, 50), st.integers(0, 50))
def test_no_customer_is_the_safer_for_paying_less_or_later(
    scorer: TableScorer, part: Part, one: float, other: float, few: int, many: int
):
    whole = ScoredBook(scorer, *part)
    (low, high), (few, many) = sorted((one, other)), sorted((few, many))
    better, worse = (whole.rows(numbers_of(stressed(payments=p, later=n))) for p, n in ((high, few), (low, many)))
    assert np.all(worse.pd >= better.pd - 1e-9)


@settings(max_examples=30)
@given(
    sub_books(least=2),
    st.sampled_from([{}, {"balances": 20, "later": 10}]),
    st.one_of(
        st.floats(-5, 15).map(lambda by: {"unemployment": by}),
        st.tuples(st.floats(-4, 2), st.floats(0.001, 0.5)).map(
            lambda drawn: {"method": FACTOR, "factor": drawn[0], "correlation": drawn[1]}
        ),
    ),
)
def test_economy_leaves_the_order_of_the_customers(
    scorer: TableScorer, part: Part, shocks: dict[str, Value], economy: dict[str, Value]
):
    whole = ScoredBook(scorer, *part)
    base, now = (whole.rows(numbers_of(stressed(**shocks, **each))).pd for each in ({}, economy))
    order = np.argsort(base)
    gaps, moved = np.diff(base[order]), np.diff(now[order])
    assert np.all(moved >= -1e-14)
    assert np.all(moved[gaps == 0] == 0)
    assert np.all(moved[gaps > 1e-9] > 0)


def test_assumptions_feed_what_they_say_and_nothing_else(whole: ScoredBook):
    base = only(whole)
    lost = {"loss", "net_loss", "capital", "margin"}
    fed = {"lgd": lost, "ccf": {"exposure", "pd_exposure", *lost}}
    fed |= {"apr": {"margin"}, "funding": {"margin"}, "opex": {"margin"}, "margin_months": {"margin", "years"}}
    fed |= {"annual_default_rate": {"capital"}, "correlation": set()}
    for name, value in {
        "lgd": 0.9,
        "ccf": 0.6,
        "apr": 0.22,
        "funding": 0.06,
        "opex": 700,
        "margin_months": 24,
        "annual_default_rate": 0.06,
        "correlation": 0.1,
    }.items():
        now = only(whole, **{name: value})
        assert {each.name for each in fields(now) if getattr(now, each.name) != getattr(base, each.name)} == fed[name]


# ---- beyond the training range ---------------------------------------------------------------------------------------


def whole_shocked(raw: Array, **values: float) -> Array:
    """The book's records after shocks to everybody, not held."""
    after = raw.copy()
    for name in CONTRACT.shocks:
        if values.get(name.name) and not name.share:
            for target, moved in CONTRACT.strike(name.name, values[name.name], CONTRACT.values(after)).items():
                after[CONTRACT.rows[target]] = moved
    return after


@pytest.mark.parametrize(
    "values",
    [
        {"balances": 50},
        {"limits": -50},
        {"payments": 50},
        {"limits": -40, "balances": 100, "payments": 20},
    ],
)
def test_customers_beyond_the_training_range_are_counted_and_scored_at_its_edge(
    whole: ScoredBook, scorer: TableScorer, values: dict[str, float]
):
    after = whole_shocked(whole.raw, **values)
    beyond = scorer.territory.beyond(after).any(0)
    found = whole.held(numbers_of(stressed(**values)))
    assert found.customers == int(beyond.sum()) > 0
    ead = CONTRACT.exposures(after, {"ccf": 0.5}).ead
    assert found.free == pytest.approx(float((probability(scorer.margins(after)) * 0.8 * ead).sum()), rel=1e-9)
    low, high = scorer.territory.low[:, None], scorer.territory.high[:, None]
    kept = probability(scorer.margins(after.clip(low, high))) * 0.8 * ead
    assert found.loss == pytest.approx(float(kept.sum()), rel=1e-9)
    assert found.loss == pytest.approx(only(whole, **values).loss, rel=1e-12)


def test_exposure_is_not_held_at_the_edge(scorer: TableScorer):
    highest = float(scorer.territory.high[CONTRACT.row["bill_1"]])
    assert highest * 1.5 < CONTRACT.field("bill_1").maximum
    whole = ScoredBook(scorer, *lent(1_000_000, highest))
    assert only(whole, balances=50).exposure == pytest.approx(max(1.5 * highest, 1.5 * highest / 2 + 500_000))
    assert whole.held(numbers_of(stressed(balances=50))).customers == 1


def test_nobody_is_held_where_nothing_is_shocked_even_beyond_the_training_range(scorer: TableScorer):
    raw, ids = lent(2_000, 1_500, 3)
    assert scorer.territory.beyond(raw).any()
    whole = ScoredBook(scorer, raw, ids)
    for values in ({}, {"unemployment": 5, "lgd": 0.9}, {"payments": -10}, {"balances": -10}):
        found = whole.held(numbers_of(stressed(**values)))
        assert found.customers == 0
        assert found.free == found.loss == pytest.approx(only(whole, **values).loss)


def test_record_that_stood_beyond_the_training_range_is_held_where_it_stood(scorer: TableScorer):
    raw, ids = lent(1_000_000, 0)
    raw[CONTRACT.rows["bill"], 0] = scorer.territory.high[CONTRACT.rows["bill"]] + 5_000
    whole = ScoredBook(scorer, raw, ids)
    numbers = numbers_of(stressed(balances=20))
    assert whole.held(numbers).customers == 1
    assert whole.rows(numbers).pd.tobytes() == whole.rows(NOTHING).pd.tobytes()
    down = numbers_of(stressed(balances=-20))
    assert whole.held(down).customers == 0
    expected = probability(scorer.margins(whole_shocked(whole.raw, balances=-20)))
    np.testing.assert_allclose(whole.rows(down).pd, expected, rtol=1e-9)


@settings(max_examples=20)
@given(sub_books(), stresses())
def test_held_says_the_loss_of_the_headline_and_of_nobody_held(scorer: TableScorer, part: Part, stress: BookScenario):
    whole, numbers = ScoredBook(scorer, *part), numbers_of(stress)
    found = whole.held(numbers)
    assert found.loss == pytest.approx(whole.totals([numbers])[0].loss, rel=1e-12)
    assert 0 <= found.customers <= whole.n
    if not found.customers:
        assert found.free == found.loss


# ---- known territory -------------------------------------------------------------------------------------------------


def test_customers_outside_known_territory_are_those_of_a_sample_before_and_now(whole: ScoredBook, scorer: TableScorer):
    calm = whole.known(NOTHING)
    assert calm.sample == SAMPLE
    assert calm.before == calm.now == pytest.approx(0.01, abs=0.01)
    assert whole.known(numbers_of(stressed(unemployment=10, lgd=1))) == calm
    wild = whole.known(numbers_of(stressed(limits=-50, balances=100, payments=-100)))
    assert wild.before == calm.before
    assert wild.now > calm.now
    everybody = ScoredBook(scorer, np.ascontiguousarray(whole.raw[:, :500]), whole.ids[:500])
    after = whole_shocked(everybody.raw, limits=-50, balances=100)
    outside = scorer.territory.percentile(CONTRACT.derive(after)) >= 99
    outside |= scorer.territory.beyond(after).any(0)
    found = everybody.known(numbers_of(stressed(limits=-50, balances=100)))
    assert (found.now, found.sample) == (outside.mean(), 500)


# ---- reactions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"balances": 20},
        {"later": 5},
        {"limits": -30, "payments": -40, "who": "use_band:3"},
        {**SHOCKS, "preset": FED, "lgd": 0.9},
        {"payments": -50, "method": FACTOR, "factor": -3, "correlation": 0.2, "ccf": 0.9},
        {"balances": 30, "overlay_pd": 120, "overlay_lgd": -20, **OVERLAY, "share": 30},
    ],
    ids=lambda values: ",".join(values),
)
def test_reactions_sum_to_the_change_of_loss_through_the_models_inputs(whole: ScoredBook, values: dict[str, Value]):
    numbers = numbers_of(stressed(**values))
    after = whole.rows(numbers)
    before = whole.rows(replace(numbers, shocks=()))
    assumed = dict(numbers.assumptions)
    expected = float(((after.pd - before.pd) * after.ead).sum()) * (assumed["lgd"] + numbers.lgd_overlay)
    found = whole.reactions(numbers)
    assert found.shape == (len(CONTRACT.inputs),)
    assert float(found.sum()) == pytest.approx(expected, rel=1e-9)


@settings(max_examples=20)
@given(sub_books(), stresses())
def test_reactions_sum_whatever_is_assumed(scorer: TableScorer, part: Part, stress: BookScenario):
    whole, numbers = ScoredBook(scorer, *part), numbers_of(stress)
    after, before = whole.rows(numbers), whole.rows(replace(numbers, shocks=()))
    lgd = min(max(dict(numbers.assumptions)["lgd"] + numbers.lgd_overlay, 0), 1)
    change = (after.pd - before.pd) * after.ead * lgd
    assert float(whole.reactions(numbers).sum()) == pytest.approx(change.sum(), rel=1e-9, abs=1e-9 * after.loss.sum())


def test_model_reacts_through_no_input_where_no_record_is_shocked(whole: ScoredBook):
    for values in ({}, {"preset": FED, "lgd": 0.9}, {"method": FACTOR, "factor": -2}, {"who": "limit_band:1"}):
        assert whole.reactions(numbers_of(stressed(**values))).tolist() == [0] * len(CONTRACT.inputs)


def test_model_reacts_through_no_input_that_shares_no_table_with_a_shocked_one(scorer: TableScorer, book: Book):
    tables = scorer.tables
    alone = replace(tables, cells=tables.cells.copy())
    lonely = next(k for k, each in enumerate(CONTRACT.inputs) if each.name == "paid_least")
    shocked = set(CONTRACT.reading(["limit"]))
    for first, second, cells in alone.groups():
        if lonely in (first, second) and {first, second} & shocked:
            cells[:] = 0
    changed = replace(scorer, tables=alone, shapley=against(alone, tables.encode(book.inputs), "the book"))
    found = ScoredBook.of(changed, book).reactions(numbers_of(stressed(limits=-40)))
    assert found[lonely] == pytest.approx(0, abs=1e-9 * np.abs(found).sum())
    assert np.abs(found[sorted(shocked)]).min() > 0


# ---- another contract ------------------------------------------------------------------------------------------------


def test_whole_book_asks_the_contract_for_its_shocks(scorer: TableScorer, contract: Contract):
    bare = contract.model_copy(update={"shocks": (), "economy": (), "appetite": (), "segments": ()})
    whole = ScoredBook(replace(scorer, contract=bare), BOOK.raw[:, :500], BOOK.ids[:500])
    same = ScoredBook(scorer, BOOK.raw[:, :500], BOOK.ids[:500])
    assert whole.totals([NOTHING]) == same.totals([NOTHING])
