"""A disk without room, for this process: whatever it writes to a file fails, as it would there."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from model.release import disk

resource = pytest.importorskip("resource", reason="Windows has no such limit")


def no_room() -> None:
    """Have every write to a file fail from now on; in a process that is about to start, say."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))


@contextmanager
def full_disk() -> Iterator[None]:
    """While there is no room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    disk._found.clear()
    no_room()
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        disk._found.clear()
