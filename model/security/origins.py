"""Which page a browser asks for: one of ours, or one of another web site, which would ask as whoever sits before it.

The one place that decides it, for pages, web sockets and service alike.
"""

from collections.abc import Collection, Iterable, Sequence
from urllib.parse import urlsplit

from model.errors import Forbidden

SAFE = ("GET", "HEAD", "OPTIONS")  # methods that change nothing, here as everywhere
OWN_SITES = ("same-origin", "none")  # of Sec-Fetch-Site; none is an address typed, or a link from outside the browser
FRAMES = ("iframe", "frame")  # of Sec-Fetch-Dest; what may frame a page, its frame-ancestors say


def from_here(headers: Iterable[tuple[str, str]], allowed: Collection[str] = ()) -> None:
    """Forbidden if a browser sends this for a page that is not ours: it would, for any page that asks it to, and as
    whoever sits before it.

    Programs send neither ``Origin`` nor ``Sec-Fetch-Site``; a browser's page cannot leave both out of what is no GET,
    nor out of the opening of a web socket. The page is ours if its origin is the very host that was asked for, or one
    of those ``allowed``. Another port of this machine is another origin.
    """
    given = [(name.lower(), value.strip()) for name, value in headers]
    hosts = _values(given, "host")
    origins = _values(given, "origin")
    if origins and all(each in allowed for each in origins):
        return
    sites = [value.lower() for value in _values(given, "sec-fetch-site")]
    if any(each not in OWN_SITES for each in sites) or not all(_is_at(each, hosts) for each in origins):
        raise Forbidden(
            "A web page of another origin asks for this, or it is not told which. Only pages of this very address may, "
            "and programs, which send neither Origin nor Sec-Fetch-Site."
        )


def opened_here(method: str, headers: Iterable[tuple[str, str]], allowed: Collection[str] = ()) -> None:
    """Likewise of what people open: a link may lead here from anywhere, as an address holds a what-if and is sent
    around. So a browser's window, and a frame where pages are ``allowed`` to have one, may be led to what is only read;
    whatever a page of another origin fetches, embeds or sends is Forbidden."""
    given = [(name.lower(), value.strip()) for name, value in headers]
    frames = FRAMES if allowed else ()
    led = (
        method in SAFE
        and not _values(given, "origin")
        and _values(given, "sec-fetch-mode") == ["navigate"]
        and _values(given, "sec-fetch-dest") in [["document"], *([each] for each in frames)]
    )
    if not led:
        from_here(given, allowed)


def _values(given: Iterable[tuple[str, str]], wanted: str) -> list[str]:
    return [value for name, value in given if name == wanted]


def _is_at(origin: str, hosts: Sequence[str]) -> bool:
    """Whether an origin is that of the one host that was asked for."""
    try:
        page = urlsplit(origin)
        asked = [urlsplit(f"//{host}") for host in hosts]
        port = {"http": 80, "https": 443}[page.scheme]  # a sandboxed page, and a file, have the origin "null"
        own = (page.hostname, page.port or port)
        return len(asked) == 1 and own == (asked[0].hostname, asked[0].port or port)
    except (KeyError, ValueError):
        return False
