"""What is owed: what was lent before what is left of it, every candidate told, and the one that a person names."""

import numpy as np
import pandas as pd
import pytest

from data.contract import read_contract
from data.errors import BadInput
from data.proposing.proposal import Proposal
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import loans
from tests.data.proposing.test_proposal import proposed


def of(*names: str, **more: str | float) -> Proposal:
    frame = loans(400)[["debt_ratio", "status"]]
    for k, name in enumerate(names, 1):
        frame[name] = 1000.0 * k + np.arange(400) * 7 % 900
    return proposed(frame, "status", "csv", **more)


def ead(proposal: Proposal) -> str:
    return read_contract(proposal.text).exposure.ead


def test_the_amount_lent_is_owed_though_a_limit_and_a_balance_stand_beside_it():
    assert ead(of("credit_limit", "current_balance", "loan_amnt")) == "max(loan_amnt, 0)"
    assert "ccf" in ead(of("credit_limit", "current_balance"))


def test_a_bureaus_balance_alone_is_no_amount_of_the_loan_but_told_as_one_that_may_be():
    found = of("revol_bal")
    assert not read_contract(found.text).in_money
    (noted,) = (each for each in found.noted if (each.part, each.key) == ("exposure", "ead"))
    total = f"{(1000.0 + np.arange(400) * 7 % 900).sum():,.0f}"
    assert f"revol_bal {total} in all, owed to others too: never taken unless you say so" in noted.why


def test_every_candidate_is_told_with_its_total_the_likeliest_first_and_nothing_else_that_is_money():
    found = of("revol_bal", "outstanding_balance", "annual_income", "loan_amount").candidates
    assert [each.column for each in found] == ["loan_amount", "outstanding_balance", "revol_bal"]
    assert [each.chosen for each in found] == [True, False, False]
    assert found[0].total == pytest.approx((4000.0 + np.arange(400) * 7 % 900).sum())


def test_the_column_that_a_person_names_is_owed_and_nothing_is_asked():
    found = of("loan_amount", "revol_bal", amount="REVOL_BAL", currency="€", months=24)
    contract = read_contract(found.text)
    assert contract.exposure.ead == "max(revol_bal, 0)"
    assert (contract.book.currency, contract.book.pd_months, contract.book.pd_horizon) == ("€", 24, "2 years")
    assert b"--amount REVOL_BAL" in found.provenance
    assert not {(each.part, each.key) for each in found.noted} & {
        ("exposure", "ead"),
        ("book", "currency"),
        ("book", "pd_months"),
    }


def test_none_leaves_money_out():
    contract = read_contract(of("loan_amount", amount="none").text)
    assert not contract.in_money
    assert {each.measure for each in contract.appetite} == {"pd", "loss"}


@pytest.mark.parametrize(
    ("amount", "match"),
    [
        ("nothing_such", "There is no column “nothing_such”"),
        ("branch", "it was taken for left out|it holds no amounts"),
    ],
)
def test_a_column_that_cannot_be_owed_is_refused_with_those_that_can(amount: str, match: str):
    frame = loans(400)[["debt_ratio", "status"]].assign(
        loan_amount=5000.0 + np.arange(400), branch=["north", "south"] * 200
    )
    with pytest.raises(BadInput, match=match) as told:
        proposed(frame, "status", "csv", amount=amount)
    assert "“loan_amount”" in str(told.value)


def test_words_that_stand_for_no_value_are_gaps_in_every_column_or_in_one():
    frame = loans(400)[["debt_ratio", "status"]].assign(
        score=np.where(np.arange(400) % 10 == 0, -99, np.arange(400)), area=["x", "unsaid", "y", "z"] * 100
    )
    found = proposed(frame, "status", "csv", missing=("-99", "area=Unsaid"))
    gaps = {each.given: each.gaps for each in found.columns}
    assert (gaps["score"], gaps["area"], gaps["debt_ratio"]) == (40, 100, int(pd.isna(frame["debt_ratio"]).sum()))
    contract = read_contract(found.text)
    (score,) = (each for each in contract.fields if each.name == "score")
    assert score.minimum >= 0
    assert "-99" in score.reading.gaps  # and so they are in later files
    with pytest.raises(BadInput, match="has no cell that holds"):
        proposed(frame, "status", "csv", missing=("area=nowhere",))
