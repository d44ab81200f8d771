"""What a server at an address speaks, and how it presents the model."""

from collections.abc import Iterator
from dataclasses import replace

import orjson

from model.deployed.about import About
from model.deployed.answers import complaint
from model.deployed.dialects import DIALECTS, KSERVE, MLFLOW, OPEN_INFERENCE
from model.deployed.open_inference import BINARY, CONFIGURED, configured_most, extensions
from model.deployed.transport import HttpReply, Transport
from model.errors import Refused
from model.settings import Protocol

NOWHERE = frozenset({404, 405, 501})  # answers of a server that has no such path
SAYS_NO = frozenset({400, 415, 422, 500})  # how MLflow answers a question without a table


def presented_models(transport: Transport) -> Iterator[About]:
    """What the server speaks, unless the settings say, and how it presents the model: at least one, and each looked for
    as it is asked for, because some offer every model in several protocols, of which its own code understands one.

    Raises
    ------
    NoAnswer
        If it says nothing at all.
    Refused
        If it says nothing that is understood; what was tried and what came.
    """
    where = transport.address
    name, version, tried, found = where.name, where.version, [], 0
    if where.protocol:
        yield describe_model(transport, where.protocol, name, version)
        return
    for dialect in (OPEN_INFERENCE, MLFLOW, KSERVE):
        paths = (dialect.ready_path(name, version), dialect.about_path(name, version))
        for path in paths if dialect is MLFLOW else paths[1:]:  # a version alone is told by many a server
            answer = transport.get(path)
            if answer.status in (401, 403):
                raise transport.refusal(answer)
            if answer.status != 200:
                tried.append(_tried(transport, path, answer))
                break
        else:
            try:
                about = _presented(transport, dialect.read_about(answer.body, name))
            except Refused:
                tried.append(f"{path} (200, not understood)")
                continue
            found += 1
            yield about
    if found:
        return
    path = MLFLOW.predict_path(name)
    answer = transport.try_out(path, b"{}")
    if _takes_tables(answer):
        yield About("mlflow", name)
        return
    tried.append(_tried(transport, path, answer))
    raise Refused(
        f"{transport.host} speaks none of the protocols known, or has no model {name!r}. Tried were: "
        f"{', '.join(tried)}. Set WHATIF_MODEL_NAME, WHATIF_MODEL_PROTOCOL, or the path in WHATIF_MODEL_URL."
    )


def _tried(transport: Transport, path: str, answer: HttpReply) -> str:
    told = transport.secrets.cleaned(complaint(answer.body))
    return f"{path} ({answer.status} {told})".replace(" )", ")")


def _takes_tables(answer: HttpReply) -> bool:
    """Whether a server says of an empty question what one says that waits for a table: MLflow's path alone is there on
    many platforms."""
    if answer.status not in SAYS_NO:
        return False
    try:
        return isinstance(orjson.loads(answer.body), dict)
    except orjson.JSONDecodeError:
        return not answer.body.lstrip().startswith(b"<")


def describe_model(transport: Transport, spoken: Protocol, name: str, version: str = "") -> About:
    """How the server presents a model in a protocol that it is known to speak; Refused or NoAnswer."""
    dialect = DIALECTS[spoken]
    answer = transport.get(dialect.about_path(name, version))
    if answer.status in NOWHERE and dialect is not OPEN_INFERENCE:  # one that predicts and says nothing of itself
        return About(spoken, name)
    if answer.status != 200:
        raise transport.refusal(answer)
    return _presented(transport, dialect.read_about(answer.body, name))


def _presented(transport: Transport, about: About) -> About:
    """What is known of a model, with what its server says of itself and how many records it takes at a time."""
    about = transport.secrets.cleaned_about(about)
    if about.protocol != "oip" or about.ours:
        return about
    answer = transport.get("/v2")
    able = extensions(answer.body) if answer.status == 200 else frozenset()
    most = about.most
    if CONFIGURED in able and not most:
        answer = transport.get(f"{OPEN_INFERENCE.about_path(about.name, transport.address.version)}/config")
        most = configured_most(answer.body) if answer.status == 200 else 0
    return replace(about, binary=BINARY in able, most=most)
