"""What is deployed and how it answers."""

import streamlit as st

from model.api import status
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.report.operations.briefing import OperationsSources, operations_briefing
from model.security.people import may
from model.settings import settings
from pages.shared import deployed, draw, visitor


@st.fragment
def deployed_section(model: DeployedModel, sources: OperationsSources) -> None:
    """The sentence, the numbers, and what they rest on."""
    found = status.found_out(model, desk.store(deployed.book()), settings())
    said = operations_briefing(found, sources, may(visitor.current(), "see protected attributes"))
    draw.headline(said, "wi-even")
    checks, identity = said.findings
    left, right = st.columns([0.42, 0.58], gap="medium")
    with left:
        draw.item(checks)
        with st.container(horizontal=True):
            st.button("Check again", key="_check", icon=":material/refresh:")
            if model.release is not None:
                st.link_button("On a phone", deployed.phone_address(), icon=":material/smartphone:")
    with right:
        draw.item(identity)
