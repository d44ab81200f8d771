"""Files that a bank might give: made up, with everything a proposal must see through planted in them."""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

Kind = Literal["csv", "parquet", "xlsx"]
IN_MEMORY = {"options": {"in_memory": True}}  # a sheet of few rows in a third of the time, without files of its parts


def written(frame: pd.DataFrame, folder: Path, kind: Kind = "parquet", name: str = "table") -> Path:
    """A table as a file of this kind; what only text can hold as CSV."""
    path = folder / f"{name}.{kind}"
    try:
        if kind == "parquet":
            frame.to_parquet(path, index=False)
        elif kind == "xlsx":
            frame.to_excel(path, index=False, engine="xlsxwriter", engine_kwargs=IN_MEMORY)
    except Exception:  # cells of several kinds in a column, two columns of one name, bytes in a sheet
        kind = "csv"
    if kind == "csv":
        path = folder / f"{name}.csv"
        frame.to_csv(path, index=False)
    return path


def loans(n: int = 1500, seed: int = 7) -> pd.DataFrame:
    """A credit file: amounts, a share, a code, words, gaps, days, an identifier, protected attributes, and leaks."""
    rng = np.random.default_rng(seed)
    income = np.exp(rng.normal(10.3, 0.5, n))
    ratio = rng.beta(2, 5, n)
    purpose = rng.choice(["car", "house", "holiday"], n, p=[0.5, 0.3, 0.2])
    odds = -2.2 + 4 * ratio - 0.9 * (np.log(income) - 10.3) + 0.8 * (purpose == "holiday")
    bad = rng.random(n) < 1 / (1 + np.exp(-odds))
    issued = pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 1800, n), "D")
    return pd.DataFrame(
        {
            "LoanID": rng.permutation(np.arange(100_000, 100_000 + n)),
            "Loan Amount": np.round(rng.gamma(2, 6000, n), -2) + 500,
            "annual_income": np.where(rng.random(n) < 0.04, np.nan, np.round(income)),
            "debt_ratio": ratio.round(4),
            "term": rng.choice([36, 60], n),
            "purpose": purpose,
            "homeowner": rng.choice([0, 1], n),
            "Gender": rng.choice(["male", "female"], n),
            "personAge": rng.integers(19, 80, n),
            "maritalStatus": rng.choice(["single", "married", None], n),
            "zip_code": [f"{k:05d}" for k in rng.integers(0, 99_999, n)],
            "issue_date": issued,
            "recoveries": np.where(bad & (rng.random(n) < 0.7), rng.gamma(2, 100, n).round(2), 0.0),
            "contact_flag": np.where(bad, rng.normal(3, 1, n), rng.normal(0, 1, n)),
            "last_seen": np.where(bad, rng.normal(0, 1, n), np.nan),
            "country": "here",
            "notes": [f"spoke with customer {k} about {k * 7 % 13}" for k in range(n)],
            "status": np.where(bad, "Charged Off", "Fully Paid"),
        }
    )
