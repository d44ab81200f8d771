"""For those who run the model: what is deployed and how it answers, a file scored, the challenger, recent calls."""

from functools import partial

import streamlit as st

from pages.ui import access, deployed, operated, recorded, uploaded
from pages.ui.deployed import keyed

UPLOAD = "_upload_panel"


def main() -> None:
    access.person()
    told = st.session_state.pop(recorded.TOLD, None)
    if told:
        st.success(told, icon=":material/check:")
    unmet = deployed.unmet()
    if unmet:
        operated.unmet_section(unmet)
        return
    model = deployed.model()
    panels = {
        UPLOAD: ("Score a file", partial(uploaded.upload_section, model)),
        "_challenger": ("Champion and challenger", partial(operated.challenger_section, model)),
        "_calls": ("Recent calls and replay", operated.calls_section),
    }
    with st.container(key="operations"), deployed.answering(model):
        operated.deployed_section(model)
        for key, (title, draw) in panels.items():
            if key == UPLOAD and keyed(uploaded.HELD) in st.session_state:
                st.session_state.setdefault(UPLOAD, True)  # what was given before a look at another page
            panel = st.expander(title, key=key, on_change="rerun")
            if panel.open:
                with panel:
                    draw()


main()
