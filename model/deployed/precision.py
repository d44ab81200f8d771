"""What fewer digits cost a model elsewhere, and how far it repeats itself: measured by asking it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from model.deployed.tensors import typed_column
from model.engine.identity import MOVED, PrecisionCost

SAME = 1e-6  # log-odds within which two answers to the same question agree
TIMES = 4  # as far as the widest gap seen, answers may lie apart: few askings see few of the gaps there are
SINGLE_STEPS = 4 * 2.0**-24  # of a PD in single precision: its last bits, of which a sum on a GPU varies
MOST_SPREAD = 0.01  # of the PD: what repeats itself no better tells no model from another


def precision_cost(
    columns: Mapping[str, Array], coarse: Mapping[str, str], asked: Callable[[Mapping[str, Array]], Array]
) -> PrecisionCost:
    """What the datatypes of the ``coarse`` inputs cost the customers of some ``columns`` (n,) each; ``asked`` gives the
    PD (n,) of columns."""
    rounded, up, down = [], dict(columns), dict(columns)
    for name, datatype in coarse.items():
        near = as_sent(columns[name], datatype)
        off = (near != columns[name]) & ~np.isnan(columns[name])
        if off.any():
            rounded.append(name)
            up[name], down[name] = near, np.where(off, _neighbour(near, columns[name], datatype), columns[name])
    n = len(next(iter(columns.values())))
    datatypes = tuple(sorted(set(coarse.values())))
    if not rounded:
        return PrecisionCost(datatypes, (), n, 0.0, 0)
    gap = np.abs(asked(up) - asked(down))
    return PrecisionCost(datatypes, tuple(rounded), n, float(gap.max()), int((gap > MOVED).sum()))


def as_sent(column: Array, datatype: str) -> Array:
    """What a datatype of floats makes of numbers."""
    return np.asarray(typed_column("", column, datatype, {}), np.float64)


def _neighbour(near: Array, true: Array, datatype: str) -> Array:
    """The number of a datatype on the other side of the true one than the nearest."""
    other: Array = near
    for power in range(1, 60):  # the smallest step that the datatype sees
        step = np.abs(near) * 2.0**-power + 2.0**-140
        moved = as_sent(near + np.sign(true - near) * step, datatype)
        other = np.where(moved != near, moved, other)
    return other


@dataclass(frozen=True)
class Repeated:
    """How far a model repeats itself: answers to the same question lie within `SAME` in log-odds, or within ``spread``
    of the PD."""

    spread: float = 0.0

    def agree(self, now: Array, was: Array) -> NDArray[np.bool_]:
        """Which log-odds (n,) are the same answer."""
        apart = np.abs(1 / (1 + np.exp(-now)) - 1 / (1 + np.exp(-was)))
        found: NDArray[np.bool_] = (np.abs(now - was) <= SAME) | (apart <= self.spread)
        return found


def repeated(answers: list[Array], single: bool) -> Repeated:
    """Learned from the PDs (n,) of several askings about the same records; ``single``: they have no more digits than
    single precision. An answer that was the same each time, in all its digits, is expected to be so again."""
    widest = float(np.ptp(np.stack(answers), axis=0).max(initial=0.0))
    spread = TIMES * widest
    return Repeated(max(spread, SINGLE_STEPS) if single else spread)
