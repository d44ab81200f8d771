"""What matters most: tornado, data tables, goal seek and reverse stress, as figures and sentences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np

from data.arrays import Array
from data.contract import Contract, Lever, Measure, lower, unique_labels
from data.json_types import JsonObject
from model.report import numbers
from model.report.book.words import GAINS, change_words, label, limit_text, text
from model.report.briefing import Cell, in_percent
from model.report.charts import BASE, BETTER, BREAK, LIMIT_ROOM, WORSE, Figure, LimitLine, bar_text, draw_limit, layout
from model.report.customer.charts import NARROW, room, text_wide
from model.report.language import assumption_value, enumerated
from model.report.numbers import NBSP, Difference, Unit
from model.whatif.book.scenario import FACTOR
from model.whatif.book.tornado import Bar, Breaking, LeverGoal

PALE, DEEP, INK = "#eef1f5", "#e0894f", "#1b222c"
SIDES = ("adverse", "favourable")
PHONE = 310  # px: a phone's width for the labels of a tornado and its bars
LABEL = 20  # characters: a longer label of a bar is broken
ROW = 35  # px: a bar that two lines stand beside


def name_of(contract: Contract, name: str) -> str:
    """A lever's label."""
    labels = {each.name: each.label for each in contract.shocks}
    labels |= {each.name: each.label for each in contract.economy}
    labels |= {each.name: each.label for each in contract.assumptions}
    return labels.get(name, "State of the economy" if name == FACTOR else name)


def value_of(contract: Contract, name: str, value: float) -> str:
    """Where a lever may stand, in words: +20 %, 90 %, +3 pp."""
    units = {each.name: each.unit for each in contract.shocks} | {each.name: each.unit for each in contract.economy}
    if name in units:
        size = numbers.exactly(abs(value))
        unit = "pp" if units[name] == "pp" else "%"
        return f"{numbers.signed(size, value) if not units[name].startswith('% of') else size}{NBSP}{unit}"
    if name == FACTOR:
        return numbers.signed(numbers.exactly(abs(value)), value)
    return assumption_value(contract.assumption(name).unit, value)


def unit_of(contract: Contract, name: str) -> str:
    """The unit in which a lever's numbers are read: "%", "pp", an assumption's own; "" for the state of the economy."""
    units = {each.name: each.unit for each in contract.shocks} | {each.name: each.unit for each in contract.economy}
    if name in units:
        return "pp" if units[name] == "pp" else "%"
    return "" if name == FACTOR else contract.assumption(name).unit


def number_of(contract: Contract, name: str, value: float) -> Cell:
    """Where a lever stands, in that unit: assumptions in percent are fractions by themselves."""
    assumed = {each.name: each.unit for each in contract.assumptions}
    return in_percent(value) if assumed.get(name) == "%" else value


# ---- tornado ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Words:
    """How levers are told: a lever's label by its name, and where it stands by name and value."""

    label: Callable[[str], str]
    value: Callable[[str, float], str]


def of_book(contract: Contract) -> Words:
    """The book's levers."""
    return Words(lambda name: name_of(contract, name), lambda name, value: value_of(contract, name, value))


def of_customer(contract: Contract) -> Words:
    """A customer's levers."""
    return Words(
        lambda name: contract.lever(name).label,
        lambda name, value: numbers.lever_value(value, contract.lever(name).unit),
    )


def tornado_headline(contract: Contract, measure: Measure, bars: Sequence[Bar], words: Words, unit: Unit) -> str:
    """The finding above the tornado; values in ``unit``, as elsewhere on the page."""
    if not bars or not bars[0].length:
        return f"No lever moves {lower(label(contract, measure))}"
    first = bars[0]
    ends = _ends(contract, measure, first, unit)
    at = [words.value(first.name, each) for each in (first.favourable_value, first.adverse_value)]
    return f"{words.label(first.name)} moves it most: {ends[0]} at {at[0]}, {ends[1]} at {at[1]}"


def _ends(contract: Contract, measure: Measure, bar: Bar, unit: Unit) -> tuple[str, str]:
    """What the measure comes to with a lever at its favourable and at its adverse end, each with as many digits as its
    distance from where it stands needs; what no digit shows is told as that distance."""
    told = []
    for end in (bar.favourable, bar.adverse):
        found = Difference.of(bar.base, end, unit)
        moved = change_words(contract, measure, found) if found.fine != found.unit else ""
        told.append(text(contract, measure, end, found.unit) + (f" ({moved})" if moved else ""))
    return told[0], told[1]


@dataclass(frozen=True)
class _End:
    """One end of a lever's bar, in the unit of the chart: how far it is from the base line; what is said of it in full;
    and its text beside the bar, which stands at ``place``, on the left or on the right of it."""

    length: float
    told: str
    text: str
    place: float
    left: bool


def tornado(
    contract: Contract,
    measure: Measure,
    bars: Sequence[Bar],
    words: Words,
    unit: Unit,
    height: int = 330,
    limit: LimitLine | None = None,
) -> Figure:
    """Each lever's swing to the side an economic prior calls adverse, and to the other; the longest on top. Each bar
    says what the measure comes to at its end, and where the lever stands there. At least ``height`` pixels high."""
    shown = [bar for bar in bars if bar.length]
    base = (bars[0].base if bars else 0.0) / unit.size
    names = [f"{words.label(bar.name)} " for bar in shown]
    labels = [f"{BREAK.join(wrap(words.label(bar.name), LABEL, break_long_words=False))} " for bar in shown]
    pairs = [_bar_ends(contract, measure, bar, words, unit) for bar in shown]
    reached = [base, *(base + end.length for pair in pairs for end in pair)]
    reach = min(reached), max(reached)
    beside = [(at, "") for at in (reach if limit is None or not limit.near(*reach) else (*reach, limit.at))]
    sides = ([(end.place, end.text) for pair in pairs for end in pair if end.left == left] for left in (True, False))
    below, above = sides
    figure = layout(max(height, LIMIT_ROOM + ROW * len(shown)), 8)  # and as much on the left as the labels need
    figure["xaxis"] = {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "fixedrange": True,
        "range": room(
            [*below, *beside], [*above, *beside], max(NARROW, PHONE - max(map(text_wide, labels), default=0.0))
        ),
    }
    figure["yaxis"] = {
        "autorange": "reversed",
        "fixedrange": True,
        "showgrid": False,
        "ticks": "",
        "type": "category",
        "automargin": True,
        "tickvals": names,
        "ticktext": labels,
    }
    figure["barmode"] = "overlay"
    figure["shapes"] = [
        {
            "type": "line",
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "x0": base,
            "x1": base,
            "line": {"color": BASE, "width": 1},
        }
    ]
    figure["annotations"] = [
        bar_text(end.place, name, end.text, end.left) for pair, name in zip(pairs, names, strict=True) for end in pair
    ]
    draw_limit(figure, limit, "x", reach)
    drawn: list[JsonObject] = []
    for k, side in enumerate(SIDES):
        worse = [(getattr(bar, side) > bar.base) == (measure not in GAINS) for bar in shown]
        drawn.append(
            {
                "type": "bar",
                "orientation": "h",
                "y": names,
                "base": [base] * len(shown),
                "x": [pair[k].length for pair in pairs],
                "marker": {"color": [WORSE if bad else BETTER for bad in worse]},
                "text": [pair[k].told for pair in pairs],
                "textposition": "none",
                "hovertemplate": "%{y}: %{text}<extra></extra>",
            }
        )
    return {"data": drawn, "layout": figure}


def _bar_ends(contract: Contract, measure: Measure, bar: Bar, words: Words, unit: Unit) -> tuple[_End, _End]:
    """Both ends of a lever's bar, the adverse one first. Where both lie on the same side, what is said of the nearer
    one stands on the other side of the base line: beside its end it would lie over the longer bar and its text. One
    that leads to no number stands where nothing moves."""
    base, currency = bar.base / unit.size, contract.book.currency
    moved = [0.0 if np.isnan(end) else (end - bar.base) / unit.size for end in (bar.adverse, bar.favourable)]
    reached = [numbers.unpriced(each, currency) for each in reversed(_ends(contract, measure, bar, unit))]
    at = [f"at {words.value(bar.name, value)}" for value in (bar.adverse_value, bar.favourable_value)]
    near, far = sorted((0, 1), key=lambda k: abs(moved[k]))
    same = moved[near] * moved[far] >= 0
    places = {near: base + moved[near] * (not same), far: base + moved[far]}
    left = {near: moved[far] > 0, far: moved[far] < 0}
    adverse, favourable = (
        _End(
            moved[k],
            told=f"{reached[k]} {at[k]}",
            text=f"{reached[k].split(' (')[0]}{BREAK}{at[k]}",  # by how much it moves is told where there is room
            place=places[k],
            left=left[k],
        )
        for k in (0, 1)
    )
    return adverse, favourable


def tornado_in_words(
    contract: Contract,
    measure: Measure,
    bars: Sequence[Bar],
    words: Words,
    unit: Unit,
    limit: LimitLine | None = None,
) -> str:
    """The tornado for those who cannot see it."""
    parts = [] if limit is None else [limit.text]
    for bar in bars:
        ends = _ends(contract, measure, bar, unit)
        parts.append(f"{words.label(bar.name)} from {ends[0]} to {ends[1]}")
    return f"{label(contract, measure)}, by lever: {'; '.join(parts)}."


# ---- data tables --------------------------------------------------------------------------------------------------


def grid_chart(
    texts: Sequence[Sequence[str]],
    shades: Array,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    present: tuple[int, int] | None = None,
) -> Figure:
    """A two-way table: ``texts`` in the cells, ``shades`` (rows, columns) from 0, pale, to 1, deep. ``present``: row
    and column of the cell in which all stands now, which gets a frame."""
    figure = layout(46 + 27 * len(rows), 120)
    figure["margin"] = {"l": 120, "r": 10, "t": 30, "b": 6}
    axis = {"fixedrange": True, "showgrid": False, "ticks": "", "type": "category"}
    figure["xaxis"] = {**axis, "side": "top"}
    figure["yaxis"] = {**axis, "autorange": "reversed"}
    drawn: JsonObject = {
        "type": "heatmap",
        "z": np.round(np.nan_to_num(shades), 3).tolist(),
        "x": list(columns),
        "y": [f"{row} " for row in rows],
        "text": [list(row) for row in texts],
        "texttemplate": "%{text}",
        "textfont": {"color": INK},
        "colorscale": [[0, PALE], [1, DEEP]],
        "zmin": 0,
        "zmax": 1,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hovertemplate": "%{y}, %{x}: %{text}<extra></extra>",
    }
    if present is not None:
        down, across = present  # on an axis of categories the middle of the first is 0
        frame = {"x0": across - 0.48, "x1": across + 0.48, "y0": down - 0.46, "y1": down + 0.46}
        figure["shapes"] = [{"type": "rect", **frame, "line": {"color": INK, "width": 2.5}}]
    return {"data": [drawn], "layout": figure}


def shaded(values: Array, gain: bool = False) -> Array:
    """Each value's place between the smallest and the largest, [0, 1]; the other way round for a ``gain``."""
    low, high = np.nanmin(values), np.nanmax(values)
    place = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return np.asarray(1 - place if gain else place)


# ---- goal seek and reverse stress ----------------------------------------------------------------------------------


def seek_words(contract: Contract, measure: Measure, found: LeverGoal, at_most: bool, unit: Unit) -> str:
    """The answer to a goal seek on one lever; values in ``unit``, as elsewhere on the page."""
    sense = "at most" if at_most else "at least"
    target, got = limit_text(contract, measure, found.target, unit), text(contract, measure, found.measured, unit)
    at = f"{name_of(contract, found.name)} {value_of(contract, found.name, found.value)}"
    goal = f"{label(contract, measure)} of {sense} {target}"
    if found.reached_before:
        return f"{goal} holds already: it is {got}."
    if found.reached:
        return f"{goal}: {at} gives {got}{_no_advice(found)}."
    return f"{goal} is out of reach with this alone; the nearest is {got}, at {at}."


def _no_advice(found: LeverGoal) -> str:
    """Why a value that reaches a goal is no advice; "" where it may be one."""
    if found.against:
        return ", which is no advice: it lies to the side that the contract calls adverse"
    return ", which is no advice: what the model says of this lever is association only" if found.association else ""


def breaking_words(contract: Contract, measure: Measure, found: Breaking, limit: float, unit: Unit) -> str:
    """The answer to a reverse stress; values in ``unit``, as elsewhere on the page."""
    at, limited = text(contract, measure, found.measured, unit), limit_text(contract, measure, limit, unit)
    edge = " Some levers stand at the end of their range." if found.clipped else ""
    limit_on = f"The limit of {limited} on {lower(label(contract, measure))}"
    if found.breaks_already:
        return f"{limit_on} does not hold even with nothing assumed: {at}."
    severity = f"{numbers.plain(100 * found.severity)}{NBSP}%"
    at += f", with {enumerated([_lever_at(contract, *each) for each in found.values])}"
    if not found.breaks:
        return f"{limit_on} holds up to {severity} of what is assumed: {at}.{edge}"
    return f"{limit_on} breaks at {severity} of what is assumed: {at}.{edge}"


def _lever_at(contract: Contract, name: str, value: float) -> str:
    """A lever with where it stands, inside a sentence: "unemployment +4.3 pp"."""
    unit = f"{NBSP}standard deviations" if name == FACTOR else ""
    return f"{lower(name_of(contract, name))} {value_of(contract, name, value)}{unit}"


def lever_labels(contract: Contract, levers: Sequence[Lever]) -> dict[str, str]:
    """Customers' levers and fields by name, for a choice of inputs; a field that a lever of its label sets, and nothing
    else, is that lever."""
    found = {each.name: each.label for each in levers}
    same = {(next(iter(each.rules)), each.label) for each in levers if len(each.rules) == 1}
    fields = [each for each in contract.record if each.name not in found and (each.name, each.label) not in same]
    return unique_labels(found | {each.name: each.label for each in fields})
