"""A whole book asked by Spark, against this machine alone: the same numbers, the same rows refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.test_command_line import answer, run
from tests.scoring.test_parts import ROWS, SNAPSHOT, table_of
from tests.support.spark import SparkShell, connect_server, submitted
from tests.support.whole_books import CLOSE, SCENARIOS

pytestmark = pytest.mark.spark
BRIDGES = ("--bridge", "loss", "--bridge", "capital")


@pytest.fixture(scope="module")
def shell(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkShell]:
    found = SparkShell(home, tmp_path_factory.mktemp("spark"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def partitioned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cards in hive partitions, a few files each, three of their rows wrong."""
    limits = SNAPSHOT["limit"].to_pylist()
    for row, value in {7: -1, 20_000: None, 29_999: 10**8}.items():
        limits[row] = value
    table = SNAPSHOT.set_column(SNAPSHOT.schema.get_field_index("limit"), "limit", pa.array(limits, pa.int64()))
    place = tmp_path_factory.mktemp("parts") / "the book"
    pq.write_to_dataset(table, place, partition_cols=["status_1"], max_rows_per_file=9_000, row_group_size=3_000)
    return place


def same(found: Any, wanted: Any, size: float, path: str = "") -> None:
    """Whole numbers and texts are the same, others to a thousand-millionth of themselves or of the book's loss."""
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys(), path
        for key in wanted.keys() - {"seconds", "engine", "source"}:
            same(found[key], wanted[key], size, f"{path}.{key}")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), path
        for k, (one, other) in enumerate(zip(found, wanted, strict=True)):
            same(one, other, size, f"{path}[{k}]")
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=CLOSE, abs=CLOSE * size), path
    else:
        assert found == wanted, path


def loss_of(said: Any) -> float:
    return next(each["base"] for each in said["headline"] if each["measure"] == "loss")


@pytest.mark.parametrize("text", SCENARIOS.values(), ids=SCENARIOS)
def test_spark_says_what_this_machine_says(home: Path, shell: SparkShell, partitioned: Path, text: str):
    words = ("stress", str(partitioned), "--scenario", text, *BRIDGES)
    wanted = answer(run(home, *words, "--json"))
    found = shell.answer(*words)
    assert (found["engine"], found["rows"], found["refused"]["count"]) == ("spark", 30_000, 3)
    assert {each["id"] for each in found["refused"]["first"]} == {"8", "20001", "30000"}
    assert all(each["file"].startswith("status_1=") for each in found["refused"]["first"])
    same(found, wanted, loss_of(wanted))


def test_a_refused_row_stops_it_where_that_is_asked_for(shell: SparkShell, partitioned: Path):
    said = shell.run("stress", str(partitioned), "--strict")
    assert (said["status"], "Credit limit" in said["err"], "Nothing was worked out" in said["err"]) == (2, True, True)


def test_a_table_is_asked_by_its_name_and_texts_draw_alike(home: Path, shell: SparkShell, tmp_path: Path):
    names = pa.array([f"C-{each}" if each % 3 else str(each) for each in range(ROWS)])
    table = table_of().set_column(0, "customer", names)
    assert table_of().schema.names[0] == "customer"
    pq.write_table(table, tmp_path / "some.parquet")
    shell.ask(view="some_cards", path=str(tmp_path / "some.parquet"))
    text = "balances=20&share=40"
    found = shell.answer("stress", "some_cards", "--scenario", text)
    wanted = answer(run(home, "stress", str(tmp_path / "some.parquet"), "--scenario", text, "--json"))
    same(found, wanted, loss_of(wanted))


def test_a_delta_table_is_read_without_spark(home: Path, shell: SparkShell, tmp_path: Path):
    """Two versions of it: what the first had and the second has not is not there."""
    for rows, name in ((ROWS, "one"), (300, "two")):
        pq.write_table(table_of(rows), tmp_path / f"{name}.parquet")
    words = ("stress", str(tmp_path / "table"), "--scenario", "balances=20&share=40", "--json")
    for name in ("one", "two"):
        shell.ask(delta=str(tmp_path / "table"), path=str(tmp_path / f"{name}.parquet"))
        said = shell.ask(words=words)
        assert said["status"] == 0, said
        wanted = answer(run(home, "stress", str(tmp_path / f"{name}.parquet"), *words[2:]))
        same(json.loads(said["out"]), wanted, loss_of(wanted))


def test_nothing_is_opened_that_is_not_what_was_sent(shell: SparkShell, partitioned: Path):
    """The archives are on the worker already; it is told that they should be others."""
    from model.release.store import Store
    from model.scoring.spark.parcel import Parcel

    home = Path(shell.home)
    named = Parcel.of(Store(home, "cards").load(), partitioned.parent).named
    wrong = [(named[0][0], named[0][1]), (named[1][0], "0" * 64)]
    said = shell.run("stress", str(partitioned), digests=wrong)
    assert said["status"] == 2
    assert f"is not what was sent to this worker: its sha256 is {named[1][1]}" in said["err"]


def test_a_table_without_rows_is_told_as_here(shell: SparkShell, tmp_path: Path):
    pq.write_table(table_of(0), tmp_path / "none.parquet")
    said = shell.run("stress", str(tmp_path / "none.parquet"))
    assert (said["status"], "There is no customer in it that can be scored" in said["err"]) == (2, True), said


def test_work_that_is_cancelled_ends_and_the_session_goes_on(home: Path, shell: SparkShell, partitioned: Path):
    said = shell.run("stress", str(partitioned), cancelled=True)
    assert (said["status"], said["out"]) == (1, "")
    (partitioned.parent / "some").mkdir()
    detour = partitioned.parent / "some" / ".." / partitioned.name
    wanted = answer(run(home, "stress", str(partitioned), "--json"))
    same(shell.answer("stress", str(detour)), wanted, loss_of(wanted))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("no_such_table", "Spark could not do it: "),
        ("nowhere/book.parquet", "Spark could not do it: "),
    ],
)
def test_what_spark_does_not_find_is_told_in_a_sentence(shell: SparkShell, source: str, told: str):
    said = shell.run("stress", source)
    assert (said["status"], told in said["err"]) == (2, True), said
    assert "Traceback" not in said["err"]


def test_what_a_worker_cannot_read_is_told_as_here(shell: SparkShell, tmp_path: Path):
    table = table_of(10)
    table = table.set_column(1, "limit", table["limit"].cast(pa.string()))
    pq.write_table(table, tmp_path / "some.parquet")
    said = shell.run("stress", str(tmp_path / "some.parquet"))
    assert (said["status"], "Error: Credit limit stands as text in the table" in said["err"]) == (2, True), said


def test_it_runs_under_spark_submit(home: Path, tmp_path: Path, partitioned: Path):
    words = ("stress", str(partitioned), "--scenario", SCENARIOS["preset"], "--json")
    said = submitted(home, tmp_path, *words, "--engine", "spark")
    assert said.returncode == 0, said.stderr[-3000:]
    wanted = answer(run(home, *words))
    same(json.loads(said.stdout.splitlines()[-1]), wanted, loss_of(wanted))


def test_it_runs_over_spark_connect(home: Path, tmp_path: Path, partitioned: Path):
    """Against a server that has nothing of ours but what is sent to it."""
    words = ("stress", str(partitioned), "--scenario", SCENARIOS["shocks on a share of a segment"])
    with connect_server(tmp_path) as address:
        shell = SparkShell(home, tmp_path, address)
        found = shell.answer(*words)
        told, rows = scored(home, shell, partitioned, tmp_path / "out.parquet")
        shell.close()
    wanted = answer(run(home, *words, "--json"))
    same(found, wanted, loss_of(wanted))
    assert rows_of(rows).equals(rows_of(told))


# ---- rows scored -----------------------------------------------------------------------------------------------------


def scored(home: Path, shell: SparkShell, place: Path, out: Path, *more: str) -> tuple[Any, Any]:
    """What this machine and Spark say of a job, into ``out`` before and after a dot."""
    here, there = out.with_stem(f"{out.stem}-here"), out.with_stem(f"{out.stem}-there")
    wanted = answer(run(home, "score", str(place), str(here), *more, "--json"))
    return wanted, shell.answer("score", str(place), str(there), *more)


def rows_of(said: Any) -> pa.Table:
    return pq.read_table(said["path"])


JOBS = {
    "as they stand": (),
    "reasons": ("--explain",),
    "under a scenario": (
        "--scenario",
        "balances=20&share=40",
        "--explain",
        "--by",
        "concept",
        "--columns",
        "age,status_1",
    ),
}


@pytest.mark.parametrize("more", JOBS.values(), ids=JOBS)
def test_spark_scores_every_row_as_this_machine_does(
    home: Path, shell: SparkShell, partitioned: Path, tmp_path: Path, more: tuple[str, ...]
):
    wanted, found = scored(home, shell, partitioned, tmp_path / "out.parquet", *more)
    assert rows_of(found).equals(rows_of(wanted), check_metadata=True)
    assert len(rows_of(found)) == 29_997
    assert Path(found["refused_path"]).read_bytes() == Path(wanted["refused_path"]).read_bytes()
    same(found["sums"], wanted["sums"], wanted["sums"]["totals"]["loss"])
    for key in ("rows", "release", "terms", "repeated", "ignored", "digest"):
        assert found[key] == wanted[key], key
    assert not list(tmp_path.glob(".*"))


def test_spark_writes_the_same_csv_to_the_last_byte(home: Path, shell: SparkShell, partitioned: Path, tmp_path: Path):
    wanted, found = scored(home, shell, partitioned, tmp_path / "out.csv")
    assert Path(found["path"]).read_bytes() == Path(wanted["path"]).read_bytes()


def test_a_folder_holds_the_same_rows_in_the_same_order(
    home: Path, shell: SparkShell, partitioned: Path, tmp_path: Path
):
    wanted, found = scored(home, shell, partitioned, tmp_path / "out")
    assert rows_of(found).equals(rows_of(wanted))
    before = shell.answer("score", str(partitioned), found["path"])
    assert (before["before"], before["digest"]) == (True, found["digest"])


def test_customers_named_by_texts_are_scored_alike(home: Path, shell: SparkShell, tmp_path: Path):
    names = pa.array([f"C-{each % 500}" for each in range(ROWS)])
    pq.write_table(table_of().set_column(0, "customer", names), tmp_path / "in.parquet", row_group_size=170)
    wanted, found = scored(home, shell, tmp_path / "in.parquet", tmp_path / "out.parquet", "--scenario", "later=30")
    assert rows_of(found).equals(rows_of(wanted))
    assert found["repeated"] == wanted["repeated"] == 500


def test_a_detour_in_a_path_leads_to_the_same_rows(home: Path, shell: SparkShell, partitioned: Path, tmp_path: Path):
    (tmp_path / "some").mkdir()
    (tmp_path / "in").symlink_to(partitioned)
    detour = tmp_path / "some" / ".." / "in"
    wanted, found = scored(home, shell, detour, tmp_path / "some" / ".." / "out.parquet")
    assert rows_of(found).equals(rows_of(wanted))


def test_a_strict_job_leaves_nothing_and_text_files_are_for_this_machine(
    shell: SparkShell, partitioned: Path, tmp_path: Path
):
    said = shell.run("score", str(partitioned), str(tmp_path / "out.parquet"), "--strict")
    assert said["status"] == 2
    assert "Credit limit" in said["err"]
    assert "Nothing was written" in said["err"]
    assert not (tmp_path / "out.parquet").exists()
    (tmp_path / "in.csv").write_text("customer\n1\n")
    said = shell.run("score", str(tmp_path / "in.csv"), str(tmp_path / "out.parquet"))
    assert (said["status"], "--engine spark scores Parquet" in said["err"]) == (2, True)
