"""The deployed model for a page, or what to show while there is none."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import NoReturn

import streamlit as st

from data.errors import WhatIfError
from model.errors import RemoteError
from model.serving.client import DeployedModel, desk
from model.settings import settings
from pages.ui import warm

DOUBTED, UNANSWERED = "_doubted", "_unanswered"


def model() -> DeployedModel:
    """The default book's model. Stops the page, saying why, while there is none to ask."""
    book = settings().book
    try:
        with st.spinner("Calling the deployed model") if settings().model_url else nullcontext():
            found = desk.model(book)
    except WhatIfError as error:
        st.session_state.pop(DOUBTED, None)
        _unusable(error)
    if found is None:
        st.subheader("A first model is being trained")
        st.write(
            "There is no released model on this machine yet. It is trained on the book, checked on customers it has "
            "not seen, and compared with its own definition; then this page opens. About half a minute, once."
        )
        _training(book)
        st.stop()
    return found


@contextmanager
def answering(model: DeployedModel) -> Iterator[None]:
    """Around whatever asks the ``model``: when it does not answer, the page says so in place of numbers; when another
    has taken its place, the whole page is drawn anew.

    So it is at a first failure, that nothing on the page still says that the model is live; if it answers then, but not
    to this, the page is drawn a last time with that alone, for the numbers that it did answer would stand beside it.
    """
    unanswered: RemoteError | None = st.session_state.pop(UNANSWERED, None)
    if unanswered is not None:
        _unusable(unanswered)
    try:
        if not _still(model):
            st.rerun()
        yield
    except RemoteError as error:
        if st.session_state.pop(DOUBTED, False):
            st.session_state[UNANSWERED] = error
        else:
            st.session_state[DOUBTED] = True
            desk.doubt()
        st.rerun()
    st.session_state.pop(DOUBTED, None)


def _still(model: DeployedModel) -> bool:
    """Whether a model is the deployed one; what keeps that from being found out is told by the page drawn anew."""
    try:
        return desk.model(settings().book) is model
    except RemoteError:
        raise
    except WhatIfError:
        return False


def _unusable(error: WhatIfError) -> NoReturn:
    told = str(error) if isinstance(error, RemoteError) else f"The deployed model cannot be used. {error}"
    st.error(told, icon=":material/error:")
    if isinstance(error, RemoteError):
        st.caption("No number is shown, because none would be of now. What you assumed is kept.")
        st.button("Try again", key="_again", icon=":material/refresh:")
    st.stop()


@st.fragment(run_every=0.5)
def _training(book: str) -> None:
    progress = desk.train(book)
    if progress.error:
        st.error(progress.error, icon=":material/error:")
        if st.button("Try again"):
            desk.forget(book)
            st.rerun()
        return
    st.progress(min(progress.share, 1.0), text=progress.doing)
    if desk.model(book) is not None:
        warm.up()
        st.rerun()
