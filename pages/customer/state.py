"""The what-if of one visitor about one customer: a `CustomerScenario`; see `pages.shared.page_state`."""

from dataclasses import replace
from datetime import date
from typing import Any

from data.contract import Contract
from model.deployed.model import DeployedModel
from model.report.numbers import MOST_DECIMALS
from model.settings import settings
from model.whatif.book.scenario import NOTHING, UNDER, BookScenario
from model.whatif.customer.scenario import MISSING, CustomerScenario, apply, base_record
from model.whatif.customer.sensitivity import position
from model.whatif.customer.stressed import standing_record
from pages.customer import decision
from pages.shared import carried
from pages.shared.page_state import Memory

OWN_PREFIX = "own."  # no field has a point in its name
SAID_MISSING, A_VALUE = "missing", "value"  # chosen in place of a code, or of why there is no value


def reset_customer() -> None:
    """The customer exactly as in the book, under the contract's assumptions and no scenario."""
    memory.change(replace(memory.current(), edits=(), assumptions=(), under=NOTHING))


def choose_record(customer: int | None = None, own: tuple[float | None, ...] = ()) -> None:
    """Look at another customer, or at a record typed by hand; assumptions stay, and the book's scenario."""
    memory.change(replace(memory.current(), customer=customer, own=own, edits=()))


def asked_under(contract: Contract, under: BookScenario) -> CustomerScenario:
    """The same under a scenario of the book; assumptions of one's own stay on top."""
    return memory.current().asked_under(contract, under)


def begin_with(_name: str, customer: float | str) -> None:
    """Callback: a customer that one can start from was chosen."""
    choose_record(customer=int(customer))


def _moved(model: DeployedModel, name: str, value: Any) -> CustomerScenario:
    contract, scenario = model.contract, memory.current()
    if name == UNDER:
        return asked_under(contract, carried.of_book() if value else NOTHING)
    if name.startswith(OWN_PREFIX):
        own = list(scenario.own)
        own[contract.row[name.removeprefix(OWN_PREFIX)]] = _typed(value)
        typed = replace(scenario, own=tuple(own))
        if typed.chosen:
            base_record(model.book, typed)  # complete now: check it as a whole
        return typed
    if name in scenario.values(contract):
        return scenario.assumed(contract, name, None if value is None else round(value * _scale(model, name), 12))
    if value is None or value == A_VALUE:
        return scenario.edited(contract, name, None)
    value = float(value)  # a special code is chosen as a text
    base = standing_record(model.local_scorer, model.book, scenario, date.today())
    start = position(model.local_scorer, base, dict(scenario.edited(contract, name, None).edits), name)
    there = value in (start, round(start, MOST_DECIMALS))  # a control shows no more decimals
    moved = scenario.edited(contract, name, None if there else float(value))
    apply(contract, base, moved.edits)
    return moved


def _typed(value: Any) -> float | None:
    """What a field of one's own record is taken for: empty, a number, or said to be missing, by its tick or its
    choice."""
    if value is None or value is False or value == A_VALUE:
        return None
    return MISSING if value is True or value == SAID_MISSING else float(value)


def _scale(model: DeployedModel, name: str) -> float:
    """Assumptions that are fractions are shown and entered in percent."""
    return 0.01 if any(each.name == name and each.unit == "%" for each in model.contract.assumptions) else 1.0


def assumption_shown(model: DeployedModel, name: str) -> float:
    """An assumption in the unit its widget shows."""
    return memory.current().values(model.contract)[name] / _scale(model, name)


memory = Memory[CustomerScenario](
    "customer",
    decision.read_address,
    lambda scenario: scenario.to_query(settings().url_state),
    _moved,
    shortened=decision.write_address,
)
