"""A release of a book of which a sample is held: fitted to it, tested on it, and of no other."""

from pathlib import Path

import numpy as np
import pytest

from data import books
from model.deployed.desk import DeployedModels
from model.errors import Mismatch
from model.monitoring.discrimination import auc
from model.release.installed import installed_book, installed_sha256
from model.release.store import Store
from model.report.release.card_of_store import release_card
from model.report.trust.words import made_words
from model.settings import Settings
from model.whatif.book.scored import ScoredBook
from tests.support.large_book import HELD, LOANS, NAME

pytestmark = pytest.mark.usefixtures("held_few")


def test_release_is_fitted_to_the_sample_and_says_so(large_home: Path):
    release, book = Store(large_home, NAME).load(), installed_book(NAME, large_home)
    assert (release.manifest["rows"], release.manifest["sample_of"]) == (HELD, LOANS)
    assert release.manifest["data_sha256"] == book.sha256 == installed_sha256(NAME, large_home)
    card = release_card(Store(large_home, NAME), release, home=large_home)
    data = next(each for each in card.sections if each.title == "Data").tables[0].rows
    assert ("Records in the book", "60,000") in data
    assert ("Records held of it", "6,000, a stratified sample; fitted and tested on these") in data
    model = DeployedModels(lambda: Settings(home=large_home, book_rows=HELD)).model(NAME)
    assert model is not None
    assert "from a stratified sample of the book's 60,000, 6,000 loans of" in made_words(release, model.deployed)


def test_model_of_the_sample_ranks_the_whole_book_as_it_ranks_the_sample(large_home: Path):
    release, whole = Store(large_home, NAME).load(), books.read_book(NAME, large_home, LOANS)
    book = installed_book(NAME, large_home)
    ranks = [auc(each.target, ScoredBook.of(release.scorer, each).margins) for each in (whole, book)]
    assert np.ptp(ranks) < 0.02


def test_release_of_a_sample_is_not_taken_for_one_of_another(large_home: Path):
    for rows in (HELD // 2, LOANS):
        models = DeployedModels(lambda rows=rows: Settings(home=large_home, book_rows=rows))
        with pytest.raises(Mismatch, match="fitted to a sample: WHATIF_BOOK_ROWS says of how many"):
            models.model(NAME)
