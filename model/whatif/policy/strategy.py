"""Where to cut: what a cut-off approves, loses and earns, what another would, and who is swapped.

A customer is approved whose score reaches the cut-off. Cut-offs are whole points, so everything a cut-off decides is a
sum over points: customers of one score always stand on one side of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from data.contract import Contract
from data.errors import BadInput, OutOfRange
from data.formulas import Array
from model.finance import margin
from model.finance.scorecard import whole_points
from model.whatif.book.scenario import Stress, Value
from model.whatif.book.scored import Rows, stands_for
from model.whatif.customer.scenario import CUTOFF_RANGE

Goal = Literal["approval", "bad_rate", "loss", "profit", "volume"]
GOALS: tuple[Goal, ...] = get_args(Goal)
AT_MOST: frozenset[Goal] = frozenset({"bad_rate", "loss"})  # goals that are ceilings; the others are floors
PRICES = ("apr", "funding", "opex", "margin_months")  # the assumptions that a margin is made of


def assumed(contract: Contract) -> tuple[str, ...]:
    """The assumptions that loss and profit depend on, in the contract's order."""
    return tuple(each.name for each in contract.assumptions if each.name in {*contract.exposed_to, *PRICES})


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
            tail(rows.pd) * rows.each,
            tail(bad) * rows.each,
            tail(rows.ead),
            tail(rows.loss),
            tail(rows.net_loss),
            tail(rows.margin),
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

    def seek(self, goal: Goal, target: float) -> "Sought":
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
            return Sought(goal, target, self.at(self.cutoffs[k]), True)
        able = np.flatnonzero(self.customers > 0) if goal == "bad_rate" else np.arange(len(values))
        k = int(able[np.argmin(values[able])] if goal in AT_MOST else able[np.argmax(values[able])])
        return Sought(goal, target, self.at(self.cutoffs[k]), False)


@dataclass(frozen=True)
class Sought:
    """The answer to a goal seek: what the cut-off found would do, and whether that reaches the ``target``."""

    goal: Goal
    target: float
    outcome: Outcome
    reached: bool


# ---- the swap set -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Swapped:
    """Customers of one cell: approved by ``today``, approved by ``other``. Sums as in `Outcome`."""

    today: bool
    other: bool
    customers: int
    bad: float
    observed: float
    volume: float
    loss: float
    net_loss: float
    profit: float


def swap(today: NDArray[np.bool_], other: NDArray[np.bool_], rows: Rows, bad: Array) -> list[Swapped]:
    """The four cells of two policies over the same book: approved by both, by the other alone (swapped in), by today's
    alone (swapped out), by neither. They partition the book."""
    cell = 2 * today.astype(np.int64) + other
    sums: list[Array] = [stands_for(np.bincount(cell, minlength=4), rows.each).astype(np.float64)]
    people = rows.pd * rows.each, bad * rows.each  # each stands for several
    money = rows.ead, rows.loss, rows.net_loss, rows.margin
    sums += [np.bincount(cell, each, 4).astype(np.float64) for each in (*people, *money)]
    order = ((True, True), (False, True), (True, False), (False, False))
    found = []
    for before, after in order:
        k = 2 * before + after
        count, *rest = (float(each[k]) for each in sums)
        found.append(Swapped(before, after, round(count), *rest))
    return found


def swapped(today: NDArray[np.bool_], other: NDArray[np.bool_], cell: tuple[bool, bool]) -> NDArray[np.intp]:
    """The customers of one cell, by position."""
    return np.flatnonzero((today == cell[0]) & (other == cell[1]))


# ---- the frontier -------------------------------------------------------------------------------------------------


def frontier(cost: Array, gain: Array) -> NDArray[np.intp]:
    """The policies that no other beats: none costs less and gains as much, or gains more and costs no more. Positions,
    by rising cost; of equals the first. O(m log m)."""
    order = np.lexsort((-gain, cost))
    kept, most = [], -np.inf
    for k in order:
        if gain[k] > most:
            kept.append(k)
            most = gain[k]
    return np.array(kept, np.intp)


# ---- pricing by risk band -------------------------------------------------------------------------------------------


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
                float(sums["pd"][k]) / n if n else np.nan,
                float(sums["ead"][k]),
                loss,
                float(sums["margin"][k]),
                capital,
                margin.break_even_pd(year, float(at_stake[k]), 12 * years),
                margin.break_even_rate(*each),
                margin.break_even_rate(*each, more=target * capital),
                float(sums["margin"][k]) / years / capital if capital else np.nan,
            )
        )
    return found


def check_cutoff(cutoff: float, low: float, high: float) -> int:
    """A cut-off in whole points; OutOfRange if it is none or outside the range."""
    if not low <= cutoff <= high or cutoff != int(cutoff):
        raise OutOfRange(f"The cut-off must be a whole number from {low:.0f} to {high:.0f}; {cutoff:,.12g} was given.")
    return int(cutoff)


# ---- what a visitor chose -------------------------------------------------------------------------------------------

CUTOFF = "cutoff"
NOTHING = Stress()


@dataclass(frozen=True)
class Policy:
    """A cut-off in whole points, None for today's, and the assumptions under which it is judged."""

    cutoff: int | None = None
    assumed: Stress = NOTHING

    def put(self, contract: Contract, name: str, value: Value | None) -> "Policy":
        """With the cut-off or one assumption set; None, or where it stands anyway, takes it back. Checked.

        Raises
        ------
        OutOfRange, NotEditable
        """
        if name == CUTOFF:
            if value is None:
                return Policy(None, self.assumed)
            cutoff = check_cutoff(_number(value), *CUTOFF_RANGE)
            return Policy(None if cutoff == today(contract) else cutoff, self.assumed)
        contract.assumption(name)
        return Policy(self.cutoff, self.assumed.put(contract, name, value))

    def at(self, contract: Contract) -> int:
        """The cut-off in force."""
        return today(contract) if self.cutoff is None else self.cutoff


def today(contract: Contract) -> int:
    """The contract's cut-off in whole points."""
    return int(np.ceil(contract.score.cutoff))


def _number(value: Value) -> float:
    try:
        return float(value)
    except ValueError:
        raise OutOfRange(f"The cut-off must be a number; {value!r} was given.") from None


def to_query(policy: Policy, shown: bool = True) -> dict[str, str]:
    """The policy as an address carries it; with ``shown`` off, nothing."""
    if not shown:
        return {}
    cutoff = {} if policy.cutoff is None else {CUTOFF: str(policy.cutoff)}
    return cutoff | {name: f"{value:.12g}" for name, value in policy.assumed.values if isinstance(value, float)}


def from_query(contract: Contract, query: Mapping[str, str], shown: bool = True) -> tuple[Policy, list[str]]:
    """The policy that an address carries, and what was wrong with it: a bad value is left out and told."""
    found, complaints = Policy(), list[str]()
    known = {CUTOFF, *(each.name for each in contract.assumptions)}
    for name, text in query.items() if shown else ():
        if name not in known:
            complaints.append(f"{name!r} in the address is nothing that can be set here; it was left out.")
            continue
        try:
            found = found.put(contract, name, text)
        except BadInput as error:
            complaints.append(f"{error} The address was read without it.")
    return found, complaints
