"""What every deployed model answers, wherever it runs: margins, and the reasons for them."""

from dataclasses import dataclass
from typing import Protocol

from data.contract import Contract
from data.formulas import Array
from model.engine.shapley import ShapleyTables
from model.engine.tables import Tables
from model.engine.territory import Territory


class Scorer(Protocol):
    """A deployed model over raw records of shape (fields, n)."""

    @property
    def contract(self) -> Contract:
        """The contract the model was trained under."""

    @property
    def territory(self) -> Territory:
        """What the model has seen."""

    def margins(self, raw: Array) -> Array:
        """Log-odds of default, (n,)."""

    def explain(self, raw: Array) -> tuple[float, Array]:
        """Base value and Shapley values (inputs, n), log-odds."""


@dataclass(frozen=True, eq=False)
class TableScorer:
    """The model as tables, in this process."""

    contract: Contract
    tables: Tables
    shapley: ShapleyTables
    territory: Territory

    def margins(self, raw: Array) -> Array:
        """Log-odds of default, (n,)."""
        return self.tables.margins(self.tables.encode(self.contract.derive(raw)))

    def explain(self, raw: Array) -> tuple[float, Array]:
        """Base value and Shapley values (inputs, n) against the book, log-odds."""
        return self.shapley.base, self.shapley.explain(self.tables.encode(self.contract.derive(raw)))
