"""The app for a phone as the dashboard gives it away: who gets it, from where, and when it is made anew."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Mount

from model.api import phone
from model.api.phone import PhonePages
from model.deployed.desk import desk
from model.errors import Forbidden
from model.export.phone.package import phone_package
from model.release.release import Release
from model.security.people import LOCAL, Person
from tests.support.inside import Client
from tests.support.phones import signing_key

BELOW = "/base/phone"


@dataclass
class Door:
    """Who stands before it."""

    person: Person | None = LOCAL

    def who(self, _asking: HTTPConnection) -> Person:
        if self.person is None:
            raise Forbidden("Nobody may.")
        return self.person


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def client(home: Path, door: Door, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("WHATIF_HOME", str(home))
    return Client(Starlette(routes=[Mount(BELOW, PhonePages(door.who))]))


def contents(client: Client) -> dict[str, Any]:
    return client.get(f"{BELOW}/cards/contents.json").json()


def test_a_package_is_given_away_whole_with_what_browsers_go_by(client: Client, release: Release):
    said = contents(client)
    assert said["release"] == release.id
    assert said["artefact"] == release.artefact
    for name, about in said["files"].items():
        answer = client.get(f"{BELOW}/cards/{name}")
        assert answer.status_code == 200
        assert hashlib.sha256(answer.content).hexdigest() == about["sha256"]
        assert answer.headers["service-worker-allowed"] == f"{BELOW}/cards/"
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = client.get(f"{BELOW}/cards/{name}", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{BELOW}/cards/").text == client.get(f"{BELOW}/cards/index.html").text
    assert client.get(f"{BELOW}/cards/app.js").headers["content-type"].startswith("text/javascript")


def test_its_address_leads_to_the_books_folder(client: Client):
    assert client.get(f"{BELOW}/").headers["location"] == f"{BELOW}/cards/"
    assert client.get(f"{BELOW}/cards").headers["location"] == f"{BELOW}/cards/"


@pytest.mark.parametrize(
    "path", ["cards/contract.toml", "cards/app/app.js", "cards/..%2f..%2fapp.py", "nobody/", "nobody/app.js"]
)
def test_what_is_in_no_package_is_not_given(client: Client, path: str):
    answer = client.get(f"{BELOW}/{path}")
    assert answer.status_code == 404
    assert set(answer.json()) == {"error", "code", "request"}


def test_it_is_read_only(client: Client):
    assert client.post(f"{BELOW}/cards/app.js").status_code == 405


def test_who_may_not_look_gets_nothing(client: Client, door: Door):
    door.person = None
    for file in ("", "contents.json", "model.json", "worker.js", "app.js"):
        answer = client.get(f"{BELOW}/cards/{file}")
        assert answer.status_code == 403
        assert "Nobody may." in answer.json()["error"]
    door.person = Person("vera", "viewer")
    assert client.get(f"{BELOW}/cards/model.json").status_code == 200


def test_it_is_signed_with_the_key_of_the_settings(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert contents(client)["signed_by"] == ""
    path, key = signing_key(tmp_path)
    monkeypatch.setenv("WHATIF_PHONE_KEY", str(path))
    monkeypatch.setenv("WHATIF_PHONE_DAYS", "7")
    said = contents(client)
    assert said["signed_by"] == key.fingerprint
    assert said["expires"] == (datetime.now(UTC).date() + timedelta(7)).isoformat()
    assert client.get(f"{BELOW}/cards/signature.json").json()["algorithm"] == "Ed25519"


def test_a_key_that_is_none_is_told_and_where_it_should_lie_in_the_log_alone(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("WHATIF_PHONE_KEY", str(tmp_path / "absent.pem"))
    answer = client.get(f"{BELOW}/cards/")
    assert answer.status_code == 503
    assert "cannot be signed at present" in answer.json()["error"]
    assert str(tmp_path) not in answer.text
    assert "absent.pem cannot be read" in caplog.text


def test_a_package_is_made_once_a_release_and_day(client: Client, monkeypatch: pytest.MonkeyPatch):
    made: list[tuple[str, object]] = []
    make: Callable[..., object] = phone_package

    def counted(model, **how):
        made.append((model.id, how["day"]))
        return make(model, **how)

    monkeypatch.setattr(phone, "phone_package", counted)
    before = contents(client)
    assert contents(client) == before
    assert len(made) == 1
    model = desk.model("cards")
    assert model is not None
    assert model.release is not None
    other = replace(model, release=replace(model.release, id="0123456789ab"))
    monkeypatch.setattr(desk, "model", lambda _book: other)
    after = contents(client)
    assert (after["release"], len(made)) == ("0123456789ab", 2)
    assert after["package"] != before["package"]
    assert json.loads(client.get(f"{BELOW}/cards/model.json").content)["release"]["id"] == "0123456789ab"


def test_without_a_release_it_says_what_to_do(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WHATIF_HOME", str(tmp_path))
    answer = client.get(f"{BELOW}/cards/")
    assert answer.status_code == 503
    assert "No model of the book cards is deployed yet" in answer.json()["error"]
