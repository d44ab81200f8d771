"""Signing in to a model server: a key in a header, OAuth client credentials, a certificate."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from data.errors import BadInput
from model.deployed import sign_in, transport
from model.deployed.transport import Transport
from model.errors import NoAnswer, Refused, RemoteError
from model.settings import Settings
from tests.deployed.test_remote import certificate
from tests.support.servers import free_port
from tests.support.stand_in import Quiet, StandIn, standing

SECRET = "4711-pears-and-plums-0815"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "PAUSE", 0.001)


@pytest.fixture
def there() -> Iterator[StandIn]:
    with standing(StandIn()) as stand_in:
        yield stand_in


@dataclass
class Tokens:
    """An authorisation server: what it answers, and what it was asked."""

    status: int = 200
    answer: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def given(self) -> dict[str, Any]:
        return {"access_token": f"fetched-token-number-{len(self.asked)}", "expires_in": 3600} | self.answer


@contextmanager
def giving(tokens: Tokens) -> Iterator[Tokens]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            headers = {name.lower(): value for name, value in self.headers.items()}
            tokens.asked.append((headers.get("authorization", ""), form, headers))
            content = json.dumps(tokens.given()).encode()
            self.send_response(tokens.status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    tokens.url = f"http://127.0.0.1:{server.server_port}/token"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield tokens
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def using(url: str, **more: Any) -> Settings:
    return Settings(**{"model_url": url, "model_timeout": 5.0, **more})


def by_oauth(url: str, tokens: str, **more: Any) -> Settings:
    own = {"model_oauth_url": tokens, "model_oauth_id": "dashboard", "model_oauth_secret": SECRET}
    return using(url, **own, **more)


def test_key_is_sent_in_the_header_that_is_named_beside_the_token(there: StandIn):
    with Transport(using(there.url, model_api_key="k-4711-k", model_token="t-4711-t")) as way:
        way.get("/v2")
        there.first = [(400, {}, b"no: k-4711-k")]
        with pytest.raises(Refused) as refused:
            way.post("/v2/models/credit/infer", b"{}", "one", lambda body: body)
        assert "k-4711-k" not in str(refused.value)
    assert (there.seen[0].headers["x-api-key"], there.seen[0].headers["authorization"]) == (
        "k-4711-k",
        "Bearer t-4711-t",
    )
    with Transport(using(there.url, model_api_key="k-4711-k", model_api_key_header="Ocp-Apim-Key")) as way:
        way.get("/v2")
    assert there.seen[-1].headers["ocp-apim-key"] == "k-4711-k"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"model_api_key": "two words"}, "WHATIF_MODEL_API_KEY holds blanks"),
        ({"model_api_key": "k", "model_api_key_header": "a: b"}, "must be the name of a header"),
        ({"model_oauth_url": "http://127.0.0.1:9/token"}, "needs WHATIF_MODEL_OAUTH_ID"),
        ({"model_certificate": Path("absent.pem")}, r"certificate in absent\.pem cannot be used: No such file"),
    ],
)
def test_sign_in_that_cannot_be_used_is_told_before_anything_is_sent(given: dict[str, Any], words: str):
    with pytest.raises(BadInput, match=words):
        Transport(using("http://127.0.0.1:9", **given))


def test_token_is_fetched_once_with_the_clients_credentials_and_sent(there: StandIn):
    with giving(Tokens()) as tokens, Transport(by_oauth(there.url, tokens.url, model_oauth_scope="score")) as way:
        for _ in range(3):
            way.get("/v2")
        (asked,) = tokens.asked
    assert asked[0] == "Basic " + base64.b64encode(f"dashboard:{SECRET}".encode()).decode()
    assert asked[1] == {"grant_type": ["client_credentials"], "scope": ["score"]}
    assert {each.headers["authorization"] for each in there.seen} == {"Bearer fetched-token-number-1"}


def test_key_of_the_model_is_not_sent_to_who_gives_tokens(there: StandIn):
    with giving(Tokens()) as tokens:
        with Transport(by_oauth(there.url, tokens.url, model_api_key="k-4711-k")) as way:
            way.get("/v2")
        assert "k-4711-k" not in str(tokens.asked)


def test_token_that_is_refused_is_fetched_anew_once(there: StandIn):
    with giving(Tokens()) as tokens, Transport(by_oauth(there.url, tokens.url)) as way:
        there.first = [(401, {}, b"expired")]
        assert way.get("/v2/models/credit").status == 200
        assert [each.headers["authorization"][-1] for each in there.seen] == ["1", "2"]
        there.first = [(401, {}, b"no")] * 2
        assert way.get("/v2/models/credit").status == 401
        assert len(tokens.asked) == 3


def test_token_is_fetched_anew_before_it_ends(there: StandIn, monkeypatch: pytest.MonkeyPatch):
    now = [1000.0]
    monkeypatch.setattr(sign_in, "clock", lambda: now[0])
    with giving(Tokens(answer={"expires_in": 300})) as tokens, Transport(by_oauth(there.url, tokens.url)) as way:
        way.get("/v2")
        now[0] += 269
        way.get("/v2")
        assert len(tokens.asked) == 1
        now[0] += 2
        way.get("/v2")
        assert len(tokens.asked) == 2


def test_fetched_token_and_secret_are_withheld(there: StandIn):
    with giving(Tokens()) as tokens, Transport(by_oauth(there.url, tokens.url)) as way:
        for said in ("fetched-token-number-1", SECRET):
            there.first = [(400, {}, f"no: {said}".encode())]
            with pytest.raises(Refused) as refused:
                way.post("/v2/models/credit/infer", b"{}", "one", lambda body: body)
            assert said not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "answer"), [(401, {"error": SECRET}), (200, {"access_token": None}), (200, {"access_token": "a b"})]
)
def test_who_gives_no_token_is_told(status: int, answer: dict[str, Any], there: StandIn):
    with giving(Tokens(status, answer)) as tokens, Transport(by_oauth(there.url, tokens.url)) as way:
        with pytest.raises(RemoteError, match=rf"gives no token for the deployed model \({status}\)") as told:
            way.get("/v2")
        assert SECRET not in str(told.value)
    assert there.seen == []


def test_who_should_give_tokens_and_does_not_answer_is_told(there: StandIn):
    told = "which gives the tokens for the deployed model, does not answer"
    nowhere = f"http://127.0.0.1:{free_port()}/token"
    with Transport(by_oauth(there.url, nowhere)) as way, pytest.raises(NoAnswer, match=told):
        way.get("/v2")


def test_certificate_is_shown_to_a_server_that_asks_for_one(tmp_path: Path):
    pem, context = certificate(tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pem)
    key = tmp_path / "key.pem"
    with standing(StandIn(), tls=context) as there:
        shown = using(there.url, model_ca=pem, model_certificate=pem, model_certificate_key=key)
        with Transport(shown) as way:
            assert way.get("/v2/models/credit").status == 200
        with Transport(using(there.url, model_ca=pem)) as way, pytest.raises(NoAnswer):
            way.get("/v2/models/credit")
