"""Open Inference Protocol v2 (MLServer, KServe, Triton, Seldon, OpenVINO, and this product): bytes in and out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from urllib.parse import quote

import numpy as np
import orjson

from data.arrays import Array
from data.json_types import Json, JsonObject
from model.deployed.about import About, Explained, InputTensor, Predicted
from model.deployed.answers import (
    COARSE,
    SLACK,
    any_list,
    any_text,
    as_list,
    counted_records,
    flat_numbers,
    json_object,
    labels,
    names_listed,
    probabilities,
    short,
    unread,
)
from model.deployed.mapping import Output
from model.deployed.questions import Form, Question
from model.deployed.tensors import BYTES_ONLY, Tensor, packed, tensor_values, unpacked
from model.errors import Refused

REASONS = ("shap_values", "base_value")
BINARY, CONFIGURED = "binary_tensor_data", "model_configuration"  # extensions, as Triton's metadata name them
MOST_BATCH = 1_000_000  # beyond which a limit of records a call is none


@dataclass(frozen=True)
class _Answered:
    shape: tuple[int, ...]
    datatype: str
    data: Json


class OpenInference:
    """`/v2`: tensors by name, by default one FP64 tensor of shape [n, 1] a column; outputs asked for by name."""

    def about_path(self, model: str, version: str = "") -> str:
        """Where the server presents the model, or one version of it."""
        path = f"/v2/models/{quote(model, safe='')}"
        return f"{path}/versions/{quote(version, safe='')}" if version else path

    def ready_path(self, model: str, version: str = "") -> str:
        """Where it says whether it is ready."""
        return f"{self.about_path(model, version)}/ready"

    def predict_path(self, model: str, version: str = "") -> str:
        """Where it predicts."""
        return f"{self.about_path(model, version)}/infer"

    def ask(self, columns: Mapping[str, Array], output: Output, identity: str, ours: bool = False) -> bytes:
        """A request for the PD of ``columns`` (n,) each, as this product's own service and MLServer take it."""
        return self.question(columns, output, identity, Form(pandas=not ours)).body

    def question(self, columns: Mapping[str, Array], output: Output, identity: str, form: Form) -> Question:
        """A request for the PD of ``columns`` (n,) each, in the form that the server takes."""
        return self._question(columns, (output.name,) if output.name else (), identity, form)

    def ask_reasons(self, columns: Mapping[str, Array], output: Output, identity: str) -> bytes:
        """A request for the PD and the server's own reasons."""
        return self._question(columns, (output.name, *REASONS), identity, Form(pandas=False)).body

    def _question(self, columns: Mapping[str, Array], outputs: Sequence[str], identity: str, form: Form) -> Question:
        tensors = form.tensors or tuple(Tensor(name, (name,)) for name in columns)
        n, inputs, parts = len(next(iter(columns.values()))), [], []
        for each in tensors:
            values = tensor_values(each, columns, form.words)
            told: JsonObject = {"name": each.name, "shape": each.sized(n), "datatype": each.datatype}
            if form.binary:
                parts.append(packed(values, each.datatype))
                told["parameters"] = {"binary_data_size": len(parts[-1])}
            elif each.datatype in BYTES_ONLY:
                raise Refused(
                    f"The deployed model takes {short(each.name)} as {each.datatype}, which JSON has no form of, and "
                    "its server does not list binary_tensor_data among its extensions. Serve it with FP32."
                )
            else:
                told["data"] = values
            inputs.append(told)
        asked = [{"name": name} | ({"parameters": {"binary_data": True}} if form.binary else {}) for name in outputs]
        body: JsonObject = {"id": identity, "inputs": inputs} | ({"outputs": asked} if asked else {})
        parameters: JsonObject = {"binary_data_output": True} if form.binary and not asked else {}
        if form.pandas:  # without it MLServer's scikit-learn runtime refuses more than one tensor
            parameters["content_type"] = "pd"
        if parameters:
            body["parameters"] = parameters
        head = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
        return Question(head + b"".join(parts), len(head) if form.binary else 0)

    def read(self, body: bytes, rows: int, output: Output, json_bytes: int = 0) -> Predicted:
        """Its answer, of which the first ``json_bytes`` are JSON if not all; Refused unless it holds exactly ``rows``
        probabilities."""
        return self._read(body, rows, output, json_bytes)[0]

    def read_reasons(self, body: bytes, rows: int, output: Output, parts: int) -> Explained:
        """The answer to `ask_reasons`, with Shapley values of ``parts`` inputs."""
        predicted, tensors = self._read(body, rows, output)
        values = _matrix(_tensor(tensors, "shap_values"), "shap_values", rows, parts)
        base = _matrix(_tensor(tensors, "base_value"), "base_value", 1, 1)
        if not (np.isfinite(values).all() and np.isfinite(base).all()):
            raise Refused("The deployed model's reasons hold values that are no numbers. Ask whoever runs it.")
        return Explained(predicted, float(base[0, 0]), np.ascontiguousarray(values.T))

    def _read(
        self, body: bytes, rows: int, output: Output, json_bytes: int = 0
    ) -> tuple[Predicted, Mapping[str, _Answered]]:
        answer = json_object(body[:json_bytes] if json_bytes else body)
        tensors, rest = {}, body[json_bytes:] if json_bytes else b""
        for each in as_list(answer.get("outputs"), "outputs"):
            match each:
                case {"name": str(name), "shape": [*shape], "datatype": str(datatype)}:
                    if not all(type(k) is int and k >= 0 for k in shape):
                        raise unread(f"the output {short(name)} of the shape {short(shape)}")
                    data, rest = _data(each, name, datatype, rest)
                    tensors[name] = _Answered(tuple(shape), datatype, data)
                case _:
                    raise unread("an output without name, shape, datatype and data")
        name = _name(tensors, output)
        found = _tensor(tensors, name)
        remedy = f"Name the output that holds probabilities, such as predict_proba, under [output]; not {name}."
        if not _fractions(found.datatype):
            raise labels(f"{short(name)} of the datatype {short(found.datatype)}", remedy)
        values, whole = flat_numbers(found.data, name)
        wide = _classes(found.shape, rows)
        if not wide or values.size != rows * wide or (wide > 2 and not output.named):
            raise Refused(
                f"The deployed model was asked about {counted_records(rows)}; its output {short(name)} has "
                f"{values.size:,} numbers of the shape {short(list(found.shape))}. Needed is [{rows}] or [{rows}, 2]; "
                f"of more than two columns name one. {output.instruction}"
            )
        slack = {"FP32": COARSE[0], "FP16": COARSE[1], "BF16": COARSE[1]}.get(found.datatype, SLACK)
        shaped = values.reshape(rows, wide) if wide > 1 else values
        pd = probabilities(shaped, whole, rows=rows, output=output, remedy=remedy, slack=slack)
        parameters = answer.get("parameters")
        artefact = parameters.get("artefact") if isinstance(parameters, dict) else ""
        return Predicted(pd, any_text(answer.get("model_version")), any_text(artefact)), tensors

    def read_about(self, body: bytes, model: str) -> About:
        """The server's metadata; most of it is empty unless somebody wrote it."""
        said = json_object(body)
        if not isinstance(said.get("name"), str) or not {"versions", "platform", "inputs", "outputs"} & said.keys():
            raise unread("no metadata of a model")
        takes = tuple(_taken(each) for each in any_list(said.get("inputs")) if isinstance(each, dict))
        outputs = {any_text(each.get("name")): each for each in any_list(said.get("outputs")) if isinstance(each, dict)}
        parameters = said["parameters"] if isinstance(said.get("parameters"), dict) else {}
        versions = [any_text(each) for each in any_list(said.get("versions")) if any_text(each)]
        release = any_text(parameters.get("release"))
        return About(
            protocol="oip",
            name=model,
            version=release or (versions[-1] if versions else ""),
            artefact=any_text(parameters.get("artefact")),
            contract_sha256=any_text(parameters.get("contract_sha256")),
            release=release,
            book=any_text(parameters.get("book")),
            inputs=tuple(each.name for each in takes),
            wide=tuple(each.name for each in takes if each.wide),
            outputs=tuple(outputs),
            reasons=_named(outputs.get("shap_values")) if "base_value" in outputs else (),
            background=any_text(parameters.get("background")),
            platform=any_text(said.get("platform")),
            takes=takes,
            floats=tuple(name for name, each in outputs.items() if any_text(each.get("datatype"))[:2] in ("FP", "BF")),
            most=most_records(said) or most_records(parameters),
        )


def extensions(body: bytes) -> frozenset[str]:
    """What the server says at ``/v2`` that it can do beyond the protocol; nothing where it says something else."""
    try:
        said = json_object(body)
    except Refused:
        return frozenset()
    return frozenset(each for each in any_list(said.get("extensions")) if isinstance(each, str))


def most_records(said: JsonObject) -> int:
    """How many records a call may hold, by a model's configuration; 0 where it says nothing that is a limit."""
    found = said.get("max_batch_size")
    return found if type(found) is int and 0 < found < MOST_BATCH else 0


def configured_most(body: bytes) -> int:
    """The same of the answer at ``/config``."""
    try:
        return most_records(json_object(body))
    except Refused:
        return 0


def _taken(given: JsonObject) -> InputTensor:
    shape = any_list(given.get("shape"))
    known = all(type(each) is int and -1 <= each < 2**31 for each in shape)
    return InputTensor(any_text(given.get("name")), any_text(given.get("datatype")), tuple(shape) if known else ())


def _data(output: JsonObject, name: str, datatype: str, rest: bytes) -> tuple[Json, bytes]:
    """What an output holds, as JSON or as the next bytes, and the bytes after those."""
    if "data" in output:
        return output["data"], rest
    match output:
        case {"parameters": {"binary_data_size": int(size)}} if 0 <= size <= len(rest):
            return unpacked(rest[:size], datatype, name), rest[size:]
    raise unread("an output without name, shape, datatype and data")


def _classes(shape: tuple[int, ...], rows: int) -> int:
    """How many numbers a record has in a tensor; 0 if its shape is not one of so many records."""
    if not shape or shape[0] != rows:
        return prod(shape) if rows == 1 and len(shape) == 1 and shape[0] > 0 else 0
    return prod(shape[1:]) if 0 < prod(shape[1:]) < 10_000 else 0


def _name(tensors: Mapping[str, _Answered], output: Output) -> str:
    """What the output is called; where none was asked for by name, the only one of numbers with a fraction."""
    if output.name:
        return output.name
    floats = [name for name, each in tensors.items() if _fractions(each.datatype)]
    if len(floats) != 1:
        raise Refused(
            f"The deployed model answered {names_listed(tensors)}. Name the output that holds probabilities under "
            "[output] in the mapping."
        )
    return floats[0]


def _fractions(datatype: str) -> bool:
    return datatype.startswith(("FP", "BF"))


def _tensor(tensors: Mapping[str, _Answered], name: str) -> _Answered:
    if name not in tensors:
        raise Refused(
            f"The deployed model was asked for its output {short(name)} and answered {names_listed(tensors)}. "
            "Name one that it has under [output] in the mapping."
        )
    return tensors[name]


def _matrix(tensor: _Answered, name: str, rows: int, columns: int) -> Array:
    values, _ = flat_numbers(tensor.data, name)
    if values.size != rows * columns or tensor.shape not in {(rows, columns), (rows,) if columns == 1 else ()}:
        raise unread(f"{name} of the shape {short(list(tensor.shape))} where [{rows}, {columns}] is needed")
    return values.reshape(rows, columns)


def _named(output: Json) -> tuple[str, ...]:
    match output:
        case {"parameters": {"names": [*names]}} if all(isinstance(each, str) for each in names):
            return tuple(names)
    return ()
