"""How a deployed model and its book's releases stand: asked of the model, the store, the record and the service.

Pages and REST are told the same; what is said of it: model/report/operations.
"""

import time
from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np

from data import books
from data.errors import WhatIfError
from model.api.process import Running, running
from model.deployed import shadow
from model.deployed.model import DeployedModel
from model.errors import RemoteError
from model.monitoring.live import Call, LatencyReading
from model.record.database import writing
from model.record.replay import Replayed, replay
from model.record.trail import find, recent
from model.release.disk import FULL, UNWRITABLE, write_trouble
from model.release.store import Store
from model.report.briefing import Link
from model.report.operations.status import (
    BookReleases,
    ChallengerStatus,
    KnownRelease,
    OperationsStatus,
    Probe,
    RecentCalls,
    RecordState,
    RemoteServer,
    ShadowState,
    Titled,
)
from model.report.operations.words import OPEN_RECORDED
from model.settings import Settings
from model.whatif.saved import MADE_WITH, SUBJECTS

MAX_CALLS_LISTED = 50


def found_out(model: DeployedModel, store: Store, using: Settings) -> OperationsStatus:
    """How the model of a book stands that has its releases in ``store``; everything is asked afresh."""
    here = model.remote is None
    aliases = store.aliases()
    return OperationsStatus(
        model.contract,
        model.deployed,
        at=datetime.now(UTC),
        since=store.since() if here else None,
        answers=_answers(model),
        record=record_state(using),
        pages=model.pulse(),
        service=_service(store, using) if here else None,
        release=_release(model, store),
        server=_server(model),
        aliases=aliases,
        shadow=shadow_state(store, using) if here else None,
    )


def _answers(model: DeployedModel) -> Probe:
    if model.remote is not None:
        health = model.remote.health()
        return Probe(health.well, health.reading.p50, health.trouble)
    start = time.perf_counter()
    try:
        margins = model.scorer.margins(model.book.raw[:, :1])
    except RemoteError as error:
        return Probe(False, trouble=str(error))
    return Probe(bool(np.isfinite(margins).all()), 1000 * (time.perf_counter() - start))


def _service(store: Store, using: Settings) -> LatencyReading | None:
    """How this process's own REST service has been answering; it answers for one book only."""
    if store.book != using.book:
        return None
    try:
        return running(using).service.pulse.read()
    except WhatIfError:
        return None


def _release(model: DeployedModel, store: Store) -> KnownRelease | None:
    release = model.release
    if release is None:
        return None
    return KnownRelease(release.manifest, release.report, release.artefact, store.signature(release.id))


def _server(model: DeployedModel) -> RemoteServer | None:
    if model.remote is None:
        return None
    remote = model.remote
    return RemoteServer(
        model.where,
        remote.about.protocol,
        name=remote.about.name,
        version=remote.about.version,
        gives_reasons=remote.gives_reasons,
        cost=remote.cost,
        spread=None if remote.reference is None else remote.repeats.spread,
    )


# ---- the record -----------------------------------------------------------------------------------------------------


def record_trouble(using: Settings) -> str:
    """Why what-ifs are not being recorded, as far as it has shown; "" if they are."""
    try:
        settled = running(using).settled
    except WhatIfError as error:
        return str(error)
    return settled.trouble if settled is not None else ""


def record_state(using: Settings) -> RecordState:
    """Whether calls are recorded; the record is asked now whether it can be written."""
    try:
        own = running(using)
        if own.audit is not None:
            with writing(own.engine):
                pass
    except WhatIfError as error:
        return RecordState(using.audit, str(error))
    return RecordState(using.audit, record_trouble(using) or room_trouble(using))


def room_trouble(using: Settings) -> str:
    """Why nothing can be written where releases and the record lie, tried now; "" where it can. A home that is only
    read, by intention, is none where the record lies elsewhere."""
    here = using.audit and using.store_url is None
    return write_trouble(using.home, UNWRITABLE if here else FULL)


def calls(using: Settings) -> RecentCalls:
    """The latest calls on record."""
    try:
        own = running(using)
        found = tuple(recent(own.engine, MAX_CALLS_LISTED))
    except WhatIfError as error:
        return RecentCalls(unread=str(error))
    return RecentCalls(found, _titled({each.book for each in found}, using), own.audit is not None)


def _titled(names: Iterable[str], using: Settings) -> dict[str, Titled]:
    """Books in words."""
    return {name: Titled(books.title(name, using.home), books.record_noun(name, using.home)) for name in names}


def done_again(call: Call, using: Settings) -> tuple[str, Replayed]:
    """A call on record done again by the release that answered it: that release, and what came of it.

    Raises
    ------
    StoreError, ReleaseError, ParityError
        If the call is not on record, or cannot be done again.
    """
    entry = find(running(using).engine, call.id, call.who)
    return entry.release, replay(entry, Store(using.home, entry.book))


def recorded_what_if(call: Call, using: Settings) -> Link | None:
    """Where a what-if on record is opened again: its page, with all that it assumed and which release answered; None
    for a call of another kind.

    Raises
    ------
    StoreError
        If the call is not on record.
    """
    entry = find(running(using).engine, call.id, call.who)
    subject = entry.kind.removeprefix("whatif:")
    if subject not in SUBJECTS or subject == entry.kind:
        return None
    query = {"book": entry.book, **entry.detail["address"], MADE_WITH: entry.release[:6]}
    return Link(OPEN_RECORDED, subject, query)


# ---- the releases ---------------------------------------------------------------------------------------------------


def book_releases(store: Store) -> BookReleases:
    """All releases of a book."""
    listed = sorted(store.listed().values(), key=lambda each: str(each["created"]))
    return BookReleases(
        books.contract(store.book, store.home),
        tuple(listed),
        reports={str(each["id"]): store.report(str(each["id"])) for each in listed},
        aliases=store.aliases(),
        history=tuple(store.history()),
        signatures={str(each["id"]): store.signature(str(each["id"])) for each in listed},
    )


def shadow_state(store: Store, using: Settings) -> ShadowState:
    """How the challenger of a book follows live traffic."""
    found = _named(store, using)
    if not found.challenger or found.served:
        return found
    try:
        return _followed(found.challenger, running(using))
    except WhatIfError as error:
        return ShadowState(found.challenger, trouble=str(error))


def _named(store: Store, using: Settings) -> ShadowState:
    served = "" if store.book == using.book else books.title(using.book, using.home)
    return ShadowState(store.aliases().get("challenger", ""), served)


def _followed(challenger: str, own: Running) -> ShadowState:
    follower = own.service.shadow
    if follower is None:
        return ShadowState(challenger, on=False)
    return ShadowState(challenger, dropped=follower.dropped, trouble=follower.trouble)


def challenger(store: Store, using: Settings) -> ChallengerStatus:
    """How the challenger of a book follows live traffic, and how it has differed so far."""
    found = _named(store, using)
    if not found.challenger or found.served:
        return ChallengerStatus(found)
    try:
        own = running(using)
        differences = shadow.report(own.engine, store.aliases())
    except WhatIfError as error:
        return ChallengerStatus(found, unread=str(error))
    return ChallengerStatus(_followed(found.challenger, own), differences)
