"""A stratified sample of a book with weights: the same customers of the same book, whoever draws them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.draws import draw

SEED = 1


@dataclass(frozen=True, eq=False)
class Sample:
    """Customers by their ``rows`` (k,) in the book, in its order, each with its ``weights`` (k,): how many of its
    stratum it stands for. The weights sum to the number of customers."""

    rows: NDArray[np.intp]
    weights: Array


def draw_sample(strata: NDArray[np.int64], sizes: Array, size: int, seed: int = SEED) -> Sample:
    """At most ``size`` of n customers in ``strata`` (n,), of each stratum at least one.

    Of a stratum the more are drawn the more customers it has and the further apart their ``sizes`` (n,) are (Neyman
    1934); within it every so many-th in the order of its sizes, from a start that depends on ``seed`` and the stratum.
    """
    n = len(strata)
    if n <= size:
        return Sample(np.arange(n), np.ones(n))
    kinds, own = np.unique(strata, return_inverse=True)
    counts = np.bincount(own)
    means = np.bincount(own, sizes) / counts
    spread = np.sqrt(np.bincount(own, (sizes - means[own]) ** 2) / counts)
    wanted: Array = np.multiply(counts, spread, dtype=np.float64)
    drawn = _shared_out(counts, wanted, size)
    order = np.lexsort((np.arange(n), sizes, own))
    starts = draw(kinds.astype(np.int64), f"sample {seed}")
    rows, weights, begins = list[Array](), list[Array](), np.append(0, counts.cumsum())
    for k, count in enumerate(drawn.tolist()):
        places = np.floor((np.arange(count) + starts[k]) * counts[k] / count).astype(np.intp)
        rows.append(order[begins[k] + places])
        weights.append(np.full(count, counts[k] / count))
    found, heavy = np.concatenate(rows), np.concatenate(weights)
    by_row = np.argsort(found)
    return Sample(np.asarray(found[by_row], np.intp), heavy[by_row])


def _shared_out(counts: NDArray[np.intp], wanted: Array, size: int) -> NDArray[np.intp]:
    """How many are drawn of each stratum: in proportion to what is ``wanted``, at least one, at most all of them."""
    wanted = wanted if wanted.sum() else counts.astype(float)
    share: Array = np.floor(size * wanted / wanted.sum())
    drawn: NDArray[np.intp] = np.minimum(np.maximum(share, 1), counts).astype(np.intp)
    for k in np.argsort(-wanted, kind="stable"):  # what rounding, or a stratum that is used up, leaves
        drawn[k] += min(max(size - int(drawn.sum()), 0), int(counts[k] - drawn[k]))
    while drawn.sum() > size and drawn.max() > 1:
        drawn[int(np.argmax(drawn))] -= 1
    return drawn
