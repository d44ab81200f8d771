"""Spark in its own environment, as the tests ask it: one session for many commands, a Connect server, spark-submit."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.test_architecture import PROJECT

PYTHON = os.environ.get("WHATIF_TEST_SPARK", "")
MASTER = "local[2]"
SECONDS = 180.0  # within which a session or a server begins
CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"


def environment(home: Path) -> dict[str, str]:
    """What a process of that environment is told; where it begins, nothing of ours can be imported but by this."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("WHATIF_", "PYTEST_"))}
    return kept | {
        "WHATIF_HOME": str(home),
        "PYTHONPATH": str(PROJECT),
        "PYSPARK_PYTHON": PYTHON,
        "PYSPARK_DRIVER_PYTHON": PYTHON,
        "OMP_NUM_THREADS": "1",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


class SparkShell:
    """Commands, one after the other in one session, with the settings ``told``."""

    def __init__(self, home: Path, place: Path, master: str = MASTER, told: Mapping[str, str] | None = None) -> None:
        if not PYTHON:
            pytest.fail("WHATIF_TEST_SPARK names the Python of an environment with Spark: .ci/spark.sh makes one.")
        self.home, self.master, self.log = home, master, (place / "spark.log").open("w")
        words = [PYTHON, "-W", "error::FutureWarning", "-m", "tests.support.on_spark", master]
        self.process = subprocess.Popen(
            words,
            cwd=place,
            env=environment(home) | dict(told or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def ask(self, **asked: object) -> Any:
        """What one line is answered."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, Path(self.log.name).read_text()[-3000:]
        return json.loads(line)

    def run(self, *words: str, **more: object) -> Any:
        """What a command says."""
        return self.ask(words=[*words, "--engine", "spark", "--master", self.master], **more)

    def answer(self, *words: str) -> Any:
        """The JSON object that a command says."""
        said = self.run(*words, "--json")
        assert said["status"] == 0, said
        return json.loads(said["out"].splitlines()[-1])

    def close(self) -> None:
        """End it, whatever it does."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.close()
            self.process.wait(60)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait(60)
        self.process.stdout.close()
        self.log.close()


def submitted(home: Path, place: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """What the command line says under spark-submit."""
    submit = [str(Path(PYTHON).parent / "spark-submit"), "--master", MASTER, "--conf", "spark.ui.enabled=false"]
    said = [*submit, str(PROJECT / "model" / "__main__.py"), *words]
    return subprocess.run(said, cwd=place, env=environment(home), capture_output=True, text=True, check=False)


@contextmanager
def connect_server(place: Path) -> Iterator[str]:
    """The address of a Spark Connect server that knows nothing of ours."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(Path(PYTHON).parent / "spark-submit"), "--master", MASTER, "--class", CONNECT]
    for each in (f"connect.grpc.binding.port={port}", "connect.grpc.binding.address=127.0.0.1", "ui.enabled=false"):
        words += ["--conf", f"spark.{each}"]
    told = {key: value for key, value in environment(place).items() if key not in ("PYTHONPATH", "WHATIF_HOME")}
    with (place / "connect.log").open("w") as log:
        process = subprocess.Popen([*words, "spark-internal"], cwd=place, env=told, stdout=log, stderr=log)
        try:
            end = time.monotonic() + SECONDS
            while not _listens(port):
                assert process.poll() is None, (place / "connect.log").read_text()[-3000:]
                assert time.monotonic() < end, "The Connect server does not listen."
                time.sleep(0.2)
            yield f"sc://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(60)


def _listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0
