"""How a model held in later years, and what another window or intercept would have made of them."""

import numpy as np
import pytest

from data import books
from data.books import Book
from model.monitoring.discrimination import auc
from model.release.release import Release
from model.validation.backtests import realised_losses, recalibrate, release_pair
from model.validation.validation import Validation
from tests.support import guaranteed, loans, proofs
from tests.support.kept import KeptReleases


@pytest.fixture(scope="module")
def two(kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, Release, Book]:
    """Trained to 2004 and to 2005, in which more had defaulted."""
    home = tmp_path_factory.mktemp("loans")
    store = proofs.lay_down(home)
    champion = kept.champion(home, loans.NAME, proofs.two)
    (other,) = (store.load(each) for each in store.ids() if each != champion.id)
    return champion, other, books.read_book(loans.NAME, home)


@pytest.fixture(scope="module")
def proof(two: tuple[Release, Release, Book]) -> Validation:
    return Validation.of(two[0], two[2])


def test_two_releases_are_paired_on_what_neither_had_seen(
    two: tuple[Release, Release, Book], proof: Validation
) -> None:
    first, second, book = two
    found = release_pair(proof, Validation.of(second, book))
    assert [each.vintage for each in found.rows] == [str(year) for year in range(2001, 2007)]
    assert (found.n, found.since) == ((book.vintages == 2006).sum(), 2006)
    assert found.observed == pytest.approx(book.target[book.vintages == 2006].mean())
    late = book.raw[:, book.vintages == 2006]
    margins = [each.scorer.margins(np.ascontiguousarray(late)) for each in (second, first)]
    areas = [auc(book.target[book.vintages == 2006], each) for each in margins]
    assert found.auc.value == pytest.approx(areas[0] - areas[1], abs=1e-12)
    assert abs(found.challenger - found.observed) < abs(found.champion - found.observed)


def test_a_release_beside_itself_differs_in_nothing(proof: Validation) -> None:
    found = release_pair(proof, proof)
    assert found.auc.value == 0
    assert found.champion == found.challenger
    assert all(each.champion == each.challenger for each in found.rows)


def test_shift_to_a_year_brings_it_there_and_is_told_of_later_years_only(proof: Validation) -> None:
    found = recalibrate(proof, 2005)
    assert found.shift > 0
    assert found.factor == pytest.approx(np.exp(found.shift))
    (row,) = found.later
    assert row.vintage == 2006
    assert row.before < row.after
    assert abs(row.after - row.observed.value) < abs(row.before - row.observed.value)
    before, after = found.missed
    assert before == pytest.approx(abs(row.before - row.observed.value))
    assert after == pytest.approx(abs(row.after - row.observed.value))


def test_shift_multiplies_the_odds_of_every_record(proof: Validation) -> None:
    found = recalibrate(proof, 2005)
    pd = proof.pd[proof.vintage == 2006]
    odds = pd / (1 - pd) * found.factor
    assert found.later[0].after == pytest.approx((odds / (1 + odds)).mean(), abs=1e-9)


def test_last_year_leaves_nothing_to_hold_the_shift_against(proof: Validation) -> None:
    found = recalibrate(proof, 2006)
    assert found.later == ()
    assert np.isnan(found.missed).all()


def test_realised_losses_by_vintage_sum_to_those_of_the_book() -> None:
    book = guaranteed.book()
    found = realised_losses(book)
    assert found is not None
    rows, whole = found
    bad = book.target == 1
    loss, ead = book.realised_loss[bad].sum(), book.contract.exposures(book.raw, {}).ead[bad].sum()
    assert whole.gross.value == pytest.approx(loss / ead)
    assert sum(each.n for _, each in rows) == whole.n == bad.sum()
    assert sum(each.loss for _, each in rows) == pytest.approx(loss)
    assert all(each.own_loss <= each.loss for _, each in rows)


def test_a_book_without_losses_or_vintages_has_none_realised(book: Book) -> None:
    assert realised_losses(book) is None
