"""The frame around every page, and what is shown while there is no model."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.errors import WhatIfError
from model.deployed.desk import DeployedModels
from model.release.store import Store
from tests.pages.conftest import ROOT, Open, markup


def test_the_frame_names_book_date_sample_and_model(open_app: Open, home: Path) -> None:
    at = open_app()
    text = markup(at)
    assert "Taiwan credit cards · 30,000 customers · as of September 2005, a stressed sample" in text
    assert f"model {Store(home, 'cards').resolve('champion')[:6]} live" in text


def test_the_frame_says_how_far_the_model_can_be_trusted_and_leads_to_why(open_app: Open) -> None:
    for page in ("book", "operations"):
        (link,) = [each.proto for each in open_app(page).get("page_link") if "ranks" in each.proto.label]
        assert link.label == "ranks well, predicts accurately ✓"
        assert link.page == "trust"


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A training that goes on as long as the test does."""
    over = threading.Event()

    def wait(*_given: object, **_more: object) -> None:
        over.wait(60)
        raise WhatIfError("It stopped.")

    monkeypatch.setattr(Store, "train", wait)
    yield
    over.set()


@pytest.mark.usefixtures("stuck")
def test_without_a_release_training_is_shown_and_no_page(desk: DeployedModels) -> None:
    at = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=60).run()
    assert not at.exception
    assert "being trained" in at.subheader[0].value
    assert at.get("progress")
    assert not at.number_input


@pytest.mark.usefixtures("stuck")
def test_a_failed_training_is_told_and_can_be_tried_again(desk: DeployedModels) -> None:
    desk.train("cards").error = "No release: the tables do not equal the model."
    at = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=60).run()
    assert "the tables do not equal the model" in at.error[0].value
    assert at.button[0].label == "Try again"


def test_an_altered_release_is_refused_with_what_to_do(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATIF_HOME", str(own_home))
    store = Store(own_home, "cards")
    file = store.root / store.resolve("champion") / "gates.json"
    file.chmod(0o644)
    file.write_text(file.read_text() + " ")
    monkeypatch.setattr("pages.shared.deployed.desk", DeployedModels())
    at = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=60).run()
    assert not at.exception
    assert "was altered" in at.error[0].value
    assert not at.number_input
