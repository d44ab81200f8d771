"""The command line: ``python -m model VERB``. See ``python -m model --help``.

Results go to standard output, as one JSON object with ``--json`` and as people's text otherwise; progress goes to
standard error. Exit status 0; 1 if a check failed; 2 for bad use or bad input.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: one row at a time is faster so, and fits are the same

import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data.errors import WhatIfError
from model.errors import GateError, ParityError, ReleaseError
from model.serving.init_verb import init
from model.serving.publish_verb import publish
from model.serving.registry_verbs import VERBS, gate_lines
from model.serving.serve_verb import serve
from model.serving.terminal import BAD, FAILED, answer, book_option, json_option, progress, store_of
from model.serving.token_verbs import token
from model.settings import settings

if TYPE_CHECKING:
    from sqlalchemy import Engine


class Verbs(click.Group):
    """Turns the product's own errors into a sentence and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except (GateError, ParityError) as error:
            click.echo(f"Failed: {error}", err=True)
            sys.exit(FAILED)
        except WhatIfError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(BAD)
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            click.echo(f"Error: The folder of releases cannot be used: {error}. Set WHATIF_HOME to another.", err=True)
            sys.exit(BAD)


@click.group(cls=Verbs)
def main() -> None:
    """The life of a credit model: train, verify, promote, measure."""


@main.command()
@click.argument("release", default="champion")
@book_option
@json_option
@click.option("--retrain/--no-retrain", default=True, help="Also train once more and compare the tables.")
def verify(release: str, book: str, as_json: bool, retrain: bool) -> None:
    """Checksums, parity with the trained model, and a retrain that must give the same tables."""
    store = store_of(book)
    identity = store.resolve(release)
    try:
        found = store.verify(identity, retrain, progress(as_json))
    except ReleaseError as error:
        answer({"release": identity, "passed": False, "error": str(error)}, as_json, lambda r: f"Failed: {r['error']}")
        sys.exit(FAILED)
    result: dict[str, Any] = {"release": identity, "passed": found.passed}
    result |= {"gates": [gate.as_dict() for gate in found.gates], "differs": list(found.differs)}

    def text(result: dict[str, Any]) -> str:
        told = [f"  differs from when it was made: {each}" for each in result["differs"]]
        same = ["  data, contract, code, lock file, libraries and platform are those it was made with"]
        return "\n".join([f"Release {identity}", *gate_lines(result["gates"]), *(told or same)])

    answer(result, as_json, text)
    if not result["passed"]:
        sys.exit(FAILED)


@main.command()
@click.option("--rows", default=1_000_000, type=click.IntRange(1_000, 50_000_000), help="How many loans.")
@click.option("--life", is_flag=True, help="Only how long a release takes to make, to load and to verify.")
@click.option("--growth", is_flag=True, help="Only how the whole book's cost grows with its rows, up to --rows.")
@book_option
@json_option
def bench(rows: int, life: bool, growth: bool, book: str, as_json: bool) -> None:
    """Print the figures of every hot path."""
    from model import bench as figures  # shap and scikit-learn: only when measured

    store = store_of(book)
    if life:
        told = progress(as_json)
        lived = [_plain(vars(each)) for each in figures.life(settings().home, book, lambda line: told(line, 0.0))]
        answer({"book": book, "figures": lived}, as_json, lambda result: "\n".join(_figure_lines(result["figures"])))
        return
    if "champion" not in store.aliases():
        store.promote(store.train(progress(as_json)).id)
    release = store.load()
    tell = progress(as_json)
    if growth:
        grown = figures.growth(release, rows, lambda line: tell(line, 0.0))
        answer({"release": release.id, "growth": [_plain(vars(each)) for each in grown]}, as_json, _growth)
        return
    found = figures.run(release, rows, lambda line: tell(line, 0.0))
    listed = [_plain(vars(each)) for each in found]

    def text(result: dict[str, Any]) -> str:
        lines = _figure_lines(result["figures"])
        return "\n".join([*lines, *(f"{name:<66} {ratio:>9,.0f}×" for name, ratio in result["ratios"].items())])

    seconds = {each.name: each.seconds for each in found}
    tables = seconds["per loan, SHAP: tables against the whole book"]
    ratios = {
        f"tables are faster than shap.TreeExplainer, {how}": seconds[f"per loan, SHAP: shap.TreeExplainer, {how}"]
        / tables
        for how in ("path-dependent", "interventional, 60 rows")
    }
    answer({"release": release.id, "rows": rows, "figures": listed, "ratios": ratios}, as_json, text)


def _figure_lines(figures: list[dict[str, Any]]) -> list[str]:
    lines = []
    for each in figures:
        bound = f"at most {_duration(each['bound'])}" if each["bound"] else ""
        lines.append(f"{each['name']:<66} {_duration(each['seconds']):>10}  {bound}".rstrip())
    return lines


def _plain(figure: Mapping[str, Any]) -> dict[str, Any]:
    return {**figure, "bound": None if math.isnan(figure["bound"]) else figure["bound"]}


def _growth(result: dict[str, Any]) -> str:
    lines = [f"{'loans':>12} {'one lever':>11} {'six columns':>12} {'four levers':>12} {'peak memory':>12}"]
    for each in result["growth"]:
        bound = f"at most {each['bound']:g} GB" if each["bound"] else ""
        costs = [_duration(each[name]) for name in ("one_lever", "six_columns", "bridge")]
        line = f"{each['rows']:>12,} {costs[0]:>11} {costs[1]:>12} {costs[2]:>12} {each['memory']:>9.2f} GB  {bound}"
        lines.append(line.rstrip())
    return "\n".join([*lines, "One lever, six columns: CPU time. Four levers: time on all cores."])


def _duration(seconds: float) -> str:
    if seconds >= 0.1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-4 else f"{seconds * 1e6:.2f} µs"


# ---- the record of calls --------------------------------------------------------------------------------------------


@contextmanager
def _record() -> Iterator["Engine"]:
    from model.serving.database import engine  # SQLAlchemy: only where the record is read

    opened = engine(settings())
    try:
        yield opened
    finally:
        opened.dispose()


def _standing(since: datetime | None) -> str:
    return f"The record is complete from {since:%Y-%m-%d %H:%M:%S} UTC." if since else "No removal is on record."


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


@main.group()
def audit() -> None:
    """The record of calls: check it, do a call again, export it, shorten it."""


@audit.command("verify")
@json_option
def audit_verify(as_json: bool) -> None:
    """Hold every row of the record against its hash and its neighbours."""
    from model.serving.audit_check import verify as check

    with _record() as engine:
        found = check(engine, settings().audit_key)
    result: dict[str, Any] = {"ok": found.ok, "rows": found.rows, "chains": found.chains}
    result["since"] = _time(found.since)
    result["findings"] = list(found.findings)

    def text(result: dict[str, Any]) -> str:
        head = f"{result['rows']:,} calls in {result['chains']:,} chains: "
        count = len(result["findings"])
        head += "as they were written." if result["ok"] else f"{count:,} finding{'s' if count > 1 else ''}."
        return "\n".join([head, *(f"  FAILED  {each}" for each in result["findings"]), _standing(found.since)])

    answer(result, as_json, text)
    if not found.ok:
        sys.exit(FAILED)


@audit.command("replay")
@click.argument("call", metavar="ID")
@json_option
def audit_replay(call: str, as_json: bool) -> None:
    """Do a recorded call again with the very release that answered it, and compare. ID may be a beginning of one."""
    from model.serving.audit import find
    from model.serving.replay import replay

    with _record() as engine:
        entry = find(engine, call)
    found = replay(entry, store_of(entry.book))
    gap = found.gap if math.isfinite(found.gap) else None
    result = {"id": entry.id, "kind": entry.kind, "release": entry.release, "same": found.same, "gap": gap}
    answer(result | {"words": found.words}, as_json, lambda r: f"{r['kind']} {r['id']}: {r['words']}")
    if not found.same:
        sys.exit(FAILED)


@audit.command("export")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def audit_export(out: Path, as_json: bool) -> None:
    """Write the record to OUT, a .csv, .jsonl or .parquet file: one line a record scored."""
    from model.serving.audit_export import export

    with _record() as engine:
        lines = export(engine, out, settings().home)
    answer({"path": str(out), "lines": lines}, as_json, lambda r: f"{r['lines']:,} lines in {r['path']}.")


@audit.command("prune")
@click.option("--before", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The first day to keep, UTC.")
@json_option
def audit_prune(before: datetime, as_json: bool) -> None:
    """Remove calls recorded before a day, by whole segments; the rest still verifies."""
    from model.serving.audit_check import prune

    with _record() as engine:
        found = prune(engine, before.date(), settings().audit_key)
    result = {"removed": found.rows, "kept": found.kept, "since": _time(found.since)}
    told = f"{found.rows:,} calls removed, {found.kept:,} kept. {_standing(found.since)}"
    answer(result, as_json, lambda _: told)


for verb in VERBS:
    main.add_command(verb)
main.add_command(init)
main.add_command(publish)
main.add_command(serve)
main.add_command(token)

if __name__ == "__main__":
    main()
