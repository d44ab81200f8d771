"""Dashboard and service, running, against somebody who needs no account: they answer others meanwhile."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit.net_util
from streamlit import config
from streamlit.web import bootstrap
from streamlit.web.server.starlette import starlette_websocket

from pages.shared import visitor
from tests.support.attacks import GUARD, Guarded, Watch, get, guarded, handshake, status_of


@pytest.fixture(scope="module")
def dashboard(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """The dashboard; whatever it sends elsewhere is noted."""
    with guarded(home, tmp_path_factory.mktemp("attacked")) as found:
        yield found


# ---- no call out ----------------------------------------------------------------------------------------------------


def test_a_call_out_would_be_noticed(tmp_path: Path):
    (tmp_path / "sitecustomize.py").write_text(GUARD)
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "CALLED_OUT": str(tmp_path / "notes")}
    for call in ('create_connection(("bank.example", 80))', 'socket().connect(("192.0.2.1", 80))'):
        asked = [sys.executable, "-c", f"import socket; socket.{call}"]
        assert subprocess.run(asked, env=environment, check=False, capture_output=True).returncode == 1
    told = (tmp_path / "notes").read_text().splitlines()
    assert told == ["socket.getaddrinfo bank.example", "socket.connect 192.0.2.1"]


@pytest.fixture
def no_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks what address this machine has elsewhere fails."""

    def asked() -> str:
        raise AssertionError("asked elsewhere for this machine's address")

    monkeypatch.setattr(streamlit.net_util, "get_external_ip", asked)
    monkeypatch.setattr(streamlit.net_util, "get_internal_ip", asked)


def test_the_opening_of_a_web_socket_calls_nobody_wherever_it_comes_from(dashboard: Guarded):
    port = dashboard.port
    foreign = [
        "https://evil.example",
        "http://127.0.0.1:1",
        f"http://localhost:{port}",
        "null",
        f"https://[::1]:{port}",
    ]
    same = [f"http://127.0.0.1:{port}", f"HTTP://127.0.0.1:{port}"]
    with Watch(port) as health:
        for origin in foreign * 4:
            assert status_of(port, handshake(port, Origin=origin)) == 403
        for origin in same:
            assert status_of(port, handshake(port, Origin=origin)) == 101
        spelt = handshake(port, Host=f"LOCALHOST:{port}", Origin=f"http://localhost:{port}")
        assert status_of(port, spelt) == 101
        assert status_of(port, get("/_stcore/host-config", port, Origin="https://evil.example")) == 200
    assert set(health.statuses) == {200}
    assert dashboard.called_out() == []


@pytest.mark.parametrize(
    ("host", "origin", "allowed"),
    [
        ("bank.example", "https://bank.example:443", ()),
        ("BANK.example", "http://bank.EXAMPLE", ()),
        ("127.0.0.1:80", "http://127.0.0.1", ()),
        ("bank.example", "https://portal.example", ("https://portal.example",)),
        ("bank.example:8443", "https://portal.example:1", ("https://portal.example:1",)),
    ],
)
@pytest.mark.usefixtures("no_look_up")
def test_an_origin_that_is_let_in_is_its_own_to_streamlit_too(host: str, origin: str, allowed: tuple[str, ...]):
    headers = [(b"host", host.encode()), (b"origin", origin.encode()), (b"cookie", b"a=b")]
    found = dict(visitor.as_own({"type": "websocket", "headers": headers})["headers"])
    assert found[b"cookie"] == b"a=b"
    assert starlette_websocket._is_origin_allowed(found[b"origin"].decode(), found[b"host"].decode())


@pytest.mark.usefixtures("no_look_up")
@pytest.mark.parametrize(
    ("listens", "told"),
    [
        ("127.0.0.1", "http://127.0.0.1:8501"),
        ("0.0.0.0", "http://localhost:8501"),
        ("::1", "http://[::1]:8501"),
        ("10.0.0.5", "http://10.0.0.5:8501"),
    ],
)
def test_where_the_dashboard_listens_is_said_without_asking_anybody(
    listens: str, told: str, monkeypatch: pytest.MonkeyPatch
):
    kept = {"server.address": listens, "server.sslCertFile": None, "server.port": 8501}
    known = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: kept[name] if name in kept else known(name))
    monkeypatch.setattr("pages.shared.visitor.st.get_option", config.get_option)
    bootstrap._print_url(is_running_hello=False)
    assert visitor.listening_at() == told
