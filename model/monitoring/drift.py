"""Whether today's records still look like those the model was fitted to: population stability of inputs and PD."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from data.arrays import AnyArray, Array
from model.engine.stored import Arrays, taken
from model.monitoring.bins import codes, edges_of

WATCH, ACT = 0.10, 0.25  # the industry's rule: below the first stable, above the second act
EMPTY = 1e-4  # the share an empty bin counts as: one record in 10,000
MOST_BINS = 10_000  # of one input
OF_PD = -1  # the index of the PD, whose drift stands after those of all inputs


@dataclass(frozen=True, eq=False)
class Snapshot:
    """How the ``n`` records of the training were distributed.

    For each input and last for the PD: ``edges`` of its bins (see `bins`) and the ``shares`` of the records in each,
    one more than edges for the bins and one for missing values; they sum to 1.
    """

    n: int
    edges: tuple[Array, ...]
    shares: tuple[Array, ...]

    def arrays(self) -> dict[str, AnyArray]:
        """Everything, for storage without pickle."""
        return {
            "n": np.array(self.n),
            "sizes": np.array([len(each) for each in self.edges]),
            "edges": np.concatenate(self.edges),
            "shares": np.concatenate(self.shares),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, inputs: int | None = None) -> "Snapshot":
        """The snapshot that `arrays` stored, of so many inputs.

        Raises
        ------
        KeyError, ValueError
            If one is absent, or not as `arrays` stores it.
        """
        parts = None if inputs is None else inputs + 1
        sizes = taken(arrays, "sizes", kind=np.int64, shape=(parts,), low=0, high=MOST_BINS)
        if len(sizes) == 0:
            raise ValueError("sizes says of nothing how many bins it has")
        edges = np.split(taken(arrays, "edges", np.float64, (int(sizes.sum()),)), np.cumsum(sizes)[:-1])
        if not all((each[1:] > each[:-1]).all() for each in edges):
            raise ValueError("edges do not rise")
        held = taken(arrays, "shares", kind=np.float64, shape=(int((sizes + 2).sum()),), low=0, high=1)
        shares = np.split(held, np.cumsum(sizes + 2)[:-1])
        if not np.allclose([each.sum() for each in shares], 1):
            raise ValueError("shares do not sum to 1")
        n = int(taken(arrays, "n", kind=np.int64, shape=(), low=1))
        return cls(n, tuple(edges), tuple(shares))


@dataclass(frozen=True, eq=False)
class Drift:
    """How far one input, or the PD (``index`` −1), has moved: ``psi`` of ``n`` records now against the
    training's. ``edges`` (m,) end the bins, inclusive.

    ``expected`` and ``actual`` (m + 2,) are the shares by bin then and now, the last for missing values.
    """

    index: int
    psi: float
    n: int
    edges: Array
    expected: Array
    actual: Array


def snapshot_of(inputs: Array, pd: Array) -> Snapshot:
    """The distributions of ``inputs`` (k, n) and ``pd`` (n,): ten bins of equally many, or one per value up to 12.

    Inputs 1…100 → edges 10, 20, …, 90, shares ten times 0.1 and 0 for missing.
    """
    rows = [*inputs, pd]
    edges = tuple(edges_of(each) for each in rows)
    return Snapshot(len(pd), edges, tuple(_shares(each, cut) for each, cut in zip(rows, edges, strict=True)))


def psi(expected: ArrayLike, actual: ArrayLike) -> float:
    """Population stability index Σ (a − e)·ln(a/e) of shares by bin (bins,) (Siddiqi 2006; Kullback and Leibler's J).

    Shares below one in 10,000, such as of an empty bin, count as that, on both sides, without rescaling the others.
    0 where nothing has moved, the same in both directions. (0.4, 0.3, 0.3) → (0.35, 0.25, 0.4): 0.044561.
    """
    e, a = (np.maximum(np.asarray(each, np.float64), EMPTY) for each in (expected, actual))
    return float(np.sum((a - e) * np.log(a / e)))


def drift(snapshot: Snapshot, inputs: Array, pd: Array) -> tuple[Drift, ...]:
    """The drift of each of ``inputs`` (k, n) and last of ``pd`` (n,) since the snapshot.

    PSI is NaN without records. Of few records it is large by chance, about (bins − 1)/n against a large training: 0.09
    for ten bins and 100 records. So ``n`` is told with it.
    """
    parts = zip((*range(len(inputs)), OF_PD), (*inputs, pd), snapshot.edges, snapshot.shares, strict=True)
    found = []
    for index, values, edges, expected in parts:
        actual = _shares(values, edges)
        found.append(Drift(index, psi(expected, actual), n=len(pd), edges=edges, expected=expected, actual=actual))
    return tuple(found)


def _shares(values: Array, edges: Array) -> Array:
    counts = np.bincount(codes(values, edges), minlength=len(edges) + 2)
    return counts / (len(values) or np.nan)
