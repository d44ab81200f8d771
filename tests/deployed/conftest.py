import numpy as np
import pytest

from model.deployed import remote, transport
from model.engine.territory import Territory
from tests.support.service import names as names
from tests.support.service import nothing_runs_on as nothing_runs_on
from tests.support.service import request_of as request_of
from tests.support.service import rows as rows


@pytest.fixture
def unsurveyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once, and the book is not surveyed."""
    empty = Territory(np.zeros((1, 1)), np.ones(1), percentiles=np.zeros(101), low=np.zeros(1), high=np.zeros(1))
    monkeypatch.setattr(remote, "survey", lambda *_: empty)
    monkeypatch.setattr(transport, "PAUSE", 0.001)
