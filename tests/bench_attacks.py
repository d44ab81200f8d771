"""How dashboard and service answer others under attack, and what the checks cost, printed, never asserted:
``python -m tests.bench_attacks [--json]``.

Health is asked for on new connections, again and again. Memory is the server's resident memory: before, after 600
sessions of a visitor who is refused, and after 20 uploads of 49 MB by that visitor. Takes a minute on an idle machine;
the load is printed.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy, as in the application

import argparse
import asyncio
import json
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import uvicorn
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from model.api.connections import WatchedHttp, WatchedSocket
from tests.bench_page import Figure, line, p95, released, tell
from tests.support.attacks import ENDLESS, HEALTH, Watch, connected, flood, guarded, handshake, held, status_of
from tests.support.inside import INFER
from tests.support.standalone import OPEN, alone, post, receive

HEALTH_MS = 100.0
SESSIONS, AT_ONCE = 600, 20
UPLOADS, UPLOAD_BYTES = 20, 49 * 2**20
ELSEWHERE = "10.0.0.1"  # what a proxy says of a visitor whom this dashboard does not know
REQUESTS, ROUNDS = 2000, 7


def attacks(port: int, infer: str) -> dict[str, Callable[[ExitStack], object]]:
    """What is done to a server, by name."""

    def kept(begun: bytes, count: int) -> Callable[[ExitStack], object]:
        return lambda opened: [opened.enter_context(each) for each in held(port, begun, count)]

    def foreign(_opened: ExitStack) -> None:
        for _ in range(20):
            status_of(port, handshake(port, Origin="https://evil.example"))

    return {
        "20 foreign handshakes": foreign,
        "one endless header": lambda _opened: flood(port, *ENDLESS["a header"]),
        "1,100 unfinished requests": kept(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", 1100),
        "64 half bodies": kept(post(b"{", infer, length=1000), 64),
    }


def under_attack(name: str, port: int, path: str, infer: str) -> list[Figure]:
    """Seconds to health during each attack, and to a whole request during that of halves."""
    found = []
    for attack, done in attacks(port, infer).items():
        with ExitStack() as opened, Watch(port, path) as health:
            start = time.perf_counter()
            done(opened)
            if attack == "64 half bodies":
                while status_of(port, post(b"{}", infer)) == 429:
                    time.sleep(0.02)
                found.append(Figure(f"{name}: a call answered among halves after", time.perf_counter() - start, "s"))
            time.sleep(1.0)
        label = f"{name}, {attack}: health"
        found.append(Figure(f"{label}, median", 1000 * median(health.seconds), "ms"))
        found.append(Figure(f"{label}, p95 of {len(health.seconds)}", 1000 * p95(health.seconds), "ms", HEALTH_MS))
        wrong = sum(each != 200 for each in health.statuses)
        found.append(Figure(f"{label}, not answered", wrong, ""))
    return found


# ---- memory ----------------------------------------------------------------------------------------------------------


async def _refused_sessions(url: str, count: int) -> None:
    room = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        elsewhere: Any = {"X-Forwarded-For": ELSEWHERE}
        address = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
        opening: Any = {"subprotocols": ["streamlit"], "origin": url, "max_size": None}
        async with room, websockets.connect(address, additional_headers=elsewhere, **opening) as opened:
            message = BackMsg()
            message.rerun_script.query_string = ""
            await opened.send(message.SerializeToString())
            kind = None
            while kind != "script_finished":
                answer = ForwardMsg()
                answer.ParseFromString(bytes(await opened.recv()))
                kind = answer.WhichOneof("type")

    await asyncio.gather(*(one() for _ in range(count)))


def _refused_upload(port: int) -> None:
    head = f"PUT /_stcore/upload_file/a/b HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Forwarded-For: {ELSEWHERE}\r\n"
    with connected(port) as connection, suppress(ConnectionError):
        connection.sendall(f"{head}Content-Length: {UPLOAD_BYTES}\r\n\r\n".encode())
        for _ in range(UPLOAD_BYTES // 2**20):
            connection.sendall(b"a" * 2**20)
        receive(connection)


def memory(url: str, port: int, process: psutil.Process) -> list[Figure]:
    """Resident memory before and after, in MB."""

    def resident() -> float:
        return float(process.memory_info().rss / 2**20)

    asyncio.run(_refused_sessions(url, AT_ONCE))
    found, before = [], resident()
    found.append(Figure("dashboard: memory before", before, "MB"))
    asyncio.run(_refused_sessions(url, SESSIONS))
    found.append(
        Figure(f"dashboard: memory after {SESSIONS} sessions of a refused visitor", resident(), "MB", 1.1 * before)
    )
    for _ in range(UPLOADS):
        _refused_upload(port)
    found.append(Figure(f"dashboard: memory after {UPLOADS} refused uploads, too", resident(), "MB", 1.1 * before))
    return found


# ---- cost ------------------------------------------------------------------------------------------------------------


async def _short(scope: Any, receive: Any, send: Any) -> None:
    """Answers what is asked with two bytes, and a message with another."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "bytes": b"{}"})
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


@contextmanager
def _bare(http: type[HttpToolsProtocol], ws: type[WebSocketsSansIOProtocol]) -> Iterator[int]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    config = uvicorn.Config(_short, lifespan="off", log_config=None, access_log=False, http=http, ws=ws)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield int(listening.getsockname()[1])
    server.should_exit = True
    thread.join()


def _cpu(port: int, opening: bytes, asked: bytes) -> float:
    """CPU seconds of client and server together for one question, of many on one connection."""
    with connected(port) as connection:
        if opening:
            connection.sendall(opening)
            connection.recv(2**12)
        start = time.process_time()
        for _ in range(REQUESTS):
            connection.sendall(asked)
            connection.recv(2**12)
        return (time.process_time() - start) / REQUESTS


PLAIN = (HttpToolsProtocol, WebSocketsSansIOProtocol)
WATCHED = (WatchedHttp, WatchedSocket)
MESSAGE = b"\x82\xfe\x03\xe8\0\0\0\0" + b"a" * 1000  # masked with nothing, a thousand bytes, as a move has


def cost() -> list[Figure]:
    """What watching a connection adds to a request and to a move; alternating, so that both meet the same machine."""
    found: dict[str, list[float]] = {"request": [], "message": []}
    for _ in range(ROUNDS):
        each = []
        for http, ws in (PLAIN, WATCHED):
            with _bare(http, ws) as port:
                row = _cpu(port, b"", post(b"{}" * 200, INFER))
                each.append((row, _cpu(port, handshake(port), MESSAGE)))
        for k, name in enumerate(found):
            found[name].append(each[1][k] - each[0][k])
    return [
        Figure("a request: CPU more with its connection watched", 1000 * median(found["request"]), "ms", 0.1),
        Figure("a lever's message: CPU more with its web socket watched", 1000 * median(found["message"]), "ms", 1.0),
    ]


def figures() -> list[Figure]:
    """All of them."""
    tell("cost of watching")
    found = cost()
    with released() as home, tempfile.TemporaryDirectory() as folder:
        own = shutil.copytree(home, Path(folder) / "home")
        tell("service")
        with alone(own) as service:
            found += under_attack("service", service.port, "/v2/health/live", INFER)
        tell("dashboard")
        with guarded(own, Path(folder), OPEN) as dashboard:
            process = psutil.Process(dashboard.server.process.pid)
            found += under_attack("dashboard", dashboard.port, HEALTH, f"/api{INFER}")
            tell("memory")
            found += memory(dashboard.server.url, dashboard.port, process)
            found.append(Figure("dashboard: calls out", len(dashboard.called_out()), ""))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given, load = parser.parse_args(), os.getloadavg()[0]
    found = figures()
    if given.json:
        print(json.dumps({"load": load, "figures": [asdict(each) for each in found]}))
        return
    print("\n".join(line(each) for each in found))
    print(f"\nload of the machine before: {load:.2f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
