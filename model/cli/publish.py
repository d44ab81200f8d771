"""The verb that puts a release into an MLflow registry."""

from dataclasses import asdict

import click

from model.cli.book import book_option, home_of
from model.cli.terminal import answer, json_option
from model.registry.mlflow import Published, without_login
from model.registry.mlflow import publish as published
from model.release.register import ALIASES
from model.release.store import Store


@click.command()
@click.argument("release", default="champion")
@click.option("--to", required=True, metavar="URI", help="The MLflow server, as MLflow writes a tracking URI.")
@book_option
@click.option("--name", default="", help="The registered model; credit-BOOK by default.")
@click.option("--experiment", default="", help="What the run is logged under; the model's name by default.")
@click.option("--despite", default="", metavar="REASON", help="Publish although a gate failed; kept as a tag.")
@json_option
def publish(release: str, to: str, book: str, name: str, experiment: str, despite: str, as_json: bool) -> None:
    """Register a release with MLflow, once; an alias it is named by is set there too."""
    alias = release if release in ALIASES else None
    store = Store(home_of(book), book)
    chosen = store.load(release)
    overridden = (each.override for each in reversed(store.history(chosen.id)) if each.override)
    reason = despite.strip() or next(overridden, "")  # whoever promoted it all the same has said why
    found = published(chosen, to, name, experiment, alias, reason)
    answer(asdict(found) | {"to": without_login(to, to)}, as_json, lambda result: _in_words(found, result["to"]))


def _in_words(found: Published, to: str) -> str:
    is_now = "is now" if found.new else "was already"
    pointed = f", and {found.alias} points to it" if found.alias else ""
    return f"Release {found.release} {is_now} version {found.version} of {found.name} at {to}{pointed}."
