"""Charts of the stream page, as plain dicts; see `model.report.customer.charts` for the rules they keep.

They show minutes that are over: nothing in them moves but once a minute, when the hour goes on.
"""

from collections.abc import Sequence
from math import ceil, floor
from typing import Any

import numpy as np

from model.monitoring.stream import StreamMinute
from model.report import numbers
from model.report.charts import BASE, LIMIT_STYLE, SCENARIO, Figure, layout
from model.report.stream.words import minute_of_day

HEIGHT, DRIFT_HEIGHT = 104, 190
EVERY = 15  # minutes between two marks of the axis
PLAIN: dict[str, Any] = {"fixedrange": True, "showgrid": False, "zeroline": False}


def arrivals_chart(minutes: Sequence[StreamMinute]) -> Figure:
    """Applications decided a minute, as bars."""
    values = [each.decided for each in minutes]
    figure = _by_minute(minutes)
    top = _rounded_up(max(values, default=0))
    figure["yaxis"] |= {"range": [0, top], "tickvals": [0, top], "ticktext": ["0", f"{top:,}"]}
    figure["bargap"] = 0.15
    bars = {
        "type": "bar",
        "x": _ago(minutes),
        "y": values,
        "marker": {"color": BASE},
        "customdata": [minute_of_day(each.begins) for each in minutes],
        "hovertemplate": "%{customdata}: %{y:,} applications<extra></extra>",
    }
    return {"data": [bars], "layout": figure}


def arrivals_in_words(minutes: Sequence[StreamMinute]) -> str:
    """Applications a minute for those who cannot see them."""
    return f"Applications decided a minute: {_ends(minutes, [each.decided for each in minutes], numbers.plain)}."


def shares_chart(minutes: Sequence[StreamMinute], values: Sequence[float], level: float) -> Figure:
    """Shares in [0, 1] by minute as a line, beside the ``level`` that they are held against, dashed; NaN where there is
    none, of minutes or of the level. What the level is stands above the chart: on it there is no place that the line
    leaves free."""
    percent = [None if np.isnan(each) else round(100 * each, 2) for each in values]
    known = [each for each in percent if each is not None]
    figure = _by_minute(minutes)
    low, high = _axis_ends([*known, *([] if np.isnan(level) else [100 * level])])
    figure["yaxis"] |= {"range": [low, high], "tickvals": [low, high], "ticktext": [f"{low:g} %", f"{high:g} %"]}
    line = {
        "type": "scatter",
        "mode": "lines" if len(known) > 1 else "markers",
        "x": _ago(minutes),
        "y": percent,
        "line": {"color": SCENARIO, "width": 2},
        "marker": {"color": SCENARIO, "size": 6},
        "customdata": [[minute_of_day(each.begins), each.decided] for each in minutes],
        "hovertemplate": "%{customdata[0]}: %{y:.1f} % of %{customdata[1]:,}<extra></extra>",
    }
    if not np.isnan(level):
        ends: Figure = {"x0": 0, "x1": 1, "xref": "paper", "y0": round(100 * level, 2), "y1": round(100 * level, 2)}
        figure["shapes"] = [{"type": "line", **ends, "line": LIMIT_STYLE, "layer": "below"}]
    return {"data": [line], "layout": figure}


def shares_in_words(what: str, minutes: Sequence[StreamMinute], values: Sequence[float]) -> str:
    """Shares by minute for those who cannot see them."""
    return f"{what} by minute: {_ends(minutes, values, numbers.percent)}."


def _ends(minutes: Sequence[StreamMinute], values: Sequence[float], told: Any) -> str:
    known = [(each, value) for each, value in zip(minutes, values, strict=True) if each.decided]
    if not known:
        return "none yet"
    (first, then), (last, now) = known[0], known[-1]
    return f"{told(then)} at {minute_of_day(first.begins)}, {told(now)} at {minute_of_day(last.begins)}"


def _ago(minutes: Sequence[StreamMinute]) -> list[int]:
    """Where each minute stands: so many minutes before the one that is not over."""
    return list(range(-len(minutes), 0))


def _by_minute(minutes: Sequence[StreamMinute]) -> Figure:
    figure = layout(HEIGHT, 52)
    figure["margin"] = {"l": 52, "r": 8, "t": 14, "b": 22}
    places = _ago(minutes)
    marked = [k for k in places if minutes[k].minute % EVERY == 0]
    times = [minute_of_day(minutes[k].begins) for k in marked]
    ends = [-len(minutes) - 0.6, -0.4]
    figure["xaxis"] = {**PLAIN, "range": ends, "tickvals": marked, "ticktext": times, "ticks": "outside"}
    figure["yaxis"] = {**PLAIN, "ticks": ""}
    return figure


def _rounded_up(most: int) -> int:
    """The end of an axis of counts: 1, 2 or 5 times a power of ten, so that it seldom moves."""
    size = 1
    while most > 10 * size:
        size *= 10
    return next(each * size for each in (1, 2, 5, 10) if most <= each * size)


def _axis_ends(values: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis in percent, tens with room beside what is drawn, so that they seldom move."""
    if not values:
        return 0.0, 100.0
    low, high = 10.0 * floor((min(values) - 3) / 10), 10.0 * ceil((max(values) + 3) / 10)
    return max(low, 0.0), min(high, 100.0)
