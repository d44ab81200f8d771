"""What the model looks at: the part of the trust page on which the whole model can be looked at."""

import streamlit as st

from model.deployed.model import DeployedModel
from model.report import charts, spreadsheet
from model.report.trust import effects_charts, effects_words
from model.validation.effects import Effect, EffectTable, Overview, Together, effect, every_cell, overview, together
from pages.shared import widgets
from pages.shared.progress import followed
from pages.trust import state

IMPORTANCE = {"": "By concept", state.INPUTS: "By input"}


@st.cache_resource(show_spinner=False, max_entries=3)
def overviews(_model: DeployedModel, identity: str) -> Overview:
    """What a model looks at; looked up once a model."""
    return overview(_model.whole)


@st.cache_resource(show_spinner=False, max_entries=64)
def effects(_model: DeployedModel, identity: str, own: int) -> Effect:
    """One input's effect."""
    return effect(_model.whole, overviews(_model, identity), own)


@st.cache_resource(show_spinner=False, max_entries=64)
def pairs(_model: DeployedModel, identity: str, group: int) -> Together:
    """What two inputs do together."""
    found = overviews(_model, identity)
    return together(_model.whole, found, next(each for each in found.pairs if each.group == group))


def panel(model: DeployedModel) -> None:
    """What the model looks at, an input's effect, two inputs together, and every table there is."""
    if model.release is None:
        st.info(
            f"Not available: of {model.deployed.words} only the answers are known here, not what it is made of. A "
            "release of one's own can be looked at whole.",
            icon=":material/info:",
        )
        return
    with followed("Looking at the whole book") as progress:
        model.scored_book(progress)
    look(model)


@st.fragment
def look(model: DeployedModel) -> None:
    """The whole part as one fragment: a choice in it draws nothing else anew."""
    with state.kept(model):
        parts(model)


def parts(model: DeployedModel) -> None:
    """What matters, one input, two together; below them every table."""
    found = overviews(model, model.id)
    matters(model, found)
    left, right = st.columns(2, gap="medium")
    with left:
        one(model, found)
    with right:
        two(model, found)
    for key, title, draw in (
        ("_tables", "Every table of the model, and every cell to take along", every_table),
        ("_effects_method", "How is this computed?", method),
    ):
        detail = st.expander(title, key=key, on_change="rerun")
        if detail.open:
            with detail:
                draw(model, found)


def matters(model: DeployedModel, found: Overview) -> None:
    """How much each concept or input moves the score."""
    contract = model.contract
    by_concept = state.memory.current().get("moves") != state.INPUTS
    st.segmented_control(
        "What moves the score",
        list(IMPORTANCE),
        format_func=lambda each: IMPORTANCE.get(each, each),
        required=True,
        key=state.memory.place("moves", "" if by_concept else state.INPUTS),
        label_visibility="collapsed",
        on_change=state.memory.touched,
        args=("moves",),
        wrap=True,
    )
    widgets.findings(
        effects_words.importance_headline(contract, found, by_concept),
        effects_words.swarm_headline(contract, found, by_concept),
    )
    st.plotly_chart(
        effects_charts.importance(contract, found, by_concept),
        key="importance",
        config=charts.CONFIG,
        alt=effects_charts.importance_in_words(contract, found, by_concept),
    )
    st.caption(effects_words.swarm_note(contract, found, by_concept))


def one(model: DeployedModel, found: Overview) -> None:
    """One input's effect, that of the weightiest first."""
    contract = model.contract
    order = [k for _, _, k in effects_words.ranked(contract, found, by_concept=False)]
    named = {contract.inputs[k].name: k for k in order}
    labels = {name: contract.inputs[k].label for name, k in named.items()}
    own = state.choose(st.container(), "One input", "input", labels, next(iter(labels)))
    shown = effects(model, model.id, named[own])
    widgets.findings(effects_words.effect_headline(contract, shown))
    st.plotly_chart(
        effects_charts.effect(contract, shown),
        key="effect",
        config=charts.CONFIG,
        alt=effects_charts.effect_in_words(contract, shown),
    )
    st.caption(effects_words.effect_note(contract, shown))


def two(model: DeployedModel, found: Overview) -> None:
    """What two inputs do together, the strongest pair first."""
    contract = model.contract
    if not found.pairs:
        st.info("This model reads every input on its own: no two do anything together.", icon=":material/info:")
        return
    tables: dict[str, EffectTable] = {state.pair(contract, each.first, each.second): each for each in found.pairs}
    labels = {name: effects_words.pair_label(contract, each) for name, each in tables.items()}
    label = "Two inputs together, the strongest first"
    own = state.choose(st.container(), label, "pair", labels, next(iter(labels)))
    shown = pairs(model, model.id, tables[own].group)
    widgets.findings(effects_words.together_headline(contract, shown))
    st.plotly_chart(
        effects_charts.together(contract, shown),
        key="together",
        config=charts.CONFIG,
        alt=effects_charts.together_in_words(contract, shown),
    )
    st.caption(effects_words.together_note(contract))


def every_table(model: DeployedModel, found: Overview) -> None:
    """Every table, and every cell as a file, which is written when somebody asks for it."""
    contract = model.contract
    widgets.findings(effects_words.tables_headline(found))
    frame = effects_words.tables_frame(contract, found)
    points = {
        name: st.column_config.NumberColumn(f"{name}, points", format=form)
        for name, form in (("Moves the score by", "%.2f"), ("Of it only together", "%.2f"), ("Largest cell", "%.1f"))
    }
    counts = {name: st.column_config.NumberColumn(name, format="localized") for name in frame.columns[2:4]}
    widgets.table(frame, hide_index=True, height=320, column_config=points | counts, alt="Every table of the model")
    st.caption(effects_words.tables_note(contract, found))

    def cells() -> bytes:
        return spreadsheet.file(effects_words.cells_frame(contract, every_cell(found)))

    label = f"Download all {len(found.tables.cells):,} cells as CSV"
    widgets.offer(label, cells, f"model-{model.name}-cells.csv", spreadsheet.MIME, "cells")


def method(model: DeployedModel, found: Overview) -> None:
    """How the numbers come about."""
    st.markdown(effects_words.method(model.contract, found))
