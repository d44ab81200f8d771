"""The paper in Word, to be edited: headings, tables and charts that Word draws itself, the same numbers behind them."""

from datetime import datetime, time
from io import BytesIO

from docx import Document
from docx.document import Document as DocumentOf
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import _Cell as TableCell
from docx.text.paragraph import Paragraph
from lxml import etree
from pptx.chart.chart import Chart
from pptx.chart.xmlwriter import ChartXmlWriter
from pptx.oxml import parse_xml as parse_chart

from model.export.bars import BarChart, bar_charts
from model.export.memo.memo import ASSUMED, CAVEATS, Memo, assumed_lines
from model.export.native import FONT, KIND, all_bars, bar_data, style_bars
from model.export.settled import settled
from model.export.widths import column_widths
from model.report.briefing import Finding, Table

SIZE, SMALL = 10, 8.5  # points
INK, QUIET, MARK, LOST = (RGBColor.from_string(each) for each in ("1B222C", "5C6673", "274B7A", "A63F06"))
WIDE, ROW_HIGH = 17.0, 0.72  # cm: the text of a page, a bar with its gap
CHART = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EMU_PER_CM = 360_000
LONGEST_FACT = 255  # characters of what a file says of itself
LETTER, MARGIN = 0.17, 0.45  # cm: a letter of a table, and what is around the texts of a column
LINES = (
    '<w:tblBorders xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    + "".join(f'<w:{each} w:val="nil"/>' for each in ("top", "left"))
    + '<w:bottom w:val="single" w:sz="4" w:color="98A2B0"/><w:right w:val="nil"/>'
    + '<w:insideH w:val="single" w:sz="4" w:color="D5D9DF"/><w:insideV w:val="nil"/></w:tblBorders>'
)
INLINE = (
    '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{wide}" cy="{high}"/>'
    '<wp:docPr id="{number}" name="Chart {number}"/><wp:cNvGraphicFramePr/>'
    '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">'
    '<c:chart r:id="{relation}"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
)


def memo_word(memo: Memo) -> bytes:
    """The file, a .docx."""
    document = _empty(memo)
    _line(document, f"Board memo · {memo.book}", quiet=True)
    document.add_heading(memo.title, 0)
    _line(document, f"Scenario: {memo.scenario}. {memo.source}", quiet=True)
    for each in memo.notices:
        _line(document, each)
    document.add_paragraph(memo.sentence, style="Intense Quote")
    if memo.tiles:
        document.add_heading(memo.numbers.title, 1)
        _table(document, memo.numbers)
    _line(document, memo.below, quiet=True)
    for part in memo.parts:
        _finding(document, part.first)
    document.add_heading(ASSUMED, 1)
    for whence, told in assumed_lines(memo.assumed):
        paragraph = document.add_paragraph()
        paragraph.add_run(f"{whence}: ").bold = True
        paragraph.add_run(f"{told}.")
    document.add_heading(CAVEATS, 1)
    document.add_paragraph(memo.trust)
    for each in memo.caveats:
        document.add_paragraph(each, style="List Number")
    _line(document, f"{memo.signature} {memo.made}", quiet=True)
    written = BytesIO()
    document.save(written)
    return settled(written.getvalue(), memo.occasion.day)


# ---- the sheet ------------------------------------------------------------------------------------------------------


def _empty(memo: Memo) -> DocumentOf:
    """A document with its page, its styles and its foot, nothing in it yet."""
    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2)
    page.top_margin = page.bottom_margin = Cm(1.8)
    _style(document, "Normal", SIZE, INK, after=4)
    _style(document, "Title", 17, INK, after=2)
    _style(document, "Heading 1", 12, INK, before=10, after=3)
    _style(document, "Intense Quote", 13, INK, before=6, after=6)
    _style(document, "List Number", SIZE, INK, after=2)
    _style(document, "Footer", 7.5, QUIET)
    quote = document.styles["Intense Quote"]
    quote.font.italic, quote.font.bold = False, False
    quote.paragraph_format.left_indent = quote.paragraph_format.right_indent = Cm(0.3)
    about = document.core_properties
    about.title, about.subject = memo.title[:LONGEST_FACT], memo.book[:LONGEST_FACT]
    about.author = about.last_modified_by = memo.occasion.who[:LONGEST_FACT]
    about.comments, about.revision = memo.model[:LONGEST_FACT], 1
    about.created = about.modified = datetime.combine(memo.occasion.day, time())
    _foot(page.footer.paragraphs[0], memo)
    return document


def _style(
    document: DocumentOf, name: str, size: float, colour: RGBColor, *, before: float = 0, after: float = 0
) -> None:
    style = document.styles[name]
    style.font.name, style.font.size, style.font.color.rgb = FONT, Pt(size), colour
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for each in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{each}"), None)
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)


def _foot(paragraph: Paragraph, memo: Memo) -> None:
    """What stands at the foot of every page, its number among it."""
    paragraph.add_run(f"{memo.foot} · page ")
    _field(paragraph, "PAGE")
    paragraph.add_run(" of ")
    _field(paragraph, "NUMPAGES")


def _field(paragraph: Paragraph, name: str) -> None:
    """What Word works out itself; 1 until it does."""
    for kind in ("begin", name, "separate", "1", "end"):
        run = paragraph.add_run()
        if kind == "1":
            run.text = kind
        elif kind == name:
            element = OxmlElement("w:instrText")
            element.text = name
            run._r.append(element)
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
            run._r.append(element)


# ---- what stands in it ----------------------------------------------------------------------------------------------


def _line(document: DocumentOf, text: str, quiet: bool = False) -> None:
    if not text:
        return
    run = document.add_paragraph().add_run(text)
    if quiet:
        run.font.size, run.font.color.rgb = Pt(SMALL), QUIET


def _finding(document: DocumentOf, finding: Finding) -> None:
    document.add_heading(finding.headline, 1)
    for text in finding.text:
        document.add_paragraph(text)
    for chart in bar_charts(finding.chart):
        add_chart(document, chart, finding.alt)
    if finding.table is not None:
        _table(document, finding.table)
    _line(document, finding.note, quiet=True)


def _table(document: DocumentOf, table: Table) -> None:
    told = table.texts()
    drawn = document.add_table(rows=0, cols=len(told.heads))
    drawn.style, drawn.autofit = document.styles["Table Grid"], False
    widths = column_widths([told.heads, *told.rows], wide=WIDE, letter=LETTER, margin=MARGIN)
    for k, row in enumerate((told.heads, *told.rows)):
        added = drawn.add_row()
        added._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, text, right, wide in zip(added.cells, row, told.right, widths, strict=True):
            cell.width = Cm(wide)
            _cell(cell, text, right=right, head=k == 0)
    for column, wide in zip(drawn.columns, widths, strict=True):
        column.width = Cm(wide)
    drawn.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    drawn._tbl.tblPr.append(parse_xml(LINES))


def _cell(cell: TableCell, text: str, *, right: bool, head: bool) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(1)
    paragraph.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.RIGHT if right else WD_ALIGN_PARAGRAPH.LEFT
    run = paragraph.add_run(text)
    run.font.size, run.bold = Pt(SMALL), head
    if "✗" in text:
        run.font.color.rgb = LOST


# ---- charts that Word draws -----------------------------------------------------------------------------------------


def add_chart(document: DocumentOf, chart: BarChart, alt: str) -> None:
    """A chart with its numbers in a sheet of its own; ``alt`` says it to those who do not see it."""
    data, package = bar_data(chart), document.part.package
    number = sum(each.content_type == CHART for each in package.iter_parts()) + 1
    space = parse_chart(ChartXmlWriter(KIND, data).xml.encode())
    style_bars(Chart(space, None), chart, SMALL)
    sheet = Part(PackURI(f"/word/embeddings/sheet{number}.xlsx"), SHEET, data._workbook_writer.xlsx_blob, package)
    part = Part(PackURI(f"/word/charts/chart{number}.xml"), CHART, b"", package)
    space._add_externalData().rId = part.relate_to(sheet, RELATIONSHIP_TYPE.PACKAGE)
    part._blob = etree.tostring(space, xml_declaration=True, encoding="UTF-8", standalone=True)
    high = ROW_HIGH * len(all_bars(chart)) + 0.4
    inline = INLINE.format(
        wide=round(WIDE * EMU_PER_CM),
        high=round(high * EMU_PER_CM),
        number=number,
        relation=document.part.relate_to(part, RELATIONSHIP_TYPE.CHART),
    )
    drawing = parse_xml(inline)
    drawing.find(f".//{qn('wp:docPr')}").set("descr", alt)
    document.add_paragraph().add_run()._r.append(drawing)
