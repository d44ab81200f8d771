"""Which book in the making somebody looks at, and at which step; what went wrong when something was decided.

Both stand in the address. What is decided is kept under the home at once, so that nothing of it is lost with a page.
"""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from data.errors import WhatIfError
from data.proposing.decisions import Decisions
from model.release.begun import BegunBook, BegunBooks
from model.release.begun_contract import (
    amount_candidates,
    column_outlines,
    is_written,
    with_hand_edits,
    written_contract,
)
from model.report.new_book.briefing import STEPS
from model.report.new_book.review import FileReview
from model.settings import settings
from pages.shared import visitor

DRAFT, STEP = "draft", "step"  # in the address
TROUBLE, DONE = "_new_book_trouble", "_new_book_done"  # in the session


def begun_books() -> BegunBooks:
    """The books in the making of this home."""
    return BegunBooks(settings().home)


def draft_name() -> str:
    """The name of the book in the making that is looked at, "" for none."""
    return str(st.query_params.get(DRAFT, ""))


def step(found: BegunBook) -> str:
    """The step that is looked at: the one asked for, as far as the book has come."""
    asked = str(st.query_params.get(STEP, ""))
    reached = list(STEPS) if found.proposed is not None else ["file"]
    if asked in reached:
        return asked
    return "columns" if found.proposed is not None else "file"


def go(name: str, where: str = "") -> None:
    """Look at a book in the making, at a step; at none with ""."""
    st.query_params.pop(DRAFT, None)
    st.query_params.pop(STEP, None)
    if name:
        st.query_params[DRAFT] = name
    if where:
        st.query_params[STEP] = where


def review_of(found: BegunBook) -> FileReview:
    """All that is known of a book in the making now."""
    begun = begun_books()
    decisions = found.decisions
    contract = written_contract(begun, found.name) if is_written(begun, found.name) else None
    money = "" if contract is None else str(contract.value("book", "currency") or "")
    if not found.cells_kept:
        return FileReview(found, (), {}, contract=contract, money=money)
    looked = begun.looked_at(found.name)
    words = looked.outcome_words(decisions.target) if decisions.target in looked.cells else ()
    return FileReview(
        found,
        begun.glances(found.name, decisions),
        column_outlines(begun, found.name),
        words=words,
        contract=contract,
        money=money,
        amounts=amount_candidates(begun, found.name),
    )


def taken_up(name: str) -> BegunBook:
    """The book in the making of a name, with what was decided by hand in its contract."""
    return with_hand_edits(begun_books(), name)


def keep_decisions(seen: BegunBook, decisions: Decisions) -> None:
    """Callback: keep what was decided, as it differs from what was ``seen``."""
    attempt(lambda: begun_books().save(seen, decisions, visitor.current().name))


def key_of(review: FileReview, name: str, part: str) -> str:
    """The key of what decides a part of a column."""
    return f"_new_book_{review.begun.name}_{part}_{list(review.glanced).index(name)}"


def attempt(work: Callable[[], object]) -> bool:
    """Do something that may be refused; whether it was done. Why not stands on the page drawn next."""
    try:
        work()
    except WhatIfError as error:
        st.session_state[TROUBLE] = str(error)
        return False
    return True


@dataclass(frozen=True)
class Told:
    """What whoever looks is told once."""

    trouble: str
    done: str


def told_once() -> Told:
    """What went wrong or well since the page was drawn last."""
    return Told(str(st.session_state.pop(TROUBLE, "")), str(st.session_state.pop(DONE, "")))
