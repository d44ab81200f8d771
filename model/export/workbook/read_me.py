"""The sheet Read me: what the workbook is, of which model and book, by whom and when, and where its limits are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from data.contract import Contract
from model.export.workbook.sheets import CHECK, NOTE, PART, RIGHT, STRONG, TITLE, Sheet

READ_ME = "Read me"
WIDTH = 110  # of the column of texts, in characters
RELEASE, CONTRACT, BOOK, MADE = "Release", "Contract", "Book", "Made"  # what a workbook that comes back is known by


@dataclass(frozen=True)
class Made:
    """Of what a workbook was made: the ``release`` by its id and its ``artefact``, a sha256 over tables, contract and
    data; by ``who``, on which ``day``; what is assumed, ``scenario``, "" for nothing."""

    release: str
    artefact: str
    who: str
    day: date
    scenario: str = ""


def write_read_me(
    sheet: Sheet, contract: Contract, made: Made, *, sheets: Sequence[tuple[str, str]], checks: Sequence[str]
) -> None:
    """``sheets``: each other sheet with what it is for; ``checks``: the cells that show 0."""
    book, row = contract.book, 0
    sheet.widths((26, WIDTH))
    sheet.height(0, 24)
    sheet.text(row, 0, f"{book.title}: the deployed model as a workbook", TITLE)
    row += 2
    for label, text in _facts(contract, made):
        sheet.text(row, 0, label, STRONG)
        sheet.paragraph(row, 1, text, width=WIDTH)
        row += 1
    row += 1
    sheet.text(row, 0, "Sheets", PART)
    for name, text in sheets:
        row += 1
        sheet.text(row, 0, name, STRONG)
        sheet.paragraph(row, 1, text, width=WIDTH)
    row += 2
    sheet.text(row, 0, "Check", PART)
    row += 1
    sheet.text(row, 0, "All checks together", STRONG)
    total = "+".join(f"IF(ISNUMBER({each}),ABS({each}),0)" for each in checks) or "0"
    sheet.formula(row, 1, total, 0, {**CHECK, "align": "left", "bold": True})
    row += 1
    sheet.text(row, 1, "0 as long as every sheet agrees with itself and with what the service said.", NOTE)
    row += 2
    sheet.text(row, 0, "Limits", PART)
    for text in _limits(contract):
        row += 1
        sheet.paragraph(row, 1, text, width=WIDTH)
    row += 2
    sheet.text(row, 0, "Changes", PART)
    row += 1
    sheet.text(row, 0, made.day.isoformat(), RIGHT)
    sheet.paragraph(row, 1, f"Made by {made.who}. Write below what was changed since, by whom and why.", width=WIDTH)
    for _ in range(5):
        row += 1
        sheet.blank_input(row, 0)
        sheet.blank_input(row, 1)
    sheet.page((row, 1))


def _facts(contract: Contract, made: Made) -> Sequence[tuple[str, str]]:
    book = contract.book
    return [
        (
            "What it is",
            "The deployed model, whole, in live formulas: change a number, and it answers as the service does.",
        ),
        ("How", "Change what is blue on pale yellow. Everything else is protected, without a password, and reckons."),
        (BOOK, f"{book.name}: {book.title}, {book.as_of}, {book.sample}."),
        ("Horizon", f"{book.probability}, over {book.pd_horizon}."),
        (RELEASE, made.release),
        ("Artefact", f"{made.artefact} (sha256 of tables, contract and data)"),
        (CONTRACT, f"{contract.version}, {contract.hash}"),
        ("Scenario", made.scenario or "None: the book as it is."),
        (MADE, f"{made.day.isoformat()} by {made.who}, with Credit What-If"),
        ("Opens in", "Excel from 2010, LibreOffice, Numbers. No macro, no link to another file, no array formula."),
    ]


def _limits(contract: Contract) -> list[str]:
    own = [] if contract.card is None else list(contract.card.limits)
    same = "What a number is worth, and what is known of its error, stands on the page Trust of the dashboard."
    reasons = (
        "A reason says how the model arrives at its answer, not what would happen in the world. What changed is told "
        "as the difference of the two records' reasons, concept by concept; it adds up to the change of the score."
    )
    return [*own, contract.book.decision_note, reasons, same]
