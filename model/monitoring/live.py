"""What is known of models while they answer: each call, how fast they are, how far a challenger differs."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class LatencyReading:
    """What the latest calls say. ``p50`` and ``p95`` in milliseconds, NaN before the first answer; ``errors`` a
    fraction; ``answered`` and ``failed`` when that last happened; ``trouble`` what was wrong then."""

    calls: int
    p50: float
    p95: float
    errors: float
    answered: datetime | None
    failed: datetime | None
    trouble: str


@dataclass(frozen=True)
class Call:
    """A call on record, without its numbers. ``rows`` records scored, ``duration_ms`` milliseconds, ``at`` UTC."""

    id: str
    at: datetime
    kind: str
    who: str
    via: str
    book: str
    release: str
    rows: int
    duration_ms: float


@dataclass(frozen=True)
class Differences:
    """Challenger against champion over the calls shadowed: ``moved`` and ``apart`` the mean difference and the mean
    absolute difference of PD, ``most`` the largest, fractions; decisions turned each way; ``calls`` that differ most as
    (id, when, customers, largest difference)."""

    champion: str
    challenger: str
    first: str
    customers: int
    moved: float
    apart: float
    most: float
    granted: int
    declined: int
    calls: tuple[tuple[str, str, int, float], ...]
