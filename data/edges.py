"""On which side of an edge a value lies: one decision for all bins, bands and groups.

A value lies *on* an edge where rounding alone tells the two apart. What is the same number on paper comes out of sums,
exponentials and shifts of log-odds with other last bits, from one processor to the next and there and back; whoever
stands on an edge would change bins by it, and with heaps of equal values whole bins would. So an edge reaches a
ten-thousand-millionth of its size to either side, far more than rounding and far less than anybody could mean. Whole
numbers of any size are told apart exactly.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.arrays import Array

ROUNDING = 1e-10  # of a value's size
LEAST, MOST = 1e-15, 0.25  # around zero sums of ones leave about 2e-16; whole numbers lie 1 apart


def slack(values: ArrayLike) -> Array:
    """How far from each of ``values`` another still counts as it, of the same shape: of 0.2 2e-11, of 10 million 0.001,
    of more than 2.5 thousand million 0.25."""
    return np.asarray(np.clip(ROUNDING * np.abs(np.asarray(values, np.float64)), LEAST, MOST))


def up_to(values: ArrayLike, edges: ArrayLike) -> NDArray[np.int64]:
    """Which bin each of ``values`` (n,) lies in, 0…len(edges), where a bin ends *with* its upper edge: 10 of edges
    10, 20 → 0. ``edges`` rise; missing values come out last, (n,)."""
    ends = np.asarray(edges, np.float64)
    return np.asarray(np.searchsorted(ends + slack(ends), values, side="left"), np.int64)


def starting(values: ArrayLike, edges: ArrayLike) -> NDArray[np.int64]:
    """The same where a bin *begins* with its lower edge: 10 of edges 10, 20 → 1."""
    begins = np.asarray(edges, np.float64)
    return np.asarray(np.searchsorted(begins - slack(begins), values, side="right"), np.int64)


def told_apart(values: Array) -> NDArray[np.bool_]:
    """Of sorted ``values`` (n,) whether each is the last of those that rounding alone tells from it, (n,).

    Two neighbours are told apart if neither lies within reach of an edge at the other: twice the `slack`. 1, 2, 2,
    2 + 1e-15 → yes, no, no, yes.
    """
    if len(values) == 0:
        return np.empty(0, np.bool_)
    return np.append(values[1:] > values[:-1] + 2 * slack(values[:-1]), True)
