"""The shipped proxy before services, and somebody who sends headers without end, and halves of requests."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from model.security.tokens import Tokens
from tests.support.attacks import ENDLESS, Watch, held, last_words, status_of
from tests.support.deploy import any_certificate, nginx
from tests.support.inside import INFER
from tests.support.standalone import Alone, alone, post

pytestmark = pytest.mark.deploy

UNUSED = 1  # a port that nobody listens on
LIVE = "/api/v2/health/live"


@pytest.fixture
def service(own_home: Path) -> Iterator[Alone]:
    """A service that trusts the proxy's address."""
    with alone(own_home, WHATIF_TRUSTED_PROXY="127.0.0.1", WHATIF_API_TOKENS="on") as found:
        yield found


def test_what_keeps_the_proxy_waiting_keeps_nobody_from_being_answered(service: Alone, own_home: Path):
    token, tls = Tokens(own_home).create("branch", ["score"]), any_certificate()
    whole = post(b"{}", f"/api{INFER}")
    whole = whole.replace(b"\r\n", f"\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n".encode(), 1)
    with nginx((UNUSED, UNUSED), UNUSED, services=(service.port, service.port)) as proxy, ExitStack() as opened:
        port = int(proxy.url.rpartition(":")[2])
        with Watch(port, LIVE, tls) as health:
            for kind in ("a header", "headers", "an address"):
                begins, goes_on = ENDLESS[kind]
                assert status_of(port, begins + goes_on, tls) in (400, 414)
            unfinished = held(port, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", 1100, tls)
            halves = held(port, whole[:-1], 64, tls)
            for each in (*unfinished, *halves):
                opened.enter_context(each)
            assert status_of(port, whole, tls) == 400  # by the service, which got all of it
        assert set(health.statuses) == {200}
        assert [path for path, _ in proxy.reached_at_last(1, but=LIVE)] == [f"/api{INFER}"]
        for each in (unfinished[0], unfinished[-1], halves[0]):
            assert last_words(each)[9:12] in (b"", b"408")
