"""Charts of the policy page, as plain dicts; see `model.report.customer.charts` for the rules they keep."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract, Measure
from model.monitoring.fairness import Group
from model.report import numbers
from model.report.book.headroom import limit_line
from model.report.charts import (
    BASE,
    BETTER,
    CHALLENGER,
    CHAMPION,
    SCENARIO,
    WORSE,
    Figure,
    LimitLine,
    bar_names,
    bars_along,
    clear_of,
    draw_limit,
    layout,
)
from model.report.language import decided
from model.report.numbers import Unit
from model.report.policy.words import Units, goal_label
from model.whatif.book.scenario import BookScenario
from model.whatif.policy.pricing import Priced
from model.whatif.policy.result import BandRate
from model.whatif.policy.strategy import Goal, Strategy
from model.whatif.policy.swap import Swapped

INK = "#1b222c"
LIMITED: dict[Goal, Measure] = {"loss": "loss", "profit": "margin", "volume": "exposure"}  # the book's measures
EDGE = 0.12  # share of a line that a label beside one of its points takes


def strategy(
    contract: Contract, found: Strategy, goal: Goal, today: int, chosen: int, units: Units, height: int = 250
) -> Figure:
    """A goal along the cut-offs, with the points of today, of the choice and of the best, and the limit of the book's
    measure that it is, where there is one."""
    values = found.curves[goal]
    share = goal in ("approval", "bad_rate")
    unit = Unit.of(float(np.abs(values).max()))
    y = np.round(100 * values, 2) if share else np.round(values / unit.size, 3)
    figure = layout(height, 56)
    figure["margin"] = {"l": 56, "r": 16, "t": 14, "b": 40}
    figure["xaxis"] = {
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "nticks": 9,
        "title": {"text": "cut-off, score points", "standoff": 6},
    }
    suffix = " %" if share else unit.suffix.replace("\N{NO-BREAK SPACE}", " ")
    figure["yaxis"] = {"fixedrange": True, "showgrid": False, "nticks": 5, "ticksuffix": suffix, "zeroline": not share}
    told = [units.text(contract, goal, each) for each in values.tolist()]
    line: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "x": found.cutoffs.tolist(),
        "y": y.tolist(),
        "text": told,
        "line": {"color": SCENARIO, "width": 2},
        "hovertemplate": "cut-off %{x}: %{text}<extra></extra>",
    }
    best = found.best if contract.in_money else today
    points = {"today": today, "best": best, "chosen": chosen}
    if chosen in (today, best):
        points.pop("chosen")
    if not contract.in_money:
        points.pop("best")
    elif best == today:
        points = {"today, the best": today} | {name: at for name, at in points.items() if name == "chosen"}
    at = {name: int(np.clip(each - found.cutoffs[0], 0, len(y) - 1)) for name, each in points.items()}
    marks = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [int(found.cutoffs[k]) for k in at.values()],
        "y": [float(y[k]) for k in at.values()],
        "text": list(at),
        "textposition": _sides(list(at.values()), y.tolist()),
        "marker": {"size": 11, "color": [{"today": BASE, "chosen": WORSE}.get(name, BETTER) for name in at]},
        "cliponaxis": False,
        "customdata": [told[k] for k in at.values()],
        "hovertemplate": "%{text}: %{x}, %{customdata}<extra></extra>",
    }
    ends, limit = (float(y.min()), float(y.max())), _limit(contract, goal, unit)
    low, high = ends if limit is None else limit.within(*ends)
    reach = high - low or 1.0
    figure["yaxis"]["range"] = [low - 0.14 * reach, high + 0.16 * reach]
    draw_limit(figure, limit, "y", ends, clear_of([y.tolist()], limit, tall=0.08 * reach))
    historic = contract.book.historic_cutoff
    if historic is None:
        return {"data": [line, marks], "layout": figure}
    seen = int((found.cutoffs < historic).sum())  # below it nobody was granted a line: no outcomes
    first, last = (
        {**line, **{name: line[name][part] for name in ("x", "y", "text")}}
        for part in (slice(seen + 1), slice(seen, None))
    )
    unseen = {**first, "line": {**line["line"], "dash": "dash"}}
    figure["annotations"] = [
        *figure.get("annotations", ()),
        {
            "x": 0.02,
            "xref": "paper",
            "y": 0.02,
            "yref": "paper",
            "showarrow": False,
            "text": f"below {historic:.0f}: no outcomes observed here",
            "xanchor": "left",
            "yanchor": "bottom",
        },
    ]
    return {"data": [last, marks, unseen], "layout": figure}


def _limit(contract: Contract, goal: Goal, unit: Unit) -> LimitLine | None:
    """The limit of the measure of the book that a goal is: what is granted is the book under that policy."""
    measure = LIMITED.get(goal)
    return None if measure is None else limit_line(contract, BookScenario(), measure, unit)


def _sides(places: Sequence[int], y: Sequence[float]) -> list[str]:
    """Where the labels of up to three points ``places`` on a line ``y`` stand, so that they keep apart however near the
    points lie: the first left of its point, the last right of it, above or below the line where that leaves room, and
    one between them below. At an end of the line a label stands inwards."""
    reach, order = max(1, round(EDGE * len(y))), sorted(range(len(places)), key=lambda k: places[k])

    def beside(k: int, way: int) -> str:
        along = min(max(places[k] + way * reach, 0), len(y) - 1)
        return "bottom" if y[along] > y[places[k]] else "top"

    first, last = order[0], order[-1]
    left, right = places[first] < reach, places[last] > len(y) - 1 - reach
    near = len(order) > 1 and places[last] - places[first] < 2 * reach
    other = {"top": "bottom", "bottom": "top"}
    start = beside(first, -1)
    found = dict.fromkeys(order, f"bottom {'center' if start == 'top' else 'right'}")
    found[first] = f"{start} left"
    found[last] = f"{beside(last, 1)} right"
    if left and len(order) > 1:
        found[first] = f"{other[beside(last, 1)] if near else beside(first, 1)} right"
    if right:
        found[last] = f"{other[start] if near else beside(last, -1)} left"
    return [found[k] for k in range(len(places))]


def strategy_in_words(contract: Contract, found: Strategy, goal: Goal, units: Units) -> str:
    """The strategy curve for those who cannot see it."""
    some = found.cutoffs[:: max(1, len(found.cutoffs) // 8)]
    told = [f"{cutoff}: {units.text(contract, goal, found.at(cutoff).goal(goal))}" for cutoff in some]
    limit = _limit(contract, goal, units.of[goal].unit)
    beside = f"; {limit.text}" if limit is not None else ""
    return f"{goal_label(contract, goal)} by cut-off. {'; '.join(told)}{beside}."


def profits(
    contract: Contract, names: Sequence[str], prices: Sequence[Priced], units: Units, height: int = 250
) -> Figure:
    """Profit by score band, with the zero line."""
    values = [each.profit for each in prices]
    unit = units.of["profit"].unit
    shown = [value / unit.size for value in values]
    texts = [numbers.unpriced(units.text(contract, "profit", value), contract.book.currency) for value in values]
    low, high = min(0.0, *shown), max(0.0, *shown)
    room = 0.3 * (high - low or 1.0)
    figure = layout(height, 110)
    names = [f"{name} " for name in names]
    figure |= bars_along(names, (low - room * (low < 0), high + room), 110)
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": shown,
        "y": names,
        "marker": {"color": [BETTER if value >= 0 else WORSE for value in shown]},
        "text": texts,
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    return {"data": [bars], "layout": figure}


def profits_in_words(contract: Contract, names: Sequence[str], prices: Sequence[Priced], units: Units) -> str:
    """Profit by band for those who cannot see it."""
    told = [f"{name} {units.text(contract, 'profit', each.profit)}" for name, each in zip(names, prices, strict=True)]
    return f"Profit by score band: {'; '.join(told)}."


def rates_chart(names: Sequence[str], found: Sequence[BandRate], height: int = 250) -> Figure:
    """Expected bad rate by score band as bars, the observed one as dots."""
    shown = [each for each in found if each.customers]
    labels = [f"{names[each.band]} " for each in shown]
    high = max((max(each.expected, each.observed) for each in shown), default=0.0)
    figure = layout(height, 110)
    figure |= bars_along(labels, (0, 130 * (high or 1.0)), 110)
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [round(100 * each.expected, 2) for each in shown],
        "y": labels,
        "marker": {"color": SCENARIO},
        "customdata": [numbers.percent(each.expected) for each in shown],
        "hovertemplate": "%{y}: %{customdata} expected<extra></extra>",
    }
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": [round(100 * each.observed, 2) for each in shown],
        "y": labels,
        "text": [numbers.percent(each.observed) for each in shown],
        "marker": {"size": 9, "color": WORSE},
        "hovertemplate": "%{y}: %{text} observed<extra></extra>",
    }
    told = {
        "type": "scatter",
        "mode": "text",
        "x": [round(100 * max(each.expected, each.observed), 2) for each in shown],
        "y": labels,
        "text": [f"   {numbers.percent(each.expected)}" for each in shown],
        "textposition": "middle right",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    return {"data": [bars, dots, told], "layout": figure}


def rates_in_words(names: Sequence[str], found: Sequence[BandRate]) -> str:
    """The bad rates by band for those who cannot see them."""
    told = [
        f"{names[each.band]} {numbers.percent(each.expected)} expected, {numbers.percent(each.observed)} observed"
        for each in found
        if each.customers
    ]
    return f"Bad rate by score band: {'; '.join(told)}."


def swap(contract: Contract, cells: Sequence[Swapped], height: int = 190) -> Figure:
    """The two-by-two of today's policy and the other, with counts."""
    by = {(cell.today, cell.other): cell.customers for cell in cells}
    rows = [[by[True, True], by[True, False]], [by[False, True], by[False, False]]]
    shade = [[0.0, 1.0 if by[True, False] else 0.0], [-1.0 if by[False, True] else 0.0, 0.0]]
    figure = layout(height, 130)
    figure["margin"] = {"l": 150, "r": 10, "t": 30, "b": 6}
    words = [decided(contract, each) for each in (True, False)]
    axis = {"fixedrange": True, "showgrid": False, "ticks": "", "type": "category"}
    figure["xaxis"] = {**axis, "side": "top"}
    figure["yaxis"] = {**axis, "autorange": "reversed"}
    drawn: dict[str, Any] = {
        "type": "heatmap",
        "z": shade,
        "x": words,
        "y": [f"today {each} " for each in words],
        "text": [[f"{each:,}" for each in row] for row in rows],
        "texttemplate": "%{text}",
        "zmin": -1,
        "zmax": 1,
        "textfont": {"color": INK, "size": 15},
        "colorscale": [[0, "#a9c6e6"], [0.5, "#eceff3"], [1, "#eeb08f"]],
        "showscale": False,
        "xgap": 3,
        "ygap": 3,
        "hovertemplate": "%{y}, then %{x}: %{text}<extra></extra>",
    }
    return {"data": [drawn], "layout": figure}


def swap_in_words(contract: Contract, cells: Sequence[Swapped]) -> str:
    """The swap set for those who cannot see it."""
    names = {(True, True): "both", (False, True): "the other only", (True, False): "today only", (False, False): "none"}
    told = "; ".join(f"{names[cell.today, cell.other]}: {cell.customers:,}" for cell in cells)
    return f"{decided(contract, True).capitalize()} by {told}."


def fairness(before: Sequence[Group], after: Sequence[Group], least: float, height: int = 220) -> Figure:
    """Each group's ratio today (ring) and under the policy (dot, with its 95 % interval), and the ``least`` one asked
    as a line."""
    known = [k for k, each in enumerate(after) if not np.isnan(each.impact)]
    names = [f"{after[k].name} " for k in known]
    values = [round(after[k].impact, 4) for k in known]
    highs = [after[k].impact_high if not np.isnan(after[k].impact_high) else after[k].impact for k in known]
    figure = layout(height, 130)
    figure["margin"] = {"l": 130, "r": 16, "t": 8, "b": 36}
    lows = [*(after[k].impact_low for k in known), *(before[k].impact for k in known if before[k].impact)]
    low, high = max(min([least - 0.1, *lows]) - 0.05, 0), max([1.05, *highs]) + 0.02
    figure["xaxis"] = {
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "nticks": 6,
        "tickformat": ".2f",
        "range": [low, high],
        "title": {"text": "over the highest group's rate", "standoff": 4},
    }
    figure["yaxis"] = bar_names(names, 130)
    draw_limit(figure, LimitLine(least, f"at least {least:.2f}"), "x", (low, high))
    drawn: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [round(before[k].impact, 4) for k in known],
            "y": names,
            "marker": {"size": 12, "color": "rgba(0,0,0,0)", "line": {"color": BASE, "width": 2}},
            "hovertemplate": "%{y}: %{x:.2f} today<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": values,
            "y": names,
            "marker": {"size": 9, "color": [WORSE if after[k].flagged(least) else SCENARIO for k in known]},
            "error_x": {
                "type": "data",
                "symmetric": False,
                "thickness": 1,
                "color": BASE,
                "array": [round(high - v, 4) for high, v in zip(highs, values, strict=True)],
                "arrayminus": [round(v - after[k].impact_low, 4) for v, k in zip(values, known, strict=True)],
            },
            "hovertemplate": "%{y}: %{x:.2f}<extra></extra>",
        },
    ]
    return {"data": drawn, "layout": figure}


def fairness_in_words(after: Sequence[Group]) -> str:
    """The fairness monitor for those who cannot see it."""
    told = [f"{each.name} {'suppressed' if np.isnan(each.impact) else f'{each.impact:.2f}'}" for each in after]
    return f"Approval rate over the highest group's: {'; '.join(told)}."


def ratios(
    cutoffs: NDArray[np.int64], lowest: Array, today: int, chosen: int, least: float, height: int = 220
) -> Figure:
    """The lowest ratio among an attribute's groups along the cut-offs; today's, the chosen one, and the ``least``
    ratio asked."""
    figure = layout(height, 48)
    figure["margin"] = {"l": 48, "r": 16, "t": 18, "b": 38}
    kept = ~np.isnan(lowest)
    x, y = cutoffs[kept].tolist(), np.round(lowest[kept], 3).tolist()
    figure["xaxis"] = {
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "nticks": 8,
        "title": {"text": "cut-off, score points", "standoff": 4},
    }
    figure["yaxis"] = {"fixedrange": True, "showgrid": False, "range": [0, 1.05], "nticks": 5, "tickformat": ".1f"}
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": SCENARIO, "width": 2},
        "hovertemplate": "cut-off %{x}: %{y:.2f}<extra></extra>",
    }
    marks = {chosen: "chosen"} | {today: "today"}
    figure["shapes"] = [
        {
            "type": "line",
            "x0": each,
            "x1": each,
            "y0": 0,
            "y1": 1.0,
            "line": {"color": BASE, "width": 1, "dash": "dot"},
        }
        for each in marks
    ]
    figure["annotations"] = [
        {"x": each, "y": 0.06, "text": name, "showarrow": False, "xanchor": "right" if each == min(marks) else "left"}
        for each, name in marks.items()
    ]
    limit = LimitLine(least, f"at least {least:.2f}")
    draw_limit(figure, limit, "y", (0.0, 1.0), clear_of([y or [1.0]], limit, tall=0.12))
    return {"data": [line], "layout": figure}


def heat(values: Array, rows: Sequence[str], columns: Sequence[str], contract: Contract, height: int = 280) -> Figure:
    """Profit by band (rows) and value of an assumption (columns); white is zero, orange a loss, blue a profit."""
    unit = Unit.of(float(np.abs(values).max()))
    shown = np.round(values / unit.size, unit.digits)
    reach = float(np.abs(shown).max()) or 1.0
    figure = layout(height, 110)
    figure["margin"] = {"l": 110, "r": 10, "t": 26, "b": 6}
    axis = {"fixedrange": True, "showgrid": False, "ticks": "", "type": "category"}
    figure["xaxis"] = {**axis, "side": "top"}
    figure["yaxis"] = {**axis, "autorange": "reversed"}
    drawn: dict[str, Any] = {
        "type": "heatmap",
        "z": shown.tolist(),
        "x": list(columns),
        "y": [f"{name} " for name in rows],
        "text": [[numbers.plain(each, unit.digits) for each in row] for row in shown.tolist()],
        "texttemplate": "%{text}",
        "textfont": {"color": INK},
        "zmin": -reach,
        "zmax": reach,
        "showscale": False,
        "colorscale": [[0, "#e0894f"], [0.5, "#f6f7f9"], [1, "#7fb0df"]],
        "xgap": 2,
        "ygap": 2,
        "hovertext": [[unit.text(each, contract.book.currency) for each in row] for row in values.tolist()],
        "hovertemplate": "%{y}, %{x}: %{hovertext}<extra></extra>",
    }
    return {"data": [drawn], "layout": figure}


def frontier(
    strategies: Sequence[Strategy], kept: NDArray[np.intp], today: int, chosen: int, height: int = 240
) -> Figure:
    """Profit against expected loss of every cut-off of one or two models; the line is what no other beats.

    ``kept``: positions over all strategies, one after the other.
    """
    loss, profit = (np.concatenate([getattr(each, name) for each in strategies]) for name in ("loss", "profit"))
    unit, loss_unit = Unit.of(float(np.abs(profit).max())), Unit.of(float(loss.max()))
    x, y = np.round(loss / loss_unit.size, 3), np.round(profit / unit.size, 3)
    figure = layout(height, 60)
    figure["margin"] = {"l": 60, "r": 16, "t": 16, "b": 40}
    figure["xaxis"] = {
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "nticks": 7,
        "ticksuffix": loss_unit.suffix,
        "title": {"text": "expected loss", "standoff": 6},
    }
    figure["yaxis"] = {"fixedrange": True, "showgrid": False, "nticks": 5, "ticksuffix": unit.suffix}
    drawn: list[dict[str, Any]] = []
    first = 0
    for k, each in enumerate(strategies):
        own = slice(first, first + len(each.cutoffs))
        first = own.stop
        mark = CHALLENGER if k else CHAMPION
        marker = {"size": 6, "color": mark.colour, "symbol": mark.symbol}
        drawn.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": x[own].tolist(),
                "y": y[own].tolist(),
                "marker": marker,
                "text": [str(cutoff) for cutoff in each.cutoffs],
                "hovertemplate": "cut-off %{text}: %{y} at %{x}<extra></extra>",
            }
        )
    mine = strategies[0]
    at = {"best": mine.best, "chosen": chosen, "today": today}
    where = {name: int(np.clip(each - mine.cutoffs[0], 0, len(mine.cutoffs) - 1)) for name, each in at.items()}
    drawn += [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x[kept].tolist(),
            "y": y[kept].tolist(),
            "line": {"color": BETTER, "width": 2},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "markers+text",
            "x": [float(x[k]) for k in where.values()],
            "y": [float(y[k]) for k in where.values()],
            "text": list(where),
            "textposition": ["top left", "bottom center", "top right"],
            "marker": {"size": 10, "color": WORSE},
            "hoverinfo": "skip",
            "cliponaxis": False,
        },
    ]
    return {"data": drawn, "layout": figure}
