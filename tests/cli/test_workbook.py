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
    run(own_home, "workbook", str(out))  # of nobody in particular
    assert ReadWorkbook(out.read_bytes()).named("own_pd") < 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("model.xls",), "A workbook is an .xlsx file; 'model.xls' was given."),
        (("model.xlsx", "--customer", "0"), "There is no customer 0."),
        (("model.xlsx", "--scenario", "limit=5"), "Credit limit must be"),
        (("nowhere/model.xlsx",), "cannot be written"),
    ],
)
def test_what_cannot_be_is_refused(own_home: Path, tmp_path: Path, arguments: tuple[str, ...], told: str):
    name, *more = arguments
    refused = run(own_home, "workbook", str(tmp_path / name), *more)
    assert (refused.exit_code, told in refused.output) == (2, True)
