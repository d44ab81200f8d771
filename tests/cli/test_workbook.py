"""The verb that writes the deployed model as a workbook."""

from pathlib import Path

import pytest

from tests.cli.test_command_line import answer, run
from tests.export.workbook.reading import ReadWorkbook


def test_a_workbook_is_written_of_a_customer_with_what_is_changed(own_home: Path, tmp_path: Path):
    out = tmp_path / "model.xlsx"
    told = answer(run(own_home, "workbook", str(out), "--customer", "17", "--scenario", "limit=60000", "--json"))
    found = ReadWorkbook(out.read_bytes())
    assert told["release"] == next(row[1] for row in found.sheets["Read me"] if row[0] == "Release")
    assert told["bytes"] < 500_000
    assert (found.named("own_limit"), found.named("base_limit")) == (60_000, 20_000)


def test_a_workbook_is_written_of_the_book_under_a_scenario(own_home: Path, tmp_path: Path):
    out = tmp_path / "book.xlsx"
    told = answer(run(own_home, "workbook", str(out), "--scenario", "lgd=0.7", "--json"))
    found = ReadWorkbook(out.read_bytes())
    assert told["bytes"] < 3_000_000
    assert (found.named("scenario_book_lgd"), found.named("base_book_lgd")) == (0.7, 0.8)


def test_several_scenarios_stand_side_by_side(own_home: Path, tmp_path: Path):
    out = tmp_path / "book.xlsx"
    answer(run(own_home, "workbook", str(out), "--scenario", "lgd=0.7", "--scenario", "unemployment=2", "--json"))
    (head,) = [row for row in ReadWorkbook(out.read_bytes()).sheets["Scenarios"] if row[0] == "What differs"]
    assert head[1:] == ["Loss given default 70 %", "Unemployment +2 pp"]
    told = run(own_home, "workbook", str(out), "--scenario", "of=book&1=A&2=B&2.lgd=0.7")
    assert told.exit_code == 0, told.output
    (head,) = [row for row in ReadWorkbook(out.read_bytes()).sheets["Scenarios"] if row[0] == "What differs"]
    assert head[1:] == ["A", "B"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("model.xls",), "A workbook is an .xlsx file; 'model.xls' was given."),
        (("model.xlsx", "--customer", "0"), "There is no customer 0."),
        (("model.xlsx", "--customer", "17", "--scenario", "limit=5"), "Credit limit must be"),
        (("model.xlsx", "--scenario", "limit=5"), "nothing that can be assumed here"),
        (
            ("model.xlsx", "--customer", "17", "--scenario", "limit=60000", "--scenario", "lgd=0.7"),
            "Give --scenario once",
        ),
        (("model.xlsx", "--scenario", "of=policy&1=A&2=B&2.cutoff=500"), "two to five scenarios of the book"),
        (("nowhere/model.xlsx",), "cannot be written"),
    ],
)
def test_what_cannot_be_is_refused(own_home: Path, tmp_path: Path, arguments: tuple[str, ...], told: str):
    name, *more = arguments
    refused = run(own_home, "workbook", str(tmp_path / name), *more)
    assert (refused.exit_code, told in refused.output) == (2, True)
