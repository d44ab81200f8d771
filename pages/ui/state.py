"""The what-if of one visitor: one `Scenario` in the session, mirrored in the address and in the widgets.

A widget's key is the name of the lever, field or assumption it moves, the same as in the address. Callbacks only
note which widget was touched; the next run turns that into a new, checked scenario. So whatever moved it (a widget,
an undo, a link, the browser's back button), the scenario is the one truth and the widgets follow it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from data.errors import WhatIfError
from model.serving.client import EmbeddedModel
from model.settings import settings
from model.whatif.scenario import Scenario, apply, base_record, from_query, to_query
from model.whatif.sensitivity import position

_SCENARIO, _PAST, _TOUCHED, _TOLD, _ADDRESS = "_scenario", "_past", "_touched", "_told", "_address"
OWN_PREFIX = "own_"
MOST_UNDO = 50


def restore(model: EmbeddedModel) -> None:
    """Take the scenario from the address on a first run, and whenever the address was changed from outside."""
    address = dict(st.query_params)
    known = st.session_state.get(_ADDRESS)
    if _SCENARIO in st.session_state and (address == known or not address):
        return
    scenario, complaints = from_query(model.book, address, settings().url_state)
    if _SCENARIO in st.session_state:
        _past().append(current())
    st.session_state[_SCENARIO] = scenario
    st.session_state[_ADDRESS] = address
    _tell(complaints)


def current() -> Scenario:
    """The visitor's scenario."""
    found: Scenario = st.session_state[_SCENARIO]
    return found


def change(scenario: Scenario) -> None:
    """Go to another scenario; the one left can be come back to."""
    if scenario == current():
        return
    past = _past()
    past.append(current())
    del past[:-MOST_UNDO]
    st.session_state[_SCENARIO] = scenario


def undo() -> None:
    """Back to the scenario before."""
    if _past():
        st.session_state[_SCENARIO] = _past().pop()


def can_undo() -> bool:
    """Whether there is a scenario before."""
    return bool(_past())


def reset() -> None:
    """The customer exactly as in the book, under the contract's assumptions."""
    change(replace(current(), edits=(), assumptions=()))


def choose(customer: int | None = None, own: tuple[float | None, ...] = ()) -> None:
    """Look at another customer, or at a record typed by hand; assumptions stay."""
    change(Scenario(customer, own, (), current().assumptions))


def touched(name: str) -> None:
    """Callback: a widget was moved."""
    st.session_state[_TOUCHED] = name


def settle(model: EmbeddedModel) -> None:
    """Turn the widget that was touched into the new scenario; what cannot be is refused and told."""
    name = st.session_state.pop(_TOUCHED, None)
    if name is None:
        return
    try:
        change(_moved(model, name, st.session_state.get(name)))
    except WhatIfError as error:
        _tell([f"{error} Nothing was changed."])


def _moved(model: EmbeddedModel, name: str, value: Any) -> Scenario:
    contract, scenario = model.contract, current()
    if name.startswith(OWN_PREFIX):
        own = list(scenario.own)
        own[contract.row[name.removeprefix(OWN_PREFIX)]] = None if value is None else float(value)
        typed = replace(scenario, own=tuple(own))
        if typed.chosen:
            base_record(model.book, typed)  # complete now: check it as a whole
        return typed
    if name in scenario.values(contract):
        return scenario.assumed(contract, name, None if value is None else value * _scale(model, name))
    if value is None:
        return scenario.edited(contract, name, None)
    base = base_record(model.book, scenario)
    start = position(model.scorer, base, dict(scenario.edited(contract, name, None).edits), name)
    moved = scenario.edited(contract, name, None if value == start else float(value))
    apply(contract, base, moved.edits)
    return moved


def _scale(model: EmbeddedModel, name: str) -> float:
    """Assumptions that are fractions are shown and entered in percent."""
    return 0.01 if any(each.name == name and each.unit == "%" for each in model.contract.assumptions) else 1.0


def place(name: str, value: float | int | None) -> str:
    """Put a widget where the scenario has it, before it is drawn; returns its key."""
    if name not in st.session_state or st.session_state[name] != value:
        st.session_state[name] = value
    return name


def assumption_shown(model: EmbeddedModel, name: str) -> float:
    """An assumption in the unit its widget shows."""
    return round(current().values(model.contract)[name] / _scale(model, name), 6)


def write_address() -> None:
    """Mirror the scenario in the address, so that it can be bookmarked, shared and reloaded."""
    address = to_query(current(), settings().url_state)
    if address != dict(st.query_params):
        st.query_params.from_dict(address)
    st.session_state[_ADDRESS] = address


def link() -> str:
    """The address that opens this very what-if."""
    here = (st.context.url or "").split("?")[0].rstrip("/")
    return f"{here}/?{urlencode(to_query(current(), settings().url_state), safe=',')}"


def told() -> list[str]:
    """What the visitor must be told once."""
    found: list[str] = st.session_state.pop(_TOLD, [])
    return found


def _tell(messages: Sequence[str]) -> None:
    if messages:
        st.session_state[_TOLD] = [*st.session_state.get(_TOLD, []), *messages]


def _past() -> list[Scenario]:
    found: list[Scenario] = st.session_state.setdefault(_PAST, [])
    return found
