"""A book's rows in chunks on one pool of threads, shared by everybody.

The compiled look-ups run serially and without the interpreter's lock; threads are here and nowhere else. (numba's own
parallel kernels abort the process when two threads enter them.) Each caller keeps at most one chunk a core under way,
so that a small book is not made to wait for the whole of a large one.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[float], object]
Follow = Callable[[str], AbstractContextManager[Progress]]  # of what is being done, in words

ROWS = 16_384  # their codes, values and margins fit the second-level cache
CORES = os.cpu_count() or 1
_POOL = ThreadPoolExecutor(CORES, thread_name_prefix="rows")


def no_progress(_share: float) -> None:
    """For callers who do not follow the progress."""


@contextmanager
def not_followed(_doing: str) -> Iterator[Progress]:
    """For callers who do not show what is being done."""
    yield no_progress


def over(
    rows: int, work: Callable[[slice], Result], progress: Progress = no_progress, size: int = ROWS
) -> list[Result]:
    """``work`` of each chunk of ``rows``, in order. ``progress`` hears the share done in the caller's thread; if it
    raises, nothing more is begun and what it raised goes on to the caller: so work is cancelled."""
    chunks = [slice(start, min(start + size, rows)) for start in range(0, rows, size)]
    if len(chunks) <= 1:
        return [work(chunk) for chunk in chunks]
    under_way: deque[Future[Result]] = deque()
    found: list[Result] = []
    waiting = deque(chunks)
    try:
        while waiting or under_way:
            while waiting and len(under_way) < CORES:
                under_way.append(_POOL.submit(work, waiting.popleft()))
            found.append(under_way.popleft().result())
            progress(len(found) / len(chunks))
    finally:
        for each in under_way:
            each.cancel()
    return found


def stream(items: Iterable[Item], work: Callable[[Item], Result]) -> Generator[Result, None, None]:
    """``work`` of each of any number of items, in order, of which at most one a core and one more are held at a time.
    Who stops asking begins nothing more."""
    under_way: deque[Future[Result]] = deque()
    try:
        for item in items:
            under_way.append(_POOL.submit(work, item))
            if len(under_way) > CORES:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for each in under_way:
            each.cancel()
