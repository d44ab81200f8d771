"""Files that a new book may be made of: uploaded to a page, or lying in a folder that whoever runs the dashboard named
for them. Either is read in a process of its own.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from data.errors import BadInput
from data.files.apart import Told
from data.files.kinds import ENDINGS, MB, Limits
from data.files.names import shown_text
from data.files.table import read_table
from data.proposing.sources import Source, source_of
from model.settings import settings

MOST_FILES = 500  # of a folder that are listed


@dataclass(frozen=True, eq=False)
class GivenTable:
    """What a file holds: the ``source``, or the ``sheets`` of a workbook one of which must be chosen first."""

    name: str
    source: Source | None = None
    sheets: tuple[str, ...] = ()


def reading_limits() -> Limits:
    """How much of a file is read, and at what cost."""
    using = settings()
    return Limits(memory=using.file_memory * MB, seconds=using.file_seconds, at_once=using.file_processes)


def read_given(content: bytes, name: str, sheet: str | None, told: Told) -> GivenTable:
    """The table in a file that somebody gave.

    Raises
    ------
    BadInput
        If it cannot be used.
    """
    table = read_table(content, name, sheet=sheet, limits=reading_limits(), told=told)
    if table.others and sheet is None:
        return GivenTable(name, sheets=(table.sheet, *table.others))
    return GivenTable(name, source_of(table, name, content))


def files_in(folder: Path | None) -> tuple[str, ...]:
    """The files of a folder, and of folders in it, that a book may be made of, by their paths in it; () where no folder
    was named."""
    if folder is None or not folder.is_dir():
        return ()
    found = []
    for place, inner, names in os.walk(folder):
        inner[:] = sorted(each for each in inner if not each.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if path.suffix.lower() in ENDINGS and not name.startswith(".") and _within(folder, path):
                found.append(path.relative_to(folder).as_posix())
        if len(found) >= MOST_FILES:
            break
    return tuple(found[:MOST_FILES])


def file_in(folder: Path | None, name: str) -> bytes:
    """The content of a file of that folder.

    Raises
    ------
    BadInput
        If it lies elsewhere, whatever its path says, is no file, or is too large.
    """
    if folder is None:
        raise BadInput("No folder of files is named here. Upload the file, or have WHATIF_BOOK_FILES set.")
    path = folder / name
    if not name or not _within(folder, path):
        raise BadInput(
            f"{shown_text(name)} is no file of the folder that was named for them. Choose one of those listed."
        )
    limits = reading_limits()
    try:
        if path.stat().st_size > limits.size:
            raise BadInput(f"{shown_text(name)} has more than {limits.size / MB:,.0f} MB. Give a sample of its rows.")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{shown_text(name)} cannot be opened: {error.strerror or error}.") from None


def _within(folder: Path, path: Path) -> bool:
    """Whether a path is that of a file below a folder, wherever links lead."""
    try:
        found = path.resolve(strict=True)
        return found.is_file() and found.is_relative_to(folder.resolve(strict=True))
    except (OSError, ValueError, RuntimeError):
        return False
