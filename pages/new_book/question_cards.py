"""The questions about a new book: each with its pickers, what the answer changes, and a press that answers it."""

from collections.abc import Sequence

import streamlit as st

from data.errors import WhatIfError
from model.release.begun_contract import answer_questions
from model.report.new_book.questions import Answer, Answers, AskedField, ReviewQuestion
from model.report.new_book.review import FileReview
from pages.new_book import state
from pages.shared import visitor, widgets
from pages.shared.as_written import literal, literal_throughout, strangers


def cards(review: FileReview, asked: Sequence[ReviewQuestion]) -> None:
    """Every question left, the first one open."""
    with st.container(key="new_book_questions"):
        for k, each in enumerate(asked):
            panel = st.expander(each.title, expanded=k == 0, key=key_of(review, each), on_change="rerun")
            if panel.open:
                with panel:
                    card(review, each)


def card(review: FileReview, asked: ReviewQuestion) -> None:
    """One question: what was found, what can be answered, what that changes."""
    left, right = st.columns([0.62, 0.38], gap="large")
    with left:
        widgets.html(f"<p class='nb-ask'>{widgets.text(asked.ask)}</p>")
        answers: Answers = {each.key: draw_field(review, asked, each) for each in asked.fields}
    with right:
        effect = asked.effect(answers)
        if effect:
            widgets.html(f"<p class='nb-effect'><b>What this changes</b><br>{widgets.text(effect)}</p>")
        label = "Answer" if asked.fields else "That is settled"
        st.button(
            label,
            key=f"{key_of(review, asked)}_answer",
            type="primary",
            on_click=keep_answer,
            args=(review, asked),
        )
        trouble = st.session_state.pop(f"{key_of(review, asked)}_trouble", "")
        if trouble:
            widgets.complain(trouble)


def key_of(review: FileReview, asked: ReviewQuestion) -> str:
    """The key of a question."""
    return f"_new_book_{review.begun.name}_asks_{asked.title}"


def draw_field(review: FileReview, asked: ReviewQuestion, each: AskedField) -> Answer:
    """One thing to give, and what is given now; it begins with what stands there."""
    key = f"{key_of(review, asked)}_{each.key}"
    st.session_state.setdefault(key, list(each.value) if isinstance(each.value, tuple) else each.value)
    labels = dict(each.options)
    note = each.help or None
    with strangers():
        if each.asks == "number":
            return float(st.number_input(each.label, key=key, format="%g", help=note))
        if each.asks == "choice":
            return str(
                st.radio(each.label, list(labels), format_func=lambda name: literal_throughout(labels[name]), key=key)
            )
        if each.asks == "several":
            chosen = st.multiselect(each.label, list(labels), format_func=lambda name: literal(labels[name]), key=key)
            return tuple(chosen)
        if each.asks == "long":
            return st.text_area(each.label, key=key, height=68, max_chars=600)
        return st.text_input(each.label, key=key, max_chars=200, help=note)


def keep_answer(review: FileReview, asked: ReviewQuestion) -> None:
    """Callback: keep what was answered, and take the question away; or say what is lacking."""
    answers = {each.key: given_now(review, asked, each) for each in asked.fields}
    lacking = asked.lacking(answers)
    if lacking:
        st.session_state[f"{key_of(review, asked)}_trouble"] = lacking
        return
    assert review.contract is not None
    begun, who = state.begun_books(), visitor.current().name
    try:
        decisions = asked.decide(review.begun.decisions, answers)
        begun.save(review.begun, decisions, who)
        answer_questions(begun, review.begun.name, review.contract, asked.write(answers), (asked.title,), who)
    except WhatIfError as error:
        st.session_state[f"{key_of(review, asked)}_trouble"] = str(error)
        return
    forget_fields(review, asked)


def given_now(review: FileReview, asked: ReviewQuestion, each: AskedField) -> Answer:
    """What stands in a field at this moment: what was typed last may be newer than what is drawn."""
    value = st.session_state.get(f"{key_of(review, asked)}_{each.key}", each.value)
    return tuple(value) if isinstance(value, list) else value


def forget_fields(review: FileReview, asked: ReviewQuestion) -> None:
    """What was given stands in the book; should the question come again, it begins with that."""
    for each in asked.fields:
        st.session_state.pop(f"{key_of(review, asked)}_{each.key}", None)
