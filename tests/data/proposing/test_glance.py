"""What is shown of a file before anything of it is decided: its columns, their values, the bad rate in each part."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.arrays import Array
from data.errors import BookError
from data.proposing.glance import BARS, EMPTY, ColumnGlance, RecognisedFile
from data.proposing.kept_source import keep_source, kept_source
from data.proposing.pair import compare_columns
from data.proposing.sources import Source, read_source
from model.monitoring.discrimination import single_input_auc as alone
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import loans, written


def source(frame: pd.DataFrame) -> Source:
    return Source(frame, "loans.csv", sha256="0" * 64)


@pytest.fixture(scope="module")
def looked() -> RecognisedFile:
    frame = loans(800)
    rng = np.random.default_rng(3)
    frame["status"] = frame["status"].where(rng.random(800) < 0.9, "Current")
    frame["score"] = np.where(rng.random(800) < 0.1, -9, rng.integers(0, 90, 800))
    frame["ratio_again"] = 100 * frame["debt_ratio"] + 3
    return RecognisedFile.at(source(frame))


@pytest.fixture(scope="module")
def bad(looked: RecognisedFile) -> Array:
    return looked.outcome("status", ["Charged Off"], ["Current"])


def glance(looked: RecognisedFile, name: str, bad: Array | None = None) -> ColumnGlance:
    return looked.glance(name, bad)


def test_the_likeliest_outcome_is_the_column_whose_words_speak_of_one(looked: RecognisedFile):
    assert looked.possible_outcomes[0] == "status"
    words = {each.word: each.seems for each in looked.outcome_words("status")}
    assert words == {"Charged Off": "bad", "Fully Paid": "good", "Current": "left out"}


def test_an_outcome_has_every_row_once(looked: RecognisedFile, bad: Array):
    rows = {each.word: each.rows for each in looked.outcome_words("status")}
    assert sum(rows.values()) == len(looked)
    assert int(np.nansum(bad)) == rows["Charged Off"]
    assert int(np.isnan(bad).sum()) == rows["Current"]


def test_rows_without_an_outcome_are_left_out():
    column = ["0", "1", "", "n/a", "1", None] * 20
    looked = RecognisedFile.at(source(pd.DataFrame({"default": column, "x": range(120)})))
    assert {each.word: (each.rows, each.seems) for each in looked.outcome_words("default")} == {
        "1": (40, "bad"),
        "0": (20, "good"),
        EMPTY: (60, "left out"),
    }
    assert int(np.isnan(looked.outcome("default", ["1"], [])).sum()) == 60


def test_a_column_of_many_values_is_no_outcome(looked: RecognisedFile):
    assert looked.outcome_words("Loan Amount") == ()
    assert "Loan Amount" not in looked.possible_outcomes


@pytest.mark.parametrize("name", ["Loan Amount", "annual_income", "purpose", "issue_date", "score", "maritalStatus"])
def test_the_bars_of_a_column_hold_every_row_and_every_bad_one(looked: RecognisedFile, bad: Array, name: str):
    found = glance(looked, name, bad)
    assert sum(each.rows for each in found.bars) == found.rows == int((~np.isnan(bad)).sum())
    assert sum(each.rows * (each.bad_rate or 0) for each in found.bars) == pytest.approx(np.nansum(bad))
    assert len([each for each in found.bars if not each.apart]) <= BARS


def test_gaps_and_codes_stand_apart_from_the_scale(looked: RecognisedFile):
    score = glance(looked, "score")
    assert score.special == (-9.0,)
    assert [each.label for each in score.bars if each.apart] == ["-9"]
    income = glance(looked, "annual_income")
    assert [(each.label, each.rows) for each in income.bars if each.apart] == [("empty", income.gaps)]
    assert all(each.bad_rate is None for each in income.bars)


def test_the_total_of_a_column_leaves_its_codes_out(looked: RecognisedFile):
    values = looked.source.frame["score"]
    assert glance(looked, "score").total == values[values != -9].sum()
    assert np.isnan(glance(looked, "purpose").total)


def test_per_cents_are_told_as_per_cents():
    frame = pd.DataFrame({"used": [f"{k}.5%" for k in range(100)], "status": ["Paid", "Default"] * 50})
    found = RecognisedFile.at(source(frame)).glance("used")
    assert found.bars[0].label.startswith("0.5 % to ")
    assert found.samples == ("0.5%", "1.5%", "2.5%")


# ---- two columns ----------------------------------------------------------------------------------------------------


def test_a_column_that_repeats_another_is_seen(looked: RecognisedFile, bad: Array):
    pair = compare_columns(looked, "debt_ratio", "ratio_again", bad, alone)
    assert pair.repeats
    assert pair.correlation == pytest.approx(1.0)
    assert pair.apart[0] == pytest.approx(pair.apart[1])


def test_unrelated_columns_do_not_repeat_each_other(looked: RecognisedFile, bad: Array):
    pair = compare_columns(looked, "debt_ratio", "purpose", bad, alone)
    assert not pair.repeats
    assert pair.counts.sum() == int((~np.isnan(bad)).sum())
    assert pair.heads[1] == ("car", "holiday", "house")


def test_words_that_are_the_same_are_equal(looked: RecognisedFile, bad: Array):
    assert compare_columns(looked, "Gender", "Gender", bad, alone).equal == 1.0
    assert compare_columns(looked, "Gender", "purpose", bad, alone).equal == 0.0


# ---- the cells kept -------------------------------------------------------------------------------------------------


def test_kept_cells_are_those_of_the_file_and_nobody_elses(tmp_path: Path):
    for kind in ("csv", "xlsx", "parquet"):
        given = read_source(written(loans(250), tmp_path, kind))
        path = tmp_path / "cells.parquet"
        keep_source(given, path)
        found = kept_source(path)
        pd.testing.assert_frame_equal(found.frame, given.frame)
        assert (found.name, found.sha256, found.delimiter) == (given.name, given.sha256, given.delimiter)
        assert path.stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_cells_that_are_gone_or_damaged_are_told(tmp_path: Path):
    with pytest.raises(BookError, match="no longer kept"):
        kept_source(tmp_path / "cells.parquet")
    (tmp_path / "cells.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(BookError, match="cannot be read"):
        kept_source(tmp_path / "cells.parquet")
