"""A book's file is read the same whatever its exporter wrote around the table, and what was done is told."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from data.errors import BadInput
from data.proposing.decisions import Decisions
from data.proposing.proposal import Proposal, propose
from data.proposing.sources import Source, read_source
from model.monitoring.discrimination import single_input_auc as alone
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import loans
from tests.data.proposing.test_proposal import guessed

PLAIN = loans(300)[["LoanID", "debt_ratio", "annual_income", "status"]].to_csv(index=False)
HEAD, *ROWS = PLAIN.splitlines()
TARGET = ("status",)


def source(content: str | bytes, folder: Path, wanted: tuple[str, ...] = TARGET) -> Source:
    path = folder / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_source(path, wanted=wanted)


def proposed(content: str, folder: Path, target: str = "status") -> Proposal:
    return propose(source(content, folder, (target,)), Decisions(target), name="mine", margins=guessed, alone=alone)


HABITS = {
    "titles": "Loans as of 31 Dec\nconfidential\n\n" + PLAIN,
    "a delimiter at each end": PLAIN.replace("\n", ",\n"),
    "rows of delimiters": PLAIN + ",,,\n,,,\n",
    "a total": PLAIN + "Total,,12345678,\n",
    "a remark": PLAIN + "Source: core banking\n",
    "units": "\n".join([HEAD, "no.,%,EUR,word", *ROWS]),
    "the header again": "\n".join([HEAD, *ROWS[:150], HEAD, *ROWS[150:]]),
    "utf-16": ("\ufeff" + PLAIN).encode("utf-16-le"),
    "a separator named": "sep=,\n" + PLAIN,
}


@pytest.mark.parametrize("habit", HABITS)
def test_one_table_is_read_the_same_whatever_stands_around_it(habit: str, tmp_path: Path):
    plain = source(PLAIN, tmp_path)
    found = source(HABITS[habit], tmp_path)
    assert found.frame.equals(plain.frame)
    assert found.sha256 != plain.sha256


@pytest.mark.parametrize("habit", ["titles", "a total", "a remark", "units", "the header again"])
def test_what_was_passed_over_stands_in_the_provenance_and_is_said(habit: str, tmp_path: Path):
    proposal = proposed(HABITS[habit], tmp_path)
    (note,) = proposal.notes
    assert f"{note}. " in tomllib.loads(proposal.provenance.decode())["changes"]
    assert proposed(PLAIN, tmp_path).notes == ()


@pytest.mark.parametrize("name", ["Loan\nStatus", "loan status", " LOAN  STATUS"])
def test_the_target_goes_by_its_name_in_one_line_and_whatever_case(name: str, tmp_path: Path):
    content = PLAIN.replace("status", '"Loan\nStatus"', 1)
    proposal = proposed(content, tmp_path, name)
    assert proposal.target == "loan_status"


@pytest.mark.parametrize("names", [("ratio", "ratio"), ("Ratio", "ratio"), ("ratio ", " RATIO")])
def test_columns_of_one_name_are_told_apart_by_numbers(names: tuple[str, str], tmp_path: Path):
    content = PLAIN.replace("debt_ratio,annual_income", ",".join(names), 1)
    found = source(content, tmp_path)
    first, second = (name.strip() for name in names)
    assert list(found.frame) == ["LoanID", first, f"{second} (2)", "status"]
    assert found.notes == ("Several columns of one name were told apart by numbers: “ratio”",)
    columns = proposed(content, tmp_path).columns
    assert len({each.name for each in columns}) == len({each.label for each in columns}) == 2


def test_a_target_or_an_identifier_of_which_there_are_two_is_refused(tmp_path: Path):
    content = PLAIN.replace("debt_ratio,annual_income", "Status,loanid", 1)
    found = source(content, tmp_path)
    with pytest.raises(BadInput, match="has two columns of one name: “status”"):
        propose(found, Decisions("status"), name="mine", margins=guessed, alone=alone)
    other = source(PLAIN.replace("debt_ratio", "loanid", 1), tmp_path)
    with pytest.raises(BadInput, match="has two columns of one name: “LoanID”"):
        propose(other, Decisions("status", id="LoanID"), name="mine", margins=guessed, alone=alone)


def test_a_few_rows_that_do_not_fit_are_left_out_and_told_and_many_are_refused(tmp_path: Path):
    wide = f"{ROWS[0]},5"
    found = source(PLAIN + f"{wide}\n" * 2, tmp_path)
    assert len(found.frame) == 300
    assert found.notes == tuple(
        f"Line {line} was left out. The row has 5 values where the file has 4 columns" for line in (302, 303)
    )
    with pytest.raises(BadInput, match="has 20 rows that do not fit its columns, the first on line 302"):
        source(PLAIN + f"{wide}\n" * 20, tmp_path)


def test_a_column_that_is_not_there_is_told_with_where_it_was_looked_for(tmp_path: Path):
    found = source("Loans\n\n" + PLAIN, tmp_path, ("outcome",))
    with pytest.raises(BadInput, match=r"has no column “outcome”.* They were taken from line 3\.$"):
        propose(found, Decisions("outcome"), name="mine", margins=guessed, alone=alone)


def test_identifiers_keep_their_zeros_and_their_digits(tmp_path: Path):
    long = [f"00{4_000_000_000_000_000 + k}" for k in range(300)]
    rows = [f"{name},{row.split(',', 1)[1]}" for name, row in zip(long, ROWS, strict=True)]
    found = source("\n".join([HEAD, *rows]), tmp_path)
    assert found.frame["LoanID"].tolist() == long
    assert np.unique(found.frame["LoanID"]).size == 300


def test_a_column_of_a_file_without_a_header_is_named_by_its_place(tmp_path: Path):
    table = loans(300)
    bare = table.assign(odd=table["status"].str[:1])[["debt_ratio", "annual_income", "odd"]]
    content = bare.round(3).to_csv(index=False, header=False, sep=" ", na_rep="?")
    with pytest.raises(BadInput, match="has no header: name the column by its place, 1 to 3"):
        proposed(content, tmp_path, "class")
    assert source(content, tmp_path, ("3",)).column("3") == "column 3"
