"""What a job adds up: counts, money and histograms, which merge, so that no row need be looked at twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.json_types import JsonObject

MONEY = ("exposure", "loss", "net_loss", "capital", "margin", "loss_as_is", "net_loss_as_is")
SUMMED = ("scored", "granted", "outside", "pd", "pd_exposure", "pd_as_is", *MONEY)
OF_BAND = ("scored", "granted", "pd", "exposure", "loss", "loss_as_is")  # what is added up of each band of a segment
MOST_POINTS = 2_000  # scores beyond 0 and this are counted as these


@dataclass(frozen=True, eq=False)
class JobSums:
    """Of some rows: ``totals`` by name (`SUMMED`), NaN where nothing of the kind was worked out; ``segments`` by name,
    (bands, `OF_BAND`); ``points`` (`MOST_POINTS` + 1,), records by whole score; ``bins``: records by the bins of each
    input and last of the PD; ``refused`` rows, and refusals by what they are ``about``."""

    totals: Array
    segments: Mapping[str, Array]
    points: NDArray[np.int64]
    bins: tuple[NDArray[np.int64], ...]
    refused: int = 0
    about: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "JobSums") -> "JobSums":
        about = dict(self.about)
        for name, n in other.about.items():
            about[name] = about.get(name, 0) + n
        return JobSums(
            self.totals + other.totals,
            {name: own + other.segments[name] for name, own in self.segments.items()},
            self.points + other.points,
            tuple(own + more for own, more in zip(self.bins, other.bins, strict=True)),
            self.refused + other.refused,
            about,
        )

    def total(self, name: str) -> float:
        """One of the totals."""
        return float(self.totals[SUMMED.index(name)])

    @property
    def scored(self) -> int:
        """How many rows were scored."""
        return round(self.total("scored"))

    def to_json(self) -> JsonObject:
        """The sums as JSON holds them, every digit kept."""
        there = np.flatnonzero(self.points)
        return {
            "totals": {name: value for name, value in zip(SUMMED, self.totals.tolist(), strict=True) if value == value},
            "segments": {name: own.tolist() for name, own in self.segments.items()},
            "points": {str(k): int(self.points[k]) for k in there.tolist()},
            "bins": [own.tolist() for own in self.bins],
            "refused": self.refused,
            "about": dict(self.about),
        }

    @classmethod
    def from_json(cls, held: JsonObject) -> "JobSums":
        """The sums that `to_json` wrote."""
        points = np.zeros(MOST_POINTS + 1, np.int64)
        for score, n in held["points"].items():
            points[int(score)] = n
        return cls(
            np.array([held["totals"].get(name, np.nan) for name in SUMMED], np.float64),
            {name: np.array(own, np.float64) for name, own in held["segments"].items()},
            points,
            tuple(np.array(own, np.int64) for own in held["bins"]),
            int(held["refused"]),
            {str(name): int(n) for name, n in held["about"].items()},
        )
