"""The verb that asks a book of any size what a scenario does to it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from data import books
from data.contract import Measure
from data.errors import BadInput
from data.json_types import JsonObject
from model.cli.book import book_option, home_of
from model.cli.paper import day_of, kept_scenarios
from model.cli.terminal import Pace, Result, answer, json_option, progress
from model.export.asked import asked_book_scenario
from model.release.installed import installed_sha256
from model.release.promotion import require_same_book
from model.release.release import Release
from model.release.store import Store
from model.report import numbers
from model.report.book.stress import rate_words, stress_json, stress_text
from model.report.book.words import BRIDGED
from model.scoring.parts.files import BookFiles
from model.scoring.parts.stress import LocalEngine, StressEngine, StressRun, stress_book
from model.settings import settings
from model.whatif.book.sums import StressQuestion


@click.command()
@click.argument("source", metavar="BOOK-OR-PARQUET")
@click.option("--scenario", default="", help="A saved scenario's name, or a page's query: 'preset=…&severity=50'.")
@click.option("--release", "reference", default="champion", help="A release by id or alias; the champion by default.")
@click.option(
    "--bridge",
    "measures",
    multiple=True,
    type=click.Choice(BRIDGED),
    help="What is taken apart into what moved it; the loss by default, several by naming each.",
)
@click.option("--engine", type=click.Choice(["local", "spark"]), default="local", help="What goes through the rows.")
@click.option(
    "--master", default="", help="Of --engine spark: local[2], spark://…, sc://…; that of spark-submit by default."
)
@click.option("--strict", is_flag=True, help="A row that the contract refuses stops it.")
@click.option("--day", default="", help="As of which day, YYYY-MM-DD; today by default.")
@book_option
@json_option
def stress(
    source: str,
    scenario: str,
    reference: str,
    measures: tuple[Measure, ...],
    engine: str,
    master: str,
    strict: bool,
    day: str,
    book: str,
    as_json: bool,
) -> None:
    """What a scenario does to a whole book: one of the dashboard's by name, or a table in Parquet of any size."""
    start, tell = time.perf_counter(), progress(as_json)
    named = source in books.names(settings().home)
    release = _release(source if named else book, reference, named)
    with kept_scenarios() as store:
        asked = asked_book_scenario(release.contract, scenario, store)
    question = StressQuestion(release.contract, asked, day_of(day), measures or ("loss",))
    place = _place(source, engine) if named else source
    if master and engine != "spark":
        raise BadInput("A --master is of --engine spark. Name both, or neither.")
    with _engine(engine, place, release, master) as (through, rows):
        run = stress_book(
            through,
            question,
            strict=strict,
            first=Pace(tell, "First time through", rows),
            second=Pace(tell, "Second time through", rows),
        )
    result: Result = {"source": source, "book": release.contract.book.name, "release": release.id, "engine": engine}
    result |= {"rows": run.rows, "seconds": time.perf_counter() - start, "refused": _refused(run)}
    answer(result | stress_json(run.answer), as_json, lambda found: _text(run, found))


def _place(book: str, engine: str) -> str:
    """Where all records of a book lie: of a large one that its contract names as a table, Spark is asked for that."""
    table = books.contract(book, settings().home).book.table
    return table if table and engine == "spark" else str(books.snapshot_path(book, settings().home))


@contextmanager
def _engine(name: str, place: str, release: Release, master: str) -> Iterator[tuple[StressEngine, int]]:
    """What goes through a table, and how many rows that has, 0 where that is not known before."""
    if name == "local":
        files = BookFiles.of(Path(place))
        yield LocalEngine(release.scorer, files), files.rows
        return
    from model.scoring.spark.engine import spark_engine  # a module that others need not wait for

    with spark_engine(place, release, master) as found:
        yield found, 0


def _release(book: str, reference: str, named: bool) -> Release:
    """The release that is asked; of a book by name it must be of that book as it is now, as on the pages."""
    home = home_of(book)
    found = Store(home, book).load(reference)
    if named:
        require_same_book(found, books.contract(book, home), installed_sha256(book, home))
    return found


def _refused(run: StressRun) -> JsonObject:
    return {"count": run.refused.count, "first": [asdict(each) for each in run.refused.first]}


def _text(run: StressRun, found: Result) -> str:
    """For people: the answer, then what was refused."""
    told, record = [stress_text(run.answer)], run.answer.contract.book.record
    if run.refused.count:
        more = run.refused.count - len(run.refused.first)
        head = f"{numbers.counted(run.refused.count, 'row')} refused and left out of every number:"
        told.append("\n".join([head, *(f"  {each.words(record)}" for each in run.refused.first)]))
        told[-1] += f"\n  and {more:,} more" if more else ""
    return "\n\n".join([*told, f"Release {found['release']}; {rate_words(found['rows'], found['seconds'])}."])
