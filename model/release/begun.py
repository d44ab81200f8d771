"""Books that people are making of a file: what was decided about it, by whom and when, kept under the home.

    begun = BegunBooks(home)
    mine = begun.begin("loans", source, "Ada")
    mine = begun.save(mine, replace(mine.decisions, target="status", bad=("Charged Off",)), "Ada")
    begun.save(mine, …, "Ben")                    # ChangedMeanwhile if Ada decided the same place otherwise since

A book that is begun is a folder ``home/new_books/<name>``: the cells of the file (`data.proposing.kept_source`) and
``decisions.json``. Nothing of it is a book yet: that is written to ``home/books/<name>`` when it is proposed.
"""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from data.errors import BookError
from data.proposing.decisions import AS_PROPOSED, ColumnDecision, Decisions
from data.proposing.glance import ColumnGlance, RecognisedFile
from data.proposing.kept_source import keep_source, kept_source
from data.proposing.proposal import check_name
from data.proposing.sources import Source
from model.errors import EditConflict
from model.locks import exclusive

FOLDER, CELLS, DECISIONS = "new_books", "cells.parquet", "decisions.json"
MOST_CHANGES = 500  # that are kept of a book
BY_HAND = "somebody, by hand in contract.toml"

Place = tuple[str, ...]
"""Where a decision stands: ("bad",) or ("columns", "income", "role")."""


@dataclass(frozen=True)
class DecisionChange:
    """One version of what was decided: who made it, when, and at which places."""

    version: int
    at: datetime
    who: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class BegunBook:
    """A book in the making. ``file`` is the name of the file it is made of, with so many ``rows`` and ``columns``;
    ``proposed`` are the decisions that its contract was written with last, None before. ``contract`` is the digest of
    the contract then, by which a change made by hand is seen. ``cells_kept``: the cells of the file are still here."""

    name: str
    file: str
    rows: int
    columns: int
    began_by: str
    began_at: datetime
    version: int
    decisions: Decisions
    proposed: Decisions | None = None
    contract: str = ""
    changes: tuple[DecisionChange, ...] = ()
    cells_kept: bool = True

    @property
    def waiting(self) -> tuple[Place, ...]:
        """The places that were decided otherwise since the contract was written."""
        return () if self.proposed is None else differing(self.decisions, self.proposed)


class ChangedMeanwhile(EditConflict):
    """Somebody else decided the same ``places`` since they were shown: ``theirs`` is what is decided now."""

    def __init__(self, theirs: BegunBook, by: DecisionChange, places: tuple[Place, ...]) -> None:
        self.theirs, self.by, self.places = theirs, by, places
        what = ", ".join(" ".join(each[1:] if len(each) > 1 else each) for each in places)
        super().__init__(
            f"{by.who} decided this at {by.at.astimezone():%H:%M} while it was open here: {what}. Nothing of yours was "
            "saved. What stands here now is theirs; decide it again if yours is right."
        )


class BegunBooks:
    """The books in the making under a home. Whoever changes one says from which version on."""

    def __init__(self, home: Path) -> None:
        self.home, self.root = home, home / FOLDER

    def listed(self) -> list[BegunBook]:
        """Every book in the making that can be read, the latest changed first."""
        found = []
        for path in self.root.glob(f"*/{DECISIONS}"):
            try:
                found.append(self.open(path.parent.name))
            except BookError:
                continue
        return sorted(found, key=lambda each: each.changes[-1].at if each.changes else each.began_at, reverse=True)

    def begin(self, name: str, source: Source, who: str, target: str = "") -> BegunBook:
        """Keep a file's cells under the name that its book will have.

        Raises
        ------
        BadInput, BookError
            If the name cannot be one, or is taken.
        """
        check_name(name, self.home)
        place = self.root / name
        if place.exists():
            raise BookError(f"A book {name} is being made already. Go on with that one, or give another name.")
        place.mkdir(parents=True, mode=0o700)
        try:
            keep_source(source, place / CELLS)
            rows, columns = source.frame.shape
            made = BegunBook(
                name,
                source.name,
                rows=rows,
                columns=columns,
                began_by=who,
                began_at=_now(),
                version=1,
                decisions=Decisions(target),
            )
            self._write(made)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return made

    def open(self, name: str) -> BegunBook:
        """A book in the making; BookError if there is none of that name."""
        path = self._folder(name) / DECISIONS
        try:
            given = json.loads(path.read_bytes())
            found = _begun_of(name, given)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            raise BookError(f"No book {name} is being made here, or what was decided cannot be read.") from None
        return replace(found, cells_kept=(self._folder(name) / CELLS).is_file())

    def looked_at(self, name: str) -> RecognisedFile:
        """The file of a book in the making, every column recognised; once, however often it is asked for."""
        path = self._folder(name) / CELLS
        try:
            state = path.stat()
        except OSError:
            raise BookError("The cells of the file are no longer kept here. Give the file again.") from None
        return _looked_at(path, state.st_mtime_ns, state.st_size)

    def glances(self, name: str, decisions: Decisions) -> tuple[ColumnGlance, ...]:
        """Its columns, with the bad rate of each part where an outcome is decided; once for each outcome."""
        return _glances(self.looked_at(name), decisions.target, decisions.bad, decisions.drop)

    def save(self, seen: BegunBook, decisions: Decisions, who: str) -> BegunBook:
        """Keep what was decided, as it differs from what was ``seen``; what others decided elsewhere stays.

        Raises
        ------
        ChangedMeanwhile
            If somebody decided one of the same places since then, otherwise.
        """
        mine = differing(decisions, seen.decisions)
        with self.changing(seen.name):
            now = self.open(seen.name)
            for each in reversed(now.changes):
                if each.version <= seen.version:
                    break
                both = tuple(
                    place
                    for place in mine
                    if place in each.places and decided(now.decisions, place) != decided(decisions, place)
                )
                if both:
                    raise ChangedMeanwhile(now, each, both)
            merged = laid_over(now.decisions, decisions, mine)
            return self._changed(now, merged, who)

    def note_proposed(self, name: str, decisions: Decisions, contract: str) -> BegunBook:
        """Note that the contract was written with these ``decisions`` and has this digest."""
        with self.changing(name):
            return self._write(replace(self.open(name), proposed=decisions, contract=contract))

    def note_written(self, name: str, contract: str, who: str, places: tuple[Place, ...]) -> BegunBook:
        """Note that somebody wrote something to the contract, which has this digest now; whoever does is the one that
        changes the book, see `changing`."""
        now = self.open(name)
        change = DecisionChange(now.version + 1, _now(), who, places)
        changes = (*now.changes, change)[-MOST_CHANGES:]
        return self._write(replace(now, version=change.version, contract=contract, changes=changes))

    def take_over(self, name: str, decisions: Decisions, contract: str) -> BegunBook:
        """Take over what somebody decided by hand in the contract, which has this digest now; what was decided here
        and has not been written there stays."""
        with self.changing(name):
            now = self.open(name)
            merged = laid_over(decisions, now.decisions, now.waiting)
            changed = self._changed(replace(now, proposed=decisions, contract=contract), merged, BY_HAND)
            return changed

    def forget_cells(self, name: str) -> BegunBook:
        """Let the cells of the file go: the book stands, and cannot be proposed anew."""
        (self._folder(name) / CELLS).unlink(missing_ok=True)
        return self.open(name)

    def give_up(self, name: str) -> None:
        """Let go of all that was kept of a book in the making; what was written to the books stays."""
        shutil.rmtree(self._folder(name), ignore_errors=True)

    def _folder(self, name: str) -> Path:
        path = self.root / name
        if path.parent != self.root or name.startswith("."):
            raise BookError(f"No book {name} is being made here.")
        return path

    def changing(self, name: str) -> AbstractContextManager[None]:
        """While nobody else changes a book in the making."""
        return exclusive(self._folder(name) / ".lock", f"The decisions about the book {name}")

    def _changed(self, now: BegunBook, decisions: Decisions, who: str) -> BegunBook:
        places = differing(decisions, now.decisions)
        if not places:
            return self._write(now)
        change = DecisionChange(now.version + 1, _now(), who, places)
        changes = (*now.changes, change)[-MOST_CHANGES:]
        return self._write(replace(now, version=change.version, decisions=decisions, changes=changes))

    def _write(self, made: BegunBook) -> BegunBook:
        path = self._folder(made.name) / DECISIONS
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(json.dumps(_told(made), ensure_ascii=False, indent=1))
        draft.replace(path)
        return made


@lru_cache(maxsize=3)
def _looked_at(path: Path, _changed: int, _size: int) -> RecognisedFile:
    return RecognisedFile.at(kept_source(path))


@lru_cache(maxsize=6)
def _glances(
    looked: RecognisedFile, target: str, bad: tuple[str, ...], drop: tuple[str, ...]
) -> tuple[ColumnGlance, ...]:
    return looked.glances(looked.outcome(target, bad, drop) if bad and target in looked.cells else None)


# ---- places ---------------------------------------------------------------------------------------------------------

WHOLE = ("target", "bad", "drop", "id", "amount", "currency", "months", "missing")
OF_A_COLUMN = ("role", "label", "kind", "unit", "direction", "mutability", "special", "order")


def decided(decisions: Decisions, place: Place) -> Any:
    """What stands at a place."""
    if len(place) == 1:
        return getattr(decisions, place[0])
    return getattr(decisions.of(place[1]), place[2])


def differing(one: Decisions, other: Decisions) -> tuple[Place, ...]:
    """The places at which two differ."""
    names = dict.fromkeys([*one.columns, *other.columns])
    places: list[Place] = [(key,) for key in WHOLE]
    places += [("columns", name, key) for name in names for key in OF_A_COLUMN]
    return tuple(each for each in places if decided(one, each) != decided(other, each))


def laid_over(below: Decisions, above: Decisions, places: tuple[Place, ...]) -> Decisions:
    """The one ``below`` with what the other decides at some places."""
    found = below
    for place in places:
        value = decided(above, place)
        if len(place) == 1:
            found = replace(found, **{place[0]: value})
        else:
            own = replace(found.of(place[1]), **{place[2]: value})
            found = found.with_column(place[1], own)
    return replace(found, columns={name: each for name, each in found.columns.items() if each != AS_PROPOSED})


# ---- the file -------------------------------------------------------------------------------------------------------


def _now() -> datetime:
    return datetime.now(UTC)


def _told(made: BegunBook) -> dict[str, Any]:
    return {
        "file": made.file,
        "rows": made.rows,
        "columns": made.columns,
        "began_by": made.began_by,
        "began_at": made.began_at.isoformat(),
        "version": made.version,
        "decisions": _decisions_told(made.decisions),
        "proposed": None if made.proposed is None else _decisions_told(made.proposed),
        "contract": made.contract,
        "changes": [
            {"version": each.version, "at": each.at.isoformat(), "who": each.who, "places": each.places}
            for each in made.changes
        ],
    }


def _begun_of(name: str, given: Mapping[str, Any]) -> BegunBook:
    return BegunBook(
        name,
        str(given["file"]),
        rows=int(given["rows"]),
        columns=int(given["columns"]),
        began_by=str(given["began_by"]),
        began_at=datetime.fromisoformat(given["began_at"]),
        version=int(given["version"]),
        decisions=_decisions_of(given["decisions"]),
        proposed=None if given["proposed"] is None else _decisions_of(given["proposed"]),
        contract=str(given["contract"]),
        changes=tuple(
            DecisionChange(
                int(each["version"]),
                datetime.fromisoformat(each["at"]),
                str(each["who"]),
                tuple(tuple(map(str, place)) for place in each["places"]),
            )
            for each in given["changes"]
        ),
    )


def _decisions_told(decisions: Decisions) -> dict[str, Any]:
    whole = {key: getattr(decisions, key) for key in WHOLE}
    columns = {
        name: {
            key: value
            for key in OF_A_COLUMN
            if (value := _plain(getattr(each, key))) not in (None, "", [], {})
            or (key in ("unit", "direction") and getattr(each, key) is not None)
        }
        for name, each in decisions.columns.items()
    }
    return {**whole, "columns": columns}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {f"{key:.15g}": each for key, each in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _decisions_of(given: Mapping[str, Any]) -> Decisions:
    whole: dict[str, Any] = {key: tuple(given[key]) if isinstance(given[key], list) else given[key] for key in WHOLE}
    columns = {name: _column_of(each) for name, each in given["columns"].items()}
    return Decisions(**whole, columns=columns)


def _column_of(given: Mapping[str, Any]) -> ColumnDecision:
    own: dict[str, Any] = {key: tuple(each) if isinstance(each, list) else each for key, each in given.items()}
    if "special" in own:
        own["special"] = {float(code): str(word) for code, word in own["special"].items()}
    return ColumnDecision(**own)
