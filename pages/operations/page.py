"""For those who run the model: what is deployed and how it answers, a file scored, the challenger, recent calls."""

from functools import partial

import streamlit as st

from model.api import status
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.report.language import window_title
from model.report.operations.briefing import OperationsSources, operations_panels
from model.settings import settings
from pages.operations import calls, health, releases, upload
from pages.shared import deployed, offering, recording, visitor, widgets
from pages.shared.deployed import keyed

UPLOAD = "_upload_panel"


def main() -> None:
    visitor.current()
    told = st.session_state.pop(recording.TOLD, None)
    if told:
        st.success(told, icon=":material/check:")
    unmet = deployed.unmet()
    if unmet:
        releases.unmet_section(unmet)
        return
    model = deployed.model()
    offering.about(model.name)
    widgets.entitle(window_title(model.contract, "Operations", ()))
    sources = operations_sources(model)
    challenged, called = operations_panels(sources)
    sections = {
        UPLOAD: ("Score a file", partial(upload.upload_section, model)),
        challenged.key: (challenged.title, partial(releases.challenger_section, sources)),
        called.key: (called.title, partial(calls.calls_section, sources)),
    }
    with st.container(key="operations"), deployed.answering(model):
        health.deployed_section(model, sources)
        for key, (title, draw) in sections.items():
            if key == UPLOAD and keyed(upload.HELD) in st.session_state:
                st.session_state.setdefault(UPLOAD, True)  # what was given before a look at another page
            panel = st.expander(title, key=key, on_change="rerun")
            if panel.open:
                with panel:
                    draw()


def operations_sources(model: DeployedModel) -> OperationsSources:
    """Who is asked once a panel is opened."""
    store, using = desk.store(deployed.book()), settings()
    return OperationsSources(
        partial(status.book_releases, store),
        partial(status.challenger, store, using),
        calls=partial(status.calls, using),
        elsewhere=model.remote is not None,
        withheld=visitor.withheld("see calls"),
    )


main()
