"""Scenarios in a real browser: saved on the book, found again on their page, presented by keyboard, opened."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Start, Visit, book_ready, photograph, sentence, settled

pytestmark = pytest.mark.browser


def test_scenario_is_saved_on_the_book_presented_by_keyboard_and_opened_again(
    own_home: Path, start: Start, visit: Visit
) -> None:
    server = start(own_home)
    page = visit("/book?unemployment=3", to=server)
    book_ready(page)
    said = sentence(page).inner_text()
    for name in ("Board's base", "The same again"):
        if page.get_by_label("Name", exact=True).count() == 0:
            page.get_by_role("button", name="Save").first.click()
        field = page.get_by_label("Name", exact=True)
        field.fill(name)
        page.get_by_test_id("stFormSubmitButton").get_by_role("button", name="Save").click()
        expect(page.get_by_text(f"Saved as “{name}”, version 1.")).to_be_visible()
    photograph(page, "scenarios-1-save")
    page.keyboard.press("Escape")
    expect(page.locator(".wi-open")).to_have_text("“The same again” · version 1")
    page.get_by_role("link", name="Scenarios").click()
    expect(sentence(page)).to_have_text(re.compile("^2 scenarios of Taiwan credit cards: 2 drafts"))
    settled(page)
    photograph(page, "scenarios-2-list")

    page.keyboard.press("p")
    expect(sentence(page)).to_have_text(re.compile("^“The same again”: Unemployment"))
    photograph(page, "scenarios-3-present")
    page.keyboard.press("ArrowRight")
    expect(sentence(page)).to_have_text(re.compile("^“Board's base”: Unemployment"))
    expect(page.get_by_text("2 of 2")).to_be_visible()
    page.keyboard.press("Escape")

    page.get_by_role("combobox", name=re.compile("Scenario")).first.click()
    page.get_by_role("option", name=re.compile("Board's base")).click()
    expect(sentence(page)).to_have_text(re.compile("^“Board's base”: Unemployment"))
    expect(page).to_have_url(re.compile(r"/scenarios\?scenario=[0-9a-f]{12}$"))
    expect(page).to_have_title("Scenarios · Board's base · Taiwan credit cards · Credit What-If")
    settled(page)
    photograph(page, "scenarios-4-opened")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    for width in (1280, 820, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_role("link", name="Open on the page Book").click()
    book_ready(page)
    expect(page).to_have_url(re.compile(r"unemployment=3&saved-as=[0-9a-f]{12}$"))
    expect(sentence(page)).to_have_text(said)
    expect(page.locator(".wi-open")).to_have_text("“Board's base” · version 1")
