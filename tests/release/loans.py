"""A small made-up book, sound in every respect, for tests that plant one fault in it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NAME = "loans"
CONTRACT = """
version = "1.0.0"

[book]
name = "loans"
title = "Made-up loans"
file = "loans.parquet"
as_of = "2020"
sample = "made up"
currency = "€"
id = "loan"
person = "loan"
target = "lost"
outcome = "default"
probability = "Probability of default"
granted = "would be granted"
declined = "would not be granted"
decision_note = "Made up."
pd_horizon = "one year"
pd_months = 12
exposure_class = "retail"

[score]
base_score = 600
base_odds = 50
points_to_double = 20
cutoff = 510
bands = [500, 540]

[exposure]
balance = "debt"
ead = "debt"

[training]
iterations = 60
leaves = 4
learning_rate = 0.1
min_leaf = 20
seed = 0
folds = 3
{window}

[gates]
auc_at_least = 0.70
auc_at_most = 0.90
brier_at_most = 0.20
ece_at_most = 0.05
single_auc_at_most = 0.85
row_ms_at_most = 1000

[[concepts]]
name = "all"
label = "All of it"
reason = "It is so"

[[fields]]
name = "income"
label = "Income"
unit = "€"
role = "input"
minimum = 0
maximum = 1000000
mutability = "free"
concept = "all"

[[fields]]
name = "debt"
label = "Debt"
unit = "€"
role = "input"
minimum = 0
maximum = 1000000
mutability = "free"
concept = "all"

[[fields]]
name = "late"
label = "Months late"
role = "input"
minimum = 0
maximum = 12
mutability = "free"
concept = "all"

[[fields]]
name = "collected"
label = "Sent to collection"
role = "{collected}"
minimum = 0
maximum = 1
mutability = "never"
concept = "all"

[[fields]]
name = "sex"
label = "Sex"
role = "protected"
[fields.codes]
1 = "male"
2 = "female"

[[fields]]
name = "year"
label = "Year"
role = "vintage"
minimum = 1900
maximum = 2100

[[fields]]
name = "lost"
label = "Defaulted"
role = "target"

[[inputs]]
name = "income"
label = "Income"
formula = "income"
direction = {income}
concept = "all"

[[inputs]]
name = "debt"
label = "Debt"
formula = "debt"
direction = 1
concept = "all"

[[inputs]]
name = "late"
label = "Months late"
formula = "late"
direction = 1
concept = "all"
{more}

[[assumptions]]
name = "lgd"
label = "Loss given default"
unit = "%"
default = 0.5
minimum = 0
maximum = 1
step = 0.01
feeds = "loss"
help = "Made up."
"""
LEAK = """
[[inputs]]
name = "collected"
label = "Sent to collection"
formula = "collected"
direction = 1
concept = "all"
"""


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
    """The book on the user's shelf of ``home``; returns its folder."""
    folder = home / "books" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    text = CONTRACT
    for name, value in (("collected", collected), ("income", str(income)), ("more", more), ("window", window)):
        text = text.replace(f"{{{name}}}", value)
    (folder / "contract.toml").write_text(text)
    (frame() if table is None else table).to_parquet(folder / "loans.parquet", index=False)
    return folder
