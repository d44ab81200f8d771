"""The files of model/deploy say what the program has: its settings, its paths, its commands, its libraries."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from streamlit import config
from streamlit.web.server.starlette.starlette_routes import ROUTE_HEALTH

from model.__main__ import main
from model.api import routes as rest
from model.api.service import Service
from model.cli.serve import GRACE
from model.settings import Settings
from tests.browser.server import ROOT
from tests.support.deploy import DEPLOY, USER, dockerfile
from tests.support.inside import Client

FILES = sorted(
    path for path in DEPLOY.rglob("*") if path.is_file() and path.name not in ("README.md", "requirements.txt")
)
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = [*sorted(DEPLOY.glob("kubernetes/*.yaml")), DEPLOY / "kserve.yaml"]
PINNED = re.compile(r"^([\w.-]+)==[^\n]*\\\n(?: {4}[^\n]*\n?)+", re.MULTILINE)
HEALTH = {"/_stcore/health", "/v2/health/ready", "/v2/health/live"}


def name_of(path: Path) -> str:
    return path.relative_to(DEPLOY).as_posix()


def documents(*paths: Path) -> list[dict[str, Any]]:
    """What YAML files hold."""
    return [each for path in paths for each in yaml.safe_load_all(path.read_text())]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each pod that the manifests describe, by what describes it."""
    for each in documents(*MANIFESTS):
        if each["kind"] in ("Deployment", "Job"):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]
        elif each["kind"] == "InferenceService":
            yield each["metadata"]["name"], each["spec"]["predictor"]


PODS = list(pods())


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_setting_is_one_that_there_is(path: Path):
    text = path.read_text()
    assert set(re.findall(r"\bWHATIF_[A-Z_]+\b", text)) <= {f"WHATIF_{name.upper()}" for name in Settings.model_fields}
    options = {
        "_".join(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).upper().split(".")) for key in config.get_config_options()
    }
    assert {each.removeprefix("STREAMLIT_") for each in re.findall(r"\bSTREAMLIT_[A-Z_]+\b", text)} <= options


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_health_path_is_one_that_there_is(path: Path):
    assert set(re.findall(r"(?:/_stcore|/v2)/[\w/]*(?:health|ready|live)\b[\w/]*", path.read_text())) <= HEALTH


def test_every_health_path_is_answered(home: Path):
    """Without a token, and where one is asked for."""
    client = Client(rest.create(Service(Settings(home=home), audit=None), open_here=False))
    (of_pages,) = HEALTH - {path for path in HEALTH if client.get(path).status_code == 200}
    assert of_pages == f"/{ROUTE_HEALTH}"


def commands() -> Iterator[tuple[str, list[str]]]:
    """How each file starts the program: the words after ``model`` or ``streamlit``."""
    yield "Dockerfile", list(dockerfile().command)
    for name, each in yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"].items():
        if "command" in each and "build" in each:
            yield f"compose.yaml: {name}", each["command"]
    for name, pod in PODS:
        yield name, pod["containers"][0]["command"]
    for unit in UNITS:
        (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
        yield unit.name, line.replace("%i", "8501").split()


@pytest.mark.parametrize(("where", "words"), [pytest.param(*each, id=each[0]) for each in commands()])
def test_every_command_is_one_that_there_is(where: str, words: list[str]):
    program, *rest = words
    if program.endswith("streamlit"):
        assert rest[:2] == ["run", "app.py"]
        for option in (word for word in rest if word.startswith("--")):
            config.get_option(option.removeprefix("--"))
    else:
        assert (program.endswith("python"), rest[:2]) == (True, ["-m", "model"]), where
        verb: click.Command = main.commands[rest[2]].chosen()  # type: ignore[attr-defined]
        verb.make_context(rest[2], rest[3:]).close()


# ---- the image -------------------------------------------------------------------------------------------------------


def test_the_image_needs_no_rights_and_is_installed_by_hash():
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["10001:10001"]
    assert "--require-hashes -r requirements.txt -r deploy.txt" in text


def test_whatever_the_image_copies_is_there_and_goes_to_the_builder():
    sent = [
        line.removeprefix("!")
        for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
        if line[:1] == "!"
    ]
    copied = {source for sources, _ in dockerfile().copied for source in sources}
    assert copied == set(sent)
    assert [each for each in copied if not (ROOT / each).exists()] == []


def test_the_other_lock_file_holds_lines_of_the_tests_own_and_none_that_is_locked_already():
    own, tests, first = (
        {found[1]: found[0].rstrip("\n") for found in PINNED.finditer(path.read_text())}
        for path in (DEPLOY / "requirements.txt", ROOT / "requirements-test.txt", ROOT / "requirements.txt")
    )
    assert {"pg8000", "authlib", "confluent-kafka"} <= own.keys()
    assert own.items() <= tests.items()
    assert own.keys() & first.keys() == set()


# ---- pods ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "pod"), PODS, ids=[name for name, _ in PODS])
def test_every_pod_is_without_rights_on_a_read_only_root(name: str, pod: dict[str, Any]):
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    written = {dockerfile().settings["WHATIF_HOME"], dockerfile().settings["TMPDIR"]}
    assert {each["mountPath"] for each in container["volumeMounts"]} == written
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}


@pytest.mark.parametrize(("name", "pod"), PODS, ids=[name for name, _ in PODS])
def test_every_pods_probes_ask_a_port_it_listens_on(name: str, pod: dict[str, Any]):
    (container,) = pod["containers"]
    probes = [probe for key, probe in container.items() if key.endswith("Probe")]
    assert bool(probes) is (name != "train")
    ports = {each.get("name"): each["containerPort"] for each in container.get("ports", ())}
    for probe in probes:
        port = probe["httpGet"]["port"]
        assert str(ports.get(port, port)) in [*container["command"], dockerfile().settings["STREAMLIT_SERVER_PORT"]]


def test_nothing_secret_stands_in_a_manifest():
    found = documents(*MANIFESTS)
    assert [each["kind"] for each in found if each["kind"] == "Secret"] == []
    (settings,) = [each["data"] for each in found if each["kind"] == "ConfigMap"]
    secret = {
        f"WHATIF_{name.upper()}" for name, each in Settings.model_fields.items() if "Secret" in str(each.annotation)
    }
    assert secret & settings.keys() == set()
    assert not re.search(r"password[ \t]*[:=][ \t]*\S", "".join(path.read_text() for path in FILES), re.IGNORECASE)


def test_a_pod_is_given_longer_to_end_than_the_service_takes():
    assert all(pod["terminationGracePeriodSeconds"] > GRACE for name, pod in PODS if name in ("dashboard", "service"))
    for unit in UNITS:
        assert int(re.search(r"TimeoutStopSec=(\d+)", unit.read_text())[1]) > GRACE


def test_the_header_that_names_people_is_one_wherever_it_stands():
    (settings,) = [each["data"] for each in documents(*MANIFESTS) if each["kind"] == "ConfigMap"]
    (ingress,) = [
        each for each in documents(*MANIFESTS) if (each["kind"], each["metadata"]["name"]) == ("Ingress", "dashboard")
    ]
    notes = ingress["metadata"]["annotations"]
    assert settings["WHATIF_USER_HEADER"] == notes["nginx.ingress.kubernetes.io/auth-response-headers"] == USER
    assert f"WHATIF_USER_HEADER={USER}" in (DEPLOY / "nginx.conf").read_text()


def test_the_proxy_names_the_user_or_nobody_wherever_it_passes_something_on():
    """A location that said nothing of the header would pass on the visitor's own."""
    blocks = re.findall(r"location [^{]*\{(.*?)\n        \}", (DEPLOY / "nginx.conf").read_text(), re.DOTALL)
    passing = [block for block in blocks if "proxy_pass " in block]
    assert len(passing) == 4
    for block in passing:
        assert len(re.findall(rf'proxy_set_header {USER} (?:\$login|"");', block)) == 1


@pytest.mark.parametrize("unit", UNITS, ids=name_of)
def test_every_unit_is_confined(unit: Path):
    lines = unit.read_text().splitlines()
    for wanted in ("NoNewPrivileges=true", "ProtectSystem=strict", "EnvironmentFile=/etc/credit-what-if/environment"):
        assert wanted in lines
    assert any(line.startswith("ReadWritePaths=") for line in lines)
