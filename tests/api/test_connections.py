"""What keeps the server waiting, or goes on without end, is cut off, and keeps nobody else from being answered."""

import asyncio
import json
import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import psutil
import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from model.api import connections
from model.api.connections import Connections, Crowd, WatchedHttp, WatchedSocket, Watching, watch_connections
from model.settings import Settings
from tests.support.attacks import ENDLESS, ENOUGH, PATIENCE, Watch, flood, get, handshake, held, last_words, status_of
from tests.support.standalone import post, receive

HELD = 20  # connections of one address
TRIES = 1000  # at what comes about in a moment
SECONDS = 0.25  # that somebody may keep the server waiting


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers a POST with the length of its body, a GET with as many bytes as its query says, a web socket with it."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    size, more = 0, scope["method"] == "POST" and scope["path"] != "/early"
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = b"a" * int(scope["query_string"] or b"0") if scope["method"] == "GET" else str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch, **using: Any) -> Iterator[int]:
    """A server in a thread of this process, whose connections are watched: its port."""
    monkeypatch.setattr(connections, "settings", lambda: Settings(**using))
    config = uvicorn.Config(application, port=0, lifespan="off", log_config=None, http=WatchedHttp, ws=WatchedSocket)
    server = uvicorn.Server(config)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        with socket.create_connection(listening.getsockname(), timeout=PATIENCE):
            yield int(listening.getsockname()[1])
    finally:
        server.should_exit = server.force_exit = True
        thread.join(PATIENCE)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where it listens."""
    with watched(monkeypatch, http_seconds=SECONDS, http_address_connections=HELD, http_address_sockets=HELD) as found:
        yield found


def answered(port: int) -> bool:
    """Whether somebody else's request is."""
    return status_of(port, get("/", port)) == 200


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_goes_on_without_end_is_cut_off(port: int, kind: str):
    with Watch(port, "/") as others:
        assert flood(port, *ENDLESS[kind]) < ENOUGH
    assert set(others.statuses) == {200}


def test_a_header_is_refused_by_its_length_however_it_comes(port: int):
    for size, status in ((20_000, 200), (40_000, 431)):
        assert status_of(port, get("/", port, X_A="a" * size)) == status
    many = get("/", port, **{f"X_{k}": "a" for k in range(connections.MAX_HEADERS)})
    assert status_of(port, many) == 431
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(get("/", port, X_A="a" * 40_000))
        assert "at most" not in (said := json.loads(receive(connection)[1])["error"])
        assert "32,768 bytes" in said


def test_a_long_body_in_small_parts_is_no_header(port: int):
    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(head + b"1\r\na\r\n" * 100_000 + b"0\r\n\r\n")
        assert receive(connection) == (200, b"100000")


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        post(b"{", "/", length=10),
        post(b"{", "/early", length=10),
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    ],
)
def test_more_unfinished_requests_than_there_is_room_for_keep_nobody_out_and_end(port: int, begun: bytes):
    attack = held(port, begun, 3 * HELD)
    assert answered(port)
    said = [last_words(each) for each in attack]
    assert [each for each in said[: HELD + 1] if b"408" in each] == []  # in whose place others came
    assert b"408" in said[-1] or b"/early" in begun
    assert answered(port)


@pytest.mark.parametrize("begun", [b"GET / HTTP/1.1\r\nX-A: ", b"", post(b"", "/", length=10**6)])
def test_whoever_goes_on_a_byte_at_a_time_is_cut_off_all_the_same(port: int, begun: bytes):
    (connection,) = held(port, begun, 1)
    assert dripped_until_the_end(connection, b"a" if begun else b"\r\n")
    assert b"408" in last_words(connection)


def dripped_until_the_end(connection: socket.socket, drop: bytes) -> bool:
    """Whether the server hangs up while somebody goes on sending very little."""
    ended = select.poll()
    ended.register(connection, select.POLLIN | select.POLLHUP)
    for _ in range(TRIES):
        if ended.poll(20):
            return True
        connection.sendall(drop)
    return False


def test_a_connection_that_was_answered_is_closed_if_nothing_follows_but_empty_lines(port: int):
    (connection,) = held(port, get("/", port).replace(b"Connection: close\r\n", b""), 1)
    assert receive(connection)[0] == 200
    with connection:
        assert dripped_until_the_end(connection, b"\r\n")


def test_whoever_reads_no_answer_is_cut_off(port: int):
    asked = get("/?4000000", port).replace(b"Connection: close\r\n", b"")
    (connection,) = held(port, asked * 20, 1)
    own = connection.getsockname()[1]
    with connection:
        assert eventually(lambda: own not in served(port))


def eventually(done: Callable[[], bool]) -> bool:
    """Whether something comes about."""
    for _ in range(TRIES):
        if done():
            return True
        time.sleep(0.02)
    return False


def served(port: int) -> list[int]:
    """The other ends of the server's connections."""
    found = psutil.Process().net_connections("tcp4")
    return [each.raddr.port for each in found if each.laddr.port == port and each.raddr]


def test_a_long_answer_that_is_read_slowly_comes_whole(port: int):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(get("/?12000000", port))
        start, came = time.monotonic(), 0
        while part := connection.recv(200_000):
            came += len(part)
            if time.monotonic() - start < 3 * SECONDS:
                time.sleep(0.05)  # a reader that takes its time is what is tried
    assert came > 12_000_000


def test_several_requests_at_once_on_one_connection_are_answered_in_order(port: int):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        asked = [get(f"/?{k}", port).replace(b"Connection: close\r\n", b"") for k in range(1, 9)]
        connection.sendall(b"".join(asked) + post(b"ab", "/"))
        said = last_words(connection)
    assert [each.partition(b"HTTP")[0] for each in said.split(b"\r\n\r\n")[1:]] == [
        *[b"a" * k for k in range(1, 9)],
        b"2",
    ]


def test_thousands_of_requests_at_once_on_one_connection_end_it(port: int):
    shortest = b"GET /?1 HTTP/1.1\r\nHost: a\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(shortest * 8_000)
        assert last_words(connection).count(b"HTTP/1.1 200") <= connections.MAX_AHEAD
    assert answered(port)


def test_web_sockets_of_one_address_have_their_own_number_and_shut_out_no_request(port: int):
    opened = [socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) for _ in range(HELD)]
    for each in opened:
        each.sendall(handshake(port))
        assert each.recv(2**12).startswith(b"HTTP/1.1 101")
    assert status_of(port, handshake(port)) == 503
    assert answered(port)
    opened.pop().close()
    assert eventually(lambda: status_of(port, handshake(port)) == 101)  # once the server has seen it close
    for each in opened:
        each.close()


def test_who_only_pings_and_never_reads_is_cut_off(port: int):
    ping = b"\x89\xfd\0\0\0\0" + b"a" * 125
    assert flood(port, handshake(port), ping * 1000, enough=8 * connections.MAX_UNREAD) < 8 * connections.MAX_UNREAD


# ---- who is counted with whom ----------------------------------------------------------------------------------------


@dataclass(eq=False)
class Waiting:
    """A connection, as it is counted."""

    address: str
    waits: float | None
    aborted: list[str] = field(default_factory=list)

    @property
    def transport(self) -> Any:
        """What it is ended by."""
        return self

    def abort(self) -> None:
        """End it."""
        self.aborted.append(self.address)

    def look(self, _now: float) -> None:
        """Its time is never over."""


def test_one_more_takes_the_place_of_whoever_has_kept_waiting_longest():
    crowd = Crowd(each=3, all=5)
    busy, late, idle = Waiting("a", None), Waiting("a", 1.0), Waiting("a", 2.0)
    for one in (busy, idle, late):
        assert crowd.admit(one)
    assert crowd.admit(Waiting("a", None))
    assert (late.aborted, idle.aborted) == (["a"], [])
    assert crowd.admit(Waiting("a", None))
    assert idle.aborted
    assert not crowd.admit(Waiting("a", 0.0))
    other = Waiting("b", 5.0)
    assert all(crowd.admit(each) for each in (other, Waiting("c", None), Waiting("d", None)))
    assert other.aborted
    assert not crowd.admit(Waiting("e", None))
    crowd.discard(busy)
    crowd.discard(busy)
    assert crowd.admit(Waiting("e", None))
    assert len(crowd.members()) == 5


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("10.0.0.1", "::ffff:10.0.0.1", True),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::1", True),
    ],
)
def test_an_address_is_what_one_visitor_can_have_of_them(one: str, other: str, same: bool):
    watch = Connections(Settings())
    assert (watch.address((one, 1)) == watch.address((other, 2))) is same
    assert watch.address((one, 1))


def test_a_proxy_is_nobodys_address():
    watch = Connections(Settings(trusted_proxy=(ip_network("10.1.0.0/16"), ip_network("fd00::/8"))))
    for peer in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::1"):
        assert watch.address((peer, 1)) == ""
    assert watch.address(("10.2.0.1", 1)) == "10.2.0.1"
    assert watch.address(None) == ""
    crowd = Crowd(each=1, all=9)
    assert all(crowd.admit(Waiting("", None)) for _ in range(9))


# ---- put in their place ----------------------------------------------------------------------------------------------


def streamlits(**more: Any) -> uvicorn.Config:
    """uvicorn as Streamlit starts it."""
    from streamlit.web.server.starlette.starlette_server import _get_uvicorn_config_kwargs

    config = uvicorn.Config(application, **{**_get_uvicorn_config_kwargs(), "log_config": None, **more})
    config.load()
    return config


def test_a_server_as_streamlit_starts_it_is_watched_once_its_application_starts():
    config, started = streamlits(), []

    async def inner(scope: Any, _receive: Any, _send: Any) -> None:
        started.append(scope["type"])

    class Lifespan:
        def __init__(self) -> None:
            self.config = config

        async def receive(self) -> Any:
            raise AssertionError("not read here")

    asyncio.run(Watching(inner)({"type": "lifespan"}, Lifespan().receive, None))
    assert started == ["lifespan"]
    assert (config.http_protocol_class, config.ws_protocol_class) == (WatchedHttp, WatchedSocket)
    assert config.ws_max_size == connections.MAX_MESSAGE


@pytest.mark.parametrize("config", [None, object(), streamlits(http="h11"), streamlits(ws="none")], ids=type)
def test_a_server_that_is_started_otherwise_says_aloud_that_it_has_no_limits(
    config: object, caplog: pytest.LogCaptureFixture
):
    before = getattr(config, "http_protocol_class", None)
    assert not watch_connections(config)
    assert [each.levelno for each in caplog.records] == [logging.ERROR]
    assert "no limits on headers, slow requests and connections" in caplog.text
    assert getattr(config, "http_protocol_class", None) is before


def test_this_uvicorn_is_one_with_such_classes():
    assert not issubclass(H11Protocol, WatchedHttp.__mro__[1])
    for name in ("connection_made", "data_received", "on_headers_complete", "on_body", "on_message_complete"):
        assert name in vars(WatchedHttp.__mro__[1])
