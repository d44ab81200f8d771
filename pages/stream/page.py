"""Decisions as they come: numbers that move once a second, the hour by minute, the latest decisions; held on request.

Three parts move by themselves, each as seldom as it can: the numbers, the list, the charts of minutes that are over.
Nothing else is drawn with them, and all of it keeps its place.
"""

from functools import partial

import streamlit as st

from data.errors import WhatIfError
from model.deployed.model import DeployedModel
from model.report.briefing import Notice
from model.report.stream.briefing import StreamView, decisions_finding, stream_briefing
from pages.shared import deployed, draw, offering, visitor
from pages.shared.taking_along import take_along
from pages.stream import state

NUMBERS, LIST, MINUTES = 1.0, 5.0, 10.0  # seconds between two drawings
LIST_HEIGHT = 318  # pixels, of ten decisions under their heads


def main() -> None:
    visitor.current()
    model = deployed.model()
    offering.about(model.name)
    try:
        begun = state.view(model).begun
    except WhatIfError as error:
        draw.notice(Notice(str(error), "error"))
        return
    with st.container(key="stream"):
        moving("stream_numbers", partial(draw_numbers, model, begun), NUMBERS)
        if begun:
            draw_pause()
            draw_sides(model)
            moving("stream_panels", partial(draw_panels, model), MINUTES)
    take_along("stream")


def draw_sides(model: DeployedModel) -> None:
    """The hour by minute beside the latest decisions; below each other where a window is too narrow for both."""
    with st.container(key="stream_sides"):
        with st.container(key="stream_left"):
            moving("stream_minutes", partial(draw_minutes, model), MINUTES)
        with st.container(key="stream_right"):
            moving("stream_list", partial(draw_list, model), LIST)
            moving("stream_drift", partial(draw_drift, model), MINUTES)


def moving(key: str, draw_part: "partial[None]", every: float) -> None:
    """A part of the page that is drawn anew ``every`` so many seconds; not while it is paused."""
    st.fragment(draw_part, key=key, run_every=None if state.paused() else every)()


def stands_now(model: DeployedModel) -> StreamView | None:
    """What stands there, or why it cannot be read."""
    try:
        return state.view(model)
    except WhatIfError as error:
        draw.notice(Notice(str(error), "error"))
        return None


def draw_numbers(model: DeployedModel, begun: bool) -> None:
    """The sentence and the numbers; an invitation until a first process is heard of, and then the whole page."""
    with deployed.answering(model):
        seen = stands_now(model)
        if seen is None:
            return
        if seen.begun and not begun:
            st.rerun()
        if seen.begun:
            draw.headline(stream_briefing(seen), "wi-live", announced=False)
        else:
            draw.without_numbers(stream_briefing(seen), first=True)


def draw_pause() -> None:
    """What holds the page, and what lets it go on."""
    with st.container(key="stream_act", horizontal=True):
        if state.paused():
            st.button("Go on", key="_stream_go_on", icon=":material/play_arrow:", on_click=state.resume)
        else:
            st.button("Pause", key="_stream_pause", icon=":material/pause:", on_click=state.pause)


def draw_minutes(model: DeployedModel) -> None:
    """The hour by minute."""
    with deployed.answering(model):
        seen = stands_now(model)
        if seen is not None:
            offering.begin_charts("minutes")
            with st.container(key="stream_charts", gap="xsmall"):
                draw.items(stream_briefing(seen).findings[:-1])


def draw_drift(model: DeployedModel) -> None:
    """How far the hour's applications lie from the training."""
    with deployed.answering(model):
        seen = stands_now(model)
        if seen is not None:
            offering.begin_charts("drift")
            draw.items(stream_briefing(seen).findings[-1:])


def draw_list(model: DeployedModel) -> None:
    """The latest decisions, each a way to its record and its reasons."""
    with deployed.answering(model):
        seen = stands_now(model)
        if seen is not None:
            with st.container(key="stream_list", height=LIST_HEIGHT, border=False):
                draw.item(decisions_finding(seen, () if seen.withheld else state.listed(seen.live)))


def draw_panels(model: DeployedModel) -> None:
    """What lies below, each opened by whoever asks for it."""
    with deployed.answering(model):
        seen = stands_now(model)
        if seen is not None:
            said = stream_briefing(seen)
            try:
                draw.draw_panels(said.panels)
            except WhatIfError as error:  # outcomes that cannot be read
                draw.notice(Notice(str(error), "error"))
            draw.draw_method(said)


main()
