"""One gate between a fitted model and its promotion: a threshold, a figure, a verdict."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal[
    "contract", "performance", "champion", "later", "stability", "leakage", "monotone", "fairness", "parity", "speed",
    "size", "trust", "lock",
]  # fmt: skip


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
        return "passed" if self.passed else "failed" if self.stops else "watch"

    @property
    def told(self) -> str:
        """Label, figure and bound in words."""
        sign = "at least" if self.at_least else "at most"
        return f"{self.label}: {self.figure:.4g}, {sign} {self.bound:.4g} is asked"

    def as_dict(self) -> dict[str, Any]:
        """For the report."""
        return {**asdict(self), "passed": self.passed, "verdict": self.verdict}


def in_the_way(gates: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The gates of a report that keep its release from being promoted."""
    return [gate for gate in gates if not gate["passed"] and gate["stops"]]
