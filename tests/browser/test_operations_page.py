"""The operations page in a real browser: a file from the upload to the workbook taken along; calls and their replay."""

import json
import re
import urllib.request
from pathlib import Path

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from python_calamine import CalamineWorkbook

from data.books import Book
from model.engine.scorer import TableScorer
from model.engine.tables import probability
from model.record.database import engine
from model.record.trail import recent
from model.release.store import Store
from model.report import numbers
from model.settings import Settings
from tests.browser.conftest import (
    STREAMLITS_OWN,
    Start,
    Visit,
    book_ready,
    downloaded,
    operations_ready,
    photograph,
    settled,
    trust,
    until,
)
from tests.browser.server import Server
from tests.browser.test_look import THEMES, WIDER, Theme
from tests.support.forging import shifted

pytestmark = pytest.mark.browser

CALLS = ".st-key-_calls"
BAD = {
    8: "Credit limit must be",
    31: "“a lot” is no number",
    32: "cannot worsen by more than four months",
}  # by customer


@pytest.fixture
def customers(book: Book, tmp_path: Path) -> Path:
    """A file of a hundred customers, three of them impossible."""
    frame = pd.DataFrame(book.raw[:, :100].T.astype(int), columns=[each.name for each in book.contract.record])
    frame.insert(0, "customer", book.ids[:100])
    frame = frame.assign(branch="<b>north</b>").astype(object)
    frame.loc[7, "limit"] = -5
    frame.loc[30, "bill_1"] = "a lot"
    frame.loc[31, ["status_1", "status_2"]] = [8, 0]
    path = tmp_path / "customers.csv"
    path.write_text(frame.to_csv(index=False))
    return path


def panel(page: Page) -> Locator:
    """Where a file is scored, unfolded."""
    found = page.locator(".st-key-_upload_panel")
    found.locator("summary").click()
    expect(found.get_by_test_id("stFileUploader")).to_be_visible()
    settled(page)
    return found


def give(page: Page, path: Path) -> Locator:
    """Upload a file, until it is scored."""
    found = panel(page)
    found.locator("input[type=file]").set_input_files(path)
    expect(found.locator(".wi-number")).to_have_count(5)
    expect(found.get_by_test_id("stDataFrame")).to_have_count(2)
    settled(page)
    return found


def sentence(found: Locator) -> Locator:
    """The sentence of the panel; the page has one of its own above."""
    return found.locator(".wi-sentence")


def test_a_file_with_three_bad_rows_is_scored_and_taken_along(
    visit: Visit, customers: Path, book: Book, scorer: TableScorer, tmp_path: Path
) -> None:
    page = visit("/operations")
    found = give(page, customers)
    photograph(page, "operations-scored")
    expect(sentence(found)).to_have_text(
        re.compile(r"^97 of 100 customers scored; 3 rows refused; \d+ would be granted, mean PD [\d.]+\s%\.$")
    )
    cells = found.get_by_test_id("stDataFrame").nth(1).locator("td")  # what the canvas says to those who cannot see it
    expect(cells).to_have_count(9)
    expect(cells.last).to_have_text(re.compile(r"\w"))
    lines, people, reasons = (cells.all_text_contents()[k::3] for k in range(3))
    assert lines == [str(each + 1) for each in BAD]
    assert people == [str(each) for each in BAD]
    assert all(told in reason for told, reason in zip(BAD.values(), reasons, strict=True))

    given = downloaded(found.get_by_role("button", name="Download as Excel"))
    path = tmp_path / given.suggested_filename
    given.save_as(path)
    with CalamineWorkbook.from_path(path) as workbook:
        head, *rows = workbook.get_sheet_by_name("Results").to_python()
        refused = workbook.get_sheet_by_name("Refused rows").to_python()[1:]
    frame = pd.DataFrame(rows, columns=head).set_index("Customer")
    own = dict(zip(book.ids.tolist(), probability(scorer.margins(book.raw)).tolist(), strict=True))
    assert frame["PD, %"].to_dict() == pytest.approx(
        {k: own[k] for k in book.ids[:100].tolist() if k not in BAD}, rel=1e-14
    )
    shown, mean = found.locator(".wi-number .wi-value").all_inner_texts(), frame["PD, %"].mean()  # shown in percent
    assert shown[:4] == [
        "97",
        "3",
        str((frame["Decision"] == "Granted").sum()),
        numbers.percent(mean),
    ]
    assert [int(row[1]) for row in refused] == list(BAD)


def test_the_file_is_there_again_after_a_look_at_another_page(visit: Visit, customers: Path) -> None:
    page = visit("/operations")
    before = sentence(give(page, customers)).inner_text()
    page.get_by_role("link", name="Trust").click()
    trust(page)
    page.get_by_role("link", name="Operations").click()
    found = page.locator(".st-key-_upload_panel")  # open already, for there is something in it
    expect(sentence(found)).to_have_text(before)
    settled(page)
    expect(found.get_by_text("Shown: customers.csv")).to_be_visible()
    page.get_by_role("button", name="Forget this file").click()
    expect(found.locator(".wi-invitation")).to_be_visible()


def test_what_a_file_says_is_no_markup(visit: Visit, customers: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil.csv"
    evil.write_text(customers.read_text().replace("bill_3", "<i>bill_3", 1))
    page = visit("/operations")
    found = panel(page)
    found.locator("input[type=file]").set_input_files(evil)
    expect(sentence(found)).to_have_text(re.compile("^Not read: .* Rename “<i>bill_3” to bill_3, or start"))
    expect(sentence(found).locator("i")).to_have_count(0)


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(visit: Visit, customers: Path, theme: Theme) -> None:
    page = visit("/operations", theme=theme)
    give(page, customers)
    photograph(page, f"operations-scored-{theme}")
    found = [
        (each["id"], [node["target"] for node in each["nodes"]]) for each in Axe().run(page).response["violations"]
    ]
    assert [each for each in found if each != STREAMLITS_OWN] == []
    assert page.evaluate(WIDER) == []


# ---- calls ----------------------------------------------------------------------------------------------------------


def posted(server: Server, book: Book, customers: int) -> str:
    """A request over REST to the same server; the call's id."""
    tensors = [
        {"name": each.name, "shape": [customers, 1], "datatype": "FP64", "data": book.raw[k, :customers].tolist()}
        for k, each in enumerate(book.contract.record)
    ]
    request = urllib.request.Request(
        f"{server.url}/api/v2/models/credit/infer",
        json.dumps({"inputs": tensors}).encode(),
        {"Content-Type": "application/json", **server.shown},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        return str(json.load(answer)["id"])


def listed(page: Page) -> tuple[Locator, list[list[str]]]:
    """The panel of recent calls, unfolded, and its rows."""
    found = page.locator(CALLS)
    found.locator("summary").click()
    told = found.get_by_test_id("stDataFrame").locator("td")
    expect(told.nth(7)).to_have_text(re.compile("."))
    settled(page)
    cells = told.all_text_contents()
    return found, [cells[k : k + 8] for k in range(0, len(cells), 8)]


def test_a_call_over_rest_appears_and_is_done_again(
    visit: Visit, start: Start, own_home: Path, book: Book, scorer: TableScorer
) -> None:
    server = start(own_home)
    name = posted(server, book, 3)
    page = visit("/operations", to=server)
    operations_ready(page)
    expect(page.locator(".wi-number").nth(3)).to_contain_text("1 call, none failed")
    found, rows = listed(page)
    (row,) = [each for each in rows if each[7] == name]
    assert row[1:5] == ["local user", "scored by request", "Taiwan credit cards", "3"]
    found.get_by_role("button", name="Replay").click()
    told = found.get_by_test_id("stAlert")
    expect(told).to_contain_text("which answered then, gives the same numbers. The same, bit for bit: pd.")
    settled(page)
    photograph(page, "operations-replayed")


def test_a_what_if_that_stands_appears_among_the_calls(visit: Visit, start: Start, own_home: Path) -> None:
    server = start(own_home)
    page = visit("/?balances=20", to=server)
    book_ready(page)
    record = engine(Settings(home=own_home))
    assert until(page, lambda: recent(record), len)  # what stands for some seconds counts as settled on
    record.dispose()
    page.get_by_role("link", name="Operations").click()
    operations_ready(page)
    found, rows = listed(page)
    assert rows[0][1:5] == ["local user", "what-if, book", "Taiwan credit cards", "whole book"]
    found.get_by_role("button", name="Replay").click()
    expect(found.get_by_test_id("stAlert")).to_contain_text("gives the same numbers")


def reason(found: Locator, why: str) -> None:
    """Say why, and wait until the page has taken it: its answer would draw the buttons anew under a click."""
    field = found.get_by_label("Why", exact=True)
    field.fill(why)
    field.press("Enter")
    settled(found.page)


def test_releases_change_who_answers_in_the_badge(visit: Visit, start: Start, own_home: Path) -> None:
    store = Store(own_home, "cards")
    first, other = store.resolve("champion"), shifted(store, 0.5)
    page = visit("/operations", to=start(own_home))
    operations_ready(page)
    expect(page.locator(".wi-badge")).to_contain_text(f"model {first[:6]} live")
    found = page.locator(".st-key-_challenger")
    found.locator("summary").click()
    settled(page)
    reason(found, "Newer data")
    found.get_by_role("button", name="Promote", exact=True).click()  # the newest release is chosen
    asked = found.locator(".st-key-asking")
    expect(asked).to_contain_text("Approval rate at today's cut-off")
    asked.get_by_role("button", name="No, leave it").click()
    expect(asked).to_have_count(0)
    found.get_by_role("button", name="Promote", exact=True).click()
    asked.get_by_role("button", name="Yes, promote it").click()
    expect(page.locator(".wi-badge")).to_contain_text(f"model {other[:6]} live")
    expect(page.get_by_text(f"{other[:6]} is now the champion.")).to_be_visible()
    reason(found, "Too late")
    found.get_by_role("button", name="Roll back").click()
    expect(page.locator(".wi-badge")).to_contain_text(f"model {first[:6]} live")
    settled(page)
