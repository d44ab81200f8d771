"""The report of a batch: its numbers are the job's, its rows sum to them, and it needs no network."""

import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.errors import BadInput
from model.export.batch.page import batch_page, write_batch_page
from model.release.release import Release
from model.report.batch.briefing import batch_briefing
from model.report.batch.numbers import BatchNumbers
from model.report.briefing import Finding
from model.scoring.job.report import batch_numbers
from tests.scoring.job.conftest import Job

DAY = date(2026, 11, 30)


@pytest.fixture
def plain(job: Job, tmp_path: Path, records: pd.DataFrame, release: Release) -> BatchNumbers:
    rows = records.copy()
    rows.loc[rows.index[:4], "status_2"] = 77
    rows.to_parquet(tmp_path / "in.parquet")
    return batch_numbers(job(tmp_path / "in.parquet", tmp_path / "out.parquet").manifest, release, DAY)


@pytest.fixture
def stressed(job: Job, tmp_path: Path, records: pd.DataFrame, release: Release) -> BatchNumbers:
    records.to_parquet(tmp_path / "in.parquet")
    query = (("preset", "fed_2026_severely_adverse"), ("severity", "50"))
    done = job(tmp_path / "in.parquet", tmp_path / "out.parquet", scenario=query, day="2026-11-30", name="Mild")
    return batch_numbers(done.manifest, release, DAY)


def tables(found: BatchNumbers) -> dict[str, Finding]:
    return {each.key: each for each in batch_briefing(found).findings if isinstance(each, Finding)}


def test_it_begins_with_how_many_were_scored_and_what_they_would_lose(plain: BatchNumbers) -> None:
    said = batch_briefing(plain)
    assert said.sentence.startswith("1,496 of 1,500 customers scored; 4 rows refused. Mean PD ")
    tiles = {tile.label: tile for tile in said.tiles}
    assert tiles["Scored"].value == "1,496"
    assert tiles["Mean PD, one month"].value == f"{100 * plain.totals['pd'] / 1496:.1f}\N{NO-BREAK SPACE}%"
    assert "0.3" in said.notices[0].text


@pytest.mark.parametrize("of", ["plain", "stressed"])
def test_the_bands_of_every_segment_and_the_bars_of_scores_sum_to_the_batch(
    of: str, request: pytest.FixtureRequest
) -> None:
    found: BatchNumbers = request.getfixturevalue(of)
    own = tables(found)
    for segment in found.contract.segments:
        table = own[f"segment-{segment.name}"].table
        assert table is not None
        *bands, whole = table.exact
        for k in (1, 5, 6):
            assert sum(float(row[k] or 0) for row in bands) == pytest.approx(float(whole[k] or 0), rel=1e-12)
        assert whole[1] == found.scored
        assert whole[6] == pytest.approx(found.totals["loss"], rel=1e-12)
    scores = own["scores"].table
    assert scores is not None
    assert sum(int(row[2] or 0) for row in scores.exact) == found.scored
    for each in found.drifts():
        assert each.actual.sum() == pytest.approx(1)


def test_under_a_scenario_it_says_what_was_and_the_drift_is_of_the_records_as_they_stand(
    stressed: BatchNumbers, plain: BatchNumbers
) -> None:
    said = batch_briefing(stressed)
    assert "Under the scenario, expected loss (one month) is NT$" in said.sentence
    assert said.below.startswith("The saved scenario “Mild”. Under the Fed's 2026 severely adverse scenario")
    tiles = {tile.label: tile for tile in said.tiles}
    assert tiles["Mean PD, one month"].direction == "worse"
    assert {"Capital", "Margin after loss"} <= set(tiles)
    moved = stressed.drifts()[-1].psi
    assert moved == pytest.approx(plain.drifts()[-1].psi, abs=0.01)
    assert "moved by 0.10 or more" in tables(stressed)["drift"].headline


def test_it_says_what_was_refused_and_for_what(plain: BatchNumbers) -> None:
    refused = tables(plain)["refused"]
    assert refused.headline == "4 rows refused, most for status, August"
    assert refused.table is not None
    assert refused.table.exact == (("Status, August", 4),)


def test_of_no_row_scored_it_says_that(plain: BatchNumbers) -> None:
    from dataclasses import replace

    none = replace(plain, given=4, refused=4)
    said = batch_briefing(none)
    assert "No customer can be scored before the rows are put right" in said.sentence
    assert [each.key for each in said.findings if isinstance(each, Finding)] == ["refused"]
    assert "0 of 4" in batch_page(none)


def test_the_page_fetches_nothing_and_nothing_in_a_name_ends_its_script(plain: BatchNumbers, tmp_path: Path) -> None:
    from dataclasses import replace

    page = batch_page(replace(plain, source="</script><img src=x onerror=alert(1)>.csv", notes=("<b>",)))
    head, _, rest = page.partition("<script>")
    assert "<img" not in head
    assert "<b></b>" not in page
    assert re.findall(r"(?:src|href)=['\"]", head) == []
    assert "default-src 'none'" in head
    assert "Plotly" in rest
    with pytest.raises(BadInput, match="cannot be written"):
        write_batch_page(tmp_path / "absent" / "report.html", plain)


def test_small_shares_of_an_empty_band_are_left_out(plain: BatchNumbers) -> None:
    name = plain.contract.segments[0].name
    held = plain.segments[name]
    table = tables(plain)[f"segment-{name}"].table
    assert table is not None
    assert len(table.exact) == 1 + int((held[:, 0] > 0).sum())
    assert np.isfinite([float(row[4] or 0) for row in table.exact]).all()
