"""Sentences of the operations page."""

import numpy as np
import pytest

from model.engine.identity import Deployed
from model.release.gate import Gate, Kind
from model.report.numbers import NBSP
from model.report.operations import words
from model.report.operations.status import Probe, RecordState, RemoteServer, ShadowState
from model.report.operations.words import Check
from model.report.release import words as release_words
from tests.report.operations.samples import AT, CARDS, LOANS, TITLED, call, gate, manifest, report

HERE = Deployed("60e46aa39f99")
ELSEWHERE = RemoteServer("bank.example:8080", "oip", name="scorer", version="v3", gives_reasons=True)
WELL = [Check("Answers", "holds", "in 2 ms"), Check("Record", "holds", "kept")]
ALIASES = {"champion": "60e46aa39f99", "previous": "aaaabbbbcccc", "challenger": "aaaabbbbcccc"}


# ---- time -----------------------------------------------------------------------------------------------------------


def test_a_moment_is_told_to_the_minute_or_to_the_second():
    assert words.moment(AT) == "2 Nov 2026, 09:05"
    assert words.moment(AT, exact=True) == "2 Nov 2026, 09:05:07"
    assert words.moment(None) == "never"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.nan, "–"),
        (0.0, f"less than 1{NBSP}ms"),
        (0.49, f"less than 1{NBSP}ms"),
        (0.51, f"1{NBSP}ms"),
        (7.6, f"8{NBSP}ms"),
        (12_345.0, f"12,345{NBSP}ms"),
    ],
)
def test_an_answer_took_whole_milliseconds(value: float, told: str):
    assert words.milliseconds(value) == told


# ---- the headline ---------------------------------------------------------------------------------------------------


def test_the_headline_says_what_answers_since_when_and_that_all_is_well():
    assert words.operations_headline(HERE, "Taiwan credit cards", AT, WELL) == (
        "Release 60e46aa39f99 has answered for Taiwan credit cards since 2 Nov 2026, 09:05; every check holds."
    )


def test_the_headline_claims_no_moment_that_is_not_on_record():
    assert words.operations_headline(HERE, "Taiwan credit cards", None, WELL) == (
        "Release 60e46aa39f99 answers for Taiwan credit cards; every check holds."
    )


def test_the_headline_names_a_model_elsewhere():
    told = words.operations_headline(
        Deployed("scorer v3", "bank.example:8080", True), "Taiwan credit cards", None, WELL
    )
    assert told == "The model scorer v3 at bank.example:8080 answers for Taiwan credit cards; every check holds."


def test_the_headline_counts_and_names_the_checks_that_failed():
    checks = [*WELL, Check("Gates", "failed", "7 of 8"), Check("Challenger", "failed", "altered")]
    assert words.operations_headline(HERE, "Cards", None, checks[:3]).endswith("; 1 of 3 checks failed: gates.")
    assert words.operations_headline(HERE, "Cards", None, checks).endswith("; 2 of 4 checks failed: gates, challenger.")


def test_the_headline_names_what_is_to_watch_and_claims_no_more_than_that_no_check_failed():
    one = [*WELL, Check("Gates", "watch", "", ("approval ratio by education",))]
    told = words.operations_headline(HERE, "Cards", None, one)
    assert told.endswith("; no check failed; one gate to watch: approval ratio by education.")
    two = [Check("Record", "failed", "full"), Check("Gates", "watch", "", ("drift of the score", "AUC"))]
    told = words.operations_headline(HERE, "Cards", None, two)
    assert told.endswith("; 1 of 2 checks failed: record; two gates to watch: drift of the score and AUC.")


def test_what_is_not_in_use_counts_neither_as_holding_nor_as_failed():
    idle = Check("Challenger", "not in use", "none named")
    assert words.operations_headline(HERE, "Cards", None, [*WELL, idle]).endswith("; every check holds.")
    failed = [*WELL, idle, Check("Gates", "failed", "")]
    assert words.operations_headline(HERE, "Cards", None, failed).endswith("; 1 of 3 checks failed: gates.")


def test_a_check_has_the_signs_of_the_trust_page():
    states = ("holds", "watch", "failed", "not in use")
    assert [Check("Gates", each, "").marked for each in states] == ["✓ holds", "◐ watch", "✗ failed", "– not in use"]
    assert [Check.of("Gates", each, "").state for each in (True, False)] == ["holds", "failed"]


@pytest.mark.parametrize(
    ("probe", "server", "told"),
    [
        (Probe(True, 2.0), None, ("holds", f"in this process, in 2{NBSP}ms")),
        (Probe(False, 2.0), None, ("failed", f"in this process, in 2{NBSP}ms")),
        (Probe(False, trouble="The model gave no number."), None, ("failed", "The model gave no number.")),
        (Probe(True, 31.0), ELSEWHERE, ("holds", f"at bank.example:8080, in 31{NBSP}ms")),
        (Probe(False, 31.0, "It has not answered."), ELSEWHERE, ("failed", "It has not answered.")),
    ],
)
def test_a_model_answers_here_or_elsewhere_or_says_why_not(
    probe: Probe, server: RemoteServer | None, told: tuple[str, str]
):
    found = words.answers(probe, server)
    assert (found.name, found.state, found.found) == ("Answers", *told)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (RecordState(True), ("holds", "calls and what-ifs are being recorded")),
        (RecordState(True, "The disk is full."), ("failed", "The disk is full.")),
        (RecordState(False), ("not in use", "switched off")),
        (RecordState(False, "It cannot be read."), ("failed", "It cannot be read.")),
    ],
)
def test_a_record_is_kept_or_off_or_in_trouble(record: RecordState, told: tuple[str, str]):
    found = words.recording(record)
    assert (found.name, found.state, found.found) == ("Record", *told)


@pytest.mark.parametrize(
    ("shadow", "told"),
    [
        (ShadowState(), ("not in use", "none named")),
        (ShadowState(served="Loans"), ("not in use", "none named")),
        (
            ShadowState("a" * 12, "Loans"),
            ("not in use", "aaaaaa; nothing is scored along: REST answers for the book “Loans” only"),
        ),
        (ShadowState("a" * 12, on=False), ("not in use", "aaaaaa, shadow scoring switched off")),
        (ShadowState("a" * 12), ("holds", "aaaaaa scores along")),
        (ShadowState("a" * 12, dropped=1_234), ("holds", "aaaaaa scores along, 1,234 calls dropped")),
        (ShadowState("a" * 12, trouble="It was altered."), ("failed", "It was altered.")),
    ],
)
def test_a_challenger_scores_along_or_says_why_not(shadow: ShadowState, told: tuple[str, str]):
    found = words.shadowing(shadow)
    assert (found.name, found.state, found.found) == ("Challenger", *told)


# ---- gates ----------------------------------------------------------------------------------------------------------


IMPACT = gate("impact", kind="fairness", note="Education. Groups of fewer than 30 are left out.")


def test_gates_that_all_passed_hold():
    found = words.gates(report(*[gate("auc", passed=True)] * 3))
    assert (found.state, found.found, found.watched) == ("holds", "3 of 3 passed before the release", ())


def test_a_gate_that_is_watched_and_missed_is_to_watch_with_its_figure_and_what_is_asked():
    found = words.gates(report(gate("auc", passed=True), IMPACT))
    assert found.state == "watch"
    assert found.watched == ("approval ratio by education",)
    assert found.found == (
        "1 of 2 passed before the release. To watch: approval ratio by education 0.76 (at least 0.80 is asked)"
    )


def test_figures_of_protected_attributes_are_for_those_who_may_see_them():
    found = words.gates(report(IMPACT), protected=False)
    assert found.watched == ("approval ratio of groups",)
    assert not any(told in found.found.lower() for told in ("0.76", "education"))


def test_a_gate_that_was_overridden_failed_whatever_is_watched_beside_it():
    found = words.gates(report(gate("csi", stops=True), IMPACT))
    assert found.state == "failed"
    assert "Overridden: drift of the inputs 0.762 (at least 0.800 is asked). To watch: approval" in found.found


def test_a_gate_without_a_shorter_name_is_told_by_its_label():
    assert words.gates(report(gate("oracle"))).watched == ("about oracle: more",)


@pytest.mark.parametrize(
    ("calls", "told"), [(0, "no call yet"), (1, "of the latest call"), (1000, "of the latest 1,000 calls")]
)
def test_figures_say_how_many_calls_they_rest_on(calls: int, told: str):
    assert words.latest(calls) == told


@pytest.mark.parametrize(
    ("calls", "share", "told"),
    [
        (0, 0.0, "no call yet"),
        (1, 0.0, "1 call, none failed"),
        (1, 1.0, f"1 call, 100.0{NBSP}% failed"),
        (1234, 0.25, f"1,234 calls, 25.0{NBSP}% failed"),
    ],
)
def test_a_service_says_how_often_it_was_asked(calls: int, share: float, told: str):
    assert words.calls_asked(calls, share) == told


def test_failures_are_none_or_a_share_with_their_last():
    assert (words.failed(0.0), words.failed(0.125)) == ("none", f"12.5{NBSP}%")
    assert (words.last(None), words.last(AT)) == ("since the start", "the last on 2 Nov 2026, 09:05")


# ---- releases -------------------------------------------------------------------------------------------------------


def test_a_release_to_choose_says_its_role_and_when_it_was_trained():
    assert words.release_label(manifest("60e46aa39f99"), ALIASES) == "60e46a · champion · trained 2 Nov 2026, 09:05"
    assert words.release_label(manifest("other"), ALIASES) == "other · trained 2 Nov 2026, 09:05"


def test_a_history_is_headed_by_what_it_holds():
    assert words.history_heading(0) == "No alias has moved, as far as is on record"
    assert words.history_heading(3) == "Who changed who answers, the latest first"


# ---- champion and challenger ----------------------------------------------------------------------------------------


def test_one_customer_scored_alike_by_both():
    assert words.difference_sentence(CARDS, 1, first=AT.isoformat(), apart=0.0, granted=0, declined=0) == (
        "Of 1 customer scored since 2 Nov 2026, 09:05, none would be decided otherwise. "
        f"Probabilities differ by 0.00{NBSP}points on average."
    )


def test_many_customers_some_decided_otherwise_each_way():
    assert words.difference_sentence(CARDS, 12_000, first=AT.isoformat(), apart=0.0234, granted=3, declined=1_200) == (
        "Of 12,000 customers scored since 2 Nov 2026, 09:05, 1,203 would be decided otherwise: 3 newly granted, "
        f"1,200 no longer granted. Probabilities differ by 2.3{NBSP}points on average."
    )


def test_the_challenger_of_a_book_of_loans_is_told_in_its_words():
    told = words.difference_sentence(LOANS, 1, first=AT.isoformat(), apart=0.0234, granted=0, declined=1)
    assert "Of 1 loan scored since" in told
    assert "1 would be decided otherwise: 0 newly approved, 1 no longer approved." in told


@pytest.mark.parametrize(
    ("value", "told"), [(0.0, "0.00 points"), (0.0004, "0.04 points"), (0.01, "1.0 point"), (0.123, "12.3 points")]
)
def test_small_differences_keep_their_digits_and_carry_no_sign(value: float, told: str):
    assert words.pd_points(value).replace(NBSP, " ") == told


def test_without_a_challenger_it_is_told_what_one_would_do():
    assert words.challenger_missing("60e46aa39f99").startswith("No release challenges the champion 60e46a.")


# ---- calls ----------------------------------------------------------------------------------------------------------


def test_a_list_of_calls_counts_them():
    assert words.calls_heading(1) == "The latest call"
    assert words.calls_heading(50) == "The latest 50 calls, the newest first"


def test_a_call_to_choose_says_when_what_and_who():
    assert words.call_label(call(), TITLED["cards"]) == "2 Nov 2026, 09:05:07 · scored by request · ann · 0123456789ab"


def test_a_call_done_again_says_who_answered_and_whether_it_is_the_same():
    assert words.replayed_words("60e46aa39f99", True, "The same, bit for bit: pd.") == (
        "Release 60e46a, which answered then, gives the same numbers. The same, bit for bit: pd."
    )
    assert words.replayed_words("60e46aa39f99", False, "Not the same: pd differs by up to 0.1.") == (
        "Release 60e46a, which answered then, gives other numbers than those on record. "
        "Not the same: pd differs by up to 0.1."
    )


def test_a_training_says_how_long_the_rest_takes_at_its_pace_once_there_is_one() -> None:
    assert words.training_words("Fitting", 0.02, 30) == "Fitting · 2 % · 30 s so far · time left not known yet"
    assert words.training_words("Fitting", 0.25, 30) == "Fitting · 25 % · 30 s so far · about 1 min 30 s left"
    assert words.training_words("Fitting", 0.25, 40, still=10) == "Fitting · 25 % · 40 s so far · about 1 min 20 s left"
    assert words.training_words("Fitting", 0.25, 140, still=110).endswith("longer than it seemed")
    assert words.training_words("Fitting", 1.0, 61) == "Fitting · 100 % · 1 min 1 s so far · about 1 s left"


@pytest.mark.parametrize(
    ("name", "kind", "figure", "bound", "told"),
    [
        ("auc", "performance", 0.73964, 0.6, ("0.740", "at least 0.600")),
        ("auc", "performance", 0.77996, 0.78, ("0.77996", "at least 0.78000")),
        ("auc", "performance", 0.7796, 0.78, ("0.7796", "at least 0.7800")),
        ("slope", "performance", 0.8728, 0.5, ("0.87", "at least 0.50")),
        ("impact", "fairness", 0.7621, 0.8, ("0.76", "at least 0.80")),
    ],
)
def test_a_gate_has_two_or_three_decimals_and_more_only_to_be_told_from_its_bound(
    name: str, kind: Kind, figure: float, bound: float, told: tuple[str, str]
) -> None:
    one = Gate(name, "About it", figure, bound, at_least=True, kind=kind)
    assert (release_words.figure(one), release_words.bound(one)) == told
