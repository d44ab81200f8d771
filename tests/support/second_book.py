"""A second book, made up: 2,000 loans of a fixed seed, and gates that any model passes. Trained in seconds.

Some of its names are those of the cards (the levers ``limit`` and ``balances``, the segment ``limit_band``), with other
ranges, so that what leaks from one book into the other shows.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.support import contracts

NAME, TITLE, LOANS = "second", "Made-up loans", 2_000

CONTRACT = contracts.text(NAME)


def lay_down(home: Path, contract: str = CONTRACT, name: str = NAME) -> Path:
    """Write the book on the users' shelf under ``home``; returns its folder."""
    folder = home / "books" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "contract.toml").write_text(contract.replace('name = "second"', f'name = "{name}"', 1))
    loans().to_parquet(folder / "loans.parquet")
    return folder


def loans() -> pd.DataFrame:
    """The loans: the later and the fuller, the likelier to default."""
    chance = np.random.default_rng(0)
    limit = 100 * chance.integers(1, 90, LOANS)
    balance = np.round(limit * chance.random(LOANS))
    late = np.minimum(chance.poisson(0.6, LOANS), 6)
    margin = -3.5 + 1.5 * balance / limit + 0.9 * late
    return pd.DataFrame(
        {
            "loan": np.arange(1, LOANS + 1),
            "limit": limit,
            "balance": balance,
            "late": late,
            "defaulted": (chance.random(LOANS) < 1 / (1 + np.exp(-margin))).astype(int),
        }
    )
