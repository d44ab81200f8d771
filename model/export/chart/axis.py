"""Axes of a chart: where a value is drawn, and the values that are told along it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import Any

from model.report import numbers
from model.report.charts import Figure

ROOM = 0.05  # of a range, beyond what is drawn, where the chart says no range
TICKS = 6


@dataclass(frozen=True)
class ChartAxis:
    """An axis: ``low`` to ``high`` of its values drawn from ``start`` to ``end`` in pixels. One of words has their
    ``names``, each a step from the next. ``look`` is what the chart says of it."""

    low: float
    high: float
    start: float
    end: float
    names: tuple[str, ...]
    look: Figure

    def at(self, value: Any) -> float:
        """Where a value is drawn."""
        return self.start + (self.end - self.start) * (self.position(value) - self.low) / (
            (self.high - self.low) or 1.0
        )

    def position(self, value: Any) -> float:
        """A value as a number: the place of a name among the others."""
        return float(self.names.index(value)) if isinstance(value, str) else float(value)

    @property
    def step(self) -> float:
        """How many pixels a step of one is."""
        return abs(self.end - self.start) / (abs(self.high - self.low) or 1.0)

    @property
    def title(self) -> str:
        """What it measures."""
        return str(self.look.get("title", {}).get("text", ""))

    @property
    def told(self) -> bool:
        """Whether values are told along it."""
        return bool(self.look.get("showticklabels", True) and self.look.get("visible", True))

    def ticks(self) -> list[tuple[float, str]]:
        """The values told along it: their places in pixels and their texts."""
        if not self.told:
            return []
        if "tickvals" in self.look:
            values = self.look["tickvals"]
            texts = self.look.get("ticktext") or [self._text(each) for each in values]
            given = [(each, str(text)) for each, text in zip(values, texts, strict=True)]
        elif self.names:
            every = ceil(len(self.names) / self.look["nticks"]) if "nticks" in self.look else 1
            given = [(k, name) for k, name in enumerate(self.names) if k % every == 0]
        else:
            low, high = sorted((self.low, self.high))
            given = [
                (each, self._text(each)) for each in round_values(low, high, int(self.look.get("nticks", TICKS)) + 1)
            ]
        inside = sorted((self.low, self.high))
        slack = 1e-9 * (inside[1] - inside[0])
        return [
            (self.at(value), text.strip())
            for value, text in given
            if inside[0] - slack <= self.position(value) <= inside[1] + slack
        ]

    def _text(self, value: float) -> str:
        form, suffix = str(self.look.get("tickformat", "")), str(self.look.get("ticksuffix", ""))
        if form == "d":
            return f"{value:.0f}{suffix}"
        if form.startswith("."):
            return f"{numbers.plain(value, int(form[1:-1]))}{suffix}"
        return f"{value:,.10g}{suffix}".replace("-", numbers.MINUS)


def axis_of(figure: Figure, name: str, ends: tuple[float, float]) -> ChartAxis:
    """An axis of a figure by its ``name``, such as "x" or "y2", drawn between ``ends`` in pixels: the lowest value at
    the first of them."""
    look = figure["layout"].get(f"{name[0]}axis{name[1:]}", {})
    traces = [
        each for each in figure["data"] if each.get(f"{name[0]}axis", name[0]) == name and each["type"] != "treemap"
    ]
    values = [value for each in traces for value in _values(each, name[0])]
    words = look.get("type") == "category" or any(isinstance(each, str) for each in values)
    names = tuple(dict.fromkeys(str(each) for each in values if each is not None)) if words else ()
    if "range" in look:
        low, high = (float(each) for each in look["range"])
    elif words:
        low, high = -0.5, max(len(names), 1) - 0.5
    else:
        low, high = _reach(traces, values, name[0], look)
    if look.get("autorange") == "reversed":
        low, high = high, low
    return ChartAxis(low, high, *ends, names=names, look=look)


def _values(trace: Figure, axis: str) -> Iterable[Any]:
    """What of a trace is drawn along an axis."""
    given = list(trace.get(axis, ()))
    if trace["type"] == "bar" and (axis == "x") == (trace.get("orientation") == "h"):
        starts = trace.get("base", [0.0] * len(given))
        given = [*starts, *(start + long for start, long in zip(starts, given, strict=True) if long is not None)]
    whiskers = trace.get(f"error_{axis}")
    if whiskers is None:
        return given
    known = [k for k, each in enumerate(given) if each is not None]
    ends = [given[k] + whiskers["array"][k] for k in known] + [given[k] - whiskers["arrayminus"][k] for k in known]
    return [*given, *ends]


def _reach(traces: Sequence[Figure], values: Sequence[Any], axis: str, look: Figure) -> tuple[float, float]:
    """From where to where numbers are drawn that have no range of their own."""
    known = [float(each) for each in values if each is not None and isfinite(float(each))]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    tight = all(each["type"] == "scatter" and each.get("mode") == "lines" for each in traces) and axis == "x"
    room = 0.0 if tight else ROOM * ((high - low) or abs(high) or 1.0)
    upright = [each for each in traces if each["type"] == "bar" and each.get("orientation") != "h"]
    if upright and axis == "x" and len(known) > 1:
        room = (high - low) / (len(known) - 1)
    zero = look.get("rangemode") == "tozero" or (upright and axis == "y")
    if zero and low >= 0:
        return 0.0, high + room
    return low - room, high + room


def round_values(low: float, high: float, most: int) -> list[float]:
    """Round numbers from ``low`` to ``high``, at most so many of them."""
    if not high > low:
        return [low]
    power = 10.0 ** floor(log10((high - low) / max(most, 1)))
    step = next(power * each for each in (1, 2, 5, 10, 20) if (high - low) / (power * each) <= most)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [float(f"{each * step:.12g}") + 0.0 for each in range(first, last + 1)]
