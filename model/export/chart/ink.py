"""Pieces of an SVG: texts whose size is known, lines, areas, colours that every program reads."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from textwrap import wrap

from model.report.charts import BREAK

INK, QUIET, RULE = "#1b222c", "#565f6c", "#c9ced6"
FONT = "Helvetica Neue, Arial, Liberation Sans, sans-serif"
SIZE = 12.0  # px of most texts
LETTER, LINE = 0.54, 1.2  # a letter's width and a line's height, in sizes of the type
DASHES = {"dash": "6 4", "dot": "2 3"}
RGB = re.compile(r"rgba?\(\s*([\d.]+)\s*,\s*([\d.]+)\s*,\s*([\d.]+)\s*(?:,\s*([\d.]+)\s*)?\)")
UNPRINTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # which no XML may hold


@dataclass(frozen=True)
class Box:
    """A rectangle, in pixels from the top left."""

    left: float
    top: float
    wide: float
    high: float

    @property
    def right(self) -> float:
        """Its right end."""
        return self.left + self.wide

    @property
    def bottom(self) -> float:
        """Its lower end."""
        return self.top + self.high

    def shared(self, other: "Box") -> float:
        """The area that two rectangles share."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(across, 0.0) * max(down, 0.0)

    def moved(self, right: float, down: float) -> "Box":
        """As large, elsewhere."""
        return Box(self.left + right, self.top + down, self.wide, self.high)


def lines_of(text: str) -> list[str]:
    """The lines of a text of a chart."""
    return [each.strip() for each in str(text).split(BREAK)]


def wide_of(text: str, size: float = SIZE) -> float:
    """How wide the longest line of a text is."""
    return LETTER * size * max(map(len, lines_of(text)))


def high_of(text: str, size: float = SIZE) -> float:
    """How high a text is."""
    return LINE * size * len(lines_of(text))


def folded(text: str, wide: float, size: float = SIZE) -> str:
    """A text in lines no wider than ``wide``, unless one word is."""
    letters = max(4, int(wide / (LETTER * size)))
    told = (each for line in lines_of(text) for each in wrap(line, letters, break_long_words=False) or [""])
    return BREAK.join(told)


def box_of(text: str, at: tuple[float, float], anchors: tuple[str, str], size: float = SIZE) -> Box:
    """Where a text lies that is anchored ``at`` a point: by its "left", "center" or "right" and its "top", "middle" or
    "bottom"."""
    wide, high = wide_of(text, size), high_of(text, size)
    across = {"left": 0.0, "center": 0.5, "right": 1.0}[anchors[0]]
    down = {"top": 0.0, "middle": 0.5, "bottom": 1.0}[anchors[1]]
    return Box(at[0] - across * wide, at[1] - down * high, wide, high)


def written(
    text: str, box: Box, *, size: float = SIZE, colour: str = INK, side: str = "left", bold: bool = False
) -> str:
    """A text within its box, its lines at the ``side``."""
    x = box.left + {"left": 0.0, "center": 0.5, "right": 1.0}[side] * box.wide
    anchor = {"left": "start", "center": "middle", "right": "end"}[side]
    heavy = " font-weight='600'" if bold else ""
    return "".join(
        f"<text x='{x:.1f}' y='{box.top + (k + 0.8) * LINE * size:.1f}' text-anchor='{anchor}' font-size='{size:g}'"
        f" fill='{colour}'{heavy}>{xml_text(line).strip()}</text>"
        for k, line in enumerate(str(text).split(BREAK))
        if line.strip()
    )


def xml_text(text: str) -> str:
    """A text as it may stand in an SVG."""
    return escape(UNPRINTED.sub("", text), quote=True)


def straight(
    start: tuple[float, float], end: tuple[float, float], colour: str, *, wide: float = 1, dash: str = ""
) -> str:
    """A line; ``dash`` as charts name it."""
    return (
        f"<line x1='{start[0]:.1f}' y1='{start[1]:.1f}' x2='{end[0]:.1f}' y2='{end[1]:.1f}' "
        f"stroke='{_hex(colour)}' stroke-width='{wide:g}'{_dashed(dash)}/>"
    )


def through(points: Sequence[tuple[float, float]], colour: str, *, wide: float, dash: str = "") -> str:
    """A line through points."""
    told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    look = f"fill='none' stroke='{_hex(colour)}' stroke-width='{wide:g}' stroke-linejoin='round'{_dashed(dash)}"
    return f"<polyline points='{told}' {look}/>"


def area(points: Sequence[tuple[float, float]], colour: str) -> str:
    """What lies within points."""
    return f"<polygon points='{' '.join(f'{x:.1f},{y:.1f}' for x, y in points)}' {filled(colour)}/>"


def block(box: Box, look: str) -> str:
    """A rectangle that looks as `filled` says."""
    return (
        f"<rect x='{box.left:.1f}' y='{box.top:.1f}' width='{max(box.wide, 0.75):.1f}' "
        f"height='{max(box.high, 0.0):.1f}' {look}/>"
    )


def filled(colour: str, opacity: float = 1.0) -> str:
    """How something filled looks: a colour, and how far one sees through it apart from that, for not every program
    that draws an SVG reads both as one."""
    found = RGB.fullmatch(colour.strip())
    through_it = opacity * (float(found[4]) if found is not None and found[4] else 1.0)
    seen = "" if through_it >= 1 else f" fill-opacity='{through_it:g}'"
    return f"fill='{_hex(colour)}'{seen}"


def _dashed(dash: str) -> str:
    return f" stroke-dasharray='{DASHES[dash]}'" if dash in DASHES else ""


def _hex(colour: str) -> str:
    found = RGB.fullmatch(colour.strip())
    return colour if found is None else "#" + "".join(f"{round(float(found[k])):02x}" for k in (1, 2, 3))


def mixed(scale: Sequence[Sequence[float | str]], share: float) -> str:
    """The colour at a ``share`` of a scale of colours, from its first at 0 to its last at 1."""
    stops = [(float(at), _parts(str(colour))) for at, colour in scale]
    share = min(max(share, 0.0), 1.0)
    for (low, first), (high, last) in pairwise(stops):
        if share <= high:
            along = (share - low) / ((high - low) or 1.0)
            return "#" + "".join(f"{round(a + along * (b - a)):02x}" for a, b in zip(first, last, strict=True))
    return "#" + "".join(f"{round(each):02x}" for each in stops[-1][1])


def _parts(colour: str) -> tuple[float, float, float]:
    told = _hex(colour)
    red, green, blue = (int(told[k : k + 2], 16) for k in (1, 3, 5))
    return float(red), float(green), float(blue)
