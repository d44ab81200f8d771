"""The verb that lists what releases a book has."""

import click

from model.cli.book import book_option, home_of
from model.cli.terminal import Result, answer, json_option
from model.release.promotion import blocking_gates
from model.release.register import Register
from model.report.release import words
from model.signing import Signature


@click.command()
@click.option("--history", "with_history", is_flag=True, help="Also who moved which alias, when and why.")
@book_option
@json_option
def releases(with_history: bool, book: str, as_json: bool) -> None:
    """All releases of a book, the oldest first: their window, how they stand, the aliases that point to them."""
    store = Register(home_of(book), book)
    aliases = store.aliases()
    listed = []
    for identity in store.ids():
        manifest, report = store.manifest(identity), store.report(identity)
        each = {name: manifest.get(key) for name, key in (("created", "created"), ("contract", "contract_version"))}
        each |= {"release": identity, "window": manifest.get("window"), "recalibrated": manifest.get("recalibrated")}
        each |= {"outcomes": manifest["outcomes"]} if "outcomes" in manifest else {}
        each |= {"signature": vars(store.signature(identity))}
        each |= {"passed": not blocking_gates(report.gates), "state": words.state(report)}
        listed.append(each | {"aliases": [alias for alias, target in aliases.items() if target == identity]})
    result: Result = {"book": book, "releases": listed, "aliases": aliases}
    moved = store.history() if with_history else []
    if with_history:
        result["history"] = [{**vars(each), "at": each.at.isoformat(), "gates": list(each.gates)} for each in moved]

    def text(result: Result) -> str:
        lines = [
            "  ".join(
                (
                    each["release"],
                    each["created"],
                    f"contract {each['contract']}",
                    words.window(each),
                    each["state"],
                    words.signature(Signature(**each["signature"])),
                    ", ".join(each["aliases"]),
                )
            ).rstrip()
            for each in result["releases"]
        ]
        if not lines:
            return f"No release of {book} yet; run: python -m model train --book {book}"
        told = [
            f"  {at}  {alias} → {release}  {who}: {why}{f'; overridden: {over}' if over != '–' else ''}"
            for at, alias, release, who, why, over in words.moved_rows(moved)
        ]
        none = ["  nothing on record"] if with_history and not told else []
        return "\n".join([*lines, *(["", "History, the newest first:", *told, *none] if with_history else [])])

    answer(result, as_json, text)
