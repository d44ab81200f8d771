"""A small made-up book, sound in every respect, for tests that plant one fault in it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.support import contracts
from tests.support.contracts import replaced

NAME = "loans"
CONTRACT = contracts.text(NAME)
LEAK = contracts.text(NAME, "leak.toml")


def frame(n: int = 6000, seed: int = 0) -> pd.DataFrame:
    """Loans of 2001 to 2006, in which debt and late payments go with default, and income against it."""
    rng = np.random.default_rng(seed)
    income, debt = rng.lognormal(10, 0.6, n).round(), rng.lognormal(9, 0.8, n).round()
    late = rng.poisson(0.8, n).clip(0, 12)
    lost = (rng.random(n) < _risk(income, debt, late)).astype(int)
    collected = np.where(rng.random(n) < 0.97, lost, 1 - lost)
    return pd.DataFrame(
        {
            "loan": np.arange(1, n + 1),
            "income": income,
            "debt": debt,
            "late": late,
            "collected": collected,
            "sex": rng.integers(1, 3, n),
            "year": rng.integers(2001, 2007, n),
            "lost": lost,
        }
    )


def _risk(income: Any, debt: Any, late: Any) -> Any:
    return 1 / (1 + np.exp(2.0 + 0.9 * (np.log(income) - 10) - 0.7 * (np.log(debt) - 9) - 0.6 * late))


def outcomes(table: pd.DataFrame, seed: int = 1) -> NDArray[np.int64]:
    """Whether loans default, drawn by the same law as those of `frame`."""
    risk = _risk(table["income"], table["debt"], table["late"])
    return (np.random.default_rng(seed).random(len(table)) < risk).astype(np.int64)


def lay_down(
    home: Path,
    table: pd.DataFrame | None = None,
    collected: str = "post-outcome",
    income: int = -1,
    more: str = "",
    window: str = "",
) -> Path:
    """The book on the user's shelf of ``home``; returns its folder.

    ``collected`` is the role of the field that knows the outcome, ``income`` the direction of that input, ``more`` what
    the contract has beyond its inputs, ``window`` what it says of the years to train on.
    """
    folder = home / "books" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    text = replaced(CONTRACT, 'role = "post-outcome"', f'role = "{collected}"')
    text = replaced(text, "direction = -1", f"direction = {income}")
    text = replaced(text, "folds = 3\n", f"folds = 3\n{window}")
    text = replaced(text, "\n\n[[assumptions]]", f"{more}\n\n[[assumptions]]")
    (folder / "contract.toml").write_text(text)
    (frame() if table is None else table).to_parquet(folder / "loans.parquet", index=False)
    return folder
