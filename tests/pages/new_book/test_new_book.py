"""The page of a new book: from a file to a promoted release, step by step, and what is refused on the way."""

import json
import shutil
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from data.proposing.decisions import ColumnDecision, Decisions
from model.__main__ import main
from model.deployed.desk import DeployedModels
from model.release.begun import BegunBooks
from model.release.begun_contract import answer_questions, file_quality, write_contract, written_contract
from model.release.gate import BY_CHANCE, Gate, ranks_by_chance
from model.release.given_files import file_in, files_in, read_given
from model.report.new_book.briefing import gate_advice, quality_finding
from model.security.people import Person
from model.settings import Settings
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import loans
from tests.pages.conftest import ROOT, Open, address, begin, markup, put_desk

FILE = "_new_book_file"
NAME = "loans"
VIEWER = Person("Vera", "viewer")


def loans_file() -> bytes:
    """A small file of loans, with codes in one column."""
    frame = loans(420)[["LoanID", "Loan Amount", "debt_ratio", "purpose", "homeowner", "Gender", "status"]]
    frame["score"] = [-9 if k % 12 == 0 else k * 37 % 90 for k in range(len(frame))]
    return frame.to_csv(index=False).encode()


@pytest.fixture(scope="module")
def begun_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a book in the making that was proposed. Read only."""
    home = tmp_path_factory.mktemp("begun")
    begun = BegunBooks(home)
    source = read_given(loans_file(), "loans.csv", None, lambda share: None).source
    assert source is not None
    made = begun.begin(NAME, source, "Ada")
    begun.save(made, replace(made.decisions, target="status", bad=("Charged Off",)), "Ada")
    write_contract(begun, NAME)
    return home


@pytest.fixture
def own(begun_home: Path, tmp_path: Path) -> BegunBooks:
    """A copy of it to write to."""
    shutil.copytree(begun_home, tmp_path / "home")
    return BegunBooks(tmp_path / "home")


@pytest.fixture
def open_page(own: BegunBooks, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the page over that copy, which has no model of any book."""
    monkeypatch.setenv("WHATIF_HOME", str(own.home))

    def run(**address: object) -> AppTest:
        at = begin(AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=60), "new_book")
        for name, value in address.items():
            at.query_params[name] = str(value)
        at.run()
        assert not at.exception
        return at

    return run


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception
    return at


def complaints(at: AppTest) -> str:
    return " ".join(each.value for each in (*at.warning, *at.error))


# ---- who, and what --------------------------------------------------------------------------------------------------


def test_who_may_not_propose_neither_sees_the_page_nor_uploads(open_page: Open, monkeypatch: pytest.MonkeyPatch):
    at = open_page()
    assert at.get("file_uploader")
    assert "Bring a book of your own" in markup(at)
    monkeypatch.setattr("pages.shared.visitor.people.identify", lambda *_, **__: VIEWER)
    refused = open_page()
    assert not refused.get("file_uploader")
    assert "Bring a book of your own" not in markup(refused)
    assert not any("taken up" in each.value.lower() for each in refused.html)


def test_a_file_becomes_a_book_in_the_making(open_page: Open, own: BegunBooks):
    at = open_page()
    third = loans_file().replace(b"Fully Paid", b"Current", 28)
    at.file_uploader(key=FILE).set_value(("my loans.csv", third, "text/csv")).run()
    assert not at.exception
    assert "“my loans.csv” was read: 420 rows, 8 columns." in markup(at)
    at.text_input(key="_new_book_name").set_value("second").run()
    press(at, "_new_book_begin")
    assert address(at) == {"draft": "second", "step": "file"}
    assert own.open("second").rows == 420
    assert "Which column says what became of each loan?" in markup(at)
    at.selectbox(key="_new_book_target").set_value("status").run()
    assert own.open("second").decisions == Decisions("status", bad=("Charged Off",), drop=("Current",))
    assert "28</div>" in markup(at).split("Left out")[1][:80]
    word = [each.word for each in own.looked_at("second").outcome_words("status")].index("Fully Paid")
    at.get_by_key(f"_new_book_counts_{word}").set_value("left out").run()
    assert own.open("second").decisions.drop == ("Current", "Fully Paid")
    assert at.button(key="_new_book_propose").disabled


def test_what_cannot_be_read_or_called_so_is_told_and_nothing_is_kept(open_page: Open, own: BegunBooks):
    at = open_page()
    at.file_uploader(key=FILE).set_value(("empty.csv", b"", "text/csv")).run()
    assert "The file is empty" in markup(at)
    at.file_uploader(key=FILE).set_value(("a.csv", loans_file(), "text/csv")).run()
    at.text_input(key="_new_book_name").set_value("No Name!").run()
    press(at, "_new_book_begin")
    assert "cannot be the name of a book" in complaints(at)
    at.text_input(key="_new_book_name").set_value(NAME).run()
    press(at, "_new_book_begin")
    assert "already" in complaints(at)
    assert [each.name for each in own.listed()] == [NAME]


def test_one_of_several_sheets_is_chosen(open_page: Open, tmp_path: Path):
    frame = pd.read_csv(BytesIO(loans_file()))
    with pd.ExcelWriter(tmp_path / "two.xlsx", engine="xlsxwriter") as book:
        frame.to_excel(book, sheet_name="2023", index=False)
        frame[:300].to_excel(book, sheet_name="2024", index=False)
    at = open_page()
    at.file_uploader(key=FILE).set_value(("two.xlsx", (tmp_path / "two.xlsx").read_bytes(), "")).run()
    assert at.selectbox(key="_new_book_sheet").options[1:] == ["2023", "2024"]
    at.selectbox(key="_new_book_sheet").set_value("2024").run()
    assert "300 rows" in markup(at)


def test_no_path_leads_out_of_the_folder_of_files(tmp_path: Path):
    folder, secret = tmp_path / "files", tmp_path / "secret.csv"
    (folder / "in").mkdir(parents=True)
    secret.write_text("a,b\n1,2\n")
    (folder / "in" / "a.csv").write_text("a,b\n1,2\n")
    (folder / "link.csv").symlink_to(secret)
    (folder / "notes.doc").write_text("none")
    assert files_in(folder) == ("in/a.csv",)
    assert file_in(folder, "in/a.csv") == b"a,b\n1,2\n"
    for name in ("../secret.csv", str(secret), "link.csv", "in", "", "absent.csv", "in/../../secret.csv"):
        with pytest.raises(Exception, match="is no file of the folder"):
            file_in(folder, name)
    assert files_in(None) == ()


def test_a_file_of_the_folder_is_taken_by_its_name(open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "march.csv").write_bytes(loans_file())
    monkeypatch.setenv("WHATIF_BOOK_FILES", str(tmp_path / "files"))
    at = open_page()
    at.selectbox(key="_new_book_named").set_value("march.csv").run()
    assert "“march.csv” was read: 420 rows" in markup(at)


# ---- questions and columns ------------------------------------------------------------------------------------------


def test_each_step_can_be_left_and_taken_up_again(open_page: Open):
    at = open_page()
    press(at, f"_new_book_open_{NAME}")
    assert "questions left to answer" in markup(at)
    assert at.selectbox(key=picker("role", "Gender")).value == "protected"
    press(at, "_new_book_leave")
    assert "Bring a book of your own" in markup(at)


COLUMNS = ("LoanID", "Loan Amount", "debt_ratio", "purpose", "homeowner", "Gender", "status", "score")


def picker(part: str, column: str) -> str:
    return f"_new_book_{NAME}_{part}_{COLUMNS.index(column)}"


def test_a_picker_decides_and_the_book_is_proposed_anew_with_it(open_page: Open, own: BegunBooks):
    at = open_page(draft=NAME)
    at.selectbox(key=picker("role", "homeowner")).set_value("left out").run()
    at.text_input(key=picker("label", "debt_ratio")).set_value("Debt to income").run()
    assert own.open(NAME).decisions.columns == {
        "homeowner": ColumnDecision(role="left out"),
        "debt_ratio": ColumnDecision(label="Debt to income"),
    }
    assert "2 decisions not in the book yet" in markup(at)
    before = written_contract(own, NAME).text
    assert "Debt to income" not in before
    press(at, "_new_book_put")
    text = written_contract(own, NAME).text
    assert 'label = "Debt to income"' in text
    assert 'name = "homeowner", role = "left out"' in text
    assert own.open(NAME).waiting == ()


def test_what_somebody_else_decided_meanwhile_is_not_overwritten(open_page: Open, own: BegunBooks):
    at = open_page(draft=NAME)
    seen = own.open(NAME)
    own.save(seen, seen.decisions.with_column("homeowner", ColumnDecision(role="protected")), "Ben")
    at.selectbox(key=picker("role", "homeowner")).set_value("left out").run()
    assert "Ben decided this" in complaints(at)
    assert own.open(NAME).decisions.of("homeowner").role == "protected"
    assert at.selectbox(key=picker("role", "homeowner")).value == "protected"
    at.selectbox(key=picker("role", "purpose")).set_value("left out").run()
    assert not complaints(at)
    assert {name: each.role for name, each in own.open(NAME).decisions.columns.items()} == {
        "homeowner": "protected",
        "purpose": "left out",
    }


def test_a_contract_edited_by_hand_shows_on_the_page(open_page: Open, own: BegunBooks):
    path = own.home / "books" / NAME / "contract.toml"
    text = path.read_text().replace('name = "purpose", label = "Purpose"', 'name = "purpose", label = "What it is for"')
    path.write_text(text.replace('bad = ["Charged Off"]', 'bad = ["Fully Paid"]\nmonths = 24'))
    at = open_page(draft=NAME)
    assert at.text_input(key=picker("label", "purpose")).value == "What it is for"
    assert own.open(NAME).decisions.bad == ("Fully Paid",)
    assert own.open(NAME).decisions.months == 24
    assert own.open(NAME).changes[-1].who.startswith("somebody, by hand")


def test_a_question_says_what_it_changes_and_goes_once_it_is_answered(open_page: Open, own: BegunBooks):
    at = open_page(draft=NAME)
    title = "Numbers that mean there is no value"
    key = f"_new_book_{NAME}_asks_{title}"
    at.session_state[key] = True
    at.run()
    at.text_input(key=f"{key}_-9").set_value("no record").run()
    assert "cells are read as what they mean" in markup(at)
    press(at, f"{key}_answer")
    assert own.open(NAME).decisions.of("score").special == {-9.0: "no record"}
    assert title not in written_contract(own, NAME).text


def test_what_is_owed_is_one_of_the_columns_or_none(open_page: Open, own: BegunBooks):
    at = open_page(draft=NAME)
    key = f"_new_book_{NAME}_asks_What is owed"
    at.session_state[key] = True
    at.run()
    owed = at.radio(key=f"{key}_amount")
    assert owed.value == "Loan Amount"
    assert owed.options[0].startswith("Loan Amount: ")
    assert "--amount" not in markup(at)
    owed.set_value("none").run()
    assert "Pages tell loans and expected defaults" in markup(at)
    press(at, f"{key}_answer")
    assert own.open(NAME).decisions.amount == "none"
    assert "1 decision not in the book yet" in markup(at)


def test_what_is_decided_as_it_was_proposed_leaves_the_book_as_it_is(open_page: Open, own: BegunBooks):
    at = open_page(draft=NAME)
    key = f"_new_book_{NAME}_asks_Protected, so no input"
    at.session_state[key] = True
    at.run()
    press(at, f"{key}_answer")
    assert own.open(NAME).decisions.of("Gender").role == "protected"
    assert "The book is as decided" in markup(at)


def test_a_number_is_no_code_or_no_value_if_somebody_says_so(open_page: Open, own: BegunBooks):
    at = open_page(draft=NAME)
    at.session_state[picker("more", "score")] = True
    at.run()
    at.text_input(key=picker("code -9", "score")).set_value("").run()
    assert own.open(NAME).decisions.of("score").special == {-9.0: ""}
    at.number_input(key=picker("code_number", "score")).set_value(40.0)
    at.text_input(key=picker("code_word", "score")).set_value("never asked").run()
    press(at, picker("add", "score"))
    assert "its cells are read as empty" in " ".join(each.value for each in at.success)
    assert own.open(NAME).decisions.missing == ("score=40",)
    assert own.open(NAME).decisions.of("score").special == {-9.0: ""}


def test_what_a_question_still_needs_is_said_beside_it(open_page: Open, own: BegunBooks):
    at = open_page(draft=NAME)
    key = f"_new_book_{NAME}_asks_The model card"
    at.session_state[key] = True
    at.run()
    at.text_area(key=f"{key}_card.owner").set_value("Ada").run()
    press(at, f"{key}_answer")
    assert "Give first: What the model is for" in complaints(at)
    assert "Who answers for it" not in complaints(at)
    assert "The model card" in written_contract(own, NAME).text


def test_two_answers_to_one_contract_do_not_overwrite_each_other(own: BegunBooks):
    seen = written_contract(own, NAME)
    answer_questions(own, NAME, seen, {("card", "owner"): "Ada"}, ("The cut-off",), "Ada")
    with pytest.raises(Exception, match="changed by somebody else"):
        answer_questions(own, NAME, seen, {("card", "owner"): "Ben"}, (), "Ben")
    assert written_contract(own, NAME).value("card", "owner") == "Ada"


def test_two_columns_are_compared(open_page: Open):
    at = open_page(draft=NAME)
    at.session_state["_new_book_panel_0"] = True
    at.run()
    assert not at.exception
    assert "AUC alone" in " ".join(each.value for each in at.caption)


def test_what_is_worth_asking_about_the_file_is_said(open_page: Open):
    at = open_page(draft=NAME)
    at.session_state["_new_book_panel_1"] = True
    at.run()
    assert not at.exception
    assert "<li>score holds -9" in markup(at)


def test_the_quality_of_the_file_is_one_on_the_page_and_as_json(open_page: Open, own: BegunBooks, tmp_path: Path):
    file = tmp_path / "given.csv"
    file.write_bytes(loans_file())
    words = ["init", str(file), "--target", "status", "--bad", "Charged Off", "--book", "told", "--json"]
    result = CliRunner().invoke(main, words, env={"WHATIF_HOME": str(tmp_path / "other")}, catch_exceptions=False)
    told = json.loads(result.stdout)["quality"]
    found = file_quality(own, NAME)
    assert found is not None
    assert json.loads(json.dumps(found.as_dict())) == told
    at = open_page(draft=NAME)
    at.session_state["_new_book_panel_1"] = True
    at.run()
    said = markup(at)
    assert all(point in said for point in told["findings"])
    table = quality_finding(found).table
    assert table is not None
    by_name = {each["name"]: each for each in told["columns"]}
    assert len(by_name) == len(table.exact)
    for name, empty, different, outliers, codes, _ in table.exact:
        column = by_name[name]
        assert empty == 100 * column["gaps"] / column["rows"]
        assert (different, outliers) == (column["different"], column["outliers"])
        assert codes == ", ".join(each["value"] for each in column["special"])
    (shown,) = (each.value for each in at.dataframe if "To look at" in each.value)
    assert set(shown["Column"]) == set(by_name)


# ---- the model ------------------------------------------------------------------------------------------------------


def test_a_model_of_noise_is_told_from_one_that_ranks_too_badly():
    gate = Gate("auc", "Ranks well: AUC", 0.46, 0.6, at_least=True, note=f"{BY_CHANCE}, as it is.")
    assert ranks_by_chance([gate])
    assert gate_advice(gate).startswith("No better than chance")
    weak = replace(gate, note="")
    assert not ranks_by_chance([weak])
    assert gate_advice(weak).startswith("The inputs say little")


def test_the_way_to_a_promoted_model(open_page: Open, own: BegunBooks, monkeypatch: pytest.MonkeyPatch):
    at = open_page(draft=NAME, step="model")
    assert "every question is answered" in " ".join(each.value for each in at.info)
    seen = written_contract(own, NAME)
    written = {("card", key): "Written by Ada." for key in ("purpose", "users", "owner", "tier", "not_for")}
    written |= {("card", "limits"): ["Few loans."], ("book", "as_of"): "March", ("book", "sample"): "all of them"}
    answer_questions(own, NAME, seen, written, tuple(each.title for each in seen.questions), "Ada")
    put_desk(monkeypatch, DeployedModels(lambda: Settings(home=own.home)))
    at = open_page(draft=NAME, step="model")
    at.checkbox(key="_new_book_read").check().run()
    press(at, "_new_book_right")
    press(at, "_new_book_train")
    until = time.monotonic() + 120
    while not at.get("text_input") and time.monotonic() < until:
        time.sleep(0.5)
        at.run()
    at.session_state["_new_book_passed"] = True
    at.run()
    assert "Ranks well: AUC" in markup(at)
    press(at, "_new_book_promote_now")
    assert "Say why it is to change" in complaints(at)
    at.text_input(key="_new_book_reason").set_value("The first model of this book").run()
    for each in at.text_input:
        if each.key == "_new_book_override":
            each.set_value("A test of few loans").run()
    at.button(key="_new_book_promote_now").click().run()
    aliases = json.loads((own.home / "releases" / NAME / "aliases.json").read_text())
    assert aliases["champion"]
    assert not own.open(NAME).cells_kept
