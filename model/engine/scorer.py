"""What every deployed model answers, wherever it runs: margins, and the reasons for them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from data.arrays import Array
from data.contract import Contract
from model.engine.shapley import ShapleyTables
from model.engine.tables import Tables
from model.engine.territory import Territory


@dataclass(frozen=True, eq=False)
class Reasons:
    """Shapley values of some records: base + Σ values = margin, in log-odds.

    ``parts`` names what the values (parts, n) belong to: the contract's inputs, or its concepts, not ``by_input``,
    where a model elsewhere could only be asked about those. ``background`` says what they are measured from. ``error``
    is the standard error of the values (parts, n), zero where they are exact; ``asked`` how many records the model was
    asked about for them.
    """

    parts: tuple[str, ...]
    base: float
    values: Array
    background: str
    error: Array
    asked: int = 0
    by_input: bool = True


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

    def reasons(self, raw: Array) -> Reasons:
        """Why each record has its margin."""


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

    def reasons(self, raw: Array) -> Reasons:
        """Why each record has its margin: exact, by input."""
        base, values = self.explain(raw)
        parts = tuple(each.name for each in self.contract.inputs)
        return Reasons(parts, base, values=values, background=self.shapley.background, error=np.zeros_like(values))
