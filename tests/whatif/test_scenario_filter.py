"""Which saved scenarios are looked for: by state, owner, tag and words; the address says so."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import BadInput
from model.whatif.saved import STATES, SavedScenario
from model.whatif.scenario_filter import WANTED, ScenarioFilter

BASE = SavedScenario("Höhere Zinsen", "cards", "book", (), "Ada", note="for the Board", tags=("2026", "ICAAP"))
KEPT = tuple(replace(BASE, name=f"{each} one", state=each) for each in STATES)
TEXTS = st.text(max_size=20).map(str.strip)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"owner": "ADA "},
        {"tag": "icaap"},
        {"text": "zinsen höhere"},
        {"text": "board 2026 ada"},
        {"owner": "Ada", "tag": "2026", "text": "höh", "state": "draft"},
    ],
)
def test_what_has_every_part_that_is_looked_for_is_listed_whatever_its_case(asked: dict[str, str]) -> None:
    assert ScenarioFilter.from_query(asked)[0].among([BASE]) == (BASE,)


@pytest.mark.parametrize(
    "asked", [{"owner": "Ad"}, {"tag": "ICA"}, {"text": "zinsen 2027"}, {"state": "signed"}, {"text": "book"}]
)
def test_what_lacks_one_part_is_not(asked: dict[str, str]) -> None:
    assert ScenarioFilter.from_query(asked)[0].among([BASE]) == ()


def test_archived_ones_are_listed_only_where_they_are_asked_for() -> None:
    found = {state: [each.state for each in ScenarioFilter(state).among(KEPT)] for state in WANTED}
    assert found[""] == ["draft", "submitted", "signed"]
    assert found["all"] == list(STATES)
    assert [found[each] for each in STATES] == [[each] for each in STATES]
    assert [each for each in WANTED if ScenarioFilter(each).archived] == ["archived", "all"]


@given(st.sampled_from(WANTED), TEXTS, TEXTS, TEXTS)
def test_address_gives_the_same_back(state, owner, tag, text) -> None:
    asked = ScenarioFilter(state, owner, tag, text)
    assert ScenarioFilter.from_query(asked.to_query()) == (asked, [])


def test_what_cannot_be_looked_for_is_left_out_and_told() -> None:
    found, told = ScenarioFilter.from_query({"state": "often", "owner": "Ada", "sex": "1", "text": "x" * 2001})
    assert found == ScenarioFilter(owner="Ada")
    assert ["'often' was given" in told[0], "'sex' in the address" in told[1], "text has more" in told[2]] == [True] * 3
    with pytest.raises(BadInput, match="by a state of draft, submitted, signed, archived, all"):
        ScenarioFilter("often")


def test_of_a_thousand_those_with_every_word_are_found() -> None:
    many = [replace(BASE, name=f"Number {k}", note="x" * 2000) for k in range(1000)]
    assert len(ScenarioFilter(text="number 99 ada").among(many)) == 19
