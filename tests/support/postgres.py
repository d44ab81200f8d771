"""A PostgreSQL server of the tests' own: in a temporary folder, listening on this machine only, gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

USER, PASSWORD = "keeper", "s3cret/word"


@dataclass
class Server:
    """A server in a folder. ``url`` gives the address of a fresh database."""

    folder: Path
    programs: Path
    port: int

    def __post_init__(self) -> None:
        self._numbers = count(1)

    def run(self, program: str, *words: str) -> None:
        """Run one of its programs; as the user postgres if the tests are run by root, whom it refuses."""
        command = [str(self.programs / program), *words]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PGPASSWORD": PASSWORD},
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode()

    def start(self) -> None:
        """Start it; programs are killed in these tests, machines are not, so it need not wait for the disk."""
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories='' -c fsync=off"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-o", options, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def url(self, password: str = "s3cret%2Fword", scheme: str = "postgresql") -> str:
        name = f"record{next(self._numbers)}"
        self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, name)
        return f"{scheme}://{USER}:{password}@127.0.0.1:{self.port}/{name}"


@contextmanager
def server() -> Iterator[Server]:
    """A started server, stopped and removed afterwards."""
    found = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            made = Server(folder, Path(found.stdout.strip()), free.getsockname()[1])
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        words = (
            "--auth=scram-sha-256",
            f"--pwfile={folder / 'password'}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        made.run("initdb", "-D", str(folder / "data"), "-U", USER, *words)
        made.start()
        try:
            yield made
        finally:
            made.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
