"""Saved scenarios as files that people keep and edit: TOML, and an Excel workbook of two sheets, one with a row for
each scenario and one with a row for everything that one assumes.

What comes back is checked cell by cell before anything is kept; what is wrong is told with the cell's address, or in
TOML with the part of the file. Nothing of a file is kept unless all of it can be.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import isfinite

import pandas as pd

from data.books import Book
from data.contract.toml import toml_value
from data.errors import BadInput, WhatIfError
from data.files.given import number_as_text
from data.files.table import FileTable, read_table
from data.files.toml_text import read_toml
from data.json_types import Json
from model.deployed.model import DeployedModel
from model.deployed.saved import base_query, measured
from model.record.scenarios import ScenarioStore, fresh_id
from model.report.scenarios.parts import ScenarioPart, scenario_parts
from model.scoring.batch import workbook
from model.scoring.files import form_limits
from model.security.people import Person
from model.whatif.book.scenario import PRESET, UNDER
from model.whatif.customer.scenario import CUSTOMER
from model.whatif.saved import SUBJECTS, TAKEN_BACK, SavedScenario, Subject, read_query, stacked

FORMAT = "credit-what-if scenarios 1"
SCENARIOS, ASSUMPTIONS = "Scenarios", "Assumptions"
ABOUT = ("Scenario", "About", "Owner", "Note", "Tags", "Stands on", "Frozen", "State", "Model", "Saved as of")
ASSUMED = ("Scenario", "Key", "Label", "Value", "Unit", "Lowest", "Highest")
AS_IT_STANDS = "as it stands"  # in a cell: of what it stands on, this is not taken over
MOST_BYTES = 5 * 2**20
MOST_TROUBLES = 50
MIME = {"toml": "application/toml", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
NOT_KEPT = (" The address was read without it.", "; it was left out.", " The edits were left out.")


@dataclass(frozen=True)
class FileScenario:
    """A scenario of a file: as a `SavedScenario` that was not yet kept, whose ``stands_on`` is the other one's name;
    ``where`` in the file it stands."""

    draft: SavedScenario
    where: str


@dataclass(frozen=True)
class ScenarioFile:
    """What a file holds, and what is wrong with it, each with the cell or part of the file that it is about; ``notes``
    say what else is to be known of it."""

    scenarios: tuple[FileScenario, ...] = ()
    troubles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


# ---- out -------------------------------------------------------------------------------------------------------------


def scenarios_as_toml(scenarios: Sequence[SavedScenario], names: Mapping[str, str]) -> bytes:
    """Scenarios as TOML; ``names`` by id of whatever they stand on."""
    lines = [f"format = {toml_value(FORMAT)}"]
    for each in scenarios:
        about: dict[str, Json] = {"name": each.name, "book": each.book, "about": each.subject, "owner": each.owner}
        about |= {"note": each.note, "tags": list(each.tags), "stands_on": names.get(each.stands_on, "")}
        about |= {"frozen": bool(each.stands_on) and not each.follows, "state": each.state}
        about |= {"model": each.release, "contract": each.contract_sha256, "saved_as_of": each.day}
        lines += ["", "[[scenario]]", *(f"{name} = {toml_value(value)}" for name, value in about.items())]
        lines += ["[scenario.assumes]", *(f"{toml_value(k)} = {_toml_text(v)}" for k, v in _written(each, names))]
        lines += ["[scenario.numbers]", *(f"{toml_value(k)} = {v!r}" for k, v in each.numbers)]
    return ("\n".join(lines) + "\n").encode()


def _written(scenario: SavedScenario, names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What of a scenario stands in a file: its own part where it follows another that the file names."""
    return scenario.own if scenario.follows and names.get(scenario.stands_on) else scenario.query


def _toml_text(text: str) -> str:
    value = _number(text)
    plain = value is not None and f"{value:.12g}" == text  # else it would not be read back as it stands
    return text if plain else toml_value(text)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) and "_" not in text else None


def scenarios_as_workbook(book: Book, scenarios: Sequence[SavedScenario], names: Mapping[str, str]) -> bytes:
    """Scenarios as a workbook: every assumption with its label, unit and range."""
    about = [
        (
            each.name,
            each.subject,
            each.owner,
            each.note,
            ", ".join(each.tags),
            names.get(each.stands_on, ""),
            "yes" if each.stands_on and not each.follows else "no",
            each.state,
            each.release,
            each.day,
        )
        for each in scenarios
    ]
    assumed = [
        _assumed_row(scenario_parts(book.contract, each.subject), each, name, text)
        for each in scenarios
        for name, text in _written(each, names)
    ]
    sheets = {
        SCENARIOS: pd.DataFrame(about, columns=list(ABOUT)),
        ASSUMPTIONS: pd.DataFrame(assumed, columns=list(ASSUMED)),
    }
    return workbook(
        {name: frame.astype(object) for name, frame in sheets.items()}, mixed=("Value", "Lowest", "Highest")
    )


def _assumed_row(
    known: Mapping[str, ScenarioPart], scenario: SavedScenario, name: str, text: str
) -> tuple[str | float | None, ...]:
    part = known.get(name, ScenarioPart(name, name, textual=True))
    number = None if part.textual else _number(text)
    value: str | float = text if number is None else float(f"{number / part.scale:.15g}")
    shown = AS_IT_STANDS if text == TAKEN_BACK else value
    return (scenario.name, name, part.label, shown, part.unit, part.low, part.high)


# ---- in --------------------------------------------------------------------------------------------------------------


def read_scenarios(content: bytes, name: str, book: Book) -> ScenarioFile:
    """The scenarios of a file, whose kind its ``name`` ends with, each cell checked.

    Raises
    ------
    BadInput
        If the file as a whole cannot be used.
    """
    if len(content) > MOST_BYTES:
        raise BadInput(f"A file of scenarios may have {MOST_BYTES // 2**20} MB. Split it.")
    if name.lower().endswith(".toml"):
        return _of_toml(content, book)
    if name.lower().endswith(".xlsx"):
        return _of_workbook(content, name, book)
    raise BadInput(f"Scenarios are read from .toml and .xlsx; {name[-60:]!r} was given. Export one here to see how.")


class Troubles(list[str]):
    """What is wrong, each with where it stands."""

    def attempt(self, where: str, work: Callable[[], SavedScenario]) -> SavedScenario | None:
        """What ``work`` gives, or None with what was wrong noted."""
        try:
            return work()
        except WhatIfError as error:
            self.append(f"{where}: {error}")
            return None


def _of_toml(content: bytes, book: Book) -> ScenarioFile:
    given = read_toml(content, form_limits(MOST_BYTES))
    listed = given.get("scenario")
    if given.get("format") != FORMAT or not isinstance(listed, list) or not listed:
        raise BadInput(
            f"The file holds no scenarios: it needs format = {toml_value(FORMAT)} and a part [[scenario]] for each. "
            "Export one here to see how."
        )
    troubles, found = Troubles(), list[FileScenario]()
    for number, each in enumerate(listed, 1):
        where = f"Scenario {number}"
        if not isinstance(each, dict) or not isinstance(each.get("assumes", {}), dict):
            troubles.append(f"{where}: it must be a part [[scenario]] with [scenario.assumes] below it.")
            continue
        if each.get("book", book.contract.book.name) != book.contract.book.name:
            troubles.append(f"{where}: it is of the book {each['book']!r}; pick that book first.")
            continue
        cells = {
            key: (f'{where}, assumes, "{key}"', cell_text(value)) for key, value in each.get("assumes", {}).items()
        }
        about = {name: each.get(name) for name in ("name", "about", "owner", "note", "stands_on")}
        tags = each.get("tags", [])
        told = _strange_types(about, tags)
        if told:
            troubles.append(f"{where}: {told}")
            continue
        texts = {name: value or "" for name, value in about.items()}
        draft = draft_of(
            book, texts, tags, frozen=each.get("frozen") is True, cells=cells, where=where, troubles=troubles
        )
        found += [] if draft is None else [FileScenario(draft, where)]
    return file_of(found, troubles)


def _strange_types(about: Mapping[str, Json], tags: Json) -> str:
    strange = [name for name, value in about.items() if not isinstance(value, str | None)]
    if not isinstance(tags, list) or not all(isinstance(each, str) for each in tags):
        strange.append("tags")
    return f"{strange[0]} must be text; put it in quotes." if strange else ""


def _of_workbook(content: bytes, name: str, book: Book) -> ScenarioFile:
    limits = form_limits(MOST_BYTES)
    about, assumed = (
        read_table(content, name, wanted=wanted, sheet=sheet, limits=limits)
        for sheet, wanted in ((SCENARIOS, ABOUT), (ASSUMPTIONS, ASSUMED))
    )
    for table, sheet, needed in ((about, SCENARIOS, ABOUT[:2]), (assumed, ASSUMPTIONS, ("Scenario", "Key", "Value"))):
        missing = [each for each in needed if _place(table, each) is None]
        if missing:
            raise BadInput(
                f"The sheet {sheet} has no column {missing[0]!r}. Export scenarios here to see how it looks."
            )
    troubles, found, cells = Troubles(), list[FileScenario](), _cells_by_scenario(assumed)
    for table, sheet in ((about, SCENARIOS), (assumed, ASSUMPTIONS)):
        troubles += [f"{sheet}!A{each.line}: {each.why}" for each in table.odd]
    for row in range(len(about.lines)):
        texts = {name: cell_text(_cell(about, name, row)) for name in ABOUT}
        if not any(texts.values()):
            continue
        where = _address(about, SCENARIOS, "Scenario", row)
        named = {"name": texts["Scenario"], "about": texts["About"], "owner": texts["Owner"], "note": texts["Note"]}
        tags = [each.strip() for each in texts["Tags"].split(",") if each.strip()]
        draft = draft_of(
            book,
            named | {"stands_on": texts["Stands on"]},
            tags,
            frozen=texts["Frozen"].lower() in ("yes", "true", "1"),
            cells=_keyed(book, texts["About"], cells.pop(texts["Scenario"], []), troubles),
            where=where,
            troubles=troubles,
        )
        found += [] if draft is None else [FileScenario(draft, where)]
    for left, rows in cells.items():
        told = f"no scenario {left!r} stands on the sheet {SCENARIOS}. Add it there, or correct the name."
        troubles.append(f"{rows[0].where.replace(rows[0].column, 'A', 1)}: {told}")
    if not found and not troubles:
        raise BadInput(f"The sheet {SCENARIOS} holds no scenario. Write a row for each.")
    return file_of(found, troubles)


@dataclass(frozen=True)
class _Row:
    """A row of the sheet of assumptions: its key and label, its value, the address of that."""

    key: str
    label: str
    value: Json
    where: str
    column: str


def _cells_by_scenario(table: FileTable) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = {}
    column = _letters(_place(table, "Value") or 0)
    for row in range(len(table.lines)):
        texts = [cell_text(_cell(table, name, row)) for name in ("Scenario", "Key", "Label")]
        value = _cell(table, "Value", row)
        if any((*texts, cell_text(value))):
            where = _address(table, ASSUMPTIONS, "Value", row)
            found.setdefault(texts[0], []).append(_Row(texts[1], texts[2], value, where, column))
    return found


def _keyed(book: Book, about: str, rows: Sequence[_Row], troubles: Troubles) -> dict[str, tuple[str, str]]:
    """The rows of a scenario by key: their addresses, and their values as an address has them."""
    found: dict[str, tuple[str, str]] = {}
    subject = next((each for each in SUBJECTS if each == about), None)
    known = scenario_parts(book.contract, subject) if subject is not None else {}
    for row in rows:
        labelled = [key for key, part in known.items() if part.label.casefold() == row.label.casefold()]
        key = row.key or (labelled[0] if len(labelled) == 1 else row.label)
        if key in found:
            troubles.append(f"{row.where}: {key!r} stands in {found[key][0]} already. Keep one of the two.")
            continue
        if cell_text(row.value) == "":
            continue
        found[key] = (row.where, _own_unit(known.get(key), row.value))
    return found


def _own_unit(part: ScenarioPart | None, value: Json) -> str:
    """A cell's value as an address has it."""
    text = cell_text(value)
    if text.lower() == AS_IT_STANDS:
        return TAKEN_BACK
    number = None if part is None or part.textual else _number(text)
    return text if number is None or part is None or part.scale == 1 else f"{number * part.scale:.12g}"


def _cell(table: FileTable, name: str, row: int) -> Json:
    place = _place(table, name)
    return None if place is None else table.frame[place].iloc[row]


def _place(table: FileTable, name: str) -> int | None:
    return next((k for k, each in enumerate(table.header) if each.strip().casefold() == name.casefold()), None)


def _address(table: FileTable, sheet: str, column: str, row: int) -> str:
    """The address of a cell: Assumptions!D7."""
    return f"{sheet}!{_letters(_place(table, column) or 0)}{table.lines[row]}"


def _letters(place: int) -> str:
    return chr(ord("A") + place) if place < 26 else f"{_letters(place // 26 - 1)}{_letters(place % 26)}"


def cell_text(value: Json) -> str:
    """What a cell, or a value of TOML, says."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_as_text(value)
    if isinstance(value, date | datetime):
        return value.isoformat()[:10]
    return str(value).strip()


# ---- checked ---------------------------------------------------------------------------------------------------------


def draft_of(
    book: Book,
    texts: Mapping[str, str],
    tags: Sequence[str],
    *,
    frozen: bool,
    cells: Mapping[str, tuple[str, str]],
    where: str,
    troubles: Troubles,
) -> SavedScenario | None:
    """A scenario of a file whose every cell holds what it may; None with what is wrong noted."""
    about = texts["about"].strip().lower()
    subject = next((each for each in SUBJECTS if each == about), None)
    if subject is None:
        troubles.append(f"{where}: a scenario is about book, customer or policy; {texts['about']!r} was given.")
        return None
    query = {key: text for key, (_, text) in cells.items()}
    wrong = [f"{cell}: {told}" for key, (cell, text) in cells.items() if (told := _wrong(book, subject, key, query))]
    troubles += wrong
    variant = bool(texts["stands_on"]) and not frozen
    if not wrong and not variant:
        meant, complaints = read_query(subject, book, query)
        troubles += [f"{where}: {_kept_words(each)}" for each in complaints]
        query = meant.to_query()

    def make() -> SavedScenario:
        return SavedScenario(
            texts["name"].strip(),
            book.contract.book.name,
            subject,
            () if variant else tuple(query.items()),
            owner=texts["owner"].strip() or "nobody",
            note=texts["note"],
            tags=tuple(tags),
            stands_on=texts["stands_on"].strip(),
            own=tuple(query.items()) if variant else (),
            follows=not frozen,
        )

    return troubles.attempt(where, make)


def _wrong(book: Book, subject: Subject, key: str, query: Mapping[str, str]) -> str:
    """What is wrong with one value, beside those that it needs; "" where nothing is."""
    if key not in scenario_parts(book.contract, subject):
        return f"{key!r} is nothing that can be assumed here. Take a key from an export."
    if query[key] == TAKEN_BACK:
        return ""
    needed = {name: query[name] for name in (PRESET, UNDER + PRESET, CUSTOMER) if query.get(name)}
    others = read_query(subject, book, needed)[1]
    told = [each for each in read_query(subject, book, needed | {key: query[key]})[1] if each not in others]
    told = told if key not in needed else others
    return _kept_words(told[0]) if told and not _about_others(told[0]) else ""


def _about_others(complaint: str) -> bool:
    return "takes the place of" in complaint


def _kept_words(complaint: str) -> str:
    """A complaint about an address, as it is said of a file."""
    for end in NOT_KEPT:
        complaint = complaint.replace(end, "")
    told = complaint.replace(" in the address", "").rstrip(". ")
    return f"{told}."


def file_of(found: Sequence[FileScenario], troubles: list[str]) -> ScenarioFile:
    """The scenarios of a file, none named like another of them."""
    seen: dict[str, str] = {}
    for each in found:
        name = each.draft.name.casefold()
        if name in seen:
            troubles.append(f"{each.where}: “{each.draft.name}” stands in {seen[name]} already. Names are given once.")
        seen[name] = each.where
    more = [f"And {len(troubles) - MOST_TROUBLES:,} more."] if len(troubles) > MOST_TROUBLES else []
    return ScenarioFile(tuple(found), (*troubles[:MOST_TROUBLES], *more))


# ---- kept ------------------------------------------------------------------------------------------------------------


def bring_in(
    model: DeployedModel, store: ScenarioStore, file: ScenarioFile, *, person: Person, day: date
) -> list[SavedScenario]:
    """Keep the scenarios of a file as new drafts with the numbers of the model that answers now; whoever brings them is
    their owner where the file names none. All of them are kept in one transaction, or none.

    Raises
    ------
    BadInput
        If something is wrong with the file, a name is taken, also meanwhile, or one stands on what is not there.
    RemoteError
        If a model elsewhere stops answering.
    """
    try:
        return store.save_together(_measured(model, store, file, person=person, day=day), person)
    except WhatIfError as error:
        raise type(error)(f"Nothing was brought in. {error}") from error


def _measured(
    model: DeployedModel, store: ScenarioStore, file: ScenarioFile, *, person: Person, day: date
) -> list[SavedScenario]:
    """The scenarios of a file as they are to be kept, with their ids, each after what it stands on."""
    if file.troubles:
        raise BadInput(" ".join(file.troubles[:3]))
    known = {each.name.casefold(): each for each in store.listed(model.contract.book.name)}
    taken = [each for each in file.scenarios if each.draft.name.casefold() in known]
    if taken:
        raise BadInput(
            f"{taken[0].where}: a scenario “{taken[0].draft.name}” is kept already. Give it another name in the file, "
            "or archive the one that is kept."
        )
    new: dict[str, SavedScenario] = {}

    def find(identity: str) -> SavedScenario:
        return new[identity] if identity in new else store.find(identity)

    for each in _in_order(file.scenarios, known):
        base = known.get(each.draft.stands_on.casefold())
        below = base_query(model, find, base.id) if base is not None else None
        own, subject = dict(each.draft.own), each.draft.subject
        query = stacked(subject, model.book, below, own)[0] if below is not None and own else dict(each.draft.query)
        query = below if below is not None and each.draft.follows and not own else query
        owner = person.name if each.draft.owner == "nobody" else each.draft.owner
        told = measured(model, replace(each.draft, owner=owner, follows=True), query, day, below)
        stands_on = base.id if base is not None else ""
        told = replace(told, id=fresh_id(), stands_on=stands_on, follows=each.draft.follows)
        new[told.id] = known[told.name.casefold()] = told
    return list(new.values())


def _in_order(scenarios: Sequence[FileScenario], known: Mapping[str, SavedScenario]) -> list[FileScenario]:
    """Each after what it stands on; BadInput where that is nowhere, or in a circle."""
    waiting, found = list(scenarios), list[FileScenario]()
    there = set(known) | {""}
    about = {name: each.subject for name, each in known.items()}
    about |= {each.draft.name.casefold(): each.draft.subject for each in scenarios}
    for each in scenarios:
        below = about.get(each.draft.stands_on.casefold(), each.draft.subject)
        if below != each.draft.subject:
            raise BadInput(
                f"{each.where}: it is about {each.draft.subject} and cannot stand on "
                f"“{each.draft.stands_on}”, which is about {below}."
            )
    while waiting:
        ready = [each for each in waiting if each.draft.stands_on.casefold() in there]
        if not ready:
            first = waiting[0]
            raise BadInput(
                f"{first.where}: it stands on “{first.draft.stands_on}”, which is neither kept here nor in the file, "
                "or stands on it in turn."
            )
        found += ready
        there |= {each.draft.name.casefold() for each in ready}
        waiting = [each for each in waiting if each not in ready]
    return found
