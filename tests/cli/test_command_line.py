"""The command line: one JSON object with ``--json``, text for people otherwise, and an exit status that tells."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from click.testing import CliRunner, Result
from uvicorn.importer import import_from_string

from data.books import Book
from model import bench as figures
from model.__main__ import main
from model.record.database import engine
from model.record.replay import customer_outputs
from model.record.trail import Audit
from model.release import parity, training
from model.release.release import Release
from model.release.store import Store
from model.release.window import Window
from model.settings import Settings
from tests.support.forging import failing, forge, point, shifted, stray, twin, unreviewed
from tests.support.recording import entry

PROJECT = Path(__file__).parents[2]


def run(home: Path, *words: str) -> Result:
    """What a command says; whatever it raises but an exit is a failure of the test."""
    return CliRunner().invoke(main, words, env={"WHATIF_HOME": str(home)}, catch_exceptions=False)


def answer(result: Result, status: int = 0) -> Any:
    """The one JSON object on standard output."""
    assert result.exit_code == status, result.stderr
    (line,) = result.stdout.splitlines()
    return json.loads(line)


@pytest.fixture
def store(own_home: Path) -> Store:
    """The store of a home that may be changed."""
    return Store(own_home, "cards")


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verification on few rows."""
    monkeypatch.setattr(parity, "ORACLE_ROWS", 1)
    monkeypatch.setattr(parity, "ORACLE_BACKGROUND", 1)
    monkeypatch.setattr(parity, "SHAP_ROWS", 10)


@pytest.fixture
def few(few_rows: None, monkeypatch: pytest.MonkeyPatch, fitted: Any) -> None:
    """That, with a fit that is there already."""
    monkeypatch.setattr(training, "fit", lambda book: fitted)


@pytest.fixture
def trained(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training finds the release that is there, and tells so."""

    def train(self: Store, progress: Any, *_: Any) -> Release:
        progress("Training the model", 0.5)
        return self.load(release.id)

    monkeypatch.setattr(Store, "train", train)


@pytest.fixture
def poor(store: Store, release: Release, monkeypatch: pytest.MonkeyPatch) -> str:
    """Training ends in a release whose first gate failed."""
    identity = forge(store, release.id, {"gates.json": failing(release, "auc")})
    monkeypatch.setattr(Store, "train", lambda self, *_: self.load(identity))
    return identity


# ---- train -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("trained")
def test_train_promotes_the_first_release_and_reports_its_figures(own_home: Path, store: Store, release: Release):
    (store.root / "aliases.json").unlink()
    found = answer(run(own_home, "train", "--json"))
    assert found["release"] == release.id
    assert found["promoted"] is found["passed"] is True
    assert 0.780 <= found["auc"] <= 0.80
    assert found["brier"] <= 0.1350
    assert found["ece"] <= 0.012
    assert {gate["name"] for gate in found["gates"]} >= {"auc", "brier", "ece", "margins", "oracle", "shap"}
    assert len(found["cross_validation"]) == 4
    assert found["window"] == {"since": None, "until": None}
    assert (found["later"], found["champion"]) == (None, None)
    assert store.aliases() == {"champion": release.id}
    assert store.history()[-1].why == "The first release whose gates passed."


@pytest.mark.usefixtures("trained")
def test_train_beside_a_champion_says_how_to_promote(own_home: Path, store: Store, release: Release):
    second = twin(store)
    store.promote(second)
    result = run(own_home, "train")
    assert result.exit_code == 0
    assert f"Promote it with: python -m model promote {release.id}" in result.stdout
    assert store.aliases()["champion"] == second


@pytest.mark.usefixtures("trained")
def test_train_tells_people_its_gates_and_what_constraints_cost(own_home: Path):
    result = run(own_home, "train")
    assert "passed  Ranks well: AUC" in result.stdout
    assert "What the constraints cost, in cross-validation:" in result.stdout
    assert "  Unconstrained " in result.stdout
    assert re.search(r"AUC is 0\.00\d\d below that without constraints", result.stdout)
    assert result.stdout.startswith(f"Release {Store(own_home, 'cards').resolve('champion')}, fitted to: whole book\n")
    assert result.stderr == " 50%  Training the model\n"


@pytest.mark.usefixtures("trained")
def test_train_tells_a_gate_to_watch_with_its_reason_and_passes(own_home: Path):
    result = run(own_home, "train")
    assert result.exit_code == 0
    watched, note = re.search(r"  watch   (Decided alike.*)\n +(.*)\n", result.stdout).groups()
    assert "at least 0.80" in watched
    assert "A monitoring metric, not a legal finding." in note


def test_train_says_which_release_it_was_held_against_and_how_it_differs(
    own_home: Path, store: Store, release: Release, monkeypatch: pytest.MonkeyPatch
):
    report = json.loads((release.path / "gates.json").read_bytes())
    measure = {"name": "auc", "candidate": 0.79, "champion": 0.78, "difference": 0.01, "low": 0.004, "high": 0.016}
    report["champion"] = {"id": release.id, "n": 30_000, "measures": [measure]}
    identity = forge(store, release.id, {"gates.json": json.dumps(report).encode()})
    monkeypatch.setattr(Store, "train", lambda self, *_: self.load(identity))
    told = run(own_home, "train").stdout
    assert f"Held against release {release.id}, on 30,000 records neither had seen." in told
    assert "AUC                0.7900 against 0.7800, difference +0.0100 (+0.0040 to +0.0160): better" in told
    assert answer(run(own_home, "train", "--json"))["champion"]["measures"] == [measure]


def test_train_says_why_it_was_not_held_against_the_champion(
    own_home: Path, store: Store, release: Release, monkeypatch: pytest.MonkeyPatch
):
    identity = shifted(store, 0.1)
    monkeypatch.setattr(Store, "train", lambda self, *_: self.load(identity))
    told = run(own_home, "train").stdout
    assert f"Not compared with release {release.id}, the champion then. There is no record that neither" in told


def test_train_compares_variants_out_of_time_where_there_is_a_later(
    own_home: Path, store: Store, release: Release, monkeypatch: pytest.MonkeyPatch
):
    report = json.loads((release.path / "gates.json").read_bytes())
    report["later"] = {
        "window": {"since": 2006, "until": 2006},
        "n": 800,
        "predicted": 0.2,
        "observed": 0.21,
        "variants": report["cross_validation"],
    }
    identity = forge(store, release.id, {"gates.json": json.dumps(report).encode()})
    monkeypatch.setattr(Store, "train", lambda self, *_: self.load(identity))
    assert "What the constraints cost, in later vintages, 2006:" in run(own_home, "train").stdout
    assert answer(run(own_home, "train", "--json"))["later"]["n"] == 800


def test_train_hands_the_windows_on(own_home: Path, release: Release, monkeypatch: pytest.MonkeyPatch):
    asked = []

    def train(self: Store, progress: Any, *windows: Any) -> Release:
        asked.append(windows)
        return self.load(release.id)

    monkeypatch.setattr(Store, "train", train)
    assert run(own_home, "train").exit_code == 0
    words = ("--since", "2003", "--until", "2005", "--recalibrate-since", "2006", "--recalibrate-until", "2007")
    assert run(own_home, "train", *words).exit_code == 0
    assert asked == [(None, None, None), (2003, 2005, Window(2006, 2007))]


def test_train_on_a_window_of_a_book_without_vintages_is_refused(own_home: Path):
    result = run(own_home, "train", "--since", "2003")
    assert result.exit_code == 2
    assert "The book cards has no vintages, so no window of them can be chosen." in result.stderr


def test_train_does_not_promote_what_nobody_has_read(
    own_home: Path, store: Store, release: Release, monkeypatch: pytest.MonkeyPatch
):
    unread = unreviewed(store, release)
    (store.root / "aliases.json").unlink()
    monkeypatch.setattr(Store, "train", lambda self, *_: self.load(unread))
    result = run(own_home, "train")
    assert result.exit_code == 0
    assert (
        "Not to be promoted. The contract of the book cards was proposed from a file, and no person has read it."
        in result.stdout
    )
    assert store.aliases() == {}


@pytest.mark.usefixtures("trained")
def test_train_with_json_keeps_progress_to_itself(own_home: Path):
    assert run(own_home, "train", "--json").stderr == ""


def test_train_that_fails_a_gate_promotes_nothing_and_exits_with_one(own_home: Path, store: Store, poor: str):
    (store.root / "aliases.json").unlink()
    found = answer(run(own_home, "train", "--json"), status=1)
    assert (found["release"], found["passed"], found["promoted"]) == (poor, False, False)
    assert store.aliases() == {}
    result = run(own_home, "train")
    assert result.exit_code == 1
    assert "FAILED  Ranks well: AUC" in result.stdout
    assert "Not to be promoted: Ranks well: AUC." in result.stdout


# ---- verify ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_rows")
def test_verify_compares_everything_and_trains_again(home: Path, release: Release):
    """Its training is not shortened; over all the rows the same comparisons were made when the release was."""
    found = answer(run(home, "verify", "--json"))
    assert (found["release"], found["passed"]) == (release.id, True)
    assert [gate["name"] for gate in found["gates"]] == [
        "contract",
        "margins",
        "additivity",
        "oracle",
        "shap",
        "retrain",
    ]
    assert all(gate["passed"] for gate in found["gates"])
    assert max(gate["figure"] for gate in found["gates"][:4]) <= 1e-9


@pytest.mark.usefixtures("few")
def test_verify_tells_people_each_comparison(home: Path, release: Release):
    result = run(home, "verify", release.id[:5], "--no-retrain")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Release {release.id}\n  passed  Fitted to the contract's inputs")
    assert "\n  passed  Tables equal the trained model" in result.stdout
    assert "Retraining" not in result.stdout
    assert "100%  Done" in result.stderr


@pytest.mark.usefixtures("few")
def test_verify_that_finds_a_difference_exits_with_one(home: Path, book: Any, monkeypatch: pytest.MonkeyPatch):
    with training.one_thread():
        short = training.classifier(book).set_params(max_iter=1).fit(training.rows(book.inputs), book.target)
    monkeypatch.setattr(training, "fit", lambda book: short)
    found = answer(run(home, "verify", "--json"), status=1)
    assert found["passed"] is False
    assert [gate["name"] for gate in found["gates"] if not gate["passed"]] == ["retrain"]


def test_verify_of_an_altered_release_exits_with_one_and_says_what(own_home: Path, store: Store, release: Release):
    (store.root / release.id / "note.txt").write_text("looks fine")
    found = answer(run(own_home, "verify", "--json"), status=1)
    assert found["passed"] is False
    assert found["error"].startswith(f"Release {release.id} was altered (note.txt)")
    result = run(own_home, "verify")
    assert result.exit_code == 1
    assert result.stdout.startswith(f"Failed: Release {release.id} was altered")


# ---- the registry ----------------------------------------------------------------------------------------------------


def test_releases_lists_every_release_with_its_aliases(own_home: Path, store: Store, release: Release):
    second = twin(store)
    store.promote(second, "challenger")
    found = answer(run(own_home, "releases", "--json"))
    assert found["book"] == "cards"
    assert found["aliases"] == {"champion": release.id, "challenger": second}
    assert [(each["release"], each["aliases"]) for each in found["releases"]] == [
        (release.id, ["champion"]),
        (second, ["challenger"]),
    ]
    assert found["releases"][0]["window"] == {"since": None, "until": None}
    assert (found["releases"][0]["passed"], found["releases"][0]["state"]) == (True, "passed, 1 to watch")
    assert "history" not in found
    assert found["releases"][0]["contract"] == release.contract.version
    assert found["releases"][0]["created"].startswith("20")


def test_releases_told_to_people_are_one_a_line(home: Path, release: Release):
    (line,) = run(home, "releases").stdout.splitlines()
    assert line.startswith(release.id)
    assert line.endswith("champion")


def test_releases_of_an_empty_home_says_how_to_train(tmp_path: Path):
    assert answer(run(tmp_path, "releases", "--json")) == {"book": "cards", "releases": [], "aliases": {}}
    assert "No release of cards yet; run: python -m model train --book cards" in run(tmp_path, "releases").stdout


def test_releases_runs_as_a_program(home: Path, release: Release):
    ran = subprocess.run(
        [sys.executable, "-m", "model", "releases", "--json"],
        cwd=PROJECT,
        env={**os.environ, "WHATIF_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(ran.stdout)["aliases"] == {"champion": release.id}
    assert ran.stderr == ""


def test_promote_and_rollback_change_the_champion(own_home: Path, store: Store, release: Release):
    second = twin(store)
    found = answer(run(own_home, "promote", second[:6], "--why", "Newer data", "--json"))
    assert found == {"release": second, "alias": "champion", "overridden": []}
    assert store.aliases()["champion"] == second
    back = answer(run(own_home, "rollback", "--why", "Too late", "--json"))
    assert back == {"release": release.id, "alias": "champion"}
    assert store.aliases()["champion"] == release.id


def test_promote_and_rollback_tell_people_what_they_did(own_home: Path, store: Store, release: Release):
    second = twin(store)
    why = ("--why", "Newer data")
    assert run(own_home, "promote", second, "--as", "challenger", *why).stdout == f"{second} is now the challenger.\n"
    assert run(own_home, "promote", second, *why).stdout == f"{second} is now the champion.\n"
    assert run(own_home, "rollback", *why).stdout == f"{release.id} is the champion again.\n"


def test_promote_and_rollback_ask_why(own_home: Path, store: Store, release: Release):
    second = twin(store)
    for words in (("promote", second), ("rollback",)):
        assert "Missing option '--why'" in run(own_home, *words).stderr
        result = run(own_home, *words, "--why", " ")
        assert result.exit_code == 2
    assert result.stderr.startswith("Error: The book cards has no previous champion")
    assert store.aliases() == {"champion": release.id}


def test_promote_and_rollback_to_a_release_of_another_contract_are_refused(
    own_home: Path, store: Store, release: Release
):
    other = stray(store)
    point(store, previous=other)
    for words in (("promote", other), ("rollback",)):
        result = run(own_home, *words, "--why", "Newer data")
        assert result.exit_code == 2
        assert f"Error: Release {other} was trained on another snapshot or contract of cards" in result.stderr
        assert "Train anew (python -m model train --book cards)" in result.stderr
    assert store.aliases() == {"champion": release.id, "previous": other}


def test_promote_of_a_release_that_failed_a_gate_exits_with_one(own_home: Path, store: Store, poor: str):
    before = store.aliases()
    result = run(own_home, "promote", poor, "--why", "It looked good.")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"Failed: Release {poor} is not promoted: Ranks well: AUC")
    assert "--override REASON" in result.stderr
    assert store.aliases() == before


def test_promote_with_an_override_tells_what_was_passed_over(own_home: Path, store: Store, poor: str):
    told = run(own_home, "promote", poor, "--why", "New data", "--override", "The board accepts it").stdout
    assert told == f"{poor} is now the champion. Passed over: Ranks well: AUC. The reason stands on its card.\n"
    moved = next(each for each in store.history() if each.release == poor)
    assert (moved.why, moved.override, moved.gates) == ("New data", "The board accepts it", ("auc",))


def test_releases_with_history_say_who_moved_what_when_and_why(
    own_home: Path, store: Store, release: Release, poor: str
):
    run(own_home, "promote", poor, "--why", "New data", "--override", "The board accepts it")
    run(own_home, "rollback", "--why", "It was late")
    found = answer(run(own_home, "releases", "--history", "--json"))["history"]
    assert [(each["alias"], each["release"], each["why"], each["override"]) for each in found[-4:]] == [
        ("champion", poor, "New data", "The board accepts it"),
        ("previous", release.id, "New data", ""),
        ("champion", release.id, "It was late", ""),
        ("previous", poor, "It was late", ""),
    ]
    assert {each["who"] for each in found[-4:]} == {getuser()}
    told = run(own_home, "releases", "--history").stdout
    assert f"champion → {release.id}  {getuser()}: It was late\n" in told
    assert f"champion → {poor}  {getuser()}: New data; overridden: The board accepts it (passed over: AUC)" in told
    assert f"{poor}  " in told
    assert "1 failed" in told


# ---- the card --------------------------------------------------------------------------------------------------------


def test_card_writes_one_file_and_says_where(own_home: Path, tmp_path: Path, release: Release):
    out = tmp_path / "card.html"
    assert run(own_home, "card", "champion", str(out)).stdout == f"The card of {release.id} is in {out}.\n"
    assert out.read_text().startswith("<!DOCTYPE html>")
    assert release.artefact in out.read_text()


def test_card_without_a_name_for_it_is_named_after_the_release(
    own_home: Path, tmp_path: Path, release: Release, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert run(own_home, "card").exit_code == 0
    assert (tmp_path / f"card-{release.id}.html").is_file()


def test_card_as_json_tells_its_sections_and_writes_nothing(own_home: Path, tmp_path: Path, release: Release):
    found = answer(run(own_home, "card", "--json"))
    assert (found["release"], found["path"]) == (release.id, None)
    assert {"purpose", "gates", "history"} <= {each["name"] for each in found["sections"]}
    assert list(tmp_path.glob("*.html")) == []


def test_card_that_cannot_be_written_is_told(own_home: Path, tmp_path: Path):
    result = run(own_home, "card", "champion", str(tmp_path / "none" / "card.html"))
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: The card cannot be written to")


# ---- the record of calls ---------------------------------------------------------------------------------------------


@pytest.fixture
def recorded(own_home: Path, release: Release, book: Book) -> str:
    """A home with two old calls, and one of today; its id."""
    raw = book.raw[:, :3]
    outputs = customer_outputs(release.scorer, raw)
    opened = engine(Settings(home=own_home))
    with Audit(opened) as writer:
        for at in (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)):
            writer.record(entry(at=at))
    with Audit(opened) as writer:
        name = writer.record(
            entry(inputs=raw, outputs=outputs, release=release.id, contract_sha256=release.contract.hash)
        )
    opened.dispose()
    return name


@pytest.mark.usefixtures("recorded")
def test_audit_verify_tells_how_the_record_stands(own_home: Path):
    found = answer(run(own_home, "audit", "verify", "--json"))
    assert found == {"ok": True, "rows": 3, "chains": 2, "since": None, "findings": []}
    told = run(own_home, "audit", "verify").stdout
    assert told == "3 calls in 2 chains: as they were written.\nNo removal is on record.\n"


@pytest.mark.usefixtures("recorded")
def test_audit_verify_of_an_altered_record_exits_with_one_and_names_the_row(own_home: Path):
    with closing(sqlite3.connect(own_home / "record.sqlite")) as raw:
        raw.execute("DROP TRIGGER audit_update")
        raw.execute("UPDATE audit SET who = 'nobody' WHERE seq = 2")
        raw.commit()
    found = answer(run(own_home, "audit", "verify", "--json"), status=1)
    assert found["ok"] is False
    assert found["findings"][0].startswith("Row 2 of chain ")
    result = run(own_home, "audit", "verify")
    assert result.exit_code == 1
    assert "3 calls in 2 chains: 1 finding.\n  FAILED  Row 2 of chain " in result.stdout
    refused = run(own_home, "audit", "prune", "--before", "2022-01-01")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("Error: Nothing was removed, because the record is not what was written")


def test_audit_replay_does_a_call_again(own_home: Path, recorded: str, release: Release):
    found = answer(run(own_home, "audit", "replay", recorded[:8], "--json"))
    assert (found["id"], found["release"], found["same"], found["gap"]) == (recorded, release.id, True, 0.0)
    told = run(own_home, "audit", "replay", recorded).stdout
    assert told == f"score {recorded}: The same, bit for bit: pd, shap_values, base_value.\n"


def test_audit_replay_that_finds_a_difference_exits_with_one(own_home: Path, release: Release, book: Book):
    opened = engine(Settings(home=own_home))
    with Audit(opened) as writer:
        values = {"inputs": book.raw[:, :1], "release": release.id, "contract_sha256": release.contract.hash}
        for name, pd in (("wrong", 0.5), ("none", float("nan"))):
            writer.record(entry(id=name, outputs={"pd": np.array([pd])}, **values))
    opened.dispose()
    assert answer(run(own_home, "audit", "replay", "wrong", "--json"), status=1)["gap"] > 1e-3
    assert answer(run(own_home, "audit", "replay", "none", "--json"), status=1)["gap"] is None
    assert "Not the same: pd differs by up to " in run(own_home, "audit", "replay", "wrong").stdout


@pytest.mark.usefixtures("recorded")
def test_audit_export_writes_a_file(own_home: Path, tmp_path: Path):
    out = tmp_path / "record.jsonl"
    assert answer(run(own_home, "audit", "export", str(out), "--json")) == {"path": str(out), "lines": 5}
    assert len(out.read_text().splitlines()) == 5
    assert run(own_home, "audit", "export", str(out)).stdout == f"5 lines in {out}.\n"


def test_audit_prune_removes_old_calls_and_the_rest_verifies(own_home: Path, recorded: str):
    found = answer(run(own_home, "audit", "prune", "--before", "2022-01-01", "--json"))
    assert found == {"removed": 2, "kept": 1, "since": "2020-01-02T00:00:00+00:00"}
    told = run(own_home, "audit", "prune", "--before", "2022-01-01").stdout
    assert told == "0 calls removed, 1 kept. The record is complete from 2020-01-02 00:00:00 UTC.\n"
    assert answer(run(own_home, "audit", "verify", "--json"))["ok"] is True
    assert answer(run(own_home, "audit", "replay", recorded, "--json"))["same"] is True


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("replay", "nothing"), "Error: The record has no one call whose id begins with 'nothing': there is none"),
        (("export", "out.xlsx"), "Error: The record is exported as .csv, .jsonl or .parquet; out.xlsx was given."),
        (("prune",), "Missing option '--before'"),
        (("prune", "--before", "soon"), "Invalid value for '--before'"),
        (("prune", "--before", "9999-01-01"), "Error: Rows can be removed that were recorded before today at the"),
        (("forget",), "No such command 'forget'"),
    ],
)
def test_bad_use_of_the_record_is_told_and_exits_with_two(own_home: Path, words: tuple[str, ...], told: str):
    result = run(own_home, "audit", *words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stdout == ""


# ---- bad use ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("promote", "nothing", "--why", "y"), "Error: The release 'nothing' of the book cards does not exist."),
        (("verify", "nothing"), "does not exist. There are: champion"),
        (("verify", "nothing"), "Error: The release 'nothing' of the book cards does not exist."),
        (("rollback", "--why", "y"), "Error: The book cards has no previous champion to go back to."),
        (("releases", "--book", "mortgages"), "Error: There is no book 'mortgages'. There are: cards, small_business."),
        (("train", "--book", "mortgages"), "Error: There is no book 'mortgages'. There are: cards, small_business."),
        (("verify", "--book", "../cards"), "Error: There is no book '../cards'."),
        (("bench", "--rows", "10"), "Invalid value for '--rows'"),
        (("promote", "x", "--as", "best"), "Invalid value for '--as'"),
        (("promote", "x", "--why", "y" * 501), "501 characters were given; at most 500 are kept"),
        (("train", "--since", "2005", "--until", "2003"), "Error: The window 2005 to 2003 is empty"),
        (("card", "nothing"), "Error: The release 'nothing' of the book cards does not exist."),
        (("promote",), "Missing argument 'RELEASE'"),
        (("promote", "champion", "--why", " "), "Error: Nothing was changed. Say why"),
        (("forecast",), "No such command 'forecast'"),
    ],
)
def test_bad_use_is_told_in_a_sentence_and_exits_with_two(home: Path, words: tuple[str, ...], told: str):
    result = run(home, *words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_bad_use_in_an_empty_home_says_how_to_train(tmp_path: Path):
    result = run(tmp_path, "verify")
    assert result.exit_code == 2
    assert "There are: none yet; run: python -m model train" in result.stderr


def test_home_that_is_no_folder_is_told_in_a_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    result = run(tmp_path / "file", "releases")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: The folder of releases cannot be used:")


def test_unusable_setting_is_told_in_a_sentence(home: Path):
    env = {"WHATIF_HOME": str(home), "WHATIF_URL_STATE": "perhaps"}
    result = CliRunner().invoke(main, ["releases"], env=env, catch_exceptions=False)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: WHATIF_URL_STATE in the environment cannot be used")


def test_help_names_every_verb(tmp_path: Path):
    told = run(tmp_path, "--help").stdout
    assert all(
        f"  {verb} " in told
        for verb in ("train", "verify", "releases", "promote", "rollback", "card", "bench", "audit")
    )


@pytest.mark.parametrize("verb", main.commands)
def test_list_of_verbs_tells_each_as_its_own_help_does(tmp_path: Path, verb: str):
    told = " ".join(run(tmp_path, verb, "--help").stdout.split())
    assert f"{verb} [OPTIONS]" in told
    assert main.commands[verb].help in told


@pytest.mark.parametrize(
    ("words", "waits_for"),
    [
        (("--help",), set()),
        (("forecast",), set()),
        (("token", "list"), {"pydantic"}),
        (("releases", "--history"), {"pydantic", "numpy"}),
        (("promote", "champion", "--why", "It is one already"), {"pydantic", "numpy", "scipy", "numba"}),
        (("card", "champion", "--json"), {"pydantic", "numpy", "scipy", "numba", "pandas", "pyarrow"}),
    ],
)
def test_verb_waits_only_for_what_it_needs(own_home: Path, words: tuple[str, ...], waits_for: set[str]):
    heavy = {
        "fastapi",
        "mlflow",
        "numba",
        "numpy",
        "pandas",
        "plotly",
        "pyarrow",
        "pydantic",
        "scipy",
        "shap",
        "skops",
        "sklearn",
        "sqlalchemy",
        "streamlit",
        "uvicorn",
    }
    program = (
        "import atexit, runpy, sys\n"
        f"atexit.register(lambda: print(*sorted({heavy} & set(sys.modules)), file=sys.stderr))\n"
        "runpy.run_module('model', run_name='__main__', alter_sys=True)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=PROJECT,
        env={**os.environ, "WHATIF_HOME": str(own_home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in ran.stderr
    assert set(ran.stderr.splitlines()[-1].split()) == waits_for


# ---- serve -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_hands_its_workers_an_application_that_there_is(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, workers: str
):
    given = []
    for name in ("PROMETHEUS_MULTIPROC_DIR", "WHATIF_BOOK"):
        monkeypatch.setenv(name, "")  # what the verb leaves to its workers is taken back after the test
    monkeypatch.setattr(uvicorn, "run", lambda application, **options: given.append((application, options)))
    monkeypatch.setenv("WHATIF_BOOK", "cards")  # which it sets for its workers
    assert run(own_home, "serve", "--port", "8601", "--workers", workers).exit_code == 0
    ((application, options),) = given
    assert callable(import_from_string(application))
    assert (options["factory"], options["port"], options.get("workers", 1)) == (True, 8601, int(workers))


# ---- bench -----------------------------------------------------------------------------------------------------------


def test_bench_prints_the_figures_of_every_hot_path(
    home: Path, release: Release, fitted: Any, monkeypatch: pytest.MonkeyPatch
):
    once = figures.wall
    for name in ("cpu", "median_wall"):  # no median is asked for here
        monkeypatch.setattr(figures, name, lambda work, runs, inner=1: once(work))
    monkeypatch.setattr(training, "fit", lambda book: fitted)
    monkeypatch.setattr(figures, "MANY_SCENARIOS", 20)
    found = answer(run(home, "bench", "--rows", "2000", "--json"))
    assert (found["release"], found["rows"]) == (release.id, 2000)
    printed = {each["name"]: each for each in found["figures"]}
    assert {
        "SHAP from codes, 2,000 loans",
        "score from codes, 2,000 loans",
        "driver totals from codes, 2,000 loans",
        "derive inputs, 2,000 loans",
        "bin inputs, 2,000 loans",
        "one lever (credit limits), 2,000 loans",
        "6 raw columns (balances), 2,000 loans",
        "what moved it, 3 shocks and the economy, wall, 2,000 loans",
        "one customer: derive, bin, score, SHAP",
        "per loan, SHAP: shap.TreeExplainer, path-dependent",
    } <= set(printed)
    assert all(each["seconds"] > 0 and each["runs"] >= 1 for each in printed.values())
    assert printed["SHAP from codes, 2,000 loans"]["bound"] == pytest.approx(0.3 * 2000 / 1e6)
    assert printed["per loan, score: tables"]["bound"] is None
    assert len(found["ratios"]) == 2
    assert min(found["ratios"].values()) > 1


def test_bench_prints_how_the_cost_of_the_whole_book_grows(
    home: Path, release: Release, monkeypatch: pytest.MonkeyPatch
):
    grow, measured = figures.growth, list[figures.Growth]()
    monkeypatch.setattr(figures, "growth", lambda *given: measured or measured.extend(grow(*given)) or measured)
    found = answer(run(home, "bench", "--growth", "--rows", "30000", "--json"))
    assert found["release"] == release.id
    assert [each["rows"] for each in found["growth"]] == [30_000]
    only = found["growth"][0]
    assert all(only[name] > 0 for name in ("one_lever", "six_columns", "bridge"))
    assert 0.05 < only["memory"] < 4
    told = run(home, "bench", "--growth", "--rows", "30000").stdout  # of the same figures
    assert re.search(r"30,000 +[\d.]+ m?s +[\d.]+ m?s +[\d.]+ m?s +[\d.]+ GB", told)
