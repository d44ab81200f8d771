"""The verbs that write papers: of what somebody without a page before them asks, or why not."""

from pathlib import Path

import pytest

from tests.cli.test_command_line import answer, run

HALF = "preset=fed_2026_severely_adverse&severity=50"
KEPT = """format = "credit-what-if scenarios 1"
[[scenario]]
name = "Base"
about = "book"
[scenario.assumes]
unemployment = 3
"""


def test_a_memo_is_written_in_each_kind_for_a_day_by_somebody(own_home: Path, tmp_path: Path):
    out = tmp_path / "memo.html"
    asked = ("memo", str(out), "--scenario", HALF, "--who", "Ada", "--day", "2026-01-05")
    told = answer(run(own_home, *asked, "--json"))
    assert "at half severity" in told["sentence"]
    first = out.read_bytes()
    assert told["sentence"].replace("'", "&#x27;") in first.decode()
    assert "Made by Ada on 5 January 2026" in first.decode()
    assert f"The memo is in {out}." in run(own_home, *asked).output
    assert out.read_bytes() == first


@pytest.mark.parametrize(("kind", "begins"), [pytest.param("pdf", b"%PDF", marks=pytest.mark.office), ("docx", b"PK")])
def test_a_customers_memo_is_written_as_a_file_to_keep_and_one_to_edit(
    own_home: Path, tmp_path: Path, kind: str, begins: bytes
):
    asked = ("memo", str(tmp_path / f"memo.{kind}"), "--customer", "17", "--scenario", "balances=-20")
    assert "With balances 20 % lower" in answer(run(own_home, *asked, "--json"))["sentence"].replace("\u00a0", " ")
    assert (tmp_path / f"memo.{kind}").read_bytes().startswith(begins)


def test_a_saved_scenario_is_asked_by_its_name_alone_beside_others_and_of_a_customer(own_home: Path, tmp_path: Path):
    given, out = tmp_path / "given.toml", str(tmp_path / "memo.html")
    given.write_text(KEPT)
    (kept,) = answer(run(own_home, "scenarios", "import", str(given), "--who", "Ada", "--json"))["scenarios"]
    for name in ("Base", kept["id"]):
        assert answer(run(own_home, "memo", out, "--scenario", name, "--json"))["title"] == "Base"
    assert "“Base” of Ada, version 1, draft." in Path(out).read_text()
    assert answer(run(own_home, "memo", out, "--compare", "Base", "--compare", HALF, "--json"))["sentence"].startswith(
        "Of 2 scenarios compared"
    )
    address = "http://127.0.0.1:8501/compare?of=book&1=Plain&2=Three&2.unemployment=3"
    assert "“Three”" in answer(run(own_home, "memo", out, "--compare", address, "--json"))["sentence"]
    run(own_home, "memo", out, "--customer", "17", "--scenario", "Base")
    assert "Under the book&#x27;s scenario “Base” of Ada" in Path(out).read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("memo.doc",), "written as .html, .docx, .pdf"),
        (("memo.html", "--scenario", "Nobody"), "No scenario is kept under 'Nobody'; there are: none is kept."),
        (("memo.html", "--scenario", "limits=900"), "Credit limits must be -50 to 50 %"),
        (("memo.html", "--customer", "0"), "customer"),
        (("memo.html", "--compare", HALF, "--customer", "17"), "Give --compare alone"),
        (("memo.html", "--compare", ""), "needs two or more"),
        (("memo.html", "--day", "5.1.2026"), "A day is written as 2026-01-31"),
        (("nowhere/memo.html",), "cannot be written"),
    ],
)
def test_what_cannot_be_asked_is_told(home: Path, tmp_path: Path, words: tuple[str, ...], told: str):
    result = run(home, "memo", str(tmp_path / words[0]), *words[1:])
    assert result.exit_code == 2
    assert told in result.stderr


def test_slides_are_asked_as_a_memo_is(home: Path, tmp_path: Path):
    out = tmp_path / "deck.pptx"
    told = answer(run(home, "slides", str(out), "--scenario", HALF, "--who", "Ada", "--day", "2026-01-05", "--json"))
    assert "at half severity" in told["sentence"]
    assert out.read_bytes().startswith(b"PK")
    refused = run(home, "slides", str(tmp_path / "deck.key"))
    assert (refused.exit_code, "written as .pptx" in refused.stderr) == (2, True)
