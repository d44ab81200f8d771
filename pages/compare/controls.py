"""What is compared: which they are, in which order, under which names and weights; and what can be put beside them."""

import streamlit as st

from data.contract import capitalised
from data.errors import WhatIfError
from data.regulators.presets import presets
from model.api.process import running
from model.deployed.model import DeployedModel
from model.report.comparison.briefing import noun
from model.whatif.book.scenario import PRESET, SEVERITY, BookScenario
from model.whatif.comparison.comparison import MOST, OF, WEIGHT_OF, ComparedScenario, Comparison
from model.whatif.customer.scenario import CUTOFF_RANGE, CustomerScenario
from model.whatif.customer.starting_points import id_range
from model.whatif.policy.scenario import CUTOFF, PolicyScenario, today
from model.whatif.saved import LONGEST_NAME, SUBJECTS, SavedScenario, in_force, read_query
from pages.book import state as book_state
from pages.compare import state
from pages.customer import state as customer_state
from pages.policy import state as policy_state
from pages.shared import deployed
from pages.shared.as_written import literal
from pages.shared.deployed import keyed
from pages.shared.number_field import enter
from pages.shared.page_state import way_back

SAVED, PRESETS, SEVERE = "_compare_kept", "_compare_preset", "_compare_severe"
CUT, NUMBER = "_compare_cut", "_compare_who"


def compare_controls(model: DeployedModel, comparison: Comparison) -> None:
    """Of what, those compared, and what may be added."""
    labels = {each: noun(model.contract, Comparison(each)).capitalize() for each in SUBJECTS}
    st.segmented_control(
        "Compare",
        list(labels),
        format_func=lambda name: literal(labels.get(name, name)),
        key=state.memory.place(OF, comparison.subject),
        on_change=state.memory.touched,
        args=(OF,),
        required=True,
    )
    way_back(state.memory, state.compare_nothing, not comparison.members)
    for number, each in enumerate(comparison.members, 1):
        member(comparison, number, each)
    if len(comparison.members) >= MOST:
        st.caption(f"These are {MOST}, as many as can be compared. Take one out to add another.")
        return
    adding(model, comparison)


def member(comparison: Comparison, number: int, each: ComparedScenario) -> None:
    """One of those compared: its name, its weight, one place up, out."""
    with st.container(key=f"_member_{number}"):
        st.text_input(
            f"Number {number}",
            key=state.memory.place(f"{number}", each.name),
            on_change=state.memory.touched,
            args=(f"{number}",),
            max_chars=LONGEST_NAME,
        )
        row = st.container(horizontal=True, gap="small", vertical_alignment="bottom")
        if comparison.subject == "book":
            name = f"{WEIGHT_OF}{number}"
            enter(state.memory, name, label="Weight (%)", at=each.weight, low=0.0, high=100.0, step=5.0, where=row)
        row.button("Up", on_click=state.move_up, args=(number,), key=f"_up_{number}", disabled=number == 1)
        row.button("Take out", on_click=state.take_out, args=(number,), key=f"_out_{number}")


# ---- what can be added -----------------------------------------------------------------------------------------------


def adding(model: DeployedModel, comparison: Comparison) -> None:
    """What may be put beside them."""
    with st.expander("Add", expanded=not comparison.ready, key="_compare_add"):
        if comparison.subject == "book":
            add_scenario(model)
        elif comparison.subject == "policy":
            add_cutoff(model)
        else:
            add_customer(model)
        add_saved(model, comparison)


def add_scenario(model: DeployedModel) -> None:
    """The book as it stands, as it stands on its page, or under a regulator's scenario."""
    row = st.container(horizontal=True, gap="small")
    row.button("As the book stands", on_click=beside_book, args=(model, BookScenario()))
    present = book_state.memory.known()
    if present is not None and present.values:
        row.button("As on the Book page", on_click=beside_book, args=(model, present))
    titles = {each.name: each.title for each in presets()}
    chosen = st.selectbox("A regulator's scenario", list(titles), format_func=titles.__getitem__, key=keyed(PRESETS))
    severity = st.number_input("Severity (%)", 0.0, 150.0, 100.0, 10.0, key=keyed(SEVERE))
    st.button("Add this scenario", on_click=beside_preset, args=(model, chosen, severity))


def beside_book(model: DeployedModel, scenario: BookScenario) -> None:
    """Callback: a scenario of the book is added."""
    state.put_beside(model.contract, "book", scenario)


def beside_preset(model: DeployedModel, name: str, severity: float) -> None:
    """Callback: a regulator's scenario is added in some severity."""
    scenario = BookScenario().with_value(model.contract, PRESET, name).with_value(model.contract, SEVERITY, severity)
    beside_book(model, scenario)


def add_cutoff(model: DeployedModel) -> None:
    """A cut-off, or the policy as it stands on its page."""
    present = policy_state.memory.known()
    if present is not None:
        st.button("As on the Policy page", on_click=beside_policy, args=(model, present))
    low, high = map(int, CUTOFF_RANGE)
    cutoff = st.number_input("Cut-off (score points)", low, high, today(model.contract), 1, key=keyed(CUT))
    under = PolicyScenario() if present is None else present
    scenario = under.with_value(model.contract, CUTOFF, float(cutoff))
    st.button("Add this cut-off", on_click=beside_policy, args=(model, scenario))


def beside_policy(model: DeployedModel, scenario: PolicyScenario) -> None:
    """Callback: a policy is added."""
    state.put_beside(model.contract, "policy", scenario)


def add_customer(model: DeployedModel) -> None:
    """A customer by number, or as on their page."""
    person = model.contract.book.record
    present = customer_state.memory.known()
    if present is not None and present.chosen:
        st.button(f"As on the {capitalised(person)} page", on_click=beside_customer, args=(model, present))
    low, high = id_range(model.book)
    number = st.number_input(f"{capitalised(person)} number", low, high, low, 1, key=keyed(NUMBER))
    st.button(f"Add this {person}", on_click=beside_customer, args=(model, CustomerScenario(number)))


def beside_customer(model: DeployedModel, scenario: CustomerScenario) -> None:
    """Callback: a customer is added."""
    state.put_beside(model.contract, "customer", scenario)


def add_saved(model: DeployedModel, comparison: Comparison) -> None:
    """One that was saved under a name."""
    try:
        kept = [each for each in running().scenarios.listed(deployed.book()) if each.subject == comparison.subject]
    except WhatIfError as error:
        st.caption(f"Saved ones cannot be listed. {error}")
        return
    if not kept:
        return
    names = {each.id: each.name for each in kept}
    chosen = st.selectbox("A saved one", list(names), format_func=names.__getitem__, key=keyed(SAVED))
    saved = next(each for each in kept if each.id == chosen)
    st.button("Add the saved one", on_click=beside_saved, args=(model, saved))


def beside_saved(model: DeployedModel, saved: SavedScenario) -> None:
    """Callback: a saved scenario is added as it stands now, under its name."""
    try:
        query, _ = in_force(saved, model.book, running().scenarios.find)
    except WhatIfError as error:
        state.memory.tell([f"{error} Nothing was added."])
        return
    scenario, complaints = read_query(saved.subject, model.book, query)
    state.memory.tell(complaints)
    state.put_beside(model.contract, saved.subject, scenario, saved.name)
