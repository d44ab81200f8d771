"""Every checker of .ci/deploy.sh passes the files that are shipped, and finds a fault planted in them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.browser.server import ROOT
from tests.support.deploy import DEPLOY, environments

pytestmark = pytest.mark.deploy

DASHBOARD = "systemd/credit-what-if-dashboard@.service"


def checked(where: Path, *checks: str) -> "subprocess.CompletedProcess[str]":
    """What the script says of the files in a folder."""
    command = [".ci/deploy.sh", str(environments()), str(where), *checks]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_files_that_are_shipped_pass():
    said = checked(DEPLOY)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("check", "file", "right", "wrong", "told"),
    [
        ("docker", "Dockerfile", "USER 10001:10001", "USER root", "DL3002"),
        ("docker", "Dockerfile", "COPY data data", "COPI data data", "unexpected"),
        ("compose", "compose.yaml", "restart: unless-stopped", "restrat: unless-stopped", "restrat"),
        ("compose", "compose.yaml", "cap_drop: [ALL]", "cap_drop: ALL", "cap_drop"),
        ("kubernetes", "kubernetes/dashboard.yaml", "failureThreshold: 60", "failureTreshold: 60", "failureTreshold"),
        ("kubernetes", "kubernetes/network.yaml", "kind: NetworkPolicy", "kind: NetworkRules", "NetworkRules"),
        ("kserve", "kserve.yaml", "containerPort: 8080", "containerport: 8080", "containerPort"),
        ("kserve", "kserve.yaml", "scaleTarget: 16", "scaleTarget: many", "scaleTarget"),
        ("kserve", "kserve.yaml", "kind: InferenceService", "kind: InferenceServer", "no InferenceService"),
        ("systemd", DASHBOARD, "NoNewPrivileges=true", "NoNewPrivilege=true", "NoNewPrivilege"),
        ("systemd", DASHBOARD, "bin/streamlit run", "bin/streamlot run", "streamlot"),
        ("systemd", DASHBOARD, "ProtectSystem=strict", "ProtectSystem=somewhat", "protect system value"),
        ("nginx", "nginx.conf", "proxy_pass http://dashboards;", "proxy_pass http://dashboards", "nginx.conf"),
        ("nginx", "nginx.conf", "auth_request /login-check;", "auth_reqest /login-check;", "auth_reqest"),
    ],
)
def test_a_planted_fault_is_found(tmp_path: Path, check: str, file: str, right: str, wrong: str, told: str):
    own = shutil.copytree(DEPLOY, tmp_path / "deploy")
    text = (own / file).read_text()
    assert right in text
    (own / file).write_text(text.replace(right, wrong))
    said = checked(own, check)
    assert said.returncode == 1
    assert f"FAILED: {check}" in said.stderr
    assert told in said.stdout + said.stderr


def test_a_check_that_there_is_not_is_told():
    said = checked(DEPLOY, "podman")
    assert (said.returncode, "no check podman" in said.stderr) == (2, True)
