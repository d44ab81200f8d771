"""Outcomes of made-up loans as a stream brings them, for models to be renewed on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sql

from data import books
from data.arrays import Array
from data.contract import Contract
from model.release import parity
from model.release.outcome_window import OutcomeWindow
from model.release.store import Store
from model.scoring.stream.decider import Decider
from model.scoring.stream.messages import ObservedOutcome
from model.scoring.stream.outcomes import OutcomeStore
from tests.support.kept import KeptReleases
from tests.support.loans import NAME, frame, lay_down
from tests.support.streamed import NOON, applications, sent


@contextmanager
def compared_on_few() -> Iterator[None]:
    """The slow comparisons of a training on few rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, "ORACLE_ROWS", 1)
        patch.setattr(parity, "ORACLE_BACKGROUND", 2)
        patch.setattr(parity, "SHAP_ROWS", 20)
        yield


def champion_and_renewed(store: Store) -> None:
    """A champion of the loans, and a release renewed on 3,000 new ones, which is not promoted."""
    with compared_on_few():
        store.promote(store.train().id)
        store.renew(window_of(books.contract(NAME, store.home), frame(3000, seed=7)))


def lay_down_renewed(home: Path, kept: KeptReleases) -> tuple[Store, str]:
    """Put the loans and both releases into a home; their store, and the renewed one's id."""
    lay_down(home)
    champion = kept.champion(home, NAME, champion_and_renewed)
    store = Store(home, NAME)
    return store, next(each for each in store.ids() if each != champion.id)


def changed(n: int, seed: int) -> pd.DataFrame:
    """Loans of a world in which being late tells more, and debt less, than in that of the book."""
    table = frame(n, seed)
    risk = 1.6 - 1.3 * table["late"] - 0.2 * (np.log(table["debt"]) - 9) + 0.9 * (np.log(table["income"]) - 10)
    chance = np.random.default_rng(seed + 1).random(n)
    return table.assign(lost=(chance < 1 / (1 + np.exp(risk))).astype(int))


def records_of(contract: Contract, table: pd.DataFrame) -> Array:
    """The records of loans, (fields, n)."""
    return np.ascontiguousarray(table[[each.name for each in contract.record]].to_numpy(float).T)


def window_of(contract: Contract, table: pd.DataFrame) -> OutcomeWindow:
    """Loans as a window of outcomes that came a minute apart."""
    at = NOON + 60_000 * np.arange(len(table), dtype=np.int64)
    return OutcomeWindow(records_of(contract, table), table["lost"].to_numpy(float), at)


def stream_in(engine: sql.Engine, store: Store, n: int, seed: int, start: int = 0, table: pd.DataFrame | None = None):
    """Loans of another world decided and their outcomes told, as a stream would, the first at minute ``start``."""
    contract = books.contract(NAME, store.home)
    new = changed(n, seed) if table is None else table
    ids = [f"L-{seed}-{k}" for k in range(len(new))]
    kept = OutcomeStore(engine, store, 100_000)
    at = NOON + 60_000 * start
    for batch in Decider(store).decide(sent(applications(contract, records_of(contract, new), ids), at), at).batches:
        kept.decided(batch)
    kept.outcomes(
        [
            ObservedOutcome(own, int(lost), at + 1 + 60_000 * k)
            for k, (own, lost) in enumerate(zip(ids, new["lost"], strict=True))
        ]
    )
    kept.close()
