"""The two files of a proposed book: proposed.toml, which code makes, and contract.toml, what a person decides.

The second is short: a line a column, the few questions, and what they are about. `decisions_in` reads it back, so that
`init --replace` proposes anew with what stands there; `carried_over` keeps it, comments and all, beside a new proposal.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from data.contract import OF_MONEY, PROPOSED
from data.contract.layers import GONE, SOURCE
from data.contract.toml import Way, decoded, rewritten, spans, toml_value
from data.contract.whereabouts import by_name
from data.errors import BadInput, ContractError
from data.files.given import number_as_text
from data.json_types import Json, JsonObject
from data.proposing.decisions import ColumnDecision, Decisions
from data.proposing.drafting import comment
from data.proposing.plan import Plan
from data.proposing.questions import MARK, TITLES, OpenQuestion, open_questions, title_of
from data.proposing.roles import ProposedColumn

ROLES = ("input", "vintage", "protected", "post-outcome", *GONE)
ON_A_LINE = ("label", "role", "kind", "unit", "direction", "mutability", "special", "order")
_BOOK = (
    "name reviewed title outcome probability record pd_months pd_horizon as_of sample decision_note currency granted "
    "declined exposure_class"
)
TABLES: Mapping[str, Sequence[str]] = {  # what of each table a person decides
    "book": _BOOK.split(),
    "exposure": ("balance", "ead"),
    "score": ("cutoff",),
    "card": ("purpose", "users", "owner", "tier", "not_for", "limits"),
}
FIGURES = {"ccf", "lgd", "apr", "funding", "opex", "annual_default_rate", "correlation"}
TAKEN_UP = ("kind", "order")  # on a line: what takes effect when the file is read again
OF_FILE = ("bad", "drop", "id", "amount", "missing")
OF_BOOK = {"currency": "currency", "months": "pd_months"}


# ---- written --------------------------------------------------------------------------------------------------------


def proposed_text(draft: bytes, plan: Plan, decisions: Decisions) -> bytes:
    """proposed.toml: the whole proposal, and what of it was decided rather than guessed."""
    columns = [_column(each) for each in plan.columns]
    decided = [name for name in OF_BOOK if getattr(decisions, name) is not None]
    source = {"file": plan.source.name, "target": decisions.target, "decided": decided, "columns": columns}
    lines = [f"{key} = {toml_value(value)}" for key, value in source.items() if key != "columns"]
    listed = [f"  {toml_value(each)}," for each in columns]
    return "\n".join([draft.decode(), f"[{SOURCE}]", *lines, "columns = [", *listed, "]", ""]).encode()


def _column(column: ProposedColumn) -> JsonObject:
    said = {each.name: getattr(column.said, each.name) for each in fields(ColumnDecision)}
    decided = [name for name, value in said.items() if value or value == 0 or (name == "unit" and value is not None)]
    found: JsonObject = {"name": column.name, "column": column.given, "role": column.role}
    of_file = {"kind": column.said.kind, "order": list(column.said.order)}
    return found | ({"decided": decided} if decided else {}) | {key: value for key, value in of_file.items() if value}


def record_text(plan: Plan, proposed: bytes, decisions: Decisions, asked: Sequence[OpenQuestion]) -> bytes:
    """contract.toml, as `init` begins it."""
    whole = tomllib.loads(proposed.decode())
    not_told = frozenset() if plan.money().named else OF_MONEY
    by_place: dict[str, list[OpenQuestion]] = {}
    for each in asked:
        by_place.setdefault(each.place, []).append(each)
    lines = [
        f"# The book {plan.name}: what a person decides about it. All else stands in {PROPOSED}, which code makes of",
        "# the file and nobody edits; what stands here counts before it.",
        "# What must be decided is marked as a question: answer each where it stands, and delete its line. Then set",
        f"# reviewed = true; python -m model check --book {plan.name} says whether all holds together.",
        "",
        f"version = {toml_value(whole['version'])}",
        "",
        "# A line a column. role: input, protected, post-outcome, vintage, identifier or left out. Also: label, unit,",
        "# direction (1: more of it, more risk; -1: less risk), mutability (never, up, down, free), kind (number,",
        '# category), order = ["low", "high"], special = { "-9" = "no record" }. Role, kind, order and special codes',
        f"# take effect with python -m model init {plan.source.name} --replace --book {plan.name}.",
        "fields = [",
        *_field_lines(plan, by_place),
        "]",
        "",
        *_asked(by_place, "assumptions"),
        "assumptions = [",
        *(_figure_line(each) for each in whole["assumptions"] if each["name"] in FIGURES - not_told),
        "]",
    ]
    for table, keys in TABLES.items():
        lines += ["", *_asked(by_place, table), f"[{table}]"]
        for key in keys:
            if key in whole.get(table, {}):
                lines += [*_asked(by_place, f"{table}.{key}"), f"{key} = {toml_value(whole[table][key])}"]
    given = {name: getattr(decisions, name) for name in OF_FILE}
    said = {"file": plan.source.name, "target": decisions.target} | {key: each for key, each in given.items() if each}
    lines += ["", f"# What was said of {plan.source.name}.", f"[{SOURCE}]"]
    lines += [f"{key} = {toml_value(value)}" for key, value in said.items()]
    return ("\n".join(lines) + "\n").encode()


def _figure_line(assumption: JsonObject) -> str:
    said = {"name": assumption["name"], "default": assumption["default"]}
    return f"  {toml_value(said)},  # {comment(assumption['label'])}"


def _asked(by_place: Mapping[str, Sequence[OpenQuestion]], place: str) -> list[str]:
    return [each.line for each in by_place.get(place, ())]


def _field_lines(plan: Plan, by_place: Mapping[str, Sequence[OpenQuestion]]) -> Iterator[str]:
    for role in ROLES:
        own = [each for each in plan.columns if each.role == role]
        if own:
            yield from (f"  {line}" for line in _asked(by_place, f"fields.{role}"))
            yield from (_field_line(plan, each) for each in own)
    yield f"  {toml_value({'name': plan.target.name, 'label': plan.target.label, 'role': 'target'})},"


def _field_line(plan: Plan, column: ProposedColumn) -> str:
    why = f"  # {comment(column.why)}" if column.role != "input" and column.said.role is None else ""
    why = f"  # {comment(plan.codes_told(column))}" if column.special else why
    return f"  {toml_value(line_of(plan, column))},{why}"


def line_of(plan: Plan, column: ProposedColumn) -> JsonObject:
    """What the contract says of a column on its line: what was decided, and of the rest what a person would look at."""
    said = column.said
    found: JsonObject = {"name": column.name}
    if column.role not in GONE or said.label:
        found["label"] = column.label
    found["role"] = column.role
    if column.role == "input":
        unit, direction = plan.shown_unit(column), plan.direction(column)[0]
        found |= {"unit": unit} if unit or said.unit is not None else {}
        found |= {"direction": direction} if direction or said.direction is not None else {}
    found |= {"mutability": said.mutability} if said.mutability else {}
    found |= {"kind": said.kind} if said.kind else {}
    special = {**said.special, **column.special}
    found |= {"special": {number_as_text(code): word for code, word in special.items()}} if special else {}
    return found | ({"order": list(said.order)} if said.order else {})


# ---- read back ------------------------------------------------------------------------------------------------------


def decisions_in(folder: Path) -> Decisions:
    """What stands decided in the contract of a proposed book: what differs from its proposal, or was decided before.

    Raises
    ------
    BadInput, ContractError
        If the book has no proposal, or a line cannot be read as a decision.
    """
    own, below = (_read(folder / name) for name in ("contract.toml", PROPOSED))
    source, before = own.get(SOURCE, {}), below[SOURCE]
    known = {each["name"]: each for each in before["columns"]}
    shown = {each["name"]: each for each in below["fields"]}
    sides = {each["formula"]: each for each in below["inputs"]}
    columns = {}
    for line in own.get("fields", []):
        column = known.get(line.get("name"))
        if column is None:
            continue
        proposed = {**shown.get(column["name"], {}), "role": column["role"]}
        if column["name"] in sides:
            proposed["direction"] = sides[column["name"]].get("direction", 0)
        before_too = column.get("decided", ())
        said = {key: line[key] for key in ON_A_LINE if key in line}
        other = {key for key, each in said.items() if each != proposed.get(key, "" if key == "unit" else None)}
        decided = {key: each for key, each in said.items() if key in before_too or key in other}
        if decided:
            columns[column["column"]] = _decision(column["name"], decided)
    book = own.get("book", {})
    terms = {
        name: book[key]
        for name, key in OF_BOOK.items()
        if key in book and (name in before["decided"] or book[key] != below["book"].get(key))
    }
    given: JsonObject = {name: _words(source, name) for name in ("bad", "drop", "missing")}
    given |= {name: source.get(name) for name in ("id", "amount")}
    terms |= {name: source[name] for name in OF_BOOK if name in source}
    months = source.get("months", 1)
    if not isinstance(months, int | float) or isinstance(months, bool):
        raise BadInput(f"contract.toml: {SOURCE}.months is {months!r}; write a number of months.")
    return Decisions(source.get("target", before["target"]), **given, **terms, columns=columns)


def _words(source: JsonObject, name: str) -> tuple[str, ...]:
    """The words of a list under ``[source]``, of which one alone may stand by itself."""
    said = source.get(name, ())
    return tuple(map(str, said)) if isinstance(said, list | tuple) else (str(said),)


def not_taken_up(folder: Path) -> tuple[str, ...]:
    """What a line of a proposed book's contract says that takes effect only once the file is read again."""
    try:
        own, below = (_read(folder / name) for name in ("contract.toml", PROPOSED))
    except BadInput:  # of one file
        return ()
    known = {each["name"]: each for each in below[SOURCE]["columns"]}
    coded = {each["name"]: set(each.get("special", {})) for each in below["fields"]}
    found = []
    for line in own.get("fields", []):
        name = line.get("name")
        if name in known:
            late = [key for key in TAKEN_UP if line.get(key) != known[name].get(key)]
            given = {code for code, word in line.get("special", {}).items() if word}
            late += ["special"] if name in coded and "special" in line and given != coded[name] else []
            found += [f"fields.{name}.{key}" for key in late]
    return tuple(found)


def _decision(name: str, decided: Mapping[str, Json]) -> ColumnDecision:
    allowed = {
        "role": ("input", "protected", "post-outcome", "vintage", *GONE),
        "kind": ("number", "category"),
        "mutability": ("never", "up", "down", "free"),
        "direction": (-1, 0, 1),
    }
    for key, values in allowed.items():
        if key in decided and decided[key] not in values:
            told = ", ".join(map(str, values))
            raise BadInput(f"contract.toml: fields.{name}.{key} is {decided[key]!r}; it may be {told}.")
    try:
        special = {float(code): str(word) for code, word in decided.get("special", {}).items()}
    except ValueError as error:
        raise BadInput(f'contract.toml: fields.{name}.special has {error}; write {{ "-9" = "no record" }}.') from error
    return ColumnDecision(**{**decided, "special": special, "order": tuple(map(str, decided.get("order", ())))})


def _read(path: Path) -> JsonObject:
    try:
        return tomllib.loads(decoded(path.read_bytes(), path.name))
    except FileNotFoundError:
        raise BadInput(
            f"{path.parent.name} has no {path.name}: its contract is one file, which --replace would lose. Give the "
            "new book another name by --book."
        ) from None
    except (ValueError, RecursionError) as error:
        raise ContractError(f"{path.name} is not readable TOML: {error}.") from error


# ---- kept beside a new proposal -------------------------------------------------------------------------------------


def carried_over(own: bytes, before: bytes, record: bytes) -> bytes:
    """The contract.toml that a person has edited, beside a new proposal whose own would be ``record``: what stood there
    as it was proposed ``before`` is as it is proposed now, lines come and go with the file's columns, and whatever a
    person wrote stays, comments too."""
    text, old, new = decoded(own, "contract.toml"), tomllib.loads(before.decode()), tomllib.loads(record.decode())
    contents = tomllib.loads(text)
    changes: dict[Way, Json] = {}
    for way in spans(text):
        named = by_name(way, contents)
        value, was, now = _at(contents, way), _named_at(old, named), _named_at(new, named)
        proposed = named[0] in (*TABLES, "assumptions") and not isinstance(value, dict) and value == was
        if len(named) > 1 and now is not None and value != now and (proposed or named[0] == SOURCE):
            changes[way] = now
    said = contents.get(SOURCE, {})
    added = [f"{key} = {toml_value(value)}" for key, value in new[SOURCE].items() if key not in said]
    text = _still_asked(rewritten(text, changes).replace("\r\n", "\n"), record.decode())
    text = _without_keys(text, [key for key in OF_FILE if key in said and key not in new[SOURCE]])
    if added:
        text = re.sub(rf"(?m)^\[{SOURCE}\][^\n]*\n", lambda found: found[0] + "\n".join(added) + "\n", text, count=1)
    return _with_lines(text, contents, record.decode(), new).encode()


def _still_asked(text: str, record: str) -> str:
    """The contract without the lines of questions that were decided since, the others as they are asked now."""
    asked = {title_of(line): line.strip() for _, line in open_questions(record.encode())}
    lines = []
    for line in text.split("\n"):
        found = line.strip().removeprefix("#").strip()
        title = title_of(found.removeprefix(f"{MARK}: ")) if found.startswith(f"{MARK}: ") else ""
        if title not in TITLES:
            lines.append(line)
        elif title in asked:
            lines.append(f"{line[: len(line) - len(line.lstrip())]}# {MARK}: {asked[title]}")
    return "\n".join(lines)


def _without_keys(text: str, keys: Sequence[str]) -> str:
    """The contract without some of what was said of the file."""
    there = [span for way, span in spans(text).items() if way in [(SOURCE, key) for key in keys]]
    gone = {each.line - 1 + k for each in there for k in range(1 + text.count("\n", each.start, each.end))}
    return "\n".join(line for k, line in enumerate(text.split("\n")) if k not in gone)


def _with_lines(text: str, contents: JsonObject, record: str, new: JsonObject) -> str:
    """The lines of columns: those decided on as they are now, new ones before the closing bracket, those that the file
    has no more as comments."""
    lines, there = text.split("\n"), {each["name"]: each for each in new["fields"]}
    places = _line_places(text, contents)
    for name, k in places.items():
        if not lines[k].strip().startswith("{"):
            continue
        if name not in there:
            lines[k] = f"  # no column of the file any more: {lines[k].strip()}"
            continue
        given = next(each for each in contents["fields"] if each["name"] == name)
        wanted = {key: value for key, value in given.items() if key not in ON_A_LINE} | there[name]
        if wanted != given:
            tail = re.search(r"#[^\"]*\Z", lines[k])
            lines[k] = f"  {toml_value(wanted)}," + (f"  {tail[0]}" if tail else "")
    fresh = [name for name in there if name not in places]
    if fresh and places:
        written, at, last = record.split("\n"), _line_places(record, new), max(places.values()) + 1
        ask = f"  # {MARK}: New columns. Is each what it is taken for?"
        lines[last:last] = [ask, *(written[at[name]] for name in fresh)]
    return "\n".join(lines)


def _line_places(text: str, contents: JsonObject) -> dict[str, int]:
    """The line, counted from 0, of each column of a contract."""
    ways = {way: span for way, span in spans(text).items() if len(way) == 2 and way[0] == "fields"}
    return {by_name(way, contents)[1]: span.line - 1 for way, span in ways.items()}


def _at(contents: Json, way: Way) -> Json:
    for step in way:
        contents = contents[step]
    return contents


def _named_at(contents: Json, named: tuple[str, ...]) -> Json:
    """What stands at a way of names; None where nothing does."""
    for step in named:
        if isinstance(contents, list):
            parts = [each for each in contents if isinstance(each, dict)]
            contents = next((each for each in parts if step in (each.get("name"), each.get("measure"))), None)
        elif isinstance(contents, dict):
            contents = contents.get(step)
        else:
            return None
    return contents
