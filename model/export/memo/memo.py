"""A board's paper as a value, made of what the pages say: whoever writes it as HTML, PDF, Word or slides decides
nothing of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from model.report.briefing import Cell, Column, Finding, Table, Tile

NUMBERS, LIMITED = "The numbers", ", with limits and headroom"
HEADROOM = "Headroom"
ASSUMED = "What is assumed"
CAVEATS = "What to know before relying on it"


@dataclass(frozen=True)
class Occasion:
    """Who takes a paper along, on which ``day``; under which ``name`` the scenario is kept, if under one, and its
    ``history`` in a sentence."""

    who: str
    day: date
    name: str = ""
    history: str = ""


@dataclass(frozen=True, eq=False)
class MemoPart:
    """One finding of a paper. Where it can be told in several ``versions``, such as of several measures, each has a
    label; what is printed is the first."""

    key: str
    versions: tuple[tuple[str, Finding], ...]

    @property
    def first(self) -> Finding:
        """What is printed."""
        return self.versions[0][1]


@dataclass(frozen=True, eq=False)
class Memo:
    """One paper. ``book``: the book with its date; ``scenario`` with its ``source``; ``tiles`` are the numbers of its
    page, () where a table of the ``parts`` has them; ``assumed``: everything that stands behind them; ``trust``: how
    far the model can be relied on, with ``caveats``; ``model``: the release that answered, ``made`` what that was made
    of; ``notices``: what has to be known before the numbers."""

    subject: str
    title: str
    book: str
    scenario: str
    source: str
    sentence: str
    below: str
    tiles: tuple[Tile, ...]
    parts: tuple[MemoPart, ...]
    assumed: Table
    trust: str
    caveats: tuple[str, ...]
    model: str
    made: str
    occasion: Occasion
    notices: tuple[str, ...] = ()

    @property
    def when(self) -> str:
        """The day of the paper, as it is read: 5 January 2026."""
        return day_words(self.occasion.day)

    @property
    def foot(self) -> str:
        """What stands at the foot of every page."""
        return f"{self.title} · {self.model} · {self.occasion.who}, {self.when}"

    @property
    def signature(self) -> str:
        """Who made it, when, and which release gave the numbers."""
        return f"Made by {self.occasion.who} on {self.when} with Credit What-If; {self.model}."

    @property
    def numbers(self) -> Table:
        """The tiles as a table: what none of them has is no column of it."""
        return tiles_table(self.tiles)


def day_words(day: date) -> str:
    """A day as it is read: 5 January 2026."""
    return f"{day.day} {day:%B %Y}"


def tiles_table(tiles: Sequence[Tile]) -> Table:
    """The numbers of a page as a table of texts; what a number is of stands below its name."""
    heads = ("Number", "Here", "As it stands", "Change", "Limit", HEADROOM)
    rows = [
        (
            "\n".join(filter(None, (each.label, "; ".join(each.notes)))),
            each.value,
            each.was,
            each.change,
            limit_words(each),
            each.headroom.words if each.headroom is not None else "",
        )
        for each in tiles
    ]
    kept = [k for k in range(len(heads)) if any(row[k] for row in rows)]
    exact: tuple[tuple[Cell, ...], ...] = tuple(tuple(row[k] for k in kept) for row in rows)
    return Table("memo-numbers", numbers_title(tiles), tuple(Column(heads[k]) for k in kept), exact)


def numbers_title(tiles: Sequence[Tile]) -> str:
    """What stands above the numbers."""
    return f"{NUMBERS}{LIMITED if any(each.limit for each in tiles) else ''}"


def limit_words(tile: Tile) -> str:
    """A limit and whether it holds, in a sign and a word: "NT$ 550 m ✗ exceeded"."""
    if not tile.limit:
        return ""
    return f"{tile.limit} {f'✗ {tile.broken}' if tile.broken else '✓ holds'}"


def assumed_lines(assumed: Table) -> list[tuple[str, str]]:
    """What is assumed as a line for each place it comes from: "set here", "Balances +20 %; Severity 50 %"."""
    lines: dict[str, list[str]] = {}
    for label, told, whence in assumed.exact:
        lines.setdefault(str(whence), []).append(f"{label} {told}")
    return [(f"{whence[:1].upper()}{whence[1:]}", "; ".join(each)) for whence, each in lines.items()]
