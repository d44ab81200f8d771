"""The service beside the pages, and alone."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Lock
from uuid import uuid4

from fastapi import FastAPI
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from data.errors import WhatIfError
from model.api.errors import refusal
from model.api.process import close, running
from model.api.routes import create
from model.errors import StoreError
from model.security.people import loopback
from model.security.tokens import token_needed
from model.settings import settings


class EmbeddedService:
    """The service in the process of the dashboard, made at the first request; if it cannot be, every request is told
    why."""

    def __init__(self, how: Callable[[], FastAPI]) -> None:
        self._how, self._lock = how, Lock()
        self._app: FastAPI | None = None

    def _made(self) -> FastAPI:
        with self._lock:
            if self._app is None:
                self._app = self._how()
            return self._app

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            app = self._app if self._app is not None else await asyncio.to_thread(self._made)
        except WhatIfError as error:
            await refusal(StoreError(f"The service cannot start. {error}"), uuid4().hex)(scope, receive, send)
            return
        await app(scope, receive, send)


def embedded(host: str | None, known: Callable[[], bool] = lambda: False) -> EmbeddedService:
    """The service for the process of a dashboard that listens on ``host``. Whoever may look at that by sitting at its
    machine, which is where people need not be ``known`` otherwise, may ask this in the same browser."""

    def made() -> FastAPI:
        using = settings()
        beside = loopback(host) and not using.user_header and not known()
        return create(running(using).service, not token_needed(using) and not known(), beside_pages=beside)

    return EmbeddedService(made)


def standalone() -> FastAPI:
    """What every worker of ``python -m model serve`` runs: warm before it is ready, ended with what it recorded."""
    service = running().service
    release = service.release()
    release.scorer.explain(release.golden[:, :1])

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        gc.collect()
        gc.freeze()
        yield
        await asyncio.to_thread(close)

    return create(service, not token_needed(settings()), lifespan)
