"""A figure of a page drawn as SVG, at any width, on white: axes, marks, texts that keep clear of each other."""

from collections.abc import Iterator
from itertools import pairwise

from model.export.chart import marks, tiles
from model.export.chart.axis import ChartAxis, axis_of
from model.export.chart.ink import QUIET, RULE, SIZE, Box, area, box_of, folded, high_of, straight, wide_of, written
from model.export.chart.labels import Labels
from model.report.charts import Figure

SMALL = 11.0  # px of what stands at axes
WIDEST_NAME = 210.0  # px of a name left of a chart
STRETCH = 1.15  # times as high as on a page
NEAR = 3.0  # px around a line that texts keep clear of


def plot(figure: Figure, wide: float) -> tuple[str, float, list[Box]]:
    """What is drawn of a figure, ``wide`` pixels wide: its parts, how high it is, and where its texts stand."""
    if tiles.is_map(figure):
        return _map(figure, wide)
    drawing = _Drawing(figure, wide)
    parts = "".join(drawing.parts())
    return parts, drawing.high, drawing.labels.boxes


def _map(figure: Figure, wide: float) -> tuple[str, float, list[Box]]:
    high = 1.5 * float(figure["layout"]["height"]) - tiles.KEY_ROOM
    frame = Box(0, 0, wide, high)
    labels = Labels(frame)
    parts = [*tiles.map_tiles(figure, frame, labels), *tiles.key(figure, 0.15 * wide, high + 8, 0.7 * wide, labels)]
    at = high + tiles.KEY_ROOM
    for line in tiles.too_small(figure, frame):
        told = folded(line, wide, SMALL)
        box = box_of(told, (0, at), ("left", "top"), SMALL)
        labels.fix(told, box, SMALL, colour=QUIET)
        at = box.bottom + 2
    return "".join([*parts, *labels.drawn]), at, labels.boxes


class _Drawing:
    """One figure with axes: where they lie, and what is drawn between them."""

    def __init__(self, figure: Figure, wide: float) -> None:
        self.figure, self.wide, self.layout = figure, wide, figure["layout"]
        self.names = {
            side: tuple(dict.fromkeys(each.get(f"{side}axis", side) for each in figure["data"])) for side in ("x", "y")
        }
        margin = self.layout["margin"]
        tall = STRETCH * float(self.layout["height"] - margin["t"] - margin["b"])
        flat = {each: axis_of(figure, each, (0.0, 1.0)) for each in (*self.names["x"], *self.names["y"])}
        self.left = self._left([flat[each] for each in self.names["y"]])
        self.right = wide - max(16.0, float(margin["r"]))
        across = {each: self._across(each) for each in self.names["x"]}
        above, below = self._above_below(list(across.values()))
        legend = 20.0 * bool(self.layout.get("showlegend"))
        self.top = max(float(margin["t"]), 8.0, above) + legend
        self.bottom = self.top + tall
        self.high = self.bottom + max(below, 6.0)
        self.axes = across | {each: self._up(each) for each in self.names["y"]}
        self.labels = Labels(Box(0, 0, wide, self.high))

    # ---- where axes lie

    def _left(self, upright: list[ChartAxis]) -> float:
        """The room that names and title left of the chart take."""
        names = [folded(text, WIDEST_NAME) for each in upright for _, text in each.ticks()]
        names_wide = max((wide_of(each) for each in names), default=0.0)
        titled = max(
            (SIZE * 1.2 * len(folded(each.title, 220.0).split("<br>")) for each in upright if each.title), default=0.0
        )
        return names_wide + 10.0 + titled

    def _across(self, name: str) -> ChartAxis:
        low, high = self.layout.get(f"xaxis{name[1:]}", {}).get("domain", (0, 1))
        wide = self.right - self.left
        return axis_of(self.figure, name, (self.left + low * wide, self.left + high * wide))

    def _up(self, name: str) -> ChartAxis:
        low, high = self.layout.get(f"yaxis{name[1:]}", {}).get("domain", (0, 1))
        tall = self.bottom - self.top
        return axis_of(self.figure, name, (self.bottom - low * tall, self.bottom - high * tall))

    def _above_below(self, lying: list[ChartAxis]) -> tuple[float, float]:
        """The room that what stands along the axes across takes above and below the chart."""
        room = {"top": 0.0, "bottom": 0.0}
        for each in lying:
            told = max((high_of(text, SMALL) + 8 for _, text in self._ticks_across(each)), default=0.0)
            title = high_of(folded(each.title, each.end - each.start)) + 6 if each.title else 0.0
            side = str(each.look.get("side", "bottom"))
            room[side] = max(room[side], told + title)
        named = [each for each in self.layout.get("annotations", ()) if each.get("yref") == "paper"]
        room["top"] += max((high_of(each["text"]) for each in named if _over(each)), default=0.0)
        room["bottom"] += max((high_of(each["text"]) for each in named if _under(each)), default=0.0)
        return room["top"] + 4, room["bottom"] + 4

    def _ticks_across(self, axis: ChartAxis) -> list[tuple[float, str]]:
        """What is told along an axis across, in lines where names have no room beside each other; every other only,
        where not even so."""
        ticks = axis.ticks()
        step = min((abs(b - a) for (a, _), (b, _) in pairwise(ticks)), default=axis.end - axis.start)
        told = [(at, folded(text, step - 4, SMALL)) for at, text in ticks]
        while len(told) > 2 and max(wide_of(text, SMALL) for _, text in told) > step - 2:
            ticks, step = ticks[::2], 2 * step
            told = [(at, folded(text, step - 4, SMALL)) for at, text in ticks]
        return told

    # ---- what is drawn

    def parts(self) -> Iterator[str]:
        """Everything, from what lies below to what lies above."""
        traces = sorted(self.figure["data"], key=lambda each: ("heatmap", "bar", "scatter").index(each["type"]))
        below, axes, above = ([*each] for each in (self._shapes("below"), self._axes(), self._shapes("above")))
        named = [*marks.legend(traces, self.left, 2.0, self.labels)] if self.layout.get("showlegend") else []
        drawn = [part for each in traces for part in self._trace(each)]
        for each in self.layout.get("annotations", ()):
            self._annotation(each)
        hatch = marks.HATCH if marks.HATCHED in "".join((*named, *drawn)) else ""
        yield from (hatch, *below, *axes, *named, *drawn, *above, *self.labels.drawn)

    def _trace(self, trace: Figure) -> Iterator[str]:
        x, y = self.axes[trace.get("xaxis", "x")], self.axes[trace.get("yaxis", "y")]
        if trace["type"] == "heatmap":
            yield from marks.cells(trace, x, y, self.labels)
        elif trace["type"] == "scatter":
            yield from marks.scatter(trace, x, y, self.labels)
        else:
            side_by_side = [
                each
                for each in self.figure["data"]
                if each["type"] == "bar" and each.get("xaxis") == trace.get("xaxis")
            ]
            apart = len(side_by_side) > 1 and self.layout.get("barmode") != "overlay"
            place = next(k for k, each in enumerate(side_by_side) if each is trace)
            share = (place, len(side_by_side)) if apart else (0, 1)
            along, up = (y, x) if trace.get("orientation") == "h" else (x, y)
            yield from marks.bars(trace, along, up, self.labels, gap=float(self.layout.get("bargap", 0.2)), share=share)

    def _axes(self) -> Iterator[str]:
        for name in self.names["x"]:
            yield from self._axis_across(self.axes[name])
        for name in self.names["y"]:
            yield from self._axis_up(self.axes[name])

    def _axis_across(self, axis: ChartAxis) -> Iterator[str]:
        above = axis.look.get("side") == "top"
        edge, way = (self.top, -1) if above else (self.bottom, 1)
        ticks = self._ticks_across(axis)
        if ticks and not axis.names:
            yield straight((axis.start, edge), (axis.end, edge), RULE)
        for place, text in ticks:
            if not axis.names:
                yield straight((place, edge), (place, edge + 4 * way), RULE)
            box = box_of(text, (place, edge + 6 * way), ("center", "bottom" if above else "top"), SMALL)
            self.labels.fix(text, box, SMALL, "center", QUIET)
        if axis.title:
            told = folded(axis.title, axis.end - axis.start)
            deep = max((high_of(text, SMALL) for _, text in ticks), default=0.0)
            at = ((axis.start + axis.end) / 2, edge + way * (deep + 10))
            box = box_of(told, at, ("center", "bottom" if above else "top"))
            self.labels.fix(told, box, side="center", colour=QUIET)
        if axis.look.get("zeroline") and min(axis.low, axis.high) <= 0 <= max(axis.low, axis.high):
            yield straight((axis.at(0), self.top), (axis.at(0), self.bottom), RULE)

    def _axis_up(self, axis: ChartAxis) -> Iterator[str]:
        ticks = axis.ticks()
        if ticks and not axis.names and "ticktext" not in axis.look:
            yield straight((self.left, axis.start), (self.left, axis.end), RULE)
        for at, text in ticks:
            told = folded(text, WIDEST_NAME)
            self.labels.fix(told, box_of(told, (self.left - 8, at), ("right", "middle")), side="right", colour=QUIET)
        if axis.title:
            yield self._upright(axis)
        if axis.look.get("zeroline") and min(axis.low, axis.high) <= 0 <= max(axis.low, axis.high):
            yield straight((self.left, axis.at(0)), (self.right, axis.at(0)), RULE)

    def _upright(self, axis: ChartAxis) -> str:
        """The title of an axis, from below to above."""
        told = folded(axis.title, 220.0)
        box = box_of(told, (0.0, 0.0), ("center", "top"))
        middle = (axis.start + axis.end) / 2
        self.labels.boxes.append(Box(0.0, middle - box.wide / 2, box.high, box.wide))
        drawn = written(told, box, colour=QUIET, side="center")
        return f"<g transform='translate(0 {middle:.1f}) rotate(-90)'>{drawn}</g>"

    def _place(self, each: Figure, name: str, key: str) -> float:
        """Where something of a figure lies along x or y."""
        ref = str(each.get(f"{name}ref", name))
        if ref == "paper":
            share = float(each[key])
            if name == "x":
                return self.left + share * (self.right - self.left)
            return self.bottom - share * (self.bottom - self.top)
        along: ChartAxis = self.axes[ref]
        return along.at(each[key])

    def _end(self, each: Figure, name: str, key: str) -> float:
        """Where an end of a shape lies: along an axis, or so many pixels right of or above its anchor."""
        if each.get(f"{name}sizemode") != "pixel":
            return self._place(each, name, key)
        away = float(each[key])
        return self._place(each, name, f"{name}anchor") + (away if name == "x" else -away)

    def _shapes(self, layer: str) -> Iterator[str]:
        for each in self.layout.get("shapes", ()):
            if each.get("layer", "above") != layer:
                continue
            x0, x1 = (self._end(each, "x", key) for key in ("x0", "x1"))
            y0, y1 = (self._end(each, "y", key) for key in ("y0", "y1"))
            if each["type"] == "rect":
                yield area([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], each["fillcolor"])
                continue
            line = each["line"]
            yield straight((x0, y0), (x1, y1), line["color"], wide=line.get("width", 1), dash=line.get("dash", ""))
            if x0 == x1 or y0 == y1:
                left, top = min(x0, x1) - NEAR / 2, min(y0, y1) - NEAR / 2
                self.labels.lines.append(Box(left, top, abs(x1 - x0) + NEAR, abs(y1 - y0) + NEAR))

    def _annotation(self, each: Figure) -> None:
        side, text = str(each.get("xanchor", "center")), str(each["text"])
        inwards = {"left": 4.0, "right": -4.0}.get(side, 0.0) if each.get("xref") == "paper" else 0.0
        at = (
            self._place(each, "x", "x") + float(each.get("xshift", inwards)),
            self._place(each, "y", "y") - float(each.get("yshift", 0)),
        )
        self.labels.place(text, [box_of(text, at, (side, str(each.get("yanchor", "middle"))))], side=side)


def _over(named: Figure) -> bool:
    return named.get("yanchor") == "bottom" and named["y"] == 1


def _under(named: Figure) -> bool:
    return named.get("yanchor") == "top" and named["y"] == 0
