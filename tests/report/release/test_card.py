"""The model card: all that a release holds of itself, in one file that needs nothing else."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from data.books import Book
from data.contract import Contract, read_contract
from data.proposing import drafting
from data.provenance import provenance
from model.registry.mlflow import record
from model.release.register import Moved
from model.release.release import Release
from model.release.report import ReleaseReport
from model.release.store import Store
from model.release.variants import SHIPPED
from model.report.release import card as cards
from model.report.release import words
from model.report.release.card import ModelCard, Section, card_of
from tests.support.forging import failing, forge, told_of

SECTIONS = [
    "purpose",
    "users",
    "not_for",
    "owner",
    "tier",
    "dates",
    "data",
    "built",
    "inputs",
    "never",
    "metrics",
    "costs",
    "champion",
    "gates",
    "groups",
    "limits",
    "reasons",
    "history",
    "fingerprints",
]
VOID = {"meta"}
AT = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


class Markup(HTMLParser):
    """Reads a page, and fails where an element is not closed, or closed by another."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def card(release: Release, book: Book) -> ModelCard:
    """The card of the shared champion."""
    history = [Moved(AT, "champion", release=release.id, who="ann", why="It is the first")]
    return card_of(release, history, aliases={"champion": release.id}, book=book, provenance=provenance("cards"))


def part(card: ModelCard, name: str) -> Section:
    found = card.section(name)
    assert found is not None
    return found


def rows(card: ModelCard, name: str, table: int = 0) -> list[tuple[str, ...]]:
    return list(part(card, name).tables[table].rows)


def facts(card: ModelCard, name: str, table: int = 0) -> dict[str, str]:
    return {row[0]: row[1] for row in rows(card, name, table)}


def with_report(release: Release, **more: Any) -> Release:
    report = {**release.report.as_dict(), **more}
    return replace(release, report=ReleaseReport.from_json(json.dumps(report).encode()))


def with_contract(release: Release, contract: Contract) -> Release:
    return replace(release, scorer=replace(release.scorer, contract=contract))


def altered(contract: Contract, pattern: str, text: str) -> Contract:
    """The contract with a part of its file rewritten."""
    old = contract.text.decode()
    new = re.sub(pattern, lambda _: text, old, count=1, flags=re.MULTILINE | re.DOTALL)
    assert new != old
    return read_contract(new.encode())


# ---- what stands on it ----------------------------------------------------------------------------------------------


def test_every_section_is_there_in_its_order(card: ModelCard):
    assert [each.name for each in card.sections] == SECTIONS
    assert all(each.text or each.items or each.tables for each in card.sections)


def test_what_people_said_is_told_as_they_said_it(card: ModelCard, contract: Contract):
    said = contract.card
    assert said is not None
    for name in ("purpose", "users", "owner", "tier", "not_for"):
        assert part(card, name).text == (getattr(said, name),)
    assert part(card, "tier").title == "Tier under SR 26-2 (formerly SR 11-7)"
    assert part(card, "limits").items == said.limits
    assert facts(card, "dates")["Next review"] == said.next_review


def test_a_contract_without_a_card_says_that_it_does_not_tell(release: Release, contract: Contract, book: Book):
    silent = with_contract(release, altered(contract, r"^\[card\].*?(?=^# Business)", ""))
    card = card_of(silent, [], {}, book)
    for name in ("purpose", "users", "owner", "tier", "not_for"):
        assert part(card, name).text == (cards.NOT_TOLD,)
    assert part(card, "limits").items == (cards.NOT_TOLD,)
    assert facts(card, "dates")["Next review"] == "not set in the contract"


def test_dates_are_those_of_training_and_promotion(card: ModelCard, release: Release):
    found = facts(card, "dates")
    assert found["Trained"] == words.utc(str(release.manifest["created"]))
    assert found["Promoted to champion"] == "4 Mar 2026, 09:30 UTC"
    assert found["Points to it now"] == "champion"


def test_a_release_that_was_never_promoted_says_so(release: Release):
    card = card_of(release, [Moved(AT, "champion", "another", "ann")], {"champion": "another"})
    found = facts(card, "dates")
    assert found["Promoted to champion"] == "never, as far as is on record"
    assert found["Points to it now"] == "no alias"
    assert "No alias has pointed to this release" in part(card, "history").text[0]


def test_the_data_are_told_with_their_origin(card: ModelCard, book: Book):
    found = facts(card, "data")
    assert found["Fitted to the vintages"] == "whole book"
    assert found["Records fitted to"] == f"{len(book):,} customers"
    assert found["Outcome rate among them"].replace("\N{NO-BREAK SPACE}", " ") == "22.1 %"
    origin = facts(card, "data", 1)
    assert origin["Publisher"].startswith("UCI")
    assert origin["DOI"] == "10.24432/C55S3H"
    assert origin["Licence"] == "CC BY 4.0"


def test_an_origin_of_another_snapshot_is_not_told(release: Release, book: Book):
    other = {**provenance("cards"), "sha256": "0" * 64}
    card = card_of(release, [], aliases={}, book=book, provenance=other)
    assert part(card, "data").text == ("Nothing is on record of where the snapshot comes from.",)


def test_a_book_without_a_record_of_its_origin_has_none(tmp_path: Path, contract: Contract):
    own = tmp_path / "books" / "mine"
    own.mkdir(parents=True)
    (own / "contract.toml").write_bytes(contract.text.replace(b'name = "cards"', b'name = "mine"', 1))
    assert provenance("mine", tmp_path) == {}
    (own / "provenance.toml").write_text('title = "Ours"\nparts = ["a"]\nrows = 3\n')
    assert provenance("mine", tmp_path) == {"title": "Ours", "rows": "3"}
    (own / "provenance.toml").write_text("title =")
    assert provenance("mine", tmp_path) == {}


def test_inputs_are_told_with_concept_and_direction(card: ModelCard, contract: Contract):
    found = rows(card, "inputs")
    assert [row[0] for row in found] == [each.label for each in contract.inputs]
    by = {row[0]: row for row in found}
    for each in contract.inputs:
        _, concept, direction, *_ = by[each.label]
        assert concept == contract.concept(each.concept).label
        assert direction == {1: "never falls", -1: "never rises", 0: "free"}[each.direction]


def test_what_is_never_scored_is_named(card: ModelCard, contract: Contract):
    found = {row[1]: row[2] for row in rows(card, "never")}
    assert {each.name for each in contract.protected()} < set(found)
    assert found[contract.book.target] == "the outcome itself"
    assert {each.name for each in contract.record}.isdisjoint(found)
    assert all(each.label in part(card, "never").text[0] for each in contract.protected())


def test_fields_known_after_the_outcome_are_named_as_never_scored(release: Release, contract: Contract):
    field = (
        '[[fields]]\nname = "recovered"\nlabel = "Amount recovered"\nrole = "post-outcome"\n\n[[fields]]\nname = "sex"'
    )
    other = altered(contract, r'^\[\[fields\]\]\nname = "sex"', field)
    card = card_of(with_contract(release, other), [], {})
    assert part(card, "never").text[1] == "Known only after the outcome, never scored: Amount recovered."
    assert ("Amount recovered", "recovered", "known only after the outcome") in rows(card, "never")


# ---- how it was tested ----------------------------------------------------------------------------------------------


def test_metrics_are_those_of_the_released_model(card: ModelCard, release: Release):
    own = release.report.as_dict()["cross_validation"]["pairwise, monotone (shipped)"]
    (row,) = rows(card, "metrics")
    assert row == ("Cross-validated, 5 folds", *(f"{own[name]:.4f}" for name in words.MEASURES))
    late, folds = part(card, "metrics").text
    assert late == "Not tested out of time: no vintages later than those it was fitted to."
    assert "mean of the folds' AUCs" in folds


def later(release: Release) -> dict[str, Any]:
    return {
        "window": {"since": 2006, "until": 2007},
        "n": 1200,
        "predicted": 0.2,
        "observed": 0.2345,
        "variants": release.report.as_dict()["cross_validation"],
    }


def test_a_test_out_of_time_is_told_with_what_was_predicted_and_observed(release: Release):
    card = card_of(with_report(release, later=later(release)), [], {})
    assert [row[0] for row in rows(card, "metrics")] == ["Cross-validated, 5 folds", "Out of time, 2006 to 2007"]
    told, _ = part(card, "metrics").text
    assert told.replace("\N{NO-BREAK SPACE}", " ") == (
        "In 2006 to 2007, 1,200 customers, the mean predicted probability was 20.0 % and the share observed 23.4 %."
    )
    assert facts(card, "data")["Tested out of time on"] == "2006 to 2007, 1,200 customers"
    assert part(card, "costs").tables[0].caption == "Variants of the model, in later vintages, 2006 to 2007"


def test_what_constraints_cost_is_told_from_pairwise_to_unconstrained(card: ModelCard, release: Release):
    found = release.report.as_dict()["cross_validation"]
    pairwise, free = (round(found[label]["auc"], 4) for label in ("pairwise", "unconstrained"))
    (told,) = part(card, "costs").text
    assert f"AUC is {free - pairwise:.4f} below that without constraints ({pairwise:.4f} against {free:.4f})" in told
    assert len(rows(card, "costs")) == 4


@pytest.mark.parametrize(
    ("pairwise", "told"),
    [(0.75, "0.0500 below that without"), (0.80, "no lower than that without"), (0.81, "0.0100 above that without")],
)
def test_the_cost_of_pairs_is_told_whichever_way_it_falls(release: Release, pairwise: float, told: str):
    aucs = {"pairwise, monotone (shipped)": 0.75, "pairwise": pairwise, "unconstrained": 0.80}
    shipped = release.report.cross_validation["pairwise, monotone (shipped)"]
    found = {label: replace(shipped, auc=auc) for label, auc in aucs.items()}
    assert told in words.cost_sentence(replace(release.report, cross_validation=found, later=None))


def test_the_champion_it_was_held_against_is_told_with_intervals(release: Release):
    measures = [
        {"name": "auc", "candidate": 0.79, "champion": 0.78, "difference": 0.01, "low": 0.004, "high": 0.016},
        {"name": "brier", "candidate": 0.14, "champion": 0.13, "difference": 0.01, "low": 0.002, "high": 0.018},
        {"name": "ece", "candidate": 0.01, "champion": 0.01, "difference": 0.0, "low": -0.002, "high": 0.002},
    ]
    card = card_of(with_report(release, champion={"id": "aa", "n": 9000, "measures": measures}), [], {})
    assert [row[3:] for row in rows(card, "champion")] == [
        ("+0.0100 (+0.0040 to +0.0160)", "better"),
        ("+0.0100 (+0.0020 to +0.0180)", "worse"),
        ("0.0000 (\N{MINUS SIGN}0.0020 to +0.0020)", "no clear difference"),
    ]
    assert "Held against release aa, on 9,000 records neither had seen." in part(card, "champion").text[0]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("later", "on 9,000 records of later vintages than both were fitted to. Difference"),
        ("crossed", "on 9,000 records both predicted in cross-validation. Difference"),
    ],
)
def test_the_records_on_which_the_champion_was_met_are_told(release: Release, kind: str, told: str):
    measure = {"name": "auc", "candidate": 0.79, "champion": 0.78, "difference": 0.01, "low": 0.004, "high": 0.016}
    champion = {"id": "aa", "kind": kind, "n": 9000, "measures": [measure], "why_not": ""}
    assert told in part(card_of(with_report(release, champion=champion), [], {}), "champion").text[0]


def test_why_it_was_not_held_against_the_champion_is_told(release: Release):
    champion = told_of("aa", "Its contract reads other fields.")
    section = part(card_of(with_report(release, champion=champion), [], {}), "champion")
    told = "Not compared with release aa, the champion then. Its contract reads other fields."
    assert (section.text, section.tables) == ((told,), ())


def test_a_release_that_stood_alone_says_so(card: ModelCard):
    assert part(card, "champion").text[0].startswith("When it was made there was no champion")


def test_every_gate_is_told_with_threshold_figure_verdict_and_note(card: ModelCard, release: Release):
    found = rows(card, "gates")
    assert [row[0] for row in found] == [gate["label"] for gate in release.report.as_dict()["gates"]]
    by = {gate["name"]: row for gate, row in zip(release.report.as_dict()["gates"], found, strict=True)}
    assert by["auc"][2:4] == ("at least 0.780", "passed")
    assert by["impact"][3] == "watch"
    assert "A monitoring metric, not a legal finding." in by["impact"][4]
    assert by["margins"][2] == "at least 9 decimals"
    assert by["monotone"][1:3] == ("none", "none")


def test_groups_are_told_with_intervals_on_records_the_model_had_not_seen(card: ModelCard, contract: Contract):
    section = part(card, "groups")
    assert [each.caption for each in section.tables] == [each.label for each in contract.protected()]
    assert "30,000 customers in cross-validation" in section.text[0]
    assert "Monitoring metrics, not legal findings" in section.text[0]
    sex = {row[0]: row for row in rows(card, "groups")}
    assert re.fullmatch(r"0\.\d\d \(0\.\d\d to \d\.\d\d\)", sex["male"][3])
    assert sex["female"][3] == "1.00, the highest"


def test_groups_of_later_vintages_are_told_where_there_are_any(release: Release, book: Book):
    own = release.evidence
    after = replace(own, kind=(own.position % 10 == 0).astype("int8"))
    tested = replace(release)
    object.__setattr__(tested, "evidence", after)
    told = part(card_of(tested, [], {}, book), "groups").text[0]
    assert told.startswith("3,000 customers of later vintages")


def test_groups_are_not_available_without_the_snapshot_the_release_was_made_of(release: Release, book: Book):
    for other in (None, replace(book, sha256="0" * 64)):
        card = card_of(release, [], {}, other)
        assert part(card, "groups").text[0].startswith("Not available here")
        assert "Outcome rate among them" not in facts(card, "data")


def test_groups_are_kept_from_those_who_may_not_see_them(release: Release, book: Book):
    section = part(card_of(release, [], aliases={}, book=book, by_group=False), "groups")
    assert section.tables == ()
    assert section.text == ("Shown to those only who may see protected attributes.",)


def test_where_nothing_protected_is_in_the_book_groups_are_not_available(release: Release, contract: Contract):
    other = altered(contract, r'^\[\[fields\]\]\nname = "sex".*?(?=^\[\[fields\]\]\nname = "missed)', "")
    card = card_of(with_contract(release, other), [], {})
    assert part(card, "groups").text == ("Not available: nothing protected is in the book.",)
    assert part(card, "never").text[0] == "Nothing protected is in the book."


def test_what_reasons_do_not_mean_is_said(card: ModelCard):
    told = " ".join(part(card, "reasons").items)
    assert "not causes" in told
    assert "the average customer of the book" in told
    assert "no recommendation" in told


def test_fingerprints_hold_every_file(card: ModelCard, release: Release):
    found = facts(card, "fingerprints")
    assert found["Artefact"] == release.artefact
    assert found["Data"] == release.manifest["data_sha256"]
    assert found["Contract"] == release.contract.hash
    assert set(found) >= {"Lock file", "Code", *release.manifest["files"]}


def test_a_recalibrated_release_says_on_what_and_by_how_much(release: Release):
    again = {"since": 2008, "until": 2009, "shift": -0.25}
    own = replace(
        release, manifest={**release.manifest, "window": {"since": 2003, "until": 2006}, "recalibrated": again}
    )
    card = card_of(with_report(own, cross_validation=shipped_only(own)), [], {})
    found = facts(card, "data")
    assert found["Fitted to the vintages"] == "2003 to 2006, recalibrated on 2008 to 2009"
    assert found["Recalibration"] == "all log-odds shifted by \N{MINUS SIGN}0.250"
    assert "there its calibration is off on purpose" in " ".join(part(card, "metrics").text)
    assert part(card, "costs").text == ("Not compared: only the model as shipped was measured there.",)
    assert [row[0] for row in rows(card, "costs")] == ["Pairwise, monotone (shipped)"]


def shipped_only(release: Release) -> dict[str, Any]:
    """What cross-validation tells of a model whose less constrained variants were not measured."""
    return {SHIPPED.label: release.report.as_dict()["cross_validation"][SHIPPED.label]}


# ---- overrides ------------------------------------------------------------------------------------------------------


@pytest.fixture
def overridden(own_home: Path, release: Release, book: Book) -> ModelCard:
    """The card of a release that was promoted although a gate had failed, and went back once."""
    store = Store(own_home, "cards")
    other = forge(store, release.id, {"gates.json": failing(release, "auc")})
    store.promote(other, "challenger", "ann", "To compare", "Only <compared>")
    store.promote(other, "champion", "bob", "Newer data", "The board accepts it")
    return card_of(store.load(other), store.history(), store.aliases(), book)


def test_overrides_stand_first_with_reason_who_when_and_which_gates(overridden: ModelCard):
    first = overridden.sections[0]
    assert (first.name, first.loud) == ("overrides", True)
    assert first.items == ("AUC 0.123 (at least 0.780 is asked).",)
    assert [row[1:] for row in first.tables[0].rows] == [
        ("champion", "bob", "Ranks well: AUC", "The board accepts it", "Newer data"),
        ("challenger", "ann", "Ranks well: AUC", "Only <compared>", "To compare"),
    ]
    assert "Gates: 1 failed." in overridden.subtitle
    gate = next(row for row in rows(overridden, "gates") if row[0] == "Ranks well: AUC")
    assert gate[3] == "failed, overridden"
    assert 'id="overrides" class="loud"' in cards.html(overridden)


def test_the_figure_of_an_overridden_gate_on_groups_is_for_those_who_may_see_it(own_home: Path, release: Release):
    store = Store(own_home, "cards")
    report = json.loads(failing(release, "impact"))
    next(gate for gate in report["gates"] if gate["name"] == "impact")["stops"] = True
    other = store.load(forge(store, release.id, {"gates.json": json.dumps(report).encode()}))
    store.promote(other.id, "champion", "bob", "Newer data", "The board accepts it")
    seen, hidden = (card_of(other, store.history(), store.aliases(), by_group=each) for each in (True, False))
    assert seen.sections[0].items == ("Approval ratio by education 0.12 (at least 0.80 is asked).",)
    assert hidden.sections[0].items == ("Approval ratio of groups (at least 0.80 is asked).",)
    assert "0.12 (at least" not in cards.html(hidden)


def test_a_gate_passed_over_that_only_the_present_champion_failed_is_named_in_words(release: Release):
    moved = Moved(
        AT, "champion", release=release.id, who="bob", why="Newer data", override="Expected", gates=("psi_champion",)
    )
    first = card_of(release, [moved], {}).sections[0]
    assert first.tables[0].rows[0][3] == "drift of the score since the champion"


HELD_OPEN = [
    "To be written: what this model is for.",
    "To be named.",
    "To be set: how much depends on it.",
    "TBD",
    "to do",
    "TODO: ask",
    "To be written by the owner",
    "  to be   confirmed ",
    "?",
    "...",
    "<to be named>",
    "Fill in",
    "xxx",
    "Any decision, until its contract was read.",
    "Proposed from loans.csv; inputs, directions and ranges are guesses until reviewed.",
]


@pytest.mark.parametrize("text", HELD_OPEN)
def test_a_text_that_only_holds_a_place_is_told_as_missing_and_never_as_it_stands(
    release: Release, contract: Contract, text: str
) -> None:
    changed = contract
    for key in ("purpose", "users", "owner", "tier", "not_for"):
        changed = altered(changed, rf'^{key} = "[^"]*"', f'{key} = "{text}"')
    found = card_of(with_contract(release, changed), [], {})
    for name in ("purpose", "users", "owner", "tier", "not_for"):
        assert part(found, name).text == (cards.MISSING,)
    first = found.sections[0]
    assert (first.name, first.loud) == ("unwritten", True)
    assert first.items == ("Purpose", "Users", "Not for", "Owner", "Tier under SR 26-2 (formerly SR 11-7)")
    page = Markup(cards.html(found))
    assert "This card is not complete" in page.text
    if text.startswith("To be "):
        assert " ".join(text.split()) not in page.text
    assert "whatif.owner" not in record(with_contract(release, changed)).tags or (
        record(with_contract(release, changed)).tags["whatif.owner"] == cards.MISSING
    )


@pytest.mark.parametrize(
    "text", ["To do business with caution: an overview.", "To question a book.", "Anne Todd, credit risk", "Tier 2"]
)
def test_what_a_person_wrote_stands_on_the_card(release: Release, contract: Contract, text: str) -> None:
    found = card_of(with_contract(release, altered(contract, r'^owner = "[^"]*"', f'owner = "{text}"')), [], {})
    assert part(found, "owner").text == (text,)
    assert found.section("unwritten") is None


def test_what_a_proposal_leaves_open_is_what_a_card_tells_as_missing() -> None:
    for each in (
        drafting.PURPOSE,
        drafting.USERS,
        drafting.OWNER,
        drafting.TIER,
        drafting.NOT_FOR,
        drafting.AS_OF,
        drafting.SAMPLE,
        drafting.UNSTATED,
        drafting.LIMIT.format("a file.csv"),
    ):
        assert cards.written_text(each) == cards.MISSING


def test_a_release_that_took_the_place_of_an_overridden_one_carries_no_override(
    own_home: Path, release: Release, overridden: ModelCard
):
    store = Store(own_home, "cards")
    store.rollback("ann", "It was late")
    own = card_of(release, store.history(), store.aliases())
    assert own.section("overrides") is None
    assert rows(own, "history")[0][1:5] == ("champion", release.id, "ann", "It was late")


# ---- as a file ------------------------------------------------------------------------------------------------------


def test_the_page_is_well_formed_and_asks_for_nothing(card: ModelCard):
    page = cards.html(card)
    found = Markup(page)
    assert {"script", "link", "img", "iframe", "object", "embed", "a", "form"}.isdisjoint(tag for tag, _ in found.seen)
    assert not re.search(r"https?://|//\w|url\(|@import|javascript:", page)
    assert all({"src", "href", "style", "onload", "onclick"}.isdisjoint(attributes) for _, attributes in found.seen)
    assert [attributes["id"] for tag, attributes in found.seen if tag == "section"] == SECTIONS


def test_everything_the_card_says_is_on_the_page(card: ModelCard):
    told = re.sub(r"\s+", " ", Markup(cards.html(card)).text)
    for section in card.sections:
        for each in (
            section.title,
            *section.text,
            *section.items,
            *(c for t in section.tables for r in t.rows for c in r),
        ):
            assert re.sub(r"\s+", " ", each) in told


def test_the_page_is_told_light_and_dark_and_for_print(card: ModelCard):
    page = cards.html(card)
    assert all(each in page for each in ("prefers-color-scheme: dark", "@media print", "size: A4"))


def test_what_people_wrote_is_never_markup(release: Release, contract: Contract, book: Book):
    owner = '<script>alert(1)</script> & \\"Sons\\" </style>'
    other = with_contract(release, altered(contract, r'^owner = "[^"]*"', f'owner = "{owner}"'))
    moved = [
        Moved(
            AT,
            "champion",
            release=release.id,
            who="<img src=x>",
            why="a < b",
            override="<i>because</i>",
            gates=("auc",),
        )
    ]
    page = cards.html(card_of(other, moved, {"champion": release.id}, book))
    found = Markup(page)
    assert {"script", "img", "i"}.isdisjoint(tag for tag, _ in found.seen)
    assert owner.replace("\\", "") in found.text
    assert "<img src=x>" in found.text


def test_the_same_release_gives_the_same_card(card: ModelCard, release: Release, book: Book):
    history = [Moved(AT, "champion", release=release.id, who="ann", why="It is the first")]
    again = card_of(release, history, aliases={"champion": release.id}, book=book, provenance=provenance("cards"))
    assert cards.html(again) == cards.html(card)


def test_the_card_as_json_holds_every_section(card: ModelCard):
    found: Mapping[str, Any] = json.loads(json.dumps(card.as_dict()))
    assert [each["name"] for each in found["sections"]] == SECTIONS
    assert found["release"] == card.release
