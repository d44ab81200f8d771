"""Who somebody is, what they may do, and which tokens open the REST service.

The one place that decides it, for pages and service alike. It sees headers and claims and never keeps, logs or repeats
them: what is told to somebody who is refused holds nothing that they sent.
"""

import os
import re
import secrets
import stat
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.errors import BadInput
from model.errors import Forbidden, StoreError, Unknown
from model.locks import alone
from model.settings import Role, Settings

Deed = Literal["look", "see protected attributes", "upload", "see calls", "replay", "promote", "train"]

ROLES: tuple[Role, ...] = get_args(Role)  # each may what those before it may
NEEDS: Mapping[Deed, Role] = {
    "look": "viewer",
    "see protected attributes": "analyst",
    "upload": "analyst",
    "see calls": "analyst",
    "replay": "analyst",
    "promote": "admin",
    "train": "admin",
}
LONGEST = 200  # characters of a name
ASK = "Ask whoever runs this dashboard; roles are given in WHATIF_ROLES."
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


@dataclass(frozen=True)
class Person:
    """Who is asking, and the role that decides what they may do."""

    name: str
    role: Role


LOCAL = Person("local user", "admin")


def needed(what: Deed) -> str:
    """What a deed takes, as a sentence."""
    role = NEEDS[what]
    return f"To {what} takes the role {role}{'' if role == ROLES[-1] else ' or higher'}."


def may(person: Person, what: Deed) -> bool:
    """Whether somebody's role allows a deed."""
    return ROLES.index(person.role) >= ROLES.index(NEEDS[what])


def require(person: Person, what: Deed) -> None:
    """Forbidden, with what it takes and whom to ask, if somebody may not do this."""
    if not may(person, what):
        raise Forbidden(f"{person.name} has the role {person.role}. {needed(what)} {ASK}")


# ---- who ------------------------------------------------------------------------------------------------------------


def identify(
    rules: Settings,
    headers: Iterable[tuple[str, str]],
    peer: str | None,
    login: Mapping[str, object] | None,
    local: bool,
) -> Person:
    """Who sent a request.

    Parameters
    ----------
    rules
        The settings: whose header counts, and the roles.
    headers
        The request's headers, a header sent twice as two pairs, values decoded as Latin-1.
    peer
        The other end of the TCP connection, never an address that a header claims; None where no server stands in
        between.
    login
        The claims of the login if one is configured, an empty mapping while nobody is logged in; None without login.
    local
        Whether the server listens on this machine only.

    Raises
    ------
    Unknown
        If nobody, or nobody to be believed, is named.
    Forbidden
        If somebody is, who has no role here.
    """
    if login is not None:
        return _with_role(rules, _logged_in(login))
    given = [(name.lower(), value) for name, value in headers]
    if rules.user_header:
        return _with_role(rules, _told_by_proxy(rules, given, peer))
    if not local:
        raise Unknown(
            "This dashboard listens beyond its own machine and has no way to know who is asking. Configure a login "
            "(a section [auth] in secrets.toml) or a proxy that names the user (WHATIF_USER_HEADER and "
            "WHATIF_TRUSTED_PROXY), or listen on 127.0.0.1 only."
        )
    if not _of_this_machine(given, peer):
        raise Unknown(
            "This dashboard is for its own machine, and this request came from elsewhere, through a proxy or under "
            "another name than localhost. Open it at localhost, or configure a login (a section [auth] in "
            "secrets.toml) or a proxy that names the user (WHATIF_USER_HEADER and WHATIF_TRUSTED_PROXY)."
        )
    return LOCAL


def loopback(host: str | None) -> bool:
    """Whether an address is one of this machine only; an absent one means all of them."""
    if not host:
        return False
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None  # what a dual-stack socket reports
    return mapped or address


def _of_this_machine(given: Sequence[tuple[str, str]], peer: str | None) -> bool:
    """Nothing says otherwise: the peer, the host asked for (a foreign one is a page elsewhere that had its name resolve
    to here), a trace of a proxy that would lend everybody this machine's address."""
    try:
        hosts = [urlsplit(f"//{value}").hostname for name, value in given if name == "host"]
    except ValueError:
        return False
    return (
        (peer is None or loopback(peer))
        and all(loopback(each) for each in hosts)
        and not any(name in FORWARDED for name, _ in given)
    )


def _logged_in(claims: Mapping[str, object]) -> str:
    if claims.get("is_logged_in") is not True:
        raise Unknown("Nobody is logged in. Log in to see this dashboard.")
    if claims.get("email") and claims.get("email_verified", True) not in (True, "true"):
        raise Unknown("The e-mail address of this login is not verified. Verify it where you log in.")
    for claim in ("email", "preferred_username"):
        value = claims.get(claim)
        if isinstance(value, str) and value.strip():
            return _name(value, "The login")
    raise Unknown(
        "The login names neither an e-mail address nor a preferred user name. Have its provider send one of the two."
    )


def _told_by_proxy(rules: Settings, given: Sequence[tuple[str, str]], peer: str | None) -> str:
    names = [value for name, value in given if name == rules.user_header.lower()]
    address = _address(peer or "")
    if address is None or not any(address in network for network in rules.trusted_proxy):
        what = "names a user but" if names else "names no user and"
        raise Unknown(
            f"This request {what} does not come from the proxy that may. Open the dashboard at the proxy's address; "
            "which addresses a proxy may have is set in WHATIF_TRUSTED_PROXY."
        )
    if len(names) != 1:  # two: one of them may be the visitor's own
        told = "no user" if not names else "a user more than once"
        raise Unknown(f"The proxy names {told}. Have it set {rules.user_header} itself, in place of what it was sent.")
    value = names[0]
    with suppress(UnicodeError):  # proxies write UTF-8, HTTP reads Latin-1
        value = value.encode("latin-1").decode("utf-8")
    return _name(value, "The proxy")


def _name(given: str, source: str) -> str:
    name = given.strip()
    if not name:
        raise Unknown(f"{source} names nobody. Log in there first.")
    if len(name) > LONGEST or not name.isprintable():
        raise Unknown(f"{source} gives a name that is not at most {LONGEST} printable characters.")
    return name


def _with_role(rules: Settings, name: str) -> Person:
    roles = [role for other, role in rules.roles.items() if _same(other, name)]
    ladder = ("none", *ROLES)
    role = min(roles, key=ladder.index) if roles else rules.default_role
    if role == "none":
        raise Forbidden(f"{name} is known but has no role here. {ASK}")
    return Person(name, role)


def _same(one: str, other: str) -> bool:
    """Whatever the case of A to Z. No more of Unicode: by its rules the Kelvin sign is a k, and ß is ss."""
    one, other = (each.strip().encode("utf-8", "replace").lower().decode() for each in (one, other))
    return one == other


# ---- from where -----------------------------------------------------------------------------------------------------

SAFE = ("GET", "HEAD", "OPTIONS")  # methods that change nothing, here as everywhere


def from_here(headers: Iterable[tuple[str, str]], allowed: Collection[str] = ()) -> None:
    """Forbidden if a browser sends this for a page that is not ours: it would, for any page that asks it to, and as
    whoever sits before it.

    Programs send neither ``Origin`` nor ``Sec-Fetch-Site``; a browser's page cannot leave both out of what is no GET,
    nor out of the opening of a web socket. The page is ours if its origin is the very host that was asked for, or one
    of those ``allowed``.
    """
    given = [(name.lower(), value.strip()) for name, value in headers]
    hosts = [value for name, value in given if name == "host"]
    origins = [value for name, value in given if name == "origin"]
    if origins and all(each in allowed for each in origins):
        return
    sites = [value.lower() for name, value in given if name == "sec-fetch-site"]
    if any(each not in ("same-origin", "none") for each in sites) or not all(_is_at(each, hosts) for each in origins):
        raise Forbidden(
            "A web page of another origin asks for this, or it is not told which. Only pages of this very address may, "
            "and programs, which send neither Origin nor Sec-Fetch-Site."
        )


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


# ---- tokens ---------------------------------------------------------------------------------------------------------

Scope = Literal["score", "explain", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
INCLUDED: Mapping[Scope, frozenset[Scope]] = {
    "score": frozenset({"score"}),
    "explain": frozenset({"explain", "score"}),
    "admin": frozenset(SCOPES),
}
PREFIX = "wi_"
BYTES = 32
MOST_DAYS = 3650
NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")


@dataclass(frozen=True)
class Bearer:
    """Whoever holds a token, and what it was given for."""

    name: str
    scopes: frozenset[Scope]


@dataclass(frozen=True)
class Token:
    """What is known of a token: everything but the token."""

    name: str
    scopes: tuple[Scope, ...]
    created: datetime
    expires: datetime | None


def covers(bearer: Bearer, scope: Scope) -> bool:
    """Whether a token was given for this; explain includes score, admin includes all."""
    return any(scope in INCLUDED[each] for each in bearer.scopes)


def require_scope(bearer: Bearer, scope: Scope) -> None:
    """Forbidden if a token was not given for this."""
    if not covers(bearer, scope):
        held = ", ".join(sorted(bearer.scopes))
        raise Forbidden(
            f"The token {bearer.name} is for {held}, and this takes {scope}. Ask for a token of that scope."
        )


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    scopes: tuple[Scope, ...] = Field(min_length=1)
    created: AwareDatetime
    expires: AwareDatetime | None = None


class _Stock(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: tuple[_Stored, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> "_Stock":
        if len({each.name for each in self.tokens}) < len(self.tokens):
            raise ValueError("a name stands twice")
        return self


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class Tokens:
    """The tokens of the REST service: their hashes in ``tokens.json`` under ``home``, readable by its owner only.

    A token is random, 256 bits, so that its plain SHA-256 cannot be turned back.
    """

    def __init__(self, home: Path, clock: Callable[[], datetime] = _now) -> None:
        self.path = home / "tokens.json"
        self._clock = clock
        self._read: tuple[object, _Stock] = (None, _Stock())

    def create(self, name: str, scopes: Iterable[str], days: int | None = None) -> str:
        """A new token, which is told here and never again. BadInput for a name in use or a scope there is none of."""
        if not NAMED.fullmatch(name):
            raise BadInput(
                f"{name!r} cannot name a token. Give 1 to 64 letters, digits, dots, dashes, underscores or @."
            )
        chosen = tuple(dict.fromkeys(scopes))
        if not chosen or not set(chosen) <= set(SCOPES):
            raise BadInput(
                f"{', '.join(chosen) or 'Nothing'} was given as scope. Give one or more of {', '.join(SCOPES)}."
            )
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise BadInput(f"A token may be for 1 to {MOST_DAYS} days; {days} was given.")
        token = PREFIX + secrets.token_urlsafe(BYTES)
        now = self._clock()
        new = _Stored(
            name=name,
            sha256=_hash(token),
            scopes=cast(tuple[Scope, ...], chosen),
            created=now,
            expires=None if days is None else now + timedelta(days=days),
        )
        with self._changing() as stock:
            if name in {each.name for each in stock}:
                raise BadInput(f"There is a token named {name}. Revoke it first, or give another name.")
            stock.append(new)
        return token

    def revoke(self, name: str) -> None:
        """Make a token worthless from now on; BadInput if there is none of that name."""
        with self._changing() as stock:
            kept = [each for each in stock if each.name != name]
            if len(kept) == len(stock):
                known = ", ".join(each.name for each in stock) or "none yet"
                raise BadInput(f"There is no token named {name!r}. There are: {known}.")
            stock[:] = kept

    def listing(self) -> tuple[Token, ...]:
        """All tokens, the oldest first, without their hashes."""
        return tuple(Token(each.name, each.scopes, each.created, each.expires) for each in self._stock().tokens)

    def check(self, token: str | None, scope: Scope = "score") -> Bearer:
        """Who holds a token. Unknown if nobody does or it has expired, with how to get one for ``scope``; StoreError if
        the tokens cannot be read."""
        stock = self._stock()
        if not token:
            also = ", also on this machine" if scope == "admin" else ""
            raise Unknown(
                f"A token of the scope {scope} is needed{also}. Whoever runs this service makes one with: python -m "
                f"model token create NAME --scope {scope}. Send it in the header Authorization, after the word Bearer."
            )
        given, found = _hash(token), None
        for each in stock.tokens:  # all of them, whichever it is: the time taken tells nothing
            if compare_digest(each.sha256, given):
                found = each
        if found is None:
            raise Unknown("This token is not known here, or was revoked. Ask whoever runs this service for another.")
        if found.expires is not None and self._clock() >= found.expires:
            raise Unknown(f"The token {found.name} expired on {found.expires:%Y-%m-%d}. Ask for another.")
        return Bearer(found.name, frozenset(found.scopes))

    def _stock(self) -> _Stock:
        """What the file holds, read again once it is another."""
        try:
            seen = self.path.stat()
            mark = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
            known, stock = self._read
            if mark == known:
                return stock
            if not stat.S_ISREG(seen.st_mode):
                raise StoreError(f"{self.path} is no file. Nobody gets in until it is one, or is gone.")
            stock = _Stock.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return _Stock()
        except OSError as error:
            raise StoreError(f"The tokens in {self.path} cannot be read: {error.strerror}. Nobody gets in.") from None
        except ValidationError:  # what is in it stays untold
            raise StoreError(
                f"{self.path} is not what `token create` writes. Nobody gets in until it is put right or deleted."
            ) from None
        self._read = (mark, stock)
        return stock

    @contextmanager
    def _changing(self) -> Iterator[list[_Stored]]:
        """The tokens as a list to change; written as a whole or not at all, one change at a time."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with alone(self.path.with_suffix(".lock"), "The tokens"):
                stock = list(self._stock().tokens)
                yield stock
                self._write(_Stock(tokens=tuple(stock)))
        except OSError as error:
            raise StoreError(f"The tokens in {self.path} cannot be written: {error.strerror}.") from error

    def _write(self, stock: _Stock) -> None:
        handle, draft = tempfile.mkstemp(dir=self.path.parent, prefix=".tokens-")  # readable by its owner only
        try:
            with os.fdopen(handle, "w") as file:
                file.write(stock.model_dump_json(indent=1))
                file.flush()
                os.fsync(handle)
            Path(draft).replace(self.path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
