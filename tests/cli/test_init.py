"""The verb init, from a file on a disk to a trained release."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from sklearn.datasets import load_breast_cancer

from data import books
from data.contract import load_contract
from model.__main__ import main
from model.engine.compilers.gradient_boosting import compile_model
from model.errors import GateError
from model.release import boosting, parity, training
from model.release.store import Store
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import loans


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(main, words, env={"WHATIF_HOME": str(home)}, catch_exceptions=False)


@pytest.fixture
def cancer(tmp_path: Path) -> Path:
    """scikit-learn's own file: 569 rows, its outcome 0 (malignant) or 1."""
    path = tmp_path / "breast_cancer.csv"
    load_breast_cancer(as_frame=True).frame.to_csv(path, index=False)
    return path


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of few rounds, and the slow comparisons of a training on few rows."""
    monkeypatch.setattr(boosting, "TRIED", (25,))
    monkeypatch.setattr(parity, "ORACLE_ROWS", 1)
    monkeypatch.setattr(parity, "ORACLE_BACKGROUND", 2)
    monkeypatch.setattr(parity, "SHAP_ROWS", 20)


def test_a_file_becomes_a_book_that_the_shelf_knows_and_a_model_fits(cancer: Path, tmp_path: Path):
    result = run(tmp_path, "init", str(cancer), "--target", "target", "--bad", "0", "--json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert (told["book"], told["rows"]) == ("breast_cancer", 569)
    assert told["granted"] == pytest.approx(0.8, abs=0.02)
    assert "breast_cancer" in books.names(tmp_path)
    book = books.read_book("breast_cancer", tmp_path)
    tables = compile_model(training.fit(book))
    assert tables.n_inputs == len(told["input"]) == len(book.contract.inputs)


def test_the_review_is_the_few_questions_with_their_lines_and_what_comes_next(tmp_path: Path):
    loans().to_parquet(tmp_path / "loans.parquet")
    result = run(tmp_path, "init", str(tmp_path / "loans.parquet"), "--target", "status", "--book", "mine")
    assert result.exit_code == 0, result.stderr
    folder = tmp_path / "books" / "mine"
    lines = (folder / "contract.toml").read_text().splitlines()
    listed = re.findall(r"^  line +(\d+)  (.*)$", result.stdout, re.MULTILINE)
    assert [question.split(".")[0] for _, question in listed] == [
        "Directions that the model keeps to",
        "The year a record came into the book",
        "Protected, so no input",
        "Known only after the outcome, so no input",
        "Left out",
        "Assumptions",
        "The outcome",
        "Its time",
        "The data",
        "The currency",
        "What is owed",
        "The cut-off",
        "The model card",
    ]
    assert all(lines[int(line) - 1].strip() == f"# QUESTION: {question}" for line, question in listed)
    assert f"{len(listed)} questions that only a person can answer" in result.stdout
    guesses = (folder / "proposed.toml").read_text().count("# GUESS: ")
    assert f"The other {guesses} guesses stand in proposed.toml" in result.stdout
    assert "contact_flag" not in {each.name for each in load_contract(folder / "contract.toml").inputs}
    assert "python -m model check --book mine" in result.stdout
    assert "no release is promoted before step 1" in result.stdout
    assert "To write in provenance.toml, though no release waits for it: publisher, licence." in result.stdout


def test_a_wide_file_is_reviewed_on_one_page_and_in_full_as_json(
    cancer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(boosting, "TRIED", (25,))  # nothing is trained
    result = run(tmp_path, "init", str(cancer), "--target", "target", "--bad", "0")
    text = (tmp_path / "books" / "breast_cancer" / "proposed.toml").read_text()
    assert text.count("# GUESS: ") > 200
    assert len(result.stdout.splitlines()) < 40
    full = run(tmp_path, "init", str(cancer), "--target", "target", "--bad", "0", "--book", "again", "--json")
    told = json.loads(full.stdout)
    review = told["review"]
    assert told["provenance_to_do"] == ["publisher", "licence"]
    assert sum(each["mark"] == "GUESS" for each in review) == text.count("# GUESS: ")
    assert len(told["questions"]) < 15


def test_a_book_is_proposed_anew_with_what_its_contract_says_and_only_if_asked(tmp_path: Path):
    file, path = tmp_path / "loans.csv", tmp_path / "books" / "loans" / "contract.toml"
    loans(400).to_csv(file, index=False)
    assert "could be replaced" in run(tmp_path, "init", str(file), "--replace").stderr
    assert run(tmp_path, "init", str(file), "--target", "status").exit_code == 0
    path.write_text(
        path.read_text().replace('label = "Debt ratio", role = "input"', 'label = "Debt", role = "protected"')
    )
    assert "There is a book loans already" in run(tmp_path, "init", str(file), "--target", "status").stderr
    result = run(tmp_path, "init", str(file), "--replace", "--json")
    assert result.exit_code == 0, result.stderr
    assert "debt_ratio" in json.loads(result.stdout)["protected"]
    contract = load_contract(path)
    assert "debt_ratio" not in contract.row
    assert {each.name: each.label for each in contract.observed}["debt_ratio"] == "Debt"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("none.csv", "--target", "y"), "There is no file “none.csv”"),
        (("loans.csv", "--target", "y"), "has no column “y”"),
        (("loans.csv", "--target", "status", "--bad", "Gone"), "has no value “Gone”"),
        (("loans.csv", "--target", "status", "--book", "cards"), "There is a book cards already"),
        (("loans.csv", "--target", "status", "--book", "a/b"), "cannot be the name of a book"),
        (("loans.csv", "--target", "status", "--sheet", "One"), "has no sheets"),
        (("loans.csv", "--target", "status", "--id", "term"), "is not unique"),
    ],
)
def test_bad_use_ends_with_a_sentence_and_leaves_nothing(
    words: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    loans(300).to_csv("loans.csv", index=False)
    result = run(tmp_path / "home", "init", *words)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert message in result.stderr
    assert not list((tmp_path / "home").glob("books/*"))


@pytest.mark.usefixtures("few")
def test_a_file_full_of_repeated_rows_does_not_fail_the_gate_that_was_proposed_for_it(tmp_path: Path):
    frame = loans(300).drop(columns=["LoanID", "contact_flag", "last_seen", "notes", "zip_code"])
    pd.concat([frame, frame.head(120)]).to_csv(tmp_path / "twice.csv", index=False)
    assert run(tmp_path, "init", str(tmp_path / "twice.csv"), "--target", "status").exit_code == 0
    gates = {gate["name"]: gate for gate in Store(tmp_path, "twice").train().report.as_dict()["gates"]}
    assert gates["duplicates"]["figure"] > 0.4
    assert gates["duplicates"]["passed"]
    assert gates["single"]["passed"]


@pytest.mark.usefixtures("few")
def test_a_proposal_is_trained_at_once_and_promoted_only_when_a_person_has_read_it(tmp_path: Path):
    loans(500).to_csv(tmp_path / "loans.csv", index=False)
    assert run(tmp_path, "init", str(tmp_path / "loans.csv"), "--target", "status").exit_code == 0
    store = Store(tmp_path, "loans")
    release = store.train()
    with pytest.raises(GateError, match="set reviewed = true"):
        store.promote(release.id)
    contract = tmp_path / "books" / "loans" / "contract.toml"
    text = contract.read_text().replace("reviewed = false", "reviewed = true")
    contract.write_text(text)
    unwritten = store.train()
    with pytest.raises(GateError, match=r"not answered yet: .*, The outcome.* and \d+ more\. Answer each, and delete"):
        store.promote(unwritten.id, override="We are in a hurry")
    contract.write_text(re.sub(r" *# QUESTION: .*", "", text))
    read_by_somebody = store.train()
    store.promote(read_by_somebody.id)
    assert store.load().id == read_by_somebody.id != release.id
