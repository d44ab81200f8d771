"""What one visitor assumes about the whole book: a `BookScenario`; see `pages.shared.page_state`."""

from datetime import date
from typing import Any

from data.contract import Contract
from model.deployed.model import DeployedModel
from model.report.book import words as book_words
from model.settings import settings
from model.whatif.book.scenario import LIMIT, METHOD, POINT, SEVERITY, UNTIL, BookScenario, Value
from model.whatif.book.tornado import moved
from pages.shared.page_state import Memory


def widget_scale(contract: Contract, name: str) -> float:
    """How many of a part's own units one of its widget's is: fractions are entered in percent, amounts in millions."""
    if name in {each.name for each in contract.assumptions}:
        return 0.01 if contract.assumption(name).unit == "%" else 1.0
    limited = next((each.measure for each in contract.appetite if LIMIT + each.measure == name), None)
    return 1.0 if limited is None else book_words.entered(contract, limited)[0]


def _moved(model: DeployedModel, name: str, value: Any) -> BookScenario:
    contract = model.contract
    told: Value | None = value
    if isinstance(value, date):
        told = value.isoformat()
    elif isinstance(value, int | float):
        told = round(float(value) * widget_scale(contract, name), 12)
    before = memory.current()
    after = before.with_value(contract, name, told)
    lost = [each for each, _ in before.values if each != name and each not in dict(after.values)]
    gone = [book_words.chip(contract, before, each) for each in lost if each not in (SEVERITY, POINT, METHOD)]
    if gone:
        memory.tell([f"Taken back, as the two exclude each other: {', '.join(gone)}. Undo brings it back."])
    return after


def shown_value(contract: Contract, name: str) -> float:
    """Where a part stands, in the unit its widget shows."""
    return memory.current().number(contract, name) / widget_scale(contract, name)


def text_at(contract: Contract, name: str) -> str:
    """The key of a text's or a choice's widget, put where the scenario has it."""
    return memory.place(name, memory.current().get(contract, name))


def day_at(contract: Contract) -> str:
    """The key of the overlay's expiry, put where the scenario has it."""
    text = str(memory.current().get(contract, UNTIL))
    return memory.place(UNTIL, date.fromisoformat(text) if text else None)


def reset_book() -> None:
    """The book exactly as it is."""
    memory.change(BookScenario())


def take_back(contract: Contract, name: str) -> None:
    """One part back to where it stands by itself."""
    memory.change(memory.current().with_value(contract, name, None))


def put_lever(contract: Contract, name: str, value: Value) -> None:
    """Callback: a lever put where the model was found to reach a goal."""
    memory.change(moved(contract, memory.current(), name, float(value)))


def begin_with(contract: Contract, name: str, value: Value) -> None:
    """Callback: one thing is assumed, on which the visitor wants to go on."""
    memory.change(memory.current().with_value(contract, name, value))


memory = Memory[BookScenario](
    "book",
    lambda model, address: BookScenario.from_query(model.contract, address, settings().url_state),
    lambda scenario: scenario.to_query(settings().url_state),
    _moved,
)
