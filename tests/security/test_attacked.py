"""Dashboard and service, running, against somebody who needs no account: they answer others meanwhile."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import streamlit.net_util
from streamlit import config
from streamlit.web import bootstrap
from streamlit.web.server.starlette import starlette_websocket

from pages.shared import visitor
from tests.support.attacks import (
    ENDLESS,
    ENOUGH,
    GUARD,
    Guarded,
    Watch,
    flood,
    get,
    guarded,
    handshake,
    held,
    status_of,
)
from tests.support.inside import INFER
from tests.support.standalone import OPEN, post


@pytest.fixture(scope="module")
def dashboard(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """The dashboard; whatever it sends elsewhere is noted."""
    with guarded(home, tmp_path_factory.mktemp("attacked"), OPEN) as found:
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
        assert status_of(port, get("/_stcore/host-config", port, Origin="https://evil.example")) in (200, 403)
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


# ---- no time, no memory ----------------------------------------------------------------------------------------------


@pytest.fixture
def many_files() -> Iterator[None]:
    """As many connections as the attack takes, from this side."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2048 if hard == resource.RLIM_INFINITY else min(hard, 2048)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_endless_headers_unfinished_requests_and_half_bodies_keep_nobody_from_being_answered(dashboard: Guarded):
    port, infer = dashboard.port, f"/api{INFER}"
    with Watch(port) as health, ExitStack() as opened:
        assert flood(port, *ENDLESS["a header"]) < ENOUGH
        for begun, count in ((b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", 1100), (post(b"{", infer, length=1000), 64)):
            for each in held(port, begun, count):
                opened.enter_context(each)
        status = 429
        for _ in range(200):
            if (status := status_of(port, post(b"{}", infer))) != 429:
                break
            time.sleep(0.1)  # until those who sent a half give way
        assert status == 400
    assert set(health.statuses) == {200}


def test_a_message_longer_than_a_page_sends_ends_its_web_socket(dashboard: Guarded):
    frame = b"\x82\xff" + (2**30).to_bytes(8) + b"mask" + b"a" * 2**20
    sent = flood(dashboard.port, handshake(dashboard.port), frame)
    assert sent < ENOUGH


REFUSED = {"X_Forwarded_For": "10.0.0.1"}  # from elsewhere, through a proxy: nobody that this dashboard knows


def test_a_refused_visitor_uploads_nothing_and_takes_nothing_along(dashboard: Guarded):
    port = dashboard.port
    for path in ("/media/0a1b.csv", "/_stcore/metrics", "/_stcore/metrics?families=cache_memory_bytes"):
        assert status_of(port, get(path, port, **REFUSED)) == 401
    upload = post(b"a" * 2**16, "/_stcore/upload_file/session/file", length=49 * 2**20).replace(b"POST", b"PUT", 1)
    told = b"\r\nX-Forwarded-For: 10.0.0.1\r\n"
    for _ in range(20):
        assert status_of(port, upload.replace(b"\r\n", told, 1)) == 401  # with all but the beginning still to come
    assert status_of(port, get("/_stcore/health", port, **REFUSED)) == 200
    assert "Traceback" not in dashboard.server.log.read_text()
