"""How the cost of a whole book grows, on this machine alone and by Spark on the same cores, printed, never asserted:
``WHATIF_TEST_SPARK=PYTHON python -m tests.bench_spark [--verb VERB …] [ROWS …]``, 1 and 10 million rows by
default.

The book is the cards again and again, each time under new numbers, in Parquet files of a million rows. "Cold" is a
session of Spark's that begins, with the compiling of its workers; "warm" is one that has answered before. Wall and CPU
seconds, and the most memory that all processes of it held at once; what is read is in the system's memory already. An
idle machine is assumed: the load is printed with the figures."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from data.books import snapshot_path
from model.release.store import Store
from model.settings import settings
from tests.support.spark import SparkShell

MILLION = 1_000_000
EVERY_SECONDS = 0.1
SCENARIO = "balances=20&preset=fed_2026_severely_adverse&severity=50"
BOOK = "cards"


@dataclass(frozen=True)
class Cost:
    """What a command cost: ``wall`` and ``cpu`` in seconds, the most ``memory`` in GB."""

    wall: float
    cpu: float
    memory: float


def lay_down(rows: int, place: Path) -> None:
    """The cards again and again, in files of a million rows."""
    snapshot = pq.read_table(snapshot_path(BOOK))
    number = snapshot.schema.get_field_index("customer")
    place.mkdir()
    for first in range(0, rows, MILLION):
        own = np.arange(first, min(first + MILLION, rows))
        table = snapshot.take(pa.array(own % len(snapshot))).set_column(number, "customer", pa.array(own + 1))
        pq.write_table(table, place / f"part-{first // MILLION:03}.parquet", row_group_size=100_000)


def cost(work: Callable[[], object], process: Callable[[], psutil.Process]) -> Cost:
    """What some work cost that a process and its children do."""
    most, over = [0.0], Event()

    def look() -> None:
        while not over.wait(EVERY_SECONDS):
            most[0] = max(most[0], _memory(process()))

    watch, begun, before = Thread(target=look), time.perf_counter(), _cpu(process())
    watch.start()
    work()
    wall = time.perf_counter() - begun
    over.set()
    watch.join()
    return Cost(wall, _cpu(process()) - before, most[0] / 1e9)


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _memory(process: psutil.Process) -> float:
    """Of all of them, what they share counted once."""
    found = 0.0
    for each in _family(process):
        try:
            found += each.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def _cpu(process: psutil.Process) -> float:
    """Seconds of all of them, and of those that ended."""
    found = 0.0
    for each in _family(process):
        try:
            found += sum(each.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return found


def here(words: list[str], home: Path) -> tuple[Cost, Any]:
    """A command on this machine alone, start included."""
    environment = os.environ | {"WHATIF_HOME": str(home)}
    asked = [sys.executable, "-m", "model", *words, "--json"]
    running = subprocess.Popen(asked, env=environment, stdout=subprocess.PIPE, text=True)
    own, said = psutil.Process(running.pid), list[str]()
    usage = os.times()
    found = cost(lambda: said.append(running.communicate()[0]), lambda: own)
    after = os.times()
    spent = after.children_user + after.children_system - usage.children_user - usage.children_system
    return Cost(found.wall, spent, found.memory), json.loads(said[0])


def there(words: list[str], shell: SparkShell) -> tuple[Cost, Any]:
    """The same in a session of Spark's."""
    own, said = psutil.Process(shell.process.pid), list[Any]()
    return cost(lambda: said.append(shell.answer(*words)), lambda: own), said[0]


def told(name: str, rows: int, found: Cost, begun: tuple[int, Cost]) -> None:
    """One line of the table; what a further million takes is beside the smallest book's."""
    more, further = (rows - begun[0]) / MILLION, ("", "")
    if more:
        further = f"{(found.wall - begun[1].wall) / more:.2f}", f"{(found.cpu - begun[1].cpu) / more:.2f}"
    figures = f"{rows:,} | {found.wall:.1f} | {found.cpu:.1f} | {found.memory:.2f} | {further[0]} | {further[1]}"
    print(f"| {name} | {figures} |", flush=True)


def pays(costs: Mapping[str, list[tuple[int, Cost]]]) -> None:
    """From how many rows a cluster is done before this machine, by the processors' time that a session takes to begin
    and a further million rows take, as if nothing else ran on either."""
    slopes = {}
    for way in ("local", "spark, warm"):
        (few, first), (many, last) = costs[f"stress, {way}"][0], costs[f"stress, {way}"][-1]
        slopes[way] = (last.cpu - first.cpu) / (many - few) * MILLION
    own = os.cpu_count() or 1
    begin = (costs["stress, spark, cold"][0][1].cpu - costs["stress, spark, warm"][0][1].cpu) / own
    here = slopes["local"] / own
    for cores in (4, 8, 16, 64):
        gain = here - slopes["spark, warm"] / cores
        after = f"from {begin / gain:.0f} million rows" if gain > 0 else "never"
        print(f"A cluster of {cores} cores is done before this machine {after}.")


def main(sizes: list[int], verbs: list[str]) -> None:
    """Everything, as a table."""
    home = settings().home.absolute()
    Store(home, BOOK).load()
    print("| | rows | wall, s | CPU, s | memory, GB | wall, s a further million | CPU, s a further million |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    with TemporaryDirectory(prefix="whatif-bench-", dir=home.parent) as folder:
        place, costs = Path(folder), defaultdict[str, list[tuple[int, Cost]]](list)
        shell = SparkShell(home, place)
        for rows in sizes:
            book = place / f"book-{rows}"
            lay_down(rows, book)
            for verb in verbs:
                losses = []
                for way in ("local", "spark, cold", "spark, warm"):
                    if way == "spark, cold" and (verb, rows) != ("stress", sizes[0]):
                        continue  # one session for all of them
                    words = [verb, str(book), "--scenario", SCENARIO]
                    out = place / f"out-{rows}"
                    words = words if verb == "stress" else [verb, str(book), str(out)]
                    found, said = here(words, home) if way == "local" else there(words, shell)
                    losses.append(loss_of(said))
                    name = f"{verb}, {way}"
                    costs[name].append((rows, found))
                    told(name, rows, found, costs[name][0])
                    for each in (out, out.with_name(f"{out.name}.manifest.json")):
                        remove(each)
                assert np.allclose(losses, losses[0], rtol=1e-9), losses
            remove(book)
        shell.close()
    print(
        f"\nLoad of the machine over the last quarter of an hour: {os.getloadavg()[2]:.1f} on {os.cpu_count()} cores."
    )


def loss_of(said: Any) -> float:
    """What an answer says the loss is."""
    if "sums" in said:
        return float(said["sums"]["totals"]["loss"])
    return float(next(each["now"] for each in said["headline"] if each["measure"] == "loss"))


def remove(place: Path) -> None:
    """A file or a folder of files, if it is there."""
    for each in place.iterdir() if place.is_dir() else ():
        each.unlink()
    if place.is_dir():
        place.rmdir()
    place.unlink(missing_ok=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", type=int, default=[MILLION, 10 * MILLION])
    parser.add_argument("--verb", dest="verbs", action="append", choices=["stress", "score"])
    given = parser.parse_args()
    main(given.rows, given.verbs or ["stress", "score"])
