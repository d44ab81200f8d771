"""Where a model elsewhere is: the server's address, and the model and version that it may name itself."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from data.errors import BadInput
from model.settings import Protocol as Spoken
from model.settings import Settings

_WHOLE: tuple[tuple[Spoken, re.Pattern[str]], ...] = (
    ("oip", re.compile(r"(.*)/v2/models/([^/]+)(?:/versions/([^/]+))?(?:/infer|/ready|/config)?")),
    ("kserve", re.compile(r"(.*)/v1/models/([^/:]+)(?:/versions/([^/:]+))?(?::predict)?")),
    ("mlflow", re.compile(r"(.*)/invocations()()")),
)


@dataclass(frozen=True)
class ModelAddress:
    """``base``: the address that a protocol's paths begin from. ``protocol`` is None where it is to be found out."""

    base: str
    host: str
    protocol: Spoken | None
    name: str
    version: str


def model_address(settings: Settings) -> ModelAddress:
    """Where the settings say the model is. An address that leads to a model or a version of it, as it is written in
    other programs, says its protocol, name and version; what the other settings say of those holds where it does not.

    Raises
    ------
    BadInput
        If there is none, or it holds more than scheme, host, port and path, or names something else than the settings.
    """
    url = settings.model_url
    if url is None:
        raise BadInput("There is no address of a deployed model. Set WHATIF_MODEL_URL.")
    if url.username or url.password or url.query or url.fragment:
        raise BadInput(
            "WHATIF_MODEL_URL must be scheme, host, port and path only. A token belongs in WHATIF_MODEL_TOKEN."
        )
    whole, host = str(url).rstrip("/"), f"{url.host}:{url.port}"
    for protocol, pattern in _WHOLE:
        found = pattern.fullmatch(whole)
        if found:
            name, version = unquote(found[2]) or settings.model_name, unquote(found[3] or "") or settings.model_version
            _agree("PROTOCOL", settings.model_protocol or protocol, protocol)
            if settings.model_version:
                _agree("VERSION", settings.model_version, version)
            return ModelAddress(found[1], host, protocol, name, version)
    return ModelAddress(str(url), host, settings.model_protocol, settings.model_name, settings.model_version)


def _agree(setting: str, told: str, named: str) -> None:
    if told != named:
        raise BadInput(
            f"WHATIF_MODEL_URL leads to {named!r} and WHATIF_MODEL_{setting} says {told!r}. Leave one of both out."
        )
