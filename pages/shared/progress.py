"""Work that takes long: how far it is, and a way out."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from model.engine.parallel import Progress

PATIENCE = 0.5  # seconds before anything is shown
LOOKED_AGAIN = 1.0  # seconds after which it is asked how far a file is


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


@dataclass
class Making:
    """A file that is being made, in another thread than the page: what is done of it, ``doing``, and how far all is,
    None while nothing is made."""

    doing: str = ""
    share: float | None = None

    def tell(self, doing: str, share: float) -> None:
        """Note how far it is."""
        self.doing, self.share = doing, share

    def followed(self, make: Callable[..., bytes]) -> bytes:
        """What ``make`` makes, while it tells how far it is."""
        try:
            return make(tell=self.tell)
        finally:
            self.share = None


@st.fragment(run_every=LOOKED_AGAIN)
def making_progress(making: Making) -> None:
    """How far a file is that somebody asked for: a button that makes its file when it is pressed runs nothing of the
    page, so that the page looks by itself, as long as this stands on it."""
    share, doing = making.share, making.doing
    if share is not None:
        st.progress(min(max(share, 0.0), 1.0), text=f"{doing}: {share:.0%}")
