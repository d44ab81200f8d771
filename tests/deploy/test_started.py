"""The image is not built here; what it would start is started: its libraries, its files and its settings alone, as a
user without rights on files that nobody may write."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from model.security.tokens import Tokens
from tests.browser.server import ROOT, free_port
from tests.support import postgres
from tests.support.deploy import DEPLOY, dockerfile, environments, give, own_folder, unprivileged

pytestmark = pytest.mark.deploy

START_SECONDS = 120.0
APP, HOME, SCRATCH, PROGRAMS = "/app", "/home/whatif-data", "/scratch", "/opt/venv/bin"


@dataclass(frozen=True)
class Image:
    """What an image would hold, in a folder: the program, the volume, the scratch space."""

    folder: Path

    def settings(self, **own: str) -> dict[str, str]:
        """The image's environment and nothing else, its paths and ports those of here."""
        assert sys.platform == "linux"
        found = {name: self._here(value) for name, value in dockerfile().settings.items()}
        found["PATH"] = found["PATH"].replace("$PATH", "/usr/local/bin:/usr/bin:/bin")
        return found | own

    def _here(self, value: str) -> str:
        places = {PROGRAMS: (environments() / "installed").resolve() / "bin", HOME: self.folder / "home"}
        for place, here in {**places, SCRATCH: self.folder / "scratch"}.items():
            value = value.replace(place, str(here))
        return value

    def run(self, *words: str, **own: str) -> "subprocess.CompletedProcess[str]":
        """A command in it, once ended."""
        return subprocess.run(
            self._words(words, own), cwd=self.folder / "app", capture_output=True, text=True, check=False
        )

    def _words(self, words: tuple[str, ...], own: dict[str, str]) -> list[str]:
        environment = [f"{name}={value}" for name, value in self.settings(**own).items()]
        return unprivileged("env", "-i", *environment, *words)

    @contextmanager
    def started(self, *words: str, **own: str) -> Iterator[Path]:
        """A command in it, running until left; its output."""
        log = self.folder / "output.log"
        with log.open("wb") as output:
            command = self._words(words, own)
            process = subprocess.Popen(command, cwd=self.folder / "app", stdout=output, stderr=subprocess.STDOUT)
            try:
                yield log
            finally:
                process.terminate()
                process.wait(60)

    def healthy(self, **own: str) -> bool:
        """What the image's own health check says."""
        return self.run(*dockerfile().health, **own).returncode == 0


@pytest.fixture
def image(home: Path) -> Iterator[Image]:
    """The image as its Dockerfile copies it, nobody's to write, and a volume with a release."""
    with own_folder() as folder:
        app = folder / "app"
        app.mkdir()
        for sources, to in dockerfile().copied:
            for source in sources:
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, app / to, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    target = app / to / source if to == "./" else app / to
                    target.parent.mkdir(exist_ok=True)
                    shutil.copy(ROOT / source, target)
        shutil.copytree(home, folder / "home", ignore=shutil.ignore_patterns("record.sqlite*"))
        (folder / "scratch").mkdir()
        give(folder / "scratch", folder / "home", *(folder / "home").rglob("*"))
        for path in (app, *app.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield Image(folder)
        for path in (app, *app.rglob("*")):
            path.chmod(0o755)


def inside(image: Image) -> list[Path]:
    return sorted((image.folder / "app").rglob("*"))


def awaited(image: Image, log: Path, **own: str) -> None:
    """Until the health check passes."""
    end = time.monotonic() + START_SECONDS
    while not image.healthy(**own):
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.5)


def test_the_dashboard_starts_as_the_image_starts_it_and_writes_on_its_volumes_only(image: Image):
    port, before = free_port(), inside(image)
    own = {"STREAMLIT_SERVER_PORT": str(port), "HEALTH_URL": f"http://127.0.0.1:{port}/_stcore/health"}
    assert not image.healthy(**own)
    with image.started(*dockerfile().command, **own) as log:
        awaited(image, log, **own)
    assert inside(image) == before
    assert list((image.folder / "scratch").glob("numba/*"))
    assert "external IP" not in log.read_text()


def test_the_service_starts_as_compose_starts_it(image: Image):
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["service"]
    port = free_port()
    words = [str(port) if word == "8600" else word for word in service["command"]]
    own = {name: str(value).replace(":8600", f":{port}") for name, value in service["environment"].items()}
    assert not image.healthy(**own)
    with image.started(*words, **own) as log:
        awaited(image, log, **own)
        assert image.healthy(**own)
        assert "Traceback" not in log.read_text()


@pytest.mark.postgres
def test_with_a_database_a_home_that_is_only_read_serves(image: Image, request_of: Any, rows: Any):
    """The token is made where the home can be written."""
    token = Tokens(image.folder / "home").create("reports", ["score"])
    for path in (image.folder / "home", *(image.folder / "home").rglob("*")):
        shutil.chown(path, os.geteuid(), os.getegid())
        path.chmod(0o555 if path.is_dir() else 0o444)
    port = free_port()
    body = json.dumps(request_of(rows[:1], "predict_proba")).encode()
    with postgres.server() as database:
        own = {
            "WHATIF_STORE_URL": database.url(),
            "WHATIF_API_TOKENS": "on",
            "HEALTH_URL": f"http://127.0.0.1:{port}/v2/health/ready",
        }
        told = image.run("python", "-m", "model", "doctor", "--only", "service", **own)
        if os.geteuid() == 0:  # who made the files could still write them
            assert "warning  Home" in told.stdout
        assert told.returncode == 0
        with image.started("python", "-m", "model", "serve", "--port", str(port), **own) as log:
            awaited(image, log, **own)
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            asked = urllib.request.Request(f"http://127.0.0.1:{port}/v2/models/credit/infer", body, headers)
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=60) as said:
                assert len(json.load(said)["outputs"][0]["data"]) == 2
        counted = image.run("python", "-m", "model", "audit", "verify", "--json", **own)
        assert json.loads(counted.stdout)["rows"] == 1
    for path in (image.folder / "home", *(image.folder / "home").rglob("*")):
        path.chmod(0o755)


def test_the_doctor_finds_nothing_in_the_image_that_would_stop_it(image: Image):
    said = image.run("python", "-m", "model", "doctor", "--only", "service", "--json")
    found = json.loads(said.stdout)
    states = {each["name"]: each["state"] for each in found["checks"]}
    assert (said.returncode, states["Libraries"], states["Compiled look-ups"]) == (0, "ok", "ok")
    assert states["Release of cards"] == "ok"


def test_without_a_scratch_folder_the_doctor_says_which_setting_is_missing(image: Image):
    nowhere = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR"), str(image.folder / "app" / "nowhere"))
    said = image.run("python", "-m", "model", "doctor", "--only", "service", **nowhere)
    assert (said.returncode, said.stderr) == (1, "")
    assert "STOPS    Compiled look-ups" in said.stdout
    assert "NUMBA_CACHE_DIR" in said.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take a folder from whoever runs the tests")
def test_the_doctor_tells_of_a_volume_that_is_not_the_users(image: Image):
    (image.folder / "home").chmod(0o755)
    shutil.chown(image.folder / "home", "root", "root")
    said = image.run("python", "-m", "model", "doctor", "--only", "service")
    assert (said.returncode, "STOPS    Home" in said.stdout) == (1, True)


def test_the_database_driver_and_the_login_are_installed(image: Image):
    said = image.run("python", "-c", "import authlib, pg8000")
    assert (said.returncode, said.stderr) == (0, "")
