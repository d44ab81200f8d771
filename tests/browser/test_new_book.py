"""A new book in a real browser: from a file's upload to a promoted model and a customer's reasons."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Start, Visit, photograph, sentence
from tests.data.proposing.files import loans

pytestmark = pytest.mark.browser

PATIENCE = 240_000  # milliseconds for what is worked out: a proposal, a training
GIVEN = (
    "What the model is for",
    "Who uses it",
    "Who answers for it",
    "How much depends on it (tier)",
    "What it must not be used for",
    "What it cannot say",
    "When were they drawn?",
    "How were the loans chosen?",
    "Are applicants who were declined in them?",
    "Its sign",
)


def written_file(folder: Path) -> Path:
    """A file of loans, one of whose columns is protected."""
    frame = loans(600)[["LoanID", "Loan Amount", "annual_income", "debt_ratio", "purpose", "Gender", "status"]]
    path = folder / "our loans.csv"
    path.write_text(frame.to_csv(index=False))
    return path


def questions(page: Page) -> Locator:
    """The questions that are left."""
    return page.locator(".st-key-new_book_questions [data-testid=stExpander]")


def answer_first(page: Page) -> None:
    """Give what the first question left has no answer to yet, and answer it."""
    left, question = questions(page).count(), questions(page).first
    title = question.locator("summary").inner_text()
    done = question.get_by_role("button", name="Answer")
    if not done.is_visible():
        question.locator("summary").click()
        expect(done).to_be_visible(timeout=PATIENCE)
    for label in GIVEN:
        field = question.get_by_label(label, exact=True)
        if field.count():
            field.fill("$" if label == "Its sign" else "Written by a person.")
            field.press("Control+Enter" if field.evaluate("each => each.tagName") == "TEXTAREA" else "Enter")
    done.click()
    expect(questions(page), f"{title} is answered").to_have_count(left - 1, timeout=PATIENCE)


def test_a_file_becomes_a_book_that_answers(start: Start, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    server = start(tmp_path / "home")
    page = visit("/new_book", server)
    page.locator("input[type=file]").set_input_files(written_file(tmp_path))
    expect(page.get_by_text("was read: 600 rows, 7 columns")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Begin with this file").click()
    page.get_by_label("The outcome: what became of each loan").click(timeout=PATIENCE)
    page.get_by_role("option", name="status").click()
    expect(page.get_by_text("loans that count went bad")).to_be_visible(timeout=PATIENCE)
    photograph(page, "new_book_file")
    page.get_by_role("button", name="Propose the book").click()
    expect(page.get_by_text("questions left to answer")).to_be_visible(timeout=PATIENCE)
    photograph(page, "new_book_columns")
    while questions(page).count():
        answer_first(page)
    page.get_by_role("button", name="Put them into the book").click()
    expect(page.get_by_text("The book is as decided")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="On to the model").click()
    page.get_by_text("I have read what this book decides").click(timeout=PATIENCE)
    page.get_by_role("button", name="It is right").click()
    page.get_by_role("button", name="Train", exact=True).click(timeout=PATIENCE)
    why = page.get_by_label("Why it is promoted", exact=True)
    why.fill("The first model of these loans", timeout=PATIENCE)
    why.press("Enter")
    photograph(page, "new_book_gates")
    although = page.get_by_label("Why it is promoted although a gate did not pass")
    if although.count():
        although.fill("Few loans, for a test")
        although.press("Enter")
    page.get_by_role("button", name="Promote and open the book").click()
    expect(page.get_by_text("Our loans · 600 customers")).to_be_visible(timeout=PATIENCE)
    page.goto(f"{server.url}/applicant?book=our_loans&customer=100007")
    expect(sentence(page)).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".st-key-why svg").first).to_be_visible(timeout=PATIENCE)
