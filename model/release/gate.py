"""One gate between a fitted model and its promotion: a threshold, a figure, a verdict."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import isnan
from typing import Literal

from data.json_types import JsonObject

Kind = Literal[
    "contract",
    "performance",
    "champion",
    "later",
    "stability",
    "leakage",
    "monotone",
    "fairness",
    "parity",
    "speed",
    "size",
    "trust",
    "lock",
]
PairedOn = Literal["crossed", "later", "unseen", "outcomes"]
"""On which records a candidate is held against the champion; ``outcomes``: those of a stream."""


BY_CHANCE = "No better than chance"  # how the note of a model that tells nothing begins


@dataclass(frozen=True)
class Gate:
    """One check. ``bound`` is what ``figure`` may be at most, or at least when ``at_least``. Where it does not, the
    release is not promoted, unless the gate does not stop: then it is told only. ``note`` says what was measured."""

    name: str
    label: str
    figure: float
    bound: float
    at_least: bool = False
    kind: Kind = "performance"
    stops: bool = True
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether the figure keeps the bound; NaN never does."""
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    @property
    def verdict(self) -> str:
        """In a word: passed, watch (failed, but stops nothing), or failed."""
        if self.passed:
            return "passed"
        return "failed" if self.stops else "watch"

    def as_dict(self) -> JsonObject:
        """For the report; a figure that could not be measured is None."""
        figure = None if isnan(self.figure) else self.figure
        return {**asdict(self), "figure": figure, "passed": self.passed, "verdict": self.verdict}


def told(gate: Gate) -> str:
    """Label, figure and bound of a gate in a report, in words."""
    sign = "at least" if gate.at_least else "at most"
    figure = "not known" if isnan(gate.figure) else f"{gate.figure:.4g}"
    return f"{gate.label}: {figure}, {sign} {gate.bound:.4g} is asked"


def ranks_by_chance(gates: Iterable[Gate]) -> bool:
    """Whether the gates of a report say that its model ranks no better than chance does."""
    return any(gate.name == "auc" and not gate.passed and BY_CHANCE in gate.note for gate in gates)
