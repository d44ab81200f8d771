"""The challenger scores along: it touches no answer, and how it differs from the champion is on record."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.deployed import shadow
from model.deployed.shadow import SHADOW, Shadow, Shadowed, report
from model.engine.tables import probability
from model.errors import StoreError
from model.monitoring.live import Differences
from model.record.database import reading
from model.release.release import Release
from model.release.store import Store
from model.settings import Settings
from model.whatif.customer.decision import score_scale
from tests.support.forging import overwrite, twin
from tests.support.inside import Served, outputs

Made = Callable[..., dict[str, Any]]
SHIFT = 0.5  # log-odds by which the challenger of these tests differs


@pytest.fixture
def served(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """A service whose challenger finds every customer riskier."""
    monkeypatch.setattr(shadow, "PAUSE", 0.01)
    store = Store(own_home, "cards")
    other = twin(store)
    store.promote(other, "challenger")
    real = shadow.Store.load  # type: ignore[attr-defined]

    def load(self: Store, reference: str = "champion") -> Release:
        release = real(self, reference)
        if release.id == other:
            object.__setattr__(release.scorer.tables, "intercept", release.scorer.tables.intercept + SHIFT)
        return release

    monkeypatch.setattr(shadow.Store, "load", load)  # type: ignore[attr-defined]
    return Served(own_home)


def differences(served: Served) -> Differences | None:
    """The report, once all calls are shadowed."""
    assert served.running.service.shadow is not None
    served.running.audit.close()  # type: ignore[union-attr]
    served.running.service.shadow.close()
    return report(served.running.engine, served.running.service.store.aliases())


def test_the_challenger_touches_no_answer(served: Served, own_home: Path, rows: list[list[float]], request_of: Made):
    body = request_of(rows, "predict_proba", "shap_values", "base_value", "decision", id="one")
    shadowed = served.infer(body)
    assert differences(served) is not None
    alone = Served(own_home, shadow=False).infer({**body, "id": "two"})
    assert shadowed.json()["outputs"] == alone.json()["outputs"]


def test_how_the_two_differ_is_reported(served: Served, rows: list[list[float]], request_of: Made):
    ids = [served.infer(request_of(part)).json()["id"] for part in (rows[:10], rows[10:])]
    found = differences(served)
    assert found is not None
    champion = served.running.service.release()
    raw = np.array(rows).T
    before = champion.scorer.margins(raw)
    gap = probability(before + SHIFT) - probability(before)
    points, cutoff = score_scale(champion.contract).score, champion.contract.score.cutoff
    declined = (points(before) >= cutoff) & (points(before + SHIFT) < cutoff)
    assert found.customers == 40
    assert found.moved == pytest.approx(gap.mean())
    assert found.apart == pytest.approx(np.abs(gap).mean())
    assert found.most == pytest.approx(np.abs(gap).max())
    assert (found.granted, found.declined) == (0, declined.sum())
    assert {call[0] for call in found.calls} == set(ids)
    assert found.calls[0][3] == found.most


def test_only_calls_of_the_champion_are_shadowed(served: Served, rows: list[list[float]], request_of: Made):
    assert served.infer(request_of(rows), version="challenger").status_code == 200
    assert differences(served) is None


def test_a_call_that_could_not_be_recorded_is_not_shadowed(
    served: Served, rows: list[list[float]], request_of: Made, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: Any) -> None:
        raise StoreError("full")

    monkeypatch.setattr(served.running.audit, "_commit", full)
    assert served.infer(request_of(rows)).status_code == 503
    assert differences(served) is None


def test_without_a_challenger_nothing_is_kept(own_home: Path, rows: list[list[float]], request_of: Made):
    served = Served(own_home)
    assert served.infer(request_of(rows)).status_code == 200
    assert differences(served) is None


def test_a_challenger_that_was_altered_is_told_and_answers_go_on(
    served: Served, rows: list[list[float]], request_of: Made
):
    store = served.running.service.store
    overwrite(store.root / store.aliases()["challenger"] / "tables.npz", b"other")
    assert served.infer(request_of(rows)).status_code == 200
    assert differences(served) is None
    assert "was altered" in served.running.service.shadow.trouble  # type: ignore[union-attr]


def test_a_call_the_challenger_cannot_follow_does_not_end_the_shadow(
    served: Served, rows: list[list[float]], request_of: Made, monkeypatch: pytest.MonkeyPatch
):
    own = served.running.service.shadow
    assert own is not None
    real, failed = own._compared, threading.Event()

    def once(call: Shadowed) -> Any:
        if not failed.is_set():
            failed.set()
            raise ZeroDivisionError
        return real(call)

    monkeypatch.setattr(own, "_compared", once)
    for part in (rows[:10], rows[10:]):
        assert served.infer(request_of(part)).status_code == 200
    found = differences(served)
    assert found is not None
    assert found.customers == 30


def waiting(home: Path, release: Release) -> tuple[Shadow, Callable[[int], None]]:
    """A shadow whose thread has ended, and what offers it a call of so many customers."""
    own = Served(home).running.service.shadow
    assert own is not None
    own.close()
    raw, margins = np.zeros((len(release.contract.record), 1)), np.zeros(1)
    return own, lambda n: own.offer(Shadowed("one", np.repeat(raw, n, 1), release, np.repeat(margins, n)))


def test_more_calls_than_can_wait_are_dropped_and_counted(own_home: Path, release: Release):
    own, offer = waiting(own_home, release)
    for _ in range(shadow.WAITING + 3):
        offer(1)
    assert own.dropped == 3


def test_no_more_customers_wait_than_memory_should_hold(own_home: Path, release: Release):
    own, offer = waiting(own_home, release)
    offer(shadow.ROWS + 1)  # one call may always wait
    offer(1)
    assert own.dropped == 1


def test_differences_that_cannot_be_kept_are_counted(
    served: Served, rows: list[list[float]], request_of: Made, monkeypatch: pytest.MonkeyPatch
):
    def locked(*_: Any) -> None:
        raise StoreError("locked")

    monkeypatch.setattr(shadow, "writing", locked)
    assert outputs(served.infer(request_of(rows)))
    assert differences(served) is None
    own = served.running.service.shadow
    assert own is not None
    assert own.dropped == 1
    assert "locked" in own.trouble


def test_each_call_is_one_row(served: Served, rows: list[list[float]], request_of: Made):
    for _ in range(3):
        served.infer(request_of(rows))
    assert differences(served) is not None
    with reading(served.running.engine) as connection:
        assert len(connection.execute(SHADOW.select()).all()) == 3


def test_the_shadow_can_be_switched_off(own_home: Path):
    assert Served(own_home, shadow=False).running.service.shadow is None
    assert Settings().shadow
