"""How the model held in later years: two releases side by side, another window, another intercept, losses realised."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from data.errors import WhatIfError
from model.deployed.desk import TrainingRun, desk
from model.deployed.model import DeployedModel
from model.release.store import Store
from model.release.window import Window
from model.report import charts
from model.report.release import words as release_words
from model.report.trust import charts as trust_charts
from model.report.trust import words as trust_words
from model.security import people as rules
from model.validation.backtests import Recalibration, Sides, realised_losses, recalibrate, release_pair
from model.validation.validation import Validation
from pages.shared import deployed, visitor, widgets
from pages.shared.deployed import keyed
from pages.shared.progress import followed
from pages.trust import panels
from pages.trust import state as viewed

BUSY = "_training_drawn"


def panel(model: DeployedModel, found: Validation) -> None:
    """All of it, each part redrawn on its own."""
    widgets.findings("Two releases side by side, by vintage")
    sides(model, found)
    recalibrated(model, found)
    realised(model)
    widgets.findings("Train a release on another window")
    another(model, found)


# ---- two releases ---------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=4)
def _sides(_model: DeployedModel, _found: Validation, book: str, identity: str, other: str) -> tuple[Sides, Window]:
    """The deployed release beside another one of the same snapshot."""
    second = desk.release(book, other)
    assert second.release is not None
    return release_pair(_found, Validation.of(second.release, second.book)), second.release.window


@st.fragment
def sides(model: DeployedModel, found: Validation) -> None:
    """The deployed release against any other one that was trained on the same data."""
    with viewed.kept(model):
        side_by_side(model, found)


def side_by_side(model: DeployedModel, found: Validation) -> None:
    """The part itself, by what is chosen in it."""
    book = deployed.book()
    store = desk.store(book)
    aliases = store.aliases()
    others = {
        each: label(each, store.manifest(each), aliases) for each in reversed(desk.comparable(book)) if each != model.id
    }
    if not others:
        st.write(
            "There is no other release of this book to compare with. Train one on another window, below: for instance "
            "until an earlier or a later year."
        )
        own = {each.name: each for each in found.by_vintage()}
        panels.table(
            [
                {"Vintage": name} | row
                for name, row in zip(own, trust_words.band_rows(found, list(own.values()), by_year=True), strict=True)
            ],
            "The release by vintage",
        )
        return
    first = aliases.get("challenger", "")
    order = sorted(others, key=lambda each: each != first)
    other = viewed.choose(
        st.container(), "Against", "against", {each: others[each] for each in order}, order[0], width=420
    )
    try:
        with followed("Asking the other release"):
            both, window = _sides(model, found, book, model.id, other)
    except WhatIfError as error:
        st.warning(str(error), icon=":material/info:")
        return
    names = (f"release {model.id[:6]}", f"release {other[:6]}")
    widgets.findings(trust_words.sides_headline(both, names))
    st.plotly_chart(
        trust_charts.sides(both, (found.window or Window(), window), names),
        key="sides",
        config=charts.CONFIG,
        alt=trust_charts.sides_in_words(both, names),
    )
    assert model.release is not None
    own = release_words.window(model.release.manifest)
    st.caption(
        f"Dots: observed, with 95 % intervals. Line: {names[0]}, fitted to {own}, deployed. Dashed: {others[other]}. "
        "Shaded: what either was fitted to; there the predictions are cross-validated."
    )
    panels.table(trust_words.sides_rows(both, names), "Two releases by vintage")


def label(identity: str, manifest: Mapping[str, Any], aliases: Mapping[str, str]) -> str:
    """A release in a list: its beginning, what it was fitted to, and what points to it."""
    roles = ", ".join(alias for alias, target in aliases.items() if target == identity)
    return f"release {identity[:6]}, fitted to {release_words.window(manifest)}{f', {roles}' if roles else ''}"


# ---- another intercept --------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=32)
def _recalibration(_found: Validation, identity: str, data: str, year: float) -> Recalibration:
    return recalibrate(_found, year)


@st.fragment
def recalibrated(model: DeployedModel, found: Validation) -> None:
    """What a shift of the intercept to one year would have made of those after it."""
    with viewed.kept(model):
        shifted_to(model, found)


def shifted_to(model: DeployedModel, found: Validation) -> None:
    """The part itself, by what is chosen in it."""
    years = [each for each in found.years if each < found.years[-1]]
    if not years or model.release is None:
        return
    until = None if found.window is None else found.window.until
    first = next((k for k, each in enumerate(years) if until is not None and each > until), len(years) - 1)
    widgets.findings("Recalibrate by intercept: the ranking stays, every probability moves")
    options = {f"{each:.0f}": f"{each:.0f}" for each in years}
    label = "Shift to what was observed in"
    year = float(viewed.choose(st.container(), label, "shift", options, f"{years[first]:.0f}", width=420))
    shifted = _recalibration(found, model.id, model.book.sha256, year)
    widgets.findings(trust_words.recalibration_headline(shifted))
    left, right = st.columns(2, gap="medium")
    left.plotly_chart(
        trust_charts.recalibration(shifted),
        key="recalibration",
        config=charts.CONFIG,
        alt=trust_charts.recalibration_in_words(shifted),
    )
    with right:
        head = ["Vintage", "n", "Observed", "As released", "Shifted"]
        frame = pd.DataFrame(trust_words.recalibration_rows(shifted), columns=head)
        widgets.table(frame, hide_index=True, alt="Later vintages before and after the shift")
        st.caption(
            "AUC and KS are the same before and after: a shift of all log-odds changes no order. Told are the years "
            "after only; a release so recalibrated is tested on those, too."
        )
    window, again = model.release.window, Window(int(year), int(year))
    command(model, window, again, "_retrain_shift", f"Train it, recalibrated on {year:.0f}")


# ---- losses -------------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=4)
def _realised(_model: DeployedModel, identity: str, data: str) -> Any:
    return realised_losses(_model.book)


def realised(model: DeployedModel) -> None:
    """What was lost of what was owed, by vintage, gross and net of the guarantee."""
    known = _realised(model, model.id, model.book.sha256)
    if known is None:
        return
    rows, whole = known
    contract = model.contract
    widgets.findings(trust_words.realised_headline(contract, rows, whole))
    told = [f"{year:.0f}: {trust_words.rate(each.gross)}" for year, each in rows]
    st.plotly_chart(
        trust_charts.realised(rows, contract.guaranteed),
        key="realised",
        config=charts.CONFIG,
        alt=f"Lost of what was owed at default, by vintage. {'; '.join(told)}.",
    )
    panels.table(trust_words.realised_rows(contract, rows, whole), "Realised loss given default by vintage")
    st.caption(trust_words.realised_note(contract))


# ---- another window -----------------------------------------------------------------------------------------------


@st.fragment
def another(model: DeployedModel, found: Validation) -> None:
    """The command, and for an admin the button, that trains a release on other vintages."""
    with viewed.kept(model):
        other_window(model)
    progress()


def other_window(model: DeployedModel) -> None:
    """The part itself, by what is chosen in it."""
    assert model.release is not None
    years, own = viewed.years(model), model.release.window
    options = {f"{each}": f"{each}" for each in years}
    row = st.container(horizontal=True, gap="small", key="trust_window")
    first, last = (
        f"{year}" if year in years else f"{end}" for year, end in ((own.since, years[0]), (own.until, years[-1]))
    )
    since = int(viewed.choose(row, "Fit to vintages from", "since", options, first, width=200))
    until = int(viewed.choose(row, "to", "until", options, last, width=200))
    if since > until:
        st.warning(f"From {since} to {until} there is nothing: let it begin before it ends.", icon=":material/info:")
        return
    command(model, Window(since, until), None, "_retrain_window", f"Train on {Window(since, until)}")


def command(model: DeployedModel, window: Window, again: Window | None, key: str, button: str) -> None:
    """The command that makes a release, and for whoever may a button that does the same."""
    busy = under_way() is not None
    st.code(trust_words.train_command(deployed.book(), window, again), language=None)
    if not rules.may(visitor.current(), "train"):
        st.caption(f"{rules.needed('train')} The command does the same.")
        return
    if st.button(button, key=key, disabled=busy, icon=":material/model_training:"):
        rules.require(visitor.current(), "train")
        desk.retrain(deployed.book(), window.since, window.until, again)
        st.rerun()


def under_way() -> TrainingRun | None:
    """The release that is being trained, if any: what is drawn meanwhile is out of date once it has ended."""
    running = desk.retraining(deployed.book())
    if running is None or running.ended:
        return None
    st.session_state[keyed(BUSY)] = True
    return running


@st.fragment(run_every=1.0)
def progress() -> None:
    """How far a training in the background has come, and what came of it. Once it has ended the page is drawn anew,
    with the release to choose and the buttons alive."""
    running = under_way()
    if running is not None:
        st.progress(min(running.share, 1.0), text=f"{running.doing} · {running.seconds:.0f} s")
        return
    if st.session_state.pop(keyed(BUSY), False):
        st.rerun()
    ended = desk.retraining(deployed.book())
    if ended is None:
        return
    if ended.error:
        st.error(ended.error, icon=":material/error:")
    else:
        state = release_words.state(Store(desk.store(deployed.book()).home, deployed.book()).report(ended.made))
        st.success(
            f"Release {ended.made} was trained; gates: {state}. It is not deployed: choose it above to compare, "
            "promote it on Operations.",
            icon=":material/check:",
        )
