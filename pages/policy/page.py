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
from model.report.briefing import Briefing
from model.report.policy.briefing import OtherReleases, curve_choice, policy_briefing
from model.whatif.book.scenario import BookScenario
from model.whatif.policy.result import PolicyResult, scores_by
from model.whatif.policy.scenario import CUTOFF, PolicyScenario
from pages.policy import controls, state
from pages.shared import carried, deployed, draw, offering, parts, recording, visitor, widgets
from pages.shared.ask_line import AskLine, ask_line
from pages.shared.progress import followed
from pages.shared.taking_along import name_looked_at, take_along

ANSWERS, PANELS = "policy_answers", "policy_panels"
ASK = AskLine(
    memory=state.memory,
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
    with state.memory.arriving(), parts.whole_page(partial(state.memory.settle, model)):
        columns(model)
    take_along("policy")


def policy_shown() -> tuple[object, ...]:
    """What decides how the answers look."""
    return state.memory.shown()


def columns(model: DeployedModel) -> None:
    """Controls on the left, answers on the right, in parts: a move of a lever draws it and the answers alone."""
    left, right = widgets.controls_and_answers()
    with right:
        parts.part(ANSWERS, partial(draw_policy_answers, model), policy_shown)
    with left:
        controls.controls(model, partial(policy_asked, model))
    with right:
        parts.part(PANELS, partial(draw_policy_panels, model), lambda: draw.panels_shown(policy_shown()))
    parts.part(draw.METHOD, partial(draw_policy_method, model), lambda: draw.method_shown(policy_shown()))


def draw_policy_answers(model: DeployedModel) -> None:
    """The sentence, the numbers and the charts."""
    state.memory.write_address()
    with deployed.answering(model):
        found = policy_said(model)
        for message in state.memory.told():
            widgets.complain(message)
        draw.notices(found)
        draw.headline(found, stays=True)
        state.memory.numbers_first()
        draw.pick(curve_choice(model.contract), labelled=False)
        draw.items(found.findings)


def draw_policy_panels(model: DeployedModel) -> None:
    """What lies below, each opened by whoever asks for it."""
    with deployed.answering(model):
        draw.draw_panels(policy_said(model).panels)


def draw_policy_method(model: DeployedModel) -> None:
    """How it is computed."""
    with deployed.answering(model):
        draw.draw_method(policy_said(model))


def policy_asked(model: DeployedModel) -> PolicyResult:
    """What the deployed model says, asked once for all parts of the page, and recorded."""
    return parts.once("result", lambda: policy_result(model, state.memory.current()))


def policy_said(model: DeployedModel) -> Briefing:
    """What is said of it, once for all parts of the page."""

    def make() -> Briefing:
        curve, withheld = curve_choice(model.contract), visitor.withheld("see protected attributes")
        return policy_briefing(
            policy_asked(model), {curve.key: draw.held(curve)}, others=others(model), withheld=withheld
        )

    return parts.once("said", make)


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
