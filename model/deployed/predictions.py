"""Predictions in the JSON of KServe v1 and MLflow, however deep they are nested."""

from collections.abc import Mapping, Sequence

import numpy as np
import orjson

from data.arrays import Array
from data.json_types import Json
from model.deployed.about import Predicted
from model.deployed.answers import (
    as_list,
    counted_records,
    flat_numbers,
    json_object,
    names_listed,
    probabilities,
    unread,
)
from model.deployed.mapping import Output
from model.deployed.questions import Form
from model.deployed.tensors import record_rows
from model.errors import Refused

USUAL = ("predict_proba", "probabilities", "probability", "proba", "predictions", "outputs", "instances")
DEEPEST = 6  # objects and lists in which predictions are looked for


def asked_records(columns: Mapping[str, Array], form: Form) -> Array | Sequence[Json]:
    """The records as lists, in the mapping's order; by name where the form says so."""
    if form.words or form.types or form.objects:
        rows = record_rows(columns, form.types, form.words)
        return [dict(zip(columns, row, strict=True)) for row in rows] if form.objects else list(rows)
    return np.ascontiguousarray(np.stack(list(columns.values()), axis=1))


def read_predictions(body: bytes, rows: int, output: Output, remedy: str, bare: bool = False) -> Predicted:
    """The probabilities in an answer's ``predictions``; ``bare``: a list alone will do."""
    given = _outermost(body, output, bare)
    if len(given) != rows and len(given) == 1 and isinstance(given[0], list) and len(given[0]) == rows:
        given = given[0]
    if len(given) != rows:
        raise Refused(f"The deployed model was asked about {counted_records(rows)} and answered {len(given):,}.")
    if given and isinstance(given[0], dict):
        keys = tuple(given[0])
        given = [_chosen(each, keys, output) for each in given]
    given = [_innermost(each) for each in given]
    values, whole = flat_numbers(given, "predictions")
    classes = values.size // max(rows, 1)
    if values.size != rows * classes or (classes not in (1, 2) and not (classes > 2 and output.named)):
        raise unread(f"{values.size / max(rows, 1):g} numbers a record where 1 or 2 are needed", output.instruction)
    return Predicted(probabilities(values.reshape(rows, -1), whole, rows=rows, output=output, remedy=remedy))


def _outermost(body: bytes, output: Output, bare: bool) -> list[Json]:
    """The list of predictions, taken out of the objects around it."""
    if bare and body.lstrip()[:1] == b"[":
        try:
            return as_list(orjson.loads(body), "predictions")
        except orjson.JSONDecodeError as error:
            raise unread("something that is not JSON") from error
    given = json_object(body).get("predictions")
    for _ in range(DEEPEST):
        if not isinstance(given, dict):
            break
        given = _inside(given, output)
    return as_list(given, "predictions")


def _inside(given: Mapping[str, Json], output: Output) -> Json:
    """What an object around predictions holds: the output named, the only one, or one under a usual name."""
    for name in (output.name, *USUAL):
        if name in given:
            return given[name]
    if len(given) == 1:
        return next(iter(given.values()))
    raise Refused(
        f"The deployed model answers an object with {names_listed(tuple(given))}. "
        "Name the one that holds the probability of default under [output] in the mapping."
    )


def _innermost(value: Json) -> Json:
    """A record's prediction without the lists of one that it may be wrapped in."""
    for _ in range(DEEPEST):
        if not (isinstance(value, list) and len(value) == 1 and isinstance(value[0], list)):
            break
        value = value[0]
    return value


def _chosen(row: Json, keys: tuple[str, ...], output: Output, depth: int = 0) -> Json:
    """What means default in a record's object: by name, or by its place among two."""
    if not isinstance(row, dict) or tuple(row) != keys:
        raise unread("rows of a table that differ in their columns")
    value = _value(row, keys, output)
    if isinstance(value, dict) and depth < DEEPEST:
        return _chosen(value, tuple(value), output, depth + 1)
    return value


def _value(row: Mapping[str, Json], keys: tuple[str, ...], output: Output) -> Json:
    for name in (output.name, output.column):
        if name in row:
            return row[str(name)]
    nested = [key for key in keys if isinstance(row[key], list | dict)]
    if len(nested) == 1 and len(keys) > 1:
        return row[nested[0]]
    if output.named and isinstance(output.place, int) and output.place < len(keys) and len(keys) > 2:
        return row[keys[output.place]]
    if len(keys) > 2:
        raise Refused(
            f"The deployed model answers a table with the columns {names_listed(keys)}. "
            "Name the one that holds the probability of default under [output] in the mapping."
        )
    if len(keys) == 2 and output.place in (0, 1):
        return row[keys[output.place]]
    return next(iter(row.values()), None)
