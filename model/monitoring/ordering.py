"""Whether the values of an input stand in the order of the very outcomes that a model of it is tested on.

Words that were coded in the order of the default rates of a whole file rank even where they are pure noise, and no
cross-validation shows it: what a fold is tested on is in the codes already. But such an order is too good. Whatever the
true rates, those observed of neighbouring values differ by chance too, so that an order made without the outcomes is
sometimes the wrong one by chance, and its steps are never all as small as those of sorted noise. Two tests, each
bounded for every honest order, whatever the true rates are:

- *Perfect order.* With rates r of K values in order, the likelihood of r under "sorted afterwards", divided by its
  likelihood under the true rates that suit r best, is at most 1 on average over any honest order, so that by Markov's
  inequality the chance of 1/p or more is at most p. Of noise it is about K! · exp(−(K − 1)/2).
- *Smooth order.* The sum over neighbours of (r₂ − r₁)² / variance comes to at least one a step (von Neumann 1941; by
  Anderson's inequality true differences only make it larger); by Satterthwaite's approximation of its lower tail.

Everywhere ``outcome`` (n,) is 0 or 1 and ``inputs`` (k, n) may hold NaN, which stands in no order. Nothing is drawn at
random.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtr, logsumexp, ndtr, ndtri

from data.arrays import Array

FEWEST_ROWS, FEWEST_EVENTS = 10, 3.0  # of a value, or of neighbours pooled; events, and non-events, as expected
FEWEST_VALUES = 8  # below, a perfect order is nothing special
SPREADS = (0.0, 3.0, 15.0, 60.0)  # variances of true rates, in those of chance, that a sorted order is looked for with
TREND = 2.0  # standard errors by which rates must go with the order, for it to rank anything
GRID = 4000
SMOOTH = 10  # of all false alarms, one tenth is left to this test, whose bound is approximate
SUSPICIOUS = 0.05


@dataclass(frozen=True, eq=False)
class Order:
    """For each input, (k,), how likely an order made without the outcomes is at most to be as ``perfect``, and as
    ``smooth``, along them: in [0, 1], 1 where nothing speaks against it."""

    perfect: Array
    smooth: Array

    @property
    def found(self) -> NDArray[np.bool_]:
        """The inputs that look ordered by the outcomes, (k,), each by itself."""
        return np.asarray(np.minimum(self.perfect, SMOOTH * self.smooth) < SUSPICIOUS)

    def chance(self, words: Sequence[int] = ()) -> float:
        """How likely at most all that was found is: of the most suspicious input among all of them, and of the perfect
        orders of ``words``, positions of inputs with codes of their own, together: independent noise multiplies."""
        if not len(self.perfect):
            return 1.0
        single, smooth = (len(self.perfect) * float(each.min()) for each in (self.perfect, self.smooth))
        together = float(np.exp(-np.log((1 + 1 / np.maximum(self.perfect[list(words)], 1e-300)) / 2).sum()))
        return min(1.0, 2 * single, 2 * together, SMOOTH * smooth)


@dataclass(frozen=True, eq=False)
class _Rates:
    """Default rates ``rate`` (m,) along the values of an input, over ``size`` (m,) records each, and the ``mean``."""

    rate: Array
    size: Array
    mean: float

    @property
    def variance(self) -> Array:
        """Of each rate by chance alone, did all values have the mean."""
        return self.mean * (1 - self.mean) / self.size


def order(outcome: Array, inputs: Array) -> Order:
    """How far each input's order follows the outcomes."""
    along = [_along(outcome, values) for values in inputs]
    found = [(1.0, 1.0) if own is None or not _ranks(own) else (_perfect(own), _smooth(own)) for own in along]
    perfect, smooth = np.array(found).reshape(-1, 2).T
    return Order(perfect, smooth)


def standard_errors(chance: float) -> float:
    """A probability as standard errors of a normal distribution, one-sided and at least 0: 0.00135 → 3."""
    return float(max(-ndtri(max(chance, 1e-300)), 0.0))


def _along(outcome: Array, values: Array) -> _Rates | None:
    """The rates along an input's values, small neighbours pooled; None where they are too few to tell anything."""
    known = ~np.isnan(values)
    levels, where = np.unique(values[known], return_inverse=True)
    if len(levels) < FEWEST_VALUES:
        return None
    mean = float(outcome[known].mean())
    rarer = min(mean, 1 - mean)
    least = max(FEWEST_ROWS, FEWEST_EVENTS / rarer) if rarer else np.inf
    count = np.bincount(where).astype(np.float64)
    bins = _pooled(count, least)
    size = np.bincount(bins, count).astype(np.float64)
    rate = np.bincount(bins, np.bincount(where, outcome[known])) / size
    return _Rates(rate, size, mean) if len(size) >= FEWEST_VALUES else None


def _pooled(count: Array, least: float) -> NDArray[np.int64]:
    """The group of each value (m,) in its order: neighbours together until they hold ``least`` records."""
    bins, group, held = np.empty(len(count), np.int64), 0, 0.0
    for k, n in enumerate(count):
        bins[k] = group
        held += n
        if held >= least:
            group, held = group + 1, 0.0
    if held and group:
        bins[bins == group] = group - 1
    return bins


def _ranks(own: _Rates) -> bool:
    """Whether the rates go with the order at all; those of a sample drawn evenly are alike, and rank nothing."""
    place = np.arange(len(own.size)) - np.average(np.arange(len(own.size)), weights=own.size)
    noise = own.mean * (1 - own.mean) * float(own.size @ place**2)
    return bool(abs((own.size * place) @ own.rate) > TREND * np.sqrt(noise))


def _perfect(own: _Rates) -> float:
    """At most how likely a perfect order is without the outcomes, either way up."""
    steps = np.diff(own.rate)
    if not (steps >= 0).all() and not (steps <= 0).all():
        return 1.0
    up = own if (steps >= 0).all() else _Rates(own.rate[::-1], own.size[::-1], own.mean)
    found = [_sorted_against_best(up, spread) for spread in SPREADS]
    evidence = logsumexp(found) - np.log(2 * len(SPREADS))  # one of several ways, and of two directions
    return float(np.exp(-max(evidence, 0.0)))


def _sorted_against_best(own: _Rates, spread: float) -> float:
    """Log-likelihood of these rates in this order, if noise and true rates of this spread were sorted, less that under
    the true rates that suit them best."""
    total = own.variance + spread * float(np.median(own.variance))
    likely = 0.5 * np.log(own.variance / total) - 0.5 * (own.rate - own.mean) ** 2 / total
    return float(likely.sum()) - _log_in_order(own, np.sqrt(total))


def _log_in_order(own: _Rates, deviation: Array) -> float:
    """Log of the probability that independent normal rates with these deviations come out in this order, equal ones
    allowed: rates of few records often are equal."""
    reach = 8 * float(deviation.max())
    width = max(2 * reach / GRID, 1 / float(np.median(own.size)))
    edges = np.arange(-reach, reach + width, width)
    mass = np.diff(ndtr(edges / deviation[:, None]), axis=1)
    below, log = mass[0], 0.0
    for each in mass[1:]:
        below = each * np.cumsum(below)
        log += float(np.log(below.sum()))
        below = below / below.sum()
    return log


def _smooth(own: _Rates) -> float:
    """At most how likely steps as small as these are without the outcomes."""
    each = 1 / own.size
    number, bad = own.size[1:] + own.size[:-1], (own.size * own.rate)[1:] + (own.size * own.rate)[:-1]
    pair = bad / number
    told = (pair > 0) & (pair < 1)  # of two values without an event, or with nothing else, chance makes no difference
    if told.sum() < FEWEST_VALUES - 1:
        return 1.0
    variance = np.where(told, pair * (1 - pair), 1) * (each[1:] + each[:-1]) * number / (number - 1)
    total = float((np.diff(own.rate) ** 2 / variance)[told].sum())
    shared = each[1:-1] ** 2 / ((each[:-2] + each[1:-1]) * (each[1:-1] + each[2:]))
    mean, spread = float(told.sum()), 2 * float(told.sum()) + 4 * float(shared[told[1:] & told[:-1]].sum())
    return float(chdtr(2 * mean**2 / spread, 2 * mean * total / spread))
