"""A made-up book of guaranteed loans, small enough to check by hand, declared by a contract of its own: no months, no
conversion factor, a vintage, a loss given default that differs by sector, a guarantor."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from data.arrays import Array
from data.books import CONTRACT as FILE
from data.books import OWN, Book
from data.contract import read
from model.engine.compilers.gradient_boosting import compile_model
from model.engine.scorer import TableScorer
from model.engine.shapley import against
from model.engine.territory import survey
from model.release.training import classifier, rows
from model.whatif.book.scored import ScoredBook

NAME, N = "guaranteed", 500
LGD = {11: 0.50, 44: 0.25}  # by sector; any other bears `lgd`

TEXT = """
version = "1.0.0"

[book]
name = "guaranteed"
title = "Made-up guaranteed loans"
file = "loans.parquet"
as_of = "2014"
sample = "a made-up sample"
currency = "US$"
id = "loan"
person = "loan"
target = "charged_off"
outcome = "are charged off before they are repaid"
probability = "Probability of being charged off"
granted = "would be approved today"
declined = "would not be approved today"
decision_note = "Approved loans only."
pd_horizon = "the life of the loan"
pd_months = 84
exposure_class = "corporate"

[score]
base_score = 600
base_odds = 50
points_to_double = 20
cutoff = 540
bands = [520, 540, 560]

[exposure]
balance = "amount"
ead = "amount"
lgd = "pick(sector, 11, 0.50, 44, 0.25, lgd)"
own_share = "1 - guaranteed_share"
guarantor = "the guarantor"
note = "EAD is the amount approved."

[realised]
loss = "min(charged_off_amount, amount)"

[training]
iterations = 10
leaves = 4
learning_rate = 0.2
min_leaf = 10
seed = 0
folds = 2
since = 2003
until = 2007
later_until = 2010

[gates]
auc_at_least = 0.5
auc_at_most = 0.99
brier_at_most = 0.5
ece_at_most = 0.5

[[concepts]]
name = "size"
label = "Size of the loan"
reason = "Amount"

[[concepts]]
name = "trade"
label = "Trade"
reason = "Trade"

[[fields]]
name = "amount"
label = "Amount approved"
unit = "US$"
role = "input"
minimum = 1000
maximum = 1000000
step = 1000
mutability = "free"
concept = "size"

[[fields]]
name = "term"
label = "Term"
unit = "months"
role = "input"
minimum = 1
maximum = 360
mutability = "free"
concept = "size"

[[fields]]
name = "sector"
label = "Sector"
role = "input"
minimum = 0
maximum = 99
mutability = "never"
concept = "trade"
missing = true
[fields.codes]
11 = "farming"
44 = "retail trade"
72 = "food and lodging"

[[fields]]
name = "guaranteed_share"
label = "Guaranteed share"
unit = "%"
role = "input"
minimum = 0
maximum = 1
step = 0.01
mutability = "never"
concept = "size"

[[fields]]
name = "year"
label = "Year of approval"
role = "vintage"
minimum = 2000
maximum = 2014

[[fields]]
name = "charged_off_amount"
label = "Amount charged off"
unit = "US$"
role = "post-outcome"

[[fields]]
name = "charged_off"
label = "Charged off"
role = "target"
[fields.codes]
0 = "paid in full"
1 = "charged off"

[[inputs]]
name = "amount"
label = "Amount approved"
unit = "US$"
formula = "amount"
concept = "size"

[[inputs]]
name = "term"
label = "Term"
unit = "months"
formula = "term"
direction = -1
concept = "size"

[[inputs]]
name = "trade"
label = "Trade"
formula = "pick(sector, 11, 0, 44, 1, 2)"
concept = "trade"
[inputs.codes]
0 = "farming"
1 = "retail trade"
2 = "any other"

[[levers]]
name = "longer"
label = "Term"
unit = "months"
minimum = 1
maximum = 360
step = 1
start = "term"
phrase = "a term of {}"
concept = "size"
direction = -1
rules = { term = "value" }
shows = "term"
help = "For how long the loan runs."

[[assumptions]]
name = "lgd"
label = "Loss given default elsewhere"
unit = "%"
default = 0.40
minimum = 0
maximum = 1
step = 0.01
swing = 0.1
feeds = "expected loss"
help = "Of any other sector."

[[assumptions]]
name = "apr"
label = "Interest rate"
unit = "%"
default = 0.08
minimum = 0
maximum = 0.5
step = 0.005
swing = 0.01
adverse = -1
feeds = "margin"
help = "A year."

[[assumptions]]
name = "funding"
label = "Funding cost"
unit = "%"
default = 0.03
minimum = 0
maximum = 0.5
step = 0.005
swing = 0.01
feeds = "margin"
help = "A year."

[[assumptions]]
name = "opex"
label = "Operating cost"
unit = "US$"
default = 100
minimum = 0
maximum = 10000
step = 100
swing = 100
feeds = "margin"
help = "A loan and year."

[[assumptions]]
name = "margin_months"
label = "Margin horizon"
unit = "months"
default = 48
minimum = 1
maximum = 120
step = 1
swing = 12
adverse = -1
feeds = "margin"
help = "How long a loan earns."

[[assumptions]]
name = "annual_default_rate"
label = "Default rate, one year"
unit = "%"
default = 0.03
minimum = 0.001
maximum = 0.5
step = 0.001
swing = 0.01
feeds = "capital"
help = "A year."

[[assumptions]]
name = "correlation"
label = "Correlation"
unit = "%"
default = 0.12
minimum = 0.001
maximum = 0.5
step = 0.005
feeds = "state of the economy"
help = "With the economy."

[[shocks]]
name = "shorter"
label = "Terms"
unit = "±%"
minimum = -50
maximum = 50
step = 5
phrase = "terms {}"
swing = 10
adverse = -1
rules = { term = "term * (1 + value / 100)" }
help = "Every term."

[[shocks]]
name = "smaller"
label = "Amounts"
unit = "±%"
minimum = -50
maximum = 50
step = 5
phrase = "amounts {}"
swing = 10
rules = { amount = "amount * (1 + value / 100)" }
help = "Every amount."

[[economy]]
name = "unemployment"
label = "Unemployment"
unit = "pp"
minimum = -5
maximum = 15
step = 0.1
coefficient = 0.18
phrase = "unemployment {}"
swing = 1
source = "made up"
help = "Change against today."

[[appetite]]
measure = "net_loss"
limit = 1e6
sense = "at most"

[[segments]]
name = "sector"
label = "Sector"
field = "sector"
edges = [20, 50]
labels = ["farming", "retail trade", "food and lodging"]

[[segments]]
name = "years"
label = "Year of approval"
field = "year"
edges = [2005, 2008]
labels = ["before 2005", "2005 to 2007", "2008 and later"]
"""

CONTRACT = read(TEXT.encode(), "guaranteed.toml")


def frame() -> pd.DataFrame:
    """The snapshot: short loans are charged off more often, and those lose a part of their amount."""
    rng = np.random.default_rng(7)
    term, amount = rng.integers(12, 240, N), 1000.0 * rng.integers(5, 300, N)
    sector = rng.choice([11.0, 44.0, 72.0, np.nan], N)
    bad = rng.random(N) < 1 / (1 + np.exp(term / 60 + (sector == 11)))
    return pd.DataFrame(
        {
            "loan": 1000 + np.arange(N),
            "amount": amount,
            "term": term,
            "sector": sector,
            "guaranteed_share": rng.choice([0.5, 0.75, 0.85], N),
            "year": rng.integers(2003, 2011, N),
            "charged_off_amount": np.where(bad, np.round(amount * rng.random(N)), 0.0),
            "charged_off": bad.astype(int),
        }
    )


@lru_cache(maxsize=1)
def book() -> Book:
    """The book in memory."""
    told = frame()
    raw = np.ascontiguousarray(told[[each.name for each in CONTRACT.record]].to_numpy(np.float64).T)
    observed = {each.name: told[each.name].to_numpy(np.float64) for each in CONTRACT.observed}
    return Book(CONTRACT, raw, told["loan"].to_numpy(np.int64), observed["charged_off"], observed, "0" * 64)


def write(home: Path) -> None:
    """Put the book among a user's own."""
    place = home / OWN / NAME
    place.mkdir(parents=True)
    (place / FILE).write_text(TEXT)
    frame().to_parquet(place / CONTRACT.book.file)


@lru_cache(maxsize=1)
def scorer() -> TableScorer:
    """A model of it."""
    own = book()
    tables = compile_model(classifier(own).fit(rows(own.inputs), own.target))
    seen = survey(own.inputs, own.raw, 0)
    return TableScorer(CONTRACT, tables, against(tables, tables.encode(own.inputs), "the average of the book"), seen)


@lru_cache(maxsize=1)
def whole() -> ScoredBook:
    """The whole book as that model sees it."""
    return ScoredBook.of(scorer(), book())


def value(name: str) -> Array:
    """A field of every loan, (n,)."""
    own: Array = book().raw[CONTRACT.row[name]]
    return own


def lgd(other: float = 0.40, overlay: float = 0.0) -> Array:
    """The loss given default of every loan by hand, (n,)."""
    found = [LGD.get(int(each), other) if not np.isnan(each) else other for each in value("sector")]
    return np.clip(np.array(found) + overlay, 0, 1)
