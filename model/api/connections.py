"""What one connection, one address and all of them may take of the server before anything of theirs is answered.

uvicorn reads a header as long as somebody sends one, waits for the rest of a request for ever, and takes as many
connections as there are files. `WatchedHttp` and `WatchedSocket` are its own protocols with an end to each of it:

* a header, and whatever comes with a body without being of it (trailers, sizes of parts), is so long at most;
* whoever owes the rest of a request goes on within so many seconds, and so does whoever is told an answer;
* a connection sends so many requests ahead of their answers: a thousand come in one packet, and each is held;
* an address has so many connections, and all have so many. One more takes the place of that which has kept the server
  waiting longest, and only where none does is it refused: who is slow shuts out nobody who is not. Web sockets, silent
  while somebody thinks, are counted by themselves.

The addresses of a proxy (``WHATIF_TRUSTED_PROXY``) count only together with all: whose connections they are, the proxy
knows, and limits them itself.
"""

import asyncio
import logging
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Protocol
from weakref import WeakKeyDictionary

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from model.settings import Settings, settings

LOG = logging.getLogger(__name__)
MAX_HEADERS = 200  # lines
MAX_AHEAD = 32  # requests that a connection sends before the first of them is answered
RATE = 4096.0  # bytes a second that a body has to come at, once its first seconds are over
PART = 8  # bytes that may come along with one of a body: the size of a part, written out
MAX_UNREAD = 64 * 2**20  # bytes of answers that wait for somebody who goes on sending
MAX_MESSAGE = 2**18  # bytes that a browser sends over a web socket at once; a move of a lever has a thousand
LOOKS = 8  # at who is late, in the time that somebody has
RESERVED_FILES = 128  # beside connections: the record, releases, files being read
STATUS = {408: "Request Timeout", 431: "Request Header Fields Too Large", 503: "Service Unavailable"}


class Counted(Protocol):
    """A connection, as it is counted. ``waits`` is since when the server waits for it; None while it does not."""

    address: str
    waits: float | None
    transport: asyncio.Transport

    def look(self, now: float) -> None:
        """End it if its time is over."""


class Crowd:
    """Connections of one kind by address: at most so many ``each``, and so many in ``all``."""

    def __init__(self, each: int, all: int) -> None:
        self._each, self._all = each, all
        self._at: dict[str, dict[Counted, None]] = {}
        self._count = 0

    def admit(self, one: Counted) -> bool:
        """Count one more, in the place of the one that has kept the server waiting longest if need be; False if it has
        no place."""
        own = self._at.get(one.address, {})
        if one.address and len(own) >= self._each and not self._evict(own):
            return False
        if self._count >= self._all and not self._evict(self.members()):
            return False
        self._at.setdefault(one.address, {})[one] = None
        self._count += 1
        return True

    def discard(self, one: Counted) -> None:
        """Count it no more, whether it was counted or not."""
        own = self._at.get(one.address, {})
        if one in own:
            del own[one]
            self._count -= 1
            if not own:
                del self._at[one.address]

    def members(self) -> list[Counted]:
        """All of them."""
        return [each for own in self._at.values() for each in own]

    def _evict(self, of: Iterable[Counted]) -> bool:
        waiting = [(each.waits, k, each) for k, each in enumerate(of) if each.waits is not None]
        if not waiting:
            return False
        longest = min(waiting)[2]
        self.discard(longest)
        longest.transport.abort()
        return True


class Connections:
    """All connections of a server, and the clock that ends those whose time is over."""

    def __init__(self, using: Settings) -> None:
        self.header, self.seconds = using.http_header, using.http_seconds
        self._proxies = using.trusted_proxy
        half = max(1, _room(using.http_connections) // 2)
        self.requests = Crowd(using.http_address_connections, half)
        self.sockets = Crowd(using.http_address_sockets, half)
        self._due: float | None = None

    def now(self) -> float:
        """Seconds by the loop's clock."""
        return asyncio.get_running_loop().time()

    def start(self) -> None:
        """Look at all of them, again and again, while there are any."""
        if self._due is None:
            self._due = self.now() + self.seconds / LOOKS
            asyncio.get_running_loop().call_at(self._due, self._look)

    def address(self, peer: tuple[str, int] | None) -> str:
        """By what the connections of one visitor are counted: an IPv4 address, the network of an IPv6 one, of which
        everybody has 2⁶⁴; "" for a proxy, and for what has none."""
        try:
            found = ip_address(peer[0].partition("%")[0] if peer else "")
        except ValueError:
            return ""
        if isinstance(found, IPv6Address):
            found = found.ipv4_mapped or found
        if any(found in network for network in self._proxies):
            return ""
        return found.exploded[:19] if isinstance(found, IPv6Address) else str(found)

    def _look(self) -> None:
        now, found = self.now(), [*self.requests.members(), *self.sockets.members()]
        kept_waiting = self._due is not None and now - self._due > self.seconds / LOOKS
        self._due = None
        for each in [] if kept_waiting else found:  # if this process itself was late, what came meanwhile is read first
            each.look(now)
        if found:
            self.start()


_OF: WeakKeyDictionary[ServerState, Connections] = WeakKeyDictionary()


def connections_of(state: ServerState) -> Connections:
    """Those of a server."""
    if state not in _OF:
        _OF[state] = Connections(settings())
    return _OF[state]


def _room(wanted: int) -> int:
    """So many connections as are wanted, or as the system gives files for."""
    try:
        import resource  # not on Windows, which has no such limit
    except ImportError:
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + RESERVED_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    raised = needed if hard == resource.RLIM_INFINITY else min(hard, needed)
    resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    return max(2, raised - RESERVED_FILES)


class _Reading:
    """Whether the other end takes what is sent to it."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._left = 0

    def goes_on(self) -> None:
        """Some of it was taken."""
        self._since = None

    def late(self, transport: asyncio.Transport, now: float, seconds: float) -> bool:
        """Whether nothing was taken for so many seconds of what waits."""
        left, before = transport.get_write_buffer_size(), self._left
        self._left = left
        if not left:
            self._since = None
        elif self._since is None or left < before:
            self._since = now
        return self._since is not None and now - self._since >= seconds


class WatchedHttp(HttpToolsProtocol):
    """uvicorn's HTTP with an end to headers, waiting and connections."""

    watch: Connections
    address = ""
    waits: float | None = None
    _begun = False  # whether it is the rest of a request that is waited for, and not another one
    _in_body = False  # whether its header has come
    _came = _body = 0  # bytes of this request, and of its body
    _ended = 0  # the status that this connection was ended with

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it, or refuse it."""
        super().connection_made(transport)
        self.watch, self._reading = connections_of(self.server_state), _Reading()
        self.address = self.watch.address(self.client)
        self._wait(begun=True)  # so long as somebody may take to begin
        if self.watch.requests.admit(self):
            self.watch.start()
        else:
            self._end(503, "This address has as many connections as it may. Close some, or try again in a second.")

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no more."""
        self.watch.requests.discard(self)
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        """What was sent is being taken."""
        self._reading.goes_on()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Some more of a request."""
        if self._ended:
            return
        if not self._begun and self._answered():  # the first of the next one, be it an empty line
            self._wait(begun=True)
        self._came += len(data)
        super().data_received(data)
        if self._ended or self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if self._came - self._body > self.watch.header + PART * self._body:
            self._end(431, self._too_long())
        elif self.transport.get_write_buffer_size() > MAX_UNREAD:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        """The header is there, of whatever length if it came in one piece."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.watch.header or len(self.headers) > MAX_HEADERS:
            self._end(431, self._too_long())
            raise ValueError("longer than a header may be")  # which the parser stops at
        if len(self.pipeline) >= MAX_AHEAD:
            self._ended = 503
            self.watch.requests.discard(self)
            self.transport.abort()
            raise ValueError("more requests than may wait for one another")
        self._wait(begun=True)
        self._in_body = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of a body."""
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has come whole."""
        self._came = self._body = 0
        self._begun, self._in_body, self.waits = False, False, None
        super().on_message_complete()
        if self._answered():  # before all of it was there
            self._wait(begun=False)

    def on_response_complete(self) -> None:
        """It is answered; the connection waits for the next, or for the rest of what nobody reads."""
        super().on_response_complete()
        if not self._begun and self._answered():
            self._wait(begun=False)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to a web socket, which is counted instead."""
        self.watch.requests.discard(self)
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP."""
        if not self._ended:
            super().send_400_response(msg)

    def look(self, now: float) -> None:
        """End the connection if its time is over."""
        seconds = self.watch.seconds
        if self.waits is not None and not self.flow.read_paused and now - self.waits - self._body / RATE >= seconds:
            if self._begun:
                self._end(408, f"The request did not arrive within {seconds:g} seconds. Send it in one go.")
            else:
                self.transport.close()
        elif self._reading.late(self.transport, now, seconds):
            self.transport.abort()

    def _wait(self, begun: bool) -> None:
        self.waits, self._begun = self.watch.now(), begun

    def _answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _too_long(self) -> str:
        most = self.watch.header
        return f"The header is longer than {most:,} bytes or {MAX_HEADERS} lines, the most that are read. Send less."

    def _end(self, status: int, why: str) -> None:
        """Say why, unless an answer is under way, and hang up."""
        self._ended = status
        self.watch.requests.discard(self)
        if self.transport.is_closing():
            return
        unsaid = not self.cycle.response_started if self._in_body else self._answered()
        if unsaid:
            self.transport.write(_refused(status, why))
            self.transport.close()
        elif self._answered():  # and the rest of it still to come
            self.transport.close()
        else:
            self.transport.abort()


class WatchedSocket(WebSocketsSansIOProtocol):
    """uvicorn's web socket, counted, and ended if nobody takes what it says."""

    address = ""
    waits: float | None = None  # never

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, object]) -> None:
        super().__init__(config, server_state, app_state)
        self.watch, self._reading = connections_of(server_state), _Reading()
        self._placed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        super().connection_made(transport)
        self.address = self.watch.address(self.client)
        self._placed = self.watch.sockets.admit(self)
        self.watch.start()

    def data_received(self, data: bytes) -> None:
        """Its opening, or some more of a message."""
        if self._placed and self.transport.get_write_buffer_size() <= MAX_UNREAD:
            super().data_received(data)
        elif self._placed:
            self.transport.abort()
        elif not self.transport.is_closing():
            why = "This address has as many pages open as it may. Close some, and load this one again."
            self.transport.write(_refused(503, why))
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no more."""
        self.watch.sockets.discard(self)
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        """What was sent is being taken."""
        self._reading.goes_on()
        super().resume_writing()

    def look(self, now: float) -> None:
        """End the connection if nobody takes what it says."""
        if self._reading.late(self.transport, now, 3 * self.watch.seconds):  # a phone may be in a tunnel
            self.transport.abort()


def _refused(status: int, why: str) -> bytes:
    """An answer that ends a connection."""
    body = orjson.dumps({"error": why})
    retry = "Retry-After: 1\r\n" if status == 503 else ""
    head = f"HTTP/1.1 {status} {STATUS[status]}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}{retry}Connection: close\r\n\r\n".encode() + body


# ---- put in their place ----------------------------------------------------------------------------------------------


class Watching:
    """ASGI middleware: has the server that runs the application watch its connections, before it takes the first.

    Streamlit starts uvicorn and has no option for any of it. What runs an application's lifespan is uvicorn's, and has
    its configuration; the classes in it are taken when a connection is made. Where one of that is no longer so, the
    server starts without these limits, and says so.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on whatever it is."""
        if scope["type"] == "lifespan":
            watch_connections(getattr(getattr(receive, "__self__", None), "config", None))
        await self.app(scope, receive, send)


def watch_connections(config: object) -> bool:
    """Put the watched protocols in the place of uvicorn's; False, with an error in the log, if they have none there."""
    found = [getattr(config, name, None) for name in ("http_protocol_class", "ws_protocol_class", "ws_max_size")]
    if not isinstance(config, Config) or found[:2] != [HttpToolsProtocol, WebSocketsSansIOProtocol]:
        LOG.error(
            "This server has no limits on headers, slow requests and connections: it does not start uvicorn as those "
            "versions do that were tested (found: %s). Install those of requirements.txt, or put a proxy before it.",
            ", ".join(str(each) for each in [type(config).__name__, *found]),
        )
        return False
    config.http_protocol_class, config.ws_protocol_class = WatchedHttp, WatchedSocket
    config.ws_max_size = min(config.ws_max_size, MAX_MESSAGE)
    return True
