"""The line that is asked in words, by the keyboard alone."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit, book_ready, photograph, sentence

pytestmark = pytest.mark.browser


def line(page: Page) -> Locator:
    """The line, by the name that is read out."""
    return page.get_by_role("searchbox", name="Ask in words")


def keys_wait(page: Page) -> None:
    """Until the keys are listened to: what was understood is said where this stands."""
    expect(page.locator(".st-key-ask_keys [role=status]")).to_be_attached()


def test_a_line_is_reached_completed_read_and_applied_by_keys_alone(visit: Visit):
    page = visit("/")
    book_ready(page)
    keys_wait(page)
    page.keyboard.press("/")
    expect(line(page)).to_be_focused()
    page.keyboard.type("lgd 90; unempl", delay=20)
    offered = page.get_by_role("button", name=re.compile("^Unemployment"))
    expect(offered.first).to_be_visible()
    expect(page.locator(".wi-asked li")).to_have_text(["Loss given default 90\N{NO-BREAK SPACE}%"])
    photograph(page, "ask-1-offered")

    page.keyboard.press("ArrowDown")
    expect(offered.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(line(page)).to_be_focused()
    expect(line(page)).to_have_value("lgd 90; Unemployment ")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.locator(".wi-asked li")).to_have_count(2)
    expect(page.locator(".st-key-ask_keys [role=status]")).to_have_text(re.compile("^Understood: .* Enter twice"))
    expect(sentence(page)).to_have_text(re.compile("^As the book stands"))
    photograph(page, "ask-2-understood")

    page.keyboard.press("Enter")
    expect(sentence(page)).to_have_text(re.compile("^With unemployment 3 points higher and loss given default at 90"))
    expect(line(page)).to_have_value("")
    expect(page).to_have_url(re.compile("unemployment=3"))
    expect(line(page)).to_be_focused()


def test_a_slash_in_a_field_is_a_slash(visit: Visit):
    page = visit("/")
    book_ready(page)
    keys_wait(page)
    line(page).focus()
    page.keyboard.type("1/2")
    expect(line(page)).to_have_value("1/2")
