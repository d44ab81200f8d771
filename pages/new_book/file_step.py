"""Step 1: a file is given, and which outcome is the bad one."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from data.errors import BadInput, WhatIfError
from data.files.kinds import ENDINGS
from data.proposing.glance import EMPTY, OutcomeWord
from data.proposing.roles import safe_name
from model.release.begun_contract import write_contract
from model.release.given_files import GivenTable, file_in, files_in, read_given
from model.report.new_book.briefing import (
    INVITATION,
    KEPT,
    begun_label,
    file_briefing,
    read_notes,
    share_words,
    word_label,
)
from model.report.new_book.review import FileReview
from model.settings import settings
from pages.new_book import state
from pages.shared import draw, visitor, widgets
from pages.shared.as_written import literal, strangers
from pages.shared.progress import followed

FILE, TOUCHED, NAMED, SHEET, NAME = (f"_new_book_{each}" for each in ("file", "touched", "named", "sheet", "name"))
HELD, WHY = "_new_book_held", "_new_book_why"
TYPES = [ending.removeprefix(".") for ending in ENDINGS]
LARGEST = 50  # MB of an upload; larger ones are named in the folder
COUNTS = ("bad", "good", "left out")
OUTCOMES = "Columns of at most twelve different values; those that speak of an outcome stand first."
NO_OUTCOMES = (
    "No column of this file has from two to twelve different values, so that none can say what became of each loan. "
    "Give this book up, and bring the file with a column of its outcome."
)
GIVEN_UP = "The cells of the file and every decision about it are deleted here. Nobody can bring them back."
NO_OUTCOME = "missing"  # among the words whose rows are left out: rows without one


def beginning() -> None:
    """A file in, or a book in the making taken up again."""
    settle()
    left, right = st.columns([0.36, 0.64], gap="large")
    with left:
        give()
    with right:
        held: GivenTable | None = st.session_state.get(HELD)
        why = st.session_state.get(WHY, "")
        if why:
            widgets.html(f"<p class='wi-sentence' role='alert'>{widgets.text(why)}</p>")
        elif held is None:
            widgets.html(f"<p class='wi-invitation'>{widgets.text(INVITATION)}</p>")
        else:
            begin_book(held)
        taken_up()


def give() -> None:
    """Where a file is given."""
    if not visitor.allow("upload"):
        return
    st.file_uploader(
        "A file of loans and what became of them",
        type=TYPES,
        key=FILE,
        on_change=file_touched,
        args=("file",),
        max_upload_size=LARGEST,
        help="CSV, Excel or Parquet, one loan a row, with a column that says what became of each.",
    )
    folder = settings().book_files
    there = files_in(folder)
    if there:
        with strangers():
            st.selectbox(
                "Or a file of the bank's folder",
                ["", *there],
                key=NAMED,
                on_change=file_touched,
                args=("named",),
                format_func=lambda each: each or "choose one",
            )
    st.caption(KEPT)


def file_touched(what: str) -> None:
    """Callback: a file, or a sheet of it, was chosen."""
    st.session_state[TOUCHED] = what


def settle() -> None:
    """Read the file that was just given."""
    what = st.session_state.pop(TOUCHED, "")
    if not what:
        return
    if what != "sheet":
        st.session_state.pop(SHEET, None)
        st.session_state.pop(NAME, None)
    st.session_state.pop(WHY, None)
    sheet = st.session_state.get(SHEET) or None
    before: GivenTable | None = st.session_state.pop(HELD, None)
    try:
        content, name = given_content(what if what != "sheet" else st.session_state.get("_new_book_from", "file"))
        if not name:
            return
        with followed("Reading the loans") as progress:
            found = read_given(content, name, sheet, progress)
        if before is not None and before.sheets and not found.sheets:
            found = replace(found, sheets=before.sheets)
        st.session_state[HELD] = found
    except BadInput as error:
        st.session_state[WHY] = str(error)


def given_content(what: str) -> tuple[bytes, str]:
    """The content and the name of the file given; nothing where it was taken away."""
    st.session_state["_new_book_from"] = what
    if what == "named":
        name = str(st.session_state.get(NAMED) or "")
        return (file_in(settings().book_files, name), name.rpartition("/")[2]) if name else (b"", "")
    file = st.session_state.get(FILE)
    return (b"", "") if file is None else (file.getvalue(), file.name)


def begin_book(held: GivenTable) -> None:
    """What was read, and the name of the book."""
    if held.sheets:
        with strangers():
            st.selectbox(
                "Which sheet holds the loans?",
                ["", *held.sheets],
                key=SHEET,
                on_change=file_touched,
                args=("sheet",),
                format_func=lambda each: each or "choose one",
            )
    if held.source is None:
        return
    rows, columns = held.source.frame.shape
    told = f"“{held.name}” was read: {rows:,} rows, {columns:,} columns."
    widgets.html(f"<p class='wi-sentence'>{widgets.text(told)}</p>")
    if held.source.notes:
        widgets.html(f"<p class='wi-below'>{widgets.text(read_notes(held.source.notes))}</p>")
    st.session_state.setdefault(NAME, safe_name(held.name.rpartition(".")[0], ()))
    st.text_input("Name of the book", key=NAME, max_chars=40, help="Small letters, digits and _; a letter first.")
    st.button("Begin with this file", key="_new_book_begin", type="primary", on_click=started, args=(held,))


def started(held: GivenTable) -> None:
    """Callback: keep the cells of the file, and go on to its outcome."""
    source, name = held.source, str(st.session_state.get(NAME, "")).strip()
    assert source is not None
    if state.attempt(lambda: state.begun_books().begin(name, source, visitor.current().name)):
        for key in (HELD, NAME, SHEET, WHY):
            st.session_state.pop(key, None)
        state.go(name, "file")


def taken_up() -> None:
    """The books in the making, each a way back to it."""
    there = state.begun_books().listed()
    if not there:
        return
    widgets.findings("Taken up again")
    with st.container(key="new_book_begun"), strangers():
        for each in there:
            st.button(begun_label(each), key=f"_new_book_open_{each.name}", on_click=state.go, args=(each.name,))


# ---- the outcome ----------------------------------------------------------------------------------------------------


def outcome_section(review: FileReview) -> None:
    """Which column is the outcome, which words are bad, which rows are left out."""
    said = file_briefing(review)
    draw.headline(said, "wi-even")
    for each in said.notices:
        draw.notice(each)
    left, right = st.columns([0.36, 0.64], gap="large")
    with left:
        choose_outcome(review)
    with right:
        if review.words:
            outcome_words(review)
        go_on(review)


def choose_outcome(review: FileReview) -> None:
    """The column of the outcome, the likeliest first."""
    looked = state.begun_books().looked_at(review.begun.name)
    options = ["", *looked.possible_outcomes]
    key = "_new_book_target"
    st.session_state[key] = review.begun.decisions.target if review.begun.decisions.target in options else ""
    with strangers():
        st.selectbox(
            "The outcome: what became of each loan",
            options,
            key=key,
            on_change=target_chosen,
            args=(review,),
            format_func=lambda each: each or "choose a column",
        )
    st.caption(OUTCOMES if looked.possible_outcomes else NO_OUTCOMES)
    notes = looked.source.notes
    if notes:
        widgets.html(f"<p class='wi-below'>{widgets.text(read_notes(notes))}</p>")


def target_chosen(review: FileReview) -> None:
    """Callback: another column is the outcome; its words count as they seem to."""
    target = str(st.session_state["_new_book_target"])
    words = state.begun_books().looked_at(review.begun.name).outcome_words(target) if target else ()
    bad = tuple(each.word for each in words if each.seems == "bad")
    drop = tuple(each.word or NO_OUTCOME for each in words if each.seems == "left out")
    state.keep_decisions(review.begun, replace(review.begun.decisions, target=target, bad=bad, drop=drop))


def outcome_words(review: FileReview) -> None:
    """Each word of the outcome with its rows, and what it counts as."""
    total = sum(each.rows for each in review.words)
    widgets.findings("What each of its words counts as")
    for k, each in enumerate(review.words):
        with st.container(horizontal=True, key=f"new_book_word_{k}", vertical_alignment="center", width=620):
            share = share_words(each.rows, total)
            told = f"<b>{widgets.text(word_label(each.word))}</b> <span>{share}</span>"
            widgets.html(f"<div class='nb-word'>{told}</div>")
            pick_word(review, each, f"_new_book_counts_{k}")


def pick_word(review: FileReview, each: OutcomeWord, key: str) -> None:
    """What one word counts as."""
    decisions = review.begun.decisions
    if each.word == EMPTY:
        widgets.html("<div class='nb-word'><span>left out: no outcome is known</span></div>")
        return
    now = "bad" if each.word in decisions.bad else "good"
    st.session_state[key] = "left out" if each.word in decisions.drop else now
    st.segmented_control(
        f"{word_label(each.word)} counts as",
        COUNTS,
        format_func=literal,
        key=key,
        label_visibility="collapsed",
        on_change=word_counted,
        args=(review, each.word, key),
    )


def word_counted(review: FileReview, word: str, key: str) -> None:
    """Callback: a word of the outcome counts as something else."""
    counts, decisions = st.session_state.get(key), review.begun.decisions
    bad, drop = (tuple(each for each in words if each != word) for words in (decisions.bad, decisions.drop))
    if counts is None:
        return
    bad, drop = with_word(bad, word, counts == "bad"), with_word(drop, word, counts == "left out")
    state.keep_decisions(review.begun, replace(decisions, bad=bad, drop=drop))


def with_word(words: Sequence[str], word: str, there: bool) -> tuple[str, ...]:
    """Some words, with one more if it is to be there."""
    return (*words, word) if there else tuple(words)


def go_on(review: FileReview) -> None:
    """The way to the columns."""
    with st.container(horizontal=True, key="new_book_go_on"):
        if review.begun.proposed is not None and not review.waiting:
            st.button("On to the columns", type="primary", on_click=state.go, args=(review.begun.name, "columns"))
            return
        ready = review.outcome_chosen
        if st.button("Propose the book", key="_new_book_propose", type="primary", disabled=not ready):
            proposed(review)
        with st.popover("Give this book up"):
            st.caption(GIVEN_UP)
            st.button("Yes, give it up", key="_new_book_give_up", on_click=given_up, args=(review.begun.name,))


def proposed(review: FileReview) -> None:
    """Propose the book, and go on; or say why it cannot be."""
    if write_anew(review):
        state.go(review.begun.name, "columns")
        st.rerun()


def write_anew(review: FileReview) -> bool:
    """Have the book proposed with what was decided, while the page says what is done; whether it was."""
    with st.spinner("Proposing the book from the file", show_time=True) as _:
        try:
            write_contract(state.begun_books(), review.begun.name)
        except WhatIfError as error:
            widgets.complain(str(error))
            return False
    return True


def given_up(name: str) -> None:
    """Callback: all that was kept of a book in the making is let go."""
    if state.attempt(partial(state.begun_books().give_up, name)):
        state.go("")
