"""A recorded call done again: the same to the last bit by the release that answered it, and told if it is not."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from data.arrays import Array
from data.books import Book
from data.contract import Contract, read_contract
from model.errors import ReleaseError, StoreError
from model.record import database
from model.record.replay import book_outputs, customer_outputs, policy_outputs, replay
from model.record.trail import Audit, Entry, find
from model.release.release import Release
from model.release.store import Store
from model.settings import Settings
from model.whatif.book.scenario import BookScenario, layers
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.decision import score_scale
from model.whatif.policy.scenario import PolicyScenario
from model.whatif.policy.strategy import Strategy
from tests.support.forging import forge, twin

DAY = date(2026, 3, 1)
NONE: Array = np.empty((0, 0))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty record."""
    made = database.engine(Settings(home=tmp_path))
    yield made
    made.dispose()


@pytest.fixture
def store(home: Path) -> Store:
    return Store(home, "cards")


def called(release: Release, kind: str, inputs: Array, outputs: Mapping[str, Array], **detail: Any) -> Entry:
    """A call that ``release`` answered."""
    return Entry(
        kind=kind,
        who="someone",
        via="page",
        book="cards",
        release=release.id,
        contract_sha256=release.contract.hash,
        inputs=inputs,
        outputs=outputs,
        duration_ms=1.0,
        detail=detail,
    )


@pytest.mark.parametrize("kind", ["score", "upload", "whatif:customer"])
@pytest.mark.parametrize("reasons", [True, False])
def test_scored_records_replay_bit_for_bit_from_the_record(
    engine: Engine, store: Store, release: Release, book: Book, kind: str, reasons: bool
):
    raw = book.raw[:, :300]
    with Audit(engine) as writer:
        name = writer.record(called(release, kind, raw, customer_outputs(release.scorer, raw, reasons)))
    found = replay(find(engine, name), store)
    assert (found.same, found.gap) == (True, 0.0)
    told = "pd, shap_values, base_value" if reasons else "pd"
    assert found.words == f"The same, bit for bit: {told}."


@pytest.mark.parametrize(
    "stressed",
    [
        {},
        {"lgd": 0.6},
        {
            "preset": "",
            "overlay_pd": 25.0,
            "overlay_owner": "me",
            "overlay_reason": "because",
            "overlay_until": DAY.isoformat(),
        },
    ],
)
def test_scenario_of_the_book_replays_as_of_the_day_it_was_asked(
    engine: Engine, store: Store, release: Release, whole: ScoredBook, contract: Contract, stressed: dict[str, Any]
):
    scenario = BookScenario()
    for name, value in stressed.items():
        scenario = scenario.with_value(contract, name, value)
    address = scenario.to_query()
    outputs = book_outputs(whole.totals([layers(contract, scenario, DAY)])[0])
    with Audit(engine) as writer:
        told = called(release, "whatif:book", inputs=NONE, outputs=outputs, address=address, day=DAY.isoformat())
        name = writer.record(told)
    entry = find(engine, name)
    found = replay(entry, store)
    assert (found.same, found.gap) == (True, 0.0)
    assert set(outputs) >= {"exposure", "pd_sum", "loss", "capital", "margin"}
    if "overlay_pd" in stressed:  # a day later the overlay had run out
        after = replay(replace(entry, detail={**entry.detail, "day": "2026-03-02"}), store)
        assert not after.same
        assert after.words.startswith("Not the same: ")


def test_policy_replays(
    engine: Engine, store: Store, release: Release, whole: ScoredBook, book: Book, contract: Contract
):
    chosen = PolicyScenario().with_value(contract, "cutoff", 540.0).with_value(contract, "lgd", 0.55)
    rows = whole.rows(layers(contract, chosen.assumed, DAY))
    outcome = Strategy.of(np.asarray(score_scale(contract).score(whole.margins)), rows, book.target).at(540)
    outputs = policy_outputs(outcome)
    told = {"address": chosen.to_query(), "day": DAY.isoformat()}
    with Audit(engine) as writer:
        name = writer.record(called(release, "whatif:policy", inputs=NONE, outputs=outputs, **told))
    found = replay(find(engine, name), store)
    assert (found.same, found.gap) == (True, 0.0)
    assert 0 < outputs["approved"] < outputs["customers"]
    other = replay(called(release, "whatif:policy", inputs=NONE, outputs=outputs, address={"cutoff": "541"}), store)
    assert not other.same


def test_small_difference_is_told_apart_from_a_real_one(store: Store, release: Release, book: Book):
    raw = book.raw[:, :5]
    outputs = customer_outputs(release.scorer, raw)
    near = outputs | {"pd": outputs["pd"] * (1 + 1e-15) + 1e-16}
    found = replay(called(release, "score", raw, near), store)
    assert found.same
    assert 0 < found.gap <= 1e-12
    assert found.words.startswith("The same within 1e-12: pd, ")
    off = outputs | {"shap_values": outputs["shap_values"] + 1e-9}
    found = replay(called(release, "score", raw, off), store)
    assert not found.same
    assert found.gap == pytest.approx(1e-9, rel=1e-3)
    assert found.words == "Not the same: shap_values differs by up to 1e-09."


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_recorded_value_that_is_no_number_is_not_the_same(store: Store, release: Release, book: Book, bad: float):
    raw = book.raw[:, :2]
    pd = customer_outputs(release.scorer, raw, reasons=False)["pd"]
    found = replay(called(release, "score", raw, {"pd": np.array([pd[0], bad])}), store)
    assert (found.same, found.gap) == (False, np.inf)


def test_recorded_number_of_values_must_agree(store: Store, release: Release, book: Book):
    found = replay(called(release, "score", book.raw[:, :2], {"pd": np.array([0.5])}), store)
    assert not found.same
    assert found.words == "Not the same: pd has another number of values now."


def test_output_that_is_not_known_is_told_and_set_aside(store: Store, release: Release, book: Book):
    raw = book.raw[:, :2]
    outputs = customer_outputs(release.scorer, raw, reasons=False) | {"mood": np.array([1.0])}
    assert replay(called(release, "score", raw, outputs), store).words.endswith(" Not compared: mood.")
    with pytest.raises(StoreError, match="Nothing is on record of this call that could be compared"):
        replay(called(release, "score", raw, {"mood": np.array([1.0])}), store)


def test_old_release_answers_for_itself_after_another_was_promoted(own_home: Path, release: Release, book: Book):
    store = Store(own_home, "cards")
    store.promote(twin(store))
    raw = book.raw[:, :5]
    assert replay(called(release, "score", raw, customer_outputs(release.scorer, raw)), store).same


def test_absent_release_is_told_with_what_to_do(store: Store, release: Release, book: Book):
    raw = book.raw[:, :1]
    told = replace(called(release, "score", raw, {"pd": np.array([0.5])}), release="champion")  # no id: never an alias
    with pytest.raises(ReleaseError, match=rf"by the release champion .* not here; there are: {release.id}\. Restore"):
        replay(told, store)


def test_model_elsewhere_can_only_be_asked_itself(store: Store, release: Release, book: Book):
    told = called(
        release, "score", inputs=book.raw[:, :1], outputs={"pd": np.array([0.5])}, model="bank.example/credit"
    )
    with pytest.raises(ReleaseError, match=r"answered by bank\.example/credit, .* only be replayed against that model"):
        replay(replace(told, release="7f3a"), store)


def test_a_call_told_in_other_words_is_done_again_in_them(own_home: Path, release: Release, book: Book):
    store, raw = Store(own_home, "cards"), book.raw[:, :3]
    told = release.in_words_of(read_contract(release.contract.text.replace(b'title = "', b'title = "Our ')))
    entry = called(told, "score", raw, customer_outputs(told.scorer, raw, True))
    assert (entry.release, entry.contract_sha256) == (release.id, told.contract.hash)
    with pytest.raises(ReleaseError, match="has another contract than the one under which call"):
        replay(entry, store)
    store.keep_words(told.contract)
    assert replay(entry, store).same
    assert told.artefact == release.artefact


def test_other_contract_under_the_same_release_is_told(store: Store, release: Release, book: Book):
    told = replace(called(release, "score", book.raw[:, :1], {"pd": np.array([0.5])}), contract_sha256="0" * 64)
    with pytest.raises(ReleaseError, match="has another contract than the one under which call"):
        replay(told, store)


def test_other_snapshot_than_the_one_installed_is_told(own_home: Path, release: Release, whole: ScoredBook):
    store = Store(own_home, "cards")
    other = store.load(forge(store, release.id, {}, data_sha256="0" * 64))
    outputs = book_outputs(whole.totals([layers(release.contract, BookScenario(), DAY)])[0])
    with pytest.raises(ReleaseError, match="was trained on another snapshot"):
        replay(called(other, "whatif:book", inputs=NONE, outputs=outputs, address={}), store)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "stream"}, "A call of kind 'stream' cannot be done again"),
        ({"kind": "score", "inputs": np.zeros((3, 1))}, "has 3 fields on record, where its release reads"),
        ({"detail": {}}, "has no address on record"),
        ({"detail": {"address": {"mood": "1"}}}, "cannot be read from the record: 'mood' in the address"),
        ({"detail": {"address": {"lgd": "9"}}}, "cannot be read from the record: .*must"),
        ({"detail": {"address": {}, "day": "soon"}}, "has no day on record that can be read"),
    ],
)
def test_entry_that_does_not_hold_what_it_takes_is_told(
    store: Store, release: Release, changes: dict[str, Any], told: str
):
    entry = replace(
        called(release, "whatif:book", inputs=NONE, outputs={"loss": np.array([1.0])}, address={}), **changes
    )
    with pytest.raises(StoreError, match=told):
        replay(entry, store)


def test_call_on_another_book_is_told(home: Path, release: Release):
    with pytest.raises(ReleaseError, match="was answered on the book cards, not on small_business"):
        replay(called(release, "score", NONE, {}), Store(home, "small_business"))
