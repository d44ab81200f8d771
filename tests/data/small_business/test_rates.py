"""What is measured in the book and written into its contract."""

import pandas as pd
import pytest

from data.small_business.rates import LOANS, formulas, main, neutral, picked, rates, realised_rates


@pytest.fixture
def loans() -> pd.DataFrame:
    """Industries 1 and 2 with 100 loans each in 1998, of which 10 and 30 were charged off; 3 with ten, none charged
    off; 40 that state none, all charged off; and 1000 of 2003, all charged off, which no rate may know."""
    window = pd.DataFrame({"industry": [1] * 100 + [2] * 100 + [3] * 10 + [0] * 40, "approval_year": 1998})
    window["charged_off"] = [1] * 10 + [0] * 90 + [1] * 30 + [0] * 70 + [0] * 10 + [1] * 40
    later = pd.DataFrame({"industry": [1] * 1000, "approval_year": 2003, "charged_off": 1})
    book = pd.concat([window, later], ignore_index=True)
    return book.assign(state=book["industry"], bank_state=book["industry"], amount=100, charged_off_principal=60)


def test_rates_are_those_of_the_window_smoothed_towards_its_average(loans: pd.DataFrame):
    average = 40 / 210
    worked = [(10 + LOANS * average) / 200, (30 + LOANS * average) / 200, LOANS * average / 110]
    assert rates(loans, "industry").tolist() == [round(each, 3) for each in worked]


def test_loans_of_the_window_the_model_is_fitted_to_count_in_no_rate(loans: pd.DataFrame):
    flipped = loans.assign(charged_off=loans["charged_off"].where(loans["approval_year"] < 2000, 0))
    assert rates(flipped, "industry").equals(rates(loans, "industry"))


def test_what_is_not_stated_gets_the_rate_of_a_common_category_nearest_the_average(loans: pd.DataFrame):
    # smoothed: 0.145, 0.245 and 0.173 about 0.190; 3, which is nearest, holds 10 of 1,210 loans and is not common
    assert neutral(loans, "industry") == 1
    assert formulas(loans)["industry"] == "pick(industry, 1, 0.145, 2, 0.245, 3, 0.173, 0.145)"


def test_realised_loss_is_principal_over_amounts_of_those_charged_off():
    book = pd.DataFrame(
        {
            "approval_year": [2000, 2000, 2000, 2001],
            "charged_off": [1, 1, 0, 1],
            "charged_off_principal": [50, 10, 99, 80],
            "amount": [100, 300, 100, 100],
        }
    )
    assert realised_rates(book, "approval_year").to_dict() == {2000: 0.15, 2001: 0.8}
    assert realised_rates(book).tolist() == [0.28]


def test_formula_names_every_category_and_ends_with_what_stands_for_the_rest():
    assert picked("state", pd.Series({1: 0.05, 7: 0.1}), 0.08) == "pick(state, 1, 0.05, 7, 0.1, 0.08)"


def test_command_prints_the_formulas(loans: pd.DataFrame, tmp_path, capsys: pytest.CaptureFixture[str]):
    loans.to_parquet(tmp_path / "loans.parquet")
    main(str(tmp_path / "loans.parquet"))
    printed = capsys.readouterr().out
    assert "lgd = pick(approval_year, 1998, 0.6, 2003, 0.6, 0.6)" in printed
