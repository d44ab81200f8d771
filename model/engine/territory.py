"""Known territory: how far a record lies from anything the model has seen.

Gower's distance (Gower 1971) to the nearest of the release's reference customers: the mean over the inputs of
|x − r| in units of the input's spread, at most 1 each; a value present against one missing counts 1. The result
is stated as a percentile: how many of 100 customers of the book lie nearer to the reference than this record.
"""

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.arrays import AnyArray, Array
from data.edges import slack, up_to
from model.engine.stored import Arrays, taken

Level = Literal["usual", "unusual", "outside"]
GRADED = 50_000
AT_ONCE = 32  # of the reference that a record is held against
MISSING = 1e300  # stands for a missing value where distances are taken: as far from any other as can be
UNUSUAL, OUTSIDE = 95.0, 99.0  # percentiles from which a record is called unusual, and outside


@njit(nogil=True, cache=True)
def nearest(inputs: Array, reference: Array, spread: Array, out: Array) -> None:
    """Distance of each column of ``inputs`` (inputs, n) to its nearest reference column; columns equal to the
    record itself are left out only when ``out`` holds -1 at that place on entry (used to grade the book)."""
    k, n = inputs.shape
    for r in range(n):
        itself = out[r] < 0
        best = np.inf
        for c in range(reference.shape[1]):
            total = 0.0
            for i in range(k):
                a, b = inputs[i, r], reference[i, c]
                if np.isnan(a) or np.isnan(b):
                    total += 0.0 if np.isnan(a) and np.isnan(b) else 1.0
                else:
                    total += min(abs(a - b) / spread[i], 1.0)
                if total >= best:
                    break
            if total < best and not (itself and total == 0.0):
                best = total
        out[r] = best / k


@njit(nogil=True, cache=True)
def _one_within(records: Array, reference: Array, most: float, out: NDArray[np.intp]) -> None:
    """Which place of ``reference`` (groups, inputs, `AT_ONCE`) lies no further than ``most``, summed over the inputs,
    from each row of ``records`` (n, inputs), both in units of the inputs' spreads, -1 where none does; one of the
    reference that is NaN is far from everything. The place that ``out`` holds on entry is looked at first, then a group
    at a time, without a branch within: that is fifteen times as fast as one by one."""
    n, k = records.shape
    apart = np.empty(AT_ONCE)
    for r in range(n):
        first, total = max(out[r], 0), 0.0
        for i in range(k):
            total += min(abs(records[r, i] - reference[first // AT_ONCE, i, first % AT_ONCE]), 1.0)
        if total <= most:
            out[r] = first
            continue
        out[r] = -1
        for group in range(len(reference)):
            for c in range(AT_ONCE):
                apart[c] = 0.0
            for i in range(k):
                value = records[r, i]
                for c in range(AT_ONCE):
                    distance = abs(value - reference[group, i, c])
                    apart[c] += distance if distance < 1.0 else 1.0
            like = False
            for c in range(AT_ONCE):
                like |= apart[c] <= most
            if like:
                for c in range(AT_ONCE):
                    if apart[c] <= most:
                        out[r] = group * AT_ONCE + c
                        break
                break


@dataclass(frozen=True, eq=False)
class Territory:
    """``reference`` (inputs, m) customers, ``spread`` (inputs,), ``percentiles`` (101,) of the book's own distances,
    ``low`` and ``high`` (fields,) the range of each raw field the model has seen."""

    reference: Array
    spread: Array
    percentiles: Array
    low: Array
    high: Array

    def percentile(self, inputs: Array) -> Array:
        """How many of 100 customers lie nearer to the reference, (n,), for ``inputs`` (inputs, n)."""
        distance = np.zeros(inputs.shape[1])
        nearest(np.ascontiguousarray(inputs), self.reference, self.spread, distance)
        return up_to(distance, self.percentiles).clip(0, 100).astype(np.float64)

    def outside(self, inputs: Array) -> NDArray[np.bool_]:
        """Which records' `percentile` is `OUTSIDE` or more, (n,), for ``inputs`` (inputs, n); ten times as fast."""
        return self.neighbours(inputs) < 0

    def neighbours(self, inputs: Array, before: NDArray[np.intp] | None = None) -> NDArray[np.intp]:
        """For each record a place in the reference whose customer is like it, (n,), -1 for one that is `outside`, for
        ``inputs`` (inputs, n). ``before`` (n,): those the same records had before something moved them, which most
        still have; that is fifty times as fast."""
        near = np.zeros(inputs.shape[1], np.intp) if before is None else before.copy()
        radius = float(self.percentiles[int(OUTSIDE) - 1])
        radius += float(slack(radius))  # as `percentile` decides
        _one_within(np.ascontiguousarray(self._scaled(inputs).T), self._reference, radius * len(inputs), near)
        return near

    def _scaled(self, inputs: Array) -> Array:
        """``inputs`` (inputs, n) in units of their spreads; what is missing is far from anything but what is too."""
        return np.where(np.isnan(inputs), MISSING, inputs / self.spread[:, None])

    @cached_property
    def _reference(self) -> Array:
        """The reference as it is gone through: (groups, inputs, `AT_ONCE`), filled up with what is like nobody."""
        scaled = self._scaled(self.reference)
        groups = -(-scaled.shape[1] // AT_ONCE)
        filled = np.full((len(scaled), groups * AT_ONCE), np.nan)
        filled[:, : scaled.shape[1]] = scaled
        return np.ascontiguousarray(filled.reshape(len(scaled), groups, AT_ONCE).transpose(1, 0, 2))

    def beyond(self, raw: Array) -> NDArray[np.bool_]:
        """Which raw fields (fields, n) lie outside the range the model has seen."""
        return (raw < self.low[:, None]) | (raw > self.high[:, None])

    def arrays(self) -> dict[str, AnyArray]:
        """Everything, for storage without pickle."""
        return {name: getattr(self, name) for name in ("reference", "spread", "percentiles", "low", "high")}

    @classmethod
    def from_arrays(cls, arrays: Arrays, inputs: int | None = None, fields: int | None = None) -> "Territory":
        """The territory that `arrays` stored, of so many inputs and fields.

        Raises
        ------
        KeyError, ValueError
            If one is absent, or not as `arrays` stores it.
        """
        largest = float(np.finfo(np.float64).max)
        reference = taken(
            arrays, "reference", kind=np.float64, shape=(inputs, None), low=-largest, high=largest, gaps=True
        )
        if 0 in reference.shape:
            raise ValueError("reference holds nobody")
        spread = taken(
            arrays, "spread", kind=np.float64, shape=reference.shape[:1], low=np.nextafter(0, 1), high=largest
        )
        percentiles = taken(arrays, "percentiles", kind=np.float64, shape=(101,), low=0)
        if not (percentiles[1:] >= percentiles[:-1]).all():
            raise ValueError("percentiles do not rise")
        low = taken(arrays, "low", kind=np.float64, shape=(fields,), low=-largest, high=largest, gaps=True)
        return cls(
            reference,
            spread,
            percentiles=percentiles,
            low=low,
            high=taken(arrays, "high", kind=np.float64, shape=low.shape, low=-largest, high=largest, gaps=True),
        )


def level(percentile: float, beyond: bool = False) -> Level:
    """What a percentile is called; a value beyond the seen range is always outside."""
    if beyond or percentile >= OUTSIDE:
        return "outside"
    return "unusual" if percentile >= UNUSUAL else "usual"


def survey(inputs: Array, raw: Array, seed: int, size: int = 2000, graded: int = GRADED) -> Territory:
    """The territory of a book: ``inputs`` (inputs, n), ``raw`` (fields, n). Percentiles are those of at most ``graded``
    records: of a million, each against 2,000, they would take a minute for a third digit."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(inputs.shape[1], min(size, inputs.shape[1]), replace=False)
    reference = np.ascontiguousarray(inputs[:, np.sort(chosen)])
    low, high = np.nanquantile(inputs, [0.01, 0.99], axis=1)
    spread = np.where(high > low, high - low, 1.0)
    of = inputs if inputs.shape[1] <= graded else inputs[:, rng.choice(inputs.shape[1], graded, replace=False)]
    distance = np.full(of.shape[1], -1.0)
    nearest(np.ascontiguousarray(of), reference, spread, distance)
    return Territory(reference, spread, np.percentile(distance, np.arange(101)), *extent(raw))


def extent(raw: Array) -> tuple[Array, Array]:
    """The lowest and the highest value of each raw field (fields, n); NaN where it is missing everywhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmin(raw, axis=1), np.nanmax(raw, axis=1)
