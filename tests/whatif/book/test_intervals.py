"""What a sample says of a book, and how far it may be off: held against the book itself, many samples over."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.books import Book
from data.contract import Measure
from data.large import LargeBook
from data.sampling import StratifiedStream
from model.engine.scorer import TableScorer
from model.whatif.book.intervals import margins_of_error
from model.whatif.book.result import BookResult
from model.whatif.book.scored import ScoredBook
from model.whatif.book.totals import Rows
from tests.support.records import TODAY, stressed

SIZE, SEEDS = 2_000, 80
STRESS = {"balances": 15, "unemployment": 2}


def samples(book: Book) -> Iterator[Book]:
    """Samples of the cards, each drawn by another seed."""
    strata = LargeBook(book.contract, Path(), ()).strata(book.raw, book.target)
    for seed in range(SEEDS):
        stream = StratifiedStream(SIZE, int(strata.max()) + 1, f"seed {seed}")
        stream.add(book.ids, strata, np.arange(len(book), dtype=np.float64)[None])
        yield replace(book.part(stream.drawn().values[0].astype(np.intp)), each=len(book) / SIZE)


@pytest.fixture(scope="module")
def exact(whole: ScoredBook) -> BookResult:
    return BookResult.of(whole, stressed(**STRESS), TODAY)


@pytest.fixture(scope="module")
def estimates(scorer: TableScorer, book: Book) -> list[BookResult]:
    return [BookResult.of(ScoredBook.of(scorer, each), stressed(**STRESS), TODAY) for each in samples(book)]


def covered(exact: BookResult, estimates: list[BookResult]) -> dict[Measure, float]:
    """In which share of the samples the interval of each measure holds what the book has."""
    found = defaultdict[Measure, list[bool]](list)
    for own in estimates:
        for name, error in own.errors.items():
            found[name].append(abs(own.now.measure(name) - exact.now.measure(name)) <= error)
    assert all(len(each) == len(estimates) for each in found.values())
    return {name: float(np.mean(each)) for name, each in found.items()}


def test_interval_holds_the_whole_book_in_19_of_20_samples(exact: BookResult, estimates: list[BookResult]):
    found = covered(exact, estimates)
    assert set(found) >= {"exposure", "pd", "loss", "capital", "margin", "return_on_capital", "loss_bps"}
    assert min(found.values()) >= 0.87  # of 80 samples, 3 standard errors below 0.95


def test_interval_is_no_wider_than_the_samples_lie_apart(exact: BookResult, estimates: list[BookResult]):
    for name in ("loss", "pd", "exposure"):
        apart = 1.96 * np.std([own.now.measure(name) for own in estimates], ddof=1)
        assert np.mean([own.errors[name] for own in estimates]) < 1.5 * apart


def test_sample_is_right_on_average(exact: BookResult, estimates: list[BookResult]):
    for name in ("loss", "pd", "exposure", "margin"):
        off = [own.now.measure(name) - exact.now.measure(name) for own in estimates]
        assert abs(np.mean(off)) < 3.5 * np.std(off, ddof=1) / np.sqrt(len(off))


def test_interval_of_a_band_holds_the_band(exact: BookResult, estimates: list[BookResult]):
    band = f"{exact.contract.segments[-1].name}:1"  # of a segment that the strata do not know
    found = covered(exact.within(band), [own.within(band) for own in estimates])
    assert min(found[name] for name in ("loss", "pd", "exposure")) >= 0.87


def test_nothing_is_open_where_everybody_was_asked(exact: BookResult):
    assert exact.errors == {}
    assert exact.within(f"{exact.contract.segments[0].name}:1").errors == {}


def test_ratio_of_a_book_of_equals_has_no_interval():
    n, one = 50, np.ones(50)
    rows = Rows(0.1 * one, one, loss=0.04 * one, net_loss=one, capital=one, margin=one, balance=one, each=3.0)
    found = margins_of_error(rows, rows.totals(1.0))
    assert n * rows.each == rows.totals(1.0).customers
    assert max(found[name] for name in ("exposure", "pd", "loss", "return_on_capital")) == pytest.approx(0, abs=1e-12)
