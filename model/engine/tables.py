"""A gradient-boosted model as what it is: a sum of small tables over one or two inputs.

With ``interaction_cst="pairwise"`` every path of every tree tests at most two inputs, so each leaf adds its value
to a rectangle of one table. The log-odds of default are then

    margin(x) = intercept + Σ_g table_g[code of first input, code of second input]

exactly as scikit-learn's ``decision_function`` computes them, at a cost that does not depend on the number of
trees. One-input tables are folded into a two-input table of the same input where there is one.

Shapes: inputs (inputs, n) float64, codes (inputs, n) uint8, margins (n,) log-odds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.arrays import AnyArray, Array
from model.engine.binning import MOST_EDGES, Codes, encode
from model.engine.stored import number, taken

Ints = NDArray[np.int64]
LARGEST = 1e6  # log-odds of a cell; 40 is certainty already
BLOCK = 2048  # rows at a time: their codes and margins stay in the first-level cache


@njit(nogil=True, cache=True)
def _add(
    codes: Codes,
    first: Ints,
    second: Ints,
    offset: Ints,
    stride: Ints,
    cells: Array,
    groups: Ints,
    sign: float,
    margins: Array,
) -> None:
    """margins += sign · Σ over ``groups`` of the cell each row falls into."""
    n = codes.shape[1]
    for start in range(0, n, BLOCK):
        end = min(start + BLOCK, n)
        for g in groups:
            a, b, at, wide = first[g], second[g], offset[g], stride[g]
            if b < 0:
                for r in range(start, end):
                    margins[r] += sign * cells[at + codes[a, r]]
            else:
                for r in range(start, end):
                    margins[r] += sign * cells[at + np.int64(codes[a, r]) * wide + codes[b, r]]


@njit(nogil=True, cache=True)
def _weigh(codes: Codes, first: Ints, second: Ints, offset: Ints, stride: Ints, weights: Array, out: Array) -> None:
    """out[cell] += weight of each row, over all groups: a weighted histogram of the cells."""
    n = codes.shape[1]
    for start in range(0, n, BLOCK):
        end = min(start + BLOCK, n)
        for g in range(len(first)):
            a, b, at, wide = first[g], second[g], offset[g], stride[g]
            if b < 0:
                for r in range(start, end):
                    out[at + codes[a, r]] += weights[r]
            else:
                for r in range(start, end):
                    out[at + np.int64(codes[a, r]) * wide + codes[b, r]] += weights[r]


@dataclass(frozen=True, eq=False)
class Tables:
    """The whole model. Group g is a table over inputs ``first[g]`` and ``second[g]`` (-1: over the first alone),
    its cells from ``offset[g]`` on in row order, ``stride[g]`` cells a row; cells and intercept are log-odds."""

    edges: Array
    starts: Ints
    first: Ints
    second: Ints
    offset: Ints
    stride: Ints
    cells: Array
    intercept: float

    @property
    def n_inputs(self) -> int:
        """How many inputs the model takes."""
        return len(self.starts) - 1

    @property
    def sizes(self) -> Ints:
        """Codes of each input, the missing one included."""
        return np.diff(self.starts) + 2

    @cached_property
    def _all(self) -> Ints:
        return np.arange(len(self.first))

    def groups(self) -> Iterable[tuple[int, int, NDArray[np.float64]]]:
        """Each table as (first input, second input or -1, view of its cells as a matrix or a vector)."""
        sizes = self.sizes
        for g in range(len(self.first)):
            a, b, at = int(self.first[g]), int(self.second[g]), int(self.offset[g])
            shape = (sizes[a],) if b < 0 else (sizes[a], sizes[b])
            yield a, b, self.cells[at : at + int(np.prod(shape))].reshape(shape)

    def encode(self, inputs: Array, chosen: Iterable[int] | None = None) -> Codes:
        """Codes of ``inputs``; ``chosen`` says which inputs its rows are, all by default."""
        rows = np.arange(self.n_inputs) if chosen is None else np.fromiter(chosen, np.int64)
        out: Codes = np.empty(inputs.shape, np.uint8)
        encode(np.ascontiguousarray(inputs), self.edges, self.starts, rows, out)
        return out

    def margins(self, codes: Codes) -> Array:
        """Log-odds of default, (n,)."""
        out = np.full(codes.shape[1], self.intercept)
        _add(codes, self.first, self.second, self.offset, self.stride, self.cells, self._all, 1.0, out)
        return out

    def touched(self, changed: Iterable[int]) -> Ints:
        """The groups that read one of the inputs ``changed``."""
        inputs = np.fromiter(changed, np.int64)
        return np.flatnonzero(np.isin(self.first, inputs) | np.isin(self.second, inputs))

    def rescored(self, margins: Array, before: Codes, after: Codes, changed: Iterable[int]) -> Array:
        """New margins after only the inputs ``changed`` took other codes: the other tables are not read.

        Equal to ``margins(after)`` within 1e-12; the very same numbers where nothing changed, and the very same of a
        record whatever others are asked about with it.
        """
        changed = list(changed)
        if not changed:
            return margins.copy()
        groups = self.touched(changed)
        args = (self.first, self.second, self.offset, self.stride, self.cells)
        moved = (before[changed] != after[changed]).any(0)
        rows = np.flatnonzero(moved)
        few = 2 * len(rows) < len(moved)  # then only they are looked at
        was, now = (np.ascontiguousarray(codes[:, rows]) if few else codes for codes in (before, after))
        if 2 * len(groups) < len(self.first):
            found = margins[rows] if few else margins.copy()
            _add(was, *args, groups, -1.0, found)
            _add(now, *args, groups, 1.0, found)
        else:  # most tables change: afresh is less than taking back and adding
            found = self.margins(now)
        if few:
            out = margins.copy()
            out[rows] = found
            return out
        np.copyto(found, margins, where=~moved)
        return found

    def cells_of(self, codes: Codes) -> Ints:
        """The cell of each table that each record lies in, (tables, n)."""
        second = np.where(self.second[:, None] < 0, 0, codes[self.second])
        return np.asarray(self.offset[:, None] + codes[self.first] * self.stride[:, None] + second, np.int64)

    def values(self, codes: Codes) -> Array:
        """Inputs (inputs, n) that have these ``codes``: the threshold that ends the interval, the next number above the
        last of them, NaN for the missing."""
        out = np.empty(codes.shape)
        for i in range(self.n_inputs):
            edges = self.edges[self.starts[i] : self.starts[i + 1]]
            above = np.nextafter(edges[-1:], np.inf) if len(edges) else np.zeros(1)
            out[i] = np.concatenate([edges, above, [np.nan]])[codes[i]]
        return out

    def in_every_cell(self, batch: int) -> Iterator[Codes]:
        """Codes of made-up records, ``batch`` at a time, (inputs, batch), until every cell that a record can lie in has
        had one. The same each time.

        Half of a batch is sent each to a cell that nobody lies in yet; a record lies in a cell of every table, so that
        all of a model's cells take little more than those of its largest table: the cards' 55,276 cells, 9,504 of them
        in one table, are met by 28,512 records.
        """
        rng, empty = np.random.default_rng(0), np.ones(len(self.cells), np.bool_)
        while empty.any():
            codes: Codes = rng.integers(0, self.sizes[:, None], (self.n_inputs, batch)).astype(np.uint8)
            sent = rng.permutation(np.flatnonzero(empty))[: -(-batch // 2)]
            group = np.searchsorted(self.offset, sent, side="right") - 1
            down, across = np.divmod(sent - self.offset[group], self.stride[group])
            record, paired = np.arange(len(sent)), self.second[group] >= 0
            codes[self.first[group], record] = down
            codes[self.second[group][paired], record[paired]] = across[paired]
            empty[self.cells_of(codes).ravel()] = False
            yield self.encode(self.values(codes))  # no number lies above a threshold of infinity

    def histogram(self, codes: Codes, weights: Array | None = None) -> Array:
        """Weight that falls into each cell, (cells,). Histograms of parts of a book add up to the book's."""
        out = np.zeros(len(self.cells))
        weights = np.ones(codes.shape[1]) if weights is None else np.ascontiguousarray(weights, np.float64)
        _weigh(codes, self.first, self.second, self.offset, self.stride, weights, out)
        return out

    def arrays(self) -> dict[str, AnyArray]:
        """Everything, as arrays that can be stored without pickle; `from_arrays` is the way back."""
        names = ("edges", "starts", "first", "second", "offset", "stride", "cells")
        return {**{name: getattr(self, name) for name in names}, "intercept": np.array(self.intercept)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, AnyArray]) -> "Tables":
        """The tables that `arrays` stored.

        Raises
        ------
        KeyError, ValueError
            If one is absent, or not as `arrays` stores it: then a look-up could reach outside.
        """
        starts = taken(arrays, "starts", kind=np.int64, shape=(None,), low=0)
        if len(starts) < 2 or starts[0] != 0 or not ((counts := np.diff(starts)) >= 0).all():
            raise ValueError("starts does not say where the thresholds of each input begin")
        if counts.max() > MOST_EDGES:
            raise ValueError(f"an input has {counts.max():,} thresholds; at most {MOST_EDGES} have a code")
        edges = taken(arrays, "edges", np.float64, (int(starts[-1]),))
        if not _rising(edges, starts):
            raise ValueError("edges do not rise along an input")
        first = taken(arrays, "first", kind=np.int64, shape=(None,), low=0, high=len(counts) - 1)
        second = taken(arrays, "second", kind=np.int64, shape=first.shape, low=-1, high=len(counts) - 1)
        if len(first) == 0 or (first == second).any():
            raise ValueError("a table takes one input, or two that differ; and there is at least one")
        wide = np.where(second < 0, 1, counts[second] + 2)
        size = (counts[first] + 2) * wide
        stride = taken(arrays, "stride", np.int64, first.shape)
        offset = taken(arrays, "offset", np.int64, first.shape)
        if (stride != wide).any() or (offset != np.cumsum(size) - size).any():
            raise ValueError("offset and stride do not say where the cells of each table lie")
        cells = taken(arrays, "cells", kind=np.float64, shape=(int(size.sum()),), low=-LARGEST, high=LARGEST)
        return cls(
            edges,
            starts,
            first=first,
            second=second,
            offset=offset,
            stride=stride,
            cells=cells,
            intercept=number(arrays, "intercept", LARGEST),
        )


def _rising(edges: Array, starts: Ints) -> bool:
    """Whether each input's thresholds rise."""
    begins = np.isin(np.arange(1, len(edges)), starts)
    return bool((begins | (edges[1:] > edges[:-1])).all())


def probability(margins: Array) -> Array:
    """PD in [0, 1] of a margin in log-odds."""
    return 1.0 / (1.0 + np.exp(-np.asarray(margins, np.float64)))
