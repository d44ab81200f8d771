"""The verb that writes six slides."""

from pathlib import Path

import click

from data.errors import BadInput
from model.cli.book import book_option
from model.cli.paper import asked_paper, paper_options, write_file
from model.cli.terminal import answer, json_option
from model.export.slides.deck import memo_slides


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@paper_options
@book_option
@json_option
def slides(
    out: Path,
    scenario: str,
    customer: int | None,
    compare: tuple[str, ...],
    who: str,
    day: str,
    book: str,
    as_json: bool,
) -> None:
    """Write six slides of a scenario, a customer or a comparison to OUT, a .pptx file."""
    if out.suffix.lower() != ".pptx":
        raise BadInput(f"Slides are written as .pptx; {out.name!r} was given.")
    found = asked_paper(book, scenario=scenario, customer=customer, compare=compare, who=who, day=day)
    write_file(out, memo_slides(found))
    result = {"path": str(out), "title": found.title, "sentence": found.sentence, "model": found.model}
    answer(result, as_json, lambda _: f"{found.sentence}\nThe slides are in {out}.")
