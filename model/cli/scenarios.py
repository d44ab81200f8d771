"""The verbs of saved scenarios: list, export, import."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click

from data.errors import BadInput
from model.cli.book import book_option, home_of
from model.cli.terminal import answer, json_option
from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.errors import StoreError
from model.export.workbook.filled_book import read_brought
from model.record.database import engine
from model.record.scenarios import ScenarioStore
from model.report.scenarios.words import STATES
from model.scoring.scenario_files import bring_in, scenarios_as_toml, scenarios_as_workbook
from model.security.people import Person
from model.settings import settings
from model.whatif.scenario_filter import NOT_FILTERED, WANTED, ScenarioFilter


@contextmanager
def _kept() -> Iterator[ScenarioStore]:
    opened = engine(settings())
    try:
        yield ScenarioStore(opened)
    finally:
        opened.dispose()


def _model(book: str) -> DeployedModel:
    home_of(book)
    found = DeployedModels().model(book)
    if found is None:
        raise StoreError(f"No model of the book {book} is deployed yet. Train one: python -m model train.")
    return found


@click.group()
def scenarios() -> None:
    """Scenarios under a name: list them, take them along, bring them in."""


@scenarios.command("list")
@click.option("--state", type=click.Choice(WANTED[1:]), default=None, help="How far they are; those in use by default.")
@click.option("--owner", default="", help="Whose they are.")
@click.option("--tag", default="", help="A tag that they have.")
@click.option("--text", default="", help="Words in their name, note, owner or tags.")
@book_option
@json_option
def list_scenarios(state: str | None, owner: str, tag: str, text: str, book: str, as_json: bool) -> None:
    """The scenarios of a book, the latest changed first."""
    home_of(book)
    asked = ScenarioFilter(state or "", owner=owner, tag=tag, text=text)
    with _kept() as store:
        listed = asked.among(store.listed(book, asked.archived))
    rows = [
        {"id": each.id, "name": each.name, "about": each.subject, "state": each.state, "version": each.version}
        | {"owner": each.owner, "tags": list(each.tags), "model": each.release, "assumes": dict(each.query)}
        for each in listed
    ]
    lines = [
        f"{each.id}  {each.subject:<8}  {STATES[each.state]:<16}  {each.owner:<20}  {each.name}" for each in listed
    ]
    none = "No scenario is kept." if asked == NOT_FILTERED else "No scenario that is kept is so."
    answer({"book": book, "scenarios": rows}, as_json, lambda _: "\n".join(lines) or none)


@scenarios.command("export")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@book_option
@json_option
def export_scenarios(out: Path, book: str, as_json: bool) -> None:
    """Write all scenarios of a book to OUT, a .toml or .xlsx file."""
    with _kept() as store:
        listed = store.listed(book)
    names = {each.id: each.name for each in listed}
    if out.suffix.lower() == ".toml":
        home_of(book)
        content = scenarios_as_toml(listed, names)
    elif out.suffix.lower() == ".xlsx":
        content = scenarios_as_workbook(_model(book).book, listed, names)
    else:
        raise BadInput(f"Scenarios are written as .toml or .xlsx; {out.name!r} was given.")
    out.write_bytes(content)
    answer({"path": str(out), "scenarios": len(listed)}, as_json, lambda r: f"{r['scenarios']:,} scenarios in {out}.")


@scenarios.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--who", default=getpass.getuser, help="Whose they are where the file names nobody; the user by default.")
@book_option
@json_option
def import_scenarios(file: Path, who: str, book: str, as_json: bool) -> None:
    """Bring in the scenarios of FILE, a .toml or .xlsx file, or of a workbook of the book whose cells were changed, as
    new drafts with the champion's numbers; all or none."""
    model = _model(book)
    found = read_brought(file.read_bytes(), file.name, model)
    if found.troubles:
        raise BadInput("Nothing was brought in.\n" + "\n".join(f"  {each}" for each in found.troubles))
    with _kept() as store:
        kept = bring_in(model, store, found, person=Person(who, "admin"), day=date.today())
    rows = [{"id": each.id, "name": each.name} for each in kept]
    lines = [*(f"{each.id}  {each.name}" for each in kept), *found.notes]
    answer({"scenarios": rows, "notes": list(found.notes)}, as_json, lambda _: "\n".join(lines))
