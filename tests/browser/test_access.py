"""Who gets in, in a real browser: behind a proxy, around it, and with a login."""

import base64
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from playwright.sync_api import Browser, Page, WebSocket, expect

from model.release.release import Release
from tests.browser import server
from tests.browser.conftest import book_ready, newcomer, policy_ready, ready, settled, trust
from tests.browser.server import Server, free_port, serving

pytestmark = pytest.mark.browser

USER = "X-Remote-User"
ROLES = json.dumps({"Ann@bank.example": "analyst", "carol": "admin"})
REFUSED = re.compile("proxy|listens beyond|login", re.IGNORECASE)
Start = Callable[..., Server]


# ---- a server as told, and a visitor whose every message is kept ---------------------------------------------------


@pytest.fixture(scope="module")
def start(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts the dashboard with settings (``USER_HEADER="X"``) and more words on its command line, once for all tests
    that ask for the same: what one visitor was shown is nothing to the next."""
    plain, folder = server._start, tmp_path_factory.mktemp("access")
    with ExitStack() as running:

        @cache
        def go(*words: str, **settings: str) -> Server:
            own = {f"WHATIF_{name}": value for name, value in settings.items()}
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(
                    server, "_start", lambda command, env, output: plain([*command, *words], env | own, output)
                )
                return running.enter_context(serving(home, folder))

        yield go


@dataclass
class Seen:
    """A visitor's page, and everything the server sent it: pages and messages of the web socket."""

    page: Page
    received: list[bytes] = field(default_factory=list)

    def listen(self, opened: WebSocket) -> None:
        """Keep what comes."""
        opened.on(
            "framereceived", lambda data: self.received.append(data if isinstance(data, bytes) else data.encode())
        )


Look = Callable[..., Seen]


@pytest.fixture
def look(browser: Browser) -> Iterator[Look]:
    """Opens an address as a new visitor, or as one who opened the link that the server ``to`` which they come
    printed."""
    with ExitStack() as opened:

        def go(url: str, to: Server | None = None, **context: Any) -> Seen:
            visitor = newcomer(browser, to, **context)
            opened.callback(visitor.close)
            seen = Seen(visitor.new_page())
            seen.page.on("websocket", seen.listen)
            seen.page.goto(url)
            return seen

        yield go


def kept_out(seen: Seen, release: Release) -> str:
    """What somebody sees who does not get in: one sentence, no frame, no menu, nothing of the book or the model."""
    alert = seen.page.get_by_test_id("stAlert")
    expect(alert).to_have_count(1)
    expect(alert).to_contain_text(REFUSED)
    nothing_told(seen, release)
    return alert.inner_text()


def nothing_told(seen: Seen, release: Release) -> None:
    """Neither on the page nor in any message is a number of the book, its title, the model or the release."""
    settled(seen.page)
    for place in (".wi-frame", ".wi-number", ".wi-sentence", ".wi-below"):
        expect(seen.page.locator(place)).to_have_count(0)
    for place in ("stSidebarNav", "stTopNav", "stDataFrame", "stPlotlyChart", "stExpander", "stSlider"):
        expect(seen.page.get_by_test_id(place)).to_have_count(0)
    expect(seen.page.get_by_role("dialog")).to_have_count(0)
    book = release.contract.book
    sent = b"".join(seen.received)
    assert sent
    for told in (f"{30_000:,}", release.id, book.title, book.as_of, "class='wi-"):
        assert told.encode() not in sent
        assert told not in seen.page.inner_text("body")


# ---- a proxy --------------------------------------------------------------------------------------------------------


class Proxy:
    """A proxy on 127.0.0.1 that sets headers of its own in place of the visitor's, and passes the rest on."""

    def __init__(self, to: Server, **headers: str):
        self._to = urlsplit(to.url)
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(visitor,), daemon=True).start()

    def _pass_on(self, visitor: socket.socket) -> None:
        with suppress(OSError), visitor, socket.create_connection((self._to.hostname, self._to.port)) as inside:
            head = b""
            while b"\r\n\r\n" not in head:
                more = visitor.recv(65536)
                if not more:
                    return
                head += more
            head, _, body = head.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            upgrade = any(line.lower().startswith("upgrade:") for line in lines)
            replaced = {name.lower() for name in self._headers} | (set() if upgrade else {"connection"})
            lines = [line for line in lines if line.split(":")[0].lower() not in replaced]
            lines += [f"{name}: {value}" for name, value in self._headers.items()]
            lines += [] if upgrade else ["Connection: close"]  # one request a connection, so that each gets them
            inside.sendall("\r\n".join([first, *lines, "", ""]).encode("latin-1") + body)
            back = threading.Thread(target=_pump, args=(inside, visitor), daemon=True)
            back.start()
            _pump(visitor, inside)
            back.join()

    def close(self) -> None:
        """Accept no more."""
        self._listening.close()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxied() -> Iterator[Callable[..., Proxy]]:
    """Puts a proxy before a server."""
    with ExitStack() as opened:

        def go(to: Server, **headers: str) -> Proxy:
            proxy = Proxy(to, **headers)
            opened.callback(proxy.close)
            return proxy

        yield go


@pytest.mark.parametrize("page", ["policy", "trust", "applicant?customer=1", ""])
def test_without_the_proxys_header_a_first_deep_link_tells_nothing(
    start: Start, look: Look, release: Release, page: str
) -> None:
    running = start(USER_HEADER=USER, TRUSTED_PROXY="127.0.0.1", ROLES=ROLES)
    told = kept_out(look(f"{running.url}/{page}"), release)
    assert "names no user" in told


def test_whom_the_proxy_names_gets_in_with_their_role(start: Start, look: Look, proxied: Callable[..., Proxy]) -> None:
    running = start(USER_HEADER=USER, TRUSTED_PROXY="127.0.0.1", ROLES=ROLES)
    # as proxies do, this one tells whom it forwards for, which uvicorn takes for the other end of the connection
    analyst = look(
        f"{proxied(running, X_Remote_User='ann@bank.example', X_Forwarded_For='203.0.113.7').url}/policy"
    ).page
    policy_ready(analyst)
    expect(analyst.locator(".wi-who")).to_have_text("· ann@bank.example · analyst")
    unfolded(analyst, "Fairness monitor")
    expect(analyst.locator(".st-key-fairness svg").first).to_be_visible()

    viewer = look(f"{proxied(running, X_Remote_User='bob', X_Forwarded_For='203.0.113.8').url}/policy")
    policy_ready(viewer.page)
    expect(viewer.page.locator(".wi-who")).to_have_text("· bob · viewer")
    unfolded(viewer.page, "Fairness monitor")
    expect(viewer.page.get_by_text("To see protected attributes takes the role analyst")).to_be_visible()
    settled(viewer.page)
    expect(viewer.page.locator(".st-key-fairness")).to_have_count(0)
    assert b"policy-fairness" not in b"".join(viewer.received)


def test_a_visitor_cannot_name_themselves_through_the_proxy(
    start: Start, look: Look, proxied: Callable[..., Proxy]
) -> None:
    running = start(USER_HEADER=USER, TRUSTED_PROXY="127.0.0.1", ROLES=ROLES)
    proxy = proxied(running, X_Remote_User="bob")
    page = look(f"{proxy.url}/trust", extra_http_headers={USER: "carol"}).page
    trust(page)
    expect(page.locator(".wi-who")).to_have_text("· bob · viewer")


@pytest.mark.parametrize("forged", ["10.1.2.3", "10.1.2.3:5555", "127.0.0.1, 10.1.2.3", "10.1.2.3, 127.0.0.1"])
def test_a_forged_forwarded_address_does_not_make_a_proxy(
    start: Start, look: Look, release: Release, proxied: Callable[..., Proxy], forged: str
) -> None:
    running = start(USER_HEADER=USER, TRUSTED_PROXY="10.0.0.0/8", ROLES=ROLES)
    forger = proxied(running, X_Remote_User="carol", X_Forwarded_For=forged, X_Real_IP="10.1.2.3")
    told = kept_out(look(f"{forger.url}/policy"), release)
    assert "does not come from the proxy" in told
    assert "carol" not in told
    assert "carol" not in running.log.read_text()


def test_a_server_of_this_machine_is_not_lent_to_others_by_a_proxy(
    start: Start, look: Look, release: Release, proxied: Callable[..., Proxy]
) -> None:
    running = start()
    for traces in ({"X_Forwarded_For": "203.0.113.7"}, {"Via": "1.1 cache"}, {"X_Client_IP": "::1"}):
        proxy = proxied(running, **traces)
        assert kept_out(look(f"{proxy.url}/trust", running), release)  # the key is lent to nobody either
    elsewhere = proxied(running, Host="bank.example", Origin="http://bank.example")
    assert kept_out(look(f"{elsewhere.url}/trust", running), release)
    trust(look(f"{running.url}/trust", running).page)


def test_a_proxy_that_leaves_no_trace_lends_nothing(
    start: Start, look: Look, release: Release, proxied: Callable[..., Proxy]
) -> None:
    """It passes on the visitor's own words and says that they are asked of this machine, as nginx does by default."""
    running = start()
    here = urlsplit(running.url).netloc
    bare = proxied(running, Host=here, Origin=running.url)
    assert "Open the link that it printed" in kept_out(look(f"{bare.url}/trust"), release)
    for path in ("/phone/cards/model.json", "/api/v2", "/api/releases/champion/artefact", "/api/metrics"):
        assert look(f"{bare.url}/_stcore/health").page.request.get(f"{bare.url}{path}").status == 401, path
    elsewhere = look(f"{bare.url}/open/whatif//evil.example/%5Cevil.example")
    assert elsewhere.page.url.startswith(f"{bare.url}/")
    guessed = look(f"{bare.url}/open/whatif")
    assert "Open the link that it printed" in kept_out(guessed, release)
    assert not [each["name"] for each in guessed.page.context.cookies() if each["name"].startswith("whatif")]
    forged = {"Cookie": f"whatif_here_{running.url.rpartition(':')[2]}=; whatif_here="}
    assert kept_out(look(f"{bare.url}/trust", extra_http_headers=forged), release)


def test_whoever_started_it_opens_the_printed_link_and_nothing_else(start: Start, look: Look, release: Release) -> None:
    running = start()
    assert running.link.startswith(f"{running.url}/open/")
    kept_out(look(running.url), release)
    seen = look(running.link)
    book_ready(seen.page)
    expect(seen.page).to_have_url(f"{running.url}/")
    seen.page.goto(f"{running.url}/trust")
    trust(seen.page)
    deep = look(f"{running.link}/applicant?customer=17&balances=-20").page
    expect(deep).to_have_url(f"{running.url}/applicant?customer=17&balances=-20")
    ready(deep)
    assert seen.page.request.get(f"{running.url}/phone/cards/model.json").status == 200
    assert seen.page.request.get(f"{running.url}/api/v2").status == 200
    key = running.link.rpartition("/")[2]
    assert seen.page.evaluate("document.cookie + location.href").find(key) == -1
    assert key.encode() not in b"".join(seen.received)
    assert running.log.read_text().count(key) == 1


def test_a_server_that_listens_elsewhere_asks_to_be_configured(start: Start, look: Look, release: Release) -> None:
    running = start("--server.address", "0.0.0.0")
    assert "WHATIF_USER_HEADER" in kept_out(look(f"{running.url}/policy"), release)


def unfolded(page: Page, panel: str) -> None:
    """Open one panel."""
    page.locator("summary").filter(has_text=panel).click()
    settled(page)


# ---- a login --------------------------------------------------------------------------------------------------------


class Provider:
    """An OpenID provider on 127.0.0.1 that logs everybody in as ``email``."""

    def __init__(self, email: str):
        self.email = email
        self._key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self._nonces: dict[str, str] = {}
        provider = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = urlsplit(self.path)
                if asked.path == "/authorize":
                    return self._redirect(provider.authorized(parse_qs(asked.query)))
                self._json(provider.documents()[asked.path])

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._json(provider.token(parse_qs(body)["code"][0]))

            def _json(self, document: dict[str, Any]) -> None:
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _redirect(self, to: str) -> None:
                self.send_response(302)
                self.send_header("Location", to)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_given: object) -> None:
                return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def documents(self) -> dict[str, dict[str, Any]]:
        """What it says of itself, by path."""
        about = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return {"/about": about, "/keys": {"keys": [self._key.as_dict(private=False)]}}

    def authorized(self, query: dict[str, list[str]]) -> str:
        """Where the browser is sent back to."""
        code = f"code-{len(self._nonces)}"
        self._nonces[code] = query["nonce"][0]
        return f"{query['redirect_uri'][0]}?{urlencode({'code': code, 'state': query['state'][0]})}"

    def token(self, code: str) -> dict[str, Any]:
        """The signed claims."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": "whatif",
            "sub": "1",
            "iat": now,
            "exp": now + 600,
            "nonce": self._nonces[code],
            "email": self.email,
            "email_verified": True,
        }
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self._key)
        return {"access_token": "unused", "token_type": "Bearer", "expires_in": 600, "id_token": signed}

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def login(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """Starts the dashboard with a login, at which everybody is ``email``."""
    with ExitStack() as opened:

        @cache
        def go(email: str) -> Server:
            provider = Provider(email)
            opened.callback(provider.close)
            port = free_port()
            secrets = tmp_path_factory.mktemp("login") / "secrets.toml"
            secrets.write_text(
                f'[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\n'
                f'cookie_secret = "{base64.b64encode(b"0123456789" * 4).decode()}"\nclient_id = "whatif"\n'
                f'client_secret = "unused"\nserver_metadata_url = "{provider.url}/about"\n'
            )
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(server, "free_port", lambda: port)
                return start("--secrets.files", str(secrets), ROLES=ROLES)

        yield go


@pytest.mark.parametrize("page", ["policy", "trust", ""])
def test_with_a_login_a_first_deep_link_shows_its_button_and_nothing_else(
    login: Callable[[str], Server], look: Look, release: Release, page: str
) -> None:
    seen = look(f"{login('ann@bank.example').url}/{page}")
    expect(seen.page.get_by_role("button", name="Log in", exact=True)).to_be_visible()
    expect(seen.page.get_by_test_id("stMain").get_by_role("button")).to_have_count(1)
    expect(seen.page.get_by_test_id("stAlert")).to_have_count(0)
    nothing_told(seen, release)


def test_whoever_logs_in_gets_in_with_their_role(login: Callable[[str], Server], look: Look) -> None:
    running = login("ann@bank.example")
    page = look(f"{running.url}/trust").page
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.locator(".wi-who")).to_have_text("· ann@bank.example · analyst")
    page.goto(f"{running.url}/trust")
    trust(page)
    expect(page.locator(".wi-who")).to_have_text("· ann@bank.example · analyst")
    log = running.log.read_text()
    assert "ann@bank.example" not in log
    assert "code-0" not in log


# ---- the app for a phone --------------------------------------------------------------------------------------------

PHONE_FILES = ("", "contents.json", "model.json", "worker.js")


def test_with_a_login_the_app_for_a_phone_is_for_whoever_is_logged_in(
    login: Callable[[str], Server], look: Look, release: Release
) -> None:
    running = login("ann@bank.example")
    page = look(f"{running.url}/trust").page
    for file in PHONE_FILES:
        refused = page.request.get(f"{running.url}/phone/cards/{file}")
        assert (refused.status, refused.json()["code"]) == (401, "UNKNOWN")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.locator(".wi-who")).to_have_text("· ann@bank.example · analyst")
    for file in PHONE_FILES:
        assert page.request.get(f"{running.url}/phone/cards/{file}").status == 200
    assert page.request.get(f"{running.url}/phone/cards/contents.json").json()["release"] == release.id
    given = {each["name"]: each["value"] for each in page.context.cookies() if "_streamlit_user" in each["name"]}
    forged = {name: value[:-2] + ("AA" if value[-2:] != "AA" else "BB") for name, value in given.items()}
    page.context.clear_cookies()
    header = "; ".join(f"{name}={value}" for name, value in forged.items())
    assert page.request.get(f"{running.url}/phone/cards/", headers={"cookie": header}).status == 401
    header = "; ".join(f"{name}={value}" for name, value in given.items())
    assert page.request.get(f"{running.url}/phone/cards/", headers={"cookie": header}).status == 200


def test_behind_a_proxy_the_app_for_a_phone_is_for_whom_it_names(
    start: Start, look: Look, proxied: Callable[..., Proxy]
) -> None:
    running = start(USER_HEADER=USER, TRUSTED_PROXY="127.0.0.1", ROLES=ROLES)
    page = look(f"{running.url}/trust").page
    for address, status in (
        (running.url, 401),
        (proxied(running, X_Remote_User="bob", X_Forwarded_For="203.0.113.8").url, 200),
        (proxied(running, X_Forwarded_For="203.0.113.8").url, 401),
    ):
        assert page.request.get(f"{address}/phone/cards/model.json").status == status
    forger = start(USER_HEADER=USER, TRUSTED_PROXY="10.0.0.0/8", ROLES=ROLES)
    forged = proxied(forger, X_Remote_User="carol", X_Forwarded_For="10.1.2.3").url
    assert page.request.get(f"{forged}/phone/cards/model.json").status == 401
