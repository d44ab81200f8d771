"""What one visitor looks at on the trust page: a `TrustView`; see `pages.shared.page_state`."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from data.contract import Contract
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.settings import settings
from pages.shared import deployed
from pages.shared.number_field import enter
from pages.shared.page_state import Memory
from pages.trust.view import CUTOFF, OPEN, SCORES, TrustView, from_query, points, to_query

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
VINTAGE, SCORE, INPUTS = "vintage", "score", "inputs"
TOGETHER = ":"


def known(model: DeployedModel, name: str) -> Collection[str]:
    """What there is to choose from of one part."""
    contract = model.contract
    if name == OPEN:
        later = model.has_evidence and model.validation().years
        return [each for each in PANELS if each != "later" or later]
    if name in ("evidence", "by_evidence", "compare"):
        found = model.validation()
        return [each for each in found.whens if name != "compare" or found.after_training(each)]
    if name == "segment":
        return [f"{each.name}{TOGETHER}{k}" for each in contract.segments for k in range(contract.band_count(each))]
    if name == "by":
        return [*(each.name for each in contract.segments), *([VINTAGE] if model.validation().years else [])]
    if name == "against":
        return [each for each in desk.comparable(deployed.book()) if each != model.id] if model.release else []
    if name == "shift":
        return [f"{each:.0f}" for each in model.validation().years[:-1]]
    if name in ("since", "until"):
        return [f"{each}" for each in years(model)]
    if name == "moves":
        return (INPUTS,)
    if name in ("input", "distribution_of"):
        return [*([SCORE] if name == "distribution_of" else []), *(each.name for each in contract.inputs)]
    if name == "pair":
        return pairs(model)
    return [each.name for each in contract.protected()] if name == "attribute" else []


def years(model: DeployedModel) -> list[int]:
    """The vintages of the book, rising; none where it has none."""
    own = model.book.vintages
    return [] if own is None else sorted({int(each) for each in own[~np.isnan(own)]})


def pairs(model: DeployedModel) -> list[str]:
    """The tables of two inputs, by both names."""
    if model.release is None:
        return []
    groups = model.release.scorer.tables.groups()
    return [pair(model.contract, first, second) for first, second, _ in groups if second >= 0]


def pair(contract: Contract, first: int, second: int) -> str:
    """Two inputs as the address names them."""
    return f"{contract.inputs[first].name}{TOGETHER}{contract.inputs[second].name}"


def _read(model: DeployedModel, address: Mapping[str, str]) -> tuple[TrustView, list[str]]:
    found, complaints = from_query(address, lambda name: known(model, name), settings().url_state)
    _unfold(found)
    return found, complaints


def _moved(_model: DeployedModel, name: str, value: Any) -> TrustView:
    if name == CUTOFF and value is not None:
        value = f"{points(str(value)):g}"
    return memory.current().with_value(name, "" if value is None else str(value))


memory = Memory[TrustView](
    "trust",
    _read,
    lambda view: to_query(view, settings().url_state),
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


def choose(where: DeltaGenerator, label: str, name: str, options: Mapping[str, str], default: str, **more: Any) -> str:
    """One of ``options``, labels by what stands for them in the address, put where the view has it. The ``default``
    stands in no address, and what another release had and this one has not is dropped."""
    shown = {"" if each == default else each: told for each, told in options.items()}
    held = memory.current().get(name)
    if held not in shown:
        held = ""
        memory.change(memory.current().with_value(name, ""))
    where.selectbox(
        label,
        list(shown),
        format_func=lambda each: shown.get(each, each),
        key=memory.place(name, held),
        on_change=memory.touched,
        args=(name,),
        **more,
    )
    return held or default


def cutoff(where: DeltaGenerator, label: str, declared: float) -> float:
    """A cut-off in score points; the ``declared`` one stands in no address."""
    held = memory.current().get(CUTOFF)
    if held and float(held) == declared:
        memory.change(memory.current().with_value(CUTOFF, ""))
        held = ""
    chosen = float(held) if held else declared
    enter(memory, CUTOFF, label, chosen, *SCORES, where=where)
    return chosen
