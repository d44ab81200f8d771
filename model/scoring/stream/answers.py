"""What goes out by a topic: decisions, and what could not be decided, as keys, values and headers."""

from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from data.json_types import Json
from model.scoring.stream.decider import DecidedBatch, utc_of
from model.scoring.stream.messages import RefusedMessage

LONGEST_VALUE = 10_000  # characters of a refused message that are repeated
LONGEST_KEY = 1_000  # bytes of its key: a broker takes only messages of some size


class StreamAnswer(NamedTuple):
    """A message to send."""

    key: bytes | None
    value: bytes
    headers: list[tuple[str, str | bytes | None]]


def decision_answers(batch: DecidedBatch) -> list[StreamAnswer]:
    """The decisions of a batch. Their values depend on application, release and timestamp alone, so that what is
    delivered twice is answered twice by the same bytes; when it was made stands in the headers."""
    contract = batch.release.contract
    head = {"book": contract.book.name, "release": batch.release.id, "contract": contract.hash}
    concepts, average = tuple(batch.points), batch.average
    made = ("decided_at", _stamp(batch.decided_at).encode())
    words, places, money = ("declined", "granted"), ("known", "outside"), ("exposure", "loss", "currency")
    rows = zip(
        batch.ids,
        batch.at.tolist(),
        batch.pd.tolist(),
        batch.score.tolist(),
        batch.granted.tolist(),
        batch.exposure.tolist(),
        batch.loss.tolist(),
        batch.outside.tolist(),
        batch.exact.tolist(),
        zip(*(each.tolist() for each in batch.points.values()), strict=True),
        batch.latency_ms.tolist(),
        strict=True,
    )
    found = []
    for name, at, pd, score, granted, exposure, loss, outside, exact, points, latency in rows:
        value = {
            "id": name,
            **head,
            "at": _stamp(at),
            "pd": pd,
            "score": score,
            "decision": words[granted],
            **(dict(zip(money, (exposure, loss, contract.book.currency), strict=True)) if contract.in_money else {}),
            "territory": places[outside],
            "average_score": average,
            "exact_score": exact,
            "reasons": dict(zip(concepts, points, strict=True)),
        }
        found.append(StreamAnswer(name.encode(), orjson.dumps(value), [made, ("latency_ms", b"%.0f" % latency)]))
    return found


def refusal_answer(refused: RefusedMessage) -> StreamAnswer:
    """A message that could not be decided, and why."""
    came = refused.message
    text = None if came.value is None else came.value[: 4 * LONGEST_VALUE].decode("utf-8", "replace")[:LONGEST_VALUE]
    said: dict[str, Json] = {
        "topic": came.topic,
        "partition": came.partition,
        "offset": came.offset,
        "at": None if came.at < 0 else _stamp(came.at),
        "id": refused.id or None,
        "fields": list(refused.fields),
        "reasons": list(refused.reasons),
        "value": text,
    }
    key = None if came.key is None else came.key[:LONGEST_KEY]
    return StreamAnswer(key, orjson.dumps(said), [])


def _stamp(at: int) -> str:
    """Milliseconds since 1970 as ISO 8601 in UTC; one that no calendar has as it is."""
    try:
        return utc_of(at).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return f"{at} ms since {datetime(1970, 1, 1, tzinfo=UTC).isoformat()}"
