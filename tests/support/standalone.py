"""The REST service as a process of its own, and a client of plain sockets: for tests and the benchmark."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.browser.server import ROOT
from tests.support.servers import free_port

SERVE = ("-m", "model", "serve")
OPEN = {"WHATIF_API_TOKENS": "off"}  # for whatever of this machine asks: most tests are of something else
START_SECONDS = 120.0
END_SECONDS = 40.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Alone:
    """A running service: its port, its first process, the seconds from start to ready, its output."""

    port: int
    process: "subprocess.Popen[bytes]"
    seconds: float
    log: Path

    @property
    def url(self) -> str:
        """Its address without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def ended(self) -> int:
        """The exit status, once it has ended."""
        return self.process.wait(END_SECONDS)


@contextmanager
def alone(home: Path, workers: int = 1, program: Sequence[str] = SERVE, **settings: str) -> Iterator[Alone]:
    """The service on the releases in ``home``, from ready until left; its output goes to a file there."""
    port = free_port()
    log = home / f"service-{port}.log"
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("WHATIF_", "PROMETHEUS_"))}
    environment = kept | {"WHATIF_HOME": str(home), "OMP_NUM_THREADS": "1", **OPEN} | settings
    with log.open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *program, "--port", str(port), "--workers", str(workers)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # whatever happens, its workers end with it
        )
        try:
            _await_ready(port, process, log)
            yield Alone(port, process, time.perf_counter() - start, log)
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _await_ready(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with opener.open(f"http://127.0.0.1:{port}/v2/health/ready", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_SECONDS)
    raise RuntimeError(f"The service did not become ready:\n{log.read_text(errors='replace')[-3000:]}")


# ---- HTTP over a plain socket: fast, and as slow as a test wants -----------------------------------------------------


def post(body: bytes, path: str = "/v2/models/credit/infer", length: int | None = None) -> bytes:
    """A request; ``length`` says more than there is, for a body that is still to come."""
    said = len(body) if length is None else length
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {said}\r\n\r\n".encode() + body


def receive(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of the next answer; ConnectionError if there is none."""
    read = bytearray()
    while (end := read.find(b"\r\n\r\n")) < 0:
        _more(connection, read)
    head = bytes(read[:end]).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(read) < end + 4 + length:
        _more(connection, read)
    return int(head[9:12]), bytes(read[end + 4 :])


def _more(connection: socket.socket, read: bytearray) -> None:
    part = connection.recv(2**18)
    if not part:
        raise ConnectionResetError("hung up")
    read += part
