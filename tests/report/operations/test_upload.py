"""What is said of a file that was scored: the sentence, five numbers, the results, the rows refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model.report.briefing import Finding, Item
from model.report.numbers import NBSP
from model.report.operations import upload
from model.report.operations.upload import BadRow, FileReasons, ScoredFile
from tests.report.operations.samples import CARDS, LOANS

ASSUMED = {each.name: each.default for each in CARDS.assumptions} | {"cutoff": 520.0}
REASONS = FileReasons(
    np.full(3, 600),
    np.array([["Late payments", "Amounts paid", ""], ["Amounts paid", "", ""]], object),
    np.array([[-46, 11, 0], [-11, 0, 0]]),
    np.array([3, 0, 0]),
)


def scored(**changes: Any) -> ScoredFile:
    """Three customers, of whom the second is the riskiest."""
    found = ScoredFile(
        contract=CARDS,
        release="60e46aa39f99",
        assumptions=ASSUMED,
        names=np.array([11, 12, 13]),
        lines=np.array([2, 3, 5]),
        pd=np.array([0.125, 0.5, 0.25]),
        scores=np.array([560, 430, 500]),
        granted=np.array([True, False, False]),
        loss=np.array([1_000.4, 20_000.6, 300_000.0]),
        net_loss=np.array([250.1, 5_000.15, 75_000.0]),
        outside=np.array([False, True, False]),
        reasons=REASONS,
    )
    return replace(found, **changes)


def table(found: Item) -> list[dict[str, object]]:
    """The rows of a finding on the screen, by column."""
    assert isinstance(found, Finding)
    assert found.table is not None
    heads = [each.heading for each in found.table.columns]
    return [dict(zip(heads, row, strict=True)) for row in found.table.exact]


# ---- the numbers ----------------------------------------------------------------------------------------------------


def test_five_numbers_sum_the_file_up():
    tiles = upload.upload_briefing(scored(refused=(BadRow(4, "14", ("No.",)),))).tiles
    assert [(each.label, each.value, each.notes) for each in tiles] == [
        ("Scored", "3", ("of 4 rows",)),
        ("Refused", "1", ("reasons below",)),
        ("Would be granted", "1", (f"33.3{NBSP}% of those scored",)),
        ("Mean PD, one month", f"29.2{NBSP}%", ("about 29 in 100",)),
        ("Expected loss, one month", f"NT${NBSP}321,001", ("1 outside known territory",)),
    ]


def test_the_loss_of_a_guaranteed_book_is_told_net_too_and_its_column_stands_beside():
    found = scored(contract=LOANS)
    assert upload.tiles(found)[-1].notes == (f"net of the guarantee US${NBSP}80,250", "1 outside known territory")
    row = table(upload.results(found))[0]
    assert row["Expected loss, US$"] == 20_000.6
    assert row["Expected loss net of the guarantee, US$"] == 5_000.15


def test_the_sentence_counts_rows_and_different_customers():
    assert upload.sentence(scored()) == (
        f"3 of 3 customers scored; no rows refused; 1 would be granted, mean PD 29.2{NBSP}%."
    )
    twice = scored(repeated=(("11", (2, 3)),))
    assert upload.sentence(twice).startswith("3 of 3 rows, which are 2 customers, scored; ")


def test_of_a_file_without_a_good_row_two_numbers_and_no_result_are_told():
    empty = {name: getattr(scored(), name)[:0] for name in ("names", "lines", "pd", "scores", "granted", "outside")}
    none = np.empty(0)
    found = scored(**empty, loss=none, net_loss=none, reasons=None, refused=(BadRow(2, "11", ("No.",)),))
    said = upload.upload_briefing(found)
    assert (
        said.sentence
        == "0 of 1 customer scored; 1 row refused. No customer can be scored before the rows below are put right."
    )
    assert [each.value for each in said.tiles] == ["0", "1"]
    assert [each.key for each in said.findings if isinstance(each, Finding)] == [upload.REFUSED]


def test_what_was_assumed_what_was_not_read_and_how_the_rest_was_read_stand_below():
    found = scored(ignored=tuple("abcdefg"), protected=2, notes=("Line 9 was left out.",))
    below = upload.upload_briefing(found).below
    assert below.startswith("The contract's own assumptions: cut-off 520, ")
    assert f"loss given default 80{NBSP}%" in below
    assert below.endswith(
        " Columns nothing reads: a, b, c, d, e and 2 more. 2 columns of protected attributes left unread. "
        "Line 9 was left out."
    )


def test_who_stands_in_a_file_several_times_is_a_warning_with_the_lines():
    repeated = (("11", (2, 3, 4, 5, 6, 7)), *((str(k), (k, k + 100)) for k in (12, 13, 14)))
    (notice,) = upload.upload_briefing(scored(repeated=repeated)).notices
    assert notice.level == "warning"
    assert notice.text == (
        "4 customers stand in the file more than once, and every row counts: 11 on lines 2, 3, 4, 5, 6 …; 12 on lines "
        "12, 112; 13 on lines 13, 113 and 1 more."
    )
    assert upload.upload_briefing(scored()).notices == ()


# ---- results and rows refused ---------------------------------------------------------------------------------------


def test_results_stand_the_riskiest_first_in_full_precision():
    found = upload.results(scored())
    assert found.headline == f"The riskiest is customer 12, with a PD of 50.0{NBSP}%"
    assert table(found)[0] == {
        "Customer": "12",
        "PD, %": 50.0,
        "Score": 430,
        "Decision": "Not granted",
        "Expected loss, NT$": 20_000.6,
        "Territory": "outside",
        "Reasons, in score points": "Amounts paid +11",
    }
    assert [row["Customer"] for row in table(found)] == ["12", "13", "11"]
    assert table(found)[2]["Reasons, in score points"] == "Late payments −46, Amounts paid −11"


def test_a_row_without_an_identifier_is_called_by_its_line():
    names = np.array([upload.on_line(line) for line in (2, 3, 5)], object)
    found = upload.results(scored(names=names))
    assert found.headline == f"The riskiest is the customer on line 3, with a PD of 50.0{NBSP}%"


def test_where_reasons_are_too_many_to_ask_for_it_is_said_and_there_is_no_column_of_them():
    found = upload.results(scored(reasons=None))
    assert found.note.startswith(
        "Without reasons: the model gives none itself, and asking for those of more than 1,000"
    )
    assert "Reasons, in score points" not in table(found)[0]


def test_no_more_rows_are_shown_than_can_be_read_and_it_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(upload, "MAX_ROWS_SHOWN", 2)
    bad = tuple(BadRow(line, str(line), ("No.", "Nor that.")) for line in (4, 6, 7))
    results, refused = upload.findings(scored(refused=bad))
    assert isinstance(results, Finding)
    assert isinstance(refused, Finding)
    assert [row["Customer"] for row in table(results)] == ["12", "13"]
    assert results.note == "The 2 riskiest of 3; the downloads hold all, in the file's order."
    assert [(row["Line"], row["Reason"]) for row in table(refused)] == [
        (4, "No."),
        (4, "Nor that."),
        (6, "No."),
        (6, "Nor that."),
    ]
    assert refused.headline == "3 rows refused: put them right in the file and give it again"
    assert refused.note == "The first 2 of 3; the download holds all."
