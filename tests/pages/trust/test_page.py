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
from model.deployed import desk, model
from model.deployed.desk import DeployedModels, TrainingRun
from model.engine.identity import Deployed
from model.engine.scorer import Scorer
from model.monitoring.discrimination import auc_interval
from model.monitoring.drift import drift
from model.release.release import Release
from model.release.store import Store
from model.report.briefing import Finding
from model.report.numbers import NBSP, percent
from model.report.trust.briefing import ReleaseContext, trust_briefing
from model.scoring.batch import CustomerFile
from model.settings import Settings
from model.validation import view
from model.validation.effects import ModelEffects
from model.validation.result import TrustResult
from model.validation.validation import Validation
from model.whatif.book.scored import ScoredBook
from pages.shared import visitor
from pages.trust import state
from tests.data.files.reading import in_this_process as in_this_process
from tests.pages.conftest import Open, answers, figure, links, markup, opened, sentence, shown
from tests.support import loans, proofs
from tests.support.kept import KeptReleases

PANELS = ("_bands", "_effects", "_moved", "_falls", "_misses", "_gates")
LATER, BUTTONS = "_later", ("_retrain_shift", "_retrain_window")
PROXY = "10.1.2.3"


@pytest.fixture
def open_app(open_app: Open) -> Open:
    """Opens the trust page at an address."""
    return partial(open_app, "trust")


@pytest.fixture(scope="module")
def loans_home(home: Path, kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the cards, and with loans of six vintages under two releases."""
    place = tmp_path_factory.mktemp("trust") / "home"
    shutil.copytree(home, place, ignore=shutil.ignore_patterns("record.sqlite*"))
    proofs.lay_down(place)
    kept.champion(place, loans.NAME, proofs.two)
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
    return lambda name: monkeypatch.setattr(visitor, "connection", lambda: ([("x-user", name)], PROXY))


def proof_of(home: Path) -> tuple[Release, Validation]:
    release = Store(home, loans.NAME).load()
    return release, Validation.of(release, books.read_book(loans.NAME, home))


def words(at: AppTest) -> str:
    return "\n".join([markup(at), *(each.value for kind in ("caption", "markdown", "info") for each in at.get(kind))])


def table(at: AppTest, column: str) -> pd.DataFrame:
    return next(each.value for each in at.dataframe if column in each.value)


def total(column: pd.Series) -> int:
    return int(column.sum())


# ---- above the fold ---------------------------------------------------------------------------------------------


def test_the_page_shows_the_figures_of_the_evidence(open_app: Open, release: Release, book: Book) -> None:
    at = open_app()
    evidence = release.evidence
    outcome = book.target[evidence.position]
    found = auc_interval(outcome, evidence.pd)
    assert shown(at, "Share correctly ranked") == f"{round(100 * found.value)} of 100 pairs"
    ends = f"{found.low:.3f}–{found.high:.3f}"
    assert f"AUC {found.value:.3f}, 95\N{NO-BREAK SPACE}%: {ends}) on records it was not fitted to" in sentence(at)
    assert f"{percent(evidence.pd.mean())} predicted," in markup(at)
    assert f"{percent(outcome.mean())} observed" in markup(at)
    passed = sum(gate.passed for gate in release.report.gates)
    assert shown(at, "Gates passed") == f"{passed} of {len(release.report.gates)}"


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
    at.selectbox(key="trust.segment").set_value(f"{segment.name}:0").run()
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


def test_every_chart_and_table_of_the_panels_is_that_of_the_briefing(
    open_app: Open, release: Release, book: Book, whole: ScoredBook
) -> None:
    other = book.contract.segments[-1].name
    chosen = {"by": other, "moves": "inputs", "input": book.contract.inputs[-1].name, "fair_cutoff": "560"}
    at = open_app(open="bands,effects,tables,drift,fairness,misses,gates", **chosen)
    result = TrustResult(Validation.of(release, book), release=release, look=lambda: ModelEffects(whole))
    said = trust_briefing(result, chosen, around=ReleaseContext(Deployed(release.id)))
    items = [item for panel in said.panels for item in panel.make({}) if isinstance(item, Finding)]
    assert len([each for each in items if each.chart is not None]) == 7
    for each in items:
        if each.chart is not None:
            assert figure(at, each.key)["data"] == json.loads(json.dumps(each.chart["data"])), each.key
        if each.table is not None and each.drawn and each.shape in ("rows", "whole"):
            (drawn,) = (found for found in at.dataframe if found.proto.alt == each.table.title)
            assert drawn.value.to_numpy().tolist() == [list(row) for row in each.table.shown()]
        assert all(headline in markup(at) for headline in (each.headline, *(half.headline for half in each.halves)))
        assert all(text in markup(at) for text in each.text)


def test_panels_work_nothing_out_before_they_are_opened(open_app: Open) -> None:
    at = open_app()
    assert not at.dataframe
    assert "By credit limit" not in markup(at)


def test_bands_of_a_segment_sum_to_the_evidence(open_app: Open, release: Release) -> None:
    at = opened(open_app(), "_bands")
    frame = table(at, "Says what happens")
    assert total(frame["n"]) == len(release.evidence)
    assert set(frame["Threshold"]) == {"within 1.2 points"}


def test_scores_and_tenths_are_of_the_band_the_page_looks_at(open_app: Open, release: Release, book: Book) -> None:
    at = opened(open_app(), "_bands")
    whole = figure(at, "gains"), figure(at, "separation")
    segment = book.contract.segments[0]
    at.selectbox(key="trust.segment").set_value(f"{segment.name}:0").run()
    assert figure(at, "gains") != whole[0]
    assert figure(at, "separation") != whole[1]
    n = int((book.contract.bands(segment, book.contract.values(book.raw), len(book)) == 0).sum())
    told = next(each.value for each in at.caption if each.value.startswith("Scores and tenths: "))
    assert segment.label in told
    assert told.endswith(f", {n:,} of {len(release.evidence):,} customers.")
    assert total(table(at, "Says what happens")["n"]) == len(release.evidence)


def test_of_a_band_where_nobody_defaulted_nothing_is_drawn(
    open_app: Open, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = book.contract.segments[0]
    own, paid = Validation.mask, book.target == 0
    monkeypatch.setattr(
        Validation, "mask", lambda self, chosen: own(self, chosen) & (paid[self.position] if chosen.segment else True)
    )
    monkeypatch.setattr(Validation, "once", lambda self, key, make: make())
    at = open_app(segment=f"{segment.name}:0", open="bands")
    assert "All outcomes are alike: nothing to separate." in markup(at)
    assert not {"gains", "separation"} & {each.key for each in at.get("plotly_chart")}


def test_of_a_band_no_auc_is_asked_and_of_everybody_it_is(open_app: Open, book: Book) -> None:
    at = open_app()
    asked = f"at least {book.contract.gates.auc_at_least:.3f}"
    assert asked in markup(at)
    at.selectbox(key="trust.segment").set_value(f"{book.contract.segments[0].name}:0").run()
    assert asked not in markup(at)
    assert "none is asked of a band" in markup(at)


def test_misses_link_to_the_customers_page(open_app: Open, release: Release, book: Book) -> None:
    at = opened(open_app(), "_misses")
    found = links(at)
    assert len(found) == 20
    wrong = np.where(book.target[release.evidence.position] == 0, release.evidence.pd, 0)
    worst = book.ids[release.evidence.position][np.argmax(wrong)]
    assert f"customer={worst}" in str(found[0])
    assert "A miss is no mistake by itself" in words(at)


def test_every_gate_is_shown_with_figure_threshold_and_verdict(open_app: Open, release: Release) -> None:
    at = opened(open_app(), "_gates")
    rows = markup(at).split("aria-label='The gates of the release")[-1].split("</table>")[0]
    gates = release.report.gates
    assert rows.count("<tr>") == len(gates) + 1
    assert all(gate.label.split(":")[0] in markup(at) for gate in gates)
    assert rows.count("<td>passed</td>") == sum(gate.passed for gate in gates)
    assert "Letting inputs act in pairs at most" in markup(at)


def test_fairness_is_at_the_contracts_cutoff_and_at_a_chosen_one(open_app: Open, release: Release) -> None:
    at = opened(open_app(), "_falls")
    assert "not legal findings" in words(at)
    before = table(at, "Granted")
    assert total(before["Customers"]) == len(release.evidence)
    at.number_input(key="trust.fair_cutoff").set_value(560.0).run()
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
    impact = next(gate for gate in release.report.gates if gate.kind == "fairness")
    assert f"{impact.figure:.4f}" not in told
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
    rows = table(at, "PSI or CSI").set_index("What")
    kept = np.ascontiguousarray(np.delete(frame.to_numpy().T, 3, axis=1))
    expected = drift(release.snapshot, contract.derive(kept), np.zeros(499))
    k = next(k for k, each in enumerate(contract.inputs) if each.formula == "limit")
    assert rows.loc[contract.inputs[k].label, "PSI or CSI"] == round(expected[k].psi, 3)
    assert rows.loc[contract.inputs[k].label, "Verdict"] == "✗ does not hold"
    assert set(rows["n"]) == {499}
    held = at.session_state["_drift_held"][1]
    assert not any(isinstance(each, CustomerFile) for each in vars(held).values())
    assert all(each.size < 50 for moved in held.drifts for each in (moved.edges, moved.expected, moved.actual))


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


class Swapped:
    """Another maker's model without a version: every one of that name is told from the others by its answers alone."""

    class about:  # noqa: N801
        release, version, name = "", "", "somebody"

    def __init__(self, scorer: Scorer, sign: float) -> None:
        self.contract, self.territory, self.sign, self.inner = scorer.contract, scorer.territory, sign, scorer

    def margins(self, raw: np.ndarray) -> np.ndarray:
        return self.sign * self.inner.margins(raw)


def ranked() -> None:
    """The panel of segments and nothing else."""
    from model.validation.result import TrustResult
    from pages.shared import deployed
    from pages.trust import panels as trust_panels
    from pages.trust import state as trust_state

    model = deployed.model()
    trust_state.memory.restore(model)
    trust_panels.bands_panel(model, TrustResult(model.validation(), release=model.release))


def test_another_model_of_the_same_name_has_its_own_figures(
    home: Path, release: Release, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATIF_HOME", str(home))
    told = []
    for sign in (1.0, -1.0):
        own = Swapped(release.scorer, sign)
        foreign = model.DeployedModel(book, own, None, own)  # type: ignore[arg-type]
        monkeypatch.setattr("pages.shared.deployed.model", lambda found=foreign: found)
        at = AppTest.from_function(ranked, default_timeout=60).run()
        assert not at.exception
        assert foreign.id == "somebody"
        told.append(re.findall("The riskiest tenth holds (.*?) of all ", markup(at))[0])
    assert told[0] != told[1]


# ---- the address ------------------------------------------------------------------------------------------------


def address(at: AppTest) -> dict[str, str]:
    return {name: value if isinstance(value, str) else value[0] for name, value in at.query_params.items()}


def test_an_untouched_page_says_nothing_in_the_address(open_app: Open) -> None:
    assert address(open_app()) == {}


def test_what_is_looked_at_stands_in_the_address_and_its_link_shows_the_same(open_app: Open, book: Book) -> None:
    at = opened(opened(open_app(), "_bands"), "_effects")
    segment, other = book.contract.segments[0], book.contract.inputs[-1]
    at.selectbox(key="trust.segment").set_value(f"{segment.name}:1").run()
    at.selectbox(key="trust.by").set_value(book.contract.segments[-1].name).run()
    at.selectbox(key="trust.input").set_value(other.name).run()
    at.segmented_control(key="trust.moves").set_value("inputs").run()
    found = address(at)
    assert found == {
        "open": "bands,effects",
        "segment": f"{segment.name}:1",
        "by": book.contract.segments[-1].name,
        "input": other.name,
        "moves": "inputs",
    }
    again = open_app(**found)
    assert answers(again) == answers(at)
    assert figure(again, "effect") == figure(at, "effect")
    assert figure(again, "importance") == figure(at, "importance")
    assert figure(again, "bands") == figure(at, "bands")
    assert address(again) == found


def test_back_at_what_the_page_opens_with_the_address_says_nothing_of_it(open_app: Open) -> None:
    at = opened(open_app(), "_falls")
    declared = at.number_input(key="trust.fair_cutoff").value
    at.number_input(key="trust.fair_cutoff").set_value(560.0).run()
    assert address(at) == {"open": "fairness", "fair_cutoff": "560"}
    at.number_input(key="trust.fair_cutoff").set_value(declared).run()
    assert address(at) == {"open": "fairness"}
    at.session_state["_falls"] = False
    assert address(at.run()) == {}


def test_every_part_that_an_address_can_open_is_a_panel_of_the_page(open_app: Open) -> None:
    at = open_app()
    keys = {match[1] for each in at.expander if (match := re.search(r"-(_\w+)$", each.proto.id or ""))}
    assert set(state.PANELS) == set(view.PANELS)
    assert {state.PANELS[name] for name in view.PANELS} - keys == {"_later", "_tables"}  # without vintages; within one


def test_a_default_in_an_address_is_taken_out_again(open_app: Open, book: Book) -> None:
    declared = f"{book.contract.score.cutoff:.0f}"
    at = open_app(open="bands,fairness", by=book.contract.segments[0].name, fair_cutoff=declared)
    assert address(at) == {"open": "bands,fairness"}


def test_a_bad_value_in_an_address_is_told_and_nothing_else_is_lost(open_app: Open, book: Book) -> None:
    segment = book.contract.segments[0]
    at = open_app(segment=f"{segment.name}:0", evidence="2031", input="shoesize", open="effects")
    assert not at.exception
    told = [each.value for each in at.warning]
    assert [each.split(". ")[0] for each in told] == [
        "There is no evidence '2031' here",
        "There is no input of the model 'shoesize' here",
    ]
    assert f"({segment.label}: " in sentence(at)
    assert address(at) == {"segment": f"{segment.name}:0", "open": "effects"}
    assert figure(at, "effect")


def test_a_pair_is_named_by_its_inputs_in_the_address(open_app: Open, release: Release) -> None:
    at = opened(open_app(), "_effects")
    at.selectbox(key="trust.pair").select_index(1).run()
    names = address(at)["pair"].split(":")
    inputs = {each.name: each.label for each in release.contract.inputs}
    assert inputs[names[0]] in at.selectbox(key="trust.pair").options[1]
    shown_ = figure(open_app(open="effects", pair=":".join(names)), "together")
    assert shown_ == figure(at, "together")


def test_a_link_to_a_protected_attribute_opens_nothing_to_a_viewer(
    open_app: Open, looking: Callable[[str], None], book: Book
) -> None:
    looking("ann")
    at = open_app(open="fairness", attribute=book.contract.protected()[-1].name)
    assert "To see protected attributes takes the role analyst or higher." in words(at)
    assert "Equal-opportunity difference" not in words(at)
    assert not at.warning


# ---- a book with vintages ---------------------------------------------------------------------------------------


def test_later_vintages_are_the_main_evidence_and_shown_as_they_came(
    open_loans: Callable[[], AppTest], loans_home: Path
) -> None:
    at = open_loans()
    release, proof = proof_of(loans_home)
    late = release.evidence.of("later")
    assert f"(AUC {auc_interval(proof.book.target[late.position], late.pd).value:.3f}" in sentence(at)
    assert "in vintages after its training" in sentence(at)
    line, dots = figure(at, "vintages")["data"]
    assert dots["x"] == [2001, 2002, 2003, 2004, 2005, 2006]
    assert sum(dots["customdata"]) == len(proof)
    assert dots["y"] == [round(100 * each.observed.value, 2) for each in proof.by_vintage()]
    assert line["y"] == [round(100 * each.predicted, 2) for each in proof.by_vintage()]
    assert "The training ended in 2004: 2 of 2 later vintages did not come out as predicted" in markup(at)


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
    at.selectbox(key=f"{loans.NAME}:trust.by").set_value("vintage").run()
    release, proof = proof_of(loans_home)
    frame = table(at, "Evidence")
    assert total(frame["n"]) == len(proof)
    assert total(frame[frame["Evidence"] != "after its test"]["n"]) == len(release.evidence)


def test_a_year_can_be_looked_at_alone(open_loans: Callable[[], AppTest], loans_home: Path) -> None:
    at = open_loans()
    at.selectbox(key=f"{loans.NAME}:trust.evidence").set_value("2003").run()
    n = int((books.read_book(loans.NAME, loans_home).vintages == 2003).sum())
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
    at.selectbox(key=f"{loans.NAME}:trust.until").set_value("2003").run()
    assert at.code[1].value.endswith("--since 2001 --until 2003")


def test_a_shift_of_the_intercept_is_told_for_later_years(open_loans: Callable[[], AppTest]) -> None:
    at = opened(open_loans(), LATER)
    assert re.search(r"Shifted to what was observed in 2005, all odds would be multiplied by \d", markup(at))
    assert table(at, "Shifted")["Vintage"].tolist() == ["2006"]
    at.selectbox(key=f"{loans.NAME}:trust.shift").set_value("2002").run()
    assert table(at, "Shifted")["Vintage"].tolist() == ["2003", "2004", "2005", "2006"]


def test_an_empty_window_is_refused_in_words(open_loans: Callable[[], AppTest]) -> None:
    at = opened(open_loans(), LATER)
    at.selectbox(key=f"{loans.NAME}:trust.since").set_value("2006").run()
    assert any("From 2006 to 2004 there is nothing" in each.value for each in at.warning)


def test_an_analyst_may_train(open_loans: Callable[[], AppTest], looking: Callable[[str], None]) -> None:
    looking("ann")
    at = opened(open_loans(), LATER)
    assert not [each for each in at.button if str(each.key).startswith("_retrain")]
    assert "To train takes the role analyst or higher. The command does the same." in words(at)
    looking("bob")
    at = opened(open_loans(), LATER)
    assert len([each for each in at.button if str(each.key).startswith("_retrain")]) == 2


def test_the_button_trains_a_release_that_can_then_be_compared(
    open_loans: Callable[[], AppTest], loans_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = shutil.copytree(loans_home, tmp_path / "home", ignore=shutil.ignore_patterns("record.sqlite*"))
    own = DeployedModels(lambda: Settings(home=place))
    monkeypatch.setattr(desk, "desk", own)
    for module in ("shared.deployed", "trust.state", "trust.backtests"):
        monkeypatch.setattr(f"pages.{module}.desk", own)
    monkeypatch.setenv("WHATIF_HOME", str(place))
    at = opened(open_loans(), LATER)
    before = len(Store(place, loans.NAME).ids())
    at.selectbox(key=f"{loans.NAME}:trust.until").set_value("2003").run()
    at.button(key="_retrain_window").click().run()
    for thread in threading.enumerate():
        if thread.name == f"retrain-{loans.NAME}":
            thread.join()
    at.run()
    made = Store(place, loans.NAME).ids()[-1]
    assert len(Store(place, loans.NAME).ids()) == before + 1
    assert any(f"Release {made} was trained" in each.value for each in at.success)
    assert Store(place, loans.NAME).aliases()["champion"] != made
    options = at.selectbox(key=f"{loans.NAME}:trust.against").options
    assert any(made[:6] in each for each in options)


class Ending(TrainingRun):
    """A training that ends between the drawing of its buttons and that of its progress."""

    asked = 0

    @property  # type: ignore[override]
    def ended(self) -> bool:
        Ending.asked += 1
        return Ending.asked > 2

    @ended.setter
    def ended(self, _: bool) -> None:
        pass


def test_a_training_that_ends_brings_its_buttons_back(
    open_loans: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = TrainingRun(share=0.5)
    monkeypatch.setattr(desk.desk, "_retraining", {loans.NAME: running})
    at = opened(open_loans(), LATER)
    assert [at.button(key=key).disabled for key in BUTTONS] == [True, True]
    assert at.get("progress")
    monkeypatch.setattr(desk.desk, "_retraining", {loans.NAME: Ending(error="The training stopped: of a test.")})
    at.run()
    assert Ending.asked > 3  # drawn anew, once
    assert [at.button(key=key).disabled for key in BUTTONS] == [False, False]
    assert [each.value for each in at.error] == ["The training stopped: of a test."]


def test_a_training_is_told_of_while_the_window_chosen_is_empty(
    open_loans: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.desk, "_retraining", {loans.NAME: TrainingRun(share=0.5)})
    at = opened(open_loans(), LATER)
    at.selectbox(key=f"{loans.NAME}:trust.since").set_value("2006").run()
    assert at.get("progress")


def test_a_book_without_protected_attributes_says_so(
    open_loans: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.contract.Contract.protected", lambda _: ())
    at = opened(open_loans(), "_falls")
    assert any("the book holds no protected attribute" in each.value for each in at.info)


def test_observed_less_predicted_is_signed(open_loans: Callable[[], AppTest], loans_home: Path) -> None:
    _, proof = proof_of(loans_home)
    found = proof.measured()
    gap = round(100 * found.observed.value, 1) - round(100 * found.predicted, 1)
    assert shown(open_loans(), "Observed less predicted") == f"+{gap:.1f}{NBSP}points"


def test_choices_of_later_years_stand_in_the_address_and_its_link_shows_the_same(
    open_loans: Callable[[], AppTest], open_app: Open
) -> None:
    at = opened(open_loans(), LATER)
    for key, value in (("evidence", "2003"), ("shift", "2002"), ("since", "2002"), ("until", "2003")):
        at.selectbox(key=f"{loans.NAME}:trust.{key}").set_value(value).run()
    found = address(at)
    assert found == {
        "book": loans.NAME,
        "open": "later",
        "evidence": "2003",
        "shift": "2002",
        "since": "2002",
        "until": "2003",
    }
    again = open_app(**found)
    assert answers(again) == answers(at)
    assert [each.value for each in again.code] == [each.value for each in at.code]
    assert address(again) == found


def test_the_release_compared_with_stands_in_the_address_once_it_is_not_the_first(
    open_loans: Callable[[], AppTest], loans_home: Path
) -> None:
    at = opened(open_loans(), LATER)
    assert "against" not in address(at)
    told = opened(open_loans(), LATER)
    assert (
        len(told.selectbox(key=f"{loans.NAME}:trust.against").options) == len(Store(loans_home, loans.NAME).ids()) - 1
    )


def test_what_one_book_is_looked_at_by_is_not_carried_into_another(
    open_loans: Callable[[], AppTest], open_app: Open, loans_home: Path
) -> None:
    at = open_loans()
    at.selectbox(key=f"{loans.NAME}:trust.evidence").set_value("2003").run()
    at.selectbox(key="_book_picker").set_value("cards").run()
    assert address(at) == {}
    assert "(vintage 2003)" not in sentence(at)


def test_each_book_has_its_own_inputs_to_look_at_in_one_visit(open_loans: Callable[[], AppTest], book: Book) -> None:
    at = opened(open_loans(), "_effects")
    own = at.selectbox(key=f"{loans.NAME}:trust.input")
    chosen = next(each for each in own.options if each != own.options[0])
    own.select(chosen).run()
    at.selectbox(key="_book_picker").set_value("cards").run()
    at = opened(at, "_effects")
    assert not at.exception
    labels = {each.label for each in book.contract.inputs}
    assert set(at.selectbox(key="trust.input").options) == labels
    assert all(any(each in told for each in labels) for told in at.selectbox(key="trust.pair").options)
    at.selectbox(key="_book_picker").set_value(loans.NAME).run()
    at = opened(at, "_effects")
    assert at.selectbox(key=f"{loans.NAME}:trust.input").options == own.options
    assert f"<h3>{chosen}" in markup(at)


def test_vintages_are_no_part_of_a_book_without_any(open_app: Open) -> None:
    at = open_app(open="later", shift="2007")
    assert [each.value.split(". ")[0] for each in at.warning] == [
        "There is no part of the page 'later' here",
        "There is no vintage '2007' here",
    ]
