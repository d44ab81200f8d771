"""The frame around the pages: deep links, offline, and the first start of all."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    Start,
    Visit,
    book_ready,
    operations_ready,
    policy_ready,
    press,
    ready,
    sentence,
    trust,
    unfold,
)
from tests.browser.server import Server
from tests.support.second_book import NAME, TITLE

pytestmark = pytest.mark.browser

TRAINED = 300_000  # ms for a first release; about 25 s on two idle cores


def framed(page: Page) -> None:
    """The frame stands: badge, navigation on top, and no menu at the side."""
    expect(page.locator(".wi-badge")).to_contain_text("live")
    expect(page.get_by_role("navigation", name="App pages")).to_be_visible()
    expect(page.get_by_role("link", name="Book", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Customer")).to_be_visible()
    expect(page.get_by_role("link", name="Trust")).to_be_visible()
    expect(page.get_by_role("link", name="Operations")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)


def test_trust_opened_first_after_a_start_stands_in_the_frame(visit: Visit, start: Start, home: Path) -> None:
    page = visit("/trust", to=start(home))
    framed(page)
    trust(page)
    expect(page).to_have_url(re.compile("/trust$"))


def test_a_customer_opened_first_after_a_start_stands_in_the_frame(
    visit: Visit, start: Start, home: Path, customer: int
) -> None:
    page = visit(f"/applicant?customer={customer}&balances=-5", to=start(home))
    framed(page)
    ready(page)
    expect(sentence(page)).to_have_text(re.compile("^With balances"))
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_books_own_name_leads_to_the_book(visit: Visit) -> None:
    page = visit("/book?balances=20")
    framed(page)
    book_ready(page)
    expect(sentence(page)).to_have_text(re.compile("^With balances 20"))
    expect(page).to_have_url(re.compile(r"/\?balances=20$"))


def test_no_request_leaves_the_machine_on_any_page(visit: Visit, customer: int) -> None:
    page = visit(f"/applicant?customer={customer}&balances=-50")
    ready(page)
    unfold(page)
    page.get_by_role("button", name="Link").click()
    expect(page.get_by_text("This address opens the same what-if.")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Book", exact=True).click()
    book_ready(page)
    unfold(page)
    page.get_by_role("link", name="Policy").click()
    policy_ready(page)
    unfold(page)
    page.get_by_role("link", name="Trust").click()
    trust(page)
    page.get_by_role("link", name="Operations").click()
    operations_ready(page)
    unfold(page)
    framed(page)  # what was asked for on the way is looked at when the visit ends


def test_without_a_release_the_first_visitor_sees_it_trained_and_then_the_page(
    visit: Visit, start: Start, tmp_path: Path
) -> None:
    empty = tmp_path / "home"
    empty.mkdir()
    page = visit("/", to=start(empty))
    expect(page.get_by_role("heading", name="A first model is being trained")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator(".wi-number")).to_have_count(0)
    expect(page.locator(".wi-badge")).to_contain_text("live", timeout=TRAINED)
    expect(page.locator(".wi-number")).to_have_count(6)
    expect(page.get_by_role("heading", name="A first model is being trained")).to_have_count(0)


def test_the_windows_title_names_page_scenario_and_book_and_follows_them(visit: Visit, both: Server) -> None:
    page = visit("/", to=both)
    expect(page).to_have_title("Book · Taiwan credit cards · Credit What-If")
    book_ready(page)
    press(page, "Balances", "ArrowRight")
    expect(page).to_have_title(re.compile(r"Book · Balances \+\d+\s% · Taiwan credit cards · Credit What-If"))
    page.get_by_role("link", name="Policy").click()
    expect(page).to_have_title(re.compile(r"Policy · cut-off \d+ · Taiwan credit cards · Credit What-If"))
    page.get_by_role("link", name="Compare").click()
    expect(page).to_have_title("Compare · Taiwan credit cards · Credit What-If")
    page.goto(f"{both.url}/compare?of=policy&1=Now&2.cutoff=540&3.cutoff=500")
    expect(page).to_have_title("Compare · Now, Number 2 and 1 more · Taiwan credit cards · Credit What-If")
    page.goto(f"{both.url}/applicant?customer=3&book={NAME}")
    expect(page).to_have_title(re.compile(f".* 3 · {TITLE} · Credit What-If"))
    page.get_by_role("link", name="Operations").click()
    expect(page).to_have_title(f"Operations · {TITLE} · Credit What-If")
