"""Scenarios under a name, kept in the record's database: every version of each, and nothing overwritten unknowingly.

    store = ScenarioStore(engine(settings))
    kept = store.save(SavedScenario("Board's base", "cards", "book", query, owner="Ada"), ada)
    store.listed("cards")
    store.save(replace(kept, note="…"), ben)     # EditConflict if somebody has saved a later version meanwhile

Whoever asks is named: what somebody may do is decided by `model.security.people`, and that nobody reviews what they
wrote themselves is decided here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from sqlalchemy import BigInteger, Column, Connection, Engine, MetaData, Row, Table, Text, insert, select, update
from sqlalchemy.exc import IntegrityError

from data.errors import BadInput
from data.json_types import Json
from model.errors import EditConflict, Forbidden, StoreError
from model.record.database import reading, writing
from model.record.migrations import LATEST, migrate, revision
from model.security.people import Person, require, same_person
from model.whatif.saved import SavedScenario, ScenarioChange, State, below

ScenarioDeed = Literal[
    "saved", "overwritten", "cloned", "imported", "submitted", "approved", "sent back", "archived", "restored"
]
AUTHORING = ("saved", "overwritten", "cloned", "imported", "submitted")  # whoever did one of these is an author
LABELS: Mapping[str, str] = {
    "name": "its name",
    "owner": "its owner",
    "note": "its note",
    "tags": "its tags",
    "query": "what it assumes",
    "stands_on": "what it stands on",
    "follows": "whether it follows what it stands on",
    "state": "its state",
}

_metadata = MetaData()
_scenario = Table(
    "scenario",
    _metadata,
    Column("id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("book", "subject", "name", "named", "state")),
    Column("version", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("changed_at", "changed_by", "content")),
)
_change = Table(
    "scenario_change",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("at", "who", "what", "state", "content")),
)
COLUMNS = ("id", "book", "subject", "name", "state", "version", "changed_by")
AROUND = ("id", "state", "version", "changed_at", "changed_by")  # of a scenario, kept beside its content
PAIRS = ("query", "own", "numbers")


class SavedMeanwhile(EditConflict):
    """Somebody else has saved a scenario since it was opened: ``theirs`` is what it is now, ``changed`` the names of
    the fields that differ from what was opened."""

    def __init__(self, theirs: SavedScenario, changed: tuple[str, ...], opened: int) -> None:
        self.theirs, self.changed = theirs, changed
        when = theirs.changed_at.astimezone().strftime("%d %b %Y, %H:%M").lstrip("0") if theirs.changed_at else ""
        what = " and ".join(LABELS[each] for each in changed) or "nothing that is seen"
        super().__init__(
            f"{theirs.changed_by} saved version {theirs.version} of “{theirs.name}” on {when}, while version {opened} "
            f"was open here, and changed {what}. Nothing of yours was saved: save it under another name, or overwrite "
            f"version {theirs.version} knowingly."
        )


class ScenarioStore:
    """The saved scenarios of all books in one database. Every call is one transaction; the tables are made, and brought
    up to date, at the first."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    # ---- reading -----------------------------------------------------------------------------------------------

    def listed(self, book: str = "", archived: bool = False) -> list[SavedScenario]:
        """The scenarios of a book, or of all, the latest changed first; ``archived`` ones too."""
        self._prepare()
        c = _scenario.c
        query = select(_scenario).order_by(c.changed_at.desc(), c.id)
        query = query.where(c.book == book) if book else query
        query = query if archived else query.where(c.state != "archived")
        with reading(self.engine) as connection:
            return [_scenario_of(row) for row in connection.execute(query)]

    def find(self, identity: str) -> SavedScenario:
        """The scenario of an id; StoreError if there is none."""
        self._prepare()
        with reading(self.engine) as connection:
            return _found(connection, identity)

    def named(self, book: str, name: str) -> SavedScenario:
        """The scenario of a book with a name, whatever its case; one in use before an archived one.

        Raises
        ------
        StoreError
            If there is none.
        """
        self._prepare()
        c = _scenario.c
        query = select(_scenario).where(c.book == book, c.named == _plain(name)).order_by(c.changed_at.desc())
        with reading(self.engine) as connection:
            found = [_scenario_of(row) for row in connection.execute(query)]
        if not found:
            raise StoreError(
                f"There is no scenario “{name}” of the book {book}. The page Scenarios lists those there are."
            )
        return next((each for each in found if each.state != "archived"), found[0])

    def history(self, identity: str) -> list[ScenarioChange]:
        """Every version of a scenario, the newest first."""
        self._prepare()
        with reading(self.engine) as connection:
            return _history(connection, _found(connection, identity))

    # ---- writing -----------------------------------------------------------------------------------------------

    def save(
        self, scenario: SavedScenario, person: Person, *, overwrite: int = 0, what: ScenarioDeed = "saved"
    ) -> SavedScenario:
        """Keep a scenario as its next version, or as a new one where its version is 0; as it is kept. ``overwrite``:
        the version of somebody else's that is overwritten knowingly; it stays in the history.

        Raises
        ------
        SavedMeanwhile
            If it was saved by somebody since the version it is a change of.
        BadInput
            If another scenario of the book has the name, it may no longer be changed, or it would stand on itself.
        Forbidden
            If the person may not save scenarios.
        """
        require(person, "save scenarios")
        _require_draft(scenario)
        with self._changing(scenario.name) as connection:
            below(scenario, lambda identity: _found(connection, identity))
            if not scenario.version:
                return _insert(connection, replace(scenario, id=fresh_id()), person, what)
            now = _found(connection, scenario.id)
            if overwrite and now.version == overwrite:
                what = "overwritten"
            else:
                _require_version(connection, now, scenario.version)
            _require_draft(now)
            if not same_person(now.owner, scenario.owner) and not owns(person, now):
                raise Forbidden(f"“{now.name}” is {now.owner}'s: only they, or an admin, give it to somebody else.")
            signed_off = replace(scenario, submitted_by="", reviewed_by="")
            return _update(connection, signed_off, now.version, person=person, what=what)

    def save_together(
        self, scenarios: Sequence[SavedScenario], person: Person, *, what: ScenarioDeed = "imported"
    ) -> list[SavedScenario]:
        """Keep several new scenarios in one transaction: all of them, or none. Each has its `fresh_id`, by which one
        after it may stand on it. Raises BadInput and Forbidden as `save` does."""
        require(person, "save scenarios")
        kept = []
        self._prepare()
        with writing(self.engine) as connection:
            for each in scenarios:
                _require_draft(each)
                below(each, lambda identity: _found(connection, identity))
                with _named_once(each.name):
                    kept.append(_insert(connection, each, person, what))
        return kept

    def clone(self, identity: str, name: str, person: Person) -> SavedScenario:
        """A copy under another name, owned by whoever makes it, a draft whatever the original is."""
        found = self.find(identity)
        copy = replace(found, name=name, owner=person.name, version=0, id="", state="draft")
        return self.save(copy, person, what="cloned")

    def submit(self, scenario: SavedScenario, person: Person) -> SavedScenario:
        """Give a scenario to review, as it is handed over: with its numbers of now, no longer following what it stands
        on. Raises what `save` does; Forbidden, unless by its owner."""
        require(person, "save scenarios")
        with self._changing(scenario.name) as connection:
            now = _found(connection, scenario.id)
            _require_version(connection, now, scenario.version)
            _require_draft(now)
            if not same_person(now.owner, person.name):
                raise Forbidden(f"“{now.name}” is {now.owner}'s: its owner submits it for review.")
            handed = replace(
                scenario, state="submitted", submitted_by=person.name, reviewed_by="", word="", follows=False
            )
            return _update(connection, handed, now.version, person=person, what="submitted")

    def review(self, identity: str, version: int, *, person: Person, approve: bool, word: str) -> SavedScenario:
        """Approve a submitted scenario, which is frozen from then on, or send it back, with a word.

        Raises
        ------
        Forbidden
            If the person may not review, or had a hand in it: its owner, and whoever saved a version of it.
        BadInput
            If it is not submitted, or there is no word.
        SavedMeanwhile
            If it is no longer the version that was looked at.
        """
        require(person, "review scenarios")
        with self._changing(identity) as connection:
            now = _found(connection, identity)
            _require_version(connection, now, version)
            if now.state != "submitted":
                raise BadInput(f"“{now.name}” is {now.state}, not submitted: there is nothing to review.")
            if not word.strip():
                raise BadInput("A review needs a word on why. Write one.")
            if any(same_person(person.name, each) for each in _authors(connection, now)):
                raise Forbidden(
                    f"{person.name} has a hand in “{now.name}”, and nobody approves their own. Ask somebody who has "
                    "not saved a version of it."
                )
            state: State = "signed" if approve else "draft"
            reviewed = replace(now, state=state, reviewed_by=person.name, word=word.strip())
            return _update(connection, reviewed, version, person=person, what="approved" if approve else "sent back")

    def archive(self, identity: str, version: int, person: Person) -> SavedScenario:
        """Take a scenario out of the list; its history stays, and what stands on it goes on. Forbidden, unless by its
        owner or an admin."""
        require(person, "save scenarios")
        with self._changing(identity) as connection:
            now = _found(connection, identity)
            _require_version(connection, now, version)
            if now.state == "archived":
                raise BadInput(f"“{now.name}” is archived already.")
            if not owns(person, now):
                raise Forbidden(f"“{now.name}” is {now.owner}'s: only they, or an admin, archive it.")
            return _update(connection, replace(now, state="archived"), version, person=person, what="archived")

    def restore(self, identity: str, person: Person) -> SavedScenario:
        """An archived scenario as it was before. BadInput where another has its name meanwhile."""
        require(person, "save scenarios")
        found = self.find(identity)
        with self._changing(found.name) as connection:
            now = _found(connection, identity)
            if now.state != "archived":
                raise BadInput(f"“{now.name}” is not archived.")
            if not owns(person, now):
                raise Forbidden(f"“{now.name}” is {now.owner}'s: only they, or an admin, restore it.")
            before = next(
                each.scenario.state for each in _history(connection, now) if each.scenario.state != "archived"
            )
            return _update(connection, replace(now, state=before), now.version, person=person, what="restored")

    # ---- within ------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        with reading(self.engine) as connection:
            latest = revision(connection) == LATEST
        if not latest:
            with writing(self.engine) as connection:
                migrate(connection)

    @contextmanager
    def _changing(self, name: str) -> Iterator[Connection]:
        """A transaction that writes a scenario of a ``name``."""
        self._prepare()
        with writing(self.engine) as connection, _named_once(name):
            yield connection


@contextmanager
def _named_once(name: str) -> Iterator[None]:
    """Around what writes a scenario of a ``name``: that another one has it is told as what it is."""
    try:
        yield
    except IntegrityError:
        raise BadInput(f"Another scenario of this book is called “{name}”. Choose another name.") from None


def fresh_id() -> str:
    """An id that no scenario has."""
    return uuid4().hex[:12]


# ---- what may be --------------------------------------------------------------------------------------------------


def owns(person: Person, scenario: SavedScenario) -> bool:
    """Whether a scenario is somebody's to give away, archive or restore: its owner's, or an admin's."""
    return same_person(person.name, scenario.owner) or person.role == "admin"


def _require_draft(scenario: SavedScenario) -> None:
    if not scenario.editable:
        raise BadInput(f"“{scenario.name}” is {scenario.state} and can no longer be changed. Clone it and change that.")


def _require_version(connection: Connection, now: SavedScenario, version: int) -> None:
    if now.version != version:
        opened = _version(connection, now, version)
        raise SavedMeanwhile(now, changed_fields(opened, now), version)


def _authors(connection: Connection, scenario: SavedScenario) -> set[str]:
    """Whoever has a hand in a scenario."""
    wrote = {each.who for each in _history(connection, scenario) if each.what in AUTHORING}
    return {scenario.owner, scenario.submitted_by, *wrote}


def changed_fields(before: SavedScenario, now: SavedScenario) -> tuple[str, ...]:
    """The names of the fields that somebody has changed, those of `LABELS`."""
    return tuple(name for name in LABELS if getattr(before, name) != getattr(now, name))


# ---- rows ---------------------------------------------------------------------------------------------------------


def _plain(name: str) -> str:
    """A name without regard to its case and to spaces around it."""
    return " ".join(name.split()).casefold()


def _found(connection: Connection, identity: str) -> SavedScenario:
    row = connection.execute(select(_scenario).where(_scenario.c.id == identity)).one_or_none()
    if row is None:
        raise StoreError(f"There is no saved scenario {identity[:40]!r}. The page Scenarios lists those there are.")
    return _scenario_of(row)


def _version(connection: Connection, scenario: SavedScenario, version: int) -> SavedScenario:
    found = [each.scenario for each in _history(connection, scenario) if each.scenario.version == version]
    if not found:
        raise StoreError(f"“{scenario.name}” has no version {version}. Open it anew.")
    return found[0]


def _history(connection: Connection, scenario: SavedScenario) -> list[ScenarioChange]:
    c = _change.c
    rows = connection.execute(select(_change).where(c.id == scenario.id).order_by(c.version.desc())).all()
    found = []
    for row in rows:
        at = datetime.fromisoformat(row.at)
        columns = {"id": row.id, "state": row.state, "version": row.version, "changed_at": at, "changed_by": row.who}
        found.append(ScenarioChange(_read(row.content, columns), row.what, row.who, at))
    return found


def _scenario_of(row: Row[tuple[str, ...]]) -> SavedScenario:
    columns = {name: getattr(row, name) for name in ("id", "state", "version", "changed_by")}
    return _read(row.content, columns | {"changed_at": datetime.fromisoformat(row.changed_at)})


def _read(content: str, columns: Mapping[str, Json]) -> SavedScenario:
    try:
        given = json.loads(content)
        pairs = {name: tuple((str(key), value) for key, value in given.pop(name)) for name in PAIRS}
        return SavedScenario(**given | pairs | {"tags": tuple(given["tags"])} | columns)
    except (ValueError, TypeError, KeyError, BadInput) as error:
        raise StoreError(
            f"The saved scenario {columns['id']} cannot be read: {error}. Put an older copy of the database back."
        ) from error


def _content(scenario: SavedScenario) -> str:
    kept = {each.name: getattr(scenario, each.name) for each in fields(scenario) if each.name not in AROUND}
    return json.dumps(kept, ensure_ascii=False, allow_nan=False)


def _insert(connection: Connection, scenario: SavedScenario, person: Person, what: ScenarioDeed) -> SavedScenario:
    fresh = replace(scenario, submitted_by="", reviewed_by="", word="")
    kept = replace(fresh, version=1, changed_at=datetime.now(UTC), changed_by=person.name)
    connection.execute(insert(_scenario), _row(kept))
    _note(connection, kept, what)
    return kept


def _update(
    connection: Connection, scenario: SavedScenario, version: int, *, person: Person, what: ScenarioDeed
) -> SavedScenario:
    """The next version after ``version``, which the database still holds: PostgreSQL lets two writers read the same."""
    kept = replace(scenario, version=version + 1, changed_at=datetime.now(UTC), changed_by=person.name)
    c = _scenario.c
    done = connection.execute(update(_scenario).where(c.id == kept.id, c.version == version).values(**_row(kept)))
    if done.rowcount != 1:
        now = _found(connection, kept.id)
        raise SavedMeanwhile(now, changed_fields(_version(connection, now, version), now), version)
    _note(connection, kept, what)
    return kept


def _row(scenario: SavedScenario) -> dict[str, Json]:
    assert scenario.changed_at is not None
    columns = {name: getattr(scenario, name) for name in COLUMNS}
    own = {"named": _plain(scenario.name), "changed_at": scenario.changed_at.isoformat(), "content": _content(scenario)}
    return columns | own


def _note(connection: Connection, scenario: SavedScenario, what: ScenarioDeed) -> None:
    row = _row(scenario)
    noted = {name: row[name] for name in ("id", "version", "state", "content")}
    connection.execute(insert(_change), noted | {"at": row["changed_at"], "who": scenario.changed_by, "what": what})
