"""What one visitor sees of a stream: as it stands now, or as it stood when they paused it; and which decisions are
listed."""

from datetime import UTC, datetime
from functools import partial

import streamlit as st

from model.api.process import running
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.monitoring.stream import StreamDecision, StreamLive, StreamReference, kept_in_place
from model.monitoring.stream_course import StreamCourse
from model.report.stream.briefing import StreamView
from model.scoring.stream.course import stream_course
from model.scoring.stream.live_store import read_live
from model.scoring.stream.reference import stream_reference
from model.settings import settings
from pages.shared import deployed, visitor
from pages.shared.deployed import keyed

LISTED = 10  # decisions side by side
STOOD, PAUSED, SHOWN = "_stream_stood", "_stream_paused", "_stream_listed"  # in the session


def configured() -> bool:
    """Whether there is a stream to be looked at."""
    return bool(settings().stream_brokers)


def view(model: DeployedModel) -> StreamView:
    """What stands there now; StoreError where it cannot be read."""
    paused: StreamLive | None = st.session_state.get(keyed(PAUSED))
    using = settings()
    live = paused or live_of(*store_key(), deployed.book())
    st.session_state[keyed(STOOD)] = live
    return StreamView(
        model.contract,
        live,
        reference_of(model, model.id, deployed.book()),
        paused=None if paused is None else paused.at,
        default_book=using.book,
        withheld=visitor.withheld("see calls"),
        course=partial(course_of_models, *store_key(), deployed.book()),
    )


def store_key() -> tuple[str, str]:
    """What tells one database from another."""
    using = settings()
    return str(using.home.absolute()), str(using.store_url)


@st.cache_resource(ttl=0.9, show_spinner=False, max_entries=8)
def live_of(_home: str, _store: str, book: str) -> StreamLive:
    """A stream as it stands, read once a second for all who look."""
    return read_live(running().engine, book, datetime.now(UTC), LISTED)


@st.cache_resource(ttl=20, show_spinner=False, max_entries=4)
def course_of_models(_home: str, _store: str, book: str) -> StreamCourse:
    """How the models of a book have done, of up to 100,000 outcomes, read now and then for all who look."""
    return stream_course(running().engine, desk.store(book))


@st.cache_resource(show_spinner=False, max_entries=4)
def reference_of(_model: DeployedModel, release: str, book: str) -> StreamReference | None:
    """What it is held against, worked out once a ``release`` and ``book``."""
    return stream_reference(_model)


def listed(live: StreamLive) -> tuple[StreamDecision, ...]:
    """The latest decisions in the order in which they stand: one that stood before keeps its place."""
    known = {f"{each.id} {each.release} {each.decided_at}": each for each in reversed(live.decisions)}
    before: tuple[str, ...] = tuple(st.session_state.get(keyed(SHOWN), {}))
    order = kept_in_place(before, tuple(reversed(known)))
    found = {key: known[key] for key in order}
    st.session_state[keyed(SHOWN)] = found
    return tuple(found.values())


def listed_before(identity: str) -> StreamDecision | None:
    """A decision that was listed on the page, by its application's id: there even if it is no longer kept."""
    shown: dict[str, StreamDecision] = st.session_state.get(keyed(SHOWN), {})
    return next((each for each in shown.values() if each.id == identity), None)


def pause() -> None:
    """Callback: hold what stands there."""
    st.session_state[keyed(PAUSED)] = st.session_state.get(keyed(STOOD))


def resume() -> None:
    """Callback: let it move again."""
    st.session_state.pop(keyed(PAUSED), None)


def paused() -> bool:
    """Whether what stands there is held."""
    return st.session_state.get(keyed(PAUSED)) is not None
