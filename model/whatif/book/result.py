"""The book under a scenario: its totals before and now, and everything that is asked of them.

What takes long hears of its ``progress``, and is worked out when it is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract, Measure, Segment
from data.errors import BadInput
from data.regulators.presets import Point, Preset, presets
from model.engine.parallel import Progress, no_progress
from model.finance import loss
from model.whatif.book import segments, tornado
from model.whatif.book.bridge import Bridge, bridge, records_to_ask
from model.whatif.book.intervals import margins_of_error
from model.whatif.book.scenario import (
    AS_IS,
    BETA,
    LIMIT,
    POINT,
    PRESENT,
    PRESET,
    WEIGHT,
    BookScenario,
    Layers,
    changes,
    chosen,
    layers,
    weighted,
    whom,
)
from model.whatif.book.scored import Clipped, ScoredBook, TerritoryShare
from model.whatif.book.segments import Cell, Concentration, Mover
from model.whatif.book.tornado import Bar, Breaking, LeverGoal
from model.whatif.book.totals import Rows, Totals
from model.whatif.customer.decision import score_scale


@dataclass(frozen=True, eq=False)
class LeverTable:
    """Measures along one lever, (values of the lever, measures); or one measure along two, (values of the one, of the
    other). ``down`` and ``across`` are the levers' values; ``across`` is () along one lever."""

    down: tuple[float, ...]
    across: tuple[float, ...]
    cells: Array


@dataclass(frozen=True)
class PathLosses:
    """The expected loss of the book as it stands, in its currency, were the economy at each of a preset's ``points``;
    all else is as the scenario has it. ``here`` is the point that the scenario stands at, by position."""

    points: tuple[Point, ...]
    losses: tuple[float, ...]
    here: int


@dataclass(frozen=True)
class WeightedLosses:
    """Losses of several scenarios: the ``names`` of their presets, their ``weights``, which sum to 1, each loss, and
    the ``total`` of the losses so weighted, in the book's currency."""

    names: tuple[str, ...]
    weights: tuple[float, ...]
    losses: tuple[float, ...]
    total: float


@dataclass(frozen=True, eq=False)
class BookResult:
    """The book as it is (``base``, and the first of ``layers`` and ``rows``) and under a ``scenario`` (``now``, and the
    second), on the ``day``. Of a part of the book ``band`` says which, as in "limit_band:2", and ``book`` is the result
    of the whole."""

    whole: ScoredBook
    scenario: BookScenario
    day: date
    layers: tuple[Layers, Layers]
    rows: tuple[Rows, Rows]
    base: Totals
    now: Totals
    band: str = ""
    book: "BookResult | None" = None

    @classmethod
    def of(cls, whole: ScoredBook, scenario: BookScenario, day: date, progress: Progress = no_progress) -> "BookResult":
        """The ``whole`` book as the model sees it, under a scenario."""
        base, now = (layers(whole.contract, each, day) for each in (BookScenario(), scenario))
        rows = whole.rows(base, progress), whole.rows(now, progress)
        before, after = (each.totals(own.years) for each, own in zip(rows, (base, now), strict=True))
        return cls(whole, scenario, day=day, layers=(base, now), rows=rows, base=before, now=after)

    def within(self, band: str, progress: Progress = no_progress) -> "BookResult":
        """The same of one band of a segment alone, named as in "limit_band:2"; of "" all of it.

        Raises OutOfRange or BookError if there is no such band, BadInput if nobody is in it.
        """
        if not band:
            return self
        limitless = BookScenario(tuple(each for each in self.scenario.values if not each[0].startswith(LIMIT)))
        part = segments.part_within(self.whole, band)
        return replace(BookResult.of(part, limitless, self.day, progress), band=band, book=self)

    @property
    def contract(self) -> Contract:
        """The contract of the model; of a part of the book without limits, which are the whole book's."""
        return self.whole.contract if self.book is None else _limitless(self.whole.contract)

    @property
    def moved(self) -> bool:
        """Whether anything that is assumed counts."""
        return self.layers[0] != self.layers[1]

    # ---- how far it may be relied on ----------------------------------------------------------------------------

    @cached_property
    def clipped(self) -> Clipped:
        """Whom the scenario takes beyond the training range."""
        return self.whole.held(self.layers[1])

    @cached_property
    def territory(self) -> TerritoryShare:
        """How many customers lie outside known territory."""
        return self.whole.known(self.layers[1])

    @cached_property
    def errors(self) -> Mapping[Measure, float]:
        """Half the 95 % interval of each measure, where only a sample of the customers was asked about; else
        nothing."""
        if self.book is None:
            return margins_of_error(self.rows[1], self.now)
        segment, band = whom(self.contract, self.band)
        return margins_of_error(self.book.rows[1], self.now, segments.bands(self.book.whole, segment) == band)

    def under_regulators(self, measure: Measure, progress: Progress = no_progress) -> tuple[tuple[str, float], ...]:
        """A measure of the book as it is under each regulator's scenario; worked out once a model, measure and day."""
        return regulator_measures(self.whole, measure, self.day, progress)

    # ---- what moved it, where it sits ---------------------------------------------------------------------------

    @cached_property
    def _bridges(self) -> dict[Measure, Bridge]:
        return {}

    def bridge(self, measure: Measure, progress: Progress = no_progress) -> Bridge:
        """What each lever moved; worked out once a measure."""
        if measure not in self._bridges:
            self._bridges[measure] = bridge(
                self.whole, self.scenario, today=self.day, measure=measure, progress=progress
            )
        return self._bridges[measure]

    @property
    def bridge_asks(self) -> int:
        """About how many records the model is asked about for a bridge, where its tables are not known; else 0."""
        return records_to_ask(self.whole, self.scenario, self.day)

    @cached_property
    def _cells(self) -> dict[tuple[str, ...], list[Cell]]:
        return {}

    def cells(self, *several: Segment) -> list[Cell]:
        """The book by segments; cut once each way."""
        key = tuple(each.name for each in several)
        if key not in self._cells:
            years = self.base.years, self.now.years
            self._cells[key] = segments.cut(self.whole, *self.rows, years, *several)
        return self._cells[key]

    def concentration(self, cells: Sequence[Cell]) -> Concentration:
        """How unevenly the exposure lies over the ``cells`` of a segment."""
        return segments.concentration(list(cells), self.rows[1])

    def migration(self) -> NDArray[np.int64]:
        """Customers by score band before (rows, the lowest first) and now (columns)."""
        return segments.migration(*self.rows, score_scale(self.contract), self.contract.score.bands)

    def movers(self, among: str = "") -> list[Mover]:
        """Whose loss moved most, of the book or of one band of a segment, named as in "limit_band:2"."""
        if not among:
            return segments.movers(self.whole, *self.rows)
        segment, band = whom(self.contract, among)
        return segments.movers(self.whole, *self.rows, segments.bands(self.whole, segment) == band)

    def input_reactions(self) -> Array:
        """Through which inputs the model reacted, (inputs,), in the book's currency. NotTabular without its tables."""
        return self.whole.reactions(self.layers[1])

    def concept_reactions(self, amounts: Array) -> list[float]:
        """The same by concept, in the contract's order."""
        return by_concept(self.contract, amounts)

    # ---- what matters most, and how far one may go --------------------------------------------------------------

    @property
    def levers(self) -> tuple[str, ...]:
        """The levers that can be moved from here, by name."""
        return tornado.movable(self.contract, self.scenario)

    def standing(self, lever: str) -> float:
        """Where a lever stands, in its unit."""
        return tornado.standing(self.contract, self.scenario, lever)

    def lever_bars(self, measure: Measure, progress: Progress = no_progress) -> list[Bar]:
        """How far each lever alone moves a measure, the longest first."""
        return tornado.tornado(self.whole, self.scenario, measure=measure, today=self.day, progress=progress)

    def one_way(self, lever: str, progress: Progress = no_progress) -> LeverTable:
        """Every measure along one lever."""
        down = tornado.steps(self.contract, self.scenario, lever)
        measures = self.contract.measures
        cells = tornado.lever_table(
            self.whole, self.scenario, name=lever, values=down, measures=measures, today=self.day, progress=progress
        )
        return LeverTable(down, (), cells)

    def two_way(self, one: str, other: str, measure: Measure, progress: Progress = no_progress) -> LeverTable:
        """One measure along two levers."""
        down, across = (tornado.steps(self.contract, self.scenario, each) for each in (one, other))
        cells = tornado.grid(
            self.whole,
            self.scenario,
            first=one,
            first_values=down,
            second=other,
            second_values=across,
            measure=measure,
            today=self.day,
            progress=progress,
        )
        return LeverTable(down, across, cells)

    def goal(
        self, lever: str, measure: Measure, *, target: float, at_most: bool, progress: Progress = no_progress
    ) -> LeverGoal:
        """Which value of a lever brings a measure to a target."""
        return tornado.seek_lever(
            self.whole,
            self.scenario,
            name=lever,
            measure=measure,
            target=target,
            at_most=at_most,
            today=self.day,
            progress=progress,
        )

    def breaking(self, measure: Measure, progress: Progress = no_progress) -> Breaking:
        """How severe the scenario must get to break the limit of a measure. BadInput where there is nothing to make
        more severe."""
        sense = next(each.sense for each in self.contract.appetite if each.measure == measure)
        at_most = sense == "at most"
        return tornado.reverse(
            self.whole,
            self.scenario,
            measure=measure,
            limit=self.limit(measure),
            at_most=at_most,
            today=self.day,
            progress=progress,
        )

    def limit(self, measure: Measure) -> float:
        """The limit of a measure, as it is set."""
        return self.scenario.number(self.contract, LIMIT + measure)

    # ---- along a regulator's path -------------------------------------------------------------------------------

    @property
    def follows_path(self) -> bool:
        """Whether the scenario is a regulator's with more than one point."""
        using = chosen(self.scenario)
        return using is not None and len(using.points) > 1

    @cached_property
    def _paths(self) -> list[PathLosses]:
        return []

    def path_losses(self, progress: Progress = no_progress) -> PathLosses:
        """The loss at each point of the chosen preset's path; worked out once. BadInput where no preset is chosen."""
        using = chosen(self.scenario)
        if using is None:
            raise BadInput("A path of losses needs a regulator's scenario. Choose one first.")
        if not self._paths:
            along = [self.scenario.with_value(self.contract, POINT, each.name) for each in using.points]
            losses = self.whole.losses([layers(self.contract, each, self.day) for each in along], progress)
            here = using.points.index(using.point(str(dict(self.scenario.values).get(POINT, using.peak))))
            self._paths.append(PathLosses(using.points, tuple(losses), here))
        return self._paths[0]

    # ---- several scenarios --------------------------------------------------------------------------------------

    @property
    def weighs(self) -> bool:
        """Whether any scenario has a weight."""
        names = (AS_IS, PRESENT, *(each.name for each in presets()))
        return any(self.scenario.number(self.contract, WEIGHT + name) for name in names)

    def weighted_losses(self, progress: Progress = no_progress) -> WeightedLosses:
        """The losses of the scenarios that have a weight. OutOfRange where the weights do not sum to 1."""
        found = weighted(self.contract, self.scenario)
        losses = self.whole.losses([layers(self.contract, each, self.day) for _, _, each in found], progress)
        weights = tuple(weight for _, weight, _ in found)
        names = tuple(name for name, _, _ in found)
        return WeightedLosses(names, weights, tuple(losses), loss.weighted(losses, weights))


def by_concept(contract: Contract, amounts: Array) -> list[float]:
    """Amounts by input (inputs,) added up by concept, in the contract's order."""
    totals = {each.name: 0.0 for each in contract.concepts}
    for each, amount in zip(contract.inputs, amounts, strict=True):
        totals[each.concept] += float(amount)
    return list(totals.values())


@lru_cache(maxsize=8)
def _limitless(contract: Contract) -> Contract:
    """A contract without limits of the risk appetite."""
    return contract.model_copy(update={"appetite": ()})


def regulator_measures(
    whole: ScoredBook, measure: Measure, day: date, progress: Progress = no_progress
) -> tuple[tuple[str, float], ...]:
    """A measure of the book under each regulator's scenario at its peak, in full severity and with nothing else
    assumed, by the scenario's name; of those that reach the PD. Worked out once."""

    def work() -> tuple[tuple[str, float], ...]:
        contract = whole.contract
        reach = [each for each in map(partial(_alone, contract), presets()) if _reaches(contract, each)]
        wanted = [layers(contract, each, day) for each in reach]
        values: list[float] = []
        if wanted and measure == "loss":
            values = whole.losses(wanted, progress)
        elif wanted:
            values = [each.measure(measure) for each in whole.totals(wanted, progress)]
        return tuple((str(each.get(contract, PRESET)), value) for each, value in zip(reach, values, strict=True))

    return whole.once(("regulators", measure, day), work)


def _alone(contract: Contract, using: Preset) -> BookScenario:
    """Nothing but a regulator's scenario."""
    return BookScenario().with_value(contract, PRESET, using.name)


def _reaches(contract: Contract, stress: BookScenario) -> bool:
    """Whether a scenario of the economy moves any PD: it moves a variable that has a coefficient."""
    moved = changes(contract, stress)
    return any(by * stress.number(contract, BETA + name) for name, by in moved.items())
