"""Files as people make them: a job says of each what the upload page says, row by row."""

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.contract import Contract
from data.errors import BadInput
from model.release.release import Release
from model.scoring.batch import CustomerFile, read_customers, score
from model.scoring.job.stage import refused_file
from model.whatif.customer.scenario import CustomerScenario
from tests.data.files.reading import in_this_process as in_this_process
from tests.scoring.job.conftest import Job
from tests.scoring.job.test_job import refused_rows

ODD: tuple[Any, ...] = ("", "much", "n/a", -999, 77, "1.234", "1,5", "7e3", " 5 ", "0012", "∞", "12 months")


@dataclass(frozen=True)
class Made:
    """A file: its name and content."""

    name: str
    content: bytes


@st.composite
def files(draw: st.DrawFn, records: pd.DataFrame) -> Made:
    """Some customers in a file with columns in any order, more or fewer of them, odd cells, identifiers that repeat."""
    n = draw(st.integers(0, 30))
    rows = records.iloc[draw(st.integers(0, 1_000)) :].head(n).astype(object).copy()
    for _ in range(draw(st.integers(0, 4)) if n else 0):
        column = draw(st.integers(1, 18))
        rows.iloc[draw(st.integers(0, n - 1)), column] = draw(st.sampled_from(ODD))
    if n > 2 and draw(st.booleans()):
        rows.iloc[1, 0] = rows.iloc[0, 0]
    columns = draw(st.permutations(list(rows.columns)))
    if draw(st.integers(0, 9)) == 0:
        columns = columns[:-1]
    rows = rows[columns]
    if draw(st.booleans()):
        rows.insert(draw(st.integers(0, 5)), "Branch", ["north"] * n)
    if draw(st.integers(0, 3)) == 0:
        rows = rows.drop(columns="customer", errors="ignore")
    kind = draw(st.sampled_from(("comma", "semicolon", "tab", "bom", "wide", "xlsx", "parquet")))
    if kind == "parquet":
        file = io.BytesIO()
        rows.map(lambda cell: None if cell == "" else str(cell)).to_parquet(file)
        return Made("in.parquet", file.getvalue())
    if kind == "xlsx":
        file = io.BytesIO()
        rows.to_excel(file, index=False)
        return Made("in.xlsx", file.getvalue())
    text = rows.to_csv(index=False, sep={"semicolon": ";", "tab": "\t"}.get(kind, ","))
    return Made("in.csv", text.encode({"bom": "utf-8-sig", "wide": "utf-16"}.get(kind, "utf-8")))


@pytest.fixture(scope="module")
def assumptions(contract: Contract) -> dict[str, float]:
    return CustomerScenario().values(contract)


def _read(made: Made, contract: Contract) -> tuple[CustomerFile | None, str]:
    """What the upload page makes of a file, or why it cannot be used."""
    try:
        return read_customers(made.content, made.name, contract), ""
    except BadInput as error:
        return None, str(error)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_job_says_of_every_row_what_the_upload_page_says(
    data: st.DataObject,
    job: Job,
    tmp_path: Path,
    records: pd.DataFrame,
    release: Release,
    assumptions: dict[str, float],
) -> None:
    made = data.draw(files(records))
    source, out = tmp_path / made.name, tmp_path / "out.parquet"
    source.write_bytes(made.content)
    sheet, refused = _read(made, release.contract)
    if sheet is None:
        with pytest.raises(BadInput, match=re.escape(refused)):
            job(source, out)
        return
    page = score(release.scorer, sheet, assumptions, release.id, why=False)
    done = job(source, out)
    found = pd.read_parquet(out)
    assert found["row"].tolist() == sheet.rows.tolist()
    assert np.array_equal(found["pd"], page.pd)
    assert np.array_equal(found["score"], page.scores)
    assert np.array_equal(found["loss"], page.loss)
    if sheet.named:
        assert found["customer"].astype(str).tolist() == [str(each) for each in sheet.ids]
    assert done.manifest.sums.refused == len(sheet.bad)
    assert done.manifest.repeated == len(sheet.repeated)
    assert done.manifest.ignored == sheet.ignored
    if sheet.bad:
        told = refused_rows(out)
        assert {int(row["row"]) for row in told} == {row.line for row in sheet.bad}
        reasons = {row.line: set(row.reasons) for row in sheet.bad}
        for line, own in reasons.items():
            assert {row["reason"] for row in told if int(row["row"]) == line} == own
    else:
        assert not refused_file(out).exists()


def test_dates_and_words_of_a_workbook_are_read_as_the_upload_page_reads_them(
    job: Job, tmp_path: Path, records: pd.DataFrame, release: Release, assumptions: dict[str, float]
) -> None:
    rows = records.head(5).astype(object).copy()
    rows.loc[rows.index[1], "limit"] = pd.Timestamp("2024-01-31")
    rows.loc[rows.index[2], "status_1"] = "paid in full"
    rows.loc[rows.index[3], "limit"] = True
    rows.to_excel(tmp_path / "in.xlsx", index=False)
    sheet = read_customers((tmp_path / "in.xlsx").read_bytes(), "in.xlsx", release.contract)
    done = job(tmp_path / "in.xlsx", tmp_path / "out.parquet")
    assert 0 < done.manifest.sums.refused == len(sheet.bad)
    page = score(release.scorer, sheet, assumptions, release.id, why=False)
    assert np.array_equal(pd.read_parquet(tmp_path / "out.parquet")["pd"], page.pd)
