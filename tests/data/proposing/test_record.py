"""A proposed book's two files: the short one that a person edits, laid over the whole that code makes anew."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.books import read_folder
from data.contract import contract_problems, load_contract, read_contract
from data.contract.layers import laid_over
from data.errors import BadInput, ContractError
from data.proposing.decisions import ColumnDecision, Decisions
from data.proposing.drafting import unwritten
from data.proposing.proposal import Proposal, lay_down, propose
from data.proposing.record import decisions_in, not_taken_up
from data.proposing.sources import read_source
from model.monitoring.discrimination import single_input_auc as alone
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import loans, written
from tests.data.proposing.test_proposal import guessed


def frame() -> pd.DataFrame:
    held = loans(400)[["Loan Amount", "debt_ratio", "purpose", "Gender", "recoveries", "notes", "status"]]
    return held.assign(grade=np.array(["mild", "dire", "so-so"])[np.arange(400) % 3])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(frame(), tmp_path_factory.mktemp("file"), "csv", "loans")


def made(file: Path, decisions: Decisions = Decisions("status")) -> Proposal:  # noqa: B008  frozen
    return propose(read_source(file), decisions, name="mine", margins=guessed, alone=alone)


@pytest.fixture(scope="module")
def first(file: Path) -> Proposal:
    return made(file)


@pytest.fixture
def folder(first: Proposal, tmp_path: Path) -> Path:
    return lay_down(first, tmp_path)


def edit(folder: Path, *changes: tuple[str, str]) -> Path:
    """The contract with some of its text replaced."""
    path = folder / "contract.toml"
    text = path.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text)
    return path


def again(file: Path, folder: Path) -> Path:
    """As init --replace does."""
    return lay_down(made(file, decisions_in(folder)), folder.parents[1], again=True)


def test_the_short_file_laid_over_the_whole_one_says_what_was_proposed(first: Proposal):
    proposed, own = (tomllib.loads(each.decode()) for each in (first.proposed, first.record))
    assert laid_over(proposed, own) == tomllib.loads(first.text.decode())


def test_the_short_file_has_a_line_a_column_and_about_a_dozen_questions(first: Proposal):
    text = first.record.decode()
    assert len(text.splitlines()) < 90 < len(first.text.splitlines()) / 3
    assert 8 <= text.count("# QUESTION: ") == len(first.questions) == len(unwritten(first.record)) <= 14
    assert "TO DO" not in text
    for column in frame():
        assert sum(f'name = "{str(column).lower().replace(" ", "_")}"' in line for line in text.splitlines()) == 1


def test_a_release_keeps_one_text_that_reads_by_itself_and_the_questions_still_open(folder: Path):
    contract = load_contract(folder / "contract.toml")
    assert read_contract(contract.text).hash == contract.hash
    assert "The outcome" in unwritten(contract.text)
    assert "card.purpose" not in unwritten(contract.text)


def test_a_label_said_once_is_told_by_everything_that_stands_on_its_column(folder: Path):
    contract = load_contract(edit(folder, ('label = "Loan amount"', 'label = "Sum {lent}"')))
    (part,) = (each for each in contract.inputs if each.name == "loan_amount")
    assert contract.lever("loan_amount").label == part.label
    (segment,) = (each for each in contract.segments if each.field == "loan_amount")
    concept = contract.concept(part.concept)
    field = contract.field("loan_amount")
    assert {part.label, segment.label, concept.label, field.label} == {"Sum {lent}"}
    assert concept.reason == "Sum {lent} as it stands"
    assert contract.lever("loan_amount").phrase == "sum {{lent}} {}"
    assert contract.lever("loan_amount").help == "Sets sum {lent} alone."


def test_a_direction_said_once_holds_for_input_and_lever(folder: Path):
    line = 'label = "Debt ratio", role = "input", unit = "%", direction = 1'
    contract = load_contract(edit(folder, (line, f'{line[:-1]}-1, mutability = "down"')))
    assert contract.lever("debt_ratio_lever").direction == -1
    assert {each.name: each.direction for each in contract.inputs}["debt_ratio"] == -1
    assert contract.field("debt_ratio").mutability == "down"


def test_a_column_left_out_takes_everything_that_stands_on_it_with_it(folder: Path):
    line = 'label = "Debt ratio", role = "'
    contract = load_contract(edit(folder, (f'{line}input"', f'{line}left out"')))
    assert b"debt_ratio" not in contract.text
    assert [each.name for each in contract.inputs] == ["loan_amount", "purpose", "grade"]
    read_folder(folder)


NOTES = 'name = "notes", role = "'
WRONG = [
    (f'{NOTES}left out"', f'{NOTES}input"', r"contract\.toml, line \d+: fields\.notes\.role: .*--replace"),
    ("cutoff = ", "cut_off = 5\ncutoff = ", r"contract\.toml, line \d+: score\.cut_off: Extra inputs"),
    ("default = 0.45", "default = 4.5", r"contract\.toml, line \d+: assumptions\.lgd: .*outside its bounds"),
    (
        'ead = "',
        'ead = "nothing + ',
        r"contract\.toml, line \d+: exposure\.ead: .* reads nothing, which is not",
    ),
    ("version = ", "version == ", r"contract\.toml is not readable TOML: .*line \d+, column"),
]


@pytest.mark.parametrize(("old", "new", "told"), WRONG)
def test_what_is_wrong_is_told_with_file_and_line(old: str, new: str, told: str, folder: Path):
    path = edit(folder, (old, new))
    with pytest.raises(ContractError, match=told) as refused:
        load_contract(path)
    line = str(refused.value).partition("line ")[2].split(":")[0].split(",")[0].rstrip(".)")
    assert new.split("\n")[0][:9] in path.read_text().splitlines()[int(line) - 1]


def test_what_is_wrong_in_the_proposed_file_is_told_so_and_everything_at_once(folder: Path):
    below = folder / "proposed.toml"
    below.write_text(below.read_text().replace("leaves = 8", "leaves = 1"))
    problems = contract_problems(edit(folder, ("default = 0.45", 'default = "half"')))
    assert [each.split(",")[0] for each in sorted(problems)] == ["contract.toml", "proposed.toml"]


def test_what_notepad_saves_is_read_or_told_plainly(folder: Path):
    path = edit(folder, ('label = "Loan amount"', 'label = "Größe"'))
    text = path.read_text()
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_contract(path).field("loan_amount").label == "Größe"
    path.write_bytes(text.encode("utf-16"))
    with pytest.raises(ContractError, match=r"saved as UTF-16.* Save it again with the encoding UTF-8"):
        load_contract(path)


def test_replaced_as_nothing_was_decided_nothing_changes(file: Path, folder: Path):
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    assert decisions_in(folder) == Decisions("status")
    again(file, folder)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before


def test_what_was_decided_by_hand_takes_effect_when_replaced_and_stays_however_often(file: Path, folder: Path):
    path = edit(
        folder,
        ('name = "notes", role = "left out" },', 'name = "notes", role = "identifier" },  # mine:'),
        ('label = "Grade", role = "input"', 'label = "Mark", role = "input", order = ["mild", "so-so", "dire"]'),
        ('purpose = "To be written: what this model is for."', 'purpose = "To price loans."'),
        ("default = 0.45", "default = 0.3"),
    )
    amount = 'label = "Loan amount", role = "'
    path = edit(folder, (f'{amount}input"', f'{amount}post-outcome"'))
    said = decisions_in(folder)
    assert not_taken_up(folder) == ("fields.grade.order",)
    assert said.columns["grade"] == ColumnDecision(label="Mark", order=("mild", "so-so", "dire"))
    assert said.columns["notes"] == ColumnDecision(role="identifier")
    for _ in range(3):
        again(file, folder)
        contract = load_contract(path)
        assert {each.name: each.codes for each in contract.record}["grade"] == {0: "mild", 1: "so-so", 2: "dire"}
        assert {each.name: each.label for each in contract.inputs}["grade"] == "Mark"
        assert [each.name for each in contract.inputs] == ["debt_ratio", "purpose", "grade"]
        assert contract.exposure.ead == "1"  # as nothing says any more what is owed
        assert contract.card is not None
        assert contract.card.purpose == "To price loans."
        assert 'name = "lgd", default = 0.3' in path.read_text()  # for when an amount is named again
        assert "# mine:" in path.read_text()
        assert decisions_in(folder) == said
        assert not_taken_up(folder) == ()


def test_a_question_that_was_answered_stays_answered_and_new_columns_are_asked_about(file: Path, folder: Path):
    path = folder / "contract.toml"
    path.write_text("\n".join(line for line in path.read_text().split("\n") if "# QUESTION" not in line))
    other = written(frame().drop(columns="purpose").assign(branch=np.arange(400) % 7), folder.parent, "csv", "later")
    lay_down(made(other, decisions_in(folder)), folder.parents[1], again=True)
    assert unwritten(path.read_bytes()) == ("New columns",)
    assert '# no column of the file any more: { name = "purpose"' in path.read_text()
    assert [each.name for each in load_contract(path).inputs] == ["loan_amount", "debt_ratio", "grade", "branch"]


def test_what_was_said_of_the_file_is_changed_by_hand_too(file: Path, folder: Path):
    more = 'bad = "Charged Off"\ndrop = ["n/a"]\namount = "debt_ratio"\nmonths = 24\ntarget = "status"'
    edit(folder, ('target = "status"', more))
    said = decisions_in(folder)
    assert (said.bad, said.drop, said.amount, said.months) == (("Charged Off",), ("n/a",), "debt_ratio", 24)
    path = folder / "contract.toml"
    path.write_text(path.read_text().replace("months = 24", 'months = "two"', 1))
    with pytest.raises(BadInput, match=r"source.months is 'two'; write a number"):
        decisions_in(folder)


def test_a_question_goes_once_it_is_decided_and_what_is_unsaid_goes_with_it(file: Path, folder: Path):
    path = folder / "contract.toml"
    assert {"What is owed", "Its time"} <= set(unwritten(path.read_bytes()))
    lay_down(made(file, Decisions("status", amount="none", months=24)), folder.parents[1], again=True)
    assert not {"What is owed", "Its time"} & set(unwritten(path.read_bytes()))
    assert 'amount = "none"' in path.read_text()
    lay_down(made(file, Decisions("status", months=24)), folder.parents[1], again=True)
    assert "amount =" not in path.read_text()


def test_a_number_that_looks_like_a_code_can_be_said_to_be_none(tmp_path: Path):
    rows = frame().assign(score=[-9 if k % 12 == 0 else k * 37 % 90 for k in range(400)])
    file = written(rows, tmp_path, "csv", "scores")
    folder = lay_down(made(file), tmp_path / "home")
    edit(folder, ('special = { -9 = "not known" }', 'special = { -9 = "" }'))
    assert load_contract(folder / "contract.toml").special_codes == {"score": (-9.0,)}  # the file is not read again yet
    assert not_taken_up(folder) == ("fields.score.special",)
    for _ in range(2):
        lay_down(made(file, decisions_in(folder)), tmp_path / "home", again=True)
        assert not load_contract(folder / "contract.toml").special_codes
        assert decisions_in(folder).of("score").special == {-9.0: ""}
        assert not_taken_up(folder) == ()


def test_a_book_of_one_file_is_not_replaced(folder: Path):
    (folder / "proposed.toml").unlink()
    with pytest.raises(BadInput, match=r"has no proposed\.toml: its contract is one file"):
        decisions_in(folder)
    with pytest.raises(ContractError, match=r"but proposed\.toml beside it is absent"):
        load_contract(folder / "contract.toml")


def test_where_another_amount_is_owed_by_hand_no_limit_stands_that_was_proposed_for_the_first(folder: Path):
    before = load_contract(folder / "contract.toml")
    assert {each.measure for each in before.appetite} == {"exposure", "pd", "loss"}
    path = edit(folder, ('ead = "max(loan_amount, 0)"', 'ead = "max(loan_amount, 0) / 2"'))
    assert {each.measure for each in load_contract(path).appetite} == {"pd"}


def test_limits_follow_the_amount_that_is_named_when_the_book_is_proposed_anew(file: Path, folder: Path):
    lay_down(made(file, Decisions("status", amount="none")), folder.parents[1], again=True)
    found = load_contract(folder / "contract.toml")
    limits = {each.measure: each.limit for each in found.appetite}
    assert not found.in_money
    assert limits["loss"] == pytest.approx(1.25 * (read_folder(folder).target == 1).sum(), rel=0.01)
