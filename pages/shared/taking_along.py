"""What of a page can be taken along as a file of its own, behind one button.

It stands outside the fragment that a move of a lever draws, and what is behind it is drawn once it is pressed; a move
sends nothing of it. Each file is made when it is asked for, of what stood on the page when the button was pressed.
"""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import streamlit as st

from data.errors import WhatIfError
from model.deployed.model import DeployedModel
from model.export.memo.files import PAPERS, SLIDES, SLIDES_END, paper_file, why_no_pdf
from model.export.memo.memo import Occasion
from model.export.names import file_name
from model.export.workbook.possible import check_possible
from model.export.workbook.workbook import MIME
from model.report.comparison.briefing import name_of_member
from model.report.scenarios.words import kept_words
from model.whatif.comparison.comparison import Comparison
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.saved import SavedScenario, Scenario
from pages.shared import offering, visitor, widgets
from pages.shared.page_state import Memory
from pages.shared.progress import Making, making_progress

MAKING = "_making_workbook"  # in the session: how far the workbook is that is being made


@st.fragment
def take_along(page: str, offers: Callable[[], None] = lambda: None) -> None:
    """The button of a ``page``; ``offers`` draws what is behind it, beside the charts that stand on the page."""
    with st.container(key="take_along"):
        control = st.popover("Take along", key=f"_{page}_take_along", icon=":material/download:", on_change="rerun")
        if control.open:
            with control:
                offers()
                offering.offer_charts()


def offer_papers(model: DeployedModel, scenario: Scenario | Comparison, saved: SavedScenario | None = None) -> None:
    """The board's paper in each kind, and slides, of a ``scenario``, which is the ``saved`` one if there is one."""
    who, today = visitor.current().name, date.today()
    named = Occasion(who, today) if saved is None else Occasion(who, today, saved.name, kept_words(saved))
    told = saved.name if saved is not None else short_name(model, scenario)
    for ending, kind in {SLIDES_END: SLIDES, **PAPERS}.items():  # the PDF last: a first time its library is read
        why = why_no_pdf() if ending == "pdf" else ""
        if why:
            st.caption(why)
            continue
        name = file_name(model.contract.book.name, kind.name, told, day=today, kind=ending)
        make = partial(paper_file, model, scenario, named, kind=kind)
        widgets.offer(kind.label, make, name=name, mime=kind.mime, key=f"paper_{ending}")


def offer_workbook(
    model: DeployedModel,
    make: Callable[..., bytes],
    scenario: Scenario | Comparison,
    saved: SavedScenario | None = None,
) -> None:
    """The workbook that ``make`` writes of a ``scenario``, which is the ``saved`` one if there is one, or of several
    compared; or why there can be none, and what to do: it is asked before the button is offered. One of the book tells
    how far it is: ``make`` then takes who hears of it, ``tell``."""
    try:
        check_possible(model, scenario, date.today())
    except WhatIfError as error:
        st.caption(str(error))
        return
    told = saved.name if saved is not None else short_name(model, scenario)
    name = file_name(model.contract.book.name, "workbook", told, day=date.today(), kind="xlsx")
    if isinstance(scenario, CustomerScenario):
        widgets.offer("Excel workbook", make, name=name, mime=MIME, key="workbook")
    else:  # of the book: that takes seconds
        making: Making = st.session_state.setdefault(MAKING, Making())
        widgets.offer("Excel workbook", partial(making.followed, make), name=name, mime=MIME, key="workbook")
        making_progress(making)
    st.caption("The deployed model itself in live formulas: put in your own numbers, and it answers as it does here.")


def short_name(model: DeployedModel, scenario: Scenario | Comparison) -> str:
    """What a file of a scenario is called that nobody has named."""
    if isinstance(scenario, Comparison):
        return f"{len(scenario.members)} compared"
    return name_of_member(model.contract, scenario)


def name_looked_at(model: DeployedModel, memory: Memory[Any]) -> str:
    """What is called the scenario that stands on a page when a file of it is taken along."""
    saved = unchanged(memory)
    return saved.name if saved is not None else short_name(model, memory.current())


def unchanged(memory: Memory[Any]) -> SavedScenario | None:
    """The saved scenario that is open on a page, if what stands there is still it."""
    saved = memory.saved()
    return saved if saved is not None and memory.current().to_query() == dict(saved.query) else None
