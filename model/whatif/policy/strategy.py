"""Where to cut: what a cut-off approves, loses and earns, what another would, and who is swapped.

A customer is approved whose score reaches the cut-off. Cut-offs are whole points, so everything a cut-off decides is a
sum over points: customers of one score always stand on one side of it.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from model.finance.scorecard import whole_points
from model.whatif.book.totals import Rows
from model.whatif.goals import proposed_goal

Goal = Literal["approval", "bad_rate", "loss", "profit", "volume"]
GOALS: tuple[Goal, ...] = get_args(Goal)
AT_MOST: frozenset[Goal] = frozenset({"bad_rate", "loss"})  # goals that are ceilings; the others are floors


@dataclass(frozen=True)
class Outcome:
    """What one cut-off approves: ``customers`` of ``of``; ``bad`` expected, ``observed`` actual number who miss it;
    ``volume`` (exposure), ``loss``, ``net_loss`` (the bank's own share of it) and ``profit`` (margin after the net
    loss) in the book's currency."""

    cutoff: int
    of: int
    customers: int
    bad: float
    observed: float
    volume: float
    loss: float
    net_loss: float
    profit: float

    @property
    def approval(self) -> float:
        """Share of customers approved, a fraction."""
        return self.customers / self.of if self.of else np.nan

    @property
    def bad_rate(self) -> float:
        """Expected share of the approved who miss the payment; 0 where nobody is approved."""
        return self.bad / self.customers if self.customers else 0.0

    @property
    def observed_rate(self) -> float:
        """Observed share of the approved who missed the payment; 0 where nobody is approved."""
        return self.observed / self.customers if self.customers else 0.0

    def goal(self, name: Goal) -> float:
        """One measure by name."""
        return float(getattr(self, name))


@dataclass(frozen=True, eq=False)
class Strategy:
    """Every cut-off at once, the lowest first: ``cutoffs`` (m,) whole points, from one that approves everybody to one
    that approves nobody; the sums of `Outcome` over those approved, (m,)."""

    cutoffs: NDArray[np.int64]
    customers: NDArray[np.int64]
    bad: Array
    observed: Array
    volume: Array
    loss: Array
    net_loss: Array
    profit: Array

    @classmethod
    def of(cls, scores: Array, rows: Rows, bad: Array) -> "Strategy":
        """From each customer's score, money and observed outcome, all (n,)."""
        points = whole_points(scores)
        low, high = (int(points.min()), int(points.max())) if len(points) else (0, -1)
        place, count = points - low, high - low + 1

        def tail(weights: Array | None) -> Array:
            summed = np.bincount(place, weights, count)[::-1].cumsum()[::-1]
            return np.append(summed, 0)

        return cls(
            np.arange(low, high + 2),
            np.rint(tail(None) * rows.each).astype(np.int64),
            bad=tail(rows.pd) * rows.each,
            observed=tail(bad) * rows.each,
            volume=tail(rows.ead),
            loss=tail(rows.loss),
            net_loss=tail(rows.net_loss),
            profit=tail(rows.margin),
        )

    def _place(self, cutoff: float) -> int:
        return int(np.clip(np.ceil(cutoff) - self.cutoffs[0], 0, len(self.cutoffs) - 1))

    def at(self, cutoff: float) -> Outcome:
        """What a cut-off approves."""
        k = self._place(cutoff)
        names = ("bad", "observed", "volume", "loss", "net_loss", "profit")
        sums = (float(getattr(self, name)[k]) for name in names)
        return Outcome(round(cutoff), int(self.customers[0]), int(self.customers[k]), *sums)

    @cached_property
    def curves(self) -> dict[Goal, Array]:
        """Each goal along the cut-offs, (m,)."""
        of, customers = max(int(self.customers[0]), 1), self.customers
        rate = np.where(customers > 0, self.bad / np.maximum(customers, 1), 0.0)
        return {
            "approval": customers / of,
            "bad_rate": rate,
            "loss": self.loss,
            "profit": self.profit,
            "volume": self.volume,
        }

    @cached_property
    def best(self) -> int:
        """The cut-off that earns most; of several, the one that approves most."""
        return int(self.cutoffs[np.argmax(self.profit)])

    def proposed(self, goal: Goal, cutoff: int) -> float:
        """A round goal that is a little better than what a ``cutoff`` does, where any cut-off does better."""
        values = self.curves[goal][self.customers > 0] if self.customers[0] else self.curves[goal]
        ends = float(values.min()), float(values.max())
        return proposed_goal(self.at(cutoff).goal(goal), at_most=goal in AT_MOST, low=ends[0], high=ends[1])

    def seek(self, goal: Goal, target: float) -> "PolicyGoal":
        """The cut-off that reaches a goal.

        Of the cut-offs on the right side of ``target`` the one that approves most, or, where the goal asks for much to
        be approved (approval, volume), the strictest. If none is, the one that comes nearest.
        """
        values = self.curves[goal]
        meets = values <= target if goal in AT_MOST else values >= target
        if goal == "bad_rate":
            meets &= self.customers > 0  # to approve nobody is no way to keep a rate low
        if meets.any():
            reached = np.flatnonzero(meets)
            k = int(reached[-1] if goal in ("approval", "volume") else reached[0])
            return PolicyGoal(goal, target, self.at(self.cutoffs[k]), True)
        able = np.flatnonzero(self.customers > 0) if goal == "bad_rate" else np.arange(len(values))
        k = int(able[np.argmin(values[able])] if goal in AT_MOST else able[np.argmax(values[able])])
        return PolicyGoal(goal, target, self.at(self.cutoffs[k]), False)


@dataclass(frozen=True)
class PolicyGoal:
    """The answer to a goal seek: what the cut-off found would do, and whether that reaches the ``target``."""

    goal: Goal
    target: float
    outcome: Outcome
    reached: bool


# ---- the swap set -------------------------------------------------------------------------------------------------


# ---- the frontier -------------------------------------------------------------------------------------------------


# ---- pricing by risk band -------------------------------------------------------------------------------------------


# ---- what a visitor chose -------------------------------------------------------------------------------------------
