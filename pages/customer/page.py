"""One customer: what the deployed model says, why, what changed, and what it would take."""

import time
from datetime import date
from functools import partial

import streamlit as st

from data.errors import BadInput, BookError
from model.deployed.model import DeployedModel
from model.export.workbook.workbook import asked_customer_workbook
from model.report.ask.completion import Completion, completions
from model.report.ask.customer import customer_example, customer_vocabulary, read_customer_line
from model.report.ask.reading import AskReading
from model.report.briefing import Briefing
from model.report.customer.briefing import briefing_refused, briefing_to_choose, customer_briefing, rows_choice
from model.whatif.customer.distribution import input_distribution
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.customer.starting_points import id_range
from model.whatif.customer.stressed import standing_record
from pages.customer import controls, record, state
from pages.shared import carried, deployed, draw, offering, recording, visitor, widgets
from pages.shared.ask_line import AskLine, ask_line
from pages.shared.taking_along import name_looked_at, offer_papers, offer_workbook, take_along, unchanged

ANSWERS = "customer_answers"


def read_line(model: DeployedModel, line: str) -> AskReading[CustomerScenario]:
    """What a line means for who is looked at."""
    standing = partial(standing_record, model.local_scorer, model.book, day=date.today())
    return read_customer_line(
        model.book, state.memory.current(), line, starting_points=model.personas, standing=standing
    )


def complete_line(model: DeployedModel, line: str) -> tuple[Completion, ...]:
    """How a line could go on."""
    known = customer_vocabulary(model.contract, id_range(model.book), tuple(model.personas.items()))
    return completions(line, known)


ASK = AskLine(
    memory=state.memory,
    answers=ANSWERS,
    read=read_line,
    complete=complete_line,
    example=lambda model: customer_example(model.book),
)


def main() -> None:
    visitor.current()
    model = deployed.model()
    state.memory.restore(model)
    carried.arrive(state.memory, partial(state.asked_under, model.contract))
    shown = {lever.name: lever.shows for lever in model.contract.levers}
    heights = {lever: input_distribution(model.book, name).heights for lever, name in shown.items()}
    widgets.histograms(heights, {name: state.memory.key(name) for name in shown}, above=controls.above())
    widgets.rails(controls.ranges(model.contract))
    ask_line(ASK, model)
    offering.about(model.name, partial(name_looked_at, model, state.memory))
    with state.memory.arriving():
        customer_fragment(model)
    take_along("customer", partial(offer_record, model))


def offer_record(model: DeployedModel) -> None:
    """What of the record that is looked at can be taken along."""
    scenario = state.memory.current()
    saved = unchanged(state.memory)
    if scenario.chosen:
        offer_papers(model, scenario, saved)
    else:
        st.caption("Choose somebody first.")
    make = partial(asked_customer_workbook, model, scenario, who=visitor.current().name, day=date.today())
    offer_workbook(model, make, scenario, saved)


@st.fragment(key=ANSWERS)
def customer_fragment(model: DeployedModel) -> None:
    """The whole page as one fragment: a move of any control draws this and nothing else."""
    state.memory.settle(model)
    state.memory.write_address()
    with deployed.answering(model):
        controls_and_answers(model, state.memory.current())


def controls_and_answers(model: DeployedModel, scenario: CustomerScenario) -> None:
    """Controls on the left, answers on the right."""
    left, right = widgets.controls_and_answers()
    said, result, seconds = customer_answer(model, scenario)
    kind = "wi-own" if scenario.own else ""  # so that a record of one's own does not jump once it is complete
    with right:
        for message in state.memory.told():
            widgets.complain(message)
        if result is None:
            draw.without_numbers(said, first=not scenario.chosen, kind=kind)
        else:
            draw.headline(said, kind, stays=True)
        state.memory.numbers_first()
        changed = st.container(key="changed")
    with left:
        controls.find_customer(model)
        controls.customer_controls(model, scenario, result)
    with changed:
        controls.taken_back(model, scenario)
    if scenario.own:
        with right:
            record.own(model, scenario)
    with right:  # charts last: the browser paints the number while they are on their way
        if result is None:
            draw.items(said.findings, state.begin_with)
        else:
            record_answer(model, result, seconds)
            draw.items(said.findings)
            record.edits(result)
            draw.draw_panels(said.panels)
    draw.draw_method(said)


def customer_answer(model: DeployedModel, scenario: CustomerScenario) -> tuple[Briefing, CustomerResult | None, float]:
    """What is said, of which result of the model, in how many seconds it answered; without one where nobody is chosen,
    or the record cannot be."""
    contract, identity, start = model.contract, model.deployed, time.perf_counter()
    if not scenario.chosen:
        said = briefing_to_choose(contract, scenario, model=identity, whole=model.whole, personas=model.personas)
        return said, None, 0.0
    try:
        result = CustomerResult.of(model.scorer, model.local_scorer, model.book, scenario, day=date.today())
    except (BookError, BadInput) as error:
        return briefing_refused(contract, error, model=identity), None, 0.0
    seconds, rows = time.perf_counter() - start, rows_choice(contract)
    return customer_briefing(result, {rows.key: draw.held(rows)}, model=identity), result, seconds


def record_answer(model: DeployedModel, result: CustomerResult, seconds: float) -> None:
    """For the record: what the model was asked, what it said, and why."""
    recording.record_customer(
        model,
        result.scenario.to_query(),
        record=result.edited,
        margin=result.margin,
        why=result.reasons,
        seconds=seconds,
    )


main()
