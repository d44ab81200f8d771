"""The verbs of the record of calls: verify, replay, export, prune."""

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import Engine

from model.cli.book import home_of
from model.cli.terminal import FAILED, Result, answer, json_option
from model.record import export as record_export
from model.record import verify as record_check
from model.record.database import engine
from model.record.replay import replay
from model.record.trail import find
from model.release.store import Store
from model.settings import settings


@contextmanager
def _record() -> Iterator[Engine]:
    opened = engine(settings())
    try:
        yield opened
    finally:
        opened.dispose()


def _standing(since: datetime | None) -> str:
    return f"The record is complete from {since:%Y-%m-%d %H:%M:%S} UTC." if since else "No removal is on record."


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


@click.group()
def audit() -> None:
    """The record of calls: check it, do a call again, export it, shorten it."""


@audit.command("verify")
@json_option
def verify(as_json: bool) -> None:
    """Hold every row of the record against its hash and its neighbours."""
    with _record() as kept:
        found = record_check.verify_record(kept, settings().audit_key)
    result: Result = {"ok": found.ok, "rows": found.rows, "chains": found.chains}
    result["since"] = _time(found.since)
    result["findings"] = list(found.findings)

    def text(result: Result) -> str:
        head = f"{result['rows']:,} calls in {result['chains']:,} chains: "
        count = len(result["findings"])
        if result["ok"]:
            head += "as they were written."
        else:
            head += f"{count:,} finding{'s' if count > 1 else ''}."
        return "\n".join([head, *(f"  FAILED  {each}" for each in result["findings"]), _standing(found.since)])

    answer(result, as_json, text)
    if not found.ok:
        sys.exit(FAILED)


@audit.command("replay")
@click.argument("call", metavar="ID")
@click.option("--who", metavar="NAME", help="Whose call, where several callers have one of that id.")
@json_option
def replay_call(call: str, who: str | None, as_json: bool) -> None:
    """Do a recorded call again with the very release that answered it, and compare. ID may be a beginning of one."""
    with _record() as kept:
        entry = find(kept, call, who)
    found = replay(entry, Store(home_of(entry.book), entry.book))
    gap = found.gap if math.isfinite(found.gap) else None
    result: Result = {"id": entry.id, "who": entry.who, "kind": entry.kind, "release": entry.release}
    result |= {"same": found.same, "gap": gap}
    answer(result | {"words": found.words}, as_json, lambda r: f"{r['kind']} {r['id']}: {r['words']}")
    if not found.same:
        sys.exit(FAILED)


@audit.command("export")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def export(out: Path, as_json: bool) -> None:
    """Write the record to OUT, a .csv, .jsonl or .parquet file: one line a record scored."""
    with _record() as kept:
        lines = record_export.export(kept, out, settings().home)
    answer({"path": str(out), "lines": lines}, as_json, lambda r: f"{r['lines']:,} lines in {r['path']}.")


@audit.command("prune")
@click.option("--before", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The first day to keep, UTC.")
@json_option
def prune(before: datetime, as_json: bool) -> None:
    """Remove calls recorded before a day, by whole segments; the rest still verifies."""
    with _record() as kept:
        found = record_check.prune(kept, before.date(), settings().audit_key)
    result = {"removed": found.rows, "kept": found.kept, "since": _time(found.since)}
    told = f"{found.rows:,} calls removed, {found.kept:,} kept. {_standing(found.since)}"
    answer(result, as_json, lambda _: told)
