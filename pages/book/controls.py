"""The controls of the book page: what is assumed, layer by layer."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from data.contract import Assumption, Contract, Shock, Variable
from data.regulators.presets import presets
from model.report import language, numbers
from model.report.ask.book import book_line
from model.report.book import words as book_words
from model.report.briefing import Choice
from model.whatif.book.scenario import (
    BETA,
    COEFFICIENTS,
    FACTOR,
    FIRST_DAY,
    LAST_DAY,
    LIMIT,
    METHOD,
    OWNER,
    POINT,
    PRESET,
    REASON,
    SEVERITY,
    SHARE,
    UNTIL,
    WEIGHED_AT,
    WEIGHT,
    WHO,
    Number,
    chosen,
    overlays,
    parts,
)
from model.whatif.ranges import LeverRange, book_range
from pages.book import state
from pages.shared import parts as parts_of_page
from pages.shared import widgets
from pages.shared.as_written import literal
from pages.shared.comparing import compare_button
from pages.shared.deployed import keyed
from pages.shared.number_field import enter, lever
from pages.shared.page_state import change_chips, place, way_back
from pages.shared.parts import redrawn

SEVERITIES, FACTORS = LeverRange(0, high=150, step=5), LeverRange(-4, high=2, step=0.1)
SHARES, BETAS = LeverRange(1, high=100, step=5), LeverRange(-1, high=1, step=0.01)
WEIGHTS, OVERLAY_STEP = LeverRange(0, high=100, step=5), 5.0
FOLDED = ("_who", "_coefficients", "_overlay", "_book_assumptions", "_limits")
WHO_PANEL, COEFFICIENTS_PANEL, OVERLAY_PANEL, ASSUMPTIONS_PANEL, LIMITS_PANEL = FOLDED
SINGLE = "economy as one factor (Vasicek)"


def controls(contract: Contract, present: Callable[[], None]) -> None:
    """Undo and reset, preset, the three layers, assumptions and limits: every lever a part of the page by itself."""
    parts_of_page.part("head", partial(book_buttons, contract, present), partial(book_buttons_shown, contract))
    parts_of_page.part("preset", preset, preset_shown)
    for k, shock in enumerate(contract.shocks):
        heading = "" if k else f"A · {language.records_heading(contract)}"
        draw_lever_alone(contract, shock, heading)
    parts_of_page.part("economy", partial(economy, contract), partial(economy_shown, contract))
    asked = first(contract)
    if asked is not None:
        draw_lever_alone(contract, asked, "Assumption")
    parts_of_page.part("folded", partial(draw_folded, contract), book_folded_shown)


def draw_lever_alone(contract: Contract, each: Shock | Assumption, heading: str = "") -> None:
    """One lever that is drawn by itself, under a heading if there is one."""

    def draw() -> None:
        if heading:
            st.caption(heading)
        part_lever(contract, each)

    parts_of_page.part(f"lever {each.name}", draw, partial(lever_shown, contract, each))


def lever_shown(contract: Contract, each: Shock | Variable | Assumption) -> object:
    """What decides how a lever looks."""
    scenario = state.memory.current()
    return book_words.number_of(contract, scenario, each.name), book_words.position(contract, scenario, each.name)


def draw_folded(contract: Contract) -> None:
    """What is assumed beyond the levers in sight, each group closed until somebody opens it."""
    if contract.shocks:
        whom(contract)
    coefficients(contract)
    overlay(contract)
    assumptions(contract)
    limit_controls(contract)


def book_folded_shown() -> object:
    """What decides how these groups look: nothing while all are closed."""
    return state.memory.current() if any(st.session_state.get(key) for key in FOLDED) else None


def first(contract: Contract) -> Assumption | None:
    """The assumption an executive asks for by name: the first that the exposure or the loss on it depends on."""
    return next((each for each in contract.assumptions if each.name in contract.exposed_to), None)


def book_buttons(contract: Contract, present: Callable[[], None]) -> None:
    """Undo, reset, the link to this very scenario, the ways to put it beside others and to present it."""
    scenario = state.memory.current()
    in_words = partial(book_line, contract, scenario)
    row = way_back(state.memory, state.reset_book, untouched=not scenario.values, in_words=in_words)
    compare_button(row, contract, "book", scenario)
    row.button("Present", on_click=present, shortcut="p", help="Key: P")


def book_buttons_shown(contract: Contract) -> object:
    """What decides how they look."""
    return state.memory.shown_by_buttons(), not state.memory.current().values


def crumb(contract: Contract) -> None:
    """Of which part of the book the page speaks, and the way back to the whole; of the whole an empty place, so that
    what stands below keeps its own."""
    row, band = st.container(horizontal=True, key="crumb", gap="small", vertical_alignment="center"), state.within()
    if not band:
        return
    row.button(
        "The whole book", on_click=redrawn, args=(state.look_into, ""), icon=":material/arrow_back:", key="_whole_book"
    )
    with row:
        widgets.html(f"<div class='wi-crumb'>{widgets.text(book_words.band_names(contract)[band])}</div>")


def bands(choice: Choice | None) -> None:
    """The bands of the segment that is laid out, to look into one; the one looked into once more for the whole."""
    if choice is None:
        return
    labels = dict(choice.options)
    st.container(key="bands").pills(
        choice.label,
        list(labels),
        format_func=lambda name: literal(labels.get(name, name)),
        key=place(keyed(choice.key), str(choice.default) or None),
        on_change=band_chosen,
        args=(choice.key,),
        wrap=True,
    )


def band_chosen(key: str) -> None:
    """Callback: a band was chosen, or the one looked into let go."""
    redrawn(state.look_into, st.session_state[keyed(key)] or "")


def chips(contract: Contract) -> None:
    """Every value that was set as a chip; a click takes that one back."""
    scenario = state.memory.current()
    names = [name for name, _ in scenario.values if not name.startswith((WEIGHT, WEIGHED_AT))]
    labels = {name: book_words.chip(contract, scenario, name) for name in names}
    change_chips(state.memory, labels, partial(state.take_back, contract))


def preset_shown() -> object:
    """What decides how the regulator's scenario looks."""
    values = dict(state.memory.current().values)
    return values.get(PRESET), values.get(SEVERITY), values.get(POINT)


def preset() -> None:
    """A regulator's scenario, how severe, at which point of its path."""
    titles = {each.name: each.title for each in presets()}
    scenario = state.memory.current()
    st.selectbox(
        "Regulator's scenario",
        ["", *titles],
        format_func=lambda name: titles.get(name, "none: your own assumptions"),
        on_change=state.memory.touched,
        args=(PRESET,),
        key=state.memory.place(PRESET, dict(scenario.values).get(PRESET, "")),
        help="Sets the economy to what a regulator published. Source and path stand below the charts.",
    )
    using = chosen(scenario)
    if using is None:
        return
    left, right = st.columns(2, gap="small")
    severity = float(dict(scenario.values).get(SEVERITY, 100.0))
    with left:
        label = f"Severity · {numbers.exactly(severity)}{numbers.NBSP}%"
        lever(
            state.memory,
            SEVERITY,
            label="Severity (%)",
            told=label,
            within=SEVERITIES,
            value=severity,
            help="Times the published change of the economy.",
        )
    labels = {each.name: each.label for each in using.points}
    labels[using.peak] = f"peak, {labels[using.peak]}" if len(labels) > 1 else labels[using.peak]
    right.selectbox(
        "Point of the path",
        list(labels),
        format_func=lambda name: labels.get(name, name),
        on_change=state.memory.touched,
        key=state.memory.place(POINT, dict(scenario.values).get(POINT, using.peak)),
        args=(POINT,),
        help="The model knows one horizon, so a path meets it at one point.",
    )


def ranges(contract: Contract) -> dict[str, LeverRange]:
    """Where each lever can be put, by the key of its slider, in the unit that its controls show."""
    levers: list[Shock | Variable | Assumption] = [*contract.shocks, *contract.economy, *contract.assumptions]
    found = {part.name: part_range(contract, part) for part in levers} | {SEVERITY: SEVERITIES, FACTOR: FACTORS}
    found |= {SHARE: SHARES} | {BETA + each.name: BETAS for each in contract.economy}
    found |= {name: number_range(contract, name, OVERLAY_STEP) for name in overlays(contract)}
    return {state.memory.key(name): each for name, each in found.items()}


def part_range(contract: Contract, part: Shock | Variable | Assumption) -> LeverRange:
    """Where a part can be put, in the unit that its controls show."""
    return book_range(part, state.widget_scale(contract, part.name))


def number_range(contract: Contract, name: str, step: float) -> LeverRange:
    """Where a number that is no part of the contract can be put."""
    number = parts(contract)[name]
    assert isinstance(number, Number)
    return LeverRange(number.minimum, number.maximum, step)


def part_lever(contract: Contract, part: Shock | Variable | Assumption, feeds: str = "") -> None:
    """One lever, with where it stands told of its slider, and what it ``feeds`` of its field."""
    label = language.unit_label(part.label, part.unit)
    lever(
        state.memory,
        part.name,
        label=f"{label} → {feeds}" if feeds else label,
        told=f"{part.label} · {book_words.position(contract, state.memory.current(), part.name)}",
        within=part_range(contract, part),
        value=book_words.number_of(contract, state.memory.current(), part.name)
        / state.widget_scale(contract, part.name),
        help=part.help,
    )


def economy_shown(contract: Contract) -> object:
    """What decides how the levers of the economy look."""
    scenario = state.memory.current()
    factor = scenario.get(contract, METHOD) == FACTOR and book_words.lever_value(contract, scenario, FACTOR)
    moving = [
        (each.name, lever_shown(contract, each))
        for each in contract.economy
        if scenario.number(contract, BETA + each.name)
    ]
    return factor, moving, bool(book_words.unmoved(contract, scenario))


def economy(contract: Contract) -> None:
    """The variables that have a coefficient; or the one factor that stands for all of them."""
    scenario = state.memory.current()
    factor = scenario.get(contract, METHOD) == FACTOR
    moving = [each for each in contract.economy if scenario.number(contract, BETA + each.name)]
    if factor or moving or book_words.unmoved(contract, scenario):
        st.caption("B · Economy")
    if factor:
        label = "State of the economy"
        lever(
            state.memory,
            FACTOR,
            label=f"{label} (standard deviations)",
            told=f"{label} · {book_words.lever_value(contract, scenario, FACTOR)} standard deviations",
            within=FACTORS,
            value=state.shown_value(contract, FACTOR),
            help="One factor (Vasicek), negative in bad times; at 0 nothing changes.",
        )
        return
    for each in moving:
        part_lever(contract, each)
    if book_words.unmoved(contract, scenario):
        st.caption("The scenario moves nothing yet: set coefficients below, with evidence, or take the one factor.")


def whom(contract: Contract) -> None:
    """To which customers the shocks of layer A apply."""
    panel = st.expander(f"A · Applied to which {contract.book.records}", key=WHO_PANEL, on_change="rerun")
    if not panel.open:
        return
    options = {"": "all"} | book_words.band_names(contract)
    with panel:
        st.selectbox(
            "Only these",
            list(options),
            format_func=lambda name: options.get(name, name),
            on_change=state.memory.touched,
            key=state.text_at(contract, WHO),
            args=(WHO,),
        )
        share = state.shown_value(contract, SHARE)
        lever(
            state.memory,
            SHARE,
            label="Share of them (%)",
            told=f"Share of them · {numbers.exactly(share)}{numbers.NBSP}%",
            within=SHARES,
            value=share,
            help=f"A fixed choice: a larger share adds {contract.book.records} and leaves the others.",
        )


def coefficients(contract: Contract) -> None:
    """How the economy reaches the PD, which the model cannot see."""
    panel = st.expander("B · Coefficients and method", key=COEFFICIENTS_PANEL, on_change="rerun")
    if not panel.open:
        return
    scenario = state.memory.current()
    with panel:
        labels = {COEFFICIENTS: "coefficients, variable by variable", FACTOR: SINGLE}
        st.radio(
            "Method",
            list(labels),
            format_func=lambda name: literal(labels.get(name, name)),
            key=state.text_at(contract, METHOD),
            on_change=state.memory.touched,
            args=(METHOD,),
        )
        if scenario.get(contract, METHOD) == FACTOR:
            st.caption(f"{contract.assumption('correlation').label}: under Assumptions.")
            return
        for each in contract.economy:
            name = BETA + each.name
            label, at = f"{each.label}: log-odds per {each.unit.removeprefix('±')}", state.shown_value(contract, name)
            told = f"{label} · {numbers.exactly(at)}"
            lever(state.memory, name, label=label, told=told, within=BETAS, value=at, help=each.help)
            st.caption(each.source[:1].upper() + each.source[1:])
            if not scenario.number(contract, name):
                part_lever(contract, each)


def overlay(contract: Contract) -> None:
    """Judgement laid over the model's answer."""
    panel = st.expander("C · Judgement overlay", key=OVERLAY_PANEL, on_change="rerun")
    if not panel.open:
        return
    with panel:
        for name in overlays(contract):
            number = parts(contract)[name]
            assert isinstance(number, Number)
            lever(
                state.memory,
                name,
                label=f"{number.label} ({number.unit})",
                told=f"{number.label} · {book_words.lever_value(contract, state.memory.current(), name)}",
                within=number_range(contract, name, OVERLAY_STEP),
                value=state.shown_value(contract, name),
            )
        for name in (OWNER, REASON):
            st.text_input(
                str(parts(contract)[name]),
                key=state.text_at(contract, name),
                on_change=state.memory.touched,
                args=(name,),
                max_chars=200,
            )
        st.date_input(
            str(parts(contract)[UNTIL]),
            value=None,
            key=state.day_at(contract),
            on_change=state.memory.touched,
            args=(UNTIL,),
            format="YYYY-MM-DD",
            min_value=FIRST_DAY,
            max_value=LAST_DAY,
        )


def assumptions(contract: Contract) -> None:
    """What the data do not hold, each with the number it feeds."""
    title = "Assumptions: price, cost, horizon, capital" if contract.in_money else "Assumptions"
    panel = st.expander(title, key=ASSUMPTIONS_PANEL, on_change="rerun")
    if not panel.open:
        return
    with panel:
        for each in contract.assumptions:
            if each != first(contract):
                part_lever(contract, each, each.feeds)


def limit_controls(contract: Contract) -> None:
    """The limits of the risk appetite."""
    panel = st.expander("Limits of the risk appetite", key=LIMITS_PANEL, on_change="rerun")
    if not panel.open:
        return
    with panel:
        for each in contract.appetite:
            name = LIMIT + each.measure
            _, unit = book_words.entered(contract, each.measure)
            label = f"{book_words.label(contract, each.measure)}, {each.sense}{f' ({unit})' if unit else ''}"
            told = "A limit of the contract, an assumption until the board sets it."
            enter(state.memory, name, label=label, at=state.shown_value(contract, name), help=told)


def weights(contract: Contract) -> None:
    """What weight each regulator's scenario has, in which severity; no change in the economy, and what is assumed."""
    columns = st.columns(3, gap="small")
    for k, (name, title) in enumerate(book_words.scenario_titles().items()):
        column = columns[k % 3]
        weight, severity = WEIGHT + name, WEIGHED_AT + name
        at = state.shown_value(contract, weight)
        ranged(weight, title, at, within=WEIGHTS, where=column)
        if severity in parts(contract) and at:
            at = state.shown_value(contract, severity)
            ranged(severity, f"{title}: severity", at, within=SEVERITIES, where=column)


def ranged(name: str, label: str, at: float, within: LeverRange, where: DeltaGenerator) -> None:
    """A field in percent without a slider: of so many side by side none would be wide enough to be moved."""
    written = language.ranged_label(label, "%", within)
    enter(state.memory, name, label=written, at=at, low=within.low, high=within.high, step=within.step, where=where)
