"""The line above a page's controls that is asked in words: it shows what it understood before anything changes.

A fragment of its own beside the parts of the page: typing draws the line alone, a lever's move draws it not at all, and
what is applied draws the parts that it changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from data.errors import WhatIfError
from model.deployed.model import DeployedModel
from model.report.ask.completion import Completion
from model.report.ask.reading import AskedChip, AskReading, announced, offers, unread
from pages.shared import widgets
from pages.shared.deployed import keyed
from pages.shared.page_state import Memory
from pages.shared.parts import redraw

FRAGMENT = "ask"
LINE, SHOWN, DONE = "ask", "ask_shown", "ask_done"
PAUSE = "200ms"  # without a key, after which what was typed is read
KEYS = st.components.v2.component(
    "credit_what_if.ask_keys",
    html="<div role='status' aria-live='polite'></div>",
    css="div { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }",
    js=Path(__file__).with_name("ask_line.js").read_text("utf-8"),
)


@dataclass(frozen=True)
class AskLine:
    """The line of one page: the ``memory`` whose value it changes, how a line is ``read`` and how it could go on
    (``complete``), and an ``example`` of one."""

    memory: Memory[Any]
    read: Callable[[DeployedModel, str], AskReading[Any]]
    complete: Callable[[DeployedModel, str], tuple[Completion, ...]]
    example: Callable[[DeployedModel], str]

    def key(self, what: str) -> str:
        """The key of something of this line; it has no point, so that no lever of a book has it."""
        return keyed(f"_{self.memory.page}_{what}")


@st.fragment(key=FRAGMENT)
def ask_line(line: AskLine, model: DeployedModel) -> None:
    """The line, and below it what it was understood as."""
    if st.session_state.pop(line.key(DONE), False):  # here, as a callback that asks for fragments by key sends no value
        st.session_state[line.key(LINE)] = ""
    with st.container(key="ask"):
        widgets.sheet("Levers")
        written = st.text_input(
            "Ask in words",
            type="search",
            key=line.key(LINE),
            placeholder=f"Ask in words, press /  ·  {line.example(model)}",
            label_visibility="collapsed",
            autocomplete="off",
            live=PAUSE,
        )
        reading = read(line, model, written)
        st.session_state[line.key(SHOWN)] = reading.chips
        if written.strip():
            with st.container(key="ask_card"):
                understood(line, model, reading)
        KEYS(
            key="ask_keys",
            data={"line": written, "certain": reading.certain, "aloud": announced(reading)},
            height="content",
        )


def read(line: AskLine, model: DeployedModel, text: str) -> AskReading[Any]:
    """What a text means now; of a model that does not answer, that it does not: the page says it below, too."""
    try:
        return line.read(model, text) if text.strip() else unread(text, line.memory.current())
    except WhatIfError as error:
        return unread(text, line.memory.current(), str(error))


def further(line: AskLine, model: DeployedModel, reading: AskReading[Any]) -> tuple[Completion, ...]:
    """How the line could go on, and what its puzzles could have been."""
    try:
        return offers(reading, line.complete(model, reading.line))
    except WhatIfError:  # told as the reading
        return ()


def understood(line: AskLine, model: DeployedModel, reading: AskReading[Any]) -> None:
    """Every change as a chip, what was not understood, how the line could go on; and the way to apply it."""
    widgets.html(_told(reading))
    offered = further(line, model, reading)
    if offered:
        with st.container(horizontal=True, key="ask_offers", gap="small"):
            for k, each in enumerate(offered):
                label = f"{each.label}  {each.note}".strip()
                st.button(label, key=f"ask_offer_{k}", on_click=_go_on, args=(line, each.line))
    st.button(
        "Apply",
        key="ask_apply",
        type="primary",
        disabled=not reading.chips,
        on_click=_apply,
        args=(line, model),
        help="Enter reads the line; Enter again applies what it was understood as.",
    )


def _told(reading: AskReading[Any]) -> str:
    chips = "".join(_chip(each) for each in reading.chips)
    puzzles = "".join(f"<p><b>{widgets.text(each.said)}</b>{widgets.text(each.told)}</p>" for each in reading.puzzles)
    listed = f"<ul aria-label='Understood'>{chips}</ul>" if chips else ""
    nothing = "<p>Nothing would change: it stands there already.</p>" if not chips and not puzzles else ""
    return f"<div class='wi-asked'>{listed}{puzzles}{nothing}</div>"


def _chip(each: AskedChip) -> str:
    if each.back:
        return f"<li class='wi-taken'>takes back {widgets.text(each.label)}</li>"
    return f"<li>{widgets.text(each.label)}</li>"


def _go_on(line: AskLine, text: str) -> None:
    """Callback: one of the ways to go on was chosen."""
    st.session_state[line.key(LINE)] = text


def _apply(line: AskLine, model: DeployedModel) -> None:
    """Callback: do what is shown. Where what the line means has changed since, as a lever was moved, it is shown anew
    instead."""
    reading = read(line, model, st.session_state[line.key(LINE)])
    if reading.chips != st.session_state.get(line.key(SHOWN)):
        return
    line.memory.change(reading.after)
    st.session_state[line.key(DONE)] = True
    redraw(FRAGMENT)
