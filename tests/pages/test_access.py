"""Who is looking, on every page, and what only some of them see."""

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from model.deployed.desk import DeployedModels
from model.errors import ReleaseError
from model.monitoring import fairness
from model.release.release import Release
from model.release.store import Store
from pages.shared import deployed, visitor
from tests.pages.conftest import ROOT, Open, begin, markup, opened, script
from tests.support.records import CONTRACT

PAGES = ("book", "applicant", "policy", "scenarios", "trust")
PROXY = "10.1.2.3"
Look = Callable[..., None]


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> Look:
    """Behind a proxy at 10.1.2.3, as the user it names; AppTest itself has no connection and no header."""
    monkeypatch.setenv("WHATIF_USER_HEADER", "X-User")
    monkeypatch.setenv("WHATIF_TRUSTED_PROXY", PROXY)
    monkeypatch.setenv("WHATIF_ROLES", json.dumps({"ann": "viewer", "bob": "analyst", "carol": "admin"}))

    def now(name: str = "", peer: str | None = PROXY) -> None:
        monkeypatch.setattr(visitor, "connection", lambda: ([("x-user", name)] if name else [], peer))

    return now


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Whoever asks for the model fails the test."""
    monkeypatch.setenv("WHATIF_HOME", str(home))

    def asked() -> None:
        raise AssertionError("The model was asked for.")

    monkeypatch.setattr(deployed, "model", asked)


def bare(page: str) -> AppTest:
    """A page's own file, without the frame around it, as a first deep link would run it in other set-ups."""
    return AppTest.from_file(str(ROOT / "pages" / script(page)), default_timeout=60)


def whole(page: str) -> AppTest:
    """The app, at a page."""
    at = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=60)
    return begin(at, page)


def refused(at: AppTest) -> str:
    """The one sentence somebody sees who does not get in."""
    assert not at.exception
    assert markup(at) == ""
    assert [len(each) for each in (at.dataframe, at.slider, at.selectbox, at.expander, at.metric)] == [0] * 5
    (error,) = at.error
    return error.value


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("shown", [bare, whole])
@pytest.mark.parametrize(("name", "peer"), [("", PROXY), ("carol", "127.0.0.1"), ("carol", ""), ("carol", None)])
def test_nobody_gets_in_on_any_page_and_nothing_is_computed(
    looking: Look, untouched: None, shown: Callable[[str], AppTest], page: str, name: str, peer: str | None
) -> None:
    looking(name, peer)
    told = refused(shown(page).run())
    assert "proxy" in told
    assert "carol" not in told


@pytest.mark.parametrize("page", PAGES)
def test_whoever_has_no_role_does_not_get_in(
    looking: Look, untouched: None, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATIF_DEFAULT_ROLE", "none")
    looking("dave")
    assert "dave is known but has no role here" in refused(whole(page).run())


@pytest.mark.parametrize("page", PAGES)
def test_a_setting_that_cannot_be_used_lets_nobody_in(
    untouched: None, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATIF_TRUSTED_PROXY", "everywhere")
    assert "WHATIF_TRUSTED_PROXY" in refused(whole(page).run())


@pytest.mark.parametrize("page", PAGES)
def test_a_server_that_listens_elsewhere_lets_nobody_in(
    untouched: None, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    option = st.get_option
    monkeypatch.setattr(st, "get_option", lambda name: "0.0.0.0" if name == "server.address" else option(name))
    assert "listens beyond its own machine" in refused(whole(page).run())


@pytest.mark.parametrize(("name", "told"), [("ann", "ann · viewer"), ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt; · viewer")])
def test_the_frame_says_who_is_looking(looking: Look, open_app: Open, name: str, told: str) -> None:
    looking(name)
    at = open_app("trust")
    (frame,) = [each.value for each in at.html if "<div class='wi-frame'" in each.value]
    assert f"<span class='wi-who'> · {told}</span>" in frame


def test_the_frame_says_nothing_of_the_local_user(open_app: Open) -> None:
    assert "wi-who" not in markup(open_app("trust"))


@pytest.mark.parametrize("name", ["bob", "carol"])
def test_analysts_and_admins_see_the_fairness_monitor(looking: Look, open_app: Open, name: str) -> None:
    looking(name)
    at = opened(open_app("policy"), "_fair")
    assert at.selectbox(key="_attribute").options
    assert "Rates by group" in str([each.proto for each in at.dataframe])


def test_a_viewer_sees_what_the_fairness_monitor_takes_and_none_of_it_is_computed(
    looking: Look, open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def computed(*_given: object) -> None:
        raise AssertionError("The fairness monitor was computed.")

    monkeypatch.setattr(fairness, "groups", computed)
    monkeypatch.setattr(fairness, "smallest_ratio", computed)
    looking("ann")
    at = opened(open_app("policy"), "_fair")
    assert not at.exception
    assert any(
        each.value.startswith("To see protected attributes takes the role analyst or higher.") for each in at.caption
    )
    assert not [each for each in at.selectbox if each.key == "_attribute"]
    assert not [each for each in at.get("download_button") if "fairness" in str(each.proto)]
    assert "_attribute" not in at.session_state


def test_nothing_else_in_the_contract_speaks_of_a_protected_attribute() -> None:
    """Levers, record, inputs and segments are shown to everybody: none of them may be or read a protected field."""
    protected = {field.name for field in CONTRACT.protected()}
    assert protected
    shown = {each.field for each in CONTRACT.segments} | set(CONTRACT.row)
    shown |= {each.name for each in (*CONTRACT.levers, *CONTRACT.inputs, *CONTRACT.record)}  # type: ignore[attr-defined]
    assert shown & protected == set()


@pytest.mark.parametrize("page", PAGES)
def test_an_address_never_holds_a_protected_attribute(open_app: Open, page: str) -> None:
    at = open_app(page)
    if page == "policy":
        at = opened(at, "_fair")
        at.selectbox(key="_attribute").select_index(1).run()
    fields = {field.name for field in CONTRACT.protected()} | {"attribute", "_attribute"}
    assert set(at.query_params) & fields == set()


# ---- what a role may do ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "passes"), [("ann", False), ("bob", True), ("carol", True)])
def test_what_needs_a_role_is_not_done_for_others(looking: Look, name: str, passes: bool) -> None:
    looking(name)

    def page(what):  # run as text, where no name of this file is known
        import streamlit as st

        from pages.shared import visitor

        if visitor.allow(what):
            st.write("The calls")

    at = AppTest.from_function(page, kwargs={"what": "see calls"}).run()
    assert [each.value for each in at.markdown] == (["The calls"] if passes else [])
    assert [each.value[:37] for each in at.caption] == ([] if passes else ["To see calls takes the role analyst o"])


# ---- a login --------------------------------------------------------------------------------------------------------

LOGIN = {"auth": {"redirect_uri": "http://localhost/oauth2callback", "cookie_secret": "s", "client_id": "c"}}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("shown", [bare, whole])
def test_with_a_login_whoever_has_not_logged_in_sees_its_button_only(
    untouched: None, shown: Callable[[str], AppTest], page: str
) -> None:
    at = shown(page)
    at.secrets = LOGIN
    at.run()
    assert not at.exception
    assert [each.label for each in at.button] == ["Log in"]
    assert markup(at) == ""
    assert not at.error


def test_named_providers_have_a_button_each(untouched: None) -> None:
    at = whole("book")
    at.secrets = {"auth": {"redirect_uri": "x", "cookie_secret": "s", "bank": {"client_id": "c"}, "client_kwargs": {}}}
    at.run()
    assert [each.label for each in at.button] == ["Log in with bank"]


def test_the_login_says_who_is_looking(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATIF_HOME", str(home))
    monkeypatch.setenv("WHATIF_ROLES", json.dumps({"Bob@Bank.example": "analyst"}))
    at = whole("trust")
    at.secrets = LOGIN
    at.user = {"is_logged_in": True, "email": "bob@bank.example"}
    at.run()
    assert not at.exception
    assert "bob@bank.example · analyst" in markup(at)


def test_a_login_that_names_nobody_can_be_left_again(untouched: None) -> None:
    at = whole("book")
    at.secrets = LOGIN
    at.user = {"is_logged_in": True, "name": "Bob"}
    at.run()
    assert "names neither an e-mail address" in at.error[0].value
    assert [each.label for each in at.button] == ["Log out"]


def test_headers_of_anybody_do_not_stand_in_for_the_login(untouched: None, monkeypatch: pytest.MonkeyPatch) -> None:
    option, headers = st.get_option, {"X-User": "email"}
    monkeypatch.setattr(st, "get_option", lambda name: headers if name == "server.trustedUserHeaders" else option(name))
    at = whole("book")
    at.secrets = LOGIN
    at.user = {"is_logged_in": True, "email": "carol"}
    assert "server.trustedUserHeaders" in at.run().error[0].value


def test_secrets_that_cannot_be_read_let_nobody_in(
    untouched: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secrets.toml").write_text("[auth\n")
    option = st.get_option
    monkeypatch.setattr(
        st, "get_option", lambda name: [str(tmp_path / "secrets.toml")] if name == "secrets.files" else option(name)
    )
    assert "secrets.toml cannot be read" in refused(whole("book").run())


# ---- the other end of the connection --------------------------------------------------------------------------------


class Socket:
    """What stands behind a server's ``receive``."""

    def __init__(self, peername: object):
        self.transport = self
        self._peername = peername

    def get_extra_info(self, _name: str) -> object:
        return self._peername

    async def receive(self) -> dict[str, str]:
        return {}


async def free() -> dict[str, str]:
    """A ``receive`` with no socket to be seen."""
    return {}


FORWARDED = (b"x-forwarded-for", b"10.1.2.3")


@pytest.mark.parametrize(
    ("receive", "headers", "told"),
    [
        (Socket(("127.0.0.1", 40000)).receive, [], "127.0.0.1"),
        (Socket(("127.0.0.1", 40000)).receive, [FORWARDED], "127.0.0.1"),
        (Socket(("::1", 40000, 0, 0)).receive, [FORWARDED], "::1"),
        (Socket("").receive, [], ""),
        (Socket(None).receive, [], ""),
        (free, [], "10.9.9.9"),
        (free, [FORWARDED], ""),
    ],
)
def test_the_peer_is_the_sockets_whatever_a_header_claims(
    receive: Callable[..., object], headers: list[tuple[bytes, bytes]], told: str
) -> None:
    assert visitor.peer({"type": "http", "client": ("10.9.9.9", 0), "headers": headers}, receive) == told


# ---- a book without a release ----------------------------------------------------------------------------------------


@pytest.fixture
def bare_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeployedModels:
    """An empty home."""
    monkeypatch.setenv("WHATIF_HOME", str(tmp_path / "bare"))
    desk = DeployedModels()
    monkeypatch.setattr("pages.shared.deployed.desk", desk)
    return desk


@pytest.mark.parametrize("page", ["book", "applicant", "policy", "trust", "operations", "scenarios"])
@pytest.mark.parametrize("name", ["ann", "bob"])
def test_nothing_is_trained_or_promoted_for_who_may_not_and_they_are_told_who_may(
    looking: Look, bare_desk: DeployedModels, page: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "train", lambda *_: pytest.fail("trained"))
    looking(name)
    at = whole(page).run()
    assert not at.exception
    assert at.subheader[0].value.startswith("There is no released model of ")
    (told,) = [each.value for each in at.markdown if "the role admin" in each.value]
    assert "python -m model train --book cards" in told
    assert ("What an analyst can do" in told) == (name == "bob")
    assert bare_desk.training("cards") is None
    assert not [each for each in at.button if each.label == "Try again"]


def test_training_that_an_admin_began_is_seen_by_everybody_and_begun_anew_by_none_but_admins(
    looking: Look, bare_desk: DeployedModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, began = threading.Event(), []

    def train(self: Store, progress: Callable[[str, float], None]) -> Release:
        began.append(self.book)
        progress("Fitting", 0.5)
        go.wait(60)
        raise ReleaseError("It stopped.")

    monkeypatch.setattr(Store, "train", train)
    looking("carol")
    assert "being trained" in whole("book").run().subheader[0].value
    looking("ann")
    at = whole("book").run()
    assert ("being trained" in at.subheader[0].value, began) == (True, ["cards"])
    go.set()
    for thread in threading.enumerate():
        if thread.name == "train-cards":
            thread.join()
    at.run()
    assert "It stopped." in at.error[0].value
    assert not [each for each in at.button if each.label == "Try again"]
    looking("carol")
    assert [each.label for each in whole("book").run().button if each.label == "Try again"]
    assert began == ["cards"]


def test_first_champion_is_on_record_by_the_admin_for_whom_it_was_promoted(
    looking: Look, bare_desk: DeployedModels, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(self: Store, _progress: Callable[[str, float], None]) -> Release:
        shutil.copytree(home / "releases" / "cards", self.root, ignore=shutil.ignore_patterns("history*", "aliases*"))
        return self.load(self.ids()[0])

    monkeypatch.setattr(Store, "train", train)
    looking("carol")
    whole("operations").run()
    for thread in threading.enumerate():
        if thread.name == "train-cards":
            thread.join()
    (moved,) = bare_desk.store("cards").history()
    assert (moved.who, moved.alias) == ("carol", "champion")
