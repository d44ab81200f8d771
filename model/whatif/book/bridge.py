"""What moved it: exact Shapley values over the levers in use, on the whole book."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract, Measure
from model.engine.parallel import Progress, no_progress
from model.engine.shapley import exact
from model.whatif.book.scenario import BookScenario, Layers, Player, layers, players
from model.whatif.book.scored import ScoredBook


@dataclass(frozen=True)
class Step:
    """What one lever moved; ``amount`` in the measure's unit, signed."""

    player: Player
    amount: float


@dataclass(frozen=True)
class Bridge:
    """From ``base`` to ``scenario``: the steps sum to the difference within 1e-9 of the larger of the two."""

    measure: Measure
    base: float
    scenario: float
    steps: tuple[Step, ...]


def bridge(
    whole: ScoredBook, stress: BookScenario, *, today: date, measure: Measure = "loss", progress: Progress = no_progress
) -> Bridge:
    """Why ``measure`` of the book differs from the book as it is.

    Every order of making the changes counts the same: 2^k totals of the book for k levers in use, of which only those
    that shock the records differently re-score anybody.
    """
    contract = whole.contract
    found = players(contract, stress, today)
    scenarios = every_layers(contract, stress, found, today)
    if measure == "loss":
        values = np.array(whole.losses(scenarios, progress))
    else:
        values = np.array([each.measure(measure) for each in whole.totals(scenarios, progress)])
    return bridge_over(found, values, measure)


def bridge_over(found: tuple[Player, ...], values: Array, measure: Measure) -> Bridge:
    """The same of the ``values`` (2^k,) of a measure for each coalition of the k levers in use, as `every_layers` has
    them."""

    def value(wanted: NDArray[np.bool_]) -> Array:
        return values[wanted @ (1 << np.arange(len(found)))]

    shares = exact(len(found), value) if found else ()
    steps = tuple(Step(player, float(share)) for player, share in zip(found, shares, strict=True))
    return Bridge(
        measure, float(values[0]), float(values[-1]), tuple(sorted(steps, key=lambda each: -abs(each.amount)))
    )


def records_to_ask(whole: ScoredBook, stress: BookScenario, today: date) -> int:
    """About how many records a model without tables is asked for a `bridge`, once the scenario itself was: the book for
    each way in which some of its levers shock it. None by tables."""
    if whole.tables is not None:
        return 0
    contract = whole.contract
    struck = {each.struck for each in every_layers(contract, stress, players(contract, stress, today), today)}
    return int(whole.n) * max(len(struck) - 2, 0)  # the book as it is, and the scenario


def every_layers(contract: Contract, stress: BookScenario, found: tuple[Player, ...], today: date) -> list[Layers]:
    """What the book is asked under for each coalition of the levers in use, by the coalition's bits."""
    coalitions = (np.arange(2 ** len(found))[:, None] >> np.arange(len(found))) & 1 == 1
    return [_layers(contract, stress, found=found, members=members, today=today) for members in coalitions]


def _layers(
    contract: Contract, stress: BookScenario, found: tuple[Player, ...], members: NDArray[np.bool_], today: date
) -> Layers:
    names = {name for player, wanted in zip(found, members, strict=True) if wanted for name in player.names}
    return layers(contract, stress.only(contract, names), today)
