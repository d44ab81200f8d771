"""The verb that scores a file: what it answers, tells on the way, and how it ends."""

import json
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from data import books
from data.books import Book
from model.record.database import engine
from model.record.scenarios import ScenarioStore
from model.release.release import Release
from model.security.people import LOCAL
from model.settings import Settings
from model.whatif.saved import SavedScenario
from tests.cli.test_command_line import answer, run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    pd.read_parquet(books.SHIPPED / "cards" / "cards.parquet").head(40).to_csv(path, index=False)
    return path


def test_it_answers_with_the_manifest_and_tells_of_rows_on_the_way(home: Path, source: Path, release: Release) -> None:
    out = source.with_name("out.parquet")
    told = run(home, "score", str(source), str(out), "--explain", "--by", "concept", "--columns", "age, sex")
    assert told.exit_code == 0
    assert re.search(rf"40 of 40 rows scored by release {release.id} in \d", told.stdout)
    assert re.search(r"Mean PD \d+\.\d\s%, expected loss NT\$\s\d", told.stdout)
    assert re.search(r"100%  40 of 40 rows", told.stderr)
    assert {"age", "sex", "points_late"} <= set(pd.read_parquet(out))
    again = run(home, "score", str(source), str(out), "--explain", "--by", "concept", "--columns", "age,sex", "--json")
    found = answer(again)
    assert again.stderr == ""
    assert (found["before"], found["release"], found["rows"]) == (
        True,
        release.id,
        {"given": 40, "scored": 40, "refused": 0},
    )
    assert json.loads(Path(found["manifest"]).read_text())["files"] == found["files"]


def test_a_saved_scenario_is_named_and_its_totals_are_in_the_answer(own_home: Path, source: Path) -> None:
    kept = engine(Settings(home=own_home))
    store = ScenarioStore(kept)
    store.save(SavedScenario("Stricter", "cards", "book", (("lgd", "0.95"),), owner="me"), LOCAL)
    kept.dispose()
    out = source.with_name("out.parquet")
    words = ("score", str(source), str(out), "--scenario", "Stricter", "--json", "--day", "2026-11-30")
    found = answer(run(own_home, *words))
    assert found["terms"]["name"] == "Stricter"
    assert found["terms"]["scenario"] == {"lgd": "0.95"}
    totals = found["sums"]["totals"]
    assert totals["loss"] > totals["loss_as_is"] > 0
    table = pd.read_parquet(out)
    assert table["loss"].sum() == pytest.approx(totals["loss"])
    assert {"capital", "margin", "pd_as_is"} <= set(table)


def test_what_cannot_be_ends_with_2_and_says_what_can(home: Path, source: Path) -> None:
    out = str(source.with_name("out.parquet"))
    for words, said in (
        ((str(source), out, "--scenario", "limits=much"), "must be a number"),
        ((str(source), out, "--scenario", "Nobody's"), "No scenario is kept under"),
        ((str(source), out, "--release", "f00"), "does not exist"),
        ((str(source), out, "--book", "none"), "There is no book 'none'"),
        ((str(source), out, "--master", "local[2]"), "--engine spark"),
        ((str(source), str(source)), "is what is to be read"),
    ):
        told = run(home, "score", *words)
        assert told.exit_code == 2, words
        assert said in told.stderr.replace("\n", " "), told.stderr
    assert not Path(out).exists()


def test_the_report_stands_where_it_was_asked_for(home: Path, source: Path, book: Book) -> None:
    report = source.with_name("report.html")
    found = answer(run(home, "score", str(source), str(source.with_name("out.csv")), "--report", str(report), "--json"))
    assert found["report"] == str(report)
    text = report.read_text("utf-8")
    assert "40 of 40 customers scored; no row refused" in text
    assert date.today().isoformat() in text
    assert book.contract.book.title in text
