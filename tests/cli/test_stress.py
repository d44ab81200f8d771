"""The verb that asks a whole book."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.books import read_book, snapshot_path
from model.cli.terminal import Pace
from model.engine.identity import Deployed
from model.export.asked import query_of
from model.release.store import Store
from model.report.book.briefing import book_briefing
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from tests.cli.test_command_line import answer, run
from tests.cli.test_scenarios import FILE
from tests.support import large_book
from tests.support.records import CONTRACT

TEXT = "balances=20&who=limit_band:2&share=40&unemployment=2"


@pytest.fixture(scope="module")
def result(whole: ScoredBook) -> BookResult:
    return BookResult.of(whole, BookScenario.from_query(CONTRACT, query_of(TEXT))[0], date.today())


def test_a_book_by_name_says_what_its_page_says(home: Path, result: BookResult):
    more = ("--bridge", "loss", "--bridge", "margin")
    told = answer(run(home, "stress", "cards", "--scenario", TEXT, *more, "--json"))
    assert told["sentence"] == book_briefing(result, {}, model=Deployed("any")).sentence
    for each in told["headline"]:
        name = each["measure"]
        wanted = (result.base.measure(name), result.now.measure(name))
        assert (each["base"], each["now"]) == pytest.approx(wanted, rel=1e-9), name
    assert list(told["bridges"]) == ["loss", "margin"]
    for name, found in told["bridges"].items():
        steps = {tuple(step["levers"]): step["amount"] for step in found["steps"]}
        amounts = {step.player.names: step.amount for step in result.bridge(name).steps}
        assert steps == pytest.approx(amounts, rel=1e-9, abs=1e-9 * result.base.loss)
    assert told["migration"]["counts"] == result.migration().tolist()
    for segment in told["segments"]:
        assert sum(band["customers"] for band in segment["bands"]) == told["rows"] == 30_000
        assert sum(band["now"]["loss"] for band in segment["bands"]) == pytest.approx(result.now.loss, rel=1e-9)
    drivers = [each["amount"] for each in told["drivers"]["inputs"]]
    assert drivers == pytest.approx(result.input_reactions().tolist(), rel=1e-9, abs=1e-3)
    assert told["refused"] == {"count": 0, "first": []}


def test_people_are_told_the_answer_and_what_was_refused(home: Path, tmp_path: Path):
    table = pq.read_table(snapshot_path("cards")).slice(0, 300)
    limits = [*table["limit"].to_pylist()[:299], -5]
    place = tmp_path / "book.parquet"
    pq.write_table(table.set_column(table.schema.get_field_index("limit"), "limit", pa.array(limits)), place)
    told = run(home, "stress", str(place), "--book", "cards", "--scenario", TEXT)
    assert told.exit_code == 0, told.stderr
    for part in ("Expected loss", "What moved it", "Balances +20", "Score bands: ", "Payment status now"):
        assert part in told.stdout
    assert "1 row refused and left out of every number:\n  row 300: Credit limit must be" in told.stdout
    assert "100%  Second time through: 300 of 300 rows" in told.stderr
    strict = run(home, "stress", str(place), "--scenario", TEXT, "--strict")
    assert (strict.exit_code, "row 300: Credit limit must be" in strict.stderr) == (2, True)


def test_a_scenario_that_is_kept_is_asked_by_its_name(own_home: Path, tmp_path: Path):
    (tmp_path / "given.toml").write_text(FILE)
    answer(run(own_home, "scenarios", "import", str(tmp_path / "given.toml"), "--json"))
    told = answer(run(own_home, "stress", "cards", "--scenario", "Base", "--json"))
    assert told["scenario"] == {"unemployment": "3"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere",), "There is no file or folder nowhere."),
        (("cards", "--scenario", "limit=5"), "nothing that can be assumed here"),
        (("cards", "--scenario", "Gone"), "No scenario is kept under 'Gone'"),
        (("cards", "--release", "ffff"), "The release 'ffff' of the book cards does not exist"),
        (("cards", "--day", "tomorrow"), "A day is written as 2026-01-31; 'tomorrow' was given."),
    ],
)
def test_what_cannot_be_asked_is_told(home: Path, arguments: tuple[str, ...], told: str):
    refused = run(home, "stress", *arguments)
    assert (refused.exit_code, told in refused.output) == (2, True), refused.output


def test_progress_tells_how_fast_it_goes_and_what_is_left(monkeypatch: pytest.MonkeyPatch):
    told, clock = [], iter([0.0, 0.5, 2.0, 2.5, 4.0, 1000.0, 2000.0])
    monkeypatch.setattr("model.cli.terminal.time.perf_counter", lambda: next(clock))
    pace = Pace(lambda doing, share: told.append((doing, share)), "Reading", 1000)
    for share in (0.1, 0.2, 0.3, 0.5, 0.75, 1.0):
        pace(share)
    assert told == [
        ("Reading: 200 of 1,000 rows, 100 a second, 8 s left", 0.2),
        ("Reading: 500 of 1,000 rows, 125 a second, 4 s left", 0.5),
        ("Reading: 750 of 1,000 rows, 1 a second, 6 min left", 0.75),
        ("Reading: 1,000 of 1,000 rows, 0 a second", 1.0),
    ]


def test_all_of_a_large_book_is_asked_by_its_name(large_home: Path, held_few: None):
    told = answer(
        run(large_home, "stress", large_book.NAME, "--book", large_book.NAME, "--scenario", "balances=20", "--json")
    )
    assert told["rows"] == large_book.LOANS
    book, release = read_book(large_book.NAME, large_home, large_book.LOANS), Store(large_home, large_book.NAME).load()
    stress = BookScenario().with_value(book.contract, "balances", 20)
    exact = BookResult.of(ScoredBook.of(release.scorer, book), stress, date.today())
    loss = next(each for each in told["headline"] if each["measure"] == "loss")
    assert (loss["base"], loss["now"]) == pytest.approx((exact.base.loss, exact.now.loss), rel=1e-9)
