"""A book in Parquet, part by part, against the book in memory."""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.books import snapshot_path
from data.errors import BadInput
from model.engine.scorer import TableScorer
from model.export.asked import query_of
from model.scoring.identifiers import customer_numbers
from model.scoring.parts.files import BookFiles
from model.scoring.parts.reading import MOST_TOLD, PartReader, Refusals
from model.scoring.parts.stress import LocalEngine, StressRun, stress_book
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.book.sums import StressQuestion
from tests.support.records import BOOK, CONTRACT, TODAY
from tests.support.whole_books import SCENARIOS, same_answer

ROWS = 1_200
FEW = BOOK.part(np.arange(ROWS))
SNAPSHOT = pq.read_table(snapshot_path("cards"))


def table_of(rows: int = ROWS) -> pa.Table:
    """The first customers as their snapshot has them."""
    return SNAPSHOT.slice(0, rows)


def asked(scorer: TableScorer, place: Path, text: str = "balances=20", *, size: int = 700, **more) -> StressRun:
    scenario, _ = BookScenario.from_query(CONTRACT, query_of(text))
    engine = LocalEngine(scorer, BookFiles.of(place), size)
    return stress_book(engine, StressQuestion(CONTRACT, scenario, TODAY), **more)


def changed(column: str, values) -> pa.Table:
    table = table_of()
    return table.set_column(table.schema.get_field_index(column), column, values)


@pytest.fixture(scope="module")
def partitioned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in hive partitions by a field of the record, several files each."""
    place, table = tmp_path_factory.mktemp("parts") / "book", table_of()
    for k, start in enumerate((0, 3, 700)):
        part = table.slice(start, (3, 700, ROWS)[k] - start)
        pq.write_to_dataset(part, place, partition_cols=["status_1"], row_group_size=71)
    (place / "_SUCCESS").write_bytes(b"")
    return place


@pytest.mark.parametrize("text", SCENARIOS.values(), ids=SCENARIOS)
def test_a_partitioned_table_says_what_the_book_page_says(scorer: TableScorer, partitioned: Path, text: str):
    run = asked(scorer, partitioned, text)
    whole = ScoredBook.of(scorer, FEW)
    same_answer(run.answer, BookResult.of(whole, run.answer.question.scenario, TODAY))
    assert run.refused == Refusals()


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_it_is_the_same_however_many_rows_come_at_once(scorer: TableScorer, tmp_path: Path, size: int):
    rows = 60
    pq.write_table(table_of(rows), tmp_path / "book.parquet", row_group_size=17)
    run = asked(scorer, tmp_path / "book.parquet", "balances=20&share=40", size=size)
    result = BookResult.of(ScoredBook.of(scorer, BOOK.part(np.arange(rows))), run.answer.question.scenario, TODAY)
    same_answer(run.answer, result)
    assert run.answer.now.customers == rows


def test_refused_rows_are_counted_and_told_and_the_others_answered(scorer: TableScorer, tmp_path: Path):
    limits = table_of()["limit"].to_pylist()
    wrong = {5: None, 700: -1, 701: 2_000_000, 702: 10**9, 1040: -2, 1100: -3, 1150: -4}
    for row, value in wrong.items():
        limits[row] = value
    table = changed("limit", pa.array(limits, pa.int64()))
    for name, start, stop in (("a", 0, 1000), ("b", 1000, ROWS)):
        pq.write_table(table.slice(start, stop - start), tmp_path / f"{name}.parquet")
    (tmp_path / "some").mkdir()
    run = asked(scorer, tmp_path / "some" / "..")
    assert run.refused.count == len(wrong)
    told = [(each.file, each.row) for each in run.refused.first]
    assert told == [("a.parquet", 6), ("a.parquet", 701), ("a.parquet", 702), ("a.parquet", 703), ("b.parquet", 41)]
    assert len(told) == MOST_TOLD
    assert run.refused.first[0].reasons == ("Credit limit is missing. Enter a value from 1,000 to 1,000,000 NT$.",)
    assert "-1 was given" in run.refused.first[1].words("customer")
    kept = FEW.part(np.setdiff1d(np.arange(ROWS), list(wrong)))
    same_answer(run.answer, BookResult.of(ScoredBook.of(scorer, kept), run.answer.question.scenario, TODAY))
    with pytest.raises(BadInput, match=r"a\.parquet, row 6: Credit limit is missing.* Nothing was worked out"):
        asked(scorer, tmp_path, strict=True)


def test_a_row_that_breaks_a_rule_is_refused_with_the_rules_words(scorer: TableScorer, tmp_path: Path):
    table, rule = table_of(10), CONTRACT.constraints[0]
    own = [table.schema.get_field_index(name) for name in ("status_1", "status_2")]
    for place, status in zip(own, (8, -1), strict=True):
        values = table.column(place).to_pylist()
        table = table.set_column(place, table.schema.names[place], pa.array([*values[:4], status, *values[5:]]))
    pq.write_table(table, tmp_path / "book.parquet")
    run = asked(scorer, tmp_path / "book.parquet")
    assert [(each.row, each.reasons) for each in run.refused.first] == [(5, (rule.message,))]


def test_customers_may_be_named_by_texts(scorer: TableScorer, tmp_path: Path):
    """Those of digits are their numbers, so that the same are drawn; any other text draws its own, everywhere alike."""
    digits = pa.array([str(each) for each in FEW.ids])
    pq.write_table(changed("customer", digits), tmp_path / "digits.parquet")
    text = "balances=20&share=40"
    run = asked(scorer, tmp_path / "digits.parquet", text)
    same_answer(run.answer, BookResult.of(ScoredBook.of(scorer, FEW), run.answer.question.scenario, TODAY))
    names = pa.array([f"C-{each:05}" for each in FEW.ids]).dictionary_encode()
    pq.write_table(changed("customer", names), tmp_path / "names.parquet")
    own, _ = customer_numbers(names)
    named = type(FEW)(CONTRACT, FEW.raw, ids=own, target=FEW.target, observed=FEW.observed, sha256="")
    run = asked(scorer, tmp_path / "names.parquet", text)
    result = BookResult.of(ScoredBook.of(scorer, named), run.answer.question.scenario, TODAY)
    same_answer(run.answer, result)
    assert result.now.loss != BookResult.of(ScoredBook.of(scorer, FEW), result.scenario, TODAY).now.loss


def test_numbers_of_customers_do_not_depend_on_the_others():
    texts = ["7", "007", "7.0", "K-1", "", None, "-12", "123456789012345", "1234567890123456"]
    together, absent = customer_numbers(pa.array(texts))
    apart = [customer_numbers(pa.array([each], pa.string()))[0][0] for each in texts]
    assert together.tolist() == apart
    assert absent.tolist() == [text in ("", None) for text in texts]
    assert (together[[0, 6, 7]].tolist(), len(set(together.tolist()))) == ([7, -12, 123456789012345], len(texts) - 1)
    for numbers in (pa.array([7.0, None]), pa.array([7, None], pa.int16()), pa.array([7, None]).dictionary_encode()):
        assert [each.tolist() for each in customer_numbers(numbers)] == [[7, 0], [False, True]]


def test_a_customer_without_a_number_is_refused(scorer: TableScorer, tmp_path: Path):
    ids = [None, *FEW.ids[1:].tolist()]
    pq.write_table(changed("customer", pa.array(ids, pa.int64())), tmp_path / "book.parquet")
    run = asked(scorer, tmp_path / "book.parquet")
    assert [each.words("customer") for each in run.refused.first] == ["row 1: The customer has no number."]


def test_a_file_of_customers_is_read_by_its_labels_and_words(scorer: TableScorer, tmp_path: Path):
    """As the pages read one: columns by label, codes by their words."""
    labels = {field.name: field.label for field in CONTRACT.record}
    table = table_of().rename_columns([labels.get(name, name) for name in table_of().schema.names])
    field = next(field for field in CONTRACT.record if field.codes)
    words = pa.array([field.codes[int(each)] for each in table[field.label].to_pylist()])
    table = table.set_column(table.schema.get_field_index(field.label), field.label, words)
    pq.write_table(table, tmp_path / "book.parquet")
    run = asked(scorer, tmp_path / "book.parquet")
    same_answer(run.answer, BookResult.of(ScoredBook.of(scorer, FEW), run.answer.question.scenario, TODAY))
    assert run.refused == Refusals()


def test_a_books_own_columns_are_taken_before_what_others_are_called():
    names = [*(field.name for field in CONTRACT.record), CONTRACT.book.id, *(each.column for each in CONTRACT.record)]
    reader = PartReader.of(CONTRACT, names)
    assert (reader.snapshot, reader.columns) == (True, tuple(field.name for field in CONTRACT.record))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda table: table.drop_columns(["limit"]), "lacks 1 of the 19 columns needed: limit"),
        (lambda table: table.drop_columns(["customer"]), "has no column 'customer' with the number of each customer"),
        (lambda table: table.slice(0, 0), "There is no customer in it that can be scored"),
        (
            lambda table: table.set_column(1, "limit", table["limit"].cast(pa.string())),
            "Credit limit stands as text in the table",
        ),
    ],
)
def test_what_no_book_can_be_made_of_is_told(scorer: TableScorer, tmp_path: Path, spoil, told: str):
    pq.write_table(spoil(table_of(20)), tmp_path / "book.parquet")
    with pytest.raises(BadInput, match=told):
        asked(scorer, tmp_path / "book.parquet")


def test_files_that_cannot_be_read_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(BadInput, match="There is no file or folder"):
        BookFiles.of(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="There is no Parquet file in"):
        BookFiles.of(tmp_path / "empty")
    whole = tmp_path / "book.parquet"
    pq.write_table(table_of(50), whole)
    (tmp_path / "cut.parquet").write_bytes(whole.read_bytes()[:-20])
    with pytest.raises(BadInput, match=r"cut\.parquet cannot be read as Parquet"):
        BookFiles.of(tmp_path / "cut.parquet")
    files = BookFiles.of(whole)
    whole.unlink()
    with pytest.raises(BadInput, match=r"book\.parquet cannot be read"):
        list(files.parts(["limit"], 10))
    (tmp_path / "delta" / "_delta_log").mkdir(parents=True)
    monkeypatch.setitem(sys.modules, "deltalake", None)
    with pytest.raises(BadInput, match=r"is a Delta table.*pip install deltalake"):
        BookFiles.of(tmp_path / "delta")


def test_a_table_that_changes_meanwhile_is_noticed(scorer: TableScorer, tmp_path: Path):
    engines = []
    for rows in (50, 40):
        pq.write_table(table_of(rows), tmp_path / f"{rows}.parquet")
        engines.append(LocalEngine(scorer, BookFiles.of(tmp_path / f"{rows}.parquet")))

    class Changed(LocalEngine):
        def sums(self, *asked, **more):
            return engines[1].sums(*asked, **more)

    question = StressQuestion(CONTRACT, BookScenario(), TODAY)
    with pytest.raises(BadInput, match="held 50 customers when it was read first and 40 afterwards"):
        stress_book(Changed(scorer, engines[0].files), question)


def test_progress_is_the_share_of_the_rows_and_can_end_it(scorer: TableScorer, partitioned: Path):
    heard: list[float] = []
    asked(scorer, partitioned, first=heard.append, second=heard.append)
    half = len(heard) // 2
    assert heard[half - 1] == heard[-1] == 1.0
    assert heard[:half] == heard[half:] == sorted(heard[:half])

    def cancel(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(scorer, partitioned, second=cancel)
