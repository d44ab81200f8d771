"""The policy asked in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.report.ask.policy import policy_line, policy_values, policy_vocabulary, read_policy_line
from model.report.customer.words import assumption_chip
from model.whatif.book.scenario import BookScenario
from model.whatif.policy.scenario import PolicyScenario
from tests.report.ask.scenarios import every_contract, policy_scenarios, shipped

CARDS = shipped("cards")
TODAY = PolicyScenario()


@given(st.data())
def test_what_a_policy_is_called_reads_back_to_it(data: st.DataObject):
    contract = data.draw(st.sampled_from(every_contract()))
    policy = data.draw(policy_scenarios(contract))
    chips = "; ".join(assumption_chip(contract, name, value) for name, value in policy_values(policy).items())
    for line in (policy_line(contract, policy), chips):
        found = read_policy_line(contract, TODAY, line)
        assert (found.after, found.puzzles) == (policy, ()), line


@given(st.data())
def test_whatever_is_typed_about_the_policy_changes_nothing_that_is_not_shown(data: st.DataObject):
    contract = data.draw(st.sampled_from(every_contract()))
    policy = data.draw(policy_scenarios(contract))
    names = [name for item in policy_vocabulary(contract).items for name in item.names]
    piece = st.one_of(st.sampled_from(names), st.text(max_size=8), st.integers(-999, 999).map(str), st.just("; by"))
    found = read_policy_line(contract, policy, data.draw(st.lists(piece, max_size=8).map(" ".join)))
    old, new = policy_values(policy), policy_values(found.after)
    assert {each.name for each in found.chips} == {n for n in old.keys() | new.keys() if old.get(n) != new.get(n)}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cut-off 534", {"cutoff": 534}),
        ("cutoff by +10; lgd 90", {"cutoff": 530, "lgd": 0.9}),
        ("Interest rate charged to 22 %, opex 1,200", {"apr": 0.22, "opex": 1200}),
    ],
)
def test_a_line_about_the_policy_is_read(line: str, expected: dict[str, float]):
    found = read_policy_line(CARDS, TODAY, line)
    assert found.puzzles == ()
    assert policy_values(found.after) == expected


def test_a_cut_off_outside_its_range_or_between_points_is_told_with_it():
    for line in ("cut-off 900", "cut-off 534.5"):
        found = read_policy_line(CARDS, TODAY, line)
        assert found.after == TODAY
        assert "300 to 800" in found.puzzles[0].why or "whole number" in found.puzzles[0].why


def test_the_scenario_that_the_policy_is_asked_under_stays():
    under = BookScenario((("unemployment", 3.0), ("lgd", 0.9)))
    found = read_policy_line(CARDS, PolicyScenario(under=under), "lgd by -10 points; today's cut-off")
    assert found.after.under == under
    assert policy_values(found.after) == {"lgd": 0.8}
