"""What an administrator asks for over REST: an alias moved. Read from a body in JSON, which no form of a web page
sends."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from data.errors import BadInput
from data.json_types import Json
from model.api import body
from model.api.service import CHAMPION
from model.release.register import ALIASES
from model.release.store import LONGEST

MOST_BYTES = 16 * 2**10
LONGEST_ALIAS = 64
LENGTHS: Mapping[str, int] = {"why": LONGEST, "alias": LONGEST_ALIAS, "override": LONGEST}  # characters of each text


@dataclass(frozen=True)
class AliasMove:
    """Why an alias is moved, which one, and, where a gate failed, the reason to move it all the same."""

    why: str
    alias: str = CHAMPION
    override: str = ""


async def asked_move(request: Request, *names: str) -> AliasMove:
    """What the body of a request says, of the ``names`` that it may say besides why. What stands in the address in the
    body's place counts too.

    Raises
    ------
    BadInput
        If the body is no JSON object of these texts, or says something else than the address.
    """
    _, text = await body.received(request, (body.JSON,), MOST_BYTES)
    found, allowed = body.parsed(text), ("why", *names)
    if not isinstance(found, dict):
        raise BadInput(f'The request must be a JSON object like {{"why": "…"}}, of {", ".join(allowed)}.')
    others = [name for name in found if name not in allowed]
    if others:
        raise BadInput(f"The request says {others[0][:60]!r}; it may say {', '.join(allowed)}.")
    address = {name: value for name, value in request.query_params.items() if name in allowed}
    for name, value in address.items():
        if found.get(name, value) != value:
            raise BadInput(f"The parameter {name} is one in the body and another in the address. Give it once.")
    given = {name: _text(name, value) for name, value in (address | found).items()}
    if "why" not in given:
        raise BadInput('The parameter why is missing. Say it in the body, {"why": "…"}; it is kept in the history.')
    return AliasMove(**given)


def _text(name: str, value: Json) -> str:
    least = 1 if name == "why" else 0
    if not isinstance(value, str) or not least <= len(value) <= LENGTHS[name]:
        raise BadInput(
            f"The parameter {name} cannot be used: {least} to {LENGTHS[name]} characters of text are; "
            f"{str(value)[:60]!r} was given."
        )
    return value


def _schema(**texts: str) -> dict[str, object]:
    fields = {
        name: {
            "type": "string",
            "minLength": 1 if name == "why" else 0,
            "maxLength": LENGTHS[name],
            "description": said,
        }
        for name, said in {"why": "Why; it is kept in the history.", **texts}.items()
    }
    schema = {"type": "object", "required": ["why"], "properties": fields, "additionalProperties": False}
    example = {"why": "Newer data"}
    return {"requestBody": {"required": True, "content": {body.JSON: {"schema": schema | {"example": example}}}}}


PROMOTION = _schema(
    alias=", ".join(ALIASES),
    override="Promote although a gate failed, for this reason; it stands on the model card from then on.",
)
ROLLBACK = _schema()
