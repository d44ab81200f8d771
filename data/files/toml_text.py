"""TOML that somebody gives: parsed in the process that reads strangers' files, handed on as plain values."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, time
from typing import IO, Any

from data.errors import BadInput
from data.files import apart
from data.files.child import READER, Told
from data.files.kinds import Limits
from data.files.table import damaged_unless_understood
from data.json_types import Json

DEEPEST = 12  # tables and lists in one another
MOST_VALUES = 200_000


def read_toml(content: bytes, limits: Limits) -> dict[str, Json]:
    """What a file of TOML holds, its days and times as texts; read in a process of its own.

    Raises
    ------
    BadInput
        If it is no TOML, is nested too deep, holds too many values, or takes too much to be read.
    """
    request = {READER: __name__, "limits": asdict(limits)}
    said = apart.read_apart(content, request, limits, lambda share: None)
    with damaged_unless_understood(limits):
        why = apart.refusal(said)
        if not why:
            return dict(json.loads(said[said.find(b"\n") + 1 :]))
    raise BadInput(why)


def read_file(content: bytes, _request: dict[str, Any], out: IO[bytes], _told: Told) -> None:
    """Say what a file holds, below a line that says nothing else; BadInput if it cannot be used."""
    try:
        given = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        why = str(error)[:200] or "it is nested too deep"
        raise BadInput(f"The file is no TOML that can be read: {why}.") from None
    for n, depth in enumerate(_depths(given), 1):
        if depth > DEEPEST:
            raise BadInput(f"The file is no TOML that can be read: it is nested more than {DEEPEST} deep.")
        if n > MOST_VALUES:
            raise BadInput(f"The file holds more than {MOST_VALUES:,} values. Split it.")
    out.write(b"{}\n" + json.dumps(given, default=_text).encode())


def _depths(given: Json) -> Iterator[int]:
    """How deep each value lies, without going down by calls, which a file could make too many of."""
    waiting: list[tuple[Json, int]] = [(given, 0)]
    while waiting:
        value, depth = waiting.pop()
        yield depth
        if isinstance(value, dict):
            waiting.extend((each, depth + 1) for each in value.values())
        elif isinstance(value, list):
            waiting.extend((each, depth + 1) for each in value)


def _text(value: Json) -> str:
    return value.isoformat()[:10] if isinstance(value, date | time) else str(value)
