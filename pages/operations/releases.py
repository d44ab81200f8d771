"""The releases of a book, how its challenger has differed, and who answers from now on."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from data.errors import WhatIfError
from model.api import status
from model.deployed.desk import desk
from model.release.gate import Gate, ranks_by_chance
from model.release.promotion import blocking_gates, held_against
from model.release.store import LONGEST, Store
from model.report.briefing import Finding, Item, Notice
from model.report.operations import words
from model.report.operations.briefing import (
    MOVES,
    RELEASES,
    OperationsSources,
    alias_choice,
    challenger_panel,
    release_choice,
    without_champion,
)
from model.report.operations.handover import handover
from model.report.operations.status import BookReleases
from model.security import people
from model.whatif.book.handover import BookNumbers
from pages.shared import deployed, draw, recording, visitor, widgets
from pages.shared.deployed import keyed
from pages.shared.progress import followed

MAX_MOVES_UNSCROLLED = 8  # of aliases, beyond which their list scrolls
RELEASE, ALIAS, REASON, OVERRIDE = "_release", "_alias", "_reason", "_override"
ASKED, NUMBERS = "_asked_to_promote", "_numbers_by_release"  # in the session
HELD = "_held_against"  # in the session: the gates in the way of a release beside a champion


@st.fragment
def challenger_section(sources: OperationsSources) -> None:
    """How the challenger has differed on live traffic; champion and challenger, for those who may change them."""
    known = cache(sources.releases)  # asked for once, for the list and for what can be chosen
    panel = challenger_panel(replace(sources, releases=known))
    draw_releases(panel.make({}), known)


def unmet_section(reason: str) -> None:
    """The releases of a book of which none is deployed, under the ``reason``."""
    try:
        known = status.book_releases(desk.store(deployed.book()))
    except WhatIfError as error:
        draw.notice(Notice(str(error), "error"))
        return
    said = without_champion(reason, known)
    draw.headline(said)
    draw_releases(said.findings, lambda: known)


def draw_releases(items: Sequence[Item], known: Callable[[], BookReleases]) -> None:
    """What is said of the releases; below their list, what those who may can change."""
    for each in items:
        if isinstance(each, Finding) and each.key == MOVES:
            moves(each)
            continue
        draw.item(each)
        if isinstance(each, Finding) and each.key == RELEASES and people.may(visitor.current(), "promote"):
            promoting(desk.store(deployed.book()), known())


def moves(each: Finding) -> None:
    """Who moved which alias, when and why; a long list scrolls."""
    many = each.table is not None and len(each.table.exact) > MAX_MOVES_UNSCROLLED
    with st.container(key="moves", height=320 if many else "content"):
        draw.item(each)


def promoting(store: Store, known: BookReleases) -> None:
    """Point an alias to another release, or go back, for a reason. Where a gate failed, it says which, and asks for a
    reason to override it, which nothing does where the model ranks by chance."""
    widgets.findings("Change who answers")
    with st.container(horizontal=True, key="promoting", vertical_alignment="bottom"):
        release, alias = str(draw.draw_choice(release_choice(known))), str(draw.draw_choice(alias_choice()))
    there = known.aliases.get(alias) == release
    fields = st.container(key="reasons")
    why = reason_field(fields, "Why", REASON, words.WHY)
    failed = [] if there else blocking(store, release, known)
    override, by_chance = "", ranks_by_chance(failed)
    if failed:
        with fields:
            draw.notice(Notice(words.failed_gates(failed), "error" if by_chance else "warning"))
    if failed and not by_chance:
        override = reason_field(fields, "Why promote it all the same", OVERRIDE, words.OVERRIDE)
    act = st.container(horizontal=True, key="moving")
    if act.button("Promote", key="_promote", icon=":material/publish:", disabled=there or by_chance):
        st.session_state[keyed(ASKED)] = release, alias
    if st.session_state.get(keyed(ASKED)) == (release, alias) and not there:
        ask(store, release, alias, known, lambda who: store.promote(release, alias, who, why, override))
    unknown = "previous" not in known.aliases
    if act.button("Roll back", key="_rollback", icon=":material/undo:", disabled=unknown):
        move(store, "champion", lambda who: store.rollback(who, why))


def ask(store: Store, release: str, alias: str, known: BookReleases, make: Callable[[str], str]) -> None:
    """Before a release is promoted: what that does to the book's numbers; then yes or no."""
    with st.container(key="asking", border=True):
        try:
            before = champion_numbers(known) if alias == "champion" else None
            if alias == "champion":
                names = words.short_name(known.aliases.get("champion", "")), words.short_name(release)
                draw.item(handover(known.contract, names, before, release_numbers(release)))
            else:
                draw.notice(Notice(words.NOTHING_MOVES))
        except WhatIfError as error:
            draw.notice(Notice(str(error), "error"))
        act = st.container(horizontal=True, key="answering")
        if act.button("Yes, promote it", key="_promote_now", icon=":material/publish:"):
            move(store, alias, make)
        if act.button("No, leave it", key="_promote_not"):
            st.session_state.pop(keyed(ASKED))
            st.rerun(scope="fragment")


def champion_numbers(known: BookReleases) -> BookNumbers | None:
    """The book's numbers under the present champion; None where none answers."""
    champion = known.aliases.get("champion")
    if not champion or deployed.unmet():
        return None
    return release_numbers(champion)


def release_numbers(release: str) -> BookNumbers:
    """The book's numbers under a release, worked out once a session: it takes seconds on a large book."""
    known: dict[str, BookNumbers] = st.session_state.setdefault(keyed(NUMBERS), {})
    if release not in known:
        with followed(f"Scoring the whole book by release {words.short_name(release)}") as progress:
            model = desk.release(deployed.book(), release)
            known[release] = BookNumbers.of(model.scored_book(progress), model.sample, date.today(), progress)
    return known[release]


def reason_field(where: DeltaGenerator, label: str, key: str, placeholder: str) -> str:
    """A reason, as somebody gives it."""
    return where.text_input(label, key=keyed(key), max_chars=LONGEST, placeholder=placeholder).strip()


def move(store: Store, alias: str, make: Callable[[str], str]) -> None:
    """Have an alias moved by whoever looks; the page drawn anew tells which release it points to."""
    try:
        person = visitor.current()
        people.require(person, "promote")  # the role may have changed since the button was drawn
        release = make(person.name)
    except WhatIfError as error:
        draw.notice(Notice(str(error), "error"))
        return
    except OSError as error:
        draw.notice(Notice(words.unwritable(store.root, error.strerror or str(error)), "error"))
        return
    for each in (REASON, OVERRIDE, ASKED):  # the next move has reasons of its own
        st.session_state.pop(keyed(each), None)
    st.session_state[recording.TOLD] = words.now_is(release, alias)
    st.rerun()


def blocking(store: Store, release: str, known: BookReleases) -> Sequence[Gate]:
    """The gates that keep a release from being promoted now. One that was held against another champion than the
    present one is held against that, once a session: it takes seconds."""
    report, champion = known.reports[release], known.aliases.get("champion")
    if held_against(report, release, champion):
        return blocking_gates(report.gates)
    held = st.session_state.setdefault(keyed(HELD), {})
    if (release, champion) not in held:
        try:
            with st.spinner(f"Holding release {release[:6]} against the present champion"):
                held[release, champion] = store.obstacles(store.load(release)).gates
        except WhatIfError:  # said when it is to be promoted
            return blocking_gates(report.gates)
    gates: Sequence[Gate] = held[release, champion]
    return gates
