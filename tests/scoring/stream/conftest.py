from pathlib import Path

import pytest

from model.settings import Settings, settings
from tests.support.kafka import QuickBroker


@pytest.fixture
def using(quick_broker: QuickBroker, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Fresh topics, a home of one's own, and a group that is there at once."""
    told = {"WHATIF_HOME": str(own_home), "WHATIF_STREAM_PROTOCOL": "consumer", **quick_broker.topics()}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return settings()
