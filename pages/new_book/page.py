"""A new book, made of a file without code: file and outcome, questions and columns, a first model."""

from pathlib import Path

import streamlit as st

from data.errors import WhatIfError
from model.release.begun import BegunBook
from model.report.briefing import Notice
from model.report.new_book.briefing import STEPS
from pages.new_book import columns_step, file_step, model_step, state
from pages.shared import draw, offering, visitor, widgets
from pages.shared.as_written import strangers

LOOK = Path(__file__).with_name("new_book.css")


def main() -> None:
    visitor.current()
    offering.about()
    widgets.look_of_page(LOOK)
    if not visitor.allow("propose books"):
        return
    told = state.told_once()
    if told.trouble:
        widgets.complain(told.trouble)
        with strangers():  # and where somebody has scrolled away from it
            st.toast(told.trouble, icon=":material/warning:")
    if told.done:
        st.success(told.done, icon=":material/check:")
    widgets.entitle("New book · Credit What-If")
    with st.container(key="new_book"):
        try:
            name = state.draft_name()
            if not name:
                file_step.beginning()
                return
            found = state.taken_up(name)
            draw_steps(found)
            draw_step(found)
        except WhatIfError as error:
            draw.notice(Notice(str(error), "error"))
            st.button("All books in the making", on_click=state.go, args=("",), key="_new_book_back")


def draw_steps(found: BegunBook) -> None:
    """The steps, those that can be gone to as buttons, and the way out."""
    now = state.step(found)
    with st.container(horizontal=True, key="new_book_steps", gap="small"):
        for key, label in STEPS.items():
            st.button(
                label,
                key=f"_new_book_step_{key}",
                type="primary" if key == now else "secondary",
                disabled=key != "file" and found.proposed is None,
                on_click=state.go,
                args=(found.name, key),
            )
        st.space("stretch")
        st.button(
            "Leave it, go on later", key="_new_book_leave", icon=":material/pause:", on_click=state.go, args=("",)
        )


def draw_step(found: BegunBook) -> None:
    """The step that is looked at."""
    review = state.review_of(found)
    where = state.step(found)
    if where == "file":
        file_step.outcome_section(review)
    elif where == "columns":
        columns_step.columns_section(review)
    else:
        model_step.model_section(review)


main()
