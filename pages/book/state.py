"""What one visitor assumes about the whole book: a `BookScenario`; see `pages.shared.page_state`."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import streamlit as st

from data.contract import Contract
from model.deployed.model import DeployedModel
from model.report.book import words as book_words
from model.settings import settings
from model.whatif.book.scenario import LIMIT, METHOD, NUDGE, POINT, SEVERITY, UNTIL, BookScenario, Value
from model.whatif.book.tornado import moved
from model.whatif.book.view import WITHIN, BookView
from pages.shared.deployed import keyed
from pages.shared.page_state import Memory

VIEW = "_book_within"  # in the session


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
    along = (SEVERITY, POINT, METHOD, *(NUDGE + each.name for each in contract.economy))
    gone = [book_words.chip(contract, before, each) for each in lost if each not in along]
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


def within() -> str:
    """The band that the page speaks of, named as in "limit_band:2"; "" for the whole book."""
    return str(st.session_state.get(keyed(VIEW), ""))


def look_into(band: str) -> None:
    """Have the page speak of one band, of "" of the whole book."""
    st.session_state[keyed(VIEW)] = band


def _read(model: DeployedModel, address: Mapping[str, str]) -> tuple[BookScenario, list[str]]:
    """What an address assumes; of whom it speaks goes to the session."""
    view, rest, complaints = BookView.from_query(model.contract, address if settings().url_state else {})
    look_into(view.band)
    scenario, others = BookScenario.from_query(model.contract, rest, settings().url_state)
    return scenario, [*complaints, *others]


def _write(scenario: BookScenario) -> dict[str, str]:
    """The address of a scenario, and of whom the page speaks."""
    view = BookView(within()).to_query() if settings().url_state else {}
    return scenario.to_query(settings().url_state) | view


def reset_book() -> None:
    """The book exactly as it is."""
    memory.change(BookScenario())


def take_back(contract: Contract, name: str) -> None:
    """One part back to where it stands by itself."""
    memory.change(memory.current().with_value(contract, name, None))


def take_up(contract: Contract, name: str, value: Value) -> None:
    """Callback: what a panel leads to: a band to look into, or a lever put where a goal was found to be reached."""
    if name == WITHIN:
        look_into(str(value))
        return
    memory.change(moved(contract, memory.current(), name, float(value)))


def begin_with(contract: Contract, name: str, value: Value) -> None:
    """Callback: one thing is assumed, on which the visitor wants to go on."""
    memory.change(memory.current().with_value(contract, name, value))


memory = Memory[BookScenario](
    "book",
    _read,
    _write,
    _moved,
)
