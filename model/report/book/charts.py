"""Charts of the whole book, as plain dicts; see `model.report.customer.charts` for the rules they keep."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.contract import Contract, Segment, plural
from data.regulators.presets import Line, Preset
from model.report import numbers
from model.report.book.headroom import limit_line
from model.report.book.words import shown_steps
from model.report.charts import (
    BASE,
    BETTER,
    SCENARIO,
    WORSE,
    Figure,
    bar_names,
    bar_text,
    bars_along,
    draw_limit,
    layout,
)
from model.report.customer.charts import room
from model.report.language import band_label, records_heading
from model.report.numbers import Unit
from model.whatif.book.bridge import Bridge
from model.whatif.book.scenario import BookScenario
from model.whatif.book.segments import Cell
from model.whatif.book.totals import Totals

PALE, DEEP = (232, 237, 243), (224, 122, 64)  # tiles of no risk and of the most; dark text is readable on both
HEIGHT = 212  # px: with it bridge and map stand above the fold of a small screen
SCALE_ROOM = 1.5  # times the riskiest band of the book as it is: the deep end of the map's shades
KEY_HIGH = 34  # px below the map for its key
INK, FRAME = "#1b222c", "#d5d9df"


def bridge(contract: Contract, stress: BookScenario, found: Bridge, height: int = HEIGHT) -> Figure:
    """A waterfall on its side: the book as it is, what each lever moved, the scenario."""
    shown = shown_steps(contract, stress, found)
    unit, base, now, parts = shown.unit, shown.base, shown.now, shown.parts
    margin, limit = found.measure == "margin", limit_line(contract, stress, found.measure, unit)
    starts, lengths, colours = [0.0], [base], [BASE]
    texts = [_bare(unit, base), *shown.texts(contract.book.currency)]
    at = base
    for moved in shown.lengths:
        starts.append(min(at, at + moved))
        lengths.append(abs(moved))
        colours.append(WORSE if (moved > 0) != margin else BETTER)
        at += moved
    ends = [0.0, *starts, now, *(start + length for start, length in zip(starts, lengths, strict=True))]
    reach = min(ends), max(ends)
    low, high = reach if limit is None else limit.within(*reach)
    room = (0.5 if low < 0 else 0.34) * (high - low or 1.0)  # for the numbers at the bars' ends
    figure = layout(height, 190)
    figure["xaxis"] = {
        "showgrid": False,
        "zeroline": low < 0,
        "zerolinewidth": 1,
        "showticklabels": False,
        "fixedrange": True,
        "range": [low - (room if low < 0 else 0), high + room],
    }
    rows = max(len(parts) + 2, 4)
    names = ["As the book stands", *(label for label, _ in parts), "Under the scenario"]
    figure["yaxis"] = {**bar_names(names, 190, height / rows), "range": [rows - 0.5, -0.5]}
    figure["yaxis"].pop("autorange")
    bars: dict[str, Any] = {
        "type": "bar",
        "orientation": "h",
        "base": [*starts, 0.0],
        "x": [*lengths, now],
        "y": names,
        "marker": {"color": [*colours, SCENARIO]},
        "text": [*texts, _bare(unit, now)],
        "textposition": "none",
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    if not parts:  # nothing is assumed: the book alone
        bars |= {name: bars[name][:1] for name in ("base", "x", "y", "text")}
    figure["annotations"] = [
        bar_text(start + length, row, text, left=length < 0)
        for start, length, row, text in zip(*(bars[name] for name in ("base", "x", "y", "text")), strict=True)
    ]
    draw_limit(figure, limit, "x", reach)
    return {"data": [bars], "layout": figure}


def _bare(unit: Unit, shown: float) -> str:
    """An amount as shown, without its currency, which stands above the chart: 465 m."""
    return f"{numbers.plain(shown, unit.digits)}{unit.suffix}"


def bridge_in_words(contract: Contract, stress: BookScenario, found: Bridge) -> str:
    """The bridge for those who cannot see it."""
    shown = shown_steps(contract, stress, found)
    currency = contract.book.currency
    told = "; ".join(f"{label} adds {shown.fine.signed(by, currency) or 'nothing'}" for label, by in shown.parts)
    ends = [shown.unit.text(each, currency) for each in (found.base, found.scenario)]
    limit = limit_line(contract, stress, found.measure, shown.unit)
    beside = f"; {limit.text}" if limit is not None else ""
    return f"As the book stands {ends[0]}; {told}; under the scenario {ends[1]}{beside}."


def where(
    contract: Contract,
    segments: Sequence[Segment],
    cells: Sequence[Cell],
    height: int = HEIGHT,
    way_back: bool = False,
) -> Figure:
    """A map of the exposure: areas are exposure, shades the PD, a click goes into a segment. Areas of children sum to
    their parents': whole units of the currency. The scale of the shades is that of the book as it is, whatever the
    scenario, so that a segment darkens where it gets riskier; its key stands below. ``way_back``: out of a segment
    that was gone into, above it."""
    outer: dict[int, list[Cell]] = {}
    for cell in cells:
        outer.setdefault(cell.path[0], []).append(cell)
    tiles = []
    for band, inner in sorted(outer.items()):
        name = band_label(contract, segments[0], band)
        tiles.append(_tile(contract, f"{band}", parent="book", name=name, cells=inner))
        for cell in inner if len(segments) > 1 else ():
            name = band_label(contract, segments[1], cell.path[1])
            tiles.append(_tile(contract, f"{band}/{cell.path[1]}", parent=f"{band}", name=name, cells=[cell]))
    whole = sum(tile[3] for tile in tiles if tile[1] == "book")
    what = "exposure" if contract.in_money else contract.book.records
    tiles.insert(0, ("book", "", f"‹ all {what}, by {segments[0].label.lower()}", whole, 0.0, ""))
    ids, parents, labels, values, risks, texts = (list(each) for each in zip(*tiles, strict=True))
    top = scale_end(cells)
    figure = layout(height, 0)
    figure["margin"] = {"l": 0, "r": 0, "t": 26 if way_back else 4, "b": 0}
    figure["uniformtext"] = {"minsize": 9, "mode": "hide"}
    drawn: dict[str, Any] = {
        "type": "treemap",
        "ids": ids,
        "labels": labels,
        "parents": parents,
        "values": values,
        "text": texts,
        "branchvalues": "total",
        "maxdepth": 2,
        "marker": {
            "colors": [FRAME, *(_shade(min(risk / (100 * top), 1.0)) for risk in risks[1:])],
            "pad": {"t": 1, "l": 1, "r": 1, "b": 1},
        },
        "textfont": {"color": INK},
        "pathbar": {"visible": way_back, "thickness": 22, "edgeshape": ">", "textfont": {"color": INK}},
        "textinfo": "label+text",
        "hovertemplate": "%{label}<br>%{text}<extra></extra>",
        "tiling": {"pad": 1},
        "domain": {"y": [KEY_HIGH / height, 1]},
    }
    hidden = {"visible": False, "fixedrange": True}
    figure["xaxis"], figure["yaxis"] = hidden, hidden
    return {"data": [drawn, _key(top)], "layout": figure}


def scale_end(cells: Sequence[Cell]) -> float:
    """The PD, a fraction, at the deep end of the map's shades: half as much again as the riskiest band of the map's
    first level has in the book as it is, so that there is room for a scenario; a round number, and no more than 1."""
    bands: dict[int, Totals] = {}
    for cell in cells:
        bands[cell.path[0]] = bands[cell.path[0]] + cell.base if cell.path[0] in bands else cell.base
    highest = max((each.pd for each in bands.values() if each.exposure), default=0.0)
    wanted = SCALE_ROOM * highest or 0.01
    step = 10.0 ** np.floor(np.log10(wanted))
    steps = np.array([1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]) * step
    return float(min(1.0, round(float(steps[steps >= wanted * (1 - 1e-9)][0]), 9)))


def _key(top: float) -> dict[str, Any]:
    """The key to the shades: a bar below the map, from no risk to ``top``, a fraction, and more."""
    texts = ["PD 0", numbers.percent(top / 2), f"{numbers.percent(top)}{' and more' * (top < 1)}"]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [None],
        "y": [None],
        "hoverinfo": "skip",
        "marker": {
            "color": [0.0],
            "cmin": 0.0,
            "cmax": top,
            "colorscale": [[0, _shade(0.0)], [1, _shade(1.0)]],
            "showscale": True,
            "colorbar": {
                "orientation": "h",
                "x": 0.5,
                "xanchor": "center",
                "y": 0,
                "yanchor": "bottom",
                "len": 0.8,
                "thickness": 8,
                "ypad": 0,
                "outlinewidth": 0,
                "tickvals": [0.0, top / 2, top],
                "ticktext": texts,
                "ticks": "",
            },
        },
    }


def _shade(risk: float) -> str:
    """The colour of a tile, from no risk at 0 to the most at 1."""
    mixed = (round(low + risk * (high - low)) for low, high in zip(PALE, DEEP, strict=True))
    return f"rgb({','.join(map(str, mixed))})"


def _tile(
    contract: Contract, key: str, parent: str, name: str, cells: Sequence[Cell]
) -> tuple[str, str, str, float, float, str]:
    exposure = float(sum(round(cell.now.exposure) for cell in cells))
    pd = sum(cell.now.pd_exposure for cell in cells) / sum(cell.now.exposure for cell in cells) if exposure else 0.0
    text = f"{Unit.of(exposure).text(exposure, contract.book.currency)}<br>PD {numbers.percent(pd)}"
    narrow = name.replace(" to ", "<br>to ").replace(" and ", "<br>and ").replace(" or ", "<br>or ")
    return key, parent, narrow, exposure, round(100 * pd, 1), text


def where_in_words(contract: Contract, segment: Segment, cells: Sequence[Cell]) -> str:
    """The map's first level for those who cannot see it."""
    told = []
    for band in sorted({cell.path[0] for cell in cells}):
        own = [cell.now for cell in cells if cell.path[0] == band]
        exposure = sum(each.exposure for each in own)
        pd = sum(each.pd_exposure for each in own) / exposure if exposure else 0.0
        name = band_label(contract, segment, band)
        told.append(f"{name} {numbers.money(exposure, contract.book.currency)} at a PD of {numbers.percent(pd)}")
    what = "Exposure" if contract.in_money else records_heading(contract)
    return f"{what} by {segment.label.lower()}: {'; '.join(told)}."


def where_listed(contract: Contract, segment: Segment, cells: Sequence[Cell]) -> tuple[tuple[str, str], ...]:
    """The map's first level as a list, for windows that are too narrow for it."""
    unit = Unit.of(*(cell.now.exposure for cell in cells))
    return tuple(
        (
            band_label(contract, segment, cell.path[0]),
            f"{unit.text(cell.now.exposure, contract.book.currency)}, PD {numbers.percent(cell.now.pd)}",
        )
        for cell in sorted(cells, key=lambda cell: cell.path)
        if cell.now.exposure
    )


def reactions(amounts: Sequence[tuple[str, float]], unit: Unit, height: int = 220) -> Figure:
    """Signed bars by concept, in the unit shown."""
    texts = [numbers.signed(numbers.plain(abs(amount), unit.digits), amount) for _, amount in amounts]
    ends = [(amount, text) for (_, amount), text in zip(amounts, texts, strict=True)]
    below, above = [end for end in ends if end[0] < 0], [(1e-9, ""), *(end for end in ends if end[0] >= 0)]
    figure = layout(height, 190)
    figure |= bars_along([name for name, _ in amounts], room(below, above), 190, height / max(len(amounts), 1))
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [amount for _, amount in amounts],
        "y": [name for name, _ in amounts],
        "marker": {"color": [WORSE if amount > 0 else BETTER for _, amount in amounts]},
        "text": texts,
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    return {"data": [bars], "layout": figure}


def migration(counts: NDArray[np.int64], names: Sequence[str], height: int = 290) -> Figure:
    """Customers by score band in the book (rows) and under the scenario (columns); below the diagonal rises, above
    falls are shaded by the share of the row."""
    rows = counts.sum(1, keepdims=True)
    share = counts / np.maximum(rows, 1)
    worse = np.subtract.outer(np.arange(len(names)), np.arange(len(names)))  # > 0: to a lower band
    z = np.sign(worse) * share
    figure = layout(height, 120)
    figure["margin"] = {"l": 120, "r": 12, "t": 46, "b": 6}
    axis = {"fixedrange": True, "showgrid": False, "ticks": "", "type": "category"}
    figure["xaxis"] = {**axis, "side": "top", "title": {"text": "score band under the scenario", "standoff": 4}}
    figure["yaxis"] = {**axis, "title": {"text": "as the book stands", "standoff": 4}}
    map_: dict[str, Any] = {
        "type": "heatmap",
        "z": np.round(z, 3).tolist(),
        "x": list(names),
        "y": [f"{name} " for name in names],
        "text": [[f"{each:,}" if each else "" for each in row] for row in counts.tolist()],
        "texttemplate": "%{text}",
        "textfont": {"color": INK},
        "colorscale": [[0, BETTER], [0.5, "#eceff3"], [1, WORSE]],
        "zmin": -1,
        "zmax": 1,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hovertemplate": "from %{y} to %{x}: %{text}<extra></extra>",
    }
    return {"data": [map_], "layout": figure}


def migration_in_words(person: str, counts: NDArray[np.int64], names: Sequence[str]) -> str:
    """The migration for those who cannot see it."""
    told = [
        f"{name}: {int(row.sum()):,} in the book, {int(counts[:, k].sum()):,} under the scenario"
        for k, (name, row) in enumerate(zip(names, counts, strict=True))
    ]
    return f"{plural(person).capitalize()} by score band. {'; '.join(told)}."


def path(using: Preset, chosen: str, height: int = 200) -> Figure:
    """A preset's published path: unemployment where there is one, else its first line; the chosen point marked."""
    line = path_line(using)
    assert line is not None
    figure = layout(height, 44)
    figure["margin"] = {"l": 44, "r": 16, "t": 14, "b": 26}
    figure["xaxis"] = {"fixedrange": True, "showgrid": False, "type": "category", "nticks": 7}
    figure["yaxis"] = {
        "fixedrange": True,
        "showgrid": False,
        "ticksuffix": " %" if line.unit == "%" else "",
        "nticks": 5,
    }
    drawn: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": list(using.periods),
            "y": list(line.values),
            "line": {"color": SCENARIO, "width": 2},
            "hovertemplate": "%{x}: %{y}<extra></extra>",
        }
    ]
    if chosen in using.periods:
        value = line.values[using.periods.index(chosen)]
        drawn.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": [chosen],
                "y": [value],
                "text": [f"{value:g} %"],
                "marker": {"color": WORSE, "size": 11},
                "textposition": "bottom center",
                "hoverinfo": "skip",
            }
        )
    return {"data": drawn, "layout": figure}


def path_line(using: Preset) -> Line | None:
    """The line of a preset's path that is drawn; None where the source publishes no path."""
    return next((line for line in using.lines if line.name == "unemployment"), using.lines[0] if using.lines else None)


def path_in_words(using: Preset) -> str:
    """The path for those who cannot see it."""
    line = path_line(using)
    if line is None:
        return using.title
    values = "; ".join(f"{period} {value:g}" for period, value in zip(using.periods, line.values, strict=True))
    return f"{line.label} ({line.unit}): {values}."
