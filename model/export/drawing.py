"""Charts of bars drawn as SVG, without a script: what is asked of a bar is told by its title, and at the chart's foot
while it is pointed at or has the focus; on paper, which nobody points at, it is left out."""

from html import escape

from model.export.bars import BarChart, DrawnBar
from model.report.charts import LIMIT_STYLE
from model.report.customer.charts import text_wide

ROW, BAR, TOP, FOOT = 24.0, 14.0, 20.0, 18.0  # px
LIMIT_GREY, QUIET = str(LIMIT_STYLE["color"]), "#565f6c"  # of its line, of its name
FONT = "Helvetica Neue, Arial, Liberation Sans, sans-serif"
WIDEST_LABEL, GAP = 210.0, 8.0  # px
MOST_LETTERS = 64  # of a label, on two lines


def bars_as_svg(chart: BarChart, alt: str, *, pointed: bool = True, width: float = 660.0) -> str:
    """A chart ``width`` pixels wide, and as high as its bars are many; ``alt`` says it to those who do not see it.
    ``pointed``: its bars can be pointed at."""
    parts, high = bars_drawn(chart, pointed=pointed, width=width)
    return (
        f"<svg class='chart' viewBox='0 0 {width:g} {high:g}' role='img' aria-label='{escape(alt)}' "
        f"font-family='{FONT}' font-size='12' fill='#1b222c' xmlns='http://www.w3.org/2000/svg'>{parts}</svg>"
    )


def bars_drawn(chart: BarChart, *, pointed: bool, width: float) -> tuple[str, float]:
    """What is drawn of a chart, and how high it is."""
    labels = [_lines(each.label) for each in chart.bars]
    left = min(max(text_wide(line) for lines in labels for line in lines), WIDEST_LABEL) + GAP
    rows = [ROW + 12.0 * (len(lines) - 1) for lines in labels]
    top = TOP if chart.limit else 4.0
    bottom = top + sum(rows)
    parts, at = [], top
    for bar, lines, high in zip(chart.bars, labels, rows, strict=True):
        parts.append(_bar(chart, bar, lines, pointed=pointed, left=left, width=width, middle=at + high / 2))
        at += high
    axis = _line(_x(chart, 0.0, left, width), top, bottom, "#c9ced6") if chart.low < 0 else ""
    return f"{axis}{_limit(chart, left, width, (top, bottom))}{''.join(parts)}", bottom + FOOT * pointed


def _x(chart: BarChart, value: float, left: float, width: float) -> float:
    share = (value - chart.low) / ((chart.high - chart.low) or 1.0)
    return left + (width - left) * min(max(share, 0.0), 1.0)


def _bar(
    chart: BarChart, bar: DrawnBar, lines: list[str], *, pointed: bool, left: float, width: float, middle: float
) -> str:
    start, end = (_x(chart, each, left, width) for each in (bar.start, bar.end))
    first, wide = min(start, end), max(abs(end - start), 0.75)
    anchor, at = ("end", first - 5) if bar.end < bar.start else ("start", first + wide + 5)
    names = "".join(
        f"<text x='{left - GAP:.1f}' y='{middle + 4 + 13 * (k - (len(lines) - 1) / 2):.1f}' text-anchor='end'>"
        f"{escape(line)}</text>"
        for k, line in enumerate(lines)
    )
    wide_text = text_wide(bar.text)
    at = _clear_of_limit(chart, at, wide_text, outwards=-1 if anchor == "end" else 1, ends=(left, width))
    behind = at - (anchor == "end") * wide_text
    drawn = (
        f"{names}<rect x='{behind:.1f}' y='{middle - 7:.1f}' width='{wide_text:.1f}' height='14' fill='#fff'/>"
        f"<rect x='{first:.1f}' y='{middle - BAR / 2:.1f}' width='{wide:.1f}' height='{BAR:g}' fill='{bar.colour}'/>"
        f"<text x='{at:.1f}' y='{middle + 4:.1f}' text-anchor='{anchor}'>{escape(bar.text)}</text>"
    )
    if not pointed:
        return drawn
    words = escape(bar.words)
    tip = f"<text class='tip' opacity='0' x='0' y='100%' dy='-4'>{words}</text>"
    return f"<g class='bar' tabindex='0'><title>{words}</title>{drawn}{tip}</g>"


def _clear_of_limit(chart: BarChart, at: float, wide: float, *, outwards: int, ends: tuple[float, float]) -> float:
    """Where a text beside a bar begins: beyond the limit's line where that would cross it, if there is room."""
    if chart.limit_at is None:
        return at
    line = _x(chart, chart.limit_at, *ends)
    crossed = min(at, at + outwards * wide) - 2 < line < max(at, at + outwards * wide) + 2
    beyond = line + 5 * outwards
    return beyond if crossed and ends[0] < beyond + outwards * wide < ends[1] else at


def _line(x: float, top: float, bottom: float, colour: str, dash: str = "") -> str:
    dashed = f" stroke-dasharray='{dash}'" if dash else ""
    return f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{top:g}' y2='{bottom:g}' stroke='{colour}'{dashed}/>"


def _limit(chart: BarChart, left: float, width: float, ends: tuple[float, float]) -> str:
    """The limit's line with its name above it; the name alone at the side where it lies, if that is too far."""
    if not chart.limit:
        return ""
    at = width if chart.limit_at is None else _x(chart, chart.limit_at, left, width)
    anchor = "end" if at > left + 0.66 * (width - left) else "middle"
    name = f"<text x='{at:.1f}' y='13' text-anchor='{anchor}' fill='{QUIET}'>{escape(chart.limit)}</text>"
    return name if chart.limit_at is None else f"{_line(at, *ends, LIMIT_GREY, '5 4')}{name}"


def _lines(label: str) -> list[str]:
    """A label on one line or two, cut off where even those do not hold it."""
    told = label if len(label) <= MOST_LETTERS else f"{label[: MOST_LETTERS - 1]}…"
    if text_wide(told) <= WIDEST_LABEL:
        return [told]
    words, first = told.split(" "), ""
    while words and text_wide(f"{first} {words[0]}") <= WIDEST_LABEL:
        first = f"{first} {words.pop(0)}".strip()
    return list(filter(None, (first, " ".join(words))))
