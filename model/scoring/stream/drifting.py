"""How played applications drift: a shock, a lever or a field of the contract, moved further and further.

A shock moves records by the contract's own rules, as on the book page; so does a field that is moved by percent where a
shock of the contract does just that. A lever moves each record from where it stands. Any other field or history is
moved by itself. What then lies outside the contract's ranges is held at their ends, and a record that would break one
of its rules stays as it was.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract, Shock, bounds
from data.draws import draw
from data.errors import BadInput, OutOfRange

Numbers: TypeAlias = NDArray[np.int64]
WRITTEN = re.compile(r"([A-Za-z_]\w*)=([+-]?\d+(?:\.\d+)?)(%?)")


@dataclass(frozen=True)
class RecordDrift:
    """What a ``kind`` of thing, by its ``name``, moves by in the end: ``by`` in its own unit or, where ``relative``, in
    percent of where it stands."""

    kind: Literal["shock", "lever", "field"]
    name: str
    by: float
    relative: bool = False


def drift_of(contract: Contract, text: str) -> RecordDrift:
    """A drift as it is written: ``limit=-20%``, ``later=10``.

    Raises
    ------
    BadInput
        If it is written otherwise, nothing has that name, or it is beyond what a shock may be.
    """
    found = WRITTEN.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"A drift is written NAME=VALUE or NAME=VALUE%, as limit=-20%; {text!r} was given.")
    name, by, relative = found[1], float(found[2]), bool(found[3])
    if not np.isfinite(by):
        raise OutOfRange(f"A drift moves by a number that can be held; one of {len(found[2])} characters was given.")
    shock = next((each for each in contract.shocks if each.name == name), None)
    if shock is not None and relative and "%" not in shock.unit:
        raise BadInput(f"{shock.label} moves by {shock.unit or 'numbers'}, not by percent: {text!r} was given.")
    if shock is None and relative:
        shock = _moving(contract, name)
    if shock is not None:
        low, high = bounds(shock)
        if not low <= by <= high:
            raise OutOfRange(f"{shock.label} may move by {low:g} to {high:g} {shock.unit}; {text!r} was given.")
        return RecordDrift("shock", shock.name, by)
    if name in {each.name for each in contract.levers}:
        return RecordDrift("lever", name, by, relative)
    if name in contract.rows:
        return RecordDrift("field", name, by, relative)
    shocks, levers = ([each.name for each in own] for own in (contract.shocks, contract.levers))
    there = dict.fromkeys((*shocks, *levers, *contract.rows))
    raise BadInput(f"Nothing of the book {contract.book.name} is called {name!r}. It has: {', '.join(there)}.")


def _moving(contract: Contract, name: str) -> Shock | None:
    """The shock that moves a field or history, and nothing else, by percent."""
    return next((each for each in contract.shocks if each.unit == "±%" and set(each.rules) == {name}), None)


def drifted(contract: Contract, raw: Array, numbers: Numbers, drifts: Sequence[RecordDrift], so_far: float) -> Array:
    """Records (fields, n) after ``drifts`` have come ``so_far`` of their way, a share in [0, 1]: a new array.
    ``numbers`` (n,) are those by which a shock that hits a share of the records draws them."""
    out = raw.copy()
    for each in drifts:
        out = _MOVES[each.kind](contract, out, numbers, each, so_far)
    for k, field in enumerate(contract.record):
        whole = np.round(raw[k]) == raw[k]  # what was counted in whole numbers is so still
        out[k] = np.where(whole, np.round(out[k]), out[k]).clip(*bounds(field))
        if field.codes:
            out[k] = _nearest(out[k], np.array(sorted(field.codes), float))
        if field.special:
            out[k] = np.where(field.is_special(raw[k]), raw[k], out[k])
    broken = ~contract.stands(out)
    out[:, broken] = raw[:, broken]
    return out


def _shocked(contract: Contract, raw: Array, numbers: Numbers, drift: RecordDrift, so_far: float) -> Array:
    value = drift.by * so_far
    found = contract.strike(drift.name, value, contract.values(raw))
    out = raw.copy()
    for target in contract.struck(drift.name):
        out[contract.rows[target]] = found[target]
    if not contract.shock(drift.name).share:
        return out
    hit = draw(numbers, drift.name) < value / 100
    return np.where(hit, out, raw)


def _pulled(contract: Contract, raw: Array, _numbers: Numbers, drift: RecordDrift, so_far: float) -> Array:
    lever, start = contract.lever(drift.name), contract.lever_start(drift.name, raw)
    value = _moved(start, drift, so_far)
    if contract.coded(lever):
        value = lever.step * np.round(value / lever.step)
    value = value.clip(lever.minimum, lever.maximum)
    some = np.flatnonzero(value != start)  # what a lever leaves where it stands need not be on its steps
    out = raw.copy()
    if len(some):
        out[:, some] = contract.pull(drift.name, value[some], raw[:, some], start[some])
    return np.where(np.isnan(value), raw, out)


def _shifted(contract: Contract, raw: Array, _numbers: Numbers, drift: RecordDrift, so_far: float) -> Array:
    out, rows = raw.copy(), contract.rows[drift.name]
    lows, highs = np.array([bounds(field) for field in contract.record[rows]]).T
    out[rows] = _moved(raw[rows], drift, so_far).clip(lows[:, None], highs[:, None])
    return out


Move: TypeAlias = Callable[[Contract, Array, Numbers, RecordDrift, float], Array]
_MOVES: dict[str, Move] = {
    "shock": _shocked,
    "lever": _pulled,
    "field": _shifted,
}


def _moved(values: Array, drift: RecordDrift, so_far: float) -> Array:
    by = drift.by * so_far
    return values * (1 + by / 100) if drift.relative else values + by


def _nearest(values: Array, codes: Array) -> Array:
    """Each value at the nearest of the rising ``codes``; a missing one stays so."""
    k = np.searchsorted(codes, values).clip(1, max(len(codes) - 1, 1)).clip(max=len(codes) - 1)
    low, high = codes[k - 1], codes[k]
    found = np.where(values - low <= high - values, low, high)
    return np.where(np.isnan(values), values, found)
