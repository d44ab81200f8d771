"""Derive the shipped snapshot from UCI data set 350, "default of credit card clients".

    python -m data.cards.derive SOURCE.parquet [DESTINATION.parquet]

SOURCE has the columns of the publication (LIMIT_BAL, SEX, …, PAY_AMT6, target). Months are numbered from the
latest: 1 is September 2005, 6 is April. Nothing is resampled, dropped or imputed; undocumented codes of
EDUCATION (0, 5, 6) and MARRIAGE (0) become "other", as in the publication's own list.
"""

import sys
from pathlib import Path

import pandas as pd

STATUS = ["PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"]  # the publication has no PAY_1
RENAMED = {
    "LIMIT_BAL": "limit",
    **{name: f"status_{month}" for month, name in enumerate(STATUS, 1)},
    **{f"BILL_AMT{month}": f"bill_{month}" for month in range(1, 7)},
    **{f"PAY_AMT{month}": f"paid_{month}" for month in range(1, 7)},
    "SEX": "sex",
    "EDUCATION": "education",
    "MARRIAGE": "marriage",
    "AGE": "age",
    "target": "missed_next_payment",
}


def derive_cards(source: pd.DataFrame) -> pd.DataFrame:
    """The book, one row a customer, numbered from 1 in the source's order.

    Raises
    ------
    ValueError
        If a column of the publication is absent, or a value is missing or not whole.
    """
    absent = [name for name in RENAMED if name not in source]
    if absent:
        raise ValueError(f"The source lacks the columns {', '.join(absent)} of UCI data set 350.")
    book = source[list(RENAMED)].rename(columns=RENAMED)
    if book.isna().any(axis=None) or (book % 1 != 0).any(axis=None):
        raise ValueError("UCI data set 350 holds whole numbers only and no missing value; the source differs.")
    book = book.astype("int32")
    book["education"] = book["education"].replace({0: 4, 5: 4, 6: 4})
    book["marriage"] = book["marriage"].replace({0: 3})
    book.insert(0, "customer", pd.RangeIndex(1, len(book) + 1).astype("int32"))
    return book


def main(source: str, destination: str = str(Path(__file__).with_name("cards.parquet"))) -> None:
    """Read SOURCE, write the snapshot."""
    derive_cards(pd.read_parquet(source)).to_parquet(destination, index=False, compression="zstd")


if __name__ == "__main__":
    main(*sys.argv[1:])
