"""What the verbs of the command line have in common: their options, how they answer and how they tell of progress."""

import json
import math
from collections.abc import Callable
from typing import Any

import click

from data.books import folder
from model.release.store import Store
from model.release.training import Progress, silent
from model.settings import settings

FAILED, BAD = 1, 2  # exit statuses: a check failed; bad use or bad input

book_option = click.option("--book", default=lambda: settings().book, help="The book; cards by default.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")


def progress(as_json: bool) -> Progress:
    """How progress is told: on standard error, or not at all."""
    return silent if as_json else _told


def _told(doing: str, share: float) -> None:
    click.echo(f"{share:4.0%}  {doing}", err=True)


def answer(result: dict[str, Any], as_json: bool, text: Callable[[dict[str, Any]], str]) -> None:
    """A verb's result as one JSON object, or as people's text."""
    click.echo(json.dumps(sound(result)) if as_json else text(result))


def sound(value: Any) -> Any:
    """The same without numbers that JSON has no word for: null in their place."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: sound(each) for key, each in value.items()}
    return [sound(each) for each in value] if isinstance(value, list | tuple) else value


def store_of(book: str) -> Store:
    """The releases of a book; a book that is not there is told before anything else."""
    using = settings()
    folder(book, using.home)
    return Store(using.home, book)
