"""Errors as answers of the service."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import orjson
from fastapi import Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import Scope

from data.errors import BadInput, WhatIfError
from model.api import body
from model.api.requests import TooMuch
from model.errors import Forbidden, GateError, Mismatch, Overloaded, ReleaseError, StoreError, Unknown
from model.release.disk import store_error
from model.security.events import CALLER, Caller, security_event

PEER = "whatif_peer"  # what the dashboard's server says of the TCP peer, in a request's scope
GONE = 499  # the status on record of a request whose sender hung up, as nginx has it


LOG = logging.getLogger(__name__)


STATUS: tuple[tuple[type[Exception], int], ...] = (  # the first that fits
    (TooMuch, 413),
    (body.Unread, 415),
    (BadInput, 400),
    (Unknown, 401),
    (Forbidden, 403),
    (Overloaded, 429),
    (StoreError, 503),
    (GateError, 409),
    (Mismatch, 409),
    (ReleaseError, 404),
    (WhatIfError, 400),
    (RequestValidationError, 400),
    (ClientDisconnect, GONE),
)


class HttpError(BadInput):
    """A request that HTTP itself has a status for."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(told)
        self.status = status


def _as_told(error: Exception) -> Exception:
    """An error as it is told: where the system lets nothing be written, a StoreError."""
    return (store_error(error) or error) if isinstance(error, OSError) else error


def status_of(error: Exception) -> int:
    """The HTTP status of an error."""
    error = _as_told(error)
    if isinstance(error, HttpError):
        return error.status
    if isinstance(error, HTTPException):
        return error.status_code
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def noted(error: Exception, scope: Scope) -> None:
    """Write down that a call was refused, if it was for who asks or from which page."""
    if isinstance(error, Forbidden) or (isinstance(error, HTTPException) and error.status_code in (401, 403)):
        method = scope.get("method", "WEBSOCKET")
        security_event("call refused", getattr(error, "who", ""), f"{method} {scope['path']}", str(error))


@contextmanager
def called_by(scope: Scope) -> Iterator[None]:
    """What is written down meanwhile is of this call: from the TCP peer where the server has told it."""
    client = scope.get("client") or ("",)
    before = CALLER.set(Caller(scope.get(PEER, str(client[0])), tuple(HTTPConnection(scope).headers.items())))
    try:
        yield
    finally:
        CALLER.reset(before)


def refusal(error: Exception, request: str) -> Response:
    """An error as it is told to whoever called."""
    error = _as_told(error)
    status = status_of(error)
    code = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).upper()
    text = str(error)
    if isinstance(error, HttpError | HTTPException):
        code = HTTPStatus(status).name
    if isinstance(error, HTTPException):
        text = f"{HTTPStatus(status).phrase}. {error.detail} The service describes itself at openapi.json."
    if isinstance(error, RequestValidationError):
        code, text = "BAD_INPUT", _parameters(error)
    if status == 500:
        code, text = "INTERNAL", "Something failed in the service; its log says what, under this request's id."
    headers = {"X-Request-Id": request}
    if status in (429, 503):
        headers["Retry-After"] = "1"
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, body.Unread) and error.coding:
        headers["Accept-Encoding"] = "gzip"
    if isinstance(error, HTTPException) and error.headers:
        headers |= dict(error.headers)
    packed = orjson.dumps({"error": text, "code": code, "request": request})
    return Response(packed, status, headers, media_type="application/json")


def _parameters(error: RequestValidationError) -> str:
    first = error.errors()[0]
    name = first["loc"][-1]
    if first["type"] == "missing":
        return f"The parameter {name} is missing. Add {name}=… to the address; openapi.json says what it is for."
    return f"The parameter {name} cannot be used: {first['msg']}; {str(first['input'])[:60]!r} was given."
