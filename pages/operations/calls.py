"""Recent calls, and any of them done again."""

from dataclasses import replace
from functools import cache

import streamlit as st

from data.errors import WhatIfError
from model.api import status
from model.monitoring.live import Call
from model.report.briefing import Notice
from model.report.operations.briefing import OperationsSources, call_choice, calls_panel, chosen_call, done_again
from model.report.operations.status import RecentCalls
from model.security.people import may
from model.settings import settings
from pages.shared import deployed, draw, visitor, widgets
from pages.shared.page_state import handed_key


@st.fragment
def calls_section(sources: OperationsSources) -> None:
    """What was asked lately, and any of it done again."""
    known = cache(sources.calls)  # asked for once, for the list and for what can be chosen
    asked = replace(sources, calls=known, withheld=visitor.withheld("see calls"))
    draw.items(calls_panel(asked).make({}))
    if not asked.withheld and known().calls and may(visitor.current(), "replay"):
        replay_again(known())


def replay_again(found: RecentCalls) -> None:
    """One call done again by the release that answered it."""
    widgets.findings("Do a call again with the release that answered it")
    with st.container(horizontal=True, key="again", vertical_alignment="bottom"):
        chosen = chosen_call(found, str(draw.draw_choice(call_choice(found))))
        pressed = st.button("Replay", key="_replay", icon=":material/replay:")
    open_again(chosen)
    if not pressed:
        return
    try:
        release, replayed = status.done_again(chosen, settings())
    except WhatIfError as error:
        draw.notice(Notice(str(error), "warning"))
        return
    draw.notice(done_again(release, replayed.same, replayed.words))


def open_again(call: Call) -> None:
    """The way to a what-if on its page, by a link; where addresses carry no edits, it is handed over."""
    try:
        link = status.recorded_what_if(call, settings())
    except WhatIfError as error:
        draw.notice(Notice(str(error), "warning"))
        return
    if link is None:
        return
    if settings().url_state:
        draw.linked(st.container(), link)
    elif link.query["book"] == deployed.book() and st.button(link.label, key="_open_call"):
        st.session_state[handed_key(link.subject)] = dict(link.query)
        st.switch_page(draw.SCRIPTS[link.subject])
