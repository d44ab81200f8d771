"""The paper as HTML, PDF and Word: every number of it stands in each, and the same paper gives the same bytes."""

import io
import re
import zipfile
from html.parser import HTMLParser

import pytest
from docx import Document
from pypdf import PdfReader

from data.errors import BadInput
from model.deployed.model import DeployedModel
from model.export.bars import bar_charts
from model.export.memo.files import PAPERS
from model.export.memo.memo import Memo
from model.export.memo.page import memo_page
from model.export.memo.pdf import memo_pdf
from model.export.memo.subjects import memo_of
from model.export.memo.word import memo_word
from model.export.settled import settled
from model.report.comparison.briefing import name_of_member
from model.whatif.comparison.comparison import Comparison
from tests.export.conftest import OCCASION
from tests.support.papers import plain, said_by, said_of, squeezed
from tests.support.records import stressed

MOST = 1_500_000  # bytes of a page
VOID = {"meta", "br", "input", "col", "rect", "line"}


class Texts(HTMLParser):
    """The texts of a page, and the tags that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.tags: list[str] = []
        self.seen: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.addresses += [f"{name}={value}" for name, value in attrs if name in ("src", "href", "srcset", "action")]
        if tag not in VOID:
            self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.tags.pop() == tag

    def handle_data(self, data: str) -> None:
        self.told.append(data)


def read_page(text: str) -> Texts:
    found = Texts()
    found.feed(text)
    assert found.tags == []
    return found


def test_the_page_says_everything_in_each_version_and_needs_nothing_else(memo: Memo):
    page = memo_page(memo)
    found = read_page(page)
    told = plain(" ".join(found.told))
    assert [each for each in said_by(memo) if each not in told] == []
    others = [text for part in memo.parts for _, each in part.versions for text in said_of(each)]
    assert [each for each in map(plain, others) if each not in told] == []
    assert found.seen & {"script", "img", "link", "iframe", "object", "form"} == set()
    assert found.addresses == []
    assert re.findall(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", page) == []
    assert "default-src 'none'" in page
    assert len(page.encode()) <= MOST


def test_what_people_call_things_is_no_markup(memos: dict[str, Memo]):
    page = memo_page(memos["comparison"])
    assert "Half &lt;i&gt;" in page
    assert "<i>" not in page
    assert "<b>" not in page.partition("<h2>")[0]


def test_the_page_can_be_asked_for_more(memos: dict[str, Memo]):
    page = memo_page(memos["book"])
    measures, segments = (len(each.versions) for each in memos["book"].parts)
    assert page.count("type='radio'") == measures + segments
    assert page.count("<details>") == segments
    assert page.count("<g class='bar' tabindex='0'>") == sum(
        len(chart.bars) for part in memos["book"].parts for _, each in part.versions for chart in bar_charts(each.chart)
    )


@pytest.mark.office
def test_scenarios_of_long_names_are_compared_on_two_pages(model: DeployedModel):
    found = Comparison()
    for k in range(3):
        each = stressed(unemployment=k, balances=-45, payments=-10)
        found = found.with_member(name_of_member(model.contract, each), each)
    memo = memo_of(model, found, OCCASION)
    pages = PdfReader(io.BytesIO(memo_pdf(memo))).pages
    assert len(pages) == 2
    assert squeezed(memo.parts[2].first.headline) in squeezed(pages[0].extract_text())  # begins there, and goes on


@pytest.mark.office
def test_the_pdf_says_everything_on_two_pages_at_most(memo: Memo):
    found = PdfReader(io.BytesIO(memo_pdf(memo)))
    told = squeezed(" ".join(page.extract_text() for page in found.pages))
    assert [each for each in said_by(memo) if squeezed(each) not in told] == []
    assert len(found.pages) <= 2
    for k, page in enumerate(found.pages, 1):
        assert f"page{k}of{len(found.pages)}" in squeezed(page.extract_text())
    assert found.metadata is not None
    assert (found.metadata.title, found.metadata.author) == (memo.title, memo.occasion.who)


def word_texts(content: bytes) -> tuple[str, list[str]]:
    """What a document says, and the XML of its charts in order."""
    document = Document(io.BytesIO(content))
    body = [each.text for each in document.paragraphs]
    body += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    body += [each.text for each in document.sections[0].footer.paragraphs]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = sorted((name for name in archive.namelist() if name.startswith("word/charts/chart")), key=_number)
        charts = [archive.read(name).decode() for name in names]
    return plain(" ".join(body)), charts


def _number(name: str) -> int:
    return int(re.sub(r"\D", "", name))


def test_word_says_everything_with_charts_that_can_be_edited(memo: Memo):
    content = memo_word(memo)
    told, charts = word_texts(content)
    drawn = [each for part in memo.parts for each in bar_charts(part.first.chart)]
    assert len(charts) == len(drawn)
    in_charts = plain(" ".join(re.findall(r"<(?:c:v|a:t)>([^<]*)<", " ".join(charts)))).replace("&lt;", "<")
    both = f"{told} {in_charts.replace('&gt;', '>')}"
    assert [each for each in said_by(memo) if each not in both] == []
    for xml, chart in zip(charts, drawn, strict=True):
        series = [
            [float(value) for value in re.findall(r"<c:v>([^<]*)</c:v>", part.partition("<c:val>")[2])]
            for part in xml.split("<c:ser>")[1:]
        ]
        shown = [sum(each) for each in zip(series[1], series[3], strict=True)]
        wanted = [abs(bar.end - bar.start) for bar in chart.bars]
        assert [abs(each) for each in shown[: len(wanted)]] == pytest.approx(wanted, abs=1e-5)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert sum(name.endswith(".xlsx") for name in archive.namelist()) == len(drawn)
        assert archive.read("word/document.xml").decode().count("descr=") == len(drawn)
        foot = archive.read("word/footer1.xml").decode()
    assert "NUMPAGES" in foot


@pytest.mark.parametrize(
    "kind", [pytest.param(each, marks=pytest.mark.office) if each == "pdf" else each for each in PAPERS]
)
def test_the_same_paper_gives_the_same_bytes(memos: dict[str, Memo], kind: str):
    make = PAPERS[kind].make
    assert make(memos["customer"]) == make(memos["customer"])


def test_files_of_office_keep_the_day_they_are_given(memos: dict[str, Memo]):
    content = memo_word(memos["book"])
    assert settled(content, memos["book"].occasion.day) == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"2026-11-02T00:00:00Z" in archive.read("docProps/core.xml")


def test_without_what_sets_text_a_pdf_says_what_to_do(memos: dict[str, Memo], monkeypatch: pytest.MonkeyPatch):
    class Lacking:
        def find_spec(self, name: str, *_rest: object) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    import sys

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Lacking(), *sys.meta_path])
    with pytest.raises(BadInput, match="needs the library Pango"):
        memo_pdf(memos["book"])
