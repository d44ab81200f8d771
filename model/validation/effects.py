"""What the model looks at: all of it, because all of it is tables.

Effects are in score points unless said otherwise, −factor · log-odds: below zero is riskier. How much an input moves
scores is told by its Shapley values φ against the background of the deployed model, read off the tables for every
customer of the book; its effect along its values by the partial dependence (Friedman 2001), which keeps every direction
that the score keeps, whatever the other inputs are.

What two inputs do together beyond what each does alone is their table less the two effects of one input that fit it
best over the book's own customers (functional ANOVA by weighted least squares; Hooker 2007, Lengerich et al. 2020): the
remainder averages to zero along every value of either input. So

    margin = constant + Σ_i alone_i(x_i) + Σ_ij together_ij(x_i, x_j)
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract
from model.engine.dependence import dependence
from model.engine.parallel import over
from model.engine.scorer import TableScorer
from model.engine.tables import Tables, probability
from model.errors import NotTabular
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.decision import score_scale

if TYPE_CHECKING:
    import pandas as pd

Counts = NDArray[np.int64]
Groups = NDArray[np.uint16]

SAMPLED = 300  # customers in a swarm
SLOTS, STEP, REACH = 70, 0.1, 0.42  # a swarm's columns; how far apart its points lie, and how far out, in rows
FEW = 24  # values up to which each stands for itself, and groups of an input in a map of two
SPREAD = 10_000  # customers by whom the band of an effect is drawn
BARS = 48  # of a histogram
BAND = (0.05, 0.95)  # shares of customers below the band of an effect, and below its upper end
RIDGE = 1e-12  # of a column's weight: parts of a table that share no customer have no level in common


def scorer_of(whole: ScoredBook) -> TableScorer:
    """The tables of the model that a book is seen by.

    Raises
    ------
    NotTabular
        If only the model's answers are known.
    """
    if not isinstance(whole.scorer, TableScorer):
        raise NotTabular(
            "Only the answers of this model are known here, not its tables. Deploy a release of one's own."
        )
    return whole.scorer


# ---- a table, taken apart -------------------------------------------------------------------------------------------


def apart(table: Array, weights: Array) -> tuple[float, Array, Array, Array]:
    """A table as constant + rows + columns + rest, whose every row and column of ``rest`` averages to zero under
    ``weights`` of the table's shape; rows and columns average to zero, too. What nobody has still adds up."""
    down, across = weights.sum(1), weights.sum(0)
    n = float(down.sum())
    own = np.divide(weights, down[:, None], out=np.zeros_like(weights), where=down[:, None] > 0)
    nobody = across == 0
    system = np.diag(across) - weights.T @ own
    system += np.outer(across, across) / n + np.diag(np.where(nobody, 1.0, RIDGE * across))
    columns = np.linalg.solve(system, (weights * table).sum(0) - own.T @ (weights * table).sum(1))
    columns[nobody] = (table[:, nobody] * down[:, None]).sum(0) / n
    rows = np.where(down > 0, (own * (table - columns)).sum(1), (table - columns) @ across / n)
    middle, level = float(rows @ down) / n, float(columns @ across) / n
    return middle + level, rows - middle, columns - level, table - rows[:, None] - columns


@dataclass(frozen=True, eq=False)
class Parts:
    """The model as a constant, ``alone`` for each input by its codes, and ``together`` for each table: what is left of
    it, None for a table of one input. Log-odds."""

    constant: float
    alone: tuple[Array, ...]
    together: tuple[Array | None, ...]


def take_apart(tables: Tables, histogram: Array) -> Parts:
    """The model taken apart against the joint distributions of a book, of which ``histogram`` holds the cells."""
    constant, alone = tables.intercept, [np.zeros(size) for size in tables.sizes]
    together: list[Array | None] = []
    for (i, j, table), weights in zip(tables.groups(), _by_table(tables, histogram), strict=True):
        if j < 0:
            level = float((table * weights).sum() / weights.sum())
            alone[i] += table - level
            together.append(None)
        else:
            level, rows, columns, rest = apart(table, weights)
            alone[i] += rows
            alone[j] += columns
            together.append(rest)
        constant += level
    return Parts(constant, tuple(alone), tuple(together))


def _by_table(tables: Tables, histogram: Array) -> Iterator[Array]:
    """The cells' weights in each table's shape."""
    for (_, _, table), at in zip(tables.groups(), tables.offset.tolist(), strict=True):
        yield histogram[at : at + table.size].reshape(table.shape)


# ---- the whole model ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EffectTable:
    """One table of the model over inputs ``first`` and ``second`` (-1: one input only). ``seen``: cells some customer
    lies in. In score points, ``largest``: how far the furthest of those lies from zero, ``strength``: the standard
    deviation over the book, ``together``: the same of what neither input explains alone."""

    group: int
    first: int
    second: int
    cells: int
    seen: int
    largest: float
    strength: float
    together: float


@dataclass(frozen=True, eq=False)
class Swarm:
    """A fixed sample of ``m`` customers. ``inputs`` (inputs, m) and ``concepts`` (concepts, m) in score points;
    ``share`` (inputs, m): of the book's known values those below, [0, 1], half of those alike among them, NaN if
    missing."""

    inputs: Array
    concepts: Array
    share: Array


@dataclass(frozen=True, eq=False)
class Overview:
    """What the model looks at over a book of ``n`` customers: mean |φ| of ``inputs`` and ``concepts``, each (count,) in
    the contract's order, score points; a concept's φ is the sum of its inputs'. ``histogram`` of the cells."""

    contract: Contract
    tables: Tables
    n: int
    inputs: Array
    concepts: Array
    swarm: Swarm
    histogram: Array
    background: str

    @cached_property
    def parts(self) -> Parts:
        """The model taken apart."""
        return take_apart(self.tables, self.histogram)

    @cached_property
    def listed(self) -> tuple[EffectTable, ...]:
        """Every table, the strongest first."""
        factor, found = score_scale(self.contract).factor, []
        both = zip(self.tables.groups(), _by_table(self.tables, self.histogram), strict=True)
        for g, ((i, j, table), weights) in enumerate(both):
            seen, rest = weights > 0, self.parts.together[g]
            level = float((table * weights).sum()) / self.n
            known = table[seen]
            found.append(
                EffectTable(
                    g,
                    i,
                    j,
                    table.size,
                    int(seen.sum()),
                    factor * float(np.abs(known).max()),
                    factor * float(np.sqrt(((table - level) ** 2 * weights).sum() / self.n)),
                    0.0 if rest is None else factor * float(np.sqrt((rest**2 * weights).sum() / self.n)),
                )
            )
        return tuple(sorted(found, key=lambda each: -each.strength))

    @cached_property
    def pairs(self) -> tuple[EffectTable, ...]:
        """The tables of two inputs, the one that does most together first."""
        return tuple(sorted((each for each in self.listed if each.second >= 0), key=lambda each: -each.together))


def overview(whole: ScoredBook) -> Overview:
    """What the model looks at, over the whole book: chunks of customers are explained and summed up, no matrix of
    customers by inputs is ever held. 0.35 s for 816,000 customers on two cores."""
    scorer = scorer_of(whole)
    contract, tables, shapley, n = whole.contract, scorer.tables, scorer.shapley, whole.n
    factor, owned = score_scale(contract).factor, _owned(contract)

    def part(rows: slice) -> tuple[Array, Array, Array, Array]:
        codes = np.ascontiguousarray(whole.codes[:, rows])
        phi = shapley.explain(codes)
        counts = np.array([np.bincount(each, minlength=256) for each in codes])
        return np.abs(phi).sum(1), np.abs(owned @ phi).sum(1), tables.histogram(codes), counts.astype(float)

    found = [np.sum(each, axis=0) for each in zip(*over(n, part), strict=True)]
    by_input, by_concept = (factor * each / n for each in found[:2])
    chosen = np.sort(np.random.default_rng(0).choice(n, min(n, SAMPLED), replace=False))
    codes = np.ascontiguousarray(whole.codes[:, chosen])
    phi = -factor * shapley.explain(codes)
    swarm = Swarm(phi, owned @ phi, _below(tables, codes, found[3]))
    return Overview(contract, tables, n, by_input, by_concept, swarm, found[2], shapley.background)


def _owned(contract: Contract) -> Array:
    """Which inputs are of which concept, (concepts, inputs) of 0 and 1."""
    return np.array([[float(i.concept == c.name) for i in contract.inputs] for c in contract.concepts])


def _below(tables: Tables, codes: NDArray[np.uint8], counts: Array) -> Array:
    """For each customer and input the share of known values below, from the ``counts`` (inputs, 256) of the book."""
    out = np.full(codes.shape, np.nan)
    for i, size in enumerate(tables.sizes.tolist()):
        known = counts[i, : size - 1]
        share = (np.cumsum(known) - known / 2) / max(known.sum(), 1.0)
        out[i] = np.append(share, np.nan)[codes[i]]
    return out


def heaped(points: Array, low: float, high: float) -> Array:
    """How far from its row's middle each of ``points`` (m,) is drawn so that near ones lie beside each other, in rows;
    ``low`` and ``high`` are the ends of the drawing."""
    slot = np.floor((points - low) / ((high - low) or 1.0) * SLOTS).astype(np.int64)
    order = np.argsort(slot, kind="stable")
    ranked = slot[order]
    turn = np.empty(len(points), np.int64)
    turn[order] = np.arange(len(points)) - np.searchsorted(ranked, ranked)
    side = np.where(turn % 2 == 1, 1.0, -1.0) * ((turn + 1) // 2)
    furthest = np.abs(side).max(initial=0.0)
    return np.asarray((side * min(STEP, REACH / furthest if furthest else STEP)).clip(-REACH, REACH))


# ---- one input ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class GroupedValues:
    """The values of input ``own`` in ``k`` groups, rising, the missing last if there are any. ``n``: customers in each,
    ``low`` and ``high``: the least and the greatest value among them, NaN if missing; ``start``: the threshold above
    which a group begins, −inf for the first, NaN if missing. ``single``: every value stands for itself."""

    own: int
    n: Counts
    low: Array
    high: Array
    start: Array
    single: bool

    @property
    def missing(self) -> bool:
        """Whether the last group holds the missing."""
        return bool(np.isnan(self.low[-1]))

    @property
    def known(self) -> int:
        """How many groups hold values."""
        return len(self.n) - self.missing


def grouped(
    whole: ScoredBook, own: int, most: int = 256, told_apart: bool = False
) -> tuple[GroupedValues, Groups, Array]:
    """The groups of an input's values, which of them each customer lies in (n,), and the values themselves (n,).

    Few values, and codes, stand for themselves, with ``told_apart`` only if the model tells all of them apart. Of
    others a group is what the model does not tell apart, and where those are more than ``most``, neighbours that hold
    about as many customers each.
    """
    each, tables = whole.contract.inputs[own], scorer_of(whole).tables

    def derive(rows: slice) -> Array:
        found: Array = whole.contract.derive(whole.raw[:, rows], [own])[0]
        return found

    values = np.concatenate(over(whole.n, derive))
    codes = whole.codes[own]
    missing = np.isnan(values)
    distinct = np.unique(values[~missing])
    edges = tables.edges[tables.starts[own] : tables.starts[own + 1]]
    single = len(distinct) <= FEW or (bool(each.codes) and len(distinct) <= most)
    if told_apart:
        single = (
            single and len(distinct) <= most - 1 and len(np.unique(np.searchsorted(edges, distinct))) == len(distinct)
        )
    if single:
        index = np.searchsorted(distinct, values)  # NaN lies after all
        start = np.full(len(distinct), np.nan)
    else:
        counts = np.bincount(codes, minlength=len(edges) + 2)[:-1]
        seen = np.flatnonzero(counts)
        place = np.arange(len(seen))
        if len(seen) > most - 1:
            below = np.cumsum(counts[seen]) - counts[seen] / 2
            place = np.unique(np.floor(below / counts.sum() * (most - 1)), return_inverse=True)[1]
        group = np.full(len(edges) + 2, place[-1] + 1)
        group[seen] = place
        index = group[codes]
        first = seen[np.searchsorted(place, np.arange(place[-1] + 1))]
        start = np.where(first > 0, np.append(edges, np.nan)[first - 1], -np.inf)
    if missing.any():
        start = np.append(start, np.nan)
    n = np.bincount(index, minlength=len(start))
    low, high = np.full(len(n), np.inf), np.full(len(n), -np.inf)
    with np.errstate(invalid="ignore"):  # of the missing they are NaN
        np.minimum.at(low, index, values)
        np.maximum.at(high, index, values)
    return GroupedValues(own, n, low, high, start, single), index.astype(np.uint16), values


@dataclass(frozen=True, eq=False)
class Effect:
    """What an input's values do to the score, by group of ``values``, each (k,) in score points: ``mean``, by how much
    the mean score of the book would move if all customers had that value and kept everything else; ``low`` and
    ``high``, the band that holds the middle 90 % of customers, who differ by their other inputs, each seen from the
    mean of its own over the values as they occur; ``alone``, the effect that belongs to the input itself, without what
    it does together with others. ``pd``: the book's mean PD if all customers had that value, [0, 1]; ``pd_now`` as they
    are. ``counts``: the histogram of known values in equal steps between the ``ends``, within which 98 in 100 lie (of
    the logarithm, if ``log``).

    ``mean``, ``low``, ``high`` and ``pd`` go one way along an input whose direction the model keeps.
    """

    values: GroupedValues
    mean: Array
    low: Array
    high: Array
    alone: Array
    pd: Array
    pd_now: float
    counts: Counts
    ends: tuple[float, float]
    log: bool


def effect(whole: ScoredBook, found: Overview, own: int) -> Effect:
    """The effect of one input over the whole book."""
    tables, factor = scorer_of(whole).tables, score_scale(whole.contract).factor
    values, index, all_values = grouped(whole, own)
    code = np.empty(len(values.n), np.uint8)
    code[index] = whole.codes[own]  # all customers of a group have the same
    mean = -factor * _moved(found, whole, own)[code]
    share = values.n / whole.n
    each = -factor * _along(tables, whole.codes[:, _spread(whole.n)], own)[code]
    low, high = np.quantile(each - share @ each, BAND, axis=1) + share @ mean
    ends, log = _ends(all_values)
    shown = all_values[(all_values >= ends[0]) & (all_values <= ends[1])]
    along, between = (np.log(shown), (float(np.log(ends[0])), float(np.log(ends[1])))) if log else (shown, ends)
    counts = np.histogram(along, BARS, between)[0]
    return Effect(
        values,
        mean,
        low,
        high,
        -factor * found.parts.alone[own][code],
        dependence(tables, whole.codes, whole.margins, own)[code],
        float(probability(whole.margins).mean()),
        counts,
        ends,
        log,
    )


def _reading(tables: Tables, own: int) -> Iterator[tuple[int, int, Array]]:
    """The tables that read an input: which they are, the other input of each (-1: none), its cells with a row a code of
    ``own``."""
    for g, (i, j, cells) in enumerate(tables.groups()):
        if own == i:
            yield g, j, cells if j >= 0 else cells[:, None]
        elif own == j:
            yield g, i, cells.T


def _moved(found: Overview, whole: ScoredBook, own: int) -> Array:
    """By how much the mean margin of the book would move if all customers had each code of an input, log-odds."""
    out = np.zeros(int(found.tables.sizes[own]))
    weights = list(_by_table(found.tables, found.histogram))
    for g, other, cells in _reading(found.tables, own):
        seen = np.bincount(whole.codes[other], minlength=cells.shape[1]) if other >= 0 else np.array([whole.n])
        now = weights[g] if found.tables.first[g] == own else weights[g].T
        out += (cells @ seen - (cells * now.reshape(cells.shape)).sum()) / whole.n
    return out


def _along(tables: Tables, codes: NDArray[np.uint8], own: int) -> Array:
    """What the tables of an input add up to for customers with ``codes`` (inputs, m) at each of its codes, (codes of
    that input, m), log-odds."""
    out = np.zeros((int(tables.sizes[own]), codes.shape[1]))
    for _, other, cells in _reading(tables, own):
        out += cells[:, codes[other]] if other >= 0 else cells
    return out


def _spread(n: int) -> NDArray[np.int64]:
    """A fixed sample of customers that is large enough for a band."""
    return np.sort(np.random.default_rng(0).choice(n, min(n, SPREAD), replace=False))


def _ends(values: Array) -> tuple[tuple[float, float], bool]:
    """The ends of a drawing of known values, and whether it is of their logarithm: they are amounts of very different
    size."""
    known = values[~np.isnan(values)]
    if not len(known):
        return (0.0, 1.0), False
    low, high = (float(each) for each in np.quantile(known, [0.01, 0.99]))
    if low == high:
        low, high = float(known.min()), float(known.max())
    if low == high:
        high = low + 1.0
    return (low, high), low > 0 and high > 100 * low


# ---- two inputs together --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Together:
    """What two inputs do together beyond what each does alone, in score points: ``points`` and ``n`` of shape (groups
    of the first, groups of the second), NaN where nobody lies. Weighted by ``n``, every row and every column of
    ``points`` averages to zero."""

    table: EffectTable
    first: GroupedValues
    second: GroupedValues
    points: Array
    n: Counts


def together(whole: ScoredBook, found: Overview, table: EffectTable) -> Together:
    """A table of two inputs, over groups of their observed values that the model tells apart, at most 24 each."""
    rest = found.parts.together[table.group]
    if rest is None:
        raise NotTabular("A table of one input has nothing that two do together. Choose a table of two inputs.")
    (first, down, _), (second, across, _) = (
        grouped(whole, own, FEW, told_apart=True) for own in (table.first, table.second)
    )
    shape = (len(first.n), len(second.n))
    cell = down.astype(np.int64) * shape[1] + across
    n = np.bincount(cell, minlength=shape[0] * shape[1])
    log_odds = np.bincount(cell, rest[whole.codes[table.first], whole.codes[table.second]], len(n))
    with np.errstate(invalid="ignore"):
        points = -score_scale(whole.contract).factor * log_odds / n
    return Together(table, first, second, points.reshape(shape), n.reshape(shape))


@dataclass(frozen=True, eq=False)
class ModelEffects:
    """What the model looks at over the ``whole`` book, each part worked out once."""

    whole: ScoredBook
    _effects: dict[int, Effect] = field(default_factory=dict, repr=False)
    _pairs: dict[int, Together] = field(default_factory=dict, repr=False)

    @property
    def contract(self) -> Contract:
        """The contract of the model."""
        return self.whole.contract

    @cached_property
    def overview(self) -> Overview:
        """How much each input and concept moves the score, and every table."""
        return overview(self.whole)

    def effect(self, own: int) -> Effect:
        """One input's effect, by its place in the contract."""
        if own not in self._effects:
            self._effects[own] = effect(self.whole, self.overview, own)
        return self._effects[own]

    def together(self, table: EffectTable) -> Together:
        """What two inputs do together."""
        if table.group not in self._pairs:
            self._pairs[table.group] = together(self.whole, self.overview, table)
        return self._pairs[table.group]


# ---- every cell -----------------------------------------------------------------------------------------------------


def every_cell(found: Overview) -> "pd.DataFrame":
    """Every cell of every table, one a row. Of each of two inputs: its label, its code, and the interval ``above``
    which and ``up to`` which its value lies, NaN where the cell is of missing values; customers of the book; log-odds
    and score points. Table 0 is the intercept.

    A customer's margin is the sum of the log-odds of the intercept and of the one cell of each table that the customer
    lies in; so is the score of the points.
    """
    import pandas as pd  # a second that a service which never shows this need not wait

    tables, contract, points = found.tables, found.contract, score_scale(found.contract)
    labels = np.array([each.label for each in contract.inputs] + [""], object)
    lows, highs = [], []
    for own in range(tables.n_inputs):
        edges = tables.edges[tables.starts[own] : tables.starts[own + 1]]
        lows.append(np.concatenate(([-np.inf], edges, [np.nan])))
        highs.append(np.concatenate((edges, [np.inf, np.nan])))
    none = np.array([np.nan])
    columns: dict[str, list[Array]] = {name: [] for name in ("table", "i", "code_1", "j", "code_2")}
    bounds: list[list[Array]] = [[], [], [], []]
    for g, (i, j, table) in enumerate(tables.groups()):
        shape = table.shape if j >= 0 else (table.size, 1)
        down, across = (each.ravel() for each in np.indices(shape))
        second = (lows[j], highs[j]) if j >= 0 else (none, none)
        for to, values in zip(bounds, (lows[i][down], highs[i][down], *(e[across] for e in second)), strict=True):
            to.append(values)
        code = across.astype(float) if j >= 0 else np.full(table.size, np.nan)
        filled = (np.full(table.size, g + 1), np.full(table.size, i), down.astype(float), np.full(table.size, j), code)
        for held, values in zip(columns.values(), filled, strict=True):
            held.append(values)
    laid = {name: np.concatenate([none, *held]) for name, held in columns.items()}
    limits = [np.concatenate([none, *held]) for held in bounds]
    laid["table"][0], laid["i"][0], laid["j"][0] = 0, -1, -1
    return pd.DataFrame(
        {
            "table": laid["table"].astype(np.int64),
            "input_1": labels[laid["i"].astype(np.int64)],
            "code_1": laid["code_1"],
            "above_1": limits[0],
            "up_to_1": limits[1],
            "input_2": labels[laid["j"].astype(np.int64)],
            "code_2": laid["code_2"],
            "above_2": limits[2],
            "up_to_2": limits[3],
            "customers": np.concatenate(([found.n], found.histogram)).astype(np.int64),
            "log_odds": np.concatenate(([tables.intercept], tables.cells)),
            "score_points": np.concatenate(([points.score(tables.intercept)], -points.factor * tables.cells + 0.0)),
        }
    )
