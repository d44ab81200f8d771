"""The verbs of saved scenarios."""

import json
from pathlib import Path

from tests.cli.test_command_line import answer, run

FILE = """format = "credit-what-if scenarios 1"
[[scenario]]
name = "Base"
about = "book"
[scenario.assumes]
unemployment = 3
"""


def test_scenarios_are_brought_in_listed_and_taken_along(own_home: Path, tmp_path: Path):
    given, out = tmp_path / "given.toml", tmp_path / "out.xlsx"
    given.write_text(FILE)
    (kept,) = answer(run(own_home, "scenarios", "import", str(given), "--who", "Ada", "--json"))["scenarios"]
    assert kept["name"] == "Base"
    (listed,) = answer(run(own_home, "scenarios", "list", "--json"))["scenarios"]
    assert (listed["id"], listed["owner"], listed["assumes"]) == (kept["id"], "Ada", {"unemployment": "3"})
    assert run(own_home, "scenarios", "list").output.split() == [kept["id"], "book", "draft", "Ada", "Base"]
    for asked, names in (
        ({"owner": "ada", "text": "bas"}, ["Base"]),
        ({"state": "all"}, ["Base"]),
        ({"state": "signed"}, []),
        ({"tag": "board"}, []),
    ):
        told = run(own_home, "scenarios", "list", *(f"--{name}={value}" for name, value in asked.items()), "--json")
        assert [each["name"] for each in answer(told)["scenarios"]] == names, asked
    assert "No scenario that is kept is so." in run(own_home, "scenarios", "list", "--tag", "board").output
    again = run(own_home, "scenarios", "import", str(given))
    assert (again.exit_code, "“Base” is kept already" in again.output) == (2, True)
    assert answer(run(own_home, "scenarios", "export", str(out), "--json"))["scenarios"] == 1
    assert out.read_bytes().startswith(b"PK")
    wrong = run(own_home, "scenarios", "export", str(tmp_path / "out.doc"))
    assert (wrong.exit_code, "written as .toml or .xlsx" in wrong.output) == (2, True)
    given.write_text(FILE.replace("= 3", "= 300").replace("Base", "Other"))
    refused = run(own_home, "scenarios", "import", str(given))
    assert 'Scenario 1, assumes, "unemployment": Unemployment' in refused.output
    assert json.loads(run(own_home, "scenarios", "list", "--json").output)["scenarios"] == [listed]


def test_a_workbook_of_the_book_is_brought_in_as_its_scenario(own_home: Path, tmp_path: Path):
    out = tmp_path / "book.xlsx"
    answer(run(own_home, "workbook", str(out), "--scenario", "lgd=0.7&unemployment=2", "--json"))
    told = answer(run(own_home, "scenarios", "import", str(out), "--who", "Ada", "--json"))
    assert [each["name"] for each in told["scenarios"]] == ["Unemployment +2 pp, Loss given default 70 %"]
    assert told["notes"] == []
    (listed,) = answer(run(own_home, "scenarios", "list", "--json"))["scenarios"]
    assert listed["assumes"] == {"unemployment": "2", "lgd": "0.7"}
