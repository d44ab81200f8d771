"""What a column says of the outcome by itself: the statistics behind a proposal's guesses.

``target`` is (n,) 0 or 1, ``values`` (n,) float64 with NaN where missing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.arrays import Array

SUSPICIOUS_AUC = 0.9  # of a column alone: it knows the outcome, and so says the gate on single inputs
CHANCE = 1e-4  # a pattern that chance would make more often is none
CLEAR_Z = 4.0  # Cochran-Armitage trend; some 250 columns may be looked at
FEWEST = 30  # rows in a bin whose rate counts

Alone = Callable[[Array, Array], Array]
"""How well each of some columns (k, n) ranks the target (n,) by itself, from 0.5 to 1, (k,): the gate's own measure."""


def one_sided(target: Array, values: Array) -> str:
    """How a column gives the outcome away by being filled, empty or unusual for one outcome only; "" if it does not."""
    gaps = np.isnan(values)
    patterns = {"filled": ~gaps, "empty": gaps}
    if (~gaps).any():
        levels, count = np.unique(values[~gaps], return_counts=True)
        usual = float(levels[np.argmax(count)])
        if len(levels) > 2:
            patterns[f"other than {usual:.6g}"] = ~gaps & (values != usual)
    base = float(target.mean())
    for what, rows in patterns.items():
        n = int(rows.sum())
        if not 0 < n < len(target):
            continue
        share = float(target[rows].mean())
        for outcome, prior, own in (("bad", base, share), ("good", 1 - base, 1 - share)):
            if own >= 0.99 and n * np.log(prior) < np.log(CHANCE):
                return f"it is {what} in {n:,} rows, {own:.0%} of which had the {outcome} outcome"
    return ""


def by_rate(target: Array, values: Array) -> Array:
    """``values`` replaced by their places in the order of the outcome rate: what codes say when it is their order that
    keeps them from saying it. To set a column aside by, never to give to a model: it holds the very outcomes."""
    known = ~np.isnan(values)
    _, where = np.unique(values[known], return_inverse=True)
    rate = np.bincount(where, target[known]) / np.bincount(where)
    out = np.full(len(values), np.nan)
    out[known] = np.argsort(np.argsort(rate, kind="stable"), kind="stable")[where]
    return out


@dataclass(frozen=True)
class Trend:
    """``sign`` of the outcome's response to a column, 0 where none is clear; ``why`` says from what. ``leaning`` is the
    sign of a response that is clear on the whole, steady or not."""

    sign: int
    why: str
    leaning: int = 0


def trend(target: Array, values: Array) -> Trend:
    """Whether the outcome rate clearly rises or falls with a column, bin by bin."""
    known = ~np.isnan(values)
    levels, count = np.unique(values[known], return_counts=True)
    size = max(FEWEST, int(known.sum()) // 10)
    edges, filled = [], 0
    for level, n in zip(levels, count, strict=True):
        filled += int(n)
        if filled >= size:
            edges.append(float(level))
            filled = 0
    if filled and edges:
        edges.pop()  # the rest is too few for a bin of its own: it joins the last
    bins = np.searchsorted(edges, values[known])
    number = np.bincount(bins).astype(float)
    if len(number) < 2 or (len(number) < 3 and len(levels) > 2) or number.min() < FEWEST:
        return Trend(0, "too few rows or values to see one")
    bad = np.bincount(bins, target[known])
    rate, base = bad / number, float(target[known].mean())
    place = np.arange(len(number)) - np.average(np.arange(len(number)), weights=number)
    spread = base * (1 - base) * float((number * place**2).sum())
    z = float((place * bad).sum() / np.sqrt(spread)) if spread > 0 else 0.0
    error = np.sqrt(base * (1 - base) * (1 / number[1:] + 1 / number[:-1]))
    back = -np.sign(z) * np.diff(rate) > error  # a step the wrong way that noise does not explain
    across = f"from {rate[0]:.1%} to {rate[-1]:.1%} over {len(rate)} bins of it"
    if abs(z) < CLEAR_Z:
        return Trend(0, f"the outcome rate goes {across}: no clear trend (z = {z:.1f})")
    if back.any() or np.sign(rate[-1] - rate[0]) != np.sign(z):
        return Trend(0, f"the outcome rate goes {across}, but not steadily (z = {z:.1f})", int(np.sign(z)))
    return Trend(int(np.sign(z)), f"the outcome rate goes steadily {across} (z = {z:.1f})", int(np.sign(z)))
