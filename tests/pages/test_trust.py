"""The trust page: the numbers of the evidence, every panel, who may see what, and a book with vintages."""

import json
import re
import shutil
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data import books
from data.books import Book
from model.monitoring.discrimination import auc_interval
from model.monitoring.drift import drift
from model.release.store import Release, Store
from model.report.numbers import NBSP, percent
from model.serving import client
from model.serving.client import Desk
from model.settings import Settings
from model.whatif.trusted import Proof
from pages.ui import access
from tests.pages.conftest import Open, figure, markup, opened, sentence, shown
from tests.release import loans
from tests.whatif import proofs

PANELS = ("_bands", "_effects", "_moved", "_falls", "_misses", "_gates")
LATER = "_later"
PROXY = "10.1.2.3"


@pytest.fixture
def open_app(open_app: Open) -> Open:
    """Opens the trust page at an address."""
    return partial(open_app, "trust")


@pytest.fixture(scope="module")
def loans_home(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the cards, and with loans of six vintages under two releases."""
    place = tmp_path_factory.mktemp("trust") / "home"
    shutil.copytree(home, place, ignore=shutil.ignore_patterns("lock", "record.sqlite*"))
    store = proofs.lay_down(place)
    proofs.trained(store)
    proofs.trained(store, 2001, 2005)
    return place


@pytest.fixture
def open_loans(open_app: Open, loans_home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], AppTest]:
    """Opens the trust page on the loans."""
    monkeypatch.setenv("WHATIF_HOME", str(loans_home))
    return lambda: open_app(book=loans.NAME)


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Behind a proxy, as the user it names."""
    monkeypatch.setenv("WHATIF_USER_HEADER", "X-User")
    monkeypatch.setenv("WHATIF_TRUSTED_PROXY", PROXY)
    monkeypatch.setenv("WHATIF_ROLES", json.dumps({"ann": "viewer", "bob": "analyst", "carol": "admin"}))
    return lambda name: monkeypatch.setattr(access, "connection", lambda: ([("x-user", name)], PROXY))


def proof_of(home: Path) -> tuple[Release, Proof]:
    release = Store(home, loans.NAME).load()
    return release, Proof.of(release, books.read(loans.NAME, home))


def words(at: AppTest) -> str:
    return "\n".join([markup(at), *(each.value for kind in ("caption", "markdown", "info") for each in at.get(kind))])


def table(at: AppTest, column: str) -> pd.DataFrame:
    return next(each.value for each in at.dataframe if column in each.value)


def total(column: pd.Series) -> int:
    return int(column.str.replace(",", "").astype(int).sum())


# ---- above the fold ---------------------------------------------------------------------------------------------


def test_the_page_shows_the_figures_of_the_evidence(open_app: Open, release: Release, book: Book) -> None:
    at = open_app()
    evidence = release.evidence
    outcome = book.target[evidence.position]
    found = auc_interval(outcome, evidence.pd)
    assert shown(at, "AUC") == f"{found.value:.3f}"
    assert f"AUC of {found.value:.3f} ({found.low:.3f}–{found.high:.3f}) on records it was not fitted to" in sentence(
        at
    )
    assert f"{percent(evidence.pd.mean())} predicted," in markup(at)
    assert f"{percent(outcome.mean())} observed" in markup(at)
    passed = sum(gate["passed"] for gate in release.report["gates"])
    assert shown(at, "Gates passed") == f"{passed} of {len(release.report['gates'])}"


def test_groups_of_the_reliability_chart_sum_to_the_evidence(open_app: Open, release: Release) -> None:
    dots = figure(open_app(), "reliability")["data"][1]
    assert sum(dots["customdata"]) == len(release.evidence)


def test_no_verdict_stands_without_its_threshold(open_app: Open) -> None:
    at = open_app()
    tiles = markup(at).split("<div class='wi-number'>")[1:]
    judged = [each for each in tiles if re.search("✓|◐|✗", each)]
    assert len(judged) >= 4
    assert all(re.search(r"at least|at most|\d to \d|each its own", each) for each in judged)


def test_what_there_is_to_know_is_counted_and_listed(open_app: Open) -> None:
    at = open_app()
    listed = re.findall(r"<li>(.*?)</li>", markup(at))
    counts = {1: "one thing", 2: "two things", 3: "three things", 4: "four things", 5: "five things"}
    assert f"{counts[len(listed)]} to know" in sentence(at)
    assert any("cannot be tested on this book" in each for each in listed)


def test_choosing_a_segment_tells_of_its_records_only(open_app: Open, release: Release, book: Book) -> None:
    at = open_app()
    segment = book.contract.segments[0]
    at.selectbox(key="_trust_who").set_value(f"{segment.name}:0").run()
    n = int((book.contract.bands(segment, book.contract.values(book.raw), len(book)) == 0).sum())
    assert f"{n:,} customers with their outcomes" in words(at)
    assert f"({segment.label}: " in sentence(at)
    assert sum(figure(at, "reliability")["data"][1]["customdata"]) == n


# ---- panels -----------------------------------------------------------------------------------------------------


def test_all_panels_open_together(open_app: Open) -> None:
    at = open_app()
    for panel in PANELS:
        at.session_state[panel] = True
    at.run()
    assert not at.exception
    assert not at.error


def test_panels_work_nothing_out_before_they_are_opened(open_app: Open) -> None:
    at = open_app()
    assert not at.dataframe
    assert "By credit limit" not in markup(at)


def test_bands_of_a_segment_sum_to_the_evidence(open_app: Open, release: Release) -> None:
    at = opened(open_app(), "_bands")
    frame = table(at, "Says what happens")
    assert total(frame["n"]) == len(release.evidence)
    assert set(frame["Threshold"]) == {"in the interval, or 1.2 points"}


def test_misses_link_to_the_customers_page(open_app: Open, release: Release, book: Book) -> None:
    at = opened(open_app(), "_misses")
    links = [each.proto for each in at.get("page_link")]
    assert len(links) == 20
    wrong = np.where(book.target[release.evidence.position] == 0, release.evidence.pd, 0)
    worst = book.ids[release.evidence.position][np.argmax(wrong)]
    assert f"customer={worst}" in str(links[0])
    assert "A miss is no mistake by itself" in words(at)


def test_every_gate_is_shown_with_figure_threshold_and_verdict(open_app: Open, release: Release) -> None:
    at = opened(open_app(), "_gates")
    rows = markup(at).split("aria-label='The gates of the release")[1].split("</table>")[0]
    gates = release.report["gates"]
    assert rows.count("<tr>") == len(gates) + 1
    assert all(gate["label"].split(":")[0] in markup(at) for gate in gates)
    assert rows.count("<td>passed</td>") == sum(gate["passed"] for gate in gates)
    assert "Letting inputs act in pairs at most" in markup(at)


def test_fairness_is_at_the_contracts_cutoff_and_at_a_chosen_one(open_app: Open, release: Release) -> None:
    at = opened(open_app(), "_falls")
    assert "not legal findings" in words(at)
    before = table(at, "Granted")
    assert total(before["Customers"]) == len(release.evidence)
    at.number_input(key="_trust_cutoff").set_value(560.0).run()
    after = table(at, "Granted")
    assert (after["Granted"] != before["Granted"]).all()


def test_a_viewer_sees_no_figure_of_a_protected_attribute(
    open_app: Open, looking: Callable[[str], None], release: Release
) -> None:
    looking("ann")
    at = open_app()
    for panel in PANELS:
        at.session_state[panel] = True
    at.run()
    assert not at.exception
    assert "To see protected attributes takes the role analyst or higher." in words(at)
    told = words(at) + "".join(each.value.to_string() for each in at.dataframe)
    impact = next(gate for gate in release.report["gates"] if gate["kind"] == "fairness")
    assert f"{impact['figure']:.4f}" not in told
    assert "Equal-opportunity difference" not in told
    assert "To upload takes the role analyst" in told


def test_a_file_is_held_against_the_training_and_its_bad_rows_are_told(
    open_app: Open, release: Release, book: Book
) -> None:
    at = opened(open_app(), "_moved")
    assert "nothing of it can have moved" in words(at)
    contract = book.contract
    raw = book.raw[:, :500].copy()
    frame = pd.DataFrame(raw.T, columns=[each.name for each in contract.record])
    frame["limit"] = 1_000_000.0
    frame.loc[3, "limit"] = -5
    at.file_uploader(key="_drift_file").upload("given.csv", frame.to_csv(index=False).encode(), "text/csv").run()
    assert not at.exception
    assert "499 rows of given.csv compared, 1 refused." in words(at)
    assert "1 row refused" in markup(at)
    rows = table(at, "PSI").set_index("What")
    kept = np.ascontiguousarray(np.delete(frame.to_numpy().T, 3, axis=1))
    expected = drift(release.snapshot, contract.derive(kept), np.zeros(499))
    k = next(k for k, each in enumerate(contract.inputs) if each.formula == "limit")
    assert rows.loc[contract.inputs[k].label, "PSI"] == pytest.approx(expected[k].psi)
    assert rows.loc[contract.inputs[k].label, "Verdict"] == "✗ does not hold"
    assert set(rows["n"]) == {499}


def test_a_small_file_warns_of_chance(open_app: Open, book: Book) -> None:
    at = opened(open_app(), "_moved")
    frame = pd.DataFrame(book.raw[:, :40].T, columns=[each.name for each in book.contract.record])
    at.file_uploader(key="_drift_file").upload("few.csv", frame.to_csv(index=False).encode(), "text/csv").run()
    assert any("Of 40 records, chance alone" in each.value and "Too few" in each.value for each in at.warning)


def test_a_file_that_cannot_be_read_says_why(open_app: Open) -> None:
    at = opened(open_app(), "_moved")
    at.file_uploader(key="_drift_file").upload("bad.csv", b"a,b\n1,2\n", "text/csv").run()
    assert not at.exception
    assert "Not read: " in markup(at)


# ---- a book with vintages ---------------------------------------------------------------------------------------


def test_later_vintages_are_the_main_evidence_and_shown_as_they_came(
    open_loans: Callable[[], AppTest], loans_home: Path
) -> None:
    at = open_loans()
    release, proof = proof_of(loans_home)
    late = release.evidence.of("later")
    assert f"AUC of {auc_interval(proof.book.target[late.position], late.pd).value:.3f}" in sentence(at)
    assert "in vintages after its training" in sentence(at)
    line, dots = figure(at, "vintages")["data"]
    assert dots["x"] == [2001, 2002, 2003, 2004, 2005, 2006]
    assert sum(dots["customdata"]) == len(proof)
    assert dots["y"] == [round(100 * each.observed.value, 2) for each in proof.by_vintage()]
    assert line["y"] == [round(100 * each.predicted, 2) for each in proof.by_vintage()]
    assert "The training ended in 2004: 2 of 2 later vintages did not default as predicted" in markup(at)


def test_every_panel_opens_on_a_book_with_vintages(open_loans: Callable[[], AppTest]) -> None:
    at = open_loans()
    for panel in (*PANELS, LATER):
        at.session_state[panel] = True
    at.run()
    assert not at.exception
    assert not at.error


def test_panels_speak_in_the_books_own_words(open_loans: Callable[[], AppTest]) -> None:
    at = open_loans()
    for panel in (*PANELS[:-1], LATER):  # labels of gates are those of the release
        at.session_state[panel] = True
    told = words(at.run()).split("Made-up loans", 1)[1]
    assert "Loan" in told
    assert "customer" not in told.lower()


def test_vintages_of_the_table_sum_to_all_records(open_loans: Callable[[], AppTest], loans_home: Path) -> None:
    at = opened(open_loans(), "_bands")
    at.selectbox(key=f"{loans.NAME}:_trust_by").set_value(":vintage").run()
    release, proof = proof_of(loans_home)
    frame = table(at, "Evidence")
    assert total(frame["n"]) == len(proof)
    assert total(frame[frame["Evidence"] != "after its test"]["n"]) == len(release.evidence)


def test_a_year_can_be_looked_at_alone(open_loans: Callable[[], AppTest], loans_home: Path) -> None:
    at = open_loans()
    at.selectbox(key=f"{loans.NAME}:_trust_when").set_value("2003").run()
    n = int((books.read(loans.NAME, loans_home).vintages == 2003).sum())
    assert f"{n:,} loans with their outcomes" in words(at)
    assert "(vintage 2003)" in sentence(at)


def test_two_releases_stand_side_by_side_and_the_commands_are_told(open_loans: Callable[[], AppTest]) -> None:
    at = opened(open_loans(), LATER)
    assert "From 2006 on, after the training of both" in markup(at)
    assert len(figure(at, "sides")["data"]) == 3
    told, command = [each.value for each in at.code], "python -m model train --book loans --since 2001 --until 2004"
    assert told == [
        f"{command} --recalibrate-since 2005 --recalibrate-until 2005",
        command,
    ]
    at.selectbox(key=f"{loans.NAME}:_back_until").set_value(2003).run()
    assert at.code[1].value.endswith("--since 2001 --until 2003")


def test_a_shift_of_the_intercept_is_told_for_later_years(open_loans: Callable[[], AppTest]) -> None:
    at = opened(open_loans(), LATER)
    assert re.search(r"Shifted to what was observed in 2005, all odds of default would be multiplied by \d", markup(at))
    assert table(at, "Shifted")["Vintage"].tolist() == ["2006"]
    at.selectbox(key=f"{loans.NAME}:_back_year").set_value(2002.0).run()
    assert table(at, "Shifted")["Vintage"].tolist() == ["2003", "2004", "2005", "2006"]


def test_an_empty_window_is_refused_in_words(open_loans: Callable[[], AppTest]) -> None:
    at = opened(open_loans(), LATER)
    at.selectbox(key=f"{loans.NAME}:_back_since").set_value(2006).run()
    assert any("From 2006 to 2004 there is nothing" in each.value for each in at.warning)


def test_only_an_admin_may_train(open_loans: Callable[[], AppTest], looking: Callable[[str], None]) -> None:
    looking("bob")
    at = opened(open_loans(), LATER)
    assert not [each for each in at.button if str(each.key).startswith("_retrain")]
    assert "To train takes the role admin. The command does the same." in words(at)
    looking("carol")
    at = opened(open_loans(), LATER)
    assert len([each for each in at.button if str(each.key).startswith("_retrain")]) == 2


def test_the_button_trains_a_release_that_can_then_be_compared(
    open_loans: Callable[[], AppTest], loans_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = shutil.copytree(loans_home, tmp_path / "home", ignore=shutil.ignore_patterns("record.sqlite*"))
    own = Desk(lambda: Settings(home=place))
    monkeypatch.setattr(client, "desk", own)
    for module in ("deployed", "backtested", "proven", "carded"):
        monkeypatch.setattr(f"pages.ui.{module}.desk", own)
    monkeypatch.setenv("WHATIF_HOME", str(place))
    at = opened(open_loans(), LATER)
    before = len(Store(place, loans.NAME).ids())
    at.selectbox(key=f"{loans.NAME}:_back_until").set_value(2003).run()
    at.button(key="_retrain_window").click().run()
    for thread in threading.enumerate():
        if thread.name == f"retrain-{loans.NAME}":
            thread.join()
    at.run()
    made = Store(place, loans.NAME).ids()[-1]
    assert len(Store(place, loans.NAME).ids()) == before + 1
    assert any(f"Release {made} was trained" in each.value for each in at.success)
    assert Store(place, loans.NAME).aliases()["champion"] != made
    options = at.selectbox(key=f"{loans.NAME}:_back_against").options
    assert any(made[:6] in each for each in options)


def test_a_book_without_protected_attributes_says_so(
    open_loans: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.contract.Contract.protected", lambda _: ())
    at = opened(open_loans(), "_falls")
    assert any("the book holds no protected attribute" in each.value for each in at.info)


def test_observed_less_predicted_is_signed(open_loans: Callable[[], AppTest], loans_home: Path) -> None:
    _, proof = proof_of(loans_home)
    assert shown(open_loans(), "Observed less predicted") == f"+{100 * proof.measured().gap:.1f}{NBSP}points"
