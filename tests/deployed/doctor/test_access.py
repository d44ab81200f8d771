"""What the doctor says of who gets in, for each way of listening."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from model.api import modes
from model.deployed.doctor import access
from model.deployed.doctor.access import people_check, tokens_check
from model.security.tokens import Tokens
from model.settings import Settings

EVERYWHERE, HERE = "0.0.0.0", "127.0.0.1"


def test_on_this_machine_a_token_is_asked_for_too_and_none_need_be_known(tmp_path: Path):
    found = tokens_check(Settings(home=tmp_path), HERE)
    assert (found.state, found.advice) == ("ok", "")
    assert "token create" in found.found


def test_without_tokens_whoever_a_proxy_sends_is_answered(tmp_path: Path):
    found = tokens_check(Settings(home=tmp_path, api_tokens=False), HERE)
    assert (found.state, "a proxy" in found.found) == ("warning", True)


def test_beyond_this_machine_a_token_must_be_known(tmp_path: Path):
    using = Settings(home=tmp_path)
    found = tokens_check(using, EVERYWHERE)
    assert (found.state, "None is known" in found.found, "token create" in found.advice) == ("warning", True, True)
    Tokens(tmp_path).create("reports", ["score"])
    assert tokens_check(using, EVERYWHERE).found == "They are asked for; 1 can be used."


def test_a_token_that_has_expired_is_none(tmp_path: Path):
    Tokens(tmp_path, lambda: datetime.now(UTC) - timedelta(days=9)).create("reports", ["score"], days=1)
    found = tokens_check(Settings(home=tmp_path), EVERYWHERE)
    assert (found.state, "The 1 known have expired" in found.found) == ("warning", True)


def test_tokens_switched_off_beyond_this_machine_stop(tmp_path: Path):
    found = tokens_check(Settings(home=tmp_path, api_tokens=False), EVERYWHERE)
    assert found.state == "stops"
    assert "WHATIF_API_TOKENS=on" in found.advice


def test_where_people_must_show_who_they_are_programs_need_a_token_too(tmp_path: Path):
    using = Settings(home=tmp_path, user_header="X-Remote-User", trusted_proxy="127.0.0.1")
    assert tokens_check(using, HERE).state == "warning"
    assert tokens_check(Settings(home=tmp_path, api_tokens=True), HERE).state == "warning"


def test_a_broken_file_of_tokens_stops(tmp_path: Path):
    (tmp_path / "tokens.json").write_text("{")
    assert tokens_check(Settings(home=tmp_path), EVERYWHERE).state == "stops"


@pytest.mark.parametrize("host", [HERE, EVERYWHERE])
@pytest.mark.parametrize("tokens", [None, True, False])
def test_the_service_asks_for_tokens_where_the_doctor_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str, tokens: bool | None
):
    """The word is one for both: what the service is made with, and what is told."""
    made: list[bool] = []
    monkeypatch.setenv("WHATIF_HOME", str(tmp_path))
    if tokens is not None:
        monkeypatch.setenv("WHATIF_API_TOKENS", str(tokens))
    monkeypatch.setattr(modes, "create", lambda _service, open_here, **_more: made.append(open_here))
    modes.embedded(host)._how()
    told = tokens_check(Settings(), host)
    assert made == [told.found.startswith("None is asked for")]


def test_on_this_machine_whoever_sits_there_gets_in(tmp_path: Path):
    assert people_check(Settings(home=tmp_path), HERE, []).state == "ok"


def test_beyond_this_machine_without_a_way_to_know_people_stops(tmp_path: Path):
    found = people_check(Settings(home=tmp_path), EVERYWHERE, [])
    assert found.state == "stops"
    assert "WHATIF_USER_HEADER" in found.advice


@pytest.mark.parametrize(
    ("proxy", "state"), [("", "stops"), ("10.0.0.0/8, 0.0.0.0/0", "stops"), ("::/0", "stops"), ("10.0.0.7", "ok")]
)
def test_a_proxy_must_be_told_from_anybody(tmp_path: Path, proxy: str, state: str):
    using = Settings(home=tmp_path, user_header="X-Remote-User", trusted_proxy=proxy)
    found = people_check(using, EVERYWHERE, [])
    assert found.state == state
    assert ("WHATIF_TRUSTED_PROXY" in found.advice + found.found) is (state == "stops")


def test_a_login_lets_people_in_where_its_library_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    secrets = tmp_path / "secrets.toml"
    secrets.write_text('[auth]\nclient_id = "whatif"\n')
    using = Settings(home=tmp_path)
    assert people_check(using, EVERYWHERE, [tmp_path / "none", secrets]).state == "ok"
    monkeypatch.setattr(access, "find_spec", lambda _name: None)
    found = people_check(using, EVERYWHERE, [secrets])
    assert (found.state, found.advice) == ("stops", "pip install authlib")


def test_secrets_that_cannot_be_read_stop(tmp_path: Path):
    secrets = tmp_path / "secrets.toml"
    secrets.write_text("[auth\n")
    found = people_check(Settings(home=tmp_path), HERE, [secrets])
    assert (found.state, "Put it right" in found.advice) == ("stops", True)
