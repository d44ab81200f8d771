"""Regulatory capital (Basel internal ratings) and PD conditional on the economy, after Vasicek's one-factor model.

Two forms of the conditional PD are never mixed: the capital form averages back to the PD over all states of the
economy; the anchored form leaves the PD unchanged at z = 0, so that a scenario of nothing changes nothing.
"""

from collections.abc import Callable
from math import exp, log
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from data.arrays import Array
from data.errors import OutOfRange

ExposureClass = Literal["mortgage", "revolving", "retail", "corporate"]
Form = Literal["capital", "anchored"]
CONFIDENCE = 0.999
EUROS_LOW, EUROS_HIGH = 5.0, 50.0  # sales in millions between which a firm counts as small or medium


def _fraction(name: str, value: ArrayLike, open_ends: bool = False) -> Array:
    values = np.asarray(value, np.float64)
    wrong = ~((values > 0) & (values < 1)) if open_ends else ~((values >= 0) & (values <= 1))
    if wrong.any():
        between = "strictly between 0 and 1" if open_ends else "between 0 and 1"
        raise OutOfRange(f"{name} must lie {between} (enter 35 % as 0.35); {float(values[wrong].flat[0])!r} was given.")
    return values


def correlation(pd: ArrayLike, exposure_class: ExposureClass, sales: float = EUROS_HIGH) -> Array:
    """Asset correlation R (BCBS 2006, paras. 272, 273, 328–330), a fraction.

    Mortgage 0.15, qualifying revolving 0.04, other retail 0.03–0.16 and corporate 0.12–0.24 falling with the PD,
    corporate less up to 0.04 for ``sales`` of 5–50 (millions of euros).
    """
    p = _fraction("PD", pd)
    if exposure_class == "mortgage":
        return np.full_like(p, 0.15)
    if exposure_class == "revolving":
        return np.full_like(p, 0.04)
    if exposure_class == "retail":
        q = -np.expm1(-35 * p) / -np.expm1(-35.0)
        return np.asarray(0.03 * q + 0.16 * (1 - q))
    if exposure_class == "corporate":
        q = -np.expm1(-50 * p) / -np.expm1(-50.0)
        size = (np.clip(sales, EUROS_LOW, EUROS_HIGH) - EUROS_LOW) / (EUROS_HIGH - EUROS_LOW)
        return np.asarray(0.12 * q + 0.24 * (1 - q) - 0.04 * (1 - size))
    raise OutOfRange(
        f"There is no exposure class {exposure_class!r}. There are: mortgage, revolving, retail, corporate."
    )


def worst_case_default_rate(pd: ArrayLike, correlation: ArrayLike, confidence: float = CONFIDENCE) -> Array:
    """Default rate not exceeded with ``confidence``: N[(G(PD) + √R·G(confidence)) / √(1−R)] (Vasicek 2002).

    PD 2 %, R 0.10, 99.9 % → 12.8 %.
    """
    level = float(_fraction("The confidence", confidence, open_ends=True))
    return conditional_pd(pd, correlation, -float(ndtri(level)), "capital")


def conditional_pd(pd: ArrayLike, correlation: ArrayLike, z: ArrayLike, form: Form) -> Array:
    """PD in a state ``z`` of the economy, negative in bad times (standard deviations).

    ``capital``: N[(G(PD) − √R·z) / √(1−R)]; its mean over z is the PD. ``anchored``: N[G(PD) − √(R/(1−R))·z]; z = 0
    gives the PD exactly. PD 2 %, R 0.15, z −2 → 8.2655 % and 11.2454 %.
    """
    p, r, z = _fraction("PD", pd), _fraction("The correlation", correlation), np.asarray(z, np.float64)
    if (r == 1).any():
        raise OutOfRange("The correlation must be below 1; 1.0 was given.")
    if form == "capital":
        return np.asarray(ndtr((ndtri(p) - np.sqrt(r) * z) / np.sqrt(1 - r)))
    if form == "anchored":
        return np.asarray(np.where(z == 0, p, ndtr(ndtri(p) - np.sqrt(r / (1 - r)) * z)))
    raise OutOfRange(f"There is no form {form!r} of the conditional PD. There are: capital, anchored.")


def implied_factor(pd: ArrayLike, observed: ArrayLike, correlation: ArrayLike) -> Array:
    """The state z in which the capital form of ``pd`` equals the ``observed`` default rate.

    (G(PD) − √(1−R)·G(ODR)) / √R; PD 2 %, ODR 4 %, R 0.15 → −1.13529.
    """
    p, seen = _fraction("PD", pd, True), _fraction("The observed default rate", observed, True)
    r = _fraction("The correlation", correlation, True)
    return np.asarray((ndtri(p) - np.sqrt(1 - r) * ndtri(seen)) / np.sqrt(r))


def one_year(pd: ArrayLike, shift: float) -> Array:
    """The PD on another horizon: its log-odds shifted by one constant for all. ``shift`` 0 gives the PD exactly."""
    p, ratio = _fraction("PD", pd), exp(shift)
    return np.asarray(p * ratio / (1 - p + p * ratio)) if shift else p


def shift_to(pd: ArrayLike, mean: float) -> float:
    """The shift of log-odds at which the mean of `one_year` is ``mean`` within 1e-12, by Newton's method.

    Raises OutOfRange unless ``mean`` and every PD lie strictly between 0 and 1.
    """
    p = _fraction("PD", pd, open_ends=True)

    def curve(shift: float) -> tuple[float, float]:
        found = one_year(p, shift)
        return float(found.mean()), float((found * (1 - found)).mean())

    return shift_along(curve, mean)


def shift_along(curve: Callable[[float], tuple[float, float]], mean: float) -> float:
    """The same of PDs of which only the ``curve`` is known: their mean at a shift, and its slope there.

    Raises OutOfRange unless ``mean`` lies strictly between 0 and 1.
    """
    goal = float(_fraction("The mean", mean, open_ends=True))
    now = curve(0.0)[0]
    shift = log(goal / (1 - goal)) - log(now / (1 - now))
    for _ in range(100):
        found, slope = curve(shift)
        off = found - goal
        if abs(off) <= 1e-12:
            break
        shift -= min(max(off / slope, -2.0), 2.0)
    return float(shift)


def requirement(
    pd: ArrayLike, lgd: ArrayLike, exposure_class: ExposureClass, sales: float = EUROS_HIGH, maturity: float = 2.5
) -> Array:
    """Capital K per unit of exposure for unexpected loss, a fraction (BCBS 2006, paras. 272 and 328–330).

    LGD·(worst-case default rate − PD), for corporates times (1 + (M − 2.5)·b) / (1 − 1.5·b),
    b = (0.11852 − 0.05478·ln PD)². ``pd`` is a one-year PD.
    """
    p, loss = _fraction("PD", pd), _fraction("LGD", lgd)
    k = loss * (worst_case_default_rate(p, correlation(p, exposure_class, sales)) - p)
    if exposure_class == "corporate":
        if not 1 <= maturity <= 5:
            raise OutOfRange(f"The maturity must lie between 1 and 5 years; {maturity!r} was given.")
        b = (0.11852 - 0.05478 * np.log(np.maximum(p, 3e-4))) ** 2
        k = k * (1 + (maturity - 2.5) * b) / (1 - 1.5 * b)
    return np.asarray(np.maximum(k, 0.0))


def risk_weight(
    pd: ArrayLike, lgd: ArrayLike, exposure_class: ExposureClass, sales: float = EUROS_HIGH, maturity: float = 2.5
) -> Array:
    """Risk weight 12.5·K, a fraction (1 is 100 %), without the scaling factor of 1.06.

    Mortgage, PD 1 %, LGD 45 % → 0.5640; corporate, sales 50, maturity 2.5 → 0.9232.
    """
    return 12.5 * requirement(pd, lgd, exposure_class=exposure_class, sales=sales, maturity=maturity)
