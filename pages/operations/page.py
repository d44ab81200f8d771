"""For those who run the model: what is deployed and how it answers, a file scored, the challenger, recent calls."""

from functools import partial

import streamlit as st

from pages.operations import status, upload
from pages.shared import deployed, recording, visitor
from pages.shared.deployed import keyed

UPLOAD = "_upload_panel"


def main() -> None:
    visitor.current()
    told = st.session_state.pop(recording.TOLD, None)
    if told:
        st.success(told, icon=":material/check:")
    unmet = deployed.unmet()
    if unmet:
        status.unmet_section(unmet)
        return
    model = deployed.model()
    panels = {
        UPLOAD: ("Score a file", partial(upload.upload_section, model)),
        "_challenger": ("Champion and challenger", partial(status.challenger_section, model)),
        "_calls": ("Recent calls and replay", status.calls_section),
    }
    with st.container(key="operations"), deployed.answering(model):
        status.deployed_section(model)
        for key, (title, draw) in panels.items():
            if key == UPLOAD and keyed(upload.HELD) in st.session_state:
                st.session_state.setdefault(UPLOAD, True)  # what was given before a look at another page
            panel = st.expander(title, key=key, on_change="rerun")
            if panel.open:
                with panel:
                    draw()


main()
