"""A model server of the tests' own, which speaks each of the protocols and misbehaves as it is told."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import orjson

from data.arrays import Array
from model.engine.tables import probability

MAPPING = """
[inputs]
LIMIT = "limit"
LATE = "max(status_1, 0)"
USE = "round(max(bill_1, 0) / limit, 4)"
PAID = "paid_1"
"""


def bank(columns: Mapping[str, Array]) -> Array:
    """The bank's model: PD (n,) of its own columns, with a product in it so that concepts share."""
    late, use, limit = columns["LATE"], columns["USE"].clip(0, 3), columns["LIMIT"] / 1e5
    return probability(-1.6 + 0.7 * late + 0.5 * use + 0.4 * late * use - 0.3 * limit - 2e-5 * columns["PAID"])


@dataclass
class Seen:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class StandIn:
    """A model server of our own. ``speaks`` one protocol; ``first`` are answers given before it behaves: a status with
    headers and a body, or seconds of silence, or nothing at all; ``model`` maps columns to PD."""

    speaks: str = "oip"
    model: Callable[[Mapping[str, Array]], Array] = bank
    first: list[Any] = field(default_factory=list)
    version: str = "v1"
    metadata: dict[str, Any] = field(default_factory=dict)
    wrong: Callable[[dict[str, Any]], Any] = lambda answer: answer
    more: Callable[[dict[str, Any], Mapping[str, Array]], dict[str, Any]] = lambda asked, columns: {}
    seen: list[Seen] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if self.speaks == "oip" and path == "/v2/models/credit":
            return 200, {"name": "credit", "versions": [], "platform": "", "inputs": [], "outputs": []} | self.metadata
        if self.speaks == "oip" and path == "/v2/models/credit/ready":
            return 200, b""
        if self.speaks == "oip" and path == "/v2/models/credit/infer":
            columns = {each["name"]: numbers(each["data"]) for each in body["inputs"]}
            return 200, self.wrong(self.inferred(body, columns))
        if self.speaks == "mlflow" and path in ("/ping", "/version"):
            return 200, b"\n" if path == "/ping" else b"3.17.2"
        if self.speaks == "mlflow" and path == "/invocations":
            split = body["dataframe_split"]
            rows = numbers(split["data"])
            return 200, self.wrong({"predictions": both(self.model(dict(zip(split["columns"], rows.T, strict=True))))})
        if self.speaks == "kserve" and path == "/v1/models/credit":
            return 200, {"name": "credit", "ready": True}
        if self.speaks == "kserve" and path == "/v1/models/credit:predict":
            rows = numbers(body["instances"])
            named = dict(zip(("LIMIT", "LATE", "USE", "PAID"), rows.T, strict=True))
            return 200, self.wrong({"predictions": self.model(named).tolist()})
        return 404, {"error": f"nothing at {path}"}

    def inferred(self, body: Any, columns: Mapping[str, Array]) -> dict[str, Any]:
        pd = self.model(columns)
        found: dict[str, Any] = {
            "model_name": "credit",
            "model_version": self.version,
            "id": body["id"],
            "outputs": [{"name": "predict_proba", "shape": [len(pd), 2], "datatype": "FP64", "data": both(pd)}],
        }
        more = self.more(body, columns)
        found["outputs"] += more.pop("outputs", [])
        return found | more

    def asked(self) -> list[Seen]:
        """The questions among the requests."""
        return [each for each in self.seen if each.method == "POST"]


def numbers(data: Any) -> Array:
    return np.array(data, dtype=object).astype(float)


def both(pd: Array) -> list[list[float]]:
    return np.stack([1 - pd, pd], axis=1).tolist()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    stand_in: StandIn

    def do_GET(self) -> None:
        self.handled(None)

    def do_POST(self) -> None:
        self.handled(orjson.loads(self.rfile.read(int(self.headers["content-length"]))))

    def handled(self, body: Any) -> None:
        stand_in = self.stand_in
        headers = {name.lower(): value for name, value in self.headers.items()}
        stand_in.seen.append(Seen(self.command, self.path, headers, body))
        given = stand_in.first.pop(0) if stand_in.first else None
        if given == "silence":
            self.close_connection = True
            return
        if isinstance(given, float):
            time.sleep(given)
            given = None
        status, headers, said = given or (0, {}, None)
        if not status:
            status, said = stand_in.answer(self.command, self.path, body)
        content = said if isinstance(said, bytes) else orjson.dumps(said)
        try:
            self.send_response(status)
            for name, value in {"content-length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        pass


@contextmanager
def standing(stand_in: StandIn, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[StandIn]:
    server = Quiet(("127.0.0.1", port), type("Bound", (Handler,), {"stand_in": stand_in}))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    stand_in.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
