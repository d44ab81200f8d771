"""Charts of bars as Office draws them itself: with the numbers behind them in a sheet, so that they can be edited."""

from pptx.chart.chart import Chart
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_TICK_LABEL_POSITION, XL_TICK_MARK
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Pt

from data.contract import capitalised
from model.export.bars import BarChart, DrawnBar
from model.report.charts import LIMIT_STYLE
from model.report.spreadsheet import unseen

KIND = XL_CHART_TYPE.BAR_STACKED
INK, PALE = RGBColor(0x1B, 0x22, 0x2C), RGBColor(0xD5, 0xD9, 0xDF)
SERIES = ("from", "to", "from, below zero", "to, below zero", "label")
SHOWN = (1, 3)  # of the series; the others only keep the bars and their labels in place
FONT = "Arial"
LIMIT_GREY = str(LIMIT_STYLE["color"])
GAP = 45  # percent of a bar's width between bars


def bar_data(chart: BarChart) -> CategoryChartData:
    """The numbers behind a chart: each bar as what lies before it and its length, on either side of zero."""
    rows = [_stacked(each) for each in all_bars(chart)]
    room = 0.001 * (chart.high - chart.low)
    data = CategoryChartData(number_format="General")
    data.categories = [unseen(each.label) for each in all_bars(chart)]  # in a sheet, where "=1+1" would be a formula
    for k, name in enumerate(SERIES[:-1]):
        data.add_series(name, [round(row[k], 6) for row in rows])
    data.add_series(SERIES[-1], [-room if bar.end < bar.start else room for bar in all_bars(chart)])
    return data


def all_bars(chart: BarChart) -> tuple[DrawnBar, ...]:
    """The bars, and the limit as one more."""
    if chart.limit_at is None:
        return chart.bars
    name, _, text = chart.limit.partition(" ")
    return (*chart.bars, DrawnBar(capitalised(name), 0.0, chart.limit_at, text, LIMIT_GREY))


def _stacked(bar: DrawnBar) -> tuple[float, float, float, float]:
    """What lies before a bar and its length, above zero and below it."""
    low, high = min(bar.start, bar.end), max(bar.start, bar.end)
    above, below = max(low, 0.0), min(high, 0.0)
    return above, max(high, 0.0) - above, below, min(low, 0.0) - below


def style_bars(drawn: Chart, chart: BarChart, size: float) -> None:
    """Colours, labels and axes of a chart made of `bar_data`, its letters ``size`` points high."""
    bars = all_bars(chart)
    drawn.has_legend, drawn.has_title = False, False
    drawn.font.name, drawn.font.size, drawn.font.color.rgb = FONT, Pt(size), INK
    _frameless(drawn)
    plot = drawn.plots[0]
    plot.gap_width, plot.overlap, plot.vary_by_categories = GAP, 100, False
    for k, series in enumerate(plot.series):
        series.format.fill.background()
        series.invert_if_negative = False
        for place, bar in enumerate(bars) if k in SHOWN else ():
            fill = series.points[place].format.fill
            fill.solid()
            fill.fore_color.rgb = RGBColor.from_string(bar.colour.removeprefix("#"))
    for place, bar in enumerate(bars):
        label = plot.series[len(SERIES) - 1].points[place].data_label
        label.position = XL_LABEL_POSITION.INSIDE_BASE
        label.has_text_frame = True
        label.text_frame.text = bar.text
        label.text_frame.word_wrap = False
        label.text_frame.paragraphs[0].runs[0].font.size = Pt(size)
    names, values = drawn.category_axis, drawn.value_axis
    names.reverse_order, names.tick_label_position = True, XL_TICK_LABEL_POSITION.LOW
    names.major_tick_mark, names.has_major_gridlines = XL_TICK_MARK.NONE, False
    names.format.line.color.rgb = PALE
    values.visible, values.has_major_gridlines = False, False
    values.minimum_scale, values.maximum_scale = chart.low, chart.high


def _frameless(drawn: Chart) -> None:
    """No line around the whole chart, and no colour behind it."""
    space = drawn._chartSpace
    for old in space.findall(qn("c:spPr")):
        space.remove(old)
    place = parse_xml(
        f"<c:spPr {nsdecls('c', 'a')}><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>",
    )
    space.find(qn("c:chart")).addnext(place)
