"""The app for a phone, given away by the dashboard: the champion's package, made in memory."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from threading import Lock
from uuid import uuid4

from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from data import books
from data.errors import BadInput, WhatIfError
from model.api.errors import HttpError, noted, refusal
from model.deployed.desk import desk
from model.errors import StoreError
from model.export.phone.package import MIME, PhonePackage, phone_package
from model.security.origins import SAFE
from model.security.people import Person, require
from model.settings import settings
from model.signing import SigningKey

FIRST = "index.html"
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class AskedFile:
    """A file of a book's package; "" where none is named."""

    book: str
    file: str


class PhonePages:
    """ASGI app below a path of its own, a folder a book: ``/phone/cards/``. ``who`` says who asks, or refuses them;
    whoever may look at the dashboard may take it along.

    A package is made when it is first asked for, again once another release is the champion, and once a day, so that
    its expiry moves on while the server is there.
    """

    def __init__(self, who: Callable[[HTTPConnection], Person]) -> None:
        self._who = who
        self._made: dict[str, tuple[tuple[object, ...], PhonePackage]] = {}
        self._lock = Lock()

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        try:
            answer = await asyncio.to_thread(self._answer, Request(scope))
        except WhatIfError as error:
            noted(error, scope)
            answer = refusal(error, uuid4().hex)
        await answer(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if request.method not in SAFE[:2]:
            raise HttpError(405, "The app for a phone is read only: GET it.")
        require(self._who(request), "look")
        below = request.scope.get("root_path", "")
        asked = _asked(request.scope["path"].removeprefix(below))
        if not asked.file:
            return RedirectResponse(f"{below}/{asked.book or settings().book}/")
        content = self._package(asked.book).files.get(asked.file)
        if content is None:
            raise HttpError(404, f"The app for a phone has no file {asked.file!r}. Open its folder.")
        return _file(request, asked, content)

    def _package(self, book: str) -> PhonePackage:
        """The package of a book's champion; StoreError where none is deployed, HttpError where there is no book."""
        using, day = settings(), datetime.now(UTC).date()
        known_books = books.names(using.home)
        if book not in known_books:
            raise HttpError(404, f"There is no book {book!r}. There are: {', '.join(known_books)}.")
        model = desk.model(book)
        if model is None:
            raise StoreError(f"No model of the book {book} is deployed yet. Open the dashboard, which trains one.")
        key = None if using.phone_key is None else _signer(using.phone_key)
        state = (model.id, day, using.phone_days, key and key.public)
        with self._lock:
            known, package = self._made.get(book, ((), None))
            if package is None or known != state:
                package = phone_package(model, day=day, key=key, days=using.phone_days)
                self._made[book] = state, package
            return package


def _signer(path: Path) -> SigningKey:
    """The key that packages are signed with. Where it lies, and what is wrong with it, is for those to know who run the
    server, not for whoever may look."""
    try:
        return SigningKey.read(path)
    except BadInput as error:
        LOG.error("no package for a phone can be signed: %s", error)
        raise StoreError(
            "The app for a phone cannot be signed at present, and is not given away unsigned. Ask whoever runs this "
            "dashboard: its log says why (WHATIF_PHONE_KEY)."
        ) from error


def _asked(path: str) -> AskedFile:
    """What a path below the app's own asks for."""
    book, folder, file = path.lstrip("/").partition("/")
    return AskedFile(book, file or (FIRST if book and folder else ""))


def _file(request: Request, asked: AskedFile, content: bytes) -> Response:
    tag = f'"{hashlib.sha256(content).hexdigest()}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",
        "Service-Worker-Allowed": f"{request.scope.get('root_path', '')}/{asked.book}/",
        "X-Content-Type-Options": "nosniff",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=MIME[PurePosixPath(asked.file).suffix])
