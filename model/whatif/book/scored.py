"""The whole book under assumptions: every customer scored by the deployed model, in money.

Rows go in chunks through one pipeline: shock the raw records, hold them at the edge of what the model has seen, derive
and bin what changed, re-score; shift by the economy; lay the overlay on; then loss, capital and margin. Amounts are in
the book's currency. Exposure is arithmetic, not the model's business: it is taken from the shocked record as it is,
while the record that is scored is held within the training range.

A model whose tables are known is re-scored by them. Any other is asked about the records that moved, in batches; of a
large book then only a stratified sample, each customer of which stands for ``each`` of the book.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from threading import Lock
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.contract import Contract, Exposed
from data.draws import draw
from model.engine.binning import Codes
from model.engine.parallel import ROWS, Progress, no_progress, over
from model.engine.scorer import Scorer, TableScorer
from model.engine.tables import probability
from model.errors import NotTabular
from model.finance import capital, loss, margin
from model.whatif.book.scenario import Layers
from model.whatif.book.totals import Mask, Rows, Totals, _sum

Made = TypeVar("Made")
Values: TypeAlias = dict[str, Array]
ShockKey: TypeAlias = tuple[tuple[tuple[str, float], ...], tuple[str, int] | None, float]

FEW = 200_000  # customers up to which some scenarios' rows are remembered, not only the base's and the last
KEPT = 160 * ROWS  # shocked rows remembered: moving the economy after the customers re-scores nobody
SAMPLE = 1000  # customers whose distance from known ones is measured
BATCH = 2000  # records that a model without tables is asked about at once
MOST_ASKED = 50_000  # customers up to which such a model is asked about the whole book
ASKED = 20_000  # customers of a larger book that it is asked about
RARE = 1e-6  # PD as near to 0 or to 1 as a score goes that an overlay or the one factor leads to


@dataclass(frozen=True, eq=False)
class ShockedRows:
    """Some rows after the shocks: the fields and histories that ``moved``, by name, not held; ``codes``, if the model's
    tables are known, and ``margins`` of the records held in the training range; ``held`` those that had to be; ``free``
    their margins if they were not held."""

    moved: Values
    codes: Codes | None
    margins: Array
    held: NDArray[np.intp]
    free: Array


@dataclass(frozen=True, eq=False)
class StressedRows:
    """A few records under a scenario: ``scored`` (fields, n) as the model was asked about them, held in the training
    range, and ``free``, not held, as exposure is taken from; ``margins`` the model's log-odds, ``pd`` after the economy
    and the overlay, ``exposed`` what would be lost; ``reached`` whether each shock in use reaches each, by name."""

    scored: Array
    free: Array
    margins: Array
    pd: Array
    exposed: Exposed
    reached: Mapping[str, Mask]


@dataclass(frozen=True)
class Clipped:
    """``customers`` that a scenario takes beyond the training range and that were scored at its edge; ``loss`` of the
    book with them held and ``free``."""

    customers: int
    loss: float
    free: float


@dataclass(frozen=True)
class TerritoryShare:
    """Share of customers outside known territory, [0, 1], before and under a scenario, of a ``sample``."""

    before: float
    now: float
    sample: int


class ScoredBook:
    """A book of ``n`` customers as the deployed model sees it. Immutable; shared by all sessions.

    ``raw`` (fields, n) and ``ids`` (n,); ``margins`` (n,) of the book as it is; ``tables`` of the model where they are
    known, else None, and then its ``codes`` (inputs, n); ``each`` how many customers of the book one stands for;
    ``size`` rows at a time. A model without tables is not asked again for margins that are ``said`` (n,) already. Of
    shocked rows ``kept`` are remembered.
    """

    def __init__(
        self,
        scorer: Scorer,
        raw: Array,
        ids: NDArray[np.int64],
        progress: Progress = no_progress,
        each: float = 1.0,
        said: Array | None = None,
        kept: int = KEPT,
    ) -> None:
        self.scorer, self.raw, self.ids, self.each = scorer, raw, ids, each
        self.contract: Contract = scorer.contract
        self.tables = scorer.tables if isinstance(scorer, TableScorer) else None
        self.size = BATCH if self.tables is None else ROWS
        self.n = raw.shape[1]
        self.codes: Codes = np.empty((0 if self.tables is None else len(self.contract.inputs), self.n), np.uint8)
        self.margins: Array = np.empty(self.n)

        def encode(rows: slice) -> None:
            if self.tables is None:
                self.margins[rows] = scorer.margins(np.ascontiguousarray(raw[:, rows])) if said is None else said[rows]
                return
            self.codes[:, rows] = self.tables.encode(self.contract.derive(raw[:, rows]))
            self.margins[rows] = self.tables.margins(np.ascontiguousarray(self.codes[:, rows]))

        over(self.n, encode, progress, self.size)
        self._shocked = lru_cache(maxsize=kept // self.size)(self._strike)
        self.annual: Callable[[float], float] = lru_cache(maxsize=16)(self._annual)
        self._latest: dict[Layers, Rows] = {}
        self._known: dict[Hashable, Any] = {}
        self._lock = Lock()

    @classmethod
    def of(cls, scorer: Scorer, book: Book, progress: Progress = no_progress, each: float = 1.0) -> "ScoredBook":
        """A book under a deployed model; where only a sample is held of it, or asked about, each of whose customers
        stands for ``each`` of those held, of all that these stand for."""
        return cls(scorer, book.raw, ids=book.ids, progress=progress, each=each * book.each)

    def _annual(self, rate: float) -> float:
        """The shift of log-odds to one-year PDs whose mean over the book as it is equals ``rate``."""
        return capital.shift_to(probability(self.margins), rate)

    # ---- shocks --------------------------------------------------------------------------------------------------

    def _strike(self, first: int, last: int, struck: ShockKey) -> ShockedRows:
        """The rows from ``first`` to before ``last`` after shocks on some segment and share of customers."""
        rows, contract, tables = slice(first, last), self.contract, self.tables
        n, margins = last - first, self.margins[rows]
        before, moved, kept, held = self._after(struck, rows)
        if tables is None:
            return ShockedRows(moved, None, *self._asked(rows, kept, moved, held))
        codes = np.ascontiguousarray(self.codes[:, rows])
        changed = contract.reading(tuple(kept))
        after = codes.copy()
        after[list(changed)] = tables.encode(contract.derive_from({**before, **kept}, n, changed), changed)
        margins = tables.rescored(margins, codes, after, changed)
        part = {name: values[..., held] for name, values in {**before, **moved}.items()}
        free = tables.margins(tables.encode(contract.derive_from(part, len(held)))) if len(held) else np.empty(0)
        return ShockedRows(moved, after, margins=margins, held=held, free=free)

    def _with(self, rows: slice, values: Values) -> Array:
        """The records of some rows with other ``values`` of fields and histories by name, (fields, n)."""
        raw = self.raw[:, rows].copy()
        for name, found in values.items():
            raw[self.contract.rows[name]] = found
        return raw

    def _asked(
        self, rows: slice, kept: Values, moved: Values, held: NDArray[np.intp]
    ) -> tuple[Array, NDArray[np.intp], Array]:
        """What a model without tables says of the records that moved: the others keep what it said before."""
        margins, raw = self.margins[rows].copy(), self._with(rows, kept)
        some = np.flatnonzero((raw != self.raw[:, rows]).any(0))
        if len(some):
            margins[some] = self.scorer.margins(np.ascontiguousarray(raw[:, some]))
        free = np.empty(0)
        if len(held):
            free = self.scorer.margins(np.ascontiguousarray(self._with(rows, moved)[:, held]))
        return margins, held, free

    def part(self, chosen: NDArray[np.intp]) -> "ScoredBook":
        """Some of the customers, as a book of their own."""
        raw, ids = np.ascontiguousarray(self.raw[:, chosen]), self.ids[chosen]
        return ScoredBook(self.scorer, raw, ids, said=self.margins[chosen])

    def share(self, chosen: NDArray[np.intp]) -> "ScoredBook":
        """Some of the customers as a part of this book: each stands for as many as here, and one-year PDs are those of
        the whole, so that what parts add up to is the book."""
        raw, ids = np.ascontiguousarray(self.raw[:, chosen]), self.ids[chosen]
        found = ScoredBook(self.scorer, raw, ids, each=self.each, said=self.margins[chosen])
        found.annual = self.annual
        return found

    def records(self, layers: Layers) -> Array:
        """The records as they are scored under a scenario: shocked, and held within what the model has seen."""
        rows = slice(0, self.n)
        return self._with(rows, self._after(layers.struck, rows)[2])

    def _after(self, struck: ShockKey, rows: slice) -> tuple[Mapping[str, Array], Values, Values, NDArray[np.intp]]:
        """Some rows before shocks; what moved, not held; the same held; and whom that touched."""
        before = self.contract.values(self.raw[:, rows])
        moved = self._moved(struck, before, rows)
        targets = tuple(dict.fromkeys(target for name, _ in struck[0] for target in self.contract.struck(name)))
        return before, moved, *self._held(targets, before, moved)

    def _reached(self, struck: ShockKey, before: Mapping[str, Array], rows: slice) -> Mapping[str, Mask | None]:
        """Whom each shock reaches, by its name; None: everybody."""
        shocks, who, share = struck
        contract, found = self.contract, dict[str, Mask | None]()
        hit: Mask | None = None
        if who is not None:
            hit = contract.bands(contract.segment(who[0]), before, rows.stop - rows.start) == who[1]
        if share < 1:
            some = draw(self.ids[rows], "share") < share
            hit = some if hit is None else hit & some
        for name, value in shocks:
            found[name] = hit
            if contract.shock(name).share:
                some = draw(self.ids[rows], name) < value / 100
                found[name] = some if hit is None else hit & some
        return found

    def _moved(self, struck: ShockKey, before: Mapping[str, Array], rows: slice) -> Values:
        contract, moved = self.contract, dict[str, Array]()
        reached = self._reached(struck, before, rows)
        for name, value in struck[0]:
            mine, now = reached[name], {**before, **moved}
            found = contract.strike(name, value, now)
            if mine is not None:
                for target in contract.struck(name):
                    found |= contract.named(target, np.atleast_2d(np.where(mine, found[target], now[target])))
            moved |= found
        return moved

    def _held(
        self, targets: Sequence[str], before: Mapping[str, Array], moved: Values
    ) -> tuple[Values, NDArray[np.intp]]:
        """What moved, held within what the model has seen or where it stood before; and whom that touched."""
        seen, kept = self.scorer.territory, dict[str, Array]()
        touched: Mask | None = None
        for target in targets:
            own = self.contract.rows[target]
            was, now = np.atleast_2d(before[target]), np.atleast_2d(moved[target])
            inside = now.clip(np.minimum(seen.low[own][:, None], was), np.maximum(seen.high[own][:, None], was))
            off = (inside != now).any(0)
            touched = off if touched is None else touched | off
            kept |= self.contract.named(target, inside)
        return kept, np.flatnonzero(touched) if touched is not None else np.empty(0, np.intp)

    # ---- the layers above the model --------------------------------------------------------------------------------

    def _exposed(self, layers: Layers, rows: slice, shocked: ShockedRows) -> Exposed:
        """What would be lost after the shocks, not held, with the overlay on the loss given default."""
        values = {**self.contract.values(self.raw[:, rows]), **shocked.moved}
        return exposed_after(self.contract, layers, values, len(shocked.margins))

    def _money(self, layers: Layers, rows: slice) -> Rows:
        assumed = dict(layers.assumptions)
        shocked = self._shocked(rows.start, rows.stop, layers.struck)
        balance, ead, lgd, own = self._exposed(layers, rows, shocked)
        pd = pd_after(layers, shocked.margins)
        lost = loss.expected_loss(pd, lgd, ead)
        if not self.contract.in_money:  # each record counts as many as it stands for, and neither earns nor needs any
            each, none = np.full(len(pd), self.each), np.zeros(len(pd))
            many = self.each * lost
            return Rows(pd, each, loss=many, net_loss=many, capital=none, margin=none, balance=each, each=self.each)
        net = lost * own if self.contract.guaranteed else lost
        year = capital.one_year(pd, self.annual(assumed["annual_default_rate"]))
        needed = capital.requirement(year, lgd, self.contract.book.exposure_class) * ead * own
        earned = margin.after_loss(
            pd,
            balance,
            loss=net,
            rate=assumed["apr"],
            funding=assumed["funding"],
            opex=assumed["opex"],
            months=assumed["margin_months"],
        )
        if self.each != 1:  # of a sample: each stands for several
            ead, lost, net, needed, earned, balance = (
                self.each * amount for amount in (ead, lost, net, needed, earned, balance)
            )
        return Rows(pd, ead, loss=lost, net_loss=net, capital=needed, margin=earned, balance=balance, each=self.each)

    # ---- answers -----------------------------------------------------------------------------------------------------

    def totals(self, scenarios: Sequence[Layers], progress: Progress = no_progress) -> list[Totals]:
        """The totals of each scenario: every chunk of rows is shocked once for all scenarios that shock it alike."""

        def work(rows: slice) -> list[Totals]:
            return [self._money(layers, rows).totals(layers.years) for layers in scenarios]

        sums = (_sum(each) for each in zip(*over(self.n, work, progress, self.size), strict=True))
        return [replace(each, customers=round(self.n * self.each)) for each in sums]  # of chunks, rounding would add up

    def losses(self, scenarios: Sequence[Layers], progress: Progress = no_progress) -> list[float]:
        """The expected loss of each scenario alone, without the dearer capital and margin."""
        exposed_to = sorted(self.contract.exposed_to)

        def work(rows: slice) -> Array:
            exposed, found = dict[object, Exposed](), np.empty(len(scenarios))
            for k, layers in enumerate(scenarios):
                assumed = dict(layers.assumptions)
                shocked = self._shocked(rows.start, rows.stop, layers.struck)
                key = layers.struck, layers.lgd_overlay, tuple(assumed[name] for name in exposed_to)
                if key not in exposed:
                    exposed[key] = self._exposed(layers, rows, shocked)
                pd = pd_after(layers, shocked.margins)
                found[k] = self.each * float(loss.expected_loss(pd, exposed[key].lgd, exposed[key].ead).sum())
            return found

        return [float(each) for each in np.sum(over(self.n, work, progress, self.size), axis=0)]

    def _rows(self, layers: Layers, progress: Progress) -> Rows:
        names = [each.name for each in fields(Rows) if each.name != "each"]
        out = {name: np.empty(self.n) for name in names}

        def work(rows: slice) -> None:
            found = self._money(layers, rows)
            for name in names:
                out[name][rows] = getattr(found, name)

        over(self.n, work, progress, self.size)
        for each in out.values():
            each.flags.writeable = False  # every visitor is handed the same
        return Rows(**out, each=self.each)

    def rows(self, layers: Layers, progress: Progress = no_progress) -> Rows:
        """Every customer under a scenario; the latest are remembered."""
        with self._lock:
            found = self._latest.pop(layers, None)
        found = self._rows(layers, progress) if found is None else found
        with self._lock:
            self._latest[layers] = found
            while len(self._latest) > (2 if self.n > FEW else 16):
                self._latest.pop(next(iter(self._latest)))
        return found

    def log_odds(self, layers: Layers, progress: Progress = no_progress) -> Array:
        """What everybody's score is made of under a scenario, (n,): the model's own where it moves no PD."""
        if not (layers.shocks or layers.shift or layers.factor or layers.pd_overlay != 1):
            return self.margins
        out = np.empty(self.n)

        def work(rows: slice) -> None:
            out[rows] = log_odds_after(layers, self._shocked(rows.start, rows.stop, layers.struck).margins)

        over(self.n, work, progress, self.size)
        return out

    def stressed(self, layers: Layers) -> StressedRows:
        """The records themselves under a scenario: for a few customers, of whom a book of their own was made."""
        rows = slice(0, self.n)
        shocked = self._shocked(0, self.n, layers.struck)
        before = self.contract.values(self.raw)
        reached = self._reached(layers.struck, before, rows)
        return StressedRows(
            self.records(layers),
            self._with(rows, shocked.moved),
            margins=shocked.margins,
            pd=pd_after(layers, shocked.margins),
            exposed=self._exposed(layers, rows, shocked),
            reached={k: np.ones(self.n, bool) if mask is None else mask for k, mask in reached.items()},
        )

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What was worked out of this book under a ``key``, now or before."""
        if key not in self._known:
            self._known[key] = make()
        found: Made = self._known[key]
        return found

    def forget(self) -> None:
        """Drop what is remembered of scenarios: only time is lost."""
        self._shocked.cache_clear()
        with self._lock:
            self._latest.clear()

    def let_go(self) -> None:
        """Give the memory back at once: what is remembered leads back to this book, which Python notices late, and of
        a large book many parts come one after another. Nothing more can be asked of it."""
        del self._shocked, self.annual

    def held(self, layers: Layers, progress: Progress = no_progress) -> Clipped:
        """Whom a scenario takes beyond the training range, and what the loss would be if they were not held at it."""
        kept = float(self.rows(layers, progress).loss.sum())

        def work(rows: slice) -> tuple[int, float]:
            shocked = self._shocked(rows.start, rows.stop, layers.struck)
            if not len(shocked.held):
                return 0, 0.0
            exposed = self._exposed(layers, rows, shocked)
            lost = (exposed.lgd * exposed.ead)[shocked.held]
            free, held = (pd_after(layers, each) for each in (shocked.free, shocked.margins[shocked.held]))
            return len(shocked.held), float(((free - held) * lost).sum())

        customers, more = (self.each * sum(each) for each in zip(*over(self.n, work, progress, self.size), strict=True))
        return Clipped(round(customers), kept, kept + float(more))

    def reactions(self, layers: Layers, progress: Progress = no_progress) -> Array:
        """Through which inputs the model reacted to the shocks, (inputs,), in money.

        Σ over customers of EAD · LGD · ΔPD / Δmargin · Δφ, φ their Shapley values against the book. A rescaling of
        log-odds to money, not the Shapley value of the loss: it sums to Σ EAD · LGD · ΔPD, the part of the change of
        loss that came through the model's inputs. NotTabular without the model's tables.
        """
        if not isinstance(self.scorer, TableScorer):
            raise NotTabular("The model runs elsewhere and its tables are not known. Look at single customers instead.")
        shapley, tables = self.scorer.shapley, self.scorer.tables

        def work(rows: slice) -> Array:
            shocked = self._shocked(rows.start, rows.stop, layers.struck)
            before, after = self.margins[rows], shocked.margins
            pd = pd_after(layers, after)
            moved = after - before
            still = np.abs(moved) < 1e-9
            slope = (pd - pd_after(layers, before)) / np.where(still, 1.0, moved)
            exposed = self._exposed(layers, rows, shocked)
            weights = np.where(still, pd * (1 - pd), slope) * exposed.ead * exposed.lgd
            was = np.ascontiguousarray(self.codes[:, rows])
            assert shocked.codes is not None
            return tables.histogram(shocked.codes, weights) - tables.histogram(was, weights)

        if not layers.shocks:
            return np.zeros(tables.n_inputs)
        return shapley.totals_of(np.sum(over(self.n, work, progress), axis=0))

    @cached_property
    def _sample(self) -> NDArray[np.intp]:
        """A fixed sample of customers, whatever their order."""
        return np.sort(np.argsort(draw(self.ids, "sample"), kind="stable")[:SAMPLE])

    @cached_property
    def _sampled(self) -> "ScoredBook":
        return self.part(self._sample)

    @cached_property
    def _neighbours(self) -> NDArray[np.intp]:
        """Whom each of the sample is like, as the book is; -1 where nobody the model has seen is."""
        return self.scorer.territory.neighbours(self.contract.derive(self._sampled.raw))

    def known(self, layers: Layers) -> TerritoryShare:
        """How many customers a scenario takes where the model knows nobody like them."""
        part, outside = self._sampled, float((self._neighbours < 0).mean())
        if not layers.shocks:
            return TerritoryShare(outside, outside, part.n)
        before, moved, _, held = part._after(layers.struck, slice(0, part.n))
        inputs = self.contract.derive_from({**before, **moved}, part.n)
        distant = self.scorer.territory.neighbours(inputs, self._neighbours) < 0
        distant[held] = True
        return TerritoryShare(outside, float(distant.mean()), part.n)


def pd_after(layers: Layers, margins: Array) -> Array:
    """PD after the economy and the overlay, of the model's log-odds ``margins``; exactly the model's where they are
    nothing."""
    pd = probability(margins + layers.shift if layers.shift else margins)
    if layers.factor:
        pd = capital.conditional_pd(pd, dict(layers.assumptions)["correlation"], layers.factor, "anchored")
    return np.minimum(pd * layers.pd_overlay, 1.0) if layers.pd_overlay != 1 else pd


def log_odds_after(layers: Layers, margins: Array) -> Array:
    """Log-odds after the economy and the overlay, of the model's ``margins``: what a score is made of. A default that
    an overlay makes certain counts as one in all but a millionth, so that it has a score, far below every other."""
    if not layers.factor and layers.pd_overlay == 1:
        return margins + layers.shift if layers.shift else margins
    pd = np.clip(pd_after(layers, margins), RARE, 1 - RARE)
    return np.asarray(np.log(pd) - np.log1p(-pd))


def exposed_after(contract: Contract, layers: Layers, values: Mapping[str, Array], n: int) -> Exposed:
    """What would be lost of ``n`` records with these ``values`` of fields and histories, with the overlay on the loss
    given default."""
    found = contract.exposures_from(values, n, dict(layers.assumptions))
    return found._replace(lgd=np.clip(found.lgd + layers.lgd_overlay, 0.0, 1.0)) if layers.lgd_overlay else found


def askable(scorer: Scorer, book: Book) -> Book:
    """What of a book a model is asked about: all of it if its tables are known or the book is small, else a stratified
    sample of it."""
    if isinstance(scorer, TableScorer) or len(book) <= MOST_ASKED:
        return book
    return book.part(stratified(book.contract, book.raw, ASKED))


def stratified(contract: Contract, raw: Array, size: int) -> NDArray[np.intp]:
    """Positions of ``size`` records, every k-th after sorting by the contract's first two segments and, in each, by
    exposure at default: every stratum is drawn in proportion, and each record stands for the same number."""
    values, n = contract.values(raw), raw.shape[1]
    strata = [contract.bands(each, values, n).astype(np.float64) for each in contract.segments[:2]]
    order = np.lexsort((contract.exposures(raw, {}).ead, *reversed(strata)))
    return np.asarray(order[(np.arange(size) * n + n // 2) // size], np.intp)
