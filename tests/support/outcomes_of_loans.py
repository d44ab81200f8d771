"""Outcomes of made-up loans as a stream brings them, for models to be renewed on."""

import numpy as np
import pandas as pd
import sqlalchemy as sql

from data import books
from data.arrays import Array
from data.contract import Contract
from model.release.outcome_window import OutcomeWindow
from model.release.store import Store
from model.scoring.stream.decider import Decider
from model.scoring.stream.messages import ObservedOutcome
from model.scoring.stream.outcomes import OutcomeStore
from tests.support.loans import NAME, frame
from tests.support.streamed import NOON, applications, sent


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
