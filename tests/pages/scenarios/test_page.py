"""Scenarios under a name, on the pages: saved where they are made, opened again, changed, signed off, presented."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model.api.process import close, running
from model.deployed.desk import DeployedModels
from model.export.workbook.workbook import asked_book_workbook
from model.record.scenarios import ScenarioStore
from model.release.store import Store
from model.scoring.scenario_files import scenarios_as_toml
from model.security.people import Person
from model.settings import Settings
from model.whatif.book.scenario import BookScenario
from model.whatif.saved import SavedScenario
from tests.export.workbook.reading import ReadWorkbook
from tests.pages.conftest import Open, address, begin, links, markup, opened, put_desk, sentence
from tests.support.forging import shifted

BEN, EVE = Person("Ben", "analyst"), Person("Eve", "admin")


@pytest.fixture
def scenarios(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScenarioStore]:
    """The store of a home of its own, whose desk every page asks."""
    monkeypatch.setenv("WHATIF_HOME", str(own_home))
    own = DeployedModels(lambda: Settings(home=own_home))
    put_desk(monkeypatch, own)
    yield running().scenarios
    close()
    own.close()


@pytest.fixture
def open_own(open_app: Open, scenarios: ScenarioStore, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setenv("WHATIF_HOME", str(own_home))
    return open_app


def save(at: AppTest, page: str, name: str, **fields: str) -> AppTest:
    """Save what stands on a page under a name."""
    at.session_state[f"_{page}_save"] = True
    at.run()
    at.text_input(key=f"_{page}_save_name").set_value(name)
    for field, value in fields.items():
        at.text_input(key=f"_{page}_save_{field}").set_value(value)
    next(each for each in at.button if each.label == "Save").click().run()
    assert not at.exception
    return at


def warnings(at: AppTest) -> str:
    return " ".join(each.value.replace("\\", "") for each in at.warning)


def press(at: AppTest, label: str) -> AppTest:
    next(each for each in at.button if each.label.startswith(label)).click().run()
    assert not at.exception
    return at


CASES = {
    "book": ("book", {"balances": 20, "unemployment": 3}),
    "customer": ("applicant", {"customer": 12345, "balances": -20}),
    "policy": ("policy", {"cutoff": 540}),
}


@pytest.mark.parametrize("subject", CASES)
def test_what_if_is_saved_where_it_is_made_and_opens_again_with_the_same_numbers(
    open_own: Open, scenarios: ScenarioStore, own_home: Path, subject: str
):
    page, query = CASES[subject]
    at = save(open_own(page, **query), subject, "Board's base", note="for March", tags="board, 2026")
    (kept,) = scenarios.listed("cards")
    assert dict(kept.query) == {name: str(value) for name, value in query.items()}
    assert (kept.note, kept.tags, kept.owner) == ("for March", ("board", "2026"), "local user")
    assert "<p class='wi-open'>“Board's base” · version 1</p>" in markup(at)
    said = sentence(at)
    close()  # a restart: the next page opens the database anew
    again = open_own(page, **{"saved-as": kept.id})
    assert sentence(again) == said
    assert address(again) == {name: str(value) for name, value in query.items()} | {"saved-as": kept.id}
    assert "changed since" not in markup(again)
    store = Store(own_home, "cards")
    store.promote(shifted(store, 0.5), why="newer data")
    again = open_own(page, **{"saved-as": kept.id})
    assert f"Since this was saved, the model {kept.release[:6]} gave its numbers" in warnings(again)
    assert "by the model before," in warnings(again)
    listed = open_own("scenarios", scenario=kept.id)
    assert "Board's base" in sentence(listed)
    assert "was" in markup(listed)
    assert "by the model before" in warnings(listed)


def test_second_writer_on_a_page_is_told_and_may_overwrite_or_take_another_name(
    open_own: Open, scenarios: ScenarioStore
):
    at = save(open_own("book", unemployment=3), "book", "Shared")
    (kept,) = scenarios.listed("cards")
    scenarios.save(replace(kept, note="Ben's"), BEN)
    at = save(at, "book", "Shared", note="mine")
    assert "Ben saved version 2" in warnings(at)
    assert scenarios.find(kept.id).note == "Ben's"
    at = press(at, "Overwrite version 2")
    assert (scenarios.find(kept.id).note, scenarios.find(kept.id).version) == ("mine", 3)
    save(at, "book", "Mine alone")
    assert {each.name for each in scenarios.listed("cards")} == {"Shared", "Mine alone"}


def test_where_edits_stay_out_of_the_address_a_link_carries_the_id_alone(
    open_own: Open, scenarios: ScenarioStore, monkeypatch: pytest.MonkeyPatch
):
    save(open_own("book", unemployment=3), "book", "Kept")
    (kept,) = scenarios.listed("cards")
    monkeypatch.setenv("WHATIF_URL_STATE", "off")
    at = open_own("book", **{"saved-as": kept.id})
    assert at.slider(key="book.unemployment").value == 3
    assert address(at) == {"saved-as": kept.id}
    missing = open_own("book", **{"saved-as": "nowhere"})
    assert "There is no saved scenario 'nowhere'" in warnings(missing)
    elsewhere = open_own("policy", **{"saved-as": kept.id})
    assert "“Kept” is opened on the page Book" in warnings(elsewhere)


def test_page_edits_clones_archives_submits_and_presents(open_own: Open, scenarios: ScenarioStore):
    at = open_own("scenarios")
    assert "No scenario of Taiwan credit cards is kept yet" in sentence(at)
    save(open_own("book", unemployment=3), "book", "Base")
    save(open_own("book", unemployment=5), "book", "Worse")
    base = scenarios.named("cards", "Base")
    at = open_own("scenarios", scenario=base.id)
    assert "Expected loss" in sentence(at)
    at = opened(at, "_scenario_edit")
    at.text_input(key="_scenario_name").set_value("Base case")
    at = press(at, "Save")
    assert [scenarios.find(base.id).name, scenarios.find(base.id).version] == ["Base case", 2]
    scenarios.save(replace(scenarios.find(base.id), note="Ben's"), BEN)
    at.text_input(key="_scenario_name").set_value("Base of the board")
    at = press(at, "Save")
    assert "Ben saved version 3" in warnings(at)
    at = press(at, "Overwrite version 3")
    assert (scenarios.find(base.id).name, scenarios.find(base.id).version) == ("Base of the board", 4)
    at = opened(open_own("scenarios", scenario=base.id), "_scenario_clone")
    at.text_input(key="_scenario_copy").set_value("Copy")
    at = press(at, "Clone")
    copy = scenarios.named("cards", "Copy")
    assert address(at)["scenario"] == copy.id
    at = press(at, "Submit for review")
    assert scenarios.find(copy.id).state == "submitted"
    at = opened(at, "_scenario_review")
    at.text_area(key="_scenario_word").set_value("fine")
    at = press(at, "Approve")
    assert "nobody approves their own" in warnings(at)
    submitted = scenarios.find(copy.id)
    scenarios.review(copy.id, submitted.version, person=EVE, approve=True, word="agreed")
    at = open_own("scenarios", scenario=copy.id)
    assert "signed off" in markup(at)
    assert "Eve: “agreed”" in markup(at)
    assert not [each for each in at.button if each.label == "Submit for review"]
    at = press(at, "Archive")
    assert scenarios.find(copy.id).state == "archived"
    at = press(press(at, "Restore"), "Present")
    first, place = sentence(at), [each.value for each in at.text if " of 3" in each.value]
    assert place == ["1 of 3"]  # the one that is open, changed last
    at = press(at, "Next")
    assert sentence(at) != first
    assert sentence(press(at, "Back")) == first
    assert press(at, "Leave").selectbox(key="_scenario").value == copy.id


def test_every_field_of_a_scenario_is_edited_and_a_variant_is_saved_where_it_is_made(
    open_own: Open, scenarios: ScenarioStore
):
    save(open_own("book", unemployment=3), "book", "Base")
    base = scenarios.named("cards", "Base")
    at = opened(open_own("book", unemployment=3, balances=20), "_book_save")
    at.selectbox(key="_book_save_base").set_value(base.id)
    at.text_input(key="_book_save_name").set_value("Variant")
    press(at, "Save")
    variant = scenarios.named("cards", "Variant")
    assert (variant.stands_on, variant.own) == (base.id, (("balances", "20"),))
    at = opened(open_own("scenarios", scenario=variant.id), "_scenario_edit")
    at.text_area(key="_scenario_note").set_value("for March")
    at.text_input(key="_scenario_tags").set_value("board, 2026 ")
    at.toggle(key="_scenario_frozen").set_value(True)
    press(at, "Save")
    frozen = scenarios.find(variant.id)
    assert (frozen.note, frozen.tags, frozen.follows, frozen.stands_on) == (
        "for March",
        ("board", "2026"),
        False,
        base.id,
    )
    at = opened(open_own("scenarios", scenario=variant.id), "_scenario_edit")
    at.selectbox(key="_scenario_base").set_value("")
    at.text_input(key="_scenario_owner").set_value("Ben")
    press(at, "Save")
    alone = scenarios.find(variant.id)
    assert (alone.owner, alone.stands_on, alone.own) == ("Ben", "", ())
    assert dict(alone.query) == {"unemployment": "3", "balances": "20"}
    (link,) = [each for each in links(at) if each.label == "Open on the page Book"]
    assert f"saved-as={variant.id}" in link.query_string


def test_somebody_else_reviews_with_a_word_on_the_page(
    open_own: Open, scenarios: ScenarioStore, monkeypatch: pytest.MonkeyPatch
):
    handed = scenarios.submit(scenarios.save(kept("Base", "Ben"), BEN), BEN)
    monkeypatch.setattr("pages.shared.visitor.current", lambda: EVE)
    at = opened(open_own("scenarios", scenario=handed.id), "_scenario_review")
    at = press(at, "Send back")
    assert "A review needs a word on why" in warnings(at)
    at.text_area(key="_scenario_word").set_value("LGD too low")
    press(at, "Send back")
    back = scenarios.find(handed.id)
    assert (back.state, back.word, back.reviewed_by) == ("draft", "LGD too low", "Eve")
    scenarios.submit(back, BEN)
    at = opened(open_own("scenarios", scenario=handed.id), "_scenario_review")
    at.text_area(key="_scenario_word").set_value("agreed")
    at = press(at, "Approve")
    assert (scenarios.find(handed.id).state, "signed off" in markup(at)) == ("signed", True)


def test_comparison_that_is_open_while_another_release_is_promoted_says_so_with_its_numbers(
    open_own: Open, scenarios: ScenarioStore, own_home: Path
):
    at = open_own("compare", of="book", **{"1": "Now", "2": "Half", "2.unemployment": "3"})
    before, store = sentence(at), Store(own_home, "cards")
    was = store.resolve("champion")
    after = store.promote(shifted(store, 0.5), why="newer data")
    at.run()
    assert sentence(at) != before
    assert (was[:6] in warnings(at), after[:6] in warnings(at)) == (True, True)


def test_viewer_looks_and_changes_nothing(open_own: Open, scenarios: ScenarioStore, monkeypatch: pytest.MonkeyPatch):
    save(open_own("book", unemployment=3), "book", "Base")
    (kept,) = scenarios.listed("cards")
    monkeypatch.setattr("pages.shared.visitor.current", lambda: Person("Vera", "viewer"))
    at = open_own("scenarios", scenario=kept.id)
    assert "To save scenarios takes the role analyst or higher." in " ".join(each.value for each in at.caption)
    assert {each.label for each in at.button} & {"Submit for review", "Archive", "Save"} == set()
    at = opened(open_own("book", unemployment=3), "_book_save")
    assert not [each for each in at.text_input if each.key == "_book_save_name"]


def test_scenarios_are_taken_along_and_brought_in_from_a_file(open_own: Open, scenarios: ScenarioStore):
    save(open_own("book", unemployment=3), "book", "Base")
    at = opened(open_own("scenarios"), "_scenario_files")
    assert {each.proto.label for each in at.get("download_button")} >= {"Excel", "TOML"}
    (kept,) = scenarios.listed("cards")
    content = scenarios_as_toml([replace(kept, name="From a file")], {})
    at.file_uploader[0].set_value(("a.toml", content, "application/toml")).run()
    at = press(at, "Bring in")
    assert "1 scenario brought in: “From a file”." in [each.value for each in at.success]
    assert dict(scenarios.named("cards", "From a file").query) == {"unemployment": "3"}
    at.file_uploader[0].set_value(("b.toml", content.replace(b"= 3", b"= 300"), "application/toml")).run()
    at = press(at, "Bring in")
    assert 'Scenario 1, assumes, "unemployment"' in markup(at)
    assert len(scenarios.listed("cards")) == 2


def test_a_workbook_that_was_changed_is_brought_in_and_opens_on_the_book_with_its_loss(
    open_own: Open, scenarios: ScenarioStore, own_home: Path
):
    model = DeployedModels(lambda: Settings(home=own_home)).model("cards")
    assert model is not None
    asked = BookScenario.from_query(model.contract, {"unemployment": "3"})[0]
    workbook = ReadWorkbook(asked_book_workbook(model, asked, who="Ada", day=date.today(), name="From Excel"))
    at = opened(open_own("scenarios"), "_scenario_files")
    mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    lgd = workbook.cell_of("scenario_book_lgd")
    at.file_uploader[0].set_value(("a.xlsx", workbook.with_cells("Book", **{lgd: 7}), mime)).run()
    at = press(at, "Bring in")
    assert f"Book!{lgd}: Loss given default (%): 7 was given; a number from 0 to 1" in markup(at)
    assert scenarios.listed("cards") == []
    at.file_uploader[0].set_value(("b.xlsx", workbook.with_cells("Book", **{lgd: 0.9}), mime)).run()
    at = press(at, "Bring in")
    assert "1 scenario brought in: “From Excel”." in [each.value for each in at.success]
    kept = scenarios.named("cards", "From Excel")
    sums = workbook.named("scenario_book_measure_loss")
    assert dict(kept.numbers)["loss"] == pytest.approx(float(sums) * 0.9 / 0.8)  # as the sheet's formula has it
    said = sentence(open_own("book", **{"saved-as": kept.id}))
    shown = f"NT$ {dict(kept.numbers)['loss'] / 1e6:.0f} m"
    assert shown in said.replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith("With unemployment 3 points higher and loss given default at 90")


def listed(at: AppTest) -> list[str]:
    """The names in the list to choose from."""
    return [each.split(" · ")[0] for each in at.selectbox(key="_scenario").options[1:]]


def kept(name: str, owner: str, **more) -> SavedScenario:
    return SavedScenario(name, "cards", "book", (("unemployment", "3"),), owner=owner, **more)


def test_list_is_looked_through_by_words_state_owner_and_tag_and_the_address_says_so(
    open_own: Open, scenarios: ScenarioStore
):
    scenarios.save(kept("Mild", "Ben", tags=("board",), note="for March"), BEN)
    severe = scenarios.save(kept("Severe", "Ben", tags=("board", "2026")), BEN)
    gone = scenarios.save(kept("Gone", "Eve"), EVE)
    scenarios.archive(gone.id, 1, EVE)
    scenarios.save(kept("Severe of Eve", "Eve", tags=("2026",)), EVE)
    at = open_own("scenarios")
    assert listed(at) == ["Severe of Eve", "Severe", "Mild"]
    at.text_input(key="_scenarios_text").set_value("severe").run()
    assert listed(at) == ["Severe of Eve", "Severe"]
    at.selectbox(key="_scenarios_owner").set_value("Ben").run()
    at.selectbox(key="_scenarios_tag").set_value("2026").run()
    at.selectbox(key="_scenarios_state").set_value("draft").run()
    assert listed(at) == ["Severe"]
    assert sentence(at) == ("1 of 3 scenarios of Taiwan credit cards: draft; owner Ben; tag 2026; with “severe”.")
    assert at.dataframe[0].value["Name"].tolist() == ["Severe"]
    assert address(at) == {"state": "draft", "owner": "Ben", "tag": "2026", "text": "severe"}
    at.selectbox(key="_scenario").set_value(severe.id).run()
    assert address(at)["scenario"] == severe.id
    again = open_own("scenarios", **address(at))
    assert (listed(again), "“Severe”" in sentence(again)) == (["Severe"], True)
    assert listed(open_own("scenarios", state="archived")) == ["Gone"]
    assert listed(open_own("scenarios", state="all", owner="eve")) == ["Severe of Eve", "Gone"]
    none = open_own("scenarios", text="nothing so", state="often")
    assert listed(none) == []
    assert sentence(none) == "None of 3 scenarios of Taiwan credit cards: with “nothing so”."
    assert "'often' was given; it was left out" in warnings(none)


def go(at: AppTest, page: str) -> AppTest:
    """To another page by the navigation, in the same session."""
    at.query_params.clear()
    begin(at, page).run()
    assert not at.exception
    return at


@pytest.mark.parametrize("page", ["trust", "operations"])
def test_open_scenario_is_named_on_a_page_without_what_if_and_still_open_on_its_own(
    open_own: Open, scenarios: ScenarioStore, page: str
):
    assert [each for each in links(open_own(page)) if "open on" in each.label] == []
    at = save(open_own("book", unemployment=3), "book", "Base")
    (kept,) = scenarios.listed("cards")
    said = sentence(at)
    (link,) = [each for each in links(go(at, page)) if "open on" in each.label]
    assert (link.label, link.page) == ("“Base” · version 1, open on Book", "")
    at = go(at, "book")
    assert (sentence(at), address(at)["saved-as"]) == (said, kept.id)
    at.slider(key="book.unemployment").set_value(4.0).run()
    assert [each.label for each in links(go(at, page)) if "open on" in each.label] == [
        "“Base” · version 1, changed since, open on Book"
    ]


def test_saved_scenarios_are_put_side_by_side_under_their_names(open_own: Open, scenarios: ScenarioStore):
    save(open_own("book", balances=20), "book", "Half-year stress")
    (kept,) = scenarios.listed("cards")
    at = press(open_own("scenarios", scenario=kept.id), "Compare")
    assert [each.name for each in at.session_state["_compare_value"].members] == ["As the book stands", kept.name]
    at = press(open_own("compare"), "Add the saved one")
    assert address(at) == {"of": "book", "1": "As the book stands", "2": kept.name, "2.balances": "20"}
    assert "Of 2 scenarios compared" in sentence(at)
