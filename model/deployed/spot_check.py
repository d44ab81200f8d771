"""A spot check: does a model elsewhere still say what its tables here say, of customers drawn anew each time?"""

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from model.deployed.model import DeployedModel
from model.deployed.remote import EDGE
from model.engine.identity import SpotCheck
from model.engine.scorer import Scorer
from model.engine.tables import probability
from model.whatif.book.scenario import Layers
from model.whatif.book.scored import ScoredBook

CUSTOMERS = 200
SAME = 1e-9


def live_check(model: DeployedModel, layers: Layers) -> Callable[[], SpotCheck] | None:
    """The check of a model elsewhere whose tables are known here, under a scenario; None of any other."""
    if model.remote is None or model.release is None:
        return None
    return partial(check, model.scorer, model.whole, layers)


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
