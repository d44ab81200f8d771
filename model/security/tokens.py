"""What programs show instead of a person: tokens, their scopes and their store."""

import os
import re
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Literal, cast, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.errors import BadInput
from model.errors import Forbidden, StoreError, Unknown
from model.locks import exclusive
from model.settings import Settings

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


def token_needed(using: Settings) -> bool:
    """Whether programs must show a token: always, unless the settings say otherwise. That they come from this machine
    proves nothing; a proxy that runs on it sends whom it likes."""
    return using.api_tokens is not False


def covers(bearer: Bearer, scope: Scope) -> bool:
    """Whether a token was given for this; explain includes score, admin includes all."""
    return any(scope in INCLUDED[each] for each in bearer.scopes)


def require_scope(bearer: Bearer, scope: Scope) -> None:
    """Forbidden if a token was not given for this."""
    if not covers(bearer, scope):
        held = ", ".join(sorted(bearer.scopes))
        raise Forbidden(
            f"The token {bearer.name} is for {held}, and this takes {scope}. Ask for a token of that scope.",
            bearer.name,
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
            told = f"The token {found.name} expired on {found.expires:%Y-%m-%d}. Ask for another."
            raise Unknown(told, found.name)
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
            with exclusive(self.path.with_suffix(".lock"), "The tokens"):
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
