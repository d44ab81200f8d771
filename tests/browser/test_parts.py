"""What a control draws of a page is what the whole page would show: parts nobody asked for stand as they should."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, book_ready, policy_ready, ready, sentence, settled, unfold

pytestmark = pytest.mark.browser

SHOWN = """() => {
  const told = (each) => ["aria-label", "aria-valuenow", "aria-valuetext", "aria-checked", "aria-pressed", "disabled"]
    .map((name) => each.getAttribute(name));
  const place = document.querySelector(".st-key-sides");
  const controls = place.querySelectorAll("input, textarea, button, [role=slider], [role=combobox]");
  const lines = place.innerText.split("\\n").filter((each) => each.trim());
  return [...lines, ...[...controls].map((each) => [each.value ?? "", ...told(each)].join("|"))];
}"""


def held_against_the_whole(page: Page, doing: str, act: Callable[[], object]) -> None:
    """Do something; then what stands must be what stands once the whole page is drawn anew."""
    act()
    settled(page)
    shown = page.evaluate(SHOWN)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("r")
    settled(page)
    assert page.evaluate(SHOWN) == shown, doing


def click(page: Page, name: str, exact: bool = True) -> Callable[[], None]:
    """A click on a button."""
    return lambda: page.locator(".st-key-sides").get_by_role("button", name=name, exact=exact).first.click()


def choose(page: Page, label: str, option: str) -> None:
    """Choose in a list."""
    place = page.get_by_role("combobox", name=label).first
    place.scroll_into_view_if_needed()
    settled(page)  # a list that is opened while the page still scrolls closes again
    place.click()
    page.get_by_role("option", name=option).first.click()


def type_in(page: Page, label: str, value: str) -> None:
    """Type a number and leave the field."""
    place = page.get_by_role("spinbutton", name=label).first
    place.fill(value)
    place.press("Tab")


def move(page: Page, name: str, key: str) -> None:
    """Press a key on the lever of a name; a coefficient's begins with the same."""
    thumb = page.get_by_role("slider", name=re.compile(f"^{re.escape(name)} ·")).first
    thumb.focus()
    thumb.press(key)


def levers(page: Page) -> list[str]:
    """The names of the sliders that stand."""
    return [str(each.get_attribute("aria-label")).split(" · ")[0] for each in page.get_by_role("slider").all()]


@pytest.mark.parametrize("opened", [False, True], ids=["panels closed", "panels open"])
def test_book(visit: Visit, opened: bool) -> None:
    page = visit("/")
    book_ready(page)
    if opened:
        for panel in ("_tornado", "_who", "_coefficients"):
            page.locator(f".st-key-{panel} summary").click()
            settled(page)
    held_against_the_whole(page, "a preset", lambda: choose(page, "Regulator's scenario", "Fed 2026"))
    for name in levers(page):
        held_against_the_whole(page, name, lambda name=name: move(page, name, "ArrowRight"))
    held_against_the_whole(page, "a field", lambda: type_in(page, "Credit limits", "-12.5"))
    held_against_the_whole(page, "a chip", page.locator(".st-key-changed button").first.click)
    held_against_the_whole(page, "undo", click(page, "Undo"))
    held_against_the_whole(page, "a segment", page.locator(".st-key-_segment button").last.click)
    band = page.locator(".st-key-bands button").first
    held_against_the_whole(page, "a band", band.click)
    held_against_the_whole(page, "the whole book", click(page, "The whole book", exact=False))
    held_against_the_whole(page, "what is computed", page.locator(".st-key-_method summary").click)
    held_against_the_whole(page, "a lever, with that open", lambda: move(page, "Unemployment", "ArrowLeft"))
    held_against_the_whole(page, "reset", click(page, "Reset"))
    expect(sentence(page)).to_have_text(re.compile("^As the book stands"))


@pytest.mark.parametrize("opened", [False, True], ids=["panels closed", "panels open"])
def test_customer(visit: Visit, opened: bool) -> None:
    page = visit("/applicant?customer=12345")
    ready(page)
    if opened:
        unfold(page)
    for name in levers(page):
        held_against_the_whole(page, name, lambda name=name: move(page, name, "ArrowRight"))
    held_against_the_whole(page, "a field", lambda: type_in(page, "Balances", "-37.5"))
    held_against_the_whole(page, "undo", click(page, "Undo"))
    held_against_the_whole(page, "another input", lambda: choose(page, "One input at a time", "Credit limit"))
    held_against_the_whole(page, "another customer", lambda: type_in(page, "Customer number", "12"))
    held_against_the_whole(page, "a starting point", page.locator(".st-key-_start button").first.click)
    held_against_the_whole(page, "a lever of that", lambda: move(page, "Balances", "ArrowLeft"))
    held_against_the_whole(page, "reset", click(page, "Reset"))
    held_against_the_whole(page, "your own", page.locator(".st-key-_start button").last.click)
    expect(page.locator(".st-key-_own_record")).to_be_visible()


@pytest.mark.parametrize("opened", [False, True], ids=["panels closed", "panels open"])
def test_policy(visit: Visit, opened: bool) -> None:
    page = visit("/policy")
    policy_ready(page)
    if opened:
        unfold(page)
    held_against_the_whole(page, "the cut-off", lambda: move(page, "Cut-off", "ArrowRight"))
    held_against_the_whole(page, "a jump", click(page, "Best", exact=False))
    held_against_the_whole(page, "a goal", lambda: type_in(page, "at most (%)", "14"))
    held_against_the_whole(page, "going there", click(page, "Go there"))
    held_against_the_whole(page, "an assumption", lambda: type_in(page, "Loss given default", "80"))
    held_against_the_whole(page, "undo", click(page, "Undo"))
    expect(page.get_by_role("button", name="Reset")).to_be_enabled()
    held_against_the_whole(page, "reset", click(page, "Reset"))
