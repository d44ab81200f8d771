"""The verb doctor: what it says, and how it ends."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from model.__main__ import main


def doctor(home: Path, *words: str, **settings: str) -> Result:
    """What the verb says."""
    environment = {"WHATIF_HOME": str(home), "STREAMLIT_SERVER_ADDRESS": None} | settings
    return CliRunner().invoke(main, ["doctor", *words], env=environment, catch_exceptions=False)


def test_a_sound_installation_would_serve(own_home: Path):
    said = doctor(own_home, "--json")
    found = json.loads(said.stdout)
    assert (said.exit_code, found["ok"], found["stops"]) == (0, True, 0)
    names = [each["name"] for each in found["checks"]]
    assert set(names) >= {
        "Libraries",
        "Home",
        "Disk",
        "Memory",
        "Clock",
        "Release of cards",
        "Record",
        "Tokens",
        "People",
    }
    assert len(set(names)) == len(names)
    assert all(each.keys() == {"name", "state", "found", "advice"} for each in found["checks"])


def test_one_that_nobody_could_use_would_not_and_says_what_to_do(own_home: Path):
    said = doctor(own_home, STREAMLIT_SERVER_ADDRESS="0.0.0.0")
    assert said.exit_code == 1
    assert "STOPS    People" in said.stdout
    assert "→ Configure a login" in said.stdout
    assert said.stdout.endswith("would stop it from serving.\n")


def test_the_service_alone_needs_nobody_to_log_in(own_home: Path):
    said = doctor(own_home, "--only", "service", "--host", "0.0.0.0")
    assert said.exit_code == 0
    assert "People" not in said.stdout
    assert "warning  Tokens" in said.stdout
    assert "Nothing would stop it from serving" in said.stdout


def test_a_setting_that_cannot_be_read_is_bad_input(own_home: Path):
    said = doctor(own_home, WHATIF_API_ROWS="many")
    assert (said.exit_code, said.stderr.startswith("Error: WHATIF_API_ROWS")) == (2, True)
