"""Names that stand in a stranger's file: as they are compared, and as a message repeats them."""

import re
from collections.abc import Iterable
from typing import Protocol

SHOWN = 60  # characters of somebody's text that a message repeats
_FORMULA = re.compile(r'="([^"]*)"')  # how exporters keep a spreadsheet from taking a text for a number: ="0012"


class Header(Protocol):
    """The columns of a table by name."""

    @property
    def header(self) -> tuple[str, ...]:
        """Their names as in the file, which may repeat or be empty."""

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, each another whatever its case."""

    @property
    def whence(self) -> str:
        """Where they were taken from, in words; "" where they could be nowhere else."""


def one_line(text: str) -> str:
    """A name as it is kept: line breaks and runs of blanks made one blank, nothing that cannot be printed;
    ="text" is the text."""
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    text = " ".join(text.split())
    inside = _FORMULA.fullmatch(text) if text.startswith("=") else None
    return inside[1].strip() if inside else text


def plain(text: str) -> str:
    """A name without what people spell differently: case, blanks."""
    return one_line(text).casefold()


def shown_text(text: str) -> str:
    """Somebody's text, fit to be repeated in a message or a comment: one line, in quotes, not too long."""
    own = one_line(text[:200])
    return f"“{own if len(own) <= SHOWN else own[: SHOWN - 1] + '…'}”"


def listed_texts(texts: Iterable[str], most: int = 5) -> str:
    """Some of somebody's texts, fit to be repeated."""
    every = list(texts)
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return f"{', '.join(map(shown_text, every[:most]))}{more}"


def unique(header: Iterable[str]) -> tuple[str, ...]:
    """The names of columns, each another whatever its case: one without a name is called by its place, the second of a
    name gets a number."""
    every = [name or f"column {k}" for k, name in enumerate(header, 1)]
    taken, given = set(map(plain, every)), set[str]()
    found = []
    for name in every:
        own, k = name, 1
        while plain(own) in given or (k > 1 and plain(own) in taken):
            k += 1
            own = f"{name} ({k})"
        given.add(plain(own))
        found.append(own)
    return tuple(found)
