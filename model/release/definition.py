"""The reasons held against their definition, with the trained model itself as the only witness.

The definition asks the model about all coalitions of inputs, 2^inputs of them, which 13 inputs allow and 60 do not.
Beyond that the first of two tests stands in; the second is made at any width. Neither knows the tables.

**In blocks.** If the customer and the background differ in the inputs of one block alone, all others are null players:
no coalition is worth more with them. Null players have the value 0 and may be left out without changing the values of
the others (Shapley 1953), so that the definition, unshortened, takes 2^8 coalitions for a block of eight. Blocks are
drawn anew for each customer and together hold every input.

**Along orders.** Let all inputs differ, and let them join one by one in a random order, and in the reverse of it. In a
table over i and j the gain of i is v(i) − v(∅) if i joins before j and v(ij) − v(j) after it; one of the two orders has
the one case, the reverse the other, so the mean of both gains is the Shapley value of i in that table; and values of a
sum of games are sums of values. So each pair of orders gives every value exactly if no more than two inputs act
together, which is what the tables claim. If that claim were wrong, gains would differ from order to order, and could
not all equal what the tables say. Customers are made up for it until every table has met one to whom it gives, or
between whose two inputs it divides, at least half of the most it does.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from model.engine.shapley import ShapleyTables, against, brute_force, game, sampled
from model.engine.tables import Tables

Margin = Callable[[Array], Array]
"""The trained model: rows (m, inputs) to log-odds (m,)."""

MOST_PLAYERS = 13  # 8,192 coalitions: all inputs at once up to here
BLOCK = 8
CANDIDATES = 2000
NAME = "a few customers"


def definition_gap(margin: Margin, tables: Tables, customers: Array, background: Array) -> float:
    """Largest difference, in log-odds, between the tables' reasons for ``customers`` (inputs, m), and for some made-up
    ones, and their definition, against ``background`` (inputs, b)."""
    whole = _all_at_once if tables.n_inputs <= MOST_PLAYERS else _in_blocks
    gaps = [*whole(margin, tables, customers, background), *_along_orders(margin, tables, customers, background)]
    return float(np.max(gaps))  # NaN where one is


def _reasons(shapley: ShapleyTables, x: Array) -> Array:
    return shapley.explain(shapley.tables.encode(x[:, None]))[:, 0]


def _apart(one: Array, other: Array) -> float:
    return float(np.max(np.abs(one - other)))


def _all_at_once(margin: Margin, tables: Tables, customers: Array, background: Array) -> Iterator[float]:
    """The definition itself."""
    small = against(tables, tables.encode(background), NAME)
    for x in customers.T:
        yield _apart(_reasons(small, x), brute_force(margin, x, background.T))


def _in_blocks(margin: Margin, tables: Tables, customers: Array, background: Array) -> Iterator[float]:
    """The definition where all inputs but those of a block are null players."""
    rng = np.random.default_rng(0)
    for x in customers.T:
        for block in np.array_split(rng.permutation(len(x)), -(-len(x) // BLOCK)):
            like = np.repeat(x[:, None], background.shape[1], axis=1)
            like[block] = background[block]
            truth = np.zeros(len(x))  # of null players
            truth[block] = brute_force(partial(_filled, margin, x, block), x[block], like[block].T)
            yield _apart(_reasons(against(tables, tables.encode(like), NAME), x), truth)


def _filled(margin: Margin, x: Array, block: NDArray[np.int64], rows: Array) -> Array:
    """The margins of ``rows`` (m, len(block)), all other inputs being those of ``x``."""
    whole = np.repeat(x[None], len(rows), axis=0)
    whole[:, block] = rows
    return margin(whole)


def _along_orders(margin: Margin, tables: Tables, customers: Array, background: Array) -> Iterator[float]:
    """Gains along a random order and its reverse, another for each customer."""
    small = against(tables, tables.encode(background), NAME)
    made_up = next(tables.in_every_cell(CANDIDATES))
    telling = tables.values(made_up[:, _telling(small, made_up)])
    for k, x in enumerate(np.concatenate([customers, telling], axis=1).T):
        yield _apart(_reasons(small, x), sampled(len(x), game(margin, x, background.T), pairs=1, seed=k)[0])


def _telling(shapley: ShapleyTables, codes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """A few of the records with ``codes`` (inputs, m), by position, that take every table where it matters: where it
    gives its one input, or gives one of its two more than the other by, at least half of the most it does."""
    cells, second = shapley.cells[shapley.tables.cells_of(codes)], shapley.tables.second
    matters = np.abs(cells[:, :, 0] - np.where(second[:, None] < 0, 0.0, cells[:, :, 1]))
    most = matters.max(1, keepdims=True)
    enough = (matters >= most / 2) & (most > 0)
    chosen, left = [], enough.any(1)
    while left.any():
        chosen.append(int(enough[left].sum(0).argmax()))
        left &= ~enough[:, chosen[-1]]
    return np.array(chosen, np.int64)
