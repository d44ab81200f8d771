"""A decision of the stream, opened here: its record as one of one's own, by its application's id in the address, so
that nothing of the record stands there."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from data.errors import WhatIfError
from model.api.process import running
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.monitoring.stream import StreamDecision
from model.report.briefing import Notice
from model.report.stream.briefing import DECISION
from model.report.stream.opened import gone_words, opened_notice
from model.scoring.stream.live_store import find_decision
from model.scoring.stream.opened import OpenedDecision, decided_record, open_decision
from model.settings import settings
from model.whatif.customer.scenario import CUSTOMER, OWN, CustomerScenario
from pages.shared import deployed, visitor
from pages.shared.deployed import keyed
from pages.stream.state import listed_before

OPENED = "_customer_decision"  # in the session: the decision opened last


def read_address(model: DeployedModel, address: Mapping[str, str]) -> tuple[CustomerScenario, list[str]]:
    """The what-if that an address means, and what was wrong with it: one that names a decision means its record."""
    edits = settings().url_state
    identity = address.get(DECISION)
    others = {name: each for name, each in address.items() if identity is None or name not in (DECISION, CUSTOMER, OWN)}
    scenario, complaints = CustomerScenario.from_query(model.book, others, edits)
    if identity is None:
        return scenario, complaints
    try:
        found, why = _find(identity)
        if found is None:
            return scenario, [*complaints, why]
        own = decided_record(model, found).own
    except WhatIfError as error:
        return scenario, [*complaints, str(error)]
    st.session_state[keyed(OPENED)] = found
    return replace(scenario, own=own), complaints


def write_address(scenario: CustomerScenario, query: dict[str, str]) -> dict[str, str]:
    """The address of a what-if: of one about a decision by the id of that."""
    found = standing(scenario)
    if found is None:
        return query
    return {DECISION: found.id} | {name: each for name, each in query.items() if name != OWN}


def standing(scenario: CustomerScenario) -> StreamDecision | None:
    """The decision that a what-if is about; None where it is about somebody else."""
    found: StreamDecision | None = st.session_state.get(keyed(OPENED))
    return found if found is not None and scenario.own == CustomerScenario(own=found.record).own else None


def opened(model: DeployedModel, scenario: CustomerScenario) -> OpenedDecision | None:
    """The decision that a what-if is about, with the model that is asked about it; None for others."""
    found = standing(scenario)
    if found is None:
        return None
    known: OpenedDecision | None = st.session_state.get(keyed(f"{OPENED}_by_{model.id}"))
    if known is None or known.decision is not found:
        known = st.session_state[keyed(f"{OPENED}_by_{model.id}")] = open_decision(desk, model, found)
    return known


def asked_model(model: DeployedModel, scenario: CustomerScenario) -> DeployedModel:
    """Who is asked about a what-if: of a decision the release that made it, else the ``model`` that answers now."""
    found = opened(model, scenario)
    return model if found is None else found.model


def told_of(model: DeployedModel, scenario: CustomerScenario) -> Notice | None:
    """What is to be known of the decision that a what-if is about."""
    found = opened(model, scenario)
    if found is None:
        return None
    return opened_notice(model.contract, found.decision, answers=model.name, now=found.now, trouble=found.trouble)


def _find(identity: str) -> tuple[StreamDecision | None, str]:
    why = visitor.withheld("see calls")
    if why:
        return None, why
    found = listed_before(identity) or find_decision(running().engine, deployed.book(), identity)
    return found, "" if found is not None else gone_words(identity)
