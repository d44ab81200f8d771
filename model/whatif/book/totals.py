"""What a book adds up to, and the rows that it adds up from."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Measure

Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Totals:
    """Sums over customers, which add up from part to whole, and the ratios made of them. ``exposure``, ``loss``,
    ``net_loss`` (the bank's own share of it), ``capital`` and ``margin`` (both after guarantees) in the book's
    currency, each on its own horizon; ``years`` is the margin's."""

    customers: int
    exposure: float
    pd_sum: float
    pd_exposure: float
    loss: float
    net_loss: float
    capital: float
    margin: float
    years: float

    def __add__(self, other: "Totals") -> "Totals":
        sums = {each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        return Totals(**{**sums, "years": self.years})

    @property
    def pd(self) -> float:
        """PD weighted by exposure, a fraction; NaN without exposure."""
        return self.pd_exposure / self.exposure if self.exposure else np.nan

    @property
    def pd_simple(self) -> float:
        """PD of the average customer, a fraction."""
        return self.pd_sum / self.customers if self.customers else np.nan

    @property
    def loss_bps(self) -> float:
        """Expected loss in basis points of exposure."""
        return 1e4 * self.loss / self.exposure if self.exposure else np.nan

    @property
    def return_on_capital(self) -> float:
        """Margin after loss a year, over capital; a fraction."""
        return self.margin / self.years / self.capital if self.capital else np.nan

    def measure(self, name: Measure) -> float:
        """One measure by name."""
        return float(getattr(self, name))


@dataclass(frozen=True, eq=False)
class Rows:
    """Each customer under one scenario, (n,): ``pd`` after all layers; ``ead``, ``loss``, ``net_loss``, ``capital``,
    ``margin`` and ``balance`` in the book's currency, of the ``each`` customers together that one stands for."""

    pd: Array
    ead: Array
    loss: Array
    net_loss: Array
    capital: Array
    margin: Array
    balance: Array
    each: float = 1.0

    @property
    def log_odds(self) -> Array:
        """Log-odds of the PD; infinite where default is certain."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.pd) - np.log1p(-self.pd))

    def totals(self, years: float, chosen: Mask | slice = slice(None)) -> Totals:
        """Sums over all customers or over those ``chosen``."""
        pd, ead = self.pd[chosen], self.ead[chosen]
        return Totals(
            round(len(pd) * self.each),
            float(ead.sum()),
            pd_sum=float(pd.sum()) * self.each,
            pd_exposure=float(pd @ ead),
            loss=float(self.loss[chosen].sum()),
            net_loss=float(self.net_loss[chosen].sum()),
            capital=float(self.capital[chosen].sum()),
            margin=float(self.margin[chosen].sum()),
            years=years,
        )


def stands_for(counts: NDArray[np.int64], each: float) -> NDArray[np.int64]:
    """How many customers of the book those in ``counts`` (k,) stand for, ``each`` for so many: whole numbers that add
    up to what all of them stand for."""
    ends = np.rint(counts.cumsum() * each).astype(np.int64)
    found: NDArray[np.int64] = ends - np.append(0, ends[:-1])
    return found


def margin_of_error(values: Array, each: float) -> float:
    """Half the 95 % confidence interval of the sum over an ordered list of which every ``each``-th record was asked
    about and has one of the ``values`` (n,): successive differences of a systematic sample (Wolter 2007, *Introduction
    to Variance Estimation*, estimator v2). Zero where every record was asked about."""
    n = len(values)
    if each == 1 or n < 2:
        return 0.0
    spread = float((np.diff(values) ** 2).sum()) / (2 * (n - 1))
    return NORMAL_95 * each * float(np.sqrt((1 - 1 / each) * n * spread))


def _sum(parts: Sequence[Totals]) -> Totals:
    total = parts[0]
    for each in parts[1:]:
        total = total + each
    return total


NORMAL_95 = 1.959964
