"""What is deployed and how it answers: the parts of the operations page but for the upload."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from data import books
from data.books import Book
from data.contract import Contract
from data.errors import WhatIfError
from model.api import shadow
from model.api.process import Running, running
from model.deployed.desk import desk
from model.deployed.latency import LatencyReading
from model.deployed.model import DeployedModel
from model.errors import RemoteError
from model.record.replay import replay
from model.record.trail import Call, find, recent
from model.release.gate import blocking_gates
from model.release.register import Moved
from model.release.store import ALIASES, LONGEST, Store
from model.report import language, numbers
from model.report.language import people
from model.report.operations import words
from model.report.operations.words import Check, Titled
from model.report.release import words as release_words
from model.scoring import batch
from model.security import people as rules
from model.settings import settings
from pages.shared import book_picker, deployed, recording, visitor, widgets
from pages.shared.deployed import keyed

SHOWN = 50  # calls listed
MANY = 8  # moves of aliases beyond which their list scrolls
RELEASE, ALIAS, REASON, OVERRIDE, CALL = "_release", "_alias", "_reason", "_override", "_call"
HELD = "_held_against"  # in the session: the gates in the way of a release beside a champion


@st.fragment
def deployed_section(model: DeployedModel) -> None:
    """The sentence, the numbers, and what they rest on."""
    checks, at = checked(model), datetime.now(UTC)
    since = desk.store(deployed.book()).since() if model.remote is None else None
    reading, service = model.pulse(), asked(model)
    sentence = words.headline(model.deployed, model.contract.book.title, since, checks)
    widgets.headline(sentence, tiles(reading, service), f"Last checked {words.moment(at)}.", "wi-even")
    left, right = st.columns([0.42, 0.58], gap="medium")
    with left:
        widgets.findings("Health")
        rows = [(each.name, each.marked, each.found) for each in checks]
        table(pd.DataFrame(rows, columns=["Check", "State", "Found"]), "What was checked, and what was found", (21, 19))
        st.button("Check again", key="_check", icon=":material/refresh:")
    with right:
        widgets.findings("What is deployed")
        frame = identity(model)
        table(frame, "Release, hashes, contract of the deployed model", (22,))
        widgets.download(frame, "deployed")


def table(frame: pd.DataFrame, alt: str, widths: Sequence[int]) -> None:
    """A short table that shows all of its text, however long; ``widths`` of the first columns in percent."""
    sizes = "".join(f"<col style='width: {each}%'>" for each in widths)
    head = "".join(f"<th scope='col'>{widgets.text(each)}</th>" for each in frame)
    body = "".join(
        f"<tr>{''.join(f'<td>{widgets.text(str(each))}</td>' for each in row)}</tr>" for row in frame.to_numpy()
    )
    widgets.html(
        f"<table class='wi-table' aria-label='{widgets.text(alt)}'><colgroup>{sizes}</colgroup>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def tiles(reading: LatencyReading, service: LatencyReading | None) -> list[str]:
    """How it has been answering."""
    row = [
        widgets.number("Answer, median", words.milliseconds(reading.p50), note="of calls from these pages"),
        widgets.number("Answer, 95th percentile", words.milliseconds(reading.p95), note=words.latest(reading.calls)),
        widgets.number("Calls that failed", words.failed(reading.errors), note=words.last(reading.failed)),
    ]
    if service is not None:
        note = words.asked(service.calls, service.errors)
        row.append(widgets.number("REST, 95th percentile", words.milliseconds(service.p95), note=note))
    return row


def asked(model: DeployedModel) -> LatencyReading | None:
    """How this process's own REST service has been answering, if the model is embedded."""
    if model.remote is not None or deployed.book() != settings().book:  # whose service answers for no other book
        return None
    try:
        return running().service.pulse.read()
    except WhatIfError:
        return None


def checked(model: DeployedModel) -> list[Check]:
    """Is all well? Asked afresh."""
    found = [_answers(model), _recording()]
    if model.release is not None:
        may = rules.may(visitor.current(), "see protected attributes")
        found.append(words.gates(model.release.report, may))
    if model.remote is None:
        found.append(_shadowed())
    return found


def _recording() -> Check:
    trouble = recording.probed()
    if trouble or settings().audit:
        return Check.of("Record", not trouble, trouble or "calls and what-ifs are being recorded")
    return Check("Record", "not in use", "switched off")


def _answers(model: DeployedModel) -> Check:
    name = "Answers"
    if model.remote is not None:
        health = model.remote.health()
        told = f"at {model.where}, in {words.milliseconds(health.reading.p50)}" if health.well else health.trouble
        return Check.of(name, health.well, told)
    start = time.perf_counter()
    try:
        margins = model.scorer.margins(model.book.raw[:, :1])
    except RemoteError as error:
        return Check(name, "failed", str(error))
    took = 1000 * (time.perf_counter() - start)
    return Check.of(name, bool(np.isfinite(margins).all()), f"in this process, in {words.milliseconds(took)}")


def _shadowed() -> Check:
    store, name = desk.store(deployed.book()), "Challenger"
    challenger = store.aliases().get("challenger")
    if challenger is None:
        return Check(name, "not in use", "none named")
    if deployed.book() != settings().book:
        return Check(name, "not in use", f"{challenger[:6]}; {words.not_served(book_picker.title(settings().book))}")
    try:
        own = running().service.shadow
    except WhatIfError as error:
        return Check(name, "failed", str(error))
    if own is None:
        return Check(name, "not in use", f"{challenger[:6]}, shadow scoring switched off")
    dropped = f", {numbers.counted(own.dropped, 'call')} dropped" if own.dropped else ""
    return Check.of(name, not own.trouble, own.trouble or f"{challenger[:6]} scores along{dropped}")


def identity(model: DeployedModel) -> pd.DataFrame:
    """What tells the deployed model from any other."""
    rows = [("Book", model.contract.book.title)]
    if model.release is not None:
        release = model.release
        role = words.roles(release.id, desk.store(deployed.book()).aliases())
        rows += [
            ("Release", release.id),
            ("Role", role if model.remote is None else "as its server has it"),
            ("Trained", words.moment(datetime.fromisoformat(str(release.manifest["created"])))),
            ("Fitted to", release_words.window(release.manifest)),
            ("Artefact, sha256", release.artefact),
        ]
    if model.remote is not None:
        about = model.remote.about
        protocols = {"oip": "Open Inference Protocol v2", "kserve": "KServe v1", "mlflow": "MLflow"}
        rows += [
            ("Server", model.where),
            ("Protocol", protocols[about.protocol]),
            ("Name there", about.name),
            ("Version there", about.version or "not told"),
            ("Reasons", "from the server" if model.remote.gives_reasons else "asked through predictions, by concept"),
        ]
    rows += [
        ("Contract", f"version {model.contract.version}"),
        ("Contract, sha256", model.contract.hash),
    ]
    return pd.DataFrame(rows, columns=["What", "Value"])


# ---- the challenger -------------------------------------------------------------------------------------------------


@st.fragment
def challenger_section(model: DeployedModel) -> None:
    """How the challenger has differed on live traffic; champion and challenger, for those who may change them."""
    if model.remote is not None:
        st.info("The challenger of a model elsewhere is that server's business; its own report tells of it.")
        return
    store = desk.store(deployed.book())
    aliases = store.aliases()
    widgets.findings("The challenger")
    compared(model.contract, aliases)
    releases(model.book)


def unmet_section(told: str) -> None:
    """The releases of a book of which none is deployed, under the reason ``told``."""
    widgets.html(f"<p class='wi-sentence'>{widgets.text(told)}</p>")
    try:
        releases(books.read(deployed.book(), settings().home))
    except WhatIfError as error:
        st.error(str(error), icon=":material/error:")


def releases(book: Book) -> None:
    """All releases of a book; champion and challenger, for those who may change them."""
    store = desk.store(deployed.book())
    aliases = store.aliases()
    listed = sorted((store.manifest(each) for each in store.ids()), key=lambda each: str(each["created"]))
    reports = {str(each["id"]): store.report(str(each["id"])) for each in listed}
    widgets.findings("Releases")
    told = release_words.windows({str(each["id"]): each for each in listed}, aliases)
    if told:
        widgets.html(f"<p class='wi-below'>{widgets.text(told)}</p>")
    widgets.table(
        pd.DataFrame(words.release_rows(book.contract, listed, aliases, reports)),
        hide_index=True,
        alt="All releases, the newest first",
        column_config={"Data, sha256": st.column_config.TextColumn(width=480)},
    )
    if rules.may(visitor.current(), "promote"):
        promoting(listed, reports, aliases)
    moves(store.history(), reports)


def moves(history: Sequence[Moved], reports: Mapping[str, Mapping[str, Any]]) -> None:
    """Who moved which alias, when and why, and which gates were passed over for what reason."""
    widgets.findings(words.history_heading(len(history)))
    if not history:
        return
    labels = {str(gate["name"]): str(gate["label"]) for each in reports.values() for gate in each["gates"]}
    frame = pd.DataFrame(release_words.moved_rows(history, labels), columns=list(release_words.MOVED))
    with st.container(key="moves", height=320 if len(frame) > MANY else "content"):
        table(frame, "Every time an alias moved, the newest first", (17, 10, 11, 10, 26))


def compared(contract: Contract, aliases: Mapping[str, str]) -> None:
    """How the challenger has differed, or why that is not known."""
    if deployed.book() != settings().book:
        st.info(f"On this book {words.not_served(book_picker.title(settings().book))}.")
        return
    if "challenger" not in aliases:
        st.info(words.challenger_missing(aliases["champion"]))
        return
    try:
        own = running()
        found = shadow.report(own.engine, aliases)
    except WhatIfError as error:
        st.error(str(error), icon=":material/error:")
        return
    if found is not None:
        differences(contract, found)
    elif own.service.shadow is None:
        st.info(f"The challenger {aliases['challenger'][:6]} does not score along: WHATIF_SHADOW is off.")
    else:
        st.info(f"The challenger {aliases['challenger'][:6]} scores every REST request along; none has come yet.")


def differences(contract: Contract, found: shadow.Differences) -> None:
    """How far champion and challenger are apart, and in which calls most."""
    sentence = words.difference_sentence(
        contract, found.customers, found.first, found.apart, found.granted, found.declined
    )
    word = language.granting(contract)
    widgets.headline(
        sentence,
        [
            widgets.number("Mean difference of PD", numbers.points(found.moved, 2)),
            widgets.number("Largest difference", words.points(found.most)),
            widgets.number(f"Newly {word}", f"{found.granted:,}"),
            widgets.number(f"No longer {word}", f"{found.declined:,}"),
        ],
        kind="wi-even",
    )
    rows = [
        (words.moment(datetime.fromisoformat(at), exact=True), f"{customers:,}", words.points(most), call)
        for call, at, customers, most in found.calls
    ]
    frame = pd.DataFrame(rows, columns=["When", people(contract), "Largest difference of PD", "Call"])
    widgets.table(frame, hide_index=True, alt="The calls in which champion and challenger differ most")


def promoting(
    releases: Sequence[Mapping[str, Any]], reports: Mapping[str, Mapping[str, Any]], aliases: Mapping[str, str]
) -> None:
    """Point an alias to another release, or go back, for a reason. Where a gate failed, it says which, and asks for a
    reason to override it."""
    store = desk.store(deployed.book())
    labels = {str(each["id"]): words.release_label(each, aliases) for each in reversed(releases)}
    widgets.findings("Change who answers")
    row = st.container(horizontal=True, key="promoting", vertical_alignment="bottom")
    release = row.selectbox(
        "Release", list(labels), format_func=lambda each: labels.get(each, each), key=keyed(RELEASE)
    )
    alias = row.selectbox("Becomes", [each for each in ALIASES if each != "previous"], key=keyed(ALIAS))
    there = aliases.get(alias) == release
    failed = [] if there or release not in reports else obstacles(store, str(release), reports[str(release)], aliases)
    fields = st.container(key="reasons")
    why = fields.text_input("Why", key=keyed(REASON), max_chars=LONGEST, placeholder=words.WHY).strip()
    override = ""
    if failed:
        fields.warning(words.failed_gates(failed), icon=":material/warning:")
        override = fields.text_input(
            "Why promote it all the same", key=keyed(OVERRIDE), max_chars=LONGEST, placeholder=words.OVERRIDE
        ).strip()
    act = st.container(horizontal=True, key="moving")
    pressed = act.button("Promote", key="_promote", icon=":material/publish:", disabled=there)
    back = act.button("Roll back", key="_rollback", icon=":material/undo:", disabled="previous" not in aliases)
    if not (pressed or back):
        return
    try:
        person = visitor.current()
        rules.require(person, "promote")  # the role may have changed since the button was drawn
        told = (
            store.promote(str(release), str(alias), person.name, why, override)
            if pressed
            else store.rollback(person.name, why)
        )
    except WhatIfError as error:
        st.error(str(error), icon=":material/error:")
        return
    except OSError as error:
        st.error(f"Nothing was changed: {store.root} cannot be written. {error.strerror}.", icon=":material/error:")
        return
    for each in (REASON, OVERRIDE):  # the next move has reasons of its own
        st.session_state.pop(keyed(each), None)
    st.session_state[recording.TOLD] = f"{told[:6]} is now the {alias if pressed else 'champion'}."
    st.rerun()


def obstacles(
    store: Store, identity: str, report: Mapping[str, Any], aliases: Mapping[str, str]
) -> list[Mapping[str, Any]]:
    """The gates that keep a release from being promoted now. One that was held against another champion than the
    present one is held against that, once a session: it takes seconds."""
    champion = aliases.get("champion")
    if champion in (None, identity, (report.get("champion") or {}).get("id")):
        return blocking_gates(report["gates"])
    held = st.session_state.setdefault(keyed(HELD), {})
    if (identity, champion) not in held:
        try:
            with st.spinner(f"Holding release {identity[:6]} against the present champion"):
                held[identity, champion] = store.in_the_way(store.load(identity))
        except WhatIfError:  # said when it is to be promoted
            return blocking_gates(report["gates"])
    return list(held[identity, champion])


# ---- recent calls ---------------------------------------------------------------------------------------------------


@st.fragment
def calls_section() -> None:
    """What was asked lately, and any of it done again."""
    if not visitor.allow("see calls"):
        return
    try:
        own = running()
        calls = recent(own.engine, SHOWN)
    except WhatIfError as error:
        st.error(str(error), icon=":material/error:")
        return
    if own.audit is None:
        st.info("Recording is switched off: WHATIF_AUDIT is off. What was recorded before stands here.")
    if not calls:
        st.info("No call is on record yet. What-ifs are recorded once they have stood for some seconds.")
        return
    widgets.findings(words.calls_heading(len(calls)))
    widgets.table(
        pd.DataFrame(words.call_rows(calls, titled(calls))),
        hide_index=True,
        alt="The latest calls, the newest first",
        column_config={"Call": st.column_config.TextColumn(width=270)},
    )
    whole = pd.DataFrame([vars(each) for each in calls])
    widgets.offer("Download as CSV", partial(batch.written, whole, (), "csv"), "calls.csv", "text/csv")
    if rules.may(visitor.current(), "replay"):
        again(own, calls)


def titled(calls: Sequence[Call]) -> dict[str, Titled]:
    """The books that calls were of, in words."""
    return {name: Titled(book_picker.title(name), book_picker.person(name)) for name in {each.book for each in calls}}


def again(own: Running, calls: Sequence[Call]) -> None:
    """One call done again by the release that answered it."""
    about = titled(calls)
    labels = {each.id: words.call_label(each, about[each.book]) for each in calls}
    widgets.findings("Do a call again with the release that answered it")
    row = st.container(horizontal=True, key="again", vertical_alignment="bottom")
    chosen = row.selectbox("Call", list(labels), format_func=lambda key: labels.get(key, key), key=keyed(CALL))
    if not row.button("Replay", key="_replay", icon=":material/replay:"):
        return
    try:
        entry = find(own.engine, str(chosen))
        found = replay(entry, desk.store(entry.book))
    except WhatIfError as error:
        st.warning(str(error), icon=":material/info:")
        return
    told = words.again(entry.release, found.same, found.words)
    if found.same:
        st.success(told, icon=":material/check:")
    else:
        st.error(told, icon=":material/error:")
