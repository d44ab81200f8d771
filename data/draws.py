"""A number for each record that depends on the record alone: what is drawn by it is drawn alike by whoever draws."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array


def draw(ids: NDArray[np.int64], purpose: str) -> Array:
    """A fixed number in [0, 1) for each customer, its own for each purpose: whoever is below 5 % is below 6 % too.

    SplitMix64 (Steele et al. 2014) of the customer's number alone, so that a part of a book, or another machine, draws
    the same; the share drawn of n customers is therefore exact but for chance, ±0.25 points for half of 30,000.
    """
    seed = np.uint64(int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8]))
    with np.errstate(over="ignore"):
        z = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + seed
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) / 2.0**53
