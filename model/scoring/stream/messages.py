"""What comes by a topic, read: applications, what became of them, and what is wrong with those that are neither."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract
from data.errors import BadInput
from data.files.given import GivenCells
from data.json_types import Json, JsonObject, name_given_twice
from model.report import numbers
from model.scoring.records import checked_records

LONGEST_ID = 200  # characters
SHOWN = 60  # characters of what was given that a reason repeats
WHOLE = 2**53  # up to here every whole number is a 64-bit float
NUMBERS = frozenset({int, float, type(None)})
NO_TIME = "The message has no timestamp, which says of which moment it is. Let broker or sender set it."
FURTHEST_AHEAD = 60_000  # milliseconds of a timestamp before the clock; what is further ahead is nobody's clock
AHEAD = "The message's timestamp lies {:,.0f} s ahead of the clock here. Set its sender's clock; send it again."


class Message(NamedTuple):
    """A message as it came: where it stood, its ``key`` and ``value``, its timestamp ``at``, ms since 1970 UTC, -1 for
    none."""

    topic: str
    partition: int
    offset: int
    at: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True)
class RefusedMessage:
    """A message that could not be decided, and why: a reason for each thing, the labels of the ``fields`` it is about;
    ``id`` "" where it has none."""

    message: Message
    id: str
    fields: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class ObservedOutcome:
    """What became of an application: 1 if what the model foretells came true, else 0; told ``at``, ms since 1970."""

    id: str
    outcome: int
    at: int


@dataclass(frozen=True, eq=False)
class ReadApplications:
    """The good of some messages, by their ``place`` among them (n,): their ``ids``, and ``raw`` (fields, n)."""

    place: NDArray[np.int64]
    ids: tuple[str, ...]
    raw: Array
    refused: tuple[RefusedMessage, ...]


class Unreadable(ValueError):
    """What is wrong with a message, in a sentence."""


def read_applications(contract: Contract, messages: Sequence[Message]) -> ReadApplications:
    """The applications in ``messages``, each checked against the contract as every record is that is scored."""
    names = [field.name for field in contract.record]
    values_of, labels = itemgetter(*names), [field.label for field in contract.record]
    words = [{word: code for code, word in field.special.items()} for field in contract.record]
    ids, rows, places, refused = list[str](), list[Sequence[Json]](), list[int](), list[RefusedMessage]()
    for place, message in enumerate(messages):
        identity = ""
        try:
            said = _object(message)
            identity = _identity(said)
            try:
                row = values_of(said) if len(names) > 1 else (values_of(said),)
            except KeyError:
                raise Unreadable(_absent(said, names)) from None
            if str in map(type, row) and contract.special:
                row = [own.get(each, each) if type(each) is str else each for own, each in zip(words, row, strict=True)]
            if not set(map(type, row)) <= NUMBERS:
                raise Unreadable(_no_number(row, labels))
        except Unreadable as error:
            refused.append(RefusedMessage(message, identity, (), (str(error),)))
            continue
        ids.append(identity)
        rows.append(row)
        places.append(place)
    raw = np.array(rows, np.float64).reshape(len(rows), len(names)).T.copy()
    given = [messages[place] for place in places]
    bad = _refusals(contract, raw, given, ids)
    good = np.array([k for k in range(len(ids)) if k not in bad], np.int64)
    kept = raw if len(good) == len(ids) else np.ascontiguousarray(raw[:, good])
    own = tuple(ids[k] for k in good.tolist())
    return ReadApplications(np.array(places, np.int64)[good], own, kept, (*refused, *bad.values()))


def wrong_time(at: int, now: int) -> str:
    """What is wrong with a message's timestamp at the moment ``now``, both ms since 1970 UTC; "" if nothing is."""
    if at < 0:
        return NO_TIME
    return AHEAD.format((at - now) / 1000) if at > now + FURTHEST_AHEAD else ""


def read_outcomes(
    messages: Sequence[Message], now: int
) -> tuple[tuple[ObservedOutcome, ...], tuple[RefusedMessage, ...]]:
    """What became of applications, and the messages that do not say it, at the moment ``now``, ms since 1970 UTC.

    The latest outcome of an application counts, and renewals are reckoned from the latest of all: one of a moment that
    is still to come could not be put right, and would hold every renewal until then.
    """
    found, refused = list[ObservedOutcome](), list[RefusedMessage]()
    for message in messages:
        identity = ""
        try:
            said = _object(message)
            identity = _identity(said)
            if why := wrong_time(message.at, now):
                raise Unreadable(why)
            outcome = said.get("outcome")
            if type(outcome) not in (int, float) or outcome not in (0, 1):
                raise Unreadable(f"An outcome is 0 or 1, in the field outcome; {_shown(outcome)} was given.")
        except Unreadable as error:
            refused.append(RefusedMessage(message, identity, (), (str(error),)))
            continue
        found.append(ObservedOutcome(identity, int(outcome), message.at))
    return tuple(found), tuple(refused)


def _refusals(
    contract: Contract, raw: Array, messages: Sequence[Message], ids: Sequence[str]
) -> dict[int, RefusedMessage]:
    """Why some of the records ``raw`` (fields, n) cannot be scored, by their place."""
    n = raw.shape[1]
    huge = np.abs(raw) > WHOLE
    if not huge.any() and not np.isinf(raw).any() and _stands(contract, raw):
        return {}
    unread = [
        {int(k): f"{field.label}: a number beyond 2^53 cannot be held exactly" for k in np.flatnonzero(own)}
        for field, own in zip(contract.record, huge, strict=True)
    ]
    nowhere = np.full(n, -1, np.int64)
    cells = [GivenCells(values.copy(), nowhere) for values in raw]
    told: dict[int, tuple[list[str], list[str]]] = {}
    for each in checked_records(contract, raw, cells, unread):
        fields, reasons = told.setdefault(each.row, ([], []))
        fields += [label for label in each.fields if label not in fields]
        reasons.append(each.reason)
    return {
        row: RefusedMessage(messages[row], ids[row], tuple(fields), tuple(reasons))
        for row, (fields, reasons) in told.items()
    }


def _stands(contract: Contract, raw: Array) -> bool:
    """Whether every record is one: asked of all at once, as nearly always all are."""
    try:
        contract.check(raw)
    except BadInput:
        return False
    return True


def _object(message: Message) -> JsonObject:
    if message.value is None:
        raise Unreadable("The message is empty. Send one JSON object.")
    try:
        said = orjson.loads(message.value)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"The message is no JSON in UTF-8: {error}. Send one JSON object.") from None
    if not isinstance(said, dict):
        raise Unreadable(f"The message must be one JSON object; {_shown(said)} was given.")
    if twice := name_given_twice(message.value, said):
        raise Unreadable(f"The message holds {twice} twice in one object. Say which value is meant: write it once.")
    return said


def _identity(said: JsonObject) -> str:
    found = said.get("id")
    if type(found) is int:
        return str(found)
    if not isinstance(found, str) or not found or len(found) > LONGEST_ID or not found.isprintable():
        raise Unreadable(
            f"An application needs an id, a whole number or a text of 1 to {LONGEST_ID} printable characters; "
            f"{_shown(found) if 'id' in said else 'none'} was given."
        )
    return found


def _absent(said: JsonObject, names: Sequence[str]) -> str:
    absent = [name for name in names if name not in said]
    more = f" and {len(absent) - 5} more" if len(absent) > 5 else ""
    return (
        f"The application lacks {numbers.counted(len(absent), 'field')}: {', '.join(absent[:5])}{more}. "
        "Send every field of the contract, null where its value is missing."
    )


def _no_number(row: Sequence[Json], labels: Sequence[str]) -> str:
    wrong = [
        f"{label}: {_shown(value)}" for label, value in zip(labels, row, strict=True) if type(value) not in NUMBERS
    ]
    return f"Values are numbers, or null where missing; given were {', '.join(wrong[:3])}."


def _shown(value: Json) -> str:
    """What was given, short, in one line."""
    try:
        text = orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # it reads a thousand levels and writes a quarter of them
        return "something nested too deeply to be shown"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
