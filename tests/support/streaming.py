"""Streams as processes of their own, as they are run and killed, and what is to be found in the topics afterwards."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from tests.test_architecture import PROJECT

SECONDS = 240.0  # within which whatever is waited for comes


class StreamProcess:
    """``python -m model stream`` with the settings ``told``. What it says stands in a file below ``place``."""

    def __init__(
        self, home: Path, place: Path, told: Mapping[str, str], *words: str, python: str = sys.executable
    ) -> None:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("WHATIF_", "PYTEST_"))}
        environment = kept | {"WHATIF_HOME": str(home), "OMP_NUM_THREADS": "1", **told}
        number = len(list(place.glob("stream-*.err")))
        self.out, self.err = (place / f"stream-{number}.{end}" for end in ("out", "err"))
        with self.out.open("w") as out, self.err.open("w") as err:
            command = [python, "-m", "model", "stream", "--port", "0", "--json", *words]
            self.process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=out, stderr=err)

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """As the system kills one that takes too much memory."""
        self.process.kill()
        self.process.wait(SECONDS)

    def end(self) -> dict[str, Any]:
        """Told to end, what it says that it did."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> dict[str, Any]:
        """What it says that it did, once it has ended by itself."""
        assert self.process.wait(SECONDS) == 0, self.err.read_text()[-3000:]
        found: dict[str, Any] = orjson.loads(self.out.read_bytes())
        return found

    def failed(self) -> str:
        """What it says to people, once it has ended with an error."""
        assert self.process.wait(SECONDS) == 2, self.err.read_text()[-3000:]
        return self.err.read_text()


def wait_until(true: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"In {seconds:.0f} s it did not come to it that {what}."
        time.sleep(0.1)
