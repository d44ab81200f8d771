"""Any page printed is paper: what it is, of when, by which model, answers first; black on white from either theme."""

import io
import re
from unicodedata import normalize

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.conftest import Visit, book_ready, operations_ready, policy_ready, ready, sentence, settled, trust

pytestmark = pytest.mark.browser


STRESSED = "/?preset=fed_2026_severely_adverse&severity=50&balances=20"


def compared(page: Page) -> None:
    expect(sentence(page)).to_contain_text("compared")
    settled(page)


def listed(page: Page) -> None:
    expect(sentence(page)).to_be_visible()
    settled(page)


READY = {
    "Book": (STRESSED, book_ready),
    "Customer 17": ("/applicant?customer=17&balances=-20", ready),
    "Policy": ("/policy?cutoff=531", policy_ready),
    "Scenarios": ("/scenarios", listed),
    "Compare": ("/compare?of=policy&1=Loose&1.cutoff=500&2=Tight&2.cutoff=560", compared),
    "Trust": ("/trust", trust),
    "Operations": ("/operations", operations_ready),
}
INKS = """
() => [...document.querySelectorAll(".wi-sentence, .wi-value, .wi-label, .wi-print *, .stPlotlyChart text")]
  .filter((each) => each.getClientRects().length)
  .map((each) => getComputedStyle(each)[each.closest("svg") ? "fill" : "color"])
"""
PAPERS = """
() => [...document.querySelectorAll("html, body, .stApp, .stMain, .stColumn, .stVerticalBlock")]
  .map((each) => getComputedStyle(each).backgroundColor)
"""


def printed(page: Page) -> list[str]:
    """The pages of a page as it is printed, as texts."""
    content = page.pdf(prefer_css_page_size=True, print_background=True)
    texts = (normalize("NFKC", each.extract_text()) for each in PdfReader(io.BytesIO(content)).pages)  # no ligatures
    return [re.sub(r"\s+", " ", each) for each in texts]


def dark(colour: str) -> bool:
    parts = [float(each) for each in re.findall(r"[\d.]+", colour)]
    return sum(parts[:3]) < 400


@pytest.mark.parametrize("name", READY)
def test_a_page_is_printed_as_paper_from_the_dark_theme_too(visit: Visit, name: str):
    address, wait = READY[name]
    page = visit(address, theme="dark", window=(1440, 900))
    wait(page)
    first, *rest = sheets = printed(page)
    assert first.startswith(f"page 1 of {len(sheets)} {name}")
    assert "as of September 2005" in first
    assert re.search(r"Printed on \d+ \w+ \d{4} · model [0-9a-f]{6}", first)
    said = re.sub(r"\s+", " ", page.locator(".wi-sentence").inner_text())
    assert said.split(";")[0][:60].replace(" ", "") in first.replace(" ", "")
    told = " ".join(sheets)
    for control in ("Ask in words", "Undo", "Take along", "How is this computed?", "Download as CSV"):
        assert control not in told
    assert len(rest) <= 2
    page.emulate_media(media="print")
    assert [each for each in page.evaluate(INKS) if not dark(each)] == []
    assert {each for each in page.evaluate(PAPERS) if dark(each) and not each.endswith(", 0)")} == set()
    page.emulate_media(media="screen")
    assert page.locator(".wi-print").count() == 0  # all is as it was


def test_what_is_assumed_is_a_line_and_only_open_panels_are_printed(visit: Visit):
    page = visit(STRESSED, window=(1440, 900))
    book_ready(page)
    (first, *_) = printed(page)
    assert "Assumed: Balances +20 %; Fed 2026, severely adverse; Severity 50 %." in first.replace("\u00a0", " ")
    assert "Every number, with horizon and limit" not in first
    page.get_by_text("Every number, with horizon and limit").click()
    page.locator(".stDataFrame canvas").first.wait_for()
    assert "Every number, with horizon and limit" in " ".join(printed(page))
    boxes = page.evaluate(
        "() => [...document.querySelectorAll('.main-svg')].map((each) => each.getAttribute('viewBox'))"
    )
    assert set(boxes) == {None}


def test_of_a_table_that_scrolls_paper_says_which_rows_it_has(visit: Visit):
    page = visit("/policy", window=(1440, 900))
    policy_ready(page)
    page.get_by_text("Every cut-off, as a table").click()
    page.locator(".stDataFrame table[role=grid] tbody tr").first.wait_for(state="attached")
    told = " ".join(printed(page))
    assert re.search(
        r"Of \d+ rows, 1 to \d+ were in sight\. The file below the table, CSV or Excel, has them all\.", told
    )
    expect(page.locator(".wi-print")).to_have_count(0)
