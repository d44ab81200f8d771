"""Applications and what became of them: joined by their numbers, whatever came first, twice or otherwise."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sql
from hypothesis import given, settings
from hypothesis import strategies as st

from data.books import Book
from data.errors import BadInput
from model.engine.tables import probability
from model.record.database import engine
from model.release.store import Store
from model.scoring.stream.decider import DecidedBatch, Decider
from model.scoring.stream.messages import ObservedOutcome
from model.scoring.stream.outcomes import (
    OutcomeCounts,
    OutcomeStore,
    joined_rows,
    latest_outcomes,
    outcome_counts,
    outcomes_since,
)
from model.settings import Settings
from tests.support import postgres
from tests.support.forging import shifted
from tests.support.streamed import NOON, applications, sent, some_of

NUMBERS = count()
ROWS = 40


@pytest.fixture(scope="module")
def batch(home: Path, book: Book) -> DecidedBatch:
    """Forty applications as they were decided, a millisecond apart."""
    raw = np.ascontiguousarray(book.raw[:, :ROWS])
    messages = sent(applications(book.contract, raw, range(ROWS)))
    (found,) = Decider(Store(home, "cards")).decide(messages, NOON + 100).batches
    return found


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sql.Engine]:
    made = engine(Settings(home=tmp_path_factory.mktemp("outcomes")))
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def server() -> Iterator[sql.Engine]:
    with postgres.server() as started:
        made = engine(Settings(store_url=started.url()))
        yield made
        made.dispose()


def stores(database: sql.Engine, home: Path, n: int = 1, keep: int = 1000) -> list[OutcomeStore]:
    """So many processes' stores of one book of its own."""
    name = f"book_{next(NUMBERS)}"
    return [OutcomeStore(database, Store(home, name), keep) for _ in range(n)]


def told(identifier: object, outcome: int, at: int) -> ObservedOutcome:
    return ObservedOutcome(str(identifier), outcome, NOON + at)


@dataclass(frozen=True)
class Came:
    """What came to one of two processes: applications by their numbers, or outcomes."""

    process: int
    places: tuple[int, ...] = ()
    outcomes: tuple[ObservedOutcome, ...] = ()


outcome_lists = st.lists(st.builds(told, st.integers(0, 12), st.integers(0, 1), st.integers(-3, 3)), max_size=6)
arrivals = st.lists(
    st.one_of(
        st.builds(Came, st.integers(0, 1), st.lists(st.integers(0, 11), min_size=1, max_size=6).map(tuple)),
        st.builds(Came, st.integers(0, 1), outcomes=outcome_lists.filter(bool).map(tuple)),
    ),
    max_size=8,
)


@dataclass(frozen=True)
class Joined:
    """What is known of a book's applications: moments and outcomes by moment, PDs sorted, and how many there are."""

    outcomes: list[tuple[int, float]]
    pds: list[float]
    counts: OutcomeCounts
    since: int


def joined(database: sql.Engine, home: Path, batch: DecidedBatch, came: list[Came]) -> Joined:
    """What two processes' stores know after all that came to them."""
    both = stores(database, home, 2)
    for each in came:
        if each.places:
            both[each.process].decided(some_of(batch, each.places))
        else:
            both[each.process].outcomes(each.outcomes)
    for store in both:
        store.close()
    name = both[0].store.book
    rows = joined_rows(database, name, 1000)
    assert rows.at.tolist() == sorted(rows.at.tolist())
    found = sorted(zip(rows.at.tolist(), rows.outcome.tolist(), strict=True))
    since = outcomes_since(database, name, NOON, 99)
    return Joined(found, sorted(rows.pd.tolist()), outcome_counts(database, name), since)


def reckoned(batch: DecidedBatch, came: list[Came]) -> Joined:
    """The same, plainly: of each application the latest outcome, of two at one moment the bad one."""
    applied = {str(k) for each in came for k in each.places}
    messages = {(each.id, each.at, each.outcome) for part in came for each in part.outcomes}
    latest: dict[str, tuple[int, int]] = {}
    for name, at, outcome in messages:
        latest[name] = max(latest.get(name, (at, outcome)), (at, outcome))
    known = {name: found for name, found in latest.items() if name in applied}
    times = [[each for each in messages if each[0] == name] for name in latest]
    counts = OutcomeCounts(
        applications=len(applied),
        matched=len(known),
        unmatched=len(latest) - len(known),
        repeated=sum(len(each) > 1 for each in times),
        contradicted=sum(len({outcome for _, _, outcome in each}) > 1 for each in times),
    )
    pds = sorted(float(batch.pd[int(name)]) for name in known)
    since = sum(at > NOON for at, _ in known.values())
    return Joined(sorted((at, float(outcome)) for at, outcome in known.values()), pds, counts, since)


@settings(max_examples=25)
@given(came=arrivals, again=st.booleans())
def test_whatever_comes_first_or_twice_or_otherwise_is_joined_alike(
    database: sql.Engine, home: Path, batch: DecidedBatch, came: list[Came], again: bool
):
    assert joined(database, home, batch, came * (1 + again)) == reckoned(batch, came)


@pytest.mark.postgres
@settings(max_examples=25)
@given(came=arrivals, again=st.booleans())
def test_postgresql_joins_alike(server: sql.Engine, home: Path, batch: DecidedBatch, came: list[Came], again: bool):
    assert joined(server, home, batch, came * (1 + again)) == reckoned(batch, came)


def test_a_later_application_of_a_number_takes_its_place_an_earlier_one_does_not(
    database: sql.Engine, home: Path, batch: DecidedBatch
):
    (store,) = stores(database, home)
    first, second = (some_of(batch, [k], ids=("A",)) for k in (3, 4))
    for each in (second, first, second):
        store.decided(each)
    store.decided(some_of(batch, [5, 2], ids=("B", "B")))
    store.outcomes([told("A", 1, 9), told("B", 0, 9)])
    assert set(joined_rows(database, store.store.book, 9).pd.tolist()) == {batch.pd[4], batch.pd[5]}
    store.close()


def test_a_window_is_the_latest_records_by_when_their_outcomes_came(
    database: sql.Engine, home: Path, batch: DecidedBatch, book: Book
):
    store = OutcomeStore(database, Store(home, "cards"), 1000)
    store.decided(batch)
    order = np.random.default_rng(0).permutation(ROWS)
    store.outcomes([told(k, int(book.target[k]), 1000 + at) for at, k in enumerate(order.tolist())])
    store.close()
    found = latest_outcomes(database, book.contract, 15)
    assert np.array_equal(found.raw, book.raw[:, order[-15:]])
    assert np.array_equal(found.target, book.target[order[-15:]])
    assert found.at.tolist() == [NOON + 1000 + k for k in range(ROWS - 15, ROWS)]
    with pytest.raises(BadInput, match="40 outcomes are known; a window of 41 was asked for"):
        latest_outcomes(database, book.contract, 41)


def test_nothing_is_known_before_anything_came(tmp_path: Path, book: Book):
    made = engine(Settings(home=tmp_path))
    assert len(joined_rows(made, "cards", 10)) == outcomes_since(made, "cards", 0, 99) == 0
    assert outcome_counts(made, "cards") == OutcomeCounts(0, 0, unmatched=0, repeated=0, contradicted=0)
    with pytest.raises(BadInput, match="0 outcomes are known"):
        latest_outcomes(made, book.contract, 1)
    made.dispose()


def test_what_the_challenger_of_the_moment_says_is_kept_beside(tmp_path: Path, own_home: Path, batch: DecidedBatch):
    made, store = engine(Settings(home=tmp_path)), Store(own_home, "cards")
    own = OutcomeStore(made, store, 1000)
    own.decided(some_of(batch, range(10)))
    other = shifted(store, 0.5)
    store.promote(other, "challenger", override="for tests")
    own.decided(some_of(batch, range(10, 20)))
    own.outcomes([told(k, 0, k) for k in range(20)])
    own.close()
    rows = joined_rows(made, "cards", 20)
    assert rows.challenger == ("",) * 10 + (other,) * 10
    assert np.isnan(rows.challenger_pd[:10]).all()
    assert np.allclose(rows.challenger_pd[10:], probability(batch.margins[10:20] + 0.5), atol=1e-12)
    assert set(rows.release) == {store.resolve("champion")}
    made.dispose()


def test_a_challenger_that_cannot_be_read_is_told_and_stops_nothing(
    tmp_path: Path, own_home: Path, batch: DecidedBatch
):
    made, store = engine(Settings(home=tmp_path)), Store(own_home, "cards")
    own, other = OutcomeStore(made, store, 1000), shifted(store, 0.5)
    store.promote(other, "challenger", override="for tests")
    path = store.root / other / "tables.npz"
    path.chmod(0o644)
    path.write_bytes(b"altered")
    own.decided(batch)
    own.outcomes([told(0, 0, 1)])
    own.close()
    assert "altered" in own.trouble
    assert joined_rows(made, "cards", 1).challenger == ("",)
    made.dispose()


def test_the_oldest_go_with_their_outcomes_when_there_are_too_many(
    database: sql.Engine, home: Path, batch: DecidedBatch
):
    (store,) = stores(database, home, keep=25)
    store.decided(batch)
    store.outcomes([told(k, k % 2, 1000 + k) for k in range(ROWS)] + [told("never seen", 0, 3)])
    assert store.clear() == ROWS - 25
    assert store.clear() == 0
    name = store.store.book
    assert joined_rows(database, name, 100).at.tolist() == [NOON + 1000 + k for k in range(ROWS - 25, ROWS)]
    assert outcome_counts(database, name) == OutcomeCounts(25, 25, unmatched=0, repeated=0, contradicted=0)
    store.outcomes([told(f"stranger {k}", 0, 5000 + k) for k in range(60)])
    store.clear()
    assert outcome_counts(database, name).unmatched == 50
    store.close()


def test_a_thousand_applications_are_kept_in_a_third_of_a_second(database: sql.Engine, home: Path, batch: DecidedBatch):
    (store,) = stores(database, home)
    places = np.arange(1000) % ROWS
    many = some_of(batch, places.tolist(), ids=tuple(f"B-{k}" for k in range(1000)))
    start = time.thread_time()
    store.decided(many)
    assert time.thread_time() - start < 1 / 3
    store.close()
