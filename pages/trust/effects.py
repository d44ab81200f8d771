"""What the model looks at: the part of the trust page on which the whole model can be looked at."""

from collections.abc import Callable

import streamlit as st

from model.deployed.model import DeployedModel
from model.report import spreadsheet
from model.report.trust import effects
from model.validation.effects import ModelEffects
from model.validation.result import TrustResult
from pages.shared import draw, offering
from pages.shared.progress import followed
from pages.trust import state


def effects_panel(model: DeployedModel, result: TrustResult) -> None:
    """What the model looks at, an input's effect, two inputs together, and every table there is."""
    why = effects.effects_unknown(result, model.deployed)
    if why is not None:
        draw.notice(why)
        return
    with followed("Looking at the whole book") as progress:
        model.scored_book(progress)
    look(model, result.look())


@st.fragment
def look(model: DeployedModel, found: ModelEffects) -> None:
    """The whole part as one fragment: a choice in it draws nothing else anew."""
    with state.kept(model):
        draw_parts(model, found)


def draw_parts(model: DeployedModel, found: ModelEffects) -> None:
    """What matters, one input, two together; below them every table."""
    draw.item(effects.importance_finding(found, state.switch(effects.MOVES)))
    left, right = st.columns(2, gap="medium")
    with left:
        draw.item(effects.input_effect(found, state.choose(st.container(), effects.input_choice(found))))
    with right:
        draw.item(effects.pair_effect(found, state.choose(st.container(), effects.pair_choice(found))))
    folded("_tables", "Every table of the model, and every cell to take along", lambda: every_table(model, found))
    folded("_effects_method", "How is this computed?", lambda: draw.written_bold(effects.effects_method(found).note))


def folded(key: str, title: str, drawn: Callable[[], object]) -> None:
    """A part that is worked out once it is opened."""
    detail = st.expander(title, key=key, on_change="rerun")
    if detail.open:
        with detail:
            drawn()


def every_table(model: DeployedModel, found: ModelEffects) -> None:
    """Every table, and every cell as a file, which is written when somebody asks for it."""
    draw.item(effects.tables_finding(found))
    label, what = effects.cells_label(found), f"model {model.name} cells"
    offering.offer(label, lambda: effects.cells_file(found), what, kind="csv", mime=spreadsheet.MIME, key="cells")
