"""The verb that reads the contracts of books."""

import sys
from datetime import date
from pathlib import Path

import click

from data.books import CONTRACT, contract, folder, names, title, trouble
from data.contract import contract_problems
from data.proposing.questions import open_questions
from data.proposing.record import not_taken_up
from model.cli.terminal import FAILED, Result, answer, json_option
from model.report.release.wording import wording
from model.settings import settings


@click.command()
@click.argument("book", nargs=-1)
@click.option("--book", "named", multiple=True, metavar="NAME", help="A book, as by its name alone.")
@json_option
def check(book: tuple[str, ...], named: tuple[str, ...], as_json: bool) -> None:
    """Read the contracts of books, of all if none is named, and say what is wrong with each, by line and name.

    Of a single book that can be used it says, too, which questions are open, and what pages would say in its words.
    Nothing is trained."""
    home = settings().home
    chosen = tuple(dict.fromkeys((*book, *named)))
    places = {each: folder(each, home) for each in chosen}  # a book that is not there is told before anything else
    found = [_read(each, places.get(each) or folder(each, home), home) for each in chosen or names(home)]
    broken = [each for each in found if each["trouble"]]
    if len(chosen) == 1 and not broken:
        found[0] |= _in_full(chosen[0], places[chosen[0]], home)

    def text(result: Result) -> str:
        return "\n".join(_lines(each) for each in result["books"])

    answer({"ok": not broken, "books": found}, as_json, text)
    if broken:
        sys.exit(FAILED)


def _read(name: str, place: Path, home: Path) -> Result:
    """A book's title, and everything that is wrong with its contract."""
    reason = trouble(name, home)
    problems = list(contract_problems(place / CONTRACT)) if reason else []
    return {
        "book": name,
        "title": title(name, home),
        "trouble": reason,
        "problems": problems or [reason] * bool(reason),
    }


def _in_full(name: str, place: Path, home: Path) -> Result:
    """The open questions of a contract, and what would be said in its words."""
    asked = open_questions((place / CONTRACT).read_bytes())
    said = wording(contract(name, home), date.today())
    return {
        "questions": [{"line": line, "question": question} for line, question in asked],
        "not_taken_up": list(not_taken_up(place)),
        "wording": [{"where": each.where, "says": each.says} for each in said],
    }


def _lines(found: Result) -> str:
    if found["trouble"]:
        return "\n".join(f"BROKEN  {found['book']}: {problem}" for problem in found["problems"])
    lines = [f"ok      {found['book']}: {found['title']}"]
    if "wording" in found:
        asked = [f"  line {each['line']:>3}  {each['question']}" for each in found["questions"]]
        lines += ["", f"Questions still open in {CONTRACT}:", *asked] if asked else []
        late = ", ".join(found["not_taken_up"])
        lines += ["", f"Not in force before init FILE --replace --book {found['book']}: {late}."] if late else []
        lines += ["", "What would be said where (scores and PDs are made up):"]
        lines += [f"  {each['where']}: {each['says']}" for each in found["wording"]]
    return "\n".join(lines)
