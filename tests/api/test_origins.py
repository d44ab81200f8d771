"""No page of another web site changes anything, whatever a browser sends for it and whoever sits before it."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import streamlit as st

from app import app
from model.errors import Forbidden
from model.record.trail import recent
from model.release.release import Release
from model.security import origins
from tests.support.forging import point, twin
from tests.support.inside import INFER, KNOWN, Client, Served, outputs, told

Made = Callable[..., dict[str, Any]]
HOST = {"host": "127.0.0.1:8600"}
OWN: list[dict[str, str]] = [
    {},  # a program
    {"origin": "http://127.0.0.1:8600"},
    {"origin": "http://127.0.0.1:8600", "sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
]
FOREIGN: list[dict[str, str]] = [
    {"origin": "http://evil.example"},
    {"origin": "https://127.0.0.1:8600.evil.example"},
    {"origin": "http://127.0.0.1:8601"},  # another program of this machine
    {"origin": "http://127.0.0.1"},
    {"origin": "http://localhost:8600"},
    {"origin": "http://user@evil.example"},
    {"origin": "http://127.0.0.1:8600@evil.example"},
    {"origin": "null"},  # a sandboxed frame, a file, a redirect
    {"origin": ""},
    {"origin": "chrome-extension://127.0.0.1:8600"},
    {"origin": "http://[::1"},
    {"origin": "http://127.0.0.1:x"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "Cross-Site"},
    {"sec-fetch-site": ""},
    {"sec-fetch-site": "other"},
    {"origin": "http://127.0.0.1:8600", "sec-fetch-site": "cross-site"},
    {"origin": "http://evil.example", "sec-fetch-site": "same-origin"},
]


LED = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.fixture
def served(own_home: Path) -> Served:
    """The service of this machine, with a champion to go back to."""
    found = Served(own_home)
    point(found.running.service.store, previous=twin(found.running.service.store))
    return found


def changing(served: Served) -> list[str]:
    """Every path of the service that takes more than GET, filled in."""
    paths = served.client.get("/openapi.json").json()["paths"]
    found = [path for path, methods in paths.items() if set(methods) - {"get", "head", "options"}]
    return [path.format(**KNOWN) for path in found]


def sent(served: Served, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    """A POST as a browser or a program makes it."""
    said = {"why": "x"} if path.endswith(("promote", "rollback")) else body
    return served.client.post(path, headers=HOST | headers, json=said)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_origin_changes_nothing_with_or_without_a_token(
    served: Served, rows: list[list[float]], request_of: Made, headers: dict[str, str]
):
    before = served.running.service.store.aliases()
    body = request_of(rows[:1])
    for signed in ({}, served.holding("admin")):
        for path in changing(served):
            assert "another origin" in told(sent(served, path, body=body, **headers, **signed), 403)
            assert "another origin" in told(served.client.request("PUT", path, headers=HOST | headers | signed), 403)
    assert served.running.service.store.aliases() == before
    assert recent(served.running.engine) == []
    assert 'whatif_errors_total{status="403"}' in served.client.get("/metrics").text


@pytest.mark.parametrize("headers", OWN, ids=str)
def test_programs_and_pages_of_the_very_address_score_without_a_token_and_move_aliases_with_one(
    served: Served, release: Release, rows: list[list[float]], request_of: Made, headers: dict[str, str]
):
    store = served.running.service.store
    before = store.aliases()
    body = request_of(rows[:1])
    for path in ("/rollback", f"/releases/{before['previous']}/promote"):
        assert "--scope admin" in told(sent(served, path, body, **headers), 401)
        assert "admin" in told(
            sent(served, path, body=body, **headers, **served.holding("explain", name=path[1:3])), 403
        )
    assert store.aliases() == before
    assert outputs(sent(served, INFER, body, **headers))
    assert sent(served, "/rollback", body=body, **headers, **served.holding("admin")).status_code == 200
    assert store.aliases() == {"champion": before["previous"], "previous": before["champion"]}
    assert store.history()[-1].who == "branch"


def test_an_alias_is_moved_with_a_token_only_however_the_service_runs(own_home: Path):
    for tokens in (False, True):
        served = Served(own_home, tokens=tokens)
        for path in ("/rollback", "/releases/champion/promote"):
            for header in ({}, {"authorization": "Bearer wi_x"}, {"authorization": "Basic eDp5"}):
                answer = served.client.post(path, params={"why": "x"}, headers=header)
                assert told(answer, 401)
                assert answer.headers["www-authenticate"] == "Bearer"
            assert "python -m model token create NAME --scope admin" in told(served.client.post(path), 401)


FORMS = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "text/plain;charset=json",
)


@pytest.mark.parametrize("kind", ["", *FORMS, "application/json+x", "text/json", "application/csp-report"])
def test_an_alias_is_moved_by_json_only(served: Served, kind: str):
    """What a form or a fetch that asks nobody can send is none of it, token or not."""
    before = served.running.service.store.aliases()
    header = served.holding("admin") | {"content-type": kind}
    for path in ("/rollback?why=x", "/releases/previous/promote?why=x"):
        for content in (b"", b'{"why": "x"}', b"why=x"):
            assert "application/json" in told(served.client.post(path, content=content, headers=header), 415)
    for bad in (
        b"",
        b"why=x",
        b"[]",
        b'"x"',
        b'{"why": 1}',
        b'{"why": "x", "who": "ann"}',
        b'{"why": "x", "why": "y"}',
    ):
        header["content-type"] = "application/json"
        assert told(served.client.post("/rollback?why=x", content=bad, headers=header), 400)
    assert told(served.client.post("/rollback?why=x", json={"why": "y"}, headers=header), 400)
    assert served.running.service.store.aliases() == before


def test_why_may_stand_in_the_address_beside_a_body(served: Served):
    assert served.client.post("/rollback?why=x", json={}, headers=served.holding("admin")).status_code == 200
    assert served.running.service.store.history()[-1].why == "x"


def test_a_token_does_not_open_the_local_service_to_another_host(served: Served):
    for host in ("bank.example", "10.0.0.7"):  # a page elsewhere that had its name resolve to here
        header = served.holding("admin", name=host) | {"host": host}
        assert "this machine only" in told(served.client.post("/rollback", params={"why": "x"}, headers=header), 401)
        assert told(served.client.post(INFER, json={}, headers={"host": host}), 401)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_origin_reads_nothing_either(served: Served, headers: dict[str, str]):
    for path in ("/v2", "/v2/models/credit", "/releases", "/metrics", "/briefings/policy", "/openapi.json", "/ping"):
        for led in ({}, LED):
            for method in ("GET", "HEAD", "OPTIONS"):
                answer = served.client.request(method, path, headers=HOST | headers | led)
                assert answer.status_code == 403, (method, path)
                assert not [name for name in answer.headers if name.startswith("access-control")]
    assert recent(served.running.engine) == []


def test_no_get_changes_anything(served: Served):
    store, before = served.running.service.store, {}
    kept = [path for path in served.home.rglob("*") if path.is_file() and "sqlite" not in path.name]
    before = {path: path.read_bytes() for path in kept}
    for path in served.client.get("/openapi.json").json()["paths"]:
        for method in ("GET", "HEAD", "OPTIONS"):
            served.client.request(
                method,
                path.format(**KNOWN),
                params={"why": "x"},
            )
    after = [path for path in served.home.rglob("*") if path.is_file() and "sqlite" not in path.name]
    assert {path: path.read_bytes() for path in after} == before
    assert {call.kind for call in recent(served.running.engine)} == {"whatif:policy"}  # what was asked is on record
    assert store.aliases()["champion"]


def foreign(headers: list[tuple[str, str]], allowed: Sequence[str] = ()) -> bool:
    """Whether a call with these headers is turned away as another page's."""
    try:
        origins.from_here(headers, allowed)
    except Forbidden:
        return True
    return False


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("bank.example", "https://bank.example"),
        ("bank.example", "http://bank.example"),
        ("bank.example:443", "https://bank.example"),
        ("BANK.example", "https://bank.EXAMPLE"),
        ("[::1]:8501", "http://[::1]:8501"),
        ("bank.example", "https://bank.example:443"),
    ],
)
def test_an_address_is_the_same_with_its_port_said_or_not(host: str, origin: str):
    assert not foreign([("Host", host), ("Origin", origin)])
    assert foreign([("Host", host), ("Origin", f"{origin}0" if origin[-1].isdigit() else f"{origin}:8443")])
    assert foreign([("Host", host), ("Origin", "https://another.example")])


@pytest.mark.parametrize(
    "headers",
    [
        [("Host", "a.example"), ("Origin", "http://a.example"), ("Origin", "http://b.example")],
        [("Host", "a.example"), ("Host", "b.example"), ("Origin", "http://b.example")],
        [("Origin", "http://b.example")],
        [("Host", "a.example"), ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
        [("Host", "bank.example:8443"), ("Origin", "https://bank.example")],
    ],
)
def test_what_leaves_room_for_doubt_is_foreign(headers: list[tuple[str, str]]):
    assert foreign(headers)


def test_an_origin_that_whoever_runs_it_allows_is_none_of_another(monkeypatch: pytest.MonkeyPatch):
    headers = [("Host", "a.example"), ("Origin", "https://portal.example"), ("Sec-Fetch-Site", "cross-site")]
    allowed = ["https://portal.example"]
    assert not foreign(headers, allowed)
    assert foreign([*headers, ("Origin", "https://evil.example")], allowed)


# ---- the dashboard's process -----------------------------------------------------------------------------------------


def opened(headers: dict[str, str]) -> list[dict[str, Any]]:
    """What the dashboard says to the opening of a web socket."""
    said: list[dict[str, Any]] = []
    scope = {
        "type": "websocket",
        "path": "/_stcore/stream",
        "raw_path": b"/_stcore/stream",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in (HOST | headers).items()],
        "scheme": "ws",
        "subprotocols": [],
        "root_path": "",
        "http_version": "1.1",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8600),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        said.append(message)

    asyncio.run(app(scope, receive, send))
    return said


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_page_of_another_origin_reaches_the_dashboard(headers: dict[str, str]):
    client = Client(app)
    for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"):
        for path in ("/_stcore/upload_file/a/b", "/_stcore/health", "/media/a.csv", "/", "/book", "/api", "/phone/a"):
            answer = client.request(method, path, headers=HOST | headers)
            assert answer.status_code == 403, (method, path)
            assert method == "HEAD" or "another origin" in json.loads(answer.content)["error"]
    assert [message["type"] for message in opened(headers)] == ["websocket.close"]


LINKED = {"sec-fetch-site": "cross-site", **LED}


def test_a_link_leads_to_a_page_from_anywhere_and_to_nothing_else():
    client = Client(app)
    for path in ("/book?unemployment=3", "/api", "/phone"):
        assert client.get(path, headers=HOST | LINKED, follow_redirects=False).status_code == 307, path
        for other in (
            {"sec-fetch-dest": "iframe"},
            {"sec-fetch-dest": "image", "sec-fetch-mode": "no-cors"},
            {"sec-fetch-mode": "cors"},
            {"sec-fetch-dest": "embed"},
            {"sec-fetch-dest": ""},
            {"origin": "null"},
        ):
            assert client.get(path, headers=HOST | LINKED | other, follow_redirects=False).status_code == 403, other
        assert client.post(path, headers=HOST | LINKED, follow_redirects=False).status_code == 403


def test_a_frame_is_led_here_only_where_a_page_is_allowed_to_have_one():
    framed = list((HOST | LINKED | {"sec-fetch-dest": "iframe"}).items())
    origins.opened_here("GET", framed, ["https://portal.example"])
    with pytest.raises(Forbidden):
        origins.opened_here("GET", framed)
    with pytest.raises(Forbidden):
        origins.opened_here("POST", framed, ["https://portal.example"])


def test_no_page_of_another_origin_shows_the_dashboard_in_a_frame(monkeypatch: pytest.MonkeyPatch):
    answer = Client(app).get("/api", follow_redirects=False)
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"].split("; ")
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    allowed = {"server.corsAllowedOrigins": ["https://portal.example"]}
    monkeypatch.setattr(st, "get_option", lambda name: allowed[name])
    answer = Client(app).get("/api", follow_redirects=False)
    assert "frame-ancestors 'self' https://portal.example" in answer.headers["content-security-policy"].split("; ")
    assert "x-frame-options" not in answer.headers
