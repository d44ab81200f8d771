"""TOML with a reason at each guess.

Everything a proposal writes goes through `DraftContract.put`, so that what was guessed, assumed or left open is marked
where it stands, and listed for whoever reviews it. `unwritten` finds what is still left open in a file that a person
has edited, `placeholder` a text that only holds the place of one, whether or not its mark was deleted.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from data.contract.toml import toml_value

Mark = Literal["GUESS", "ASSUMPTION", "TO DO"]
Value = str | int | float | bool | Sequence[str] | Sequence[float] | Mapping[str, str | bool | Sequence[str]]

PURPOSE, USERS = "To be written: what this model is for.", "To be written: who uses it."
OWNER, TIER = "To be named.", "To be set: how much depends on it."
NOT_FOR, AS_OF, SAMPLE = "Any decision, until its contract was read.", "a day not stated", "a sample as given"
UNSTATED = "not stated"
LIMIT = "Proposed from {}; inputs, directions and ranges are guesses until reviewed."
_STOOD_IN = frozenset(each.casefold() for each in (PURPOSE, USERS, OWNER, TIER, NOT_FOR, AS_OF, SAMPLE, UNSTATED))
_OPEN_ENDED = re.compile(
    rf"{LIMIT.format('.*')}\Z"
    r"|to be (?:written|named|set|done|added|filled in|completed|defined|determined|decided|confirmed|announced)\b"
    r"|to ?do\s*(?:[:.(-]|\Z)|(?:tbd|tba|tbc|fixme|xxx+|lorem ipsum|placeholder|fill in|insert here)\b"
    r"|[?.\-–—…\s]*\Z",
    re.IGNORECASE,
)


def placeholder(text: str) -> bool:
    """Whether a text says nothing, but holds the place of one that is to be written: one of a proposal's own, or
    whatever begins as such texts do; nor does an empty one."""
    plain = " ".join(text.split())
    return plain.casefold() in _STOOD_IN or bool(_OPEN_ENDED.match(plain.lstrip("#<[({* ")))


@dataclass(frozen=True)
class Noted:
    """One thing to review: where it stands (``part``, such as ``fields.income``, and ``key``), what stands there, and
    why."""

    part: str
    key: str
    value: str
    mark: Mark
    why: str


class DraftContract:
    """A TOML file in the making."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._part = ""
        self.noted: list[Noted] = []

    def remark(self, *lines: str) -> None:
        """Comments of their own."""
        self._lines += ["", *(f"# {comment(line)}" for line in lines)]

    def table(self, name: str) -> None:
        """Begin ``[name]``."""
        self._part = name
        self._lines += ["", f"[{name}]"]

    def part(self, kind: str, name: str, key: str = "name") -> None:
        """Begin one more ``[[kind]]``, called ``name`` by its first ``key``."""
        self._part = f"{kind}.{name}"
        self._lines += ["", f"[[{kind}]]", f"{key} = {toml_value(name)}"]

    def put(self, key: str, value: Value, why: str = "", mark: Mark = "GUESS") -> None:
        """``key = value``; ``why`` it is a guess, if it is one."""
        text = toml_value(value)
        self._lines.append(f"{key} = {text}" + (f"  # {mark}: {comment(why)}" if why else ""))
        if why:
            self.noted.append(Noted(self._part, key, value=text, mark=mark, why=comment(why)))

    def codes(self, kind: str, words: Mapping[int, str], why: str = "") -> None:
        """The words of the part's codes."""
        self._lines.append(f"[{kind}.codes]" + (f"  # GUESS: {comment(why)}" if why else ""))
        self._lines += [f"{code} = {toml_value(word)}" for code, word in words.items()]
        if why:
            self.noted.append(
                Noted(self._part, "codes", value=", ".join(words.values()), mark="GUESS", why=comment(why))
            )

    def left_out(self, name: str, why: str, part: str = "left out") -> None:
        """A column that the contract does not have."""
        self._lines.append(f"# GUESS: {comment(name)}: {comment(why)}")
        self.noted.append(Noted(part, name, value="", mark="GUESS", why=comment(why)))

    def text(self) -> bytes:
        """The file."""
        return ("\n".join(self._lines).strip() + "\n").encode()


_HEAD = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]+")
_NAMED = re.compile(r"""\s*(?:name|measure)\s*=\s*["'](.*?)["']""")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_OPEN = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|[^"'#])*#\s*TO DO\s*:""")
_ASKED = re.compile(r"\s*#\s*QUESTION:\s*([^.?]*)")


def unwritten(text: bytes) -> tuple[str, ...]:
    """What of a TOML file is still open: the places marked ``# TO DO:``, such as card.purpose or fields.income.help,
    and the questions that stand there by themselves, by what they are about."""
    found, part, name, listed = [], "", "", False
    for line in text.decode("utf-8", "replace").splitlines():
        if head := _HEAD.match(line):
            part, name, listed = head[1], "", line.strip().startswith("[[")
        if listed and (named := _NAMED.match(line)):
            name = named[1]
        if asked := _ASKED.match(line):
            found.append(asked[1].strip())
        if _OPEN.match(line):
            key = _KEY.match(line)
            found.append(".".join(filter(None, (part, name, key[1] if key else ""))) or "the file")
    return tuple(found)


def comment(text: str) -> str:
    """A text fit to stand in a comment: one line, printable."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
