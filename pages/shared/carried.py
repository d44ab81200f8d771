"""The book's scenario on the pages that are asked under it: brought along from the Book page, told, switched off."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from data.contract import Contract
from model.report.book.words import under_chip
from model.whatif.book.scenario import NOTHING, UNDER, BookScenario
from pages.book import state as book_state
from pages.shared import deployed
from pages.shared.page_state import RELEASE, Memory

Held = TypeVar("Held")


def of_book() -> BookScenario:
    """What is assumed on the Book page, as far as it reaches single records."""
    found = book_state.memory.known()
    return NOTHING if found is None else found.carried()


def arrive(memory: Memory[Held], under: Callable[[BookScenario], Held]) -> None:
    """Stand under what is assumed on the Book page now, where a page is come to without an address of its own and that
    is another than when it was come to last: so what was switched off here stays off until something else is assumed
    there."""
    scenario, key = of_book(), deployed.keyed(f"_{memory.page}_brought")
    if scenario == st.session_state.get(key, NOTHING):
        return
    st.session_state[key] = scenario
    if not set(st.query_params) - {deployed.BOOK, RELEASE}:
        memory.change(under(scenario))


def switch(memory: Memory[Held], contract: Contract, under: BookScenario) -> None:
    """Whether a page stands under the book's scenario, and which one that is; nothing where there is none."""
    if not under.values and not of_book().values:
        return
    st.toggle(
        "Under the book's scenario",
        key=memory.place(UNDER, bool(under.values)),
        on_change=memory.touched,
        args=(UNDER,),
        help="What is assumed on the Book page holds here, too.",
    )
    st.caption(under_chip(contract, under) if under.values else "Not applied here.")
