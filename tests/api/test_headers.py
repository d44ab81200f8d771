"""Every answer says what a browser may do with it, and none what serves it."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from app import app
from model.security.headers import PROGRAMS, guarded
from pages.shared.policy import page_policy
from pages.shared.visitor import Peer
from tests.support.inside import KNOWN, Client, Served

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


def policy(answer: httpx.Response) -> dict[str, str]:
    """The one content security policy of an answer, by directive."""
    (found,) = answer.headers.get_list("content-security-policy")
    parts = [each.strip().partition(" ") for each in found.split(";")]
    assert len({name for name, _, _ in parts}) == len(parts)
    return {name: value for name, _, value in parts}


def held(answer: httpx.Response) -> dict[str, str]:
    """The policy of an answer that has every other header once."""
    for name, value in ALWAYS.items():
        assert answer.headers.get_list(name) == [value], (answer.url, name)
    assert "server" not in answer.headers
    return policy(answer)


def test_every_answer_of_the_service_loads_and_frames_nothing(own_home: Path):
    served = Served(own_home, tokens=True)
    admin = served.holding("admin")
    for path, methods in served.client.get("/openapi.json").json()["paths"].items():
        for header in ({}, admin):
            for method in (*methods, "options", "delete"):
                answer = served.client.request(method, path.format(**KNOWN), headers=header)
                told = held(answer)
                assert (told["default-src"], told["frame-ancestors"]) == ("'none'", "'none'"), path
    assert held(served.client.get("/nothing"))["default-src"] == "'none'"
    assert held(served.client.get("/v2", headers={"origin": "http://evil.example"}))["frame-ancestors"] == "'none'"
    assert "script-src" not in held(served.client.get("/releases/champion/card", headers=admin))


@pytest.mark.parametrize("path", ["/book", "/api", "/phone", "/phone/cards/", "/open/x"])
@pytest.mark.parametrize("headers", [{}, {"origin": "http://evil.example"}], ids=["own", "foreign"])
def test_every_answer_of_the_dashboard_runs_its_own_scripts_only(path: str, headers: dict[str, str]):
    told = held(Client(app).get(path, headers=headers, follow_redirects=False))
    scripts = told["script-src"].split()
    assert scripts[:2] == ["'self'", "blob:"]
    assert all(each.startswith("'sha256-") for each in scripts[2:])
    assert {told[name] for name in ("object-src", "base-uri", "frame-src")} == {"'none'"}
    assert {told[name] for name in ("default-src", "connect-src", "form-action", "frame-ancestors")} == {"'self'"}
    assert not any("*" in value or "unsafe-eval" in value or "http" in value for value in told.values())
    assert "unsafe-inline" not in told["script-src"]


def test_no_answer_with_figures_is_kept_by_a_browser(own_home: Path):
    """Whatever the service answers, and what somebody takes along from a page; what else a page holds comes by its web
    socket."""
    served = Served(own_home, tokens=True)
    admin = served.holding("admin")
    for path in ("/v2/models/credit", "/releases", "/releases/champion/card", "/nothing"):
        for header in ({}, admin):
            assert served.client.get(path, headers=header).headers.get_list("cache-control") == ["no-store"], path
    assert Client(app).get("/media/x.csv").headers.get_list("cache-control") == ["no-store"]


def test_what_an_answer_says_itself_stands():
    own = [(b"Referrer-Policy", b"no-referrer"), (b"Content-Security-Policy", b"default-src 'none'; img-src data:")]
    found = dict(guarded(own, PROGRAMS))
    assert found[b"Referrer-Policy"] == b"no-referrer"
    assert b"referrer-policy" not in found
    assert found[b"content-security-policy"] == b"default-src 'none'; img-src data:; frame-ancestors 'none'"
    whole = [(b"content-security-policy", b"frame-ancestors https://a.example")]
    assert guarded(whole, page_policy(), ("'self'",))[0] == whole[0]


def test_uvicorn_is_kept_from_naming_itself_in_this_answer_and_all_that_follow():
    config = SimpleNamespace(encoded_headers=[(b"server", b"uvicorn"), (b"x", b"y")])
    transport = SimpleNamespace(
        get_extra_info=lambda _name: ("127.0.0.1", 1), get_protocol=lambda: SimpleNamespace(config=config)
    )

    class Cycle:
        def __init__(self) -> None:
            self.transport = transport
            self.default_headers = [(b"date", b"today"), (b"server", b"uvicorn")]

        async def receive(self) -> dict[str, Any]:
            return {}

    async def nothing(*_given: Any) -> None:
        return None

    cycle = Cycle()
    asyncio.run(Peer(nothing)({"type": "http", "headers": []}, cycle.receive, nothing))
    assert cycle.default_headers == [(b"date", b"today")]
    assert config.encoded_headers == [(b"x", b"y")]
