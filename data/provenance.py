"""Where a book's snapshot comes from: the ``provenance.toml`` beside it, if there is one."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from data.books import folder

FILE = "provenance.toml"


def provenance(name: str, home: Path | None = None) -> Mapping[str, str]:
    """What is on record of a book's snapshot, by name (title, publisher, licence, …); empty if nothing can be read.

    Raises
    ------
    BookError
        If there is no such book.
    """
    try:
        found = tomllib.loads((folder(name, home) / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: str(value) for key, value in found.items() if isinstance(value, str | int | float)}
