"""A spot check: does a model elsewhere still say what its tables here say, of customers drawn anew each time?"""

import time
from dataclasses import dataclass

import numpy as np

from model.deployed.remote import EDGE
from model.engine.scorer import Scorer
from model.engine.tables import probability
from model.whatif.book.scenario import Layers
from model.whatif.book.scored import ScoredBook

CUSTOMERS = 200
SAME = 1e-9


@dataclass(frozen=True)
class SpotCheck:
    """Of ``customers`` asked live, how many ``differ`` from the tables in their PD and by how much at most (``gap``, a
    fraction); ``milliseconds`` the call took."""

    customers: int
    differ: int
    gap: float
    milliseconds: float


def check(live: Scorer, whole: ScoredBook, layers: Layers) -> SpotCheck:
    """Ask the ``live`` model about random customers of the ``whole`` book under a scenario, as they are scored there.

    Raises
    ------
    RemoteError
        If it cannot be asked.
    """
    drawn = np.sort(np.random.default_rng().choice(whole.n, min(CUSTOMERS, whole.n), replace=False))
    raw = whole.part(drawn).records(layers)
    start = time.perf_counter()
    said = probability(live.margins(raw))
    took = 1000 * (time.perf_counter() - start)
    gaps = np.abs(said - probability(whole.scorer.margins(raw)).clip(EDGE, 1 - EDGE))
    return SpotCheck(len(drawn), int((gaps > SAME).sum()), float(gaps.max()), took)
