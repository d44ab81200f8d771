"""The deployed model for a page, or what to show while there is none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import NoReturn

import streamlit as st

from data import books
from data.contract import Contract
from data.errors import BookError, ContractError, WhatIfError
from model.deployed.desk import ReadingRun, TrainingRun, desk
from model.deployed.model import DeployedModel
from model.errors import Mismatch, RemoteError
from model.release.promotion import review_pending
from model.report.operations.words import (
    reading_headline,
    reading_note,
    reading_words,
    training_words,
    untrained_headline,
    untrained_words,
)
from model.security.people import may, needed, require
from model.settings import settings
from pages import warm_up
from pages.shared import visitor, widgets

PATIENCE = 0.4  # seconds for which the book before may stand there, dimmed
DOUBTED, UNANSWERED = "_doubted", "_unanswered"
ANEW, TRAINED = "_training_anew", "_trained_anew"
BOOK, CHOSEN = "book", "_chosen_book"  # in the address, and in the session


def book() -> str:
    """The book that this visitor looks at; see `pages.shared.book_picker`."""
    return str(st.session_state.get(CHOSEN) or settings().book)


def address() -> dict[str, str]:
    """What of an address names the book looked at: nothing for the default book."""
    return {} if book() == settings().book else {BOOK: book()}


def phone_address() -> str:
    """Where the app for a phone is given away, of the book looked at."""
    below = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"{f'/{below}' if below else ''}/phone/{book()}/"


def keyed(key: str) -> str:
    """A widget's key, or any in the session, for the book looked at: what one book's holds never shows in another."""
    default = settings().book  # asked for once: a page has hundreds of keys
    chosen = st.session_state.get(CHOSEN) or default
    return key if chosen == default else f"{chosen}:{key}"


def unmet() -> str:
    """Why none of the book's releases is deployed where a promotion would help, and the operations page lists them:
    none was promoted, or the champion belongs to another snapshot or contract. Empty else."""
    if settings().model_url or not desk.store(book()).ids():
        return ""
    told = f"No model of “{books.title(book(), settings().home)}” is deployed"
    try:
        return "" if _found() else f"{told}: its releases wait to be promoted."
    except Mismatch as error:
        return f"{told} that belongs to it. {error}"
    except WhatIfError:  # told where the model is asked for
        return ""


def model() -> DeployedModel:
    """The model of the book looked at. Stops the page, saying why, while there is none to ask."""
    try:
        found, title = _found(), books.contract(book(), settings().home).book.title
    except WhatIfError as error:
        st.session_state.pop(DOUBTED, None)
        _unusable(error)
    if found is None:
        _training(book(), title)
        st.stop()
    return found


def await_book(announce: Callable[[Contract], None]) -> None:
    """See that the book just picked can be asked about. One that takes longer to read than an eye waits is read while
    the page shows it by name, ``announce`` d in the frame, and how far it is: so no number of the book before stands
    there. The default book is read before the first visitor comes, a model elsewhere is asked."""
    name = book()
    if settings().model_url or name == settings().book or desk.at_hand(name) or not desk.store(name).aliases():
        return
    run = desk.read(name)
    if run.ended.wait(PATIENCE):
        return
    try:
        contract, count = books.contract(name, settings().home), books.record_count(name, settings().home)
    except WhatIfError:  # told where the model is asked for
        return
    announce(contract)
    with st.container():  # as one, so that the page takes its place at once
        _reading(run, contract, count)
    st.stop()


@st.fragment(run_every=0.3)
def _reading(run: ReadingRun, contract: Contract, count: int) -> None:
    if run.ended.is_set():
        st.rerun()
    st.subheader(reading_headline(contract), anchor=False)
    st.write(reading_note(contract, count))
    st.progress(run.share, text=reading_words(contract, count, run.step, run.seconds))
    widgets.html("<div class='wi-waiting'></div>")


def _found() -> DeployedModel | None:
    if settings().model_url:
        waits = "Calling the deployed model"
    else:
        waits = "" if desk.at_hand(book()) else "Reading the book and checking its model"
    with st.spinner(waits) if waits else nullcontext():
        return desk.model(book())


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
        found = desk.model(book())
        here = found is not None and found.remote is None and model.remote is None
        return found is model or (here and found is not None and found.id == model.id)  # let go of, and read anew
    except RemoteError:
        raise
    except WhatIfError:
        return False


def _unusable(error: WhatIfError) -> NoReturn:
    what = "This book" if isinstance(error, BookError | ContractError) else "The deployed model"
    told = str(error) if isinstance(error, RemoteError) else f"{what} cannot be used. {error}"
    st.error(told, icon=":material/error:")
    if isinstance(error, Mismatch):
        if may(visitor.current(), "promote"):
            st.page_link("operations/page.py", label="Its releases, on Operations", query_params=address())
        st.fragment(_training_anew, run_every=1.0 if _under_way() else None)()
    if isinstance(error, RemoteError):
        st.caption("No number is shown, because none would be of now. What you assumed is kept.")
        st.button("Try again", key="_again", icon=":material/refresh:", on_click=desk.doubt)
    st.stop()


def _under_way() -> TrainingRun | None:
    """The training of a release of the book looked at that has not ended, whoever began it."""
    runs = (desk.training(book()), desk.retraining(book()))
    return next((run for run in runs if run is not None and not run.ended), None)


def _training_anew() -> None:
    """Where the deployed release no longer belongs to the book: a button that trains one that does, for whoever may,
    and how far it has come. Where no gate is in its way it is promoted, if who pressed it may do that, too."""
    person, run = visitor.current(), _under_way()
    if run is not None:
        st.session_state[keyed(ANEW)] = True
        share = min(run.share, 1.0)
        st.progress(share, text=training_words(run.doing, share, run.seconds, run.still))
        return
    if st.session_state.pop(keyed(ANEW), False):
        st.session_state[keyed(TRAINED)] = True
        st.rerun()
    _came_of_it(desk.training(book()), desk.retraining(book()))
    if not may(person, "train"):
        st.caption(f"A release of the book as it is now must be trained. {needed('train')}")
    elif st.button("Train a release of the book as it is now", key="_train_anew", icon=":material/model_training:"):
        require(person, "train")
        desk.forget(book())
        if may(person, "promote"):
            desk.train(book(), person.name)
        else:
            desk.retrain(book(), None, None)
        st.session_state[keyed(ANEW)] = True
        st.rerun()


def _came_of_it(first: TrainingRun | None, further: TrainingRun | None) -> None:
    """What a training that has ended came to, where the page still has no release to ask."""
    runs = [run for run in (first, further) if run is not None and run.ended]
    last = max(runs, key=lambda run: run.began, default=None)
    if last is not None and last.error:
        st.error(last.error, icon=":material/error:")
        if last.kept:
            st.caption("An admin can promote it all the same on Operations, with a reason.")
    elif last is not None and last.made and st.session_state.get(keyed(TRAINED)):
        st.success(
            f"Release {last.made} was trained. An admin promotes it on Operations; then this page opens.",
            icon=":material/check:",
        )


@st.fragment(run_every=0.5)
def _training(name: str, title: str) -> None:
    try:
        ready = desk.model(name) is not None
    except WhatIfError:  # told by the page drawn anew
        ready = True
    if ready:
        warm_up.up() if name == settings().book else warm_up.freeze()
        st.rerun()
    person = visitor.current()  # asked each time: the role may have changed
    starts = may(person, "train") and may(person, "promote")
    progress = desk.train(name, person.name) if starts else desk.training(name)
    if progress is None:
        st.subheader(untrained_headline(title))
        st.write(untrained_words(name, person.role))
        return
    if progress.error:
        if progress.kept:
            _kept(progress, title)
        else:
            st.subheader(f"The training of a first model of “{title}” stopped")
            st.error(progress.error, icon=":material/error:")
        if starts and st.button("Try again"):
            desk.forget(name)
            st.rerun()
        return
    st.subheader("A first model is being trained")
    st.write(
        f"There is no released model of “{title}” on this machine yet. It is trained on the book, checked on records "
        "it has not seen, and compared with its own definition; then this page opens. Once, in less than a minute for "
        "ten thousands of records and some minutes for a million. Other books can be looked at meanwhile; the training "
        "goes on."
    )
    share = min(progress.share, 1.0)
    st.progress(share, text=training_words(progress.doing, share, progress.seconds, progress.still))


def _kept(progress: TrainingRun, title: str) -> None:
    """A gate keeps the release from being promoted: what failed, and what can be done; or nobody has read its contract,
    which says so itself and which no reason overrides."""
    st.subheader(f"A model of “{title}” is trained, but not deployed")
    st.error(progress.error, icon=":material/error:")
    if review_pending(books.contract(book(), settings().home)):
        return
    ways = "improve the book or its model, or set another bound in its contract and train anew"
    if may(visitor.current(), "promote"):
        st.write(f"What can be done: {ways}; or promote this release all the same on Operations, with a reason.")
        st.page_link("operations/page.py", label="Operations", query_params=address())
    else:
        st.write(
            f"What can be done: {ways}; or an admin promotes this release all the same on Operations, with a reason."
        )
