"""Messages as a stream brings them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import orjson

from data.arrays import Array
from data.contract import Contract
from model.scoring.stream.decider import DecidedBatch
from model.scoring.stream.messages import Message

NOON = 1_780_000_000_000  # ms since 1970: a day in 2026


def message(said: object, at: int = NOON, offset: int = 0, topic: str = "applications") -> Message:
    """A message whose value is ``said``: as it is if bytes, else as JSON."""
    value = said if isinstance(said, bytes) else orjson.dumps(said)
    return Message(topic, 0, offset, at, None, value)


def applications(contract: Contract, raw: Array, ids: Sequence[object]) -> list[dict[str, Any]]:
    """Records (fields, n) as applications."""
    names = [each.name for each in contract.record]
    rows = [[None if np.isnan(each) else each for each in row] for row in raw.T.tolist()]
    return [{"id": own, **dict(zip(names, row, strict=True))} for own, row in zip(ids, rows, strict=True)]


def sent(said: Sequence[Mapping[str, Any]], at: int = NOON) -> list[Message]:
    """Applications as messages, one after the other."""
    return [message(each, at + k, k) for k, each in enumerate(said)]


def some_of(batch: DecidedBatch, places: Sequence[int], **other: Any) -> DecidedBatch:
    """A few of the applications of a batch, as a batch of their own."""
    own = list(places)
    parts: dict[str, Any] = {"ids": tuple(batch.ids[k] for k in own)}
    for each in fields(batch):
        values = getattr(batch, each.name)
        if isinstance(values, np.ndarray):
            parts[each.name] = values[..., own]
    return replace(batch, **{**parts, **other})
