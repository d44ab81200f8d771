"""Router and frame: navigation on top, the book's date, the model's badge. Every page runs inside it."""

import time

import numpy as np
import streamlit as st

from model.serving.client import EmbeddedModel
from pages.ui import deployed, pieces, warm


def frame(model: EmbeddedModel) -> None:
    """One line under the navigation: what book this is, and that the model answers."""
    book = model.contract.book
    start = time.perf_counter()
    model.scorer.margins(model.book.raw[:, :1])
    took = 1000 * (time.perf_counter() - start)
    live = "less than 1" if np.round(took) < 1 else f"{took:.0f}"
    pieces.html(
        f"<div class='wi-frame'><span>{book.title} · {len(model.book):,} {book.person}s · as of {book.as_of}, "
        f"{book.sample}</span><span class='wi-badge'><i></i>model {model.name} live, {live} ms</span></div>"
    )


st.set_page_config(page_title="Credit What-If", page_icon=pieces.ICON, layout="wide")
pieces.style()
page = st.navigation(
    [
        st.Page("book.py", title="Book", url_path="book", default=True),
        st.Page("applicant.py", title="Customer", url_path="applicant"),
        st.Page("policy.py", title="Policy", url_path="policy"),
        st.Page("trust.py", title="Trust", url_path="trust"),
    ],
    position="top",
)
frame(deployed.model())
page.run()
warm.freeze_once()
