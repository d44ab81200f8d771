"""What can be changed of a policy: the cut-off, a goal for it, the assumptions."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from data.contract import Contract
from model.deployed.model import DeployedModel
from model.report.ask.policy import policy_line
from model.report.language import granting, ranged_label
from model.report.numbers import MOST_DECIMALS
from model.report.policy import words
from model.report.policy.words import Units
from model.whatif.goals import goal_step
from model.whatif.policy.result import PolicyResult
from model.whatif.policy.scenario import CUTOFF, PolicyScenario, assumed, today
from model.whatif.policy.strategy import AT_MOST, Goal
from model.whatif.ranges import LeverRange, book_range
from pages.policy import state
from pages.shared import carried, deployed, parts
from pages.shared.comparing import compare_button
from pages.shared.deployed import keyed
from pages.shared.number_field import enter, lever, typed
from pages.shared.page_state import way_back
from pages.shared.parts import redrawn

GOAL, TARGET = "_goal", "_target"


Ask = Callable[[], PolicyResult]  # the model's answer, asked for once for all parts of the page


def controls(model: DeployedModel, asked: Ask) -> None:
    """Undo and reset, the cut-off, goal seek, assumptions: each a part of the page by itself."""
    contract = model.contract
    for key, draw, shown in (
        ("head", policy_buttons, policy_buttons_shown),
        ("lever cutoff", cutoff_lever, cutoff_shown),
        ("goal", goal_controls, assumed_shown),
        ("assumptions", assumption_fields, assumed_shown),
    ):
        parts.part(key, partial(drawn, model, partial(draw, contract, asked)), partial(shown, contract))


def drawn(model: DeployedModel, draw: Callable[[], None]) -> None:
    """Draw what asks the model."""
    with deployed.answering(model):
        draw()


def policy_buttons(contract: Contract, asked: Ask) -> None:
    """Undo, reset, the link to this very policy, the ways to put it beside others and under the book's scenario."""
    policy = state.memory.current()
    in_words = partial(policy_line, contract, policy)
    row = way_back(state.memory, state.reset_policy, untouched=policy == PolicyScenario(), in_words=in_words)
    compare_button(row, contract, "policy", policy)
    carried.switch(state.memory, contract, policy.under)


def policy_buttons_shown(contract: Contract) -> object:
    """What decides how they look."""
    policy = state.memory.current()
    return state.memory.shown_by_buttons(), policy == PolicyScenario(), policy.under


def cutoff_lever(contract: Contract, asked: Ask) -> None:
    """The cut-off."""
    result = asked()
    low, high = int(result.strategy.cutoffs[0]), int(result.strategy.cutoffs[-1])
    at, now = result.cutoff, today(contract)
    told = f"From {low}, at which all are {granting(contract)}, to {high}, at which none is. Today's is {now}."
    lever(
        state.memory,
        CUTOFF,
        label="Cut-off (points)",
        told=f"Cut-off · {at} points",
        within=LeverRange(low, high, step=1, whole=True),
        value=at,
        help=told,
    )


def cutoff_shown(contract: Contract) -> object:
    """What decides how the cut-off looks: itself, and what the scores are that it lies among."""
    return state.memory.current()


def goal_controls(contract: Contract, asked: Ask) -> None:
    """Ways to a cut-off: today's, the best, the one that reaches a goal."""
    result = asked()
    now, best = today(contract), result.strategy.best
    nobody = not result.strategy.at(best).customers
    row = st.container(horizontal=True, key="jumps", gap="small")
    row.button(f"Today's, {now}", on_click=redrawn, args=(jump, contract, now))
    if contract.in_money:
        row.button(f"Best, {best}", on_click=redrawn, args=(jump, contract, best), disabled=nobody)
    seek_controls(result)


def assumption_fields(contract: Contract, asked: Ask) -> None:
    """What the data do not hold, each a field with its ends."""
    if assumed(contract):
        st.caption("Assumptions")
    for name in assumed(contract):
        each, value = contract.assumption(name), state.shown_value(contract, name)
        within = book_range(each, state.widget_scale(contract, name))
        label, ends = ranged_label(each.label, each.unit, within), (within.low, within.high, within.step)
        enter(state.memory, name, label, value, *ends, help=each.help)


def assumed_shown(contract: Contract) -> object:
    """What decides how all looks that does not depend on where is cut."""
    return state.memory.current().with_value(contract, CUTOFF, None)


def jump(contract: Contract, cutoff: int) -> None:
    """Callback: go to a cut-off."""
    state.memory.change(state.memory.current().with_value(contract, CUTOFF, float(cutoff)))


def seek_controls(result: PolicyResult) -> None:
    """Which cut-off reaches a goal."""
    contract = result.contract
    row = st.container(horizontal=True, key="goal", gap="small")
    labels = {each: words.goal_label(contract, each) for each in words.goals(contract)}
    goal: Goal = row.selectbox(
        "Goal", list(labels), index=1, format_func=lambda name: labels.get(name, name), key=keyed(GOAL)
    )
    unit, size = words.entered_goal(contract, goal)
    ceiling = "at most" if goal in AT_MOST else "at least"
    key, proposed = keyed(f"{TARGET}_{goal}"), result.strategy.proposed(goal, today(contract)) / size
    if key not in st.session_state:
        st.session_state[key] = round(proposed, MOST_DECIMALS)
    step = goal_step(proposed)
    written = typed(key, proposed, step)
    target = row.number_input(f"{ceiling} ({unit})" if unit else ceiling, key=key, step=step, format=written)
    sought = result.strategy.seek(goal, target * size)
    st.caption(words.seek_words(contract, sought, Units.on(contract, result.policy, result.strategy)))
    st.button("Go there", on_click=redrawn, args=(jump, contract, sought.outcome.cutoff), key="_go")
