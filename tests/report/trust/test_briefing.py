"""What is said of how far a model can be trusted, as values: held against what the evidence itself holds."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest

from data import books
from data.books import Book
from data.contract import Contract
from model.engine.identity import Deployed
from model.errors import ReleaseError
from model.monitoring.calibration import Bin
from model.monitoring.discrimination import auc_interval
from model.monitoring.drift import Drift, drift
from model.monitoring.fairness import groups
from model.monitoring.measures import Compared
from model.release.release import Release
from model.release.report import ChampionReport
from model.release.window import Window
from model.report import spreadsheet
from model.report.briefing import Briefing, Column, Finding, Item, Notice, Table
from model.report.numbers import NBSP
from model.report.release.card import CardTable, ModelCard, Section
from model.report.trust import drift as drifting
from model.report.trust import words
from model.report.trust.bands import cut_choice, evidence_choice
from model.report.trust.briefing import ReleaseContext, segment_choice, trust_briefing
from model.report.trust.drift import FileDrift, drift_table
from model.report.trust.fairness import fair_choices, group_table
from model.report.trust.gates import section_items
from model.report.trust.later import (
    OtherEvidence,
    chosen_window,
    release_labels,
    shift_choice,
    side_items,
    window_choices,
)
from model.report.trust.misses import miss_list
from model.validation.backtests import Sides, release_pair
from model.validation.effects import ModelEffects
from model.validation.result import TrustResult
from model.validation.validation import Miss, Subset, Validation
from model.validation.view import Choosable, TrustView, chosen_subset
from model.whatif.book.scored import ScoredBook
from tests.support import loans, proofs
from tests.support.kept import KeptReleases

HERE = ReleaseContext(Deployed("abcdef012345"))
AWAY = ReleaseContext(Deployed("v7", "elsewhere", foreign=True))


@pytest.fixture(scope="module")
def result(release: Release, book: Book, whole: ScoredBook) -> TrustResult:
    return TrustResult(Validation.of(release, book), release=release, look=lambda: ModelEffects(whole))


@pytest.fixture(scope="module")
def said(result: TrustResult) -> Briefing:
    return trust_briefing(result, {}, around=HERE)


@pytest.fixture(scope="module")
def of_loans(kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> TrustResult:
    home = tmp_path_factory.mktemp("loans")
    proofs.lay_down(home)
    release = kept.champion(home, loans.NAME, proofs.first)
    return TrustResult(Validation.of(release, books.read_book(loans.NAME, home)), release=release)


@pytest.fixture(scope="module")
def foreign(book: Book) -> TrustResult:
    return TrustResult(Validation.asked(book, np.linspace(-3, 1, len(book))))


def moved(index: int, psi: float, n: int = 5000) -> Drift:
    shares = np.full(11, 0.1)
    return Drift(index, psi, n=n, edges=np.arange(9.0), expected=shares, actual=shares)


def made(said: Briefing, key: str, **choices: str) -> tuple[Item, ...]:
    return next(each for each in said.panels if each.key == key).make(choices)


def findings(items: Sequence[Item]) -> dict[str, Finding]:
    return {each.key: each for each in items if isinstance(each, Finding)}


def table(said: Briefing, key: str, finding: str, **choices: str) -> Table:
    found = findings(made(said, key, **choices))[finding].table
    assert found is not None
    return found


def exact(found: Table, name: str) -> list[object]:
    """A column of the file."""
    k = next(k for k in found.places("file") if found.columns[k].heading == name)
    return [row[k] for row in found.exact]


def shown(found: Table, name: str) -> list[object]:
    """A column of the screen."""
    columns = [found.columns[k].name for k in found.places("screen")]
    return [row[columns.index(name)] for row in found.shown()]


def file_of(found: Table) -> list[list[str]]:
    return list(csv.reader(StringIO(spreadsheet.of_table(found).decode(spreadsheet.ENCODING))))


# ---- the whole ----------------------------------------------------------------------------------------------------


def test_sentence_tiles_and_points_tell_the_same_number_of_things(said: Briefing, release: Release, book: Book) -> None:
    evidence = release.evidence
    area = auc_interval(book.target[evidence.position], evidence.pd)
    assert f"AUC {area.value:.3f}, 95\N{NO-BREAK SPACE}%: {area.low:.3f}–{area.high:.3f})" in said.sentence
    assert said.tiles[0].value == f"{round(100 * area.value)} of 100 pairs"
    assert f"{words.COUNTS[len(said.points)]} to know" in said.sentence
    assert said.foot.startswith(f"Release {release.id}, trained {release.manifest['created'][:10]} on 30,000 customers")
    assert said.notices == ()


def test_findings_are_those_of_a_book_with_vintages_or_without(said: Briefing, of_loans: TrustResult) -> None:
    assert list(findings(said.findings)) == ["reliability", "roc"]
    own = trust_briefing(of_loans, {}, around=HERE)
    assert list(findings(own.findings)) == ["vintages", "reliability", "roc", "drift"]
    nobody = replace(of_loans, chosen=Subset("2003", "income", 3))  # of whom the income is not known
    assert nobody.measured.n == 0
    assert trust_briefing(nobody, {}, around=HERE).findings == ()


def test_of_a_foreign_model_nothing_is_claimed(foreign: TrustResult) -> None:
    own = trust_briefing(foreign, {}, around=AWAY)
    (notice,) = own.notices
    assert notice.text.startswith("Not available: the model v7 at elsewhere is not one of the releases known here")
    assert own.foot == ""
    assert len(own.tiles) == 4
    assert "_later" not in [each.key for each in own.panels]
    for key in ("_effects", "_moved", "_gates"):
        (only,) = made(own, key)
        assert isinstance(only, Notice)
        assert only.text.startswith("Not available: ")


def test_a_panel_reads_what_the_address_holds(result: TrustResult) -> None:
    other = result.proof.contract.segments[-1]
    held = trust_briefing(result, {"by": other.name}, around=HERE)
    assert table(held, "_bands", "bands").title == f"The model by {other.label.lower()}"


def test_every_choice_of_the_page_can_be_made_in_its_address(of_loans: TrustResult) -> None:
    proof = of_loans.proof
    there = Choosable(proof, of_loans.release)
    choices = [cut_choice(proof), evidence_choice(proof, "by_evidence"), segment_choice(proof), shift_choice(of_loans)]
    for each in (*choices, *window_choices(of_loans), *fair_choices(proof.contract, "")[:1]):
        assert each.options
        assert {name for name, _ in each.options} - {each.default} <= set(there.known(each.key)), each.key


def test_an_address_says_which_records_are_looked_at(of_loans: TrustResult) -> None:
    proof = of_loans.proof
    view = TrustView().with_value("evidence", "2003").with_value("segment", "income:1")
    assert chosen_subset(view, proof) == Subset("2003", "income", 1)
    strange = TrustView().with_value("evidence", "1999").with_value("segment", "income:9")
    assert chosen_subset(strange, proof) == Subset()


# ---- where it ranks and speaks truly ------------------------------------------------------------------------------


def test_bands_hold_every_record_and_their_own_rates(said: Briefing, result: TrustResult, book: Book) -> None:
    contract, evidence = book.contract, result.proof
    segment = contract.segments[0]
    found = table(said, "_bands", "bands", by=segment.name)
    band = contract.bands(segment, contract.values(book.raw), len(book))[evidence.position]
    kept = [k for k in range(contract.band_count(segment)) if (band == k).any()]
    assert shown(found, "n") == [int((band == k).sum()) for k in kept]
    assert exact(found, "Missed") == [int(evidence.outcome[band == k].sum()) for k in kept]
    assert exact(found, "Observed, %") == pytest.approx([evidence.outcome[band == k].mean() for k in kept])
    assert exact(found, "Predicted, %") == pytest.approx([evidence.pd[band == k].mean() for k in kept])
    assert set(shown(found, "Threshold")) == {"within 1.2 points"}


def test_file_of_bands_has_figures_and_none_of_the_texts(said: Briefing, result: TrustResult) -> None:
    head = file_of(table(said, "_bands", "bands"))[0]
    assert head == [
        *(result.proof.contract.segments[0].label, "n", "Missed"),
        *("Observed, %", "Observed, low, %", "Observed, high, %", "Predicted, %"),
        *("AUC", "AUC, low", "AUC, high", "KS", "Says what happens"),
    ]


def test_vintages_sum_to_all_records_and_tell_their_evidence(of_loans: TrustResult) -> None:
    own = trust_briefing(of_loans, {}, around=HERE)
    found = table(own, "_bands", finding="bands", by="vintage", by_evidence="crossed")
    assert sum(map(int, map(str, shown(found, "n")))) == len(of_loans.proof)
    assert shown(found, "Evidence")[-1] == "after its test"
    assert "Bad" in file_of(found)[0]
    assert evidence_choice(of_loans.proof, "by_evidence", "vintage").options == ()


def test_of_a_band_where_all_outcomes_are_alike_nothing_is_drawn(result: TrustResult) -> None:
    paid = np.flatnonzero(result.proof.outcome == 0)
    proof = result.proof
    parts = {name: getattr(proof, name)[paid] for name in ("position", "pd", "outcome", "source")}
    own = trust_briefing(replace(result, proof=replace(proof, **parts, _known={})), {}, around=HERE)
    found = findings(made(own, "_bands"))
    assert found["alike"].text == ("All outcomes are alike: nothing to separate.",)
    assert not {"separation", "gains"} & set(found)


# ---- later years --------------------------------------------------------------------------------------------------


def test_a_release_alone_is_shown_by_vintage(of_loans: TrustResult) -> None:
    (only,) = side_items(of_loans, OtherEvidence(), {})
    assert isinstance(only, Finding)
    assert only.text == (words.NO_OTHER,)
    assert only.table is not None
    assert shown(only.table, "Vintage") == [each.name for each in of_loans.proof.by_vintage()]


def test_two_releases_stand_side_by_side_with_exact_figures_in_the_file(of_loans: TrustResult) -> None:
    both = release_pair(of_loans.proof, of_loans.proof)
    others = OtherEvidence({"aaaaaabbbbbb": "the other"}, lambda _: (both, Window(2001, 2005)))
    found = findings(side_items(of_loans, others, {}))["sides"]
    assert found.table is not None
    assert "Dashed: the other." in found.note
    head, first, *_ = file_of(found.table)
    row = both.rows[0].champion
    assert row is not None
    assert of_loans.release is not None
    own = f"release {of_loans.release.id[:6]}"
    assert float(first[head.index(f"Predicted, {own}, %")]) == pytest.approx(100 * row.predicted, rel=1e-14)
    assert float(first[head.index("Predicted, release aaaaaa, %")]) == pytest.approx(100 * row.predicted, rel=1e-14)


def test_a_release_that_cannot_be_read_says_why(of_loans: TrustResult) -> None:
    def gone(_: str) -> tuple[Sides, Window]:
        raise ReleaseError("Release b was altered.")

    (told,) = side_items(of_loans, OtherEvidence({"b": "b"}, gone), {})
    assert told == Notice("Release b was altered.", "warning")


def test_a_challenger_stands_first_then_the_youngest(release: Release) -> None:
    manifests = dict.fromkeys(("first", "second", "third"), release.manifest)
    assert list(release_labels(manifests, {})) == ["third", "second", "first"]
    labels = release_labels(manifests, {"challenger": "second", "champion": "first"})
    assert list(labels) == ["second", "third", "first"]
    assert labels["second"] == "release second, fitted to whole book, challenger"


def test_the_intercept_is_shifted_to_the_first_year_after_the_training(of_loans: TrustResult) -> None:
    own = trust_briefing(of_loans, {}, around=HERE)
    choice = shift_choice(of_loans)
    assert [name for name, _ in choice.options] == ["2001", "2002", "2003", "2004", "2005"]
    assert choice.default == "2005"
    assert shown(table(own, "_later", "shifted"), "Vintage") == ["2006"]
    found = table(own, "_later", "shifted", shift="2002")
    assert shown(found, "Vintage") == ["2003", "2004", "2005", "2006"]
    proof = of_loans.proof
    assert proof.vintage is not None
    at_2006 = proof.pd[proof.vintage == 2006]
    assert exact(found, "Predicted as released, %")[-1] == pytest.approx(at_2006.mean())
    odds = np.exp(of_loans.recalibration(2002.0).shift) * at_2006 / (1 - at_2006)
    assert exact(found, "Predicted as shifted, %")[-1] == pytest.approx((odds / (1 + odds)).mean())


def test_a_window_without_a_vintage_is_told(of_loans: TrustResult) -> None:
    assert chosen_window(of_loans, {}) == Window(2001, 2004)
    assert chosen_window(of_loans, {"until": "2003"}) == Window(2001, 2003)
    told = chosen_window(of_loans, {"since": "2006"})
    assert isinstance(told, Notice)
    assert told.text.startswith("From 2006 to 2004 there is nothing")


# ---- what it looks at ---------------------------------------------------------------------------------------------


def test_every_table_of_the_model_is_listed_with_its_cells(said: Briefing, release: Release) -> None:
    tables = release.scorer.tables
    found = table(said, "_effects", "tables")
    assert len(found.exact) == len(tables.first)
    assert sum(map(int, map(str, shown(found, "Cells")))) == len(tables.cells)
    moves = [float(str(each)) for each in exact(found, "Moves the score by, points")]
    assert moves == sorted(moves, reverse=True)


def test_an_input_and_a_pair_can_be_chosen(said: Briefing, result: TrustResult) -> None:
    other = result.proof.contract.inputs[-1]
    plain, chosen = (findings(made(said, "_effects", **own)) for own in ({}, {"input": other.name, "moves": "inputs"}))
    assert chosen["effect"].headline.startswith(other.label)
    assert plain["importance"].chart != chosen["importance"].chart


# ---- has the world moved ------------------------------------------------------------------------------------------


def test_drift_table_starts_with_the_score_and_gives_threshold_and_verdict(contract: Contract) -> None:
    found = drift_table(contract, [moved(0, 0.12), moved(1, 0.40), moved(-1, 0.01)])
    assert shown(found, "What") == ["Score (PD)", contract.inputs[1].label, contract.inputs[0].label]
    assert shown(found, "Verdict") == ["✓ holds", "✗ does not hold", "◐ watch"]
    assert set(exact(found, "Threshold")) == {"below 0.10, at most 0.25"}
    assert "Threshold" not in [found.columns[k].name for k in found.places("screen")]


def test_every_text_on_drift_tells_the_contracts_own_bounds(result: TrustResult) -> None:
    proof = result.proof
    gates = proof.contract.gates.model_copy(update={"psi_at_most": 0.2, "csi_at_most": 0.3})
    contract = proof.contract.model_copy(update={"gates": gates})
    own = replace(proof, book=replace(proof.book, contract=contract), _known={})
    found = drift_table(contract, [moved(0, 0.27), moved(-1, 0.27)])
    assert exact(found, "Threshold") == ["below 0.10, at most 0.20", "below 0.10, at most 0.30"]
    assert shown(found, "Verdict") == ["✗ does not hold", "◐ watch"]
    for told in (words.limits_words(contract), words.trust_method(own)):
        assert "0.20 of the score, 0.30 of an input" in told
        assert "0.25" not in told
    assert "above 0.25." in words.limits_words(proof.contract)


def test_a_book_that_is_all_training_has_nothing_to_compare_but_a_file(
    said: Briefing, result: TrustResult, release: Release, book: Book
) -> None:
    (only,) = made(said, "_moved")
    assert isinstance(only, Finding)
    assert "nothing of it can have moved" in only.text[0]
    raw = book.raw[:, :500]
    given = FileDrift("few.csv", drift(release.snapshot, book.contract.derive(raw), np.full(500, 0.2)))
    items = drifting.drift_items(result, {}, given)
    found = findings(items)
    assert found["moved"].headline.endswith(": the file few.csv, n = 500")
    assert found["drifts"].table is not None
    psi = dict(zip(exact(found["drifts"].table, "What"), exact(found["drifts"].table, "PSI or CSI"), strict=True))
    for k, each in enumerate(book.contract.inputs):
        assert psi[each.label] == pytest.approx(given.drifts[k].psi)
    assert "Against 30,000 records of the training." in found["drifts"].note


def test_of_a_small_file_it_is_warned_of_chance(result: TrustResult) -> None:
    given = FileDrift("few.csv", (moved(-1, 0.3, 40), moved(0, 0.2, 40)))
    notices = [each for each in drifting.drift_items(result, {}, given) if isinstance(each, Notice)]
    assert [each.level for each in notices] == ["warning"]
    assert notices[0].text.startswith("Of 40 records, chance alone")


def test_later_vintages_are_held_against_the_training(of_loans: TrustResult) -> None:
    own = trust_briefing(of_loans, {}, around=HERE)
    found = findings(made(own, "_moved"))
    assert set(found) == {"moved", "drifts", "distribution"}
    beyond = findings(made(own, "_moved", compare="beyond", distribution_of="score"))
    assert "after its test, 2006" in beyond["moved"].headline
    assert beyond["distribution"].chart != found["distribution"].chart


# ---- fairness -----------------------------------------------------------------------------------------------------


def test_small_groups_are_suppressed_in_every_column(contract: Contract) -> None:
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1, 2], [100, 100, 12])
    selected, good = rng.random(212) < 0.6, rng.random(212) < 0.8
    found = groups(selected, good, group, ("one", "two", "few"))
    bins = [Bin(each.n, 0.2, observed=0.2, low=0.1, high=0.3) for each in found]
    told = group_table(contract, contract.protected()[0], found, bins)
    assert shown(told, "Group") == ["one", "two", "few"]
    assert set(told.shown()[2][2:]) == {"suppressed"}
    assert "suppressed" not in told.shown()[0]
    head, first, _, few = file_of(told)
    assert set(few[2:]) == {""}
    assert float(first[head.index("Ratio")]) == found[0].impact
    assert float(first[head.index("Equal-opportunity difference, points")]) == pytest.approx(100 * found[0].opportunity)
    assert float(first[head.index("Observed, high, %")]) == 30
    assert "not legal findings" in words.fair_note(contract, 520)


def test_groups_sum_to_the_evidence_and_a_higher_cutoff_grants_fewer(said: Briefing, result: TrustResult) -> None:
    before, after = (table(said, "_falls", "groups", **own) for own in ({}, {"fair_cutoff": "560"}))
    assert sum(map(int, map(str, exact(before, "Customers")))) == len(result.proof)
    for few, many in zip(exact(after, "Granted"), exact(before, "Granted"), strict=True):
        assert few is None or float(str(few)) < float(str(many))


def test_protected_figures_are_withheld_wherever_they_stand(result: TrustResult, release: Release) -> None:
    why = "To see protected attributes takes the role analyst or higher."
    own = trust_briefing(result, {}, around=HERE, withheld=why)
    (only,) = made(own, "_falls")
    assert isinstance(only, Finding)
    assert (only.note, only.chart, only.table) == (why, None, None)
    found = table(own, "_gates", "gates")
    kinds = [gate.kind for gate in release.report.gates]
    for kind, figure, read in zip(kinds, exact(found, "Figure"), shown(found, "Figure"), strict=True):
        assert (figure is None) == (kind == "fairness")
        assert (read == "for analysts") == (kind == "fairness")
    open_to_all = table(trust_briefing(result, {}, around=HERE), "_gates", "gates")
    assert exact(open_to_all, "Figure") == [gate.figure for gate in release.report.gates]


def test_a_book_without_protected_attributes_says_so(result: TrustResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.contract.Contract.protected", lambda _: ())
    (only,) = made(trust_briefing(result, {}, around=HERE), "_falls")
    assert only == Notice(words.NO_PROTECTED)
    assert fair_choices(result.proof.contract, "") == ()


# ---- misses -------------------------------------------------------------------------------------------------------


def test_misses_are_the_highest_of_those_who_paid_and_the_lowest_of_those_who_did_not(
    said: Briefing, result: TrustResult, book: Book
) -> None:
    proof = result.proof
    found = findings(made(said, "_misses"))
    ids = book.ids[proof.position]
    worst = ids[np.argmax(np.where(proof.outcome == 0, proof.pd, -1))]
    assert found["paid"].links[0].query == {"customer": str(worst)}
    assert found["paid"].links[0].label == f"Customer {worst:,}"
    both = found["misses"].table
    assert both is not None
    assert not found["misses"].drawn
    assert exact(both, "Missed") == ["no"] * 10 + ["yes"] * 10
    numbers = [int(each.query["customer"]) for key in ("paid", "lost") for each in found[key].links]
    assert exact(both, "Customer") == numbers
    place = {int(each): k for k, each in enumerate(ids)}
    assert exact(both, "PD predicted, %") == [float(proof.pd[place[each]]) for each in numbers]


def test_what_was_lost_stands_beside_a_miss_where_it_is_known(contract: Contract) -> None:
    rows = [Miss(k, 0.1, defaulted=True, loss=loss, own_loss=loss) for k, loss in ((1, 5000.0), (2, np.nan))]
    lost, unknown = (miss_list(contract, "Lost", own, "lost") for own in (rows, rows[1:]))
    assert lost.table is not None
    assert unknown.table is not None
    assert [each.name for each in lost.table.columns] == ["Customer", "PD predicted", "Lost"]
    assert shown(lost.table, "Lost") == [f"NT${NBSP}5,000", ""]
    assert len(unknown.table.columns) == len(unknown.widths) == 2


# ---- gates and card -----------------------------------------------------------------------------------------------


def test_every_gate_variant_and_champion_is_told_with_its_exact_figures(result: TrustResult, release: Release) -> None:
    beside = ChampionReport(
        "aa", 9000, measures=(Compared("auc", 0.78, champion=0.77, difference=0.01, low=0.005, high=0.015),)
    )
    own = replace(result, release=replace(release, report=replace(release.report, champion=beside)))
    found = findings(made(trust_briefing(own, {}, around=HERE), "_gates"))
    assert list(found) == ["gates", "costs", "champion"]
    assert all(each.shape == "texts" for each in found.values())
    assert found["champion"].table is not None
    assert exact(found["champion"].table, "Difference") == [0.01]
    assert shown(found["champion"].table, "Reading") == ["better"]
    assert found["costs"].table is not None
    first = next(iter(release.report.cross_validation.values()))
    assert exact(found["costs"].table, "AUC")[0] == first.auc


def test_gates_that_were_passed_over_are_told_and_the_card_follows(result: TrustResult, release: Release) -> None:
    gates = release.report.gates
    missed = tuple(replace(gate, figure=0.5) if gate.name == "auc" else gate for gate in gates)
    own = replace(result, release=replace(release, report=replace(release.report, gates=missed)))
    card = ModelCard(release.id, "Card", "of a test", (Section("data", "Data", text=("Made up.",)),))
    around = replace(HERE, overridden=lambda: {"auc"}, card=lambda: card)
    items = made(trust_briefing(own, {}, around=around), "_gates")
    found = findings(items)["gates"].table
    assert found is not None
    verdicts = [str(each) for each in shown(found, "Verdict")]
    assert [each for each in verdicts if each.endswith(", overridden")] == [
        each for each, gate in zip(verdicts, missed, strict=True) if gate.name == "auc"
    ]
    last = items[-1]
    assert isinstance(last, Finding)
    assert (last.headline, last.text) == ("Data", ("Made up.",))


def test_sections_of_a_card_are_findings_and_the_loud_ones_warnings() -> None:
    tables = tuple(CardTable(each, ("One", "Two"), (("a", "b"),)) for each in ("Rates", "More"))
    heading, first, second = section_items(Section("rates", "Rates", text=("Said.",), items=("listed",), tables=tables))
    assert isinstance(heading, Finding)
    assert (heading.headline, heading.text, heading.points) == ("Rates", ("Said.",), ("listed",))
    assert isinstance(first, Finding)
    assert isinstance(second, Finding)
    assert (first.text, second.text) == ((), ("More",))  # a caption that its section's title says already
    assert (first.offered, first.shape, first.widths) == (False, "texts", (25,))
    assert first.table == Table("card-rates-0", "Rates", (Column("One"), Column("Two")), (("a", "b"),))
    (warning,) = section_items(
        Section("over", "Gates were overridden", text=("Why.",), items=("AUC.", "KS."), loud=True)
    )
    assert warning == Notice("Gates were overridden: AUC; KS. Why.", "warning")
