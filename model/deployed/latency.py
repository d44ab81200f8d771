"""How a deployed model has been answering: the latest calls, in memory."""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

import numpy as np

from model.monitoring.live import LatencyReading

KEPT = 1000


@dataclass(frozen=True)
class Beat:
    """One call: when it ended (UTC), how long it took in milliseconds, what was wrong with it, if anything."""

    at: datetime
    milliseconds: float
    trouble: str = ""


class LatencyLog:
    """The latest calls of one deployed model, from any thread."""

    def __init__(self) -> None:
        self._beats: deque[Beat] = deque(maxlen=KEPT)
        self._answered: datetime | None = None
        self._failed: Beat | None = None
        self._lock = Lock()

    def note(self, milliseconds: float, trouble: str = "") -> None:
        """A call has ended, well unless there is ``trouble``."""
        beat = Beat(datetime.now(UTC), milliseconds, trouble)
        with self._lock:
            self._beats.append(beat)
            if trouble:
                self._failed = beat
            else:
                self._answered = beat.at

    def read(self) -> LatencyReading:
        """What the latest calls say."""
        with self._lock:
            beats, answered, failed = list(self._beats), self._answered, self._failed
        good = [each.milliseconds for each in beats if not each.trouble]
        p50, p95 = np.percentile(good, [50, 95]) if good else (np.nan, np.nan)
        share = 1 - len(good) / len(beats) if beats else 0.0
        when, trouble = (failed.at, failed.trouble) if failed else (None, "")
        return LatencyReading(
            len(beats), float(p50), p95=float(p95), errors=share, answered=answered, failed=when, trouble=trouble
        )
