"""The body of a request, as bytes that are neither packed nor too long, and the JSON in it.

What comes in another type, coding or charset than is read is told so by name, and nothing of it is taken.
"""

import asyncio
import re
import zlib
from collections.abc import Collection

import orjson
from fastapi import Request

from data.errors import BadInput
from data.json_types import Json, name_given_twice
from model.api.requests import TooMuch

JSON, CSV = "application/json", "text/csv"
UTF_8 = ("", "utf-8", "utf8", "us-ascii")
GZIP = ("gzip", "x-gzip")
BINARY = "inference-header-content-length"  # with which the Open Inference Protocol announces tensors as bytes
PACKED = b"\x1f\x8b"  # how gzip begins, and no JSON or CSV in UTF-8
MARK = b"\xef\xbb\xbf"  # the byte-order mark that some programs put before UTF-8
DIGITS = 18  # of a length that is looked at; a longer one is measured while it arrives
_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([^"';\s]*)""", re.IGNORECASE)


class Unread(BadInput):
    """A body of a type, coding or charset that is not read; ``coding`` if the coding is to blame."""

    def __init__(self, told: str, coding: bool = False) -> None:
        super().__init__(told)
        self.coding = coding


async def received(request: Request, kinds: Collection[str], most: int) -> tuple[str, bytes]:
    """The type of a body, one of ``kinds``, and the body, unpacked and at most ``most`` bytes long.

    Raises
    ------
    Unread
        If it is of another type, coding or charset.
    TooMuch
        If it is too long, as it comes or unpacked.
    BadInput
        If what says to be gzip is not, or gzip does not say so.
    """
    kind = _kind(request, kinds)
    packed = _packed(request)
    length = request.headers.get("content-length", "")
    if length.isdecimal() and len(length) <= DIGITS and int(length) > most:
        raise TooMuch(f"The request is {int(length):,} bytes long; at most {most:,} are read. Split it.")
    read, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise TooMuch(f"The request is longer than {most:,} bytes, the most that are read. Split it.")
        read.append(part)
    content = b"".join(read)
    if packed:
        content = await asyncio.to_thread(unpacked_body, content, most)
    if content.startswith(PACKED):
        raise BadInput(
            "The request is gzip where its text should be. Pack it once, and say so: Content-Encoding: gzip."
        )
    return kind, content


def _kind(request: Request, kinds: Collection[str]) -> str:
    given = request.headers.getlist("content-type")
    stated = given[0] if given else ""
    kind = stated.partition(";")[0].strip().lower()
    if kind not in kinds or len(given) > 1:
        shown = " and ".join(repr(each[:60]) for each in given[:2]) or "'none'"
        raise Unread(f"The content type must be {' or '.join(kinds)}; {shown} was given.")
    charset = _CHARSET.search(stated)
    if charset is not None and charset[1].lower() not in UTF_8:
        raise Unread(f"The charset must be utf-8; {charset[1][:60]!r} was given.")
    if BINARY in request.headers:
        raise Unread("Tensors are not read as bytes. Send each with its data in the JSON, without binary_data_size.")
    return kind


def _packed(request: Request) -> bool:
    """Whether the body comes as gzip."""
    given = ", ".join(request.headers.getlist("content-encoding"))
    codings = [each.strip().lower() for each in given.split(",") if each.strip().lower() not in ("", "identity")]
    if codings and (len(codings) > 1 or codings[0] not in GZIP):
        raise Unread(f"The content coding must be gzip, or none; {given[:60]!r} was given.", coding=True)
    return bool(codings)


def unpacked_body(packed: bytes, most: int) -> bytes:
    """What one gzip stream holds; TooMuch as soon as that is longer than ``most`` bytes, however short it came."""
    reading = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        found = reading.decompress(packed, most + 1)
    except zlib.error:
        raise BadInput("The request says that it is gzip and is not. Pack it again, or leave it as it is.") from None
    if len(found) > most:
        raise TooMuch(f"The request unpacks to more than {most:,} bytes, the most that are read. Split it.")
    if not reading.eof or reading.unused_data:
        raise BadInput("The request must be one whole gzip stream; it ends early, or something follows it.")
    return found


def parsed(text: bytes) -> Json:
    """JSON as Python has it. BadInput if it is none, or gives one name of an object two values."""
    text = text.removeprefix(MARK)
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"The request is no JSON: {error}. Numbers are finite; null stands for a missing one.") from None
    if twice := name_given_twice(text, found):
        raise BadInput(f"The request holds {twice} twice in one object. Say which value is meant: write it once.")
    return found
