"""Charts of what the model looks at, as plain dicts; see `model.report.customer.charts` for the rules they keep."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from data.contract import YEAR, Contract
from model.report import numbers
from model.report.charts import BASE, BETTER, HIGH, LOW, SCENARIO, WORSE, Figure, layout, narrowed
from model.report.trust.effects_words import (
    MOST,
    effect_hover,
    group_words,
    largest,
    ranked,
    signed_points,
    together_hover,
)
from model.validation.effects import BARS, Effect, GroupedValues, Overview, Together, heaped

INK, NEITHER = "#1b222c", "#e3e7ec"
BAND = "rgba(139,149,163,0.28)"
BARS_HALF, SWARM_HALF = [0, 0.34], [0.4, 1]  # where the two halves of `importance` lie, labels left of both
KEY = 0.9  # rows that the key to the dots takes above the others
ROW, LONGEST = 29, 32  # pixels of a row; letters of a line of its label
TOLD = 10  # groups to either side up to which a map tells its numbers
TICKS = 8
LEAST = 2.0  # score points that an effect's drawing reaches either way, so that next to nothing looks it
ORANGE_TO_BLUE = [[0, "#e0894f"], [0.5, NEITHER], [1, "#7fb0df"]]
SIDES = "◂ riskier · points · safer ▸"


# ---- what matters most ----------------------------------------------------------------------------------------------


def importance(contract: Contract, found: Overview, by_concept: bool) -> Figure:
    """Left how far each concept or input moves the score on average, the largest first; right where it carries each
    customer of the sample. One figure, so that the rows of both are the same."""
    rows = ranked(contract, found, by_concept)[:MOST]
    shown = min(len(contract.inputs), MOST)
    figure = layout(96 + ROW * shown, 8)
    figure["margin"] = {"l": 8, "r": 16, "t": 6, "b": 44}  # and on the left as much as the labels need
    most = max([size for _, size, _ in rows] + [1e-9])
    bare = {"showgrid": False, "fixedrange": True}
    swarm = found.swarm.concepts if by_concept else found.swarm.inputs
    drawn = swarm[[k for _, _, k in rows]]
    low, high = min(0.0, float(drawn.min())), max(0.0, float(drawn.max()))
    room = 0.03 * ((high - low) or 1.0)
    figure["xaxis"] = {
        **bare,
        "domain": BARS_HALF,
        "range": [0, 1.2 * most],
        "zeroline": False,
        "showticklabels": False,
        "title": {"text": "points on average", "standoff": 8},
    }
    figure["xaxis2"] = {
        **bare,
        "domain": SWARM_HALF,
        "range": [low - room, high + room],
        "zeroline": True,
        "zerolinewidth": 1,
        "nticks": 7,
        "title": {"text": SIDES, "standoff": 8},
    }
    figure["yaxis"] = {
        **bare,
        "range": [len(rows) - 0.45, -0.55 - KEY * (not by_concept)],
        "zeroline": False,
        "ticks": "",
        "tickvals": list(range(len(rows))),
        "ticktext": [narrowed(label, LONGEST) + " " for label, _, _ in rows],
        "automargin": True,
    }
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [round(size, 2) for _, size, _ in rows],
        "y": list(range(len(rows))),
        "width": min(0.62, 0.62 * len(rows) / shown),
        "marker": {"color": SCENARIO},
        "text": [_size(size) for _, size, _ in rows],
        "textposition": "outside",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    height = [heaped(points, low, high) for points in drawn]
    dots: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "xaxis": "x2",
        "x": np.round(drawn, 1).ravel().tolist(),
        "y": np.round([k + offsets for k, offsets in enumerate(height)], 2).ravel().tolist(),
    }
    if by_concept:
        dots["marker"] = {"size": 4, "opacity": 0.8, "color": [WORSE if x < 0 else BETTER for x in dots["x"]]}
        dots["hovertemplate"] = "%{x:+.1f} points<extra></extra>"
        return {"data": [bars, dots], "layout": figure}
    share = found.swarm.share[[k for _, _, k in rows]].ravel()
    known = ~np.isnan(share)
    x, y = np.array(dots["x"]), np.array(dots["y"])
    seen = {
        **dots,
        "x": x[known].tolist(),
        "y": y[known].tolist(),
        "marker": {
            "size": 5,
            "opacity": 0.85,
            "color": np.round(100 * share[known]).astype(int).tolist(),
            "colorscale": [[0, LOW], [1, HIGH]],
            "cmin": 0,
            "cmax": 100,
            "showscale": False,
        },
        "hovertemplate": "%{x:+.1f} points; its value is above that of %{marker.color} in 100<extra></extra>",
    }
    absent = {
        **dots,
        "x": x[~known].tolist(),
        "y": y[~known].tolist(),
        "marker": {"size": 5, "color": "rgba(0,0,0,0)", "line": {"color": BASE, "width": 1}},
        "hovertemplate": "%{x:+.1f} points; its value is missing<extra></extra>",
    }
    return {"data": [bars, seen, absent, _key(low, high)], "layout": figure}


def _key(low: float, high: float) -> dict[str, Any]:
    """What the colours of the dots mean, above them: two dots with their words."""
    places = [low + share * (high - low) for share in (0.56, 0.77)]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "xaxis": "x2",
        "x": places,
        "y": [-0.55 - KEY / 2, -0.55 - KEY / 2],
        "text": [" low value", " high value"],
        "textposition": "middle right",
        "cliponaxis": False,
        "marker": {"size": 9, "color": [LOW, HIGH]},
        "hoverinfo": "skip",
    }


def _size(size: float) -> str:
    """An average as shown beside its bar."""
    return numbers.plain(size, 1)


def importance_in_words(contract: Contract, found: Overview, by_concept: bool) -> str:
    """The bars and the swarm for those who cannot see them."""
    swarm = found.swarm.concepts if by_concept else found.swarm.inputs
    told = "; ".join(
        f"{label} {_size(size)}, from {signed_points(float(swarm[k].min()))} to {signed_points(float(swarm[k].max()))}"
        for label, size, k in ranked(contract, found, by_concept)[:MOST]
    )
    return f"Score points on average, and for single {contract.book.records} of a sample: {told}."


# ---- one input ------------------------------------------------------------------------------------------------------


def effect(contract: Contract, found: Effect, height: int = 320) -> Figure:
    """An input's effect in score points along its values: steps where the model's trees cut, with the band of the
    middle 90 % of customers, the line of the book as it is, and how many customers there are; the missing stand
    apart."""
    spans = _spans(found)
    known = [k for k in range(found.values.known) if spans[k] is not None]
    absent = [k for k in range(found.values.known, len(spans)) if spans[k] is not None]
    figure = layout(height, 64)
    figure["margin"] = {"l": 64, "r": 14, "t": 12, "b": 52}
    each = contract.inputs[found.values.own]
    ends = [end for span in spans if span is not None for end in span]
    figure["xaxis"] = {
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "range": [min(ends), max(ends)],
        "anchor": "y2",
        **_ticks_along(contract, found, spans),
    }
    if not each.codes:  # words need no title
        figure["xaxis"]["title"] = {"text": _named(contract, found.values), "standoff": 8}
    low, high = _reach(found, known + absent)
    levels = _round_numbers(low, high, 5)
    figure["yaxis"] = {
        "fixedrange": True,
        "showgrid": False,
        "zeroline": True,
        "zerolinewidth": 1,
        "domain": [0.2, 1],
        "range": [low, high],
        "title": {"text": "score points", "standoff": 10},
        "tickvals": levels,
        "ticktext": [numbers.signed(f"{abs(level):.6g}", level) for level in levels],
    }
    figure["yaxis2"] = {
        "domain": [0, 0.15],
        "visible": False,
        "fixedrange": True,
        "anchor": "x",
        "rangemode": "tozero",
    }
    figure["hovermode"] = "x"
    figure["annotations"] = [
        {
            "xref": "paper",
            "yref": "paper",
            "x": 0.004,
            "y": y,
            "text": text,
            "showarrow": False,
            "xanchor": "left",
            "yanchor": anchor,
        }
        for y, text, anchor in ((1.0, "▲ safer", "top"), (0.2, "▼ riskier", "bottom"))
    ]
    data = [_customers(found, spans)]
    data += [_band(found, spans, run) for run in (known, absent) if run]
    data.append(_line(found, spans, run=known, colour=BASE, width=1, joined=True))
    data += [
        _line(
            found,
            spans,
            run=[k for k in known + absent if (found.mean[k] < 0) == worse],
            colour=WORSE if worse else BETTER,
            width=4,
        )
        for worse in (True, False)
    ]
    drawn = known + absent
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": [_middle(spans[k]) for k in drawn],
            "y": [round(float(found.mean[k]), 2) for k in drawn],
            "marker": {"size": 10, "opacity": 0},
            "text": [effect_hover(contract, found, k) for k in drawn],
            "hovertemplate": "%{text}<extra></extra>",
        }
    )
    return {"data": data, "layout": figure}


Span = tuple[float, float]


def _position(found: Effect, value: float) -> float:
    """Where a value is drawn: the logarithm to base ten where amounts are of very different size."""
    return float(np.log10(value)) if found.log else value


def _spans(found: Effect) -> list[Span | None]:
    """From where to where each group is drawn; None beyond the ends of the drawing. Single values lie side by side."""
    values = found.values
    if values.single:
        spans: list[Span | None] = [(k - 0.5, k + 0.5) for k in range(values.known)]
        low, high = -0.5, values.known - 0.5
    else:
        low, high = (_position(found, end) for end in found.ends)
        starts = [
            low,
            *(
                max(low, _position(found, float(v))) if v > 0 or not found.log else low
                for v in values.start[1 : values.known]
            ),
        ]
        stops = [*starts[1:], high]
        spans = [(a, min(b, high)) if a < min(b, high) else None for a, b in zip(starts, stops, strict=True)]
    if values.missing:
        wide = 1.0 if values.single else 0.1 * (high - low)
        spans.append((high + 0.7 * wide, high + 1.7 * wide))
    return spans


def _ticks_along(contract: Contract, found: Effect, spans: Sequence[Span | None]) -> Figure:
    """Ticks of an effect's values: words for single ones, round numbers along a scale; a word for the missing."""
    values, each = found.values, contract.inputs[found.values.own]
    places: list[float] = []
    texts: list[str] = []
    if values.single:
        step = max(1, -(-values.known // (2 * TICKS)))
        places = [float(k) for k in range(0, values.known, step)]
        letters = max(6, 78 // len(spans))
        texts = [
            narrowed(group_words(contract, values, int(k)), letters)
            if each.codes
            else _short(float(values.low[int(k)]), each.unit)
            for k in places
        ]
    else:
        for value in _round_values(found):
            places.append(_position(found, value))
            texts.append(_short(value, each.unit))
    missing = spans[-1]
    if values.missing and missing is not None:
        places.append(_middle(missing))
        texts.append(narrowed(each.missing or "missing", 11))
    return {"tickvals": places, "ticktext": texts, "automargin": True}  # slanted where there is no room side by side


def _round_values(found: Effect) -> list[float]:
    """Round numbers between the ends of a drawing; powers of ten where sizes differ much."""
    low, high = found.ends
    if not found.log:
        return _round_numbers(low, high, TICKS - 2)
    powers = range(int(np.ceil(np.log10(low))), int(np.floor(np.log10(high))) + 1)
    return [10.0**power for power in powers]


def _round_numbers(low: float, high: float, most: int) -> list[float]:
    """Round numbers from ``low`` to ``high``, about ``most`` of them."""
    rough = (high - low) / most
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * next(each for each in (1, 2, 2.5, 5, 10) if each * power >= rough * (1 - 1e-9))
    return [float(round(k * step, 12)) + 0.0 for k in np.arange(np.ceil(low / step), np.floor(high / step) + 1)]


def _short(value: float, unit: str) -> str:
    """A number on an axis; its unit stands in the axis's title, but a percentage shows it."""
    if unit == "%":
        return f"{100 * value:,.6g} %".replace("-", numbers.MINUS)
    if unit == YEAR:
        return f"{value:.10g}"
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.6g} m".replace("-", numbers.MINUS)
    return f"{value:,.10g}".replace("-", numbers.MINUS)


def _reach(found: Effect, drawn: Sequence[int]) -> Span:
    """The vertical ends of an effect: its line and band, and room for the words."""
    low = min(-LEAST, *(float(min(found.low[k], found.mean[k])) for k in drawn))
    high = max(LEAST, *(float(max(found.high[k], found.mean[k])) for k in drawn))
    room = 0.12 * (high - low)
    return low - room, high + room


def _middle(span: Span | None) -> float:
    assert span is not None
    return (span[0] + span[1]) / 2


def _customers(found: Effect, spans: Sequence[Span | None]) -> dict[str, Any]:
    """How many customers there are along the values, as bars under the effect."""
    values = found.values
    if values.single:
        places, wide, counts = [float(k) for k in range(values.known)], [0.8] * values.known, values.n[: values.known]
    else:
        edges = np.linspace(_position(found, found.ends[0]), _position(found, found.ends[1]), BARS + 1)
        places, counts = ((edges[1:] + edges[:-1]) / 2).tolist(), found.counts
        wide = [float(0.9 * (edges[1] - edges[0]))] * BARS
    heights = np.asarray(counts, float) / max(float(np.max(counts, initial=0)), 1.0)
    if values.missing:
        span = spans[-1]
        assert span is not None
        most = max(float(np.max(counts, initial=0)), 1.0)
        places, wide = [*places, _middle(span)], [*wide, 0.8 * (span[1] - span[0])]
        heights = np.append(heights, min(1.0, float(values.n[-1]) / most))
    return {
        "type": "bar",
        "x": places,
        "y": np.round(heights, 4).tolist(),
        "width": wide,
        "yaxis": "y2",
        "marker": {"color": BASE, "opacity": 0.6},
        "hoverinfo": "skip",
    }


def _band(found: Effect, spans: Sequence[Span | None], run: Sequence[int]) -> dict[str, Any]:
    """The middle 90 % of customers, as one area over adjoining groups."""
    x = [end for k in run for end in spans[k] or ()]
    top = [round(float(found.high[k]), 2) for k in run for _ in range(2)]
    bottom = [round(float(found.low[k]), 2) for k in run for _ in range(2)]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x + x[::-1],
        "y": top + bottom[::-1],
        "fill": "toself",
        "fillcolor": BAND,
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def _line(
    found: Effect, spans: Sequence[Span | None], run: Sequence[int], colour: str, width: int, joined: bool = False
) -> dict[str, Any]:
    """Level stretches of the mean effect, joined or each on its own."""
    x: list[float | None] = []
    y: list[float | None] = []
    for k in run:
        x += [*(spans[k] or ()), *([] if joined else [None])]
        y += [*([round(float(found.mean[k]), 2)] * 2), *([] if joined else [None])]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": colour, "width": width},
        "hoverinfo": "skip",
    }


def effect_in_words(contract: Contract, found: Effect) -> str:
    """The effect for those who cannot see it: up to a dozen of its groups, the last always."""
    step = max(1, -(-found.values.known // 11))
    chosen = sorted({*range(0, len(found.mean), step), len(found.mean) - 1})
    told = "; ".join(f"{group_words(contract, found.values, k)} {signed_points(float(found.mean[k]))}" for k in chosen)
    return f"{contract.inputs[found.values.own].label} in score points: {told}."


# ---- two inputs together --------------------------------------------------------------------------------------------


def together(contract: Contract, found: Together, height: int = 320) -> Figure:
    """What two inputs do together, as a map of their values: orange riskier, blue safer, blank where nobody is."""
    turned = bool(contract.inputs[found.second.own].codes) and not contract.inputs[found.first.own].codes
    down, across = (found.second, found.first) if turned else (found.first, found.second)
    points = found.points.T if turned else found.points
    reach = _colours(found)
    rows, columns = points.shape
    hover = [
        [
            "" if np.isnan(points[row, column]) else together_hover(contract, found, *_turned((row, column), turned))
            for column in range(columns)
        ]
        for row in range(rows)
    ]
    map_: dict[str, Any] = {
        "type": "heatmap",
        "x": list(range(columns)),
        "y": list(range(rows)),
        "z": [[None if np.isnan(v) else round(float(v), 2) for v in row] for row in points],
        "customdata": hover,
        "hovertemplate": "%{customdata}<extra></extra>",
        "hoverongaps": False,
        "zmin": -reach,
        "zmax": reach,
        "colorscale": ORANGE_TO_BLUE,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    if max(rows, columns) <= TOLD:
        told = [["" if np.isnan(v) or abs(v) < 0.05 else signed_points(float(v)) for v in row] for row in points]
        map_ |= {"text": told, "texttemplate": "%{text}", "textfont": {"color": INK}}
    figure = layout(height, 136)
    figure["margin"] = {"l": 136, "r": 14, "t": 12, "b": 66}
    axis = {"fixedrange": True, "showgrid": False, "zeroline": False}
    figure["xaxis"] = {
        **axis,
        "range": [-0.5, columns - 0.5],
        "automargin": True,
        **_ticks_of(contract, across, 9, TICKS),
        "title": {"text": _named(contract, across), "standoff": 6},
    }
    figure["yaxis"] = {
        **axis,
        "range": [-0.5, rows - 0.5],
        **_ticks_of(contract, down, 18, 12),
        "title": {"text": narrowed(_named(contract, down), 34), "standoff": 12},
    }
    return {"data": [map_], "layout": figure}


def _colours(found: Together) -> float:
    """The effect that has the full colour: 99 in 100 customers lie within it, so that a rare cell does not pale all."""
    seen = found.n > 0
    sizes, weights = np.abs(found.points[seen]), found.n[seen]
    order = np.argsort(sizes)
    at = np.searchsorted(np.cumsum(weights[order]), 0.99 * weights.sum())
    return float(sizes[order][min(int(at), len(order) - 1)]) or largest(found.points) or 1.0


def _named(contract: Contract, values: GroupedValues) -> str:
    each = contract.inputs[values.own]
    return each.label if each.codes or not each.unit or each.unit == "%" else f"{each.label} ({each.unit})"


def _ticks_of(contract: Contract, values: GroupedValues, letters: int, most: int) -> Figure:
    """Ticks of a map's groups: in the middle of codes, single values and the missing, else where a group begins, but
    for the first, which begins with the least value there is."""
    each = contract.inputs[values.own]
    inside = values.single or bool(each.codes)
    step = max(1, -(-values.known // most))
    chosen = range(0 if inside else step, values.known, step)
    places = [k if inside else k - 0.5 for k in chosen]
    texts = [
        narrowed(group_words(contract, values, k), letters)
        if each.codes
        else _short(_rounded(float(values.low[k]), each.unit), each.unit)
        for k in chosen
    ]
    if values.missing:
        if places and values.known - chosen[-1] < 3 and not inside:
            del places[-1], texts[-1]  # the word for the missing needs the room
        places.append(values.known)
        texts.append(narrowed(each.missing or "missing", letters))
    return {"tickvals": places, "ticktext": texts}


def _rounded(value: float, unit: str) -> float:
    """A value to three digits, a percentage to two, for an axis; a year whole."""
    if unit == YEAR:
        return float(round(value))
    return float(f"{value:.2g}" if unit == "%" else f"{value:.3g}")


def together_in_words(contract: Contract, found: Together) -> str:
    """The map for those who cannot see it: where the two together are riskiest and safest, of cells with customers."""
    worth = np.where(found.n >= max(1, int(found.n.sum() / 1000)), found.points, np.nan)
    if np.isnan(worth).all():
        worth = found.points
    told = []
    for name, k in (("riskiest", int(np.nanargmin(worth))), ("safest", int(np.nanargmax(worth)))):
        row, column = divmod(k, worth.shape[1])
        told.append(
            f"{name} {signed_points(float(worth[row, column]))} points at {group_words(contract, found.first, row)} "
            f"and {group_words(contract, found.second, column)}"
        )
    first, second = (contract.inputs[own].label for own in (found.table.first, found.table.second))
    return f"{first} and {second} together, beyond what each does alone: {'; '.join(told)}."


def _turned(cell: tuple[int, int], turned: bool) -> tuple[int, int]:
    """A cell of the table by row and column, of one drawn with rows and columns exchanged."""
    row, column = cell
    return (column, row) if turned else cell
