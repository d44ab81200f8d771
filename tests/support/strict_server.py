"""A model server of the tests' own that takes what Triton takes and nothing else, by its documentation.

Held to the Open Inference Protocol v2 and to Triton's extensions of it: binary tensor data, model configuration. Unlike
servers that are kind, it refuses a datatype or shape other than its metadata name, a missing or further input, a batch
larger than its largest, JSON numbers with a fraction for integers, null, 16-bit floats as JSON, an output that it does
not have, and parameters that it does not know.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from data.arrays import Array
from tests.support.stand_in import Quiet, bank

SIZES = {"BOOL": 1, "INT8": 1, "UINT8": 1, "INT16": 2, "UINT16": 2, "FP16": 2, "BF16": 2}
SIZES |= {"INT32": 4, "UINT32": 4, "FP32": 4, "INT64": 8, "UINT64": 8, "FP64": 8}
KNOWN_PARAMETERS = {"binary_data_output", "sequence_id", "sequence_start", "sequence_end", "priority", "timeout"}


class No(Exception):
    """A request that is refused: status and words."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


@dataclass
class StrictServer:
    """``inputs`` and ``outputs`` are name, datatype and shape as the metadata tell them, the batch among it; ``named``
    the columns of a tensor of several; ``model`` maps columns, as they arrived, to PD (n,), and ``answers`` that to
    the numbers of an output. ``batch`` records at most, told by the configuration if ``configured``; unless ``told``,
    the metadata are empty, as a library's are for whoever wrote none. With ``v1`` the model is presented in KServe v1
    too and understands that alone, as one for KServe's SDK does."""

    inputs: list[tuple[str, str, list[int]]]
    outputs: list[tuple[str, str, list[int]]] = field(default_factory=lambda: [("predict_proba", "FP32", [-1, 2])])
    named: dict[str, list[str]] = field(default_factory=dict)
    model: Callable[[Mapping[str, Any]], Array] = bank
    answers: Callable[[Array], Array] = lambda pd: np.stack([1 - pd, pd], axis=1)
    batch: int = 0
    configured: bool = True
    binary: bool = True
    ready: bool = True
    told: bool = True
    v1: bool = False
    versions: list[str] = field(default_factory=lambda: ["1", "3"])
    wrong: Callable[[Array], Array] = lambda values: values
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    url: str = ""

    # ---- paths -------------------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        try:
            return self._answer(method, path, headers, body)
        except No as no:
            return no.status, {}, orjson.dumps({"error": str(no)})

    def _answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        if (method, path) == ("GET", "/v2"):
            extensions = ["classification", "sequence", "parameters", "statistics"]
            extensions += ["binary_tensor_data"] * self.binary + ["model_configuration"] * self.configured
            return 200, {}, orjson.dumps({"name": "triton", "version": "2.57.0", "extensions": extensions})
        if self.v1 and path == "/v1/models/credit":
            return 200, {}, orjson.dumps({"name": "credit", "ready": True})
        if self.v1 and path == "/v1/models/credit:predict":
            return self._predict(orjson.loads(body)["instances"])
        if self.v1 and method == "POST":
            raise No("TypeError : 'InferRequest' object is not subscriptable", 500)
        found = re.fullmatch(r"/v2/models/([^/]+)(?:/versions/([^/]+))?(?:/(ready|config|infer))?", path)
        if not found:
            raise No("Not Found", 404)
        name, version, what = found.groups()
        if name != "credit" or (version and version not in self.versions):
            raise No(f"Request for unknown model: '{name}' version {version} is not found", 404)
        if what == "infer" and method == "POST":
            return self._infer(version or self.versions[-1], headers, body)
        if method != "GET":
            raise No("Method Not Allowed", 405)
        if what == "ready":
            if not self.ready:
                raise No("Not Found", 404)
            return 200, {}, b""
        if what == "config":
            if not self.configured:
                raise No("Not Found", 404)
            return 200, {}, orjson.dumps({"name": "credit", "max_batch_size": self.batch, "backend": "onnxruntime"})
        told = {
            "name": "credit",
            "versions": self.versions,
            "platform": "onnxruntime_onnx",
            "inputs": [dict(zip(("name", "datatype", "shape"), each, strict=True)) for each in self.inputs],
            "outputs": [dict(zip(("name", "datatype", "shape"), each, strict=True)) for each in self.outputs],
        }
        if not self.told:
            told = {"name": "credit", "platform": "", "inputs": [], "outputs": []}
        return 200, {}, orjson.dumps(told)

    def _predict(self, instances: list[list[float]]) -> tuple[int, dict[str, str], bytes]:
        rows = np.array(instances, object)
        names = [name for name, _, _ in self.inputs]
        if rows.ndim != 2 or rows.shape[1] != len(names):
            raise No(f"ValueError : X has {rows.shape[-1]} features, but {len(names)} are expected", 500)
        pd = self.model(dict(zip(names, rows.astype(float).T, strict=True)))
        return 200, {}, orjson.dumps({"predictions": pd.tolist()})

    # ---- inference ---------------------------------------------------------------------------------------------------

    def _infer(self, version: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        length = headers.get("inference-header-content-length")
        if length and not self.binary:
            raise No("unsupported header Inference-Header-Content-Length")
        head, rest = (body[: int(length)], body[int(length) :]) if length else (body, b"")
        try:
            said = orjson.loads(head)
        except orjson.JSONDecodeError as error:
            raise No(f"failed to parse the request JSON buffer: {error}") from error
        unknown = set(said.get("parameters", {})) - KNOWN_PARAMETERS
        if unknown:
            raise No(f"unexpected parameters: {', '.join(unknown)}")
        given = {each["name"]: each for each in said["inputs"]}
        if len(said["inputs"]) != len(self.inputs):
            raise No(f"expected {len(self.inputs)} inputs but got {len(said['inputs'])} inputs for model 'credit'")
        arrays = {}
        for each in said["inputs"]:  # bytes lie in the order of the request
            spec = next((one for one in self.inputs if one[0] == each["name"]), None)
            if spec is None:
                raise No(f"unexpected inference input '{each['name']}' for model 'credit'")
            arrays[each["name"]], rest = self._tensor(spec, given[spec[0]], rest)
        if rest:
            raise No("unexpected additional input data")
        sizes = {len(each) for each in arrays.values()}
        if len(sizes) != 1:
            raise No("input batch size does not match other inputs for 'credit'")
        n = sizes.pop()
        if self.batch and n > self.batch:
            raise No(
                f"[request id: {said.get('id')}] inference request batch-size must be <= {self.batch} for 'credit'"
            )
        self.asked.append(n)
        pd = self.wrong(np.asarray(self.model(self._columns(arrays, n)), np.float64))
        return self._answered(version, said, pd)

    def _columns(self, arrays: Mapping[str, NDArray[Any]], n: int) -> dict[str, Any]:
        columns = {}
        for name, values in arrays.items():
            if name in self.named:
                matrix = values.reshape(n, -1)
                columns |= {each: matrix[:, k].astype(float) for k, each in enumerate(self.named[name])}
            else:
                flat = values.reshape(n)
                columns[name] = flat if flat.dtype == object else flat.astype(float)
        return columns

    def _tensor(
        self, spec: tuple[str, str, list[int]], given: dict[str, Any], rest: bytes
    ) -> tuple[NDArray[Any], bytes]:
        name, datatype, shape = spec
        if given["datatype"] != datatype:
            raise No(
                f"inference input '{name}' data-type is '{given['datatype']}', but model 'credit' expects {datatype}"
            )
        sent = given["shape"]
        if len(sent) != len(shape) or any(want not in (-1, got) for want, got in zip(shape, sent, strict=True)):
            raise No(f"unexpected shape for input '{name}' for model 'credit'. Expected {shape}, got {sent}")
        count = int(np.prod(sent))
        size = given.get("parameters", {}).get("binary_data_size")
        if size is not None:
            if not self.binary:
                raise No("binary_data_size is not supported")
            return self._bytes(name, datatype, count, rest[:size]).reshape(sent), rest[size:]
        if datatype in ("FP16", "BF16"):
            raise No(f"sending {datatype} data via JSON is not supported. Please use the binary data format")
        flat = given["data"]
        while flat and isinstance(flat[0], list):
            flat = [value for row in flat for value in row]
        if len(flat) != count:
            raise No(f"Unable to parse 'data': Shape does not match true shape of 'data' field for '{name}'")
        for value in flat:
            self._json_value(value, datatype)
        kind = object if datatype == "BYTES" else _kind(datatype)
        return np.array(flat, kind).reshape(sent), rest

    @staticmethod
    def _json_value(value: Any, datatype: str) -> None:
        wanted: Any = (int, float)
        if datatype == "BOOL":
            wanted = bool
        elif datatype == "BYTES":
            wanted = str
        elif "INT" in datatype:
            wanted = int
        if not isinstance(value, wanted) or (isinstance(value, bool) and datatype != "BOOL"):
            raise No(f"Unable to parse 'data': attempt to access JSON {value!r} as {datatype}")

    @staticmethod
    def _bytes(name: str, datatype: str, count: int, content: bytes) -> NDArray[Any]:
        if datatype == "BYTES":
            found, at = [], 0
            while at < len(content):
                size = int.from_bytes(content[at : at + 4], "little")
                found.append(content[at + 4 : at + 4 + size].decode())
                at += 4 + size
            if len(found) != count:
                raise No(f"expected {count} string elements for inference input '{name}', got {len(found)}")
            return np.array(found, object)
        if len(content) != count * SIZES[datatype]:
            raise No(
                f"unexpected total byte size {len(content)} for input '{name}', expecting {count * SIZES[datatype]}"
            )
        if datatype == "BF16":
            return (np.frombuffer(content, "<u2").astype("<u4") << 16).view("<f4")
        return np.frombuffer(content, _kind(datatype))

    def _answered(self, version: str, said: dict[str, Any], pd: Array) -> tuple[int, dict[str, str], bytes]:
        told, parts = [], []
        everything = said.get("parameters", {}).get("binary_data_output", False)
        for wanted in said.get("outputs") or [{"name": name} for name, _, _ in self.outputs]:
            spec = next((one for one in self.outputs if one[0] == wanted["name"]), None)
            if spec is None:
                raise No(f"unexpected inference output '{wanted['name']}' for model 'credit'")
            name, datatype, shape = spec
            kind = _kind(datatype)
            values = (self.answers(pd) if datatype.startswith(("FP", "BF")) else (pd > 0.5)).astype(kind)
            values = values.reshape(len(pd), *(max(each, 1) for each in shape[1:]))
            each: dict[str, Any] = {"name": name, "datatype": datatype, "shape": list(values.shape)}
            if wanted.get("parameters", {}).get("binary_data", everything):
                content = values.tobytes()
                if datatype == "BF16":
                    content = (values.view("<u4") >> 16).astype("<u2").tobytes()
                parts.append(content)
                each["parameters"] = {"binary_data_size": len(content)}
            else:
                each["data"] = values.ravel().tolist()
            told.append(each)
        answer = {"model_name": "credit", "model_version": version, "id": said.get("id", ""), "outputs": told}
        head = orjson.dumps(answer)
        if not parts:
            return 200, {}, head
        return 200, {"inference-header-content-length": str(len(head))}, head + b"".join(parts)


def _kind(datatype: str) -> Any:
    named = {"BOOL": "?", "FP16": "<f2", "BF16": "<f4", "FP32": "<f4", "FP64": "<f8"}
    if datatype in named:
        return np.dtype(named[datatype])
    return np.dtype(f"<{'u' if datatype.startswith('U') else 'i'}{SIZES[datatype]}")


class StrictHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server_of: StrictServer

    def do_GET(self) -> None:
        self.handled(b"")

    def do_POST(self) -> None:
        self.handled(self.rfile.read(int(self.headers["content-length"])))

    def handled(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server_of.seen.append((self.command, self.path, headers))
        status, more, content = self.server_of.answer(self.command, self.path, headers, body)
        try:
            self.send_response(status)
            for name, value in {"content-length": str(len(content)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def strict(server: StrictServer) -> Iterator[StrictServer]:
    """The server, running on a port of its own."""
    running = Quiet(("127.0.0.1", 0), type("Bound", (StrictHandler,), {"server_of": server}))
    server.url = f"http://127.0.0.1:{running.server_port}"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        running.shutdown()
        thread.join()
        running.server_close()
