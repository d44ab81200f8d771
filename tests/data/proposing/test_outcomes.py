"""Which of two outcomes is the bad one: taken where it is plain, asked for where it is not."""

import re

import numpy as np
import pandas as pd
import pytest

from data.contract import read_contract
from data.errors import BadInput
from data.proposing.outcomes import Outcomes, meaning, which_are_bad
from data.proposing.proposal import Proposal
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import loans
from tests.data.proposing.test_proposal import proposed


def of(name: str, good: object, lost: object, share: float = 0.25, **more: tuple[str, ...]) -> Proposal:
    """A proposal on a target called so, of these two values."""
    frame = loans(400)[["debt_ratio"]]
    values = np.where(np.arange(400) % 100 < 100 * share, 1, 0)
    frame[name] = pd.Series([(good, lost)[k] for k in values])
    return proposed(frame, name, "csv", **more)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("y", 0, 1),
        ("y", "0", "1"),
        ("y", 0.0, 1.0),
        ("y", False, True),
        ("class", 0, 1),
        ("Ausfall", "nein", "ja"),
        ("impago", "no", "sí"),
        ("defaut", "non", "oui"),
        ("default", "N", "Y"),
        ("is_bad", "no", "yes"),
        ("delinquent", False, True),
        ("Charged Off?", "No", "Yes"),
        ("repaid", 1, 0),
        ("good", 1, 0),
        ("fully_paid", "Y", "N"),
        ("performing", True, False),
        ("ok", "yes", "no"),
        ("creditworthy", 1, 0),
        ("Survived", 1, 0),
        ("approved", 1, 0),
        ("not.fully.paid", 0, 1),
        ("non_default", 1, 0),
        ("current", 1, 0),
        ("SeriousDlqin2yrs", 0, 1),
        ("default payment next month", 0, 1),
        ("status", "Fully Paid", "Charged Off"),
        ("status", "P I F", "CHGOFF"),
        ("status", "Good", "Bad"),
        ("status", "no default", "default"),
        ("status", "current", "Delinquent"),
        ("status", "open", "written-off"),
        ("status", "repaid", "other"),
        ("status", "paid", "not paid"),
        ("status", "performing", "non-performing"),
        ("status", "non_default", "in default"),
        ("status", "in time", "Late (31-120 days)"),
        ("good", "paid", "charged_off"),  # the words say more than the name
    ],
)
def test_the_bad_outcome_is_taken_where_it_is_plain(name: str, good: object, bad: object):
    proposal = of(name, good, bad)
    assert proposal.rate == pytest.approx(0.25)
    (why,) = (each.why for each in proposal.noted if each.part.startswith("fields.") and each.key == "codes")
    assert "was taken for the bad outcome: " in why
    assert why.endswith("if it is not, run init again with --bad")


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("class", 1, 2),
        ("default", 1, 2),
        ("y", -1, 1),
        ("y", 0, 2),
        ("result", "A", "B"),
        ("status", "Y", "N"),
        ("good_bad", "yes", "no"),
        ("status", "good", "paid"),
        ("status", "bad", "late"),
        ("current_status", "Y", "N"),
    ],
)
def test_where_it_is_not_plain_it_is_asked_for_with_what_was_found_and_what_to_type(
    name: str, first: object, second: object
):
    low, high = sorted((str(first), str(second))) if isinstance(first, str) else (str(first), str(second))
    shares = {str(first): "300 rows, 75.0%", str(second): "100 rows, 25.0%"}
    asked = (
        f"The target “{name}” has the values “{low}” ({shares[low]}) and “{high}” ({shares[high]}). Which of them is "
        f"the bad outcome is not plain. Say which is the bad outcome: --bad {low} or --bad {high}."
    )
    with pytest.raises(BadInput, match=re.escape(asked)):
        of(name, first, second)
    assert of(name, first, second, bad=(str(second).lower(),)).rate == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [("y", 0, 1), ("risk", 0, 1), ("status", "paid", "default"), ("repaid", 1, 0), ("default", "no", "yes")],
)
def test_a_majority_of_bad_is_asked_about_and_taken_only_if_it_is_said(name: str, good: object, bad: object):
    asked = rf"“{bad}” seems to be the bad outcome \(.*\), but most rows have it\. Say .*: --bad .* or --bad "
    with pytest.raises(BadInput, match=asked):
        of(name, good, bad, share=0.68)
    assert of(name, good, lost=bad, share=0.68, bad=(str(bad),)).rate == pytest.approx(0.68)
    assert of(name, good, lost=bad, share=0.68, bad=(str(good),)).rate == pytest.approx(0.32)


@pytest.mark.parametrize("bad", ["2.0", "2", " 2 "])
def test_a_number_may_be_said_as_it_is_or_with_its_decimals(bad: str):
    assert which_are_bad(Outcomes("class", ("1", "2"), (300, 100)), (bad,)) == ((1,), "")


def test_half_and_half_is_no_majority():
    assert of("y", 0, 1, share=0.5).rate == 0.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("default", -1),
        ("no default", 1),
        ("nondefault", 1),
        ("unpaid", -1),
        ("not paid", -1),
        ("never late", 1),
        ("paid late", 0),
        ("latest", 0),
        ("badge", 0),
        ("goodwill", 0),
        ("status", 0),
        ("", 0),
        ("Write_Off", -1),
        ("past due", -1),
        ("paid-in-full", 1),
    ],
)
def test_a_text_speaks_of_a_good_outcome_a_bad_one_or_neither(text: str, expected: int):
    assert meaning(text) == expected


def test_what_to_type_is_quoted_for_a_shell():
    with pytest.raises(BadInput, match=r"--bad 'a b' or --bad '\$x'\."):
        which_are_bad(Outcomes("y", ("a b", "$x"), (5, 5)), ())


STATUS = {"Fully Paid": 250, "Charged Off": 60, "Default": 30, "Current": 60}


def statuses() -> pd.DataFrame:
    frame = loans(400)[["debt_ratio"]]
    frame["status"] = np.repeat(list(STATUS), list(STATUS.values()))
    return frame


def test_of_several_words_each_stands_in_the_question_with_its_rows_and_the_command_that_answers_it():
    with pytest.raises(BadInput) as told:
        proposed(statuses(), "status", "csv")
    for word, rows in STATUS.items():
        assert f"“{word}” ({rows} rows, {rows / 400:.1%})" in str(told.value)
    assert "--target status --bad 'Charged Off' --bad Default --drop Current" in str(told.value)


def test_several_words_are_bad_and_the_rows_of_those_that_are_neither_are_left_out():
    found = proposed(statuses(), "status", "csv", bad=("Charged Off", "default"), drop=("CURRENT",))
    assert (found.rows, round(found.rate * found.rows)) == (340, 90)
    assert "60 rows were left out, whose status is “CURRENT”" in found.notes
    assert b'1 = "Charged Off or Default"' in found.text
    assert b"--bad 'Charged Off' --bad Default" not in found.provenance  # as they were given
    assert b"--drop CURRENT" in found.provenance


def test_what_counts_as_good_though_it_may_be_neither_is_told():
    found = proposed(statuses(), "status", "csv", bad=("Charged Off", "Default"))
    (noted,) = (each for each in found.noted if each.part == "fields.status" and each.key == "codes")
    assert "are “Current” neither? Then --drop them" in noted.why


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"bad": ("Charged Off", "Late")}, "It has no value “Late”"),
        ({"bad": tuple(STATUS)}, "no good outcome is left"),
        ({"bad": ("Default",), "drop": ("Frozen",)}, "has no value “Frozen” to leave out"),
        ({"bad": ("Default",), "drop": tuple(STATUS)}, "Every row"),
    ],
)
def test_a_word_that_cannot_be_meant_is_said_plainly(more: dict[str, tuple[str, ...]], match: str):
    with pytest.raises(BadInput, match=match):
        proposed(statuses(), "status", "csv", **more)


def test_rows_without_an_outcome_can_be_left_out():
    frame = loans(400)[["debt_ratio", "status"]]
    frame.loc[frame.index[:40], "status"] = None
    with pytest.raises(BadInput, match="--drop missing"):
        proposed(frame, "status", "csv")
    assert proposed(frame, "status", "csv", drop=("missing",)).rows == 360


def test_rows_left_out_are_no_stranger_to_the_ranges():
    """A loan still running is scored by the model made of the others: its ratio lies within what may be."""
    frame = statuses()
    ratios = [3.25 if word == "Current" else ratio for word, ratio in zip(frame.status, frame.debt_ratio, strict=True)]
    asked = {"bad": ("Charged Off", "Default"), "drop": ("Current",)}
    contract = read_contract(proposed(frame.assign(debt_ratio=ratios), "status", "csv", **asked).text)
    field = contract.record[contract.row["debt_ratio"]]
    assert field.maximum is not None
    assert field.maximum >= 3.25
