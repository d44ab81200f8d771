"""The verbs that make a release and hold it against how it was made: train, verify."""

import sys
from collections.abc import Sequence
from functools import partial
from getpass import getuser
from typing import TYPE_CHECKING

import click

from data.errors import BadInput
from model.cli.book import book_option, home_of
from model.cli.terminal import FAILED, Result, answer, json_option, progress
from model.errors import ReleaseError
from model.release.gate import Gate, ranks_by_chance
from model.release.promotion import NO_REASON, blocking_gates, reported
from model.release.release import Release, Verified
from model.release.report import ReleaseReport
from model.release.store import FIRST, Store
from model.release.training import Progress
from model.release.variants import SHIPPED
from model.release.window import Window
from model.report.release import words
from model.settings import settings
from model.signing import Signature

if TYPE_CHECKING:
    from model.scoring.stream.renewal import RenewalNote

VERDICTS = {"passed": "passed", "watch": "watch", "failed": "FAILED"}


def _gate_lines(gates: Sequence[Gate]) -> list[str]:
    """Each gate on a line, with its note below it."""
    lines = []
    for gate in gates:
        verdict = VERDICTS[words.verdict(gate)]
        lines.append(f"  {verdict:6}  {gate.label:<56} {words.figure(gate):<12} {words.bound(gate)}".rstrip())
        lines += [f"          {gate.note}"] if gate.note else []
    return lines


def _summary(release: Release) -> Result:
    report, obstacles = release.report, reported(release)
    shipped = report.cross_validation[SHIPPED.label]
    return {
        "release": release.id,
        "auc": shipped.auc,
        "brier": shipped.brier,
        "ece": shipped.ece,
        **report.as_dict(),
        **({"outcomes": release.manifest["outcomes"]} if release.outcomes is not None else {}),
        "passed": not obstacles.gates,
        "unread": obstacles.review,
    }


def _trained(report: ReleaseReport, result: Result) -> str:
    lines = [f"Release {result['release']}, fitted to: {words.window(result)}", *_gate_lines(report.gates), ""]
    where, _ = words.variants(report)
    sentence = words.cost_sentence(report)
    lines.append(f"{'What the constraints cost' if sentence else 'The model as shipped'}, {where}:")
    rows = [("", *words.MEASURES.values()), *words.cost_rows(report)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines += ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines += [f"  {sentence}"] if sentence else []
    if report.champion:
        lines += ["", words.beside(report)]
        lines += [
            f"  {name:<18} {own} against {other}, difference {gap}: {reading}"
            for name, own, other, gap, reading in words.champion_rows(report)
        ]
    failed = [gate.label for gate in blocking_gates(report.gates)]
    with_reason = "With a reason it can be all the same: promote --override REASON."
    end = f"Not to be promoted: {'; '.join(failed)}. {NO_REASON if ranks_by_chance(report.gates) else with_reason}"
    if result["promoted"]:
        end = "Promoted to champion."
    elif result["champion_already"]:
        end = "It is the champion already."
    elif result["unread"]:
        end = f"Not to be promoted. {result['unread']}"
    elif result["passed"]:
        end = f"Promote it with: python -m model promote {result['release']} --book {result['book']} --why TEXT"
    named = []
    if "named" in result:
        named = ["Named challenger." if result["named"] else f"Not named challenger. {result['not_named']}"]
    return "\n".join([*lines, "", *named, end])


@click.command()
@book_option
@click.option("--since", type=int, metavar="YEAR", help="The first vintage to fit to; the contract's if not given.")
@click.option("--until", type=int, metavar="YEAR", help="The last vintage, likewise; those after it are the test.")
@click.option("--recalibrate-since", type=int, metavar="YEAR", help="Shift the intercept to the vintages from here on.")
@click.option("--recalibrate-until", type=int, metavar="YEAR", help="The last vintage to shift the intercept to.")
@click.option("--outcomes", type=click.IntRange(1), metavar="N", help="Fit to the latest N outcomes of the stream.")
@click.option("--challenger", is_flag=True, help="Of --outcomes: name it challenger, if no gate is in the way.")
@json_option
def train(
    book: str,
    since: int | None,
    until: int | None,
    recalibrate_since: int | None,
    recalibrate_until: int | None,
    outcomes: int | None,
    challenger: bool,
    as_json: bool,
) -> None:
    """Fit, test and write a release; the first one is promoted if no gate is in the way.

    Held against the champion, if there is one. Exits with 1 if a gate failed that stops promotion.
    """
    store = Store(home_of(book), book)
    again, note = Window(recalibrate_since, recalibrate_until), None
    if challenger and outcomes is None:
        raise BadInput("What is named challenger by itself is fitted to outcomes of the stream. Give --outcomes, too.")
    if outcomes is None:
        release = store.train(progress(as_json), since, until, None if again == Window() else again)
    elif (since, until, again) != (None, None, Window()):
        raise BadInput("Outcomes of a stream are of no vintage of the book. Give --outcomes alone, or vintages alone.")
    else:
        release, note = _renewed(store, outcomes, progress(as_json), challenger)
    result = {**_summary(release), "book": book}
    if note is not None:
        result |= {"named": note.state == "named", "not_named": note.why}
    result["champion_already"] = store.aliases().get("champion") == release.id
    result["promoted"] = bool(result["passed"] and not result["unread"] and "champion" not in store.aliases())
    if result["promoted"]:
        store.promote(release.id, who=getuser(), why=FIRST)
    answer(result, as_json, partial(_trained, release.report))
    if not result["passed"]:
        sys.exit(FAILED)


def _renewed(store: Store, most: int, tell: Progress, challenge: bool) -> "tuple[Release, RenewalNote]":
    """A release fitted to the latest outcomes of the stream."""
    from model.record.database import engine  # modules that a training on the book need not wait for
    from model.scoring.stream.renewal import renew_model

    database = engine(settings())
    try:
        return renew_model(store, database, most, tell, challenge)
    finally:
        database.dispose()


@click.command()
@click.argument("release", default="champion")
@book_option
@json_option
@click.option("--retrain/--no-retrain", default=True, help="Also train once more and compare the tables.")
def verify(release: str, book: str, as_json: bool, retrain: bool) -> None:
    """Checksums, parity with the trained model, and a retrain that must give the same tables."""
    store = Store(home_of(book), book)
    identity = store.resolve(release)
    try:
        found = store.verify(identity, retrain, progress(as_json))
    except ReleaseError as error:
        answer({"release": identity, "passed": False, "error": str(error)}, as_json, lambda r: f"Failed: {r['error']}")
        sys.exit(FAILED)
    _tell_verified(identity, found, store.signature(identity), as_json)


@click.command()
@click.argument("release", default="champion")
@book_option
@json_option
@click.option("--retrain/--no-retrain", default=True, help="Before that, also train once more and compare the tables.")
def sign(release: str, book: str, as_json: bool, retrain: bool) -> None:
    """Verify a release and, if all of that held, sign it with the key that WHATIF_RELEASE_KEY names."""
    store = Store(home_of(book), book)
    identity = store.resolve(release)
    try:
        found, signature = store.sign(identity, retrain, progress(as_json))
    except ReleaseError as error:
        answer({"release": identity, "passed": False, "error": str(error)}, as_json, lambda r: f"Failed: {r['error']}")
        sys.exit(FAILED)
    _tell_verified(identity, found, signature, as_json)


def _tell_verified(identity: str, found: Verified, signature: Signature, as_json: bool) -> None:
    """What verifying a release found, and how it is signed; exit status 1 if a gate failed."""
    result: Result = {"release": identity, "passed": found.passed, "signature": vars(signature)}
    result |= {"gates": [gate.as_dict() for gate in found.gates], "differs": list(found.differs)}

    def text(result: Result) -> str:
        told = [f"  differs from when it was made: {each}" for each in result["differs"]]
        same = ["  data, contract, code, lock file, libraries and platform are those it was made with"]
        own = f"  {words.signature(signature)}"
        return "\n".join([f"Release {identity}", *_gate_lines(found.gates), *(told or same), own])

    answer(result, as_json, text)
    if not result["passed"]:
        sys.exit(FAILED)
