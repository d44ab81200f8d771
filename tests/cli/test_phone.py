"""The verb that writes the app for a phone."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from model.export.phone.package import HOLDS
from model.signing import grouped
from tests.cli.test_command_line import answer, run
from tests.support.phones import signing_key


def test_an_app_is_written_signed_and_good_for_so_long(own_home: Path, tmp_path: Path):
    path, key = signing_key(tmp_path)
    folder = tmp_path / "app"
    told = answer(run(own_home, "phone", str(folder), "--key", str(path), "--expires", "30", "--json"))
    contents = json.loads((folder / "contents.json").read_text())
    assert {each.name for each in folder.iterdir()} == {*HOLDS, "contents.json", "signature.json"}
    assert told["release"] == contents["release"]
    assert told["signed_by"] == contents["signed_by"] == key.fingerprint
    assert told["expires"] == contents["expires"] == (date.today() + timedelta(30)).isoformat()
    assert told["bytes"] == sum(each.stat().st_size for each in folder.iterdir())
    said = run(own_home, "phone", str(folder), "--key", str(path))
    assert f"signed, key {grouped(key.fingerprint)}." in said.output


def test_without_a_key_it_says_that_it_is_not_signed(own_home: Path, tmp_path: Path):
    said = run(own_home, "phone", str(tmp_path / "app"))
    assert said.exit_code == 0, said.output
    assert said.output.rstrip().endswith("not signed.")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--expires", "0"), "A package is good for 1 to 3,650 days; 0 was given."),
        (("--key", "absent.pem"), "The key absent.pem cannot be read"),
        (("--book", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_is_said(own_home: Path, tmp_path: Path, arguments: tuple[str, ...], told: str):
    said = run(own_home, "phone", str(tmp_path / "app"), *arguments)
    assert said.exit_code == 2
    assert told in said.output
    assert not (tmp_path / "app").exists()
