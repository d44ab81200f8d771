"""The manifest of a release, checked as it is read: whoever writes to the disk, or hands a release out, may have
written anything there, and pages show it."""

import json
import re
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from data.json_types import JsonObject

MOST_BYTES = 2**20
LONGEST = 1000  # characters of a text
Text = Annotated[str, Field(max_length=LONGEST)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern=r"^(model\.skops|gates\.json|contract\.toml|[a-z]{1,20}\.npz)$")]
Year = int | None


class _Known(BaseModel):
    """What is named is of its type; what nobody knows stands there unread."""

    model_config = ConfigDict(strict=True, extra="allow")


class _Window(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    since: Year = None
    until: Year = None


class _Recalibrated(_Window):
    shift: FiniteFloat


class _Outcomes(_Known):
    rows: int = Field(gt=0)
    first: Text
    last: Text
    sha256: Digest


class _Manifest(_Known):
    id: Text
    created: Text
    book: Text
    background: Text
    contract_version: int | Text
    contract_sha256: Text
    data_sha256: Text
    rows: int = Field(gt=0)
    files: dict[Name, Digest]
    lock_sha256: Text | None = None
    code_sha256: Text | None = None
    sample_of: int | None = None
    window: _Window | None = None
    recalibrated: _Recalibrated | None = None
    outcomes: _Outcomes | None = None
    libraries: dict[Text, Text] = {}
    platform: dict[Text, Text] = {}


def read_manifest(content: bytes, identity: str) -> JsonObject:
    """What the manifest of a release holds.

    Raises
    ------
    ValueError
        If it is none, or of another release.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"its manifest takes {len(content):,} bytes; at most {MOST_BYTES:,} are read")
    try:
        found = json.loads(content)
        checked = _Manifest.model_validate(found)
        moments = [checked.created, *((checked.outcomes.first, checked.outcomes.last) if checked.outcomes else ())]
        for each in moments:
            datetime.fromisoformat(each)
    except RecursionError:
        raise ValueError("its manifest is nested too deep") from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise ValueError(f"its manifest cannot be used: {where[:100]}: {first['msg']}") from None
    except ValueError as error:
        raise ValueError(f"its manifest cannot be read: {error}") from None
    if checked.id != identity:
        other = re.sub(r"[^0-9a-zA-Z]", "?", checked.id[:20])
        raise ValueError(f"its manifest is that of release {other}, so that it is not the artefact of this name")
    return dict(found)
