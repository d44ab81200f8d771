"""One customer: what the deployed model says, why, what changed, and what it would take."""

import time
from dataclasses import dataclass
from datetime import date
from functools import partial

import streamlit as st

from data.errors import BadInput, BookError, WhatIfError
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
from pages.customer import controls, decision, record, state
from pages.shared import carried, deployed, draw, offering, parts, recording, visitor, widgets
from pages.shared.ask_line import AskLine, ask_line
from pages.shared.taking_along import name_looked_at, offer_papers, offer_workbook, take_along, unchanged

ANSWERS, PANELS = "customer_answers", "customer_panels"


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
    read=read_line,
    complete=complete_line,
    example=lambda model: customer_example(model.book),
)


def main() -> None:
    visitor.current()
    model = deployed.model()
    state.memory.restore(model)
    carried.arrive(state.memory, partial(state.asked_under, model.contract))
    levers = model.contract.levers
    widgets.histograms({each.name: input_distribution(model.book, each.shows).heights for each in levers})
    widgets.rails(controls.ranges(model.contract))
    ask_line(ASK, model)
    offering.about(model.name, partial(name_looked_at, model, state.memory))
    with state.memory.arriving(), parts.whole_page(partial(state.memory.settle, model)):
        controls_and_answers(model)
    take_along("customer", partial(offer_record, model))


def offer_record(model: DeployedModel) -> None:
    """What of the record that is looked at can be taken along."""
    scenario = state.memory.current()
    model = decision.asked_model(model, scenario)
    saved = unchanged(state.memory)
    if scenario.chosen:
        offer_papers(model, scenario, saved)
    else:
        st.caption("Choose somebody first.")
    make = partial(asked_customer_workbook, model, scenario, who=visitor.current().name, day=date.today())
    offer_workbook(model, make, scenario, saved)


def customer_shown() -> tuple[object, ...]:
    """What decides how the answers look."""
    return state.memory.shown()


def customer_panels_shown(model: DeployedModel) -> object:
    """What decides how the panels look: there are none while there is no answer."""
    return customer_answered(model), draw.panels_shown(customer_shown())


def customer_answered(model: DeployedModel) -> bool:
    """Whether the model answers; one that cannot be asked is told of where the answer would stand."""
    try:
        return customer_asked(model).result is not None
    except WhatIfError:
        return False


def controls_and_answers(model: DeployedModel) -> None:
    """Controls on the left, answers on the right, in parts: a move of a lever draws it and the answers alone."""
    left, right = widgets.controls_and_answers()
    with right:
        parts.part(ANSWERS, partial(draw_customer_answers, model), customer_shown)
    with left:
        controls.customer_controls(model, partial(customer_asked, model))
    with right:
        parts.part(PANELS, partial(draw_customer_panels, model), partial(customer_panels_shown, model))
    parts.part(draw.METHOD, partial(draw_customer_method, model), lambda: draw.method_shown(customer_shown()))


def draw_customer_answers(model: DeployedModel) -> None:
    """The sentence, the numbers, what was changed, why, and one input at a time."""
    scenario = state.memory.current()
    state.memory.write_address()
    with deployed.answering(model):
        answer = customer_asked(model)
        said, result = answer.said, answer.result
        kind = "wi-own" if scenario.own else ""  # so that a record of one's own does not jump once it is complete
        about = decision.told_of(model, scenario)
        if about is not None:
            state.memory.settle_for(model)
            draw.notice(about)
        for message in state.memory.told():
            widgets.complain(message)
        if result is None:
            draw.without_numbers(said, first=not scenario.chosen, kind=kind)
        else:
            draw.headline(said, kind, stays=True)
        state.memory.numbers_first()
        with st.container(key="changed"):
            controls.taken_back(model, scenario)
        if scenario.own:
            record.own(model, scenario)
        if result is None:
            draw.items(said.findings, state.begin_with)
        else:  # charts last: the browser paints the number while they are on their way
            record_answer(decision.asked_model(model, scenario), result, answer.seconds)
            draw.items(said.findings)
            record.edits(decision.asked_model(model, scenario), result)
            draw.draw_unfolded(said.panels)


def draw_customer_panels(model: DeployedModel) -> None:
    """What lies below, each opened by whoever asks for it; nothing while there is no answer."""
    with deployed.answering(model):
        answer = customer_asked(model)
        draw.draw_panels(() if answer.result is None else answer.said.panels)


def draw_customer_method(model: DeployedModel) -> None:
    """How it is computed."""
    with deployed.answering(model):
        draw.draw_method(customer_asked(model).said)


@dataclass(frozen=True)
class Answer:
    """What is ``said``, of which ``result`` of the model, in how many ``seconds`` it answered; without one where nobody
    is chosen, or the record cannot be."""

    said: Briefing
    result: CustomerResult | None = None
    seconds: float = 0.0


def customer_asked(model: DeployedModel) -> Answer:
    """The model's answer, asked for once for all parts of the page; of a decision of the stream that of the release
    which made it."""

    def make() -> Answer:
        scenario = state.memory.current()
        return customer_answer(decision.asked_model(model, scenario), scenario)

    return parts.once("answer", make)


def customer_answer(model: DeployedModel, scenario: CustomerScenario) -> Answer:
    """The model's answer to a scenario, and what is said of it."""
    contract, identity, start = model.contract, model.deployed, time.perf_counter()
    if not scenario.chosen:
        return Answer(
            briefing_to_choose(contract, scenario, model=identity, whole=model.whole, personas=model.personas)
        )
    try:
        result = CustomerResult.of(model.scorer, model.local_scorer, model.book, scenario, day=date.today())
    except (BookError, BadInput) as error:
        return Answer(briefing_refused(contract, error, model=identity))
    seconds, rows = time.perf_counter() - start, rows_choice(contract)
    said = customer_briefing(result, {rows.key: draw.held(rows)}, model=identity)
    return Answer(said, result, seconds)


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
