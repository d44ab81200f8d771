"""The app for a phone as it comes from the dashboard: by its link, under its address, and kept without it."""

import json
import urllib.request

import pytest
from playwright.sync_api import Browser, expect

from model.release.release import Release
from tests.browser.conftest import Visit, newcomer, operations_ready
from tests.browser.phone import PhoneVisit
from tests.browser.server import Server

pytestmark = pytest.mark.browser


def test_operations_leads_to_it(visit: Visit):
    page = visit("/operations")
    operations_ready(page)
    link = page.get_by_role("link", name="On a phone")
    expect(link).to_have_attribute("href", "/phone/cards/")


def test_it_is_installed_from_the_dashboard_and_answers_without_it(browser: Browser, server: Server, release: Release):
    context = newcomer(browser, server)
    seen = PhoneVisit(context.new_page())
    seen.page.on("console", lambda said: said.type in ("error", "warning") and seen.complaints.append(said.text))
    seen.page.goto(f"{server.url}/phone")
    assert seen.page.url == f"{server.url}/phone/cards/"
    seen.ready()
    assert release.id[:6] in seen.badge()
    before = seen.numbers()
    context.set_offline(True)
    seen.page.reload()
    seen.answered()
    assert seen.numbers() == before
    assert seen.complaints == []
    context.close()


def asked(server: Server, file: str) -> urllib.request.Request:
    """A file of the package, as a browser asks for it that opened the printed link."""
    return urllib.request.Request(f"{server.url}/phone/cards/{file}", headers=server.shown)


def test_no_other_page_shows_it_in_a_frame(server: Server):
    with urllib.request.urlopen(asked(server, "")) as answer:
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    with urllib.request.urlopen(asked(server, "contents.json")) as answer:
        assert json.load(answer)["book"] == "cards"
