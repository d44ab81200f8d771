"""Which book a verb is about, and where its releases lie."""

from pathlib import Path

import click

from data.books import folder
from model.settings import settings

book_option = click.option(
    "--book", default=lambda: settings().book, help="The book; the one of WHATIF_BOOK by default, or cards."
)


def home_of(book: str) -> Path:
    """The folder under which the releases of a book lie; a book that is not there is told before anything else."""
    home = settings().home
    folder(book, home)
    return home
