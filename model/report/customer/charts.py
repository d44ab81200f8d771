"""Charts as plain dicts in Plotly's format: data in, data out, compared with == in a test, and 0.02 ms to build.

Colours by role, each readable on white and on near-black: risk up orange-vermilion, risk down blue, base grey,
scenario navy. Text takes the theme's colour. No legend, no mode bar; every chart has its words for those who cannot
see it.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import YEAR, Contract, capitalised
from model.report import numbers
from model.report.charts import (
    BASE,
    BETTER,
    BREAK,
    GRANTED,
    SCENARIO,
    WORSE,
    Figure,
    Level,
    LimitLine,
    Side,
    bar_names,
    draw_limit,
    layout,
)
from model.report.customer.words import Reason, shown_changes
from model.whatif.customer.attribution import Changes
from model.whatif.customer.distribution import ScoreDistribution
from model.whatif.customer.sensitivity import Curve

LEFT, RIGHT = [0, 0.36], [0.62, 1]  # where the two halves of `why` lie; their labels stand left of each
NAMES_WIDE = 158  # px left of either half for what its bars are called
BEFORE, AFTER = "As in the book", "With the edits"
NARROW, CHARACTER = 146, 6.4  # px: bars beside their labels on a phone; a figure of the axis' type
CLOSE, FLOOR = 0.1, 0.15  # shares of a chart: two labels this near collide; nothing fits below a point this low


def room(left: Sequence[tuple[float, str]], right: Sequence[tuple[float, str]], narrow: float = NARROW) -> list[float]:
    """The ends of an axis on which bars end at these values, each with a text outside of it, on its ``left`` or its
    ``right``: the texts find room even where no more than ``narrow`` pixels are left for the bars."""
    values = [value for value, _ in (*left, *right)]
    low, high = ends = min(values), max(values)
    if low == high:
        return [low - 1, high + 1]
    for _ in range(12):  # what the texts take makes each pixel stand for more
        pixel = min(high - low, 3 * (ends[1] - ends[0])) / narrow
        low = min([ends[0], *(value - pixel * (text_wide(text) + 6) for value, text in left)])
        high = max([ends[1], *(value + pixel * (text_wide(text) + 6) for value, text in right)])
    return [low, high]


def text_wide(text: str) -> float:
    """How wide the longest line of a text is in a chart, in pixels."""
    return CHARACTER * max(map(len, text.split(BREAK)))


def why(rows: list[Reason], found: Changes, height: int = 236) -> Figure:
    """Left the reasons, right what changed, as one figure: the browser draws each figure anew at every change."""
    values = [row.points for row in rows]
    sizes = [(abs(value), numbers.score_points(value)) for value in values]
    reach = room([], [(0.0, ""), (1.0, ""), *sizes])[1]
    bare = {"showgrid": False, "zeroline": False, "showticklabels": False, "fixedrange": True}
    figure = layout(
        height,
        NAMES_WIDE,
        xaxis={**bare, "domain": LEFT, "range": [-reach, reach], "zeroline": True, "zerolinewidth": 1},
        yaxis=bar_names([row.label for row in rows], NAMES_WIDE, height / max(len(rows), 1)),
    )
    if not found.parts:
        return {"data": [_reasons(rows)], "layout": figure}
    changed = _changes(found)
    longest = max(base + length for base, length in zip(changed["base"], changed["x"], strict=True))
    figure["xaxis2"] = {**bare, "domain": RIGHT, "range": [0, longest * 1.22 + 0.1]}
    figure["yaxis2"] = {**bar_names(changed["y"], NAMES_WIDE, height / len(changed["y"])), "anchor": "x2"}
    return {"data": [_reasons(rows), changed], "layout": figure}


def _reasons(rows: list[Reason]) -> dict[str, Any]:
    """Signed bars in score points, the weightiest first: what lifts the score and what costs."""
    values = [row.points for row in rows]
    return {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": [row.label for row in rows],
        "marker": {"color": [WORSE if v < 0 else BETTER for v in values]},
        "text": [numbers.score_points(v) for v in values],
        "textposition": "outside",
        "cliponaxis": False,
        "customdata": [row.detail for row in rows],
        "hovertemplate": "%{y}: %{text} points<br>%{customdata}<extra></extra>",
    }


def _changes(found: Changes) -> dict[str, Any]:
    """A waterfall on its side: the base PD, what each edited concept moved, the edited PD, in percent."""
    shown = shown_changes(found)
    base, edited, parts = shown.base, shown.edited, shown.parts
    starts, lengths, colours = [0.0], [base], [BASE]
    labels, texts = zip(*waterfall(found), strict=True)
    at = base
    for _, moved in parts:
        starts.append(min(at, at + moved))
        lengths.append(abs(moved))
        colours.append(WORSE if moved > 0 else BETTER)
        at += moved
    return {
        "type": "bar",
        "orientation": "h",
        "xaxis": "x2",
        "yaxis": "y2",
        "base": [*starts, 0.0],
        "x": [*lengths, edited],
        "y": list(labels),
        "marker": {"color": [*colours, SCENARIO]},
        "text": list(texts),
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }


def why_in_words(contract: Contract, rows: list[Reason], found: Changes, base: int, score: int) -> str:
    """The reasons of a record and the waterfall for those who cannot see them."""
    told = "; ".join(f"{row.label} {numbers.score_points(row.points)}" for row in rows)
    reasons = f"Bars in score points, from {base}; {told}; this {contract.book.record} {score}."
    return f"{reasons} {changes_in_words(contract, found)}" if found.parts else reasons


def waterfall(found: Changes) -> list[tuple[str, str]]:
    """The bars of the waterfall, label and text; none where nothing is edited."""
    if not found.parts:
        return []
    shown = shown_changes(found)
    moved = [(label, numbers.signed(f"{abs(by):.{shown.fine}f}", by)) for label, by in shown.parts]
    base, edited = (f"{each:.{shown.digits}f} %" for each in (shown.base, shown.edited))
    return [(BEFORE, base), *moved, (AFTER, edited)]


def changes_in_words(contract: Contract, found: Changes) -> str:
    """The waterfall for those who cannot see it."""
    shown = shown_changes(found)
    told = "; ".join(f"{label} {numbers.points(moved / 100, shown.fine)}" for label, moved in shown.parts)
    base, edited = (f"{each:.{shown.digits}f} percent" for each in (shown.base, shown.edited))
    return f"{contract.book.probability} as in the book {base}; {told}; with the edits {edited}."


def sweep(curve: Curve, goal: tuple[float, float, str] | None = None, height: int = 260) -> Figure:
    """PD along one input: the point of now if it has a value, the cut-off, and where the decision is to grant."""
    y = np.round(100 * curve.pd, 2)
    top = float(max(y.max(), 100 * curve.cutoff_pd)) * 1.15
    cut = round(100 * curve.cutoff_pd, 2)
    kept = _corners(y, curve.granted)
    x, line = [float(v) for v in curve.x[kept]], [float(v) for v in y[kept]]
    shade = [v if ok else None for v, ok in zip(line, curve.granted[kept], strict=True)]
    format_ = "d" if curve.unit == YEAR else ",~f"
    figure = layout(height, 48)
    figure["margin"] = {"l": 52, "r": 16, "t": 10, "b": 40}
    figure["xaxis"] = {
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "tickformat": format_,
        "nticks": 7,
        "title": {"text": axis_title(curve), "standoff": 6},
    }
    figure["yaxis"] = {"range": [0, top], "fixedrange": True, "showgrid": False, "ticksuffix": " %", "nticks": 5}
    marks: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": line,
            "line": {"color": SCENARIO, "width": 2},
            "hovertemplate": f"%{{x:{format_}}}: %{{y:.1f}} %<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": shade,
            "fill": "tozeroy",
            "fillcolor": GRANTED,
            "line": {"width": 0},
            "hoverinfo": "skip",
            "connectgaps": False,
        },
        {
            "type": "scatter",
            "mode": "markers+text",
            "x": [None if curve.nothing else curve.now],
            "y": [round(100 * curve.now_pd, 2)],
            "marker": {"color": SCENARIO, "size": 12},
            "text": ["now"],
            "textposition": "top center",
            "hovertemplate": f"now: %{{x:{format_}}}, %{{y:.1f}} %<extra></extra>",
        },
    ]
    if goal is not None:
        marks.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": [goal[0]],
                "y": [round(100 * goal[1], 2)],
                "marker": {"color": WORSE, "size": 11, "symbol": "diamond"},
                "text": [goal[2]],
                "textposition": _beside(curve, goal[0], 100 * goal[1] / top),
                "hoverinfo": "skip",
            }
        )
    at = x[0] if curve.nothing else curve.now
    right = max(at, goal[0] if goal else at) < (x[0] + x[-1]) / 2  # keep the label off marks and curve
    end = -1 if right else 0
    name_at: tuple[Side, Level] = (
        "right" if right else "left",
        "over" if curve.pd[end] <= curve.cutoff_pd else "under",
    )
    draw_limit(figure, LimitLine(cut, f"cut-off: {cut:.1f} %"), "y", (0, top), name_at)
    return {"data": marks, "layout": figure}


def _beside(curve: Curve, x: float, height: float) -> str:
    """Where the label of a goal at ``x`` stands, at a ``height`` of the chart in [0, 1]: clear of that of now."""
    if abs(x - curve.now) > CLOSE * float(curve.x[-1] - curve.x[0]):
        return "top center"
    if height > FLOOR:
        return "bottom center"
    return "middle right" if x > curve.now else "middle left"


def _corners(y: Array, granted: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The points that a line through ``y`` cannot do without: those in the middle of a level stretch are left out."""
    same = (y[1:-1] == y[:-2]) & (y[1:-1] == y[2:]) & (granted[1:-1] == granted[:-2]) & (granted[1:-1] == granted[2:])
    return np.flatnonzero(~np.concatenate(([False], same, [False])))


def axis_title(curve: Curve) -> str:
    """Label and unit of the swept input."""
    unit = curve.unit.replace("±", "change, ")
    return f"{curve.label} ({unit})" if unit else curve.label


def sweep_in_words(contract: Contract, curve: Curve) -> str:
    """The sweep for those who cannot see it."""
    lowest, highest = int(np.argmin(curve.pd)), int(np.argmax(curve.pd))
    at = [numbers.measure(x, YEAR if curve.unit == YEAR else "") for x in (curve.x[lowest], curve.x[highest])]
    return (
        f"{contract.book.probability} along {axis_title(curve)}: {numbers.percent(curve.now_pd)} "
        f"{f'now, {curve.nothing}' if curve.nothing else 'now'}, lowest "
        f"{numbers.percent(curve.pd[lowest])} at {at[0]}, highest "
        f"{numbers.percent(curve.pd[highest])} at {at[1]}; cut-off "
        f"{numbers.percent(curve.cutoff_pd)}."
    )


# ---- before anybody is chosen -----------------------------------------------------------------------------------


def scores(found: ScoreDistribution, height: int = 210) -> Figure:
    """How many records have which score, with the cut-off as a line."""
    middles = [(low + high) / 2 for low, high in pairwise(found.edges)]
    figure = layout(height, 12)
    figure["margin"] = {"l": 12, "r": 12, "t": 6, "b": 40}
    figure["bargap"] = 0.06
    figure["xaxis"] = {
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "nticks": 8,
        "title": {"text": "score, points", "standoff": 6},
    }
    figure["yaxis"] = {"fixedrange": True, "showgrid": False, "showticklabels": False, "zeroline": False}
    ends = float(found.edges[0]), float(found.edges[-1])
    draw_limit(figure, LimitLine(found.cutoff, f"cut-off {numbers.exactly(found.cutoff)}"), "x", ends)
    bars = {
        "type": "bar",
        "x": middles,
        "y": list(found.counts),
        "marker": {"color": [SCENARIO if middle >= found.cutoff else BASE for middle in middles]},
        "customdata": [f"{low} to {high - 1}" for low, high in pairwise(found.edges)],
        "hovertemplate": "%{customdata}: %{y:,}<extra></extra>",
    }
    return {"data": [bars], "layout": figure}


def scores_in_words(contract: Contract, found: ScoreDistribution) -> str:
    """The distribution of scores for those who cannot see it."""
    told = [
        f"{low} to {high - 1}: {count:,}"
        for (low, high), count in zip(pairwise(found.edges), found.counts, strict=True)
    ]
    cutoff = numbers.exactly(found.cutoff)
    return f"{capitalised(contract.book.records)} by score, cut-off {cutoff}. {'; '.join(told)}."
