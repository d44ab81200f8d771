"""What a person decided about a file takes the place of what would be proposed, and only that."""

import tomllib
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.contract import read_contract
from data.errors import BadInput
from data.proposing.decisions import ColumnDecision
from data.proposing.proposal import Proposal
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import loans
from tests.data.proposing.test_proposal import proposed


def decided(frame: pd.DataFrame, column: str, **decision: Any) -> Proposal:
    return proposed(frame, "status", "csv", columns={column: ColumnDecision(**decision)})


def small(**more: Any) -> pd.DataFrame:
    return loans(400)[["debt_ratio", "annual_income", "status"]].assign(**more)


def fields(proposal: Proposal) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in tomllib.loads(proposal.text.decode())["fields"]}


@pytest.mark.parametrize("role", ["input", "protected", "post-outcome", "identifier", "left out"])
def test_a_role_that_was_decided_is_the_columns_role_and_no_guess(role: Any):
    proposal = decided(small(), "debt_ratio", role=role)
    (column,) = (each for each in proposal.columns if each.given == "debt_ratio")
    assert column.role == role
    there = fields(proposal)
    assert (role in ("identifier", "left out")) == ("debt_ratio" not in there)
    assert not [each for each in proposal.noted if each.part == "fields.debt_ratio" and each.key == "role"]
    assert there["annual_income"]["role"] == "input"


def test_the_year_that_was_decided_on_is_the_vintage_and_no_other():
    years = 2015 + np.arange(400) % 5
    frame = small(issue_year=years, seen=years + 1)
    assert fields(proposed(frame, "status", "csv"))["issue_year"]["role"] == "vintage"
    there = fields(decided(frame, "seen", role="vintage"))
    assert there["seen"]["role"] == "vintage"
    assert "issue_year" not in there


def test_a_number_that_was_decided_to_be_a_category_has_codes_in_the_order_that_was_decided():
    shop = np.array([31, 7, 102])[np.arange(400) % 3]
    proposal = decided(small(shop=shop), "shop", kind="category", order=("102", "7"))
    shown = read_contract(proposal.text)
    (field,) = (each for each in shown.record if each.name == "shop")
    assert field.codes == {0: "102", 1: "7", 2: "31"}
    (column,) = (each for each in proposal.columns if each.given == "shop")
    assert column.values[:3].tolist() == [2, 1, 0]


def test_a_flag_that_was_decided_to_be_a_number_has_no_codes_and_words_cannot_be_one():
    frame = small(late=np.arange(400) % 2, town=np.array(["Bern", "Basel"])[np.arange(400) % 2])
    assert fields(proposed(frame, "status", "csv"))["late"]["codes"]
    assert "codes" not in fields(decided(frame, "late", kind="number"))["late"]
    with pytest.raises(BadInput, match=r"town.* cannot be a number: its cells hold .*Basel.* Make it a category"):
        decided(frame, "town", kind="number")


def test_label_unit_direction_and_mutability_stand_as_they_were_decided_wherever_a_column_is_told():
    said = {"label": "What is owed to others", "unit": "", "direction": 1, "mutability": "down"}
    contract = read_contract(decided(small(), "debt_ratio", **said).text)
    (field,) = (each for each in contract.record if each.name == "debt_ratio")
    (own,) = (each for each in contract.inputs if each.name == "debt_ratio")
    (lever,) = (each for each in contract.levers if each.name == "debt_ratio")
    assert {field.label, own.label, lever.label} == {"What is owed to others"}
    assert contract.concept(own.concept).label == "What is owed to others"
    assert (field.unit, field.mutability, own.direction, lever.direction) == ("", "down", 1, 1)


def test_a_currency_as_a_unit_is_the_books():
    contract = read_contract(decided(small(loan_amount=5000.0 + np.arange(400)), "annual_income", unit="€").text)
    assert contract.book.currency == "€"


def test_a_column_is_named_as_in_the_file_in_whatever_case_and_must_be_there():
    assert fields(decided(small(), "DEBT_RATIO", label="Debt"))["debt_ratio"]["label"] == "Debt"
    with pytest.raises(BadInput, match=r"has no column “debts”\. It has: “debt_ratio”, “annual_income”, “status”"):
        decided(small(), "debts", label="Debt")


def test_an_order_of_words_that_are_none_of_the_columns_is_refused():
    frame = small(size=np.array(["wee", "vast"])[np.arange(400) % 2])
    with pytest.raises(BadInput, match="None of “small”, “large” is among its words: “"):
        decided(frame, "size", order=("small", "large"))
