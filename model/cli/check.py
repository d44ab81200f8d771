"""The verb that reads the contracts of books."""

import sys

import click

from data.books import folder, names, title, trouble
from model.cli.terminal import FAILED, Result, answer, json_option
from model.settings import settings


@click.command()
@click.argument("book", nargs=-1)
@json_option
def check(book: tuple[str, ...], as_json: bool) -> None:
    """Read the contracts of books, of all if none is named, and say which cannot be used and why."""
    home = settings().home
    for each in book:
        folder(each, home)  # a book that is not there is told before anything else
    reasons = {each: trouble(each, home) for each in book or names(home)}
    broken = [each for each, reason in reasons.items() if reason]
    result: Result = {
        "ok": not broken,
        "books": [{"book": each, "title": title(each, home), "trouble": reason} for each, reason in reasons.items()],
    }

    def text(result: Result) -> str:
        return "\n".join(_line(each) for each in result["books"])

    answer(result, as_json, text)
    if broken:
        sys.exit(FAILED)


def _line(found: dict[str, str]) -> str:
    if found["trouble"]:
        return f"BROKEN  {found['book']}: {found['trouble']}"
    return f"ok      {found['book']}: {found['title']}"
