"""Model inputs to codes: which of the model's intervals each value lies in.

An input with k thresholds has the codes 0 … k for the intervals between them (a value equal to a threshold lies
below it, as in scikit-learn's trees) and k + 1 for a missing value. Comparisons are made in float64: rounding to
float32 moves values that coincide with thresholds.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.arrays import Array

Codes = NDArray[np.uint8]
MOST_EDGES = 254  # codes 0 … 254 and 255 for missing fill a byte


@njit(nogil=True, cache=True)
def encode(values: Array, edges: Array, starts: NDArray[np.int64], chosen: NDArray[np.int64], out: Codes) -> None:
    """Write the codes of ``values`` (len(chosen), n) to ``out`` of the same shape.

    ``edges`` holds all inputs' sorted thresholds one after the other, input i's from ``starts[i]`` to
    ``starts[i + 1]``; ``chosen`` says which input each row of ``values`` is.
    """
    for k in range(len(chosen)):
        first = starts[chosen[k]]
        count = starts[chosen[k] + 1] - first
        for r in range(values.shape[1]):
            x = values[k, r]
            if np.isnan(x):
                out[k, r] = count + 1
                continue
            low = 0
            left = count
            while left > 0:  # first threshold that is not below x
                half = left >> 1
                if edges[first + low + half] < x:
                    low += half + 1
                    left -= half + 1
                else:
                    left = half
            out[k, r] = low
