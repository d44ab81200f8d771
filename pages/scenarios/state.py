"""Which saved scenario a visitor has opened, and what came of what they did with it."""

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
from model.whatif.saved import SavedScenario
from pages.shared import deployed
from pages.shared.deployed import keyed

CHOSEN, ARCHIVED, TOLD, CONFLICT = "scenario", "_archived", "_scenario_told", "_scenario_conflict"


def chosen() -> str:
    """The id of the scenario that is open, "" for none."""
    return str(st.session_state.get(keyed("_scenario_open"), ""))


def open_scenario(identity: str) -> None:
    """Callback: have another scenario open; "" for none."""
    st.session_state[keyed("_scenario_open")] = identity


def arrive() -> None:
    """Take the scenario from the address where that names another than the page has open."""
    given = st.query_params.get(CHOSEN, "")
    if given and given != st.session_state.get(keyed("_scenario_address")):
        open_scenario(given)
    st.session_state[keyed("_scenario_address")] = given


def write_address() -> None:
    """Mirror what is open in the address."""
    address = deployed.address() | ({CHOSEN: chosen()} if chosen() else {})
    if address != dict(st.query_params):
        st.query_params.from_dict(address)
    st.session_state[keyed("_scenario_address")] = chosen()


def known(model: DeployedModel) -> KnownScenarios:
    """The scenarios of the book looked at, and the one that is open."""
    archived = bool(st.session_state.get(keyed(ARCHIVED)))
    return known_scenarios(desk, model, running().scenarios, chosen=chosen(), day=date.today(), archived=archived)


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
