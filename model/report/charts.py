"""What all charts share: colours, layout, size. A chart is a plain dict."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from textwrap import wrap
from typing import Any, Literal, TypeAlias

Figure = dict[str, Any]
Side: TypeAlias = Literal["left", "center", "right"]
Level: TypeAlias = Literal["over", "under"]


WORSE, BETTER, BASE, SCENARIO = "#d5601e", "#3b82c4", "#8b95a3", "#4a6fa5"


LOW, HIGH = "#98a2b0", "#7d4fc4"  # of an input's own values, which are neither risk nor decision


GRANTED = "rgba(59,130,196,0.12)"


LIMIT_STYLE = {"color": "#6f7784", "width": 1.5, "dash": "dash"}  # read on white and on near-black
FAR_LIMIT = 1.5  # times what is drawn: a limit further out than that would press the rest together
NAME_SIDES: tuple[Side, ...] = ("right", "left", "center")  # of a level limit's name, the first that is clear
LEVELS: tuple[Level, ...] = ("over", "under")
SIDES: dict[Side, float] = {"left": 0.0, "center": 0.5, "right": 1.0}
NAME_WIDE = 0.45  # of a chart's width, on a phone: what a limit is called
LETTER, LINE_HIGH, ROW_HIGH = 6.6, 15, 30  # px: a letter of a bar's name, a line of it, the height of a bar's row
SMALL_TYPE = 10
LIMIT_ROOM = 20  # px above a chart for what an upright limit is called


BREAK = "<br>"  # a new line within a chart's text
MAP_TYPE = 26  # px, on the tiles of a map that is presented


@dataclass(frozen=True)
class Mark:
    """How one thing looks in every chart that shows it: its colour, its symbol, its line."""

    colour: str
    symbol: str
    dash: str = "solid"


OBSERVED = Mark(SCENARIO, "circle")
CHAMPION = Mark(BASE, "circle-open")
CHALLENGER = Mark("#8a5cc9", "square-open", "dash")


CONFIG = {
    "displayModeBar": False,  # a chart is taken along with its title, unit and source: `model.export.chart`
    "scrollZoom": False,
    "doubleClick": False,
    "showAxisDragHandles": False,
}


@dataclass(frozen=True)
class LimitLine:
    """A limit as it is drawn: where it stands, in the unit of the chart, and what it is called."""

    at: float
    text: str

    def near(self, low: float, high: float) -> bool:
        """Whether there is room for it beside what is drawn from ``low`` to ``high``."""
        reach = FAR_LIMIT * ((high - low) or abs(high) or 1.0)
        return low - reach <= self.at <= high + reach

    def within(self, low: float, high: float) -> tuple[float, float]:
        """What is drawn, with the limit where there is room for it."""
        return (min(low, self.at), max(high, self.at)) if self.near(low, high) else (low, high)


def draw_limit(
    figure: Figure,
    limit: LimitLine | None,
    axis: Literal["x", "y"],
    ends: tuple[float, float],
    name_at: tuple[Side, Level] = ("right", "over"),
) -> None:
    """Draw a limit across a chart whose ``axis`` holds values from one of the ``ends`` to the other: a dashed line with
    its name; one too far away by its name alone, at the side where it lies. An x axis that has its range has it before:
    the name stands where it stays on the chart. An upright line lies over bars and under annotations, a level one under
    all that is drawn; so the texts that it may meet are `bar_text`, or a trace's own. ``name_at``: where a level one
    has its name."""
    if limit is None:
        return
    other, near = "y" if axis == "x" else "x", limit.near(*ends)
    text = limit.text if near else f"{limit.text}, off this chart"
    beyond = 1.0 if limit.at > ends[0] else 0.0
    named = {"text": text, "showarrow": False, f"{axis}ref": axis if near else "paper"}
    named |= {axis: limit.at if near else beyond, f"{other}ref": "paper", other: 1.0}
    if axis == "x":
        figure["margin"] = {**figure["margin"], "t": max(figure["margin"]["t"], LIMIT_ROOM)}
        low, high = figure.get("xaxis", {}).get("range", ends)
        share = (limit.at - low) / ((high - low) or 1.0) if near else beyond
        named |= {"yanchor": "bottom", "xanchor": _inward(share)}
    else:
        off: tuple[Side, Level] = ("right", "under" if beyond else "over")
        side, level = name_at if near else off
        named |= {"xanchor": side, "x": SIDES[side], "yanchor": "top" if level == "under" else "bottom"}
    figure["annotations"] = [*figure.get("annotations", ()), named]
    if near:
        line = {"type": "line", f"{axis}0": limit.at, f"{axis}1": limit.at, f"{other}ref": "paper", f"{other}0": 0}
        line |= {f"{other}1": 1, "line": LIMIT_STYLE} | ({"layer": "below"} if axis == "y" else {})
        figure["shapes"] = [*figure.get("shapes", ()), line]


def clear_of(lines: Sequence[Sequence[float]], limit: LimitLine | None, tall: float) -> tuple[Side, Level]:
    """Where the name of a level limit lies over no part of ``lines``, each through its values: as `draw_limit` is told
    it. ``tall``: how high the name is, in the unit of the chart."""
    places: list[tuple[Side, Level]] = [(side, level) for side in NAME_SIDES for level in LEVELS]
    for side, level in places:
        if limit is None:
            break
        low, high = (limit.at, limit.at + tall) if level == "over" else (limit.at - tall, limit.at)
        parts = [_part(each, side) for each in lines]
        if all(max(each) < low or min(each) > high for each in parts):
            return side, level
    return places[0]


def _part(line: Sequence[float], side: Side) -> Sequence[float]:
    """As much of a line as a name may be wide that stands there."""
    wide = ceil(NAME_WIDE * len(line))
    start = round(SIDES[side] * (len(line) - wide))
    return line[start : start + wide]


def bar_text(at: float, row: str, text: str, left: bool = False) -> Figure:
    """The text beside a bar that ends ``at`` a value, on its right or on its ``left``: an annotation, which keeps clear
    of the lines that cross it; a bar's own text lies under them, and on the right of a bar of less than a pixel."""
    side = "right" if left else "left"
    place: Figure = {"x": at, "y": row, "xanchor": side, "align": side, "xshift": -2 if left else 2}
    return {**place, "text": text, "showarrow": False}


def narrowed(text: str, letters: int) -> str:
    """Words below each other, no line longer than so many letters unless a word is."""
    return BREAK.join(wrap(text, letters, break_long_words=False))


def bars_along(names: Sequence[str], ends: Sequence[float], room: float, row: float = ROW_HIGH) -> Figure:
    """Both axes of bars that lie side by side with their ``names``, from one of the ``ends`` to the other: no grid, a
    line at zero, what each comes to as text beside it, and names below each other where they are longer than the
    ``room`` left of the bars, in pixels."""
    along = {"showgrid": False, "zeroline": True, "zerolinewidth": 1, "showticklabels": False, "fixedrange": True}
    return {"xaxis": {**along, "range": list(ends)}, "yaxis": bar_names(names, room, row)}


def bar_names(names: Sequence[str], room: float, row: float = ROW_HIGH) -> Figure:
    """The axis of the names of bars, the first on top: whole in a ``room`` of so many pixels, in as many lines as that
    takes, smaller where the lines are higher than a ``row``."""
    axis = {"autorange": "reversed", "fixedrange": True, "showgrid": False, "ticks": "", "type": "category"}
    letters = max(8, int(room / LETTER))
    lines = [BREAK.join(wrap(name, letters)) for name in names]
    if all(BREAK not in each for each in lines):
        return axis
    high = LINE_HIGH * max(each.count(BREAK) + 1 for each in lines)
    small = {} if high <= row else {"tickfont": {"size": SMALL_TYPE}}
    return {**axis, "tickvals": list(names), "ticktext": [f"{each} " for each in lines], **small}


def _inward(share: float) -> Side:
    """Which part of a text stands at a ``share`` of a chart's width: near an edge the text leads away from it."""
    if share < 1 / 3:
        return "left"
    return "right" if share > 2 / 3 else "center"


def layout(height: int, left: int, **more: Any) -> Figure:
    """What every chart shares: no legend, no grid of its own, no colour behind it."""
    return {
        "height": height,
        "margin": {"l": left, "r": 12, "t": 6, "b": 6},
        "template": {"data": {"scatter": [{"type": "scatter"}]}},  # plotly's "none": its own has 3.4 kB of colours
        "showlegend": False,
        "dragmode": False,
        "bargap": 0.35,
        "hoverlabel": {"align": "left"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        **more,
    }


def enlarged(figure: Figure, height: int) -> Figure:
    """A figure for a large screen far away: at least as high, its type a third larger, that of a map as large as its
    tiles let it be."""
    place, font = {key: each for key, each in figure["layout"].items() if key != "uniformtext"}, {"size": 16}
    margin = {side: round(1.35 * size) for side, size in place["margin"].items()}
    axes = {name: {**axis, "tickfont": font} for name, axis in place.items() if name.startswith(("xaxis", "yaxis"))}
    data = [_larger(trace, font) for trace in figure["data"]]
    return {**figure, "data": data, "layout": {**place, **axes, "height": height, "margin": margin, "font": font}}


def _larger(trace: Figure, font: Figure) -> Figure:
    """What is drawn, with larger type."""
    if trace.get("type") != "treemap":
        return {**trace, "textfont": {**trace.get("textfont", {}), **font}}
    bar = trace.get("pathbar", {})
    return {
        **trace,
        "textfont": {**trace.get("textfont", {}), "size": MAP_TYPE},  # made smaller where a tile is
        "pathbar": {**bar, "thickness": 30, "textfont": {**bar.get("textfont", {}), **font}},
    }
