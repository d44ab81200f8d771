"""What matters most on the whole book, and how far one may go: tornado, data tables, goal seek, reverse stress.

Each answer is a number of the book under a scenario that somebody could have set by hand: every value goes through
`BookScenario.put`, so that what cannot be assumed there cannot be assumed here.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count as counting
from itertools import takewhile
from typing import TypeAlias

import numpy as np

from data.arrays import Array
from data.books import Book
from data.contract import Assumption, Contract, Measure, Shock, Variable
from data.errors import BadInput, NotEditable, OutOfRange
from model.engine.parallel import Progress, no_progress
from model.engine.scorer import Scorer
from model.whatif.book.scenario import BETA, FACTOR, METHOD, BookScenario, Layers, Number, changes, layers, parts
from model.whatif.book.scored import ScoredBook, ShockKey
from model.whatif.customer.sensitivity import sweep

Lever: TypeAlias = Shock | Variable | Assumption | Number

BLOCK = 16  # scenarios reckoned at once: progress is told, and work can be cancelled, between them
MOST = 201  # values a goal is sought among, besides where the lever stands
FACTOR_STEP = 0.1  # standard deviations
SEVERITIES = tuple(k / 20 for k in range(61))  # of what is assumed: from nothing to three times as much
DIGITS = 9  # to which values of a lever are told apart


# ---- one lever ---------------------------------------------------------------------------------------------------


def lever(contract: Contract, stress: BookScenario, name: str) -> Lever:
    """What moves by that name: a shock, a variable of the economy, an assumption, or the economy's state as one factor.

    Raises
    ------
    NotEditable
        If nothing of that name can be moved.
    BadInput
        If the economy moves by the other method.
    """
    part = parts(contract).get(name)
    by_factor = stress.get(contract, METHOD) == FACTOR
    if isinstance(part, Variable) and by_factor:
        raise BadInput(f"{part.label} does not count while the economy is one factor. Choose coefficients first.")
    if name == FACTOR and not by_factor:
        raise BadInput("The economy moves by its variables. Choose one factor first, or move a variable.")
    if isinstance(part, Shock | Variable | Assumption) or (name == FACTOR and isinstance(part, Number)):
        return part
    names = [each.name for group in (contract.shocks, contract.economy, contract.assumptions) for each in group]
    raise NotEditable(f"{name!r} cannot be moved. Choose one of: {', '.join(names)}.")


def movable(contract: Contract, stress: BookScenario) -> tuple[str, ...]:
    """The levers of a tornado, in the contract's order: those with a swing, and of the economy only the variables that
    have a coefficient; none of them while it is one factor."""
    return tuple(each.name for each in _swinging(contract, stress))


def _swinging(contract: Contract, stress: BookScenario) -> list[Shock | Variable | Assumption]:
    by_factor = stress.get(contract, METHOD) == FACTOR
    economy = [each for each in contract.economy if not by_factor and stress.number(contract, BETA + each.name)]
    found: list[Shock | Variable | Assumption] = [*contract.shocks, *economy, *contract.assumptions]
    return [each for each in found if each.swing]


def standing(contract: Contract, stress: BookScenario, name: str) -> float:
    """Where a lever stands, in its unit; a variable of the economy under a preset where the preset puts it."""
    if isinstance(lever(contract, stress, name), Variable):
        return changes(contract, stress)[name]
    return stress.number(contract, name)


def moved(contract: Contract, stress: BookScenario, name: str, value: float) -> BookScenario:
    """The scenario with one lever put to ``value``, all else where it stands: a preset stays chosen while a variable of
    the economy is moved from where it puts it.

    Raises
    ------
    OutOfRange, Missing, NotEditable, BadInput
    """
    lever(contract, stress, name)
    return stress.with_value(contract, name, value)


def steps(contract: Contract, stress: BookScenario, name: str, count: int = 11) -> tuple[float, ...]:
    """At most ``count`` values to put a lever to, rising: evenly spread over its range, a round number of its own steps
    apart, through 0 for what changes nothing there, else through where it stands. Where it stands is always among
    them."""
    part, now = lever(contract, stress, name), standing(contract, stress, name)
    step, anchor = _step(part), now if isinstance(part, Assumption) else 0.0
    found, wide = {now}, part.maximum - part.minimum
    for stride in takewhile(lambda stride: stride <= wide, (step * each for each in _round_numbers())):
        below, above = (math.floor(way / stride + 1e-6) for way in (anchor - part.minimum, part.maximum - anchor))
        spread = {_inside(part, round(anchor + k * stride, DIGITS)) for k in range(-below, above + 1)}
        found = {value for value in spread if abs(value - now) > 10**-DIGITS} | {now}
        if len(found) <= count:
            break
    return tuple(sorted(found))


def _round_numbers() -> Iterator[int]:
    """1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 25, 30, …"""
    for power in counting(1):
        tens = [each * 10**power for each in (10, 12, 15, 20, 25, 30, 40, 50, 60)]
        yield from (each // 100 for each in tens if each % 100 == 0)


def _step(part: Lever) -> float:
    return FACTOR_STEP if isinstance(part, Number) else part.step


def _own_steps(part: Lever) -> Array:
    """Every value of a lever on its own steps, both ends included; rising."""
    step = _step(part)
    last = math.floor((part.maximum - part.minimum) / step + 1e-6)
    return np.unique(np.append(np.round(part.minimum + step * np.arange(last + 1), DIGITS), part.maximum))


def _sought(contract: Contract, stress: BookScenario, name: str) -> tuple[float, ...]:
    """The values a goal is sought among, nearest to where the lever stands first, of two as near the lower first: its
    own steps, of more than 201 every second, third, … and the end; where it stands among them."""
    now = standing(contract, stress, name)
    values = _own_steps(lever(contract, stress, name))
    each = math.ceil((len(values) - 1) / (MOST - 2)) if len(values) > MOST else 1
    found = {*values[::each].tolist(), float(values[-1]), now}
    return tuple(sorted(found, key=lambda value: (value != now, round(abs(value - now), DIGITS), value)))


def _inside(part: Lever, value: float) -> float:
    """The value, or the end of the range beyond which it lies."""
    return min(max(value, part.minimum), part.maximum)


# ---- many scenarios at once ----------------------------------------------------------------------------------------


def _measured(
    whole: ScoredBook,
    stresses: Sequence[BookScenario],
    measures: Sequence[Measure],
    today: date,
    progress: Progress = no_progress,
) -> Array:
    """Each measure under each scenario, (scenarios, measures).

    Scenarios that shock the records alike are reckoned together, so that nobody is scored twice for them; equal ones
    once.
    """
    wanted = [layers(whole.contract, each, today) for each in stresses]
    alike: dict[ShockKey, list[Layers]] = {}
    for each in dict.fromkeys(wanted):
        alike.setdefault(each.struck, []).append(each)
    blocks = [group[k : k + BLOCK] for group in alike.values() for k in range(0, len(group), BLOCK)]
    total, done, found = sum(map(len, blocks)), 0, dict[Layers, list[float]]()
    for block in blocks:
        before, size = done, len(block)

        def heard(share: float, before: int = before, size: int = size) -> None:
            if share < 1:
                progress((before + share * size) / total)

        if list(measures) == ["loss"]:
            rows = [[value] for value in whole.losses(block, heard)]
        else:
            rows = [[each.measure(name) for name in measures] for each in whole.totals(block, heard)]
        found |= dict(zip(block, rows, strict=True))
        done += size
        progress(done / total)
    return np.array([found[each] for each in wanted]).reshape(len(wanted), len(measures))


# ---- tornado -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """One lever of a tornado: the measure ``base`` as all stands, ``adverse`` with the lever at ``adverse_value`` and
    ``favourable`` at ``favourable_value``; values in the lever's unit, measures in theirs."""

    name: str
    adverse_value: float
    favourable_value: float
    adverse: float
    favourable: float
    base: float

    @property
    def length(self) -> float:
        """By how much it moves the measure to its longer side; 0 where there is nothing to compare."""
        found = [abs(each - self.base) for each in (self.adverse, self.favourable)]
        return max((each for each in found if not math.isnan(each)), default=0.0)


def tornado(
    whole: ScoredBook, stress: BookScenario, *, measure: Measure, today: date, progress: Progress = no_progress
) -> list[Bar]:
    """How far each lever alone moves ``measure``, the longest bar first.

    Each goes one swing of the contract to either side of where it stands, no further than its range. Which side is
    adverse is the contract's word as well, so that it is the same under every scenario and for every measure.
    """
    contract, found = whole.contract, dict[str, tuple[float, float]]()
    for part in _swinging(contract, stress):
        now = standing(contract, stress, part.name)
        worse, better = (round(now + side * part.adverse * part.swing, DIGITS) for side in (1, -1))
        found[part.name] = _inside(part, worse), _inside(part, better)
    put = [moved(contract, stress, name, value) for name, ends in found.items() for value in ends]
    base, *values = _measured(whole, [stress, *put], measures=[measure], today=today, progress=progress)[:, 0].tolist()
    bars = [
        Bar(name, *ends, adverse=values[2 * k], favourable=values[2 * k + 1], base=base)
        for k, (name, ends) in enumerate(found.items())
    ]
    return sorted(bars, key=lambda bar: -bar.length)


def of_customer(scorer: Scorer, book: Book, base: Array, edits: Mapping[str, float], cutoff: float) -> list[Bar]:
    """How far each lever alone moves one customer's PD over its whole range, all other ``edits`` held; the longest bar
    first. The adverse end is that of the lever's direction in the contract."""
    bars = []
    for each in scorer.contract.levers:
        curve = sweep(scorer, book, base=base, edits=edits, name=each.name, cutoff=cutoff)
        worse, better = (-1, 0) if each.direction >= 0 else (0, -1)
        ends = float(curve.x[worse]), float(curve.x[better]), float(curve.pd[worse]), float(curve.pd[better])
        bars.append(Bar(each.name, *ends, curve.now_pd))
    return sorted(bars, key=lambda bar: -bar.length)


# ---- data tables -----------------------------------------------------------------------------------------------------


def lever_table(
    whole: ScoredBook,
    stress: BookScenario,
    *,
    name: str,
    values: Sequence[float],
    measures: Sequence[Measure],
    today: date,
    progress: Progress = no_progress,
) -> Array:
    """Each measure at each value of one lever, all else where it stands: (values, measures).

    Raises
    ------
    OutOfRange, Missing, NotEditable, BadInput
    """
    return _measured(
        whole,
        [moved(whole.contract, stress, name, each) for each in values],
        measures=measures,
        today=today,
        progress=progress,
    )


def grid(
    whole: ScoredBook,
    stress: BookScenario,
    *,
    first: str,
    first_values: Sequence[float],
    second: str,
    second_values: Sequence[float],
    measure: Measure,
    today: date,
    progress: Progress = no_progress,
) -> Array:
    """One measure at each value of one lever together with each of another: (values of the first, of the second).

    Raises
    ------
    BadInput
        If both are the same lever.
    OutOfRange, Missing, NotEditable
    """
    contract = whole.contract
    if first == second:
        raise BadInput(f"A two-way table needs two levers; {first!r} was given twice. Choose another for one side.")
    for name in (first, second):
        lever(contract, stress, name)
    rows = [moved(contract, stress, first, value) for value in first_values]
    cells = [moved(contract, row, second, value) for row in rows for value in second_values]
    return _measured(whole, cells, measures=[measure], today=today, progress=progress).reshape(
        len(first_values), len(second_values)
    )


# ---- goal seek -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LeverGoal:
    """The value of one lever nearest to where it stands at which the measure, there ``measured``, meets ``target``;
    if none does, ``reached`` is False and ``value`` is where the measure comes nearest to it. ``reached_before``: it
    meets the target as all stands. ``against``: the value lies to the side that the contract calls adverse;
    ``association``: what the model says of the lever is no more than that. Neither is a way that may be advised."""

    name: str
    target: float
    value: float
    measured: float
    reached: bool
    reached_before: bool
    against: bool = False
    association: bool = False

    @property
    def advised(self) -> bool:
        """Whether the value may be told as a way there."""
        return not (self.against or self.association)


def seek_lever(
    whole: ScoredBook,
    stress: BookScenario,
    *,
    name: str,
    measure: Measure,
    target: float,
    at_most: bool,
    today: date,
    progress: Progress = no_progress,
) -> LeverGoal:
    """Goal seek: how far one lever must move, on its own steps, for the measure to be ``at_most`` (or at least)
    ``target``. A measure that has no value meets no target.

    The values are tried from the nearest on, so that the first to meet the target is the answer.

    Raises
    ------
    OutOfRange, NotEditable, BadInput
    """
    _finite("target", target)
    values, sign = _sought(whole.contract, stress, name), 1 if at_most else -1
    tried: list[float] = []
    for start in range(0, len(values), BLOCK):
        block = [moved(whole.contract, stress, name, value) for value in values[start : start + BLOCK]]

        def heard(share: float, before: int = start, size: int = len(block)) -> None:
            if share < 1:
                progress((before + share * size) / len(values))

        tried += _measured(whole, block, measures=[measure], today=today, progress=heard)[:, 0].tolist()
        if any(sign * each <= sign * target for each in tried[start:]):
            break
        if len(tried) < len(values):
            progress(len(tried) / len(values))
    progress(1.0)
    meets = [k for k, each in enumerate(tried) if sign * each <= sign * target]
    best = min(range(len(tried)), key=lambda k: (math.isnan(tried[k]), sign * tried[k], k))
    k = meets[0] if meets else best
    return LeverGoal(
        name,
        target,
        value=values[k],
        measured=tried[k],
        reached=bool(meets),
        reached_before=bool(meets) and k == 0,
        against=_against(whole.contract, stress, name, values[k]),
        association=measure != "exposure" and by_association(whole.contract, name),
    )


def _against(contract: Contract, stress: BookScenario, name: str, value: float) -> bool:
    """Whether a lever would be moved to the side that the contract calls adverse; it says nothing of one without a
    swing. The economy's state as one factor is worse below."""
    part, way = lever(contract, stress, name), value - standing(contract, stress, name)
    if isinstance(part, Number):
        return way < 0
    return bool(part.swing) and way * part.adverse > 0


def by_association(contract: Contract, name: str) -> bool:
    """Whether a shock moves a field of which the contract says that what the model says of it is association only. Of
    the exposure it is arithmetic."""
    if name not in {each.name for each in contract.shocks}:
        return False
    struck = set(contract.struck(name))
    return any(each.association for each in (*contract.fields, *contract.histories) if each.name in struck)


def _finite(what: str, value: float) -> None:
    if not math.isfinite(value):
        raise OutOfRange(f"The {what} must be a number; {value} was given. Enter one.")


# ---- reverse stress --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Breaking:
    """The smallest ``severity``, a share of what is assumed, at which a limit no longer holds, the measure there
    being ``measured``; if it holds up to three times as much, ``breaks`` is False and they tell of that.
    ``breaks_already``: it does not hold with nothing assumed of customers and economy. ``clipped``: at this severity
    some lever is held at the end of its range. ``values``: where each lever that is scaled then stands, by name and in
    its unit."""

    severity: float
    measured: float
    breaks: bool
    breaks_already: bool
    clipped: bool
    values: tuple[tuple[str, float], ...] = ()


def reverse(
    whole: ScoredBook,
    stress: BookScenario,
    *,
    measure: Measure,
    limit: float,
    at_most: bool,
    today: date,
    progress: Progress = no_progress,
) -> Breaking:
    """Reverse stress: how severe what is assumed of customers and economy must be to break a limit.

    All shocks and all changes of the economy are scaled alike, in steps of 5 %, each no further than its range;
    assumptions and the overlay stay. A measure that has no value breaks no limit.

    Raises
    ------
    BadInput
        If nothing is assumed of customers or economy.
    """
    _finite("limit", limit)
    contract, sign = whole.contract, 1 if at_most else -1
    economy = [FACTOR] if stress.get(contract, METHOD) == FACTOR else [each.name for each in contract.economy]
    assumed = {name: standing(contract, stress, name) for name in (*(each.name for each in contract.shocks), *economy)}
    assumed = {name: value for name, value in assumed.items() if value}
    if not assumed:
        raise BadInput(
            f"Nothing is assumed of {contract.book.records} or economy that could become more severe. Assume something."
        )
    scaled = [_scaled(contract, stress, assumed, severity) for severity in SEVERITIES]
    measured = _measured(whole, [each for each, _ in scaled], measures=[measure], today=today, progress=progress)[
        :, 0
    ].tolist()
    breaking = [k for k, value in enumerate(measured) if sign * value > sign * limit]
    k = breaking[0] if breaking else len(SEVERITIES) - 1
    return Breaking(
        SEVERITIES[k],
        measured[k],
        breaks=bool(breaking),
        breaks_already=bool(breaking) and k == 0,
        clipped=scaled[k][1],
        values=tuple((name, standing(contract, scaled[k][0], name)) for name in assumed),
    )


def _scaled(
    contract: Contract, stress: BookScenario, assumed: dict[str, float], severity: float
) -> tuple[BookScenario, bool]:
    """The scenario with what is ``assumed`` at that severity, and whether a lever is held at the end of its range."""
    clipped = False
    for name, value in assumed.items():
        wanted = value * severity
        inside = _inside(lever(contract, stress, name), wanted)
        clipped |= inside != wanted
        stress = stress.with_value(contract, name, inside)
    return stress, clipped
