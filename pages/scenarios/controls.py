"""What can be done with a saved scenario: opened on its page, edited, cloned, archived, handed over and reviewed."""

from dataclasses import replace
from datetime import date
from functools import partial

import streamlit as st

from data.contract import capitalised
from model.api.process import running
from model.deployed.model import DeployedModel
from model.deployed.saved import measured_anew, rebased
from model.report.briefing import Link
from model.report.scenarios.briefing import KnownScenarios, choices_label
from model.report.scenarios.words import OPEN, STATE_CHOICES, subject_word
from model.security.people import may
from model.whatif.saved import SAVED, SavedScenario, read_query
from pages.scenarios import state
from pages.shared import deployed, draw, visitor, widgets
from pages.shared.comparing import compare_button
from pages.shared.deployed import keyed
from pages.shared.page_state import place

NAME, OWNER, NOTE, TAGS, BASE, FROZEN, COPY, WORD = (
    f"_scenario_{each}" for each in ("name", "owner", "note", "tags", "base", "frozen", "copy", "word")
)


def look_for(known: KnownScenarios) -> None:
    """Which scenarios are listed: by words in them, by state, owner and tag."""
    st.text_input("Search", key=state.place_part("text"), on_change=state.touched, placeholder="name, note, owner, tag")
    row = st.container(horizontal=True, gap="small")
    choices = {"state": tuple(STATE_CHOICES), "owner": ("", *known.owners), "tag": ("", *known.tags)}
    for part, found in choices.items():
        chosen = getattr(known.asked, part)
        row.selectbox(
            capitalised(part),
            found if chosen in found else (*found, chosen),
            format_func=partial(_choice_label, part),
            key=state.place_part(part),
            on_change=state.touched,
            width="stretch",
        )


def _choice_label(part: str, choice: str) -> str:
    return STATE_CHOICES[choice] if part == "state" else choice or "any"


def choose(known: KnownScenarios) -> None:
    """One scenario by its name."""
    labels = {each.id: choices_label(known.contract, each) for each in known.scenarios}
    if known.opened is not None:
        labels.setdefault(known.opened.scenario.id, choices_label(known.contract, known.opened.scenario))
    key = place(keyed("_scenario"), state.chosen() if state.chosen() in labels else "")
    st.selectbox(
        "Scenario",
        ["", *labels],
        format_func=lambda each: labels.get(each, "none: list them"),
        key=key,
        on_change=lambda: state.open_scenario(str(st.session_state[key])),
    )


def actions(model: DeployedModel, known: KnownScenarios) -> None:
    """What whoever looks may do with the scenario that is open."""
    if known.opened is None:
        return
    scenario = known.opened.scenario
    where = subject_word(known.contract, scenario.subject)
    draw.linked(st.container(), Link(OPEN.format(where), scenario.subject, {SAVED: scenario.id}))
    assumed, _ = read_query(scenario.subject, model.book, dict(known.opened.query))
    compare_button(st.container(), known.contract, scenario.subject, assumed, name=scenario.name)
    why = visitor.withheld("save scenarios")
    if why:
        st.caption(why)
        return
    with st.container(horizontal=True, gap="small", key="scenario_actions"):
        if scenario.editable:
            edit(known, scenario)
        clone(scenario)
        sign_off(scenario)
        archive(scenario)
    conflict = state.conflict()
    if conflict is not None:
        widgets.complain(str(conflict))
        label = f"Overwrite version {conflict.theirs.version}"
        st.button(label, key="_scenario_overwrite", on_click=save_edit, args=(conflict.theirs, conflict.theirs.version))


def edit(known: KnownScenarios, scenario: SavedScenario) -> None:
    """Name, owner, note, tags, and what it stands on."""
    panel = st.popover("Edit", icon=":material/edit:", key="_scenario_edit", on_change="rerun")
    if not panel.open:
        return
    others = {
        each.id: each.name for each in known.kept if each.subject == scenario.subject and each.state != "archived"
    }
    others.pop(scenario.id, None)
    if scenario.stands_on and known.opened is not None:
        others |= {each.id: each.name for each in known.opened.below[:1]}
    begin(scenario)
    with panel, st.form("_scenario_form", border=False):
        st.text_input("Name", key=keyed(NAME))
        st.text_input("Owner", key=keyed(OWNER))
        st.text_area("Note", key=keyed(NOTE), height=80)
        st.text_input("Tags, parted by commas", key=keyed(TAGS))
        st.selectbox("Stands on", ["", *others], format_func=lambda each: others.get(each, "nothing"), key=keyed(BASE))
        st.toggle("Frozen: keeps what it assumes, whatever becomes of what it stands on", key=keyed(FROZEN))
        st.form_submit_button("Save", on_click=save_edit, args=(scenario,), icon=":material/save:")


def begin(scenario: SavedScenario) -> None:
    """Put the fields where the version that is open has them, once."""
    at, begun = (scenario.id, scenario.version), keyed("_scenario_begun")
    if keyed(NAME) in st.session_state and (st.session_state.get(begun) == at or state.conflict() is not None):
        return  # what was typed stays while it waits for a decision
    fields = {
        NAME: scenario.name,
        OWNER: scenario.owner,
        NOTE: scenario.note,
        TAGS: ", ".join(scenario.tags),
        BASE: scenario.stands_on,
        FROZEN: not scenario.follows,
    }
    for name, value in fields.items():
        st.session_state[keyed(name)] = value
    st.session_state[begun] = at


def save_edit(scenario: SavedScenario, overwrite: int = 0) -> None:
    """Callback: keep what the fields say as the next version of the one that was open."""
    name, owner, note, tags, base = (
        str(st.session_state.get(keyed(each)) or "") for each in (NAME, OWNER, NOTE, TAGS, BASE)
    )
    follows, who = not st.session_state.get(keyed(FROZEN)), visitor.current()

    def work() -> SavedScenario:
        scenarios = running().scenarios
        listed = tuple(filter(None, map(str.strip, tags.split(","))))
        changed = replace(scenario, name=name.strip(), owner=owner.strip(), note=note, tags=listed)
        if (base, follows) != (scenario.stands_on, scenario.follows):
            day, find = date.today(), scenarios.find
            changed = rebased(deployed.model(), changed, stands_on=base, follows=follows, day=day, find=find)
        return scenarios.save(changed, who, overwrite=overwrite)

    state.attempt(work, "Saved.")


def clone(scenario: SavedScenario) -> None:
    """A copy under another name."""
    panel = st.popover("Clone", icon=":material/content_copy:", key="_scenario_clone", on_change="rerun")
    if panel.open:
        with panel, st.form("_clone_form", border=False):
            st.text_input("Name of the copy", key=keyed(COPY))
            st.form_submit_button("Clone", on_click=save_copy, args=(scenario.id,))


def save_copy(identity: str) -> None:
    """Callback: keep a copy."""
    name, who = str(st.session_state.get(keyed(COPY)) or ""), visitor.current()
    state.attempt(lambda: running().scenarios.clone(identity, name.strip(), who), "Cloned; the copy is open.")


def archive(scenario: SavedScenario) -> None:
    """Out of the list, or back into it."""
    if scenario.state == "archived":
        st.button("Restore", key="_scenario_restore", icon=":material/unarchive:", on_click=put_back, args=(scenario,))
    else:
        st.button("Archive", key="_scenario_archive", icon=":material/archive:", on_click=put_away, args=(scenario,))


def put_away(scenario: SavedScenario) -> None:
    """Callback: archive."""
    who = visitor.current()
    state.attempt(
        lambda: running().scenarios.archive(scenario.id, scenario.version, who), "Archived. Restore it any time."
    )


def put_back(scenario: SavedScenario) -> None:
    """Callback: restore."""
    who = visitor.current()
    state.attempt(lambda: running().scenarios.restore(scenario.id, who), "Back in the list.")


def sign_off(scenario: SavedScenario) -> None:
    """Handed over by its owner; approved or sent back by somebody else."""
    if scenario.state == "draft":
        st.button(
            "Submit for review", key="_scenario_submit", icon=":material/send:", on_click=hand_over, args=(scenario,)
        )
        return
    if scenario.state != "submitted" or not may(visitor.current(), "review scenarios"):
        return
    panel = st.popover("Review", icon=":material/rate_review:", key="_scenario_review", on_change="rerun")
    if panel.open:
        with panel, st.form("_review_form", border=False):
            st.text_area("A word on why", key=keyed(WORD), height=80)
            with st.container(horizontal=True, gap="small"):
                st.form_submit_button("Approve", on_click=review, args=(scenario, True))
                st.form_submit_button("Send back", on_click=review, args=(scenario, False))


def hand_over(scenario: SavedScenario) -> None:
    """Callback: submit it with its numbers of now."""
    who = visitor.current()

    def work() -> SavedScenario:
        scenarios = running().scenarios
        return scenarios.submit(measured_anew(deployed.model(), scenario, date.today(), scenarios.find), who)

    state.attempt(work, "Submitted: somebody who had no hand in it can review it now.")


def review(scenario: SavedScenario, approve: bool) -> None:
    """Callback: approve it, or send it back."""
    who, word = visitor.current(), str(st.session_state.get(keyed(WORD)) or "")
    told = "Approved: it is frozen with its numbers and its model." if approve else "Sent back to its owner."
    scenarios = running().scenarios
    state.attempt(lambda: scenarios.review(scenario.id, scenario.version, person=who, approve=approve, word=word), told)
