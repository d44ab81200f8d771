"""Router and frame: who may see what, navigation on top, the book's date, the model's badge. Every page runs in it."""

import time

import numpy as np
import streamlit as st

from model.serving.access import LOCAL, Person, may
from model.serving.client import DeployedModel
from pages.ui import access, deployed, pieces, recorded, warm


def frame(model: DeployedModel, who: Person) -> None:
    """One line under the navigation: what book this is, that the model answers, and who is looking."""
    book = model.contract.book
    took = answered(model)
    live = "less than 1" if np.round(took) < 1 else f"{took:.0f}"
    where = f" at {model.where}" if model.where else ""
    badge = pieces.text(f"model {model.name}{where} live, {live} ms")
    looking = "" if who == LOCAL else f"<span class='wi-who'> · {pieces.text(who.name)} · {who.role}</span>"
    pieces.html(
        f"<div class='wi-frame'><span>{book.title} · {len(model.book):,} {book.person}s · as of {book.as_of}, "
        f"{book.sample}</span><span><span class='wi-badge'><i></i>{badge}</span>"
        f"{looking}</span></div>"
    )


def answered(model: DeployedModel) -> float:
    """How long the model took to answer, milliseconds: one customer here, the latest calls of one elsewhere."""
    if model.remote is not None:
        return model.pulse().p50
    start = time.perf_counter()
    model.scorer.margins(model.book.raw[:, :1])
    took = 1000 * (time.perf_counter() - start)
    model.embedded.note(took)
    return took


def unrecorded() -> None:
    """What cannot be recorded is told on every page, before anybody relies on its being recorded."""
    trouble = recorded.trouble()
    if trouble:
        st.warning(f"What you look at is not being recorded. {trouble}", icon=":material/warning:")


st.set_page_config(page_title="Credit What-If", page_icon=pieces.ICON, layout="wide")
pieces.style()
who = access.person()
pages = [
    ("look", st.Page("book.py", title="Book", url_path="book", default=True)),
    ("look", st.Page("applicant.py", title="Customer", url_path="applicant")),
    ("look", st.Page("policy.py", title="Policy", url_path="policy")),
    ("look", st.Page("trust.py", title="Trust", url_path="trust")),
    ("look", st.Page("operations.py", title="Operations", url_path="operations")),
]
page = st.navigation([each for deed, each in pages if may(who, deed)], position="top")
frame(deployed.model(), who)
unrecorded()
page.run()
warm.freeze_once()
