"""Models renewed as outcomes come in: trained in a process of its own, gated, named challenger, never more.

Every so many outcomes one of a stream's processes starts ``python -m model train --outcomes N --challenger``, which
fits the book's model to the latest of them. One renewal is under way at a time, whoever started it; it takes the
processor when nobody else wants it, and the stream goes on. What passes its gates is named challenger and scores along;
what does not is kept, and why stands in the table of renewals. Promotion stays a person's.
"""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Literal

import sqlalchemy as sql

from data import books
from data.errors import WhatIfError
from model.errors import GateError, StoreError
from model.locks import exclusive
from model.record.database import reading, writing
from model.record.schema import lock_tables
from model.release.origin import PROJECT
from model.release.promotion import Obstacles, reported
from model.release.release import Release
from model.release.store import AUTOMATIC, Store
from model.release.training import Progress, silent
from model.report.release.words import gate_sentence
from model.scoring.stream.messages import ObservedOutcome
from model.scoring.stream.outcomes import latest_outcomes, outcomes_since

RenewalState = Literal["running", "named", "kept", "failed"]
LOOK_SECONDS = 2.0  # between two looks at whether there are outcomes enough
END_SECONDS = 5.0  # that a renewal told to end may take
LONGEST = 2000  # characters of what one says that are repeated
LOOKS = 10  # at most, on the way from one renewal to the next
GENTLE = ("nice", "-n", "19")  # where there is such a program
LOG = logging.getLogger(__name__)

_data = sql.MetaData()
RENEWALS = sql.Table(
    "stream_renewal",
    _data,
    sql.Column("book", sql.String(64), primary_key=True),
    sql.Column("at", sql.BigInteger, primary_key=True, autoincrement=False),  # when it began, ms since 1970 UTC
    sql.Column("rows", sql.Integer, nullable=False),
    sql.Column("last", sql.BigInteger, nullable=False),  # the latest outcome that it was fitted to
    sql.Column("state", sql.String(16), nullable=False),
    sql.Column("release", sql.String(64), nullable=False),
    sql.Column("why", sql.Text, nullable=False),
)


@dataclass(frozen=True)
class RenewalNote:
    """A renewal: when it began, ``at``; how many ``rows`` it was fitted to, the ``last`` outcome among them, both ms
    since 1970 UTC; its ``state`` and the ``release``, "" before there is one; ``why`` it was not named challenger."""

    at: int
    rows: int
    last: int
    state: RenewalState
    release: str = ""
    why: str = ""


def renewals(engine: sql.Engine, book: str) -> tuple[RenewalNote, ...]:
    """Every renewal of a book's model, the earliest first."""
    t = RENEWALS.c
    asked = sql.select(t.at, t.rows, t.last, t.state, t.release, t.why).where(t.book == book).order_by(t.at)
    with reading(engine) as connection:
        found = connection.execute(asked).all() if sql.inspect(connection).has_table(RENEWALS.name) else []
    return tuple(RenewalNote(*row) for row in found)


def renew_model(
    store: Store, engine: sql.Engine, most: int, progress: Progress = silent, challenge: bool = False
) -> tuple[Release, RenewalNote]:
    """Fit a book's model to its stream's latest ``most`` outcomes, and write the release; named challenger, if it is to
    ``challenge`` and nothing is in the way.

    Raises
    ------
    BadInput
        If there are not so many outcomes, or too few of either kind.
    StoreError
        If a renewal is under way elsewhere, or the database cannot be used.
    ParityError
        If the tables do not equal the model: then there is no release.
    """
    store.root.mkdir(parents=True, exist_ok=True)
    with exclusive(store.root / ".renewal.lock", f"The models of the stream of {store.book}"):
        window = latest_outcomes(engine, books.contract(store.book, store.home), most)
        _let_go_running(engine, store.book)
        note = RenewalNote(time.time_ns() // 1_000_000, len(window), int(window.at[-1]), "running")
        _noted(engine, store.book, note)
        try:
            release = store.renew(window, progress)
        except WhatIfError as error:
            _noted(engine, store.book, RenewalNote(note.at, note.rows, note.last, "failed", why=str(error)))
            raise
        why = _in_the_way(store, release) if challenge else "It was not asked to be."
        try:
            if not why:
                store.promote(release.id, "challenger", who=AUTOMATIC, why=f"Renewed on {len(window):,} outcomes.")
        except GateError as error:  # another has become champion meanwhile, beside which it does not pass
            why = _blocking(store.obstacles(release)) or str(error)
        state: RenewalState = "kept" if why else "named"
        note = RenewalNote(note.at, note.rows, note.last, state, release.id, why)
        _noted(engine, store.book, note)
    return release, note


def _in_the_way(store: Store, release: Release) -> str:
    """Why a release is not named challenger; "" if nothing is in the way."""
    aliases = store.aliases()
    if blocking := _blocking(reported(release)):
        return blocking
    if release.id == aliases.get("champion"):
        return "It is the champion already."
    last = next((each for each in reversed(store.history()) if each.alias == "challenger"), None)
    if last is not None and last.who != AUTOMATIC and aliases.get("challenger") not in (None, aliases.get("champion")):
        return f"{last.who or 'Somebody'} named the challenger {last.release}, which stays."
    return ""


def _blocking(found: Obstacles) -> str:
    """What keeps a release from being named, as those read it who look after a stream; "" if nothing does."""
    return found.review or ("; ".join(map(gate_sentence, found.gates)) + "." if found.gates else "")


def _noted(engine: sql.Engine, book: str, note: RenewalNote) -> None:
    t = RENEWALS.c
    with writing(engine) as connection:
        lock_tables(connection)
        _data.create_all(connection)
        connection.execute(sql.delete(RENEWALS).where(t.book == book, t.at == note.at))
        connection.execute(RENEWALS.insert(), {"book": book, **vars(note)})


def _let_go_running(engine: sql.Engine, book: str) -> None:
    """Note of what is said to be under way that it was ended before it was done; what it was to be fitted to is new."""
    t = RENEWALS.c
    with writing(engine) as connection:
        lock_tables(connection)
        _data.create_all(connection)
        ended = sql.update(RENEWALS).where(t.book == book, t.state == "running")
        connection.execute(ended.values(state="failed", last=0, why="It was ended before it was done."))


class Renewal:
    """Follows a stream, and has its model renewed every ``every`` outcomes on the latest ``most``."""

    def __init__(self, engine: sql.Engine, store: Store, every: int, most: int) -> None:
        self.engine, self.store, self.every, self.most = engine, store, every, most
        self.trouble = ""
        self._new = every  # those that other processes brought before this one began count, too
        self._looked = 0.0
        self._from = 0
        self._child: subprocess.Popen[str] | None = None
        self._said: IO[str]  # what the child tells people: no pipe, which would hold it up while nobody empties it

    # ---- as a follower ---------------------------------------------------------------------------------------------

    def decided(self, batch: object) -> None:
        """Decisions are no reason to renew."""

    def refused(self, messages: Sequence[object]) -> None:
        """Nor is what was refused."""

    def outcomes(self, found: Sequence[ObservedOutcome]) -> None:
        """Outcomes are: they are counted."""
        self._new += len(found)

    def second(self, state: object) -> None:
        """Start a renewal where one is due, and hear of one that has ended."""
        if self._child is not None:
            self._heard(self._child)
            return
        if self._new * LOOKS < self.every or time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._new, self._looked = 0, time.monotonic()
        try:
            if self._due():
                self._child = self._start()
        except (StoreError, OSError) as error:  # tried again when more have come
            self.trouble = str(error)

    def close(self) -> None:
        """End a renewal that is under way: nothing of it is kept."""
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._said.close()
            self._child = None
            _let_go_running(self.engine, self.store.book)

    # ---- the process -------------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether a renewal that was started here is under way."""
        return self._child is not None

    def _due(self) -> bool:
        """Whether as many outcomes as are asked for have come since those of the last renewal, and enough in all."""
        last = max((each.last for each in renewals(self.engine, self.store.book)), default=0)
        wanted = ((max(last, self._from), self.every), (0, self.most))
        return all(outcomes_since(self.engine, self.store.book, at, many) >= many for at, many in wanted)

    def _start(self) -> "subprocess.Popen[str]":
        gentle = GENTLE if shutil.which(GENTLE[0]) else ()
        verb = ("-m", "model", "train", "--book", self.store.book, "--outcomes", str(self.most), "--challenger")
        threads = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
        self._from = 0
        self._said = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        return subprocess.Popen(
            [*gentle, sys.executable, *verb, "--json"],
            cwd=PROJECT,
            env={**os.environ, **threads, "WHATIF_HOME": str(self.store.home.absolute())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            text=True,
        )

    def _heard(self, child: "subprocess.Popen[str]") -> None:
        """Whether the renewal has ended, and how."""
        if child.poll() is None:
            return
        with self._said:
            self._said.seek(0)
            said = self._said.read(LONGEST)
        self._child = None
        if child.returncode in (0, 1):  # made; 1: a gate stops it
            self.trouble = ""
            LOG.info("%s", _told_of_latest(renewals(self.engine, self.store.book)))
            return
        self.trouble = said.strip().removeprefix("Error: ") or f"The renewal ended with {child.returncode}."
        LOG.warning("the model of %s was not renewed: %s", self.store.book, self.trouble)
        self._from = time.time_ns() // 1_000_000  # not again before as many more have come


def _told_of_latest(notes: Sequence[RenewalNote]) -> str:
    """What became of the latest renewal, for whoever watches the stream's process."""
    if not notes:
        return "A renewal has ended."
    last = notes[-1]
    named = "named challenger" if last.state == "named" else f"not named challenger. {last.why}"
    return f"The model was renewed on {last.rows:,} outcomes: release {last.release}, {named}"
