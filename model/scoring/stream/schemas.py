"""The messages of a stream as JSON Schemas: what a sender must send, what a receiver may rely on."""

from collections.abc import Callable, Mapping

from data.contract import Contract, Field, bounds, special_words
from data.json_types import JsonObject
from model.scoring.decided import concept_inputs
from model.scoring.stream.messages import LONGEST_ID

DRAFT = "https://json-schema.org/draft/2020-12/schema"
IDENTITY: JsonObject = {
    "description": "What tells an application from every other; also the message's key in what is answered.",
    "anyOf": [{"type": "integer"}, {"type": "string", "minLength": 1, "maxLength": LONGEST_ID}],
}
MOMENT: JsonObject = {"type": "string", "format": "date-time", "description": "The message's own timestamp, UTC."}


def application_schema(contract: Contract) -> JsonObject:
    """What comes in: an application, with every field of the contract's record."""
    fields = {each.name: _field(each) for each in contract.record}
    return _schema(
        f"Application: {contract.book.title}",
        "Decided by the release that is champion at the message's timestamp. What is named otherwise is ignored.",
        {"id": IDENTITY, **fields},
    )


def decision_schema(contract: Contract) -> JsonObject:
    """What goes out: the decision on an application. The same application gives the same bytes whenever it comes."""
    number, text, currency = {"type": "number"}, {"type": "string"}, contract.book.currency
    concepts = {name: number for name, _ in concept_inputs(contract)}
    money: JsonObject = {
        "exposure": number | {"description": f"Exposure at default, {currency}."},
        "loss": number | {"description": f"Expected loss over {contract.book.pd_horizon}, {currency}."},
        "currency": {"const": currency},
    }
    properties: JsonObject = {
        "id": {"type": "string"},
        "book": {"const": contract.book.name},
        "release": text | {"description": "The release that decided."},
        "contract": text | {"description": "sha256 of the contract it decided under."},
        "at": MOMENT,
        "pd": number | {"minimum": 0, "maximum": 1, "description": contract.book.probability},
        "score": {"type": "integer", "description": "Whole points, rounded down."},
        "decision": {"enum": ["granted", "declined"]},
        **(money if contract.in_money else {}),
        "territory": {"enum": ["known", "outside"], "description": "Whether it is like what the model has seen."},
        "average_score": number | {"description": "Of the average " + contract.book.record + " of the book, points."},
        "exact_score": number | {"description": "Points; the average and the reasons add up to it."},
        "reasons": {
            "type": "object",
            "description": "Shapley values by concept, score points.",
            "properties": concepts,
            "required": list(concepts),
            "additionalProperties": False,
        },
    }
    return _schema(
        f"Decision: {contract.book.title}",
        "Keyed by the application; at least once, the same for one application and release. The headers decided_at "
        "(ISO 8601) and latency_ms say when it was made and how long after the application's timestamp.",
        properties,
        closed=True,
    )


def outcome_schema(contract: Contract) -> JsonObject:
    """What became of an application."""
    came_true = {"enum": [0, 1], "description": f"1 if this came true: {contract.book.outcome}."}
    return _schema(
        f"Outcome: {contract.book.title}",
        "Joined to its application by the id.",
        {"id": IDENTITY, "outcome": came_true},
    )


def refusal_schema(_contract: Contract) -> JsonObject:
    """A message that could not be decided."""
    texts: JsonObject = {"type": "array", "items": {"type": "string"}}
    properties: JsonObject = {
        "topic": {"type": "string"},
        "partition": {"type": "integer"},
        "offset": {"type": "integer"},
        "at": {"anyOf": [MOMENT, {"type": "null"}]},
        "id": {"type": ["string", "null"]},
        "fields": texts | {"description": "What it is about, in the contract's words."},
        "reasons": texts | {"minItems": 1, "description": "What was given, what is allowed, what to do."},
        "value": {"type": ["string", "null"], "description": "The message as it came, its first 10,000 characters."},
    }
    return _schema("Refused message", "Keyed as the message was.", properties, closed=True)


SCHEMAS: Mapping[str, Callable[[Contract], JsonObject]] = {
    "application": application_schema,
    "decision": decision_schema,
    "outcome": outcome_schema,
    "refusal": refusal_schema,
}


def _schema(title: str, about: str, properties: JsonObject, closed: bool = False) -> JsonObject:
    found: JsonObject = {"$schema": DRAFT, "title": title, "description": about, "type": "object"}
    found |= {"properties": properties, "required": list(properties)}
    return found | ({"additionalProperties": False} if closed else {})


def _field(field: Field) -> JsonObject:
    low, high = bounds(field)
    about = f"{field.label}, {field.unit}" if field.unit else field.label
    if field.codes:
        words = "; ".join(f"{code:.12g}: {word}" for code, word in field.values_in_words.items())
        allowed: list[float | None] = [*field.values_in_words, *([None] if field.missing else [])]
        return {"description": f"{about}. {words}.", "enum": allowed}
    kind: list[str] | str = ["number", "null"] if field.missing else "number"
    if field.special:
        about = f"{about}. Or a special code: {special_words(field)}."
        within: JsonObject = {"type": kind, "minimum": low, "maximum": high}
        return {"description": about, "anyOf": [within, {"enum": [*field.special, *field.special.values()]}]}
    return {"description": about, "type": kind, "minimum": low, "maximum": high}
