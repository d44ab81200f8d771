"""How the model held in later years: two releases side by side, another window, another intercept, losses realised."""

import streamlit as st

from model.deployed.desk import TrainingRun, desk
from model.deployed.model import DeployedModel
from model.release.store import Store
from model.release.window import Window
from model.report.briefing import Notice
from model.report.release import words as release_words
from model.report.trust import later
from model.report.trust import words as trust_words
from model.report.trust.briefing import ReleaseContext
from model.security import people as rules
from model.validation.result import TrustResult
from pages.shared import deployed, draw, visitor
from pages.shared.deployed import keyed
from pages.shared.progress import followed
from pages.trust import state as viewed

BUSY = "_training_drawn"


def backtests_panel(model: DeployedModel, result: TrustResult, around: ReleaseContext) -> None:
    """All of it, each part redrawn on its own."""
    draw.item(later.RELEASES)
    sides(model, result, around)
    recalibrated(model, result)
    draw.items(later.loss_items(result))
    draw.item(later.WINDOWS)
    another(model, result)


# ---- two releases ---------------------------------------------------------------------------------------------------


@st.fragment
def sides(model: DeployedModel, result: TrustResult, around: ReleaseContext) -> None:
    """The deployed release against any other one that was trained on the same data."""
    with viewed.kept(model):
        found = around.others()
        chosen = viewed.choose(st.container(), later.against_choice(found), width=420)
        with followed("Asking the other release"):
            items = later.side_items(result, found, chosen)
        draw.items(items)


# ---- another intercept --------------------------------------------------------------------------------------------


@st.fragment
def recalibrated(model: DeployedModel, result: TrustResult) -> None:
    """What a shift of the intercept to one year would have made of those after it."""
    with viewed.kept(model):
        choice = later.shift_choice(result)
        if not choice.options or result.release is None:
            return
        draw.item(later.SHIFTS)
        chosen = viewed.choose(st.container(), choice, width=420)
        draw.items(later.shift_items(result, chosen))
        year = int(choice.of(chosen))
        again = Window(year, year)
        command(result.release.window, again, "_retrain_shift", f"Train it, recalibrated on {year}")


# ---- another window -----------------------------------------------------------------------------------------------


@st.fragment
def another(model: DeployedModel, result: TrustResult) -> None:
    """The command, and for an admin the button, that trains a release on other vintages."""
    with viewed.kept(model):
        row = st.container(horizontal=True, gap="small", key="trust_window")
        chosen = dict[str, str]()
        for each in later.window_choices(result):
            chosen |= viewed.choose(row, each, width=200)
        window = later.chosen_window(result, chosen)
        if isinstance(window, Notice):
            draw.notice(window)
        else:
            command(window, None, "_retrain_window", f"Train on {window}")
    progress()


def command(window: Window, again: Window | None, key: str, button: str) -> None:
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
