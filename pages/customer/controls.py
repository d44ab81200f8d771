"""What can be changed on the customer page: who is looked at, the levers, the assumptions; and each change taken
back."""

import math
from collections.abc import Callable
from functools import partial
from typing import Protocol

import streamlit as st

from data.contract import Assumption, Contract, Lever, capitalised
from data.errors import WhatIfError
from model.deployed.model import DeployedModel
from model.report import language, numbers
from model.report.ask.customer import customer_line
from model.report.customer import words
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CUTOFF, CUTOFF_RANGE, CustomerScenario
from model.whatif.customer.starting_points import id_range
from model.whatif.ranges import LeverRange, book_range, lever_range
from pages.customer import state
from pages.shared import carried, deployed, parts, widgets
from pages.shared.as_written import literal
from pages.shared.comparing import compare_button
from pages.shared.deployed import keyed
from pages.shared.number_field import enter, lever
from pages.shared.page_state import change_chips, place, way_back
from pages.shared.parts import redrawn

CUTOFFS = LeverRange(*CUTOFF_RANGE, step=1)
FIND, START, ASSUMPTIONS = "_find", "_start", "_assumptions"
RANDOM, OWN_RECORD = "random", "your own"


# ---- finding a customer ---------------------------------------------------------------------------------------------


def find_customer(model: DeployedModel) -> None:
    """A customer by number, by what the model says of them, at random, or one's own."""
    person = model.contract.book.record
    low, high = id_range(model.book)
    place(keyed(FIND), state.memory.current().customer)
    st.number_input(
        f"{capitalised(person)} number",
        low,
        high,
        key=keyed(FIND),
        value=None,
        step=1,
        placeholder=f"{low:,} to {high:,}",
        on_change=customer_typed,
    )
    st.pills(
        "Or start from",
        [*model.personas, RANDOM, OWN_RECORD],
        format_func=literal,
        key=place(keyed(START), None),
        on_change=started,
        args=(model,),
        label_visibility="collapsed",
        wrap=True,
    )


def customer_typed() -> None:
    """Callback: a number was typed."""
    redrawn(state.choose_record, st.session_state[keyed(FIND)])


def started(model: DeployedModel) -> None:
    """Callback: a starting point was chosen; the control is free again for the next once it is drawn."""
    name = st.session_state[keyed(START)]
    if name == OWN_RECORD:
        redrawn(state.choose_record, None, model.typical or (None,) * len(model.contract.record))
    elif name is not None:
        redrawn(state.choose_record, model.random_customer() if name == RANDOM else model.personas[name])


# ---- what can be changed --------------------------------------------------------------------------------------------


class Answered(Protocol):
    """What the model answered, if it did."""

    @property
    def result(self) -> CustomerResult | None:
        """The result; None while nobody is chosen, or the record cannot be."""


def customer_controls(model: DeployedModel, answer: Callable[[], Answered]) -> None:
    """Who is looked at; levers, as far as there is a result to move; undo and reset; assumptions: each a part of the
    page by itself."""
    parts.part("find", partial(find_customer, model), find_shown)
    for each in model.contract.levers:
        lever_part(model, each, answer)
    parts.part("head", partial(customer_buttons, model, answer), customer_buttons_shown)
    parts.part("folded", partial(assumptions, model), customer_folded_shown)


def find_shown() -> object:
    """What decides how the ways to find a customer look."""
    return state.memory.current().customer, st.session_state.get(keyed(START))


def lever_part(model: DeployedModel, each: Lever, answer: Callable[[], Answered]) -> None:
    """One lever that is drawn by itself; nothing while there is no result to move."""
    foreign = model.deployed.foreign

    def draw() -> None:
        with deployed.answering(model):
            result = answer().result
            if result is not None:
                draw_lever(result, each, foreign)

    def shown() -> object:
        try:
            result = answer().result
        except WhatIfError as error:  # told where the answer would stand
            return str(error)
        if result is None:
            return None
        at = result.positions[each.name]
        return str(at.now), at.nothing, at.place, words.lever_text(result.contract, each, at, foreign)

    parts.part(f"lever {each.name}", draw, shown)


def customer_buttons(model: DeployedModel, answer: Callable[[], Answered]) -> None:
    """Undo, reset, the link to this very what-if, the ways to put it beside others and under the book's scenario."""
    scenario = state.memory.current()
    if scenario.chosen or state.memory.can_undo():
        in_words = partial(customer_line, model.contract, scenario)
        row = way_back(state.memory, state.reset_customer, untouched=not scenario.changed, in_words=in_words)
        if answer().result is not None:
            compare_button(row, model.contract, "customer", scenario)
        carried.switch(state.memory, model.contract, scenario.under)


def customer_buttons_shown() -> object:
    """What decides how they look; with a record of one's own, all of it: it may be none yet."""
    scenario = state.memory.current()
    told = state.memory.shown_by_buttons(), scenario.chosen, scenario.changed, scenario.under
    return *told, scenario if scenario.own else scenario.customer


def customer_folded_shown() -> object:
    """What decides how the assumptions look: nothing while they are closed."""
    scenario = state.memory.current()
    return scenario.chosen, scenario if st.session_state.get(ASSUMPTIONS) else None


def ranges(contract: Contract) -> dict[str, LeverRange]:
    """Where each lever and assumption can be put, by the key of its slider."""
    found = {each.name: lever_range(contract, each) for each in contract.levers}
    found |= {each.name: assumption_range(each) for each in contract.assumptions if each.name in contract.exposed_to}
    return {state.memory.key(name): each for name, each in (found | {CUTOFF: CUTOFFS}).items()}


def assumption_range(each: Assumption) -> LeverRange:
    """Where an assumption can be put, in the unit that its controls show."""
    return book_range(each, 0.01 if each.unit == "%" else 1.0)


def draw_lever(result: CustomerResult, each: Lever, foreign: bool) -> None:
    """One lever, only a field while it stands nowhere; and where the customer now stands in the book by it."""
    at = result.positions[each.name]
    said, label = words.lever_text(result.contract, each, at, foreign), language.unit_label(each.label, each.unit)
    if math.isnan(at.now):
        within = lever_range(result.contract, each)
        label, ends = language.ranged_label(each.label, each.unit, within), (within.low, within.high, within.step)
        placeholder = at.nothing or "enter"
        enter(state.memory, each.name, label, None, *ends, value=None, help=said.help, placeholder=placeholder)
    else:
        lever(
            state.memory,
            each.name,
            label=label,
            told=said.label,
            within=lever_range(result.contract, each),
            value=at.now,
            in_words=lambda value: numbers.lever_value(value, each.unit),
            help=said.help,
        )
    widgets.place_in_book(widgets.Place(each.name, each.label, at.place, said.here, said.direction))


def assumptions(model: DeployedModel) -> None:
    """What the data do not hold: whatever the exposure and the loss on it depend on, and the cut-off."""
    if not state.memory.current().chosen:
        return
    panel = st.expander("Assumptions", key=ASSUMPTIONS, on_change="rerun")
    if not panel.open:
        return
    contract = model.contract
    with panel:
        for each in contract.assumptions:
            if each.name in contract.exposed_to:
                assumption_lever(model, each.name, each.label, each.unit, within=assumption_range(each), help=each.help)
        assumption_lever(model, CUTOFF, "Cut-off", "score points", within=CUTOFFS, help=words.cutoff_help(contract))
        st.caption(contract.book.decision_note)


def assumption_lever(model: DeployedModel, name: str, label: str, unit: str, within: LeverRange, help: str) -> None:
    """One assumption, as a lever."""
    at = state.assumption_shown(model, name)
    lever(
        state.memory,
        name,
        label=f"{label} ({unit})",
        told=f"{label} · {numbers.exactly(at)}{numbers.NBSP}{unit}",
        within=within,
        value=at,
        help=help,
    )


def taken_back(model: DeployedModel, scenario: CustomerScenario) -> None:
    """Every edit as a chip; a click takes that one back."""
    change_chips(state.memory, words.change_chips(model.contract, scenario), partial(take_back_edit, model))


def take_back_edit(model: DeployedModel, name: str) -> None:
    """Callback: one edit is taken back."""
    scenario = state.memory.current()
    assumed = name in dict(scenario.assumptions)
    state.memory.change((scenario.assumed if assumed else scenario.edited)(model.contract, name, None))
