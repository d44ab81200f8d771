"""The shipped proxy, started for real, and the dashboard driven through it: at the root and below a path, with the
login's word and against a forged one, before two replicas that share a database."""

import json
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from data.books import Book
from model.engine.scorer import TableScorer
from model.report import numbers
from model.security.tokens import Tokens
from model.whatif.customer.scenario import CustomerScenario, base_record
from model.whatif.customer.sensitivity import sweep
from tests.browser.conftest import book_ready, newcomer, policy_ready, press, probability, ready, sentence, settled
from tests.browser.server import Server, serving
from tests.support import postgres
from tests.support.deploy import USER, Proxy, any_certificate, bare_nginx, nginx
from tests.support.login import ANN, Login
from tests.support.standalone import alone

pytestmark = [pytest.mark.browser, pytest.mark.deploy]

BEHIND = {
    "WHATIF_USER_HEADER": USER,
    "WHATIF_TRUSTED_PROXY": "127.0.0.1",
    "WHATIF_ROLES": json.dumps({ANN: "analyst", "carol@bank.example": "admin"}),
}
UNUSED = 1  # a port that nobody listens on
MOST_VISITORS = 24  # of whom all come to one of two replicas once in eight million times


# ---- a login, a visitor ----------------------------------------------------------------------------------------------


@pytest.fixture
def login() -> Iterator[Login]:
    found = Login()
    yield found
    found.close()


@dataclass
class Visitor:
    """A browser's page, and the web sockets it opened with how many messages came over each."""

    page: Page
    sockets: dict[str, int] = field(default_factory=dict)

    def listen(self, opened: WebSocket) -> None:
        """Count what comes."""
        self.sockets[opened.url] = 0
        opened.on("framereceived", lambda _data: self.heard(opened.url))

    def heard(self, url: str) -> None:
        """One message more."""
        self.sockets[url] += 1


Visits = Callable[..., Visitor]


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visits]:
    """Opens an address as somebody who has not been here yet, whose browser takes the proxy's certificate."""
    with ExitStack() as opened:

        def go(url: str, **context: Any) -> Visitor:
            arrived = newcomer(browser, ignore_https_errors=True, **context)
            opened.callback(arrived.close)
            found = Visitor(arrived.new_page())
            found.page.on("websocket", found.listen)
            found.page.goto(url)
            return found

        yield go


@contextmanager
def proxied(home: Path, folder: Path, login: Login, below: str = "") -> Iterator[tuple[Proxy, Server]]:
    """The proxy before one dashboard."""
    with serving(home, folder, below=below, settings=BEHIND) as running:
        port = int(running.host.partition("/")[0].rpartition(":")[2])
        with nginx((port, port), login.port, below=below) as proxy:
            yield proxy, running


def who(page: Page) -> None:
    """That the page is for Ann, whatever was claimed."""
    expect(page.locator(".wi-who")).to_have_text(f"· {ANN} · analyst")


def answer(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer, redirections not followed."""

    class Stays(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_given: object) -> None:
            return None

    secure = urllib.request.HTTPSHandler(context=any_certificate())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), secure, Stays())
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with opener.open(request, timeout=60) as found:
            return found.status, dict(found.headers), found.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


# ---- one dashboard ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("below", ["", "credit"])
def test_the_dashboard_is_driven_through_the_proxy(
    home: Path,
    tmp_path: Path,
    login: Login,
    visitor: Visits,
    book: Book,
    scorer: TableScorer,
    customer: int,
    below: str,
):
    with proxied(home, tmp_path, login, below) as (proxy, _):
        at = f"{proxy.url}/{below}".rstrip("/")
        seen = visitor(f"{at}/applicant?customer={customer}&balances=-5")
        ready(seen.page)
        expect(seen.page).to_have_url(f"{at}/applicant?customer={customer}&balances=-5")
        assert "/oauth2/sign_in" in login.asked
        who(seen.page)
        (socket,) = seen.sockets
        assert socket == f"{at.replace('https', 'wss')}/_stcore/stream"
        expect(probability(seen.page)).to_have_text(told(scorer, book, customer, -5.0))
        before = seen.sockets[socket]
        press(seen.page, "Balances", "ArrowLeft")
        expect(probability(seen.page)).to_have_text(told(scorer, book, customer, -10.0))
        settled(seen.page)
        assert seen.sockets[socket] > before

        seen.page.get_by_role("link", name="Policy").click()
        policy_ready(seen.page)
        assert urlsplit(seen.page.url).path == f"{urlsplit(at).path}/policy"
        seen.page.goto(f"{at}/book?unemployment=3")
        book_ready(seen.page)
        assert urlsplit(seen.page.url).path == f"{urlsplit(at).path}/"
        expect(sentence(seen.page)).to_contain_text("unemployment 3 points higher")


def told(scorer: TableScorer, book: Book, customer: int, balances: float) -> str:
    """A customer's probability as the page writes it, reckoned from the record."""
    base = base_record(book, CustomerScenario(customer))
    curve = sweep(scorer, book, base=base, edits={}, name="balances", cutoff=600.0)
    return numbers.percent(float(curve.pd[list(curve.x).index(balances)]))


def test_whoever_claims_to_be_somebody_is_who_logged_in(home: Path, tmp_path: Path, login: Login, visitor: Visits):
    forged = {
        USER: "carol@bank.example",
        USER.lower().replace("-", "_"): "carol@bank.example",
        "X-Real-IP": "127.0.0.1",
    }
    with proxied(home, tmp_path, login) as (proxy, running):
        seen = visitor(f"{proxy.url}/policy", extra_http_headers=forged)
        policy_ready(seen.page)
        who(seen.page)
        assert "carol" not in running.log.read_text()


def test_nobody_gets_past_the_login_and_the_log_keeps_no_what_if(home: Path, tmp_path: Path, login: Login):
    with proxied(home, tmp_path, login) as (proxy, _):
        asked = {USER.replace("-", "_"): "carol@bank.example"}
        paths = ("/", "/policy?cutoff=540", "/_stcore/health", "/_stcore/stream", "/_stcore/host-config")
        for path in paths:
            status, headers, body = answer(f"{proxy.url}{path}", **asked)
            assert (status, headers["Location"], body) == (302, path, b"")
        reached = proxy.reached_at_last(len(paths))
        assert {upstream for _, upstream in reached} == {f"127.0.0.1:{login.port}"}
        assert "cutoff" not in proxy.log.read_text()
        status, headers, _ = answer(f"{proxy.plain}/policy?cutoff=540")
        assert (status, headers["Location"]) == (308, "https://127.0.0.1/policy?cutoff=540")
        assert answer(f"{proxy.plain}/api/v2/health/live")[0] == 403
        assert answer(f"{proxy.url}/login-check")[0] == 404


@pytest.mark.parametrize("below", ["", "credit/"])
def test_programs_come_to_the_service_with_a_token_and_without_a_login(
    own_home: Path, login: Login, request_of: Any, rows: Any, below: str
):
    token = Tokens(own_home).create("reports", ["score"])
    body = json.dumps(request_of(rows[:2], "predict_proba")).encode()
    with (
        alone(own_home, WHATIF_API_TOKENS="on", **BEHIND) as service,
        nginx((UNUSED, UNUSED), login.port, (service.port, service.port), below.rstrip("/")) as proxy,
    ):
        assert answer(f"{proxy.url}/{below}api/v2/health/ready")[0] == 200
        infer = f"{proxy.url}/{below}api/v2/models/credit/infer"
        status, _, said = posted(infer, body, Authorization=f"Bearer {token}")
        assert (status, len(json.loads(said)["outputs"][0]["data"])) == (200, 4)
        assert posted(infer, body)[0] == 401
        assert posted(infer, body, X_Auth_Request_Email=ANN)[0] == 401
        assert posted(infer, b" " * (33 * 2**20), Authorization=f"Bearer {token}")[0] == 413
        assert login.asked == []


def posted(url: str, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """What is answered to a body."""
    secure = urllib.request.HTTPSHandler(context=any_certificate())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), secure)
    named = {name.replace("_", "-"): value for name, value in headers.items()} | {"Content-Type": "application/json"}
    try:
        with opener.open(urllib.request.Request(url, body, named), timeout=60) as found:
            return found.status, dict(found.headers), found.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


# ---- two replicas, one database --------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_two_replicas_share_what_is_saved_and_a_visit_stays_on_one(
    own_home: Path, tmp_path: Path, login: Login, visitor: Visits
):
    with ExitStack() as running:
        database = running.enter_context(postgres.server())
        settings = {**BEHIND, "WHATIF_STORE_URL": database.url()}
        replicas = [running.enter_context(serving(own_home, tmp_path, settings=settings)) for _ in range(2)]
        ports = [int(each.url.rpartition(":")[2]) for each in replicas]
        proxy = running.enter_context(nginx((ports[0], ports[1]), login.port))

        first, one = arrived(visitor, proxy, ports)
        save(first.page, "Board's base")
        second, other = first, one
        for _ in range(MOST_VISITORS):
            if other != one:
                break
            second, other = arrived(visitor, proxy, ports)
        assert {one, other} == set(ports)

        second.page.get_by_role("link", name="Scenarios").click()
        expect(sentence(second.page)).to_have_text(re.compile("^One scenario of|^1 scenario of"))
        second.page.get_by_role("combobox", name=re.compile("Scenario")).first.click()
        second.page.get_by_role("option", name=re.compile("Board's base")).click()
        expect(sentence(second.page)).to_have_text(re.compile("^“Board's base”: Unemployment"))
        settled(second.page)

        for page, port in ((first.page, one), (second.page, other)):
            before = len(upstreams(proxy, ports))
            for path in ("/policy", "/trust", "/book"):
                page.goto(f"{proxy.url}{path}")
                who(page)
                settled(page)
            assert set(upstreams(proxy, ports)[before:]) == {port}
        assert not (own_home / "record.sqlite").exists()

        gone = replicas[ports.index(one)].process
        gone.terminate()
        try:
            gone.wait(30)
        except subprocess.TimeoutExpired:
            gone.kill()
        first.page.goto(f"{proxy.url}/book?unemployment=3")
        book_ready(first.page)
        who(first.page)


def arrived(visitor: Visits, proxy: Proxy, ports: list[int]) -> tuple[Visitor, int]:
    """Somebody new, and the replica they came to."""
    before = len(upstreams(proxy, ports))
    found = visitor(f"{proxy.url}/?unemployment=3")
    book_ready(found.page)
    (port,) = set(upstreams(proxy, ports)[before:])
    return found, port


def upstreams(proxy: Proxy, ports: list[int]) -> list[int]:
    """The replica of each request that came to one."""
    reached = [int(upstream.rpartition(":")[2]) for _, upstream in proxy.reached() if "," not in upstream]
    return [port for port in reached if port in ports]


def save(page: Page, name: str) -> None:
    """Save what the book page assumes."""
    page.get_by_role("button", name="Save").first.click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_test_id("stFormSubmitButton").get_by_role("button", name="Save").click()
    expect(page.get_by_text(f"Saved as “{name}”, version 1.")).to_be_visible()
    page.keyboard.press("Escape")
    settled(page)


# ---- a proxy of one line, before a dashboard without a login ---------------------------------------------------------

SOCKETS = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
AS_ITSELF = "proxy_set_header Origin http://$proxy_host;"


@pytest.mark.parametrize("more", ["", SOCKETS, SOCKETS + AS_ITSELF], ids=["default", "web sockets", "and origin"])
def test_whoever_a_proxy_of_one_line_sends_is_nobody(home: Path, tmp_path: Path, visitor: Visits, more: str):
    """It says nothing of itself, and that this machine is asked for by its own name; with the last line even the web
    socket opens, as from a page of the dashboard's own."""
    with serving(home, tmp_path) as running, bare_nginx(int(running.url.rpartition(":")[2]), more) as url:
        for path in ("/api/v2", "/api/releases/champion/artefact", "/phone/cards/model.json", "/_stcore/metrics"):
            assert answer(url + path)[0] == 401, path
        assert posted(f"{url}/api/rollback", b'{"why": "x"}')[0] == 401
        assert posted(f"{url}/api/v2/models/credit/infer", b"{}", Cookie="whatif_here_1=x")[0] == 401
        seen = visitor(f"{url}/policy")
        if AS_ITSELF in more:
            expect(seen.page.get_by_test_id("stAlert")).to_contain_text("Open the link that it printed")
        expect(seen.page.locator(".wi-number")).to_have_count(0)
        noted = [json.loads(line) for line in running.log.read_text().splitlines() if line.startswith("{")]
        assert {each["event"] for each in noted} >= {"call refused"}
        assert {each["from"] for each in noted} == {"127.0.0.1"}
