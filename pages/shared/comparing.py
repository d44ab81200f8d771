"""From any page to those compared side by side."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from data.contract import Contract
from model.whatif.saved import Scenario, Subject
from pages.compare import state as compare_state


def compare_button(
    row: DeltaGenerator, contract: Contract, subject: Subject, scenario: Scenario, *, name: str = ""
) -> None:
    """A button that puts what is looked at beside the others that are compared, under a ``name`` or one that says what
    it assumes, and goes there."""
    if row.button("Compare", key=f"_compare_{subject}"):
        compare_state.put_beside(contract, subject, scenario, name)
        st.switch_page("compare/page.py")
