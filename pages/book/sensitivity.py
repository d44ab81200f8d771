"""What matters most, on the book page: tornado, data tables, goal seek, reverse stress."""

import numpy as np
import pandas as pd
import streamlit as st

from data.contract import Contract, Measure
from data.errors import WhatIfError
from model.report import charts, numbers
from model.report.book import levers
from model.report.book import words as book_words
from model.report.book.words import label
from model.report.numbers import Unit
from model.whatif.book import tornado
from model.whatif.book.scenario import LIMIT
from pages.book import state
from pages.book.result import BookResult
from pages.shared import widgets
from pages.shared.deployed import keyed
from pages.shared.number_field import typed
from pages.shared.progress import followed

TORNADO, ONE, OTHER, TABLED, SOUGHT, GOAL, TARGET, BROKEN = (
    "_tornado_measure",
    "_grid_one",
    "_grid_other",
    "_grid_measure",
    "_seek_lever",
    "_seek_measure",
    "_seek_target",
    "_reverse_measure",
)
NONE = ""


def matters(found: BookResult) -> None:
    """The tornado of every lever on one measure."""
    contract = found.model.contract
    own = contract.measures
    measure: Measure = st.selectbox("On", own, index=own.index("loss"), format_func=label, key=keyed(TORNADO))
    with followed("Moving every lever", state.memory.undo) as progress:
        words = levers.of_book(contract)
        bars = tornado.tornado(found.whole, found.stress, measure, found.today, progress)
    unit = shown_in(found, measure)
    widgets.findings(levers.tornado_headline(contract, measure, bars, words, unit))
    st.plotly_chart(
        levers.tornado(contract, measure, bars, words, unit),
        key="tornado",
        config=charts.CONFIG,
        alt=levers.tornado_in_words(contract, measure, bars, words, unit),
    )
    st.caption(
        "Each lever alone, one swing of the contract to either side of where it stands. Which side is adverse is an "
        "economic prior, the same under every scenario."
    )
    frame = pd.DataFrame([vars(bar) for bar in bars])
    frame["name"] = [levers.name_of(contract, bar.name) for bar in bars]
    widgets.download(frame, "book-tornado")


def shown_in(found: BookResult, measure: Measure) -> Unit:
    """The unit in which a measure stands above, so that it reads the same here."""
    return book_words.difference(measure, found.base, found.now).unit


def names(found: BookResult) -> dict[str, str]:
    """Every lever that can be moved, with its label."""
    contract, stress = found.model.contract, found.stress
    return {name: levers.name_of(contract, name) for name in tornado.movable(contract, stress)}


def tables(found: BookResult) -> None:
    """A one- or two-way data table; each cell is the direct calculation."""
    contract, stress, labels = found.model.contract, found.stress, names(found)
    own = contract.measures
    left, middle, right = st.columns(3, gap="small")
    one = left.selectbox("Rows", list(labels), format_func=lambda key: labels.get(key, key), key=keyed(ONE))
    others = {NONE: "nothing: one-way, every measure"} | {key: each for key, each in labels.items() if key != one}
    other = middle.selectbox("Columns", list(others), format_func=lambda key: others.get(key, key), key=keyed(OTHER))
    down = tornado.steps(contract, stress, one)
    rows = [levers.value_of(contract, one, value) for value in down]
    if not other:
        with followed("Working out the table", state.memory.undo) as progress:
            values = tornado.table(found.whole, stress, one, down, own, found.today, progress)
        frame = pd.DataFrame(values, columns=[label(name) for name in own])
        in_units = [(name, shown_in(found, name)) for name in own]
        shown = pd.DataFrame(
            [
                [book_words.text(contract, name, cell, unit) for (name, unit), cell in zip(in_units, row, strict=True)]
                for row in values
            ],
            columns=frame.columns,
        )
        widgets.lead(shown, labels[one], rows)
        widgets.table(shown, hide_index=True, alt=f"Every measure along {labels[one].lower()}")
        widgets.lead(frame, labels[one], down)
        widgets.download(frame, "book-one-way")
        return
    measure: Measure = right.selectbox("Measure", own, index=own.index("loss"), format_func=label, key=keyed(TABLED))
    across = tornado.steps(contract, stress, other)
    with followed("Working out the table", state.memory.undo) as progress:
        cells = tornado.grid(found.whole, stress, one, down, other, across, measure, found.today, progress)
    columns = [levers.value_of(contract, other, value) for value in across]
    unit = shown_in(found, measure)
    texts = [[book_words.text(contract, measure, cell, unit) for cell in row] for row in cells]
    short = [[numbers.unpriced(cell, contract.book.currency) for cell in row] for row in texts]
    widgets.findings(f"{label(measure)}: {labels[one].lower()} down, {labels[other].lower()} across")
    st.plotly_chart(
        levers.grid(short, levers.shaded(cells, measure in levers.GAINS), rows, columns),
        key="two_way",
        config=charts.CONFIG,
        alt=f"{label(measure)} by {labels[one].lower()} and {labels[other].lower()}.",
    )
    frame = pd.DataFrame(cells, columns=pd.Index(columns))
    widgets.lead(frame, labels[one], rows)
    widgets.download(frame, "book-two-way")


def targets(found: BookResult) -> None:
    """Goal seek on one lever, and how severe it must get to break a limit."""
    contract, stress, labels = found.model.contract, found.stress, names(found)
    own = contract.measures
    widgets.findings("Which value of one lever reaches a target?")
    left, middle, right = st.columns(3, gap="small")
    name = left.selectbox("Lever", list(labels), format_func=lambda key: labels.get(key, key), key=keyed(SOUGHT))
    measure: Measure = middle.selectbox("Measure", own, index=own.index("loss"), format_func=label, key=keyed(GOAL))
    factor, unit = scale(contract, measure)
    at_most = measure not in levers.GAINS
    key = keyed(f"{TARGET}_{measure}")
    if key not in st.session_state:
        limit, _ = book_words.limit_of(contract, stress, measure)
        st.session_state[key] = round(limit / factor, 3) if np.isfinite(limit) else 0.0
    written = typed(key, 0.0, 0.1)
    target = right.number_input(f"{'At most' if at_most else 'At least'} ({unit})", key=key, step=1.0, format=written)
    with followed("Seeking", state.memory.undo) as progress:
        sought = tornado.seek(found.whole, stress, name, measure, target * factor, at_most, found.today, progress)
    st.write(levers.seek_words(contract, measure, sought, at_most, shown_in(found, measure)))
    if sought.reached and not sought.reached_before:
        st.button(
            f"Set {labels[name].lower()} to {levers.value_of(contract, name, sought.value)}",
            key="_set",
            on_click=settle_at,
            args=(contract, name, sought.value),
        )
    widgets.findings("How severe until a limit breaks?")
    limited: list[Measure] = [each.measure for each in contract.appetite]
    if not limited:
        st.write("The contract sets no limit.")
        return
    broken: Measure = st.selectbox("Limit of", limited, format_func=label, key=keyed(BROKEN))
    appetite = next(each for each in contract.appetite if each.measure == broken)
    limit = stress.number(contract, LIMIT + broken)
    try:
        with followed("Scaling the scenario", state.memory.undo) as progress:
            answer = tornado.reverse(
                found.whole, stress, broken, limit, appetite.sense == "at most", found.today, progress
            )
    except WhatIfError as error:
        st.write(str(error))
        return
    st.write(levers.breaking_words(contract, broken, answer, limit, shown_in(found, broken)))


def scale(contract: Contract, measure: Measure) -> tuple[float, str]:
    """How many of a measure's own units one of the field's is, and its name."""
    if measure in book_words.AMOUNTS:
        return state.MILLION, f"{contract.book.currency} m"
    return (1.0, "bp") if measure == "loss_bps" else (0.01, "%")


def settle_at(contract: Contract, name: str, value: float) -> None:
    """Callback: put a lever where the goal is reached."""
    state.memory.change(tornado.moved(contract, state.memory.current(), name, value))
