"""What one dashboard carries, printed, never asserted: ``python -m tests.bench_sessions [--json]``.

Sessions without a browser, as in `tests/bench_page.py`, on the customer page and on the book page of the cards, more
and more of them at once, each with a change every two seconds, which is somebody who never thinks. Memory is the
server's resident memory, CPU its user + system time. Takes four minutes on an idle machine; the
load is printed.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy, as in the application

import argparse
import asyncio
import json
import random
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.bench_page import EVERY, LEVER, Figure, Session, p95, released, spent, tell
from tests.browser.server import Server, serving

CROWDS = (1, 10, 20, 40)  # sessions at once
SOME = 10  # of them, at whose cost a core is reckoned: more of them wait for each other
CHANGES = 8  # of each session of a crowd
FIRST, STEP = -45.0, 5.0  # the lever's values: -40, -35, …, which both pages allow
PAGES = {"customer": ("applicant", "customer=17"), "book": ("", "unemployment=3")}  # as addresses have them
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


async def crowd(server: Server, name: str, size: int) -> tuple[list[float], float, float]:
    """So many sessions at once: seconds each change took, server CPU seconds a change, and resident bytes while all are
    open."""
    process = psutil.Process(server.process.pid)
    host = f"{server.url.replace('http', 'ws', 1)}/_stcore/stream"
    async with AsyncExitStack() as opened:
        sessions = []
        for _ in range(size):
            connecting = websockets.connect(
                host,
                subprotocols=["streamlit"],  # type: ignore[list-item]
                origin=server.url,  # type: ignore[arg-type]
                additional_headers=server.shown,
                max_size=None,
            )
            sessions.append(PageSession(await opened.enter_async_context(connecting), name))
            await sessions[-1].open()
        start, began = spent(process), time.perf_counter()
        took = await asyncio.gather(*(_moves(each, began, k) for k, each in enumerate(sessions)))
        changes = [one for session in took for one in session]
        cpu = (spent(process) - start) / len(changes)
        await asyncio.sleep(SETTLED)
        return changes, cpu, float(process.memory_info().rss)


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
            ready = psutil.Process(server.process.pid).memory_info().rss / 2**20
            resident, spent_on = {}, {}
            for size in CROWDS:
                tell(f"{name}: {size} at once")
                changes, cpu, memory = asyncio.run(crowd(server, name, size))
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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given, load = parser.parse_args(), os.getloadavg()[0]
    with released() as home, tempfile.TemporaryDirectory() as folder:
        found = figures(home, Path(folder))
    if given.json:
        print(json.dumps({"load": load, "figures": [asdict(each) for each in found]}))
        return
    print("\n".join(f"{each.name:<62} {each.value:>9.3g} {each.unit}" for each in found))
    print(f"\nload of the machine before: {load:.2f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
