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
    made of, by name; ``straight``: the assumptions whose ends make the corners, the last moving first; ``held`` those
    that cannot be moved here."""

    lines: tuple[BookLine, ...]
    classes: tuple[Mapping[str, float], ...]
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
        lines = []
        places = list(_lines(result))
        for k, (group, label, chosen) in enumerate(places):
            progress(k / len(places))
            lines.append(BookLine(group, label, *(state.sums(chosen) for state in states)))
        return cls(tuple(lines), classes, straight, held)


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
    values = raw[[contract.row[name] for name in names]]
    kinds, which = np.unique(values, axis=1, return_inverse=True)
    if kinds.shape[1] > MOST_CLASSES:
        raise BadInput(
            f"The loss given default is of {kinds.shape[1]:,} kinds; a workbook adds up {MOST_CLASSES}. {INSTEAD}"
        )
    return which.ravel(), tuple(dict(zip(names, map(float, kind), strict=True)) for kind in kinds.T)


def _lines(result: BookResult) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """The lines: the whole book, each band of each segment, each score band as the book is; only where somebody is."""
    contract, whole = result.contract, result.whole
    yield "", "The whole book", np.ones(whole.n, bool)
    for segment in contract.segments:
        own = segments.bands(whole, segment)
        for band in range(contract.band_count(segment)):
            if (own == band).any():
                yield segment.label, band_label(contract, segment, band), own == band
    own_band, labels = score_bands(result)
    for band, label in enumerate(labels):
        if (own_band == band).any():
            yield "Score, as the book is", label, own_band == band


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

    def sums(self, chosen: NDArray[np.bool_]) -> LineSums:
        """The sums over the customers ``chosen`` (n,)."""
        count, which = len(self.lgd), self.which[chosen]
        parts = np.zeros((KINDS, count, len(self.corners)))
        owing = np.empty(len(self.corners))
        rate = np.where(self.lgd > 0, self.lgd, 1.0)
        for c, rows in enumerate(self.corners):
            pd, ead = rows.pd[chosen], rows.ead[chosen]
            net, needed = rows.net_loss[chosen], rows.capital[chosen]
            parts[0, :, c] = np.bincount(which, ead, count)
            parts[1, :, c] = np.bincount(which, pd * ead, count)
            parts[2, :, c] = np.bincount(which, net, count) / rate
            parts[3, :, c] = np.bincount(which, needed, count) / rate
            owing[c] = float(((1 - pd) * rows.balance[chosen]).sum())
        staying = float((1 - self.rows.pd[chosen]).sum()) * self.rows.each
        return LineSums(parts, staying, owing, self.rows.totals(self.years, chosen))


def lgd_of(contract: Contract, kind: Mapping[str, float], assumed: Mapping[str, float]) -> float:
    """The loss given default of one kind of customer under assumptions, a fraction."""
    raw = np.zeros((len(contract.record), 1))
    for name, value in kind.items():
        raw[contract.row[name]] = value
    return float(np.broadcast_to(contract.exposures(raw, assumed).lgd, (1,))[0])
