"""Who is granted by one policy and not by another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from model.whatif.book.totals import Rows, stands_for


@dataclass(frozen=True)
class Swapped:
    """Customers of one cell: approved by ``today``, approved by ``other``. Sums as in `Outcome`."""

    today: bool
    other: bool
    customers: int
    bad: float
    observed: float
    volume: float
    loss: float
    net_loss: float
    profit: float


def swap(today: NDArray[np.bool_], other: NDArray[np.bool_], rows: Rows, bad: Array) -> list[Swapped]:
    """The four cells of two policies over the same book: approved by both, by the other alone (swapped in), by today's
    alone (swapped out), by neither. They partition the book."""
    cell = 2 * today.astype(np.int64) + other
    sums: list[Array] = [stands_for(np.bincount(cell, minlength=4), rows.each).astype(np.float64)]
    people = rows.pd * rows.each, bad * rows.each  # each stands for several
    money = rows.ead, rows.loss, rows.net_loss, rows.margin
    sums += [np.bincount(cell, each, 4).astype(np.float64) for each in (*people, *money)]
    order = ((True, True), (False, True), (True, False), (False, False))
    found = []
    for before, after in order:
        k = 2 * before + after
        count, *rest = (float(each[k]) for each in sums)
        found.append(Swapped(before, after, round(count), *rest))
    return found


def swapped(today: NDArray[np.bool_], other: NDArray[np.bool_], cell: tuple[bool, bool]) -> NDArray[np.intp]:
    """The customers of one cell, by position."""
    return np.flatnonzero((today == cell[0]) & (other == cell[1]))


def frontier(cost: Array, gain: Array) -> NDArray[np.intp]:
    """The policies that no other beats: none costs less and gains as much, or gains more and costs no more. Positions,
    by rising cost; of equals the first. O(m log m)."""
    order = np.lexsort((-gain, cost))
    kept, most = [], -np.inf
    for k in order:
        if gain[k] > most:
            kept.append(k)
            most = gain[k]
    return np.array(kept, np.intp)
