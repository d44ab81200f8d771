"""What the service says of itself and of the model, and how answers are laid out: the shapes of the protocols."""

import numpy as np
from fastapi import FastAPI

from data.contract import Contract, Field, bounds
from data.errors import WhatIfError
from data.files.given import number_as_text
from data.json_types import JsonObject
from model.api.body import CSV, JSON
from model.api.requests import DATATYPES, OUTPUTS
from model.api.service import ScoreResponse, Service
from model.release.release import Release
from model.signing import Signature

Schema = JsonObject
"""A part of the document, or an answer, as JSON holds it."""

VERSION = "0.12.0"
PLATFORM = "credit-what-if"
EVERY_PATH = (
    "Every path that answers GET answers HEAD, without a body; OPTIONS names the methods of any path. A body is JSON "
    "in UTF-8 and may be packed as gzip (Content-Encoding). Numbers become 64-bit floats; what would be another number "
    "as one is refused. A web page of another origin (Origin, Sec-Fetch-Site) may ask for nothing. To move an alias "
    "takes a token of the scope admin, also on the machine itself: python -m model token create NAME --scope admin."
)
VALUE = {"type": ["number", "null"]}
CODED = {"type": ["number", "string", "null"]}
TWO = {"type": ["number", "boolean", "string", "null"]}
IDENTITY = {
    "type": "string",
    "pattern": r"^[\w.:-]{1,64}$",
    "description": "The caller's own; a repetition is recorded once.",
}


def metadata(name: str, release: Release, versions: list[str], book: str, signature: Signature | None = None) -> Schema:
    """The model as the Open Inference Protocol describes one; units and ranges from the contract."""
    contract = release.contract
    inputs = [
        {
            "name": each.name,
            "datatype": "FP64",
            "shape": [-1, 1],
            "parameters": {
                "label": each.label,
                "unit": each.unit,
                "minimum": bounds(each)[0],
                "maximum": bounds(each)[1],
                **({"codes": {str(code): word for code, word in each.codes.items()}} if each.codes else {}),
                **(
                    {"special": {number_as_text(code): word for code, word in each.special.items()}}
                    if each.special
                    else {}
                ),
            },
        }
        for each in contract.record
    ]
    k, signed = len(contract.inputs), signature or release.signature
    outputs: list[Schema] = [
        {"name": "predict_proba", "datatype": "FP64", "shape": [-1, 2]},
        {
            "name": "shap_values",
            "datatype": "FP64",
            "shape": [-1, k],
            "parameters": {"names": [each.name for each in contract.inputs], "unit": "log-odds of default"},
        },
        {"name": "base_value", "datatype": "FP64", "shape": [1], "parameters": {"unit": "log-odds of default"}},
        {"name": "decision", "datatype": "BYTES", "shape": [-1, 1]},
    ]
    return {
        "name": name,
        "versions": versions,
        "platform": PLATFORM,
        "inputs": inputs,
        "outputs": outputs,
        "parameters": {
            "release": release.id,
            "artefact": release.artefact,
            "contract_version": contract.version,
            "contract_sha256": contract.hash,
            "book": book,
            "background": release.scorer.shapley.background,
            "trained": release.manifest["created"],
            "signature": signed.state,
            "signed_by": signed.key,
            "probability": contract.book.probability,
        },
    }


def oip(name: str, answer: ScoreResponse) -> Schema:
    """An answer as the Open Inference Protocol lays it out, data flat."""
    outputs: list[Schema] = []
    for output, values in answer.outputs.items():
        if isinstance(values, list):
            outputs.append({"name": output, "shape": [len(values), 1], "datatype": "BYTES", "data": values})
        else:
            shape = list(values.shape)
            outputs.append({"name": output, "shape": shape, "datatype": "FP64", "data": np.ravel(values)})
    return {
        "model_name": name,
        "model_version": answer.release.id,
        "id": answer.id,
        "outputs": outputs,
        "parameters": {"artefact": answer.release.artefact},
    }


def predicted(answer: ScoreResponse) -> Schema:
    """An answer as KServe v1's predict and MLflow lay it out: each row's probabilities of both classes."""
    return {"predictions": answer.outputs["predict_proba"]}


def explained(answer: ScoreResponse) -> Schema:
    """An answer as KServe v1's explain lays it out: each row's Shapley values by input, in log-odds."""
    names = [each.name for each in answer.release.contract.inputs]
    base = float(np.asarray(answer.outputs["base_value"])[0])
    rows = [
        {"base_value": base, "shap_values": dict(zip(names, row, strict=True))}
        for row in np.asarray(answer.outputs["shap_values"]).tolist()
    ]
    return {"predictions": answer.outputs["predict_proba"], "explanations": rows}


# ---- the document ----------------------------------------------------------------------------------------------------


def _body(name: str, **more: Schema) -> Schema:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema}, **more}}}


LINES = "A line of the fields' names, then a line each row, commas between; a missing value is an empty cell."
OIP, KSERVE = _body("InferRequest"), _body("InstancesRequest")
MLFLOW = _body("InvocationsRequest", **{CSV: {"schema": {"type": "string", "description": LINES}}})

BRIEFING: Schema = {
    "parameters": [
        {
            "name": "panels",
            "in": "query",
            "description": "The keys of the panels wanted with their content, parted by commas; all for every one.",
            "schema": {"type": "string", "maxLength": 200},
        },
        {
            "name": "book",
            "in": "query",
            "description": "The book looked at, where it is not the one this service answers for.",
            "schema": {"type": "string", "maxLength": 64},
        },
        {
            "name": "query",
            "in": "query",
            "description": "Whatever the page's own address says, by name; choices within it begin with _.",
            "style": "form",
            "explode": True,
            "schema": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    ]
}

ADMIN = ("/promote", "/rollback")  # for which a token is asked for everywhere
ERROR = {
    "type": "object",
    "required": ["error", "code", "request"],
    "properties": {
        "error": {"type": "string", "description": "What was given, what is allowed, what to do."},
        "code": {"type": "string"},
        "request": {"type": "string", "description": "The id under which the server's log tells more."},
    },
}
REFUSALS = {
    "400": "The request cannot be used",
    "401": "No token, or one that is not known",
    "403": "The token's scopes do not cover this, or a web page of another origin asks",
    "404": "There is no such model, version or path",
    "405": "Another method is needed",
    "408": "The request did not arrive in time",
    "409": "A gate keeps the release from being promoted, or it is of another contract or snapshot than its book",
    "413": "The request is too long",
    "415": "The content type, coding or charset is none that is read",
    "429": "Too many requests at once",
    "503": "The model is not ready, or its record cannot be written",
}
ANSWERS = {
    "InferResponse": {
        "type": "object",
        "required": ["model_name", "model_version", "id", "outputs"],
        "properties": {
            "model_name": {"type": "string"},
            "model_version": {"type": "string", "description": "The release that answered."},
            "id": {"type": "string", "description": "Under which the call is recorded."},
            "outputs": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name", "shape", "datatype", "data"],
                    "properties": {
                        "name": {"type": "string", "enum": list(OUTPUTS)},
                        "shape": {"type": "array", "items": {"type": "integer"}},
                        "datatype": {"type": "string", "enum": ["FP64", "BYTES"]},
                        "data": {"type": "array", "items": {"type": ["number", "string"]}},
                    },
                },
            },
            "parameters": {"type": "object"},
        },
    },
    "Predictions": {
        "type": "object",
        "required": ["predictions"],
        "properties": {
            "predictions": {
                "type": "array",
                "items": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
            },
            "explanations": {"type": "array", "items": {"type": "object"}},
        },
    },
}


def document(app: FastAPI, service: Service) -> Schema:
    """The OpenAPI document of the service as it stands, with an example from the champion's own record."""
    if app.openapi_schema is None or "example" not in app.openapi_schema["components"]["schemas"]["InferRequest"]:
        app.openapi_schema = None
        found = FastAPI.openapi(app)
        schemas = found.setdefault("components", {}).setdefault("schemas", {})
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        schemas |= {"Error": ERROR, **ANSWERS, **_requests(service)}
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        for path, methods in found["paths"].items():
            for operation in methods.values():
                _completed(path, operation)
        app.openapi_schema = found
    return app.openapi_schema


def _completed(path: str, operation: Schema) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    kind = JSON
    schema: Schema = {"type": "object"}
    if path.endswith("/infer"):
        schema = {"$ref": "#/components/schemas/InferResponse"}
    elif path.endswith((":predict", ":explain", "/invocations")):
        schema = {"$ref": "#/components/schemas/Predictions"}
    elif path in ("/version", "/metrics"):
        kind, schema = "text/plain", {"type": "string"}
    elif path.endswith("/card"):
        kind, schema = "text/html", {"type": "string"}
    elif path.endswith("/artefact"):
        kind, schema = "application/zip", {"type": "string", "format": "binary"}
    responses["200"] = {"description": "Answered", "content": {kind: {"schema": schema}}}
    refused = {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}
    responses |= {status: {"description": why, "content": refused} for status, why in REFUSALS.items()}
    if "/health/" not in path and path not in ("/ping", "/version", "/openapi.json"):
        operation["security"] = [{"token": []}] if path.endswith(ADMIN) else [{"token": []}, {}]


def _requests(service: Service) -> Schema:
    try:
        contract, row = _example(service)
    except WhatIfError:
        return {name: {"type": "object"} for name in ("InferRequest", "InstancesRequest", "InvocationsRequest")}
    names = [each.name for each in contract.record]
    tensors = [
        {"name": name, "shape": [1, 1], "datatype": "FP64", "data": [value]}
        for name, value in zip(names, row, strict=True)
    ]
    tensor = {
        "type": "object",
        "required": ["name", "shape", "datatype", "data"],
        "properties": {
            "name": {"type": "string", "enum": names},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": 2},
            "datatype": {"type": "string", "enum": [*DATATYPES, "BYTES", "BOOL"]},
            "data": {"type": "array", "items": TWO, "minItems": 1},
            "parameters": {"type": "object"},
        },
        "additionalProperties": False,
    }
    output = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string", "enum": list(OUTPUTS)}, "parameters": {"type": "object"}},
        "additionalProperties": False,
    }
    fields = {
        each.name: {
            **_within(each),
            "description": f"{each.label}, {each.unit}" if each.unit else each.label,
        }
        for each in contract.record
    }
    record = {"type": "object", "required": names, "properties": fields, "additionalProperties": False}
    values = {"type": "array", "items": TWO, "minItems": len(names), "maxItems": len(names)}
    split = {
        "type": "object",
        "required": ["columns", "data"],
        "properties": {
            "columns": {"type": "array", "items": {"type": "string", "enum": names}},
            "data": {"type": "array", "items": values, "minItems": 1},
            "index": {"type": "array"},
        },
        "additionalProperties": False,
    }
    return {
        "InferRequest": {
            "type": "object",
            "required": ["inputs"],
            "properties": {
                "id": IDENTITY,
                "inputs": {"type": "array", "items": tensor, "minItems": len(names), "maxItems": len(names)},
                "outputs": {"type": "array", "items": output},
                "parameters": {"type": "object"},
            },
            "additionalProperties": False,
            "example": {"inputs": tensors, "outputs": [{"name": "predict_proba"}, {"name": "decision"}]},
        },
        "InstancesRequest": {
            "type": "object",
            "required": ["instances"],
            "properties": {"instances": {"type": "array", "items": record, "minItems": 1}, "id": IDENTITY},
            "additionalProperties": False,
            "example": {"instances": [dict(zip(names, row, strict=True))]},
        },
        "InvocationsRequest": {
            "type": "object",
            "required": ["dataframe_split"],
            "properties": {"dataframe_split": split},
            "additionalProperties": False,
            "example": {"dataframe_split": {"columns": names, "data": [row]}},
        },
    }


def _cell(field: Field) -> Schema:
    """What stands for a field in a row of JSON."""
    if set(field.codes) == {0, 1}:
        return TWO
    return CODED if field.codes else VALUE


def _within(field: Field) -> Schema:
    """The same where it is told by name: within the field's range, or one of its special codes or their words."""
    low, high = bounds(field)
    within = {**_cell(field), "minimum": low, "maximum": high}
    return {"anyOf": [within, {"enum": [*field.special, *field.special.values()]}]} if field.special else within


def _example(service: Service) -> tuple[Contract, list[float]]:
    """The contract and a record that the champion was checked with."""
    release = service.release()
    return release.contract, release.golden[:, 0].tolist()
