"""The values that a screen is made of: tables as they are shown and taken along, choices as they are made."""

import csv
from datetime import datetime, timedelta, timezone
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.report import spreadsheet
from model.report.briefing import (
    DISTANCE,
    FRACTION,
    Briefing,
    Choice,
    Choices,
    Column,
    Finding,
    Panel,
    Table,
    name_apart,
)
from model.report.language import window_title
from tests.support.records import CONTRACT

COLUMNS = (Column("Name"), Column("Loss", "NT$", 0), Column("PD", "%", 1), Column("Interval", place="screen"))
COLUMNS += (Column("low", place="file"),)
TABLE = Table("t", "A table", COLUMNS, (("=1+1", 1234.567, 12.345, "1 to 2", 1.0), ("b", None, float("nan"), "", 2.0)))


def read(table: Table) -> list[list[str]]:
    return list(csv.reader(StringIO(spreadsheet.of_table(table).decode(spreadsheet.ENCODING))))


def test_a_file_holds_full_precision_units_and_no_formula() -> None:
    assert read(TABLE) == [
        ["Name", "Loss, NT$", "PD, %", "low"],
        ["'=1+1", "1234.567", "12.345", "1.0"],
        ["b", "", "", "2.0"],
    ]


def test_the_screen_shows_the_digits_of_each_column_and_nothing_where_there_is_no_number() -> None:
    assert TABLE.shown() == (("=1+1", 1235, 12.3, "1 to 2"), ("b", None, None, ""))


def test_rows_rounded_so_that_they_add_up_are_shown_as_they_are() -> None:
    parts = Table(
        "t", "t", columns=(Column("Loss", digits=0),), exact=((0.5,), (0.5,), (1.0,)), rounded=((0,), (1,), (1,))
    )
    assert [row[0] for row in parts.shown()] == [0, 1, 1]
    assert [row[0] for row in parts.exact] == [0.5, 0.5, 1.0]


@pytest.mark.parametrize("rounded", [((1,),), ((1, 2), (3, 4), (5, 6))])
def test_rows_that_do_not_fit_are_refused(rounded: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(AssertionError, match="t: "):
        Table("t", "t", columns=(Column("a"), Column("b")), exact=((1, 2), (3, 4)), rounded=rounded)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=20))
def test_every_number_comes_back_from_its_file(values: list[float]) -> None:
    rows = read(Table("t", "t", (Column("x", digits=2), Column("y")), tuple((each, "y") for each in values)))[1:]
    for (text, _), value in zip(rows, values, strict=True):
        assert text == "" if value != value or abs(value) == float("inf") else float(text) == value


FRUIT = Choice("_fruit", "Fruit", (("", "none"), ("apple", "Apple")), "")
SHARE = Choice("_share", "Share", default=10.0, low=0.0, high=100.0)


@pytest.mark.parametrize(
    ("given_", "chosen", "wrong"), [({}, "", False), ({"_fruit": "apple"}, "apple", False), ({"_fruit": "x"}, "", True)]
)
def test_an_option_is_chosen_or_the_default(given_: dict[str, str], chosen: str, wrong: bool) -> None:
    assert FRUIT.of(given_) == chosen
    assert bool(FRUIT.trouble(given_)) is wrong


@pytest.mark.parametrize(
    ("given_", "chosen", "wrong"),
    [
        (None, 10.0, False),
        ("12.5", 12.5, False),
        ("abc", 10.0, True),
        ("nan", 10.0, True),
        ("101", 10.0, True),
        ("inf", 10.0, True),
    ],
)
def test_a_number_is_chosen_within_its_ends_or_the_default(given_: str | None, chosen: float, wrong: bool) -> None:
    choices = {} if given_ is None else {"_share": given_}
    assert SHARE.number(choices) == chosen
    assert ("0 to 100" in SHARE.trouble(choices)) is wrong


def test_findings_are_worked_out_once_and_only_when_asked_for() -> None:
    asked = []

    def make() -> tuple[Finding, ...]:
        asked.append(1)
        return (Finding("a"),)

    said = Briefing("book", "A sentence.", (), make_findings=make)
    assert asked == []
    assert said.findings is said.findings
    assert asked == [1]


def test_checks_are_made_once_and_only_when_asked_for() -> None:
    asked = []

    def make() -> tuple[Finding, ...]:
        asked.append(1)
        return (Finding("a"),)

    said = Briefing("book", "A sentence.", (), make_checks=make)
    assert said.findings == ()
    assert asked == []
    assert said.checks is said.checks
    assert asked == [1]


def test_a_panel_answers_part_by_part_by_the_choices_of_all_of_them() -> None:
    def fruit(choices: Choices) -> tuple[Finding, ...]:
        return (Finding("fruit", note=FRUIT.of(choices)),)

    def share(choices: Choices) -> tuple[Finding, ...]:
        return (Finding("share", note=f"{SHARE.number(choices):g}"),)

    parts = (Panel("one", "Which fruit?", fruit, (FRUIT,)), Panel("other", "How much?", share, (SHARE,)))
    panel = Panel("_both", "Fruit and share", parts=parts)
    assert panel.every_choice() == (FRUIT, SHARE)
    told = [each for each in panel.answers({"_fruit": "apple", "_share": 20.0}) if isinstance(each, Finding)]
    assert [each.headline or each.note for each in told] == ["Which fruit?", "apple", "How much?", "20"]
    assert Briefing("book", "", tiles=(), choices=(SHARE,), panels=(panel,)).every_choice() == (SHARE, FRUIT, SHARE)


def test_a_column_in_the_books_own_words_is_told_apart_from_another_of_that_name() -> None:
    columns = (Column("Loss"), Column("Loss\N{NO-BREAK SPACE}"))
    assert name_apart("Sector", columns) == "Sector"
    assert name_apart("Loss", columns).rstrip() == "Loss"
    assert name_apart("Loss", columns) not in {each.name for each in columns}


def test_what_is_presented_is_larger_and_has_no_table() -> None:
    chart = {"data": [{"type": "bar"}], "layout": {"height": 200, "margin": {"l": 100}}}
    found = Finding("a", "A headline", chart=chart, alt="in words", table=TABLE, half=True).presented(300)
    assert (found.headline, found.alt, found.table, found.half) == ("A headline", "in words", None, False)
    assert found.chart is not None
    assert (found.chart["layout"]["height"], chart["layout"]["height"]) == (300, 200)
    assert Finding("b", "No chart").presented(300).chart is None


def test_the_title_of_a_window_names_page_scenario_and_book_in_short() -> None:
    book = CONTRACT.book.title
    assert window_title(CONTRACT, "Book", ()) == f"Book · {book} · Credit What-If"
    assert window_title(CONTRACT, "Book", ("A", "B", "C", "D")) == f"Book · A, B and 2 more · {book} · Credit What-If"


def test_shares_are_exact_as_fractions_and_read_in_percent_and_their_differences_in_points() -> None:
    columns = (Column("PD", FRACTION, 1), Column("Apart", DISTANCE, 2), Column("Loss", "NT$", 0), Column("Name"))
    table = Table("t", "T", columns, ((0.29, -0.0712345, 0.29, "0.29"), (None, None, None, "")))
    assert [each.heading for each in columns] == ["PD, %", "Apart, points", "Loss, NT$", "Name"]
    assert [each.head for each in columns] == ["PD", "Apart, points", "Loss, NT$", "Name"]
    assert table.filed() == ((29.0, -7.12345, 0.29, "0.29"), (None, None, None, ""))
    assert table.shown()[0] == (29.0, -7.12, 0, "0.29")
    assert table.exact[0][0] == 0.29
    lines = spreadsheet.of_table(table).decode("utf-8-sig").splitlines()
    assert lines == ['"PD, %","Apart, points","Loss, NT$",Name', "29.0,-7.12345,0.29,0.29", ",,,"]


def test_a_moment_is_filed_in_utc_as_iso_8601_has_it() -> None:
    at = datetime(2026, 11, 30, 11, 16, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    assert spreadsheet.moment(at) == spreadsheet.moment(at.isoformat()) == "2026-11-30T10:16:00Z"
    assert spreadsheet.moment(None) == spreadsheet.moment("") == ""
