"""The books of this installation: of a large one as many records are held as its settings say."""

from pathlib import Path

from data import books
from data.books import Book
from model.settings import settings


def installed_book(name: str, home: Path | None) -> Book:
    """A book by name as it is held here; see `data.books.read_book`."""
    return books.read_book(name, home, settings().book_rows)


def installed_sha256(name: str, home: Path | None) -> str:
    """The digest of what is held of it; see `data.books.snapshot_sha256`."""
    return books.snapshot_sha256(name, home, settings().book_rows)
