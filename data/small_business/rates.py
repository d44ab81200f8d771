"""The numbers in the contract that are measured in the book itself, as the formulas the contract holds.

    python -m data.small_business.rates [SNAPSHOT.parquet]

Charge-off rates by industry and state order categories that have no order of their own. They are those of loans
approved in fiscal years 1997 to 1999, all before the window that the model is fitted to, so that no loan's own outcome
is in what the model is given of it; smoothed as if 100 loans of the average rate stood in each category.

A category that is not stated says more about when a loan was approved than about the loan (44 % of the industries of
2000, none after 2001). It gets the rate of a common category, that nearest the average, so that no tree can tell the
two apart. Realised loss given default is charged-off principal over amounts approved, of the loans charged off.
"""

import sys
from pathlib import Path

import pandas as pd

RATED = ("industry", "state", "bank_state")
SINCE, UNTIL = 1997, 1999
LOANS = 100  # of the average rate, added to each category
COMMON = 0.03  # of all loans of the book whose category is stated


def rates(book: pd.DataFrame, field: str) -> "pd.Series[float]":
    """Smoothed charge-off rate of each stated category of a field in the window, to three decimals, by code."""
    window = book[book["approval_year"].between(SINCE, UNTIL) & (book[field] > 0)]
    average = window["charged_off"].mean()
    by = window.groupby(field)["charged_off"]
    return ((by.sum() + LOANS * average) / (by.size() + LOANS)).round(3)


def neutral(book: pd.DataFrame, field: str) -> int:
    """The common category whose rate is nearest the average; of several the one with most loans."""
    window = book[book["approval_year"].between(SINCE, UNTIL) & (book[field] > 0)]
    share = book.loc[book[field] > 0, field].value_counts(normalize=True)  # largest first, which settles ties
    common = rates(book, field).reindex(share[share >= COMMON].index).dropna()
    away = (common - window["charged_off"].mean()).abs().round(6)
    return int(away.index[int(away.argmin())])


def realised_rates(book: pd.DataFrame, by: str = "") -> "pd.Series[float]":
    """Loss given default to four decimals: of each value of ``by``, or of all charged-off loans as the only element."""
    lost = book[book["charged_off"] == 1]
    groups = lost[by] if by else lost["charged_off"]
    money = lost.groupby(groups)[["charged_off_principal", "amount"]].sum()
    return (money["charged_off_principal"] / money["amount"]).round(4)


def picked(field: str, values: "pd.Series[float]", otherwise: float) -> str:
    """The contract's formula for values by code."""
    pairs = ", ".join(f"{code}, {value:g}" for code, value in values.items())
    return f"pick({field}, {pairs}, {otherwise:g})"


def formulas(book: pd.DataFrame) -> dict[str, str]:
    """Every measured part of the contract: a rate by field, and "lgd" by vintage."""
    found = {}
    for field in RATED:
        rate = rates(book, field)
        found[field] = picked(field, rate, rate[neutral(book, field)])
    found["lgd"] = picked("approval_year", realised_rates(book, "approval_year"), realised_rates(book).iloc[0])
    return found


def main(snapshot: str = str(Path(__file__).with_name("small_business.parquet"))) -> None:
    """Print the formulas."""
    for name, formula in formulas(pd.read_parquet(snapshot)).items():
        print(f"{name} = {formula}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
