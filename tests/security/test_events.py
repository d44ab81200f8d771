"""Refusals are written down: who, what, from where; and whoever repeats them fills no log."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from app import app
from model.api.phone import PhonePages
from model.errors import Forbidden, Unknown
from model.security import events, people
from model.security.events import CALLER, Caller, SecurityLog
from model.security.people import Person
from pages.shared import visitor
from tests.support.inside import Client, Served

EVIL = {"origin": "http://evil.example", "host": "127.0.0.1"}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Told(logging.Handler):
    """The security events, read back."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(record.getMessage()))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What is written in a minute that begins now."""
    handler = Told()
    monkeypatch.setattr(events, "_log", SecurityLog(lambda line: events.LOG.warning("%s", line)))
    events.LOG.addHandler(handler)
    yield handler.lines
    events.LOG.removeHandler(handler)


def test_a_refused_call_is_written_down_with_who_what_and_from_where(own_home: Path, told: list[dict[str, Any]]):
    served = Served(own_home, tokens=True)
    served.client.get("/v2?unemployment=3", headers={"authorization": "Bearer wi_secret"})
    served.client.post("/rollback", json={"why": "x"}, headers=served.holding("explain", name="branch"))
    served.client.get("/releases", headers=EVIL)
    assert [(each["event"], each["who"], each["what"], each["from"]) for each in told] == [
        ("call refused", "", "GET /v2", "127.0.0.1"),
        ("call refused", "branch", "POST /rollback", "127.0.0.1"),
        ("call refused", "", "GET /releases", "127.0.0.1"),
    ]
    assert "not known here" in told[0]["why"]
    assert "another origin" in told[2]["why"]
    written = json.dumps(told)
    assert not [each for each in ("secret", "unemployment", "evil") if each in written]
    assert told[0]["at"].endswith("Z")


def test_what_works_writes_nothing(own_home: Path, told: list[dict[str, Any]]):
    served = Served(own_home, tokens=True)
    assert served.client.get("/v2", headers=served.holding("score")).status_code == 200
    assert served.client.get("/nothing").status_code == 404
    assert told == []


def test_a_page_elsewhere_is_written_down(told: list[dict[str, Any]]):
    Client(app).post("/_stcore/upload_file/a/b", headers=EVIL)
    (line,) = told
    assert (line["event"], line["what"]) == ("call refused", "POST /_stcore/upload_file/a/b")


def test_whom_the_app_for_a_phone_refuses_is_written_down(home: Path, told: list[dict[str, Any]]):
    def nobody(_asking: HTTPConnection) -> Person:
        raise Unknown("Nobody is logged in.")

    Client(PhonePages(nobody)).get("/cards/")
    assert [(each["event"], each["what"]) for each in told] == [("call refused", "GET /cards/")]


def test_a_role_that_does_not_allow_something_is_written_down(told: list[dict[str, Any]]):
    before = CALLER.set(Caller("192.0.2.7"))
    with pytest.raises(Forbidden):
        people.require(Person("ann", "viewer"), "train")
    people.require(Person("ann", "admin"), "train")
    CALLER.reset(before)
    assert [(each["event"], each["who"], each["what"], each["from"]) for each in told] == [
        ("role refused", "ann", "train", "192.0.2.7")
    ]


@pytest.mark.parametrize(
    ("cookie", "failed"),
    [(b"_streamlit_user=abc; Path=/", False), (b'_streamlit_user=""; Max-Age=0', True), (b"_streamlit_xsrf=a", True)],
)
def test_a_login_that_comes_to_nothing_is_written_down(told: list[dict[str, Any]], cookie: bytes, failed: bool):
    visitor._login_noted({"path": "/credit/oauth2callback"}, [(b"set-cookie", cookie)])
    visitor._login_noted({"path": "/book"}, [])
    assert [each["event"] for each in told] == ["login failed"] * failed


@pytest.mark.parametrize(
    ("peer", "forwarded", "where"),
    [
        ("10.0.0.7", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.7", "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # what the proxy added, not what it was sent
        ("10.0.0.7", "", "10.0.0.7"),
        ("10.0.0.7", "nobody\r\nknows", "10.0.0.7"),
        ("192.0.2.7", "203.0.113.9", "192.0.2.7"),  # of no proxy that may be believed
        ("", "203.0.113.9", ""),
    ],
)
def test_from_where_is_the_peer_or_what_its_proxy_says(
    monkeypatch: pytest.MonkeyPatch, peer: str, forwarded: str, where: str
):
    monkeypatch.setenv("WHATIF_TRUSTED_PROXY", "10.0.0.0/8")
    headers = [("X-Forwarded-For", forwarded)] if forwarded else []
    assert Caller(peer, headers).address() == where


# ---- not too often ---------------------------------------------------------------------------------------------------


def written(clock: Clock) -> tuple[SecurityLog, list[dict[str, Any]]]:
    lines: list[dict[str, Any]] = []
    return SecurityLog(lambda line: lines.append(json.loads(line)), clock), lines


def test_whoever_repeats_it_is_told_a_few_times_and_then_by_powers_of_ten():
    clock = Clock()
    log, lines = written(clock)
    for _ in range(20_000):
        log.note("call refused", who="", what="GET /v2", where="192.0.2.7", why="No token.")
    assert [each["times"] for each in lines] == [1, 2, 3, 4, 5, 10, 100, 1000, 10_000]
    log.note("call refused", who="", what="GET /v2", where="192.0.2.8", why="No token.")
    assert (lines[-1]["from"], lines[-1]["times"], lines[-1]["of_all"]) == ("192.0.2.8", 1, 20_001)  # hides nobody else
    clock.now = 61.0
    log.note("call refused", who="", what="GET /v2", where="192.0.2.7", why="No token.")
    assert lines[-1]["times"] == 1


def test_many_places_fill_no_log_and_no_memory():
    log, lines = written(Clock())
    for k in range(100_000):
        log.note("login failed", who="", what="look", where=f"10.{k >> 16}.{(k >> 8) % 256}.{k % 256}", why="Who?")
    assert len(lines) < 210
    assert lines[-1]["of_all"] == 100_000
    assert len(log._seen) <= events.MAX_LINES


def test_all_addresses_of_a_network_are_one_place():
    log, lines = written(Clock())
    for k in range(50):
        log.note("login failed", who="", what="look", where=f"2001:db8::{k:x}", why="Who?")
    assert [each["times"] for each in lines] == [1, 2, 3, 4, 5, 10]


def test_a_line_is_one_line_whatever_it_is_of():
    log, lines = written(Clock())
    log.note("call refused", who="ann\n{}", what="GET /" + "x" * 10_000, where="a\r\nb", why="é")
    assert (lines[0]["who"], len(lines[0]["what"])) == ("ann\n{}", events.LONGEST)
