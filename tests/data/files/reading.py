"""Reading in this process, for tests that read hundreds of files. That it is done in another has tests of its own."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

import pytest

from data.files import apart, child
from data.files.kinds import Limits


def _read_here(content: bytes, request: Mapping[str, Any], _limits: Limits, told: apart.Told) -> bytes:
    said = BytesIO()
    child.send_table(content, dict(request), said, told)
    return said.getvalue()


@pytest.fixture(scope="module", autouse=True)
def in_this_process() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(apart, "read_apart", _read_here)
        yield
