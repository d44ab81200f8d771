"""What each column of a file looks like, before anything of it is decided: samples, how its values are spread, and the
share of bad outcomes in each part of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import YEAR, plain_figure
from data.files.names import one_line
from data.files.numbers import PERCENT
from data.files.series import given_cells
from data.files.words import no_value
from data.proposing import hints
from data.proposing.columns import RecognisedCells, habit_of_file, recognise
from data.proposing.hints import tokens
from data.proposing.outcomes import meaning
from data.proposing.sources import Source
from data.proposing.special import codes_of_file

Held = Literal["numbers", "words", "dates", "nothing", "other"]
Counts = Literal["bad", "good", "left out"]

BARS = 10  # of a histogram
SAMPLES, LOOKED_THROUGH = 3, 500  # different cells that are shown, and rows that they are sought in
MOST_OUTCOMES = 12  # different words of a column that may be the outcome
INNER = (0.01, 0.99)  # quantiles between which bars are equally wide; what lies beyond joins the outermost
EMPTY = ""  # the outcome of rows that have none
LONGEST = 40  # letters of a sample


@dataclass(frozen=True)
class HistogramBar:
    """One part of a column's values: how many ``rows`` hold it, and the share of them with the bad outcome in [0, 1],
    None where no outcome is known. ``apart``: it is no part of the scale: a gap, a special code, all rare words."""

    label: str
    rows: int
    bad_rate: float | None = None
    apart: bool = False


@dataclass(frozen=True, eq=False)
class ColumnGlance:
    """One column: ``samples`` as the file has them, ``distinct`` different values, ``gaps`` rows without one; ``total``
    of its numbers, NaN where it holds none; ``words`` in the order of the alphabet; ``special`` numbers that look like
    codes. ``why`` it cannot be read, if so."""

    name: str
    held: Held
    rows: int
    gaps: int
    distinct: int
    samples: tuple[str, ...]
    bars: tuple[HistogramBar, ...]
    total: float = float("nan")
    words: tuple[str, ...] = ()
    special: tuple[float, ...] = ()
    why: str = ""

    @property
    def known_rows(self) -> int:
        """Rows that hold a value."""
        return self.rows - self.gaps


@dataclass(frozen=True)
class OutcomeWord:
    """One value of a column that may be the outcome, how many rows hold it, and what it seems to be; "" where nothing
    says so. Rows without a value have the word `EMPTY`."""

    word: str
    rows: int
    seems: Counts | Literal[""]


@dataclass(frozen=True, eq=False)
class RecognisedFile:
    """A file whose cells were recognised, once: what is shown of it under any outcome comes from here."""

    source: Source
    cells: Mapping[str, RecognisedCells]

    @classmethod
    def at(cls, source: Source) -> "RecognisedFile":
        """Every column of a file, recognised."""
        habit = habit_of_file(source.frame, source.delimiter)
        return cls(source, {str(name): recognise(source.frame[name], habit) for name in source.frame})

    def __len__(self) -> int:
        return len(self.source.frame)

    @cached_property
    def codes(self) -> dict[str, tuple[float, ...]]:
        """The numbers of each column of numbers that look like codes for something else."""
        return codes_of_file({name: each.known for name, each in self.cells.items() if each.kind == "numbers"})

    def glances(self, bad: Array | None = None) -> tuple[ColumnGlance, ...]:
        """Every column, in the file's order. ``bad`` (n,) is 1 where the outcome is the bad one, 0 where it is the
        good one, NaN where a row is left out; None while no outcome is chosen."""
        return tuple(self.glance(name, bad) for name in self.cells)

    def glance(self, name: str, bad: Array | None = None) -> ColumnGlance:
        """One column, likewise."""
        cells, column = self.cells[name], self.source.frame[name]
        kept = np.ones(len(self), bool) if bad is None else ~np.isnan(bad)
        values = cells.values[kept]
        known = ~np.isnan(values)
        numbers = cells.kind in ("numbers", "days")
        special = self.codes.get(name, ())
        outcome = None if bad is None else bad[kept]
        return ColumnGlance(
            name,
            _HELD[cells.kind],
            rows=int(kept.sum()),
            gaps=int((~known).sum()),
            distinct=len(np.unique(values[known])),
            samples=samples(column),
            bars=_bars(cells, values, special, outcome, YEAR if _in_years(name, cells) else cells.unit),
            total=float(np.sum(values[known & ~np.isin(values, special)])) if cells.kind == "numbers" else float("nan"),
            words=() if numbers else cells.words,
            special=special,
            why=cells.why,
        )

    def outcome_words(self, name: str) -> tuple[OutcomeWord, ...]:
        """The values of a column that may be the outcome, most frequent first; () if it has too many for one."""
        column = self.source.frame[name]
        texts = outcome_texts(column)
        found, count = np.unique(texts, return_counts=True)
        words = [str(each) for each in found]
        if len([word for word in words if word != EMPTY]) > MOST_OUTCOMES:
            return ()
        seems = _seem(name, words)
        ranked = sorted(zip(words, count.tolist(), seems, strict=True), key=lambda each: (each[0] == EMPTY, -each[1]))
        return tuple(OutcomeWord(word, rows, seem) for word, rows, seem in ranked)

    def outcome(self, name: str, bad: Sequence[str], drop: Sequence[str]) -> Array:
        """(n,) 1 where a column holds one of the ``bad`` words, NaN where it holds one to ``drop`` or none, 0 else."""
        texts = outcome_texts(self.source.frame[name])
        values = np.isin(texts, list(bad)).astype(np.float64)
        values[np.isin(texts, [*drop, EMPTY])] = np.nan
        return values

    def is_among(self, name: str, code: float, codes: Sequence[float] = ()) -> bool:
        """Whether a number lies between the values of a column that are no ``codes``, so that it can be none."""
        known = self.cells[name].known
        others = known[~np.isin(known, [code, *codes])]
        return bool(len(others) and others.min() <= code <= others.max())

    @cached_property
    def possible_outcomes(self) -> tuple[str, ...]:
        """The columns of few words, the likeliest outcome first: one that is spoken of as an outcome is."""
        found = []
        for place, (name, cells) in enumerate(self.cells.items()):
            distinct = len(np.unique(cells.known))
            if not 2 <= distinct <= MOST_OUTCOMES:
                continue
            words = cells.words or tuple(f"{each:.12g}" for each in np.unique(cells.known))
            spoken = sum(meaning(word) != 0 for word in words if cells.words)
            named = meaning(name, name=True) != 0 or bool(_OUTCOMES & set(tokens(name)))
            found.append(((-spoken, not named, distinct != 2, -place), name))
        return tuple(name for _, name in sorted(found))


_HELD: Mapping[str, Held] = {
    "numbers": "numbers",
    "days": "dates",
    "words": "words",
    "nothing": "nothing",
    "odd": "other",
}
_OUTCOMES = frozenset({"status", "target", "outcome", "class", "label", "y", "result", "performance", "flag"})
_RUNNING = frozenset({"current", "open", "active", "pending", "issued", "new", "unknown", "indeterminate"})
"""Of loans whose outcome is not known yet."""


def samples(column: "pd.Series[Any]") -> tuple[str, ...]:
    """A few different cells of a column as the file has them."""
    seen: dict[str, None] = {}
    for cell in column[:LOOKED_THROUGH]:
        if cell is None or cell != cell or cell is pd.NA:
            continue
        text = one_line(str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell))
        if text:
            seen.setdefault(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…", None)
        if len(seen) == SAMPLES:
            break
    return tuple(seen)


def outcome_texts(column: "pd.Series[Any]") -> NDArray[np.str_]:
    """(n,) the words of a column, numbers as texts; `EMPTY` where a cell holds nothing."""
    given = given_cells(column).with_numbers_as_texts()
    words = np.array([EMPTY if no_value(text) else text for text in given.texts] + [EMPTY], dtype=np.str_)
    found: NDArray[np.str_] = words[given.place]
    return found


def _seem(name: str, words: Sequence[str]) -> list[Counts | Literal[""]]:
    """What each word of an outcome seems to be."""
    found: list[Counts | Literal[""]] = []
    said = {-1: "bad", 1: "good", 0: ""}
    for word in words:
        if word == EMPTY or _RUNNING & set(tokens(word)):
            found.append("left out")
        else:
            found.append(said[meaning(word)])  # type: ignore[arg-type]
    named = [k for k, word in enumerate(words) if word != EMPTY]
    pair = [words[k].casefold() for k in named]
    if sorted(pair) in (["0", "1"], ["false", "true"], ["no", "yes"], ["n", "y"]):
        of_one, of_zero = ("good", "bad") if meaning(name, name=True) > 0 else ("bad", "good")
        for k in named:
            found[k] = of_one if words[k].casefold() in ("1", "true", "yes", "y") else of_zero  # type: ignore[call-overload]
    return found


# ---- histograms -----------------------------------------------------------------------------------------------------


def _bars(
    cells: RecognisedCells, values: Array, special: Sequence[float], bad: Array | None, unit: str
) -> tuple[HistogramBar, ...]:
    """The histogram of some values (n,), gaps and codes apart at its end."""
    known = ~np.isnan(values)
    coded = known & np.isin(values, special)
    parts: list[tuple[str, NDArray[np.bool_], bool]] = []
    if cells.kind == "words":
        parts = _words(cells.words, values)
    elif cells.kind in ("numbers", "days") and (known & ~coded).any():
        parts = _ranges(values, known & ~coded, unit)
    parts += [(f"{code:.12g}", values == code, True) for code in special]
    if not known.all():
        parts.append(("empty", ~known, True))
    return tuple(_bar(label, rows, apart, bad) for label, rows, apart in parts)


def _bar(label: str, rows: NDArray[np.bool_], apart: bool, bad: Array | None) -> HistogramBar:
    n = int(rows.sum())
    rate = float(bad[rows].mean()) if bad is not None and n else None
    return HistogramBar(label, n, rate, apart)


def _words(words: Sequence[str], values: Array) -> list[tuple[str, NDArray[np.bool_], bool]]:
    known = values[~np.isnan(values)].astype(int)
    count = np.bincount(known, minlength=len(words))
    most = BARS if int((count > 0).sum()) <= BARS else BARS - 1
    ranked = [int(k) for k in np.argsort(-count, kind="stable") if count[k]]
    shown, rest = ranked[:most], ranked[most:]
    parts = [(words[k], values == k, False) for k in shown]
    if rest:
        parts.append((f"{len(rest):,} others", np.isin(values, rest), True))
    return parts


def _ranges(values: Array, here: NDArray[np.bool_], unit: str) -> list[tuple[str, NDArray[np.bool_], bool]]:
    own = values[here]
    levels = np.unique(own)
    if len(levels) <= BARS:
        return [(_figure(float(level), unit), values == level, False) for level in levels]
    low, high = (float(each) for each in np.quantile(own, INNER))
    if low == high:
        low, high = float(own.min()), float(own.max())
    whole = bool((own == np.round(own)).all())
    edges = np.linspace(low, high, BARS + 1)[1:-1]
    edges = np.unique(np.round(edges)) if whole else edges
    place = np.where(here, np.searchsorted(edges, np.where(here, values, 0.0), side="right"), -1)
    parts = []
    for k in range(len(edges) + 1):
        rows = place == k
        if rows.any():
            ends = [_figure(float(end), unit) for end in (values[rows].min(), values[rows].max())]
            label = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
            parts.append((label, rows, False))
    return parts


def _figure(value: float, unit: str) -> str:
    if unit == PERCENT:
        return f"{float(f'{100 * value:.3g}'):,.12g} %"
    return plain_figure(value if unit == YEAR else float(f"{value:.4g}"), unit)


def _in_years(name: str, cells: RecognisedCells) -> bool:
    return cells.kind == "days" or hints.begun_in(name)
