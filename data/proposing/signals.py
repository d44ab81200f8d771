"""What a column says of the outcome by itself: the statistics behind a proposal's guesses.

``target`` is (n,) 0 or 1, ``values`` (n,) float64 with NaN where missing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array

SUSPICIOUS_AUC = 0.9  # of a column alone: it knows the outcome, and so says the gate on single inputs
TELLING_AUC = 0.7  # of the other rows: beyond it a column ranks well all along
CHANCE = 1e-4  # a pattern that chance would make more often is none
CLEAR_Z = 4.0  # Cochran-Armitage trend; some 250 columns may be looked at
FEWEST = 30  # rows in a bin whose rate counts
HALF = 0.5  # of the rows: a value that so many have, as 0 of counts, is told from all others

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


def all_of_one(target: Array, values: Array, codes: bool, alone: Alone) -> str:
    """How a tenth of the rows, by what a column says of them, all had one outcome, though it tells little of the
    others: at its ends what ranks well all along may, too. "" where none did. ``codes`` stand for words: each is looked
    at by itself, numbers from the lowest to the highest."""
    known = ~np.isnan(values)
    levels, where = np.unique(values[known], return_inverse=True)
    count = np.bincount(where)
    size = max(FEWEST, len(target) // 10)
    bad, base = np.bincount(where, target[known]), float(target.mean())
    for first, last in _tenths(count, size, codes):
        n, share = int(count[first : last + 1].sum()), float(bad[first : last + 1].sum())
        prior = base if share else 1 - base
        if share in (0, n) and n * np.log(prior) < np.log(CHANCE):
            rest = known & ((values < levels[first]) | (values > levels[last]))
            if rest.any() and float(alone(target[rest], values[None, rest])[0]) > TELLING_AUC:
                continue
            between = f"{levels[first]:.6g}" if first == last else f"{levels[first]:.6g} to {levels[last]:.6g}"
            what = "one of its words" if codes else between
            return f"it is {what} in {n:,} rows, all of which had the {'bad' if share else 'good'} outcome"
    return ""


def _tenths(count: NDArray[np.int64], size: int, codes: bool) -> list[tuple[int, int]]:
    """The first and the last of the levels of each bin that holds ``size`` rows: from the lowest up, and from the
    highest down."""
    if codes:
        return [(k, k) for k in np.flatnonzero(count >= size).tolist()]
    last = len(count) - 1
    return [*_filled(count, size), *((last - high, last - low) for low, high in _filled(count[::-1], size))]


def _filled(count: NDArray[np.int64], size: int) -> list[tuple[int, int]]:
    """Levels gathered from the first on until they hold ``size`` rows; one that holds as many is by itself."""
    bins, first, filled = [], 0, 0
    for k, n in enumerate(count.tolist()):
        if n >= size and filled:
            first, filled = k, 0
        filled += n
        if filled >= size:
            bins.append((first, k))
            first, filled = k + 1, 0
    return bins


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
    most = int(count.max(initial=0))
    mostly = most >= HALF * int(known.sum())
    rest = int(known.sum()) - (most if mostly else 0)  # a value that half of the rows have is one bin of its own
    size = max(FEWEST, rest // 10)
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
    if len(number) < 2 or (len(number) < 3 and len(levels) > 2 and not mostly) or number.min() < FEWEST:
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
