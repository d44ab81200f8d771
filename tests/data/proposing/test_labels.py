"""What columns are called: no two alike, whatever the file calls them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contract import read_contract
from data.proposing.labels import LONGEST, alike, labels
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import loans
from tests.data.proposing.test_proposal import proposed

LONG = "number of months since the borrower had last been late with a payment "


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Amount ($)", "Amount (%)"], ["Amount, dollars", "Amount, percent"]),
        (["Amount", "Amount (%)"], ["Amount", "Amount, percent"]),
        (["late+", "late-", "# late"], ["Late, plus", "Late-", "Late, number"]),
        (["Income (net)", "Income (gross)"], ["Income net", "Income gross"]),
        (["loan_amount", "x", "Loan Amount"], ["Loan amount, column 1", "X", "Loan amount, column 3"]),
        (["debt ratio", "debt-ratio", "DEBT.RATIO"], None),
        ([f"{LONG}a", f"{LONG}b"], None),
        (["", "$", "%", "__"], None),
        (["annualIncome", "debt_ratio"], ["Annual income", "Debt ratio"]),  # nothing to tell apart
        (["loan_amnt", "delinq_2yrs", "revol_util"], ["Loan amount", "Delinquencies 2 years", "Revolving utilisation"]),
        (["AMT_CREDIT", "PAY_0", "LOAN"], ["Amount credit", "Pay 0", "Loan"]),
        (["DTI", "fico_range_low", "YOJ", "V1"], ["DTI", "FICO range low", "YOJ", "V1"]),
        (["annual_inc", "ANNUAL_INCOME"], ["Annual income, column 1", "Annual income, column 2"]),
    ],
)
def test_labels_keep_what_distinguishes_names(names: list[str], expected: list[str] | None):
    found = labels(names)
    assert expected in (None, found)
    assert len({*map(alike, found)}) == len(names)


names = st.one_of(
    st.text(max_size=8),
    st.text("aA _-.$%#,1", max_size=6),
    st.builds(lambda end: LONG + end, st.text("abAB _$%", max_size=3)),
    st.sampled_from(["a, column 1", "a, column 2", "a (2)", "A", "a", "Column without a name", "ß", "ss", "ﬁ", "fi"]),
)


@given(st.lists(names, min_size=1, max_size=12, unique=True))
def test_no_two_labels_are_alike_whatever_the_names(given_: list[str]):
    found = labels(given_)
    assert len({*map(alike, found)}) == len(given_)
    assert all(0 < len(each) <= LONGEST and each.isprintable() for each in found)
    assert not any(set(each) & set("$*_`[]<>{}\\~:#") for each in found)  # which a page would take for its own


@pytest.mark.parametrize(
    ("names", "gathered"),
    [
        (["Amount ($)", "Amount (%)"], 2),
        (["amount", "Amount ", "AMOUNT"], 3),
        (["Amount ($)", "Amount (%)", "amount_1", "amount_2"], 3),  # the last two are months of one thing
        (["bill_1", "bill_2", "bill_3"], 1),
        ([f"ratio_{k:02d}" for k in range(12)], 12),  # numbered for want of a name
        ([f"V{k}" for k in range(6)] + ["income", "debt"], 8),
        ([f"bill_{k}" for k in range(6)] + [f"pay_{k}" for k in range(6)] + ["income"], 3),
        (["名前", "住所"], 2),
    ],
)
def test_names_that_differ_in_signs_alone_are_no_concept_together(names: list[str], gathered: int):
    rng = np.random.default_rng(6)
    frame = loans(400)[["status"]]
    for name in names:
        frame[name] = rng.normal(50, 9, 400).round(3)
    contract = read_contract(proposed(frame, "status", "parquet").text)
    assert len(contract.inputs) == len(names)
    assert len(contract.concepts) == gathered
    assert {each.concept for each in contract.inputs} == {each.name for each in contract.concepts}


def test_a_sign_in_a_name_is_its_unit():
    rng = np.random.default_rng(7)
    frame = loans(400)[["status"]].assign(**{"Amount ($)": rng.gamma(2, 9e3, 400).round()})
    frame["Amount (%)"] = rng.uniform(0, 1, 400).round(3)
    contract = read_contract(proposed(frame, "status").text)
    assert [each.unit for each in contract.record] == ["$", "%"]
    assert contract.book.currency == "$"


def _twice(labelled: Sequence[str]) -> list[str]:
    return [each for each in labelled if sum(alike(each) == alike(other) for other in labelled) > 1]


def test_a_contract_has_no_two_labels_alike_in_any_of_its_parts():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"Loan Amount": rng.gamma(2, 9e3, 400).round()})
    for name in ("Amount ($)", "Amount (%)", "amount_1", "amount_2", "AMOUNT", "loan-id", f"{LONG}a", f"{LONG}b"):
        frame[name] = rng.normal(50, 9, 400).round(3)
    frame["Gender"], frame["gender "] = rng.choice(["m", "f"], 400), rng.choice(["m", "f"], 400)
    frame["grade"], frame["Grade."] = rng.choice(list("ABC"), 400), rng.choice(list("ABC"), 400)
    frame["Loan ID"] = np.arange(400)
    frame["loan amount?"] = loans(400)["status"]
    contract = read_contract(proposed(frame, "loan amount?", "csv").text)
    for part in (
        contract.fields,
        contract.inputs,
        contract.concepts,
        contract.levers,
        contract.segments,
        contract.shocks,
    ):
        assert _twice([each.label for each in part]) == []
    assert "Amount, dollars" in {each.label for each in contract.inputs}


def test_names_run_together_are_parted_as_a_person_reads_them():
    assert labels(["MSinceOldestTradeOpen", "LPCustomerFees", "Int.rate"]) == [
        "M since oldest trade open",
        "LP customer fees",
        "Int rate",
    ]
