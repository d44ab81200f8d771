"""How far to trust the model: how it ranks, whether it speaks truly, how it held, how wrong it was."""

import streamlit as st

from model.deployed.context import known_effects, release_context
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.report.trust.briefing import (
    evidence_choice,
    looked_at,
    segment_choice,
    trust_briefing,
    untested_notices,
)
from model.validation.result import TrustResult
from model.validation.validation import Validation
from model.validation.view import chosen_subset
from pages.shared import deployed, draw, offering, visitor, widgets
from pages.shared.progress import followed
from pages.shared.taking_along import take_along
from pages.trust import backtests, card, effects, panels, state


def main() -> None:
    visitor.current()
    model = deployed.model()
    offering.about(model.name)
    with state.memory.arriving():
        page(model)
    take_along("trust")


@st.fragment
def page(model: DeployedModel) -> None:
    """The whole page as one fragment."""
    with deployed.answering(model):
        evidence(model)


def evidence(model: DeployedModel) -> None:
    """Sentence, numbers, charts; detail below."""
    for each in untested_notices(model.deployed, model.has_evidence):  # before the book is asked, which may take long
        draw.notice(each)
    with followed("Holding the predictions against the outcomes") as progress:
        proof = model.validation(progress)
    state.memory.restore(model)
    withheld = visitor.withheld("see protected attributes")
    with state.kept(model):
        for message in state.memory.told():
            widgets.complain(message)
        result = trust_result(model, proof)
        around = release_context(desk, model, withheld)
        said = trust_briefing(result, dict(state.memory.current().values), around=around, withheld=withheld)
        draw.headline(said, "wi-trust", stays=True)
        choices(result)
        draw.items(said.findings)
        draw.draw_panels(
            said.panels,
            own={
                "_bands": lambda: panels.bands_panel(model, result),
                "_later": lambda: backtests.backtests_panel(model, result, around),
                "_effects": lambda: effects.effects_panel(model, result),
                "_moved": lambda: panels.drift_panel(model, result),
                "_falls": lambda: panels.fair(model, result, withheld),
                "_gates": lambda: card.card_panel(result, around, withheld),
            },
        )
    draw.draw_method(said)


def trust_result(model: DeployedModel, proof: Validation) -> TrustResult:
    """The evidence of the deployed model, and which of it the visitor looks at."""
    chosen = chosen_subset(state.memory.current(), proof)
    return TrustResult(proof, chosen, model.release, lambda: known_effects(model))


def choices(result: TrustResult) -> None:
    """The one row of controls: of which vintages, of which segment."""
    row = st.container(horizontal=True, key="trust_choices", gap="small", vertical_alignment="center")
    for each in (evidence_choice(result.proof), segment_choice(result.proof)):
        state.choose(row, each, label_visibility="collapsed", width=330)
    row.caption(looked_at(result))


main()
