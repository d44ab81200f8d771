"""The content security policy in a real browser: what is smuggled into a page does not run, and nothing names the
server."""

import http.client
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import newcomer, policy_ready
from tests.browser.server import Server

pytestmark = pytest.mark.browser

SMUGGLED = {
    "script-src-elem": """const script = document.createElement("script");
        script.textContent = "window.hit = 1";
        document.body.append(script);""",
    "script-src-attr": """document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.hit = 1'>");""",
    "frame-src": """document.body.insertAdjacentHTML("beforeend", "<iframe src=http://127.0.0.1:1/></iframe>");""",
    "base-uri": """document.head.insertAdjacentHTML("afterbegin", "<base href=http://evil.example/>");""",
    "form-action": """document.body.insertAdjacentHTML("beforeend", "<form action=http://127.0.0.1:1/></form>");
        document.querySelector("form[action]").submit();""",
    "connect-src": """fetch("http://127.0.0.1:1/").catch(() => 0);""",
    "img-src": """new Image().src = "http://127.0.0.1:1/?what=if";""",
    "script-src": """setTimeout("window.hit = 1");""",
}


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server) -> Iterator[Page]:
    context = newcomer(browser, server)
    found = context.new_page()
    found.goto(f"{server.url}/policy")
    policy_ready(found)
    yield found
    context.close()


@pytest.mark.parametrize("directive", SMUGGLED)
def test_what_is_smuggled_into_a_page_is_refused(page: Page, directive: str) -> None:
    refused = page.evaluate(
        """() => new Promise((done) => {
          document.addEventListener("securitypolicyviolation", (said) => done(said.effectiveDirective), {once: true});
        """
        f"{SMUGGLED[directive]} }})"
    )
    assert refused == directive
    assert page.evaluate("window.hit") is None


def test_no_answer_names_the_server(server: Server) -> None:
    host, _, port = server.host.partition(":")
    for path in ("/", "/_stcore/health", "/api/ping", "/static/nothing", "/media/nothing", "/phone/", "/open/x"):
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.getheader("server") is None, path
        assert answer.getheader("x-content-type-options") == "nosniff", path
        assert answer.getheader("content-security-policy"), path
        connection.close()
    key = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    key |= {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    for origin in ({}, {"Origin": "http://evil.example"}):
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        connection.request("GET", "/_stcore/stream", headers=key | origin)
        assert connection.getresponse().getheader("server") is None
        connection.close()
