"""Where it sits: the book cut into segments, its concentration, who changed score band, who moved most.

A customer belongs to the segment of the record in the book, whatever a scenario makes of it: so a segment's change is
that of the same customers, children sum to parents, and parents to the book.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Segment, lower
from data.errors import BadInput
from model.engine.parallel import over
from model.finance.scorecard import Scale, score_band
from model.whatif.book.scenario import whom
from model.whatif.book.scored import ScoredBook
from model.whatif.book.totals import Rows, Totals, stands_for

MOST_MOVERS = 10


@dataclass(frozen=True)
class Cell:
    """The customers of one band, or of one band in each of several segments: ``path``, their positions."""

    path: tuple[int, ...]
    base: Totals
    now: Totals


def bands(whole: ScoredBook, segment: Segment) -> NDArray[np.int8]:
    """The band of each customer in the book as it is, (n,); worked out once, and kept as long as the book is."""

    def make() -> NDArray[np.int8]:
        out = np.empty(whole.n, np.int8)

        def work(rows: slice) -> None:
            raw = whole.raw[:, rows]
            out[rows] = whole.contract.bands(segment, whole.contract.values(raw), raw.shape[1])

        over(whole.n, work)
        return out

    return whole.once(("bands", segment.name), make)


@lru_cache(maxsize=4)
def part_within(whole: ScoredBook, band: str) -> ScoredBook:
    """The part of a book in one band of a segment, named as in "limit_band:2"; the parts looked at last are kept.

    Raises BadInput if nobody is in it.
    """
    segment, own = whom(whole.contract, band)
    chosen = np.flatnonzero(bands(whole, segment) == own)
    if not len(chosen):
        raise BadInput(f"No {whole.contract.book.record} of this book is in that band of {lower(segment.label)}.")
    return whole.share(chosen)


def cut(whole: ScoredBook, base: Rows, now: Rows, years: tuple[float, float], *segments: Segment) -> list[Cell]:
    """The book by the bands of one segment, or of several at once; bands without customers are left out.

    ``years`` are the margin horizons of the base and of the scenario.
    """
    counts = [whole.contract.band_count(each) for each in segments]
    code = np.zeros(whole.n, np.int64)
    for segment, count in zip(segments, counts, strict=True):
        code = code * count + bands(whole, segment)
    cells = [_cells(code, int(np.prod(counts)), rows, each) for rows, each in zip((base, now), years, strict=True)]
    paths = product(*(range(count) for count in counts))
    return [Cell(path, *pair) for path, *pair in zip(paths, *cells, strict=True) if pair[0].customers]


def _cells(code: NDArray[np.int64], count: int, rows: Rows, years: float) -> list[Totals]:
    customers = stands_for(np.bincount(code, minlength=count), rows.each)
    ead, pd, weighted, loss, net, capital, margin = (
        np.bincount(code, each, count)
        for each in (rows.ead, rows.pd, rows.pd * rows.ead, rows.loss, rows.net_loss, rows.capital, rows.margin)
    )
    return [
        Totals(
            int(customers[k]),
            float(ead[k]),
            pd_sum=float(pd[k]) * rows.each,
            pd_exposure=float(weighted[k]),
            loss=float(loss[k]),
            net_loss=float(net[k]),
            capital=float(capital[k]),
            margin=float(margin[k]),
            years=years,
        )
        for k in range(count)
    ]


@dataclass(frozen=True)
class Concentration:
    """How unevenly the exposure lies: Herfindahl–Hirschman index (sum of squared shares, 0 to 10,000) over the bands of
    a segment and over single customers, and the share of the ten largest customers, [0, 1]."""

    bands: float
    customers: float
    top_ten: float


def concentration(cells: list[Cell], now: Rows) -> Concentration:
    """Of the exposure under a scenario."""
    total = float(now.ead.sum())
    if not total:
        return Concentration(np.nan, np.nan, np.nan)
    largest = np.sort(np.partition(now.ead, -10)[-10:]) if len(now.ead) > 10 else now.ead
    return Concentration(
        1e4 * sum((each.now.exposure / total) ** 2 for each in cells),
        1e4 * float(((now.ead / total) ** 2).sum()) / now.each,
        float(largest.sum()) / total if now.each == 1 else np.nan,
    )


def migration(base: Rows, now: Rows, scale: Scale, edges: tuple[float, ...]) -> NDArray[np.int64]:
    """Customers by score band in the book (rows, the lowest scores first) and under a scenario (columns)."""
    count = len(edges) + 1
    was, goes = (score_band(_score(rows, scale), edges) for rows in (base, now))
    return stands_for(np.bincount(was * count + goes, minlength=count**2), now.each).reshape(count, count)


def _score(rows: Rows, scale: Scale) -> Array:
    return np.asarray(scale.score(rows.log_odds))


@dataclass(frozen=True)
class Mover:
    """A customer whose expected loss changed much. PDs in [0, 1], amounts in the book's currency; the net losses are
    the bank's own share."""

    customer: int
    pd_base: float
    pd: float
    ead: float
    loss_base: float
    loss: float
    net_loss_base: float
    net_loss: float


def movers(
    whole: ScoredBook, base: Rows, now: Rows, among: NDArray[np.bool_] | None = None, most: int = MOST_MOVERS
) -> list[Mover]:
    """The customers whose expected loss changed most, up or down, the largest change first; all, or those ``among``."""
    change = np.abs(now.loss - base.loss)
    moved = np.flatnonzero(change > 0 if among is None else (change > 0) & among)
    return [
        Mover(
            int(whole.ids[k]),
            float(base.pd[k]),
            float(now.pd[k]),
            float(now.ead[k] / now.each),
            *(float(each[k] / now.each) for each in (base.loss, now.loss, base.net_loss, now.net_loss)),
        )
        for k in moved[largest(change[moved], whole.ids[moved], most)]
    ]


def largest(amount: Array, ids: NDArray[np.int64], most: int) -> NDArray[np.intp]:
    """Positions of the ``most`` largest of ``amount`` (n,), the largest first, of equals that with the lower number
    first: where equals stand at the end of the list, numpy's partition takes others on another processor."""
    if len(amount) == 0 or most == 0:
        return np.empty(0, np.intp)
    place = max(len(amount) - most, 0)
    least = np.partition(amount, place)[place]
    some = np.flatnonzero(amount >= least)
    return some[np.lexsort((ids[some], -amount[some]))][:most]
