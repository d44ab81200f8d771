"""What a bank's monitoring scrapes of a stream: lag, rate, errors, which release decides. Prometheus text format."""

from collections.abc import Sequence
from http.server import HTTPServer
from threading import Thread

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from data.errors import BadInput
from model.scoring.stream.decider import DecidedBatch
from model.scoring.stream.loop import StreamFollower, StreamState
from model.scoring.stream.messages import ObservedOutcome, RefusedMessage

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class StreamMetrics(StreamFollower):
    """The figures of one process, at ``/metrics`` of its own port while it runs."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.applications = Counter(
            "whatif_stream_decided", "Applications decided", ("release", "decision"), registry=own
        )
        self.messages_refused = Counter("whatif_stream_refused", "Messages that could not be decided", registry=own)
        self.known_outcomes = Counter("whatif_stream_outcomes", "Outcomes that arrived", registry=own)
        self.latency = Histogram(
            "whatif_stream_latency_seconds",
            "From an application's timestamp to its decision, the slowest of each micro-batch",
            buckets=SECONDS,
            registry=own,
        )
        self.lag = Gauge("whatif_stream_lag", "Messages that wait in the partitions read here", registry=own)
        self.rate = Gauge("whatif_stream_rate", "Applications decided a second", registry=own)
        self.errors = Gauge("whatif_stream_errors", "Errors of the broker so far", registry=own)
        self.champion = Gauge("whatif_stream_model_info", "The release that decides", ("release",), registry=own)
        self._server: tuple[HTTPServer, Thread] | None = None

    def serve(self, host: str, port: int) -> None:
        """Answer at ``/metrics``; raises BadInput if the port is taken."""
        try:
            self._server = start_http_server(port, addr=host, registry=self.registry)
        except OSError as error:
            raise BadInput(
                f"Metrics cannot be told on {host}:{port}: {error.strerror}. Give another --port, or 0 for none."
            ) from error

    def decided(self, batch: DecidedBatch) -> None:
        """Count applications by what was decided."""
        granted = int(batch.granted.sum())
        self.applications.labels(batch.release.id, "granted").inc(granted)
        self.applications.labels(batch.release.id, "declined").inc(len(batch) - granted)
        self.latency.observe(float(batch.latency_ms.max()) / 1000)

    def refused(self, messages: Sequence[RefusedMessage]) -> None:
        """Count refusals."""
        self.messages_refused.inc(len(messages))

    def outcomes(self, found: Sequence[ObservedOutcome]) -> None:
        """Count outcomes."""
        self.known_outcomes.inc(len(found))

    def second(self, state: StreamState) -> None:
        """Tell how the stream is."""
        self.lag.set(state.lag)
        self.rate.set(state.rate)
        self.errors.set(state.errors)
        self.champion.clear()
        if state.release:
            self.champion.labels(state.release).set(1)

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            server, thread = self._server
            server.shutdown()
            server.server_close()
            thread.join()
