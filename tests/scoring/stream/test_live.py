"""What a stream does, kept for whoever looks: exact sums, whoever wrote them and whatever became of the writer."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from data.books import Book
from model.monitoring.drift import drift
from model.monitoring.stream import HOUR, StreamLive
from model.record import database
from model.release.release import Release
from model.release.store import Store
from model.scoring.stream import live
from model.scoring.stream.decider import Decided, Decider
from model.scoring.stream.live import KEPT_MS, LATEST, LISTED, MINUTE_MS, LiveWriter
from model.scoring.stream.live_store import find_decision, read_live
from model.scoring.stream.loop import StreamState
from model.settings import Settings
from tests.support import postgres
from tests.support.streamed import NOON, applications, message

ROWS = 300
Decide = Callable[..., Decided]


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.server() as started:
        yield started


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database."""
    url = request.getfixturevalue("server").url() if request.param == "postgres" else None
    made = database.engine(Settings(home=tmp_path, store_url=url))
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def decider(home: Path) -> Decider:
    return Decider(Store(home, "cards"))


@pytest.fixture
def decide(decider: Decider, book: Book) -> Decide:
    """Decides records of the book from one position to another, as sent at noon and decided 20 ms later."""

    def decided(low: int = 0, high: int = ROWS, name: str = "A", at: int = NOON) -> Decided:
        said = applications(book.contract, book.raw[:, low:high], [f"{name}-{k}" for k in range(low, high)])
        return decider.decide([message(each, at, k) for k, each in enumerate(said)], at + 20)

    return decided


def fed(engine: Engine, *parts: Decided, at: int = NOON, close: bool = True) -> LiveWriter:
    """A writer that was told of what was decided, and has written it."""
    writer = LiveWriter(engine, "cards", lambda: at / 1000)
    for part in parts:
        for batch in part.batches:
            writer.decided(batch)
        writer.refused(part.refused)
    writer.second(StreamState(lag=7, rate=12.5, errors=1, process="first", release="r"))
    if close:
        writer.close()
        assert writer.trouble == ""
    return writer


def looked(engine: Engine, at: int = NOON) -> StreamLive:
    return read_live(engine, "cards", datetime.fromtimestamp(at / 1000, UTC))


def test_nothing_is_known_of_a_stream_that_never_ran(engine: Engine):
    found = looked(engine)
    assert (found.hour.decided, found.processes, found.decisions) == (0, (), ())
    assert len(found.minutes) == HOUR
    assert find_decision(engine, "cards", "A-1") is None


def test_sums_are_those_of_what_was_decided(engine: Engine, decide: Decide, release: Release):
    decided = decide()
    (batch,) = decided.batches
    fed(engine, decided)
    found = looked(engine)
    hour = found.hour
    assert (hour.decided, hour.granted, hour.outside) == (ROWS, int(batch.granted.sum()), int(batch.outside.sum()))
    lent = batch.granted
    assert hour.mean_pd == pytest.approx(batch.pd.mean())
    assert (hour.loss, hour.exposure) == pytest.approx((batch.loss[lent].sum(), batch.exposure[lent].sum()))
    assert found.minutes[-1].decided == ROWS
    assert 20 <= found.latency(0.5) < 23
    expected = drift(release.snapshot, batch.inputs, batch.pd)
    assert [each.psi for each in found.drifts(release.id, release.snapshot)] == pytest.approx(
        [each.psi for each in expected]
    )
    (process,) = found.processes
    assert (process.name, process.lag, process.rate, process.errors) == ("first", 7, 12.5, 1)
    assert process.ended is not None
    assert not found.alive


def test_two_processes_add_up_and_another_book_does_not(engine: Engine, decide: Decide, release: Release):
    one, other = decide(0, 100), decide(100, 250, at=NOON - MINUTE_MS)
    fed(engine, one)
    fed(engine, other, at=NOON - MINUTE_MS)
    fed(engine, one)
    writer = LiveWriter(engine, "another", lambda: NOON / 1000)
    writer.decided(one.batches[0])
    writer.close()
    found = looked(engine)
    assert found.hour.decided == 350
    assert [each.decided for each in found.minutes[-2:]] == [150, 200]
    assert sum(each.sum() for each in found.bins[release.id][:1]) == 350
    assert len(found.processes) == 3


def test_a_minute_grows_as_it_is_written_again_and_again(
    engine: Engine, decide: Decide, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live, "PAUSE", 0.01)
    writer = fed(engine, decide(0, 50), close=False)
    await_sum(engine, 50)
    writer.decided(decide(50, 120).batches[0])
    await_sum(engine, 120)
    assert looked(engine).alive
    writer.close()
    assert looked(engine).hour.decided == 120


def await_sum(engine: Engine, count: int) -> None:
    end = time.monotonic() + 10
    while looked(engine).hour.decided != count:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_refusals_are_told_by_what_they_are_about_with_a_reason(engine: Engine, decider: Decider, book: Book):
    good = applications(book.contract, book.raw[:, :1], ["A-1"])[0]
    bad = [{**good, "limit": 5e9}, {**good, "limit": None}, b"{", {**good, "limit": 7e9}]
    fed(engine, decider.decide([message(each, NOON, k) for k, each in enumerate(bad)], NOON))
    found = looked(engine)
    assert found.hour.refused == 4
    first, second = found.refusals
    assert (first.about, first.count) == ("Credit limit", 3)
    assert "7,000,000,000" in first.reason
    assert (second.about, second.count) == ("", 1)


def test_a_decision_is_found_with_its_record_and_its_reasons(engine: Engine, decide: Decide, book: Book):
    decided = decide(0, 3)
    (batch,) = decided.batches
    fed(engine, decided)
    found = find_decision(engine, "cards", "A-1")
    assert found is not None
    assert found.record == tuple(book.raw[:, 1].tolist())
    assert (found.pd, found.score, found.granted) == (batch.pd[1], batch.score[1], batch.granted[1])
    assert found.average + sum(dict(found.reasons).values()) == pytest.approx(batch.exact[1])
    assert [each.id for each in looked(engine).decisions] == ["A-2", "A-1", "A-0"]
    assert find_decision(engine, "another", "A-1") is None


def test_of_many_a_second_the_latest_few_are_kept_to_be_looked_at(engine: Engine, decide: Decide):
    fed(engine, decide(0, 200), decide(200, 202))
    kept = looked(engine).decisions
    assert [each.id for each in kept] == ["A-201", "A-200", "A-199", "A-198"]
    assert len(kept) == LISTED


def test_what_nobody_looks_at_any_more_is_let_go_of(engine: Engine, decide: Decide):
    for k in range(LATEST // LISTED + 5):
        fed(engine, decide(4 * k, 4 * k + 4, at=NOON))
    late = NOON + KEPT_MS + MINUTE_MS
    fed(engine, decide(0, 1, name="B", at=late), at=late)
    assert find_decision(engine, "cards", "A-0") is None
    assert find_decision(engine, "cards", f"A-{LATEST}") is not None  # among the latest, whatever its age
    much_later = NOON + 2 * 24 * HOUR * MINUTE_MS
    fed(engine, at=much_later)
    with database.reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM stream_minute")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM stream_process")).scalar() == 1


def test_a_database_that_is_away_costs_nothing_but_the_look(
    decide: Decide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live, "PAUSE", 0.01)
    engine = database.engine(Settings(home=tmp_path))
    file = tmp_path / database.FILE
    file.rename(tmp_path / "away")
    writer = fed(engine, decide(0, 50), close=False)
    end = time.monotonic() + 10
    while not writer.trouble and time.monotonic() < end:
        time.sleep(0.01)
    assert "cannot be used" in writer.trouble
    (tmp_path / "away").rename(file)
    writer.decided(decide(50, 60).batches[0])
    writer.close()
    assert writer.trouble == ""
    assert looked(engine).hour.decided == 60
    engine.dispose()


def test_while_a_database_is_away_the_last_hour_is_kept_and_no_more(
    decide: Decide, decider: Decider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live, "PAUSE", 1e6)  # it writes when it is told to
    engine = database.engine(Settings(home=tmp_path))
    file, now = tmp_path / database.FILE, NOON
    writer = LiveWriter(engine, "cards", lambda: now / 1000)
    file.rename(tmp_path / "away")
    for k in range(2 * HOUR):
        now = NOON + k * MINUTE_MS
        writer.decided(decide(k, k + 1, at=now).batches[0])
        writer.refused(decider.decide([message(b"{", now)], now).refused)
        writer._write_once()
        assert "cannot be used" in writer.trouble
        assert max(len(writer._decided), len(writer._refused), len(writer._changed) // 2) <= HOUR
    (tmp_path / "away").rename(file)
    writer.close()
    seen = looked(engine, now)
    assert (seen.hour.decided, seen.hour.refused, len(seen.refusals)) == (HOUR, HOUR, 1)
    engine.dispose()


def test_more_than_may_wait_is_added_up_by_who_brings_it(
    decide: Decide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live, "WAITING", 250)
    engine = database.engine(Settings(home=tmp_path))
    writer = LiveWriter(engine, "cards", lambda: NOON / 1000)
    batch = decide(0, 100).batches[0]
    for _ in range(20):
        writer.decided(batch)
        assert sum(map(len, writer._waiting)) <= 250
    writer.close()
    assert looked(engine).hour.decided == 2000
    engine.dispose()


KILLED = """
import sys, time
from pathlib import Path
from data.books import read_book
from model.record import database
from model.release.store import Store
from model.scoring.stream import live
from model.scoring.stream.decider import Decider
from model.settings import Settings
from tests.support.streamed import NOON, applications, sent
live.PAUSE = 0.05
home, place = map(Path, sys.argv[1:])
book = read_book("cards")
batch = Decider(Store(home, "cards")).decide(sent(applications(book.contract, book.raw[:, :100], range(100))), NOON)
writer = live.LiveWriter(database.engine(Settings(home=place)), "cards", lambda: NOON / 1000)
while True:
    writer.decided(batch.batches[0])
    print(flush=True)
    time.sleep(0.002)
"""


def test_a_process_killed_takes_no_more_than_what_it_had_not_written(home: Path, tmp_path: Path, decide: Decide):
    """Whole batches stand there, and another process goes on beside them."""
    command = [sys.executable, "-c", KILLED, str(home), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        told = sum(1 for _, _ in zip(range(150), started.stdout, strict=False))
        os.kill(started.pid, signal.SIGKILL)
        told += sum(1 for _ in started.stdout)
    engine = database.engine(Settings(home=tmp_path))
    there = looked(engine).hour.decided
    assert 100 <= there <= 100 * told
    assert there % 100 == 0
    fed(engine, decide(0, 10))
    assert looked(engine).hour.decided == there + 10
    engine.dispose()
