"""Who is looking, asked before anything else of a page; and what they may see."""

import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote, urlsplit
from uuid import uuid4

import streamlit as st
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from data.errors import WhatIfError
from model.api import errors
from model.errors import Forbidden, Unknown
from model.security import locality, origins, people
from model.security.events import CALLER, Caller, security_event
from model.security.headers import NOT_KEPT, guarded
from model.security.people import Deed, Person
from model.settings import settings
from pages.shared.policy import page_policy

# The name is new with every start and never sent anywhere, so nobody outside can write this header.
PEER = f"x-whatif-peer-{secrets.token_hex(16)}"
CLAIMS = ("email", "email_verified", "preferred_username")


class Peer:
    """ASGI middleware: writes the other end of the TCP connection into a header that only this process knows.

    Measured with uvicorn 0.54 under Streamlit 1.67, which starts it with ``proxy_headers`` on and no way to turn it
    off: whoever connects from 127.0.0.1 or ::1 (or from FORWARDED_ALLOW_IPS) and sends ``X-Forwarded-For: 10.1.2.3``
    is 10.1.2.3 in ``scope["client"]`` and in ``st.context.ip_address``; from elsewhere both are the TCP peer. Over
    loopback without the header, ``st.context.ip_address`` is None. So any process of this machine could pass for a
    proxy at 10.1.2.3, and a proxy on this machine passes for its visitor. The socket itself, behind uvicorn's
    ``receive``, is the peer in every case.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] in ("http", "websocket"):
            scope[errors.PEER] = peer(scope, receive)
            scope["headers"] = [*scope["headers"], (PEER.encode(), scope[errors.PEER].encode())]
            _unnamed(receive)
        await self.app(scope, receive, send)


def _login_noted(scope: Scope, headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Write down that a login failed: Streamlit leads back from it either way, and gives a cookie if it did not."""
    if not scope["path"].endswith("/oauth2callback"):
        return
    cookies = [value.partition(b";")[0].partition(b"=") for name, value in headers if name.lower() == b"set-cookie"]
    if not any(name == USER_COOKIE_NAME.encode() and value.strip(b'"') for name, _, value in cookies):
        security_event("login failed", "", "log in", "The login's provider, or Streamlit, let nobody in.")


def _unnamed(receive: Receive) -> None:
    """No answer names the server: uvicorn would, and Streamlit starts it with no way to say otherwise. What a server
    says of itself stands in its configuration, of which each request's cycle has a copy."""
    cycle = getattr(receive, "__self__", None)
    transport = getattr(cycle, "transport", None)
    protocol = transport.get_protocol() if transport is not None and hasattr(transport, "get_protocol") else None
    for holder, name in ((getattr(protocol, "config", None), "encoded_headers"), (cycle, "default_headers")):
        told = getattr(holder, name, ())
        if any(each[0] == b"server" for each in told):
            setattr(holder, name, [each for each in told if each[0] != b"server"])


def peer(scope: Scope, receive: Receive) -> str:
    """The address of the TCP peer; "" where it cannot be told, which nobody trusts."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is not None:
        found = transport.get_extra_info("peername")
    elif any(name == b"x-forwarded-for" for name, _ in scope["headers"]):
        found = None  # another server, or one that logs every message: its client may be what the header claims
    else:
        found = scope.get("client")
    return str(found[0]) if isinstance(found, list | tuple) and found else ""


class OwnPages:
    """ASGI middleware: web pages of another origin are refused whatever they send, fetch or embed (a link may lead here
    from anywhere), and none shows one of ours in a frame, where a click meant for it would be a click here. Every
    answer says what a browser may do with it.

    Streamlit's own checks let in any page of this machine, whatever its port, and look up this machine's address
    elsewhere before they refuse one. Origins that it is told to allow (``server.corsAllowedOrigins``) are allowed here.
    What begins with one of ``but`` refuses for itself.
    """

    def __init__(self, app: ASGIApp, but: tuple[str, ...] = ()):
        self.app, self.but = app, but

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        with errors.called_by(scope):
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowed = [each.strip() for each in st.get_option("server.corsAllowedOrigins")]

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                _login_noted(scope, message["headers"])
                own = [NOT_KEPT] if "/media/" in scope["path"] else []  # what somebody takes along
                message["headers"] = guarded([*message["headers"], *own], page_policy(), ("'self'", *allowed))
            await send(message)

        headers = HTTPConnection(scope).headers.items()
        try:
            if scope["type"] == "websocket":
                origins.from_here(headers, allowed)
            elif not scope["path"].startswith(self.but):
                origins.opened_here(scope["method"], headers, allowed)
        except Forbidden as error:
            errors.noted(error, scope)
            refused = WebSocketClose() if scope["type"] == "websocket" else errors.refusal(error, uuid4().hex)
            await refused(scope, receive, told)
            return
        await self.app(as_own(scope), receive, told)


def as_own(scope: Scope) -> Scope:
    """The opening of a web socket from an origin that was let in, with the origin spelt as the host that was asked for.

    Streamlit compares the two as text, and for any other spelling (``http://BANK`` at ``bank``, the port said or not,
    an origin of ``server.corsAllowedOrigins``) asks a server of Amazon's in its event loop what address it has.
    """
    headers = dict(scope["headers"])
    if scope["type"] != "websocket" or b"origin" not in headers:
        return scope
    own = b"%s://%s" % (headers[b"origin"].partition(b"://")[0], headers.get(b"host", b""))
    kept = [(name, value) for name, value in scope["headers"] if name != b"origin"]
    return {**scope, "headers": [*kept, (b"origin", own)]}


def listening_at() -> str:
    """Where the server listens, as a browser of this machine is told; asked of nobody."""
    scheme, host = "https" if st.get_option("server.sslCertFile") else "http", st.get_option("server.address")
    everywhere = host in (None, "", "0.0.0.0", "::")
    named = f"[{host}]" if ":" in (host or "") else host
    return f"{scheme}://{'localhost' if everywhere else named}:{st.get_option('server.port')}"


ENTRANCE = "/open"  # below the dashboard's own path: with the key of this start, the way in at its machine


def local_link() -> str:
    """The link that lets in whoever sits at this machine; "" where people show otherwise who they are, or cannot."""
    address = str(st.get_option("server.address") or "")
    if settings().user_header or login_configured() or not people.loopback(address):
        return ""
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"{listening_at()}{f'/{path}' if path else ''}{ENTRANCE}/{locality.KEY}"


async def entered(request: Request) -> RedirectResponse:
    """Keep the key in the browser, and lead away from an address that holds it: to the page that stands behind the key,
    what-if and all, or to the first. A key that is none opens nothing: the page says so, and where the right one is."""
    key = request.path_params["key"]
    below = request.scope["path"].partition(f"{ENTRANCE}/{key}")[0]
    page = quote(request.path_params.get("page", "").strip("/"))  # and so of this address, whatever is written there
    asked = f"?{request.url.query}" if request.url.query else ""
    answer = RedirectResponse(f"{below}/{page}{asked}", 303, {"Cache-Control": "no-store"})
    if locality.is_key(key):
        url = request.url
        answer.headers["Set-Cookie"] = locality.cookie(url.port, f"{below}/", secure=url.scheme == "https")
    return answer


def connection() -> tuple[list[tuple[str, str]], str | None]:
    """The headers the browser's connection was opened with, and its TCP peer: "" where it is not told, which nobody
    trusts; None where there is no connection, as in a test of a page."""
    headers = st.context.headers
    given = [(name, value) for name in headers for value in headers.get_all(name)]
    return given, _told_peer(headers.get_all(PEER)) if given else None


def _told_peer(told: Sequence[str]) -> str:
    """What the middleware wrote; without it this is not the application, and who asks is not known."""
    return told[0] if len(told) == 1 else ""


def login() -> Mapping[str, object] | None:
    """What the login says of the visitor, empty before they log in; None if no login is configured."""
    return _claims(st.user) if _login_asked_for() else None


def _login_asked_for() -> bool:
    """Whether visitors must log in. Unknown where what the login says could be overwritten."""
    if not _providers():
        return False
    if st.get_option("server.trustedUserHeaders"):  # would overwrite what the login says, whoever sends them
        raise Unknown(
            "server.trustedUserHeaders lets anybody choose a name. Remove it; use WHATIF_USER_HEADER instead."
        )
    return True


def _claims(user: Mapping[str, object]) -> dict[str, object]:
    """What counts of what a login says, empty where nobody is logged in."""
    claims = {name: user.get(name) for name in CLAIMS if name in user}
    return claims | {"is_logged_in": True} if user.get("is_logged_in") is True else {}


def login_configured() -> bool:
    """Whether visitors must log in, or would have to if the file of secrets could be read."""
    try:
        return bool(_providers())
    except Unknown:
        return True


def _providers() -> list[str]:
    """The login's providers by name; none if no login is configured.

    A file of secrets that cannot be parsed counts to Streamlit as none, and the login it was to configure would be off
    without a word.
    """
    if not st.secrets.load_if_toml_exists():
        if any(Path(each).exists() for each in st.get_option("secrets.files")):
            raise Unknown("The file secrets.toml cannot be read, so it is not known who may look. Have it put right.")
        return []
    if "auth" not in st.secrets:
        return []
    section = st.secrets["auth"]
    named = [name for name, each in section.items() if isinstance(each, Mapping) and name != "client_kwargs"]
    return named if named and "client_id" not in section else ["default", *named]


def current() -> Person:
    """Who is looking. Stops the page, with a login or the reason why not, if nobody who may."""
    try:
        headers, other = connection()
        CALLER.set(Caller(other or "", tuple(headers)))
        claims = login()
        if claims is not None and not claims:
            _ask()
        local = people.loopback(st.get_option("server.address"))
        return people.identify(settings(), headers, peer=other, login=claims, local=local)
    except WhatIfError as error:
        if isinstance(error, Forbidden):
            security_event("login failed", error.who, "look", str(error))
        st.error(str(error), icon=":material/lock:")
        if st.user.get("is_logged_in") is True:
            st.button("Log out", on_click=st.logout)
        st.stop()


def requesting(connection: HTTPConnection) -> Person:
    """Who sends a request that no page of Streamlit's answers, by the same rules as `current`: its login is the cookie
    that Streamlit gave the browser.

    Raises
    ------
    Unknown, Forbidden
        If it is nobody who may look.
    """
    claims = _claims(_logged_in_by(connection)) if _login_asked_for() else None
    other = _told_peer(connection.headers.getlist(PEER))
    local = people.loopback(st.get_option("server.address"))
    return people.identify(settings(), connection.headers.items(), peer=other, login=claims, local=local)


def _logged_in_by(connection: HTTPConnection) -> Mapping[str, object]:
    """What the login's cookie says, signed by Streamlit with the secret of its configuration; empty without a good one.
    As Streamlit does, one that was given out at another address does not count."""
    secret = get_cookie_secret()

    def signed(name: str) -> bytes | None:
        value = connection.cookies.get(name)
        return None if value is None else decode_signed_value(secret, name, value.encode("latin-1"))

    found = get_cookie_with_chunks(signed, USER_COOKIE_NAME)
    said = json.loads(found) if found else {}
    own = urlsplit(str(said.get("origin", ""))).netloc
    return said if own and own == connection.headers.get("host") else {}


def _ask() -> NoReturn:
    st.subheader("Credit What-If")
    st.write("Log in to see this dashboard.")
    for name in _providers():
        st.button("Log in" if name == "default" else f"Log in with {name}", on_click=st.login, args=(name,))
    st.stop()


def withheld(what: Deed) -> str:
    """Why whoever is looking may not do this; "" if they may."""
    return "" if people.may(current(), what) else f"{people.needed(what)} {people.ASK}"


def allow(what: Deed) -> bool:
    """Whether whoever is looking may do this; if not, what it takes is written here."""
    why = withheld(what)
    if why:
        security_event("role refused", current().name, what, why)
        st.caption(why)
    return not why
