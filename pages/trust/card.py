"""The model card of the deployed release, as a part of the trust page and as a file to keep."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.release.release import Release
from model.report.briefing import Column, Table
from model.report.release.card import ModelCard, Section, html
from model.report.release.card_of_store import release_card
from model.security import people as rules
from model.settings import settings
from pages.shared import deployed, draw, visitor, widgets


def panel(model: DeployedModel) -> None:
    """Every section of the card, and the card as one HTML file."""
    if model.release is None:
        st.info("There is no card: the deployed model is not one of the releases known here.")
        return
    by_group = rules.may(visitor.current(), "see protected attributes")
    state = len(desk.store(deployed.book()).history()), *desk.store(deployed.book()).aliases().items()
    card = _card(model, model.release, model.release.id, state, by_group)
    widgets.offer("Download the card", html(card), f"card-{card.release}.html", "text/html", "card")
    widgets.html(f"<p class='wi-below'>{widgets.text(f'{card.title}. {card.subtitle}')}</p>")
    for section in card.sections:
        _section(section)


@st.cache_resource(show_spinner=False, max_entries=4)
def _card(
    _model: DeployedModel, _release: Release, identity: str, state: tuple[object, ...], by_group: bool
) -> ModelCard:
    """The card as it stands while no alias moves."""
    return release_card(desk.store(deployed.book()), _release, settings().home, _model.book, by_group)


def _section(section: Section) -> None:
    if section.loud:
        told = "; ".join(each.rstrip(".") for each in section.items)
        st.warning(f"{section.title}: {told}. {' '.join(section.text)}", icon=":material/warning:")
    else:
        widgets.findings(section.title)
        told = "".join(f"<p>{widgets.text(each)}</p>" for each in section.text)
        listed = "".join(f"<li>{widgets.text(each)}</li>" for each in section.items)
        if told or listed:
            widgets.html(told + (f"<ul>{listed}</ul>" if listed else ""))
    for each in section.tables:
        if each.caption != section.title:
            widgets.html(f"<p class='wi-was'>{widgets.text(each.caption)}</p>")
        full_table(pd.DataFrame(each.rows, columns=list(each.head)), each.caption, _widths(len(each.head)))


def _widths(columns: int) -> tuple[int, ...]:
    """How wide the first columns are, in percent."""
    return {2: (25,), 3: (30, 25), 5: (30, 16, 16, 16)}.get(columns, ())


def full_table(frame: pd.DataFrame, alt: str, widths: Sequence[int]) -> None:
    """A table that shows all of its text; ``widths`` of the first columns in percent."""
    rows = tuple(map(tuple, frame.astype(str).to_numpy().tolist()))
    draw.full_table(Table("", alt, tuple(map(Column, frame)), rows), widths)
