"""The course of a stream's models, from what is kept of it: outcomes beside predictions, renewals, promotions."""

from collections.abc import Iterable
from dataclasses import replace

import sqlalchemy as sql

from model.errors import ReleaseError
from model.monitoring.drift import Snapshot
from model.monitoring.stream_course import CourseEvent, CourseKind, StreamCourse, course_of
from model.release.register import Moved
from model.release.store import AUTOMATIC, Store
from model.scoring.stream.outcomes import joined_rows
from model.scoring.stream.renewal import RenewalNote, renewals

MAX_OUTCOMES = 100_000  # the latest, which take a third of a second
KINDS: dict[str, CourseKind] = {"named": "renewed", "kept": "kept", "failed": "failed"}


def stream_course(engine: sql.Engine, store: Store, most: int = MAX_OUTCOMES) -> StreamCourse:
    """The course of the models of a book over the latest ``most`` outcomes of its stream, and what happened to them
    meanwhile.

    Raises
    ------
    StoreError
        If the database cannot be read.
    """
    rows, aliases = joined_rows(engine, store.book, most), store.aliases()
    since = int(rows.at[0]) if len(rows) else 0
    events = _events(renewals(engine, store.book), store.history())
    return course_of(
        rows,
        _snapshots(store, {*rows.release, *rows.challenger} - {""}),
        champion=aliases.get("champion", ""),
        challenger=aliases.get("challenger", ""),
        events=[each for each in events if each.at >= since],
    )


def _events(notes: Iterable[RenewalNote], history: Iterable[Moved]) -> list[CourseEvent]:
    """What happened to the models. A renewal that was named challenger stands in both its note and the history: it is
    told once, of the moment and in the words of its naming."""
    moves = [_move(each) for each in history if each.alias in ("champion", "challenger")]
    found = list[CourseEvent]()
    for note in notes:
        if note.state == "running":
            continue
        own = CourseEvent(note.at, KINDS[note.state], note.release, AUTOMATIC, note.why)
        naming = next((each for each in moves if _names(each, own)), None)
        if naming is not None:
            moves.remove(naming)
            own = replace(own, at=naming.at, why=naming.why)
        found.append(own)
    return [*found, *moves]


def _names(move: CourseEvent, renewed: CourseEvent) -> bool:
    """Whether a move is the naming that a renewal ended in."""
    same = (move.kind, move.release, move.who) == ("challenger", renewed.release, AUTOMATIC)
    return same and renewed.kind == "renewed" and move.at >= renewed.at


def _move(each: Moved) -> CourseEvent:
    at = int(each.at.timestamp() * 1000)
    return CourseEvent(at, "champion" if each.alias == "champion" else "challenger", each.release, each.who, each.why)


def _snapshots(store: Store, releases: Iterable[str]) -> dict[str, Snapshot]:
    """How PDs were distributed in the training of each release that can still be read."""
    found = dict[str, Snapshot]()
    for each in releases:
        try:
            found[each] = store.load(each).snapshot
        except ReleaseError:  # its outcomes are told all the same, without drift
            continue
    return found
