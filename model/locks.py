"""One thread and one process at a time, whatever their number."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from model.errors import StoreError

WAIT_SECONDS = 5.0


@contextmanager
def exclusive(lock: Path, what: str) -> Iterator[None]:
    """While nobody else changes ``what``, in plain words: of two changes at once, one could otherwise be lost. The
    operating system lets go of the file ``lock`` when whoever holds it ends, however that came; the file stays.

    Raises
    ------
    StoreError
        If whoever holds ``lock`` does not let it go in time.
    """
    held = FileLock(lock, mode=0o660)  # a home may be shared by a group, say by the server and whoever promotes
    try:
        held.acquire(WAIT_SECONDS)
    except Timeout:
        raise StoreError(f"{what} are being changed elsewhere. Nothing was changed here; try again.") from None
    try:
        yield
    finally:
        held.release()
