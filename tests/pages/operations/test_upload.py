"""The operations page: a file of customers scored."""

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data.books import Book
from data.contract import Contract
from data.files import apart
from model.engine.parallel import Progress
from model.engine.scorer import TableScorer
from model.release.store import Store
from model.report.operations.upload import sentence as sentence_of
from model.scoring import batch
from model.scoring.batch import CustomerFile
from model.security.people import Person
from model.whatif.customer.scenario import CustomerScenario
from pages.operations import upload as uploaded
from tests.data.files.reading import in_this_process as in_this_process
from tests.pages.conftest import Open, markup, opened, shown

EVIL = "<img src=x onerror=alert(1)>"
READ_APART = apart.read_apart


@pytest.fixture
def customers(book: Book) -> pd.DataFrame:
    """A hundred customers as a file has them, three of them impossible."""
    frame = pd.DataFrame(book.raw[:, :100].T.astype(int), columns=[each.name for each in book.contract.record])
    frame.insert(0, "customer", book.ids[:100])
    frame = frame.astype(object)
    frame.loc[7, "limit"] = -5
    frame.loc[30, "bill_1"] = EVIL
    frame.loc[31, ["status_1", "status_2"]] = [8, 0]
    return frame


def panel(at: AppTest) -> AppTest:
    """With the panel unfolded."""
    return opened(at, "_upload_panel")


def said(at: AppTest) -> str:
    """The sentence of the panel; the page has one of its own above."""
    return re.findall(r"<p class='wi-sentence[^>]*>(.*?)</p>", markup(at))[-1]


def tables(at: AppTest) -> list[pd.DataFrame]:
    """The customers scored and the rows refused."""
    return [each.value for each in at.dataframe if {"Reason", "Reasons, in score points"} & set(each.value)]


def downloads(at: AppTest) -> list[str]:
    return [each.proto.label for each in at.get("download_button")]


def give(at: AppTest, content: bytes, name: str = "customers.csv") -> AppTest:
    at.file_uploader(key=uploaded.FILE).set_value((name, content, "text/csv")).run()
    assert not at.exception
    return at


def written(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


@pytest.fixture
def sheet(customers: pd.DataFrame, book: Book) -> CustomerFile:
    return batch.read_customers(written(customers), "a.csv", book.contract)


def test_before_a_file_there_is_an_invitation_and_no_number(open_app: Open) -> None:
    at = panel(open_app("operations"))
    assert "Give a file of customers" in markup(at)
    assert "Would be granted" not in markup(at)
    assert not tables(at)
    assert {"Template, Excel", "Template, CSV"} <= set(downloads(at))


def test_a_file_is_scored_and_its_bad_rows_are_told(
    open_app: Open, customers: pd.DataFrame, sheet: CustomerFile, scorer: TableScorer
) -> None:
    at = give(panel(open_app("operations")), written(customers))
    scored = batch.score(scorer, sheet, CustomerScenario().values(scorer.contract), "r1")
    assert said(at) == sentence_of(scored)
    assert said(at).startswith("97 of 100 customers scored; 3 rows refused;")
    assert shown(at, "Scored") == "97"
    assert shown(at, "Refused") == "3"
    assert shown(at, "Would be granted") == str(scored.granted.sum())
    results, bad = tables(at)
    assert len(results) == 97
    assert results["PD"].tolist() == [round(100 * each, 1) for each in sorted(scored.pd, reverse=True)]
    assert bad["Line"].tolist() == [9, 32, 33]
    assert bad["Reason"].tolist() == [reason for row in sheet.bad for reason in row.reasons]


def test_how_a_file_was_read_and_who_stands_in_it_twice_is_told(open_app: Open, customers: pd.DataFrame) -> None:
    twice = pd.concat([customers.head(5), customers.head(2)])
    content = b"Cards\n<b>made</b> by Risk\n\n" + written(twice) + b"Total,1\n"
    at = give(panel(open_app("operations")), content)
    assert said(at).startswith("7 of 7 rows, which are 5 customers, scored;")
    assert "The header was taken from line 4; what stands above it was not read." in markup(at)
    assert "Line 12 was left out: it begins with “Total”, taken for a total." in markup(at)
    (warned,) = (each.value for each in at.warning if "more than once" in each.value)
    first, second = customers["customer"].iloc[:2]
    assert f"{first} on lines 5, 10; {second} on lines 6, 11." in warned


def test_identifiers_keep_every_digit_on_the_page(open_app: Open, customers: pd.DataFrame) -> None:
    names = [str(4_000_000_000_000_000 + k) for k in range(len(customers))]
    at = give(panel(open_app("operations")), written(customers.assign(customer=names)))
    assert set(tables(at)[0]["Customer"]) <= set(names)
    assert len(tables(at)[0]) == 97


def test_reading_that_was_interrupted_is_taken_up_in_the_next_run(
    open_app: Open, customers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    whole = batch.read_customers

    def interrupted(content: bytes, name: str, contract: Contract, progress: Progress) -> CustomerFile:
        heard.append(name)
        if len(heard) == 1:
            st.rerun()  # as Streamlit does when the visitor moves something else
        return whole(content, name, contract, progress)

    monkeypatch.setattr(batch, "read_customers", interrupted)
    at = give(panel(open_app("operations")), written(customers))
    assert heard == ["customers.csv"] * 2
    assert said(at).startswith("97 of 100 customers scored;")


def test_the_table_speaks_of_concepts_and_points(open_app: Open, customers: pd.DataFrame, scorer: TableScorer) -> None:
    at = give(panel(open_app("operations")), written(customers))
    first = tables(at)[0].iloc[0]
    assert first["Reasons, in score points"].startswith("Late payments \N{MINUS SIGN}")
    assert first["Decision"] == "Not granted"
    assert not set(tables(at)[0].columns) & {each.name for each in scorer.contract.record}


def test_nothing_is_lost_between_pages(open_app: Open, customers: pd.DataFrame) -> None:
    at = give(panel(open_app("operations")), written(customers))
    before = said(at)
    at.switch_page("trust/page.py").run()
    panel(at.switch_page("operations/page.py").run())
    assert said(at) == before
    assert "Shown: customers.csv" in markup(at)
    assert len(tables(at)) == 2


def test_a_file_can_be_forgotten(open_app: Open, customers: pd.DataFrame) -> None:
    at = give(panel(open_app("operations")), written(customers))
    at.switch_page("trust/page.py").run()
    panel(at.switch_page("operations/page.py").run())
    at.button(key="_upload_forget").click().run()
    assert "Give a file of customers" in markup(at)
    assert not tables(at)


def test_a_file_taken_away_is_forgotten(open_app: Open, customers: pd.DataFrame) -> None:
    at = give(panel(open_app("operations")), written(customers))
    at.file_uploader(key=uploaded.FILE).clear().run()
    assert "Give a file of customers" in markup(at)


def test_another_file_takes_the_place_of_the_first(open_app: Open, customers: pd.DataFrame) -> None:
    at = give(panel(open_app("operations")), written(customers))
    give(at, written(customers.head(5)))
    assert said(at).startswith("5 of 5 customers scored; no rows refused;")


def test_a_file_that_cannot_be_used_is_told_in_a_said(open_app: Open, customers: pd.DataFrame) -> None:
    at = give(panel(open_app("operations")), written(customers.drop(columns="bill_3")))
    assert "Not read: The file lacks 1 of the 19 columns needed: bill_3 (Bill, July)." in markup(at)
    assert not tables(at)


def test_names_and_contents_are_never_markup(open_app: Open, customers: pd.DataFrame) -> None:
    frame = customers.rename(columns={"bill_3": "<i>bill_3"})
    at = give(panel(open_app("operations")), written(customers.assign(**{EVIL: 1})), f"{EVIL}.csv")
    sent = "".join(each.value for each in at.html)
    assert "&lt;img" in sent
    assert "<img" not in sent
    give(at, written(frame), f"{EVIL}.csv")
    sent = "".join(each.value for each in at.html)
    assert "&lt;i&gt;bill_3" in sent
    assert "<i>bill_3" not in sent
    assert not any("bill_3" in str(each.value) for each in (*at.markdown, *at.caption, *at.error, *at.warning))


def test_rows_that_are_all_refused_give_no_result(open_app: Open, customers: pd.DataFrame) -> None:
    at = give(panel(open_app("operations")), written(customers.assign(limit="none")))
    assert said(at).startswith("0 of 100 customers scored; 100 rows refused.")
    assert len(tables(at)) == 1
    assert shown(at, "Refused") == "100"


def test_every_kind_of_file_can_be_taken_along(open_app: Open, customers: pd.DataFrame) -> None:
    at = give(panel(open_app("operations")), written(customers))
    assert {"Download as CSV", "Download as Excel", "Download as Parquet", "Refused rows as CSV"} <= set(downloads(at))


def test_excel_and_parquet_are_read_too_in_a_process_of_their_own(
    open_app: Open, customers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "read_apart", READ_APART)
    good = customers.drop(index=[7, 30, 31]).astype(int)
    sheet, table = BytesIO(), BytesIO()
    good.to_excel(sheet, index=False, engine="xlsxwriter")
    good.to_parquet(table, index=False)
    at = panel(open_app("operations"))
    told = [said(give(at, each.getvalue(), f"c.{kind}")) for kind, each in (("xlsx", sheet), ("parquet", table))]
    assert told[0] == told[1]
    assert told[0].startswith("97 of 97")


def test_another_release_scores_the_file_again(open_app: Open, customers: pd.DataFrame, home: Path) -> None:
    at = give(panel(open_app("operations")), written(customers))
    held = at.session_state[uploaded.HELD]
    stale = replace(held.answered, release="another", pd=held.answered.pd[:3])
    at.session_state[uploaded.HELD] = replace(held, answered=stale)
    at.run()
    assert at.session_state[uploaded.HELD].answered.release == Store(home, "cards").resolve("champion")
    assert shown(at, "Scored") == "97"


def test_a_viewer_is_told_what_it_takes(open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.shared.visitor.current", lambda: Person("somebody", "viewer"))
    at = panel(open_app("operations"))
    assert any("To upload takes the role analyst" in each.value for each in at.caption)
    assert not at.file_uploader
