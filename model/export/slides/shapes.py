"""What stands on a slide: texts, tables and charts, all of them to be edited."""

from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.slide import Slide
from pptx.text.text import TextFrame
from pptx.util import Cm, Length, Pt

from model.export.bars import BarChart
from model.export.native import FONT, KIND, all_bars, bar_data, style_bars
from model.export.widths import column_widths, least_widths, row_lines
from model.report.briefing import Table

WIDE, HIGH = Cm(33.867), Cm(19.05)
LEFT, TOP, FOOT = Cm(1.8), Cm(3.8), Cm(1.6)
BODY = WIDE - 2 * LEFT
EMU = Cm(1)
INK, QUIET, LOST = (RGBColor.from_string(each) for each in ("1B222C", "5C6673", "A63F06"))
SIZES = (16, 14, 13, 12, 11, 10, 9, 8)  # points of a table, the largest that fits
LETTER, LINE = 0.02, 0.044  # cm of a letter and of a line, for each point
MARGIN, AROUND = 0.55, 0.34  # cm around the texts of a column, of a row
MOST_AROUND = 0.75
BAR_HIGH = Cm(2.3)


def entitle_slide(slide: Slide, title: str) -> None:
    """The finding as the slide's title."""
    head = slide.shapes.title
    assert head is not None, "the layout has a title"
    head.left, head.top, head.width, head.height = LEFT, Cm(0.9), BODY, Cm(2.5)
    size = 26 if len(title) < 90 else 20
    fill(head.text_frame, title, size=size, bold=True, middle=True)


def say(
    slide: Slide,
    text: str,
    *,
    top: int,
    high: int,
    size: float,
    colour: RGBColor = INK,
    left: int = LEFT,
    wide: int = BODY,
) -> None:
    """A text in a box of its own, ``size`` points high."""
    box = slide.shapes.add_textbox(Length(left), Length(top), Length(wide), Length(high))
    fill(box.text_frame, text, size=size, colour=colour)


def fill(
    frame: TextFrame,
    text: str,
    *,
    size: float,
    colour: RGBColor = INK,
    bold: bool = False,
    middle: bool = False,
    right: bool = False,
) -> None:
    """Put a text where one goes."""
    frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE if middle else MSO_ANCHOR.TOP
    frame.margin_left = frame.margin_right = Cm(0.1)
    frame.text = text
    for paragraph in frame.paragraphs:
        paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
        font = paragraph.font
        font.name, font.size, font.bold, font.color.rgb = FONT, Pt(size), bold, colour


def draw_chart(slide: Slide, chart: BarChart, alt: str, *, top: int = TOP, left: int = LEFT, wide: int = BODY) -> None:
    """A chart, as high as its bars are many; ``alt`` says it to those who do not see it."""
    high = min(BAR_HIGH * len(all_bars(chart)), HIGH - top - FOOT)
    frame = slide.shapes.add_chart(KIND, Length(left), Length(top), Length(wide), Length(high), bar_data(chart))
    _describe(frame, alt)
    style_bars(frame.chart, chart, 14 if wide > BODY / 2 else 11)


def draw_table(
    slide: Slide,
    table: Table,
    *,
    wide: int = BODY,
    left: int = LEFT,
    most: int = HIGH - TOP - FOOT,
    size: int = SIZES[0],
) -> None:
    """A table in the largest type, of ``size`` points at most, with which it is no higher than ``most``."""
    told = table.texts()
    rows = (told.heads, *told.rows)
    size = min(size, largest_type(table, wide=wide, most=most))
    letter = LETTER * size
    widths = column_widths(rows, wide=wide / EMU, letter=letter, margin=MARGIN)
    texts = [LINE * size * row_lines(row, widths, letter=letter, margin=MARGIN) for row in rows]
    around = min(MOST_AROUND, max(AROUND, (most / EMU - sum(texts)) / len(rows)))
    highs = [each + around for each in texts]
    place = Length(left), TOP, Length(wide), Length(round(sum(highs) * EMU))
    frame = slide.shapes.add_table(len(rows), len(told.heads), *place)
    _describe(frame, table.title)
    drawn = frame.table
    drawn.horz_banding = False
    for column, own in zip(drawn.columns, widths, strict=True):
        column.width = Length(round(own * EMU))
    for k, (row, high) in enumerate(zip(rows, highs, strict=True)):
        drawn.rows[k].height = Length(round(high * EMU))
        for cell, text, right in zip(drawn.rows[k].cells, row, told.right, strict=True):
            cell.fill.background()
            cell.margin_top = cell.margin_bottom = Cm(0.05)
            colour = LOST if "✗" in text else INK
            fill(cell.text_frame, text, size=size, colour=colour if k else QUIET, bold=not k, right=right, middle=True)


def largest_type(table: Table, *, wide: int, most: int = HIGH - TOP - FOOT) -> int:
    """The largest type, in points, in which a table breaks no word and is no higher than ``most``; the smallest there
    is where none does."""
    told = table.texts()
    rows = (told.heads, *told.rows)
    for size in SIZES:
        letter = LETTER * size
        widths = column_widths(rows, wide=wide / EMU, letter=letter, margin=MARGIN)
        lines = sum(row_lines(row, widths, letter=letter, margin=MARGIN) for row in rows)
        whole = sum(least_widths(rows, letter=letter, margin=MARGIN)) <= wide / EMU
        if whole and LINE * size * lines + AROUND * len(rows) <= most / EMU:
            return size
    return SIZES[-1]


def _describe(frame: object, words: str) -> None:
    frame._element.nvGraphicFramePr.cNvPr.set("descr", words)  # type: ignore[attr-defined]
