"""What a large book costs, printed, never asserted: ``python -m tests.bench_large [--rows 1000000 4000000]``.

The book is the cards over and over, each time under other numbers and with amounts up to 8 % lower, in files of a
million. Memory is the most that a process of its own ever held, Python and its libraries included: of one that reads
the book and holds its sample, and of one that asks all of it, by the tables of the cards' release under WHATIF_HOME.
Takes a minute.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy, as in the application

import argparse
import re
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from data import books
from model.release.store import Store
from model.scoring.parts.files import BookFiles
from model.scoring.parts.stress import LocalEngine, stress_book
from model.settings import settings
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.book.sums import StressQuestion

NAME, FILE_ROWS, LOWER = "many_cards", 1_000_000, 0.92
DAY = date(2026, 1, 1)


def lay_down(home: Path, rows: int) -> Path:
    """Write the book on the users' shelf under ``home``; returns its folder."""
    folder = home / "books" / NAME
    (folder / "customers").mkdir(parents=True)
    text = (books.SHIPPED / "cards" / "contract.toml").read_text()
    text = text.replace('name = "cards"', f'name = "{NAME}"', 1).replace('"cards.parquet"', '"customers"', 1)
    (folder / "contract.toml").write_text(text)
    cards, chance = pd.read_parquet(books.SHIPPED / "cards" / "cards.parquet"), np.random.default_rng(0)
    amounts = [name for name in map(str, cards) if name.startswith(("bill_", "paid_"))]
    for first in range(0, rows, FILE_ROWS):
        count = min(FILE_ROWS, rows - first)
        own = pd.concat([cards] * -(-count // len(cards)), ignore_index=True).head(count)
        lower = chance.uniform(LOWER, 1.0, (count, len(amounts)))
        own = own.assign(customer=np.arange(first + 1, first + count + 1))
        own[amounts] = (own[amounts] * lower).round().astype(np.int64)
        own.to_parquet(folder / "customers" / f"{first // FILE_ROWS:04}.parquet", index=False, row_group_size=131_072)
    return folder


def stress() -> BookScenario:
    """Two levers in use."""
    return BookScenario().with_value(books.contract("cards"), "balances", 15)


def read(home: Path) -> None:
    """In a process of its own: the book is read, its sample held and asked."""
    start = time.perf_counter()
    book = books.read_book(NAME, home)
    seconds, scorer = time.perf_counter() - start, Store(settings().home, "cards").load().scorer
    whole = ScoredBook.of(scorer, book)
    start = time.perf_counter()
    found = BookResult.of(whole, stress(), DAY)
    moved, off = time.perf_counter() - start, found.errors["loss"] / found.now.loss if found.errors else 0.0
    print(f"{len(book):,} held, read in {seconds:.1f} s, a move {moved:.2f} s, loss ± {100 * off:.2f} %", end="")


def ask(home: Path) -> None:
    """In a process of its own: all of the book is asked."""
    scorer, start = Store(settings().home, "cards").load().scorer, time.perf_counter()
    engine = LocalEngine(scorer, BookFiles.of(home / "books" / NAME / "customers"))
    run = stress_book(engine, StressQuestion(scorer.contract, stress(), DAY, ()))
    print(f"{run.answer.now.customers:,} asked in {time.perf_counter() - start:.1f} s", end="")


def most_held() -> float:
    """The most bytes that this program ever held, on Linux; ``ru_maxrss`` would tell of the process that began it,
    too."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return 1024.0 * int(found[1])


def alone(what: str, home: Path) -> str:
    """What another process tells that does nothing else."""
    command = [sys.executable, "-m", "tests.bench_large", what, str(home)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("alone", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 4_000_000])
    given = parser.parse_args()
    if given.alone:
        {"read": read, "ask": ask}[given.alone[0]](Path(given.alone[1]))
        print(f", at most {most_held() / 2**20:,.0f} MB")
        return
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for rows in given.rows:
        with tempfile.TemporaryDirectory() as place:
            lay_down(Path(place), rows)
            for what in ("read", "ask"):
                print(f"{rows:>12,}  {what:<4}  {alone(what, Path(place))}", flush=True)


if __name__ == "__main__":
    main()
