"""Scenarios as files: what is exported comes back the same, and what is wrong is told with its cell."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.books import Book
from data.errors import BadInput
from model.deployed.desk import DeployedModels
from model.deployed.saved import measured
from model.errors import NoAnswer
from model.record import database
from model.record.scenarios import ScenarioStore
from model.scoring import scenario_files
from model.scoring.batch import workbook
from model.scoring.scenario_files import (
    ABOUT,
    ASSUMED,
    ASSUMPTIONS,
    SCENARIOS,
    bring_in,
    read_scenarios,
    scenarios_as_toml,
    scenarios_as_workbook,
)
from model.security.people import Person
from model.settings import Settings
from model.whatif.book.scenario import BookScenario
from model.whatif.saved import SavedScenario, stacked
from tests.data.files.reading import in_this_process as in_this_process
from tests.support.records import stresses

ADA = Person("Ada", "analyst")
NAMES = st.text(st.characters(categories=("L", "N", "P", "S"), codec="utf-8"), min_size=1, max_size=20)


def of_book(name: str, stress: BookScenario, **more) -> SavedScenario:
    query = {key: "".join(filter(str.isprintable, text)).strip() for key, text in stress.to_query().items()}
    query = {key: text for key, text in query.items() if text}
    return SavedScenario(name, "cards", "book", tuple(query.items()), owner="Ada", **more)


def same(found: SavedScenario, kept: SavedScenario) -> bool:
    own = ("name", "subject", "query", "owner", "note", "tags", "follows")
    return all(getattr(found, each) == getattr(kept, each) for each in own)


@settings(max_examples=25)
@given(st.dictionaries(NAMES, stresses(), min_size=1, max_size=4), NAMES)
def test_what_is_exported_as_toml_comes_back_the_same(book: Book, named: dict, note: str):
    kept = [of_book(name, stress, note=note, tags=(name.replace(",", "."),)) for name, stress in named.items()]
    if len({each.name.casefold() for each in kept}) < len(kept):
        return
    file = read_scenarios(scenarios_as_toml(kept, {}), "kept.toml", book)
    assert file.troubles == ()
    assert all(same(found.draft, each) for found, each in zip(file.scenarios, kept, strict=True))


@settings(max_examples=25)
@given(
    stresses(),
    stresses(),
    st.booleans(),
    st.text(st.characters(codec="utf-8", categories=("L", "P", "Zs")), max_size=50),
)
def test_variant_in_a_file_stands_on_its_base_with_its_own_changes_or_frozen(
    book: Book, below: BookScenario, whole: BookScenario, frozen: bool, note: str
):
    base = replace(of_book("Base", below), id="1", note=f"{note}\n“{note}” 'x' \\n")
    query = dict(of_book("Variant", whole).query)
    variant = replace(base, name="Variant", id="2").assuming(book, query, dict(base.query))
    variant = replace(variant, stands_on="1", follows=not frozen)
    file = read_scenarios(scenarios_as_toml([variant, base], {"1": "Base", "2": "Variant"}), "a.toml", book)
    assert file.troubles == ()
    found = {each.draft.name: each.draft for each in file.scenarios}
    assert same(found["Base"], base)
    own = found["Variant"]
    assert (own.stands_on, own.follows) == ("Base", not frozen)
    assert (dict(own.query) if frozen else stacked("book", book, dict(base.query), dict(own.own))[0]) == query


@settings(max_examples=10)
@given(st.lists(stresses(), min_size=3, max_size=3))
def test_what_is_exported_as_a_workbook_comes_back_the_same(book: Book, several: list):
    kept = [of_book(f"Number {k}", each, note="=1+1", tags=("a", "b")) for k, each in enumerate(several)]
    kept += [
        SavedScenario("One", "cards", "customer", (("customer", "12345"), ("balances", "-20"), ("lgd", "0.7")), "Ada"),
        SavedScenario(
            "Cut", "cards", "policy", (("cutoff", "540"), ("apr", "0.12345678912"), ("under.unemployment", "3")), "Ada"
        ),
    ]
    file = read_scenarios(scenarios_as_workbook(book, kept, {}), "kept.xlsx", book)
    assert file.troubles == ()
    assert all(same(found.draft, each) for found, each in zip(file.scenarios, kept, strict=True))


def sheets(about: list[tuple], assumed: list[tuple]) -> bytes:
    filled = [(*row, *[""] * (len(ABOUT) - len(row))) for row in about]
    frames = {
        SCENARIOS: pd.DataFrame(filled, columns=list(ABOUT)),
        ASSUMPTIONS: pd.DataFrame(assumed, columns=list(ASSUMED)),
    }
    return workbook({name: frame.astype(object) for name, frame in frames.items()}, mixed=("Value",))


def row(scenario: str, key: str, value: object, label: str = "") -> tuple:
    return (scenario, key, label, value, "", "", "")


def test_each_cell_that_is_wrong_is_told_with_its_address(book: Book):
    content = sheets(
        [("Base", "book"), ("Odd", "weather"), ("", "book", "Ada", "a note"), ("base", "book")],
        [
            row("Base", "unemployment", 99),
            row("Base", "lgd", "plenty"),
            row("Base", "sex", 2),
            row("Base", "", 50, label="Severity"),
            row("Base", "unemployment", 3),
            row("Nowhere", "lgd", 85),
            row("Base", "limits", 10),
        ],
    )
    told = "\n".join(read_scenarios(content, "given.xlsx", book).troubles)
    for part in (
        r"Assumptions!D2: Unemployment .* 99 was given",
        r"Assumptions!D3: .*plenty",
        r"Assumptions!D4: 'sex' is nothing that can be assumed here",
        r"Assumptions!D5: Severity and the point of the path need a preset",
        r"Assumptions!D6: 'unemployment' stands in Assumptions!D2 already",
        r"Assumptions!A7: no scenario 'Nowhere' stands on the sheet Scenarios",
        r"Scenarios!A3: a scenario is about book, customer or policy; 'weather' was given",
        r"Scenarios!A4: ",
    ):
        assert re.search(part, told), (part, told)
    assert "address" not in told
    assert "D8" not in told
    twice = read_scenarios(sheets([("Base", "book"), ("base", "book")], [row("Base", "lgd", 85)]), "a.xlsx", book)
    assert twice.troubles == ("Scenarios!A3: “base” stands in Scenarios!A2 already. Names are given once.",)


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "a.toml", "holds no scenarios"),
        (b"\xff\xfe", "a.toml", "no TOML that can be read"),
        (b"a = [" * 4000, "a.toml", "no TOML that can be read"),
        (b'format = "credit-what-if scenarios 1"', "a.toml", "holds no scenarios"),
        (b"PK\x03\x04broken", "a.xlsx", "."),
        (b"x" * (5 * 2**20 + 1), "a.toml", "may have 5 MB"),
        (b"a", "a.txt", r"read from \.toml and \.xlsx"),
    ],
)
def test_file_that_cannot_be_used_is_refused_in_words(book: Book, content: bytes, name: str, told: str):
    with pytest.raises(BadInput, match=told):
        read_scenarios(content, name, book)


def test_part_of_toml_that_is_wrong_is_told_with_its_place(book: Book):
    head = 'format = "credit-what-if scenarios 1"\n'
    bad = (
        '[[scenario]]\nname = "A"\nabout = "book"\nassumes = { unemployment = 99 }\n'
        '[[scenario]]\nname = 3\nabout = "book"\n'
        '[[scenario]]\nname = "C"\nabout = "book"\nbook = "other"\n'
        '[[scenario]]\nname = "D"\nabout = "book"\nassumes = 3\n'
    )
    told = read_scenarios((head + bad).encode(), "a.toml", book).troubles
    assert [each.split(":")[0] for each in told] == [
        'Scenario 1, assumes, "unemployment"',
        "Scenario 2",
        "Scenario 3",
        "Scenario 4",
    ]
    assert "name must be text" in told[1]


@given(st.binary(max_size=300))
def test_no_bytes_make_more_than_words(book: Book, content: bytes):
    try:
        file = read_scenarios(b'format = "credit-what-if scenarios 1"\n' + content, "a.toml", book)
    except BadInput:
        return
    assert file.troubles or not file.scenarios


@pytest.fixture
def models(own_home: Path) -> Iterator[tuple[DeployedModels, ScenarioStore]]:
    own, made = DeployedModels(lambda: Settings(home=own_home)), database.engine(Settings(home=own_home))
    yield own, ScenarioStore(made)
    own.close()
    made.dispose()


def test_variants_come_back_on_what_they_stand_on_and_all_or_nothing_is_kept(models):
    desk, store = models
    model = desk.model("cards")
    base = SavedScenario("Base", "cards", "book", (("unemployment", "3"), ("lgd", "0.7")), "Ada", id="1")
    variant = replace(base, name="Variant", id="2", stands_on="1", own=(("unemployment", "5"), ("lgd", "")))
    frozen = replace(variant, name="Frozen", follows=False, query=(("unemployment", "4"),))
    names = {"1": "Base", "2": "Variant"}
    for kind, write in (("toml", scenarios_as_toml), ("xlsx", lambda *of: scenarios_as_workbook(model.book, *of))):
        file = read_scenarios(write([variant, frozen, base], names), f"a.{kind}", model.book)
        assert file.troubles == ()
        kept = {each.name: each for each in bring_in(model, store, file, person=ADA, day=date(2026, 3, 1))}
        assert dict(kept["Variant"].query) == {"unemployment": "5"}
        assert kept["Variant"].stands_on == kept["Frozen"].stands_on == kept["Base"].id
        assert (dict(kept["Frozen"].query), kept["Frozen"].follows) == ({"unemployment": "4"}, False)
        assert all(dict(each.numbers)["loss"] > 0 and each.release == model.id for each in kept.values())
        with pytest.raises(BadInput, match="“Variant” is kept already"):
            bring_in(model, store, file, person=ADA, day=date(2026, 3, 1))
        for each in kept.values():
            store.archive(each.id, 1, ADA)
    alone = read_scenarios(scenarios_as_toml([variant], names), "a.toml", model.book)
    with pytest.raises(BadInput, match="stands on “Base”, which is neither kept here nor in the file"):
        bring_in(model, store, alone, person=ADA, day=date(2026, 3, 1))
    assert store.listed() == []


def test_name_that_is_taken_while_a_file_is_brought_in_leaves_nothing_of_it(models, monkeypatch: pytest.MonkeyPatch):
    desk, store = models
    model = desk.model("cards")
    drafts = [SavedScenario(each, "cards", "book", (("unemployment", "3"),), "Ada") for each in ("A", "B", "C")]
    for kind, write in (("toml", scenarios_as_toml), ("xlsx", lambda *of: scenarios_as_workbook(model.book, *of))):
        file = read_scenarios(write(drafts, {}), f"a.{kind}", model.book)
        asked: list[str] = []

        def measured_meanwhile(model, draft: SavedScenario, *rest, asked: list[str] = asked) -> SavedScenario:
            asked.append(draft.name)
            if draft.name == "C":  # the checks are done, and the numbers nearly
                store.save(replace(drafts[1], name=" b ", owner="Ben"), Person("Ben", "analyst"))
            return measured(model, draft, *rest)

        monkeypatch.setattr(scenario_files, "measured", measured_meanwhile)
        with pytest.raises(BadInput, match=r"^Nothing was brought in\. Another scenario of this book is called “B”"):
            bring_in(model, store, file, person=ADA, day=date(2026, 3, 1))
        (other,) = store.listed("cards", archived=True)[:1]
        assert asked == ["A", "B", "C"]
        assert [each.name for each in store.listed("cards")] == [" b "]
        store.archive(other.id, 1, Person("Ben", "analyst"))


def test_model_that_stops_answering_while_a_file_is_brought_in_leaves_nothing_of_it(
    models, monkeypatch: pytest.MonkeyPatch
):
    desk, store = models
    model = desk.model("cards")
    drafts = [SavedScenario(each, "cards", "book", (), "Ada") for each in ("A", "B")]
    file = read_scenarios(scenarios_as_toml(drafts, {}), "a.toml", model.book)

    def measured_once(model, draft: SavedScenario, *rest) -> SavedScenario:
        if draft.name == "B":
            raise NoAnswer("The deployed model has not answered.")
        return measured(model, draft, *rest)

    monkeypatch.setattr(scenario_files, "measured", measured_once)
    with pytest.raises(NoAnswer, match=r"^Nothing was brought in\. The deployed model has not answered"):
        bring_in(model, store, file, person=ADA, day=date(2026, 3, 1))
    assert store.listed(archived=True) == []


def test_workbook_has_labels_units_and_ranges(book: Book):
    kept = SavedScenario("Base", "cards", "book", (("unemployment", "3"), ("lgd", "0.7")), "Ada")
    found = pd.read_excel(BytesIO(scenarios_as_workbook(book, [kept], {})), sheet_name=ASSUMPTIONS, engine="calamine")
    assert found["Label"].tolist() == ["Unemployment", "Loss given default"]
    assert found["Value"].tolist() == [3, 70]
    assert found["Unit"].tolist()[1] == "%"
    assert (found["Lowest"] < found["Value"]).all()
    assert (found["Highest"] > found["Value"]).all()
