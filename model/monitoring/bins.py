"""How values are put into bins that come from the values: for the drift of inputs and score, reliability, and inputs
that know the outcome.

A bin ends with its upper edge, inclusive; the last one has no end; missing values have a bin of their own after it.
Values that rounding alone tells apart (`edges`) are one value: no edge falls between them, and each stays on its side
whatever happens to its last bits.
"""

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.edges import slack, told_apart, up_to

BINS = 10
FEW = 12  # an input of at most so many values has a bin for each


def quantile_edges(values: Array, bins: int = BINS) -> Array:
    """Inner edges (at most bins − 1, rising) of bins that hold equally many of ``values`` (n,), ties kept together.

    Edges are values that occur (inverted distribution function; Hyndman and Fan 1996, type 1). Ten bins of 1…100 →
    10, 20, …, 90. A value that fills several bins makes one of them. Missing values count for nothing.
    """
    return _edges(_known(values), bins)


def edges_of(values: Array, bins: int = BINS) -> Array:
    """`quantile_edges`, but one bin per value where there are at most 12: 0, 0, 1, 3 → edges 0 and 1."""
    known = _known(values)
    distinct = known[told_apart(known)]
    return distinct[:-1] if len(distinct) <= FEW else _edges(known, bins)


def codes(values: Array, edges: Array) -> NDArray[np.int64]:
    """Which bin each of ``values`` (n,) belongs to, 0…len(edges), or len(edges) + 1 where it is missing. (n,)"""
    found = up_to(values, edges)
    found[np.isnan(values)] = len(edges) + 1
    return found


def bin_counts(values: Array, edges: Array) -> NDArray[np.int64]:
    """How many of ``values`` (n,) lie in each bin, (len(edges) + 2,), as their `codes` say: four times as fast, for
    nobody is put into a bin."""
    above = [np.count_nonzero(values > end) for end in edges + slack(edges)]
    known = len(values) - int(np.count_nonzero(np.isnan(values)))
    reached = np.array([known, *above, 0], np.int64)
    return np.append(reached[:-1] - reached[1:], len(values) - known)


def _known(values: Array) -> Array:
    """Sorted, without missing ones (which sorting puts last)."""
    ordered = np.sort(values)
    known: Array = ordered[: len(ordered) - int(np.isnan(ordered).sum())]
    return known


def _edges(known: Array, bins: int) -> Array:
    if len(known) == 0:
        return known
    places = np.ceil(len(known) * np.arange(1, bins) / bins).astype(np.int64) - 1
    distinct = known[told_apart(known)]
    edges = distinct[np.unique(np.searchsorted(distinct, known[np.maximum(places, 0)]))]
    return np.asarray(edges[edges < known[-1]])  # nothing lies above the highest
