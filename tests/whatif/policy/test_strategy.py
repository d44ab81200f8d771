"""Where to cut: every figure against a count by hand."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.books import Book
from data.errors import OutOfRange
from model.engine.scorer import TableScorer
from model.finance import margin
from model.finance.scorecard import score_band
from model.report.policy import charts as policy_charts
from model.report.policy import words as policy_words
from model.report.policy.words import Units
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.book.totals import Rows
from model.whatif.customer.decision import score_scale
from model.whatif.policy.pricing import priced
from model.whatif.policy.scenario import PolicyScenario, check_cutoff
from model.whatif.policy.strategy import AT_MOST, GOALS, Goal, Strategy
from model.whatif.policy.swap import frontier, swap, swapped
from tests.support.records import CONTRACT, numbers_of, stressed

NOTHING = numbers_of(BookScenario())


class Case:
    """A small book: scores with ties, money, outcomes."""

    def __init__(self, seed: int, n: int) -> None:
        rng = np.random.default_rng(seed)
        self.scores = np.round(rng.normal(520, 8, n), 1)
        pd = rng.random(n)
        ead = rng.random(n) * 1e5
        loss, capital = pd * 0.8 * ead, ead * 0.05
        self.rows = Rows(
            pd,
            ead,
            loss=loss,
            net_loss=loss / 4,
            capital=capital,
            margin=rng.normal(0, 1e4, n),
            balance=ead * rng.random(n),
        )
        self.bad = (rng.random(n) < pd).astype(float)

    @property
    def strategy(self) -> Strategy:
        return Strategy.of(self.scores, self.rows, self.bad)

    def by_hand(self, cutoff: float) -> dict[str, float]:
        yes = self.scores >= cutoff
        n = int(yes.sum())
        return {
            "approval": n / len(yes),
            "bad_rate": float(self.rows.pd[yes].mean()) if n else 0.0,
            "observed_rate": float(self.bad[yes].mean()) if n else 0.0,
            "loss": float(self.rows.loss[yes].sum()),
            "profit": float(self.rows.margin[yes].sum()),
            "volume": float(self.rows.ead[yes].sum()),
        }


cases = st.builds(Case, st.integers(0, 10**6), st.integers(1, 200))


@pytest.fixture(scope="module")
def shipped(whole: ScoredBook, book: Book) -> Strategy:
    return Strategy.of(score_scale(CONTRACT).score(whole.margins), whole.rows(NOTHING), book.target)


@given(cases, st.integers(480, 560))
def test_outcome_of_a_cutoff_equals_a_count_by_hand(case: Case, cutoff: int):
    outcome = case.strategy.at(cutoff)
    for name, expected in case.by_hand(cutoff).items():
        assert getattr(outcome, name) == pytest.approx(expected, rel=1e-9, abs=1e-6), name


@given(cases)
def test_approval_falls_with_the_cutoff_from_everybody_to_nobody(case: Case):
    curve = case.strategy.curves["approval"]
    assert (curve[0], curve[-1]) == (1.0, 0.0)
    assert (np.diff(curve) <= 0).all()
    assert case.strategy.at(-1000).approval == 1
    assert case.strategy.at(1000).approval == 0


@given(cases)
def test_best_cutoff_is_that_of_an_enumeration(case: Case):
    strategy = case.strategy
    profits = [case.by_hand(cutoff)["profit"] for cutoff in strategy.cutoffs]
    assert case.by_hand(strategy.best)["profit"] == pytest.approx(max(profits), rel=1e-9, abs=1e-6)


@settings(max_examples=200)
@given(cases, st.sampled_from(GOALS), st.floats(0, 1), st.booleans())
def test_goal_seek_finds_what_an_enumeration_finds(case: Case, goal: Goal, share: float, beyond: bool):
    strategy = case.strategy
    values = {int(cutoff): strategy.at(cutoff).goal(goal) for cutoff in strategy.cutoffs}
    low, high = min(values.values()), max(values.values())
    target = (high + 1 if goal not in AT_MOST else low - 1) if beyond else low + share * (high - low)
    found = strategy.seek(goal, target)
    able = {c: v for c, v in values.items() if goal != "bad_rate" or strategy.at(c).customers}
    meets = [c for c, v in able.items() if (v <= target if goal in AT_MOST else v >= target)]
    assert found.reached == bool(meets)
    if meets:
        assert found.outcome.cutoff == (max(meets) if goal in ("approval", "volume") else min(meets))
    else:
        best = min(able.values()) if goal in AT_MOST else max(able.values())
        assert found.outcome.goal(goal) == best


def test_customers_of_one_score_stand_on_one_side():
    rows = Rows(*(np.ones(4) for _ in range(7)))
    strategy = Strategy.of(np.array([520.0, 520.0, 520.0, 519.99]), rows, np.zeros(4))
    assert [strategy.at(each).customers for each in (519, 520, 521)] == [4, 3, 0]


def test_shipped_optimum_is_interior_and_equals_the_enumeration(shipped: Strategy, whole: ScoredBook):
    scores, profit = score_scale(CONTRACT).score(whole.margins), whole.rows(NOTHING).margin
    by_hand = {int(cutoff): float(profit[scores >= cutoff].sum()) for cutoff in shipped.cutoffs}
    assert shipped.best == max(by_hand, key=lambda cutoff: by_hand[cutoff])
    assert 0.1 < shipped.at(shipped.best).approval < 0.9
    assert shipped.at(shipped.best).profit > shipped.at(shipped.cutoffs[0]).profit


def test_todays_cutoff_grants_whom_the_customer_page_grants(shipped: Strategy, whole: ScoredBook):
    granted = score_scale(CONTRACT).score(whole.margins) >= CONTRACT.score.cutoff
    assert shipped.at(CONTRACT.score.cutoff).customers == granted.sum()


# ---- swap set -------------------------------------------------------------------------------------------------------


@given(cases, st.integers(500, 540), st.integers(500, 540), st.integers(0, 10**6))
def test_four_cells_partition_the_book_and_hold_their_own(case: Case, one: int, two: int, seed: int):
    other = case.scores + np.random.default_rng(seed).normal(0, 5, len(case.scores))
    before, after = case.scores >= one, other >= two
    cells = swap(before, after, case.rows, case.bad)
    assert sum(cell.customers for cell in cells) == len(case.scores)
    for name, values in (("loss", case.rows.loss), ("profit", case.rows.margin), ("bad", case.rows.pd)):
        assert sum(getattr(cell, name) for cell in cells) == pytest.approx(values.sum(), abs=1e-6)
    members = [swapped(before, after, (cell.today, cell.other)) for cell in cells]
    assert sorted(np.concatenate(members)) == list(range(len(case.scores)))
    for cell, own in zip(cells, members, strict=True):
        assert cell.customers == len(own)
        assert cell.profit == pytest.approx(case.rows.margin[own].sum(), abs=1e-6)


def test_a_stricter_cutoff_of_the_same_score_swaps_nobody_in(whole: ScoredBook, book: Book):
    scores = score_scale(CONTRACT).score(whole.margins)
    cells = swap(scores >= 520, scores >= 540, whole.rows(NOTHING), book.target)
    assert {(cell.today, cell.other): cell.customers for cell in cells}[(False, True)] == 0


# ---- frontier ----------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=40))
def test_frontier_is_what_nothing_beats(points: list[tuple[int, int]]):
    cost, gain = (np.array(each, float) for each in zip(*points, strict=True))
    kept = frontier(cost, gain)
    beaten = {
        k
        for k, j in product(range(len(points)), repeat=2)
        if cost[j] <= cost[k] and gain[j] >= gain[k] and (cost[j] < cost[k] or gain[j] > gain[k])
    }
    assert {points[k] for k in kept} == {points[k] for k in range(len(points)) if k not in beaten}
    assert (np.diff(cost[kept]) > 0).all()
    assert (np.diff(gain[kept]) > 0).all()


# ---- pricing by band ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def prices(whole: ScoredBook) -> list:
    scores = score_scale(CONTRACT).score(whole.margins)
    count = len(CONTRACT.score.bands) + 1
    return priced(
        score_band(scores, CONTRACT.score.bands),
        count,
        rows=whole.rows(NOTHING),
        assumptions=dict(NOTHING.assumptions),
        target=0.1,
    )


def test_bands_sum_to_the_book(prices: list, whole: ScoredBook):
    rows = whole.rows(NOTHING)
    assert sum(each.customers for each in prices) == whole.n
    assert sum(each.profit for each in prices) == pytest.approx(rows.margin.sum())
    assert sum(each.loss for each in prices) == pytest.approx(rows.loss.sum())
    assert [each.pd for each in prices] == sorted((each.pd for each in prices), reverse=True)


def test_at_its_break_even_rate_a_band_earns_nothing(prices: list, whole: ScoredBook):
    band = score_band(score_scale(CONTRACT).score(whole.margins), CONTRACT.score.bands)
    for each in prices:
        own = band == each.band
        rows, assumed = whole.rows(NOTHING), dict(NOTHING.assumptions)
        for rate, wanted in ((each.break_even_rate, 0.0), (each.target_rate, 0.1 * each.capital * 3)):
            earned = margin.after_loss(
                rows.pd[own],
                rows.balance[own],
                loss=rows.loss[own],
                rate=rate,
                funding=assumed["funding"],
                opex=assumed["opex"],
                months=36,
            )
            assert earned.sum() == pytest.approx(wanted, abs=1e-3)


def test_at_its_break_even_pd_a_band_earns_nothing(prices: list, whole: ScoredBook):
    band = score_band(score_scale(CONTRACT).score(whole.margins), CONTRACT.score.bands)
    rows, assumed = whole.rows(NOTHING), dict(NOTHING.assumptions)
    for each in prices:
        if each.break_even_pd == 0:
            continue
        own, pd = band == each.band, each.break_even_pd
        loss = pd * assumed["lgd"] * rows.ead[own]
        earned = margin.after_loss(
            pd,
            rows.balance[own],
            loss=loss,
            rate=assumed["apr"],
            funding=assumed["funding"],
            opex=assumed["opex"],
            months=36,
        )
        assert earned.sum() == pytest.approx(0, abs=1e-3)


def test_raroc_of_a_band_is_its_profit_a_year_over_its_capital(prices: list):
    for each in prices:
        assert each.raroc == pytest.approx(each.profit / 3 / each.capital)


def test_break_even_pd_equals_the_worked_numbers():
    assert margin.break_even_pd(0.15, 0.80, 36) == pytest.approx(0.36)
    assert margin.break_even_pd(0.15, 0.80, 12) == pytest.approx(0.1579, abs=5e-5)
    assert margin.break_even_pd(0.15, 0.80, 1) == pytest.approx(0.0154, abs=5e-5)
    assert margin.break_even_pd(-1, 0.80, 36) == 0
    assert np.isnan(margin.break_even_rate(0, 0, loss=1, funding=0.05, opex=600, months=36))


def test_an_empty_band_is_priced_as_nothing(whole: ScoredBook, scorer: TableScorer):
    few = ScoredBook(scorer, whole.raw[:, :1].copy(), whole.ids[:1])
    rows = few.rows(numbers_of(stressed(lgd=0.9)))
    found = priced(np.zeros(1, int), 2, rows, dict(NOTHING.assumptions))
    assert found[1].customers == 0
    assert np.isnan(found[1].pd)
    assert np.isnan(found[1].break_even_rate)


@pytest.mark.parametrize("given_", [520.5, 299, 801, float("nan")])
def test_a_cutoff_that_is_no_whole_point_within_range_is_refused(given_: float):
    with pytest.raises((OutOfRange, ValueError)):
        check_cutoff(given_, 300, 800)


def test_curve_below_a_historic_cutoff_is_dashed_and_says_why(shipped: Strategy):
    bank = CONTRACT.model_copy(update={"book": CONTRACT.book.model_copy(update={"historic_cutoff": 500.0})})
    units = Units.on(CONTRACT, PolicyScenario(520), shipped)
    drawn = policy_charts.strategy(bank, shipped, goal="profit", today=520, chosen=520, units=units)
    seen, _, unseen = drawn["data"]
    assert unseen["line"]["dash"] == "dash"
    assert max(unseen["x"]) == min(seen["x"]) == 500
    told = [each["text"] for each in drawn["layout"]["annotations"]]
    assert told == ["limit 0", "below 500: no outcomes observed here"]
    assert (
        len(policy_charts.strategy(CONTRACT, shipped, goal="profit", today=520, chosen=520, units=units)["data"]) == 2
    )


def test_who_is_in_the_book_is_told_in_the_words_of_its_contract() -> None:
    note = "Whoever applied is in the book, the rejected too."
    book = CONTRACT.book.model_copy(update={"decision_note": note, "declined": "would not be granted"})
    every = CONTRACT.model_copy(update={"book": book})
    assert policy_words.rejected_words(every) == note
    assert "approved customers only" not in policy_words.policy_method(every).casefold()
    assert policy_words.rejected_words(CONTRACT) == CONTRACT.book.decision_note
    unsaid = every.model_copy(update={"book": book.model_copy(update={"declined": "would be sent away"})})
    assert policy_words.rejected_words(unsaid) == f"{note} Not granted means would be sent away."
