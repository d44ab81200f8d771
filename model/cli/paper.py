"""What the verbs that write papers have in common: whom or what they are asked of, by whom, for which day."""

import getpass
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import click

from data.errors import BadInput
from model.cli.book import home_of
from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.errors import StoreError
from model.export.asked import asked_comparison, asked_customer, asked_scenario
from model.export.memo.memo import Memo, Occasion
from model.export.memo.subjects import memo_of
from model.record.database import engine
from model.record.scenarios import ScenarioStore
from model.settings import settings


def paper_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """What such a verb can be asked."""
    options = (
        click.option(
            "--scenario", default="", help="A saved scenario's name, or a page's query: 'preset=…&severity=50'."
        ),
        click.option("--customer", type=int, help="Of one customer, by number; --scenario then says what is changed."),
        click.option("--compare", multiple=True, help="Of several side by side: once for each, as for --scenario."),
        click.option("--who", default=getpass.getuser, help="Who makes it; the user by default."),
        click.option("--day", default="", help="As of which day, YYYY-MM-DD; today by default."),
    )
    for option in reversed(options):
        verb = option(verb)
    return verb


def asked_paper(book: str, *, scenario: str, customer: int | None, compare: Sequence[str], who: str, day: str) -> Memo:
    """The paper that was asked for. BadInput where what was asked for cannot be."""
    if compare and (scenario or customer is not None):
        raise BadInput("A paper is of a scenario, of a customer or of a comparison. Give --compare alone.")
    model, occasion = deployed_model(book), Occasion(who, day_of(day))
    with kept_scenarios() as store:
        if compare:
            return memo_of(model, asked_comparison(model.book, compare, store), occasion)
        if customer is not None:
            found = asked_customer(model.book, customer, scenario, store)
        else:
            found = asked_scenario(model.book, scenario, store)
    return memo_of(model, found.scenario, Occasion(who, occasion.day, found.name, found.history))


def deployed_model(book: str) -> DeployedModel:
    """The model that answers for a book. StoreError where there is none yet."""
    home_of(book)
    model = DeployedModels().model(book)
    if model is None:
        raise StoreError(f"No model of the book {book} is deployed yet. Train one: python -m model train.")
    return model


@contextmanager
def kept_scenarios() -> Iterator[ScenarioStore]:
    """The scenarios that are kept, while they are looked through."""
    kept = engine(settings())
    try:
        yield ScenarioStore(kept)
    finally:
        kept.dispose()


def day_of(text: str) -> date:
    """A day as somebody writes it; today where nothing is written. BadInput where it is none."""
    try:
        return date.fromisoformat(text) if text else date.today()
    except ValueError as error:
        raise BadInput(f"A day is written as 2026-01-31; {text!r} was given.") from error


def write_file(out: Path, content: bytes) -> None:
    """Write a file. BadInput where that cannot be."""
    try:
        out.write_bytes(content)
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}. Name another file.") from error
