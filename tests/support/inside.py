"""The REST service in this process, and a client that reaches it without a network."""

import asyncio
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from fastapi import FastAPI
from starlette.types import ASGIApp

from model.api import routes
from model.api.process import Running, running
from model.security.tokens import Tokens
from model.settings import Settings

INFER = "/v2/models/credit/infer"
HERE = "http://127.0.0.1"

KNOWN = {"message": "application", "subject": "policy", "name": "credit", "which": "champion"}
"""What stands in a path of the service where something must be named that is there."""


class Client:
    """Sends requests to an application, each on an event loop of its own; from any thread."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def opened(self) -> httpx.AsyncClient:
        """A client for several requests at once."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self._app, raise_app_exceptions=False), base_url=HERE)

    def get(self, path: str, **more: Any) -> httpx.Response:
        """One GET."""
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        """One POST."""
        return self.request("POST", path, **more)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request."""

        async def one() -> httpx.Response:
            async with self.opened() as client:
                return await client.request(method, path, **more)

        return asyncio.run(one())


class Served:
    """The service on a home that may be changed, and a client on this machine."""

    def __init__(self, home: Path, tokens: bool = False, **settings: Any) -> None:
        self.home = home
        self.running: Running = running(Settings(home=home, **settings))
        self.app: FastAPI = routes.create(self.running.service, open_here=not tokens)
        self.client = Client(self.app)

    def infer(self, body: Any, version: str = "", **more: Any) -> httpx.Response:
        """One Open Inference Protocol request."""
        return self.client.post(INFER + (f"?version={version}" if version else ""), json=body, **more)

    def change(self, path: str, **said: str) -> httpx.Response:
        """One POST of an administrator, who needs a token wherever the service listens."""
        return self.client.post(path, json=said, headers=self._admin)

    @cached_property
    def _admin(self) -> dict[str, str]:
        return self.holding("admin", name="risk-office")

    def holding(self, *scopes: str, name: str = "branch") -> dict[str, str]:
        """The header of a new token."""
        return {"Authorization": f"Bearer {Tokens(self.home).create(name, scopes)}"}


def outputs(answer: httpx.Response) -> dict[str, Any]:
    """Each output of an Open Inference Protocol answer as an array of its shape."""
    assert answer.status_code == 200, answer.text
    return {each["name"]: np.array(each["data"]).reshape(each["shape"]) for each in answer.json()["outputs"]}


def told(answer: httpx.Response, status: int) -> str:
    """What a refusal says, after its shape was looked at."""
    assert answer.status_code == status, answer.text
    found = answer.json()
    assert set(found) == {"error", "code", "request"}
    assert answer.headers.get_list("x-request-id") == [found["request"]]
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text
    return str(found["error"])
