"""What the verbs of the command line have in common: how they answer, how they tell of progress, how they end."""

import json
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from data.json_types import JsonObject

if TYPE_CHECKING:
    from model.release.training import Progress

EVERY_SECONDS = 1.0  # at most, that progress is told
LONG_SECONDS = 120.0  # from which minutes are told
FAILED, BAD = 1, 2  # exit statuses: a check failed; bad use or bad input

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")


class FiniteRange(click.FloatRange):
    """A number within a range: "nan" lies in each that click knows, and "inf" in one without an end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number; click's own refusal of what is none."""
        found = float(super().convert(value, param, ctx))
        if not math.isfinite(found):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return found


def progress(as_json: bool) -> "Progress":
    """How progress is told: on standard error, or not at all."""
    return _silent if as_json else _told


def _silent(_doing: str, _share: float) -> None:
    pass


def _told(doing: str, share: float) -> None:
    click.echo(f"{share:4.0%}  {doing}", err=True)


class Pace:
    """Tells of work on many ``rows``, at most once a second: how many are done, how fast that goes, how long it will
    take; of an unknown number, 0, only the last. Called with the share done."""

    def __init__(self, tell: "Progress", doing: str, rows: int) -> None:
        self.tell, self.doing, self.rows = tell, doing, rows
        self.start = self.last = time.perf_counter()
        self.told = 0.0

    def __call__(self, share: float) -> None:
        """Hear the share done."""
        now = time.perf_counter()
        if share < 1 and (now - self.last < EVERY_SECONDS or share == self.told):
            return
        self.last, self.told, spent, done = now, share, now - self.start, round(share * self.rows)
        left = time_left(spent * (1 - share) / share) if 0 < share < 1 else ""
        pace = f": {done:,} of {self.rows:,} rows, {done / max(spent, 1e-3):,.0f} a second" if self.rows else ""
        self.tell(f"{self.doing}{pace}{left}", share)


def time_left(seconds: float) -> str:
    """How long something will still take, in words that begin with a comma."""
    return f", {seconds / 60:.0f} min left" if seconds >= LONG_SECONDS else f", {seconds:.0f} s left"


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
