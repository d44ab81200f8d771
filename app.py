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
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from pages.ui import warm


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Warm up before serving."""
    warm.up()
    yield {}


async def landing(request: Request) -> RedirectResponse:
    """Streamlit serves the first page at / only; its own name leads there, what-if and all."""
    return RedirectResponse(f"/?{request.url.query}".rstrip("?"))


app = st.App("pages/main.py", lifespan=lifespan, routes=[Route("/book", landing)])
