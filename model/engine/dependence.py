"""Partial dependence of the PD: what a model that is a sum of tables says of a whole book if one input of every record
had the same value (Friedman 2001, section 8.2).

Exact: every record is put at every value. Only the tables that read the input are looked at, so a record costs one
addition a table and value, and one exponential a value: 0.34 s for 816,000 records, 98 values and 12 tables on one
core. Exponentials are numpy's, a block at a time: one by one in compiled code the same takes 1.2 s.
"""

import numpy as np
from numba import njit

from data.arrays import Array
from model.engine.binning import Codes
from model.engine.parallel import over
from model.engine.tables import Ints, Tables

BLOCK = 256  # records at a time: with all values of the input they stay in the second-level cache


@njit(nogil=True, cache=True)
def _put(codes: Codes, own: int, margins: Array, laid: Array, at: Ints, other: Ints, size: int, out: Array) -> None:
    """out[r, v] = minus the margin of row r with input ``own`` at code v; ``laid`` holds the tables of that input, each
    with a row a code of its ``other`` input (-1: none)."""
    first = np.empty(len(at), np.int64)
    for r in range(codes.shape[1]):
        rest = margins[r]
        mine = codes[own, r]
        for g in range(len(at)):
            first[g] = at[g] if other[g] < 0 else at[g] + np.int64(codes[other[g], r]) * size
            rest -= laid[first[g] + mine]
        row = out[r]
        for v in range(size):
            row[v] = -rest
        for g in range(len(at)):
            values = laid[first[g] : first[g] + size]
            for v in range(size):
                row[v] -= values[v]


def dependence(tables: Tables, codes: Codes, margins: Array, own: int) -> Array:
    """Mean PD in [0, 1] of the records with ``codes`` (inputs, n) and ``margins`` (n,) log-odds if input ``own`` of all
    of them had each of its codes, (codes of that input,)."""
    size = int(tables.sizes[own])
    laid = [np.zeros(size)]  # so that an input without a table has a dependence too, a level one
    other = [-1]
    for i, j, f in tables.groups():
        if own in (i, j):
            laid.append(np.ascontiguousarray(f.T if i == own else f).ravel())
            other.append(j if i == own else i)
    at = np.concatenate(([0], np.cumsum([each.size for each in laid])[:-1])).astype(np.int64)
    cells, others = np.concatenate(laid), np.array(other, np.int64)

    def part(rows: slice) -> Array:
        sums, room = np.zeros(size), np.empty((BLOCK, size))
        for start in range(rows.start, rows.stop, BLOCK):
            block = slice(start, min(start + BLOCK, rows.stop))
            odds = room[: block.stop - start]
            _put(np.ascontiguousarray(codes[:, block]), own, margins[block], cells, at, others, size, odds)
            with np.errstate(over="ignore"):  # infinite odds are a PD of 0
                np.exp(odds, out=odds)
            sums += (1.0 / (1.0 + odds)).sum(0)
        return sums

    mean: Array = np.sum(over(codes.shape[1], part), axis=0) / codes.shape[1]
    return mean
