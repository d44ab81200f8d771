"""Outcomes and predictions for the tests of this directory."""

import numpy as np
from hypothesis import strategies as st

from data.arrays import Array

WORKED = np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])

pairs = st.lists(st.tuples(st.booleans(), st.integers(1, 19)), min_size=6, max_size=40).filter(
    lambda drawn: 2 <= sum(bad for bad, _ in drawn) <= len(drawn) - 2
)
"""Outcomes of both classes, at least two of each, with PDs in twentieths: many ties."""


def columns(drawn: list[tuple[bool, int]]) -> tuple[Array, Array]:
    """Outcomes and PDs of `pairs`."""
    outcome, twentieths = zip(*drawn, strict=True)
    return np.array(outcome, float), np.array(twentieths) / 20


def borrowers(n: int, seed: int = 0, rate: float = -2.0) -> tuple[Array, Array]:
    """Outcomes that happen exactly as often as predicted, and the predictions."""
    rng = np.random.default_rng(seed)
    pd = 1 / (1 + np.exp(-rng.normal(rate, 1.0, n)))
    return (rng.random(n) < pd).astype(float), pd


def stretched(pd: Array, slope: float = 1.0, shift: float = 0.0) -> Array:
    """The same predictions with log-odds times ``slope`` plus ``shift``."""
    return 1 / (1 + np.exp(-(slope * np.log(pd / (1 - pd)) + shift)))
