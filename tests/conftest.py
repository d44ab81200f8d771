"""What the tests share: one release, trained once a session whatever the number of workers."""

import os

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or every process that a test starts compiles each source anew
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: two workers do not fight; who wants to try two, may

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import skops.io

from data import books
from data.books import Book
from data.contract import Contract
from model.engine.scorer import TableScorer
from model.release.build import TRUSTED
from model.release.release import Release
from model.release.store import Store
from model.whatif.book.scored import ScoredBook
from tests.support import large_book
from tests.support.kept import KeptReleases, promoted_anyway

if TYPE_CHECKING:
    from tests.support.kafka import KafkaNode, QuickBroker

WORKERS = 2  # of a run over several files; one file's tests share what its fixtures make, so it gets no worker at all
MARKS = pytest.StashKey[set[tuple[Path, str]]]()
GARBAGE = 20_000  # objects made until the young are looked through, where Python itself does it after 700

hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, database=None, print_blob=False)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2000, database=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """How many processes ``-n auto`` means here: none beside this one for the tests of a single file."""
    files = {file for place in config.args for file in _test_files(config.invocation_params.dir / place.split("::")[0])}
    return WORKERS if len(files) > 1 else 0


def _test_files(place: Path) -> list[Path]:
    return list(place.rglob("test_*.py")) if place.is_dir() else [place]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Reads the tests without looking for garbage, and looks no longer through what stays of that: a tenth of all."""
    gc.disable()
    yield
    gc.freeze()
    gc.set_threshold(GARBAGE)
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Notes which files hold tests of which marks, before any of them is left out."""
    config.stash[MARKS] = {(item.path, mark.name) for item in items for mark in item.iter_markers()}


@pytest.fixture(scope="session")
def kept(pytestconfig: pytest.Config) -> KeptReleases:
    """What earlier runs of the tests have trained."""
    assert pytestconfig.cache is not None
    return KeptReleases(pytestconfig.cache.mkdir("trained_homes"))


@pytest.fixture(scope="session")
def home(kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with a trained, promoted release of the cards. Read only: a test that writes takes `own_home`."""
    place = tmp_path_factory.mktemp("home")
    kept.champion(place, "cards")
    return place


@pytest.fixture(scope="session")
def release(home: Path) -> Release:
    """The shared champion."""
    return Store(home, "cards").load()


@pytest.fixture(scope="session")
def large_home(kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a book in many files, of which a sample is held, and a release of it. Read only, under `held_few`."""
    place = tmp_path_factory.mktemp("large_home")
    large_book.lay_down(place)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("WHATIF_BOOK_ROWS", str(large_book.HELD))
        kept.champion(place, large_book.NAME, promoted_anyway)
    return place


@pytest.fixture
def held_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the book in `large_home` a sample is held."""
    monkeypatch.setenv("WHATIF_BOOK_ROWS", str(large_book.HELD))


@pytest.fixture(scope="session")
def kafka_node() -> Iterator["KafkaNode"]:
    """A node of Apache Kafka, for tests marked ``kafka``: each makes topics of its own, and who stops it starts it."""
    from tests.support import kafka

    with kafka.kafka_node() as node:
        yield node


@pytest.fixture(scope="module")
def quick_broker() -> Iterator["QuickBroker"]:
    """The broker inside librdkafka, one for each file of tests, as one left alone for minutes has been found not to
    answer any more. Each test makes topics of its own."""
    from tests.support import kafka

    with kafka.quick_broker() as broker:
        yield broker


@pytest.fixture(scope="session")
def scorer(release: Release) -> TableScorer:
    """The deployed model."""
    return release.scorer


@pytest.fixture(scope="session")
def fitted(release: Release) -> Any:
    """The scikit-learn model the release was made from."""
    return skops.io.loads((release.path / "model.skops").read_bytes(), trusted=list(TRUSTED))


@pytest.fixture(scope="session")
def book() -> Book:
    """The cards."""
    return books.read_book("cards")


@pytest.fixture(scope="session")
def contract(book: Book) -> Contract:
    """The contract of the cards."""
    return book.contract


@pytest.fixture(scope="session")
def whole(scorer: TableScorer, book: Book) -> ScoredBook:
    """The book under the deployed model; nothing changes it."""
    return ScoredBook.of(scorer, book)


@pytest.fixture
def own_home(home: Path, tmp_path: Path) -> Path:
    """A copy of the home folder that a test may change; without what the pages of other tests recorded in it."""
    return shutil.copytree(home, tmp_path / "home", ignore=shutil.ignore_patterns("record.sqlite*"))
