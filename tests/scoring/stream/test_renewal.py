"""Models renewed as outcomes come: made in a process of its own, named challenger or kept, never half."""

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sql
from click.testing import CliRunner, Result

from data.errors import BadInput
from model.__main__ import main
from model.errors import StoreError
from model.locks import exclusive
from model.monitoring.stream_course import CourseEvent
from model.record.database import engine
from model.release.store import AUTOMATIC, Store
from model.scoring.stream.course import stream_course
from model.scoring.stream.messages import ObservedOutcome
from model.scoring.stream.renewal import Renewal, RenewalNote, renew_model, renewals
from model.settings import Settings
from tests.support import postgres
from tests.support.kept import KeptReleases
from tests.support.loans import NAME, frame
from tests.support.outcomes_of_loans import compared_on_few, lay_down_renewed, stream_in
from tests.support.streamed import NOON

ROWS = 2500


@pytest.fixture(scope="module", autouse=True)
def few() -> Iterator[None]:
    with compared_on_few():
        yield


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory, kept: KeptReleases) -> Path:
    """A home with a champion and the outcomes of a stream; read only."""
    home = tmp_path_factory.mktemp("streamed") / "home"
    store, renewed = lay_down_renewed(home, kept)
    shutil.rmtree(store.root / renewed)
    database = engine(Settings(home=home))
    stream_in(database, store, ROWS, seed=7)
    database.dispose()
    return home


@pytest.fixture
def store(streamed: Path, tmp_path: Path) -> Store:
    return Store(shutil.copytree(streamed, tmp_path / "home"), NAME)


@pytest.fixture
def database(store: Store) -> Iterator[sql.Engine]:
    made = engine(Settings(home=store.home))
    yield made
    made.dispose()


def noted(database: sql.Engine) -> list[tuple[str, str]]:
    return [(each.state, each.release) for each in renewals(database, NAME)]


def until(true: Callable[[], object], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def told(n: int) -> list[ObservedOutcome]:
    return [ObservedOutcome("?", 0, NOON)] * n


def test_what_passes_its_gates_is_named_challenger_and_no_more(store: Store, database: sql.Engine):
    champion = store.resolve("champion")
    release, note = renew_model(store, database, 2000, challenge=True)
    assert store.aliases() == {"champion": champion, "challenger": release.id}
    moved = store.history(release.id)[-1]
    assert (moved.alias, moved.who, moved.why) == ("challenger", AUTOMATIC, "Renewed on 2,000 outcomes.")
    assert (note.state, note.why) == ("named", "")
    assert noted(database) == [("named", release.id)]
    again, _ = renew_model(store, database, 2000)
    assert again.id == release.id
    assert note.last == NOON + 1 + 60_000 * (ROWS - 1)


@pytest.mark.postgres
def test_renewals_are_noted_in_postgresql_likewise(store: Store):
    with postgres.server() as started:
        made = engine(Settings(store_url=started.url()))
        stream_in(made, store, ROWS, seed=7)
        release, note = renew_model(store, made, 2000, challenge=True)
        assert renewals(made, NAME) == (note,)
        assert note.state == "named"
        assert stream_course(made, store).events[-1].release == release.id
        made.dispose()


def test_what_a_gate_stops_is_kept_and_not_named(store: Store, database: sql.Engine):
    noise = frame(ROWS, seed=8)
    noise["lost"] = noise["lost"].sample(frac=1, random_state=0).to_numpy()
    stream_in(database, store, ROWS, seed=8, start=ROWS, table=noise)
    release, note = renew_model(store, database, 2000, challenge=True)
    assert set(store.aliases()) == {"champion"}
    assert release.id in store.ids()
    assert note.state == "kept"
    assert "Ranks well: AUC" in note.why
    figures = re.findall(r"-?\u2212?\d[\d,]*\.?\d*", note.why)
    assert figures
    assert max(len(each.replace(".", "").lstrip("\u22120")) for each in figures) <= 3  # digits that a board reads


def test_a_challenger_that_somebody_named_stays(store: Store, database: sql.Engine):
    first, _ = renew_model(store, database, 1500)
    store.promote(first.id, "challenger", who="Ada", why="To look at it.", override="It is a try.")
    release, note = renew_model(store, database, 2000, challenge=True)
    assert store.aliases()["challenger"] == first.id != release.id
    assert note.why == f"Ada named the challenger {first.id}, which stays."
    told_of_first = [each for each in stream_course(database, store).events if each.release == first.id]
    assert [(each.kind, each.who) for each in told_of_first] == [("kept", AUTOMATIC), ("challenger", "Ada")]
    assert [state for state, _ in noted(database)] == ["kept", "kept"]


def test_more_than_there_are_is_told_and_leaves_no_note(store: Store, database: sql.Engine):
    with pytest.raises(BadInput, match="2,500 outcomes are known; a window of 3,000 was asked for"):
        renew_model(store, database, 3000)
    assert noted(database) == []


def test_one_renewal_is_under_way_at_a_time(store: Store, database: sql.Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("model.locks.WAIT_SECONDS", 0.1)
    with (
        exclusive(store.root / ".renewal.lock", "Models"),
        pytest.raises(StoreError, match="models of the stream of loans are being changed elsewhere"),
    ):
        renew_model(store, database, 2000)


@pytest.mark.kafka  # it trains in processes of its own for a quarter of a minute; run where streams are tried on Kafka
def test_a_stream_renews_its_model_beside_it_and_a_kill_leaves_nothing_half(store: Store, database: sql.Engine):
    champion, before = store.resolve("champion"), set(store.root.iterdir())
    follower = Renewal(database, store, every=2000, most=ROWS)
    follower.second(None)
    assert follower.running
    until(lambda: noted(database))
    child = follower._child
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    until(lambda: follower.second(None) or not follower.running)
    assert "ended with -9" in follower.trouble
    assert store.aliases() == {"champion": champion}
    assert store.ids() == [champion]
    assert noted(database) == [("running", "")]
    assert {each for each in store.root.iterdir() if each.name[0] != "."} <= before

    follower.outcomes(told(2000))
    follower._looked = 0.0
    follower.second(None)
    assert not follower.running  # none of them is of an application, and no more have come since
    stream_in(database, store, 2000, seed=9, start=10_000_000)
    follower.outcomes(told(2000))
    follower._looked = 0.0
    start = time.monotonic()
    follower.second(None)
    assert time.monotonic() - start < 1  # the stream does not wait for it
    assert follower.running
    until(lambda: follower.second(None) or not follower.running)
    assert follower.trouble == ""
    assert store.aliases() == {"champion": champion, "challenger": noted(database)[-1][1]}
    assert [state for state, _ in noted(database)] == ["failed", "named"]  # what was killed is known to have been
    follower.close()


@pytest.mark.parametrize(
    "talks", ["head -c 300000 /dev/zero | tr '\\0' x >&2; exit 2", "trap '' TERM; echo >$0.stays; exec sleep 30"]
)
def test_a_renewal_that_talks_much_or_will_not_end_holds_no_stream_up(
    store: Store, database: sql.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, talks: str
):
    other = tmp_path / "python"
    other.write_text(f"#!/bin/sh\n{talks}\n")
    other.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(other))
    monkeypatch.setattr("model.scoring.stream.renewal.END_SECONDS", 0.2)
    follower = Renewal(database, store, every=2000, most=ROWS)
    follower.second(None)
    assert follower.running
    if "exit" in talks:
        until(lambda: follower.second(None) or not follower.running)
        assert follower.trouble == "x" * 2000
    else:
        until(lambda: other.with_name("python.stays").exists())
    start = time.monotonic()
    follower.close()
    assert time.monotonic() - start < 5
    assert not follower.running


def test_the_command_says_what_it_was_fitted_to_and_what_was_named(
    store: Store, database: sql.Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WHATIF_HOME", str(store.home))

    def train(*words: str) -> Result:
        return CliRunner().invoke(main, ["train", "--book", NAME, *words])

    done = train("--outcomes", "2000", "--challenger")
    assert done.exit_code == 0, done.output
    assert "fitted to: the latest 2,000 outcomes of the stream, 29 May to 30 May 2026" in done.output
    assert "\nNamed challenger.\n" in done.output
    assert "the latest 2,000 outcomes of the stream" in CliRunner().invoke(main, ["releases", "--book", NAME]).output
    both, neither = train("--outcomes", "2000", "--since", "2003"), train("--challenger")
    assert (both.exit_code, "Give --outcomes alone" in both.output) == (2, True)
    assert (neither.exit_code, "Give --outcomes, too" in neither.output) == (2, True)


def test_a_note_says_nothing_before_there_is_one(tmp_path: Path):
    made = engine(Settings(home=tmp_path))
    assert renewals(made, NAME) == ()
    assert RenewalNote(1, 2, 3, "running").release == ""
    made.dispose()


def test_the_course_tells_what_was_said_of_the_outcomes_and_what_happened(store: Store, database: sql.Engine):
    champion = store.resolve("champion")
    release, _ = renew_model(store, database, 2000, challenge=True)
    moved = int(store.history(release.id)[-1].at.timestamp() * 1000)
    stream_in(database, store, 1500, seed=9, start=ROWS)
    found = stream_course(database, store)
    assert found.whole is not None
    assert (found.whole.n, found.whole.decided.releases) == (ROWS + 1500, (champion,))
    assert found.against is not None
    assert found.against.n == 1500
    assert found.against.challenger.releases == (release.id,)
    assert found.against.auc.value > 0
    assert abs(found.against.challenger.predicted - found.against.observed.value) < 0.05
    assert found.whole.decided.psi > 0
    of_it = [each for each in found.events if each.release == release.id]
    assert of_it == [CourseEvent(moved, "renewed", release.id, AUTOMATIC, "Renewed on 2,000 outcomes.")]  # told once
