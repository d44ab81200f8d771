"""What dashboards carry, printed, never asserted: ``python -m tests.bench_sessions [--processes N …] [--json]``.

Sessions without a browser, as in `tests/bench_page.py`, on the customer page and on the book page of the cards, more
and more of them at once, each with a change every two seconds, which is somebody who never thinks. Memory is the
server's resident memory, CPU its user + system time. Takes four minutes on an idle machine; the
load is printed.

With ``--processes`` so many dashboards on one home instead, behind the shipped `model/deploy/nginx.conf` with TLS and
its login, before fifty people, each with a change every two seconds; what people and proxy cost runs on the same cores.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy, as in the application

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.bench_page import EVERY, LEVER, Figure, Session, p95, released, spent, tell
from tests.browser.server import Server, serving
from tests.support.deploy import USER, any_certificate, nginx
from tests.support.login import ANN, LOGGED_IN, Login

CROWDS = (1, 10, 50, 100)  # sessions at once
SOME = 10  # of them, at whose cost a core is reckoned: more of them wait for each other
CHANGES = 8  # of each session of a crowd
FIRST, STEP = -45.0, 5.0  # the lever's values: -40, -35, …, which both pages allow
PAGES = {"customer": ("applicant", "customer=17"), "book": ("", "unemployment=3")}  # as addresses have them
PEOPLE = 50  # on several processes behind a proxy
MOST_WAITED = 500.0  # ms, p95
SETTLED = 2.0  # seconds after which memory is read


class PageSession(Session):
    """A visitor of one page."""

    def __init__(self, socket: websockets.ClientConnection, name: str) -> None:
        self.name, query = PAGES[name]
        super().__init__(socket, f"{query}&{LEVER}=-5")

    async def open(self) -> None:
        """The first run, from which page, fragment and widget are learnt."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.name
        await self.socket.send(message.SerializeToString())
        for answer in await self.answers():
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                self.page = answer.new_session.page_script_hash
            elif kind == "delta" and answer.delta.new_element.slider.id.endswith(f".{LEVER}"):
                self.fragment, self.widget = answer.delta.fragment_id, answer.delta.new_element.slider.id
        if not self.widget:
            raise RuntimeError(f"The page {self.name} has no slider {LEVER}: there is nothing to move.")


@dataclass(frozen=True)
class Carrier:
    """What carries the sessions: its address, its processes, and how a visitor's web socket reaches it."""

    url: str
    processes: list[psutil.Process]
    reaching: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, server: Server) -> "Carrier":
        """One dashboard, reached without a proxy."""
        return cls(server.url, [psutil.Process(server.process.pid)], {"additional_headers": server.shown})

    def spent(self) -> float:
        """CPU seconds of all processes."""
        return sum(spent(each) for each in self.processes)

    def memory(self) -> float:
        """Resident bytes of all processes."""
        return float(sum(each.memory_info().rss for each in self.processes))


async def crowd(carrier: Carrier, name: str, size: int) -> tuple[list[float], float, float]:
    """So many sessions at once: seconds each change took, server CPU seconds a change, and resident bytes while all are
    open."""
    host, reaching = f"{carrier.url.replace('http', 'ws', 1)}/_stcore/stream", carrier.reaching
    async with AsyncExitStack() as opened:
        sessions = []
        for _ in range(size):
            connecting = websockets.connect(
                host, subprotocols=["streamlit"], origin=carrier.url, max_size=None, open_timeout=60, **reaching
            )  # type: ignore[arg-type, list-item]
            sessions.append(PageSession(await opened.enter_async_context(connecting), name))
            await sessions[-1].open()
        start, began = carrier.spent(), time.perf_counter()
        took = await asyncio.gather(*(_moves(each, began, k) for k, each in enumerate(sessions)))
        changes = [one for session in took for one in session]
        cpu = (carrier.spent() - start) / len(changes)
        await asyncio.sleep(SETTLED)
        return changes, cpu, carrier.memory()


@contextmanager
def behind_proxy(home: Path, folder: Path, processes: int) -> Iterator[Carrier]:
    """So many dashboards on one home behind the shipped proxy, which keeps a visit to one of them."""
    rules = {"WHATIF_USER_HEADER": USER, "WHATIF_TRUSTED_PROXY": "127.0.0.1", "WHATIF_ROLES": f'{{"{ANN}": "analyst"}}'}
    with ExitStack() as running:
        servers = [running.enter_context(serving(home, folder, settings=rules)) for _ in range(processes)]
        login = Login()
        running.callback(login.close)
        proxy = running.enter_context(nginx([port_of(each) for each in servers], login.port))
        reaching = {"ssl": any_certificate(), "additional_headers": {"Cookie": LOGGED_IN}}
        yield Carrier(proxy.url, [psutil.Process(each.process.pid) for each in servers], reaching)


def port_of(server: Server) -> int:
    """Where it listens."""
    return int(server.host.rpartition(":")[2])


async def _moves(session: Session, start: float, seed: int) -> list[float]:
    offset, found = random.Random(seed).uniform(0, EVERY), []
    for k in range(CHANGES):
        await asyncio.sleep(max(0.0, start + offset + k * EVERY - time.perf_counter()))
        found.append(await session.move(FIRST + STEP * (k + 1)))
    return found


def figures(home: Path, folder: Path) -> list[Figure]:
    """Those of both pages, each on a server of its own."""
    found = []
    for name in PAGES:
        with serving(home, folder) as server:
            carrier = Carrier.of(server)
            ready = carrier.memory() / 2**20
            resident, spent_on = {}, {}
            for size in CROWDS:
                tell(f"{name}: {size} at once")
                changes, cpu, memory = asyncio.run(crowd(carrier, name, size))
                resident[size], spent_on[size] = memory / 2**20, cpu
                label = f"{name}, {size} at once"
                found += [
                    Figure(f"{label}: a change, median", 1000 * median(changes), "ms"),
                    Figure(f"{label}: a change, p95", 1000 * p95(changes), "ms"),
                    Figure(f"{label}: server CPU a change", 1000 * cpu, "ms"),
                ]
        first, last = CROWDS[0], CROWDS[-1]
        found += [
            Figure(f"{name}: as many would keep one core busy", EVERY / spent_on[SOME], ""),
            Figure(f"{name}: memory when ready", ready, "MB"),
            Figure(f"{name}: memory with {first} session", resident[first], "MB"),
            Figure(f"{name}: memory a session more", (resident[last] - resident[first]) / (last - first), "MB"),
        ]
    return found


def shared_figures(home: Path, folder: Path, processes: int) -> list[Figure]:
    """Those of both pages with fifty people, on so many processes behind the shipped proxy."""
    found = []
    with behind_proxy(home, folder, processes) as carrier:
        for name in PAGES:
            label = f"{name}, {PEOPLE} at once, {processes} behind nginx"
            tell(label)
            changes, cpu, memory = asyncio.run(crowd(carrier, name, PEOPLE))
            found += [
                Figure(f"{label}: a change, median", 1000 * median(changes), "ms"),
                Figure(f"{label}: a change, p95", 1000 * p95(changes), "ms", MOST_WAITED),
                Figure(f"{label}: server CPU a change", 1000 * cpu, "ms"),
                Figure(f"{label}: memory of all processes", memory / 2**20, "MB"),
            ]
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=int, nargs="+", help="so many dashboards behind the shipped proxy")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given, load = parser.parse_args(), os.getloadavg()[0]
    with released() as home, tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        shared = [shared_figures(home, place, each) for each in given.processes or ()]
        found = [line for each in shared for line in each] or figures(home, place)
    if given.json:
        print(json.dumps({"load": load, "figures": [asdict(each) for each in found]}))
        return
    print("\n".join(f"{each.name:<62} {each.value:>9.3g} {each.unit}" for each in found))
    print(f"\nload of the machine before: {load:.2f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
