"""A table of a page as an Excel workbook: real numbers as the page shows them, texts that stay texts, whence it is."""

from datetime import date

import pytest

from model.export.tables import TableSource, number_format_of, table_workbook
from model.report.briefing import Column, Table
from tests.export.workbook.reading import ReadWorkbook

SOURCE = TableSource("Cards", "=Mild", "7f3a2b", date(2026, 11, 2))
TABLE = Table(
    "movers",
    "Who moved most",
    (Column("Customer"), Column("Words", place="screen"), Column("PD now", "%", 1), Column("Loss", "NT$", 0)),
    (
        ("=1+1", "x", 12.345678, -1234.5678),
        (1234567890123456789, "x", None, float("inf")),
        ("@SUM(A1)", "x", 0.0, 2.0),
    ),
)


def test_the_first_lines_say_what_it_is_and_whence_and_every_row_is_there_with_every_digit():
    (rows,) = ReadWorkbook(table_workbook(TABLE, SOURCE)).sheets.values()
    assert [row[0] for row in rows[:5]] == [
        "Who moved most",
        "Cards",
        "Scenario: =Mild",
        "Release 7f3a2b · 2026-11-02",
        "",
    ]
    assert rows[5:] == [
        ["Customer", "PD now, %", "Loss, NT$"],
        ["=1+1", pytest.approx(0.12345678), -1234.5678],
        ["1234567890123456789", "", ""],
        ["@SUM(A1)", 0.0, 2.0],
    ]


def test_no_text_is_a_formula_and_the_heads_stay_in_sight():
    found = ReadWorkbook(table_workbook(TABLE, SOURCE))
    assert found.formulas() == {}
    sheet = found.parts["xl/worksheets/sheet1.xml"]
    assert '<pane ySplit="6" topLeftCell="A7"' in sheet
    assert '<autoFilter ref="A6:C9"/>' in sheet


def test_what_has_no_scenario_and_no_release_says_none():
    (rows,) = ReadWorkbook(table_workbook(TABLE, TableSource("Cards", "", "", date(2026, 11, 2)))).sheets.values()
    assert [row[0] for row in rows[:5]] == ["Who moved most", "Cards", "2026-11-02", "", "Customer"]


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        (Column("PD", "%", 1), "0.0%"),
        (Column("PD", "%"), "0.0%"),
        (Column("Loss", "NT$", 0), "#,##0"),
        (Column("Points", digits=2, signed=True), "+#,##0.00;-#,##0.00;#,##0.00"),
        (Column("Anything"), "General"),
    ],
)
def test_a_number_is_shown_as_on_the_page(column: Column, shown: str):
    assert number_format_of(column) == shown
