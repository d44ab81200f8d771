"""Packages for a phone, folders that are served and closed, keys."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from model.deployed.model import DeployedModel
from model.engine.scorer import TableScorer
from model.signing import SigningKey


def signing_key(folder: Path, name: str = "phone") -> tuple[Path, SigningKey]:
    """A new private key in a file of a folder."""
    path = folder / f"{name}.pem"
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path, SigningKey.read(path)


def shifted(model: DeployedModel, identity: str, log_odds: float) -> DeployedModel:
    """Another release of a model, in which everybody is riskier by so much."""
    release, scorer = model.release, model.local_scorer
    assert release is not None
    assert isinstance(scorer, TableScorer)
    tables = replace(scorer.tables, intercept=scorer.tables.intercept + log_odds)
    reasons = replace(scorer.shapley, tables=tables, base=scorer.shapley.base + log_odds)
    other = replace(scorer, tables=tables, shapley=reasons)
    return DeployedModel(model.book, other, replace(release, id=identity, scorer=other))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_given: object) -> None:
        """Nothing."""


@dataclass
class FolderServer:
    """Serves a folder at one address, whenever it is open."""

    folder: Path
    port: int = 0
    _server: http.server.ThreadingHTTPServer | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Its address, with a slash at the end."""
        return f"http://127.0.0.1:{self.port}/"

    def open(self) -> None:
        """Be reachable."""
        handler = functools.partial(_Quiet, directory=str(self.folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Be gone."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@contextmanager
def folder_served(folder: Path) -> Iterator[FolderServer]:
    """A folder that is served until left."""
    server = FolderServer(folder)
    server.open()
    try:
        yield server
    finally:
        server.close()
