"""A dashboard that cannot call out unnoticed, and what is sent to it by somebody who means it no good."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.browser.server import Server, serving
from tests.support.standalone import receive

GUARD = '''
"""Notes, and forbids, every connection and look-up of a name that is not of this machine."""

import os
import sys

OWN = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "", None)


def guard(event, given):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        host = given[1][0] if isinstance(given[1], tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = given[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in OWN:
        with open(os.environ["CALLED_OUT"], "a") as notes:
            notes.write(f"{event} {host}\\n")
        raise OSError(f"{host} is not of this machine")


sys.addaudithook(guard)
'''
HEALTH = "/_stcore/health"
PATIENCE = 20.0  # seconds for one answer


@dataclass(frozen=True)
class Guarded:
    """A running dashboard, and what it tried to reach elsewhere."""

    server: Server
    notes: Path

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.host.rpartition(":")[2])

    def called_out(self) -> list[str]:
        """Every attempt so far."""
        return self.notes.read_text().splitlines()


@contextmanager
def guarded(home: Path, folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Guarded]:
    """The dashboard on the releases in ``home``, with egress forbidden and noted."""
    (folder / "sitecustomize.py").write_text(GUARD)
    notes = folder / "called_out"
    notes.touch()
    environment = {"PYTHONPATH": str(folder), "CALLED_OUT": str(notes), **(settings or {})}
    with serving(home, folder, settings=environment) as server:
        yield Guarded(server, notes)


def handshake(port: int, path: str = "/_stcore/stream", **headers: str) -> bytes:
    """The opening of a web socket, as a browser or a program writes it."""
    given = {"Host": f"127.0.0.1:{port}", **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in given.items()]
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    return f"GET {path} HTTP/1.1\r\n{''.join(lines)}{upgrade}{key}\r\n".encode()


def connected(port: int, tls: ssl.SSLContext | None = None) -> socket.socket:
    """A connection of this machine, encrypted if it is told how."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    return plain if tls is None else tls.wrap_socket(plain)


def status_of(port: int, request: bytes, tls: ssl.SSLContext | None = None) -> int:
    """The status of the answer to what is sent on a connection of its own."""
    with connected(port, tls) as connection:
        connection.sendall(request)
        return int(connection.recv(2**16)[9:12])


def get(path: str, port: int, **headers: str) -> bytes:
    """A GET, on a connection that is closed after it."""
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{''.join(lines)}Connection: close\r\n\r\n".encode()


@dataclass
class Watch:
    """Asks for health again and again on new connections while something goes on: statuses, and the seconds that each
    answer took."""

    port: int
    path: str = HEALTH
    tls: ssl.SSLContext | None = None
    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Watch":
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(2 * PATIENCE)

    def _ask(self) -> None:
        while True:
            start = time.perf_counter()
            status = 0
            with suppress(OSError, ValueError), connected(self.port, self.tls) as connection:
                connection.sendall(get(self.path, self.port))
                status, _ = receive(connection)
            self.seconds.append(time.perf_counter() - start)
            self.statuses.append(status)
            if self._end.wait(0.02):
                return


# ---- who takes the server's time and memory --------------------------------------------------------------------------

ENDLESS = {
    "a header": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", b"a" * 2**16),
    "a name": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-", b"a" * 2**16),
    "headers": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"X-A: a\r\n" * 2**13),
    "an address": (b"GET /?", b"a" * 2**16),
    "a method": (b"", b"GET" * 2**14),
    "empty lines": (b"", b"\r\n" * 2**15),
    "trailers": (
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-A: ",
        b"a" * 2**16,
    ),
    "a part's note": (
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        b"a" * 2**16,
    ),
}
"""How a request begins, and what goes on without end."""
ENOUGH = 64 * 2**20  # bytes: what two sockets hold between them is less


def flood(port: int, begins: bytes, goes_on: bytes, enough: int = ENOUGH, tls: ssl.SSLContext | None = None) -> int:
    """How many bytes can be sent until the server hangs up; ``enough`` if it does not."""
    with connected(port, tls) as connection:
        sent = 0
        with suppress(ConnectionError):
            connection.sendall(begins)
            while sent < enough:
                connection.sendall(goes_on)
                sent += len(goes_on)
        return sent


def held(port: int, begun: bytes, count: int, tls: ssl.SSLContext | None = None) -> list[socket.socket]:
    """So many connections on each of which this much of a request was sent."""
    found = []
    for _ in range(count):
        connection = connected(port, tls)
        with suppress(ConnectionError):  # cut off already
            connection.sendall(begun)
        found.append(connection)
    return found


def last_words(connection: socket.socket) -> bytes:
    """What the server says until it hangs up."""
    said = b""
    with connection, suppress(ConnectionError):
        while part := connection.recv(2**16):
            said += part
    return said
