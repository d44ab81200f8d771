"""What a loan must earn: payments, the value of an instalment loan, break-even PD and rate, return on capital.

Rates and PDs are yearly fractions, amounts in one currency, terms in months. Every function raises OutOfRange where
an input cannot be.
"""

from typing import Any

import numpy as np
from scipy.optimize import brentq

from data.arrays import Array
from data.errors import OutOfRange

NO_RATE = 1e-13  # a monthly rate below this is none
MOST_RATE = 10.0  # 1,000 % a year: no break-even is looked for beyond


def payment(principal: float, annual_rate: float, months: int) -> float:
    """Monthly payment of an annuity: L·i / (1 − (1 + i)^−n), i = annual_rate / 12; L / n without interest.

    200,000 at 7.5 % over 180 months → 1,854.0247200054619.
    """
    _loan(principal, annual_rate, months)
    i = annual_rate / 12
    return float(principal / months if i < NO_RATE else principal * i / -np.expm1(-months * np.log1p(i)))


def loan_value(
    principal: float, annual_rate: float, months: int, pd_12m: float, lgd: float, funding_rate: float, fee: float = 0.0
) -> float:
    """Net present value of an instalment loan that may default.

    v = −L + fee + Σ DF_t · [S_t · pmt + (S_{t−1} − S_t)(1 − LGD) · B_{t−1}(1 + i)], with the monthly hazard
    h = 1 − (1 − PD)^(1/12), survival S_t = (1 − h)^t, balance B and DF_t = (1 + funding/12)^−t. 10,000 at 12 % over 36
    months, PD 2 %, LGD 60 %, funding 5 % → 875.7266.
    """
    _loan(principal, annual_rate, months)
    _fraction("PD", pd_12m)
    _fraction("LGD", lgd)
    _rate("The funding rate", funding_rate)
    i, paid = annual_rate / 12, payment(principal, annual_rate, months)
    t = np.arange(1, months + 1)
    survives = (1 - pd_12m) ** (t / 12)
    before = (1 - pd_12m) ** ((t - 1) / 12)
    flows = survives * paid + (before - survives) * (1 - lgd) * _balances(principal, i, paid, months) * (1 + i)
    return float(-principal + fee + flows @ (1 + funding_rate / 12) ** -t.astype(float))


def _balances(principal: float, i: float, paid: float, months: int) -> Array:
    """What is owed at the beginning of each month, (months,)."""
    k = np.arange(months, dtype=float)
    if i < NO_RATE:
        return np.asarray(principal - paid * k)
    growth = np.expm1(k * np.log1p(i))
    return np.asarray(principal * (1 + growth) - paid * growth / i)


def break_even_pd(
    principal: float, annual_rate: float, months: int, lgd: float, funding_rate: float, fee: float = 0.0
) -> float:
    """The yearly PD at which `loan_value` is 0, in [0, 1]; NaN if no PD makes the loan worthless, or none worth it.

    10,000 at 12 % over 36 months, LGD 60 %, funding 5 % → 10.9588 %.
    """

    def value(pd: float) -> float:
        return loan_value(principal, annual_rate, months=months, pd_12m=pd, lgd=lgd, funding_rate=funding_rate, fee=fee)

    return _root(value, 0.0, 1.0)


def break_even_rate(
    principal: float, months: int, pd_12m: float, lgd: float, funding_rate: float, fee: float = 0.0
) -> float:
    """The yearly rate at which `loan_value` is 0; NaN if none up to 1,000 % does.

    10,000 over 36 months, PD 5 %, LGD 60 %, funding 5 % → 8.0917 %.
    """

    def value(rate: float) -> float:
        return loan_value(principal, rate, months=months, pd_12m=pd_12m, lgd=lgd, funding_rate=funding_rate, fee=fee)

    return _root(value, 0.0, MOST_RATE)


def _root(value: Any, low: float, high: float) -> float:
    at_low, at_high = value(low), value(high)
    if at_low == 0:
        return low
    if at_low * at_high > 0:
        return float("nan")
    return float(brentq(value, low, high, xtol=1e-14, rtol=1e-14))


def one_period_break_even_pd(rate: float, funding: float, lgd: float) -> float:
    """(r − c) / (r + LGD): the PD at which one period's interest pays for funding and loss.

    12 %, 5 %, 45 % → 12.2807 %. NaN if the rate is below the funding cost.
    """
    _rate("The rate", rate)
    _rate("The funding rate", funding)
    _fraction("LGD", lgd)
    if rate + lgd == 0:
        raise OutOfRange("The rate and LGD cannot both be 0: then a default costs nothing and there is no break-even.")
    return (rate - funding) / (rate + lgd) if rate >= funding else float("nan")


def one_period_break_even_rate(pd: float, funding: float, lgd: float) -> float:
    """(c + PD · LGD) / (1 − PD): the rate at which one period's interest pays for funding and loss.

    12.2807 %, 5 %, 45 % → 12 %. Raises OutOfRange for a PD of 1.
    """
    _fraction("PD", pd)
    _rate("The funding rate", funding)
    _fraction("LGD", lgd)
    if pd == 1:
        raise OutOfRange("The PD must be below 1: no rate pays for a certain default; 1 was given.")
    return (funding + pd * lgd) / (1 - pd)


def raroc(
    revenue: float,
    opex: float,
    expected_loss: float,
    funding: float,
    capital: float,
    return_on_capital: float = 0.0,
) -> float:
    """(revenue − opex − expected loss − funding + return on capital) / capital, all amounts of one year.

    ``return_on_capital`` is the amount the capital itself earns, 0 by default: say which convention is shown.
    (2.5 − 1 − 0.7) / 4 → 0.20; with 2 % on the capital, 0.08, → 0.22. Raises OutOfRange unless capital is positive.
    """
    if not capital > 0:
        raise OutOfRange(f"Capital must be more than 0; {capital!r} was given.")
    return (revenue - opex - expected_loss - funding + return_on_capital) / capital


def _loan(principal: float, annual_rate: float, months: int) -> None:
    if not (np.isfinite(principal) and principal > 0):
        raise OutOfRange(f"The principal must be more than 0; {principal!r} was given.")
    _rate("The rate", annual_rate)
    if months != int(months) or not 1 <= months <= 1200:
        raise OutOfRange(f"The term must be a whole number of months from 1 to 1,200; {months!r} was given.")


def _rate(name: str, value: float) -> None:
    if not 0 <= value <= MOST_RATE:
        raise OutOfRange(f"{name} must lie between 0 and {MOST_RATE:g} (enter 12 % as 0.12); {value!r} was given.")


def _fraction(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise OutOfRange(f"{name} must lie between 0 and 1 (enter 35 % as 0.35); {value!r} was given.")
