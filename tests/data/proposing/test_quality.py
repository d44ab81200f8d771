"""How good a file is: what a person should ask whoever gave it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.proposing.decisions import Decisions
from data.proposing.proposal import propose
from data.proposing.quality import FileQuality, quality_of
from data.proposing.sources import read_source
from model.monitoring.discrimination import single_input_auc
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import loans, written
from tests.data.proposing.test_proposal import guessed

N = 400


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> FileQuality:
    rng = np.random.default_rng(2)
    frame = loans(N)[["LoanID", "debt_ratio", "recoveries", "country", "status"]]
    frame["income"] = rng.normal(3000, 300, N).round()
    frame.loc[:1, "income"] = [90_123.0, 81_456.0]
    frame["score"] = np.where(np.arange(N) % 9 == 0, -9999, rng.integers(300, 850, N))
    frame["old_field"] = np.where(np.arange(N) % 4 == 0, rng.integers(1, 50, N), np.nan)
    frame["has_car"] = np.where(np.arange(N) < 2, "Y", "N")
    again = frame.head(20).assign(LoanID=np.arange(900_000, 900_020))  # the same loans under other numbers
    source = read_source(written(pd.concat([frame, again]), tmp_path_factory.mktemp("odd")))
    proposal = propose(source, Decisions("status"), name="odd", margins=guessed, alone=single_input_auc)
    return quality_of(source, proposal.columns, "status")


def test_each_column_says_what_is_missing_odd_or_suspicious_in_it(found: FileQuality):
    columns = {each.name: each for each in found.columns}
    assert found.rows == N + 20
    assert columns["old_field"].share_missing == pytest.approx(0.75, abs=0.01)
    assert columns["income"].outliers == 4  # two, and their copies
    assert columns["income"].high is not None
    assert columns["income"].high < 81_456
    assert columns["country"].constant
    assert columns["has_car"].nearly
    assert [each.rows for each in columns["score"].special] == [48]
    assert columns["score"].special[0].value.startswith("-9999 (")
    assert columns["recoveries"].suspect.startswith("its name speaks of recoveries")
    assert columns["debt_ratio"].suspect == ""


def test_rows_that_repeat_others_are_counted_whatever_numbers_them(found: FileQuality):
    assert (found.copies, found.copies_but_id) == (0, 20)


def test_findings_are_sentences_and_all_of_it_is_json(found: FileQuality):
    told = found.findings()
    assert told[0].startswith("recoveries may know the outcome: ")
    assert all(each.endswith((".", "?")) for each in told)
    assert "country is the same in every row." in told
    assert json.loads(json.dumps(found.as_dict()))["findings"] == list(told)


def test_columns_that_hold_the_same_codes_are_asked_about_once(found: FileQuality):
    (score,) = (each for each in found.columns if each.special)
    seven = tuple(replace(score, name=f"score_{k}") for k in range(7))
    (asked,) = (each for each in replace(found, columns=seven).findings() if each.endswith("codes mean?"))
    code = score.special[0].value
    assert asked == f"score_0, score_1, score_2, score_3, score_4 and 2 more hold {code}: what do such codes mean?"


def test_a_file_in_order_has_nothing_to_say(tmp_path: Path):
    frame = loans(300)[["LoanID", "status"]].assign(debt_ratio=np.random.default_rng(3).random(300))
    source = read_source(written(frame, tmp_path))
    proposal = propose(source, Decisions("status"), name="plain", margins=guessed, alone=single_input_auc)
    assert quality_of(source, proposal.columns, "status").findings() == ()
