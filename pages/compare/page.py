"""Two to five scenarios, customers or cut-offs side by side."""

import time
from datetime import date
from functools import partial

import streamlit as st

from data.errors import BadInput, BookError
from model.deployed.comparing import ask_each
from model.deployed.model import DeployedModel
from model.export.workbook.workbook import asked_comparison_workbook
from model.report.briefing import Briefing, Notice
from model.report.comparison.briefing import briefing_to_compare, comparison_briefing
from model.whatif.comparison.comparison import Comparison
from pages.compare import controls, state
from pages.shared import deployed, draw, offering, recording, visitor, widgets
from pages.shared.progress import followed
from pages.shared.taking_along import name_looked_at, offer_papers, offer_workbook, take_along

follow = partial(followed, cancel=state.memory.undo)


def main() -> None:
    visitor.current()
    model = deployed.model()
    state.memory.restore(model)
    offering.about(model.name, partial(name_looked_at, model, state.memory))
    with state.memory.arriving():
        compare_fragment(model)
    take_along("compare", partial(offer_comparison, model))


def offer_comparison(model: DeployedModel) -> None:
    """What of those compared can be taken along."""
    comparison = state.memory.current()
    if not comparison.ready:
        st.caption("Add two or more to compare first.")
        return
    offer_papers(model, comparison)
    if comparison.subject == "book":
        make = partial(asked_comparison_workbook, model, comparison, who=visitor.current().name, day=date.today())
        offer_workbook(model, make, comparison)


@st.fragment
def compare_fragment(model: DeployedModel) -> None:
    """The whole page as one fragment."""
    state.memory.settle(model)
    state.memory.write_address()
    with deployed.answering(model):
        compare_columns(model, state.memory.current())


def compare_columns(model: DeployedModel, comparison: Comparison) -> None:
    """Controls on the left, answers on the right."""
    left, right = widgets.controls_and_answers(called="What is compared")
    with right:
        said = side_by_side(model, comparison)
        for message in state.memory.told():
            widgets.complain(message)
        draw.notices(said)
        if comparison.ready:
            draw.headline(said)
        else:
            draw.without_numbers(said, first=True)
    with left:
        controls.compare_controls(model, comparison)
    with right:
        draw.items(said.findings)
    draw.draw_method(said)


def side_by_side(model: DeployedModel, comparison: Comparison) -> Briefing:
    """What is said of those compared; what to do while there are too few."""
    if not comparison.ready:
        return briefing_to_compare(model.contract, comparison, model=model.deployed)
    start = time.perf_counter()
    try:
        with follow("Scoring each of them") as progress:
            result = ask_each(model, comparison, day=date.today(), progress=progress)
    except (BookError, BadInput) as error:
        return Briefing("comparison", "", (), notices=(Notice(f"{error} Undo takes the last change back.", "error"),))
    recording.record_compared(model, result, time.perf_counter() - start)
    return comparison_briefing(result, model=model.deployed, follow=follow)


main()
