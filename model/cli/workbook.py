"""The verb that writes the deployed model as a workbook."""

import getpass
import time
from datetime import date
from pathlib import Path

import click

from data.errors import BadInput
from model.cli.book import book_option
from model.cli.paper import deployed_model, kept_scenarios, write_file
from model.cli.terminal import answer, json_option
from model.export.asked import asked_customer
from model.export.workbook.workbook import asked_customer_workbook, first_customer
from model.whatif.customer.scenario import CustomerScenario


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--customer", type=int, help="The customer whose record it begins with; one to start from by default.")
@click.option(
    "--scenario",
    default="",
    help="What is changed of it, as its page's address says: 'limit=60000&late=2'; or a saved scenario's name.",
)
@click.option("--who", default=getpass.getuser, help="Who makes it; the user by default.")
@book_option
@json_option
def workbook(out: Path, customer: int | None, scenario: str, who: str, book: str, as_json: bool) -> None:
    """Write the deployed model as a workbook with live formulas to OUT, an .xlsx file."""
    if out.suffix.lower() != ".xlsx":
        raise BadInput(f"A workbook is an .xlsx file; {out.name!r} was given.")
    model = deployed_model(book)
    with kept_scenarios() as store:
        number = customer if customer is not None else first_customer(model)
        asked = asked_customer(model.book, number, scenario, store).scenario
    if not isinstance(asked, CustomerScenario):
        raise BadInput("A workbook begins with a customer; that scenario is of a policy. Name another.")
    start = time.perf_counter()
    content = asked_customer_workbook(model, asked, who=who, day=date.today())
    write_file(out, content)
    result = {"path": str(out), "release": model.id, "bytes": len(content), "seconds": time.perf_counter() - start}
    answer(result, as_json, lambda r: f"{r['path']}: {r['bytes'] / 1e6:.2f} MB, release {r['release']}.")
