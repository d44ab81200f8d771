"""A large book, made up: the loans of the second book over and over, each time under other numbers and with other
amounts, as a directory of Parquet files, one folder for each number of months late."""

from pathlib import Path

import numpy as np
import pandas as pd

from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.settings import Settings
from tests.support import contracts, second_book

NAME, TITLE, LOANS, HELD = "large", "Made-up loans, many", 60_000, 6_000
CONTRACT = (
    contracts.text(second_book.NAME)
    .replace('name = "second"', f'name = "{NAME}"', 1)
    .replace('title = "Made-up loans"', f'title = "{TITLE}"', 1)
    .replace('file = "loans.parquet"', 'file = "loans"', 1)
    .replace("limit = 1e6", "limit = 1e8", 1)
)


def deployed(home: Path) -> DeployedModel:
    """Its model, where a sample of it answers."""
    found = DeployedModels(lambda: Settings(home=home, book_rows=HELD)).model(NAME)
    assert found is not None
    return found


def loans(count: int = LOANS) -> pd.DataFrame:
    """The loans, in an order that has nothing to do with their numbers."""
    once, chance = second_book.loans(), np.random.default_rng(1)
    found = pd.concat([once] * -(-count // len(once)), ignore_index=True).head(count)
    limit = np.clip(found["limit"] + 100 * chance.integers(-5, 6, count), 100, 9000)
    balance = np.minimum(np.round(found["balance"] * chance.uniform(0.9, 1.1, count)), limit)
    return found.assign(loan=chance.permutation(count) + 1, limit=limit, balance=balance)


def lay_down(home: Path, table: pd.DataFrame | None = None, contract: str = CONTRACT) -> Path:
    """Write the book on the users' shelf under ``home``; returns its folder."""
    folder = home / "books" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "contract.toml").write_text(contract)
    for months, part in (loans() if table is None else table).groupby("late"):
        place = folder / "loans" / f"late={months}"
        place.mkdir(parents=True, exist_ok=True)
        for k, half in enumerate((part.iloc[::2], part.iloc[1::2])):
            half.drop(columns="late").to_parquet(place / f"{k}.parquet", index=False, row_group_size=5_000)
    (folder / "loans" / "_SUCCESS").touch()
    return folder
