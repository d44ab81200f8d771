"""Step 3: the contract is read, a model is trained, its gates are explained, it is promoted, and the book opens."""

from functools import partial

import streamlit as st

from data import books
from data.errors import WhatIfError
from model.deployed.desk import TrainingRun, desk
from model.release.begun_contract import answer_questions
from model.release.gate import ranks_by_chance
from model.release.promotion import NO_REASON, blocking_gates, require_same_book, review_pending
from model.release.release import Release
from model.release.store import LONGEST, Store
from model.report.briefing import Notice
from model.report.new_book.briefing import decided_finding, passed_finding, trained_briefing
from model.report.new_book.review import FileReview
from model.report.operations import words as operations_words
from model.report.operations.words import training_words
from model.security import people
from model.settings import settings
from pages.new_book import state
from pages.shared import draw, visitor, widgets

REASON, OVERRIDE = "_new_book_reason", "_new_book_override"
NOISE = (
    f"This model is not promoted. {NO_REASON} Bring more of them, or columns "
    "that are known at the decision and were left out; then train again."
)
NOT_READY = "Before a model is trained, every question is answered and every decision is put into the book: see step 2."


def model_section(review: FileReview) -> None:
    """Read, train, promote: whichever comes next."""
    contract = review.contract
    if contract is None or contract.questions or review.waiting:
        st.info(NOT_READY, icon=":material/info:")
        st.button("To step 2", on_click=state.go, args=(review.begun.name, "columns"), key="_new_book_to_columns")
        return
    if contract.value("book", "reviewed") is not True:
        confirm(review)
        return
    name = review.begun.name
    run = desk.retraining(name)
    if run is not None and not run.ended:
        training(name)
        return
    if run is not None and run.error:
        draw.notice(Notice(run.error, "error"))
    release = latest(desk.store(name), name)
    if release is None:
        begin_training(name)
    else:
        judge(review, release)


# ---- read -----------------------------------------------------------------------------------------------------------


def confirm(review: FileReview) -> None:
    """A person says that the contract was read: no model is promoted before."""
    widgets.html(
        "<p class='wi-sentence'>Every question is answered. Read once more what the book decides, then say so: no "
        "model is promoted of a book that nobody has read.</p>"
    )
    draw.item(decided_finding(review))
    read = st.checkbox(
        "I have read what this book decides about its columns, its outcome and its money", key="_new_book_read"
    )
    st.button(
        "It is right", key="_new_book_right", type="primary", disabled=not read, on_click=confirmed, args=(review,)
    )


def confirmed(review: FileReview) -> None:
    """Callback: the contract was read."""
    assert review.contract is not None
    work = partial(
        answer_questions,
        state.begun_books(),
        review.begun.name,
        review.contract,
        {("book", "reviewed"): True},
        who=visitor.current().name,
    )
    state.attempt(work)


# ---- trained --------------------------------------------------------------------------------------------------------


def latest(store: Store, name: str) -> Release | None:
    """The last release that was trained on the book as it stands; None if there is none."""
    own, data = books.contract(name, settings().home), books.snapshot_sha256(name, settings().home)
    for identity in reversed(store.ids()):
        try:
            found = store.load(identity)
            require_same_book(found, own, data)
        except WhatIfError:
            continue
        return found
    return None


def begin_training(name: str) -> None:
    """A press that trains a model, for those who may."""
    widgets.html(
        "<p class='wi-sentence'>The book is read and complete. A model is trained on it, tested on loans that it has "
        "not seen, and compared with its own definition.</p>"
    )
    if visitor.allow("train"):
        st.button(
            "Train",
            key="_new_book_train",
            type="primary",
            icon=":material/model_training:",
            on_click=train,
            args=(name,),
        )


def train(name: str) -> None:
    """Callback: have a model trained; once, however many ask."""

    def begin() -> TrainingRun:
        people.require(visitor.current(), "train")
        return desk.retrain(name, None, None)

    state.attempt(begin)


@st.fragment(run_every=0.5)
def training(name: str) -> None:
    """How far the training is, and how long it will take."""
    run = desk.retraining(name)
    if run is None or run.ended:
        st.rerun()
    widgets.html("<p class='wi-sentence'>A model is being trained. This page can be left: the training goes on.</p>")
    share = min(run.share, 1.0)
    st.progress(share, text=training_words(run.doing, share, run.seconds, run.still))


# ---- judged and promoted --------------------------------------------------------------------------------------------


def judge(review: FileReview, release: Release) -> None:
    """The gates of a release with what to do, and its promotion."""
    name, store = review.begun.name, desk.store(review.begun.name)
    title = str(review.contract.value("book", "title") or name) if review.contract else name
    said = trained_briefing(title, release.id, release.report)
    draw.headline(said, "wi-even")
    champion = store.aliases().get("champion")
    if champion == release.id:
        st.success("This model answers for the book.", icon=":material/check:")
        open_book(name)
    elif ranks_by_chance(release.report.gates):
        draw.notice(Notice(NOISE, "error"))
    elif visitor.allow("promote"):
        promote(review, store, release)
    draw.items(said.findings)
    passed = sum(gate.passed for gate in release.report.gates)
    panel = st.expander(f"{passed} gates passed", key="_new_book_passed", on_change="rerun")
    if panel.open:
        with panel:
            draw.item(passed_finding(release.report))
    if visitor.withheld("train") == "" and champion != release.id:
        st.button("Train again", key="_new_book_again", on_click=train, args=(name,))


def promote(review: FileReview, store: Store, release: Release) -> None:
    """A reason, one more where a gate did not pass, and the press that promotes."""
    pending = review_pending(release.contract)
    if pending:
        draw.notice(Notice(pending, "warning"))
        return
    failed = blocking_gates(release.report.gates)
    with st.container(key="new_book_promote"):
        st.text_input("Why it is promoted", key=REASON, max_chars=LONGEST, placeholder=operations_words.WHY)
        if failed:
            st.text_input(
                "Why it is promoted although a gate did not pass",
                key=OVERRIDE,
                max_chars=LONGEST,
                placeholder=operations_words.OVERRIDE,
            )
        if st.button(
            "Promote and open the book", key="_new_book_promote_now", type="primary", icon=":material/publish:"
        ):
            promoted(review, store, release)


def promoted(review: FileReview, store: Store, release: Release) -> None:
    """Promote a release by whoever looks, let the cells of the file go, and open the book."""
    why, override = (str(st.session_state.get(key, "")).strip() for key in (REASON, OVERRIDE))
    try:
        person = visitor.current()
        people.require(person, "promote")
        store.promote(release.id, "champion", person.name, why, override)
        state.begun_books().forget_cells(review.begun.name)
    except WhatIfError as error:
        draw.notice(Notice(str(error), "error"))
        return
    except OSError as error:
        draw.notice(Notice(operations_words.unwritable(store.root, error.strerror or str(error)), "error"))
        return
    for key in (REASON, OVERRIDE):
        st.session_state.pop(key, None)
    st.switch_page("book/page.py", query_params={"book": review.begun.name})


def open_book(name: str) -> None:
    """The way to the book."""
    st.page_link("book/page.py", label="Open the book", query_params={"book": name}, icon=":material/arrow_forward:")
