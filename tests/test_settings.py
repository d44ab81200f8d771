"""Settings come from the environment."""

from pathlib import Path

import pytest

from data.errors import BadInput
from model.settings import settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WHATIF_HOME", "WHATIF_BOOK", "WHATIF_URL_STATE"):
        monkeypatch.delenv(name, raising=False)


def test_settings_have_defaults_that_need_nothing_set():
    assert settings().home == Path(".whatif")
    assert settings().book == "cards"
    assert settings().url_state is True


def test_settings_follow_the_environment_of_the_moment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("WHATIF_HOME", str(tmp_path))
    monkeypatch.setenv("WHATIF_URL_STATE", "off")
    assert settings().home == tmp_path
    assert settings().url_state is False


def test_setting_that_cannot_be_used_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WHATIF_URL_STATE", "perhaps")
    with pytest.raises(BadInput, match=r"WHATIF_URL_STATE in the environment cannot be used: .*; 'perhaps' was given"):
        settings()
