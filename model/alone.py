"""One process at a time, whatever their number: a file that only one can make."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.errors import StoreError

WAIT_SECONDS = 5.0


@contextmanager
def alone(lock: Path, what: str) -> Iterator[None]:
    """While nobody else changes ``what``, in plain words: of two changes at once, one could otherwise be lost.

    Raises
    ------
    StoreError
        If whoever holds ``lock`` does not let it go in time.
    """
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            break
        except FileExistsError:
            if time.monotonic() > end:
                raise StoreError(f"{what} are being changed elsewhere. If they are not, delete {lock}.") from None
            time.sleep(0.02)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
