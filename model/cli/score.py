"""The verb that scores a file of any size."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import click

from data.contract import Contract, lower
from data.errors import BadInput
from model.cli.book import book_option, home_of
from model.cli.terminal import Result, answer, json_option
from model.release.installed import installed_book
from model.release.release import Release
from model.release.store import Store
from model.report import numbers
from model.report.language import lost_label
from model.scoring.job.job import Finished, run_job
from model.scoring.job.manifest import JobManifest, manifest_file
from model.scoring.job.scorer import JobScorer
from model.scoring.job.terms import Explained, JobTerms

EXPLAINED: dict[str, Explained] = {"input": "input", "concept": "concept"}
PAUSE = 0.5  # seconds between two lines of progress


@click.command()
@click.argument("path", metavar="IN", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--explain", is_flag=True, help="Add the reasons of every score, in points.")
@click.option(
    "--by", type=click.Choice(list(EXPLAINED)), default="input", help="What the reasons are by; inputs by default."
)
@click.option("--scenario", help="Under a what-if of the book: a saved one's name, or its page's address or query.")
@click.option("--release", default="champion", help="Which release scores; the champion by default.")
@click.option("--columns", default="", help="Columns of IN to carry along, by name, with commas between.")
@click.option("--strict", is_flag=True, help="Stop at the first row that cannot be scored, and write nothing.")
@click.option("--engine", type=click.Choice(["local", "spark"]), default="local", help="What goes through the rows.")
@click.option(
    "--master", default="", help="Of --engine spark: local[2], spark://…, sc://…; that of spark-submit by default."
)
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Write a report to management, one HTML file."
)
@click.option("--day", default="", help="As of which day an overlay is valid, YYYY-MM-DD; today by default.")
@book_option
@json_option
def score(
    path: Path,
    out: Path,
    explain: bool,
    by: str,
    scenario: str | None,
    release: str,
    columns: str,
    strict: bool,
    engine: str,
    master: str,
    report: Path | None,
    day: str,
    book: str,
    as_json: bool,
) -> None:
    """Score every record of IN, a CSV, Excel or Parquet file of any size or a folder of Parquet files, into OUT: a
    .parquet or .csv file or, without an ending, a folder. Rows that cannot be scored go to a file beside it."""
    begun = time.perf_counter()
    scoring = Store(home_of(book), book).load(release)
    asked = JobTerms(
        explain=EXPLAINED[by] if explain else "",
        columns=tuple(each.strip() for each in columns.split(",") if each.strip()),
        strict=strict,
    )
    terms = asked if scenario is None else _under(asked, book, scenario, day)
    annual = None if terms.scenario is None else _annual(book, scoring)
    follow = _Progress(as_json)
    run = None
    if engine == "spark":
        from model.scoring.spark.job import spark_run  # modules that others need not wait for

        run = spark_run(path, master)
    elif master:
        raise BadInput("A --master is of --engine spark. Name both, or neither.")
    found = run_job(path, out, JobScorer(scoring, terms, annual), follow.rows, follow.share, run)
    if report is not None:
        _write_report(report, found.manifest, scoring)
    result = _result(found, out, report, time.perf_counter() - begun)
    answer(result, as_json, lambda r: _text(r, found.manifest, scoring.contract))


def _under(asked: JobTerms, book: str, scenario: str, day: str) -> JobTerms:
    """The terms under the scenario that was asked for."""
    from model.cli.paper import day_of, kept_scenarios
    from model.export.asked import asked_scenario
    from model.settings import settings
    from model.whatif.book.scenario import BookScenario

    with kept_scenarios() as store:
        found = asked_scenario(installed_book(book, settings().home), scenario, store)
    if not isinstance(found.scenario, BookScenario):
        raise BadInput("Records are scored under a scenario of the book; that one is of another page. Name another.")
    query = tuple(found.scenario.carried().to_query().items())
    return replace(asked, scenario=query, name=found.name, day=day_of(day).isoformat())


def _annual(book: str, release: Release) -> Callable[[float], float]:
    """The shift to one-year PDs of the book that the release is deployed on: a record's capital is the same, whatever
    stands in a file with it."""
    from model.settings import settings
    from model.whatif.book.scored import ScoredBook

    @cache
    def whole() -> ScoredBook:
        return ScoredBook.of(release.scorer, installed_book(book, settings().home))

    return lambda rate: whole().annual(rate)


def _write_report(report: Path, manifest: JobManifest, release: Release) -> None:
    from model.export.batch.page import write_batch_page
    from model.scoring.job.report import batch_numbers

    write_batch_page(report, batch_numbers(manifest, release, date.today()))


class _Progress:
    """Tells of a job on standard error: rows, how many a second, how long it will still take."""

    def __init__(self, silent: bool) -> None:
        self.silent, self.begun, self.told, self.first = silent, time.monotonic(), 0.0, 0

    def share(self, share: float) -> None:
        """How far a file is read that is read whole."""
        self._tell(f"{share:4.0%}  Reading the file", share >= 1)

    def rows(self, done: int, rows: int | None) -> None:
        """How many rows are done, of how many."""
        if not self.first:
            self.begun, self.first = time.monotonic(), done  # the first came with the start
        rate = (done - self.first) / max(time.monotonic() - self.begun, 1e-9)
        of = f" of {rows:,}" if rows else ""
        left = f", {(rows - done) / rate:,.0f} s left" if rows and rate and rows > done else ""
        share = f"{min(done / rows, 1):4.0%}  " if rows else ""
        a_second = f", {rate:,.0f} a second" if rate else ""
        self._tell(f"{share}{done:,}{of} rows{a_second}{left}", rows is not None and done >= rows)

    def _tell(self, text: str, last: bool) -> None:
        now = time.monotonic()
        if self.silent or (now - self.told < PAUSE and not last):
            return
        self.told = now
        click.echo(text, err=True)


def _result(found: Finished, out: Path, report: Path | None, seconds: float) -> Result:
    manifest = found.manifest
    refused = next((str(out.with_name(name)) for name, _ in manifest.files if name != out.name), None)
    return {
        "path": str(out),
        "report": None if report is None else str(report),
        "manifest": str(manifest_file(out)),
        "refused_path": refused,
        "before": found.before,
        "seconds": seconds,
        **manifest.to_json(),
    }


def _text(result: Result, manifest: JobManifest, contract: Contract) -> str:
    rows, sums = result["rows"], manifest.sums
    lines = []
    if result["before"]:
        lines.append("This was done before, of the same input by the same release; nothing was to be done.")
    scored = f"{rows['scored']:,} of {rows['given']:,} rows scored by release {manifest.release}"
    lines.append(f"{scored} in {result['seconds']:.1f} s; {rows['refused']:,} refused. {result['path']}")
    if sums.scored:
        lost = numbers.money(sums.total("loss"), contract.book.currency)
        mean = numbers.percent(sums.total("pd") / sums.scored)
        lines.append(f"Mean PD {mean}, {lower(lost_label(contract))} {lost}.")
    if result["refused_path"]:
        lines.append(f"Refused rows, each with why: {result['refused_path']}")
    if manifest.repeated:
        lines.append(f"{manifest.repeated:,} identifiers stand on more than one row; every row counts.")
    if manifest.ignored:
        lines.append(f"Columns nothing reads: {', '.join(manifest.ignored[:8])}.")
    return "\n".join([*lines, *manifest.notes])
