"""Reading in a process of its own: nothing that a file does to its reader reaches the pages or the service.

The process is started anew for each file, gets no secret from the environment, and is ended when its time is over, when
the answer is too long, or when whoever asked no longer wants it. Its time is the processor's; by the clock it may take
longer, for a busy machine is no fault of a file's. At most so many run at once.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from data.errors import BadInput
from data.files.child import OUT_OF_MEMORY
from data.files.kinds import MB, Limits

ROOT = Path(__file__).parents[2]
KEPT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "TEMP", "TMP")
HELD = find_spec("resource") is not None  # Windows: the clock alone ends a process
PAUSE = 0.1  # seconds between two looks at the process, at which progress is told
GRACE = 5.0  # seconds for a process that has said all to end
PART = 1 * MB
LONGEST_WORD = 200  # bytes of a line on standard error

Told = Callable[[float], object]
COMMAND: tuple[str, ...] = ("-m", "data.files.child")


def read_apart(content: bytes, request: Mapping[str, object], limits: Limits, told: Told) -> bytes | bytearray:
    """What the reading process says of a file.

    ``told`` hears the share done, at least every tenth of a second; if it raises, the process is ended and what was
    raised goes on.

    Raises
    ------
    BadInput
        If reading takes more memory or time than it may, or ends the process; or too many others are being read.
    """
    with _turn(limits, told), _reader(limits) as reader:
        reader.begin(json.dumps(dict(request)).encode() + b"\n", content)
        end = time.monotonic() + _waited(limits)
        while not reader.done():
            told(reader.share)
            if time.monotonic() > end:
                raise BadInput(_too_long(_waited(limits)))
        code = reader.process.wait(GRACE)
    if reader.too_much:
        raise BadInput(too_large(limits))
    if code != 0 or not reader.said:
        raise BadInput(ended(code, limits))
    return reader.said


def refusal(said: bytes | bytearray) -> str:
    """Why the reading process says that a file cannot be used; "" if it says something else. ValueError or the like if
    it says nothing that can be understood."""
    end = said.find(b"\n")
    about = json.loads(said if end < 0 else said[:end])
    return str(about["refused"]) if "refused" in about else ""


def _waited(limits: Limits) -> float:
    """Seconds by the clock that a process may take, which is held to its seconds of the processor where the system
    can."""
    return limits.seconds * (limits.patience if HELD else 1.0)


def _too_long(seconds: float, what: str = "seconds") -> str:
    return (
        f"Reading the file took longer than {seconds:,.0f} {what}, so it was ended. Save the table alone as CSV, or "
        "split it."
    )


def too_large(limits: Limits) -> str:
    """What is said of a file that takes too much memory."""
    return (
        f"Reading the file takes more than {limits.memory / MB:,.0f} MB of memory, so it was ended. Delete what stands "
        "far from the table, leave out columns, split it, or save the table alone as CSV."
    )


def ended(code: int, limits: Limits) -> str:
    """Why a process ended without an answer, as far as can be told."""
    if code == -getattr(signal, "SIGXCPU", 24):
        return _too_long(limits.seconds, "seconds of the processor")
    aborted = -getattr(signal, "SIGABRT", 6)  # as a parser does that gets no memory
    if code in (OUT_OF_MEMORY, aborted, -getattr(signal, "SIGKILL", 9)):
        return too_large(limits)
    return "The file ended the process that reads it: it is damaged. Open it where it was made and save it again."


@lru_cache
def _places(at_once: int) -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(at_once)


@contextmanager
def _turn(limits: Limits, told: Told) -> Iterator[None]:
    """One of the few places for a process, waited for as long as a file may take."""
    places, end = _places(limits.at_once), time.monotonic() + limits.seconds
    while not places.acquire(timeout=PAUSE):
        told(0.0)
        if time.monotonic() > end:
            raise BadInput(f"{limits.at_once} other files are being read. Give this one again in a minute.")
    try:
        yield
    finally:
        places.release()


@contextmanager
def _reader(limits: Limits) -> Iterator["_Reader"]:
    """The process, ended whatever happens, and whoever feeds and hears it."""
    own = {name: os.environ[name] for name in KEPT if name in os.environ} | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-B", *COMMAND],
        cwd=ROOT,
        env=own,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    reader = _Reader(process, limits)
    try:
        yield reader
    finally:
        process.kill()
        process.wait()
        reader.close()


class _Reader:
    """Feeds a process and hears it, each on a thread, so that neither waits for the other."""

    def __init__(self, process: "subprocess.Popen[bytes]", limits: Limits) -> None:
        self.process, self.limits = process, limits
        self.said = bytearray()  # as parts it would be held twice at the end
        self.share, self.too_much = 0.0, False
        self._threads: list[threading.Thread] = []

    def begin(self, *parts: bytes) -> None:
        """Start to feed and to hear."""
        for work, given in ((self._feed, parts), (self._hear, ()), (self._follow, ())):
            thread = threading.Thread(target=work, args=given, daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Wait for the threads, which find the pipes of a process that has ended closed, and close our ends."""
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            with suppress(OSError):  # what was not yet written has nobody to read it
                stream.close()

    def done(self) -> bool:
        """Whether all was heard; waits a little for it."""
        self._threads[1].join(PAUSE)
        return not self._threads[1].is_alive()

    def _feed(self, *parts: bytes) -> None:
        stream = self.process.stdin
        assert stream is not None
        with suppress(OSError):  # it ended before it had read all: its answer says why
            for part in parts:
                stream.write(part)
            stream.close()

    def _hear(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while part := stream.read1(PART):  # type: ignore[attr-defined]
            if len(self.said) + len(part) > min(self.limits.memory, self.limits.answer):
                self.too_much = True
                self.process.kill()
                return
            self.said += part

    def _follow(self) -> None:
        stream = self.process.stderr
        assert stream is not None
        while line := stream.readline(LONGEST_WORD):
            with suppress(ValueError):  # a parser's last words
                self.share = min(max(float(line), 0.0), 1.0)
