"""Scenarios under a name: all of a book, and one of them as it was saved and as it stands now."""

from collections.abc import Callable
from datetime import date
from functools import partial

import streamlit as st

from data.errors import WhatIfError
from model.deployed.model import DeployedModel
from model.errors import RemoteError
from model.export.workbook.workbook import asked_book_workbook, asked_customer_workbook
from model.report.scenarios.briefing import KnownScenarios, scenarios_briefing
from model.whatif.book.scenario import BookScenario
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.saved import Scenario, read_query
from pages.scenarios import controls, files, present, state
from pages.shared import deployed, draw, offering, visitor, widgets
from pages.shared.taking_along import offer_papers, offer_workbook, take_along


def main() -> None:
    visitor.current()
    model = deployed.model()
    state.arrive()
    scenarios_fragment(model)
    take_along("scenarios", partial(offer_opened, model))


def offer_opened(model: DeployedModel) -> None:
    """What of the scenario that is open can be taken along."""
    opened = state.known(model).opened
    if opened is None:
        st.caption("Open a scenario first.")
    elif opened.scenario.subject == "policy":
        st.caption("Cut-offs are taken along from Compare, where they stand side by side.")
    else:
        scenario, _ = read_query(opened.scenario.subject, model.book, dict(opened.query))
        offer_papers(model, scenario, opened.scenario)
        offer_workbook(model, workbook_of(model, scenario, opened.scenario.name), scenario, opened.scenario)


def workbook_of(model: DeployedModel, scenario: Scenario, name: str) -> Callable[..., bytes]:
    """What writes the workbook of a scenario of the book or of a customer, which is kept under a ``name``."""
    who, today = visitor.current().name, date.today()
    if isinstance(scenario, CustomerScenario):
        return partial(asked_customer_workbook, model, scenario, who=who, day=today)
    assert isinstance(scenario, BookScenario)
    return partial(asked_book_workbook, model, scenario, who=who, day=today, name=name)


@st.fragment
def scenarios_fragment(model: DeployedModel) -> None:
    """The whole page as one fragment."""
    with deployed.answering(model):
        try:
            known = state.known(model)
        except RemoteError:
            raise
        except WhatIfError as error:
            widgets.complain(str(error))
            return
        if present.presenting() and known.scenarios:
            present.presentation(model, known)
        else:
            scenario_columns(model, known)


def scenario_columns(model: DeployedModel, known: KnownScenarios) -> None:
    """Controls on the left, answers on the right."""
    said = scenarios_briefing(known)
    offering.about(model.name, lambda: known.opened.scenario.name if known.opened is not None else "")
    left, right = widgets.controls_and_answers(called="Choose and change")
    with right:
        for message in state.messages():
            draw.notice(message)
        draw.notices(said)
        draw.headline(said, "wi-six wi-short" if known.opened is not None else "", stays=True)
    with left:
        controls.look_for(known)
        controls.choose(known)
        present.button(known)
        controls.actions(model, known)
        files.files_panel(model, known)
    state.write_address()
    with right:
        draw.items(said.findings)
        draw.draw_panels(said.panels)
    draw.draw_method(said)


main()
