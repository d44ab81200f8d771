"""What a book of revolving credit earns after its losses."""

import numpy as np
from numpy.typing import ArrayLike

from data.arrays import Array
from data.errors import OutOfRange


def after_loss(
    pd: ArrayLike, balance: ArrayLike, loss: ArrayLike, rate: float, funding: float, opex: float, months: float
) -> Array:
    """(1 − PD) · months / 12 · [balance · (rate − funding) − opex] − loss, element by element, in the balance's unit.

    Whoever defaults within the PD's horizon earns nothing and costs the expected ``loss``; the others earn the margin
    on what they owe for ``months``. ``rate`` and ``funding`` are yearly fractions, ``opex`` an amount a year and
    account. Balance = EAD = 1, LGD 80 %, 20 % against 5 %, no opex: break-even PD 0.45 / (0.45 + 0.80) = 36 % over 36
    months, 15.8 % over 12. Raises OutOfRange if ``months`` is not positive.
    """
    if not months > 0:
        raise OutOfRange(f"The margin horizon must be more than 0 months; {months!r} was given.")
    earned = np.asarray(balance, np.float64) * (rate - funding) - opex
    return np.asarray((1 - np.asarray(pd, np.float64)) * (months / 12) * earned - np.asarray(loss, np.float64))


def break_even_rate(
    earning: float, accounts: float, loss: float, funding: float, opex: float, months: float, more: float = 0.0
) -> float:
    """The yearly rate at which customers together pay for funding, operating cost and loss, and ``more`` a year beside.

    ``earning``: Σ (1 − PD) · balance, ``accounts``: Σ (1 − PD), ``loss`` their expected loss, all as in `after_loss`,
    which is then ``more`` · months / 12. NaN where nothing earns.
    """
    if not earning > 0:
        return float("nan")
    return funding + (12 * loss / months + opex * accounts + more) / earning


def break_even_pd(earned: float, lost: float, months: float) -> float:
    """The PD, the same for all, at which customers together earn nothing: y·M / (y·M + L), y = months / 12.

    ``earned``: M, what they earn a year if none defaults, ``lost``: L, what they cost if all do. One customer with a
    balance and exposure of 1, M = 0.15, L = 0.80 → 36 % over 36 months. 0 where they earn nothing anyway.
    """
    over = earned * months / 12
    return over / (over + lost) if over > 0 else 0.0
