"""How many requests are answered at once, and which always are."""

import asyncio
from contextlib import suppress
from time import perf_counter
from uuid import uuid4

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Connection

from model.api.errors import GONE, HttpError, called_by, noted, refusal
from model.api.metrics import Metrics
from model.api.service import Service
from model.errors import Forbidden, Overloaded
from model.security.headers import NOT_KEPT, PROGRAMS, guarded
from model.security.origins import from_here

ALWAYS = ("/v2/health/live", "/v2/health/ready")  # answered however many requests there are
PATIENCE = 2.0  # seconds that a body may take to come whole while others wait for its place


class Arriving:
    """A request whose body is still to come: since when, how much of it is there, and the clock that ends it."""

    def __init__(self, clock: asyncio.Timeout) -> None:
        self.since, self.size, self._clock = perf_counter(), 0, clock
        self.gave_way = False

    def rate(self, now: float) -> float:
        """Bytes a second so far."""
        return self.size / (now - self.since)

    def give_way(self) -> None:
        """End it, so that another is answered."""
        self.gave_way = True
        with suppress(RuntimeError):  # its time is over just now
            self._clock.reschedule(0)


class Guard:
    """What holds for every request: from no page of another origin, so many at once, so long
    each, measured, and an id by which to find it; HEAD is answered as GET."""

    def __init__(self, app: ASGIApp, service: Service, metrics: Metrics) -> None:
        self.app, self.settings, self.service, self.metrics = app, service.settings, service, metrics
        self.now = 0
        self._arriving: list[Arriving] = []

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with called_by(scope):
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Connection, receive: Receive, send: Send) -> None:
        start, status = perf_counter(), 0
        method = scope["method"] if scope["method"] in METHODS else "other"  # as the metrics have it
        bare = method == "HEAD"  # answered as a GET is, without the body
        if bare:
            scope = {**scope, "method": "GET"}
        scope["whatif_request"] = uuid4().hex
        arriving: Arriving | None = None  # while the rest of the body is still to come
        whole = False

        async def reported(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                named = any(name.lower() == b"x-request-id" for name, _ in message["headers"])
                own = [] if named else [(b"x-request-id", scope["whatif_request"].encode())]
                message["headers"] = guarded([*message["headers"], *own, NOT_KEPT], PROGRAMS)
            elif bare:
                message = {**message, "body": b""}
            await send(message)

        async def received() -> Message:
            nonlocal arriving, whole
            if whole:  # nothing comes any more but that somebody hangs up
                return await receive()
            if arriving is None:
                arriving = Arriving(clock)
                self._arriving.append(arriving)
            message = await receive()
            arriving.size += len(message.get("body", b""))
            whole = not message.get("more_body")
            if whole:
                self._arriving.remove(arriving)
                arriving = None
            return message

        self.now += 1
        self.metrics.in_flight.set(self.now)
        try:
            from_here(Request(scope).headers.items())
            full = self.now > self.settings.api_concurrency and not scope["path"].endswith(ALWAYS)
            if full and not self._made_room():
                allowed = self.settings.api_concurrency
                raise Overloaded(f"{allowed} requests are being answered, the most at once. Try again in a second.")
            async with asyncio.timeout(self.settings.api_seconds) as clock:
                await self.app(scope, received, reported)
        except (Forbidden, Overloaded, TimeoutError) as error:
            if status:
                raise
            refused: Exception = error
            noted(error, scope)
            if isinstance(error, TimeoutError):
                told = f"{'No answer was found' if arriving is None else 'The request did not arrive'} within "
                told += f"{self.settings.api_seconds:g} seconds. Send fewer rows."
                if arriving is not None and arriving.gave_way:
                    told = (
                        f"The request did not arrive within {PATIENCE:g} seconds, and others wait. Send it in one go."
                    )
                refused = HttpError(503 if arriving is None else 408, told)
            await refusal(refused, scope["whatif_request"])(scope, receive, reported)
        finally:
            if arriving is not None:
                self._arriving.remove(arriving)
            self.now -= 1
            self.metrics.in_flight.set(self.now)
            took = perf_counter() - start
            route = getattr(scope.get("route"), "path_format", "other")
            self.metrics.seen(route, method, status or 500, took)
            if scope.get("whatif_scored") and status != GONE:
                self.service.pulse.note(1000 * took, f"HTTP {status or 500}" if not 0 < status < 500 else "")

    def _made_room(self) -> bool:
        """Whether one that has been arriving for long gave way: the slowest. So whoever sends half of many requests
        shuts out nobody who sends a whole one."""
        now = perf_counter()
        late = [each for each in self._arriving if now - each.since >= PATIENCE and not each.gave_way]
        if late:
            min(late, key=lambda each: each.rate(now)).give_way()
        return bool(late)


METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")  # any other is counted as one
