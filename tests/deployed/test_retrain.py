"""A further release trained in the background: gated, kept, and deployed by nobody."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.deployed.desk import DeployedModels, TrainingRun
from model.release.window import Window
from model.settings import Settings
from tests.support import loans, proofs


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeployedModels]:
    proofs.trained(proofs.lay_down(tmp_path, 3000))
    yield DeployedModels(lambda: Settings(home=tmp_path))
    for thread in threading.enumerate():
        if thread.name == f"retrain-{loans.NAME}":
            thread.join()


def ended(training: TrainingRun) -> TrainingRun:
    for thread in threading.enumerate():
        if thread.name == f"retrain-{loans.NAME}":
            thread.join()
    assert training.ended
    return training


def test_another_window_makes_a_release_that_is_not_deployed(desk: DeployedModels) -> None:
    champion = desk.store(loans.NAME).aliases()["champion"]
    found = ended(desk.retrain(loans.NAME, 2001, 2003))
    assert found.error == ""
    assert found.share == 1.0
    store = desk.store(loans.NAME)
    assert store.aliases()["champion"] == champion
    assert store.load(found.made).window == Window(2001, 2003)
    assert found.made in desk.comparable(loans.NAME)
    assert desk.retraining(loans.NAME) is found


def test_a_release_recalibrated_on_a_year_says_so(desk: DeployedModels) -> None:
    found = ended(desk.retrain(loans.NAME, 2001, 2004, Window(2005, 2005)))
    assert desk.store(loans.NAME).load(found.made).asked.recalibrated == Window(2005, 2005)


def test_a_window_that_cannot_be_is_told(desk: DeployedModels) -> None:
    found = ended(desk.retrain(loans.NAME, 1950, 1951))
    assert "has no record of the vintages 1950 to 1951" in found.error
    assert found.made == ""


def test_whoever_asks_meanwhile_is_told_of_the_training_under_way(
    desk: DeployedModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    run = DeployedModels._run_again
    monkeypatch.setattr(DeployedModels, "_run_again", lambda *given: (go.wait(), run(*given)))
    assert desk.retraining(loans.NAME) is None
    first = desk.retrain(loans.NAME, 2001, 2003)
    assert desk.retrain(loans.NAME, 2002, 2004) is first
    assert not first.ended
    go.set()
    ended(first)
