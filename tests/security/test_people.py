"""Who somebody is, what they may do, and which tokens open the service."""

import json
import re
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from data.errors import BadInput
from model.__main__ import Verbs
from model.cli.token import token
from model.errors import Forbidden, StoreError, Unknown
from model.locks import exclusive
from model.security import locality
from model.security.locality import COOKIE, KEY
from model.security.people import LOCAL, NEEDS, ROLES, Deed, Person, identify, loopback, may, require
from model.security.tokens import SCOPES, Bearer, Tokens, require_scope
from model.settings import Role, Settings

HEADER = "X-Forwarded-User"
PROXY = {"user_header": HEADER, "trusted_proxy": "10.0.0.0/8, fd00::/8"}
LOGGED_IN = {"is_logged_in": True}
SHOWN = f"theme=dark; {COOKIE}_8501={KEY}"
TRACES_OF_PROXIES = (
    *("Via", "Forwarded", "X-Real-IP", "X-Client-IP", "Client-IP", "True-Client-IP", "X-Cluster-Client-IP"),
    *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server"),
    *("X-Forwarded", "Forwarded-For", "X_FORWARDED_FOR", "X-Original-Forwarded-For", "X-Original-URL", "CF-Ray"),
    *("CF-Connecting-IP", "Fastly-Client-IP", "X-ProxyUser-Ip", "Proxy-Connection", "X-Envoy-External-Address"),
    *("X-Amzn-Trace-Id", "X-Azure-ClientIP", "X-ARR-LOG-ID", "X-Remote-User", "X-Auth-Request-Email", "CDN-Loop"),
    *("X-Originating-IP", "X-Remote-Addr", "X-Github-Token", "Remote-User", "X-MS-Proxy", "X-Via"),
    *("Client-Cert", "SSL-Client-Cert", "X-SSL-Client-CN", "X-WebAuth-User", "X-Sucuri-ClientIP", "Cdn-Src-Ip"),
    *("X-Appengine-User-Ip", "X-Host", "X-Rewrite-URL", "X-Varnish", "X-Kong-Proxy", "X-Tyk-Api", "X-Traefik-Router"),
    *("X-Vercel-Id", "X-Akamai-Edgescape", "X-Cloud-Trace-Context", "Front-End-Https", "X-Scheme"),
    *("X-Request-Start", "Max-Forwards"),
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def who(
    headers: dict[str, str] | list[tuple[str, str]] | None = None,
    peer: str | None = "127.0.0.1",
    login: dict[str, object] | None = None,
    local: bool = True,
    **rules: Any,
) -> Person:
    """Who a request is from, under settings."""
    pairs = list(headers.items()) if isinstance(headers, dict) else headers or []
    return identify(Settings(**rules), pairs, peer=peer, login=login, local=local)


# ---- roles ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "allowed"),
    [
        ("look", {"viewer", "analyst", "admin"}),
        ("see protected attributes", {"analyst", "admin"}),
        ("upload", {"analyst", "admin"}),
        ("see calls", {"analyst", "admin"}),
        ("replay", {"analyst", "admin"}),
        ("save scenarios", {"analyst", "admin"}),
        ("review scenarios", {"analyst", "admin"}),
        ("propose books", {"analyst", "admin"}),
        ("promote", {"admin"}),
        ("train", {"analyst", "admin"}),
    ],
)
def test_each_deed_is_for_the_roles_of_the_table(what: Deed, allowed: set[Role]):
    assert {role for role in ROLES if may(Person("ann", role), what)} == allowed


def test_every_deed_is_in_the_table():
    assert len(NEEDS) == 10


def test_a_refusal_says_who_what_it_takes_and_whom_to_ask():
    with pytest.raises(
        Forbidden, match=r"ann has the role viewer\. To see calls takes the role analyst .*WHATIF_ROLES"
    ):
        require(Person("ann", "viewer"), "see calls")
    require(Person("ann", "analyst"), "see calls")


# ---- neither login nor proxy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", None])
@pytest.mark.parametrize("host", ["localhost:8501", "LOCALHOST", "127.0.0.1:8501", "[::1]:8501"])
def test_on_this_machine_only_whoever_comes_is_the_local_user(peer: str | None, host: str):
    assert who({"Host": host, "Cookie": SHOWN}, peer) == LOCAL == Person("local user", "admin")


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501"])
@pytest.mark.parametrize(
    "cookie",
    ["", KEY, f"{COOKIE}=", f"{COOKIE}_8501={KEY[:-1]}", f"{COOKIE}_8501={KEY}x", f"x{COOKIE}={KEY}", f"x={KEY}"],
    ids=["none", "bare", "empty", "short", "long", "other name", "x"],  # the key is new with every start
)
def test_that_a_request_comes_from_this_machine_lets_nobody_in_without_the_key(host: str, cookie: str):
    """As every request of a proxy on this machine does, whose visitors cannot know the key."""
    with pytest.raises(Unknown, match="Open the link that it printed") as refused:
        who({"Host": host, "Cookie": cookie, "User-Agent": KEY}, "127.0.0.1")
    assert KEY not in str(refused.value)


def test_the_key_is_of_this_start_and_kept_from_scripts_and_other_sites():
    assert len(KEY) > 40
    assert locality.cookie(8501, "/credit/", secure=False) == (
        f"{COOKIE}_8501={KEY}; Path=/credit/; HttpOnly; SameSite=Lax"
    )
    assert locality.cookie(None, "/", secure=True).endswith("; Secure")
    shown = [("cookie", f"a=b;{COOKIE}_1=other; {COOKIE}_2={KEY}")]
    assert locality.proven(shown)
    assert locality.proven([("Cookie", "a=b"), *shown])


def test_listening_elsewhere_nobody_gets_in_and_is_told_what_to_configure():
    with pytest.raises(Unknown, match=r"\[auth\].*WHATIF_USER_HEADER.*WHATIF_TRUSTED_PROXY.*127\.0\.0\.1"):
        who({"Host": "localhost"}, local=False)


@pytest.mark.parametrize(
    ("headers", "peer"),
    [
        ({"Host": "localhost"}, "192.0.2.7"),
        ({"Host": "localhost"}, ""),
        ({"Host": "localhost"}, "somewhere"),
        ({"Host": "bank.example"}, "127.0.0.1"),
        ({"Host": "127.0.0.1.bank.example:8501"}, "127.0.0.1"),
        ({"Host": "[::1"}, "127.0.0.1"),
        ({"Host": ""}, "127.0.0.1"),
        ([("Host", "localhost"), ("host", "bank.example")], "127.0.0.1"),
        *(({"Host": "localhost", trace: "127.0.0.1"}, "127.0.0.1") for trace in TRACES_OF_PROXIES),
    ],
)
def test_the_local_user_does_not_come_through_a_proxy_or_from_a_page_elsewhere(headers: Any, peer: str):
    pairs = list(headers.items()) if isinstance(headers, dict) else headers
    with pytest.raises(Unknown, match="Open it at localhost"):
        who([*pairs, ("Cookie", SHOWN)], peer)  # whoever has the key is not lent it either


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("Localhost", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        (None, False),
        ("192.0.2.1", False),
        ("::ffff:192.0.2.1", False),
        ("localhost.example", False),
        ("unix://127.0.0.1", False),
    ],
)
def test_loopback_is_an_address_of_this_machine_only(host: str | None, own: bool):
    assert loopback(host) is own


# ---- a proxy --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1"])
@pytest.mark.parametrize("local", [True, False])
def test_the_proxy_names_the_user(peer: str, local: bool):
    assert who({HEADER.lower(): "  ann  "}, peer, local=local, **PROXY) == Person("ann", "viewer")


def test_a_name_in_utf_8_arrives_whole():
    assert who({HEADER: "Zoë Đặng".encode().decode("latin-1")}, "10.1.2.3", **PROXY).name == "Zoë Đặng"


@pytest.mark.parametrize("value", ["", "   ", None])
def test_a_proxy_that_names_nobody_lets_nobody_in(value: str | None):
    with pytest.raises(Unknown, match="names no"):
        who({} if value is None else {HEADER: value}, "10.1.2.3", **PROXY)


def test_a_name_given_twice_is_nobodys():
    with pytest.raises(Unknown, match="more than once") as refused:
        who([(HEADER, "boss"), (HEADER.lower(), "ann")], "10.1.2.3", **PROXY)
    assert "boss" not in str(refused.value)


@pytest.mark.parametrize("value", ["x" * 201, "ann\x00", "ann\tboss", "ann\u202e", "\x7f"])
def test_a_name_is_short_and_printable_and_not_repeated_otherwise(value: str):
    with pytest.raises(Unknown, match="200 printable") as refused:
        who({HEADER: value.encode().decode("latin-1")}, "10.1.2.3", **PROXY)
    assert value not in str(refused.value)
    assert who({HEADER: "x" * 200}, "10.1.2.3", **PROXY).name == "x" * 200


def test_without_a_trusted_proxy_no_header_counts():
    with pytest.raises(Unknown, match="WHATIF_TRUSTED_PROXY"):
        who({HEADER: "ann"}, user_header=HEADER)


def test_what_a_proxy_is_for_the_local_user_does_not_come_around():
    with pytest.raises(Unknown):
        who({"Host": "localhost"}, "127.0.0.1", local=True, **PROXY)


@given(
    value=st.text(max_size=40),
    peer=st.one_of(st.none(), st.text(max_size=20), st.ip_addresses().map(str)),
    forwarded=st.ip_addresses(network="10.0.0.0/8").map(str),
    local=st.booleans(),
)
def test_no_header_from_elsewhere_ever_gives_a_person(value: str, peer: str | None, forwarded: str, local: bool):
    if peer is not None and (peer.startswith(("10.", "fd", "FD")) or "::ffff:" in peer.lower()):
        return
    named = f"boss {value} of the bank"
    headers = {HEADER: named, "X-Forwarded-For": forwarded, "X-Real-IP": forwarded, "Host": "localhost"}
    with pytest.raises(Unknown) as refused:
        who(headers, peer, local=local, roles={named: "admin"}, **PROXY)
    assert named not in str(refused.value)


# ---- a login --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"email": "ann@bank.example", "preferred_username": "ann"}, "ann@bank.example"),
        ({"email": "ann@bank.example", "email_verified": True}, "ann@bank.example"),
        ({"preferred_username": " ann "}, "ann"),
        ({"email": "", "preferred_username": "ann"}, "ann"),
        ({"email": None, "preferred_username": "ann"}, "ann"),
    ],
)
def test_the_login_names_the_user(claims: dict[str, object], name: str):
    assert who(peer="192.0.2.1", login=LOGGED_IN | claims, local=False) == Person(name, "viewer")


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"is_logged_in": False, "email": "ann@bank.example"},
        {"is_logged_in": "yes", "email": "ann@bank.example"},
        {"email": "ann@bank.example"},
        LOGGED_IN,
        LOGGED_IN | {"email": " "},
        LOGGED_IN | {"email": 7, "preferred_username": ["ann"]},
        LOGGED_IN | {"email": "boss@bank.example", "email_verified": False, "preferred_username": "boss"},
    ],
)
def test_a_login_that_names_nobody_lets_nobody_in(claims: dict[str, object]):
    with pytest.raises(Unknown):
        who({HEADER: "boss", "Host": "localhost"}, "10.1.2.3", login=claims, **PROXY)


# ---- the role of a name ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "role"), [("ann", "admin"), ("ANN", "admin"), ("bob", "analyst"), ("Bob", "analyst"), ("carol", "viewer")]
)
def test_the_role_is_that_of_the_name_whatever_its_case(name: str, role: Role):
    roles = {"Ann": "admin", "bob": "analyst"}
    assert who({HEADER: name}, "10.1.2.3", roles=roles, **PROXY).role == role


@pytest.mark.parametrize(("name", "other"), [("\u212aim", "kim"), ("strauß", "strauss"), ("ａnn", "ann")])
def test_a_name_that_only_looks_like_an_admins_is_another(name: str, other: str):
    value = name.encode().decode("latin-1")
    assert who({HEADER: value}, "10.1.2.3", roles={other: "admin"}, **PROXY) == Person(name, "viewer")


def test_of_two_roles_of_a_name_the_lower_counts():
    assert who({HEADER: "ann"}, "10.1.2.3", roles={"Ann": "admin", "ann": "viewer"}, **PROXY).role == "viewer"


def test_whoever_has_no_role_stays_out():
    rules = PROXY | {"roles": {"ann": "analyst"}, "default_role": "none"}
    assert who({HEADER: "ann"}, "10.1.2.3", **rules).role == "analyst"
    with pytest.raises(Forbidden, match="bob is known but has no role") as refused:
        who({HEADER: "bob"}, "10.1.2.3", **rules)
    assert not isinstance(refused.value, Unknown)


# ---- tokens ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path)


def test_a_token_opens_what_it_is_for(tokens: Tokens):
    made = tokens.create("batch", ["score", "explain"])
    assert re.fullmatch(r"wi_[A-Za-z0-9_-]{43}", made)
    assert tokens.check(made) == Bearer("batch", frozenset({"score", "explain"}))
    assert Tokens(tokens.path.parent).check(made).name == "batch"


def test_only_hashes_are_kept_where_only_their_owner_reads(tokens: Tokens):
    made = [tokens.create(name, ["score"]) for name in ("one", "two")]
    text = tokens.path.read_text()
    assert all(each not in text and each.removeprefix("wi_") not in text for each in made)
    assert all(sha256(each.encode()).hexdigest() in text for each in made)
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600
    assert {each.name for each in tokens.path.parent.iterdir()} == {"tokens.json", "tokens.lock"}


def test_the_list_holds_no_hash(tokens: Tokens):
    made = tokens.create("batch", ["explain"], days=30)
    (listed,) = tokens.listing()
    assert (listed.name, listed.scopes) == ("batch", ("explain",))
    assert listed.expires == listed.created + timedelta(days=30)
    assert sha256(made.encode()).hexdigest() not in repr(listed)


def test_a_revoked_token_opens_nothing_for_those_who_read_before(tokens: Tokens):
    made, other = tokens.create("one", ["score"]), tokens.create("two", ["score"])
    reader = Tokens(tokens.path.parent)
    assert reader.check(made).name == "one"
    tokens.revoke("one")
    with pytest.raises(Unknown):
        reader.check(made)
    assert reader.check(other).name == "two"


def test_a_token_expires(tmp_path: Path):
    now = [NOON]
    tokens = Tokens(tmp_path, lambda: now[0])
    made = tokens.create("batch", ["score"], days=1)
    now[0] = NOON + timedelta(days=1, seconds=-1)
    assert tokens.check(made).name == "batch"
    now[0] = NOON + timedelta(days=1)
    with pytest.raises(Unknown, match="expired on 2026-03-02"):
        tokens.check(made)


@pytest.mark.parametrize("shown", [None, "", "wi_secret-guess", "wi_", "\udc80é", "x" * 10_000])
def test_an_unknown_token_is_refused_and_not_repeated(tokens: Tokens, shown: str | None):
    tokens.create("batch", ["score"])
    with pytest.raises(Unknown) as refused:
        tokens.check(shown)
    assert not shown or shown == "wi_" or shown not in str(refused.value)


def test_a_hash_is_no_token(tokens: Tokens):
    made = tokens.create("batch", ["score"])
    with pytest.raises(Unknown):
        tokens.check(sha256(made.encode()).hexdigest())


def test_without_tokens_nobody_gets_in(tokens: Tokens):
    with pytest.raises(Unknown):
        tokens.check("wi_anything")
    assert tokens.listing() == ()


@pytest.mark.parametrize("shown", [0, 1, 2, None])
def test_a_token_is_compared_with_every_hash_in_constant_time(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch, shown: int | None
):
    made = [tokens.create(name, ["score"]) for name in ("one", "two", "three")]
    against: list[str] = []

    def compare(kept: str, given: str) -> bool:
        against.append(kept)
        return kept == given

    monkeypatch.setattr("model.security.tokens.compare_digest", compare)
    if shown is None:
        with pytest.raises(Unknown):
            tokens.check("wi_other")
    else:
        tokens.check(made[shown])
    assert against == [sha256(each.encode()).hexdigest() for each in made]


def test_the_file_is_read_again_only_once_it_changed(tokens: Tokens, monkeypatch: pytest.MonkeyPatch):
    made = tokens.create("one", ["score"])
    tokens.check(made)
    reads: list[Path] = []
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: reads.append(path) or read(path))
    for _ in range(3):
        tokens.check(made)
    assert reads == []
    Tokens(tokens.path.parent).create("two", ["score"])
    reads.clear()
    tokens.check(made)
    assert reads == [tokens.path]


@pytest.mark.parametrize(
    ("scope", "opened"),
    [("score", {"score"}), ("explain", {"score", "explain"}), ("admin", {"score", "explain", "admin"})],
)
def test_a_scope_includes_those_below_it(scope: Any, opened: set[str]):
    bearer = Bearer("batch", frozenset({scope}))
    for each in SCOPES:
        if each in opened:
            require_scope(bearer, each)
        else:
            with pytest.raises(Forbidden, match=f"batch is for {scope}, and this takes {each}"):
                require_scope(bearer, each)


def broken(made: str) -> Iterator[str]:
    """Files of tokens that something is wrong with, although a good token stands in most."""
    good = {"name": "batch", "sha256": sha256(made.encode()).hexdigest(), "scopes": ["admin"]}
    good |= {"created": "2026-03-01T12:00:00Z"}
    yield ""
    yield "{"
    yield "[]"
    yield json.dumps({"tokens": [good], "more": 1})
    yield json.dumps({"tokens": [good, good]})
    for change in (
        {"sha256": "abc"},
        {"sha256": good["sha256"] + "\n"},
        {"scopes": ["everything"]},
        {"scopes": []},
        {"expires": "tomorrow"},
        {"expires": "2030-01-01T00:00:00"},
        {"expiry": "2026-03-02T12:00:00Z"},
    ):
        yield json.dumps({"tokens": [good | change]})


@pytest.mark.parametrize("text", list(broken("wi_known")))
def test_a_malformed_file_lets_nobody_in(tokens: Tokens, text: str):
    tokens.path.write_text(text)
    with pytest.raises(StoreError, match="Nobody gets in") as refused:
        tokens.check("wi_known")
    assert sha256(b"wi_known").hexdigest() not in str(refused.value)
    with pytest.raises(StoreError):
        tokens.create("more", ["score"])
    assert tokens.path.read_text() == text


def test_a_file_that_went_bad_lets_nobody_in_who_was_known_before(tokens: Tokens):
    made = tokens.create("batch", ["score"])
    assert tokens.check(made)
    tokens.path.write_text("{")
    with pytest.raises(StoreError):
        tokens.check(made)


def test_a_file_that_cannot_be_read_lets_nobody_in(tokens: Tokens):
    tokens.path.mkdir()
    with pytest.raises(StoreError, match="Nobody gets in"):
        tokens.check("wi_known")


@pytest.mark.parametrize("name", ["", " ", "a b", "../x", "-x", "x" * 65, "ann\n"])
def test_a_token_has_a_plain_name(tokens: Tokens, name: str):
    with pytest.raises(BadInput):
        tokens.create(name, ["score"])


@pytest.mark.parametrize(("scopes", "days"), [([], None), (["all"], None), (["score"], 0), (["score"], 10**6)])
def test_a_token_is_for_a_scope_there_is_and_for_days_that_end(tokens: Tokens, scopes: list[str], days: int | None):
    with pytest.raises(BadInput):
        tokens.create("batch", scopes, days)
    assert not tokens.path.exists()


def test_a_name_in_use_and_one_unknown_are_told(tokens: Tokens):
    tokens.create("batch", ["score"])
    with pytest.raises(BadInput, match="There is a token named batch"):
        tokens.create("batch", ["admin"])
    with pytest.raises(BadInput, match="There are: batch"):
        tokens.revoke("other")
    assert len(tokens.listing()) == 1


def test_changes_at_once_are_all_kept(tmp_path: Path):
    names = [f"batch-{k}" for k in range(8)]
    running = [threading.Thread(target=Tokens(tmp_path).create, args=(name, ["score"])) for name in names]
    for each in running:
        each.start()
    for each in running:
        each.join()
    assert {each.name for each in Tokens(tmp_path).listing()} == set(names)


def test_while_tokens_are_being_changed_none_is_made_and_then_it_is(tokens: Tokens, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("model.locks.WAIT_SECONDS", 0.1)
    lock = tokens.path.parent / "tokens.lock"
    with exclusive(lock, "The tokens"), pytest.raises(StoreError, match=r"^The tokens are being changed elsewhere\. "):
        tokens.create("batch", ["score"])
    assert tokens.listing() == ()
    tokens.create("batch", ["score"])  # a lock file that nobody holds is in nobody's way
    assert [each.name for each in tokens.listing()] == ["batch"]


# ---- the command line -----------------------------------------------------------------------------------------------


def run(home: Path, *words: str) -> Result:
    """What a command says, as a verb of the product's own command line."""
    main = Verbs("main")
    main.add_command(token)
    return CliRunner().invoke(main, ["token", *words], env={"WHATIF_HOME": str(home)}, catch_exceptions=False)


def test_the_command_line_makes_lists_and_revokes_a_token(tmp_path: Path):
    made = json.loads(run(tmp_path, "create", "batch", "--scope", "explain", "--days", "30", "--json").stdout)
    assert Tokens(tmp_path).check(made["token"]).name == made["name"] == "batch"
    (listed,) = json.loads(run(tmp_path, "list", "--json").stdout)["tokens"]
    assert set(listed) == {"name", "scopes", "created", "expires"}
    assert (listed["scopes"], listed["expires"]) == (["explain"], made["expires"])
    assert json.loads(run(tmp_path, "revoke", "batch", "--json").stdout) == {"name": "batch", "revoked": True}
    with pytest.raises(Unknown):
        Tokens(tmp_path).check(made["token"])


def test_the_command_line_writes_the_token_alone_to_standard_output(tmp_path: Path):
    assert "No token yet" in run(tmp_path, "list").stdout
    made = run(tmp_path, "create", "batch", "--scope", "score")
    assert Tokens(tmp_path).check(made.stdout.strip()).name == "batch"
    assert "cannot be shown again" in made.stderr
    assert re.match(r"batch +score +created .* expires never", run(tmp_path, "list").stdout)
    assert "opens nothing" in run(tmp_path, "revoke", "batch").stdout


@pytest.mark.parametrize(
    "words",
    [("revoke", "nobody"), ("create", "a b", "--scope", "score"), ("create", "x"), ("create", "x", "--scope", "y")],
)
def test_bad_use_of_the_command_line_is_told(tmp_path: Path, words: tuple[str, ...]):
    result = run(tmp_path, *words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


def test_the_verbs_stand_on_their_own_as_a_click_group():
    assert isinstance(token, click.Group)
    assert set(token.commands) == {"create", "list", "revoke"}
