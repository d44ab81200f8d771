"""A file that somebody asks for comes, whoever else is at work meanwhile."""

import pytest
from playwright.sync_api import Route

from tests.browser.conftest import Visit, press, ready, settled, until

pytestmark = pytest.mark.browser

LEVER = "Balances"


def test_a_file_comes_although_others_move_levers_before_it_is_fetched(visit: Visit) -> None:
    page, other = visit("/applicant?customer=17"), visit("/applicant?customer=18")
    ready(page)
    ready(other)
    page.get_by_role("button", name="Take along").click()
    button = page.locator("[class*=st-key-_download_taken_chart_] button").first
    button.wait_for()
    settled(page)
    held: list[Route] = []
    page.context.route("**/media/**", lambda route: held.append(route))
    with page.expect_download() as taken:
        button.click()
        until(page, lambda: len(held), bool)
        for _ in range(3):
            press(other, LEVER, "ArrowRight")
            settled(other)
        page.context.unroute("**/media/**")  # what was held goes on, too
    assert taken.value.path().read_bytes().startswith(b"<svg")
