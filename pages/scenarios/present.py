"""Saved scenarios one after the other, in large type; arrow keys turn, Escape leaves."""

from datetime import date

import streamlit as st

from model.api.process import running
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.deployed.saved import looked_at
from model.report.scenarios.briefing import KnownScenarios, assumed_slide, scenarios_briefing
from pages.shared import draw, widgets
from pages.shared.deployed import keyed

PRESENT, SLIDE = "_present_scenarios", "_scenario_slide"


def presenting() -> bool:
    """Whether scenarios are presented."""
    return bool(st.session_state.get(PRESENT))


def button(known: KnownScenarios) -> None:
    """The way to present what is listed."""
    st.button(
        "Present",
        key="_present_all",
        on_click=start,
        args=(known,),
        shortcut="p",
        icon=":material/slideshow:",
        disabled=not known.scenarios,
    )


def start(known: KnownScenarios) -> None:
    """Callback: large type, no controls, from the scenario that is open on."""
    st.session_state[PRESENT], st.session_state[keyed(SLIDE)] = True, known.first_slide


def leave() -> None:
    """Callback: back to the controls."""
    st.session_state[PRESENT] = False


def turn(by: int) -> None:
    """Callback: the next scenario, or the one before."""
    st.session_state[keyed(SLIDE)] = st.session_state.get(keyed(SLIDE), 0) + by


def presentation(model: DeployedModel, known: KnownScenarios) -> None:
    """One scenario: its sentence, its numbers, what it assumes; which of how many it is."""
    shown = known.slide(st.session_state.get(keyed(SLIDE), 0))
    found = looked_at(desk, model, running().scenarios, known=known, chosen=shown.id, day=date.today())
    said = scenarios_briefing(found)
    with widgets.whole_page():
        draw.notices(said)
        draw.headline(said, "wi-six wi-short")
        draw.item(assumed_slide(found))
        row = st.container(horizontal=True, key="slides", gap="small")
        row.button("Back", on_click=turn, args=(-1,), shortcut="Left")
        row.text(known.place_of(shown))
        row.button("Next", on_click=turn, args=(1,), shortcut="Right")
        row.button("Leave", on_click=leave, shortcut="Escape")
