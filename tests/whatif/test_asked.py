"""The whole book under a model that can only be asked: all of it as by the model's tables, or a sample of it."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.arrays import Array
from data.books import Book
from data.contract import Contract, Measure
from model.engine import parallel
from model.engine.scorer import Reasons, TableScorer
from model.engine.territory import Territory
from model.errors import NotTabular
from model.finance.scorecard import Scale, score_band
from model.whatif.book.bridge import bridge
from model.whatif.book.scenario import FACTOR, BookScenario, Value
from model.whatif.book.scored import ASKED, BATCH, ScoredBook, askable, stratified
from model.whatif.book.segments import concentration, cut, migration, movers
from model.whatif.book.tornado import tornado
from model.whatif.book.totals import Rows, Totals, margin_of_error, stands_for
from model.whatif.customer.decision import score_scale
from model.whatif.policy.pricing import priced
from model.whatif.policy.strategy import Strategy
from model.whatif.policy.swap import swap
from tests.support.records import BOOK, CONTRACT, TODAY, Part, numbers_of, stressed, stresses, sub_books

FED = "fed_2026_severely_adverse"
NOTHING = numbers_of(BookScenario())
SCENES: list[dict[str, Value]] = [
    {},
    {"limits": -20, "balances": 20, "payments": -30, "later": 5},
    {"balances": 40, "who": "limit_band:1", "share": 35},
    {"preset": FED, "severity": 120, "later": 10, "lgd": 0.6},
    {"method": FACTOR, "factor": -2, "limits": 50, "ccf": 0.9},
]
SIZE, SEED = 120_001, 5


class Asked:
    """A model that has tables but keeps them to itself; counts the records that it is asked about."""

    def __init__(self, scorer: TableScorer) -> None:
        self._scorer, self._lock = scorer, threading.Lock()
        self.calls: list[int] = []

    @property
    def contract(self) -> Contract:
        return self._scorer.contract

    @property
    def territory(self) -> Territory:
        return self._scorer.territory

    def margins(self, raw: Array) -> Array:
        with self._lock:
            self.calls.append(raw.shape[1])
        return self._scorer.margins(raw)

    def reasons(self, raw: Array) -> Reasons:
        return self._scorer.reasons(raw)

    def count(self) -> int:
        """How many records it was asked about since the last count."""
        with self._lock:
            found, self.calls = sum(self.calls), []
        return found


class Cancelled(Exception):
    """What a visitor who moves on raises in the progress."""


@pytest.fixture
def asked(scorer: TableScorer) -> Asked:
    return Asked(scorer)


@pytest.fixture(scope="module")
def narrow(scorer: TableScorer, book: Book) -> TableScorer:
    """The model, as if it had seen no value beyond those of 95 in 100 customers: a shock takes many further."""
    return replace(scorer, territory=replace(scorer.territory, high=np.quantile(book.raw, 0.95, axis=1)))


@pytest.fixture(scope="module")
def part(book: Book) -> Part:
    """Customers of the book, of several batches and of less than a chunk."""
    picked = np.random.default_rng(3).permutation(len(book))[: 2 * BATCH + 321]
    return Part(np.ascontiguousarray(book.raw[:, picked]), book.ids[picked])


@pytest.fixture(scope="module")
def pair(scorer: TableScorer, part: Part) -> tuple[ScoredBook, ScoredBook]:
    """The same customers by the model's tables, and by asking."""
    return ScoredBook(scorer, *part), ScoredBook(Asked(scorer), *part)


def same(one: object, other: object) -> bool:
    """Within 1e-9 of each other, relatively."""
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    return True


def same_rows(one: Rows, other: Rows) -> bool:
    for each in fields(Rows):
        np.testing.assert_allclose(getattr(one, each.name), getattr(other, each.name), rtol=1e-9, atol=1e-9)
    return True


# ---- as by the tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: ",".join(scene) or "nothing")
def test_book_that_is_asked_about_equals_the_book_by_tables(
    scene: dict[str, Value], pair: tuple[ScoredBook, ScoredBook]
):
    known, live = pair
    numbers = numbers_of(stressed(**scene))
    assert same(astuple(live.totals([NOTHING, numbers])[1]), astuple(known.totals([NOTHING, numbers])[1]))
    assert same(live.losses([numbers, NOTHING]), known.losses([numbers, NOTHING]))
    assert same_rows(live.rows(numbers), known.rows(numbers))
    assert same(astuple(live.held(numbers)), astuple(known.held(numbers)))
    assert same(astuple(live.known(numbers)), astuple(known.known(numbers)))
    assert live.records(numbers).tobytes() == known.records(numbers).tobytes()


@settings(max_examples=40)
@given(part=sub_books(most=120), stress=stresses())
def test_book_that_is_asked_about_equals_the_book_by_tables_whatever_is_assumed(
    narrow: TableScorer, part: Part, stress: BookScenario
):
    known, live = ScoredBook(narrow, *part), ScoredBook(Asked(narrow), *part)
    numbers = numbers_of(stress)
    assert same(astuple(live.totals([numbers])[0]), astuple(known.totals([numbers])[0]))
    assert same(live.losses([numbers]), known.losses([numbers]))
    assert same_rows(live.rows(numbers), known.rows(numbers))
    assert same(astuple(live.held(numbers)), astuple(known.held(numbers)))
    assert same(astuple(live.known(numbers)), astuple(known.known(numbers)))


def test_segments_movers_and_migration_equal_those_by_tables(pair: tuple[ScoredBook, ScoredBook]):
    numbers = numbers_of(stressed(**SCENES[1]))
    edges = CONTRACT.score.bands
    found = []
    for whole in pair:
        rows = whole.rows(NOTHING), whole.rows(numbers)
        cells = cut(whole, *rows, (NOTHING.years, numbers.years), *CONTRACT.segments[:2])
        found.append((cells, movers(whole, *rows), migration(*rows, score_scale(CONTRACT), edges)))
    known, live = found
    assert [each.path for each in live[0]] == [each.path for each in known[0]]
    for mine, other in zip(live[0], known[0], strict=True):
        assert same(astuple(mine.now), astuple(other.now))
        assert same(astuple(mine.base), astuple(other.base))
    assert [each.customer for each in live[1]] == [each.customer for each in known[1]]
    assert (live[2] == known[2]).all()


@pytest.mark.parametrize("measure", ["loss", "margin"])
def test_bridge_and_tornado_equal_those_by_tables(measure: Measure, pair: tuple[ScoredBook, ScoredBook]):
    stress = stressed(**SCENES[3])
    known, live = (bridge(whole, stress, today=TODAY, measure=measure) for whole in pair)
    assert same((live.base, live.scenario), (known.base, known.scenario))
    assert [step.player for step in live.steps] == [step.player for step in known.steps]
    assert same([step.amount for step in live.steps], [step.amount for step in known.steps])
    bars = [tornado(whole, stress, measure=measure, today=TODAY) for whole in pair]
    assert [bar.name for bar in bars[0]] == [bar.name for bar in bars[1]]
    assert same([astuple(bar)[1:] for bar in bars[0]], [astuple(bar)[1:] for bar in bars[1]])


def test_policy_equals_that_by_tables(pair: tuple[ScoredBook, ScoredBook], book: Book):
    numbers = numbers_of(stressed(lgd=0.7, apr=0.2))
    assumptions = dict(numbers.assumptions)
    edges = CONTRACT.score.bands
    found = []
    for whole in pair:
        scores, rows = np.asarray(score_scale(CONTRACT).score(whole.margins)), whole.rows(numbers)
        bad = book.target[[book.position(int(each)) for each in whole.ids]]
        strategy = Strategy.of(scores, rows, bad)
        cells = swap(scores >= 520, scores >= 540, rows, bad)
        prices = priced(score_band(scores, edges), len(edges) + 1, rows, assumptions, 0.1)
        found.append((strategy, [astuple(each) for each in cells], [astuple(each) for each in prices]))
    for each in fields(Strategy):
        assert same(getattr(found[1][0], each.name), getattr(found[0][0], each.name))
    assert same(found[1][1], found[0][1])
    assert same(found[1][2], found[0][2])


# ---- what is asked ---------------------------------------------------------------------------------------------------


def test_every_customer_is_asked_about_once_for_the_book_as_it_is(asked: Asked, part: Part):
    whole = ScoredBook(asked, *part)
    assert asked.count() == whole.n
    whole.totals([NOTHING, numbers_of(stressed(preset=FED, lgd=0.9, overlay_pd=50))])
    whole.rows(NOTHING)
    whole.held(NOTHING)
    whole.known(NOTHING)
    assert asked.count() == 0


def test_only_records_that_moved_are_asked_about_and_once(narrow: TableScorer, part: Part):
    asked = Asked(narrow)
    whole = ScoredBook(asked, *part)
    asked.count()
    numbers = numbers_of(stressed(balances=20, who="limit_band:2", share=60))
    moved = (whole.records(numbers) != whole.raw).any(0)
    held = whole._after(numbers.struck, slice(0, whole.n))[3]
    assert 10 < len(held) < moved.sum() < 0.5 * whole.n
    whole.rows(numbers)
    assert asked.count() == moved.sum() + len(held)
    whole.totals([numbers, numbers_of(stressed(balances=20, who="limit_band:2", share=60, unemployment=3))])
    whole.held(numbers)
    whole.known(numbers)
    assert asked.count() == 0


def test_a_shock_that_moves_nobody_asks_about_nobody(asked: Asked, part: Part):
    whole = ScoredBook(asked, part.raw.copy(), part.ids)
    whole.raw[CONTRACT.rows["bill"]] = 0.0
    asked.count()
    whole.rows(numbers_of(stressed(balances=20)))
    assert asked.count() == 0


def test_a_bridge_drawn_again_asks_about_nobody(asked: Asked, book: Book):
    """Sixteen ways to shock a book of fifteen batches are remembered, as they are of one of two chunks."""
    picked = np.arange(0, len(book), 2)
    whole = ScoredBook(asked, np.ascontiguousarray(book.raw[:, picked]), book.ids[picked])
    stress = stressed(**SCENES[1])
    bridge(whole, stress, today=TODAY)
    assert asked.count() > whole.n
    bridge(whole, stress, today=TODAY, measure="margin")
    assert asked.count() == 0


def test_a_part_is_not_asked_about_again(asked: Asked, part: Part):
    whole = ScoredBook(asked, *part)
    asked.count()
    own = whole.part(np.array([5, 17, 4000]))
    assert asked.count() == 0
    assert own.margins.tobytes() == whole.margins[[5, 17, 4000]].tobytes()


def test_model_is_asked_in_batches(asked: Asked, part: Part):
    ScoredBook(asked, *part)
    assert sorted(asked.calls) == [321, BATCH, BATCH]


# ---- cancelled, and what there is not --------------------------------------------------------------------------------


def cancelling(after: int) -> Iterator[None]:
    for _ in range(after):
        yield
    raise Cancelled


def test_asking_about_the_book_can_be_cancelled(asked: Asked, book: Book, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parallel, "CORES", 1)
    steps = cancelling(2)
    with pytest.raises(Cancelled):
        ScoredBook.of(asked, book, lambda share: next(steps))
    assert asked.count() <= 4 * BATCH


@pytest.mark.parametrize("after", [0, 1, 2])
def test_scenario_that_was_cancelled_is_not_half_remembered(
    after: int, asked: Asked, scorer: TableScorer, part: Part, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(parallel, "CORES", 1)
    whole, numbers, steps = ScoredBook(asked, *part), numbers_of(stressed(**SCENES[1])), cancelling(after)
    with pytest.raises(Cancelled):
        whole.rows(numbers, lambda share: next(steps))
    assert numbers not in whole._latest
    known = ScoredBook(scorer, *part)
    assert same_rows(whole.rows(numbers), known.rows(numbers))
    assert same(astuple(whole.totals([numbers])[0]), astuple(known.totals([numbers])[0]))


def test_model_that_fails_midway_leaves_nothing_half_remembered(
    asked: Asked, scorer: TableScorer, part: Part, monkeypatch: pytest.MonkeyPatch
):
    whole, numbers = ScoredBook(asked, *part), numbers_of(stressed(**SCENES[1]))
    good, left = asked.margins, iter(range(2))

    def fails(raw: Array) -> Array:
        if next(left, None) is None:
            raise Cancelled
        return good(raw)

    monkeypatch.setattr(asked, "margins", fails)
    with pytest.raises(Cancelled):
        whole.rows(numbers)
    monkeypatch.setattr(asked, "margins", good)
    assert same_rows(whole.rows(numbers), ScoredBook(scorer, *part).rows(numbers))


def test_reactions_are_refused_in_a_sentence(pair: tuple[ScoredBook, ScoredBook]):
    with pytest.raises(NotTabular, match=r"^The model runs elsewhere and its tables are not known\. Look at single"):
        pair[1].reactions(numbers_of(stressed(balances=20)))


# ---- a sample --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(book: Book) -> Book:
    """A book too large to be asked about, resampled; its customers are no multiple of those asked about."""
    picked = np.random.default_rng(SEED).integers(0, len(book), SIZE)
    observed = {name: values[picked] for name, values in book.observed.items()}
    raw = np.ascontiguousarray(book.raw[:, picked])
    return Book(book.contract, raw, np.arange(1, SIZE + 1), book.target[picked], observed, book.sha256)


@pytest.fixture(scope="module")
def sampled(large: Book, scorer: TableScorer) -> tuple[Book, ScoredBook]:
    """Whom of it is asked about, and the book that they stand for."""
    live = Asked(scorer)
    own = askable(live, large)
    return own, ScoredBook.of(live, own, each=len(large) / len(own))


@pytest.fixture(scope="module")
def all_of_it(large: Book, scorer: TableScorer) -> ScoredBook:
    """The same book by the model's tables."""
    return ScoredBook.of(scorer, large)


def test_small_book_or_one_whose_tables_are_known_is_asked_about_in_full(
    book: Book, large: Book, scorer: TableScorer, asked: Asked
):
    assert askable(asked, book) is book
    assert askable(scorer, large) is large
    assert len(askable(asked, large)) == ASKED


def test_sample_stands_for_the_number_of_customers_of_the_book(sampled: tuple[Book, ScoredBook]):
    whole = sampled[1]
    numbers = numbers_of(stressed(**SCENES[1]))
    assert [each.customers for each in whole.totals([NOTHING, numbers])] == [SIZE, SIZE]
    assert whole.rows(numbers).totals(3.0).customers == SIZE
    assert same(astuple(whole.rows(numbers).totals(numbers.years)), astuple(whole.totals([numbers])[0]))
    assert same(whole.losses([numbers])[0], whole.totals([numbers])[0].loss)


@pytest.mark.parametrize("scene", SCENES[1:3], ids=lambda scene: ",".join(scene))
def test_segments_of_a_sample_sum_to_its_totals_and_their_customers_to_the_book(
    scene: dict[str, Value], sampled: tuple[Book, ScoredBook]
):
    whole, numbers = sampled[1], numbers_of(stressed(**scene))
    rows, years = (whole.rows(NOTHING), whole.rows(numbers)), (NOTHING.years, numbers.years)
    base, now = whole.totals([NOTHING, numbers])
    one, other = CONTRACT.segments[:2]
    parents = {cell.path[0]: cell for cell in cut(whole, *rows, years, one)}
    children = cut(whole, *rows, years, one, other)
    for cells in (list(parents.values()), children):
        assert same(astuple(summed([cell.now for cell in cells])), astuple(now))
        assert same(astuple(summed([cell.base for cell in cells])), astuple(base))
        assert sum(cell.now.customers for cell in cells) == SIZE
    for band, parent in parents.items():
        mine = summed([cell.now for cell in children if cell.path[0] == band])
        assert same(astuple(mine), astuple(parent.now))
        assert mine.customers == parent.now.customers


def summed(parts: Sequence[Totals]) -> Totals:
    found = parts[0]
    for each in parts[1:]:
        found = found + each
    return found


def test_bridge_of_a_sample_sums_from_the_book_to_the_scenario(sampled: tuple[Book, ScoredBook]):
    whole, stress = sampled[1], stressed(**SCENES[3])
    found = bridge(whole, stress, today=TODAY)
    assert same(found.base + sum(step.amount for step in found.steps), found.scenario)
    assert same((found.base, found.scenario), whole.losses([NOTHING, numbers_of(stress)]))


def test_held_and_known_of_a_sample_speak_of_the_book(
    sampled: tuple[Book, ScoredBook], narrow: TableScorer, large: Book
):
    whole = ScoredBook.of(Asked(narrow), sampled[0], each=sampled[1].each)
    all_of_it, numbers = ScoredBook.of(narrow, large), numbers_of(stressed(limits=50, balances=50))
    mine, full = whole.held(numbers), all_of_it.held(numbers)
    assert full.customers > 1000
    assert mine.customers == pytest.approx(full.customers, rel=0.1)
    assert mine.loss == pytest.approx(whole.losses([numbers])[0])
    assert mine.free - mine.loss == pytest.approx(full.free - full.loss, rel=0.25)
    assert whole.known(numbers).now == pytest.approx(all_of_it.known(numbers).now, abs=0.05)


def test_movers_of_a_sample_are_told_as_single_customers(sampled: tuple[Book, ScoredBook], all_of_it: ScoredBook):
    numbers = numbers_of(stressed(**SCENES[1]))
    whole = sampled[1]
    rows = all_of_it.rows(NOTHING), all_of_it.rows(numbers)
    for each in movers(whole, whole.rows(NOTHING), whole.rows(numbers)):
        k = each.customer - 1
        assert same((each.pd, each.ead, each.loss), (rows[1].pd[k], rows[1].ead[k], rows[1].loss[k]))
        assert same((each.pd_base, each.loss_base), (rows[0].pd[k], rows[0].loss[k]))


def test_concentration_of_a_sample_is_that_of_the_book(sampled: tuple[Book, ScoredBook], all_of_it: ScoredBook):
    found = []
    for whole in (sampled[1], all_of_it):
        rows = whole.rows(NOTHING)
        cells = cut(whole, rows, rows, (NOTHING.years,) * 2, CONTRACT.segments[0])
        found.append(concentration(cells, rows))
    mine, full = found
    assert mine.bands == pytest.approx(full.bands, rel=0.02)
    assert mine.customers == pytest.approx(full.customers, rel=0.05)
    assert np.isnan(mine.top_ten)
    assert full.top_ten > 0


def test_migration_of_a_sample_counts_the_customers_of_the_book(sampled: tuple[Book, ScoredBook]):
    whole = sampled[1]
    found = migration(
        whole.rows(NOTHING), whole.rows(numbers_of(stressed(**SCENES[1]))), score_scale(CONTRACT), CONTRACT.score.bands
    )
    assert found.sum() == SIZE
    assert (found >= 0).all()


def test_policy_of_a_sample_counts_the_customers_of_the_book(sampled: tuple[Book, ScoredBook]):
    own, whole = sampled
    points: Scale = score_scale(CONTRACT)
    scores, rows, edges = np.asarray(points.score(whole.margins)), whole.rows(NOTHING), CONTRACT.score.bands
    strategy = Strategy.of(scores, rows, own.target)
    lowest, nobody = strategy.at(strategy.cutoffs[0]), strategy.at(strategy.cutoffs[-1])
    assert (lowest.of, lowest.customers, lowest.approval) == (SIZE, SIZE, 1.0)
    assert (nobody.customers, nobody.bad, nobody.volume, nobody.profit) == (0, 0, 0, 0)
    totals = whole.totals([NOTHING])[0]
    assert same(
        (lowest.volume, lowest.loss, lowest.profit, lowest.bad),
        (rows.ead.sum(), totals.loss, totals.margin, totals.pd_sum),
    )
    assert lowest.observed == pytest.approx(own.target.mean() * SIZE)
    cells = swap(scores >= 520, scores >= 540, rows, own.target)
    assert sum(each.customers for each in cells) == SIZE
    assert same(sum(each.loss for each in cells), totals.loss)
    assert same(sum(each.bad for each in cells), totals.pd_sum)
    assert abs(cells[0].customers + cells[2].customers - strategy.at(520).customers) <= 1
    prices = priced(score_band(scores, edges), len(edges) + 1, rows, dict(NOTHING.assumptions))
    assert sum(each.customers for each in prices) == SIZE
    assert same(sum(each.loss for each in prices), totals.loss)
    assert same(sum(each.exposure for each in prices), totals.exposure)


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=30), st.floats(1, 50))
def test_what_counts_stand_for_adds_up_and_is_next_to_the_exact_number(counts: list[int], each: float):
    found = stands_for(np.array(counts), each)
    assert found.sum() == round(sum(counts) * each)
    assert (np.abs(found - np.array(counts) * each) <= 1).all()
    assert (stands_for(np.array(counts), 1.0) == counts).all()


# ---- drawn how, and how far off --------------------------------------------------------------------------------------


def strata(raw: Array) -> Array:
    values, n = CONTRACT.values(raw), raw.shape[1]
    one, other = (CONTRACT.bands(each, values, n).astype(np.int64) for each in CONTRACT.segments[:2])
    return one * 100 + other


def test_stratified_draws_in_proportion_from_every_stratum():
    size = 7001
    chosen = stratified(CONTRACT, BOOK.raw, size)
    own = strata(BOOK.raw)
    for band in np.unique(own):
        assert abs((own[chosen] == band).sum() - (own == band).sum() * size / len(BOOK)) <= 1


def test_stratified_draws_in_proportion_by_exposure_within_a_stratum():
    chosen, own = stratified(CONTRACT, BOOK.raw, 6000), strata(BOOK.raw)
    largest = np.bincount(np.unique(own, return_inverse=True)[1]).argmax()
    mine = own == np.unique(own)[largest]
    ead = CONTRACT.exposures(BOOK.raw, {"ccf": 0.5}).ead
    above = ead > np.median(ead[mine])
    assert abs((mine & above)[chosen].sum() - (mine & above).sum() * 6000 / len(BOOK)) <= 1


@given(part=sub_books(least=2, most=400), share=st.floats(0.01, 1))
def test_stratified_is_the_same_each_time_and_takes_nobody_twice(part: Part, share: float):
    size = max(1, int(share * len(part.ids)))
    chosen = stratified(CONTRACT, part.raw, size)
    assert len(np.unique(chosen)) == len(chosen) == size
    assert (chosen >= 0).all()
    assert (chosen < len(part.ids)).all()
    assert (stratified(CONTRACT, part.raw.copy(), size) == chosen).all()


def test_stratified_of_everybody_is_everybody():
    assert (np.sort(stratified(CONTRACT, BOOK.raw[:, :999], 999)) == np.arange(999)).all()


@pytest.mark.parametrize("each", [3, 6, 20])
def test_margin_of_error_covers_the_true_sum_of_an_ordered_population(each: int):
    """Losses that rise with what they are ordered by, spread at random: every shift of many populations."""
    inside, tried, halves, misses = 0, 0, [], []
    for seed in range(25):
        rng, n = np.random.default_rng(seed), 12_000
        values = np.sort(rng.lognormal(0, 1, n)) * rng.beta(2, 6, n)
        for shift in range(each):
            drawn = values[shift::each]
            half = margin_of_error(drawn, each)
            miss = each * drawn.sum() - values.sum()
            inside, tried = inside + (abs(miss) <= half), tried + 1
            halves.append(half)
            misses.append(miss)
    assert inside / tried >= 0.9
    assert np.mean(halves) < 1.3 * 1.96 * np.std(misses)  # and is not wider than it need be


def test_margin_of_error_of_a_full_book_is_nothing():
    assert margin_of_error(np.array([1.0, 5.0, 2.0]), 1.0) == 0.0
    assert margin_of_error(np.array([4.0]), 7.0) == 0.0


def test_margin_of_error_of_equal_values_is_nothing_and_grows_in_proportion():
    assert margin_of_error(np.full(50, 3.0), 4.0) == 0.0
    values = np.random.default_rng(1).gamma(2, 1, 500)
    assert margin_of_error(1000 * values, 4.0) == pytest.approx(1000 * margin_of_error(values, 4.0))


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: ",".join(scene) or "nothing")
def test_loss_of_a_sample_lies_within_its_interval_of_the_whole_book(
    scene: dict[str, Value], sampled: tuple[Book, ScoredBook], all_of_it: ScoredBook
):
    whole, numbers = sampled[1], numbers_of(stressed(**scene))
    half = margin_of_error(whole.rows(numbers).loss / whole.each, whole.each)
    true = all_of_it.losses([numbers])[0]
    assert 0 < half < 0.02 * true
    assert abs(whole.losses([numbers])[0] - true) <= half


def test_sample_as_askable_draws_it_covers_the_whole_book(all_of_it: ScoredBook, large: Book):
    """Forty books by shuffling the large one: where each record stands among equals changes, and so does the sample."""
    numbers, inside = numbers_of(stressed(**SCENES[3])), 0
    losses = all_of_it.rows(numbers).loss
    for seed in range(40):
        order = np.random.default_rng(seed).permutation(SIZE)[:60_000]
        chosen = order[stratified(CONTRACT, large.raw[:, order], 4000)]
        half = margin_of_error(losses[chosen], 15.0)
        inside += bool(abs(15.0 * losses[chosen].sum() - losses[order].sum()) <= half)
    assert inside >= 36
