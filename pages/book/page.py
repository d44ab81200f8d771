"""The landing page: the whole book under assumptions, and what moved it."""

import time
from datetime import date

import streamlit as st

from data.contract import Measure, Segment
from model.deployed import spot_check
from model.deployed.model import DeployedModel
from model.report import charts, numbers
from model.report.book import charts as book_charts
from model.report.book import words as book_words
from model.whatif.book.bridge import bridge
from model.whatif.book.scenario import POINT, chosen, overlay_lacks, to_query
from model.whatif.book.totals import margin_of_error
from model.whatif.customer.scenario import CUSTOMER, OWN
from pages.book import controls, state
from pages.book.panels import Draw, as_is, migration, panels, reactions
from pages.book.result import BookResult
from pages.shared import deployed, recording, visitor, widgets
from pages.shared.deployed import keyed
from pages.shared.progress import followed

MEASURE, SEGMENT = "_measure", "_segment"
PRESENT, SLIDE = "_present", "_slide"
HEADLINE: tuple[Measure, ...] = ("exposure", "pd", "loss", "capital", "margin", "return_on_capital")
BRIEF = {"net_loss": "Net loss"}
SHORT = {"exposure": "Exposure", "pd": "PD by exposure", "capital": "Capital"}


def main() -> None:
    visitor.current()
    model = deployed.model()
    if {CUSTOMER, OWN} & set(st.query_params):  # links to a customer once led here
        st.switch_page("customer/page.py", query_params=dict(st.query_params))
    state.memory.restore(model)
    with state.memory.arriving():
        workbench(model)


@st.fragment
def workbench(model: DeployedModel) -> None:
    """The whole page as one fragment: a move of any control draws this and nothing else."""
    state.memory.settle(model)
    state.memory.write_address()
    with deployed.answering(model):
        draw(model)


def draw(model: DeployedModel) -> None:
    """Controls on the left, answers on the right; or the presentation."""
    if st.session_state.get(PRESENT):
        presentation(model)
    else:
        left, right = st.columns([0.3, 0.7], gap="medium")
        with right:
            found = answer(model)
        with left:
            controls.buttons(present)
            controls.controls(model)
            controls.chips(model.contract)
        with right:  # charts last: the browser paints the numbers while they are on their way
            pick(model)
            draw_charts(found)
            panels(found)
        with st.expander("How is this computed?"):
            st.markdown(book_words.method(model.contract, model.deployed))


# ---- the numbers ------------------------------------------------------------------------------------------------


def answer(model: DeployedModel, far: bool = False) -> BookResult:
    """The sentence and the numbers; seen from ``far``, with what is assumed below them."""
    stress, today = state.memory.current(), date.today()
    for message in [*state.memory.told(), *filter(None, [overlay_lacks(model.contract, stress, today)])]:
        widgets.complain(message)
    start = time.perf_counter()
    with followed("Scoring the whole book", state.memory.undo) as progress:
        found = BookResult.to(model, stress, today, progress)
    if stress.values:
        recording.book(model, to_query(stress), today, found.now, time.perf_counter() - start)
    sentence = book_words.verdict(model.contract, stress, today, found.base, found.now)
    known = found.whole.known(found.layers[1])
    held = book_words.held_words(model.contract, found.whole.held(found.layers[1]), known, found.now.customers)
    held = model.deployed.known(held)
    tiles = [tile(found, name) for name in HEADLINE]
    if known.now >= book_words.FAR:
        tiles = [each.replace("wi-number", "wi-number wi-grey", 1) for each in tiles]
    if far:  # no control is in sight: what is assumed is listed instead
        told = (book_words.chip(model.contract, stress, name) for name, _ in stress.values)
        using = chosen(stress)
        point = (
            [f"at {using.point(using.peak).label}, its peak"] if using and not stress.get(model.contract, POINT) else []
        )
        held = f"{' · '.join([*filter(None, told), *point])}. {held}" if stress.values else held
    widgets.headline(sentence, tiles, held, f"wi-six{' wi-guaranteed' * model.contract.guaranteed}")
    if model.remote is not None:
        live(found)
    return found


def live(found: BookResult) -> None:
    """How the numbers relate to a model that runs elsewhere: asked about everybody, about a sample, or by tables that
    are checked against it each time."""
    model = found.model
    if model.release is not None:
        seen = spot_check.check(model.scorer, found.whole, found.layers[1])
        told = book_words.checked_words(
            model.contract, model.deployed, seen.customers, seen.differ, seen.gap, seen.milliseconds
        )
        if seen.differ:
            st.error(told, icon=":material/error:")
        else:
            st.caption(told)
        return
    loss = found.rows[1].loss
    each, unit = found.whole.each, book_words.difference("loss", found.base, found.now).unit
    error = unit.text(margin_of_error(loss / each, each), model.contract.book.currency)
    amount = unit.text(found.now.loss, model.contract.book.currency)
    asked, of = found.whole.n, len(model.book)
    st.caption(book_words.asked_words(model.contract, model.deployed, asked, of, amount, error))


def tile(found: BookResult, name: Measure) -> str:
    """One number: scenario, base, difference, limit."""
    contract = found.model.contract
    each = book_words.told(contract, found.stress, name, found.base, found.now)
    horizon, moved = book_words.horizon(contract, found.stress, name), found.layers[0] != found.layers[1]
    bp = book_words.told(contract, found.stress, "loss_bps", found.base, found.now).now
    note = {
        "exposure": numbers.counted(found.now.customers, contract.book.person),
        "pd": f"{horizon}, mean {numbers.percent(found.now.pd_simple)}",
        "loss": f"{horizon}, {bp}",
    }.get(name, horizon)
    if name == "loss" and contract.guaranteed:
        note = f"{horizon}, gross\n{book_words.net_words(contract, found.base, found.now)}"
    was, change = (each.base, each.change or "unchanged") if moved else ("", "")
    broken = each.broken if each.holds is False else ""
    return widgets.number(SHORT.get(name, each.label), each.now, was, change, each.way, note, each.limit, broken)


# ---- the charts -------------------------------------------------------------------------------------------------


def pick(model: DeployedModel) -> None:
    """What the two charts tell of; kept while they are presented without these controls."""
    contract = model.contract
    left, right = st.columns(2, gap="medium")
    measures = {name: BRIEF.get(name, book_words.label(name)) for name in book_words.bridged(contract)}
    left.segmented_control(
        "What moved",
        list(measures),
        format_func=lambda key: measures.get(key, key),
        key=keyed(MEASURE),
        default="loss",
        required=True,
        label_visibility="collapsed",
        wrap=True,
        persist_state="session",
    )
    labels = {each.name: each.label for each in contract.segments}
    if not labels:
        return
    right.segmented_control(
        "Where it sits",
        list(labels),
        format_func=lambda key: labels.get(key, key),
        key=keyed(SEGMENT),
        required=True,
        default=contract.segments[0].name,
        label_visibility="collapsed",
        wrap=True,
        persist_state="session",
    )


def nested(model: DeployedModel) -> tuple[Segment, Segment]:
    """The segment chosen, and the next of the contract inside it."""
    own = model.contract.segments
    first = model.contract.segment(st.session_state.get(keyed(SEGMENT)) or own[0].name)
    return first, own[(own.index(first) + 1) % len(own)]


def draw_charts(found: BookResult) -> None:
    """What moved it, and where it sits."""
    left, right = st.columns(2, gap="medium")
    with left:
        moved(found)
    with right:
        sits(found)


def moved(found: BookResult, draw: Draw = as_is) -> None:
    """The bridge over the levers in use."""
    contract, stress = found.model.contract, found.stress
    measure = st.session_state.get(keyed(MEASURE)) or "loss"
    with followed("Working out what moved it", state.memory.undo) as progress:
        steps = bridge(found.whole, stress, found.today, measure, progress)
    widgets.findings(book_words.bridge_headline(contract, stress, steps))
    st.plotly_chart(
        draw(book_charts.bridge(contract, stress, steps)),
        key="bridge",
        config=charts.CONFIG,
        alt=book_charts.bridge_in_words(contract, stress, steps),
    )


def sits(found: BookResult, draw: Draw = as_is) -> None:
    """The map of the exposure; what to do for one, where the contract knows no segments."""
    if not found.model.contract.segments:
        widgets.findings("The contract of this book declares no segments to lay it out by")
        return
    contract, (outer, inner) = found.model.contract, nested(found.model)
    widgets.findings(book_words.segment_headline(contract, outer, found.cells(outer)))
    cells = found.cells(outer, inner)
    st.plotly_chart(
        draw(book_charts.where(contract, (outer, inner), cells)),
        key="where",
        config=charts.CONFIG,
        alt=book_charts.where_in_words(contract, outer, cells),
    )


# ---- present ------------------------------------------------------------------------------------------------------

SLIDES = ("What moved it", "Where it sits", "Changes of score band", "What the model reacted to")


def large(figure: charts.Figure) -> charts.Figure:
    """A chart as it is presented."""
    return charts.enlarged(figure, 300)


def present() -> None:
    """Callback: large type, no controls."""
    st.session_state[PRESENT], st.session_state[SLIDE] = True, 0


def leave() -> None:
    """Callback: back to the controls."""
    st.session_state[PRESENT] = False


def turn(by: int) -> None:
    """Callback: the next chart, or the one before."""
    st.session_state[SLIDE] = (st.session_state[SLIDE] + by) % len(SLIDES)


def presentation(model: DeployedModel) -> None:
    """The sentence, the numbers and one chart, large; arrow keys turn, Escape leaves."""
    with st.container(key="presentation"):
        found = answer(model, far=True)
        slide = st.session_state[SLIDE]
        if slide == 0:
            moved(found, large)
        elif slide == 1:
            sits(found, large)
        elif slide == 2:
            migration(found, large)
        else:
            reactions(found, large)
        row = st.container(horizontal=True, key="slides", gap="small")
        row.button("Back", on_click=turn, args=(-1,), shortcut="Left")
        row.button("Next", on_click=turn, args=(1,), shortcut="Right")
        row.button("Leave", on_click=leave, shortcut="Escape")


main()
