"""The course of a stream's models, from what is kept of it: outcomes beside predictions, renewals, promotions."""

from collections.abc import Iterable

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
    events = [*map(_renewed, renewals(engine, store.book)), *_moves(store.history())]
    return course_of(
        rows,
        _snapshots(store, {*rows.release, *rows.challenger} - {""}),
        champion=aliases.get("champion", ""),
        challenger=aliases.get("challenger", ""),
        events=[each for each in events if each is not None and each.at >= since],
    )


def _renewed(note: RenewalNote) -> CourseEvent | None:
    """A renewal that has ended."""
    if note.state == "running":
        return None
    return CourseEvent(note.at, KINDS[note.state], note.release, AUTOMATIC, note.why)


def _moves(history: Iterable[Moved]) -> list[CourseEvent]:
    moved = [each for each in history if each.alias in ("champion", "challenger")]
    return [
        CourseEvent(
            int(each.at.timestamp() * 1000),
            "champion" if each.alias == "champion" else "challenger",
            each.release,
            each.who,
            each.why,
        )
        for each in moved
    ]


def _snapshots(store: Store, releases: Iterable[str]) -> dict[str, Snapshot]:
    """How PDs were distributed in the training of each release that can still be read."""
    found = dict[str, Snapshot]()
    for each in releases:
        try:
            found[each] = store.load(each).snapshot
        except ReleaseError:  # its outcomes are told all the same, without drift
            continue
    return found
