"""The part of the trust page on which the whole model can be looked at, on its own."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model.deployed.desk import desk
from pages.shared import deployed
from tests.pages.conftest import figure, markup


def page() -> None:
    """The panel and nothing else."""
    from model.deployed.context import known_effects
    from model.validation.result import TrustResult
    from pages.shared import deployed
    from pages.trust import effects
    from pages.trust import state as trust_state

    model = deployed.model()
    trust_state.memory.restore(model)
    effects.effects_panel(
        model, TrustResult(model.validation(), release=model.release, look=lambda: known_effects(model))
    )


@pytest.fixture
def at(home: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("WHATIF_HOME", str(home))
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception
    return at


def test_panel_opens_with_concepts_the_weightiest_input_and_the_strongest_pair(at: AppTest) -> None:
    contract = desk.model("cards").contract  # type: ignore[union-attr]
    bars = figure(at, "importance")["data"][0]
    assert len(bars["x"]) == len(contract.concepts)
    assert {each.key for each in at.selectbox} == {"trust.input", "trust.pair"}
    assert at.selectbox(key="trust.input").options[0] in markup(at)
    assert "Two inputs together" in markup(at)
    assert figure(at, "together")["data"][0]["type"] == "heatmap"


def test_switch_shows_every_input_in_place_of_concepts(at: AppTest) -> None:
    before = markup(at)
    at.segmented_control(key="trust.moves").set_value("inputs").run()
    contract = desk.model("cards").contract  # type: ignore[union-attr]
    assert len(figure(at, "importance")["data"][0]["x"]) == len(contract.inputs)
    assert markup(at) != before


def test_another_input_shows_its_own_effect(at: AppTest) -> None:
    contract = desk.model("cards").contract  # type: ignore[union-attr]
    box = at.selectbox(key="trust.input")
    shown = figure(at, "effect")
    other = next(each for each in contract.inputs if each.label != box.options[0])
    box.set_value(other.name).run()
    assert not at.exception
    assert figure(at, "effect") != shown
    assert f"<h3>{other.label}" in markup(at)


def test_every_input_and_every_pair_can_be_looked_at(at: AppTest) -> None:
    for key in ("trust.input", "trust.pair"):
        for k in range(len(at.selectbox(key=key).options)):
            at.selectbox(key=key).select_index(k).run()
            assert not at.exception


def test_every_table_is_listed_and_every_cell_can_be_taken_along(at: AppTest) -> None:
    assert not at.dataframe
    at.session_state["_tables"] = True
    at.run()
    model = desk.model("cards")
    assert model is not None
    assert model.release is not None
    tables = model.release.scorer.tables
    assert len(at.dataframe[0].value) == len(tables.first)
    labels = [each.proto.label for each in at.get("download_button")]
    assert labels == ["Download as CSV", "as Excel", f"Download all {len(tables.cells):,} cells as CSV"]


def test_method_names_shapley_values_and_their_background(at: AppTest) -> None:
    at.session_state["_effects_method"] = True
    at.run()
    told = " ".join(each.value for each in at.markdown)
    assert "SHAP" in told
    assert "average customer of the book" in told


def test_of_a_model_that_is_not_ours_it_is_said_why_there_is_nothing_to_see(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATIF_HOME", str(home))
    known = desk.model("cards")
    assert known is not None

    class Connection:
        class about:  # noqa: N801
            release, version, name = "", "7", "somebody"

        class transport:  # noqa: N801
            host = "elsewhere"

    foreign = replace(known, release=None, remote=Connection())  # type: ignore[arg-type]
    monkeypatch.setattr(deployed, "model", lambda: foreign)
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception
    assert "only the answers are known here" in at.info[0].value
    assert not at.selectbox
