"""Router and frame: who may see what, navigation on top, the book and its date, the model's badge. Every page runs in
it."""

import time
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from data.contract import Contract
from model.api import status
from model.deployed.model import DeployedModel
from model.report.language import size_words
from model.report.scenarios.words import kept_open_words
from model.report.trust.summary import TrustSummary
from model.security.people import LOCAL, Deed, Person, may
from model.settings import settings
from pages import warm_up
from pages.book import state as book_state
from pages.customer import state as customer_state
from pages.policy import state as policy_state
from pages.shared import book_picker, deployed, offering, parts, saving, visitor, widgets
from pages.shared.page_state import Memory

WITHOUT_WHAT_IF = ("trust", "operations", "stream")
NEW_BOOK = "new_book"  # the page that asks no model
VERDICTS = {"holds": "holds", "watch": "watch", "does not hold": "worse", "": "unknown"}  # in the style sheet


def frame(who: Person, listed: bool = False) -> Callable[[], None]:
    """One line under the navigation: what book this is and which else there are, that the model answers and how far it
    can be trusted, and who is looking. Without a model to ask the page stops here, and another book can still be
    picked; but not where releases that could be promoted are ``listed``.

    How far the model can be trusted is worked out once; until then that place waits, and what is returned fills it,
    after the page has its numbers.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="frame"):
        about = st.container(key="frame_about")
        book_picker.picker()
        trusted = st.container(width="content", key="frame_trust")
        badge = st.container(width="content", key="frame_badge")

    def announce(contract: Contract) -> None:
        known = f"{contract.book.title} · as of {contract.book.as_of}, {contract.book.sample}"
        with about:
            widgets.html(f"<div class='wi-about'>{widgets.text(known)}</div>")

    deployed.await_book(announce)
    if listed and deployed.unmet():
        return lambda: None
    model = deployed.model()
    book = model.contract.book
    took = answered(model)
    live = "less than 1" if round(took) < 1 else f"{took:.0f}"
    where = f" at {model.where}" if model.where else ""
    state = widgets.text(f"model {model.name}{where} live, {live} ms")
    looking = "" if who == LOCAL else f"<span class='wi-who'> · {widgets.text(who.name)} · {who.role}</span>"
    known = f"{book.title} · {size_words(model.book)} · as of {book.as_of}, {book.sample}"
    with about:
        widgets.html(f"<div class='wi-about'>{widgets.text(known)}</div>")
    with badge:
        widgets.html(f"<div class='wi-frame'><span class='wi-badge'><i></i>{state}</span>{looking}</div>")
    with trusted:
        place = st.empty()
    if model.trust_at_hand:
        draw_verdict(place, model.trust)
        return lambda: None
    return lambda: draw_verdict(place, model.trust)


def frame_without_model(who: Person) -> None:
    """The line under the navigation where a book is only made, and no model is asked."""
    looking = "" if who == LOCAL else f"{who.name} · {who.role}"
    with st.container(horizontal=True, vertical_alignment="center", key="frame"):
        widgets.html("<div class='wi-about'>A book of the bank's own, from a file</div>")
        st.space("stretch")
        widgets.html(f"<div class='wi-frame'><span class='wi-who'>{widgets.text(looking)}</span></div>")


def draw_verdict(place: DeltaGenerator, found: TrustSummary) -> None:
    """How far the model can be trusted; a click leads to why."""
    with place.container(key=f"frame_trust_{VERDICTS[found.verdict]}"):
        st.page_link("trust/page.py", label=f"{found.words} {found.mark}", query_params=deployed.address())


def answered(model: DeployedModel) -> float:
    """How long the model took to answer, milliseconds: one customer here, the latest calls of one elsewhere."""
    if model.remote is not None:
        return model.pulse().p50
    start = time.perf_counter()
    model.scorer.margins(model.book.raw[:, :1])
    took = 1000 * (time.perf_counter() - start)
    model.embedded.note(took)
    return took


def kept_open() -> None:
    """The saved scenarios that stand open on their pages, each a way back to it, on the pages that have no what-if."""
    memories: dict[str, Memory[Any]] = {
        "book": book_state.memory,
        "customer": customer_state.memory,
        "policy": policy_state.memory,
    }
    known = [(subject, memory, memory.saved()) for subject, memory in memories.items()]
    found = [(subject, memory, saved) for subject, memory, saved in known if saved is not None]
    if not found:
        return
    contract = deployed.model().contract
    with st.container(horizontal=True, gap="small", key="kept_open"):
        for subject, memory, saved in found:
            label = kept_open_words(contract, saved, saving.changed_here(memory, saved))
            st.page_link(f"{subject}/page.py", label=label, query_params=deployed.address())


def unrecorded() -> None:
    """What cannot be recorded is told on every page, before anybody relies on its being recorded."""
    trouble = status.record_trouble(settings())
    if trouble:
        st.warning(f"What you look at is not being recorded. {trouble}", icon=":material/warning:")


def navigation(who: Person) -> StreamlitPage:
    """The pages that somebody may look at, by tabs in the words of the book looked at, and the one looked at."""
    one = book_picker.record_noun(deployed.book()).capitalize()
    pages: list[tuple[Deed, StreamlitPage]] = [
        ("look", st.Page("book/page.py", title="Book", url_path="book", default=True)),
        ("look", st.Page("customer/page.py", title=one, url_path="applicant")),
        ("look", st.Page("policy/page.py", title="Policy", url_path="policy")),
        ("look", st.Page("scenarios/page.py", title="Scenarios", url_path="scenarios")),
        ("look", st.Page("compare/page.py", title="Compare", url_path="compare")),
        ("look", st.Page("trust/page.py", title="Trust", url_path="trust")),
        ("look", st.Page("operations/page.py", title="Operations", url_path="operations")),
    ]
    if settings().model_url is None:
        pages.append(("propose books", st.Page("new_book/page.py", title="New book", url_path=NEW_BOOK)))
    if settings().stream_brokers:
        pages.append(("look", st.Page("stream/page.py", title="Stream", url_path="stream")))
    return st.navigation([each for deed, each in pages if may(who, deed)], position="top")


st.set_page_config(page_title="Credit What-If", page_icon=widgets.ICON, layout="wide")
widgets.style()
who = visitor.current()
before = deployed.book()
page = navigation(who)
if page.url_path == NEW_BOOK:
    st.session_state[book_picker.PAGE] = NEW_BOOK  # so that the book looked at before is the one come back to
    frame_without_model(who)
    unrecorded()
    offering.about()
    parts.forget()
    page.run()
    st.stop()
told = book_picker.choose_book(page.url_path)
if deployed.book() != before:
    page = navigation(who)
judged = frame(who, listed=page.url_path == "operations")
if told:
    widgets.complain(told)
unrecorded()
offering.about()
parts.forget()
if page.url_path in WITHOUT_WHAT_IF and not deployed.unmet():
    kept_open()
page.run()
judged()
warm_up.freeze_once()
