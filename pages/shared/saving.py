"""A what-if kept under a name from the page it stands on, beside undo, reset and link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from data.errors import WhatIfError
from model.api.process import running
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.deployed.saved import base_query, measured, numbers_of_both, opened
from model.errors import RemoteError
from model.record.scenarios import SavedMeanwhile
from model.report.scenarios.words import both_results, changed_since, elsewhere_words, open_words, saved_words
from model.whatif.saved import MADE_WITH, SUBJECTS, OpenedScenario, SavedScenario, read_query
from pages.shared import deployed, visitor
from pages.shared.deployed import BOOK, keyed
from pages.shared.parts import redraw
from pages.shared.widgets import complain, html, text

if TYPE_CHECKING:
    from pages.shared.page_state import Memory

NAME, NOTE, TAGS, BASE = "name", "note", "tags", "base"


def save_control(row: DeltaGenerator, memory: Memory[Any]) -> None:
    """Name, note and tags under which the what-if is kept; what is behind the button is drawn once it is pressed."""
    control = row.popover("Save", key=f"_{memory.page}_save", on_change="rerun")
    if control.open:
        with control:
            save_form(memory)


def save_form(memory: Memory[Any]) -> None:
    """The form, or why there is none for whoever is looking."""
    why = visitor.withheld("save scenarios")
    if why:
        st.caption(why)
        return
    known = memory.saved()
    try:
        others = {each.id: each.name for each in _others(memory, known)}
    except WhatIfError as error:
        complain(str(error))
        return
    with st.form(_key(memory, "form"), border=False):
        st.text_input("Name", key=_at(memory, NAME, known.name if known else ""))
        st.text_input("Note", key=_at(memory, NOTE, known.note if known else ""))
        st.text_input("Tags, parted by commas", key=_at(memory, TAGS, ", ".join(known.tags) if known else ""))
        base = _at(memory, BASE, known.stands_on if known and known.stands_on in others else "")
        st.selectbox("Stands on", ["", *others], format_func=lambda each: others.get(each, "nothing"), key=base)
        st.form_submit_button("Save", on_click=save, args=(memory,), icon=":material/save:")
    done = st.session_state.pop(_key(memory, "done"), "")
    trouble = st.session_state.pop(_key(memory, "trouble"), "")
    if trouble:
        complain(trouble)
    if done:
        st.success(done, icon=":material/check:")
    conflict = st.session_state.get(_key(memory, "conflict"))
    if conflict is not None:
        complain(str(conflict))
        label = f"Overwrite version {conflict.theirs.version}"
        st.button(label, key=_key(memory, "overwrite"), on_click=save, args=(memory, conflict.theirs.version))


def save(memory: Memory[Any], overwrite: int = 0) -> None:
    """Callback: keep what is assumed: under the name of the scenario that is open as its next version, under another
    one as a new scenario."""
    name, note, tags, base = (st.session_state.get(_key(memory, each)) or "" for each in (NAME, NOTE, TAGS, BASE))
    known, who = memory.saved(), visitor.current()
    st.session_state.pop(_key(memory, "conflict"), None)

    def keep() -> SavedScenario:
        model, scenarios = deployed.model(), running().scenarios
        same = known is not None and known.name == name.strip()
        subject = next(each for each in SUBJECTS if each == memory.page)
        draft = known if known is not None and same else SavedScenario(name, deployed.book(), subject, (), who.name)
        draft = replace(draft, note=note, tags=tuple(filter(None, map(str.strip, tags.split(",")))))
        below = base_query(model, scenarios.find, base)
        new = measured(model, draft, memory.current().to_query(), date.today(), below)
        return scenarios.save(replace(new, stands_on=base, follows=draft.follows), who, overwrite=overwrite)

    _attempt(memory, keep)
    redraw()


def draw_open(memory: Memory[Any]) -> None:
    """Which saved scenario is open, and whether it was changed here since."""
    known = memory.saved()
    if known is not None:
        told = open_words(known, changed_here(memory, known))
        html(f"<p class='wi-open'>{text(told)}</p>")


def changed_here(memory: Memory[Any], known: SavedScenario) -> bool:
    """Whether a page assumes something else than the saved scenario that is open on it."""
    return bool(memory.current().to_query() != dict(known.query))


def opened_from(model: DeployedModel, page: str, identity: str) -> tuple[OpenedScenario | None, str]:
    """The scenario that an address names, looked at again; or why it cannot be opened on this page."""
    find = running().scenarios.find
    try:
        known = find(identity)
        if (known.book, known.subject) != (model.contract.book.name, page):
            return None, elsewhere_words(model.contract, known)
        return opened(desk, model, known, day=date.today(), find=find), ""
    except RemoteError:
        raise
    except WhatIfError as error:
        return None, f"{error} The address was read without it."


def assumed_by(model: DeployedModel, found: OpenedScenario) -> tuple[Any, list[str]]:
    """What an opened scenario assumes now, for the page it is opened on."""
    return read_query(found.scenario.subject, model.book, dict(found.query))


def meant_by(model: DeployedModel, page: str, query: Mapping[str, str]) -> tuple[Any, list[str]]:
    """What a query that was handed over means on a page, whatever addresses may carry."""
    subject = next(each for each in SUBJECTS if each == page)
    return read_query(
        subject, model.book, {name: each for name, each in query.items() if name not in (BOOK, MADE_WITH)}
    )


def changed_words(model: DeployedModel, found: OpenedScenario) -> list[str]:
    """What whoever opens a scenario must know."""
    return changed_since(model.contract, found)


def both_words(model: DeployedModel, page: str, before: str, query: Mapping[str, str]) -> str:
    """The main number of a what-if by the release that answered it before, named by its id or the beginning of it, and
    by the one that answers now; "" where there is no such release here to ask, or nothing was asked of it."""
    subject = next((each for each in SUBJECTS if each == page), None)
    if subject is None:
        return ""
    found = numbers_of_both(desk, model, subject, before=before, query=query, day=date.today())
    return "" if found is None else both_results(model.contract, subject, *found)


def _attempt(memory: Memory[Any], keep: Callable[[], SavedScenario]) -> None:
    try:
        kept = keep()
    except SavedMeanwhile as error:
        st.session_state[_key(memory, "conflict")] = error
    except WhatIfError as error:
        st.session_state[_key(memory, "trouble")] = f"{error} Nothing was saved."
    else:
        memory.open_saved(kept)
        st.session_state[_key(memory, "done")] = saved_words(kept)


def _others(memory: Memory[Any], known: SavedScenario | None) -> list[SavedScenario]:
    listed = running().scenarios.listed(deployed.book())
    return [each for each in listed if each.subject == memory.page and (known is None or each.id != known.id)]


def _key(memory: Memory[Any], what: str) -> str:
    return keyed(f"_{memory.page}_save_{what}")


def _at(memory: Memory[Any], what: str, value: str) -> str:
    """The key of a field, which begins with what the open scenario says."""
    key, known = _key(memory, what), memory.saved()
    begun = _key(memory, f"{what}_of")
    at = (known.id, known.version) if known else ("", 0)
    if key not in st.session_state or st.session_state.get(begun) != at:
        st.session_state[key], st.session_state[begun] = value, at
    return key
