"""What the verbs of the command line have in common: how they answer, how they tell of progress, how they end."""

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from data.json_types import JsonObject

if TYPE_CHECKING:
    from model.release.training import Progress

FAILED, BAD = 1, 2  # exit statuses: a check failed; bad use or bad input

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")


def progress(as_json: bool) -> "Progress":
    """How progress is told: on standard error, or not at all."""
    return _silent if as_json else _told


def _silent(_doing: str, _share: float) -> None:
    pass


def _told(doing: str, share: float) -> None:
    click.echo(f"{share:4.0%}  {doing}", err=True)


Result = JsonObject
"""What a verb found, as JSON holds it."""


def answer(result: Result, as_json: bool, text: Callable[[Result], str]) -> None:
    """A verb's result as one JSON object, or as people's text."""
    click.echo(json.dumps(sound(result)) if as_json else text(result))


def sound(value: object) -> object:
    """The same without numbers that JSON has no word for: null in their place."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: sound(each) for key, each in value.items()}
    return [sound(each) for each in value] if isinstance(value, list | tuple) else value
