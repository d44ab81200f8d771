"""What one visitor compares: a `Comparison`; see `pages.shared.page_state`."""

from typing import Any

from data.contract import Contract
from data.errors import WhatIfError
from model.deployed.model import DeployedModel
from model.report.comparison.briefing import name_of_member
from model.settings import settings
from model.whatif.comparison.comparison import OF, WEIGHT_OF, Comparison
from model.whatif.saved import SUBJECTS, Scenario, Subject
from pages.shared.page_state import Memory


def _moved(model: DeployedModel, name: str, value: Any) -> Comparison:
    comparison = memory.current()
    if name == OF:
        return Comparison(next(each for each in SUBJECTS if each == value))
    if name.startswith(WEIGHT_OF):
        return comparison.weighted(int(name.removeprefix(WEIGHT_OF)), float(value or 0))
    return comparison.renamed(int(name), str(value))


def put_beside(contract: Contract, subject: Subject, scenario: Scenario, name: str = "") -> None:
    """Put a scenario beside the others that are compared; before a first one the same without any change. What cannot
    be is told."""
    comparison = memory.known() or Comparison(subject)
    if comparison.subject != subject:
        comparison = Comparison(subject)
    try:
        plain = comparison.beginning(scenario)
        if plain is not None:
            comparison = comparison.with_member(name_of_member(contract, plain), plain)
        comparison = comparison.with_member(name or name_of_member(contract, scenario), scenario)
    except WhatIfError as error:
        memory.tell([f"{error} Nothing was added."])
    memory.put(comparison)


def take_out(number: int) -> None:
    """Callback: one of them goes."""
    memory.change(memory.current().without(number))


def move_up(number: int) -> None:
    """Callback: one of them goes before its neighbour."""
    memory.change(memory.current().earlier(number))


def compare_nothing() -> None:
    """Begin anew with the same subject."""
    memory.change(Comparison(memory.current().subject))


memory = Memory[Comparison](
    "compare",
    lambda model, address: Comparison.from_query(model.book, address, settings().url_state),
    lambda comparison: comparison.to_query(settings().url_state),
    _moved,
)
