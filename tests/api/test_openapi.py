"""The service keeps what its own OpenAPI document says, whatever schemathesis makes of it."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from model.api import routes as rest
from model.api.service import Service
from model.security.tokens import Tokens
from model.settings import Settings
from tests.support.inside import HERE, INFER, KNOWN, Client

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
BOUNDED = settings(
    max_examples=8,  # of each operation
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schemathesis.serializer("text/csv")
def lines(_context: Any, value: Any) -> bytes:
    """A CSV as the document has it, one text."""
    return str(value).encode()


@pytest.fixture(scope="module")
def schema(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The document of a service, by which its application is asked; nothing is recorded."""
    own = shutil.copytree(home, tmp_path_factory.mktemp("contract") / "home", ignore=shutil.ignore_patterns("lock"))
    app = rest.create(Service(Settings(home=own, api_rows=100), audit=None), open_here=True)

    token = Tokens(own).create("contract", ["admin"])

    async def called_from_here(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":  # schemathesis says that it comes from a host of the name "testclient"
            others = [each for each in scope["headers"] if each[0] != b"authorization"]  # it sends tokens of its own
            signed = [*others, (b"authorization", f"Bearer {token}".encode())]
            await app({**scope, "client": ("127.0.0.1", 50_000), "headers": signed}, receive, send)

    found = schemathesis.openapi.from_dict(Client(app).get("/openapi.json").json())
    found.app = called_from_here
    found.routes = app.routes  # type: ignore[attr-defined]
    return found


def operations(schema: Any) -> dict[str, Any]:
    """Every operation of the document by method and path."""
    return {each.ok().label: each.ok() for each in schema.get_all_operations()}


def kept(operation: Any, mode: GenerationMode, **fixed: Any) -> set[int]:
    """Have an operation asked; the statuses it answered with, all of them as the document says."""
    statuses = set()

    @BOUNDED
    @given(operation.as_strategy(generation_mode=mode, **fixed))
    def asked(case: Any) -> None:
        response = case.call(base_url=HERE)
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    asked()
    return statuses


def test_every_route_is_in_the_document(schema: Any):
    routes = {(method, route.path_format) for route in schema.routes for method in route.methods}
    assert {tuple(each.split(" ", 1)) for each in operations(schema)} == routes


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_operation_keeps_the_document(schema: Any, mode: GenerationMode):
    for operation in operations(schema).values():
        can_be_wrong = operation.query.items or operation.body.items  # any text may stand in a path
        if can_be_wrong or mode is GenerationMode.POSITIVE:
            assert 401 not in kept(operation, mode)


def test_operations_on_the_model_that_is_there_keep_the_document(schema: Any):
    for label, operation in operations(schema).items():
        path = {each.name: KNOWN[each.name] for each in operation.path_parameters}
        if path:
            statuses = kept(operation, GenerationMode.POSITIVE, path_parameters=path)
            assert 200 in statuses if label.startswith("GET") else statuses <= {200, 400, 404, 413}


def test_answers_to_sound_requests_are_as_described(schema: Any):
    bodies = schema.raw_schema["components"]["schemas"]
    wanted = {
        "POST /v2/models/{name}/infer": "InferRequest",
        "POST /v2/models/{name}/versions/{which}/infer": "InferRequest",
        "POST /v1/models/{name}:predict": "InstancesRequest",
        "POST /v1/models/{name}:explain": "InstancesRequest",
        "POST /invocations": "InvocationsRequest",
    }
    for label, name in wanted.items():
        operation = operations(schema)[label]
        path = {each.name: KNOWN[each.name] for each in operation.path_parameters}
        fixed = {"body": bodies[name]["example"], "media_type": "application/json"}
        fixed |= {"path_parameters": path} if path else {}
        fixed |= {"query": {"version": "champion"}} if operation.query.items else {}
        assert kept(operation, GenerationMode.POSITIVE, **fixed) == {200}
    example = bodies["InvocationsRequest"]["example"]["dataframe_split"]
    rows = [",".join(map(str, row)) for row in (example["columns"], *example["data"])]
    fixed |= {"body": "\n".join(rows), "media_type": "text/csv"}
    assert kept(operation, GenerationMode.POSITIVE, **fixed) == {200}


def test_the_document_names_the_path_of_inference(schema: Any):
    assert INFER.replace("credit", "{name}") in schema.raw_schema["paths"]
