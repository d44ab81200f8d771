"""Which columns say how much would be lost, and in what currency."""

from dataclasses import dataclass

import numpy as np

from data.arrays import Array
from data.proposing.roles import ProposedColumn

NO_CURRENCY = "¤"


@dataclass(frozen=True, eq=False)
class Money:
    """The currency, and which columns say how much would be lost: a limit and the balance drawn on it, or ``found``."""

    currency: str
    why: str
    found: ProposedColumn | None
    limit: ProposedColumn | None
    balance: ProposedColumn | None

    def counts(self, column: ProposedColumn) -> bool:
        """Whether a column is part of what is owed."""
        return column in (self.found, self.limit, self.balance)

    def formulas(self) -> tuple[str, str, str]:
        """Balance, exposure at default, and why."""
        if self.limit is not None and self.balance is not None:
            balance, limit = _filled(self.balance), _filled(self.limit)
            ead = f"{balance} + ccf * max({limit} - {balance}, 0)"
            return balance, ead, f"{self.balance.given} is drawn on {self.limit.given}, by their names"
        if self.found is not None:
            return _filled(self.found), _filled(self.found), f"{self.found.given} is what is owed, by its name"
        return "1", "1", "units unknown: no column speaks of an amount, so each record counts 1"

    def exposures(self, n: int) -> Array:
        """What the formulas come to for ``n`` records, the conversion factor standing at one half."""
        if self.limit is not None and self.balance is not None:
            drawn, line = _amounts(self.balance), _amounts(self.limit)
            return drawn + 0.5 * np.maximum(line - drawn, 0)
        return _amounts(self.found) if self.found is not None else np.ones(n)

    def typical(self) -> float:
        """The median exposure."""
        return float(np.median(self.exposures(1)))


def _filled(column: ProposedColumn) -> str:
    """What a column counts for in a formula: nothing below 0, the middle where there is no value."""
    if not column.reasons:
        return f"max({column.name}, 0)"
    return f"where({column.name} >= 0, {column.name}, where({column.name} < 0, 0, {_middle(column)!r}))"


def _amounts(column: ProposedColumn) -> Array:
    return np.maximum(np.where(np.isnan(column.usual), _middle(column), column.usual), 0)


def _middle(column: ProposedColumn) -> float:
    return float(f"{np.median(column.ordinary):.6g}")
