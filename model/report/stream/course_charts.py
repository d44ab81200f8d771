"""Charts of how the models of a stream have done, as plain dicts: the marks are those of every other page."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from model.monitoring.intervals import Estimate
from model.monitoring.stream_course import CourseEvent, CourseStretch
from model.report import numbers
from model.report.charts import CHALLENGER, CHAMPION, LIMIT_STYLE, OBSERVED, Figure, Mark, layout
from model.report.stream.words import clock, minute_of_day
from model.report.trust.words import three

HEIGHT = 220
MARKED = 8  # stretches that are named below the axis, at most
MINUTE, HOUR = 60_000, 3_600_000  # ms
PLAIN: dict[str, Any] = {"fixedrange": True, "showgrid": False, "zeroline": False}


def ranking_chart(stretches: Sequence[CourseStretch], events: Sequence[CourseEvent]) -> Figure:
    """AUC of whoever decided and of the challenger beside it, by stretch; a dashed line where a release became
    champion."""
    figure = _by_stretch(stretches)
    figure["yaxis"] |= {"nticks": 5, "tickformat": ".2f"}
    champion = _line(stretches, [each.decided.auc for each in stretches], CHAMPION, "champion")
    challenger = _line(stretches, [_challenger_auc(each) for each in stretches], CHALLENGER, "challenger")
    _draw_promotions(figure, stretches, events)
    return {"data": [champion, challenger], "layout": figure}


def ranking_in_words(stretches: Sequence[CourseStretch]) -> str:
    """The same for those who cannot see it."""
    told = []
    for each in stretches:
        own, beside = three(each.decided.auc.value), three(_challenger_auc(each).value)
        told.append(f"{_label(each, stretches)} champion {own}, challenger {beside}")
    return f"AUC by when outcomes came: {'; '.join(told)}."


def rates_chart(stretches: Sequence[CourseStretch]) -> Figure:
    """What was observed, with its interval, beside what whoever decided predicted, and the challenger."""
    figure = _by_stretch(stretches)
    figure["yaxis"] |= {"nticks": 5, "ticksuffix": " %", "rangemode": "tozero"}
    said = [_bare(100 * each.decided.predicted) for each in stretches]
    beside = [_bare(np.nan if each.beside is None else 100 * each.beside.challenger.predicted) for each in stretches]
    seen = [_hundredfold(each.observed) for each in stretches]
    return {
        "data": [
            _line(stretches, said, CHAMPION, "predicted by the champion"),
            _line(stretches, beside, CHALLENGER, "predicted by the challenger"),
            {**_line(stretches, seen, OBSERVED, "observed"), "mode": "markers"},
        ],
        "layout": figure,
    }


def rates_in_words(stretches: Sequence[CourseStretch]) -> str:
    """The same for those who cannot see it."""
    told = [
        f"{_label(each, stretches)} {numbers.percent(each.decided.predicted)} predicted, "
        f"{numbers.percent(each.observed.value)} observed"
        for each in stretches
    ]
    return f"By when outcomes came: {'; '.join(told)}."


def _challenger_auc(each: CourseStretch) -> Estimate:
    return Estimate(np.nan, np.nan, np.nan) if each.beside is None else each.beside.challenger.auc


def _bare(value: float) -> Estimate:
    return Estimate(value, np.nan, np.nan)


def _hundredfold(found: Estimate) -> Estimate:
    return Estimate(100 * found.value, 100 * found.low, 100 * found.high)


def _line(stretches: Sequence[CourseStretch], values: Sequence[Estimate], mark: Mark, name: str) -> Figure:
    """Values by stretch in the mark of whoever they are of, with their intervals."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": _places(stretches),
        "y": [_known(each.value) for each in values],
        "line": {"color": mark.colour, "width": 2, "dash": mark.dash},
        "marker": {"size": 8, "color": mark.colour, "symbol": mark.symbol},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "thickness": 1.2,
            "width": 2,
            "color": mark.colour,
            "array": [_known(each.high - each.value) or 0.0 for each in values],
            "arrayminus": [_known(each.value - each.low) or 0.0 for each in values],
        },
        "customdata": [[_label(each, stretches), each.n] for each in stretches],
        "hovertemplate": f"%{{customdata[0]}}: {name} %{{y:.3f}}, %{{customdata[1]:,}} outcomes<extra></extra>",
        "connectgaps": False,
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)


def _by_stretch(stretches: Sequence[CourseStretch]) -> Figure:
    figure = layout(HEIGHT, 56)
    figure["margin"] = {"l": 56, "r": 12, "t": 28, "b": 24}
    places = _places(stretches)
    marked = _marked(places)
    figure["xaxis"] = {
        **PLAIN,
        "range": [-0.6, places[-1] + 0.6],
        "tickvals": [places[k] for k in marked],
        "ticktext": [_label(stretches[k], stretches) for k in marked],
    }
    figure["yaxis"] = {**PLAIN}
    figure["showlegend"] = True
    figure["legend"] = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"}
    return figure


def _draw_promotions(figure: Figure, stretches: Sequence[CourseStretch], events: Sequence[CourseEvent]) -> None:
    """A dashed line when another release became champion, with its name."""
    lines, names = [], []
    for each in events:
        if each.kind != "champion" or not stretches[0].start <= each.at < stretches[-1].end:
            continue
        place = _place(each.at, stretches)
        upright = {"x0": place, "x1": place, "y0": 0, "y1": 1, "yref": "paper"}
        lines.append({"type": "line", **upright, "line": LIMIT_STYLE, "layer": "below"})
        text = f"{each.release[:6]} champion"
        names.append({"x": place, "y": 0, "yref": "paper", "yanchor": "bottom", "text": text, "showarrow": False})
        names[-1] |= {"xanchor": "right" if place > figure["xaxis"]["range"][1] / 2 else "left"}
    figure["shapes"], figure["annotations"] = lines, names


def _places(stretches: Sequence[CourseStretch]) -> list[int]:
    """Where each stretch stands along the axis, in lengths of a stretch after the first: of times in which no outcome
    came there is none, and their room stays empty."""
    return [round(_place(each.start, stretches) + 0.5) for each in stretches]


def _place(at: int, stretches: Sequence[CourseStretch]) -> float:
    """Where a moment lies along the axis: a stretch reaches half a length to both sides of where it stands."""
    first = stretches[0]
    return (at - first.start) / (first.end - first.start) - 0.5


def _marked(places: Sequence[int]) -> list[int]:
    """Which stretches are named below the axis: at most `MARKED`, none nearer to another than they would be if no room
    were empty."""
    apart, marked = -(-(places[-1] + 1) // MARKED), [0]
    for k, place in enumerate(places):
        if place >= places[marked[-1]] + apart:
            marked.append(k)
    return marked


def _label(each: CourseStretch, stretches: Sequence[CourseStretch]) -> str:
    """When a stretch began: a day; of shorter ones the time of day, with the day where all of them last longer."""
    began = datetime.fromtimestamp(each.start / 1000, UTC)
    day = began.astimezone().strftime("%d %b").lstrip("0")
    if each.end - each.start >= 24 * HOUR:
        return day
    whole = stretches[-1].end - stretches[0].start
    if each.end - each.start < MINUTE:
        return clock(began)
    return minute_of_day(began) if whole <= 24 * HOUR else f"{day}, {minute_of_day(began)}"
