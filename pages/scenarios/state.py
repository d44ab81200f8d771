"""Which saved scenarios a visitor looks for, which they have opened, and what came of what they did with it."""

from collections.abc import Callable
from datetime import date

import streamlit as st

from data.errors import WhatIfError
from model.api.process import running
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.deployed.saved import known_scenarios
from model.record.scenarios import SavedMeanwhile
from model.report.briefing import Notice
from model.report.scenarios.briefing import KnownScenarios
from model.settings import settings
from model.whatif.saved import MADE_WITH, SavedScenario
from model.whatif.scenario_filter import NOT_FILTERED, PARTS, ScenarioFilter
from pages.shared import deployed
from pages.shared.deployed import BOOK, keyed
from pages.shared.page_state import place

CHOSEN, ASKED, TOLD, CONFLICT = "scenario", "_scenarios_asked", "_scenario_told", "_scenario_conflict"


def chosen() -> str:
    """The id of the scenario that is open, "" for none."""
    return str(st.session_state.get(keyed("_scenario_open"), ""))


def open_scenario(identity: str) -> None:
    """Callback: have another scenario open; "" for none."""
    st.session_state[keyed("_scenario_open")] = identity


def asked() -> ScenarioFilter:
    """Which scenarios are looked for."""
    found: ScenarioFilter = st.session_state.get(keyed(ASKED), NOT_FILTERED)
    return found


def ask_for(wanted: ScenarioFilter) -> None:
    """Have others looked for."""
    st.session_state[keyed(ASKED)] = wanted


def place_part(part: str) -> str:
    """Put the field of a part of what is looked for where that has it; returns its key."""
    return place(_field(part), getattr(asked(), part))


def touched() -> None:
    """Callback: a field was changed; what cannot be looked for is refused and told."""
    fields = {part: str(st.session_state.get(_field(part)) or "") for part in PARTS}
    wanted, complaints = ScenarioFilter.from_query(fields)
    ask_for(wanted)
    for each in complaints:
        tell(Notice(each, "warning"))


def _field(part: str) -> str:
    return keyed(f"_scenarios_{part}")


def arrive() -> None:
    """Take what is looked for and what is open from the address where that says another than the page has."""
    given = {name: value for name, value in st.query_params.items() if name not in (BOOK, MADE_WITH)}
    if given and given != st.session_state.get(keyed("_scenario_address")):
        open_scenario(given.pop(CHOSEN, ""))
        wanted, complaints = ScenarioFilter.from_query(given)
        ask_for(wanted)
        for each in complaints:
            tell(Notice(each, "warning"))


def write_address() -> None:
    """Mirror what is looked for and what is open in the address; where edits stay out of it, what is open alone."""
    sought = asked().to_query() if settings().url_state else {}
    own = sought | ({CHOSEN: chosen()} if chosen() else {})
    address = deployed.address() | own
    if address != dict(st.query_params):
        st.query_params.from_dict(address)
    st.session_state[keyed("_scenario_address")] = own


def known(model: DeployedModel) -> KnownScenarios:
    """The scenarios of the book looked at, those that are looked for, and the one that is open."""
    return known_scenarios(desk, model, running().scenarios, chosen=chosen(), day=date.today(), asked=asked())


def attempt(work: Callable[[], SavedScenario], told: str) -> None:
    """Do what somebody asked for; what comes of it is told at the next drawing. What is saved is open from then on."""
    st.session_state.pop(keyed(CONFLICT), None)
    try:
        kept = work()
    except SavedMeanwhile as error:
        st.session_state[keyed(CONFLICT)] = error
    except WhatIfError as error:
        tell(Notice(f"{error} Nothing was changed.", "warning"))
    else:
        open_scenario(kept.id)
        tell(Notice(told, "success"))


def tell(message: Notice) -> None:
    """Have the visitor told at the next drawing."""
    st.session_state.setdefault(keyed(TOLD), []).append(message)


def messages() -> list[Notice]:
    """What the visitor must be told, once."""
    found: list[Notice] = st.session_state.pop(keyed(TOLD), [])
    return found


def conflict() -> SavedMeanwhile | None:
    """That somebody else had saved a scenario first, until something else is done."""
    found: SavedMeanwhile | None = st.session_state.get(keyed(CONFLICT))
    return found
