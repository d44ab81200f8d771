"""The service's figures with their bounds, printed, never asserted: ``python -m tests.bench_service [--json]``.

The service runs alone with one worker in a process of its own. Server CPU is user + system time of that process over
many requests. Clients speak HTTP over plain sockets in processes of their own, so that they are not what is measured.
A bare FastAPI echo of the same body is measured in the same way, for scale. Takes two minutes, half a minute more where
a release must be trained first. An idle machine is assumed: the load is printed with the figures.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy, as in the application

import argparse
import json
import multiprocessing
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median

import orjson
import psutil

from data.books import read_book
from tests.bench_page import Figure, p95, released, spent, tell
from tests.support.standalone import Alone, alone, post, receive

BOOK = "cards"
STARTS = 3
WARM = 200  # requests before counting
ONE, MANY = 2000, 60  # requests of one row and of a thousand rows
CLIENTS, PROCESSES, SECONDS = 32, 2, 10.0
REASONS = ("predict_proba", "shap_values", "base_value")
ECHO = ("-c", "from tests.bench_service import echo; echo()")


def echo() -> None:
    """A bare FastAPI application that sends back the JSON it is sent, on the port given."""
    import uvicorn
    from fastapi import FastAPI, Request, Response

    app = FastAPI(openapi_url=None)

    @app.get("/v2/health/ready")
    async def ready() -> Response:
        return Response()

    @app.post("/v2/models/credit/infer")
    async def back(request: Request) -> Response:
        return Response(orjson.dumps(orjson.loads(await request.body())), media_type="application/json")

    uvicorn.run(app, port=int(sys.argv[sys.argv.index("--port") + 1]), access_log=False, log_level="warning")


def asked(rows: int, *outputs: str) -> bytes:
    """An Open Inference Protocol request for customers of the book, as the bytes of an HTTP request."""
    book = read_book(BOOK)
    raw = book.raw[:, :rows].tolist()
    tensors = [
        {"name": field.name, "shape": [rows, 1], "datatype": "FP64", "data": values}
        for field, values in zip(book.contract.record, raw, strict=True)
    ]
    return post(orjson.dumps({"inputs": tensors, "outputs": [{"name": each} for each in outputs]}))


# ---- one client ------------------------------------------------------------------------------------------------------


def one_after_another(server: Alone, request: bytes, times: int) -> tuple[float, float]:
    """Server CPU and time to answer, milliseconds a request (mean and median)."""
    process = psutil.Process(server.process.pid)
    took = []
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        for _ in range(min(WARM, times)):
            exchanged(connection, request)
        start = spent(process)
        for _ in range(times):
            began = time.perf_counter()
            exchanged(connection, request)
            took.append(time.perf_counter() - began)
        cpu = spent(process) - start
    return 1000 * cpu / times, 1000 * median(took)


def exchanged(connection: socket.socket, request: bytes) -> None:
    """Send a request and wait for its answer, which must be one."""
    connection.sendall(request)
    status, _body = receive(connection)
    if status != 200:
        raise RuntimeError(f"The service answered {status}: {_body[:300]!r}")


# ---- many clients ----------------------------------------------------------------------------------------------------


def crowd(port: int, request: bytes, clients: int, seconds: float, found: "multiprocessing.Queue[list[float]]") -> None:
    """So many clients in this process, each asking as soon as it is answered; their waiting times in seconds."""
    took: list[float] = []
    end = time.monotonic() + seconds

    def client() -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while time.monotonic() < end:
                began = time.perf_counter()
                exchanged(connection, request)
                took.append(time.perf_counter() - began)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    found.put(took)


def at_once(server: Alone, request: bytes) -> tuple[float, float, float]:
    """Requests a second, the time 95 in 100 do not exceed (ms), and server CPU (ms a request) with many clients."""
    process = psutil.Process(server.process.pid)
    fork = multiprocessing.get_context("spawn")
    found: multiprocessing.Queue[list[float]] = fork.Queue()
    args = (server.port, request, CLIENTS // PROCESSES, SECONDS, found)
    start = spent(process)
    processes = [fork.Process(target=crowd, args=args) for _ in range(PROCESSES)]
    for each in processes:
        each.start()
    took = [one for _ in processes for one in found.get()]
    for each in processes:
        each.join()
    cpu = spent(process) - start
    return len(took) / SECONDS, 1000 * p95(took), 1000 * cpu / len(took)


# ---- figures ---------------------------------------------------------------------------------------------------------


@contextmanager
def own(home: Path) -> Iterator[Path]:
    """A copy of the releases, so that no record grows where it is kept."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(home / "releases", Path(folder) / "releases")
        yield Path(folder)


def figures(home: Path) -> list[Figure]:
    """All of them."""
    one, reasons, thousand = asked(1, "predict_proba"), asked(1, *REASONS), asked(1000, *REASONS)
    starts, resident = [], 0.0
    with own(home) as folder:
        for k in range(STARTS):
            tell(f"start {k + 1} of {STARTS}")
            with alone(folder) as server:
                starts.append(server.seconds)
                if k + 1 == STARTS:
                    tell("one client")
                    cpu_one, took_one = one_after_another(server, reasons, ONE)
                    cpu_many, took_many = one_after_another(server, thousand, MANY)
                    tell(f"{CLIENTS} clients")
                    rate, slowest, cpu_on = at_once(server, one)
                    cpu_on_one, _ = one_after_another(server, one, ONE)
                    resident = psutil.Process(server.process.pid).memory_info().rss / 2**20
        tell("without the record")
        with alone(folder, WHATIF_AUDIT="off") as server:
            rate_off, _, cpu_off = at_once(server, one)
            cpu_off_one, _ = one_after_another(server, one, ONE)
        tell("a bare echo")
        with alone(folder, program=ECHO) as server:
            cpu_echo, took_echo = one_after_another(server, reasons, ONE)
            cpu_echo_many, _ = one_after_another(server, thousand, MANY)
            rate_echo, _, _ = at_once(server, one)
    crowded = f"{CLIENTS} clients, one row each, recorded"
    return [
        Figure("start of the service alone → ready", median(starts), "s", 6),
        Figure("resident memory after the load", resident, "MB", 400),
        Figure("one row with reasons: server CPU", cpu_one, "ms", 3),
        Figure("one row with reasons: time to answer", took_one, "ms"),
        Figure("1,000 rows with reasons: server CPU", cpu_many, "ms", 40),
        Figure("1,000 rows with reasons: time to answer", took_many, "ms"),
        Figure(f"{crowded}: at least 250 answers", rate, "1/s"),
        Figure(f"{crowded}: time to answer, p95", slowest, "ms", 300),
        Figure(f"{crowded}: server CPU", cpu_on, "ms"),
        Figure(f"{CLIENTS} clients, not recorded: answers", rate_off, "1/s"),
        Figure(f"{CLIENTS} clients, not recorded: server CPU", cpu_off, "ms"),
        Figure(f"{CLIENTS} clients: CPU recorded against not recorded", cpu_on / cpu_off, "×", 1.5),
        Figure("one client, one row: CPU recorded against not recorded", cpu_on_one / cpu_off_one, "×"),
        Figure("bare echo of one row: server CPU", cpu_echo, "ms"),
        Figure("bare echo of one row: time to answer", took_echo, "ms"),
        Figure("bare echo of 1,000 rows: server CPU", cpu_echo_many, "ms"),
        Figure(f"bare echo, {CLIENTS} clients: answers", rate_echo, "1/s"),
    ]


def main() -> None:
    """Print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    as_json = parser.parse_args().json
    with released() as home:
        found = figures(home)
    load = os.getloadavg()[0]
    if as_json:
        print(json.dumps({"load": load, "figures": [asdict(each) for each in found]}))
        return
    for each in found:
        bound = f"at most {each.bound:g}" if each.bound is not None else ""
        print(f"{each.name:<64} {each.value:9.2f} {each.unit:<4} {bound}")
    print(f"load {load:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
