"""What one visitor looks at on the trust page: a `TrustView`; see `pages.shared.page_state`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.report.briefing import Choice
from model.settings import settings
from model.validation.view import CUTOFF, OPEN, Choosable, TrustView, cutoff_points
from pages.shared import deployed
from pages.shared.as_written import literal
from pages.shared.number_field import enter
from pages.shared.page_state import Memory

PANELS = {
    "bands": "_bands",
    "later": "_later",
    "effects": "_effects",
    "tables": "_tables",
    "drift": "_moved",
    "fairness": "_falls",
    "misses": "_misses",
    "gates": "_gates",
}
"""The panels' keys, by what stands for them in the address."""


def choosable(model: DeployedModel) -> Choosable:
    """What there is to choose from."""
    return Choosable(
        model.validation(),
        model.release,
        lambda: [each for each in desk.comparable(deployed.book()) if each != model.id],
    )


def _read(model: DeployedModel, address: Mapping[str, str]) -> tuple[TrustView, list[str]]:
    found, complaints = TrustView.from_query(address, choosable(model).known, settings().url_state)
    _unfold(found)
    return found, complaints


def _moved(_model: DeployedModel, name: str, value: Any) -> TrustView:
    if name == CUTOFF and value is not None:
        value = f"{cutoff_points(str(value)):g}"
    return memory.current().with_value(name, "" if value is None else str(value))


memory = Memory[TrustView](
    "trust",
    _read,
    lambda view: view.to_query(settings().url_state),
    _moved,
    answered=False,
)


def _unfold(view: TrustView) -> None:
    for name, key in PANELS.items():
        if name in view.opened:
            st.session_state[key] = True
        elif key in st.session_state:
            st.session_state[key] = False


@contextmanager
def kept(model: DeployedModel) -> Iterator[None]:
    """Around whatever draws choices: what was touched is taken in before, and stands in the address afterwards. Panels
    open and close in the browser: they are read off, and on a return to the page opened again."""
    memory.settle(model)
    if any(key in st.session_state for key in PANELS.values()):
        opened = [name for name, key in PANELS.items() if st.session_state.get(key)]
        memory.change(memory.current().with_value(OPEN, ",".join(opened)))
    else:
        _unfold(memory.current())
    yield
    memory.write_address()


def choose(where: DeltaGenerator, choice: Choice, **more: Any) -> dict[str, str]:
    """What is chosen of a choice, by its key, once its control was put where the view has it. A default stands in no
    address, and what another release had and this one has not is dropped. Where there is nothing to choose, nothing is
    drawn."""
    if choice.options:
        _options(where, choice, **more)
    elif choice.high > choice.low:
        _number(where, choice)
    else:
        return {}
    held = memory.current().get(choice.key)
    return {choice.key: held} if held else {}


def _options(where: DeltaGenerator, choice: Choice, **more: Any) -> None:
    labels = {"" if each == choice.default else each: told for each, told in choice.options}
    where.selectbox(
        choice.label,
        list(labels),
        format_func=lambda each: labels.get(each, each),
        key=memory.place(choice.key, _held(choice.key, labels)),
        on_change=memory.touched,
        args=(choice.key,),
        **more,
    )


def _held(name: str, labels: Mapping[str, str]) -> str:
    """Where the view has a choice; back to the default where there is no such option."""
    held = memory.current().get(name)
    if held in labels:
        return held
    memory.change(memory.current().with_value(name, ""))
    return ""


def _number(where: DeltaGenerator, choice: Choice) -> None:
    held = memory.current().get(choice.key)
    if held and float(held) == choice.default:
        memory.change(memory.current().with_value(choice.key, ""))
        held = ""
    chosen = float(held or choice.default)
    enter(memory, choice.key, label=choice.label, at=chosen, low=choice.low, high=choice.high, where=where)


def switch(choice: Choice) -> dict[str, str]:
    """What is chosen of a few options that lie side by side."""
    labels = dict(choice.options)
    held = choice.of({choice.key: memory.current().get(choice.key)})
    st.segmented_control(
        choice.label,
        list(labels),
        format_func=lambda each: literal(labels.get(each, each)),
        required=True,
        key=memory.place(choice.key, held),
        label_visibility="collapsed",
        on_change=memory.touched,
        args=(choice.key,),
        wrap=True,
    )
    return {choice.key: held}
