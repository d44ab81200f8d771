"""How a call signs in to a model server: a bearer token, a key in a header, OAuth client credentials, a certificate.

A token of OAuth is fetched when the first call needs it and kept until shortly before it ends; a server that refuses
one is asked again with a fresh one, once.
"""

import re
import ssl
from collections.abc import Callable, Generator
from pathlib import Path
from threading import Lock
from time import monotonic as clock

import httpx

from data.errors import BadInput
from model.deployed.withheld import Secrets
from model.errors import NoAnswer, Refused
from model.settings import Settings

EARLY = 30.0  # seconds before its end at which a token is fetched anew
SHORTEST = 60.0  # seconds for which one is kept where nothing is said of its end
SENDABLE = re.compile(r"[\x21-\x7e]*")


def plain_headers(settings: Settings) -> dict[str, str]:
    """The headers that sign in to every call; BadInput where one cannot be sent."""
    token = _secret(settings, "model_token")
    found = {"authorization": f"Bearer {token}"} if token else {}
    key = _secret(settings, "model_api_key")
    if key:
        if not re.fullmatch(r"[A-Za-z0-9-]+", settings.model_api_key_header):
            raise BadInput("WHATIF_MODEL_API_KEY_HEADER must be the name of a header, such as X-API-Key.")
        found[settings.model_api_key_header.lower()] = key
    return found


def known_secrets(settings: Settings) -> tuple[str, ...]:
    """All that is withheld wherever a server repeats it."""
    return tuple(_secret(settings, name) for name in ("model_token", "model_api_key", "model_oauth_secret"))


def _secret(settings: Settings, name: str) -> str:
    given = getattr(settings, name)
    text: str = given.get_secret_value() if given else ""
    if not SENDABLE.fullmatch(text):
        raise BadInput(f"WHATIF_{name.upper()} holds blanks or characters that a header cannot carry. Set it anew.")
    return text


def tls(settings: Settings) -> ssl.SSLContext | bool:
    """The authorities that are trusted, those in a file or those that httpx brings along, and the certificate that is
    shown; BadInput where a file cannot be used."""
    if settings.model_ca is None and settings.model_certificate is None:
        return True
    context = _authorities(settings.model_ca)
    if settings.model_certificate is not None:
        try:
            context.load_cert_chain(settings.model_certificate, settings.model_certificate_key)
        except (OSError, ssl.SSLError) as error:
            raise BadInput(
                f"The certificate in {settings.model_certificate} cannot be used: {error.strerror or error}. "
                "WHATIF_MODEL_CERTIFICATE must name a file in PEM format, and WHATIF_MODEL_CERTIFICATE_KEY that of its "
                "key, without a password, unless it stands in the same file."
            ) from error
    return context


def _authorities(path: Path | None) -> ssl.SSLContext:
    if path is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"The certificate authorities in {path} cannot be read: {error.strerror or error}. "
            "WHATIF_MODEL_CA must name a file in PEM format, or nothing."
        ) from error


class ClientCredentials(httpx.Auth):
    """OAuth 2.0 client credentials (RFC 6749, 4.4) for every call; from any thread. ``fetch`` sends the request for a
    token."""

    def __init__(self, settings: Settings, secrets: Secrets, fetch: Callable[[httpx.Request], httpx.Response]) -> None:
        self._url, self._id, self._scope = (
            str(settings.model_oauth_url),
            settings.model_oauth_id,
            settings.model_oauth_scope,
        )
        self._secret, self._secrets, self._fetch = _secret(settings, "model_oauth_secret"), secrets, fetch
        self._lock, self._token, self._until = Lock(), "", 0.0
        if not (self._id and self._secret):
            raise BadInput("WHATIF_MODEL_OAUTH_URL needs WHATIF_MODEL_OAUTH_ID and WHATIF_MODEL_OAUTH_SECRET.")

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """A call with a token; once more with a fresh one where it is refused."""
        token = self._current("")
        request.headers["authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == 401:
            request.headers["authorization"] = f"Bearer {self._current(token)}"
            yield request

    def _current(self, refused: str) -> str:
        """The token now in force, which is another than the one ``refused``."""
        with self._lock:
            if not self._token or self._token == refused or clock() > self._until:
                self._token, lasts = self._fetched()
                self._secrets.also(self._token)
                self._until = clock() + max(lasts - EARLY, EARLY)
            return self._token

    def _fetched(self) -> tuple[str, float]:
        host = httpx.URL(self._url).host
        form = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {})
        request = httpx.Request("POST", self._url, data=form, headers={"accept": "application/json"})
        request = next(httpx.BasicAuth(self._id, self._secret).auth_flow(request))
        try:
            answer = self._fetch(request)
        except httpx.TransportError as error:
            raise NoAnswer(
                f"{host}, which gives the tokens for the deployed model, does not answer ({type(error).__name__}). "
                "Check WHATIF_MODEL_OAUTH_URL and that it runs, then try again."
            ) from None
        try:
            said = answer.json() if answer.status_code == 200 else {}
        except ValueError:
            said = {}
        token = said.get("access_token") if isinstance(said, dict) else None
        if not isinstance(token, str) or not token or not SENDABLE.fullmatch(token):
            raise Refused(
                f"{host} gives no token for the deployed model ({answer.status_code}). Check WHATIF_MODEL_OAUTH_ID, "
                "WHATIF_MODEL_OAUTH_SECRET and WHATIF_MODEL_OAUTH_SCOPE."
            )
        lasts = said.get("expires_in")
        return token, float(lasts) if isinstance(lasts, int | float) and lasts > 0 else SHORTEST
