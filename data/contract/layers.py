"""A book's contract in two files: what code proposed, and what a person decided, laid over it.

``proposed.toml`` is complete and made anew by `init --replace`; ``contract.toml`` holds what somebody wrote, one line a
column. Tables are laid over each other by key, lists of named parts by name. What a line of ``fields`` says of a column
counts for everything that stands on it alone: its label, unit and direction are said once. Where its role there is
``left out`` or ``identifier``, everything that stands on it goes.
"""

import re
from copy import deepcopy

from data.contract.schema import Field
from data.errors import ContractError
from data.formulas import names_in
from data.json_types import Json, JsonObject

SOURCE = "source"  # of either file: the file that the book was made of, and what was decided on the whole
GONE = ("left out", "identifier")  # roles of columns that the book does not hold
SCORED = "input"
ONLY_PROPOSED = ("kind", "order", "column_role")  # of a line: what takes effect when the book is proposed anew
NAMED_BY = {"appetite": "measure"}
OF_EXPOSURE = ("exposure", "loss", "net_loss", "capital", "margin")  # measures that are sums over what is owed
FOLLOWING = ("inputs", "levers", "segments", "shocks", "concepts")
TEXTS = ("label", "phrase", "reason", "help")

Contents = dict[str, Json]


def laid_over(proposed: JsonObject, own: JsonObject) -> Contents:
    """The contract's contents: ``own``, what a person decided, over what was ``proposed``.

    Raises
    ------
    ContractError
        If a line speaks of a column whose values are not in the book.
    """
    below, above = deepcopy(dict(proposed)), deepcopy(dict(own))
    source = below.pop(SOURCE, {})
    above.pop(SOURCE, None)
    lines = above.pop("fields", [])
    known = _by_name(source.get("columns", []) if isinstance(source, dict) else [])
    for line in lines if isinstance(lines, list) else []:
        if not isinstance(line, dict) or not isinstance(line.get("name"), str):
            raise ContractError("fields: each line needs the name of its column")
        _decide(below, line, known.get(line["name"]))
    _without_limits_of_another_exposure(below, above)
    merged: Contents = _over(below, above)
    return merged


def _without_limits_of_another_exposure(below: Contents, above: Contents) -> None:
    """A limit in money was proposed from what is owed: where a person has changed that, it says nothing any more."""
    was, now = below.get("exposure"), above.get("exposure")
    if isinstance(was, dict) and isinstance(now, dict) and any(now.get(key, was[key]) != was[key] for key in was):
        limits = below.get("appetite", [])
        kept = [each for each in limits if isinstance(each, dict) and each.get("measure") not in OF_EXPOSURE]
        below["appetite"] = kept


def _decide(below: Contents, line: Contents, column: Contents | None) -> None:
    """One line of ``fields`` over all that stands on its column."""
    name, fields = str(line["name"]), _listed(below, "fields")
    field = _by_name(fields).get(name)
    role = line.get("role")
    if role in GONE:
        _take_away(below, name)
        below["fields"] = [each for each in fields if each is not field]
        return
    if field is None:
        if column is not None and role not in (None, column.get("role")):
            raise ContractError(f"fields.{name}.role: {_unread(name, str(role), str(column.get('role')))}")
        if column is None:
            below["fields"] = [*fields, {key: value for key, value in line.items() if key not in ONLY_PROPOSED}]
        return
    was = field.get("role")
    if role == SCORED != was:
        raise ContractError(f"fields.{name}.role: {_unread(name, str(role), str(was))}")
    if was == SCORED and role not in (None, SCORED):
        _take_away(below, name)
    if isinstance(line.get("special"), dict):  # without a word it is no code, once the file was read again
        line = {**line, "special": {code: word for code, word in line["special"].items() if word != ""}}
    _follow(below, field, line)
    of_inputs = ("direction",) if was == SCORED else ()
    for key, value in line.items():
        if key in Field.model_fields and key not in of_inputs:
            field[key] = _over(field.get(key), value)
        elif key not in (*ONLY_PROPOSED, "special", "direction"):
            field[key] = value  # told as what no contract has, with its line


def _unread(name: str, role: str, was: str) -> str:
    return (
        f"the book was made with {name} as {was}, so nothing in it reads the column as {role} yet. Make it anew from "
        "its file: python -m model init FILE --replace --book NAME"
    )


def _take_away(below: Contents, name: str) -> None:
    """Whatever reads a field: inputs, then what shows or cuts those, levers, shocks, constraints, empty concepts."""
    read = [each for each in _listed(below, "inputs") if name in names_in(str(each.get("formula", "")))]
    gone = {name, *(str(each["name"]) for each in read)}
    before = _concepts(below)
    kept = {
        "inputs": [each for each in _listed(below, "inputs") if each not in read],
        "segments": [each for each in _listed(below, "segments") if each.get("field") not in gone],
        "levers": [
            each for each in _listed(below, "levers") if name not in _moved(each) and each.get("shows") not in gone
        ],
        "shocks": [each for each in _listed(below, "shocks") if name not in _moved(each)],
        "constraints": [each for each in _listed(below, "constraints") if name not in each.get("fields", ())],
    }
    below.update({kind: parts for kind, parts in kept.items() if kind in below})
    empty = before - _concepts(below, without=name)
    below["concepts"] = [each for each in _listed(below, "concepts") if each["name"] not in empty]


def _moved(part: Contents) -> frozenset[str]:
    """The fields that a lever or a shock moves or reads."""
    rules = part.get("rules")
    own = rules if isinstance(rules, dict) else {}
    return names_in(str(part.get("start", "0"))).union(own, *(names_in(str(rule)) for rule in own.values()))


def _concepts(below: Contents, without: str = "") -> set[str]:
    """The concepts that some part is of."""
    parts = [each for kind in ("fields", "inputs", "levers") for each in _listed(below, kind)]
    return {str(each["concept"]) for each in parts if each.get("concept") and each.get("name") != without}


def _follow(below: Contents, field: Contents, line: Contents) -> None:
    """What a line says of its column, in everything that stands on it alone."""
    name = str(field["name"])
    of_concept = [each["name"] for each in _listed(below, "fields") if each.get("concept") == field.get("concept")]
    for kind in FOLLOWING:
        for part in _listed(below, kind):
            rules = part.get("rules", {})
            alone = {
                "inputs": str(part.get("formula", "")).strip() == name,
                "segments": part.get("field") == name,
                "concepts": part.get("name") == field.get("concept") and of_concept == [name],
            }.get(kind, isinstance(rules, dict) and list(rules) == [name])
            if alone:
                _follow_one(kind, part, field, line)


def _follow_one(kind: str, part: Contents, field: Contents, line: Contents) -> None:
    old, new = str(field.get("label", "")), line.get("label")
    if isinstance(new, str) and new != old:
        for key in TEXTS:
            if isinstance(part.get(key), str):
                part[key] = _renamed(str(part[key]), old, new, phrase=key == "phrase")
    if kind in ("inputs", "levers"):
        for key in ("unit", "direction"):
            same = key == "direction" or part.get(key, "") == field.get(key, "")
            if key in line and same:
                part[key] = line[key]
    words, codes = line.get("codes"), field.get("codes")
    if isinstance(words, dict) and isinstance(codes, dict):
        if part.get("codes") == codes:
            part["codes"] = {**codes, **words}
        if kind == "segments" and isinstance(part.get("labels"), list):
            told = {str(codes[code]): word for code, word in words.items() if code in codes}
            part["labels"] = [told.get(str(each), each) for each in part["labels"]]


def _renamed(text: str, old: str, new: str, phrase: bool) -> str:
    """A text that was made of a label, made of another one."""
    if phrase:
        new = new.replace("{", "{{").replace("}", "}}")
    for given, wanted in ((old, new), (_lower(old), _lower(new))):
        place = re.search(rf"(?<!\w){re.escape(given)}(?!\w)", text) if given else None
        if place:
            return text[: place.start()] + wanted + text[place.end() :]
    return text


def _lower(label: str) -> str:
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def _over(below: Json, above: Json, kind: str = "") -> Json:
    """``above`` over ``below``: tables by key, lists of named parts by name, anything else in its place."""
    if isinstance(below, dict) and isinstance(above, dict):
        both = {key: _over(below[key], value, key) if key in below else value for key, value in above.items()}
        return {**below, **both}
    key = NAMED_BY.get(kind, "name")
    if _named(below, key) and _named(above, key):
        found = {str(each[key]): each for each in below}
        for each in above:
            found[str(each[key])] = _over(found[str(each[key])], each) if str(each[key]) in found else each
        return list(found.values())
    return above


def _named(value: Json, key: str) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) and key in each for each in value)


def _listed(below: Contents, kind: str) -> list[Contents]:
    found = below.get(kind, [])
    return found if _named(found, "name") or kind == "constraints" else []


def _by_name(parts: list[Contents]) -> dict[str, Contents]:
    return {str(each.get("name")): each for each in parts if isinstance(each, dict)}
