"""The verb that puts a release into an MLflow registry: ``python -m model publish``."""

import json
from dataclasses import asdict

import click

from data.books import folder
from model.release.store import ALIASES, Store
from model.serving.publish import Published, bare
from model.serving.publish import publish as published
from model.settings import settings


@click.command()
@click.argument("release", default="champion")
@click.option("--to", required=True, metavar="URI", help="The MLflow server, as MLflow writes a tracking URI.")
@click.option("--book", default=lambda: settings().book, help="The book; cards by default.")
@click.option("--name", default="", help="The registered model; credit-BOOK by default.")
@click.option("--experiment", default="", help="What the run is logged under; the model's name by default.")
@click.option("--despite", default="", metavar="REASON", help="Publish although a gate failed; kept as a tag.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def publish(release: str, to: str, book: str, name: str, experiment: str, despite: str, as_json: bool) -> None:
    """Register a release with MLflow, once; an alias it is named by is set there too."""
    folder(book)  # a book that is not there is told before anything else
    alias = release if release in ALIASES else None
    store = Store(settings().home, book)
    chosen = store.load(release)
    overridden = (each.override for each in reversed(store.history(chosen.id)) if each.override)
    reason = despite.strip() or next(overridden, "")  # whoever promoted it all the same has said why
    found = published(chosen, to, name, experiment, alias, reason)
    click.echo(json.dumps(asdict(found) | {"to": bare(to, to)}) if as_json else _in_words(found, bare(to, to)))


def _in_words(found: Published, to: str) -> str:
    is_now = "is now" if found.new else "was already"
    pointed = f", and {found.alias} points to it" if found.alias else ""
    return f"Release {found.release} {is_now} version {found.version} of {found.name} at {to}{pointed}."
