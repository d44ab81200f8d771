"""What a bank's monitoring looks for: calls refused, logins failed, roles that do not allow something. One line of JSON
each in the log ``whatif.security``: when, what happened, who, what was asked, from where, why, and how often.

Nothing that somebody sent is written down but the path that was asked for, without its query, which holds a what-if:
no header, no claim, no token. Whoever repeats it is told a few times, then each tenth, hundredth, thousandth time.
"""

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Lock
from time import monotonic
from typing import Literal

from data.errors import WhatIfError
from model.settings import settings

Event = Literal["call refused", "login failed", "role refused"]
LOG = logging.getLogger("whatif.security")
EACH_SECONDS = 60.0
MAX_TOLD = 5  # of one kind from one place within that time, before only each power of ten is
MAX_LINES = 200  # of all within that time, before only each power of ten is
LONGEST = 200  # characters of a text


@dataclass(frozen=True)
class Caller:
    """Where what is under way was asked from: the TCP peer and the headers that came from there."""

    peer: str = ""
    headers: Sequence[tuple[str, str]] = ()

    def address(self) -> str:
        """The peer's; behind a proxy that may be believed, the one that the proxy names."""
        with suppress(WhatIfError):  # of settings, which somebody else is told
            return _address(self.peer, self.headers, settings().trusted_proxy)
        return self.peer


CALLER: ContextVar[Caller] = ContextVar("caller", default=Caller())  # noqa: B039 - frozen


def _address(peer: str, headers: Iterable[tuple[str, str]], proxies: Iterable[IPv4Network | IPv6Network]) -> str:
    try:
        found = ip_address(peer)
        if any(found in network for network in proxies):
            named = [value for name, value in headers if name.lower() == "x-forwarded-for"]
            found = ip_address(named[-1].rpartition(",")[2].strip()) if named else found
        return str(found)
    except ValueError:
        return peer[:LONGEST]


def _place(address: str) -> str:
    """From where is one place: of IPv6 the network, as anybody has all of its addresses."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Network((int(found) >> 64 << 64, 64))) if isinstance(found, IPv6Address) else address


class SecurityLog:
    """Counts what happens within a minute, and writes what is worth a line."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = monotonic) -> None:
        self._write, self._clock = write, clock
        self._lock = Lock()
        self._since = -EACH_SECONDS
        self._seen: dict[tuple[str, str], int] = {}
        self._all = self._lines = 0

    def note(self, event: Event, who: str, what: str, where: str, why: str) -> None:
        """One event."""
        with self._lock:
            if self._clock() - self._since >= EACH_SECONDS:
                self._since, self._seen, self._all, self._lines = self._clock(), {}, 0, 0
            key = (event, _place(where))
            self._all += 1
            count = self._seen.get(key, 0) + 1
            if count > 1 or len(self._seen) < MAX_LINES:
                self._seen[key] = count
            if not (_worth(count) if self._lines < MAX_LINES else _power_of_ten(self._all)):
                return
            self._lines += 1
            texts = {"event": event, "who": who, "what": what, "from": where, "why": why}
            line = {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
            line |= {name: text[:LONGEST] for name, text in texts.items()}
            self._write(json.dumps({**line, "times": count, "of_all": self._all}))


def _worth(count: int) -> bool:
    return count <= MAX_TOLD or _power_of_ten(count)


def _power_of_ten(count: int) -> bool:
    return str(count).strip("0") == "1"


_log = SecurityLog(lambda line: LOG.warning("%s", line))


def security_event(event: Event, who: str, what: str, why: str) -> None:
    """Write down what was refused to whom; from where, is known of the call under way."""
    _log.note(event, who, what, CALLER.get().address(), why)
