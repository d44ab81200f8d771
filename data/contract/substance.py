"""What of a contract a model depends on, apart from the words that pages tell it by.

A release belongs to a contract whose substance is that which it was trained under. Labels, phrases, reasons, help, the
words of codes, the outcome's words, titles and the texts of the model card may be rewritten at any time.
"""

import hashlib
import json
from collections.abc import Mapping

from data.contract.contract import Contract
from data.contract.schema import YEAR
from data.files.numbers import PERCENT, UNITS
from data.json_types import Json, JsonObject

_OF_BOOK = (
    "title as_of sample currency record several outcome probability granted granted_word declined decision_note "
    "pd_horizon"
)
WORDS: Mapping[str, frozenset[str]] = {  # of each part, what is told and never reckoned with
    "book": frozenset(_OF_BOOK.split()),
    "exposure": frozenset({"note"}),
    "concepts": frozenset({"label", "plural", "reason"}),
    "fields": frozenset({"label", "help", "association"}),
    "histories": frozenset({"label", "help", "association", "months"}),
    "constraints": frozenset({"message"}),
    "inputs": frozenset({"label"}),
    "levers": frozenset({"label", "phrase", "here", "help", "association"}),
    "assumptions": frozenset({"label", "feeds", "help"}),
    "segments": frozenset({"label", "labels", "phrases"}),
    "shocks": frozenset({"label", "phrase", "help"}),
    "economy": frozenset({"label", "phrase", "help", "source"}),
}
KEYED_WORDS = frozenset({"codes", "special", "watched"})  # whose keys count, and whose words are told
MEANT = frozenset({PERCENT, YEAR, "±%", "pp", *UNITS.values()})  # units that say how a cell or a lever is read


def substance(contract: Contract) -> str:
    """sha256 over what a model depends on: fields, inputs, formulas, ranges, directions, training, gates, figures."""
    found = contract.model_dump(mode="json", exclude={"card"})
    for kind, value in found.items():
        parts = value if isinstance(value, list) else [value]
        for part in parts:
            if isinstance(part, dict):
                _strip(part, WORDS.get(kind, frozenset()))
    for history, own in zip(found["histories"], contract.histories, strict=True):
        history["months"] = len(own.months)
    found["exposure"]["guarantor"] = bool(contract.exposure.guarantor)
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def _strip(part: JsonObject, words: frozenset[str]) -> None:
    for key in words & part.keys():
        del part[key]
    for key in KEYED_WORDS & part.keys():
        part[key] = sorted(map(str, part[key]))
    if "unit" in part:
        part["unit"] = _unit(part["unit"])


def _unit(unit: Json) -> Json:
    """A unit that says how cells are read, or a lever is moved; "" for one that is a word."""
    return unit if unit in MEANT else ""
