"""What signs in to a server never reaches a page, a record or a log, whatever the server sends back.

A server may say it in an error, a header, a name in its metadata, whole or cut off, in capitals, percent-encoded or as
base64. So a text that holds eight letters or digits of it in a row, however they are written, is not shown at all.
"""

import base64
import html
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cached_property
from urllib.parse import unquote_plus

from data.errors import WhatIfError
from model.deployed.about import About

RUN = 8  # letters and digits in a row by which a secret is known; one that is shorter, by all of it
TOLD = "withheld: what came holds the secret that signs in"
_ESCAPED = re.compile(r"\\u00([0-9a-fA-F]{2})|\\x([0-9a-fA-F]{2})|\\([/\"'\\])")


class Secrets:
    """Everything that signs in to one server, and what is done with texts that hold any of it."""

    def __init__(self, *known: str) -> None:
        self._known = tuple(each for each in known if each)

    def also(self, secret: str) -> None:
        """Withhold another one from now on: a token that was just fetched."""
        if secret and secret not in self._known:
            self._known = (*self._known[-15:], secret)
            self.__dict__.pop("_runs", None)

    def held_by(self, text: str) -> bool:
        """Whether a text holds a part of one."""
        if not self._known or not text:
            return False
        runs = self._runs
        whole = [each for each in runs if len(each) < RUN]
        return any(
            any(each in plain for each in whole) or not runs.isdisjoint(_runs_of(plain))
            for plain in {_plain(form) for form in _read_as(text)}
        )

    def cleaned(self, text: str) -> str:
        """The text, or that it is withheld."""
        return TOLD if self.held_by(text) else text

    def cleaned_error(self, error: WhatIfError, host: str) -> WhatIfError:
        """The error, or one of its kind that does not repeat what the server said."""
        if not self.held_by(str(error)):
            return error
        clean = type(error)(
            f"The deployed model at {host} cannot be used. Its own words are {TOLD}. Ask whoever runs it why it "
            "repeats what it was sent."
        )
        clean.__dict__.update(error.__dict__)
        return clean

    def cleaned_about(self, about: About) -> About:
        """How a server presents its model, without what it repeats of one."""
        found: dict[str, object] = {}
        for each in fields(about):
            value = getattr(about, each.name)
            if isinstance(value, str) and each.name != "protocol":
                found[each.name] = self.cleaned(value)
            elif isinstance(value, tuple) and any(self.held_by(str(one)) for one in value):
                found[each.name] = ()
        return replace(about, **found)  # type: ignore[arg-type]  # each of its own field's type

    @cached_property
    def _runs(self) -> frozenset[str]:
        """What may not stand in a text: every run of a secret and of what base64 and hex make of it."""
        return frozenset(run for secret in self._known for run in _secret_runs(secret))


def _secret_runs(secret: str) -> Iterator[str]:
    written = [secret, secret[::-1], secret.encode().hex()]
    for shift in range(3):  # base64 reads three bytes at a time, wherever the secret begins among them
        packed = base64.b64encode(bytes(shift) + secret.encode()).decode().rstrip("=")
        written.append(packed[2 * shift : len(packed) - 1])
    yield from (run for each in map(_plain, written) if each for run in _runs_of(each))


def _runs_of(plain: str) -> Iterator[str]:
    return (plain[k : k + RUN] for k in range(max(len(plain) - RUN + 1, 1)))


def _plain(text: str) -> str:
    return "".join(each for each in text.lower() if each.isalnum())


def _read_as(text: str) -> tuple[str, ...]:
    """A text as it stands, and as what it may stand for."""
    return text, unquote_plus(text), html.unescape(text), _ESCAPED.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    return found[3] or chr(int(found[1] or found[2], 16))
