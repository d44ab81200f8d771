"""Model servers of other makers, each in its own environment, with a model trained and served there.

The python of each environment stands in WHATIF_TEST_MLFLOW, WHATIF_TEST_MLSERVER and WHATIF_TEST_KSERVE;
.ci/servers.sh makes all three. By hand: ``python -m tests.support.servers mlflow`` (or ``lightgbm``, ``mlserver``,
``kserve``) trains, serves, says how to point the dashboard at it, and runs until stopped.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

HERE = Path(__file__).parent
SNAPSHOT = HERE.parents[1] / "data" / "cards" / "cards.parquet"
START_SECONDS = 120.0


@dataclass(frozen=True)
class ModelServer:
    """A running server: its address, its output, the mapping to the bank's columns, and what its model says itself:
    ``pd`` (n,) of the book's ``customers`` (n,), written down where it was trained."""

    url: str
    log: Path
    mapping: Path
    customers: NDArray[np.int64]
    pd: NDArray[np.float64]


def python_of(variable: str) -> Path:
    """The python of an environment; without one the test is skipped, but fails where everything must run."""
    given = os.environ.get(variable, "")
    if given and Path(given).is_file():
        return Path(given)
    told = f"{variable} names no python; make the environments with .ci/servers.sh"
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)


@contextmanager
def mlflow(folder: Path, answers: str = "model", train: str = "train_mlflow.py") -> Iterator[ModelServer]:
    """MLflow's scoring server with what ``train`` logged: ``model`` answers probabilities, ``labels`` classes."""
    python, port = python_of("WHATIF_TEST_MLFLOW"), free_port()
    if not (folder / "expected.json").exists():
        _train(python, train, folder)
    command = [str(python), "-m", "mlflow", "models", "serve", "-m", str(folder / answers), "--env-manager", "local"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with _running(command, python, folder=folder, url=f"http://127.0.0.1:{port}", ready="/ping") as log:
        yield _server(port, log, folder, "mapping_mlflow.toml")


@contextmanager
def mlflow_registry(folder: Path) -> Iterator[str]:
    """MLflow's tracking server with a model registry, everything kept in ``folder``: its address."""
    python, port = python_of("WHATIF_TEST_MLFLOW"), free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'registry.db'}"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    with _running(command, python, folder=folder, url=url, ready="/health", MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false"):
        yield url


@contextmanager
def mlflow_serving(model: str, registry: str, folder: Path) -> Iterator[str]:
    """MLflow's scoring server with a model of a registry, as ``models:/NAME@ALIAS``: its address."""
    python, port = python_of("WHATIF_TEST_MLFLOW"), free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(python), "-m", "mlflow", "models", "serve", "-m", model, "--env-manager", "local"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with _running(command, python, folder=folder, url=url, ready="/ping", MLFLOW_TRACKING_URI=registry):
        yield url


@contextmanager
def mlserver(folder: Path) -> Iterator[ModelServer]:
    """MLServer's scikit-learn runtime with what train_mlserver.py left; its metadata are empty, as by default."""
    python, ports = python_of("WHATIF_TEST_MLSERVER"), [free_port() for _ in range(3)]
    if not (folder / "expected.json").exists():
        _train(python, "train_mlserver.py", folder)
    names = ("http_port", "grpc_port", "metrics_port")
    settings = {"host": "127.0.0.1", "parallel_workers": 0, **dict(zip(names, ports, strict=True))}
    (folder / "settings.json").write_text(json.dumps(settings))
    command = [str(python.parent / "mlserver"), "start", str(folder)]
    with _running(
        command, python, folder=folder, url=f"http://127.0.0.1:{ports[0]}", ready="/v2/models/credit/ready"
    ) as log:
        yield _server(ports[0], log, folder, "mapping_mlserver.toml")


def lightgbm(folder: Path, answers: str = "model") -> AbstractContextManager[ModelServer]:
    """The same with a model of LightGBM."""
    return mlflow(folder, answers, train="train_lightgbm.py")


@contextmanager
def kserve(folder: Path) -> Iterator[ModelServer]:
    """The KServe SDK's server with what train_kserve.py left, served in the ways of serve_kserve.py."""
    python, port = python_of("WHATIF_TEST_KSERVE"), free_port()
    if not (folder / "expected.json").exists():
        _train(python, "train_kserve.py", folder)
    command = [str(python), str(HERE / "serve_kserve.py"), str(folder), str(port)]
    url = f"http://127.0.0.1:{port}"
    with _running(command, python, folder=folder, url=url, ready="/v2/models/credit/ready") as log:
        yield _server(port, log, folder, "mapping_mlserver.toml")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _server(port: int, log: Path, folder: Path, mapping: str) -> ModelServer:
    expected = json.loads((folder / "expected.json").read_text())
    customers, pd = np.array(expected["customers"], np.int64), np.array(expected["pd"])
    return ModelServer(f"http://127.0.0.1:{port}", log, mapping=HERE / mapping, customers=customers, pd=pd)


def environment(python: Path, **more: str) -> dict[str, str]:
    """Of this process, without what belongs to it alone; the environment's own programs come first."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("WHATIF_", "PYTHON", "MLFLOW_"))}
    own = {"PATH": f"{python.parent}{os.pathsep}{kept.get('PATH', '')}", "OMP_NUM_THREADS": "1"}
    return kept | own | {"MLFLOW_DISABLE_TELEMETRY": "true"} | more


def _train(python: Path, script: str, folder: Path) -> None:
    command = [str(python), str(HERE / script), str(SNAPSHOT), str(folder)]
    done = subprocess.run(command, cwd=folder, env=environment(python), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{script} failed:\n{done.stderr[-3000:]}")


@contextmanager
def _running(command: list[str], python: Path, folder: Path, url: str, ready: str, **settings: str) -> Iterator[Path]:
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(python, **settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # MLflow starts its server as a child; both are stopped
        )
        try:
            _await(process, url + ready, log)
            yield log
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _await(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with opener.open(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"The model server did not become ready:\n{log.read_text(errors='replace')[-3000:]}")


def main(which: str) -> None:
    """Train, serve, say how to call it, wait."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = {"mlflow": mlflow, "lightgbm": lightgbm, "mlserver": mlserver, "kserve": kserve}[which]
    with tempfile.TemporaryDirectory() as folder, started(Path(folder)) as server:
        print(f"WHATIF_MODEL_URL={server.url} WHATIF_MODEL_MAPPING={server.mapping}", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main(sys.argv[1])
