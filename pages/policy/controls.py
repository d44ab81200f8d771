"""What can be changed of a policy: the cut-off, a goal for it, the assumptions."""

from functools import partial

import streamlit as st

from data.contract import Contract
from model.report.ask.policy import policy_line
from model.report.language import granting, ranged_label
from model.report.policy import words
from model.report.policy.words import LABELS, Units
from model.whatif.policy.result import PolicyResult
from model.whatif.policy.scenario import CUTOFF, PolicyScenario, assumed, today
from model.whatif.policy.strategy import AT_MOST, GOALS, Goal
from model.whatif.ranges import LeverRange, book_range
from pages.policy import state
from pages.shared import carried
from pages.shared.comparing import compare_button
from pages.shared.deployed import keyed
from pages.shared.number_field import enter, lever, typed
from pages.shared.page_state import way_back

GOAL, TARGET = "_goal", "_target"


def controls(result: PolicyResult) -> None:
    """The cut-off, goal seek, assumptions; undo and reset."""
    contract, strategy = result.contract, result.strategy
    in_words = partial(policy_line, contract, result.policy)
    row = way_back(state.memory, state.reset_policy, untouched=result.policy == PolicyScenario(), in_words=in_words)
    compare_button(row, contract, "policy", result.policy)
    carried.switch(state.memory, contract, result.policy.under)
    low, high = int(strategy.cutoffs[0]), int(strategy.cutoffs[-1])
    at, now, best = result.cutoff, today(contract), strategy.best
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
    row = st.container(horizontal=True, key="jumps", gap="small")
    row.button(f"Today's, {now}", on_click=jump, args=(contract, now))
    row.button(f"Best, {best}", on_click=jump, args=(contract, best), disabled=not strategy.at(best).customers)
    seek_controls(result)
    st.caption("Assumptions")
    for name in assumed(contract):
        each, value = contract.assumption(name), state.shown_value(contract, name)
        within = book_range(each, state.widget_scale(contract, name))
        label, ends = ranged_label(each.label, each.unit, within), (within.low, within.high, within.step)
        enter(state.memory, name, label, value, *ends, help=each.help)


def jump(contract: Contract, cutoff: int) -> None:
    """Callback: go to a cut-off."""
    state.memory.change(state.memory.current().with_value(contract, CUTOFF, float(cutoff)))


def seek_controls(result: PolicyResult) -> None:
    """Which cut-off reaches a goal."""
    contract = result.contract
    row = st.container(horizontal=True, key="goal", gap="small")
    goal: Goal = row.selectbox("Goal", GOALS, index=1, format_func=lambda name: LABELS[name], key=keyed(GOAL))
    unit, size = ("%", 0.01) if goal in words.SHARES else (f"{contract.book.currency} m", 1e6)
    ceiling = "at most" if goal in AT_MOST else "at least"
    if keyed(TARGET) not in st.session_state:
        st.session_state[keyed(TARGET)] = 15.0
    written = typed(keyed(TARGET), 15.0, 0.1)
    target = row.number_input(f"{ceiling} ({unit})", key=keyed(TARGET), step=1.0, format=written)
    sought = result.strategy.seek(goal, target / 100 if size < 1 else target * size)
    st.caption(words.seek_words(contract, sought, Units.on(contract, result.policy, result.strategy)))
    st.button("Go there", on_click=jump, args=(contract, sought.outcome.cutoff), key="_go")
