"""The verb that writes a release's model card."""

from pathlib import Path

import click

from data.errors import BadInput
from model.cli.book import book_option, home_of
from model.cli.terminal import answer, json_option
from model.release.store import Store
from model.report.release import card as cards
from model.report.release.card_of_store import release_card


@click.command()
@click.argument("release", default="champion")
@click.argument("out", required=False, type=click.Path(dir_okay=False, path_type=Path))
@book_option
@json_option
def card(release: str, out: Path | None, book: str, as_json: bool) -> None:
    """Write the model card of RELEASE to OUT, one HTML file; card-RELEASE.html here if not given.

    With --json its sections are told instead, and a file is written only to an OUT that is given.
    """
    store = Store(home_of(book), book)
    found = release_card(store, store.load(release), store.home)
    path = out if out is not None or as_json else Path(f"card-{found.release}.html")
    if path is not None:
        try:
            path.write_text(cards.html(found), encoding="utf-8")
        except OSError as error:
            raise BadInput(f"The card cannot be written to {path}: {error.strerror}. Name another file.") from error
    result = {"path": None if path is None else str(path), **found.as_dict()}
    answer(result, as_json, lambda r: f"The card of {r['release']} is in {r['path']}.")
