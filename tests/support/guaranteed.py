"""A made-up book of guaranteed loans, small enough to check by hand, declared by a contract of its own: no months, no
conversion factor, a vintage, a loss given default that differs by sector, a guarantor."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from data.arrays import Array
from data.books import CONTRACT as FILE
from data.books import OWN, Book
from data.contract import read_contract
from model.engine.compilers.gradient_boosting import compile_model
from model.engine.scorer import TableScorer
from model.engine.shapley import against
from model.engine.territory import survey
from model.release.training import classifier, rows
from model.whatif.book.scored import ScoredBook
from tests.support import contracts

NAME, N = "guaranteed", 500
LGD = {11: 0.50, 44: 0.25}  # by sector; any other bears `lgd`

TEXT = contracts.text(NAME)
CONTRACT = read_contract(TEXT.encode(), "guaranteed.toml")


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
