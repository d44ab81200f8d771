"""What a bank's monitoring scrapes: latency, rows, errors, which model answers. Prometheus text format.

With several workers ``PROMETHEUS_MULTIPROC_DIR`` makes every worker tell the sum of all (``python -m model serve`` sets
it before they start).
"""

import os
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from model.release.release import Release

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The figures of one process, or, with several, of all of them."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.latency = Histogram(
            "whatif_request_seconds",
            "Time from a request's arrival to its answer",
            ("route", "method"),
            registry=own,
            buckets=SECONDS,
        )
        self.requests = Counter("whatif_requests", "Requests by status", ("route", "status"), registry=own)
        self.errors = Counter("whatif_errors", "Requests answered with 4xx or 5xx", ("status",), registry=own)
        self.rows = Counter("whatif_rows", "Customers scored", ("release",), registry=own)
        self.in_flight = Gauge(
            "whatif_requests_in_flight", "Requests being answered now", registry=own, multiprocess_mode="livesum"
        )
        self.dropped = Counter("whatif_shadow_dropped", "Calls that the challenger could not follow", registry=own)
        self._dropped = 0

    def seen(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request has been answered."""
        self.latency.labels(route, method).observe(seconds)
        self.requests.labels(route, str(status)).inc()
        if status >= 400:
            self.errors.labels(str(status)).inc()

    def scored(self, release: Release, rows: int, dropped: int) -> None:
        """So many customers were scored by a release; ``dropped`` calls the challenger could not follow so far."""
        self.rows.labels(release.id).inc(rows)
        if dropped > self._dropped:
            self.dropped.inc(dropped - self._dropped)
            self._dropped = dropped

    def page(self, champion: Release | None) -> bytes:
        """Everything as text, and which release is the champion now."""
        folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        every = self.registry
        if folder:
            every = CollectorRegistry()
            _forget_the_dead(Path(folder))
            MultiProcessCollector(every)  # type: ignore[no-untyped-call]
        extra = CollectorRegistry()
        if champion is not None:
            extra.register(_Deployed(champion))
        return generate_latest(every) + generate_latest(extra)


def _forget_the_dead(folder: Path) -> None:
    """A worker that was killed answers no request any more."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]
        except PermissionError:
            continue


class _Deployed:
    """The one figure that is not kept: what was the champion before is no longer told."""

    def __init__(self, release: Release) -> None:
        self.release = release

    def collect(self) -> Iterable[Metric]:
        """The champion, as labels of the value 1."""
        names = ("release", "artefact", "contract", "book")
        found = GaugeMetricFamily("whatif_model_info", "The champion: its release, artefact and contract", labels=names)
        contract = self.release.contract
        found.add_metric([self.release.id, self.release.artefact, contract.hash, contract.book.name], 1)
        yield found
