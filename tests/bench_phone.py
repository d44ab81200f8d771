"""What a touch of the app for a phone costs, with its bound, printed, never asserted: ``python -m tests.bench_phone``.

Both shipped books of ``WHATIF_HOME``, in headless Chromium as large as a phone, with the server closed. A touch moves
a lever by one step; its time is that of the frame's own work, in which the answer, its reasons, what changed and the
curve are worked out and written, and of the layout that follows, which is asked for at once. Two levers are off their
start, so that every chart stands.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy, as in the application

import argparse
import json
import tempfile
from datetime import date
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, sync_playwright

from model.deployed.desk import DeployedModels
from model.export.phone.package import PhonePackage, phone_package, write_package
from tests.bench_page import Figure, line
from tests.browser.phone import visit_phone
from tests.browser.server import chromium
from tests.support.phones import folder_served

BOOKS = ("cards", "small_business")
TOUCHES = 200
TOUCHED = """async (touches) => {
  const sliders = [...document.querySelectorAll("#levers input[type=range]")];
  const times = [];
  const paint = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (work) => paint((now) => {
    const begun = performance.now();
    work(now);
    document.body.getBoundingClientRect();
    document.querySelector("#curve svg").getBoundingClientRect();
    times.push(performance.now() - begun);
  });
  const move = async (slider, way) => {
    way > 0 ? slider.stepUp() : slider.stepDown();
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((done) => paint(() => setTimeout(done)));
  };
  await move(sliders[0], 1);
  await move(sliders[1], 1);
  times.length = 0;
  for (let k = 0; k < touches; k++) await move(sliders[k % 2], k % 4 < 2 ? 1 : -1);
  return times;
}"""


def touched(browser: Browser, package: PhonePackage) -> list[float]:
    """How long each touch took, milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        write_package(Path(folder), package)
        with folder_served(Path(folder)) as server:
            seen = visit_phone(browser, server)
            seen.ready()
            server.close()
            found: list[float] = seen.page.evaluate(TOUCHED, TOUCHES)
            seen.page.context.close()
            return found


def figures() -> list[Figure]:
    """Each book's touch and package."""
    found = list[Figure]()
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        for book in BOOKS:
            model = DeployedModels().model(book)
            if model is None:
                continue
            package = phone_package(model, day=date.today())
            times = touched(browser, package)
            found += [
                Figure(f"{book}: PD, reasons, redraw of a touch, median", median(times), "ms", 4.0),
                Figure(f"{book}: the same, 95 of 100 below", quantiles(times, n=20)[-1], "ms", None),
                Figure(f"{book}: package", package.size / 1e6, "MB", 1.0),
            ]
        browser.close()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    load, found = os.getloadavg()[0], figures()
    if parser.parse_args().json:
        print(json.dumps({"load": load, "figures": [vars(each) for each in found]}))
        return
    print("\n".join(map(line, found)))
    print(f"\nload of the machine before: {load:.2f}")


if __name__ == "__main__":
    main()
