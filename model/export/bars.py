"""Charts of bars as values, read out of the pages' own figures: what paper, Word and PowerPoint draw alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from model.report.charts import BASE, BREAK, Figure


@dataclass(frozen=True)
class DrawnBar:
    """One bar from ``start`` to ``end``, in the unit of its chart, with the ``text`` at its end; ``detail`` says more
    of it, "" where there is no more to say."""

    label: str
    start: float
    end: float
    text: str
    colour: str
    detail: str = ""

    @property
    def words(self) -> str:
        """The bar for whoever asks about it."""
        return f"{self.label}: {self.text}{f'; {self.detail}' if self.detail else ''}"


@dataclass(frozen=True)
class BarChart:
    """Bars one below the other on an axis from ``low`` to ``high``. A limit stands ``limit_at``, None where there is
    none to draw, and is called ``limit``; one that lies too far away has its name only."""

    bars: tuple[DrawnBar, ...]
    low: float
    high: float
    limit: str = ""
    limit_at: float | None = None


def bar_charts(figure: Figure | None) -> tuple[BarChart, ...]:
    """The charts of bars on their side in a figure, from left to right; what is drawn otherwise is none."""
    traces = [] if figure is None else figure["data"]
    lying = [each for each in traces if each.get("type") == "bar" and each.get("orientation") == "h" and each["x"]]
    return tuple(_chart(each, figure["layout"]) for each in lying if figure is not None)


def _chart(trace: dict[str, Any], place: dict[str, Any]) -> BarChart:
    lengths, count = trace["x"], len(trace["x"])
    starts = trace.get("base", [0.0] * count)
    details = trace.get("customdata", [""] * count)
    parts = zip(trace["y"], starts, lengths, trace["text"], trace["marker"]["color"][:count], details, strict=True)
    bars = tuple(
        DrawnBar(_plain(label), float(start), float(start + length), _plain(text), colour or BASE, _plain(detail))
        for label, start, length, text, colour, detail in parts
    )
    low, high = place[f"xaxis{trace.get('xaxis', 'x').removeprefix('x')}"]["range"]
    names, line = place.get("annotations", ()), _line(place.get("shapes", ()))
    limit = next((each["text"] for each in names if each.get("yref") == "paper"), "")
    return BarChart(bars, float(low), high=float(high), limit=_plain(limit), limit_at=line if limit else None)


def _plain(text: str) -> str:
    return str(text).replace(BREAK, " ").strip()


def _line(shapes: Sequence[dict[str, Any]]) -> float | None:
    """Where an upright line stands."""
    return next(
        (float(each["x0"]) for each in shapes if each.get("yref") == "paper" and each["x0"] == each["x1"]), None
    )
