"""What a band of scores must be charged."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from model.finance import margin
from model.whatif.book.totals import Rows, stands_for


@dataclass(frozen=True)
class Priced:
    """The customers of one score band under one set of assumptions. Amounts in the book's currency: ``profit`` over the
    margin's horizon, ``capital`` on a one-year PD, ``loss`` the bank's own share; rates and PDs are fractions,
    ``break_even_rate`` and ``target_rate`` yearly; NaN where a band earns nothing to price."""

    band: int
    customers: int
    pd: float
    exposure: float
    loss: float
    profit: float
    capital: float
    break_even_pd: float
    break_even_rate: float
    target_rate: float
    raroc: float


def priced(
    band: NDArray[np.int64], count: int, rows: Rows, assumptions: dict[str, float], target: float = 0.0
) -> list[Priced]:
    """Each band's break-evens, the rate that would return ``target`` a year on its capital, and its RAROC.

    RAROC = margin after loss a year / capital; the margin's horizon spreads revenue, cost and loss evenly over its
    years, and nothing is earned on the capital itself.
    """
    years = assumptions["margin_months"] / 12
    names = [each.name for each in fields(Rows) if each.name != "each"]
    good = 1 - rows.pd
    sums = {name: np.bincount(band, getattr(rows, name), count).astype(np.float64) for name in names}
    earning, accounts = np.bincount(band, good * rows.balance, count), np.bincount(band, good, count) * rows.each
    customers = stands_for(np.bincount(band, minlength=count), rows.each)
    at_stake = np.bincount(band, np.where(rows.pd > 0, rows.net_loss / np.where(rows.pd > 0, rows.pd, 1.0), 0.0), count)
    sums["pd"] *= rows.each
    found = []
    for k in range(count):
        loss, capital, n = float(sums["net_loss"][k]), float(sums["capital"][k]), int(customers[k])
        apr, funding, opex = (assumptions[name] for name in ("apr", "funding", "opex"))
        year = float(sums["balance"][k]) * (apr - funding) - n * opex
        each = float(earning[k]), float(accounts[k]), loss, funding, opex, assumptions["margin_months"]
        found.append(
            Priced(
                k,
                n,
                pd=float(sums["pd"][k]) / n if n else np.nan,
                exposure=float(sums["ead"][k]),
                loss=loss,
                profit=float(sums["margin"][k]),
                capital=capital,
                break_even_pd=margin.break_even_pd(year, float(at_stake[k]), 12 * years),
                break_even_rate=margin.break_even_rate(*each),
                target_rate=margin.break_even_rate(*each, more=target * capital),
                raroc=float(sums["margin"][k]) / years / capital if capital else np.nan,
            )
        )
    return found
