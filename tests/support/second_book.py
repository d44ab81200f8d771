"""A second book, made up: 2,000 loans of a fixed seed, and gates that any model passes. Trained in seconds.

Some of its names are those of the cards (the levers ``limit`` and ``balances``, the segment ``limit_band``), with other
ranges, so that what leaks from one book into the other shows.
"""

from pathlib import Path

import numpy as np
import pandas as pd

NAME, TITLE, LOANS = "second", "Made-up loans", 2_000

CONTRACT = """
version = "1.0.0"

[book]
name = "second"
title = "Made-up loans"
file = "loans.parquet"
as_of = "December 2019"
sample = "made up for tests"
currency = "US$"
id = "loan"
person = "loan"
target = "defaulted"
outcome = "default within a year"
probability = "Probability of default within a year"
granted = "would be granted today"
declined = "would not be granted today"
decision_note = "These loans are made up."
pd_horizon = "one year"
pd_months = 12
exposure_class = "retail"

[score]
base_score = 600
base_odds = 50
points_to_double = 20
cutoff = 530
bands = [500, 530, 560]

[exposure]
balance = "balance"
ead = "balance + ccf * max(limit - balance, 0)"

[training]
iterations = 30
leaves = 4
learning_rate = 0.1
min_leaf = 20
seed = 0
folds = 3

[gates]
auc_at_least = 0.5
auc_at_most = 1.0
brier_at_most = 1.0
ece_at_most = 1.0
slope_at_least = 0.0
slope_at_most = 10.0
single_auc_at_most = 1.0
duplicates_at_most = 1.0
row_ms_at_most = 1000.0
size_mb_at_most = 1000.0
impact_at_least = 0.0

[[concepts]]
name = "size"
label = "Size of the loan"
reason = "The loan is large"

[[concepts]]
name = "trouble"
label = "Late payments"
plural = true
reason = "Payments were late"

[[fields]]
name = "limit"
label = "Amount granted"
unit = "US$"
role = "input"
minimum = 100
maximum = 9000
step = 100
mutability = "free"
concept = "size"
help = "What was granted."

[[fields]]
name = "balance"
label = "Balance"
unit = "US$"
role = "input"
minimum = 0
maximum = 9000
step = 100
mutability = "free"
concept = "size"
help = "What is owed."

[[fields]]
name = "late"
label = "Months late"
unit = "months"
role = "input"
minimum = 0
maximum = 6
step = 1
direction = 1
mutability = "free"
concept = "trouble"
help = "How late the loan is."

[[fields]]
name = "defaulted"
label = "Defaulted"
role = "target"
mutability = "never"
[fields.codes]
0 = "no"
1 = "yes"

[[inputs]]
name = "limit"
label = "Amount granted"
unit = "US$"
formula = "limit"
concept = "size"

[[inputs]]
name = "use"
label = "Share still owed"
unit = "%"
formula = "round(balance / limit, 4)"
direction = 1
concept = "size"

[[inputs]]
name = "late"
label = "Months late"
unit = "months"
formula = "late"
direction = 1
concept = "trouble"

[[levers]]
name = "limit"
label = "Amount granted"
unit = "US$"
minimum = 100
maximum = 9000
step = 100
start = "limit"
phrase = "an amount of {}"
concept = "size"
direction = 0
rules = { limit = "value" }
shows = "limit"
help = "What was granted."

[[levers]]
name = "balances"
label = "Still owed"
unit = "±%"
minimum = -50
maximum = 50
step = 5
start = "0 * limit"
phrase = "{} owed"
concept = "size"
direction = 1
rules = { balance = "min(balance * (1 + value / 100), 9000)" }
shows = "use"
help = "What is owed, by the same percentage."

[[assumptions]]
name = "lgd"
label = "Loss given default"
unit = "%"
default = 0.40
minimum = 0.0
maximum = 1.0
step = 0.01
swing = 0.10
adverse = 1
feeds = "expected loss"
help = "An assumption."

[[assumptions]]
name = "ccf"
label = "Share of the rest that is drawn"
unit = "%"
default = 0.50
minimum = 0.0
maximum = 1.0
step = 0.01
swing = 0.10
adverse = 1
feeds = "exposure at default"
help = "An assumption."

[[assumptions]]
name = "apr"
label = "Interest rate charged"
unit = "%"
default = 0.08
minimum = 0.0
maximum = 0.60
step = 0.005
swing = 0.01
adverse = -1
feeds = "margin"
help = "An assumption."

[[assumptions]]
name = "funding"
label = "Funding cost"
unit = "%"
default = 0.03
minimum = 0.0
maximum = 0.30
step = 0.005
swing = 0.01
adverse = 1
feeds = "margin"
help = "An assumption."

[[assumptions]]
name = "opex"
label = "Operating cost per loan and year"
unit = "US$"
default = 10
minimum = 0
maximum = 1000
step = 10
swing = 10
adverse = 1
feeds = "margin"
help = "An assumption."

[[assumptions]]
name = "margin_months"
label = "Margin horizon"
unit = "months"
default = 12
minimum = 1
maximum = 120
step = 1
swing = 12
adverse = -1
feeds = "margin"
help = "An assumption."

[[assumptions]]
name = "annual_default_rate"
label = "Default rate of the book, one year"
unit = "%"
default = 0.10
minimum = 0.001
maximum = 0.50
step = 0.001
swing = 0.01
adverse = 1
feeds = "capital"
help = "An assumption."

[[assumptions]]
name = "correlation"
label = "Correlation with the economy"
unit = "%"
default = 0.10
minimum = 0.001
maximum = 0.50
step = 0.005
feeds = "state of the economy"
help = "An assumption."

[[shocks]]
name = "balances"
label = "Still owed"
unit = "±%"
minimum = -50
maximum = 50
step = 5
phrase = "{} owed"
swing = 10
adverse = 1
rules = { balance = "min(balance * (1 + value / 100), 9000)" }
help = "What is owed, by the same percentage."

[[economy]]
name = "unemployment"
label = "Unemployment"
unit = "pp"
minimum = -5
maximum = 15
step = 0.1
coefficient = 0.10
phrase = "unemployment {}"
swing = 1
adverse = 1
source = "made up"
help = "Change of the unemployment rate."

[[appetite]]
measure = "loss"
limit = 1e6
sense = "at most"

[[segments]]
name = "limit_band"
label = "Amount granted"
field = "limit"
edges = [1000, 3000]

[[segments]]
name = "late_band"
label = "Months late"
field = "late"
edges = [1, 3]
"""


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
