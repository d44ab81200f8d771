"""Scenarios as files: taken along as TOML or Excel, and brought in again."""

from datetime import date
from functools import partial

import streamlit as st

from data.errors import WhatIfError
from model.api.process import running
from model.deployed.model import DeployedModel
from model.export.workbook.filled_book import read_brought
from model.report.briefing import Notice
from model.report.scenarios.briefing import KnownScenarios, troubles_finding
from model.report.scenarios.words import brought_words
from model.scoring.scenario_files import (
    MIME,
    ScenarioFile,
    bring_in,
    scenarios_as_toml,
    scenarios_as_workbook,
)
from pages.scenarios import state
from pages.shared import draw, offering, visitor
from pages.shared.deployed import keyed

GIVEN, TROUBLES = "_scenarios_given", "_scenarios_troubles"


def files_panel(model: DeployedModel, known: KnownScenarios) -> None:
    """All that are listed as a file; a file of them brought in."""
    panel = st.expander("Files", key="_scenario_files", on_change="rerun")
    if not panel.open:
        return
    with panel:
        if known.scenarios:
            with st.container(horizontal=True, gap="small"):
                names = {each.id: each.name for each in known.scenarios}
                as_toml = partial(scenarios_as_toml, known.scenarios, names)
                as_workbook = partial(scenarios_as_workbook, known.book, known.scenarios, names)
                offering.offer("Excel", as_workbook, "scenarios", kind="xlsx", mime=MIME["xlsx"], key="scenarios.xlsx")
                offering.offer("TOML", as_toml, "scenarios", kind="toml", mime=MIME["toml"], key="scenarios.toml")
        if visitor.allow("save scenarios"):
            st.file_uploader(
                "Bring in scenarios",
                type=["xlsx", "toml"],
                key=keyed(GIVEN),
                help="A file of scenarios as it leaves here, or a workbook of the book whose cells were changed.",
            )
            given = st.session_state.get(keyed(GIVEN)) is not None
            st.button("Bring in", key="_scenarios_bring", on_click=bring, args=(model,), disabled=not given)
        troubles: ScenarioFile | None = st.session_state.get(keyed(TROUBLES))
        if troubles is not None:
            draw.item(troubles_finding(troubles.troubles))


def bring(model: DeployedModel) -> None:
    """Callback: keep what the file holds, or tell what is wrong with it, cell by cell."""
    given, who = st.session_state.get(keyed(GIVEN)), visitor.current()
    st.session_state.pop(keyed(TROUBLES), None)
    if given is None:
        return
    try:
        file = read_brought(given.getvalue(), given.name, model)
        if file.troubles:
            st.session_state[keyed(TROUBLES)] = file
            return
        kept = bring_in(model, running().scenarios, file, person=who, day=date.today())
        state.tell(Notice(brought_words([each.name for each in kept]), "success"))
        for note in file.notes:
            state.tell(Notice(note, "warning"))
    except WhatIfError as error:
        state.tell(Notice(str(error), "warning"))
