"""One input swept, the value that reaches a goal, and any two inputs against each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.contract import Contract, Direction, Field, Lever
from data.errors import BadInput, Impossible
from model.engine.scorer import Scorer
from model.engine.tables import probability
from model.finance.scorecard import reaches
from model.whatif.customer.decision import score_scale
from model.whatif.customer.scenario import apply, check_edit, edit, editable

POINTS = 101
REACHED = 1e-3  # of a value, or of 1: how near a lever must bring an input to what was asked for
ROUNDING = 1e-12  # of a PD: two values this near are the same


@dataclass(frozen=True)
class Curve:
    """PD along one lever or field, all else held. ``x`` and ``pd`` (points,), ``x`` rising; ``now`` and ``now_pd``
    the point of now; ``cutoff_pd`` the PD at the cut-off; ``granted`` (points,) where the score reaches it.

    What may be advised of it: ``direction`` and ``association`` are the contract's; ``riskier`` is the way along ``x``
    that the contract calls riskier, also of a field that says nothing of itself but that a lever moves; ``open``
    (points,) the values to which every field may go, by its mutability; all of them if not given. Where the record has
    no value, ``now`` is NaN, ``nothing`` says in the contract's words why, and the ways from it have no direction."""

    name: str
    label: str
    unit: str
    x: Array
    pd: Array
    now: float
    now_pd: float
    cutoff_pd: float
    granted: NDArray[np.bool_]
    direction: Direction = 0
    association: bool = False
    open: NDArray[np.bool_] | None = None
    riskier: Direction = 0
    nothing: str = ""

    def towards(self, safer: bool) -> NDArray[np.bool_]:
        """The values (points,) to which one may go for a lower PD, or for a higher one: by mutability, never against a
        declared direction."""
        allowed = np.ones_like(self.granted) if self.open is None else self.open
        way = np.nan_to_num(self.x - self.now) * (self.riskier or self.direction)
        return np.asarray(allowed & (way <= 0 if safer else way >= 0))

    @property
    def steady(self) -> bool:
        """Whether the PD goes the declared way along all of it. A lever may not once single months of a history that it
        moves together were edited: they stay behind."""
        return bool((self.direction * np.diff(self.pd) >= -ROUNDING).all())

    @property
    def advised(self) -> bool:
        """Whether a value of it may be told as a way out: never by association, never against a declared direction."""
        return self.steady and not self.association

    @property
    def flips(self) -> tuple[float, ...]:
        """The values from which on, walking up ``x``, the decision is another."""
        return tuple(float(v) for v in self.x[1:][self.granted[1:] != self.granted[:-1]])


def swept_values(book: Book, name: str, now: float) -> Array:
    """The values to sweep: a lever's own steps, or a field's values as observed in the book (at most 101 of them),
    and the value of now, if there is one. Shape (points,), rising."""
    part = editable(book.contract, name)
    if isinstance(part, Lever) and name not in book.contract.row:
        values = np.arange(part.minimum, part.maximum + part.step / 2, part.step)
    else:
        values = _observed(book, name)
        values = values[(values >= part.minimum) & (values <= part.maximum)]
    if len(values) == 0:
        values = np.array([each for each in (part.minimum, part.maximum) if np.isfinite(each)])
    return np.unique(values if _nothing(part, now) else np.append(values, now))


def _nothing(part: Lever | Field, now: float) -> bool:
    """Whether a lever or field stands nowhere: it is missing, or a special code says why there is no value."""
    return bool(np.isnan(now)) or (isinstance(part, Field) and bool(part.is_special(now)))


def why_nothing(contract: Contract, part: Lever | Field, record: Array) -> str:
    """Why a lever or field stands nowhere in a ``record`` (fields, 1), in words: those of the first special code."""
    names = [part.name] if isinstance(part, Field) else list(part.rules)
    for k in (k for name in names for k in range(*contract.rows[name].indices(len(contract.record)))):
        if float(record[k, 0]) in contract.record[k].special:
            return contract.record[k].special[float(record[k, 0])]
    return "missing"


@lru_cache(maxsize=256)
def _observed(book: Book, name: str) -> Array:
    """The values a field takes in the book, or 101 of them spread over its customers. Books never change."""
    row = book.contract.row[name]
    observed = book.raw[row]
    observed = observed[~(np.isnan(observed) | book.contract.record[row].is_special(observed))]
    values = np.unique(observed)
    if len(values) > POINTS:
        values = np.unique(np.quantile(observed, np.linspace(0, 1, POINTS), method="nearest"))
    return values


def sweep(scorer: Scorer, book: Book, base: Array, edits: Mapping[str, float], name: str, cutoff: float) -> Curve:
    """PD along ``name`` for the customer ``base`` (fields, 1) with all other ``edits`` held: one call.

    Values that break a rule of the contract together with the rest are left out.
    """
    contract = scorer.contract
    part = editable(contract, name)
    now = position(scorer, base, edits, name)
    x = swept_values(book, name, now)
    held: dict[str, float | Array] = {k: v for k, v in edits.items() if k != name}
    try:
        records = apply(contract, base, {**held, name: x})
    except Impossible:
        x = x[[value == now or _stands(contract, base, {**held, name: value}) for value in x]]
        records = apply(contract, base, {**held, name: x})
    margins, own = scorer.margins(records), edit(contract, base, edits)
    at_cutoff = score_scale(contract).margin(cutoff)
    pd = probability(margins)
    nothing = why_nothing(contract, part, own) if _nothing(part, now) else ""
    return Curve(
        name,
        part.label,
        unit=part.unit,
        x=x,
        pd=pd,
        now=np.nan if nothing else now,
        now_pd=float(probability(scorer.margins(own))[0] if nothing else pd[np.searchsorted(x, now)]),
        cutoff_pd=float(probability(np.array(at_cutoff))),
        granted=reaches(score_scale(contract).score(margins), cutoff),
        direction=part.direction,
        association=part.association or any(lever.association for lever in _moving(contract, part)),
        open=_open(contract, contract.without_special(records), contract.without_special(own)),
        riskier=_riskier(contract, part, base),
        nothing=nothing,
    )


def _moving(contract: Contract, part: Lever | Field) -> list[Lever]:
    """The levers that move a field."""
    if isinstance(part, Lever):
        return []
    return [each for each in contract.levers if {part.name, contract.owner(part.name)} & set(each.rules)]


def _riskier(contract: Contract, part: Lever | Field, base: Array) -> Direction:
    """The way that the contract calls riskier, 0 where it says none, or levers that move a field disagree."""
    if part.direction or isinstance(part, Lever):
        return part.direction
    found: set[Direction] = set()
    for lever in _moving(contract, part):
        low, high = (contract.pull(lever.name, end, base)[contract.row[part.name], 0] for end in _ends(lever))
        if lever.direction and np.isfinite(high - low) and high != low:
            found.add(lever.direction if high > low else _reversed(lever.direction))
    return found.pop() if len(found) == 1 else 0


def _ends(lever: Lever) -> tuple[float, float]:
    return lever.minimum, lever.maximum


def _reversed(direction: Direction) -> Direction:
    return {-1: 1, 0: 0, 1: -1}[direction]  # type: ignore[return-value]


def _open(contract: Contract, records: Array, now: Array) -> NDArray[np.bool_]:
    """To which of ``records`` (fields, points) one may go from that of ``now`` (fields, 1), by the mutability of the
    fields."""
    found = np.ones(records.shape[1], bool)
    for field, values, stands in zip(contract.record, records, now, strict=True):
        if field.mutability != "free":
            moved = np.nan_to_num(values - stands)
            found &= (moved <= 0) | (field.mutability == "up")
            found &= (moved >= 0) | (field.mutability == "down")
    return found


def _stands(contract: Contract, base: Array, edits: Mapping[str, float | Array]) -> bool:
    try:
        apply(contract, base, edits)
    except Impossible:
        return False
    return True


def lever_reaching(
    contract: Contract, base: Array, edits: Mapping[str, float], *, name: str, target: float
) -> float | None:
    """Where a lever brings the input that it shows to a ``target``, all other edits of the record ``base`` (fields, 1)
    held, to a hundredth of its step; None if nowhere."""
    lever = contract.lever(name)
    shown = [each.name for each in contract.inputs].index(lever.shows)
    held: dict[str, float | Array] = {k: v for k, v in edits.items() if k != name}

    def off(values: Array) -> Array:
        return np.asarray(contract.derive(edit(contract, base, {**held, name: values}), [shown])[0] - target)

    coarse = np.linspace(lever.minimum, lever.maximum, 5 * POINTS)
    gap = off(coarse)
    if np.isnan(gap).all():
        return None
    near = int(np.nanargmin(np.abs(gap)))
    ends = coarse[max(near - 1, 0)], coarse[min(near + 1, len(coarse) - 1)]
    fine = np.unique((np.linspace(*ends, 50 * POINTS) / lever.step).round(2) * lever.step)
    fine = fine[(fine >= lever.minimum) & (fine <= lever.maximum)].round(6)
    gap = np.abs(off(fine))
    best = int(np.nanargmin(gap))
    return float(fine[best]) if gap[best] <= REACHED * max(1.0, abs(target)) else None


def position(scorer: Scorer, base: Array, edits: Mapping[str, float], name: str) -> float:
    """Where a lever or field stands now: its edit, else a lever's start or the field's value after the edits."""
    if name in edits:
        return edits[name]
    contract = scorer.contract
    if isinstance(editable(contract, name), Lever):
        return float(contract.lever_start(name, base)[0])
    return float(apply(contract, base, edits)[contract.row[name], 0])


def _its_own(contract: Contract, base: Array, name: str, value: float) -> bool:
    """Whether a value is where a lever stands in the record ``base`` (fields, 1), in the lever's range or not."""
    if not isinstance(editable(contract, name), Lever):
        return False
    start = float(contract.lever_start(name, base)[0])
    return value == start or (np.isnan(value) and np.isnan(start))


@dataclass(frozen=True)
class Goal:
    """The value of one lever nearest to now at which the PD is at most ``target``; if none is, ``reached`` is False
    and ``value`` is where the PD is lowest. ``reached_before``: the goal holds now already. ``advised``: whether the
    value may be told as a way there."""

    name: str
    target: float
    value: float
    pd: float
    reached: bool
    reached_before: bool
    advised: bool = True


def seek_probability(curve: Curve, target: float) -> Goal:
    """Goal seek on a sweep: the observed value nearest to now that brings the PD to ``target`` or below, of those to
    which one may go."""
    allowed = curve.towards(safer=True)
    meets = (curve.pd <= target) & allowed
    before = curve.now_pd <= target
    if meets.any():
        where = np.flatnonzero(meets)
        k = int(where[np.argmin(np.nan_to_num(np.abs(curve.x[where] - curve.now)))])
    else:
        lowest = np.flatnonzero(allowed & (curve.pd == curve.pd[allowed].min()))
        k = int(lowest[np.argmin(np.nan_to_num(np.abs(curve.x[lowest] - curve.now)))])
    reached, advised = bool(meets.any()), curve.advised
    return Goal(
        curve.name,
        target,
        value=float(curve.x[k]),
        pd=float(curve.pd[k]),
        reached=reached,
        reached_before=bool(before),
        advised=advised,
    )


@dataclass(frozen=True)
class Flip:
    """The smallest move of one lever alone that turns the decision; ``value`` None if no value of it does.
    ``beyond``: every value further on keeps the turned decision. ``advised``: whether the move may be told as a way to
    turn it; ``steady``: whether the PD goes the lever's declared way from here; ``association``: that is all the
    contract says there is."""

    name: str
    value: float | None
    beyond: bool
    up: bool
    advised: bool = True
    steady: bool = True
    association: bool = False


def flips(scorer: Scorer, book: Book, base: Array, edits: Mapping[str, float], cutoff: float) -> list[Flip]:
    """For each lever alone, all else held: what would turn the decision."""
    found = []
    for lever in scorer.contract.levers:
        curve = sweep(scorer, book, base=base, edits=edits, name=lever.name, cutoff=cutoff)
        told = {"advised": curve.advised, "steady": curve.steady, "association": curve.association}
        if curve.nothing:  # where there is no value, none is a way on from it
            found.append(Flip(lever.name, None, beyond=False, up=False, **told))
            continue
        k = int(np.searchsorted(curve.x, curve.now))
        allowed = np.ones_like(curve.granted) if curve.open is None else curve.open
        if curve.advised:
            allowed = curve.towards(safer=not curve.granted[k])
        turned = np.flatnonzero((curve.granted != curve.granted[k]) & allowed)
        if not len(turned):
            found.append(Flip(lever.name, None, beyond=False, up=False, **told))
            continue
        nearest = int(turned[np.argmin(np.abs(curve.x[turned] - curve.now))])
        up = bool(curve.x[nearest] > curve.now)
        rest = curve.granted[nearest:] if up else curve.granted[: nearest + 1]
        beyond = bool((rest != curve.granted[k]).all())
        found.append(Flip(lever.name, float(curve.x[nearest]), beyond=beyond, up=up, **told))
    return found


# ---- two inputs ------------------------------------------------------------------------------------------------------


def steps(book: Book, name: str, now: float, count: int = 11) -> tuple[float, ...]:
    """About ``count`` of the values of `swept_values`, rising: both ends, the value of now, and some spread evenly
    between them; of a field that is evenly over the customers."""
    values = swept_values(book, name, now)
    at = int(np.searchsorted(values, now))
    chosen = np.unique(np.linspace(0, len(values) - 1, max(count, 2)).round().astype(int))
    if at == len(values) or values[at] != now:  # there is no value now
        return tuple(float(value) for value in values[chosen])
    if at not in chosen and len(chosen) > 2:
        chosen[1 + int(np.argmin(np.abs(chosen[1:-1] - at)))] = at
    return tuple(float(value) for value in values[np.unique(np.append(chosen, at))])


def two_way(
    scorer: Scorer,
    base: Array,
    edits: Mapping[str, float],
    first: str,
    first_values: Sequence[float],
    second: str,
    second_values: Sequence[float],
) -> Array:
    """PD of the customer ``base`` (fields, 1) at each value of one lever or field together with each of another, all
    other ``edits`` held: (values of the first, of the second), in one call of the scorer.

    NaN where values break a rule of the contract together that the base keeps.

    Raises
    ------
    BadInput
        If both are the same.
    OutOfRange, Missing, NotEditable
    """
    contract = scorer.contract
    if first == second:
        raise BadInput(f"A two-way table needs two inputs; {first!r} was given twice. Choose another for one side.")
    for name, values in ((first, first_values), (second, second_values)):
        for value in values:
            if not _its_own(contract, base, name, value):
                check_edit(contract, editable(contract, name), value)
    pd = np.full((len(first_values), len(second_values)), np.nan)
    if not pd.size:
        return pd
    held: dict[str, float | Array] = {name: value for name, value in edits.items() if name not in (first, second)}
    down = np.repeat(np.asarray(first_values, float), len(second_values))
    across = np.tile(np.asarray(second_values, float), len(first_values))
    records = edit(contract, base, {**held, first: down, second: across})
    stands = np.ones(pd.size, bool) if contract.broken(base) else contract.stands(records)
    if stands.any():
        pd.flat[np.flatnonzero(stands)] = probability(scorer.margins(np.ascontiguousarray(records[:, stands])))
    return pd
