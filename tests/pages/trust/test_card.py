"""The model card in the app: every section, and the file to keep."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model.release.release import Release
from model.release.store import Store
from model.security.people import Person
from tests.pages.conftest import markup
from tests.support.forging import failing, forge

Shown = Callable[[Path], AppTest]


def _page() -> None:
    from model.deployed.context import release_context
    from model.deployed.desk import desk
    from pages.shared import deployed, visitor
    from pages.trust import card

    model, withheld = deployed.model(), visitor.withheld("see protected attributes")
    around = release_context(desk, model, withheld)
    assert around.card is not None
    card.whole(around.card())


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Draws the panel alone, on a home."""

    def draw(home: Path) -> AppTest:
        monkeypatch.setenv("WHATIF_HOME", str(home))
        at = AppTest.from_function(_page, default_timeout=60).run()
        assert not at.exception
        return at

    return draw


def test_the_card_is_told_and_can_be_kept(shown: Shown, home: Path, release: Release) -> None:
    at = shown(home)
    told = markup(at)
    for each in ("Purpose", "Never scored", "Gates before promotion", "What reasons (SHAP values) do not mean"):
        assert f"<h3>{each}</h3>" in told
    assert release.artefact in told
    assert "<td>male</td>" in told
    (button,) = at.get("download_button")
    assert button.proto.label == "Download the card"
    assert not at.warning


def test_groups_are_kept_from_a_viewer(shown: Shown, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.shared.visitor.current", lambda: Person("somebody", "viewer"))
    told = markup(shown(home))
    assert "<td>male</td>" not in told
    assert "Shown to those only who may see protected attributes." in told


def test_an_override_is_told_before_anything_else(shown: Shown, own_home: Path, release: Release) -> None:
    store = Store(own_home, "cards")
    other = forge(store, release.id, {"gates.json": failing(release, "auc")})
    store.promote(other, who="ann", why="Newer data", override="The board <b>accepts</b> it")
    at = shown(own_home)
    (warned,) = at.warning
    assert warned.value.startswith("Gates were overridden: AUC 0.123 (at least 0.780 is asked).")
    assert "<td>The board <b>accepts</b> it</td>" in markup(at)  # unescaped: as it reads
    assert "<b>accepts" not in "".join(each.value for each in at.html)
