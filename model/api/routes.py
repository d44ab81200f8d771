"""The REST service: Open Inference Protocol v2, KServe v1 and MLflow over one function, `service.Service.answer`.

Mounted under ``/api`` in the dashboard's process, or alone with ``python -m model serve``. Every error has one shape,
``{"error": what was given, what is allowed, what to do, "code": …, "request": id}``, whatever it is and wherever it
arises; a traceback stays in the server's log.
"""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from data.books import title
from data.contract import Contract
from data.errors import BadInput, WhatIfError
from model.api import body, moves, openapi, requests
from model.api.errors import LOG, HttpError, noted, refusal, status_of
from model.api.limits import Guard
from model.api.metrics import Metrics
from model.api.requests import OUTPUTS, ScoreRequest
from model.api.service import CHAMPION, ScoreResponse, Service
from model.deployed.desk import DeployedModels, desk
from model.deployed.dialects import PURPOSE, TRYING
from model.errors import StoreError, Unknown
from model.release.release import Release
from model.report.release.card import html
from model.report.release.card_of_store import release_card
from model.security.locality import proven
from model.security.people import LOCAL, at_this_machine
from model.security.tokens import Bearer, Scope, Tokens, covers, require_scope
from model.settings import Settings, settings

MANY = 2000  # rows from which an answer is found in a thread, so that small requests do not wait for it
LONG = 256 * 2**10  # bytes from which a request is read in a thread
PAGES = ("customer", "book", "policy", "scenarios", "comparison", "trust", "operations")  # by their names in addresses
LOCAL_SCOPES: frozenset[Scope] = frozenset({"explain"})  # what whoever is on this machine may without a token


def create(service: Service, open_here: bool, lifespan: Any = None, beside_pages: bool = False) -> FastAPI:
    """The application. ``open_here``: whatever comes from this machine needs no token. ``beside_pages``: nor does a
    browser that shows it sits there. For moving an alias a token always is asked for."""
    app = FastAPI(
        title="Credit What-If",
        version=product(),
        description=_whose(service.settings),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        dependencies=[Depends(_once)],
    )
    app.state.service = service
    app.state.open_here = open_here
    app.state.beside_pages = beside_pages
    app.state.tokens = Tokens(service.settings.home)
    app.state.metrics = Metrics()
    _health(app)
    _inference(app)
    _repository(app)
    _briefings(app)
    _schemas(app)
    for kind in (WhatIfError, HTTPException, RequestValidationError, ClientDisconnect, Exception):
        app.add_exception_handler(kind, _told)
    app.add_middleware(Guard, service=service, metrics=app.state.metrics)
    return app


def _whose(using: Settings) -> str:
    """Which book's model answers, and what holds for every path."""
    return f"The model of the book {using.book}: {title(using.book, using.home)}. {openapi.EVERY_PATH}"


def product() -> str:
    """This product's version."""
    try:
        return version("credit-what-if")
    except PackageNotFoundError:  # run from a checkout
        return openapi.VERSION


# ---- errors ---------------------------------------------------------------------------------------------------------


async def _told(request: Request, error: Exception) -> Response:
    identity = str(request.scope.get("whatif_request", ""))
    if isinstance(error, HTTPException) and error.status_code in (404, 405):
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        allowed = methods(request.app, path)
        if allowed and request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": ", ".join(allowed), "X-Request-Id": identity})
        error = _no_way(request.app, path, request.method)
    noted(error, request.scope)
    if status_of(error) == 500:
        LOG.error("request %s", identity, exc_info=error)
    return refusal(error, identity)


# ---- paths -----------------------------------------------------------------------------------------------------------


class _Model(StringConvertor):
    """A model's name in a path where a verb may follow it after a colon."""

    regex = "[^/:]+"


register_url_convertor("model", _Model())


def methods(app: FastAPI, path: str) -> tuple[str, ...]:
    """What a path may be asked with; nothing if there is no such path."""
    routes = [route for route in app.routes if isinstance(route, APIRoute) and route.path_regex.match(path)]
    found = {method for route in routes for method in route.methods or ()}
    found |= {"HEAD"} if "GET" in found else set()
    return tuple(sorted(found | {"OPTIONS"})) if found else ()


def _no_way(app: FastAPI, path: str, method: str) -> HTTPException:
    """Why a path cannot be asked for, or not so."""
    allowed = methods(app, path)
    if allowed:
        told = f"{path[:60]!r} takes {', '.join(allowed)}; {method[:20]!r} was given."
        return HTTPException(405, told, {"Allow": ", ".join(allowed)})
    near = "/" + "/".join(filter(None, path.lower().split("/")))  # without what is spelled differently most often
    hint = f"; did you mean {near}?" if methods(app, near) else "."
    return HTTPException(404, f"There is no {path[:60]!r} here{hint}")


# ---- who may --------------------------------------------------------------------------------------------------------


def bearer(request: Request, scope: Scope) -> Bearer:
    """Who asks: the holder of the token sent, or, where none is needed, whoever is on this machine. For what only an
    administrator may, one is always needed."""
    if request.app.state.open_here:
        try:
            at_this_machine(request.headers.items(), _peer(request))
        except Unknown:
            raise Unknown(
                "Without tokens this service answers on this machine only, at its own name and not through a proxy. "
                "Set WHATIF_API_TOKENS=on and make a token."
            ) from None
    if scope != "admin" and (request.app.state.open_here or _sits_here(request)):
        return Bearer(LOCAL.name, LOCAL_SCOPES)
    tokens: Tokens = request.app.state.tokens
    given = request.headers.getlist("authorization")
    if len(given) > 1:
        raise HttpError(400, f"The header Authorization is given {len(given)} times. Give it once: one token counts.")
    kind, _, token = "".join(given).partition(" ")
    return tokens.check(token.strip() if kind.lower() == "bearer" else None, scope)


def _peer(request: Request) -> str | None:
    return request.client.host if request.client else None


def _sits_here(request: Request) -> bool:
    """Whether a request comes from the browser of somebody whom the pages know by the key of their start."""
    if not request.app.state.beside_pages or not proven(request.headers.items()):
        return False
    with suppress(Unknown):
        at_this_machine(request.headers.items(), _peer(request))
        return True
    return False


def _with(scope: Scope) -> Callable[[Request], Awaitable[Bearer]]:
    async def allowed(request: Request) -> Bearer:  # async, or it would be asked in a thread
        found = bearer(request, scope)
        require_scope(found, scope)
        return found

    return allowed


MayScore = Annotated[Bearer, Depends(_with("score"))]
MayExplain = Annotated[Bearer, Depends(_with("explain"))]
MayAdminister = Annotated[Bearer, Depends(_with("admin"))]
Version = Annotated[
    str | None, Query(description="An alias (champion, challenger, previous), or a release's id.", max_length=64)
]


# ---- reading and answering ------------------------------------------------------------------------------------------


async def _once(request: Request) -> None:
    """BadInput if a parameter is given more than once: which of its values counts nobody could tell."""
    given = [name for name, _ in request.query_params.multi_items()]
    for name in given:
        if given.count(name) > 1:
            raise BadInput(f"The parameter {name[:60]!r} is given {given.count(name)} times. Give it once.")


def _named(service: Service, name: str) -> None:
    if name != service.settings.model_name:
        raise HttpError(404, f"There is no model {name[:60]!r} here. There is: {service.settings.model_name}.")


async def release(service: Service, wanted: str | None) -> Release:
    """The release asked for; a first loading does not keep others waiting."""
    wanted = wanted or CHAMPION
    found = service.known(wanted)
    return await asyncio.to_thread(service.release, wanted) if found is None else found


Reader = Callable[[bytes, Contract, int], ScoreRequest]
Layout = Callable[[ScoreResponse], dict[str, object]]


def in_json(read: Callable[[Any, Contract, int], ScoreRequest]) -> Mapping[str, Reader]:
    """The readers by type of a path that takes JSON only."""
    return {body.JSON: lambda text, contract, most: read(body.parsed(text), contract, most)}


async def answered(
    request: Request, who: Bearer, wanted: str | None, readers: Mapping[str, Reader], laid_out: Layout
) -> Response:
    """The one way to an answer: read, scored, recorded, and only then told. What takes long is done in a thread."""
    service: Service = request.app.state.service
    request.scope["whatif_scored"] = True
    kind, text = await body.received(request, readers, service.settings.api_body)
    using = await release(service, wanted)

    def asked() -> ScoreRequest:
        return readers[kind](text, using.contract, service.settings.api_rows)

    ask = await asyncio.to_thread(asked) if len(text) > LONG else asked()
    if set(ask.outputs) & set(requests.REASONS):
        require_scope(who, "explain")
    many = ask.raw.shape[1] > MANY
    live = request.headers.get(PURPOSE) != TRYING
    args = (using, ask, who.name, wanted or CHAMPION, live)
    found, written = await asyncio.to_thread(service.answer, *args) if many else service.answer(*args)
    if written is not None:
        await asyncio.wrap_future(written)
    request.app.state.metrics.scored(using, ask.raw.shape[1], service.shadow.dropped if service.shadow else 0)

    def telling() -> Response:
        return said(laid_out(found), {"X-Model-Version": using.id, "X-Call-Id": found.id})

    return await asyncio.to_thread(telling) if many else telling()


def said(content: object, headers: Mapping[str, str] | None = None) -> Response:
    """JSON, numbers with every digit."""
    packed = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(packed, headers=headers, media_type="application/json")


# ---- routes ---------------------------------------------------------------------------------------------------------


def _health(app: FastAPI) -> None:
    service: Service = app.state.service

    @app.get("/v2/health/live", summary="The process lives")
    async def live() -> Response:
        return said({"live": True})

    @app.get("/v2/health/ready", summary="The model can answer")
    @app.get("/ping", summary="MLflow: the model can answer")
    async def ready() -> Response:
        trouble = await asyncio.to_thread(service.ready)
        if trouble:
            raise StoreError(f"The model is not ready. {trouble}")
        return said({"ready": True})

    @app.get("/v2/models/{name}/ready", summary="The model can answer")
    async def model_ready(name: str) -> Response:
        _named(service, name)
        return await ready()

    @app.get("/v2/models/{name}/versions/{which}/ready", summary="A version of the model can answer")
    async def version_ready(name: str, which: str, _who: MayScore) -> Response:
        _named(service, name)
        await release(service, which)
        return said({"ready": True})

    @app.get("/version", summary="MLflow: the version of this server")
    async def mlflow_version() -> Response:
        return Response(product(), media_type="text/plain")

    @app.get("/v2", summary="What this server is")
    async def server(_who: MayScore) -> Response:
        return said({"name": openapi.PLATFORM, "version": product(), "extensions": ["shap_values", "audit", "shadow"]})

    @app.get("/v2/models/{name}", summary="What the model takes and gives")
    async def model(name: str, _who: MayScore, version: Version = None) -> Response:
        _named(service, name)
        using = await release(service, version)
        signature = await asyncio.to_thread(service.store.signature, using.id)  # one may be signed at any time
        return said(openapi.metadata(name, using, service.versions(), service.settings.book, signature))

    @app.get("/v2/models/{name}/versions/{which}", summary="What a version of the model takes and gives")
    async def model_version(name: str, which: str, who: MayScore) -> Response:
        return await model(name, who, which)

    @app.get("/v1/models/{name:model}", summary="KServe v1: whether the model can answer")
    async def kserve_model(name: str, _who: MayScore) -> Response:
        _named(service, name)
        await release(service, None)
        return said({"name": name, "ready": True})

    @app.get("/metrics", summary="Prometheus: latency, rows, errors, the model's hash")
    async def metrics(_who: MayScore) -> Response:
        champion = None
        try:
            champion = await release(service, None)
        except WhatIfError:
            LOG.warning("no champion to name in the metrics")
        page = await asyncio.to_thread(app.state.metrics.page, champion)
        return Response(page, media_type="text/plain; version=0.0.4")

    @app.get("/openapi.json", summary="This document")
    async def document(request: Request) -> Response:
        return said(openapi.document(app, service) | {"servers": [{"url": request.scope.get("root_path") or "/"}]})


def _inference(app: FastAPI) -> None:
    service: Service = app.state.service

    @app.post("/v2/models/{name}/infer", summary="Score, with any subset of the outputs", openapi_extra=openapi.OIP)
    async def infer(request: Request, name: str, who: MayScore, version: Version = None) -> Response:
        _named(service, name)
        return await answered(
            request, who, wanted=version, readers=in_json(requests.oip), laid_out=partial(openapi.oip, name)
        )

    @app.post("/v2/models/{name}/versions/{which}/infer", summary="Score with one version", openapi_extra=openapi.OIP)
    async def infer_with(request: Request, name: str, which: str, who: MayScore) -> Response:
        return await infer(request, name, who, which)

    @app.post("/v1/models/{name}:predict", summary="KServe v1: probabilities", openapi_extra=openapi.KSERVE)
    async def predict(request: Request, name: str, who: MayScore, version: Version = None) -> Response:
        _named(service, name)
        return await answered(
            request, who, wanted=version, readers=in_json(requests.kserve), laid_out=openapi.predicted
        )

    @app.post("/v1/models/{name}:explain", summary="KServe v1: probabilities and reasons", openapi_extra=openapi.KSERVE)
    async def explain(request: Request, name: str, who: MayExplain, version: Version = None) -> Response:
        _named(service, name)
        read = partial(requests.kserve, outputs=(*OUTPUTS[:1], *requests.REASONS))
        return await answered(request, who, wanted=version, readers=in_json(read), laid_out=openapi.explained)

    @app.post("/invocations", summary="MLflow: probabilities", openapi_extra=openapi.MLFLOW)
    async def invocations(request: Request, who: MayScore, version: Version = None) -> Response:
        readers = {**in_json(requests.mlflow), body.CSV: requests.mlflow_csv}
        return await answered(request, who, wanted=version, readers=readers, laid_out=openapi.predicted)


def _repository(app: FastAPI) -> None:
    service: Service = app.state.service

    @app.get("/releases", summary="All releases and the aliases that point to them")
    async def releases(_who: MayScore) -> Response:
        ids = service.store.ids()
        signatures = await asyncio.to_thread(lambda: {each: vars(service.store.signature(each)) for each in ids})
        return said({"releases": ids, "aliases": service.store.aliases(), "signatures": signatures})

    @app.get("/releases/{which}/artefact", summary="A release to keep: a zip file, with its hash in a header")
    async def artefact(which: str, _who: MayExplain) -> Response:
        using = await release(service, which)
        packed = await asyncio.to_thread(service.artefact, using.id)
        digest = b64encode(sha256(packed).digest()).decode()
        headers = {
            "X-Artefact-SHA256": using.artefact,
            "Repr-Digest": f"sha-256=:{digest}:",  # of the file itself, as RFC 9530 has it
            "Content-Disposition": f'attachment; filename="{using.id}.zip"',
        }
        return Response(packed, headers=headers, media_type="application/zip")

    @app.get("/releases/{which}/card", summary="The model card of a release: one HTML page that loads nothing")
    async def card(which: str, who: MayScore) -> Response:
        using = await release(service, which)
        by_group = covers(who, "explain")
        found = await asyncio.to_thread(release_card, service.store, using, service.settings.home, by_group=by_group)
        headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'"}
        return Response(html(found), headers=headers, media_type="text/html")

    @app.post(
        "/releases/{which}/promote",
        summary="Point an alias to a release whose gates passed, or whose failed gates are overridden for a reason",
        openapi_extra=moves.PROMOTION,
    )
    async def promote(request: Request, which: str, who: MayAdminister) -> Response:
        move = await moves.asked_move(request, "alias", "override")
        args = (which, move.alias, who.name, move.why, move.override)
        identity = await asyncio.to_thread(service.store.promote, *args)
        LOG.warning(
            "%s promoted %s to %s: why %r, override %r", who.name, identity, move.alias, move.why, move.override
        )
        return said({"release": identity, "alias": move.alias})

    @app.post("/rollback", summary="Make the previous champion the champion again", openapi_extra=moves.ROLLBACK)
    async def rollback(request: Request, who: MayAdminister) -> Response:
        move = await moves.asked_move(request)
        identity = await asyncio.to_thread(service.store.rollback, who.name, move.why)
        LOG.warning("%s rolled back to %s: why %r", who.name, identity, move.why)
        return said({"release": identity, "alias": CHAMPION})


# ---- ways to run it -----------------------------------------------------------------------------------------------


def _briefings(app: FastAPI) -> None:
    service: Service = app.state.service
    models = desk if service.settings == settings() else DeployedModels(lambda: service.settings)

    @app.get(
        "/briefings/{subject}", summary="What a page says, for the page's own query", openapi_extra=openapi.BRIEFING
    )
    async def briefing(request: Request, subject: str, who: MayExplain) -> Response:
        if subject not in PAGES:
            raise HttpError(404, f"There is no page {subject[:60]!r} here. There are: {', '.join(PAGES)}.")
        query = dict(request.query_params)
        withheld = _withheld(request, who)
        return said(await asyncio.to_thread(_page_answer, models, service, subject, query, who.name, withheld))


def _schemas(app: FastAPI) -> None:
    service: Service = app.state.service

    @app.get("/schemas/{message}", summary="A message of the stream as a JSON Schema, under the champion's contract")
    async def schema(message: str, _who: MayScore) -> Response:
        from model.scoring.stream.schemas import SCHEMAS  # read in when first asked for, as pages' answers are

        if message not in SCHEMAS:
            raise HttpError(
                404, f"There is no message {message[:60]!r} of the stream. There are: {', '.join(SCHEMAS)}."
            )
        using = await release(service, None)
        return said(SCHEMAS[message](using.scorer.contract))


def _page_answer(*asked: Any) -> dict[str, object]:
    """What a page says; read in when first asked for, so that a service which only scores starts in half the time and
    with two thirds of the memory."""
    from model.api import briefings

    return briefings.page_answer(*asked)


def _withheld(request: Request, who: Bearer) -> str:
    """Why figures by protected attribute are not for whoever asks: they are for those who administer, and for whoever
    is on this machine where its pages are."""
    if who.name == LOCAL.name or covers(who, "admin"):  # which no token is called
        return ""
    return "To see protected attributes takes a token of the scope admin."
