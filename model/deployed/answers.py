"""Numbers and words in whatever a server answers: each becomes a value, or a `Refused` that says what came."""

import re
from collections.abc import Mapping

import numpy as np
import orjson

from data.arrays import Array
from data.json_types import Json, JsonObject
from model.deployed.mapping import Output
from model.engine.tables import probability
from model.errors import Refused

SLACK = 1e-6  # by which two probabilities may miss their sum
COARSE = 1e-5, 5e-3  # the same in single and in half precision
LABELS = 20  # from so many answers, each exactly 0 or 1, they are taken for class labels
_WHOLE = {"probability": (1.0, "between 0 and 1"), "percent": (100.0, "between 0 and 100")}


def counted_records(n: int) -> str:
    """How many records, in words."""
    return f"{n:,} record{'s' * (n != 1)}"


def flat_numbers(data: Json, what: str) -> tuple[Array, bool]:
    """The numbers of a list, or of a list of equally long lists, flat and in order; and whether all are integers."""
    flat = as_list(data, what)
    if flat and isinstance(flat[0], list):
        wide = len(flat[0])
        if not all(isinstance(row, list) and len(row) == wide for row in flat):
            raise unread(f"{short(what)} with rows of different length")
        flat = [value for row in flat for value in row]
    kinds = set(map(type, flat))
    if kinds <= {float, int, type(None)}:
        return np.array(flat, np.float64), kinds == {int}
    if str in kinds or bool in kinds:
        raise labels(f"{short(next(each for each in flat if isinstance(each, str | bool)))!r}")
    raise unread(f"{short(what)} that are no numbers")


def probabilities(values: Array, whole: bool, rows: int, output: Output, remedy: str, slack: float = SLACK) -> Array:
    """PD (n,) of numbers (n,) or (n, classes) written as the output's kind says; ``slack``: by how much the
    probabilities of two classes may miss their sum."""
    gaps = int(np.isnan(values).reshape(rows, -1).any(1).sum())
    if gaps:
        told = f"The deployed model gave no number for {gaps:,} of {counted_records(rows)}."
        raise Refused(f"{told} Ask whoever runs it why.")
    classes = values.size // max(rows, 1)
    chosen: Array = values.reshape(rows, -1)[:, 0 if classes <= 1 else _place(classes, output)]
    if output.kind == "log_odds":
        return probability(chosen.clip(-700, 700))
    if classes <= 1 and rows and np.isin(chosen, (0, 1)).all() and (whole or rows >= LABELS):
        raise labels("only 0 and 1", remedy)
    top, allowed = _WHOLE[output.kind]
    if (chosen < -1e-9 * top).any() or (chosen > (1 + 1e-9) * top).any():
        worst = float(chosen[np.argmax(np.abs(chosen - top / 2))])
        raise Refused(
            f"The deployed model's {output.kind} must lie {allowed}; {worst:.6g} came. "
            'Set kind under [output] in the mapping to "probability", "percent" or "log_odds".'
        )
    if classes == 2 and (np.abs(values.reshape(rows, -1).sum(1) - top) > slack * top).any():
        raise Refused(
            f"The deployed model gave two numbers a customer that do not add up to {top:g}: they are not the "
            f"{output.kind} of the two outcomes. Name the right output under [output] in the mapping."
        )
    return np.ascontiguousarray(chosen.clip(0, top) / top)


def _place(classes: int, output: Output) -> int:
    """Which of several numbers means default."""
    if classes > 2 and not output.named:
        raise unread(f"{classes} numbers a record where 1 or 2 are needed", output.instruction)
    if output.place is None or output.place >= classes:
        raise Refused(
            f"The deployed model gave {classes} numbers a record, and {short(output.column)!r} is none of them. "
            f"{output.instruction}"
        )
    return output.place


def complaint(body: bytes) -> str:
    """What a server says is wrong, in at most 200 characters and one line: of several only from the last that names an
    error, because a traceback, or the records' figures sent back, may stand before."""
    text = body[:100_000].decode(errors="replace")
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if isinstance(said, dict | list):
        text = _reason(said)
    elif text.lstrip().startswith("<"):
        text = ""
    named = [each.start() for each in re.finditer(r"(?<!\S)[\w.]*(?:Error|Exception)(?=:| ')", text)]
    if named:
        text = text[named[-1] :]
    elif "Traceback (most recent call last)" in text:
        text = (text.strip().splitlines() or [""])[-1]
    return short("".join(each if each.isprintable() else " " for each in text), 200)


REASON_KEYS = ("error", "message", "detail", "msg", "errors", "reason", "title", "error_message", "error_description")
DEEPEST = 4  # lists and objects in which a reason is looked for


def _reason(said: Json, depth: int = 0) -> str:
    """The words in a JSON answer that say what is wrong: those under the usual keys, however deep they lie, with the
    place that FastAPI names before each."""
    if isinstance(said, str):
        return said
    if depth > DEEPEST:
        return ""
    if isinstance(said, list):
        return "; ".join(filter(None, (_reason(each, depth + 1) for each in said[:5])))
    if not isinstance(said, dict):
        return ""
    for key in REASON_KEYS:
        text = _reason(said.get(key), depth + 1)
        if text:
            where = said.get("loc")
            parts = [str(each) for each in where if each != "body"] if isinstance(where, list) else []
            return f"{'.'.join(parts[:6])}: {text}" if parts else text
    return ""


def json_object(body: bytes) -> JsonObject:
    """The object that an answer is."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise unread("something that is not JSON") from error
    if not isinstance(found, dict):
        raise unread("JSON that is no object")
    return found


def as_list(given: Json, what: str) -> list[Json]:
    """A list that must be one."""
    if not isinstance(given, list):
        raise unread(f"no list of {short(what)}")
    return given


def any_list(given: Json) -> list[Json]:
    """A list, empty where there is none."""
    return given if isinstance(given, list) else []


def any_text(given: Json) -> str:
    """A short text, empty where there is none."""
    return short(given, 200) if isinstance(given, str) else ""


def short(given: object, most: int = 60) -> str:
    """Anything in one line of at most so many characters."""
    text = " ".join(str(given).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def names_listed(names: object) -> str:
    """Names as a short list."""
    return short(", ".join(map(str, names)) if isinstance(names, Mapping | tuple) and names else "nothing", 200)


def unread(
    came: str, remedy: str = "Check WHATIF_MODEL_PROTOCOL and that the server serves the model meant."
) -> Refused:
    """An answer that nothing can be made of."""
    return Refused(f"The deployed model's answer cannot be read: {came} came. {remedy}")


def labels(came: str, remedy: str = "Name an output of numbers under [output] in the mapping.") -> Refused:
    """Class labels where probabilities are needed."""
    return Refused(f"The deployed model answers class labels ({came}); probabilities are needed. {remedy}")
