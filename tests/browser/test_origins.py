"""A page of another origin, in a real browser, does not move the champion of a local dashboard."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from model.record.database import engine
from model.record.trail import recent
from model.release.store import Store
from model.security.tokens import Tokens
from model.settings import Settings
from tests.browser.conftest import Start, book_ready, newcomer
from tests.support.forging import point, twin

pytestmark = pytest.mark.browser

Attack = Callable[[Page, str], None]


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The port of another web site on this machine, of one empty page."""

    class Empty(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Elsewhere</title>")

        def log_message(self, *_given: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield str(server.server_address[1])
    server.shutdown()
    server.server_close()


def form(page: Page, url: str) -> None:
    """Send a form, which leads the browser there."""
    with page.expect_navigation():
        page.evaluate(
            """(url) => {
              const form = document.createElement("form");
              form.method = "post";
              form.action = url;
              document.body.append(form);
              form.submit();
            }""",
            url,
        )


def sandboxed(page: Page, url: str) -> None:
    """Send a form from a frame of no origin, of whose requests only the browser's complaint is heard."""
    with page.expect_console_message(lambda message: "403" in message.text):
        page.evaluate(
            """(url) => {
              const frame = document.createElement("iframe");
              frame.sandbox = "allow-forms allow-scripts";
              frame.srcdoc = `<form method=post action="${url}"></form><script>document.forms[0].submit()</script>`;
              document.body.append(frame);
            }""",
            url,
        )


def unseen(page: Page, url: str) -> None:
    """Fetch what may be asked for and not looked at."""
    page.evaluate("(url) => fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include'})", url)


def beacon(page: Page, url: str) -> None:
    """Have it sent in the background."""
    with page.expect_event("requestfinished", lambda sent: sent.url == url):
        assert page.evaluate("(url) => navigator.sendBeacon(url, 'x')", url)


ATTACKS: tuple[Attack, ...] = (form, sandboxed, unseen, beacon)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_page_elsewhere_moves_the_champion(
    start: Start, browser: Browser, own_home: Path, elsewhere: str, host: str
) -> None:
    store = Store(own_home, "cards")
    point(store, previous=twin(store))
    server = start(own_home)
    before, url = store.aliases(), server.url
    context = newcomer(browser, server)
    page = context.new_page()
    for path in ("/api/rollback?why=x", f"/api/releases/{before['previous']}/promote?why=x"):
        for attack in ATTACKS:
            page.goto(f"http://{host}:{elsewhere}/")
            attack(page, url + path)
            assert store.aliases() == before

    page.goto(f"{url}/api/ping")  # our own page, with a token: what was refused is what works otherwise
    token = Tokens(own_home).create("risk-office", ["admin"])
    moved = page.evaluate(
        """(token) => fetch("/api/rollback", {
          method: "POST",
          headers: {Authorization: `Bearer ${token}`, "Content-Type": "application/json"},
          body: JSON.stringify({why: "x"}),
        })
          .then((answer) => answer.status)""",
        token,
    )
    context.close()
    assert moved == 200
    assert store.aliases() == {"champion": before["previous"], "previous": before["champion"]}


def test_no_page_elsewhere_scores_opens_a_web_socket_or_frames_the_dashboard(
    start: Start, browser: Browser, own_home: Path, elsewhere: str
) -> None:
    server = start(own_home)
    context = newcomer(browser, server)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{elsewhere}/")
    unseen(page, f"{server.url}/api/v2/models/credit/infer")
    opened = page.evaluate(
        """(url) => new Promise((done) => {
          const socket = new WebSocket(url, ["streamlit"]);
          socket.onopen = () => done("open");
          socket.onerror = () => done("refused");
        })""",
        f"ws://{server.host}/_stcore/stream",
    )
    assert opened == "refused"
    with page.expect_response(lambda answer: answer.url == f"{server.url}/"):
        page.evaluate(
            """(url) => {
              const frame = document.createElement("iframe");
              frame.src = url;
              document.body.append(frame);
            }""",
            f"{server.url}/",
        )
    expect(page.frame_locator("iframe").get_by_test_id("stApp")).to_have_count(0)

    page.goto(server.url)  # the dashboard's own page opens its own web socket
    book_ready(page)
    context.close()
    own = engine(Settings(home=own_home))
    assert recent(own) == []
    own.dispose()
