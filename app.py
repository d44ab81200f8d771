"""The web server's entry: ``streamlit run app.py``.

An ASGI app rather than a page, so that no page can ever run without `pages/main.py` around it (Streamlit would
otherwise serve a deep link to ``pages/*.py`` bare), and so that imports, the model and its compiled look-ups are
warm before the first visitor.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: 2.7 ms a row against seconds under contention

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from model.api import limits, modes
from model.api.connections import Watching
from model.api.phone import PhonePages
from model.api.process import close
from model.deployed.desk import desk
from pages import warm_up
from pages.shared import uploads, visitor


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Warm up before serving, and say where whoever started this gets in."""
    warm_up.up()
    link = visitor.local_link()
    if link:
        print(f"\n  Credit What-If opens on this machine, at this link only:\n\n  URL: {link}\n", flush=True)
    else:
        print(f"\n  The dashboard is at {visitor.listening_at()}{BASE}\n", flush=True)
    async with uploads.swept():
        yield {}
    desk.close()
    close()


async def landing(request: Request) -> RedirectResponse:
    """Streamlit serves the first page at / only; its own name leads there, what-if and all."""
    return RedirectResponse(f"{BASE}/?{request.url.query}".rstrip("?"))


async def unslashed(request: Request) -> RedirectResponse:
    """An address without its slash, of what Streamlit would answer with the first page."""
    return RedirectResponse(f"{request.url.path}/")


PATH = str(st.get_option("server.baseUrlPath")).strip("/")  # where a proxy has the dashboard below a path of its own
BASE = f"/{PATH}" if PATH else ""
API = f"{BASE}/api"
SERVICE = modes.embedded(st.get_option("server.address"), visitor.login_configured)
PHONE = f"{BASE}/phone"
ROUTES = [
    Route(f"{BASE}/book", landing),
    Route(f"{BASE}{visitor.ENTRANCE}/{{key}}", visitor.entered, methods=["GET"]),
    Route(f"{BASE}{visitor.ENTRANCE}/{{key}}/{{page:path}}", visitor.entered, methods=["GET"]),
    Route(API, unslashed, methods=list(limits.METHODS)),
    Mount(API, SERVICE),
    Route(PHONE, unslashed),
    Mount(PHONE, PhonePages(visitor.requesting)),
]
MIDDLEWARE = [
    Middleware(Watching),
    Middleware(visitor.Peer),
    Middleware(visitor.OwnPages, but=(f"{API}/",)),
    Middleware(uploads.AskingRoutes, who=visitor.requesting, base=BASE),
]
app = st.App("pages/main.py", lifespan=lifespan, routes=ROUTES, middleware=MIDDLEWARE)
