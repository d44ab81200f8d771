"""What the sheet Book adds up: sums over customers, line by line, from which every measure follows by arithmetic.

Loss, capital and margin of a customer are products of what the model says, what is owed and a few assumptions. Where
the exposure is a straight line in each of its assumptions, as balance + conversion factor × undrawn limit is, sums at
the ends of their ranges give it anywhere between; and customers with the same loss given default, such as those of one
vintage, share one cell that works it out. So the sheet answers for everybody exactly, with no customer in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract
from data.errors import BadInput
from data.formulas import names_in
from model.engine.parallel import Progress, no_progress
from model.finance.scorecard import score_band
from model.report.language import band_label
from model.report.numbers import plain
from model.whatif.book import segments
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import Layers
from model.whatif.book.totals import Rows, Totals
from model.whatif.customer.decision import score_scale

MOST_CLASSES = 60  # kinds of customers by what their loss given default is made of
MOST_CORNERS = 3  # assumptions that the exposure depends on
STRAIGHT = 1e-9
INSTEAD = "Take one customer's workbook from the page of customers, or the book as a paper or slides."
KINDS = (
    4  # sums of each line, kind and corner: exposure, PD · exposure, of it the bank's own, capital for each LGD of 1
)


@dataclass(frozen=True, eq=False)
class LineSums:
    """The sums of one line in one state: ``parts`` (kinds of sums, classes, corners); ``staying`` the number of those
    who do not default, ``owing`` (corners,) what these owe; ``totals`` as the service adds them up."""

    parts: Array
    staying: float
    owing: Array
    totals: Totals


@dataclass(frozen=True)
class BookLine:
    """A line of the sheet: a ``label`` in a ``group``, "" for the whole book, as it is and under the scenario."""

    group: str
    label: str
    base: LineSums
    now: LineSums


@dataclass(frozen=True, eq=False)
class BookSums:
    """All lines, the whole book first. ``classes``: of each kind of customer the fields that its loss given default is
    made of, by name, ``which`` (n,) of them each customer is; ``straight``: the assumptions whose ends make the
    corners, the last moving first; ``held`` those that cannot be moved here."""

    lines: tuple[BookLine, ...]
    classes: tuple[Mapping[str, float], ...]
    which: NDArray[np.intp]
    straight: tuple[str, ...]
    held: tuple[str, ...]

    @property
    def corners(self) -> int:
        """How many combinations of ends there are."""
        return int(2 ** len(self.straight))

    @classmethod
    def of(cls, result: BookResult, progress: Progress = no_progress) -> "BookSums":
        """The sums of a book under a scenario. BadInput where the loss given default of its customers is of too many
        kinds."""
        contract = result.contract
        which, classes = kinds_of(contract, result.whole.raw, result.layers[1])
        straight, held = _movable(contract)
        states = [_State.of(result, layers, straight, which, classes) for layers in result.layers]
        if not all(state.straight for state in states):
            held, straight = (*held, *straight), ()
            states = [_State.of(result, layers, (), which, classes) for layers in result.layers]
        lines, groups = [], list(_groups(result))
        for k, (group, labels, own) in enumerate(groups):
            progress(k / len(groups))
            base, now = (state.by_band(own, len(labels)) for state in states)
            found = zip(labels, base, now, strict=True)
            lines += [BookLine(group, *each) for each in found if each[1].totals.customers]
        first = lines[0]
        whole = replace(first.base, totals=result.base), replace(first.now, totals=result.now)  # as the page has them
        lines[0] = BookLine("", first.label, *whole)
        return cls(tuple(lines), classes, which, straight=straight, held=held)


def _movable(contract: Contract) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The assumptions whose ends make the corners; and those that no sum can follow."""
    of_exposure = set().union(*(names_in(text) for text in (contract.exposure.balance, contract.exposure.ead)))
    of_exposure |= names_in(contract.exposure.own_share)
    known = [each.name for each in contract.assumptions]
    twice = of_exposure & names_in(contract.exposure.lgd)
    straight = tuple(name for name in known if name in of_exposure and name not in twice)
    held = tuple(name for name in known if name in twice or name in ("annual_default_rate", "correlation"))
    return (straight, held) if len(straight) <= MOST_CORNERS else ((), (*held, *straight))


def kinds_of(contract: Contract, raw: Array, now: Layers) -> tuple[NDArray[np.intp], tuple[Mapping[str, float], ...]]:
    """Which kind each customer is of by what makes up the loss given default, and what that is of each kind.

    ``raw`` (fields, n); ``now``: what the scenario does. Raises BadInput where there are too many, or it moves them.
    """
    names = sorted(names_in(contract.exposure.lgd) & set(contract.row))
    others = names_in(contract.exposure.lgd) & (set(contract.rows) - set(contract.row))
    struck = {target for name, _ in now.shocks for target in contract.struck(name)}
    if others or struck & set(names):
        raise BadInput(
            f"The loss given default of this book follows what a scenario moves; a workbook cannot add it up. {INSTEAD}"
        )
    if not names:
        return np.zeros(raw.shape[1], np.intp), ({},)
    rows = [contract.row[name] for name in names]
    which = np.zeros(raw.shape[1], np.intp)
    for row in rows:  # one by one: by columns at once it takes ten times as long
        own = np.unique(raw[row], return_inverse=True)[1]
        which = np.unique(which * (int(own.max(initial=0)) + 1) + own, return_inverse=True)[1]
    first = np.unique(which, return_index=True)[1]
    if len(first) > MOST_CLASSES:
        raise BadInput(
            f"The loss given default is of {len(first):,} kinds; a workbook adds up {MOST_CLASSES}. {INSTEAD}"
        )
    kinds = raw[rows][:, first]
    return which, tuple(dict(zip(names, map(float, kind), strict=True)) for kind in kinds.T)


def _groups(result: BookResult) -> Iterator[tuple[str, tuple[str, ...], NDArray[np.intp]]]:
    """The groups of lines: the whole book, the bands of each segment, the score bands as the book is; of each what its
    lines are called, and in which of them each customer is, (n,)."""
    contract, whole = result.contract, result.whole
    yield "", ("The whole book",), np.zeros(whole.n, np.intp)
    for segment in contract.segments:
        labels = tuple(band_label(contract, segment, band) for band in range(contract.band_count(segment)))
        yield segment.label, labels, segments.bands(whole, segment).astype(np.intp)
    own_band, names = score_bands(result)
    yield "Score, as the book is", names, own_band.astype(np.intp)


def score_bands(result: BookResult) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The score band of each customer as the book is, (n,), and what the bands are called."""
    contract = result.contract
    edges = contract.score.bands
    own = score_band(np.asarray(score_scale(contract).score(result.whole.margins)), edges)
    ends = [plain(edge) for edge in edges]
    inner = [f"{low} to below {high}" for low, high in pairwise(ends)]
    return own, (f"below {ends[0]}", *inner, f"{ends[-1]} and more")


@dataclass(frozen=True, eq=False)
class _State:
    """The book as it is, or under the scenario: its ``rows`` and those at each corner; ``lgd`` (classes,) there;
    ``straight``: the exposure between the corners lies where straight lines have it."""

    rows: Rows
    corners: tuple[Rows, ...]
    lgd: Array
    which: NDArray[np.intp]
    years: float
    straight: bool

    @classmethod
    def of(
        cls,
        result: BookResult,
        layers: Layers,
        straight: tuple[str, ...],
        which: NDArray[np.intp],
        classes: tuple[Mapping[str, float], ...],
    ) -> "_State":
        contract, whole = result.contract, result.whole
        assumed = dict(layers.assumptions)
        for name in names_in(contract.exposure.lgd) & assumed.keys() - set(straight):
            assumed[name] = contract.assumption(name).maximum  # so that there is a loss to divide by
        ends = [(contract.assumption(name).minimum, contract.assumption(name).maximum) for name in straight]
        plain_layers = replace(layers, lgd_overlay=0.0)

        def at(values: tuple[float, ...]) -> Rows:
            own = assumed | dict(zip(straight, values, strict=True))
            return whole.rows(replace(plain_layers, assumptions=tuple((k, own[k]) for k, _ in layers.assumptions)))

        corners = tuple(at(values) for values in product(*ends))
        between = tuple(low + 0.3 * (high - low) for low, high in ends)
        weights = [np.prod(each) for each in product(*[(0.7, 0.3)] * len(ends))]
        even = sum(float(w) * each.ead for w, each in zip(weights, corners, strict=True))
        found = at(between).ead if straight else even
        lgd = np.array([lgd_of(contract, kind, assumed) for kind in classes])
        off = np.abs(even - found).max(initial=0.0)
        rows = whole.rows(layers)
        return cls(rows, corners, lgd, which, layers.years, bool(off <= STRAIGHT * max(1.0, np.abs(found).max())))

    def by_band(self, band: NDArray[np.intp], bands: int) -> list[LineSums]:
        """The sums over the customers of each band, by the ``band`` (n,) that each is in: one pass over the book
        whatever the number of ``bands``, where a choice for each of them cost seven times as much."""
        kinds, rows = len(self.lgd), self.rows
        both = band * kinds + self.which

        def of_kinds(values: Array) -> Array:
            return np.asarray(np.bincount(both, values, bands * kinds), np.float64).reshape(bands, kinds)

        def of_bands(values: Array) -> Array:
            return np.asarray(np.bincount(band, values, bands), np.float64)

        parts = np.zeros((bands, KINDS, kinds, len(self.corners)))
        rate = np.where(self.lgd > 0, self.lgd, 1.0)
        owing = np.empty((bands, len(self.corners)))
        for c, corner in enumerate(self.corners):
            parts[:, 0, :, c] = of_kinds(corner.ead)
            parts[:, 1, :, c] = of_kinds(corner.pd * corner.ead)
            parts[:, 2, :, c] = of_kinds(corner.net_loss) / rate
            parts[:, 3, :, c] = of_kinds(corner.capital) / rate
            owing[:, c] = of_bands((1 - corner.pd) * corner.balance)
        staying = of_bands(1 - rows.pd) * rows.each
        counts = np.bincount(band, minlength=bands) * rows.each
        exposure, pd_sum, pd_exposure = map(of_bands, (rows.ead, rows.pd * rows.each, rows.pd * rows.ead))
        loss, net_loss, capital, margin = map(of_bands, (rows.loss, rows.net_loss, rows.capital, rows.margin))
        totals = [
            Totals(
                round(counts[k]),
                float(exposure[k]),
                pd_sum=float(pd_sum[k]),
                pd_exposure=float(pd_exposure[k]),
                loss=float(loss[k]),
                net_loss=float(net_loss[k]),
                capital=float(capital[k]),
                margin=float(margin[k]),
                years=self.years,
            )
            for k in range(bands)
        ]
        return [LineSums(parts[k], float(staying[k]), owing[k], totals[k]) for k in range(bands)]


def lgd_of(contract: Contract, kind: Mapping[str, float], assumed: Mapping[str, float]) -> float:
    """The loss given default of one kind of customer under assumptions, a fraction."""
    raw = np.zeros((len(contract.record), 1))
    for name, value in kind.items():
        raw[contract.row[name]] = value
    return float(np.broadcast_to(contract.exposures(raw, assumed).lgd, (1,))[0])
