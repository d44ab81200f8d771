"""The memo as it is taken along, and as its reader opens it: offline, without a script, and still it can be asked."""

import re
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from data.books import Book
from model.deployed.model import DeployedModel
from model.export.memo.memo import Occasion
from model.export.memo.page import memo_page
from model.export.memo.subjects import memo_of
from model.release.release import Release
from tests.browser.conftest import Visit, downloaded, sentence
from tests.support.records import TODAY, stressed

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("wide", [1280, 390])
def test_the_memo_is_read_offline_and_shows_what_is_asked_of_it(
    browser: Browser, release: Release, book: Book, tmp_path: Path, wide: int
):
    file = tmp_path / "memo.html"
    memo = memo_of(
        DeployedModel(book, release.scorer, release), stressed(unemployment=2, balances=20), Occasion("A", TODAY)
    )
    file.write_text(memo_page(memo))
    context = browser.new_context(offline=True, java_script_enabled=False, viewport={"width": wide, "height": 800})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    page.goto(file.as_uri())
    headings = [each.headline for _, each in memo.parts[0].versions]
    expect(page.get_by_role("heading", name=headings[0])).to_be_visible()
    expect(page.get_by_role("heading", name=headings[1])).to_be_hidden()
    page.get_by_text("Capital", exact=True).locator("visible=true").last.click()
    expect(page.get_by_role("heading", name=headings[1])).to_be_visible()
    expect(page.get_by_role("heading", name=headings[0])).to_be_hidden()
    bar = page.locator(".version:visible .bar").nth(1)
    expect(bar.locator(".tip")).to_have_css("opacity", "0")
    bar.focus()
    expect(bar.locator(".tip")).to_have_css("opacity", "1")
    page.get_by_text("Exact figures").locator("visible=true").first.click()
    expect(page.get_by_role("cell", name="30000", exact=True).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    assert asked == [file.as_uri()]
    context.close()


def test_an_analyst_takes_the_memo_of_a_comparison_along(visit: Visit, tmp_path: Path):
    page = visit("/compare?of=book&1=As+it+stands&2=Half&2.preset=fed_2026_severely_adverse&2.severity=50")
    said = sentence(page).inner_text().replace("\u00a0", " ")
    page.get_by_role("button", name="Take along").click()
    taken = downloaded(page.get_by_role("button", name="Board memo, a page to read and ask"))
    assert re.fullmatch(r"cards_memo_2-compared_\d{4}-\d\d-\d\d\.html", taken.suggested_filename)
    file = tmp_path / taken.suggested_filename
    taken.save_as(file)
    assert said in unescape(file.read_text("utf-8")).replace("\u00a0", " ")
