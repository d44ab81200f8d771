"""Charts of the trust page, as plain dicts; see `model.report.customer.charts` for the rules they keep.

What was observed is a dot with its 95 % interval, what was predicted a ring or a line; what lies outside its interval
is a diamond in orange, so that colour never stands alone.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from data.arrays import Array
from data.contract import Contract
from model.monitoring.calibration import Bin
from model.monitoring.discrimination import Gain, Roc
from model.monitoring.drift import WATCH, Drift
from model.monitoring.intervals import Estimate
from model.monitoring.realised import RealisedRate
from model.release.window import Window
from model.report import numbers
from model.report.charts import (
    BASE,
    CHALLENGER,
    CHAMPION,
    LIMIT_STYLE,
    OBSERVED,
    SCENARIO,
    WORSE,
    Figure,
    bar_names,
    layout,
    narrowed,
)
from model.report.language import observed_rate, outcome_word, those_that
from model.report.trust.words import drift_label, share, worth_drawing
from model.validation.backtests import RecalibrationBacktest, Sides
from model.validation.validation import BandMetrics, Separation, stability_bound

HEIGHT = 250
SHADE = "rgba(139,149,163,0.16)"
CLEAR, PALE = "rgba(0,0,0,0)", "#e3e7ec"
ROOM = (0.2, 0.8)  # where labels to either side have room, as shares of a chart's width
STROKE = (7, 31)  # px beside the widest gap between which a piece of a line stands before its name: two dashes
PLAIN: dict[str, Any] = {"fixedrange": True, "showgrid": False, "zeroline": False}


def _percent_axis(title: str, top: float | None = None, **more: Any) -> dict[str, Any]:
    axis = {**PLAIN, "ticksuffix": " %", "nticks": 6, "title": {"text": title, "standoff": 10}, "rangemode": "tozero"}
    return {**axis, **({} if top is None else {"range": [0, top]}), **more}


def _whiskers(value: float, low: float, high: float) -> tuple[float, float]:
    if np.isnan(low) or np.isnan(high):
        return 0.0, 0.0
    return round(100 * (value - low), 2), round(100 * (high - value), 2)


def _observed(x: Sequence[Any], rows: Sequence[Estimate], off: Sequence[bool], hover: str) -> dict[str, Any]:
    """Dots with whiskers, percent; diamonds in orange where the prediction lies outside."""
    ends = [_whiskers(each.value, each.low, each.high) for each in rows]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(x),
        "y": [_hundred(each.value) for each in rows],
        "marker": {
            "size": 8,
            "color": [WORSE if each else OBSERVED.colour for each in off],
            "symbol": ["diamond" if each else OBSERVED.symbol for each in off],
        },
        "error_y": {
            "type": "data",
            "symmetric": False,
            "thickness": 1.2,
            "width": 2,
            "color": BASE,
            "array": [high for _, high in ends],
            "arrayminus": [low for low, _ in ends],
        },
        "hovertemplate": hover,
        "cliponaxis": False,
    }


def _hundred(value: float) -> float | None:
    return None if np.isnan(value) else round(100 * value, 2)


# ---- above the fold -------------------------------------------------------------------------------------------------


def reliability(bins: Sequence[Bin], height: int = HEIGHT) -> Figure:
    """Observed default rates over the mean PDs of groups of equally many, and the diagonal where they agree."""
    known = [each for each in bins if each.n]
    top = 100 * max([0.01, *(max(each.high, each.predicted) for each in known)]) * 1.06
    figure = layout(height, 56)
    figure["margin"] = {"l": 68, "r": 24, "t": 10, "b": 48}
    figure["xaxis"] = _percent_axis("predicted", top)
    figure["yaxis"] = _percent_axis("observed", top)
    figure["annotations"] = [
        {
            "x": 0.98 * top,
            "y": 0.98 * top,
            "text": "as predicted",
            "showarrow": False,
            "xanchor": "right",
            "yanchor": "bottom",
            "textangle": 0,
            "xshift": -18,
        }
    ]
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, top],
        "y": [0, top],
        "hoverinfo": "skip",
        "line": {"color": BASE, "width": 1, "dash": "dot"},
    }
    rows = [Estimate(each.observed, each.low, each.high) for each in known]
    dots = _observed(
        [round(100 * each.predicted, 2) for each in known],
        rows,
        [not each.agrees for each in known],
        "%{customdata:,} records: %{x:.1f} % predicted, %{y:.1f} % observed<extra></extra>",
    )
    return {"data": [line, {**dots, "customdata": [each.n for each in known]}], "layout": figure}


def reliability_in_words(bins: Sequence[Bin]) -> str:
    """Predicted against observed for those who cannot see it."""
    told = [f"{share(each.predicted)}: {share(each.observed)}" for each in bins if each.n]
    return f"Predicted: observed, groups of equally many by risk. {'; '.join(told)}."


def roc(contract: Contract, found: Roc, height: int = HEIGHT) -> Figure:
    """The ROC curve with the place where both classes are furthest apart."""
    figure = layout(height, 56)
    bad, good = (those_that(contract, came_true) for came_true in (True, False))
    figure["margin"] = {"l": 82, "r": 24, "t": 10, "b": 62 if len(good) > 40 else 48}
    figure["xaxis"] = _percent_axis(narrowed(f"of {good}", 44), 100)
    figure["yaxis"] = _percent_axis(narrowed(f"of {bad}", 26), 102)
    x, y = np.round(100 * found.false_alarms, 2), np.round(100 * found.hits, 2)
    lines: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [0, 100],
            "y": [0, 100],
            "hoverinfo": "skip",
            "line": {"color": BASE, "width": 1, "dash": "dot"},
        },
    ]
    if np.isnan(found.ks):
        return {"data": lines, "layout": figure}
    lines.append(
        {
            "type": "scatter",
            "mode": "lines",
            "x": x.tolist(),
            "y": y.tolist(),
            "line": {"color": SCENARIO, "width": 2},
            "customdata": [share(float(min(max(each, 0.0), 1.0))) for each in found.cut_offs],
            "hovertemplate": f"PD from %{{customdata}} on: %{{y:.0f}} % of {bad}, %{{x:.0f}} % of "
            "{good}<extra></extra>",
        }
    )
    at = int(np.argmax(found.hits - found.false_alarms))
    figure["shapes"] = [
        {
            "type": "line",
            "x0": float(x[at]),
            "x1": float(x[at]),
            "y0": float(x[at]),
            "y1": float(y[at]),
            "line": {"color": WORSE, "width": 2},
        }
    ]
    figure["annotations"] = [
        {
            "x": float(x[at]),
            "y": float(x[at] + y[at]) / 2,
            "text": f"KS {found.ks:.2f}",
            "showarrow": False,
            "xanchor": "left",
            "xshift": 6,
        }
    ]
    return {"data": lines, "layout": figure}


def roc_in_words(found: Roc, area: float) -> str:
    """The ROC curve for those who cannot see it."""
    if np.isnan(found.ks):
        return "No ROC curve: outcomes of one kind only."
    at = f"both classes furthest apart at a PD of {share(found.ks_at)}: {found.ks:.2f}"
    return f"ROC curve with an area of {area:.3f}; {at}."


def vintages(rows: Sequence[BandMetrics], window: Window | None, height: int = HEIGHT) -> Figure:
    """Observed default rates by vintage with their intervals, the predictions as a line, the training shaded."""
    years = [each for each in rows if each.name != "not known"]
    x = [float(each.name) for each in years]
    top = 100 * max([0.01, *(np.nanmax([each.observed.high, each.predicted]) for each in years)]) * 1.12
    figure = _by_year(x, top, height)
    _shade(figure, window, x, top)
    off = [not each.observed.low <= each.predicted <= each.observed.high for each in years]
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": x,
        "y": [_hundred(each.predicted) for each in years],
        "line": {"color": BASE, "width": 2},
        "marker": {"size": 8, "color": CLEAR, "line": {"color": BASE, "width": 2}},
        "hovertemplate": "%{x}: %{y:.1f} % predicted<extra></extra>",
    }
    hover = "%{x}: %{y:.1f} % observed, n = %{customdata:,}<extra></extra>"
    dots = _observed(x, [each.observed for each in years], off, hover)
    if years:
        figure["annotations"] = [
            *figure.get("annotations", []),
            *_ends(x, [("predicted", 100 * years[-1].predicted), ("observed", 100 * years[-1].observed.value)]),
        ]
    return {"data": [line, {**dots, "customdata": [each.n for each in years]}], "layout": figure}


def vintages_in_words(rows: Sequence[BandMetrics]) -> str:
    """Predicted against observed by vintage for those who cannot see it."""
    told = [f"{each.name} {share(each.predicted)} predicted, {share(each.observed.value)} observed" for each in rows]
    return f"By vintage: {'; '.join(told)}."


def _by_year(x: Sequence[float], top: float, height: int) -> Figure:
    figure = layout(height, 48)
    figure["margin"] = {"l": 48, "r": 70, "t": 18, "b": 26}
    ends = [min(x) - 0.6, max(x) + 0.6] if x else [0, 1]
    every = -(-len(x) // 14) if x else 1
    figure["xaxis"] = {**PLAIN, "range": ends, "tickformat": "d", "tickvals": list(x)[::-1][::every][::-1]}
    figure["yaxis"] = {**PLAIN, "ticksuffix": " %", "nticks": 5, "range": [0, top]}
    return figure


def _shade(figure: Figure, window: Window | None, x: Sequence[float], top: float, text: str = "training") -> None:
    if window is None or window.until is None or not x:
        return
    since = min(x) if window.since is None else max(window.since, min(x))
    figure["shapes"] = [
        *figure.get("shapes", []),
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": since - 0.5,
            "x1": window.until + 0.5,
            "y0": 0,
            "y1": 1,
            "fillcolor": SHADE,
            "line": {"width": 0},
            "layer": "below",
        },
    ]
    figure["annotations"] = [
        *figure.get("annotations", []),
        {
            "x": (since + window.until) / 2,
            "y": 1,
            "yref": "paper",
            "yanchor": "bottom",
            "showarrow": False,
            "text": text,
        },
    ]


def _ends(x: Sequence[float], labels: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    """Labels right of the last points, pushed apart where they would lie on each other."""
    known = sorted(((text, y) for text, y in labels if not np.isnan(y)), key=lambda each: each[1])
    close = len(known) > 1 and known[-1][1] - known[0][1] < 0.12 * max(known[-1][1], 1)
    return [
        {
            "x": max(x),
            "y": round(y, 2),
            "text": text,
            "showarrow": False,
            "xanchor": "left",
            "xshift": 12,
            "yshift": (14 * (k - (len(known) - 1) / 2)) if close else 0,
        }
        for k, (text, y) in enumerate(known)
    ]


def drift(contract: Contract, drifts: Sequence[Drift], height: int = HEIGHT, most: int = 12) -> Figure:
    """PSI of score and inputs as bars, the most moved first, with the lines they are judged by; the figures in a column
    right of both."""
    order = sorted(drifts, key=lambda each: (each.index != -1, -np.nan_to_num(each.psi)))[:most]
    values = [round(float(np.nan_to_num(each.psi)), 4) for each in order]
    bounds = [stability_bound(contract, each) for each in order]
    top = max([1.35 * each for each in bounds] + [1.2 * each for each in values])
    figure = layout(height, 190)
    figure["margin"] = {"l": 190, "r": 30, "t": 20, "b": 6}
    figure["xaxis"] = {**PLAIN, "range": [0, top], "showticklabels": False}
    names = [f"{drift_label(contract, each)} " for each in order]
    figure["yaxis"] = bar_names(names, 190)
    rows = {bound: [k for k, each in enumerate(bounds) if each == bound] for bound in bounds}  # the score's come first
    lines = [(WATCH, "watch", 0, len(order)), *((bound, "not above", k[0], k[-1] + 1) for bound, k in rows.items())]
    figure["shapes"] = [
        {
            "type": "line",
            "y0": first - 0.5,
            "y1": end - 0.5,
            "x0": at,
            "x1": at,
            "line": LIMIT_STYLE if k else {"color": BASE, "width": 1, "dash": "dot"},
        }
        for k, (at, _, first, end) in enumerate(lines)
    ]
    sides = {"watch": "right", "not above": "center"}  # apart where the chart is narrow
    figure["annotations"] = [
        {
            "x": at,
            "y": 0 if first else 1,
            "yref": "paper",
            "yanchor": "top" if first else "bottom",
            "xanchor": sides[text] if top < 1 else "left",
            "text": f"{text} {at:.2f}",
            "showarrow": False,
        }
        for at, text, first, _ in lines
    ][: len(lines) if top < 1 else 1]
    figure["margin"]["b"] = 6 if len(rows) < 2 else 20
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": names,
        "marker": {"color": [WORSE if each >= WATCH else SCENARIO for each in values]},
        "customdata": [each.n for each in order],
        "hovertemplate": "%{y}: %{x:.3f}, n = %{customdata:,}<extra></extra>",
    }
    told = {
        "type": "scatter",
        "mode": "text",
        "x": [top] * len(values),
        "y": bars["y"],
        "hoverinfo": "skip",
        "text": [f"{float(np.nan_to_num(each.psi)):.3f}" for each in order],
        "textposition": "middle left",
        "cliponaxis": False,
    }
    return {"data": [bars, told], "layout": figure}


def drift_in_words(contract: Contract, drifts: Sequence[Drift]) -> str:
    """Drift for those who cannot see it."""
    told = [f"{drift_label(contract, each)} {each.psi:.3f}" for each in sorted(drifts, key=lambda each: -each.psi)]
    return f"Population stability against the training: {'; '.join(told)}."


# ---- panels ---------------------------------------------------------------------------------------------------------


def bands_chart(contract: Contract, rows: Sequence[BandMetrics], height: int | None = None) -> Figure:
    """Each band but those of few records: what was observed with its interval (dot), what was predicted (ring), on its
    side."""
    rows = worth_drawing(rows)
    height = max(186, 30 * len(rows) + 66) if height is None else height
    names = [f"{each.name} " for each in rows]
    figure = layout(height, 8)
    figure["margin"] = {"l": 8, "r": 16, "t": 6, "b": 54}  # and on the left as much as the labels need
    figure["xaxis"] = _percent_axis(f"{outcome_word(contract, True)}: ring predicted,<br>dot observed, 95 % interval")
    figure["yaxis"] = {
        "autorange": "reversed",
        "fixedrange": True,
        "showgrid": False,
        "ticks": "",
        "type": "category",
        "automargin": True,
    }
    ring = {
        "type": "scatter",
        "mode": "markers",
        "x": [_hundred(each.predicted) for each in rows],
        "y": names,
        "marker": {"size": 13, "color": CLEAR, "line": {"color": BASE, "width": 2}},
        "hovertemplate": "%{y}: %{x:.1f} % predicted<extra></extra>",
    }
    off = [not each.observed.low <= each.predicted <= each.observed.high for each in rows]
    dots = _observed(names, [each.observed for each in rows], off, "%{y}: %{x:.1f} % observed<extra></extra>")
    dots["x"], dots["y"] = dots["y"], dots["x"]
    dots["error_x"] = dots.pop("error_y")
    return {"data": [ring, dots], "layout": figure}


def separation(contract: Contract, found: Separation, height: int = HEIGHT) -> Figure:
    """The scores of both outcomes, as shares of either; above them, on either side of the
    score at which both are furthest apart, which line is which."""
    words = {came_true: outcome_word(contract, came_true) for came_true in (True, False)}
    middle = np.round((found.edges[1:] + found.edges[:-1]) / 2, 1)
    ends = [float(middle[0]), float(middle[-1])]
    top = 100 * max(float(found.good.max()), float(found.bad.max()))
    figure = layout(height, 44)
    figure["margin"] = {"l": 44, "r": 16, "t": 22, "b": 54}
    figure["xaxis"] = {**PLAIN, "nticks": 8, "range": ends, "title": {"text": "score points", "standoff": 4}}
    figure["yaxis"] = {**PLAIN, "nticks": 4, "ticksuffix": " %", "range": [0, 1.25 * top]}
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": middle.tolist(),
            "y": np.round(100 * shares, 3).tolist(),
            "line": {"color": colour, "width": 2, "dash": dash},
            "fill": "tozeroy",
            "fillcolor": "rgba(213,96,30,0.10)" if colour == WORSE else "rgba(74,111,165,0.10)",
            "hovertemplate": f"%{{x:.0f}}: %{{y:.1f}} % of {name}<extra></extra>",
        }
        for shares, colour, name, dash in (
            (found.good, SCENARIO, those_that(contract, False), "solid"),
            (found.bad, WORSE, those_that(contract, True), "dash"),
        )
    ]
    place = 0.5
    if np.isfinite(found.ks_at):
        at = round(found.ks_at, 1)
        place = (at - ends[0]) / ((ends[1] - ends[0]) or 1.0)
        figure["shapes"] = [
            {
                "type": "line",
                "yref": "paper",
                "y0": 0,
                "y1": 0.9,
                "x0": at,
                "x1": at,
                "line": {"color": BASE, "width": 1, "dash": "dot"},
            }
        ]
    at = round(float(np.clip(place, *ROOM)), 4)
    told = {"xref": "paper", "yref": "paper", "x": at, "y": 1, "showarrow": False}
    named = ((-1, "right", WORSE, "dash", words[True]), (1, "left", SCENARIO, "solid", words[False]))
    figure["annotations"] = [
        {**told, "yanchor": "top", "xanchor": side, "xshift": way * (STROKE[1] + 5), "text": text}
        for way, side, _, _, text in named
    ]
    figure["shapes"] = [
        *figure.get("shapes", ()),
        *(_stroke(at, way, {"color": colour, "width": 2, "dash": dash}) for way, _, colour, dash, _ in named),
    ]
    if np.isfinite(found.ks_at):
        text = f"KS {found.ks:.2f} at {found.ks_at:.0f}"
        figure["annotations"].append({**told, "yanchor": "bottom", "xanchor": "center", "text": text})
    return {"data": lines, "layout": figure}


def _stroke(at: float, way: int, line: Figure) -> Figure:
    """A piece of a line beside its name, left (-1) or right (1) of where it is."""
    return {
        "type": "line",
        "xref": "paper",
        "yref": "paper",
        "xsizemode": "pixel",
        "ysizemode": "pixel",
        "xanchor": at,
        "yanchor": 1,
        "x0": way * STROKE[0],
        "x1": way * STROKE[1],
        "y0": -9,
        "y1": -9,
        "line": line,
    }


def separation_in_words(contract: Contract, found: Separation) -> str:
    """The scores of both classes for those who cannot see them."""
    return (
        f"Scores of {those_that(contract, True)}, {found.bad_mean:.0f} on average, and of "
        f"{those_that(contract, False)}, "
        f"{found.good_mean:.0f}; furthest apart at {found.ks_at:.0f}, KS {found.ks:.2f}."
    )


def gains(contract: Contract, rows: Sequence[Gain], height: int = HEIGHT) -> Figure:
    """The share observed of each tenth as bars, the riskiest first; what was predicted as rings, the lift as text above
    both."""
    bad = outcome_word(contract, True)
    names = [f"{k}" for k in range(1, len(rows) + 1)]
    highs = [float(np.nanmax([each.rate, each.predicted, 0.0])) for each in rows]
    top = 100 * max([0.01, *highs])
    figure = layout(height, 48)
    figure["margin"] = {"l": 48, "r": 12, "t": 22, "b": 54}
    title = "tenths by PD, the riskiest first<br>bar observed, ring predicted, above them the lift"
    figure["xaxis"] = {**PLAIN, "type": "category", "ticks": "", "title": {"text": title, "standoff": 4}}
    figure["yaxis"] = {**PLAIN, "nticks": 4, "ticksuffix": " %", "range": [0, 1.2 * top]}
    bars = {
        "type": "bar",
        "x": names,
        "y": [_hundred(each.rate) for each in rows],
        "marker": {"color": SCENARIO},
        "customdata": [numbers.percent(each.captured, 0) for each in rows],
        "hovertemplate": f"tenth %{{x}}: %{{y:.1f}} % {bad}; with those before it %{{customdata}} of all {bad}"
        "<extra></extra>",
    }
    rings = {
        "type": "scatter",
        "mode": "markers",
        "x": names,
        "y": [_hundred(each.predicted) for each in rows],
        "marker": {"size": 10, "color": PALE, "line": {"color": BASE, "width": 2}},
        "hovertemplate": "tenth %{x}: %{y:.1f} % predicted<extra></extra>",
    }
    lifts = {
        "type": "scatter",
        "mode": "text",
        "x": names,
        "y": [round(100 * high + 0.05 * top, 2) for high in highs],
        "text": [f"{each.lift:.1f}×" for each in rows],
        "textposition": "top center",
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
    return {"data": [bars, rings, lifts], "layout": figure}


def gains_in_words(contract: Contract, rows: Sequence[Gain]) -> str:
    """The tenths for those who cannot see them."""
    told = [f"{share(each.rate)}, lift {each.lift:.1f}" for each in rows]
    return f"{observed_rate(contract)} by tenths, the riskiest first: {'; '.join(told)}."


def sides(found: Sides, windows: tuple[Window, Window], names: tuple[str, str], height: int = 280) -> Figure:
    """Observed by vintage, and what two releases predicted; the windows of both shaded."""
    x = [float(each.vintage) for each in found.rows if each.vintage != "not known"]
    rows = [each for each in found.rows if each.vintage != "not known"]
    highs = [each.either.observed.high for each in rows]
    highs += [own.predicted for each in rows for own in (each.champion, each.challenger) if own]
    top = 100 * max([0.01, *highs]) * 1.12
    figure = _by_year(x, top, height)
    figure["margin"]["r"] = 130
    for window in dict.fromkeys(windows):
        _shade(figure, window, x=x, top=top, text="" if len(set(windows)) > 1 else "training")
    drawn: list[dict[str, Any]] = [
        {
            **_observed(
                x,
                [each.either.observed for each in rows],
                [False] * len(rows),
                "%{x}: %{y:.1f} % observed<extra></extra>",
            )
        },
    ]
    labels = [("observed", 100 * rows[-1].either.observed.value)] if rows else []
    for k, (name, mark) in enumerate(zip(names, (CHAMPION, CHALLENGER), strict=True)):
        own = [(each.champion, each.challenger)[k] for each in rows]
        drawn.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": x,
                "y": [None if each is None else _hundred(each.predicted) for each in own],
                "line": {"color": mark.colour, "width": 2, "dash": mark.dash},
                "marker": {"size": 8, "symbol": mark.symbol},
                "hovertemplate": f"%{{x}}: %{{y:.1f}} % predicted, {name}<extra></extra>",
            }
        )
        last = own[-1] if own else None
        if last is not None:
            labels.append((name, 100 * last.predicted))
    figure["annotations"] = [*figure.get("annotations", []), *_apart(x, labels, top)]
    return {"data": drawn, "layout": figure}


def _apart(x: Sequence[float], labels: Sequence[tuple[str, float]], top: float) -> list[dict[str, Any]]:
    """Labels at the ends of lines, each at least a line of text above the one below."""
    found, last = list[dict[str, Any]](), -np.inf
    for text, y in sorted((each for each in labels if not np.isnan(each[1])), key=lambda each: each[1]):
        last = max(y, last + 0.07 * top)
        place = {"x": max(x), "y": round(last, 2), "showarrow": False, "xanchor": "left", "xshift": 12}
        found.append({**place, "text": text})
    return found


def sides_in_words(found: Sides, names: tuple[str, str]) -> str:
    """Two releases by vintage for those who cannot see them."""
    told = []
    for each in found.rows:
        own = [
            f"{name} {share(side.predicted)}"
            for name, side in zip(names, (each.champion, each.challenger), strict=True)
            if side
        ]
        told.append(f"{each.vintage} {', '.join(own)}, observed {share(each.either.observed.value)}")
    return f"Predicted by vintage: {'; '.join(told)}."


def recalibration(found: RecalibrationBacktest, height: int = 220) -> Figure:
    """Later vintages: observed, predicted as released, predicted with the intercept shifted."""
    x = [each.vintage for each in found.later]
    top = 100 * max([0.01, *(np.nanmax([each.observed.high, each.before, each.after]) for each in found.later)]) * 1.12
    figure = _by_year(x, top, height)
    figure["margin"]["r"] = 90
    hover = "%{x}: %{y:.1f} % observed<extra></extra>"
    drawn = [_observed(x, [each.observed for each in found.later], [False] * len(x), hover)]
    labels = [("observed", 100 * found.later[-1].observed.value)] if found.later else []
    for name, mark, values in (
        ("as released", CHAMPION, [each.before for each in found.later]),
        ("shifted", CHALLENGER, [each.after for each in found.later]),
    ):
        drawn.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": x,
                "y": [_hundred(each) for each in values],
                "line": {"color": mark.colour, "width": 2, "dash": mark.dash},
                "marker": {"size": 8, "symbol": mark.symbol},
                "hovertemplate": f"%{{x}}: %{{y:.1f}} % {name}<extra></extra>",
            }
        )
        labels += [(name, 100 * values[-1])] if values else []
    figure["annotations"] = _apart(x, labels, top)
    return {"data": drawn, "layout": figure}


def recalibration_in_words(found: RecalibrationBacktest) -> str:
    """The shift for those who cannot see it."""
    told = [
        f"{each.vintage:.0f} {share(each.before)} as released, {share(each.after)} shifted, "
        f"{share(each.observed.value)} observed"
        for each in found.later
    ]
    return f"Later vintages: {'; '.join(told)}."


def realised_chart(rows: Sequence[tuple[float, RealisedRate]], guaranteed: bool, height: int = 220) -> Figure:
    """Realised loss given default by vintage, gross and, where others bear a part, net."""
    x = [year for year, _ in rows]
    top = 100 * max([0.01, *(np.nanmax([each.gross.high, each.gross.value]) for _, each in rows)]) * 1.12
    figure = _by_year(x, top, height)
    drawn, labels = [], []
    for name, colour, dash, values in (
        ("gross", WORSE, "solid", [each.gross for _, each in rows]),
        ("net", SCENARIO, "dash", [each.net for _, each in rows]),
    )[: 1 + guaranteed]:
        ends = [_whiskers(each.value, each.low, each.high) for each in values]
        drawn.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": x,
                "y": [_hundred(each.value) for each in values],
                "line": {"color": colour, "width": 2, "dash": dash},
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "thickness": 1,
                    "width": 2,
                    "color": BASE,
                    "array": [high for _, high in ends],
                    "arrayminus": [low for low, _ in ends],
                },
                "hovertemplate": f"%{{x}}: %{{y:.1f}} % {name}<extra></extra>",
            }
        )
        labels += [(name, 100 * values[-1].value)] if values else []
    figure["annotations"] = _apart(x, labels, top) if x else []
    return {"data": drawn, "layout": figure}


def distribution(
    labels: Sequence[str], expected: Array, actual: Array, names: tuple[str, str], height: int = 220
) -> Figure:
    """The shares by bin then and now."""
    kept = [k for k in range(len(labels)) if expected[k] > 0 or actual[k] > 0]
    figure = layout(height, 44)
    figure["margin"] = {"l": 44, "r": 12, "t": 20, "b": 56}
    figure["bargap"] = 0.25
    figure["xaxis"] = {**PLAIN, "type": "category", "ticks": "", "automargin": True}
    figure["yaxis"] = {**PLAIN, "nticks": 4, "ticksuffix": " %", "rangemode": "tozero"}
    figure["showlegend"] = True
    figure["legend"] = {"orientation": "h", "x": 0, "y": 1.15}
    drawn = [
        {
            "type": "bar",
            "name": name,
            "x": [labels[k] for k in kept],
            "y": [_hundred(float(shares[k])) for k in kept],
            "marker": {"color": colour, "pattern": {"shape": shape}},
            "hovertemplate": f"%{{x}}: %{{y:.1f}} % {name}<extra></extra>",
        }
        for name, shares, colour, shape in ((names[0], expected, BASE, ""), (names[1], actual, SCENARIO, "/"))
    ]
    return {"data": drawn, "layout": figure}


def distribution_in_words(labels: Sequence[str], expected: Array, actual: Array) -> str:
    """The shares then and now for those who cannot see them."""
    told = [
        f"{name} {numbers.percent(float(then))} then, {numbers.percent(float(now))} now"
        for name, then, now in zip(labels, expected, actual, strict=True)
        if then > 0 or now > 0
    ]
    return f"{'; '.join(told)}."
