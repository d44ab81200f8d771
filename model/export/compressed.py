"""The tables with fewer numbers, for wherever they are taken along.

An input has as many codes as all of its thresholds make, but one table of it knows only some of them. Rows and columns
of a table that are alike are kept once, with a map from codes to them: the cards' 55,276 cells become 5,477 and 3,394
entries of maps. What is looked up is the same number to the last bit.

The reasons of a cell need no numbers of their own. By the definition in `model.engine.shapley` the reasons of two
inputs add up to the cell less the table's mean, and differ by what only the row says less what only the column says:

    φ_i + φ_j = f − v(∅),    φ_i − φ_j = v(i) − v(j),

so that one number a row and one a column give both, within 1e-12.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from model.engine.binning import Codes
from model.engine.shapley import ShapleyTables
from model.engine.tables import Ints


@dataclass(frozen=True, eq=False)
class CellReading:
    """What records (n,) find in each table, (tables, n): ``row`` and ``column`` of it, ``log_odds``, and the reasons of
    its ``first`` and of its ``second`` input, log-odds, 0 where there is none."""

    row: Ints
    column: Ints
    log_odds: Array
    first: Array
    second: Array


@dataclass(frozen=True, eq=False)
class CompressedTables:
    """Table g is over the inputs ``first[g]`` and ``second[g]``, -1 where it is over the first alone. Codes i and j lie
    in its row maps[down[g] + i] and its column maps[across[g] + j], 0 without a second input; its cell is

        cells[at[g] + row · wide[g] + column], log-odds.

    ``mean[g]`` is its mean over the background; what its rows and columns lean to are leans[down_leans[g] + row] and
    leans[across_leans[g] + column], log-odds: the reasons are (cell − mean ± (lean of row − lean of column)) / 2, and
    of one input alone cell − mean."""

    first: Ints
    second: Ints
    at: Ints
    wide: Ints
    down: Ints
    across: Ints
    mean: Array
    down_leans: Ints
    across_leans: Ints
    maps: Ints
    cells: Array
    leans: Array

    @classmethod
    def of(cls, shapley: ShapleyTables) -> "CompressedTables":
        """The tables with their reasons, compressed."""
        tables = shapley.tables
        groups = len(tables.first)
        at, wide, down, across, down_leans, across_leans = (np.empty(groups, np.int64) for _ in range(6))
        maps, cells, leans, mean = list[NDArray[np.intp]](), list[Array](), list[Array](), np.empty(groups)
        n_cells = n_maps = n_leans = 0
        for g, (i, j, table) in enumerate(tables.groups()):
            size = int(tables.sizes[i]), 1 if j < 0 else int(tables.sizes[j])
            place = slice(int(tables.offset[g]), int(tables.offset[g]) + table.size)
            full, reasons = table.reshape(size), shapley.cells[place].reshape(*size, 2)
            rows, row_of = _alike(full)
            columns, column_of = _alike(full.T)
            gap = reasons[..., 0] - reasons[..., 1]  # what the row leans to less what the column leans to
            mean[g] = full[0, 0] - reasons[0, 0].sum()
            at[g], wide[g], down[g], across[g] = n_cells, len(columns), n_maps, n_maps + size[0]
            down_leans[g], across_leans[g] = n_leans, n_leans + len(rows)
            maps += [row_of, column_of]
            cells.append(full[np.ix_(rows, columns)].ravel())
            leans += [gap[rows, 0], gap[0, 0] - gap[0, columns]]
            n_cells, n_maps = n_cells + len(rows) * len(columns), n_maps + sum(size)
            n_leans += len(rows) + len(columns)
        return cls(
            tables.first,
            tables.second,
            at=at,
            wide=wide,
            down=down,
            across=across,
            mean=mean,
            down_leans=down_leans,
            across_leans=across_leans,
            maps=np.concatenate(maps).astype(np.int64),
            cells=np.concatenate(cells),
            leans=np.concatenate(leans),
        )

    def read(self, codes: Codes) -> CellReading:
        """What records find by their ``codes`` (inputs, n)."""
        own, paired = codes.astype(np.int64), self.second[:, None] >= 0
        row = self.maps[self.down[:, None] + own[self.first]]
        column = np.where(paired, self.maps[self.across[:, None] + np.where(paired, own[self.second], 0)], 0)
        cell = self.cells[self.at[:, None] + row * self.wide[:, None] + column]
        rows, columns = self.down_leans[:, None] + row, self.across_leans[:, None] + column
        gap, both = self.leans[rows] - self.leans[columns], cell - self.mean[:, None]
        first = np.where(paired, (both + gap) / 2, both)
        return CellReading(row, column, cell, first=first, second=np.where(paired, (both - gap) / 2, 0.0))


def _alike(table: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Of the rows of a ``table`` the first of each kind, and which of these each row is like. By their bytes, 30 times
    faster than `numpy.unique` along an axis: half a second of a workbook."""
    seen, kept, like = dict[bytes, int](), list[int](), np.empty(len(table), np.intp)
    for k, row in enumerate(table + 0.0):  # so that there is one zero
        known = seen.setdefault(row.tobytes(), len(seen))
        if known == len(kept):
            kept.append(k)
        like[k] = known
    return np.array(kept, np.intp), like
