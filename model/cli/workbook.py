"""The verb that writes the deployed model as a workbook."""

import getpass
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from data.errors import BadInput
from model.cli.book import book_option
from model.cli.paper import deployed_model, kept_scenarios, write_file
from model.cli.terminal import answer, json_option, progress
from model.deployed.model import DeployedModel
from model.export.asked import asked_comparison, asked_customer, asked_scenario, of_comparison
from model.export.workbook.workbook import (
    asked_book_workbook,
    asked_comparison_workbook,
    asked_customer_workbook,
)
from model.record.scenarios import ScenarioStore
from model.release.training import Progress
from model.whatif.book.scenario import BookScenario
from model.whatif.comparison.comparison import Comparison
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.saved import Scenario


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--customer", type=int, help="Of one customer alone, by number; --scenario then says what is changed.")
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    help="A saved scenario's name, or a page's query: 'preset=…&severity=50'; several times for up to five of the book "
    "side by side.",
)
@click.option("--who", default=getpass.getuser, help="Who makes it; the user by default.")
@book_option
@json_option
def workbook(out: Path, customer: int | None, scenarios: tuple[str, ...], who: str, book: str, as_json: bool) -> None:
    """Write the deployed model as a workbook with live formulas to OUT, an .xlsx file."""
    if out.suffix.lower() != ".xlsx":
        raise BadInput(f"A workbook is an .xlsx file; {out.name!r} was given.")
    model, start = deployed_model(book), time.perf_counter()
    with kept_scenarios() as store:
        asked = _asked(model, customer, scenarios, store)
    content = _content(model, asked, who, progress(as_json))
    write_file(out, content)
    result = {"path": str(out), "release": model.id, "bytes": len(content), "seconds": time.perf_counter() - start}
    answer(result, as_json, lambda r: f"{r['path']}: {r['bytes'] / 1e6:.2f} MB, release {r['release']}.")


def _asked(
    model: DeployedModel, customer: int | None, texts: Sequence[str], store: ScenarioStore
) -> Scenario | Comparison:
    """What was asked for: one scenario, or several side by side."""
    if customer is not None:
        if len(texts) > 1:
            raise BadInput("A customer's workbook is of one scenario. Give --scenario once, or leave --customer out.")
        return asked_customer(model.book, customer, "".join(texts), store).scenario
    if len(texts) > 1 or any(map(of_comparison, texts)):
        return asked_comparison(model.book, texts, store)
    return asked_scenario(model.book, "".join(texts), store).scenario


def _content(model: DeployedModel, asked: Scenario | Comparison, who: str, tell: Progress) -> bytes:
    """The workbook of what was asked for, of whatever it is about."""
    today = date.today()
    if isinstance(asked, Comparison):
        return asked_comparison_workbook(model, asked, who=who, day=today, tell=tell)
    if isinstance(asked, BookScenario):
        return asked_book_workbook(model, asked, who=who, day=today, tell=tell)
    if isinstance(asked, CustomerScenario):
        return asked_customer_workbook(model, asked, who=who, day=today)
    raise BadInput("A workbook is of the book or of a customer; that scenario is of a policy. Name another.")
