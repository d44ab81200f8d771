"""What a batch came to, as its report is told: whatever scored it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract
from model.monitoring.drift import OF_PD, Drift, Snapshot, psi


@dataclass(frozen=True, eq=False)
class BatchNumbers:
    """What a ``release`` said of the records in a ``source`` on a ``day`` (ISO): ``given`` rows, of which so many were
    ``refused``, and refusals by what they are ``about``; ``totals`` by name; ``segments`` by name, (bands, columns)
    with the ``columns`` by name; records by whole score, ``points``; by the bins of each input and last of the PD,
    ``bins``, beside those of the training (``snapshot``). ``scenario``: what is assumed, in words, "" for nothing.
    ``repeated`` identifiers; columns that were ``ignored``; ``notes`` of reading."""

    contract: Contract
    release: str
    source: str
    day: str
    given: int
    refused: int
    about: Mapping[str, int]
    totals: Mapping[str, float]
    segments: Mapping[str, Array]
    columns: tuple[str, ...]
    points: NDArray[np.int64]
    bins: tuple[NDArray[np.int64], ...]
    snapshot: Snapshot
    cutoff: float
    scenario: str = ""
    repeated: int = 0
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def scored(self) -> int:
        """How many rows were scored."""
        return self.given - self.refused

    @property
    def stressed(self) -> bool:
        """Whether they were scored under a scenario, beside what they are without one."""
        return "loss_as_is" in self.totals

    def mean(self, name: str) -> float:
        """One of the totals of the average record; NaN where none was scored."""
        return self.totals[name] / self.scored if self.scored else np.nan

    def drifts(self) -> tuple[Drift, ...]:
        """How far each input and last the PD lie from the training."""
        indices = (*range(len(self.bins) - 1), OF_PD)
        held = zip(indices, self.bins, self.snapshot.edges, self.snapshot.shares, strict=True)
        return tuple(self._drift(*each) for each in held)

    def _drift(self, index: int, counts: NDArray[np.int64], edges: Array, expected: Array) -> Drift:
        actual = counts / max(self.scored, 1)
        return Drift(index, psi(expected, actual), n=self.scored, edges=edges, expected=expected, actual=actual)
