"""What is drawn of each kind of trace: bars, lines and points, maps of cells."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import isfinite
from typing import Any

from model.export.chart.axis import ChartAxis
from model.export.chart.ink import (
    INK,
    QUIET,
    SIZE,
    Box,
    area,
    block,
    box_of,
    filled,
    mixed,
    straight,
    through,
    wide_of,
)
from model.export.chart.labels import Labels, beside
from model.report.charts import BASE, Figure

Point = tuple[float, float]
POINT = 6.0  # px of a point that says no size
HATCHED = "url(#hatched)"
HATCH = (
    "<defs><pattern id='hatched' width='6' height='6' patternUnits='userSpaceOnUse' patternTransform='rotate(45)'>"
    "<rect width='6' height='6' fill='#fff' fill-opacity='0.35'/><rect width='2.5' height='6' fill='#fff' "
    "fill-opacity='0.35'/></pattern></defs>"
)


def each_of(given: Any, count: int) -> list[Any]:
    """A look as one a mark, where a chart may give one for all."""
    return list(given) if isinstance(given, list | tuple) else [given] * count


# ---- bars -------------------------------------------------------------------------------------------------------


def bars(
    trace: Figure, along: ChartAxis, up: ChartAxis, labels: Labels, *, gap: float, share: tuple[int, int]
) -> Iterator[str]:
    """Bars, lying or upright; ``along`` is the axis of their rows, ``up`` that of their lengths. ``gap`` is what is
    left between rows, of one; ``share``: which of how many side by side."""
    lying = trace.get("orientation") == "h"
    rows, lengths = (trace["y"], trace["x"]) if lying else (trace["x"], trace["y"])
    count = len(rows)
    step = _between(rows, along)
    widths = (
        [each * along.step for each in each_of(trace["width"], count)]
        if "width" in trace
        else [step * (1 - gap)] * count
    )
    colours = each_of(trace.get("marker", {}).get("color", BASE), count)
    seen = float(trace.get("marker", {}).get("opacity", 1.0))
    hatched = bool(trace.get("marker", {}).get("pattern", {}).get("shape"))
    texts = each_of(trace.get("text", ""), count) if trace.get("textposition") == "outside" else [""] * count
    starts = trace.get("base", [0.0] * count)
    told = list[tuple[str, Point, str]]()
    for row, start, length, wide, colour, text in zip(rows, starts, lengths, widths, colours, texts, strict=True):
        if length is None:
            continue
        wide = wide / share[1]
        middle = along.at(row) + (share[0] - (share[1] - 1) / 2) * wide
        first, last = up.at(start), up.at(start + length)
        low, long = min(first, last), abs(last - first)
        box = Box(low, middle - wide / 2, long, wide) if lying else Box(middle - wide / 2, low, wide, long)
        labels.bars.append(box)
        yield block(box, filled(colour or BASE, seen))
        if hatched:
            yield block(box, f"fill='{HATCHED}'")
        if text:
            side = "middle left" if length < 0 else "middle right"
            told.append((str(text), (last, middle), side) if lying else (str(text), (middle, last), "top center"))
    for text, at, where in told:
        labels.place(text, beside(text, at, where, 4.0)[:1])


def _between(rows: Sequence[Any], along: ChartAxis) -> float:
    """How far rows lie from each other, in pixels."""
    places = sorted({along.position(each) for each in rows})
    near = min((b - a for a, b in pairwise(places)), default=1.0)
    return (1.0 if along.names else near) * along.step


# ---- lines and points -------------------------------------------------------------------------------------------


def scatter(trace: Figure, x: ChartAxis, y: ChartAxis, labels: Labels) -> Iterator[str]:
    """Lines, areas, whiskers, points and their texts."""
    mode = str(trace.get("mode", "lines"))
    places = [
        None if a is None or b is None else (x.at(a), y.at(b)) for a, b in zip(trace["x"], trace["y"], strict=True)
    ]
    if "fill" in trace:
        yield from _areas(trace, places, y)
    if "lines" in mode and trace.get("line", {}).get("width", 2):
        line = trace.get("line", {})
        for run in _runs(places):
            yield through(run, line.get("color", BASE), wide=line.get("width", 2), dash=line.get("dash", ""))
    yield from _whiskers(trace, x, y)
    if "markers" in mode:
        yield from _points(trace, places)
    if "text" in mode:
        gap = POINT if mode == "text" else 4 + float(max(each_of(trace.get("marker", {}).get("size", POINT), 1))) / 2
        wanted = each_of(trace.get("textposition", "middle right"), len(places))
        for place, text, where in zip(places, each_of(trace["text"], len(places)), wanted, strict=True):
            if place is not None and text:
                labels.place(str(text), beside(str(text), place, where if " " in where else f"{where} center", gap))


def _runs(places: Iterable[Point | None]) -> Iterator[list[Point]]:
    """Points that follow each other without one missing."""
    run: list[Point] = []
    for each in (*places, None):
        if each is not None:
            run.append(each)
        elif run:
            yield run
            run = []


def _areas(trace: Figure, places: Sequence[Point | None], y: ChartAxis) -> Iterator[str]:
    ground = min(max(y.at(0.0), min(y.start, y.end)), max(y.start, y.end))
    for run in _runs(places):
        feet = [(run[-1][0], ground), (run[0][0], ground)] if trace["fill"] == "tozeroy" else []
        yield area([*run, *feet], trace["fillcolor"])


def _whiskers(trace: Figure, x: ChartAxis, y: ChartAxis) -> Iterator[str]:
    for name in ("x", "y"):
        given = trace.get(f"error_{name}")
        if given is None:
            continue
        look = {"colour": given.get("color", BASE), "wide": given.get("thickness", 1.0)}
        rows = zip(trace["x"], trace["y"], given["array"], given["arrayminus"], strict=True)
        for across, up, more, less in rows:
            if across is None or up is None or not more + less:
                continue
            if name == "x":
                yield straight((x.at(across - less), y.at(up)), (x.at(across + more), y.at(up)), **look)
            else:
                yield straight((x.at(across), y.at(up - less)), (x.at(across), y.at(up + more)), **look)


def _points(trace: Figure, places: Sequence[Point | None]) -> Iterator[str]:
    look, count = trace.get("marker", {}), len(places)
    if look.get("opacity") == 0:
        return
    sizes, symbols = each_of(look.get("size", POINT), count), each_of(look.get("symbol", "circle"), count)
    colours = [
        _colour(each, look) for each in each_of(look.get("color", trace.get("line", {}).get("color", BASE)), count)
    ]
    edge = look.get("line", {})
    for place, size, symbol, colour in zip(places, sizes, symbols, colours, strict=True):
        if place is None:
            continue
        opened = str(symbol).endswith("-open")
        ring = f" stroke='{colour if opened else edge.get('color', BASE)}' stroke-width='{edge.get('width', 1.5):g}'"
        inside = "fill='#fff' fill-opacity='0'" if opened else filled(colour, float(look.get("opacity", 1.0)))
        yield _symbol(str(symbol).removesuffix("-open"), place, size / 2, inside + ring * bool(opened or edge))


def _symbol(name: str, at: Point, half: float, look: str) -> str:
    x, y = at
    if name == "square":
        return block(Box(x - half, y - half, 2 * half, 2 * half), look)
    if name == "diamond":
        far = 1.3 * half
        ends = " ".join(f"{a:.1f},{b:.1f}" for a, b in ((x, y - far), (x + far, y), (x, y + far), (x - far, y)))
        return f"<polygon points='{ends}' {look}/>"
    return f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{half:g}' {look}/>"


def _colour(given: Any, look: Figure) -> str:
    """A colour by its name, or by its place on a scale of them."""
    if isinstance(given, str):
        return given
    low, high = float(look.get("cmin", 0)), float(look.get("cmax", 1))
    return mixed(look["colorscale"], (float(given) - low) / ((high - low) or 1.0))


# ---- maps of cells ----------------------------------------------------------------------------------------------


def cells(trace: Figure, x: ChartAxis, y: ChartAxis, labels: Labels) -> Iterator[str]:
    """A map of cells, each with its number where it has one."""
    low, high = float(trace["zmin"]), float(trace["zmax"])
    wide, high_ = x.step - trace.get("xgap", 0), y.step - trace.get("ygap", 0)
    texts = trace.get("text") if trace.get("texttemplate") else None
    longest = max((wide_of(str(each), 1.0) for row in texts or () for each in row), default=0.0)
    size = min(float(trace.get("textfont", {}).get("size", SIZE)), (wide - 2) / longest if longest else SIZE)
    for k, (row, values) in enumerate(zip(trace["y"], trace["z"], strict=True)):
        for j, (column, value) in enumerate(zip(trace["x"], values, strict=True)):
            if value is None or not isfinite(value):
                continue
            at = (x.at(column), y.at(row))
            box = Box(at[0] - wide / 2, at[1] - high_ / 2, wide, high_)
            yield block(box, filled(mixed(trace["colorscale"], (value - low) / ((high - low) or 1.0))))
            if texts and str(texts[k][j]).strip():
                told = str(texts[k][j])
                labels.fix(told, box_of(told, at, ("center", "middle"), size), size, "center", INK)


# ---- keys -------------------------------------------------------------------------------------------------------


def legend(traces: Sequence[Figure], left: float, top: float, labels: Labels) -> Iterator[str]:
    """Which trace is which, in a line."""
    for each in traces:
        box = Box(left, top + 2, 12, 10)
        yield block(box, filled(each["marker"]["color"]))
        if each["marker"].get("pattern", {}).get("shape"):
            yield block(box, f"fill='{HATCHED}'")
        name = box_of(str(each["name"]), (left + 17, top), ("left", "top"))
        labels.fix(str(each["name"]), name, colour=QUIET)
        left = name.right + 18
