"""The dashboard's server as a process of its own, and a Chromium to look at it: for browser tests and the benchmark."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 120.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Server:
    """A running server: its address without a slash at the end, its process, the seconds from start to ready."""

    url: str
    process: "subprocess.Popen[bytes]"
    seconds: float
    log: Path

    @property
    def link(self) -> str:
        """What it printed for whoever sits at this machine to open; "" where people show otherwise who they are."""
        found = re.search(r"URL: (\S+/open/\S+)", self.log.read_text(errors="replace"))
        return found[1] if found else ""

    @property
    def shown(self) -> dict[str, str]:
        """The header that a browser sends which opened the link, for requests that none sends."""
        return {"Cookie": f"whatif_here_0={self.link.rpartition('/')[2]}"}

    @property
    def host(self) -> str:
        """Host and port."""
        return self.url.removeprefix("http://")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    home: Path, folder: Path, script: str = "app.py", below: str = "", settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """The server on the releases in ``home``, from ready until left; its output goes to a file in ``folder``. What it
    serves is this project, unless it is another ``script``, at a path ``below`` its address if one is given, under
    ``settings`` of its environment."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/{below}".rstrip("/")
    log = folder / f"server-{port}.log"
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    command += ["--server.baseUrlPath", below] if below else []
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("WHATIF_", "STREAMLIT_"))}
    with log.open("wb") as output:
        start = time.perf_counter()
        process = _start(command, environment | {"WHATIF_HOME": str(home), **(settings or {})}, output)
        try:
            _await_ready(url, process, log)
            yield Server(url, process, time.perf_counter() - start, log)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(command: list[str], environment: dict[str, str], output: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)


def _await_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with opener.open(f"{url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_SECONDS)
    raise RuntimeError(f"The server did not become ready:\n{log.read_text(errors='replace')}")


def chromium(playwright: Playwright) -> Browser:
    """Debian's Chromium, headless."""
    path = shutil.which("chromium")
    if path is None:
        raise RuntimeError("Chromium is not installed; on Debian: apt-get install chromium")
    return playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
