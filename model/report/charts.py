"""What all charts share: colours, layout, size. A chart is a plain dict."""

from typing import Any

Figure = dict[str, Any]


WORSE, BETTER, BASE, SCENARIO = "#d5601e", "#3b82c4", "#8b95a3", "#4a6fa5"


LOW, HIGH = "#98a2b0", "#7d4fc4"  # of an input's own values, which are neither risk nor decision


GRANTED = "rgba(59,130,196,0.12)"


CONFIG = {
    "displayModeBar": "hover",
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "svg", "filename": "credit-what-if", "scale": 1},
    "scrollZoom": False,
    "doubleClick": False,
    "showAxisDragHandles": False,
}


def layout(height: int, left: int, **more: Any) -> Figure:
    """What every chart shares: no legend, no grid of its own, no colour behind it."""
    return {
        "height": height,
        "margin": {"l": left, "r": 12, "t": 6, "b": 6},
        "template": "none",  # or 3.4 kB of colour scales that no chart here uses go with every figure
        "showlegend": False,
        "dragmode": False,
        "bargap": 0.35,
        "hoverlabel": {"align": "left"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        **more,
    }


def enlarged(figure: Figure, height: int) -> Figure:
    """A figure for a large screen far away: higher, and its type a third larger."""
    place, font = figure["layout"], {"size": 16}
    margin = {side: round(1.35 * size) for side, size in place["margin"].items()}
    axes = {name: {**axis, "tickfont": font} for name, axis in place.items() if name.startswith(("xaxis", "yaxis"))}
    data = [{**trace, "textfont": {**trace.get("textfont", {}), **font}} for trace in figure["data"]]
    return {**figure, "data": data, "layout": {**place, **axes, "height": height, "margin": margin, "font": font}}
