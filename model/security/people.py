"""Who somebody is, and what they may do.

The one place that decides it, for pages and service alike. It sees headers and claims and never keeps, logs or repeats
them: what is told to somebody who is refused holds nothing that they sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal, get_args
from urllib.parse import urlsplit

from model.errors import Forbidden, Unknown
from model.security.events import security_event
from model.security.locality import proven, traces
from model.settings import Role, Settings

Deed = Literal[
    "look",
    "see protected attributes",
    "upload",
    "see calls",
    "replay",
    "save scenarios",
    "review scenarios",
    "propose books",
    "promote",
    "train",
]

ROLES: tuple[Role, ...] = get_args(Role)  # each may what those before it may
NEEDS: Mapping[Deed, Role] = {
    "look": "viewer",
    "see protected attributes": "analyst",
    "upload": "analyst",
    "see calls": "analyst",
    "replay": "analyst",
    "save scenarios": "analyst",
    "review scenarios": "analyst",
    "propose books": "analyst",
    "promote": "admin",
    "train": "analyst",
}
LONGEST = 200  # characters of a name
ASK = "Ask whoever runs this dashboard; roles are given in WHATIF_ROLES."


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
        told = f"{person.name} has the role {person.role}. {needed(what)} {ASK}"
        security_event("role refused", person.name, what, told)
        raise Forbidden(told, person.name)


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
        Whether the server listens on this machine only: then whoever shows that they sit there (`locality`).

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
    at_this_machine(given, peer)
    if peer is not None and not proven(given):
        raise Unknown(
            "This dashboard opens for whoever started it. Open the link that it printed there, which ends in a key of "
            "this start, at this very address; or configure a login (a section [auth] in secrets.toml) or a proxy that "
            "names the user (WHATIF_USER_HEADER and WHATIF_TRUSTED_PROXY)."
        )
    return LOCAL


def at_this_machine(headers: Iterable[tuple[str, str]], peer: str | None) -> None:
    """Unknown if anything says that a request does not come from this machine: the peer, the host asked for (a foreign
    one is a page elsewhere that had its name resolve to here), a trace of a proxy that would lend everybody this
    machine's address. That nothing says so is no proof that it does."""
    if not _of_this_machine([(name.lower(), value) for name, value in headers], peer):
        raise Unknown(
            "This dashboard is for its own machine, and this request came from elsewhere, through a proxy or under "
            "another name than localhost. Open it at localhost, or configure a login (a section [auth] in "
            "secrets.toml) or a proxy that names the user (WHATIF_USER_HEADER and WHATIF_TRUSTED_PROXY)."
        )


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
    try:
        hosts = [urlsplit(f"//{value}").hostname for name, value in given if name == "host"]
    except ValueError:
        return False
    return (peer is None or loopback(peer)) and all(loopback(each) for each in hosts) and not traces(given)


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
    roles = [role for other, role in rules.roles.items() if same_person(other, name)]
    ladder = ("none", *ROLES)
    role = min(roles, key=ladder.index) if roles else rules.default_role
    if role == "none":
        raise Forbidden(f"{name} is known but has no role here. {ASK}", name)
    return Person(name, role)


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, whatever the case of A to Z. No more of Unicode: by its rules the Kelvin sign
    is a k, and ß is ss."""
    one, other = (each.strip().encode("utf-8", "replace").lower().decode() for each in (one, other))
    return one == other
