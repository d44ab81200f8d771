"""The briefing of a sampled book over REST: what the page says of it, intervals and all."""

import shutil
from pathlib import Path

import pytest

from tests.support.inside import Served
from tests.support.large_book import NAME


def test_briefing_tells_the_interval(large_home: Path, held_few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home = shutil.copytree(large_home, tmp_path / "home")
    monkeypatch.setenv("WHATIF_HOME", str(home))
    monkeypatch.setenv("WHATIF_BOOK", NAME)
    said = Served(home).client.get("/briefings/book", params={"balances": "20", "panels": "numbers"})
    assert said.status_code == 200, said.text
    found = said.json()
    assert "Estimated from 6,000 of 60,000 loans: expected loss ±" in found["sentence"]
    assert all("(95\N{NO-BREAK SPACE}%)" in tile["notes"][0] for tile in found["tiles"])
    assert "95 % interval, ±" in str(found["panels"])
