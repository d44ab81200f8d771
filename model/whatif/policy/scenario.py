"""What is changed on the policy page: cut-off and prices."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from data.contract import Contract
from data.errors import BadInput, OutOfRange
from model.whatif.book.scenario import NOTHING, UNDER, BookScenario, Value, parts
from model.whatif.customer.scenario import CUTOFF_RANGE

PRICES = ("apr", "funding", "opex", "margin_months")  # the assumptions that a margin is made of


def assumed(contract: Contract) -> tuple[str, ...]:
    """The assumptions that loss and profit depend on, in the contract's order."""
    return tuple(each.name for each in contract.assumptions if each.name in {*contract.exposed_to, *PRICES})


def check_cutoff(cutoff: float, low: float, high: float) -> int:
    """A cut-off in whole points; OutOfRange if it is none or outside the range."""
    if not low <= cutoff <= high or cutoff != int(cutoff):
        raise OutOfRange(f"The cut-off must be a whole number from {low:.0f} to {high:.0f}; {cutoff:,.12g} was given.")
    return int(cutoff)


CUTOFF = "cutoff"


@dataclass(frozen=True)
class PolicyScenario:
    """A cut-off in whole points, None for today's, and the assumptions under which it is judged: those ``assumed`` here
    stand on top of the book's scenario that it is asked ``under``."""

    cutoff: int | None = None
    assumed: BookScenario = NOTHING
    under: BookScenario = NOTHING

    def with_value(self, contract: Contract, name: str, value: Value | None) -> "PolicyScenario":
        """With the cut-off or one assumption set; None, or where it stands anyway, takes it back. Checked.

        Raises
        ------
        OutOfRange, NotEditable
        """
        if name == CUTOFF:
            if value is None:
                return replace(self, cutoff=None)
            cutoff = check_cutoff(_number(value), *CUTOFF_RANGE)
            return replace(self, cutoff=None if cutoff == today(contract) else cutoff)
        contract.assumption(name)
        return replace(self, assumed=self._assumed(contract, name, value))

    def _assumed(self, contract: Contract, name: str, value: Value | None) -> BookScenario:
        """What is assumed here with one assumption set: kept where it is not where the book's scenario has it."""
        own = dict(self.assumed.values)
        own.pop(name, None)
        if value is not None:
            checked = NOTHING.with_value(contract, name, value).number(contract, name)
            if checked != self.under.number(contract, name):
                own[name] = checked
        return BookScenario(tuple((each.name, own[each.name]) for each in contract.assumptions if each.name in own))

    def asked_under(self, contract: Contract, under: BookScenario) -> "PolicyScenario":
        """The same under another scenario of the book; what is assumed here stays on top."""
        moved = PolicyScenario(self.cutoff, under=under.carried())
        for name, value in self.assumed.values:
            moved = moved.with_value(contract, name, value)
        return moved

    def stress(self, contract: Contract) -> BookScenario:
        """All that is assumed of the book: its scenario with what is assumed here on top."""
        found = dict(self.under.values) | dict(self.assumed.values)
        return BookScenario(tuple((name, found[name]) for name in parts(contract) if name in found))

    def at(self, contract: Contract) -> int:
        """The cut-off in force."""
        return today(contract) if self.cutoff is None else self.cutoff

    def to_query(self, shown: bool = True) -> dict[str, str]:
        """The scenario as an address carries it; with ``shown`` off, nothing."""
        if not shown:
            return {}
        cutoff = {} if self.cutoff is None else {CUTOFF: str(self.cutoff)}
        own = {name: f"{value:.15g}" for name, value in self.assumed.values if isinstance(value, float)}
        return cutoff | own | self.under.under_query()

    @classmethod
    def from_query(
        cls, contract: Contract, query: Mapping[str, str], shown: bool = True
    ) -> "tuple[PolicyScenario, list[str]]":
        """The policy that an address carries, and what was wrong with it: a bad value is left out and told."""
        under, complaints = BookScenario.from_under(contract, query) if shown else (NOTHING, list[str]())
        found = cls(under=under)
        known = {CUTOFF, *(each.name for each in contract.assumptions)}
        for name, text in query.items() if shown else ():
            if name.startswith(UNDER):
                continue
            if name not in known:
                complaints.append(f"{name!r} in the address is nothing that can be set here; it was left out.")
                continue
            try:
                found = found.with_value(contract, name, text)
            except BadInput as error:
                complaints.append(f"{error} The address was read without it.")
        return found, complaints


def today(contract: Contract) -> int:
    """The contract's cut-off in whole points."""
    return int(np.ceil(contract.score.cutoff))


def _number(value: Value) -> float:
    try:
        return float(value)
    except ValueError:
        raise OutOfRange(f"The cut-off must be a number; {value!r} was given.") from None
