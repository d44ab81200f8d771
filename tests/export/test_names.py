"""What a file that people take along is called."""

from datetime import date

import pytest

from model.export.names import file_name

DAY = date(2026, 11, 2)


@pytest.mark.parametrize(
    ("book", "what", "scenario", "name"),
    [
        ("cards", "workbook", "Mild recession", "cards_workbook_mild-recession_2026-11-02.xlsx"),
        ("small_business", "workbook", "", "small-business_workbook_2026-11-02.xlsx"),
        ("cards", "customer 17", "Größte Härte, −5 %", "cards_customer-17_grosste-harte-5_2026-11-02.xlsx"),
        ("cards", "workbook", "../../etc/passwd", "cards_workbook_etc-passwd_2026-11-02.xlsx"),
        ("cards", "workbook", "景気後退", "cards_workbook_2026-11-02.xlsx"),
    ],
)
def test_a_file_is_named_by_book_what_scenario_and_date(book: str, what: str, scenario: str, name: str):
    assert file_name(book, what, scenario, day=DAY, kind="xlsx") == name


def test_a_long_name_of_a_scenario_is_cut_and_ends_with_a_letter():
    name = file_name("cards", "memo", "a b " * 60, day=DAY, kind="pdf")
    assert len(name) < 80
    assert "-_" not in name
