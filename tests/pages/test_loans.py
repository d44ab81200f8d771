"""Every page on the small businesses, by their contract alone: real loans, vintages, a guarantee, nobody protected."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data import books
from data.books import Book
from model.release.store import Store
from model.release.window import Window
from pages.operations import upload
from tests.data.files.reading import in_this_process as in_this_process
from tests.pages.conftest import Open, markup, opened, sentence, shown
from tests.support import loans_sample
from tests.support.kept import KeptReleases
from tests.support.loans_sample import NAME

CARDS = re.compile(r"\b(?:customers?|cards?|cardholders?|NT\$|statement|Taiwan|bills?)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def loans_home(kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("loans")
    loans_sample.released(place, kept)
    return place


@pytest.fixture
def open_loans(open_app: Open, loans_home: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setenv("WHATIF_HOME", str(loans_home))
    monkeypatch.setenv("WHATIF_BOOK", NAME)
    return open_app


@pytest.fixture
def loans(loans_home: Path) -> Book:
    return books.read_book(NAME, loans_home)


def read(at: AppTest) -> str:
    """What a visitor reads below the frame: markup, captions, labels and help."""
    parts = [markup(at).split("live, ", 1)[1].split("</div>", 1)[1]]
    kinds = ("markdown", "caption", "slider", "number_input", "selectbox", "expander", "button", "pills")
    parts += [
        str(getattr(each, name, "") or "") for kind in kinds for each in at.get(kind) for name in ("label", "help")
    ]
    return "\n".join(parts)


@pytest.mark.parametrize("page", ["book", "applicant", "policy", "trust", "operations"])
def test_page_opens_on_the_loans(open_loans: Open, page: str):
    at = open_loans(page)
    assert not at.exception
    assert not at.error
    assert "US small-business loans (SBA 7(a)) · 20,408 loans" in markup(at)


@pytest.mark.parametrize(("page", "address"), [("book", {}), ("applicant", {"customer": 1}), ("policy", {})])
def test_page_on_the_loans_has_no_word_of_the_cards(open_loans: Open, page: str, address: dict[str, int]):
    assert CARDS.findall(re.sub(r"wi-[\w-]+", "", read(open_loans(page, **address)))) == []


@pytest.mark.parametrize("panel", ["_upload_panel", "_challenger", "_calls"])
def test_panel_of_operations_on_the_loans_has_no_word_of_the_cards(open_loans: Open, panel: str):
    at = opened(open_loans("operations"), panel)
    heads = " ".join(str(column) for each in at.dataframe for column in each.value)
    assert CARDS.findall(re.sub(r"wi-[\w-]+", "", f"{read(at)} {heads}")) == []


@pytest.mark.parametrize(("page", "address"), [("applicant", {"customer": 1}), ("policy", {"cutoff": 540})])
def test_a_loan_is_approved_or_not_wherever_a_decision_is_told(open_loans: Open, page: str, address: dict[str, int]):
    at = open_loans(page, **address)
    for panel in ("_two_way", "_swap", "_fair"):
        opened(at, panel)
    told = read(at)
    assert "approved" in told
    assert re.findall(r"\b(?:[Nn]ot )?(?:granted|declined?s?|grants?)\b", told) == []
    figures = " ".join(each.proto.spec for each in at.get("plotly_chart"))
    assert not re.search(r"granted|declined", figures)


def test_decisions_of_a_file_of_loans_are_told_in_the_words_of_its_page(open_loans: Open, loans: Book):
    frame = pd.DataFrame(loans.raw[:, :50].T, columns=[each.name for each in loans.contract.record])
    at = opened(open_loans("operations"), "_upload_panel")
    at.file_uploader(key=upload.FILE).set_value(("loans.csv", frame.to_csv(index=False).encode(), "text/csv")).run()
    assert not at.exception
    (results,) = [each.value for each in at.dataframe if "Decision" in each.value]
    approved = int((results["Decision"] == "Approved").sum())
    assert set(results["Decision"]) <= {"Approved", "Not approved"}
    assert shown(at, "Would be approved") == f"{approved}"
    assert f"; {approved} would be approved, mean PD" in markup(at)


def test_one_loan_is_decided_explained_and_changed(open_loans: Open, loans: Book):
    lever = loans.contract.levers[0]
    at = open_loans("applicant", customer=int(loans.ids[0]))
    before = shown(at, "Score")
    slider = at.select_slider(f"customer.{lever.name}")  # logarithmic: from US$ 5,000 to 2,000,000
    assert slider.options[-1] == "US$\N{NO-BREAK SPACE}2,000,000"
    slider.set_value(lever.maximum).run()
    assert not at.exception
    assert at.number_input(f"customer.{lever.name}.typed").value == lever.maximum
    at.number_input(f"customer.{lever.name}.typed").set_value(123_456.75).run()
    assert at.select_slider(f"customer.{lever.name}").value == 123_456.75
    assert "US$ 123,456.75" in sentence(at).replace("\N{NO-BREAK SPACE}", " ")
    at.number_input(f"customer.{lever.name}.typed").set_value(lever.maximum).run()
    assert shown(at, "Score") != before
    above = "points above the cut-off" in sentence(at)
    assert shown(at, "Decision") == ("Approved" if above else "Not approved")
    assert f" and would {'' if above else 'not '}be approved." in sentence(at)
    assert at.get_by_key("why").proto.spec


def test_every_shock_moves_the_loss_of_the_book(open_loans: Open, loans: Book):
    for shock in loans.contract.shocks:
        at = open_loans("book", **{shock.name: shock.maximum or shock.minimum})
        assert not at.exception
        assert "was" in markup(at), shock.name


def test_losses_of_the_loans_are_told_gross_and_net(open_loans: Open):
    at = open_loans()
    assert "net of the guarantee" in sentence(at)
    assert "net of the guarantee" in markup(at)


def test_fairness_of_a_book_without_protected_attributes_is_not_available(open_loans: Open):
    at = opened(open_loans("trust"), "_falls")
    assert any(each.value.startswith("Not available: the book holds no protected attribute") for each in at.info)


def test_release_of_the_loans_is_tested_out_of_time_and_its_collapse_is_told(loans_home: Path, loans: Book):
    release = Store(loans_home, NAME).load()
    later = release.report.later
    assert later is not None
    assert later.window == Window(2006, 2007)
    assert later.observed > later.predicted + 0.1
    gap = next(gate for gate in release.report.gates if gate.name == "later_gap")
    assert gap.verdict == "watch"
    assert not gap.passed


def test_gaps_in_the_loans_do_not_tell_their_date(loans: Book):
    """A loan whose industry, location or kind is not stated is taken for one of a common sort.

    So no cut of the model can part the loans with a gap, which are the early ones, from all others.
    """
    contract = loans.contract
    for name in ("industry", "location", "revolving", "business", "state", "bank_state"):
        row = loans.raw[contract.row[name]]
        gap = row == 0
        if not gap.any():
            continue
        read_by = [k for k, rows in enumerate(contract.reads) if contract.row[name] in rows]
        record = loans.raw[:, gap][:, :1]
        for k in read_by:
            value = contract.derive(record, [k])[0, 0]
            others = np.repeat(record, (~gap).sum(), axis=1)
            others[contract.row[name]] = row[~gap]
            same = contract.derive(others, [k])[0] == value
            assert same.mean() > 0.005, (name, contract.inputs[k].name)


def test_sample_holds_every_fortieth_loan(loans_home: Path):
    own = pd.read_parquet(loans_home / "books" / NAME / "small_business.parquet")
    assert len(own) == -(-816_293 // 40)
