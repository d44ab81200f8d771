"""The whole book asked in words."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contract import Contract
from model.report.ask.book import book_line, book_vocabulary, read_book_line
from model.report.ask.grammar import Puzzle
from model.report.book import words
from model.whatif.book.scenario import BookScenario
from tests.report.ask.scenarios import book_scenarios, every_contract, shipped

CARDS = shipped("cards")
NOTHING = BookScenario()
DAY = date(2026, 1, 1)


def asked(line: str, contract: Contract = CARDS, scenario: BookScenario = NOTHING) -> dict[str, float | str]:
    """What a line sets, all of which was understood."""
    found = read_book_line(contract, scenario, line)
    assert found.puzzles == ()
    return dict(found.after.values)


def puzzled(line: str, contract: Contract = CARDS, scenario: BookScenario = NOTHING) -> Puzzle:
    """The one thing in a line that was not understood."""
    found = read_book_line(contract, scenario, line)
    assert found.after == scenario
    assert found.chips == ()
    (puzzle,) = found.puzzles
    return puzzle


@given(st.data())
def test_what_a_scenario_is_called_reads_back_to_it(data: st.DataObject):
    contract = data.draw(st.sampled_from(every_contract()))
    scenario = data.draw(book_scenarios(contract))
    line = book_line(contract, scenario)
    found = read_book_line(contract, NOTHING, line)
    assert found.puzzles == (), line
    assert found.after == scenario, line


@given(st.data())
def test_the_chips_of_a_scenario_read_back_to_it(data: st.DataObject):
    """As they stand on the page, but for texts, which a chip holds as they are, and limits told in millions."""
    contract = data.draw(st.sampled_from(every_contract()))
    scenario = data.draw(book_scenarios(contract))
    for name, _ in [*scenario.values]:
        if name.startswith(("limit_", "overlay_owner", "overlay_reason")):
            scenario = scenario.with_value(contract, name, None)
    line = "; ".join(words.chip(contract, scenario, name) for name, _ in scenario.values)
    found = read_book_line(contract, NOTHING, line)
    assert found.puzzles == (), line
    assert found.after == scenario, line


@given(st.data())
def test_the_sentence_about_a_scenario_reads_back_to_it(data: st.DataObject):
    """Of what the sentence names: levers, their scope, a preset, assumptions."""
    contract = shipped(data.draw(st.sampled_from(("cards", "small_business"))))
    scenario = data.draw(book_scenarios(contract))
    silent = ("limit_", "weight_", "weighed_at_", "beta_", "overlay_", "gdp", "rate", "nudge_gdp", "nudge_rate")
    for name, _ in [*scenario.values]:
        if name.startswith(silent):
            scenario = scenario.with_value(contract, name, None)
    sentence = words.in_words(contract, scenario, DAY)
    if sentence.endswith(" more"):
        return
    if not any(scenario.number(contract, each.name) for each in contract.shocks):  # then nobody is named
        scenario = scenario.with_value(contract, "who", None).with_value(contract, "share", None)
    found = read_book_line(contract, NOTHING, sentence)
    assert found.puzzles == (), sentence
    expected = dict(scenario.values)
    if expected.get("method") and not expected.get("factor"):  # as one factor that stands at 0: nothing is said
        del expected["method"]
    assert dict(found.after.values) == expected, sentence


PIECES = (
    "limits",
    "−20",
    "%",
    "fed",
    "2026",
    "half",
    "; ",
    ", ",
    "by",
    "to",
    "only",
    '"',
    "50,000",
    "k",
    "limit of",
    "NT$",
)


@given(st.data())
def test_whatever_is_typed_raises_nothing_and_changes_nothing_that_is_not_shown(data: st.DataObject):
    contract = data.draw(st.sampled_from(every_contract()))
    scenario = data.draw(book_scenarios(contract))
    names = [name for item in book_vocabulary(contract).items for name in item.names]
    piece = st.one_of(st.sampled_from(PIECES), st.sampled_from(names), st.text(max_size=8), st.integers().map(str))
    line = data.draw(st.lists(piece, max_size=10).map(" ".join))
    found = read_book_line(contract, scenario, line)
    old, new = dict(scenario.values), dict(found.after.values)
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    assert {chip.name for chip in found.chips} == changed
    for chip in found.chips:
        told = scenario if chip.back else found.after
        assert chip.label == words.chip(contract, told, chip.name)
        assert chip.back == (chip.name not in new)
    for puzzle in found.puzzles:
        assert puzzle.why


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "limits -20 for limit below 50,000; unemployment +3; LGD 90",
            {"limits": -20, "who": "limit_band:0", "unemployment": 3, "lgd": 0.9},
        ),
        ("fed 2026 half", {"preset": "fed_2026_severely_adverse", "severity": 50}),
        ("Fed 2026 baseline", {"preset": "fed_2026_baseline"}),
        ("boe at 120 %", {"preset": "boe_2025_bcst", "severity": 120}),
        ("fed 2026 half q2 2027", {"preset": "fed_2026_severely_adverse", "severity": 50, "point": "2027Q2"}),
        ("LIMITS by −20%, balances up 5 and payments 10 % lower", {"limits": -20, "balances": 5, "payments": -10}),
        ("lgd to 90 %", {"lgd": 0.9}),
        ("lgd by -10 points", {"lgd": 0.7}),
        ("interest charged 22", {"apr": 0.22}),
        ("unempl 3 pp", {"unemployment": 3}),
        ("operating cost 1.2k", {"opex": 1200}),
        ("opex 1,200", {"opex": 1200}),
        ("opex by 10 %", {"opex": 660}),
        ("expected loss limit 0.6bn", {"limit_loss": 6e8}),
        ("limit of expected loss NT$ 600 m", {"limit_loss": 6e8}),
        ("pd limit 22", {"limit_pd": 0.22}),
        ("weight of boe 40", {"weight_boe_2025_bcst": 40}),
        ("5 % of customers one more month late", {"later": 5}),
        ("only 2 months late or more; 30 % of the customers", {"who": "status_band:4", "share": 30}),
        ("economy as one factor; state of the economy -2", {"method": "factor", "factor": -2}),
        (
            'overlay LGD +5 points; owner: "A; B"; until 2031-01-01',
            {"overlay_lgd": 5, "overlay_owner": "A; B", "overlay_until": "2031-01-01"},
        ),
        ("", {}),
        (" ; ,", {}),
    ],
)
def test_a_line_is_read(line: str, expected: dict[str, float | str]):
    assert asked(line) == expected


@pytest.mark.parametrize(
    ("line", "why", "instead"),
    [
        ("limits +900", "Credit limits: −50 % to +50 % can be set; +900 % was given.", ()),
        ("lgd 900", "Loss given default: 0 % to 100 % can be set; 900 % was given.", ()),
        ("limits", "Credit limits: −50 % to +50 % can be set.", ()),
        (
            "limit below 60,000",
            "There is nothing of that name here.",
            ("only customers with credit limit below NT$ 50,000",),
        ),
        ("fed", "This could be 2 things", ("Fed 2026, severely adverse", "Fed 2025, severely adverse")),
        ("interest rate 22", "This could be 2 things", ("Interest rate charged 22",)),
        ("unemployement 3", "There is nothing of that name here.", ("Unemployment 3",)),
        ("unemployment 3 %", "Unemployment moves in points, not in percent.", ("Unemployment 3 points",)),
        ("LGD +10", "by so much, or to so much?", ("Loss given default by +10 points", "Loss given default to 10")),
        ("LGD 0.9", "of a percent, or a share?", ("Loss given default 0.9 %", "Loss given default 90 %")),
        ("limit of expected loss 600", "Write k, m or bn.", ("Limit of expected loss 600 m",)),
        ("limits 5; limits 6", "It is said twice in this line", ()),
        ("severity 50", "need a preset", ()),
        ("nonsense", "There is nothing of that name here.", ()),
        ("x" * 700, "A line may be 600 characters long; this one has 700.", ()),
    ],
)
def test_what_is_not_understood_is_told_with_what_it_could_have_been(line: str, why: str, instead: tuple[str, ...]):
    found = puzzled(line)
    assert why in found.why.replace("\N{NO-BREAK SPACE}", " ")
    assert set(instead) <= {each.replace("\N{NO-BREAK SPACE}", " ") for each in found.instead}


def test_what_could_have_been_meant_is_understood():
    """Each of the things that were offered, unless its value lies outside the range, which then is told."""
    for line in ("fed", "limit below 60,000", "unemployement 3", "LGD +10", "LGD 0.9", "limit of expected loss 600"):
        for instead in puzzled(line).instead:
            assert all("can be set" in each.why for each in read_book_line(CARDS, NOTHING, instead).puzzles), instead


def test_what_a_line_takes_back_is_a_chip_too():
    by_hand = NOTHING.with_value(CARDS, "unemployment", 3)
    found = read_book_line(CARDS, by_hand, "fed 2026")
    assert [(chip.label, chip.back) for chip in found.chips] == [
        ("Fed 2026, severely adverse", False),
        ("Unemployment +3\N{NO-BREAK SPACE}pp", True),
    ]
    assert read_book_line(CARDS, by_hand, "without unemployment").after == NOTHING


def test_higher_and_lower_are_meant_from_where_a_preset_has_it():
    preset = asked("Fed 2026, severely adverse")
    assert asked("Fed 2026, severely adverse; unemployment half a point higher") == preset | {"nudge_unemployment": 0.5}
    assert asked("Fed 2026, severely adverse; unemployment to 6 pp") == preset | {"nudge_unemployment": 0.5}
    assert asked("unemployment 0.5 points higher") == {"unemployment": 0.5}


def test_under_a_preset_a_move_by_something_goes_beyond_it_and_a_bare_one_is_asked_about():
    for line in (
        "fed 2026; unemployment by 0.5",
        "unemployment half a point higher; fed 2026",
        "fed 2026, unemployment up 0.5",
    ):
        assert asked(line) == {"preset": "fed_2026_severely_adverse", "nudge_unemployment": 0.5}
    stressed = NOTHING.with_value(CARDS, "preset", "fed_2026_severely_adverse")
    assert asked("unemployment to 6", scenario=stressed)["nudge_unemployment"] == 0.5
    found = puzzled("unemployment +0.5", scenario=stressed)
    assert "beyond the scenario, or in all?" in found.why
    assert [asked(each, scenario=stressed)["nudge_unemployment"] for each in found.instead] == [0.5, -5.0]
