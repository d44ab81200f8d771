"""The landing page: the whole book under assumptions, and what moved it."""

import time
from datetime import date
from functools import partial

import streamlit as st

from data.contract import Contract
from data.errors import WhatIfError
from model.deployed import spot_check
from model.deployed.model import DeployedModel
from model.export.workbook.workbook import asked_book_workbook
from model.report.ask.book import book_example, book_vocabulary, read_book_line
from model.report.ask.completion import completions
from model.report.book.briefing import band_choice, book_briefing, measure_choice, segment_choice, slide
from model.report.book.panels import WEIGHTED
from model.report.briefing import Briefing, Choices, Panel
from model.whatif.book.result import BookResult
from model.whatif.customer.scenario import CUSTOMER, OWN
from pages.book import controls, state
from pages.shared import deployed, draw, offering, recording, visitor, widgets
from pages.shared.ask_line import AskLine, ask_line
from pages.shared.progress import followed
from pages.shared.taking_along import name_looked_at, offer_papers, offer_workbook, take_along, unchanged

PRESENT, SLIDE, ANSWERS = "_present", "_slide", "book_answers"
ASK = AskLine(
    memory=state.memory,
    answers=ANSWERS,
    read=lambda model, line: read_book_line(model.contract, state.memory.current(), line),
    complete=lambda model, line: completions(line, book_vocabulary(model.contract)),
    example=lambda model: book_example(model.contract),
)
follow = partial(followed, cancel=state.memory.undo)


def main() -> None:
    visitor.current()
    model = deployed.model()
    if {CUSTOMER, OWN} & set(st.query_params):  # links to a customer once led here
        st.switch_page("customer/page.py", query_params=dict(st.query_params))
    state.memory.restore(model)
    ask_line(ASK, model)
    widgets.rails(controls.ranges(model.contract))
    offering.about(model.name, partial(name_looked_at, model, state.memory))
    with state.memory.arriving():
        book_fragment(model)
    take_along("book", partial(offer_book, model))


def offer_book(model: DeployedModel) -> None:
    """What of the book under its scenario can be taken along."""
    scenario, saved = state.memory.current(), unchanged(state.memory)
    offer_papers(model, scenario, saved)
    name, who = "" if saved is None else saved.name, visitor.current().name
    make = partial(asked_book_workbook, model, scenario, who=who, day=date.today(), name=name)
    offer_workbook(model, make, scenario, saved)


@st.fragment(key=ANSWERS)
def book_fragment(model: DeployedModel) -> None:
    """The whole page as one fragment: a move of any control draws this and nothing else."""
    state.memory.settle(model)
    state.memory.write_address()
    with deployed.answering(model):
        if st.session_state.get(PRESENT):
            presentation(model)
        else:
            columns(model)


def columns(model: DeployedModel) -> None:
    """Controls on the left, answers on the right."""
    contract = model.contract
    left, right = widgets.controls_and_answers()
    with right:
        result = looked_into(book_result(model))
        controls.crumb(contract)
        said = draw_numbers(model, result)
        state.memory.numbers_first()
        changed = st.container(key="changed")
    with left:
        controls.buttons(contract, present)
        controls.controls(contract)
    with changed:
        controls.chips(contract)
    with right:  # charts last: the browser paints the numbers while they are on their way
        with st.container(key="charts"):
            pick_charts(contract)
            draw.items(said.findings, partial(state.begin_with, contract))
            controls.bands(band_choice(result, draw.Chosen()))
        draw.draw_panels(said.panels, partial(panel_choices, contract), take=partial(state.take_up, contract))
    draw.draw_method(said)


def book_result(model: DeployedModel) -> BookResult:
    """What the deployed model says, recorded where anything was changed."""
    scenario, day, start = state.memory.current(), date.today(), time.perf_counter()
    with follow("Scoring the whole book") as progress:
        result = BookResult.of(model.scored_book(progress), scenario, day, progress)
    if scenario.values:
        recording.record_book(
            model, scenario.to_query(), today=day, now=result.now, seconds=time.perf_counter() - start
        )
    return result


def looked_into(result: BookResult) -> BookResult:
    """What of it the page speaks of: all, or one band of a segment; where nobody is in that, all, and it is told."""
    if not state.within():
        return result
    try:
        with follow("Looking into a part of the book") as progress:
            return result.within(state.within(), progress)
    except WhatIfError as error:
        state.look_into("")
        state.memory.tell([f"{error} The whole book is looked at."])
        return result


def draw_numbers(model: DeployedModel, result: BookResult, presented: bool = False) -> Briefing:
    """What is said of it, of which the sentence and the numbers are drawn."""
    said = book_briefing(
        result,
        draw.Chosen(),
        model=model.deployed,
        check=spot_check.live_check(model, result.layers[1]),
        follow=follow,
        presented=presented,
    )
    for message in state.memory.told():
        widgets.complain(message)
    draw.notices(said)
    draw.headline(said, "wi-six", stays=not presented)
    draw.items(said.checks)
    return said


def pick_charts(contract: Contract) -> None:
    """What the two charts tell of; kept while they are presented without these controls."""
    left, right = st.columns(2, gap="medium")
    draw.pick(measure_choice(contract), left, labelled=False, kept=True)
    segment = segment_choice(contract)
    if segment is not None:
        draw.pick(segment, right, labelled=False, kept=True)


def panel_choices(contract: Contract, panel: Panel) -> Choices:
    """What is chosen in a panel; the weights of scenarios are a part of what is assumed."""
    if panel.key == WEIGHTED:
        controls.weights(contract)
    return draw.choices(panel)


# ---- present ------------------------------------------------------------------------------------------------------


def present() -> None:
    """Callback: large type, no controls."""
    st.session_state[PRESENT], st.session_state[SLIDE] = True, 0


def leave() -> None:
    """Callback: back to the controls."""
    st.session_state[PRESENT] = False


def turn(by: int) -> None:
    """Callback: the next chart, or the one before."""
    st.session_state[SLIDE] += by


def presentation(model: DeployedModel) -> None:
    """The sentence, the numbers and one chart, large; arrow keys turn, Escape leaves."""
    with widgets.whole_page():
        result = looked_into(book_result(model))
        draw_numbers(model, result, presented=True)
        shown = slide(result, draw.Chosen(), st.session_state[SLIDE], follow)
        draw.item(shown.finding)
        row = st.container(horizontal=True, key="slides", gap="small")
        row.button("Back", on_click=turn, args=(-1,), shortcut="Left")
        row.text(shown.place)
        row.button("Next", on_click=turn, args=(1,), shortcut="Right")
        row.button("Leave", on_click=leave, shortcut="Escape")


main()
