"""What a screen says, as a value: a sentence, numbers, findings with their charts and tables, and panels that are made
when somebody asks for them.

One `Briefing` a subject is made in ``model/report/<subject>/briefing.py``. The pages draw it, the service sends it as
JSON; whatever leaves the product later is made of the same value. Every decision about what is said, greyed, marked as
broken or left out has fallen when a briefing stands; who draws it adds nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from typing import Literal

from model.report.charts import Figure, enlarged
from model.report.numbers import MINUS, NBSP, plain

Direction = Literal["", "better", "worse"]
Verdict = Literal["", "holds", "watch", "does not hold"]
Level = Literal["info", "success", "warning", "error"]
Place = Literal["both", "screen", "file"]
Shape = Literal["rows", "whole", "texts", "links"]
Cell = str | int | float | None
FRACTION, DISTANCE = "fraction", "distance"  # units of exact values: shares in [0, 1], and how far two are apart
READ_AS = {FRACTION: "%", DISTANCE: "points"}
UNITS = "(%|points?|bp|m|bn|times|years?|months?)"
FIGURE = re.compile(rf"none|unchanged|[+{MINUS}]?(\D{{1,4}}{NBSP})?[\d,]+(\.\d+)?({NBSP}{UNITS})*")
"""A figure as it is written: −NT$ 57.5 m, +4.9 points, 22.5 %."""
Choices = Mapping[str, str | float]


@dataclass(frozen=True)
class Headroom:
    """How far a number is from its limit, as a bar: ``filled`` up to where the number stands, with a ``tick`` where the
    limit does, both in [0, 1] of its length. ``share``: the number over its limit, None where that is nothing or less.
    ``words`` say the distance."""

    filled: float
    tick: float
    share: float | None
    words: str


@dataclass(frozen=True)
class Tile:
    """One number of the headline, as texts: its value, what it ``was``, the signed ``change`` with its ``direction`` in
    risk; its ``limit``, the word ``broken`` where that does not hold, and the ``headroom``, None where there is no
    limit; or the ``threshold`` it is held against and the ``verdict``. ``muted``: greyed, because it is about what the
    model has hardly seen."""

    label: str
    value: str
    was: str = ""
    change: str = ""
    direction: Direction = ""
    notes: tuple[str, ...] = ()
    limit: str = ""
    broken: str = ""
    headroom: Headroom | None = None
    threshold: str = ""
    verdict: Verdict = ""
    muted: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table. ``unit`` is that of its exact values; shares are exact as `FRACTION` and read in percent, on
    the screen and in every file, their differences as `DISTANCE` and read in points. ``digits`` are those shown behind
    the point, None for texts; ``signed``: with a plus, too. ``place``: a column may be of the screen only, such as an
    interval in words, or of the file only; ``in_file`` is its name there where that is another. ``width`` on the screen
    in pixels, 0 where its values say it; texts of one that ``wraps`` go on in a next line. ``help`` says what it
    holds."""

    name: str
    unit: str = ""
    digits: int | None = None
    place: Place = "both"
    in_file: str = ""
    signed: bool = False
    width: int = 0
    wraps: bool = False
    help: str = ""

    @property
    def read_unit(self) -> str:
        """The unit in which it is read."""
        return READ_AS.get(self.unit, self.unit)

    @property
    def heading(self) -> str:
        """Its name with its unit, at the head of a file."""
        return self.in_file or (f"{self.name}, {self.read_unit}" if self.unit else self.name)

    @property
    def head(self) -> str:
        """Its name on the screen, with a unit that its values do not carry themselves."""
        return self.name if self.read_unit in ("", "%") else f"{self.name}, {self.read_unit}"

    def read(self, cell: Cell) -> Cell:
        """An exact value in the unit in which it is read."""
        return in_percent(cell) if self.unit in READ_AS else cell

    def written(self, cell: Cell) -> str:
        """A value as it is read: a number with the digits of the column."""
        if cell is None or isinstance(cell, str):
            return cell or ""
        return plain(cell, self.digits or 0)


@dataclass(frozen=True)
class Table:
    """A table with a row of ``exact`` values, as many as there are ``columns``: full precision, None where there is no
    value. ``rounded`` are the same rows as they are shown where rounding each cell by itself would not add up; () else.
    ``key`` names its file, ``title`` says what it holds."""

    key: str
    title: str
    columns: tuple[Column, ...]
    exact: tuple[tuple[Cell, ...], ...]
    rounded: tuple[tuple[Cell, ...], ...] = ()

    def __post_init__(self) -> None:
        for rows in (self.exact, self.rounded):
            assert all(len(row) == len(self.columns) for row in rows), f"{self.key}: rows that are no rows of it"
        assert not self.rounded or len(self.rounded) == len(self.exact), f"{self.key}: not every row is rounded"

    def places(self, place: Place) -> tuple[int, ...]:
        """Where the columns of the screen stand, or those of the file."""
        return tuple(k for k, each in enumerate(self.columns) if each.place in ("both", place))

    def figures(self) -> tuple[int, ...]:
        """Where the columns of figures stand, written out or not: they are read from the right."""
        return tuple(k for k, each in enumerate(self.columns) if each.digits is not None or self._written_figures(k))

    def _written_figures(self, column: int) -> bool:
        texts = [row[column] for row in self.exact if row[column] not in (None, "")]
        return bool(texts) and all(isinstance(each, str) and FIGURE.fullmatch(each) for each in texts)

    def shown(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows of the screen's columns, numbers rounded to the digits of their column."""
        columns = [(k, self.columns[k]) for k in self.places("screen")]
        if self.rounded:
            return tuple(tuple(_rounded(row[k], column.digits) for k, column in columns) for row in self.rounded)
        return tuple(tuple(_rounded(column.read(row[k]), column.digits) for k, column in columns) for row in self.exact)

    def filed(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows of the file's columns, every digit of them, in the units in which they are read."""
        columns = [(k, self.columns[k]) for k in self.places("file")]
        return tuple(tuple(column.read(row[k]) for k, column in columns) for row in self.exact)

    def texts(self) -> "TableTexts":
        """The table of the screen as it is read."""
        places, figures = self.places("screen"), self.figures()
        columns = [self.columns[k] for k in places]
        rows = tuple(
            tuple(column.written(cell) for column, cell in zip(columns, row, strict=True)) for row in self.shown()
        )
        return TableTexts(tuple(each.head for each in columns), rows, tuple(k in figures for k in places))


@dataclass(frozen=True)
class TableTexts:
    """A table as it is read: a text at each head and in each cell, and which columns are read from the right."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[bool, ...]


def in_percent(value: Cell) -> Cell:
    """A fraction in percent, without what the last bit of a product makes of it: 0.29 → 29."""
    return value if value is None or isinstance(value, str) else float(f"{100 * value:.15g}")


def name_apart(name: str, columns: Iterable[Column]) -> str:
    """The name of one more column, in the book's own words: where another is called the same, with spaces after it."""
    taken = {each.name for each in columns}
    while name in taken:
        name += NBSP
    return name


def _rounded(value: Cell, digits: int | None) -> Cell:
    if value is None or isinstance(value, str):
        return value
    if not isfinite(value):
        return None
    if digits is None:
        return value
    return round(value, digits) if digits else round(value)


@dataclass(frozen=True)
class Link:
    """Where a record of the book is looked at by itself: a page's name and what its address says."""

    label: str
    subject: str
    query: Mapping[str, str]


@dataclass(frozen=True)
class Notice:
    """Something to know before anything is relied on."""

    text: str
    level: Level = "info"


@dataclass(frozen=True)
class Suggestion:
    """A change of what is assumed that is one click away: the part called ``name`` put to ``value``; what it comes to
    as ``result``, with a ``mark`` of the verdict on it."""

    key: str
    label: str
    name: str
    value: float | str
    result: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Half:
    """What one half of a chart shows: its headline, and label and value of each of its parts, for where the chart does
    not fit; what it ``shows`` as that of a finding."""

    headline: str
    listed: tuple[tuple[str, str], ...] = ()
    shows: str = ""


@dataclass(frozen=True, eq=False)
class Finding:
    """A headline in words, paragraphs of ``text`` and ``points`` under it, ``tiles`` of its own, the chart that shows
    it with ``alt`` for those who do not see it, the table behind it, a ``note`` below. ``halves``: of a chart that
    shows two things, what each of them is, in place of one headline; ``listed``: of one that shows one thing, label and
    value of its parts, for where it does not fit. Two findings that are ``half`` as wide and follow
    each other stand side by side.

    ``drawn``: the table is shown, not only offered; ``offered``: it can be taken along. Its ``shape``: "rows" to scroll
    and sort, the "whole" of them at once, all of its "texts" however long, or "links", one at the head of each row.
    ``widths``: how wide the first columns of texts are, in percent, or those of links to each other.
    ``suggestion``: what could be assumed instead; ``starts``: several things to begin with, one a row; ``picks``: what
    choosing one of the first rows of a table leads to, where that is drawn as "rows". ``fills``: its chart takes
    whatever height there is. ``shows``: what its chart draws and in which unit, for who sees the chart alone:
    "Expected loss, NT$ m"."""

    key: str
    headline: str = ""
    chart: Figure | None = None
    alt: str = ""
    table: Table | None = None
    drawn: bool = True
    note: str = ""
    halves: tuple[Half, ...] = ()
    listed: tuple[tuple[str, str], ...] = ()
    links: tuple[Link, ...] = ()
    half: bool = False
    text: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    offered: bool = True
    shape: Shape = "rows"
    widths: tuple[int, ...] = ()
    tiles: tuple[Tile, ...] = ()
    suggestion: Suggestion | None = None
    fills: bool = False
    starts: tuple[Suggestion, ...] = ()
    picks: tuple[Suggestion, ...] = ()
    shows: str = ""

    def presented(self, height: int) -> "Finding":
        """For an audience, far away: the chart enlarged, without what is for whoever wants to know exactly."""
        chart = None if self.chart is None else enlarged(self.chart, height)
        return replace(self, chart=chart, table=None, half=False, listed=(), fills=True)


Item = Finding | Notice


@dataclass(frozen=True)
class Choice:
    """What can be chosen: one of ``options``, by name and label, ``abreast`` where they are few and short; or a number
    from ``low`` to ``high``."""

    key: str
    label: str
    options: tuple[tuple[str, str], ...] = ()
    default: str | float = ""
    low: float = 0.0
    high: float = 0.0
    step: float = 1.0
    help: str = ""
    abreast: bool = False

    def of(self, choices: Choices) -> str:
        """The option chosen, the default where that is none of them."""
        chosen = choices.get(self.key, self.default)
        return str(chosen if chosen in dict(self.options) else self.default)

    def number(self, choices: Choices) -> float:
        """The number chosen, within its ends; the default where it is none."""
        if self.trouble(choices):
            return float(self.default)
        return min(max(float(choices.get(self.key, self.default)), self.low), self.high)

    def trouble(self, choices: Choices) -> str:
        """What is wrong with what was chosen; "" where nothing is."""
        given = choices.get(self.key, self.default)
        if self.options:
            names = ", ".join(name or "nothing" for name, _ in self.options)
            return "" if given in dict(self.options) else f"{self.key} must be one of {names}; {given!r} was given."
        try:
            fits = self.low <= float(given) <= self.high
        except ValueError:
            fits = False
        return "" if fits else f"{self.key} must be a number from {self.low:g} to {self.high:g}; {given!r} was given."


def _nothing_made(_choices: Choices) -> tuple[Item, ...]:
    return ()


@dataclass(frozen=True, eq=False)
class Panel:
    """Detail that is worked out once somebody asks for it, by the ``choices`` made in it and by those it ``reads`` that
    are made elsewhere. ``folded``: it is closed until somebody opens it. ``across``: its choices stand side by side.
    ``lead`` stands above them. ``parts``: questions asked one below the other, each with a title, choices and an answer
    of its own."""

    key: str
    title: str
    make: Callable[[Choices], tuple[Item, ...]] = _nothing_made
    choices: tuple[Choice, ...] = ()
    reads: tuple[Choice, ...] = ()
    folded: bool = True
    across: bool = False
    lead: str = ""
    parts: tuple["Panel", ...] = ()

    def every_choice(self) -> tuple[Choice, ...]:
        """What can be chosen in it and in its parts."""
        return (*self.choices, *(each for part in self.parts for each in part.every_choice()))

    def answers(self, choices: Choices) -> tuple[Item, ...]:
        """What comes of the ``choices``, its parts each under its title."""
        found = self.make(choices)
        for part in self.parts:
            found += (Finding(part.key, part.title), *part.answers(choices))
        return found


def _no_findings() -> tuple[Item, ...]:
    return ()


@dataclass(frozen=True, eq=False)
class Briefing:
    """What a screen says. ``notices`` stand above the numbers, ``below`` under them, ``aside`` apart from that, as what
    it says it is; ``points`` are things to know, one a line; ``method`` says how it is computed, in Markdown, and
    ``foot`` at the very end what the numbers are of. ``subject`` is the page's name, ``title`` that of a window which
    shows it, ``main`` the place among ``tiles`` of the number that matters most, ``guaranteed`` whether numbers are
    told gross and net. Checks, of the model that gave the numbers, and findings are worked out when they are first
    asked for, so that numbers need not wait for them; ``choices`` say what can be chosen of the findings."""

    subject: str
    sentence: str
    tiles: tuple[Tile, ...]
    below: str = ""
    aside: str = ""
    points: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    make_checks: Callable[[], tuple[Item, ...]] = _no_findings
    make_findings: Callable[[], tuple[Item, ...]] = _no_findings
    choices: tuple[Choice, ...] = ()
    panels: tuple[Panel, ...] = ()
    method: str = ""
    foot: str = ""
    guaranteed: bool = False
    main: int = 0
    title: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def checks(self) -> tuple[Item, ...]:
        """What was found out about the model that gave the numbers."""
        return self.make_checks()

    @cached_property
    def findings(self) -> tuple[Item, ...]:
        """The findings under the numbers."""
        return self.make_findings()

    def every_choice(self) -> tuple[Choice, ...]:
        """What can be chosen, in the findings and in every panel."""
        return (*self.choices, *(each for panel in self.panels for each in panel.every_choice()))
