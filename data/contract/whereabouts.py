"""Where in its files something stands that is wrong with a contract: told by file, line and name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from data.contract.toml import TextSpan, Way, spans
from data.json_types import Json, JsonObject

KINDS = {  # how a sentence calls a part, and where it stands
    "field": "fields",
    "input": "inputs",
    "lever": "levers",
    "concept": "concepts",
    "assumption": "assumptions",
    "segment": "segments",
    "limit": "appetite",
    "shock": "shocks",
    "variable": "economy",
}
_OF_KIND = re.compile(rf"\b({'|'.join(KINDS)}) ['“]?(\w+)")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)+)'")
_WAY = re.compile(r"(\w+)\.(\S+)\.(\w+): ")
_BY_LINE = re.compile(r" \(at line (\d+), column \d+\)|\(at end of document\)")


@dataclass(frozen=True, eq=False)
class TomlFile:
    """One file of a contract, read."""

    name: str
    text: str
    contents: JsonObject

    @cached_property
    def lines(self) -> dict[tuple[str, ...], TextSpan]:
        """Where each value stands, parts of a list by their names."""
        found: dict[tuple[str, ...], TextSpan] = {}
        for way, span in spans(self.text).items():
            found.setdefault(by_name(way, self.contents), span)
        return found


def by_name(way: Way, contents: Json) -> tuple[str, ...]:
    """A way with names in the place of positions: ("fields", "income", "minimum")."""
    found, value = [], contents
    for step in way:
        inner = _step(value, step)
        name = inner.get("name", inner.get("measure")) if isinstance(inner, dict) and isinstance(step, int) else None
        found.append(str(step) if name is None else str(name))
        value = inner
    return tuple(found)


def _step(value: Json, step: str | int) -> Json:
    if isinstance(value, dict):
        return value.get(str(step), value.get(step))
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


@dataclass(frozen=True, eq=False)
class Whereabouts:
    """The files of a contract, what a person wrote first; ``source`` is what all of them are called together."""

    files: tuple[TomlFile, ...]
    source: str

    def at(self, way: Way, what: str, contents: JsonObject) -> str:
        """Something that is wrong at a place of the ``contents``."""
        named = by_name(way, contents)
        shown = ".".join(map(str, way) if len(self.files) == 1 else named)[:200]
        plain = what.removeprefix("Value error, ").rstrip(".")
        return f"{self._file(named)}: {shown}: {plain}."

    def told(self, sentence: str) -> str:
        """A sentence about something that is wrong, with the place that it speaks of where that can be found."""
        if match := _WAY.match(sentence):
            return f"{self._file(match.groups())}: {sentence}"
        for kind, name in _OF_KIND.findall(sentence):
            if self._span((KINDS[kind], name)):
                return f"{self._file((KINDS[kind], name))}: {sentence}"
        for text in _QUOTED.findall(sentence):
            for file, way in self._holding(text):
                return f"{file.name}, line {file.lines[way].line}: {'.'.join(way)}: {sentence}"
        return f"{self.source}: {sentence}"

    def _holding(self, text: str) -> Iterator[tuple[TomlFile, tuple[str, ...]]]:
        """Where this very text is a value."""
        for file in self.files:
            for way, span in file.lines.items():
                if file.text[span.start : span.end].strip("\"'") == text:
                    yield file, way

    def _file(self, named: tuple[str, ...]) -> str:
        found = self._span(named)
        return f"{found[0].name}, line {found[1].line}" if found else self.source

    def _span(self, named: tuple[str, ...]) -> tuple[TomlFile, TextSpan] | None:
        """The first file that has a value; where none has, the first that has what it would stand in."""
        for length in range(len(named), 0, -1):
            for file in self.files:
                if named[:length] in file.lines:
                    return file, file.lines[named[:length]]
        return None
