from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data import books
from data.books import Book
from model.release.release import Release
from model.scoring.job import sizes
from model.scoring.job.job import Finished, run_job
from model.scoring.job.scorer import JobScorer
from model.scoring.job.terms import JobTerms
from model.whatif.book.scored import ScoredBook
from tests.data.files.reading import in_this_process as in_this_process

ROWS = 1_500

Job = Callable[..., Finished]


@pytest.fixture(scope="session")
def scored_book(release: Release, book: Book) -> ScoredBook:
    """The cards as the model sees them."""
    return ScoredBook.of(release.scorer, book)


@pytest.fixture(scope="session")
def records() -> pd.DataFrame:
    """The first customers, as their book's file has them."""
    return pd.read_parquet(books.SHIPPED / "cards" / "cards.parquet").head(ROWS)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few hundred rows, parts of a few blocks: what takes a million rows elsewhere."""
    monkeypatch.setattr(sizes, "BLOCK", 200)
    monkeypatch.setattr(sizes, "PART_BLOCKS", 3)


@pytest.fixture
def job(release: Release, scored_book: ScoredBook, small: None) -> Job:
    """Runs a job in small blocks."""

    def run(path: Path, out: Path, **terms: Any) -> Finished:
        follow = {"follow": terms.pop("follow")} if "follow" in terms else {}
        return run_job(path, out, JobScorer(release, JobTerms(**terms), scored_book.annual), **follow)

    return run
