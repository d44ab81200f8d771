"""All records of a large book, asked by whoever wants more than the sample's estimate; how far that is, and a way out.

They are asked in the background: the page answers meanwhile, and a move of a lever, after which nobody wants the answer
any more, cancels it as the button does.
"""

from dataclasses import replace

import streamlit as st

from model.deployed.model import DeployedModel
from model.report.book.whole import BESIDE, ask_label, asking_words, whole_finding
from model.report.briefing import Notice
from model.scoring.parts.whole import WholeRun, engine_by
from model.settings import settings
from model.whatif.book.result import BookResult
from pages.shared import draw
from pages.shared.deployed import keyed

RUN = "_whole_run"  # in the session
LOOKED_AGAIN = 0.5  # seconds after which it is asked how far it is


def draw_whole_book(model: DeployedModel, result: BookResult) -> None:
    """What all records say where they were asked, how far that is, or the button that asks them; nothing where all of
    them answer anyway, or a part of the book is looked at."""
    run = running()
    if run is not None and (run.scenario, run.day) != (result.scenario, result.day):
        give_up()
        run = None
    if not model.book.sampled or model.book.large is None or result.book is not None:
        return
    with st.container(key="whole_book"):
        found = model.whole_answers.known(result.scenario, result.day)
        if found is not None:
            said = whole_finding(result, found)
            draw.item(replace(said, table=None))
            with st.expander(BESIDE):  # folded, so that the charts stay in sight
                draw.body(replace(said, note=""))
        elif run is not None and not run.ended.is_set():
            waiting(model, run)
        else:
            if run is not None and run.error:
                draw.notice(Notice(run.error, "error"))
            label = ask_label(model.contract, model.book.count)
            st.button(label, key="_ask_whole", on_click=ask_whole_book, args=(model, result))


@st.fragment(run_every=LOOKED_AGAIN)
def waiting(model: DeployedModel, run: WholeRun) -> None:
    """How far it is."""
    if run.ended.is_set() or running() is not run:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.progress(min(run.share, 1.0), text=asking_words(model.contract, model.book.count, run.share))
        st.button("Cancel", key="_cancel_whole", on_click=give_up, icon=":material/close:")


def running() -> WholeRun | None:
    """What this visitor asked for last."""
    found: WholeRun | None = st.session_state.get(keyed(RUN))
    return found


def ask_whole_book(model: DeployedModel, result: BookResult) -> None:
    """Callback: all records are asked."""
    st.session_state[keyed(RUN)] = WholeRun.begun(model, result.scenario, result.day, engine_by(settings()))


def give_up() -> None:
    """Callback: nobody waits for all of them any more."""
    run = st.session_state.pop(keyed(RUN), None)
    if run is not None:
        run.cancel()
