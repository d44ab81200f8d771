"""What Streamlit answers without asking who asks: uploads, files to take along, its figures, messages to all of it.

Whoever asks for one is asked here, before anything of the request's body is read, and what all of them may leave in
memory has an end.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Protocol
from uuid import uuid4

import streamlit as st
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from data.errors import WhatIfError
from model.api import errors
from model.api.errors import HttpError
from model.api.requests import TooMuch
from model.errors import Overloaded
from model.security import people
from model.security.people import Deed, Person
from model.settings import settings

LOG = logging.getLogger(__name__)
UPLOADS = "/_stcore/upload_file/"
ASKING = ("/media/", "/_stcore/")
OPEN = ("/_stcore/health", "/_stcore/host-config", "/_stcore/bidi-components/", "/_stcore/stream")
"""Of those that ask, what a page needs before anybody has logged in: it says nothing of anybody."""
HEARD: Mapping[str, Deed | None] = {
    "rerun_script": None,
    "stop_script": None,
    "app_heartbeat": None,
    "file_urls_request": "upload",
    "backend_operation_request": "look",
}
"""Messages of a page that Streamlit is told of, and what each takes. The others are a developer's: to forget, for
everybody, what was read and worked out; to say which repository this is; to watch files."""
AT_ONCE = 3  # messages of a visitor who is refused that are told at once: the page, a press of its button
AT_MOST = 50  # messages of such a visitor, after which nothing of it is told
PACE = 0.05  # seconds from one further message of all such visitors to the next; each has a page written anew
NO_MESSAGE = 1002  # what a web socket is closed for that says what is none
MAX_FILES = 20  # whose addresses a page asks for at once; each is answered with a hundred times what asks for it
SWEEP_SECONDS = 15.0
MEGABYTE = 2**20
ENTRY = 4096  # bytes that a file takes at least, be it empty


class Shelf(Protocol):
    """Where uploaded files are, by session."""

    def sizes(self) -> Mapping[str, int]:
        """Bytes of each session."""

    def lives(self, session: str) -> bool:
        """Whether somebody has its page open."""

    def drop(self, session: str) -> None:
        """Let its files go."""


class StreamlitShelf:
    """Streamlit's own, in memory."""

    def sizes(self) -> Mapping[str, int]:
        """Bytes of each session."""
        return {session: sum(map(_size, files)) for session, files in self._files().items()}

    def lives(self, session: str) -> bool:
        """Whether somebody has its page open."""
        return Runtime.instance().is_active_session(session)

    def drop(self, session: str) -> None:
        """Let its files go."""
        Runtime.instance().uploaded_file_mgr.remove_session_files(session)

    def _files(self) -> dict[str, list[UploadedFileRec]]:
        """HttpError, with an error in the log, where Streamlit no longer keeps them as it did: what is not counted is
        not taken."""
        kept = Runtime.instance().uploaded_file_mgr
        if not isinstance(kept, MemoryUploadedFileManager) or not isinstance(kept.file_storage, dict):
            LOG.error("Uploads are refused: this Streamlit keeps files as %s, where nobody counts them.", type(kept))
            raise HttpError(
                503, "Uploads cannot be taken at present. Ask whoever runs this dashboard: its log knows why."
            )
        return {session: list(files.values()) for session, files in list(kept.file_storage.items())}


def _size(file: UploadedFileRec) -> int:
    return len(file.data) + len(file.name) + len(file.type) + ENTRY


class AskingRoutes:
    """ASGI middleware: has ``who`` say who asks for what Streamlit would give anybody, below the path ``base``, and
    keeps what sessions upload within `Settings.upload_session` and `Settings.upload_all`."""

    def __init__(
        self, app: ASGIApp, who: Callable[[HTTPConnection], Person], base: str = "", shelf: Shelf | None = None
    ) -> None:
        self.app, self._who, self._base = app, who, base
        self._shelf: Shelf = shelf or StreamlitShelf()
        self._turn = 0.0  # when one more message of those who are refused is told
        self._coming: Counter[str] = Counter()  # bytes of each session that are on their way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "websocket":
            await self.app(scope, self._heard(scope, receive), send)
            return
        what = self._asked(scope)
        if what is None:
            await self.app(scope, receive, send)
            return
        try:
            people.require(self._who(HTTPConnection(scope)), what)
            if what != "upload" or scope["method"] != "PUT":
                await self.app(scope, receive, send)
                return
            session, size = self._path(scope).removeprefix(UPLOADS).partition("/")[0], _length(scope)
            self._make_room(session, size)
        except WhatIfError as error:
            errors.noted(error, scope)
            await errors.refusal(error, uuid4().hex)(scope, receive, send)
            return
        self._coming[session] += size
        try:
            with suppress(ClientDisconnect):  # whoever sent it hung up, and nobody is left to be told
                await self.app(scope, receive, send)
        finally:
            self._coming[session] -= size
            self._coming += Counter()  # without those of whom nothing comes
            if not self._shelf.lives(session):  # gone meanwhile
                self._shelf.drop(session)

    def _heard(self, scope: Scope, receive: Receive) -> Receive:
        """What a page says, but for what whoever opened it may not; of those who are refused no faster than they can
        be told why, and to an end: nobody who is refused has much to say."""
        told = 0
        try:
            person = self._who(HTTPConnection(scope))
        except WhatIfError:  # the page says why
            person = None

        async def allowed() -> Message:
            nonlocal told
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return message
                said = browser_message(message.get("bytes") or b"")
                if said is None:
                    return {"type": "websocket.disconnect", "code": NO_MESSAGE}
                if not may_say(person, said):
                    continue
                if person is not None:
                    return message
                told += 1
                if AT_ONCE < told <= AT_MOST:
                    now = monotonic()
                    self._turn = max(self._turn, now) + PACE
                    await asyncio.sleep(self._turn - now)
                if told <= AT_MOST:
                    return message

        return allowed

    def _path(self, scope: Scope) -> str:
        return str(scope["path"]).removeprefix(self._base)

    def _asked(self, scope: Scope) -> Deed | None:
        """What it takes to be answered; None where anybody is."""
        if scope["type"] != "http" or scope["method"] == "OPTIONS":
            return None
        path = self._path(scope)
        if path.startswith(UPLOADS):
            return "upload"
        return "look" if path.startswith(ASKING) and not path.startswith(OPEN) else None

    def _make_room(self, session: str, size: int) -> None:
        """HttpError, TooMuch or Overloaded if so many bytes more cannot be held."""
        largest, using = st.get_option("server.maxUploadSize"), settings()
        if size > (largest + 1) * MEGABYTE:  # with what is written around a file
            raise TooMuch(f"The upload has {size / MEGABYTE:,.0f} MB; at most {largest:,} are read. Split it.")
        held = Counter(self._shelf.sizes()) + self._coming
        if held[session] + size > using.upload_session * MEGABYTE:
            raise TooMuch(
                f"This page holds files of {held[session] / MEGABYTE:,.0f} MB already; at most "
                f"{using.upload_session:,} at once. Load the page again, and give one file at a time."
            )
        if held.total() + size > using.upload_all * MEGABYTE:
            raise Overloaded(
                f"Everybody's files together would have more than {using.upload_all:,} MB, the most that are held. Try "
                "again when others are done."
            )


def browser_message(said: bytes) -> BackMsg | None:
    """What a page says; None if it is no message of one, which Streamlit would note with all its own lines."""
    message = BackMsg()
    try:
        message.ParseFromString(said)
    except DecodeError:
        return None
    return message


def may_say(person: Person | None, said: BackMsg) -> bool:
    """Whether Streamlit is told what a page says; ``person`` is None for a visitor who is refused."""
    kind = said.WhichOneof("type") or ""
    if kind not in HEARD or len(said.file_urls_request.file_names) > MAX_FILES:
        return False
    takes = HEARD[kind]
    return takes is None or (person is not None and people.may(person, takes))


def _length(scope: Scope) -> int:
    given = HTTPConnection(scope).headers.get("content-length", "")
    if not given.isdecimal() or len(given) > 18:
        raise HttpError(411, "An upload must say how long it is. Send a Content-Length.")
    return int(given) + ENTRY


@asynccontextmanager
async def swept(shelf: Shelf | None = None) -> AsyncIterator[None]:
    """While this lasts, files of sessions that nobody came back to are let go of: Streamlit keeps them until another
    session ends, and then until garbage is collected."""
    kept = shelf or StreamlitShelf()
    task = asyncio.create_task(_sweep(kept))
    try:
        yield
    finally:
        task.cancel()


async def _sweep(shelf: Shelf) -> None:
    seen: dict[str, float] = {}
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        with suppress(HttpError):  # said in the log
            seen = sweep_once(shelf, seen, monotonic(), float(st.get_option("server.disconnectedSessionTTL")))


def sweep_once(shelf: Shelf, seen: Mapping[str, float], now: float, patience: float) -> dict[str, float]:
    """Let go of the files of sessions last ``seen`` more than so many seconds ago; when each of the others was."""
    found = {session: now if shelf.lives(session) else seen.get(session, now) for session in shelf.sizes()}
    for session, last in found.items():
        if now - last > patience:
            shelf.drop(session)
    return {session: last for session, last in found.items() if now - last <= patience}
