"""How many requests are answered at once, and which always are."""

import asyncio
from time import perf_counter
from uuid import uuid4

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Connection

from model.api.errors import GONE, HttpError, refusal
from model.api.metrics import Metrics
from model.api.service import Service
from model.errors import Forbidden, Overloaded
from model.security.people import SAFE, from_here

ALWAYS = ("/v2/health/live", "/v2/health/ready")  # answered however many requests there are


class Guard:
    """What holds for every request: from no page of another origin if it may change something, so many at once, so long
    each, measured, and an id by which to find it; HEAD is answered as GET."""

    def __init__(self, app: ASGIApp, service: Service, metrics: Metrics) -> None:
        self.app, self.settings, self.service, self.metrics = app, service.settings, service, metrics
        self.now = 0

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = perf_counter(), 0
        method = scope["method"] if scope["method"] in METHODS else "other"  # as the metrics have it
        bare = method == "HEAD"  # answered as a GET is, without the body
        if bare:
            scope = {**scope, "method": "GET"}
        scope["whatif_request"] = uuid4().hex
        waiting = False  # whether the rest of the body is still to come

        async def reported(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                named = any(name.lower() == b"x-request-id" for name, _ in message["headers"])
                own = [] if named else [(b"x-request-id", scope["whatif_request"].encode())]
                message["headers"] = [*message["headers"], *own, (b"x-content-type-options", b"nosniff")]
            elif bare:
                message = {**message, "body": b""}
            await send(message)

        async def received() -> Message:
            nonlocal waiting
            waiting = True
            message = await receive()
            waiting = bool(message.get("more_body"))
            return message

        self.now += 1
        self.metrics.in_flight.set(self.now)
        try:
            if method not in SAFE:
                from_here(Request(scope).headers.items())
            if self.now > self.settings.api_concurrency and not scope["path"].endswith(ALWAYS):
                allowed = self.settings.api_concurrency
                raise Overloaded(f"{allowed} requests are being answered, the most at once. Try again in a second.")
            async with asyncio.timeout(self.settings.api_seconds):
                await self.app(scope, received, reported)
        except (Forbidden, Overloaded, TimeoutError) as error:
            if status:
                raise
            refused: Exception = error
            if isinstance(error, TimeoutError):
                told = f"{'The request did not arrive' if waiting else 'No answer was found'} within "
                seconds = self.settings.api_seconds
                refused = HttpError(408 if waiting else 503, f"{told}{seconds:g} seconds. Send fewer rows.")
            await refusal(refused, scope["whatif_request"])(scope, receive, reported)
        finally:
            self.now -= 1
            self.metrics.in_flight.set(self.now)
            took = perf_counter() - start
            route = getattr(scope.get("route"), "path_format", "other")
            self.metrics.seen(route, method, status or 500, took)
            if scope.get("whatif_scored") and status != GONE:
                self.service.pulse.note(1000 * took, f"HTTP {status or 500}" if not 0 < status < 500 else "")


METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")  # any other is counted as one
