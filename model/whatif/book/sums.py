"""A book of any size as sums over its parts: what the book page says of all of it, without a row leaving where it lies.

Whoever holds some of the rows makes a `ScoredBook` of them, the same as the page's, and of that a value of sums; values
of parts add up in any order. The capital needs one number of the whole book first, the shift of log-odds to one-year
PDs, and known territory which of the customers are in its sample: so the book is gone through twice, for a `BookCensus`
and then for `StressSums`. Customers are told apart by their number; that none is there twice is not looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data.arrays import AnyArray, Array
from data.contract import Contract, Measure, Segment
from data.draws import draw
from data.errors import BadInput
from model.engine.parallel import ROWS
from model.engine.scorer import TableScorer
from model.finance.capital import shift_along
from model.finance.histogram import ORDER, LogOddsHistogram
from model.whatif.book import segments
from model.whatif.book.bridge import Bridge, bridge_over, every_layers
from model.whatif.book.result import by_concept
from model.whatif.book.scenario import BookScenario, Layers, Player, layers, players
from model.whatif.book.scored import SAMPLE, Clipped, ScoredBook, TerritoryShare
from model.whatif.book.segments import Cell
from model.whatif.book.totals import Mask, Rows, Totals
from model.whatif.customer.decision import score_scale

Ints = NDArray[np.int64]
ADDED = tuple(each.name for each in fields(Totals) if each.name != "years")  # of totals, what adds up
REMEMBERED = 4 * ROWS  # shocked rows: every scenario's of one kind follow each other


@dataclass(frozen=True, eq=False)
class StressQuestion:
    """What is asked of a book: a ``scenario`` as of a ``day``, and which ``measures`` are taken apart into what moved
    them."""

    contract: Contract
    scenario: BookScenario
    day: date
    measures: tuple[Measure, ...] = ("loss",)

    @cached_property
    def layers(self) -> tuple[Layers, Layers]:
        """The book as it is, and under the scenario."""
        base, now = (layers(self.contract, each, self.day) for each in (BookScenario(), self.scenario))
        return base, now

    @cached_property
    def players(self) -> tuple[Player, ...]:
        """The levers in use."""
        return players(self.contract, self.scenario, self.day)

    @cached_property
    def coalitions(self) -> tuple[Layers, ...]:
        """What the book is asked under for a bridge."""
        return tuple(every_layers(self.contract, self.scenario, self.players, self.day))

    @cached_property
    def rates(self) -> tuple[float, ...]:
        """The yearly default rates that capital is scaled to in any of them."""
        asked = (*self.layers, *self.coalitions)
        return tuple(dict.fromkeys(each.annual_rate for each in asked))


# ---- the first time through --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class BookCensus:
    """Of a part of a book, or all of it: how many ``customers``, their ``log_odds``, and the ``lowest`` (k,) of the
    numbers by which the sample for known territory is drawn, in rising order, as many as that takes."""

    customers: int
    log_odds: LogOddsHistogram
    lowest: Array

    @classmethod
    def nobody(cls) -> "BookCensus":
        """Of no customer."""
        return cls(0, LogOddsHistogram.of(np.empty(0)), np.empty(0))

    @classmethod
    def of(cls, scorer: TableScorer, raw: Array, ids: Ints) -> "BookCensus":
        """Of the records ``raw`` (fields, n) with the numbers ``ids`` (n,)."""
        return cls(len(ids), LogOddsHistogram.of(scorer.margins(raw)), _lowest(draw(ids, "sample")))

    def __add__(self, other: "BookCensus") -> "BookCensus":
        lowest = _lowest(np.concatenate([self.lowest, other.lowest]))
        return BookCensus(self.customers + other.customers, self.log_odds + other.log_odds, lowest)

    def arrays(self) -> dict[str, AnyArray]:
        """As plain arrays, each (n,); `from_arrays` is the way back."""
        return {
            "customers": np.array([self.customers]),
            "bins": self.log_odds.bins,
            "moments": self.log_odds.moments.ravel(),
            "lowest": self.lowest,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, AnyArray]) -> "BookCensus":
        """What `arrays` gave."""
        log_odds = LogOddsHistogram(arrays["bins"], arrays["moments"].reshape(ORDER + 1, -1))
        return cls(int(arrays["customers"][0]), log_odds, arrays["lowest"])

    def constants(self, question: StressQuestion) -> "BookConstants":
        """What must be known of the whole book before its parts can answer. BadInput of a book without customers."""
        if not self.customers:
            record = question.contract.book.record
            raise BadInput(f"There is no {record} in it that can be scored. Give a book of at least one {record}.")
        shifts = tuple((rate, shift_along(self.log_odds.curve, rate)) for rate in question.rates)
        return BookConstants(shifts, float(self.lowest[-1]))


def _lowest(draws: Array) -> Array:
    if len(draws) > SAMPLE:
        draws = np.partition(draws, SAMPLE)[:SAMPLE]
    return np.sort(draws)


@dataclass(frozen=True)
class BookConstants:
    """Of a whole book: the ``shifts`` of log-odds to one-year PDs, by the yearly rate that their mean is; the number up
    to which a customer is ``sampled`` for known territory."""

    shifts: tuple[tuple[float, float], ...]
    sampled: float


# ---- the second time ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class StressSums:
    """What a part of a book adds to the answer, all of it sums over customers.

    ``totals`` (2, 8) before and now, in the order of `ADDED`; ``coalitions`` (2^k, measures) for the bridges;
    ``reactions`` (inputs,); ``cells`` (2, bands of every segment one after the other, 8); ``migration`` (score bands
    before, now); ``beyond`` (2,) how many are held at the edge of the training range and what the loss would be more
    if they were not; ``territory`` (3,) how many are in the sample, how many of them outside before and now.
    """

    totals: Array
    coalitions: Array
    reactions: Array
    cells: Array
    migration: Ints
    beyond: Array
    territory: Ints

    @classmethod
    def nothing(cls, question: StressQuestion) -> "StressSums":
        """Of no customer: what every sum begins with."""
        contract, measures = question.contract, len(ADDED)
        bands, scores = sum(map(contract.band_count, contract.segments)), len(contract.score.bands) + 1
        return cls(
            totals=np.zeros((2, measures)),
            coalitions=np.zeros((len(question.coalitions), len(question.measures))),
            reactions=np.zeros(len(contract.inputs)),
            cells=np.zeros((2, bands, measures)),
            migration=np.zeros((scores, scores), np.int64),
            beyond=np.zeros(2),
            territory=np.zeros(3, np.int64),
        )

    @classmethod
    def of(
        cls, scorer: TableScorer, raw: Array, *, ids: Ints, question: StressQuestion, known: BookConstants
    ) -> "StressSums":
        """Of the records ``raw`` (fields, n) with the numbers ``ids`` (n,), as `ScoredBook` has them."""
        if not len(ids):
            return cls.nothing(question)
        part, shifts = ScoredBook(scorer, raw, ids, kept=REMEMBERED), dict(known.shifts)
        part.annual = shifts.__getitem__
        base, now = question.layers
        rows, years = (part.rows(base), part.rows(now)), (base.years, now.years)
        held = part.held(now)
        found = cls(
            totals=np.array([_added(each.totals(own)) for each, own in zip(rows, years, strict=True)]),
            coalitions=_coalitions(part, question),
            reactions=part.reactions(now),
            cells=_cells(part, rows, years),
            migration=segments.migration(*rows, score_scale(part.contract), part.contract.score.bands),
            beyond=np.array([held.customers, held.free - held.loss]),
            territory=_territory(part, now, draw(ids, "sample") <= known.sampled),
        )
        part.let_go()
        return found

    def __add__(self, other: "StressSums") -> "StressSums":
        return StressSums(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def arrays(self) -> dict[str, AnyArray]:
        """As plain arrays, each (n,); `from_arrays` is the way back."""
        return {each.name: getattr(self, each.name).ravel() for each in fields(self)}

    @classmethod
    def from_arrays(cls, question: StressQuestion, arrays: Mapping[str, AnyArray]) -> "StressSums":
        """What `arrays` gave of a part that was asked the same question."""
        shaped = cls.nothing(question)
        return cls(**{each.name: arrays[each.name].reshape(getattr(shaped, each.name).shape) for each in fields(cls)})


def _added(totals: Totals) -> list[float]:
    return [float(getattr(totals, name)) for name in ADDED]


def _coalitions(part: ScoredBook, question: StressQuestion) -> Array:
    """Each measure that is taken apart under each coalition, (2^k, measures)."""
    asked, out = question.coalitions, np.empty((len(question.coalitions), len(question.measures)))
    order = sorted(range(len(asked)), key=lambda k: asked[k].struck)  # who shocks alike is asked together
    scenarios = [asked[k] for k in order]
    if question.measures == ("loss",):
        out[order, 0] = part.losses(scenarios)
    elif question.measures:
        out[order] = [[each.measure(name) for name in question.measures] for each in part.totals(scenarios)]
    return out


def _cells(part: ScoredBook, rows: tuple[Rows, Rows], years: tuple[float, float]) -> Array:
    """Before and now by the bands of every segment, (2, bands, 8)."""
    contract = part.contract
    out = np.zeros((2, sum(map(contract.band_count, contract.segments)), len(ADDED)))
    first = 0
    for segment in contract.segments:
        for cell in segments.cut(part, *rows, years, segment):
            out[:, first + cell.path[0]] = _added(cell.base), _added(cell.now)
        first += contract.band_count(segment)
    return out


def _territory(part: ScoredBook, now: Layers, sampled: Mask) -> Ints:
    """Of those ``sampled`` (n,) how many there are, and how many lie outside known territory before and now."""
    chosen = np.flatnonzero(sampled)
    if not len(chosen):
        return np.zeros(3, np.int64)
    sample = part.part(chosen)
    found = sample.known(now)
    sample.let_go()
    return np.array([found.sample, round(found.before * found.sample), round(found.now * found.sample)], np.int64)


# ---- the answer --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class StressAnswer:
    """What the sums of a whole book answer, as `BookResult` does of one in memory."""

    question: StressQuestion
    sums: StressSums

    @property
    def contract(self) -> Contract:
        """The contract of the model."""
        return self.question.contract

    @cached_property
    def base(self) -> Totals:
        """The book as it is."""
        return _totals(self.sums.totals[0], self.question.layers[0].years)

    @cached_property
    def now(self) -> Totals:
        """The book under the scenario."""
        return _totals(self.sums.totals[1], self.question.layers[1].years)

    def bridge(self, measure: Measure) -> Bridge:
        """What each lever moved, of a measure that was asked for."""
        place = self.question.measures.index(measure)
        return bridge_over(self.question.players, self.sums.coalitions[:, place], measure)

    def cells(self, segment: Segment) -> list[Cell]:
        """The book by the bands of a segment; those without customers are left out."""
        place = self.contract.segments.index(segment)
        first = sum(map(self.contract.band_count, self.contract.segments[:place]))
        base, now = (each.years for each in self.question.layers)
        found = []
        for band in range(self.contract.band_count(segment)):
            before, after = self.sums.cells[:, first + band]
            found.append(Cell((band,), _totals(before, base), _totals(after, now)))
        return [each for each in found if each.base.customers]

    def migration(self) -> Ints:
        """Customers by score band before (rows, the lowest first) and now (columns)."""
        return self.sums.migration

    def input_reactions(self) -> Array:
        """Through which inputs the model reacted, (inputs,), in the book's currency."""
        return self.sums.reactions

    def concept_reactions(self) -> list[float]:
        """The same by concept, in the contract's order."""
        return by_concept(self.contract, self.sums.reactions)

    @property
    def clipped(self) -> Clipped:
        """Whom the scenario takes beyond the training range."""
        customers, more = self.sums.beyond.tolist()
        return Clipped(round(customers), self.now.loss, self.now.loss + more)

    @property
    def territory(self) -> TerritoryShare:
        """How many customers lie outside known territory."""
        sample, before, now = self.sums.territory.tolist()
        return TerritoryShare(before / sample, now / sample, sample)


def _totals(added: Array, years: float) -> Totals:
    customers, *amounts = added.tolist()
    return Totals(round(customers), **dict(zip(ADDED[1:], amounts, strict=True)), years=years)
