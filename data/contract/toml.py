"""TOML as this house writes it, and where each thing stands in a file that a person has written."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time

from data.errors import ContractError
from data.json_types import Json

BARE = re.compile(r"[A-Za-z0-9_-]+\Z", re.ASCII)
BYTE_ORDER = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")

Way = tuple[str | int, ...]
"""The way to a value, as pydantic's messages have it: ("fields", 3, "minimum")."""


def decoded(content: bytes, source: str) -> str:
    """The text of a file, as editors save it: UTF-8, with or without a mark at its beginning.

    Raises
    ------
    ContractError
        If it is of another encoding.
    """
    if content.startswith(UTF_16) or b"\x00" in content[:4]:
        raise ContractError(
            f"{source} is not readable TOML: it was saved as UTF-16, which Notepad calls Unicode. Save it again with "
            "the encoding UTF-8."
        )
    try:
        return content.removeprefix(BYTE_ORDER).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ContractError(
            f"{source} is not readable TOML: line {line} holds a letter that is not in UTF-8. Save it again with the "
            "encoding UTF-8."
        ) from error


# ---- written --------------------------------------------------------------------------------------------------------


def toml_value(value: Json | Mapping[str, Json] | Sequence[Json]) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        parts = ", ".join(f"{toml_key(key)} = {toml_value(each)}" for key, each in value.items())
        return f"{{ {parts} }}" if parts else "{}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(toml_value(each) for each in value) + "]"
    if isinstance(value, date | time):
        return value.isoformat()
    number = float(value or 0)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def toml_key(key: str | float) -> str:
    """A key as TOML writes it: bare where it may be."""
    return str(key) if BARE.match(str(key)) else toml_value(str(key))


def toml_text(given: Mapping[str, Json]) -> str:
    """A whole file: what stands by itself first, then tables, and a list of tables one after another."""
    alone = {key: value for key, value in given.items() if not isinstance(value, Mapping) and not _of_tables(value)}
    lines = [f"{toml_key(key)} = {toml_value(value)}" for key, value in alone.items()]
    for key, value in given.items():
        for each in value if isinstance(value, list) and _of_tables(value) else [value]:
            if key not in alone and isinstance(each, Mapping):
                head = f"[[{toml_key(key)}]]" if isinstance(value, list) else f"[{toml_key(key)}]"
                lines += ["", head, *(f"{toml_key(name)} = {toml_value(part)}" for name, part in each.items())]
    return "\n".join(lines).strip() + "\n"


def _of_tables(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)


# ---- where things stand ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TextSpan:
    """Where a value stands in a text: its first line, counted from 1, and its characters from ``start`` to ``end``."""

    line: int
    start: int
    end: int


_ONE_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')"""
_PART = re.compile(_ONE_KEY)
_KEY = re.compile(rf"[ \t]*({_ONE_KEY}(?:[ \t]*\.[ \t]*{_ONE_KEY})*)[ \t]*")
_SKIPPED = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_STRING = re.compile(r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL)
_PLAIN = re.compile(r"[^,\]}#\r\n]+")


def spans(text: str) -> dict[Way, TextSpan]:
    """Where each value stands in a text that TOML's own reader takes, and each table at its heading."""
    return dict(_Places(text).all())


class _Places:
    """A walk through a TOML text."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._ends = [k for k, sign in enumerate(text) if sign == "\n"]

    def all(self) -> Iterator[tuple[Way, TextSpan]]:
        """Every value and its way."""
        way: Way = ()
        count: dict[Way, int] = {}
        while self._skip():
            start = self._at
            if self._text.startswith("[", self._at):
                listed = self._text.startswith("[[", self._at)
                self._at += 2 if listed else 1
                way = self._inside(self._key(), count)
                if listed:
                    count[way] = count.get(way, -1) + 1
                    way = (*way, count[way])
                self._at = self._text.find("]", self._at) + (2 if listed else 1)
                yield way, self._span(start)
                continue
            yield from self._pair(way)

    def _inside(self, way: Way, count: Mapping[Way, int]) -> Way:
        """A heading's way, through the last of each list on it."""
        found: Way = ()
        for k, part in enumerate(way):
            found = (*found, part)
            if found in count and k + 1 < len(way):
                found = (*found, count[found])
        return found

    def _pair(self, way: Way) -> Iterator[tuple[Way, TextSpan]]:
        own = (*way, *self._key())
        self._at = self._text.index("=", self._at) + 1
        yield from self._value(own)

    def _value(self, way: Way) -> Iterator[tuple[Way, TextSpan]]:
        while self._text[self._at] in " \t":
            self._at += 1
        start = self._at
        if self._text[start] == "[":
            self._at, k = start + 1, 0
            while self._skip() and self._text[self._at] != "]":
                yield from self._value((*way, k))
                k += 1
            self._at += 1
        elif self._text[start] == "{":
            self._at = start + 1
            while self._skip() and self._text[self._at] != "}":
                yield from self._pair(way)
            self._at += 1
        else:
            found = _STRING.match(self._text, start) or _PLAIN.match(self._text, start)
            self._at = found.end() if found else start + 1
            if self._text[start] not in "\"'":
                self._at -= len(self._text[start : self._at]) - len(self._text[start : self._at].rstrip())
        yield way, self._span(start)

    def _key(self) -> tuple[str, ...]:
        found = _KEY.match(self._text, self._at)
        if found is None:
            raise ValueError("no key")
        self._at = found.end()
        return tuple(json.loads(part) if part[0] == '"' else part.strip("'") for part in _PART.findall(found[1]))

    def _skip(self) -> bool:
        """Go on to what comes next; False at the end."""
        found = _SKIPPED.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at < len(self._text)

    def _span(self, start: int) -> TextSpan:
        low, high = 0, len(self._ends)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._ends[middle] < start else (low, middle)
        return TextSpan(low + 1, start, self._at)


def rewritten(text: str, changes: Mapping[Way, Json]) -> str:
    """A text with other values at some of its ways, and nothing else changed: comments stay where they are. A way that
    is not there is passed over."""
    found = spans(text)
    there = [(found[way], value) for way, value in changes.items() if way in found]
    there.sort(key=lambda each: -each[0].start)
    for span, value in there:
        text = text[: span.start] + toml_value(value) + text[span.end :]
    return text
