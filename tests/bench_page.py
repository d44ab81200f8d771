"""The pages' figures with their bounds, printed, never asserted: ``python -m tests.bench_page [--json]``.

Server CPU is user + system time of the server's process. Times in the browser are taken inside the page, from the
key's event to the frame after the one that shows the result. They are told in milliseconds and as a multiple of what a
bare Streamlit page takes in the same run (`tests/support/bare_page.py`), so that a slow machine and a slow page can be
told apart. Sessions without a browser speak Streamlit's websocket protocol. Takes three and a half minutes, half a
minute more where a release must be trained first. An idle machine is assumed: the load is printed with the figures.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy, as in the application

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil
import websockets
from playwright.sync_api import Browser, Page, WebSocket, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from data.books import read_book
from model.release.store import Store
from model.whatif.customer.scenario import CustomerScenario, apply, base_record
from model.whatif.customer.sensitivity import sweep
from tests.browser.server import Server, chromium, serving

BOOK = "cards"
STARTS = 3
LEVER, OFF_START = "balances", ("limit", 200_000.0)  # the lever moved; another, off its start, so all charts stay
FIRST, STEP, MOVES = -90, 5, 37  # up to one step short of the lever's end, and in the browser back down again
SESSIONS, EVERY, ROUNDS = 10, 2.0, 16
CANDIDATES = 300  # customers among whom those are looked at whose number changes at most moves
WINDOW = {"width": 1280, "height": 720}
ON_CUSTOMER, ON_BOOK, ON_POLICY = ("why", "sweep"), ("bridge", "where"), ("strategy", "profits")  # each page's charts
BOOK_QUERY = "preset=fed_2026_severely_adverse&severity=50&payments=-10&balances=-45"  # three levers in use
BOOK_MOVES = 25
LARGE_MOVES = 8
BARE_PAGE, BARE_MOVES = "tests/support/bare_page.py", 16
BARE_NUMBER, BARE_CHART = 79.0, 98.0  # ms a bare page took on an idle machine on which the bounds were kept
EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN
QUIET = 350  # ms without a message or a change of a chart: the move is over

PROBE = """
(() => {
  const bench = (window.bench = { first: {}, charts: {} });
  const names = CHARTS;
  const inside = names.map((name) => `.st-key-${name}`).join(",");
  const shown = () => document.querySelector(".wi-numbers")?.textContent ?? "";
  const painted = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => then(performance.now());
    channel.port2.postMessage(0);
  });
  bench.arm = () => Object.assign(bench, {
    before: shown(), key: 0, sent: 0, answered: 0, ended: 0, seen: false, number: 0, charts: {}, drawn: 0, shifted: 0,
  });
  bench.settled = (quiet) => new Promise((resolve) => {
    const look = () => {
      const last = Math.max(bench.key, bench.ended, bench.drawn, bench.number);
      const over = performance.now() - last;
      bench.ended && over > quiet || over > 10000 ? resolve({ ...bench }) : setTimeout(look, 20);
    };
    look();
  });
  document.addEventListener("keydown", () => { bench.key = performance.now(); }, true);
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", () => {
        if (!bench.sent) return;
        bench.ended = performance.now();
        bench.answered ||= bench.ended;
      });
    }
    send(...given) {
      if (bench.key && !bench.sent) bench.sent = performance.now();
      super.send(...given);
    }
  };
  new MutationObserver((records) => {
    if (!bench.first.number && shown()) painted((now) => { bench.first.number ||= now; });
    const changed = new Set();
    for (const record of records) {
      const node = record.target.nodeType === 1 ? record.target : record.target.parentElement;
      if (record.type !== "childList" && !(node instanceof SVGElement)) continue;
      const chart = node?.closest?.(inside);
      if (!chart) continue;
      if (!bench.first.chart && chart.querySelector("svg path, svg rect"))
        painted((now) => { bench.first.chart ||= now; });
      if (bench.key) changed.add(names.find((each) => chart.classList.contains(`st-key-${each}`)));
    }
    if (changed.size) painted((now) => {  // once for all: what is measured is the page, not the measuring
      for (const name of changed) bench.charts[name] = bench.drawn = now;
    });
    if (bench.key && !bench.seen && shown() !== bench.before) {
      bench.seen = true;
      painted((now) => { bench.number = now; });
    }
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) bench.shifted += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
})();
"""


@dataclass(frozen=True)
class Figure:
    """One line: how much, in which unit, at most how much (None where nothing is promised); ``bare``: how much a bare
    page takes in this run, and took where the bound was set."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    bare: tuple[float, float] | None = None

    @property
    def multiple(self) -> float | None:
        """How many times as long as on a bare page."""
        return self.value / self.bare[0] if self.bare else None

    @property
    def most_multiple(self) -> float | None:
        """The bound, as a multiple of what a bare page took where it was set."""
        return self.bound / self.bare[1] if self.bare and self.bound is not None else None


def tell(doing: str) -> None:
    """Progress, on standard error."""
    print(doing, file=sys.stderr, flush=True)


def p95(values: list[float]) -> float:
    """The value that 95 in 100 do not exceed."""
    return quantiles(values, n=20, method="inclusive")[-1]


# ---- what is looked at -----------------------------------------------------------------------------------------------


@contextmanager
def released() -> Iterator[Path]:
    """WHATIF_HOME if it holds a champion; otherwise a temporary home with a release trained for this run."""
    given = os.environ.get("WHATIF_HOME")
    if given and "champion" in Store(Path(given), BOOK).aliases():
        yield Path(given).resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        tell("training a release")
        store = Store(Path(folder), BOOK)
        store.promote(store.train().id)
        yield Path(folder)


def restless(home: Path) -> list[CustomerScenario]:
    """What-ifs in which the probability shown changes at most moves of the lever, the most restless customer first."""
    scorer, book = Store(home, BOOK).load().scorer, read_book(BOOK)
    found = []
    for number in book.ids[:: max(1, len(book) // CANDIDATES)]:
        scenario = CustomerScenario(int(number)).edited(book.contract, *OFF_START)
        base = base_record(book, scenario)
        if (apply(book.contract, base, scenario.edits) == base).all():
            continue
        curve = sweep(
            scorer, book, base=base, edits=dict(scenario.edits), name=LEVER, cutoff=book.contract.score.cutoff
        )
        shown = [round(100 * float(pd), 1) for pd in curve.pd]
        found.append((sum(a != b for a, b in pairwise(shown)), scenario))
    found.sort(key=lambda each: -each[0])
    return [scenario.edited(book.contract, LEVER, float(FIRST)) for _, scenario in found]


def address(scenario: CustomerScenario) -> str:
    """The scenario as an address carries it."""
    return "&".join(f"{name}={value}" for name, value in scenario.to_query().items())


# ---- with a browser -------------------------------------------------------------------------------------------------


def opened(
    browser: Browser, server: Server, where: str, charts: tuple[str, ...], frames: list[int] | None = None
) -> Page:
    """A new visitor's page, with the probe in it; the sizes of the messages it receives go to ``frames``."""
    context = browser.new_context(viewport=WINDOW)  # type: ignore[arg-type]
    if server.link:
        context.request.get(server.link, max_redirects=0)
    page = context.new_page()

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: frames is None or frames.append(len(data)))

    page.on("websocket", listen)
    page.add_init_script(PROBE.replace("CHARTS", json.dumps(charts)))
    page.goto(where)
    page.wait_for_function("window.bench.first.number && window.bench.first.chart")
    return page


def moves(
    page: Page, frames: list[int], process: psutil.Process, times: int, lever: str = "Balances"
) -> tuple[list[dict[str, Any]], float]:
    """What the probe saw of each press of an arrow key, frames included, and server CPU seconds a move."""
    page.evaluate("bench.arm()")
    thumb = page.get_by_role("slider", name=lever)
    thumb.focus()
    page.keyboard.press("ArrowRight")  # not counted: the first what-if of a session
    page.evaluate(f"bench.settled({QUIET})")
    found = []
    start = spent(process)
    for key in [*["ArrowRight"] * (times - 1), *["ArrowLeft"] * (times - 1)]:
        page.evaluate("bench.arm()")
        frames.clear()
        page.keyboard.press(key)
        seen = page.evaluate(f"bench.settled({QUIET})")
        found.append({**seen, "messages": len(frames), "bytes": sum(frames)})
    return found, (spent(process) - start) / len(found)


def spent(process: psutil.Process) -> float:
    """User and system CPU seconds of a process so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def browser_figures(home: Path, folder: Path, scenario: CustomerScenario) -> tuple[list[Figure], dict[str, Any]]:
    """Everything that needs a browser: starts, first visitors, presses of a key on both pages."""
    starts, numbers, charts = [], [], []
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        for k in range(STARTS):
            tell(f"start {k + 1} of {STARTS}")
            with serving(home, folder) as server:
                starts.append(server.seconds)
                page = opened(browser, server, f"{server.url}/?{BOOK_QUERY}", ON_BOOK)
                first = page.evaluate("bench.first")
                numbers.append(first["number"])
                charts.append(first["chart"])
                if k + 1 == STARTS:
                    page.close()
                    process = psutil.Process(server.process.pid)
                    tell(f"{2 * MOVES - 2} presses of a key on a customer")
                    frames: list[int] = []
                    page = opened(browser, server, f"{server.url}/applicant?{address(scenario)}", ON_CUSTOMER, frames)
                    on_customer = moves(page, frames, process, MOVES)
                    page.close()
                    tell(f"{2 * BOOK_MOVES - 2} presses of a key on the book")
                    page = opened(browser, server, f"{server.url}/?{BOOK_QUERY}", ON_BOOK, frames)
                    on_book = moves(page, frames, process, BOOK_MOVES)
                    page.close()
                    tell(f"{2 * BOOK_MOVES - 2} presses of a key on the policy")
                    page = opened(browser, server, f"{server.url}/policy?cutoff=525", ON_POLICY, frames)
                    on_policy = moves(page, frames, process=process, times=BOOK_MOVES, lever="Cut-off")
        browser.close()
    bare = bare_times(folder)
    found = [
        Figure("a bare page: key press → number painted, median", bare[0], "ms"),
        Figure("a bare page: key press → chart painted, median", bare[1], "ms"),
        Figure("start of the server → ready, release present", median(starts), "s", 10),
        Figure("first visitor: first number painted after ready", median(numbers) / 1000, "s"),
        Figure("first visitor: first chart painted after ready", median(charts) / 1000, "s", 3),
    ]
    own, parts = pressed("customer", *on_customer, ON_CUSTOMER, (40, 45, 25, 130, 350), bare)
    book, book_parts = pressed("book", *on_book, ON_BOOK, (None, None, None, 150, 450), bare)
    policy, policy_parts = pressed("policy", *on_policy, ON_POLICY, (None, None, None, 130, 300), bare)
    return [*found, *own, *book, *policy], {**parts, **book_parts, **policy_parts}


def large_figures(home: Path, folder: Path, name: str) -> tuple[list[Figure], dict[str, Any]]:
    """One lever moved on the page of a large book, whose release must lie in ``home``."""
    book = read_book(name, home)
    shock = book.contract.shocks[0]
    with sync_playwright() as playwright, serving(home, folder) as server:
        browser = chromium(playwright)
        frames: list[int] = []
        where = f"{server.url}/?book={name}&{shock.name}={shock.minimum + shock.step:g}"
        tell(f"opening {name}")
        page = opened(browser, server, where, ON_BOOK, frames)
        first = page.evaluate("bench.first")
        page.wait_for_timeout(5000)
        tell(f"{2 * LARGE_MOVES - 2} presses of a key on {len(book):,} records")
        seen = moves(page, frames, process=psutil.Process(server.process.pid), times=LARGE_MOVES, lever=shock.label)
        browser.close()
    found, parts = pressed("book", *seen, ON_BOOK, (None, None, None, 1000, 1000), bare_times(folder))
    opening = Figure(f"{name}: first number painted, book and model read and scored", first["number"] / 1000, "s")
    return [opening, *found], parts


def bare_times(folder: Path) -> tuple[float, float]:
    """Milliseconds from a press of a key to the number and to the chart of a bare page, medians."""
    tell(f"{2 * BARE_MOVES - 2} presses of a key on a bare page")
    with sync_playwright() as playwright, serving(folder, folder, BARE_PAGE) as server:
        browser = chromium(playwright)
        page = opened(browser, server, server.url, ("bare",))
        seen, _ = moves(page, [], process=psutil.Process(server.process.pid), times=BARE_MOVES, lever="Lever")
        browser.close()
    told = [each for each in seen if each["number"] and each["drawn"]]
    return median(each["number"] - each["key"] for each in told), median(each["drawn"] - each["key"] for each in told)


def pressed(
    page: str,
    seen: list[dict[str, Any]],
    cpu: float,
    charts: tuple[str, ...],
    bounds: tuple[float | None, ...],
    bare: tuple[float, float],
) -> tuple[list[Figure], dict[str, Any]]:
    """The figures of one page's presses, and where their time goes. ``bounds``: CPU ms, messages, kB, number, charts;
    of book and policy, the bound on charts is the first one's. ``bare``: see `bare_times`."""
    of_number, of_chart = (bare[0], BARE_NUMBER), (bare[1], BARE_CHART)
    told = [each for each in seen if each["number"]]
    number = [each["number"] - each["key"] for each in told]
    times = {name: [each["charts"][name] - each["key"] for each in seen if name in each["charts"]] for name in charts}
    drawn = [each["drawn"] - each["key"] for each in seen if each["drawn"]]
    first = {"book": "bridge", "policy": "strategy"}.get(page)
    last, what = (times[first], f"the {first}") if first else (drawn, "every chart")
    most_cpu, most_messages, most_bytes, most_number, most_chart = bounds
    found = [
        Figure(f"{page}: one move, server CPU, mean", 1000 * cpu, "ms", most_cpu),
        Figure(f"{page}: websocket messages, median", median(each["messages"] for each in seen), "", most_messages),
        Figure(f"{page}: bytes received, median", median(each["bytes"] for each in seen) / 1000, "kB", most_bytes),
        Figure(f"{page}: key press → numbers painted, median", median(number), "ms", most_number, of_number),
        Figure(f"{page}: key press → numbers painted, p95", p95(number), "ms"),
        Figure(f"{page}: key press → {what} painted, median", median(last), "ms", most_chart, of_chart),
        Figure(f"{page}: key press → {what} painted, p95", p95(last), "ms"),
        Figure(f"{page}: layout shift, worst move", max(each["shifted"] for each in seen), "", 0.02),
    ]
    parts = {
        f"{page}: presses": len(seen),
        f"{page}: presses that changed the numbers": len(told),
        f"{page}: key → sent, ms": median(each["sent"] - each["key"] for each in seen),
        f"{page}: key → first answer, ms": median(each["answered"] - each["key"] for each in seen),
        f"{page}: key → last answer, ms": median(each["ended"] - each["key"] for each in seen),
    }
    parts |= {f"{page}: key → {name} painted, ms": median(each) for name, each in times.items() if each}
    return found, parts


# ---- many sessions at once ------------------------------------------------------------------------------------------


class Session:
    """One visitor without a browser: opens a what-if and moves the lever, in Streamlit's websocket protocol."""

    def __init__(self, socket: websockets.ClientConnection, query: str) -> None:
        self.socket, self.query = socket, query
        self.page = self.fragment = self.widget = ""

    async def open(self) -> None:
        """The first run, from which page, fragment and widget are learnt."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = "applicant"
        await self.socket.send(message.SerializeToString())
        for answer in await self.answers():
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                self.page = answer.new_session.page_script_hash
            elif kind == "delta" and answer.delta.new_element.slider.id.endswith(f".{LEVER}"):
                self.fragment, self.widget = answer.delta.fragment_id, answer.delta.new_element.slider.id
        if not self.widget:
            raise RuntimeError(f"The page has no slider {LEVER}: there is nothing to move.")

    async def move(self, value: float) -> float:
        """Seconds from sending the lever's new value to the last message of the run."""
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.page_script_hash, rerun.fragment_id = self.query, self.page, self.fragment
        state = rerun.widget_states.widgets.add()
        state.id = self.widget
        state.double_array_value.data.append(value)
        start = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        answers = await self.answers()
        took = time.perf_counter() - start
        for answer in answers:
            kind = answer.WhichOneof("type")
            if kind == "page_info_changed":
                self.query = answer.page_info_changed.query_string
            elif kind == "delta" and answer.delta.new_element.WhichOneof("type") == "exception":
                raise RuntimeError("The page failed: what is measured is no what-if.")
        return took

    async def answers(self) -> list[ForwardMsg]:
        """Every message until the script has run: a change of a lever ends the run of the lever's own part at once, for
        one that shows what it comes to."""
        found = []
        while True:
            data = await self.socket.recv()
            message = ForwardMsg()
            message.ParseFromString(data if isinstance(data, bytes) else data.encode())
            found.append(message)
            if message.WhichOneof("type") == "script_finished" and message.script_finished != EARLY:
                return found


async def visit(server: Server, scenario: CustomerScenario, start: float, seed: int) -> list[float]:
    """One session: a change every two seconds, beginning at a moment of its own. Seconds each took."""
    draw = random.Random(seed)
    host = f"{server.url.replace('http', 'ws', 1)}/_stcore/stream"
    async with websockets.connect(
        host,
        subprotocols=["streamlit"],  # type: ignore[list-item]
        origin=server.url,  # type: ignore[arg-type]
        additional_headers=server.shown,
        max_size=None,
    ) as socket:
        session = Session(socket, address(scenario))
        await session.open()
        found = []
        offset = draw.uniform(0, EVERY)
        for k in range(ROUNDS):
            await asyncio.sleep(max(0.0, start + offset + k * EVERY - time.perf_counter()))
            found.append(await session.move(FIRST + STEP * (k + 1)))
        return found


async def visits(server: Server, scenarios: list[CustomerScenario]) -> list[float]:
    """All sessions at once. Seconds each change took."""
    start = time.perf_counter() + 3
    found = await asyncio.gather(*(visit(server, each, start, k) for k, each in enumerate(scenarios)))
    return [each for session in found for each in session]


def session_figures(home: Path, folder: Path, scenarios: list[CustomerScenario]) -> list[Figure]:
    """Ten sessions at once."""
    tell(f"{len(scenarios)} sessions, one change every {EVERY:g} s each")
    with serving(home, folder) as server:
        process = psutil.Process(server.process.pid)
        start = spent(process)
        took = asyncio.run(visits(server, scenarios))
        cpu = (spent(process) - start) / len(took)
    name = f"{len(scenarios)} sessions, a change every {EVERY:g} s each"
    return [
        Figure(f"{name}: median", 1000 * median(took), "ms"),
        Figure(f"{name}: p95", 1000 * p95(took), "ms", 150),
        Figure(f"{name}: slowest of {len(took)}", 1000 * max(took), "ms"),
        Figure(f"{name}: server CPU a change, first run included", 1000 * cpu, "ms"),
    ]


# ---- the table ------------------------------------------------------------------------------------------------------


def line(figure: Figure) -> str:
    """One row of the table."""
    bound = _bound(figure.value, figure.bound, f" {figure.unit}")
    held = [f"{figure.name:<62} {figure.value:>9.3g} {figure.unit:<3} {bound}".rstrip()]
    if figure.multiple is not None:
        times = f"{figure.multiple:.2f} × a bare page"
        held += filter(None, [times, _bound(figure.multiple, figure.most_multiple)])
    return ", ".join(held)


def _bound(value: float, most: float | None, unit: str = "") -> str:
    """What is asked of a value, and whether it is over that; "" where nothing is."""
    if most is None:
        return ""
    return f"at most {most:.3g}{unit}".rstrip() + "  OVER" * (value > most)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--large", metavar="BOOK", help="only one lever on the page of that book of WHATIF_HOME")
    given = parser.parse_args()
    as_json, load = given.json, os.getloadavg()[0]
    if given.large:
        with tempfile.TemporaryDirectory() as folder:
            found, parts = large_figures(Path(os.environ["WHATIF_HOME"]).resolve(), Path(folder), given.large)
        printed(found, parts, load, as_json)
        return
    with released() as home, tempfile.TemporaryDirectory() as folder:
        scenarios = restless(home)
        found, parts = browser_figures(home, Path(folder), scenarios[0])
        found += session_figures(home, Path(folder), scenarios[:SESSIONS])
    printed(found, parts, load, as_json)


def printed(found: list[Figure], parts: dict[str, Any], load: float, as_json: bool) -> None:
    """The figures, for people or as one JSON object."""
    if as_json:
        print(json.dumps({"load": load, "figures": [asdict(each) for each in found], "parts": parts}))
        return
    print("\n".join(map(line, found)))
    print("\nwhere the time of a press goes (medians)")
    print("\n".join(f"  {name:<60} {value:>9.3g}" for name, value in parts.items()))
    print(f"\nload of the machine before: {load:.2f}")


if __name__ == "__main__":
    main()
