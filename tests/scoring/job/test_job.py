"""A file of any size scored: the same numbers whatever it came in, nothing dropped unsaid, whole or not there."""

import csv
import gzip
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import books
from data.books import Book
from data.errors import BadInput
from model.engine.tables import probability
from model.release.release import Release
from model.scoring.batch import CustomerFile, score
from model.scoring.job.manifest import digest_of, manifest_file
from model.scoring.job.stage import refused_file
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.scenario import CustomerScenario
from tests.scoring.job.conftest import Job

CARDS = books.SHIPPED / "cards" / "cards.parquet"
SCENARIOS = (
    {},
    {"limits": "10", "later": "20", "share": "40", "who": "limit_band:1"},
    {"preset": "fed_2026_severely_adverse", "severity": "80", "balances": "15"},
    {"method": "factor", "factor": "-2", "lgd": "0.6"},
)


def refused_rows(out: Path) -> list[dict[str, str]]:
    with refused_file(out).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("query", SCENARIOS, ids=["as it is", "customers", "economy", "factor"])
def test_totals_are_the_book_pages_to_the_cent(
    job: Job, tmp_path: Path, scored_book: ScoredBook, query: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.scoring.job.sizes.BLOCK", 7_000)
    done = job(CARDS, tmp_path / "out.parquet", scenario=tuple(query.items()), day="2026-01-31")
    scenario, wrong = BookScenario.from_query(scored_book.contract, query)
    page = BookResult.of(scored_book, scenario, date(2026, 1, 31))
    assert not wrong
    sums, now = done.manifest.sums, page.now
    wanted = {"exposure": now.exposure, "loss": now.loss, "capital": now.capital, "margin": now.margin}
    wanted |= {"loss_as_is": page.base.loss}
    assert {name: round(sums.total(name), 2) for name in wanted} == {k: round(v, 2) for k, v in wanted.items()}
    table = pq.read_table(tmp_path / "out.parquet")
    rows = page.rows[1]
    assert sums.scored == len(table) == len(rows.pd)
    for name, held in (("pd", rows.pd), ("loss", rows.loss), ("capital", rows.capital), ("margin", rows.margin)):
        assert np.array_equal(table[name].to_numpy(), held), name


def test_rows_are_those_of_the_upload_page(
    job: Job, tmp_path: Path, records: pd.DataFrame, release: Release, book: Book
) -> None:
    records.to_parquet(tmp_path / "in.parquet")
    job(tmp_path / "in.parquet", tmp_path / "out.parquet", explain="concept")
    found = pd.read_parquet(tmp_path / "out.parquet")
    some = np.arange(len(records))
    sheet = CustomerFile(book.raw[:, some].copy(), ids=book.ids[some], rows=some + 2, bad=(), ignored=(), protected=0)
    page = score(release.scorer, sheet, CustomerScenario().values(book.contract), release.id)
    assert np.array_equal(found["pd"], page.pd)
    assert np.array_equal(found["score"], page.scores)
    assert np.array_equal(found["decision"] == "Granted", page.granted)
    assert np.array_equal(found["loss"], page.loss)
    assert np.array_equal(found["territory"] == "outside", page.outside)
    assert set(found["release"]) == {release.id}


@pytest.mark.parametrize("query", [None, *SCENARIOS[1:3]], ids=["as it is", "customers", "economy"])
def test_reasons_add_up_to_the_score_and_those_of_inputs_to_those_of_concepts(
    job: Job, tmp_path: Path, records: pd.DataFrame, release: Release, query: dict[str, str] | None
) -> None:
    records.to_parquet(tmp_path / "in.parquet")
    terms: dict[str, Any] = {} if query is None else {"scenario": tuple(query.items()), "day": "2026-01-31"}
    tables = {}
    for way in ("input", "concept"):
        job(tmp_path / "in.parquet", tmp_path / f"{way}.parquet", explain=way, **terms)
        tables[way] = found = pd.read_parquet(tmp_path / f"{way}.parquet")
        points = found[[name for name in map(str, found) if name.startswith("points_")]]
        assert np.allclose(found["average_score"] + points.sum(axis=1), found["exact_score"], rtol=0, atol=1e-9)
        assert np.array_equal(np.floor(found["exact_score"] + 1e-9), found["score"])
    for concept in release.contract.concepts:
        own = [f"points_{each.name}" for each in release.contract.inputs if each.concept == concept.name]
        whole = tables["concept"][f"points_{concept.name}"]
        assert np.allclose(tables["input"][own].sum(axis=1), whole, rtol=0, atol=1e-9)
    if query is None:
        _, values = release.scorer.explain(_raw(records, release))
        factor = release.contract.score.points_to_double / np.log(2)
        for each, own in zip(release.contract.inputs, values, strict=True):
            assert np.array_equal(tables["input"][f"points_{each.name}"], -factor * own)


def _raw(records: pd.DataFrame, release: Release) -> Any:
    names = [field.name for field in release.contract.record]
    return np.ascontiguousarray(records[names].to_numpy(np.float64).T)


# ---- what it may come in -----------------------------------------------------------------------------------------


def _written(records: pd.DataFrame, folder: Path, way: str) -> Path:
    place = folder / f"in-{way.replace(' ', '-')}"
    if way == "parquet":
        records.to_parquet(place.with_suffix(".parquet"), row_group_size=170)
        return place.with_suffix(".parquet")
    if way == "folder":
        place.mkdir()
        for k, start in enumerate(range(0, len(records), 370)):
            records.iloc[start : start + 370].to_parquet(place / f"{k}.parquet")
        (place / "_SUCCESS").write_text("")
        return place
    if way == "hive":
        for k, (sex, own) in enumerate(records.groupby("limit", sort=False)):
            (place / f"limit={sex}").mkdir(parents=True)
            own.drop(columns="limit").to_parquet(place / f"limit={sex}" / f"part-{k}.parquet")
        return place
    if way == "text parquet":
        records.astype(str).to_parquet(place.with_suffix(".parquet"))
        return place.with_suffix(".parquet")
    if way == "xlsx":
        records.to_excel(place.with_suffix(".xlsx"), index=False)
        return place.with_suffix(".xlsx")
    ending = ".csv.gz" if way == "gz" else ".csv"
    path = place.with_name(place.name + ending)
    text = {
        "csv": lambda: records.to_csv(index=False),
        "gz": lambda: records.to_csv(index=False),
        "semicolon": lambda: _floats(records).to_csv(index=False, sep=";", decimal=","),
        "bom": lambda: records.to_csv(index=False, lineterminator="\r\n"),
        "wide": lambda: records.to_csv(index=False),
    }[way]()
    content = text.encode({"bom": "utf-8-sig", "wide": "utf-16"}.get(way, "utf-8"))
    path.write_bytes(gzip.compress(content) if way == "gz" else content)
    return path


def _floats(records: pd.DataFrame) -> pd.DataFrame:
    return records.astype(float).assign(customer=records["customer"], age=records["age"])


WAYS = ("parquet", "folder", "hive", "text parquet", "xlsx", "csv", "gz", "semicolon", "bom", "wide")


@pytest.mark.parametrize("way", WAYS)
def test_the_same_records_get_the_same_numbers_whatever_they_come_in(
    job: Job, tmp_path: Path, records: pd.DataFrame, release: Release, way: str
) -> None:
    few = records.head(730)
    path = _written(few, tmp_path, way)
    done = job(path, tmp_path / "out.parquet", columns=("age",))
    assert (done.manifest.rows, done.manifest.sums.refused, done.manifest.repeated) == (730, 0, 0)
    found = pd.read_parquet(tmp_path / "out.parquet")
    found["customer"] = found["customer"].astype(np.int64)
    found["age"] = found["age"].astype(float).astype(int)
    held = found.set_index("customer").loc[few["customer"]]
    margins = release.scorer.margins(_raw(few, release))
    assert np.array_equal(held["pd"], probability(margins))
    assert np.array_equal(held["age"], few["age"])
    assert not refused_file(tmp_path / "out.parquet").exists()


def test_output_is_one_file_or_a_folder_of_parts_or_csv(job: Job, tmp_path: Path, records: pd.DataFrame) -> None:
    records.to_parquet(tmp_path / "in.parquet")
    for name in ("out.parquet", "out.csv", "out"):
        job(tmp_path / "in.parquet", tmp_path / name, columns=("age",))
    whole = pd.read_parquet(tmp_path / "out.parquet")
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.num_row_groups == 8
    assert len(list((tmp_path / "out").iterdir())) == 3
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out").astype(object), whole.astype(object))
    text = pd.read_csv(tmp_path / "out.csv", dtype={"release": str})
    pd.testing.assert_frame_equal(text.astype(object), whole.astype(object), check_dtype=False)
    assert not list(tmp_path.glob(".*unfinished"))


def test_a_folder_that_no_batch_wrote_is_left_as_it_is(job: Job, tmp_path: Path, records: pd.DataFrame) -> None:
    records.to_parquet(tmp_path / "in.parquet")
    for name in ("own", "own.parquet"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "letter.txt").write_text("dear")
        with pytest.raises(BadInput, match="no batch wrote"):
            job(tmp_path / "in.parquet", tmp_path / name)
        assert (tmp_path / name / "letter.txt").read_text() == "dear"
    (tmp_path / "file").write_text("dear")
    with pytest.raises(BadInput, match="is a file"):
        job(tmp_path / "in.parquet", tmp_path / "file")
    job(tmp_path / "in.parquet", tmp_path / "out")
    records.head(300).to_parquet(tmp_path / "in.parquet")
    assert job(tmp_path / "in.parquet", tmp_path / "out").manifest.rows == 300
    assert len(pd.read_parquet(tmp_path / "out")) == 300


def test_another_job_over_an_unfinished_one_forgets_its_parts(job: Job, tmp_path: Path, records: pd.DataFrame) -> None:
    records.to_parquet(tmp_path / "in.parquet")

    def end(done: int, _rows: int | None) -> None:
        if done == 1_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job(tmp_path / "in.parquet", tmp_path / "out", follow=end)
    (tmp_path / ".out.unfinished" / "whole").mkdir()
    seen = list[int]()
    job(tmp_path / "in.parquet", tmp_path / "out", explain="concept", follow=lambda done, rows: seen.append(done))
    assert seen[0] == 200
    assert "points_late" in pd.read_parquet(tmp_path / "out")


def test_texts_in_a_csv_become_no_formula(job: Job, tmp_path: Path, records: pd.DataFrame) -> None:
    odd = records.head(3).assign(customer=["=1+1", "@a", "b"], note=["+2+3", "-1", "ok"])
    odd.to_csv(tmp_path / "in.csv", index=False)
    job(tmp_path / "in.csv", tmp_path / "out.csv", columns=("note",))
    found = pd.read_csv(tmp_path / "out.csv", dtype=str)
    assert found["customer"].tolist() == ["'=1+1", "'@a", "b"]
    assert found["note"].tolist() == ["'+2+3", "-1", "ok"]


def test_decimals_are_read_as_the_whole_file_says_not_as_its_first_block(
    job: Job, tmp_path: Path, records: pd.DataFrame
) -> None:
    """The first rows hold 1.234, which may be either; the last ones show that a comma stands before decimals."""
    rows = records.head(600).astype(object).copy()
    rows["bill_1"] = ["1.234"] * 590 + ["12,5"] * 10
    rows["limit"] = 50_000
    rows.to_csv(tmp_path / "in.csv", index=False, sep="\t")
    job(tmp_path / "in.csv", tmp_path / "out.parquet", columns=("bill_1",))
    found = pd.read_parquet(tmp_path / "out.parquet")
    rows["bill_1"] = [1234.0] * 590 + [12.5] * 10
    rows.astype(float).to_parquet(tmp_path / "plain.parquet")
    job(tmp_path / "plain.parquet", tmp_path / "other.parquet")
    assert np.array_equal(found["pd"], pd.read_parquet(tmp_path / "other.parquet")["pd"])


# ---- bad rows ----------------------------------------------------------------------------------------------------


def test_bad_rows_go_to_a_file_of_their_own_with_what_is_allowed(
    job: Job, tmp_path: Path, records: pd.DataFrame
) -> None:
    rows = records.head(700).astype(object).copy()
    rows.loc[rows.index[3], "limit"] = "much"
    rows.loc[rows.index[450], "status_2"] = 77
    rows.loc[rows.index[451], ["age", "paid_1"]] = [30, -5]
    rows.to_csv(tmp_path / "in.csv", index=False)
    with (tmp_path / "in.csv").open("a") as file:
        file.write("9,9,9\n" + ",".join(["1"] * 40) + "\n")
    done = job(tmp_path / "in.csv", tmp_path / "out.parquet")
    refused = refused_rows(tmp_path / "out.parquet")
    assert [(row["row"], row["field"], row["value"]) for row in refused[:3]] == [
        ("5", "Credit limit", "much"),
        ("452", "Status, August", "77"),
        ("453", "Paid, September", "-5"),
    ]
    assert "number" in refused[0]["reason"]
    assert refused[0]["allowed"].startswith("from")
    assert "40 values" in refused[-1]["reason"]
    scored = len(pd.read_parquet(tmp_path / "out.parquet"))
    assert done.manifest.sums.scored == scored
    lines = {row["row"] for row in refused}
    assert done.manifest.sums.refused == len(lines) == done.manifest.rows - scored
    assert manifest_file(tmp_path / "out.parquet").is_file()
    held = json.loads(manifest_file(tmp_path / "out.parquet").read_text())
    assert set(held["files"]) == {"out.parquet", "out.refused.csv"}


def test_under_strict_terms_the_first_bad_row_ends_the_job_and_nothing_is_written(
    job: Job, tmp_path: Path, records: pd.DataFrame
) -> None:
    rows = records.head(700).copy()
    rows.loc[rows.index[650], "status_2"] = 77
    rows.to_parquet(tmp_path / "in.parquet")
    with pytest.raises(BadInput, match=r"Row 652 \(651\) cannot be scored.*strict.*77.*Nothing was written"):
        job(tmp_path / "in.parquet", tmp_path / "out.parquet", strict=True)
    assert not (tmp_path / "out.parquet").exists()
    rows.loc[rows.index[650], "status_2"] = 0
    rows.to_parquet(tmp_path / "in.parquet")
    assert job(tmp_path / "in.parquet", tmp_path / "out.parquet", strict=True).manifest.sums.scored == 700


def test_identifiers_on_several_rows_are_counted_across_blocks(job: Job, tmp_path: Path, records: pd.DataFrame) -> None:
    rows = records.head(1_000).copy()
    rows.loc[rows.index[900:], "customer"] = rows["customer"].to_numpy()[:100]
    rows.to_parquet(tmp_path / "in.parquet")
    assert job(tmp_path / "in.parquet", tmp_path / "out.parquet").manifest.repeated == 100
    rows.assign(customer=rows["customer"].map("K{}".format)).to_csv(tmp_path / "in.csv", index=False)
    assert job(tmp_path / "in.csv", tmp_path / "out.csv").manifest.repeated == 100


# ---- done before, changed, gone ------------------------------------------------------------------------------------


def test_the_same_input_is_recognised_and_what_changed_is_not(job: Job, tmp_path: Path, records: pd.DataFrame) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    records.to_parquet(source)
    first = job(source, out)
    before = digest_of(out)
    again = job(source, out)
    assert (first.before, again.before) == (False, True)
    assert again.manifest.to_json() == first.manifest.to_json()
    out.write_bytes(b"somebody's")
    assert not job(source, out).before
    assert digest_of(out) == before
    assert not job(source, out, explain="input").before
    records.head(1_499).to_parquet(source)
    assert job(source, out).manifest.rows == 1_499


def test_a_job_that_was_ended_goes_on_where_its_last_whole_part_ends(
    job: Job, tmp_path: Path, records: pd.DataFrame
) -> None:
    records.to_csv(tmp_path / "in.csv", index=False)
    seen = list[int]()

    def end(done: int, _rows: int | None) -> None:
        if done == 1_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job(tmp_path / "in.csv", tmp_path / "out.parquet", follow=end)
    assert not (tmp_path / "out.parquet").exists()
    done = job(tmp_path / "in.csv", tmp_path / "out.parquet", follow=lambda done, rows: seen.append(done))
    assert seen[0] == 800
    whole = job(tmp_path / "in.csv", tmp_path / "at-once.parquet")
    assert (tmp_path / "out.parquet").read_bytes() == (tmp_path / "at-once.parquet").read_bytes()
    assert done.manifest.sums.to_json() == whole.manifest.sums.to_json()


def test_identifiers_that_a_spreadsheet_shortened_are_told(job: Job, tmp_path: Path, records: pd.DataFrame) -> None:
    rows = records.head(250).astype({"customer": str})
    rows.loc[rows.index[210], "customer"] = "1.23E+15"
    rows.to_csv(tmp_path / "in.csv", index=False)
    (note,) = job(tmp_path / "in.csv", tmp_path / "out.csv").manifest.notes
    assert "1.23E+15 on line 212" in note


def test_an_input_that_changes_while_it_is_read_gives_no_output(
    job: Job, tmp_path: Path, records: pd.DataFrame
) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.parquet"
    records.to_csv(source, index=False)

    def change(done: int, _rows: int | None) -> None:
        if done == 600:
            source.write_text(source.read_text() + "\n")

    with pytest.raises(BadInput, match="changed while it was read"):
        job(source, out, follow=change)
    assert not out.exists()


def test_a_folder_that_vanishes_is_told_and_nothing_half_stays(job: Job, tmp_path: Path, records: pd.DataFrame) -> None:
    records.to_parquet(tmp_path / "in.parquet")
    place = tmp_path / "there"
    place.mkdir()
    with pytest.raises(BadInput, match=r"out.parquet is written is gone"):
        job(tmp_path / "in.parquet", place / "out.parquet", follow=lambda done, rows: shutil.rmtree(place, True))
    with pytest.raises(BadInput, match="There is no folder"):
        job(tmp_path / "in.parquet", place / "out.parquet")
    assert not place.exists()


def test_a_damaged_file_is_told_and_the_old_output_stays(job: Job, tmp_path: Path, records: pd.DataFrame) -> None:
    out = tmp_path / "out.parquet"
    records.to_parquet(tmp_path / "good.parquet")
    job(tmp_path / "good.parquet", out)
    before = out.read_bytes()
    content = (tmp_path / "good.parquet").read_bytes()
    (tmp_path / "footer.parquet").write_bytes(content[:-200] + bytes(200))
    (tmp_path / "short.parquet").write_bytes(content[: len(content) // 2])
    records.to_parquet(tmp_path / "checked.parquet", write_page_checksum=True)
    checked = (tmp_path / "checked.parquet").read_bytes()
    (tmp_path / "page.parquet").write_bytes(checked[:3000] + bytes(20) + checked[3020:])
    text = gzip.compress(records.to_csv(index=False).encode())
    (tmp_path / "cut.csv.gz").write_bytes(text[: len(text) // 2])
    (tmp_path / "no.csv.gz").write_bytes(b"customer,limit\n1,2\n")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "head.csv").write_text(records.head(0).to_csv(index=False))
    (tmp_path / "lacks.csv").write_text(records.drop(columns=["limit", "bill_1"]).to_csv(index=False))
    (tmp_path / "what.json").write_text("{}")
    (tmp_path / "folder").mkdir()
    for name, said in (
        ("footer.parquet", "cannot be read"),
        ("short.parquet", "cannot be read"),
        ("page.parquet", "cannot be read"),
        ("cut.csv.gz", "breaks off"),
        ("no.csv.gz", "damaged"),
        ("empty.csv", "neither UTF-8|is empty"),
        ("head.csv", "no customer"),
        ("lacks.csv", "lacks 2 of the"),
        ("what.json", "of no kind that is scored"),
        ("folder", "holds no Parquet file"),
        ("absent.csv", "There is no file or folder"),
    ):
        with pytest.raises(BadInput, match=said):
            job(tmp_path / name, out)
        assert out.read_bytes() == before, name
    with pytest.raises(BadInput, match="no column “colour” to carry along"):
        job(tmp_path / "good.parquet", out, columns=("colour",))
    with pytest.raises(BadInput, match=r"written as .parquet, .csv"):
        job(tmp_path / "good.parquet", tmp_path / "out.json")
    with pytest.raises(BadInput, match="is what is to be read"):
        job(tmp_path / "good.parquet", tmp_path / "good.parquet")


def test_files_of_a_folder_need_the_same_columns(job: Job, tmp_path: Path, records: pd.DataFrame) -> None:
    place = tmp_path / "in"
    place.mkdir()
    records.head(300).to_parquet(place / "a.parquet")
    records.head(300).drop(columns="limit").to_parquet(place / "b.parquet")
    with pytest.raises(BadInput, match=r"b\.parquet lacks the column 'limit'"):
        job(place, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


def test_numbers_of_other_types_are_the_same_numbers(job: Job, tmp_path: Path, records: pd.DataFrame) -> None:
    few = records.head(250)
    table = pa.Table.from_pandas(few, preserve_index=False)
    few.to_parquet(tmp_path / "plain.parquet")
    job(tmp_path / "plain.parquet", tmp_path / "plain-out.parquet")
    for kind in (pa.float32(), pa.int64(), pa.decimal128(20, 2), "dictionary"):
        own = [table[name] for name in table.column_names[1:]]
        own = [each.dictionary_encode() if kind == "dictionary" else each.cast(kind) for each in own]
        columns = [table["customer"], *own]
        pq.write_table(pa.table(columns, table.column_names), tmp_path / "in.parquet")
        job(tmp_path / "in.parquet", tmp_path / "out.parquet")
        found, wanted = (pd.read_parquet(tmp_path / name)["pd"] for name in ("out.parquet", "plain-out.parquet"))
        assert np.array_equal(found, wanted), kind
