"""The command line: ``python -m model VERB``. See ``python -m model --help``.

Results go to standard output, as one JSON object with ``--json`` and as people's text otherwise; progress goes to
standard error. Exit status 0; 1 if a check failed; 2 for bad use or bad input.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: one row at a time is faster so, and fits are the same

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data.books import folder
from data.errors import WhatIfError
from model.errors import GateError, ParityError, ReleaseError
from model.release.store import ALIASES, Release, Store
from model.serving.publish_verb import publish
from model.serving.serve_verb import serve
from model.serving.token_verbs import token
from model.settings import settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

FAILED, BAD = 1, 2


def _told(doing: str, share: float) -> None:
    click.echo(f"{share:4.0%}  {doing}", err=True)


def _quietly(_doing: str, _share: float) -> None:
    return None


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


def _answer(result: dict[str, Any], as_json: bool, text: Callable[[dict[str, Any]], str]) -> None:
    click.echo(json.dumps(result) if as_json else text(result))


book_option = click.option("--book", default=lambda: settings().book, help="The book; cards by default.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")


@click.group(cls=Verbs)
def main() -> None:
    """The life of a credit model: train, verify, promote, measure."""


def _store(book: str) -> Store:
    folder(book)  # a book that is not there is told before anything else
    return Store(settings().home, book)


def _summary(release: Release) -> dict[str, Any]:
    gates = {gate["name"]: gate for gate in release.report["gates"]}
    return {
        "release": release.id,
        "auc": gates["auc"]["figure"],
        "brier": gates["brier"]["figure"],
        "ece": gates["ece"]["figure"],
        "gates": release.report["gates"],
        "cross_validation": release.report["cross_validation"],
        "passed": all(gate["passed"] for gate in release.report["gates"]),
    }


def _gate_lines(gates: list[dict[str, Any]]) -> list[str]:
    lines = []
    for gate in gates:
        sign = "at least" if gate["at_least"] else "at most"
        verdict = "passed" if gate["passed"] else "FAILED"
        lines.append(f"  {verdict:6}  {gate['label']:<50} {gate['figure']:<10.4g} {sign} {gate['bound']:.4g}")
    return lines


def _trained(result: dict[str, Any]) -> str:
    lines = [f"Release {result['release']}", *_gate_lines(result["gates"]), ""]
    lines.append("What the constraints cost, out of fold:")
    for label, found in result["cross_validation"].items():
        lines.append(f"  {label:<30} AUC {found['auc']:.4f}  Brier {found['brier']:.4f}  ECE {found['ece']:.4f}")
    if result["promoted"]:
        lines += ["", "Promoted to champion."]
    elif result["passed"]:
        lines += ["", f"Promote it with: python -m model promote {result['release']}"]
    return "\n".join(lines)


@main.command()
@book_option
@json_option
def train(book: str, as_json: bool) -> None:
    """Fit, gate and write a release; the first one is promoted if its gates pass."""
    store = _store(book)
    release = store.train(_quietly if as_json else _told)
    result = _summary(release)
    result["promoted"] = bool(result["passed"] and "champion" not in store.aliases())
    if result["promoted"]:
        store.promote(release.id)
    _answer(result, as_json, _trained)
    if not result["passed"]:
        sys.exit(FAILED)


@main.command()
@click.argument("release", default="champion")
@book_option
@json_option
@click.option("--retrain/--no-retrain", default=True, help="Also train once more and compare the tables.")
def verify(release: str, book: str, as_json: bool, retrain: bool) -> None:
    """Checksums, parity with the trained model, and a retrain that must give the same tables."""
    store = _store(book)
    identity = store.resolve(release)
    try:
        gates = [gate.as_dict() for gate in store.verify(identity, retrain, _quietly if as_json else _told)]
    except ReleaseError as error:
        _answer({"release": identity, "passed": False, "error": str(error)}, as_json, lambda r: f"Failed: {r['error']}")
        sys.exit(FAILED)
    result = {"release": identity, "passed": all(gate["passed"] for gate in gates), "gates": gates}
    _answer(result, as_json, lambda r: "\n".join([f"Release {identity}", *_gate_lines(r["gates"])]))
    if not result["passed"]:
        sys.exit(FAILED)


@main.command()
@book_option
@json_option
def releases(book: str, as_json: bool) -> None:
    """All releases of a book, the oldest first, and the aliases that point to them."""
    store = _store(book)
    aliases = store.aliases()
    listed = [
        {
            "release": identity,
            "created": store.manifest(identity)["created"],
            "contract": store.manifest(identity)["contract_version"],
            "aliases": [alias for alias, target in aliases.items() if target == identity],
        }
        for identity in store.ids()
    ]

    def text(result: dict[str, Any]) -> str:
        rows = [
            f"{each['release']}  {each['created']}  contract {each['contract']}  {', '.join(each['aliases'])}".rstrip()
            for each in result["releases"]
        ]
        return "\n".join(rows) or f"No release of {book} yet; run: python -m model train --book {book}"

    _answer({"book": book, "releases": listed, "aliases": aliases}, as_json, text)


@main.command()
@click.argument("release")
@click.option("--as", "alias", type=click.Choice(ALIASES), default="champion")
@book_option
@json_option
def promote(release: str, alias: str, book: str, as_json: bool) -> None:
    """Point an alias to a release whose gates passed."""
    identity = _store(book).promote(release, alias, getuser())
    _answer({"release": identity, "alias": alias}, as_json, lambda r: f"{r['release']} is now the {r['alias']}.")


@main.command()
@book_option
@json_option
def rollback(book: str, as_json: bool) -> None:
    """Make the previous champion the champion again."""
    identity = _store(book).rollback(getuser())
    _answer({"release": identity, "alias": "champion"}, as_json, lambda r: f"{r['release']} is the champion again.")


@main.command()
@click.option("--rows", default=1_000_000, type=click.IntRange(1_000, 50_000_000), help="How many loans.")
@click.option("--growth", is_flag=True, help="Only how the whole book's cost grows with its rows, up to --rows.")
@book_option
@json_option
def bench(rows: int, growth: bool, book: str, as_json: bool) -> None:
    """Print the figures of every hot path."""
    from model import bench as figures  # shap and scikit-learn: only when measured

    store = _store(book)
    if "champion" not in store.aliases():
        store.promote(store.train(_quietly if as_json else _told).id)
    release = store.load()
    tell = _quietly if as_json else _told
    if growth:
        grown = figures.growth(release, rows, lambda line: tell(line, 0.0))
        _answer({"release": release.id, "growth": [_plain(vars(each)) for each in grown]}, as_json, _growth)
        return
    found = figures.run(release, rows, lambda line: tell(line, 0.0))
    listed = [_plain(vars(each)) for each in found]

    def text(result: dict[str, Any]) -> str:
        lines = []
        for each in result["figures"]:
            bound = f"at most {_duration(each['bound'])}" if each["bound"] else ""
            lines.append(f"{each['name']:<66} {_duration(each['seconds']):>10}  {bound}")
        return "\n".join([*lines, *(f"{name:<66} {ratio:>9,.0f}×" for name, ratio in result["ratios"].items())])

    seconds = {each.name: each.seconds for each in found}
    tables = seconds["per loan, SHAP: tables against the whole book"]
    ratios = {
        f"tables are faster than shap.TreeExplainer, {how}": seconds[f"per loan, SHAP: shap.TreeExplainer, {how}"]
        / tables
        for how in ("path-dependent", "interventional, 60 rows")
    }
    _answer({"release": release.id, "rows": rows, "figures": listed, "ratios": ratios}, as_json, text)


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

    _answer(result, as_json, text)
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
    found = replay(entry, _store(entry.book))
    gap = found.gap if math.isfinite(found.gap) else None
    result = {"id": entry.id, "kind": entry.kind, "release": entry.release, "same": found.same, "gap": gap}
    _answer(result | {"words": found.words}, as_json, lambda r: f"{r['kind']} {r['id']}: {r['words']}")
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
    _answer({"path": str(out), "lines": lines}, as_json, lambda r: f"{r['lines']:,} lines in {r['path']}.")


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
    _answer(result, as_json, lambda _: told)


main.add_command(publish)
main.add_command(serve)
main.add_command(token)

if __name__ == "__main__":
    main()
