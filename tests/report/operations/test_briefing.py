"""What is said of a deployed model: its numbers, health, what is deployed, its challenger, its releases, calls."""

import csv
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import numpy as np
import pytest

from model.engine.identity import Deployed, PrecisionCost
from model.monitoring.live import Differences, LatencyReading
from model.release.register import Moved
from model.report import spreadsheet
from model.report.briefing import Briefing, Choices, Finding, Item, Notice, Table
from model.report.numbers import NBSP
from model.report.operations import briefing as told
from model.report.operations.briefing import OperationsSources, operations_briefing
from model.report.operations.status import (
    BookReleases,
    ChallengerStatus,
    KnownRelease,
    OperationsStatus,
    Probe,
    RecentCalls,
    RecordState,
    RemoteServer,
    ShadowState,
)
from tests.report.operations.samples import AT, CARDS, LOANS, TITLED, call, gate, manifest, report

CHAMPION, CHALLENGER, OLDER = "60e46aa39f99", "aaaabbbbcccc", "older"
ALIASES = {"champion": CHAMPION, "previous": CHALLENGER, "challenger": CHALLENGER}
REPORT = report(gate("auc", passed=True))
PAGES = LatencyReading(1_000, 2.4, p95=12.4, errors=0.0, answered=AT, failed=None, trouble="")
SERVICE = LatencyReading(1_234, 1.0, p95=7.6, errors=0.25, answered=AT, failed=AT, trouble="busy")
SERVER = RemoteServer("bank.example:8080", "oip", name="scorer", version="", gives_reasons=False)
NO_CHOICE: Choices = {}


def status(**changes: Any) -> OperationsStatus:
    """An embedded release of ours at which all is well."""
    found = OperationsStatus(
        CARDS,
        Deployed(CHAMPION),
        at=AT,
        since=AT,
        answers=Probe(True, 2.0),
        record=RecordState(True),
        pages=PAGES,
        service=SERVICE,
        release=KnownRelease(manifest(CHAMPION), REPORT, "f" * 64),
        server=None,
        aliases=ALIASES,
        shadow=ShadowState(),
    )
    return replace(found, **changes)


def known(*manifests: dict[str, object], **changes: Any) -> BookReleases:
    """The releases of a book, the oldest first."""
    listed = manifests or (manifest(OLDER), manifest(CHALLENGER), manifest(CHAMPION))
    found = BookReleases(CARDS, listed, {str(each["id"]): REPORT for each in listed}, ALIASES)
    return replace(found, **changes)


def never() -> Any:
    raise AssertionError("This was asked for before anybody wanted it.")


NOBODY = OperationsSources(never, never, never)


def said(**changes: Any) -> Briefing:
    return operations_briefing(status(**changes), NOBODY)


def table(found: Item) -> Table:
    assert isinstance(found, Finding)
    assert found.table is not None
    return found.table


def shown(found: Table) -> list[dict[str, object]]:
    """Its rows on the screen, by column."""
    heads = [found.columns[k].name for k in found.places("screen")]
    return [dict(zip(heads, row, strict=True)) for row in found.shown()]


def in_file(found: Table) -> list[dict[str, str]]:
    """Its rows in a file, by heading."""
    return list(csv.DictReader(StringIO(spreadsheet.of_table(found).decode("utf-8-sig"))))


# ---- the numbers ----------------------------------------------------------------------------------------------------


def test_the_sentence_and_the_numbers_are_there_before_any_panel_is_asked():
    found = said()
    assert found.sentence == (
        f"Release {CHAMPION} has answered for Taiwan credit cards since 2 Nov 2026, 09:05; every check holds."
    )
    assert found.below == "Last checked 2 Nov 2026, 09:05."
    assert [(each.label, each.value, each.notes) for each in found.tiles] == [
        ("Answer, median", f"2{NBSP}ms", ("of calls from these pages",)),
        ("Answer, 95th percentile", f"12{NBSP}ms", ("of the latest 1,000 calls",)),
        ("Calls that failed", "none", ("since the start",)),
        ("REST, 95th percentile", f"8{NBSP}ms", (f"1,234 calls, 25.0{NBSP}% failed",)),
    ]
    assert [each.key for each in found.panels] == ["_challenger", "_calls"]


def test_without_a_service_of_this_process_nothing_is_said_of_one():
    assert [each.label for each in said(service=None).tiles][-1] == "Calls that failed"


def test_before_the_first_call_there_is_no_figure():
    found = said(pages=LatencyReading(0, np.nan, p95=np.nan, errors=0.0, answered=None, failed=None, trouble=""))
    assert [each.value for each in found.tiles[:2]] == ["–", "–"]
    assert found.tiles[1].notes == ("no call yet",)


# ---- health, and what is deployed -----------------------------------------------------------------------------------


def test_health_lists_every_check_with_its_sign():
    assert shown(table(said().findings[0])) == [
        {"Check": "Answers", "State": "✓ holds", "Found": f"in this process, in 2{NBSP}ms"},
        {"Check": "Record", "State": "✓ holds", "Found": "calls and what-ifs are being recorded"},
        {"Check": "Gates", "State": "✓ holds", "Found": "1 of 1 passed before the release"},
        {"Check": "Challenger", "State": "– not in use", "Found": "none named"},
    ]


def test_gates_are_no_matter_of_a_model_that_is_not_known_here_nor_its_challenger():
    found = said(release=None, shadow=None, server=SERVER, service=None, deployed=Deployed("scorer", "bank", True))
    assert [row["Check"] for row in shown(table(found.findings[0]))] == ["Answers", "Record"]


def test_figures_by_protected_attribute_are_left_out_for_whoever_may_not_see_them():
    impact = gate("impact", kind="fairness", note="Education. Groups of fewer than 30 are left out.")
    release = KnownRelease(manifest(CHAMPION), report(impact), "f" * 64)
    found = operations_briefing(status(release=release), NOBODY, protected=False)
    assert found.sentence.endswith("one gate to watch: approval ratio of groups.")
    assert "0.76" not in str(shown(table(found.findings[0])))
    assert "0.76" in str(shown(table(operations_briefing(status(release=release), NOBODY).findings[0])))


def test_what_is_deployed_is_told_with_whole_hashes_on_the_screen_and_in_the_file():
    found = table(said().findings[1])
    rows = {str(row["What"]): row["Value"] for row in shown(found)}
    assert rows == {
        "Book": "Taiwan credit cards",
        "Release": CHAMPION,
        "Role": "champion",
        "Trained": "2 Nov 2026, 09:05",
        "Fitted to": "whole book",
        "Artefact, sha256": "f" * 64,
        "Signature": "not signed",
        "Contract": f"version {CARDS.version}",
        "Contract, sha256": CARDS.hash,
    }
    in_utc = {"Trained": spreadsheet.moment(AT)}
    assert {row["What"]: row["Value"] for row in in_file(found)} == rows | in_utc
    assert found.key == "deployed"


def test_what_a_server_rounds_and_how_it_repeats_itself_is_told():
    cost = PrecisionCost(("FP32",), ("USE", "LIMIT"), 50, 0.00042, 0)
    rounding = replace(SERVER, cost=cost, spread=2.4e-7)
    rows = {str(row["What"]): row["Value"] for row in shown(table(said(server=rounding).findings[1]))}
    assert rows["Digits"] == (
        "FP32 rounds USE, LIMIT: that moves a PD by at most 0.042\N{NO-BREAK SPACE}points, "
        "none of 50 customers by more than 0.1"
    )
    assert rows["Repeats itself"] == "within 2.4e-05\N{NO-BREAK SPACE}points of the PD"
    exact = replace(SERVER, cost=replace(cost, inputs=(), worst=0.0), spread=0.0)
    rows = {str(row["What"]): row["Value"] for row in shown(table(said(server=exact).findings[1]))}
    assert rows["Digits"] == "FP32 holds every number of 50 customers asked about exactly"
    assert rows["Repeats itself"] == "to the last digit"


def test_a_model_elsewhere_is_told_with_its_server():
    rows = {str(row["What"]): row["Value"] for row in shown(table(said(server=SERVER).findings[1]))}
    assert rows["Role"] == "as its server has it"
    assert rows["Server"] == "bank.example:8080"
    assert rows["Protocol"] == "Open Inference Protocol v2"
    assert rows["Version there"] == "not told"
    assert rows["Reasons"] == "asked through predictions, by concept"


# ---- releases -------------------------------------------------------------------------------------------------------


def releases(given: BookReleases) -> tuple[Finding, Finding]:
    first, second = told.release_items(given)
    assert isinstance(first, Finding)
    assert isinstance(second, Finding)
    return first, second


def test_releases_are_listed_the_newest_first_with_their_roles_and_whole_hashes():
    rows = shown(table(releases(known())[0]))
    assert [row["Release"] for row in rows] == [CHAMPION, CHALLENGER, OLDER]
    assert [row["Role"] for row in rows] == ["champion", "previous, challenger", "–"]
    assert rows[0] == {
        "Release": CHAMPION,
        "Role": "champion",
        "Trained": "2 Nov 2026, 09:05",
        "Fitted to": "whole book",
        "Gates": "passed",
        "Signature": "not signed",
        "Contract": "1.0.0",
        "Customers": 30_000,
        "Data, sha256": "d" * 64,
    }


def test_releases_tell_how_their_gates_stand_and_count_what_their_book_holds():
    poor = report(gate("auc", stops=True), gate("ece", stops=True), gate("impact"))
    given = known(manifest(OLDER, 469_534), contract=LOANS, reports={OLDER: poor})
    (row,) = shown(table(releases(given)[0]))
    assert (row["Loans"], row["Gates"]) == (469_534, "2 failed")
    assert "Customers" not in row


def test_what_champion_and_challenger_were_fitted_to_is_told_where_it_differs():
    assert releases(known())[0].note == ""
    window = {"since": 2003, "until": 2005}
    given = known(manifest(CHAMPION), manifest(CHALLENGER, window=window))
    assert releases(given)[0].note == (
        "The champion was fitted to the whole book, the challenger was fitted to 2003 to 2005."
    )


def test_every_move_of_an_alias_is_told_with_the_gates_it_passed_over_by_their_labels():
    at = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    first = Moved(at, "champion", CHALLENGER, "automatic")
    second = Moved(
        at + timedelta(1),
        "champion",
        release=CHAMPION,
        who="ann",
        why="Newer data",
        override="The board accepts it",
        gates=("auc",),
    )
    found = releases(known(history=(first, second)))[1]
    assert found.headline == "Who changed who answers, the latest first"
    assert shown(table(found)) == [
        {
            "When": "3 Mar 2026, 10:00 UTC",
            "Alias": "champion",
            "Release": CHAMPION,
            "Who": "ann",
            "Why": "Newer data",
            "Override": "The board accepts it (passed over: About auc: more)",
        },
        {
            "When": "2 Mar 2026, 10:00 UTC",
            "Alias": "champion",
            "Release": CHALLENGER,
            "Who": "automatic",
            "Why": "not told",
            "Override": "–",
        },
    ]


def test_where_no_move_is_on_record_there_is_no_table_of_them():
    found = releases(known())[1]
    assert (found.headline, found.table) == ("No alias has moved, as far as is on record", None)


def test_without_a_champion_the_reason_stands_above_the_releases():
    found = told.without_champion("No model of “Cards” is deployed: its releases wait to be promoted.", known())
    assert found.sentence.endswith("wait to be promoted.")
    assert found.tiles == ()
    assert [each.key for each in found.findings if isinstance(each, Finding)] == ["releases", "moves"]


def test_a_release_is_chosen_the_newest_first_and_becomes_champion_or_challenger():
    choice = told.release_choice(known())
    assert [name for name, _ in choice.options] == [CHAMPION, CHALLENGER, OLDER]
    assert choice.of({}) == CHAMPION
    assert [name for name, _ in told.alias_choice().options] == ["champion", "challenger"]


# ---- the challenger -------------------------------------------------------------------------------------------------


def challenger(found: ChallengerStatus, given: BookReleases | None = None) -> tuple[Item, ...]:
    return told.challenger_items(given or known(), found)


AGO = AT.isoformat()
APART = ("c7", AGO, 5, 0.4567)
DIFFERENCES = Differences(
    CHAMPION,
    CHALLENGER,
    first=AGO,
    customers=12_000,
    moved=-0.0123,
    apart=0.0234,
    most=0.4567,
    granted=3,
    declined=1_200,
    calls=(APART,),
)


def test_how_a_challenger_differs_is_told_in_a_sentence_and_four_numbers():
    (found,) = challenger(ChallengerStatus(ShadowState(CHALLENGER), DIFFERENCES))
    assert isinstance(found, Finding)
    assert found.headline == "The challenger"
    assert found.text[0].startswith("Of 12,000 customers scored since 2 Nov 2026, 09:05, 1,203 would be decided other")
    assert [(each.label, each.value) for each in found.tiles] == [
        ("Mean difference of PD", f"−1.23{NBSP}points"),
        ("Largest difference", f"45.7{NBSP}points"),
        ("Newly granted", "3"),
        ("No longer granted", "1,200"),
    ]


def test_the_calls_that_differ_most_keep_every_digit_in_the_file():
    (found,) = challenger(ChallengerStatus(ShadowState(CHALLENGER), DIFFERENCES))
    assert shown(table(found)) == [
        {
            "When": "2 Nov 2026, 09:05:07",
            "Customers": 5,
            "Largest difference of PD": f"45.7{NBSP}points",
            "Call": "c7",
        }
    ]
    told = in_file(table(found))[0]
    assert told["Largest difference of PD, points"] == "45.67"
    assert re.fullmatch(r"2026-11-0\dT\d\d:05:07Z", told["When, UTC"])


@pytest.mark.parametrize(
    ("found", "notice"),
    [
        (ChallengerStatus(ShadowState()), Notice("No release challenges the champion 60e46a.")),
        (
            ChallengerStatus(ShadowState(CHALLENGER, served="Loans")),
            Notice("On this book nothing is scored along: REST answers for the book “Loans” only."),
        ),
        (
            ChallengerStatus(ShadowState(CHALLENGER)),
            Notice("The challenger aaaabb scores every REST request along; none has come yet."),
        ),
        (
            ChallengerStatus(ShadowState(CHALLENGER, on=False)),
            Notice("The challenger aaaabb does not score along: WHATIF_SHADOW is off."),
        ),
        (
            ChallengerStatus(ShadowState(CHALLENGER), unread="The record cannot be used."),
            Notice("The record cannot be used.", "error"),
        ),
    ],
)
def test_why_nothing_is_known_of_a_challenger_is_told(found: ChallengerStatus, notice: Notice):
    head, why = challenger(found)
    assert isinstance(head, Finding)
    assert head.headline == "The challenger"
    assert isinstance(why, Notice)
    assert why.text.startswith(notice.text)
    assert why.level == notice.level


def test_the_challenger_of_a_model_elsewhere_is_that_servers_business():
    panel = told.challenger_panel(replace(NOBODY, elsewhere=True))
    (found,) = panel.make(NO_CHOICE)
    assert isinstance(found, Notice)
    assert "that server's business" in found.text


def test_the_panel_tells_of_the_challenger_then_of_the_releases():
    given, found = known(), ChallengerStatus(ShadowState(CHALLENGER), DIFFERENCES)
    items = told.challenger_panel(replace(NOBODY, releases=lambda: given, challenger=lambda: found)).make(NO_CHOICE)
    assert [each.key for each in items if isinstance(each, Finding)] == ["differences", "releases", "moves"]


# ---- calls ----------------------------------------------------------------------------------------------------------


def calls(*given: Any, **changes: Any) -> tuple[Item, ...]:
    return told.call_items(replace(RecentCalls(given, TITLED), **changes))


def test_a_call_is_told_in_words_with_its_whole_id():
    (found,) = calls(call())
    assert isinstance(found, Finding)
    assert found.headline == "The latest call"
    assert shown(table(found)) == [
        {
            "When": "2 Nov 2026, 09:05:07",
            "Who": "ann",
            "What": "scored by request",
            "Book": "Taiwan credit cards",
            "Records": "1",
            "Release": CHAMPION,
            "Took": f"3{NBSP}ms",
            "Call": "0123456789abcdef",
        }
    ]


def test_a_call_stands_in_the_file_as_on_record():
    (found,) = calls(call(rows=0, kind="whatif:book"))
    (row,) = in_file(table(found))
    assert row == {
        "Call": "0123456789abcdef",
        "When, UTC": spreadsheet.moment(AT),
        "Kind": "whatif:book",
        "Who": "ann",
        "Via": "rest",
        "Book": "cards",
        "Release": CHAMPION,
        "Records": "0",
        "Took, ms": "3.4",
    }


@pytest.mark.parametrize(
    ("kind", "rows", "expected"),
    [
        ("score", 12_345, ("scored by request", "12,345")),
        ("upload", 97, ("file scored", "97")),
        ("whatif:customer", 1, ("what-if, customer", "1")),
        ("whatif:book", 0, ("what-if, book", "whole book")),
        ("whatif:policy", 0, ("what-if, policy", "whole book")),
        ("stream", 2, ("stream", "2")),
    ],
)
def test_every_kind_of_call_has_words_for_what_it_was_and_of_whom(kind: str, rows: int, expected: tuple[str, str]):
    (row,) = shown(table(calls(call(kind=kind, rows=rows))[0]))
    assert (row["What"], row["Records"]) == expected


def test_a_what_if_of_one_loan_says_so():
    (row,) = shown(table(calls(call(kind="whatif:customer", book="loans"))[0]))
    assert (row["What"], row["Book"]) == ("what-if, loan", "US small-business loans (SBA 7(a))")


def test_before_the_first_call_it_is_told_when_one_is_recorded():
    (found,) = calls()
    assert isinstance(found, Notice)
    assert found.text.startswith("No call is on record yet.")


def test_what_was_recorded_before_recording_was_switched_off_still_stands():
    notice, found = calls(call(), on=False)
    assert isinstance(notice, Notice)
    assert notice.text.startswith("Recording is switched off")
    assert len(table(found).exact) == 1


def test_calls_that_cannot_be_read_are_told_so():
    (found,) = calls(unread="The record cannot be used.")
    assert found == Notice("The record cannot be used.", "error")


def test_calls_are_not_even_asked_for_where_they_are_withheld():
    (found,) = told.calls_panel(replace(NOBODY, withheld="To see calls takes the role analyst.")).make(NO_CHOICE)
    assert isinstance(found, Finding)
    assert found.note == "To see calls takes the role analyst."


def test_a_call_is_chosen_the_latest_first_and_tells_what_came_of_it():
    choice = told.call_choice(RecentCalls((call(), call(id="other")), TITLED))
    assert [name for name, _ in choice.options] == ["0123456789abcdef", "other"]
    assert told.done_again(CHAMPION, True, "The same, bit for bit: pd.").level == "success"
    other = told.done_again(CHAMPION, False, "Not the same: pd differs by up to 0.1.")
    assert other.level == "error"
    assert "gives other numbers than those on record. Not the same: pd" in other.text
