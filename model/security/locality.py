"""Proof that somebody sits at this machine, which no proxy can lend: a key that is printed where this process starts.

That a connection comes from this machine proves nothing: so does every connection of a proxy that runs on it, whoever
stands behind, and what it is set to leave out cannot be missed. The key is new with every start, is never sent but to a
browser that shows it, and is kept there in a cookie. So whoever reads what the start printed gets in, and whoever does
not has nothing to send.
"""

from collections.abc import Iterable
from hmac import compare_digest
from secrets import token_urlsafe

KEY = token_urlsafe(32)
COOKIE = "whatif_here"  # then the port, as a browser keeps one jar for all ports of a machine
TRACES = (  # of a proxy, in the names of headers, whatever stands before or behind them
    "auth-request",
    "cdn-loop",
    "client-cert",
    "client-cn",
    "client-ip",
    "clientip",
    "connecting-ip",
    "forwarded",
    "front-end-https",
    "max-forwards",
    "original-host",
    "original-ur",
    "originating-ip",
    "proxy",
    "real-ip",
    "remote-addr",
    "remote-ip",
    "remote-user",
    "request-start",
    "rewrite-url",
    "src-ip",
    "user-ip",
    "webauth-user",
)
OF_PROXIES = (
    "via",
    "cf-",
    "x-akamai-",
    "x-amzn-",
    "x-arr-",
    "x-azure-",
    "x-cloud-",
    "x-envoy-",
    "x-github-",
    "x-host",
    "x-kong-",
    "x-ms-",
    "x-scheme",
    "x-traefik-",
    "x-tyk-",
    "x-varnish",
    "x-vercel-",
    "x-via",
)  # how they begin


def is_key(given: str) -> bool:
    """Whether this is the key of this start."""
    return compare_digest(given.encode("utf-8", "replace"), KEY.encode())


def cookie(port: int | None, path: str, secure: bool) -> str:
    """What keeps the key in a browser, until it is closed: sent to this machine only, and never to a script."""
    more = "; Secure" if secure else ""
    return f"{COOKIE}_{port or 0}={KEY}; Path={path}; HttpOnly; SameSite=Lax{more}"


def proven(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a request holds the key in its cookie."""
    for name, value in headers:
        if name.lower() == "cookie":
            for each in value.split(";"):
                called, _, given = each.strip().partition("=")
                if called.startswith(COOKIE) and is_key(given):
                    return True
    return False


def traces(headers: Iterable[tuple[str, str]]) -> list[str]:
    """The names of headers that a proxy leaves behind."""
    names = [name.lower().replace("_", "-") for name, _ in headers]
    return [each for each in names if each.startswith(OF_PROXIES) or any(trace in each for trace in TRACES)]
