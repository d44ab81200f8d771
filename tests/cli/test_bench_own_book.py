"""What a book of one's own takes, as the command line prints it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from model import bench_own_book
from model.__main__ import main
from model.bench_own_book import made_up, proposed_book, scikit_learn_sets
from tests.data.files.reading import in_this_process as in_this_process


def test_the_figures_of_a_book_of_one_s_own_are_told_with_their_bounds_and_what_its_tables_cost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    book = proposed_book(made_up(400, 6))
    monkeypatch.setattr(bench_own_book, "PROPOSED", ((300, 7, 10.0),))
    monkeypatch.setattr(bench_own_book, "TRAINED", ())
    monkeypatch.setattr(bench_own_book, "TUNED", ((0.1, 8, 10),))
    monkeypatch.setattr(bench_own_book, "MOST_ROUNDS", 5)
    monkeypatch.setattr(bench_own_book, "_compared", lambda: iter([("made up", book)]))
    monkeypatch.setattr(bench_own_book, "NOISE", 1)
    made_up(300, 4).to_csv(tmp_path / "own.csv", index=False)
    (tmp_path / "short.csv").write_text("a,b\n1,0\n2,1\n")
    result = CliRunner().invoke(main, ["bench", "--own-book", "--files", str(tmp_path), "--json"])
    found = json.loads(result.stdout)
    (figure,), (compared, own) = found["figures"], found["auc"]
    assert (own["name"], own["rows"]) == ("own.csv", 300)
    assert [(each["name"], each["promotable"]) for each in found["noise"]] == [("words", 0), ("numbers", 0)]
    assert (figure["name"], figure["rows"], figure["columns"], figure["bound"]) == ("init", 300, 7, 10)
    assert figure["cpu"] > 0
    assert (compared["rows"], compared["inputs"]) == (400, len(book.contract.inputs))
    assert compared["loss"] == compared["tuned"] - compared["ours"]
    assert 0.5 < compared["ours"] < 1


def test_every_set_of_scikit_learn_that_is_compared_has_rows_and_outcomes_enough_for_a_book() -> None:
    for name, frame in scikit_learn_sets():
        assert len(frame) >= 200, name
        assert frame["bad"].value_counts().min() >= 20, name
