"""Whether a release may be promoted: every obstacle by itself, and what a reason overrides."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data.errors import BadInput
from model.errors import GateError, Mismatch
from model.release import promotion
from model.release.gate import Gate
from model.release.promotion import Obstacles
from model.release.release import Release
from model.release.report import ChampionReport
from model.release.store import Store
from tests.support.forging import failing, forge, unreviewed

CHAMPION = "c" * 12
WORSE = Gate("worse_auc", "At worst ranks worse by", figure=0.02, bound=0.005, kind="champion")
DRIFTED = Gate("psi_champion", "Drift since the champion", figure=0.3, bound=0.25, kind="stability")


def failed(name: str, **more: Any) -> Gate:
    """A gate of a report that blocks."""
    return Gate(name, f"About {name}", figure=0.9, bound=0.1, **more)


def with_report(release: Release, *gates: Gate, champion: str = "") -> Release:
    """A release whose report has these gates, and was held against this champion."""
    told = ChampionReport(champion) if champion else None
    return replace(release, report=replace(release.report, gates=gates, champion=told))


def never(_: Release) -> Sequence[Gate] | None:
    raise AssertionError("It was held against the champion of the day already.")


# ---- what stands in the way -----------------------------------------------------------------------------------------


def test_a_sound_release_meets_no_obstacle(release: Release):
    found = promotion.reported(release)
    assert found == Obstacles(release.id)
    assert not found


def test_gates_that_failed_and_stop_are_obstacles_and_those_to_watch_are_none(release: Release):
    watched, passed = failed("impact", stops=False), Gate("auc", "Ranks well", 0.05, 0.1)
    found = promotion.reported(with_report(release, failed("ece"), watched, passed))
    assert [gate.name for gate in found.gates] == ["ece"]
    assert found


def test_a_contract_that_nobody_has_read_is_an_obstacle(own_home: Path, release: Release):
    store = Store(own_home, "cards")
    found = promotion.reported(store.load(unreviewed(store, release)))
    assert "no person has read it" in found.review
    assert found.gates == ()
    assert found


@pytest.mark.parametrize("champion", [None, "own", CHAMPION])
def test_a_release_is_not_held_again_against_a_champion_it_was_held_against(release: Release, champion: str | None):
    own = with_report(release, WORSE, champion=CHAMPION)
    found = promotion.obstacles(own, own.id if champion == "own" else champion, never)
    assert [gate.name for gate in found.gates] == ["worse_auc"]


def test_beside_another_champion_its_gates_take_the_place_of_those_of_the_former(release: Release):
    reported = with_report(release, failed("ece"), WORSE, DRIFTED, champion=CHAMPION)
    found = promotion.obstacles(reported, "d" * 12, lambda _: [replace(DRIFTED, figure=0.4)])
    assert [(gate.name, gate.figure) for gate in found.gates] == [("ece", 0.9), ("psi_champion", 0.4)]
    assert [gate.name for gate in promotion.obstacles(reported, "d" * 12, lambda _: []).gates] == ["ece"]


def test_what_cannot_be_compared_anew_keeps_the_gates_of_its_report(release: Release):
    reported = with_report(release, WORSE, champion=CHAMPION)
    found = promotion.obstacles(reported, "d" * 12, lambda _: None)
    assert [gate.name for gate in found.gates] == ["worse_auc"]


@pytest.mark.parametrize(
    ("told", "champion", "is_so"),
    [
        (CHAMPION, CHAMPION, True),
        (CHAMPION, "d" * 12, False),
        ("", CHAMPION, False),
        ("", None, True),
        ("", "own", True),
    ],
)
def test_a_report_speaks_of_the_champion_of_the_day_or_of_another(
    release: Release, told: str, champion: str | None, is_so: bool
):
    report = with_report(release, champion=told).report
    assert promotion.held_against(report, "own", champion) is is_so


# ---- who is refused -------------------------------------------------------------------------------------------------


def test_a_person_says_why_and_the_product_itself_need_not():
    with pytest.raises(BadInput, match=r"Nothing was changed\. Say why it is to change"):
        promotion.require_reason("ann", "  ")
    promotion.require_reason("ann", "Newer data")
    promotion.require_reason("", "")


def test_gates_that_block_are_told_with_what_overrides_them(release: Release):
    found = Obstacles(release.id, gates=(failed("ece"), failed("slope")))
    with pytest.raises(GateError) as caught:
        promotion.require_passed(found, " ")
    assert str(caught.value) == (
        f"Release {release.id} is not promoted: About ece: 0.9, at most 0.1 is asked; About slope: 0.9, at most 0.1 is "
        "asked. To promote it all the same, give the reason (--override REASON); it will stand on the model card."
    )
    promotion.require_passed(found, "The board accepts it")
    promotion.require_passed(Obstacles(release.id), "")


def test_no_reason_overrides_a_contract_that_nobody_has_read(own_home: Path, release: Release):
    store = Store(own_home, "cards")
    unread = store.load(unreviewed(store, release))
    with pytest.raises(GateError, match=rf"^Release {unread.id} is not promoted\. The contract of the book cards was"):
        promotion.require_reviewed(unread)
    promotion.require_reviewed(release)


def test_a_champion_is_of_the_contract_and_the_data_of_its_book(release: Release):
    data = str(release.manifest["data_sha256"])
    promotion.require_same_book(release, release.contract, data)
    with pytest.raises(Mismatch, match=r"its data are [0-9a-f]{12}, the book's are 000000000000\. Train anew"):
        promotion.require_same_book(release, release.contract, "0" * 64)


def test_what_a_store_promotes_and_what_it_finds_in_the_way_are_one_decision(own_home: Path, release: Release):
    """For each of a sound release, one that failed and one nobody has read."""
    store = Store(own_home, "cards")
    poor = forge(store, release.id, {"gates.json": failing(release, "auc")})
    for identity, blocked in ((poor, True), (unreviewed(store, release), True), (release.id, False)):
        assert bool(store.obstacles(store.load(identity))) is blocked
        if blocked:
            with pytest.raises(GateError):
                store.promote(identity, "challenger")
    assert json.loads((store.root / "aliases.json").read_text()) == {"champion": release.id}
