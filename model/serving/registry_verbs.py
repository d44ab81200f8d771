"""The command line's verbs for releases: made, listed, promoted, taken back, told on a card."""

import sys
from getpass import getuser
from pathlib import Path
from typing import Any

import click

from data.errors import BadInput
from model.release.gate import in_the_way
from model.release.store import ALIASES, LONGEST, Release, unread
from model.release.training import SHIPPED
from model.release.window import Window
from model.report import card as cards
from model.report import release_words as words
from model.serving.release_card import release_card
from model.serving.terminal import FAILED, answer, book_option, json_option, progress, store_of
from model.settings import settings

VERDICTS = {"passed": "passed", "watch": "watch", "failed": "FAILED"}


def reason(_context: click.Context, parameter: click.Parameter, text: str) -> str:
    """A reason, no longer than one is kept."""
    if len(text) > LONGEST:
        raise click.BadParameter(f"{len(text):,} characters were given; at most {LONGEST} are kept.", param=parameter)
    return text


why_option = click.option("--why", default="", callback=reason, metavar="TEXT", help="Why; kept in the history.")


# ---- train ----------------------------------------------------------------------------------------------------------


def gate_lines(gates: list[dict[str, Any]]) -> list[str]:
    """Each gate on a line, with its note below it."""
    lines = []
    for gate in gates:
        verdict = VERDICTS[words.verdict(gate)]
        lines.append(f"  {verdict:6}  {gate['label']:<56} {words.figure(gate):<12} {words.bound(gate)}".rstrip())
        lines += [f"          {gate['note']}"] if gate["note"] else []
    return lines


def _summary(release: Release) -> dict[str, Any]:
    report = release.report
    shipped = report["cross_validation"][SHIPPED.label]
    return {
        "release": release.id,
        "auc": shipped["auc"],
        "brier": shipped["brier"],
        "ece": shipped["ece"],
        "window": report.get("window"),
        "recalibrated": report.get("recalibrated"),
        "gates": report["gates"],
        "cross_validation": report["cross_validation"],
        "later": report.get("later"),
        "champion": report.get("champion"),
        "passed": not in_the_way(report["gates"]),
    }


def _trained(result: dict[str, Any]) -> str:
    lines = [f"Release {result['release']}, fitted to: {words.window(result)}", *gate_lines(result["gates"]), ""]
    where, _ = words.variants(result)
    lines.append(f"What the constraints cost, {where}:")
    rows = [("", *words.MEASURES.values()), *words.cost_rows(result)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines += ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    sentence = words.cost_sentence(result)
    lines += [f"  {sentence}"] if sentence else []
    if result["champion"]:
        lines += ["", f"Beside the champion {result['champion']['id']}, {result['champion']['n']:,} records:"]
        lines += [f"  {name:<18} {own} against {other}, difference {gap}: {reading}"
                  for name, own, other, gap, reading in words.champion_rows(result)]  # fmt: skip
    failed = [str(gate["label"]) for gate in in_the_way(result["gates"])]
    end = f"Not to be promoted: {'; '.join(failed)}. With a reason it can be all the same: promote --override REASON."
    if result["promoted"]:
        end = "Promoted to champion."
    elif result["champion_already"]:
        end = "It is the champion already."
    elif result["unread"]:
        end = f"Not to be promoted. {result['unread']}"
    elif result["passed"]:
        end = f"Promote it with: python -m model promote {result['release']} --book {result['book']}"
    return "\n".join([*lines, "", end])


@click.command()
@book_option
@click.option("--since", type=int, metavar="YEAR", help="The first vintage to fit to; the contract's if not given.")
@click.option("--until", type=int, metavar="YEAR", help="The last vintage to fit to; those after it are the test.")
@click.option("--recalibrate-since", type=int, metavar="YEAR", help="Shift the intercept to the vintages from here on.")
@click.option("--recalibrate-until", type=int, metavar="YEAR", help="The last vintage to shift the intercept to.")
@json_option
def train(
    book: str, since: int | None, until: int | None, recalibrate_since: int | None, recalibrate_until: int | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Fit, test and write a release; the first one is promoted if no gate is in the way.

    Held against the champion, if there is one. Exits with 1 if a gate failed that stops promotion.
    """
    store = store_of(book)
    again = Window(recalibrate_since, recalibrate_until)
    for each in (Window(since, until), again):
        if each.since is not None and each.until is not None and each.since > each.until:
            raise BadInput(f"The window {each} is empty: its first vintage lies after its last. Change places.")
    release = store.train(progress(as_json), since, until, None if again == Window() else again)
    result = {**_summary(release), "book": book, "unread": unread(release.contract)}
    result["champion_already"] = store.aliases().get("champion") == release.id
    result["promoted"] = bool(result["passed"] and not result["unread"] and "champion" not in store.aliases())
    if result["promoted"]:
        store.promote(release.id, who=getuser(), why="The first release whose gates passed.")
    answer(result, as_json, _trained)
    if not result["passed"]:
        sys.exit(FAILED)


# ---- what there is --------------------------------------------------------------------------------------------------


@click.command()
@click.option("--history", "with_history", is_flag=True, help="Also who moved which alias, when and why.")
@book_option
@json_option
def releases(with_history: bool, book: str, as_json: bool) -> None:
    """All releases of a book, the oldest first: their window, how they stand, the aliases that point to them."""
    store = store_of(book)
    aliases = store.aliases()
    listed = []
    for identity in store.ids():
        manifest, report = store.manifest(identity), store.report(identity)
        each = {name: manifest.get(key) for name, key in (("created", "created"), ("contract", "contract_version"))}
        each |= {"release": identity, "window": manifest.get("window"), "recalibrated": manifest.get("recalibrated")}
        each |= {"passed": not in_the_way(report["gates"]), "state": words.state(report)}
        listed.append(each | {"aliases": [alias for alias, target in aliases.items() if target == identity]})
    result: dict[str, Any] = {"book": book, "releases": listed, "aliases": aliases}
    moved = store.history() if with_history else []
    if with_history:
        result["history"] = [{**vars(each), "at": each.at.isoformat(), "gates": list(each.gates)} for each in moved]

    def text(result: dict[str, Any]) -> str:
        lines = [
            "  ".join((each["release"], each["created"], f"contract {each['contract']}", words.window(each),
                       each["state"], ", ".join(each["aliases"]))).rstrip()
            for each in result["releases"]
        ]  # fmt: skip
        if not lines:
            return f"No release of {book} yet; run: python -m model train --book {book}"
        told = [
            f"  {at}  {alias} → {release}  {who}: {why}{f'; overridden: {over}' if over != '–' else ''}"
            for at, alias, release, who, why, over in words.moved_rows(moved)
        ]
        none = ["  nothing on record"] if with_history and not told else []
        return "\n".join([*lines, *(["", "History, the newest first:", *told, *none] if with_history else [])])

    answer(result, as_json, text)


# ---- who answers ----------------------------------------------------------------------------------------------------


@click.command()
@click.argument("release")
@click.option("--as", "alias", type=click.Choice(ALIASES), default="champion", show_default=True)
@why_option
@click.option(
    "--override", default="", callback=reason, metavar="REASON",
    help="Promote although a gate failed, for this reason; it stands on the model card from then on.",
)  # fmt: skip
@book_option
@json_option
def promote(release: str, alias: str, why: str, override: str, book: str, as_json: bool) -> None:
    """Point an alias to a release whose gates passed, or whose failed gates are overridden for a reason."""
    store = store_of(book)
    identity = store.promote(release, alias, getuser(), why, override)
    failed = [str(gate["label"]) for gate in in_the_way(store.report(identity)["gates"])]
    result = {"release": identity, "alias": alias, "overridden": failed}

    def text(result: dict[str, Any]) -> str:
        passed_over = f" Passed over: {'; '.join(failed)}. The reason stands on its card." if failed else ""
        return f"{result['release']} is now the {result['alias']}.{passed_over}"

    answer(result, as_json, text)


@click.command()
@why_option
@book_option
@json_option
def rollback(why: str, book: str, as_json: bool) -> None:
    """Make the previous champion the champion again."""
    identity = store_of(book).rollback(getuser(), why)
    answer({"release": identity, "alias": "champion"}, as_json, lambda r: f"{r['release']} is the champion again.")


# ---- the card -------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("release", default="champion")
@click.argument("out", required=False, type=click.Path(dir_okay=False, path_type=Path))
@book_option
@json_option
def card(release: str, out: Path | None, book: str, as_json: bool) -> None:
    """Write the model card of RELEASE to OUT, one HTML file; card-RELEASE.html here if not given.

    With --json its sections are told instead, and a file is written only to an OUT that is given.
    """
    store = store_of(book)
    found = release_card(store, store.load(release), settings().home)
    path = out if out is not None or as_json else Path(f"card-{found.release}.html")
    if path is not None:
        try:
            path.write_text(cards.html(found), encoding="utf-8")
        except OSError as error:
            raise BadInput(f"The card cannot be written to {path}: {error.strerror}. Name another file.") from error
    result = {"path": None if path is None else str(path), **found.as_dict()}
    answer(result, as_json, lambda r: f"The card of {r['release']} is in {r['path']}.")


VERBS = (train, releases, promote, rollback, card)
