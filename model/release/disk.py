"""Whether there is room to write, found out by writing, and what is said where there is none."""

import errno
import os
import tempfile
import time
from pathlib import Path
from threading import Lock

from model.errors import StoreError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
UNWRITABLE = FULL | {errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM, errno.ENODEV}
PROBE_BYTES = 256 * 1024  # as much as the record's log grows by at once
FRESH = 1.0  # seconds for which what was found holds: whoever asks for health all the time writes no more often

_LOCK = Lock()
_found: dict[Path, tuple[float, int]] = {}


def write_trouble(folder: Path, among: frozenset[int] = UNWRITABLE) -> str:
    """Why nothing can be written in a folder now; "" where it can, or there is no such folder yet. ``among``: which of
    the system's errors count."""
    number = _tried(folder.absolute())
    return unwritten_words(number) if number in among else ""


def unwritten_words(number: int) -> str:
    """What is said where the system's error keeps something from being written."""
    if number in FULL:
        return f"There is no room left where releases and the record lie: {os.strerror(number)}. Make room there."
    return (
        f"Where releases and the record lie nothing can be written: {os.strerror(number)}. Give the user of the server "
        "the right to write there, or set WHATIF_HOME to another folder."
    )


def store_error(error: OSError) -> StoreError | None:
    """The error that is told where the system let something not be written; None for others."""
    return StoreError(unwritten_words(error.errno)) if error.errno in UNWRITABLE else None


def _tried(folder: Path) -> int:
    """The number of the system's error at writing there, 0 if there is none."""
    with _LOCK:
        at, number = _found.get(folder, (-FRESH, 0))
        if time.monotonic() - at >= FRESH:
            number = _try(folder)
            _found[folder] = time.monotonic(), number
        return number


def _try(folder: Path) -> int:
    if not folder.is_dir():
        return 0
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno or errno.EIO
    return 0
