"""Exact Shapley values of a model that is a sum of tables, against any background.

Interventional Shapley values: the value of a coalition is the model's mean over the background with the
coalition's inputs set to the customer's. They are additive over the tables, and for one table f over inputs i, j

    φ_i = ½ [ v(i) − v(∅) + v(ij) − v(j) ],    v(∅) = E f(b_i, b_j),  v(i) = E f(x_i, b_j),
                                               v(j) = E f(b_i, x_j),  v(ij) = f(x_i, x_j)

(Lundberg & Lee 2017; Janzing et al. 2020), which is again a table over i and j: computed once against *all*
background rows, it costs a look-up per customer. base + Σφ is the margin exactly. Values are log-odds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.arrays import Array
from model.engine.binning import Codes
from model.engine.stored import Arrays, number, taken
from model.engine.tables import BLOCK, LARGEST, Ints, Tables


@njit(nogil=True, cache=True)
def _explain(codes: Codes, first: Ints, second: Ints, offset: Ints, stride: Ints, cells: Array, phi: Array) -> None:
    n = codes.shape[1]
    for start in range(0, n, BLOCK):
        end = min(start + BLOCK, n)
        for g in range(len(first)):
            a, b, at, wide = first[g], second[g], offset[g], stride[g]
            if b < 0:
                for r in range(start, end):
                    phi[a, r] += cells[at + codes[a, r], 0]
            else:
                for r in range(start, end):
                    cell = at + np.int64(codes[a, r]) * wide + codes[b, r]
                    phi[a, r] += cells[cell, 0]
                    phi[b, r] += cells[cell, 1]


@dataclass(frozen=True, eq=False)
class ShapleyTables:
    """Shapley values of every cell against one background: ``cells`` (cells, 2) for the group's two inputs,
    ``base`` the background's mean margin. ``background`` names it for the screen."""

    tables: Tables
    cells: Array
    base: float
    background: str

    def explain(self, codes: Codes) -> Array:
        """φ of shape (inputs, n), log-odds; base + φ.sum(0) is the margin."""
        phi = np.zeros(codes.shape)
        t = self.tables
        _explain(codes, t.first, t.second, t.offset, t.stride, self.cells, phi)
        return phi

    def totals(self, codes: Codes, weights: Array | None = None) -> Array:
        """Σ over rows of weight · φ, (inputs,), without ever holding a matrix of rows by inputs."""
        return self.totals_of(self.tables.histogram(codes, weights))

    def totals_of(self, histogram: Array) -> Array:
        """The same from a histogram of cells: histograms of parts add up, so this distributes."""
        t = self.tables
        weighed = self.cells * histogram[:, None]
        out = np.zeros(t.n_inputs)
        per_group = np.add.reduceat(weighed, t.offset, axis=0)
        np.add.at(out, t.first, per_group[:, 0])
        paired = t.second >= 0
        np.add.at(out, t.second[paired], per_group[paired, 1])
        return out


def stored(tables: Tables, arrays: Arrays, background: str) -> ShapleyTables:
    """The reasons that a file holds beside ``tables``: ``shapley`` their cells, ``base``; raises as `stored.taken`."""
    cells = taken(arrays, "shapley", kind=np.float64, shape=(len(tables.cells), 2), low=-LARGEST, high=LARGEST)
    return ShapleyTables(tables, cells, number(arrays, "base", LARGEST), background)


def against(tables: Tables, codes: Codes, background: str) -> ShapleyTables:
    """Shapley tables against the background rows ``codes`` (inputs, n), each of the same weight."""
    n = codes.shape[1]
    share = [np.bincount(codes[i], minlength=size) / n for i, size in enumerate(tables.sizes)]
    joint = tables.histogram(codes) / n
    cells = np.zeros((len(tables.cells), 2))
    base = tables.intercept
    for g, (i, j, f) in enumerate(tables.groups()):
        at = slice(int(tables.offset[g]), int(tables.offset[g]) + f.size)
        mean = float(joint[at] @ f.ravel())
        base += mean
        if j < 0:
            cells[at, 0] = f - mean
            continue
        with_i = (f @ share[j])[:, None]  # v(i): x_i known, b_j averaged
        with_j = (share[i] @ f)[None, :]
        cells[at, 0] = (0.5 * (with_i - mean + f - with_j)).ravel()
        cells[at, 1] = (0.5 * (with_j - mean + f - with_i)).ravel()
    return ShapleyTables(tables, cells, base, background)


def exact(players: int, value: Callable[[NDArray[np.bool_]], Array]) -> Array:
    """Shapley values of any game by its definition, over all 2^players coalitions.

    ``value`` takes a boolean matrix (coalitions, players) and returns each coalition's value, (coalitions,) or
    (coalitions, …); the result has shape (players, …) and sums to value(all) − value(none).
    """
    coalitions = (np.arange(2**players)[:, None] >> np.arange(players)) & 1 == 1
    values = np.asarray(value(coalitions), np.float64)
    size = coalitions.sum(1)
    weight = np.array([factorial(s) * factorial(players - s - 1) / factorial(players) for s in range(players)])
    out = []
    for player in range(players):
        without = np.flatnonzero(~coalitions[:, player])
        gain = values[without + (1 << player)] - values[without]
        out.append(np.tensordot(weight[size[without]], gain, 1))
    return np.array(out).reshape((players, *values.shape[1:]))


def game(margin: Callable[[Array], Array], x: Array, background: Array) -> Callable[[NDArray[np.bool_]], Array]:
    """What coalitions of inputs are worth: the model's mean over the background with the coalition's inputs set to the
    customer's.

    ``margin`` maps rows (m, inputs) to log-odds (m,), ``x`` is (inputs,), ``background`` (b, inputs); coalitions are
    (c, inputs), their worth (c,). Evaluates c · b rows, few enough at a time for 64 MB.
    """

    def value(coalitions: NDArray[np.bool_]) -> Array:
        out = np.empty(len(coalitions))
        step = max(1, 2**23 // background.size)
        for k in range(0, len(coalitions), step):
            part = coalitions[k : k + step]
            rows = np.where(part[:, None, :], x, background[None])
            out[k : k + step] = margin(rows.reshape(-1, len(x))).reshape(len(part), -1).mean(1)
        return out

    return value


def brute_force(margin: Callable[[Array], Array], x: Array, background: Array) -> Array:
    """Interventional Shapley values of one customer by the definition: the oracle the tables are held against.

    ``margin``, ``x`` and ``background`` are as in `game`. Evaluates 2^inputs · b rows.
    """
    return exact(len(x), game(margin, x, background))


def sampled(players: int, value: Callable[[NDArray[np.bool_]], Array], pairs: int, seed: int = 0) -> Array:
    """Estimates of the same values where 2^players coalitions are too many: the gains along random orders.

    ``value`` is as in `exact` and is called once. Each of ``pairs`` random orders is walked forwards and backwards
    (antithetic sampling, Mitchell et al. 2022), which is exact already if players act alone or in pairs. Returns
    (pairs, players, …): one estimate a pair, each summing to value(all) − value(none); their mean is the estimate,
    their spread tells its error.
    """
    rng = np.random.default_rng(seed)
    forwards = np.array([rng.permutation(players) for _ in range(pairs)])
    place = np.argsort(np.concatenate([forwards, forwards[:, ::-1]]), axis=1)  # of each player in each order
    walked = place[:, None, :] < np.arange(players + 1)[:, None]
    coalitions, which = np.unique(walked.reshape(-1, players), axis=0, return_inverse=True)
    values = np.asarray(value(coalitions), np.float64)[which.reshape(2 * pairs, players + 1)]
    gains = np.diff(values, axis=1)
    found: Array = np.take_along_axis(gains, place.reshape(*place.shape, *(1,) * (gains.ndim - 2)), axis=1)
    return (found[:pairs] + found[pairs:]) / 2
