"""Where to cut, what to charge: the policy page."""

import time
from datetime import date
from functools import partial

import streamlit as st

from data.arrays import Array
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.report.ask.completion import completions
from model.report.ask.policy import policy_example, policy_vocabulary, read_policy_line
from model.report.policy.briefing import OtherReleases, curve_choice, policy_briefing
from model.whatif.book.scenario import BookScenario
from model.whatif.policy.result import PolicyResult, scores_by
from model.whatif.policy.scenario import CUTOFF, PolicyScenario
from pages.policy import controls, state
from pages.shared import carried, deployed, draw, offering, recording, visitor, widgets
from pages.shared.ask_line import AskLine, ask_line
from pages.shared.progress import followed
from pages.shared.taking_along import name_looked_at, take_along

ANSWERS = "policy_answers"
ASK = AskLine(
    memory=state.memory,
    answers=ANSWERS,
    read=lambda model, line: read_policy_line(model.contract, state.memory.current(), line),
    complete=lambda model, line: completions(line, policy_vocabulary(model.contract)),
    example=lambda model: policy_example(model.contract),
)


def main() -> None:
    visitor.current()
    model = deployed.model()
    state.memory.restore(model)
    carried.arrive(state.memory, partial(state.asked_under, model.contract))
    widgets.fields([state.memory.key(CUTOFF)])
    ask_line(ASK, model)
    offering.about(model.name, partial(name_looked_at, model, state.memory))
    with state.memory.arriving():
        policy_fragment(model)
    take_along("policy")


@st.fragment(key=ANSWERS)
def policy_fragment(model: DeployedModel) -> None:
    """The whole page as one fragment."""
    state.memory.settle(model)
    state.memory.write_address()
    with deployed.answering(model):
        columns(model)


def columns(model: DeployedModel) -> None:
    """Controls on the left, answers on the right."""
    left, right = widgets.controls_and_answers()
    result = policy_result(model, state.memory.current())
    curve = curve_choice()
    said = policy_briefing(
        result,
        {curve.key: draw.held(curve)},
        others=others(model),
        withheld=visitor.withheld("see protected attributes"),
    )
    with right:
        for message in state.memory.told():
            widgets.complain(message)
        draw.notices(said)
        draw.headline(said, stays=True)
        state.memory.numbers_first()
    with left:
        controls.controls(result)
    with right:
        draw.pick(curve, labelled=False)
        draw.items(said.findings)
        draw.draw_panels(said.panels)
    draw.draw_method(said)


def policy_result(model: DeployedModel, policy: PolicyScenario) -> PolicyResult:
    """What the deployed model says, recorded where anything was changed."""
    start, day = time.perf_counter(), date.today()
    with followed("Scoring the whole book", state.memory.undo) as progress:
        result = PolicyResult.of(model.scored_book(progress), model.sample, policy=policy, day=day, progress=progress)
    if policy != PolicyScenario():
        recording.record_policy(
            model, policy.to_query(), today=day, now=result.chosen, seconds=time.perf_counter() - start
        )
    return result


def others(model: DeployedModel) -> OtherReleases:
    """The releases that a policy can be compared with."""
    book = deployed.book()
    ids = tuple(each for each in desk.comparable(book) if each != model.id)
    under, day = state.memory.current().under, date.today()
    return OtherReleases(ids, lambda release: other_scores(model, book, release, under, day))


@st.cache_resource(show_spinner=False, max_entries=4)
def other_scores(_model: DeployedModel, book: str, release: str, under: BookScenario, day: date) -> Array:
    """The book's scores by another release, under the same scenario."""
    return scores_by(desk.release(book, release).scorer, _model.sample, under, day)


main()
