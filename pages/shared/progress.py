"""Work that takes long: how far it is, and a way out."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from model.engine.parallel import Progress

PATIENCE = 0.5  # seconds before anything is shown


@contextmanager
def followed(doing: str, cancel: Callable[[], None] | None = None) -> Iterator[Progress]:
    """Tells how far work is once it takes longer than half a second, with a button to cancel it.

    Streamlit ends a run at its next call once the visitor has asked for another: so a press of the button, or a move
    of a lever, ends the work at the next word of its progress. ``cancel`` is what the button does then.
    """
    place, start = st.empty(), time.monotonic()
    bar = None

    def progress(share: float) -> None:
        nonlocal bar
        if time.monotonic() - start < PATIENCE:
            return
        if bar is None:
            with place.container():
                bar = st.progress(share, text=doing)
                if cancel is not None:
                    st.button("Cancel", on_click=cancel, key=f"_cancel {doing}", icon=":material/close:")
        bar.progress(share, text=doing)

    yield progress
    if bar is not None:
        place.empty()
