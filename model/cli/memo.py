"""The verb that writes a board's paper."""

from pathlib import Path

import click

from data.errors import BadInput
from model.cli.book import book_option
from model.cli.paper import asked_paper, paper_options, write_file
from model.cli.terminal import answer, json_option
from model.export.memo.files import PAPERS


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@paper_options
@book_option
@json_option
def memo(
    out: Path,
    scenario: str,
    customer: int | None,
    compare: tuple[str, ...],
    who: str,
    day: str,
    book: str,
    as_json: bool,
) -> None:
    """Write the board's paper of a scenario, a customer or a comparison to OUT, a .html, .pdf or .docx file."""
    kind = PAPERS.get(out.suffix.lower().removeprefix("."))
    if kind is None:
        known = ", ".join(f".{each}" for each in PAPERS)
        raise BadInput(f"A memo is written as {known}; {out.name!r} was given.")
    found = asked_paper(book, scenario=scenario, customer=customer, compare=compare, who=who, day=day)
    write_file(out, kind.make(found))
    result = {"path": str(out), "title": found.title, "sentence": found.sentence, "model": found.model}
    answer(result, as_json, lambda _: f"{found.sentence}\nThe memo is in {out}.")
