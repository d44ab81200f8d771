"""The verb that runs the REST service alone."""

import os
import tempfile
from typing import Any

import click
import uvicorn

from model.api.connections import MAX_MESSAGE, WatchedHttp, WatchedSocket
from model.cli.book import book_option, home_of
from model.errors import ReleaseError
from model.record.database import engine
from model.release.store import Store
from model.security.tokens import Tokens, token_needed
from model.settings import settings

GRACE = 30  # seconds that requests under way are given when the service is told to end


@click.command()
@click.option("--host", default="127.0.0.1", help="Where to listen.")
@click.option("--port", default=8600, type=click.IntRange(1, 65_535))
@click.option("--workers", default=1, type=click.IntRange(1, 64), help="Processes; each writes a chain of its own.")
@book_option
def serve(host: str, port: int, workers: int, book: str) -> None:
    """The REST service alone, without the dashboard, for one book."""
    store = Store(settings().home, book)
    if "champion" not in store.aliases():
        home_of(book)
        raise ReleaseError(f"There is no champion to serve yet. Run: python -m model train --book {book}")
    os.environ["WHATIF_BOOK"] = book  # which the workers read
    using = settings()
    engine(using).dispose()  # said here in a sentence, where a worker would end with a traceback
    if workers > 1:
        store.load()
    if token_needed(using):
        tokens = len(Tokens(using.home).listing())
        click.echo(f"Tokens are asked for; {tokens} are known. More: python -m model token create NAME", err=True)
    options: dict[str, Any] = {"workers": workers} if workers > 1 else {}
    with tempfile.TemporaryDirectory(prefix="whatif-metrics-") as folder:
        if workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        uvicorn.run(
            "model.api.modes:standalone",
            factory=True,
            host=host,
            port=port,
            timeout_graceful_shutdown=GRACE,
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_level="warning",
            http=WatchedHttp,
            ws=WatchedSocket,
            ws_max_size=MAX_MESSAGE,
            **options,
        )
