"""What is said to a deployed model elsewhere, and what its answers mean, in three protocols. Pure: bytes in and out.

Open Inference Protocol v2 (MLServer, KServe, Triton, Seldon, and this product), KServe v1, and MLflow. Numbers are
64-bit floats and stay so: rounding to 32 bits moved the PD of 7 % of the book by more than 0.001. A missing value, NaN
here, is null there. Nothing an answer may hold does anything but become a value below or a `Refused`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

import numpy as np
import orjson

from data.arrays import Array
from data.json_types import Json, JsonObject
from model.deployed.mapping import Output
from model.engine.tables import probability
from model.errors import Refused
from model.settings import Protocol as Spoken

OURS = "credit-what-if"
REASONS = ("shap_values", "base_value")
PURPOSE, TRYING = "x-whatif-purpose", "what-if"  # how a dashboard tells its questions from live traffic
SLACK = 1e-6  # by which two probabilities may miss their sum
LABELS = 20  # from so many answers, each exactly 0 or 1, they are taken for class labels
_WHOLE = {"probability": (1.0, "between 0 and 1"), "percent": (100.0, "between 0 and 100")}


@dataclass(frozen=True)
class About:
    """A deployed model as its server presents it; what it does not say is empty.

    ``inputs`` and ``outputs`` are names, ``wide`` the inputs that take several columns at once; ``reasons`` the inputs
    that its Shapley values belong to, in order, measured from ``background``; ``version``, ``artefact`` (sha256) and
    ``release`` tell one model from the next.
    """

    protocol: Spoken
    name: str
    version: str = ""
    artefact: str = ""
    contract_sha256: str = ""
    release: str = ""
    book: str = ""
    inputs: tuple[str, ...] = ()
    wide: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    background: str = ""
    platform: str = ""

    @property
    def ours(self) -> bool:
        """Whether this product is at the other end."""
        return self.platform == OURS


@dataclass(frozen=True, eq=False)
class Predicted:
    """Probabilities of default (n,), and which model they are from, as far as the answer says."""

    pd: Array
    version: str = ""
    artefact: str = ""


@dataclass(frozen=True, eq=False)
class Explained:
    """The same with the server's reasons in log-odds: ``base`` and ``values`` (inputs, n)."""

    predicted: Predicted
    base: float
    values: Array


class Dialect(Protocol):
    """One protocol. Paths are relative to the server's address."""

    def about_path(self, model: str) -> str:
        """Where the server presents the model."""

    def read_about(self, body: bytes, model: str) -> About:
        """What it says there; Refused if that is nothing about a model."""

    def ready_path(self, model: str) -> str:
        """Where it says whether it is ready."""

    def predict_path(self, model: str) -> str:
        """Where it predicts."""

    def ask(self, columns: Mapping[str, Array], output: Output, identity: str, ours: bool = False) -> bytes:
        """A request for the PD of ``columns`` (n,) each; ``ours`` if this product is at the other end."""

    def read(self, body: bytes, rows: int, output: Output) -> Predicted:
        """Its answer; Refused unless it holds exactly ``rows`` probabilities."""


# ---- Open Inference Protocol v2 --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tensor:
    shape: tuple[int, ...]
    datatype: str
    data: Json


class OpenInference:
    """`/v2`: one FP64 tensor of shape [n, 1] a column, outputs asked for by name."""

    def about_path(self, model: str) -> str:
        """Where the server presents the model."""
        return f"/v2/models/{quote(model, safe='')}"

    def ready_path(self, model: str) -> str:
        """Where it says whether it is ready."""
        return f"{self.about_path(model)}/ready"

    def predict_path(self, model: str) -> str:
        """Where it predicts."""
        return f"{self.about_path(model)}/infer"

    def ask(self, columns: Mapping[str, Array], output: Output, identity: str, ours: bool = False) -> bytes:
        """A request for the PD of ``columns`` (n,) each."""
        return self._ask(columns, (output.name,), identity, ours)

    def ask_reasons(self, columns: Mapping[str, Array], output: Output, identity: str) -> bytes:
        """A request for the PD and the server's own reasons."""
        return self._ask(columns, (output.name, *REASONS), identity, ours=True)

    def _ask(self, columns: Mapping[str, Array], outputs: Sequence[str], identity: str, ours: bool) -> bytes:
        body: JsonObject = {
            "id": identity,
            "inputs": [
                {"name": name, "shape": [len(values), 1], "datatype": "FP64", "data": np.ascontiguousarray(values)}
                for name, values in columns.items()
            ],
            "outputs": [{"name": name} for name in outputs],
        }
        if not ours:  # without it MLServer's scikit-learn runtime refuses more than one tensor
            body["parameters"] = {"content_type": "pd"}
        return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)

    def read(self, body: bytes, rows: int, output: Output) -> Predicted:
        """Its answer; Refused unless it holds exactly ``rows`` probabilities."""
        return self._read(body, rows, output)[0]

    def read_reasons(self, body: bytes, rows: int, output: Output, parts: int) -> Explained:
        """The answer to `ask_reasons`, with Shapley values of ``parts`` inputs."""
        predicted, tensors = self._read(body, rows, output)
        values = _matrix(_tensor(tensors, "shap_values"), "shap_values", rows, parts)
        base = _matrix(_tensor(tensors, "base_value"), "base_value", 1, 1)
        if not (np.isfinite(values).all() and np.isfinite(base).all()):
            raise Refused("The deployed model's reasons hold values that are no numbers. Ask whoever runs it.")
        return Explained(predicted, float(base[0, 0]), np.ascontiguousarray(values.T))

    def _read(self, body: bytes, rows: int, output: Output) -> tuple[Predicted, Mapping[str, _Tensor]]:
        answer = _object(body)
        tensors = {}
        for each in _list(answer.get("outputs"), "outputs"):
            match each:
                case {"name": str(name), "shape": [*shape], "datatype": str(datatype), "data": data}:
                    if not all(type(k) is int and k >= 0 for k in shape):
                        raise _unread(f"the output {_short(name)} of the shape {_short(shape)}")
                    tensors[name] = _Tensor(tuple(shape), datatype, data)
                case _:
                    raise _unread("an output without name, shape, datatype and data")
        found = _tensor(tensors, output.name)
        remedy = f"Name the output that holds probabilities, such as predict_proba, under [output]; not {output.name}."
        if not found.datatype.startswith("FP"):
            raise _labels(f"{_short(output.name)} of the datatype {_short(found.datatype)}", remedy)
        values, whole = _numbers(found.data, output.name)
        if found.shape not in {(rows,), (rows, 1), (rows, 2)} or values.size != np.prod(found.shape):
            raise Refused(
                f"The deployed model was asked about {_records(rows)}; its output {_short(output.name)} has "
                f"{values.size:,} numbers of the shape {_short(list(found.shape))}. Needed is [{rows}] or [{rows}, 2]."
            )
        pd = _probabilities(values.reshape(found.shape), whole, rows=rows, output=output, remedy=remedy)
        parameters = answer.get("parameters")
        artefact = parameters.get("artefact") if isinstance(parameters, dict) else ""
        return Predicted(pd, _text(answer.get("model_version")), _text(artefact)), tensors

    def read_about(self, body: bytes, model: str) -> About:
        """The server's metadata; most of it is empty unless somebody wrote it."""
        said = _object(body)
        if not isinstance(said.get("name"), str) or not {"versions", "platform", "inputs", "outputs"} & said.keys():
            raise _unread("no metadata of a model")
        inputs = [each for each in _any_list(said.get("inputs")) if isinstance(each, dict)]
        outputs = {_text(each.get("name")): each for each in _any_list(said.get("outputs")) if isinstance(each, dict)}
        parameters = said["parameters"] if isinstance(said.get("parameters"), dict) else {}
        versions = [_text(each) for each in _any_list(said.get("versions")) if _text(each)]
        release = _text(parameters.get("release"))
        return About(
            protocol="oip",
            name=model,
            version=release or (versions[-1] if versions else ""),
            artefact=_text(parameters.get("artefact")),
            contract_sha256=_text(parameters.get("contract_sha256")),
            release=release,
            book=_text(parameters.get("book")),
            inputs=tuple(_text(each.get("name")) for each in inputs),
            wide=tuple(
                _text(each.get("name"))
                for each in inputs
                if len(_any_list(each.get("shape"))) > 1 and each["shape"][-1] not in (1, -1)
            ),
            outputs=tuple(outputs),
            reasons=_named(outputs.get("shap_values")) if "base_value" in outputs else (),
            background=_text(parameters.get("background")),
            platform=_text(said.get("platform")),
        )


def _tensor(tensors: Mapping[str, _Tensor], name: str) -> _Tensor:
    if name not in tensors:
        raise Refused(
            f"The deployed model was asked for its output {_short(name)} and answered {_listed(tensors)}. "
            "Name one that it has under [output] in the mapping."
        )
    return tensors[name]


def _matrix(tensor: _Tensor, name: str, rows: int, columns: int) -> Array:
    values, _ = _numbers(tensor.data, name)
    if values.size != rows * columns or tensor.shape not in {(rows, columns), (rows,) if columns == 1 else ()}:
        raise _unread(f"{name} of the shape {_short(list(tensor.shape))} where [{rows}, {columns}] is needed")
    return values.reshape(rows, columns)


def _named(output: Json) -> tuple[str, ...]:
    match output:
        case {"parameters": {"names": [*names]}} if all(isinstance(each, str) for each in names):
            return tuple(names)
    return ()


# ---- KServe v1 and MLflow --------------------------------------------------------------------------------------------


class KServe:
    """`/v1`: instances are lists of numbers in the mapping's order.

    Its ``:explain`` is not asked: what an explainer answers is its own affair, and what its values add up to is not
    said. Reasons come through ``:predict`` instead.
    """

    def about_path(self, model: str) -> str:
        """Where the server presents the model."""
        return f"/v1/models/{quote(model, safe='')}"

    def ready_path(self, model: str) -> str:
        """Where it says whether it is ready."""
        return self.about_path(model)

    def predict_path(self, model: str) -> str:
        """Where it predicts."""
        return f"{self.about_path(model)}:predict"

    def ask(self, columns: Mapping[str, Array], output: Output, identity: str, ours: bool = False) -> bytes:
        """A request for the PD of ``columns`` (n,) each."""
        return orjson.dumps({"instances": _rows(columns)}, option=orjson.OPT_SERIALIZE_NUMPY)

    def read(self, body: bytes, rows: int, output: Output) -> Predicted:
        """Its answer; Refused unless it holds exactly ``rows`` probabilities."""
        return _predictions(body, rows, output, "Set PREDICT_PROBA=true for KServe's scikit-learn server.")

    def read_about(self, body: bytes, model: str) -> About:
        """What the server says of the model: little."""
        said = _object(body)
        if "name" not in said or "ready" not in said:
            raise _unread("nothing about a model")
        return About("kserve", model, platform="KServe v1")


class MLflow:
    """`/invocations`: a table by column."""

    def about_path(self, model: str) -> str:
        """Where the server presents itself: MLflow's own version, it names no model."""
        return "/version"

    def ready_path(self, model: str) -> str:
        """Where it says whether it is ready."""
        return "/ping"

    def predict_path(self, model: str) -> str:
        """Where it predicts."""
        return "/invocations"

    def ask(self, columns: Mapping[str, Array], output: Output, identity: str, ours: bool = False) -> bytes:
        """A request for the PD of ``columns`` (n,) each."""
        table = {"columns": list(columns), "data": _rows(columns)}
        return orjson.dumps({"dataframe_split": table}, option=orjson.OPT_SERIALIZE_NUMPY)

    def read(self, body: bytes, rows: int, output: Output) -> Predicted:
        """Its answer; Refused unless it holds exactly ``rows`` probabilities."""
        return _predictions(body, rows, output, 'Log the model with pyfunc_predict_fn="predict_proba".')

    def read_about(self, body: bytes, model: str) -> About:
        """The version of MLflow that answers."""
        version = body.decode(errors="replace").strip()
        if not version[:1].isdecimal() or len(version) > 40:
            raise _unread("no version of MLflow")
        return About("mlflow", model, platform=f"MLflow {version}")


OPEN_INFERENCE, KSERVE, MLFLOW = OpenInference(), KServe(), MLflow()
DIALECTS: Mapping[Spoken, Dialect] = {"oip": OPEN_INFERENCE, "kserve": KSERVE, "mlflow": MLFLOW}


def _records(n: int) -> str:
    return f"{n:,} record{'s' * (n != 1)}"


def _rows(columns: Mapping[str, Array]) -> Array:
    return np.ascontiguousarray(np.stack(list(columns.values()), axis=1))


def _predictions(body: bytes, rows: int, output: Output, remedy: str) -> Predicted:
    given = _list(_object(body).get("predictions"), "predictions")
    if len(given) != rows:
        raise Refused(f"The deployed model was asked about {_records(rows)} and answered {len(given):,}.")
    if given and isinstance(given[0], dict):
        given = [_chosen(each, tuple(given[0]), output) for each in given]
    values, whole = _numbers(given, "predictions")
    if values.size not in (rows, 2 * rows):
        raise _unread(f"{values.size / max(rows, 1):g} numbers a record where 1 or 2 are needed")
    return Predicted(_probabilities(values.reshape(rows, -1), whole, rows=rows, output=output, remedy=remedy))


def _chosen(row: Json, keys: tuple[str, ...], output: Output) -> Json:
    """The number that means default in a row of a table: by name, or by its place among two."""
    if not isinstance(row, dict) or tuple(row) != keys:
        raise _unread("rows of a table that differ in their columns")
    if output.name in row:
        return row[output.name]
    if len(keys) > 2:
        raise Refused(
            f"The deployed model answers a table with the columns {_listed(keys)}. "
            "Name the one that holds the probability of default under [output] in the mapping."
        )
    return row[keys[output.column]] if len(keys) == 2 else next(iter(row.values()), None)


# ---- numbers and words -----------------------------------------------------------------------------------------------


def _numbers(data: Json, what: str) -> tuple[Array, bool]:
    """The numbers of a list, or of a list of equally long lists, flat and in order; and whether all are integers."""
    flat = _list(data, what)
    if flat and isinstance(flat[0], list):
        wide = len(flat[0])
        if not all(isinstance(row, list) and len(row) == wide for row in flat):
            raise _unread(f"{_short(what)} with rows of different length")
        flat = [value for row in flat for value in row]
    kinds = set(map(type, flat))
    if kinds <= {float, int, type(None)}:
        return np.array(flat, np.float64), kinds == {int}
    if str in kinds or bool in kinds:
        raise _labels(f"{_short(next(each for each in flat if isinstance(each, str | bool)))!r}")
    raise _unread(f"{_short(what)} that are no numbers")


def _probabilities(values: Array, whole: bool, rows: int, output: Output, remedy: str) -> Array:
    """PD (n,) of numbers (n,), (n, 1) or (n, 2) written as the output's kind says."""
    gaps = int(np.isnan(values).reshape(rows, -1).any(1).sum())
    if gaps:
        raise Refused(f"The deployed model gave no number for {gaps:,} of {_records(rows)}. Ask whoever runs it why.")
    single = values.size == rows
    chosen: Array = values.reshape(rows, -1)[:, 0 if single else output.column]
    if output.kind == "log_odds":
        return probability(chosen.clip(-700, 700))
    if single and rows and np.isin(chosen, (0, 1)).all() and (whole or rows >= LABELS):
        raise _labels("only 0 and 1", remedy)
    top, allowed = _WHOLE[output.kind]
    if (chosen < -1e-9 * top).any() or (chosen > (1 + 1e-9) * top).any():
        worst = float(chosen[np.argmax(np.abs(chosen - top / 2))])
        raise Refused(
            f"The deployed model's {output.kind} must lie {allowed}; {worst:.6g} came. "
            'Set kind under [output] in the mapping to "probability", "percent" or "log_odds".'
        )
    if not single and (np.abs(values.sum(1) - top) > SLACK * top).any():
        raise Refused(
            f"The deployed model gave two numbers a customer that do not add up to {top:g}: they are not the "
            f"{output.kind} of the two outcomes. Name the right output under [output] in the mapping."
        )
    return np.ascontiguousarray(chosen.clip(0, top) / top)


def complaint(body: bytes) -> str:
    """What a server says is wrong, in at most 200 characters and one line: of several only from the last that names an
    error, because a traceback, or the records' figures sent back, may stand before."""
    text = body[:100_000].decode(errors="replace")
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if isinstance(said, dict):
        text = next((said[key] for key in ("error", "message", "detail") if isinstance(said.get(key), str)), "")
    elif text.lstrip().startswith("<"):
        text = ""
    named = [each.start() for each in re.finditer(r"(?<!\S)[\w.]*(?:Error|Exception)(?=:| ')", text)]
    if named:
        text = text[named[-1] :]
    elif "Traceback (most recent call last)" in text:
        text = (text.strip().splitlines() or [""])[-1]
    return _short("".join(each if each.isprintable() else " " for each in text), 200)


def _object(body: bytes) -> JsonObject:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _unread("something that is not JSON") from error
    if not isinstance(found, dict):
        raise _unread("JSON that is no object")
    return found


def _list(given: Json, what: str) -> list[Json]:
    if not isinstance(given, list):
        raise _unread(f"no list of {_short(what)}")
    return given


def _any_list(given: Json) -> list[Json]:
    return given if isinstance(given, list) else []


def _text(given: Json) -> str:
    return _short(given, 200) if isinstance(given, str) else ""


def _short(given: object, most: int = 60) -> str:
    text = " ".join(str(given).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _listed(names: object) -> str:
    return _short(", ".join(map(str, names)) if isinstance(names, Mapping | tuple) and names else "nothing", 200)


def _unread(came: str) -> Refused:
    return Refused(
        f"The deployed model's answer cannot be read: {came} came. Check WHATIF_MODEL_PROTOCOL and that the server "
        "serves the model meant."
    )


def _labels(came: str, remedy: str = "Name an output of numbers under [output] in the mapping.") -> Refused:
    return Refused(f"The deployed model answers class labels ({came}); probabilities are needed. {remedy}")
