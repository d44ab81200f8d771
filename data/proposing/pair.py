"""Two columns of a file held against each other: whether one says what the other says, and whether either knows the
outcome.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.proposing.columns import RecognisedCells
from data.proposing.glance import RecognisedFile
from data.proposing.signals import Alone, by_rate

PARTS = 4  # that the values of a column of numbers are cut into, each of as many rows
MOST_WORDS = 6
SAME, CLOSE = 0.98, 0.8  # rank correlations from which one column repeats another, or nearly does


@dataclass(frozen=True, eq=False)
class ColumnPair:
    """Two columns, ``names``, over the ``rows`` that hold both. ``correlation`` of their ranks in [-1, 1]; ``equal``
    the share of rows with the same cell; ``apart`` how well each ranks the outcome by itself, from 0.5 to 1, words in
    the order of their bad rate; ``first_gap_bad`` the bad rate where either is empty. ``heads`` are the parts of both,
    ``counts`` and ``rates`` (parts of the first, parts of the second) the rows in each and their bad rate, NaN where
    there are none."""

    names: tuple[str, str]
    rows: int
    correlation: float
    equal: float
    apart: tuple[float, float]
    heads: tuple[tuple[str, ...], tuple[str, ...]]
    counts: NDArray[np.int64]
    rates: Array
    gaps_together: float

    @property
    def repeats(self) -> bool:
        """Whether one of them says what the other says."""
        return abs(self.correlation) >= SAME or self.equal >= SAME


def compare_columns(looked: RecognisedFile, one: str, other: str, bad: Array, alone: Alone) -> ColumnPair:
    """Hold two columns against each other, over the rows whose outcome ``bad`` (n,) is 0 or 1."""
    kept = ~np.isnan(bad)
    cells = looked.cells[one], looked.cells[other]
    values = [_ranked(each, bad)[kept] for each in cells]
    raw = [each.values[kept] for each in cells]
    outcome = bad[kept]
    both = ~np.isnan(values[0]) & ~np.isnan(values[1])
    places, heads = zip(*(_cut(each, cell) for each, cell in zip(raw, cells, strict=True)), strict=True)
    shape = len(heads[0]), len(heads[1])
    counts, bads = np.zeros(shape, np.int64), np.zeros(shape)
    there = (places[0] >= 0) & (places[1] >= 0)
    np.add.at(counts, (places[0][there], places[1][there]), 1)
    np.add.at(bads, (places[0][there], places[1][there]), outcome[there])
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = bads / counts
    gaps = np.isnan(raw[0]), np.isnan(raw[1])
    either = int((gaps[0] | gaps[1]).sum())
    return ColumnPair(
        (one, other),
        rows=int(both.sum()),
        correlation=_correlation(values[0][both], values[1][both]),
        equal=_equal(looked, one, other, kept),
        apart=(float(alone(outcome, values[0][None])[0]), float(alone(outcome, values[1][None])[0])),
        heads=(heads[0], heads[1]),
        counts=counts,
        rates=rates,
        gaps_together=float((gaps[0] & gaps[1]).sum() / either) if either else float("nan"),
    )


def _ranked(cells: RecognisedCells, bad: Array) -> Array:
    """Values to rank by: numbers as they are, words by their bad rate."""
    if cells.kind != "words":
        return cells.values
    known = ~np.isnan(bad)
    out = np.full(len(bad), np.nan)
    out[known] = by_rate(bad[known], cells.values[known])
    return out


def _correlation(one: Array, other: Array) -> float:
    """Spearman's, 0 where one of them does not vary."""
    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _ranks(values: Array) -> Array:
    """Ranks, those of equal values the same."""
    _, where, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    found: Array = (ends - (count - 1) / 2)[where]
    return found


def _equal(looked: RecognisedFile, one: str, other: str, kept: NDArray[np.bool_]) -> float:
    """The share of rows in which both hold the same number, or the same word."""
    first, second = looked.cells[one], looked.cells[other]
    if first.kind == "words" or second.kind == "words":
        if first.kind != second.kind:
            return 0.0
        words = {word: k for k, word in enumerate(first.words)}
        same = np.array([*(words.get(word, -1) for word in second.words), -2], np.float64)
        place = np.where(np.isnan(second.values), len(second.words), second.values).astype(int)
        return float((same[place] == first.values)[kept].mean())
    return float((first.values == second.values)[kept].mean())


def _cut(values: Array, cells: RecognisedCells) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The part (n,) that each value lies in, -1 for a gap, and what the parts are called."""
    known = ~np.isnan(values)
    levels = np.unique(values[known])
    if cells.kind == "words" or len(levels) <= PARTS:
        count = np.array([int((values == level).sum()) for level in levels]) if len(levels) <= 400 else None
        kept = levels if count is None else levels[np.argsort(-count, kind="stable")[:MOST_WORDS]]
        kept = np.sort(kept[:MOST_WORDS])
        place = np.full(len(values), -1, np.int64)
        for k, level in enumerate(kept):
            place[values == level] = k
        names = [cells.words[int(level)][:30] if cells.words else f"{level:,.6g}" for level in kept]
        return place, tuple(names)
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, PARTS + 1)[1:-1]))
    found = np.searchsorted(edges, np.where(known, values, 0.0), side="left")
    place = np.where(known, found, -1).astype(np.int64)
    names = [f"up to {edges[0]:,.4g}", *(f"to {edge:,.4g}" for edge in edges[1:]), f"above {edges[-1]:,.4g}"]
    return place, tuple(names)
