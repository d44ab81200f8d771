"""Applications to decisions: those of the batch to the last bit, each by the release of its moment, none lost."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.books import read_book
from model.engine.tables import probability
from model.errors import ReleaseError
from model.release.register import LEAD
from model.release.release import Release
from model.release.store import Store
from model.scoring.stream.decider import Decider
from model.scoring.stream.messages import read_applications, read_outcomes
from tests.support.forging import twin
from tests.support.records import records
from tests.support.streamed import NOON, applications, message, sent

CARDS = read_book("cards")
CONTRACT = CARDS.contract
GOOD = applications(CONTRACT, CARDS.raw[:, :1], ["A-1"])[0]
DEEP = b"[" * 900 + b"]" * 900  # levels that can be read, and not written again


def again(said: dict[str, Any], more: bytes) -> bytes:
    """A message whose last name and value are written once more, or others."""
    return orjson.dumps(said)[:-1] + b", " + more + b"}"


def nested(name: str) -> bytes:
    """An application with a value as deep."""
    return orjson.dumps({**GOOD, name: "deep"}).replace(b'"deep"', DEEP)


@pytest.fixture(scope="module")
def decider(home: Path) -> Decider:
    return Decider(Store(home, "cards"))


def test_applications_are_decided_as_their_records_are_scored_with_reasons_that_add_up(
    decider: Decider, release: Release
):
    raw = np.ascontiguousarray(CARDS.raw[:, :300])
    found = decider.decide(sent(applications(CONTRACT, raw, range(300))), NOON)
    (batch,) = found.batches
    assert not found.refused
    assert batch.ids == tuple(map(str, range(300)))
    assert np.array_equal(batch.raw, raw)
    assert np.array_equal(batch.pd, probability(release.scorer.margins(raw)))
    assert np.abs(batch.average + sum(batch.points.values()) - batch.exact).max() < 1e-9
    assert np.abs(release.scorer.shapley.base + batch.log_odds.sum(0) - batch.margins).max() < 1e-12
    assert np.array_equal(batch.granted, batch.score >= CONTRACT.score.cutoff)


@given(st.lists(records(), min_size=1, max_size=5), st.data())
def test_good_and_bad_are_told_apart_whatever_stands_beside_them(raws: list[Any], data: st.DataObject):
    good = applications(CONTRACT, np.hstack(raws), [f"good-{k}" for k in range(len(raws))])
    bad = [b"", b"{", b"[1]", b'"x"', b"\xff\xfe", {**GOOD, "limit": "80000"}, {**GOOD, "limit": True}]
    bad += [{**GOOD, "limit": None}, {**GOOD, "limit": 10**17}, {**GOOD, "status_1": 99}, {"id": 5}, {**GOOD, "id": ""}]
    order = data.draw(st.permutations([*good, *bad[: data.draw(st.integers(0, len(bad)))]]))
    read = read_applications(CONTRACT, [message(each, offset=k) for k, each in enumerate(order)])
    own = [each["id"] for each in order if isinstance(each, dict) and str(each.get("id")).startswith("good")]
    assert list(read.ids) == own
    assert len(read.refused) + len(read.ids) == len(order)
    assert all(each.reasons for each in read.refused)
    expected = {each["id"]: list(each.values())[1:] for each in good}
    assert all(expected[name] == row for name, row in zip(read.ids, read.raw.T.tolist(), strict=True))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"{", "no JSON"),
        (b"[1, 2]", "one JSON object; [1,2] was given"),
        ({"limit": 5}, "needs an id"),
        ({**GOOD, "id": "x" * 201}, "1 to 200 printable characters"),
        ({"id": 1, "limit": 5}, "lacks 18 fields: status_1, status_2"),
        ({**GOOD, "limit": "80,000"}, 'Credit limit: "80,000"'),
        ({**GOOD, "bill_1": [1]}, "given were Bill, September: [1]"),
        (nested("bill_1"), "given were Bill, September: something nested too deeply"),
        (nested("id"), "printable characters; something nested too deeply"),
        (DEEP, "one JSON object; something nested too deeply"),
        (b"[" * 9000, "no JSON"),
        (again(GOOD, b'"limit": 999999'), "holds 'limit' twice in one object. Say which value is meant"),
        (again(GOOD, b'"limit": 80000'), "'limit' twice"),
        (again(GOOD, b'"\\u006cimit": 80000'), "'limit' twice"),
        (again(GOOD, b'"id": "A-2"'), "'id' twice"),
        (again(GOOD, b'"more": [{"x": 1, "x": 2}]'), "'x' twice"),
        ({**GOOD, "limit": None}, "Credit limit is missing"),
        ({**GOOD, "limit": 5e9}, "1,000 to 1,000,000 NT$; 5,000,000,000 was given"),
        ({**GOOD, "limit": 2**60}, "beyond 2^53"),
        ({**GOOD, "status_1": 8, "status_2": 0}, "cannot worsen by more than four months"),
    ],
)
def test_what_is_no_application_is_refused_with_what_was_given_and_what_is_allowed(said: Any, told: str):
    (refused,) = read_applications(CONTRACT, [message(said)]).refused
    assert told in " ".join(refused.reasons)


def test_a_refusal_names_every_thing_that_is_wrong(decider: Decider):
    said = {**GOOD, "limit": 5, "bill_1": 9e9}
    (refused,) = decider.decide([message(said)], NOON).refused
    assert (refused.id, refused.fields, len(refused.reasons)) == ("A-1", ("Credit limit", "Bill, September"), 2)


def test_a_message_without_a_time_is_refused(decider: Decider):
    found = decider.decide([message(GOOD, at=-1)], NOON)
    assert not found.batches
    assert "no timestamp" in found.refused[0].reasons[0]


def test_an_application_is_decided_by_the_champion_of_its_moment_also_when_it_comes_again(own_home: Path):
    store = Store(own_home, "cards")
    first, decider = store.aliases()["champion"], Decider(store)
    second = twin(store)
    store.promote(second, who="Ana", why="A try.")
    moved = int(store.champions()[-1].at.timestamp() * 1000) + int(LEAD.total_seconds() * 1000)
    around = [message({**GOOD, "id": str(at)}, at=at) for at in (moved - 1, moved, moved - 5000, moved + 5000)]
    now = {batch.release.id: batch.ids for batch in decider.decide(around, moved).batches}
    assert now == {first: (str(moved - 1), str(moved - 5000)), second: (str(moved), str(moved + 5000))}
    store.rollback(who="Ana", why="It was a try.")
    again = {batch.release.id: batch.ids for batch in decider.decide(around, moved).batches}
    assert all(name in again[second] for name in (str(moved),))
    assert set(again[first]) >= set(now[first])


def test_a_message_that_breaks_the_scorer_takes_no_other_down(decider: Decider, monkeypatch: pytest.MonkeyPatch):
    whole = read_applications

    def broken(contract: Any, given: Any) -> Any:
        if any(b"poison" in each.value for each in given):
            raise ZeroDivisionError("of a kind that nobody thought of")
        return whole(contract, given)

    monkeypatch.setattr("model.scoring.stream.decider.read_applications", broken)
    found = decider.decide(sent([GOOD, {**GOOD, "id": "poison"}, {**GOOD, "id": "A-3"}]), NOON)
    assert [each.ids for each in found.batches] == [("A-1",), ("A-3",)]
    assert "Report this, it is a defect" in found.refused[0].reasons[0]


def test_without_a_champion_nothing_is_decided(tmp_path: Path):
    with pytest.raises(ReleaseError, match="no champion of the book cards"):
        Decider(Store(tmp_path, "cards")).decide([message(GOOD)], NOON)


def test_outcomes_are_noughts_and_ones():
    good, bad = {"id": 7, "outcome": 1}, [{"id": 7, "outcome": 2}, {"id": 7}, {"outcome": 1}, {"id": 7, "outcome": "1"}]
    found, refused = read_outcomes([message(each) for each in (good, *bad, {"id": "B", "outcome": 0.0})], NOON)
    assert [(each.id, each.outcome, each.at) for each in found] == [("7", 1, NOON), ("B", 0, NOON)]
    assert len(refused) == len(bad)


def test_an_outcome_told_twice_in_one_message_is_refused_alone():
    twice = [again({"id": 7, "outcome": 1}, each) for each in (b'"outcome": 0', b'"outcome": 1', b'"id": 8')]
    found, refused = read_outcomes([message(each) for each in (*twice, {"id": "a:b", "outcome": 1})], NOON)
    assert [each.id for each in found] == ["a:b"]
    names = [each.reasons[0].partition(" twice")[0] for each in refused]
    assert names == ["The message holds 'outcome'", "The message holds 'outcome'", "The message holds 'id'"]


def test_colons_in_texts_are_no_names():
    said = {**GOOD, "id": 'urn:bank:"1"', "note": {"a:b": ":"}}
    assert read_applications(CONTRACT, [message(said)]).ids == ('urn:bank:"1"',)


@pytest.mark.parametrize("name", ["id", "outcome"])
def test_an_outcome_nested_however_deeply_is_refused_alone(name: str):
    deep = orjson.dumps({"id": 7, "outcome": 1} | {name: "deep"}).replace(b'"deep"', DEEP)
    found, refused = read_outcomes([message(deep), message({"id": 8, "outcome": 1})], NOON)
    assert [each.id for each in found] == ["8"]
    assert "something nested too deeply to be shown" in refused[0].reasons[0]


def test_an_outcome_of_no_moment_or_one_to_come_is_refused():
    times = [-1, 0, NOON, NOON + 60_000, NOON + 60_001, 2**62]
    found, refused = read_outcomes([message({"id": at, "outcome": 1}, at=at) for at in times], NOON)
    assert [each.at for each in found] == [0, NOON, NOON + 60_000]
    assert [each.id for each in refused] == ["-1", str(NOON + 60_001), str(2**62)]
    assert "no timestamp" in refused[0].reasons[0]
    assert all("ahead of the clock" in each.reasons[0] for each in refused[1:])
