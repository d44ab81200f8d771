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
from model.whatif.book.scenario import chosen
from model.whatif.customer.scenario import CUSTOMER, OWN
from pages.book import controls, state, whole_book
from pages.shared import deployed, draw, offering, parts, recording, visitor, widgets
from pages.shared.ask_line import AskLine, ask_line
from pages.shared.progress import followed
from pages.shared.taking_along import name_looked_at, offer_papers, offer_workbook, take_along, unchanged

PRESENT, SLIDE = "_present", "_slide"
ANSWERS, PANELS = "book_answers", "book_panels"
ASK = AskLine(
    memory=state.memory,
    read=lambda model, line: read_book_line(model.contract, state.memory.current(), line),
    complete=lambda model, line: completions(line, book_vocabulary(model.contract)),
    example=lambda model: book_example(model.contract),
)
follow = partial(followed, cancel=state.memory.undo)


def main() -> None:
    visitor.current()
    model = deployed.model()
    led_here = bool({CUSTOMER, OWN} & set(st.query_params))  # links to a customer once did
    if led_here and not state.memory.at_foreign_address():
        st.switch_page("customer/page.py", query_params=dict(st.query_params))
    state.memory.restore(model)
    ask_line(ASK, model)
    widgets.rails(controls.ranges(model.contract))
    offering.about(model.name, partial(name_looked_at, model, state.memory))
    with state.memory.arriving(), parts.whole_page(partial(state.memory.settle, model)):
        if st.session_state.get(PRESENT):
            parts.part(ANSWERS, partial(presentation, model), book_shown)
        else:
            columns(model)
    take_along("book", partial(offer_book, model))


def offer_book(model: DeployedModel) -> None:
    """What of the book under its scenario can be taken along."""
    scenario, saved = state.memory.current(), unchanged(state.memory)
    offer_papers(model, scenario, saved)
    name, who = "" if saved is None else saved.name, visitor.current().name
    make = partial(asked_book_workbook, model, scenario, who=who, day=date.today(), name=name)
    offer_workbook(model, make, scenario, saved)


def book_shown() -> tuple[object, ...]:
    """What decides how the answers look."""
    return *state.memory.shown(), state.within()


def book_panels_shown() -> object:
    """What decides how the panels look: one tells of a regulator's path, where one is chosen."""
    return chosen(state.memory.current()) is not None, draw.panels_shown(book_shown())


def columns(model: DeployedModel) -> None:
    """Controls on the left, answers on the right, in parts: a move of a lever draws it and the answers alone."""
    left, right = widgets.controls_and_answers()
    with right:
        parts.part(ANSWERS, partial(draw_book_answers, model), book_shown)
    with left:
        controls.controls(model.contract, present)
    with right:
        parts.part(PANELS, partial(draw_book_panels, model), book_panels_shown)
    parts.part(draw.METHOD, partial(draw_book_method, model), lambda: draw.method_shown(book_shown()))


def draw_book_answers(model: DeployedModel) -> None:
    """The sentence, the numbers, what was changed, and the charts."""
    contract = model.contract
    state.memory.write_address()
    with deployed.answering(model):
        result = book_asked(model)
        controls.crumb(contract)
        found = book_said(model)
        draw_numbers(found)
        state.memory.numbers_first()
        whole_book.draw_whole_book(model, result)
        with st.container(key="changed"):
            controls.chips(contract)
        with st.container(key="charts"):  # last: the browser paints the numbers while they are on their way
            pick_charts(contract)
            draw.items(found.findings, partial(state.begin_with, contract))
            controls.bands(band_choice(result, draw.Chosen()))


def draw_book_panels(model: DeployedModel) -> None:
    """What lies below, each opened by whoever asks for it."""
    contract = model.contract
    with deployed.answering(model):
        draw.draw_panels(
            book_said(model).panels, partial(panel_choices, contract), take=partial(state.take_up, contract)
        )


def draw_book_method(model: DeployedModel) -> None:
    """How it is computed."""
    with deployed.answering(model):
        draw.draw_method(book_said(model))


def book_asked(model: DeployedModel) -> BookResult:
    """What the deployed model says of what is looked at, asked once for all parts of the page, and recorded."""
    return parts.once("result", lambda: looked_into(book_result(model)))


def book_said(model: DeployedModel, presented: bool = False) -> Briefing:
    """What is said of it, once for all parts of the page."""

    def make() -> Briefing:
        result = book_asked(model)
        check = spot_check.live_check(model, result.layers[1])
        return book_briefing(
            result, draw.Chosen(), model=model.deployed, check=check, follow=follow, presented=presented
        )

    return parts.once("said", make)


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


def draw_numbers(found: Briefing, presented: bool = False) -> None:
    """The sentence and the numbers, below what is to be known before them."""
    for message in state.memory.told():
        widgets.complain(message)
    draw.notices(found)
    draw.headline(found, "wi-six", stays=not presented)
    draw.items(found.checks)


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
    parts.redraw_whole()


def leave() -> None:
    """Callback: back to the controls."""
    st.session_state[PRESENT] = False
    parts.redraw_whole()


def turn(by: int) -> None:
    """Callback: the next chart, or the one before."""
    st.session_state[SLIDE] += by


def presentation(model: DeployedModel) -> None:
    """The sentence, the numbers and one chart, large; arrow keys turn, Escape leaves."""
    state.memory.write_address()
    with deployed.answering(model), widgets.whole_page():
        result = book_asked(model)
        draw_numbers(book_said(model, presented=True), presented=True)
        shown = slide(result, draw.Chosen(), st.session_state[SLIDE], follow)
        draw.item(shown.finding)
        row = st.container(horizontal=True, key="slides", gap="small")
        row.button("Back", on_click=turn, args=(-1,), shortcut="Left")
        row.text(shown.place)
        row.button("Next", on_click=turn, args=(1,), shortcut="Right")
        row.button("Leave", on_click=leave, shortcut="Escape")


main()
