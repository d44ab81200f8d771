"""A chart as a file of its own, drawn when somebody asks for it: opened alone it says what it shows, in which unit, of
which book and scenario, by which model and when; black on white, whatever the page looks like.

Lying bars are drawn as on the board's paper, all else by `model.export.chart.plot`, both from the figures of the pages.
No script, no font, no link: any program that reads SVG shows it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from model.export.bars import bar_charts
from model.export.chart.ink import FONT, INK, QUIET, box_of, folded, written, xml_text
from model.export.chart.plot import plot
from model.export.drawing import bars_drawn
from model.export.tables import TableSource
from model.report.briefing import Finding
from model.report.charts import Figure

MIME = "image/svg+xml"
WIDE, MARGIN = 760.0, 16.0  # px
TITLE, UNIT, FOOT = 16.0, 12.0, 11.0  # px of the type
GAP = 14.0  # px between parts


@dataclass(frozen=True)
class ChartPart:
    """A chart under its own headline, with what it ``shows``."""

    headline: str
    shows: str
    figure: Figure


def chart_file(finding: Finding, source: TableSource) -> bytes:
    """The chart of a finding as SVG."""
    drawn, at = list[str](), MARGIN
    for each in chart_parts(finding):
        for text, size, colour in ((each.headline, TITLE, INK), (each.shows, UNIT, QUIET)):
            if text:
                told, at = _line(text, at, size, colour)
                drawn.append(told)
        at += GAP / 2
        for parts, tall in _drawn(each.figure):
            drawn.append(f"<g transform='translate({MARGIN:g} {at:.1f})'>{parts}</g>")
            at += tall + GAP
    foot, end = _line(" · ".join((*source.lines, "Credit What-If")), at, FOOT, QUIET)
    wide, high, drawn = f"{WIDE:g}", f"{end + MARGIN:.0f}", [*drawn, foot]
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{wide}' height='{high}' viewBox='0 0 {wide} {high}' "
        f"role='img' font-family='{FONT}' font-size='12' fill='{INK}'><title>{xml_text(chart_title(finding))}</title>"
        f"<desc>{xml_text(finding.alt)}</desc><rect width='100%' height='100%' fill='#ffffff'/>{''.join(drawn)}</svg>"
    ).encode()


def _line(text: str, top: float, size: float, colour: str) -> tuple[str, float]:
    """A text across the whole picture, and where what is below it begins."""
    bold = size == TITLE
    told = folded(text, WIDE - 2 * MARGIN, size * (1.06 if bold else 1.0))
    box = box_of(told, (MARGIN, top), ("left", "top"), size)
    return written(told, box, size=size, colour=colour, bold=bold), box.bottom + 4


def chart_title(finding: Finding) -> str:
    """What a chart is called: the finding's headline; what it shows, where that has none."""
    return ". ".join(each.headline for each in chart_parts(finding) if each.headline) or finding.shows


def chart_parts(finding: Finding) -> tuple[ChartPart, ...]:
    """The charts of a finding, each with its headline: one, or those of its halves that have something to show."""
    figure = finding.chart
    assert figure is not None
    traces = figure["data"]
    if len(bar_charts(figure)) > 1 and len(finding.halves) == len(traces) and all(map(_told_bars, traces)):
        apart = zip(finding.halves, traces, strict=True)
        return tuple(
            ChartPart(half.headline, half.shows, {**figure, "data": [each]}) for half, each in apart if half.listed
        )
    halves = [each for each in finding.halves if each.listed] or finding.halves
    headline = finding.headline or ". ".join(each.headline for each in halves if each.headline)
    shows = finding.shows or "; ".join(each.shows for each in halves if each.shows)
    return (ChartPart(headline or shows, shows if headline else "", figure),)


def _told_bars(trace: Figure) -> bool:
    """Whether a trace is of lying bars, each with its text."""
    return trace["type"] == "bar" and trace.get("orientation") == "h" and "text" in trace


def _drawn(figure: Figure) -> Iterator[tuple[str, float]]:
    """What is drawn of a figure, and how high it is."""
    wide = WIDE - 2 * MARGIN
    traces = [each for each in figure["data"] if each.get("x") or each["type"] == "treemap"]
    if len(traces) == 1 and _told_bars(traces[0]):
        yield from (bars_drawn(each, pointed=False, width=wide) for each in bar_charts(figure))
    else:
        parts, high, _ = plot(figure, wide)
        yield parts, high
