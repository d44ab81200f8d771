"""One deadline for all that a call waits for: the network of an HTTP client that reads no longer than it was given.

A client's own time-outs hold for each wait alone, so that a server which sends a letter every second is waited for
without end: in its headers, in its body, or in how slowly it takes the question.
"""

import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

import httpcore
import httpx

PIECE = 64 * 1024  # bytes that are sent before the clock is looked at


class Deadline:
    """When what this thread waits for must have come; without end until it is set."""

    def __init__(self) -> None:
        self._of = local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """All that is waited for inside ends after so many ``seconds``."""
        self._of.end = time.monotonic() + seconds
        try:
            yield
        finally:
            self._of.end = None

    def left(self, timeout: float | None, late: type[Exception]) -> float | None:
        """Seconds that may still be waited, at most ``timeout``; raises ``late`` if there are none."""
        end: float | None = getattr(self._of, "end", None)
        if end is None:
            return timeout
        seconds = end - time.monotonic()
        if seconds <= 0:
            raise late("too slow")
        return seconds if timeout is None else min(timeout, seconds)


class TimedStream(httpcore.NetworkStream):
    """A connection that is waited for until the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Some bytes."""
        return self._stream.read(max_bytes, self._deadline.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        for start in range(0, len(buffer), PIECE):
            left = self._deadline.left(timeout, httpcore.WriteTimeout)
            self._stream.write(buffer[start : start + PIECE], left)

    def close(self) -> None:
        """Give it up."""
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same, encrypted."""
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """What is known of the connection below."""
        return self._stream.get_extra_info(info)


class TimedNetwork(httpcore.NetworkBackend):
    """Opens connections that are waited for until the deadline, to each address of a host in turn."""

    def __init__(self, deadline: Deadline) -> None:
        self._network, self._deadline = httpcore.SyncBackend(), deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to a host."""
        trouble: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _addresses(host, port):
            left = self._deadline.left(timeout, httpcore.ConnectTimeout)
            try:
                stream = self._network.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
            else:
                return TimedStream(stream, self._deadline)
        raise trouble


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def keep(client: httpx.Client, deadline: Deadline) -> None:
    """Have a client, and the proxies it goes by, wait no longer than a deadline.

    httpx hands no network through to the pools that it makes of the environment's proxies; they are given theirs here.
    """
    for each in (client._transport, *client._mounts.values()):
        if isinstance(each, httpx.HTTPTransport):
            each._pool._network_backend = TimedNetwork(deadline)
