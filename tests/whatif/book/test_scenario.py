"""A scenario of the whole book: what may be assumed, what excludes what, and how an address carries it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contract import Contract
from data.errors import BadInput, BookError, NotEditable, OutOfRange
from data.regulators.presets import Preset, preset, presets
from model.whatif.book.scenario import (
    AS_IS,
    BETA,
    COEFFICIENTS,
    FACTOR,
    LONGEST,
    METHOD,
    MOST_PLAYERS,
    NUDGE,
    OVERLAY_LGD,
    OVERLAY_PD,
    OWNER,
    POINT,
    PRESET,
    REASON,
    SEVERITY,
    SHARE,
    UNTIL,
    WHO,
    BookScenario,
    Player,
    changes,
    chosen,
    default,
    layers,
    overlay_lacks,
    parts,
    players,
    weighted,
    whom,
)
from tests.support.records import CONTRACT, TODAY, numbers_of, settings_of, stressed, stresses

FED, BOE = "fed_2026_severely_adverse", "boe_2025_bcst"
ECONOMY = [each.name for each in CONTRACT.economy]
NUDGES = [NUDGE + name for name in ECONOMY]
SHOCKS = [each.name for each in CONTRACT.shocks]
ASSUMED = [each.name for each in CONTRACT.assumptions]
EXCLUSIVE = {PRESET, SEVERITY, POINT, METHOD, FACTOR, *ECONOMY, *NUDGES}
FREE = [name for name in parts(CONTRACT) if name not in EXCLUSIVE]
OVERLAY = {OVERLAY_PD: 10.0, OWNER: "Chief risk officer", REASON: "A strike", UNTIL: "2026-12-31"}


def played(stress: BookScenario) -> list[tuple[str, ...]]:
    return [each.names for each in players(CONTRACT, stress, TODAY)]


# ---- nothing ---------------------------------------------------------------------------------------------------------


def test_scenario_of_nothing_moves_nothing():
    numbers = numbers_of(BookScenario())
    assert (numbers.shocks, numbers.who, numbers.share) == ((), None, 1.0)
    assert (numbers.shift, numbers.factor, numbers.pd_overlay, numbers.lgd_overlay) == (0, 0, 1, 0)
    assert dict(numbers.assumptions) == {each.name: each.default for each in CONTRACT.assumptions}
    assert changes(CONTRACT, BookScenario()) == dict.fromkeys(ECONOMY, 0.0)
    assert played(BookScenario()) == []


@pytest.mark.parametrize("name", list(parts(CONTRACT)))
def test_part_put_where_it_stands_anyway_is_no_change(name: str):
    base = stressed(preset=FED) if name in (SEVERITY, POINT, *NUDGES) else BookScenario()
    assert base.with_value(CONTRACT, name, default(CONTRACT, name)) == base
    assert base.get(CONTRACT, name) == default(CONTRACT, name)


@pytest.mark.parametrize("name", list(parts(CONTRACT)))
def test_part_that_nobody_set_can_be_taken_back_and_nothing_happens(name: str):
    assert BookScenario().with_value(CONTRACT, name, None) == BookScenario()
    kept = stressed(balances=20, lgd=0.9)
    assert kept.with_value(CONTRACT, name, None).values == tuple(each for each in kept.values if each[0] != name)


def test_every_part_has_a_value_within_its_own_bounds():
    for name, part in parts(CONTRACT).items():
        if not isinstance(part, str):
            assert part.minimum <= float(default(CONTRACT, name)) <= part.maximum, name


# ---- put and taken back ----------------------------------------------------------------------------------------------


@given(stresses(), st.data())
def test_part_put_and_taken_back_leaves_the_scenario_exactly_as_before(stress: BookScenario, data: st.DataObject):
    name = data.draw(st.sampled_from([each for each in FREE if each not in dict(stress.values)]))
    value = data.draw(settings_of(name))
    put = stress.with_value(CONTRACT, name, value)
    assert put.get(CONTRACT, name) == (value.strip() if isinstance(value, str) else value)
    assert put.with_value(CONTRACT, name, None) == stress
    assert hash(put.with_value(CONTRACT, name, None)) == hash(stress)


@given(stresses())
def test_scenario_taken_back_part_by_part_is_the_book_as_it_is(stress: BookScenario):
    for name in list(dict(stress.values)):
        if name in dict(stress.values):
            stress = stress.with_value(CONTRACT, name, None)
    assert stress == BookScenario()


@given(st.sets(st.sampled_from(FREE), max_size=5).flatmap(lambda names: st.permutations(sorted(names))), st.data())
def test_order_in_which_parts_are_put_does_not_matter(names: list[str], data: st.DataObject):
    values = {name: data.draw(settings_of(name)) for name in names}
    assert stressed(**values) == stressed(**dict(sorted(values.items())))


def test_scenario_is_not_changed_by_what_is_made_of_it():
    first = stressed(balances=20)
    first.with_value(CONTRACT, "balances", 30)
    assert first.values == (("balances", 20.0),)


def test_scenario_tells_its_parts_in_the_order_of_the_layers():
    stress = stressed(lgd=0.9, overlay_pd=5, unemployment=3, payments=-10, balances=20)
    assert [name for name, _ in stress.values] == ["balances", "payments", "unemployment", OVERLAY_PD, "lgd"]


# ---- presets, by hand, one factor ------------------------------------------------------------------------------------


def test_preset_sets_the_economy_at_its_peak():
    assert changes(CONTRACT, stressed(preset=FED)) == {"unemployment": 5.5, "gdp": -4.35, "rate": 0}
    assert numbers_of(stressed(preset=FED)).shift == pytest.approx(0.55)


def test_severity_scales_the_preset_and_150_percent_is_half_as_much_again():
    assert changes(CONTRACT, stressed(preset=FED, severity=50)) == {"unemployment": 2.75, "gdp": -2.175, "rate": 0}
    assert changes(CONTRACT, stressed(preset=FED, severity=150))["unemployment"] == 8.25
    assert set(changes(CONTRACT, stressed(preset=FED, severity=0)).values()) == {0}
    assert played(stressed(preset=FED, severity=0)) == []


def test_point_of_the_path_says_how_the_economy_has_moved_there():
    stress = stressed(preset=FED, point="2026Q4")
    assert changes(CONTRACT, stress) == {"unemployment": 4.5, "gdp": -4.21, "rate": 0}


def test_peak_of_the_path_is_where_a_preset_stands_anyway():
    assert stressed(preset=FED, point="2027Q3") == stressed(preset=FED)
    assert stressed(preset=FED, point="2026Q4", severity=50).with_value(CONTRACT, POINT, "2027Q3").values == (
        (PRESET, FED),
        (SEVERITY, 50.0),
    )


def test_every_preset_and_every_point_of_it_can_be_chosen():
    for each in presets():
        for point in each.points:
            stress = stressed(preset=each.name, point=point.name)
            assert chosen(stress) == each
            found = changes(CONTRACT, stress)
            assert found == {name: point.changes.get(name, 0) for name in ECONOMY}


def test_another_preset_starts_at_its_own_peak_and_keeps_the_severity():
    stress = stressed(preset=FED, point="2026Q4", severity=50).with_value(CONTRACT, PRESET, BOE)
    assert stress.values == ((PRESET, BOE), (SEVERITY, 50.0))


def test_preset_takes_back_the_economy_by_hand_and_its_state_as_one_factor():
    assert stressed(unemployment=3, gdp=-1, preset=FED).values == ((PRESET, FED),)
    assert stressed(method=FACTOR, factor=-2, preset=FED).values == ((PRESET, FED),)
    assert stressed(balances=5, unemployment=3, lgd=0.9, preset=FED).values == (
        ("balances", 5.0),
        (PRESET, FED),
        ("lgd", 0.9),
    )


def test_preset_taken_back_takes_point_and_severity_with_it():
    assert stressed(preset=FED, point="2026Q4", severity=50).with_value(CONTRACT, PRESET, None) == BookScenario()
    assert stressed(preset=FED, severity=50).with_value(CONTRACT, PRESET, "") == BookScenario()


def test_variable_moved_by_hand_keeps_the_preset_and_the_way_beyond_it():
    stress = stressed(preset=FED, severity=50).with_value(CONTRACT, "unemployment", 4)
    assert stress.values == ((PRESET, FED), (SEVERITY, 50.0), ("nudge_unemployment", 1.25))
    assert changes(CONTRACT, stress)["unemployment"] == 4
    assert changes(CONTRACT, stress)["gdp"] == -2.175
    full = stress.with_value(CONTRACT, SEVERITY, 100)
    assert changes(CONTRACT, full)["unemployment"] == 5.5 + 1.25
    early = full.with_value(CONTRACT, POINT, "2026Q1")
    assert changes(CONTRACT, early)["unemployment"] == 1.4 + 1.25
    far = stressed(preset=FED, unemployment=15).with_value(CONTRACT, SEVERITY, 150)
    assert changes(CONTRACT, far)["unemployment"] == 15  # no further than its range, whatever else is moved
    assert BookScenario.from_query(CONTRACT, far.to_query()) == (far, [])
    with pytest.raises(OutOfRange, match=r"Unemployment must be -5 to 15 pp; 15\.5 was given"):
        stressed(preset=FED, nudge_unemployment=10)
    another = stress.with_value(CONTRACT, PRESET, BOE)
    assert another.get(CONTRACT, "nudge_unemployment") == 1.25
    assert stress.with_value(CONTRACT, "unemployment", None) == stressed(preset=FED, severity=50)
    assert stress.with_value(CONTRACT, PRESET, None) == BookScenario()
    assert stress.with_value(CONTRACT, METHOD, FACTOR).values == ((METHOD, FACTOR),)
    assert played(stress) == [("unemployment",)]


@given(st.sampled_from(presets()), st.integers(-500000, 1500000), st.integers(0, 1500))
def test_where_a_variable_is_put_under_a_preset_is_where_it_stands(using: Preset, millionths: int, severity: int):
    value = millionths / 1e5
    stress = stressed(preset=using.name, severity=severity / 10, unemployment=value)
    assert changes(CONTRACT, stress)["unemployment"] == value
    assert BookScenario.from_query(CONTRACT, stress.to_query()) == (stress, [])


def test_address_with_a_preset_and_a_variable_has_the_variable_where_it_says():
    found, complaints = BookScenario.from_query(CONTRACT, {"preset": FED, "unemployment": "6"})
    assert complaints == []
    assert found == stressed(preset=FED, nudge_unemployment=0.5)
    bad, complaints = BookScenario.from_query(CONTRACT, {"nudge_unemployment": "0.5"})
    assert bad == BookScenario()
    assert complaints == ["A move beyond a preset needs a preset. Choose one first. The address was read without it."]


def test_one_factor_takes_back_preset_and_variables():
    assert stressed(preset=FED, severity=50, method=FACTOR).values == ((METHOD, FACTOR),)
    assert stressed(unemployment=3, method=FACTOR, factor=-2).values == ((METHOD, FACTOR), (FACTOR, -2.0))
    assert stressed(method=FACTOR, factor=-2).with_value(CONTRACT, METHOD, COEFFICIENTS) == BookScenario()
    assert stressed(method=FACTOR, factor=-2).with_value(CONTRACT, METHOD, None) == BookScenario()


def test_variable_moved_by_hand_leaves_the_one_factor():
    stress = stressed(method=FACTOR, factor=-2).with_value(CONTRACT, "unemployment", 3)
    assert stress == stressed(unemployment=3)
    assert numbers_of(stress).shift == pytest.approx(0.3)


@given(stresses(most=10))
def test_preset_economy_by_hand_and_one_factor_never_stand_together(stress: BookScenario):
    own = dict(stress.values)
    used = [PRESET in own, any(name in own for name in ECONOMY), METHOD in own or FACTOR in own]
    assert sum(used) <= 1, own
    assert PRESET in own or not {SEVERITY, POINT, *NUDGES} & set(own)


@given(stresses(most=10))
def test_economy_is_a_shift_or_one_factor_and_nothing_set_is_without_effect(stress: BookScenario):
    numbers = numbers_of(stress)
    assert not (numbers.shift and numbers.factor)
    assert numbers.factor == stress.number(CONTRACT, FACTOR)
    by = changes(CONTRACT, stress)
    assert numbers.shift == pytest.approx(sum(stress.number(CONTRACT, BETA + name) * by[name] for name in ECONOMY))


@pytest.mark.parametrize(("name", "value"), [(SEVERITY, 50.0), (POINT, "2026Q4")])
def test_severity_and_point_need_a_preset(name: str, value: float | str):
    with pytest.raises(BadInput, match=r"Severity and the point of the path need a preset\. Choose one first\."):
        BookScenario().with_value(CONTRACT, name, value)


def test_point_that_is_not_on_the_path_is_told_with_those_that_are():
    with pytest.raises(BookError, match=f"{preset(BOE).title} has no point '2026Q4'. There are: peak."):
        stressed(preset=BOE).with_value(CONTRACT, POINT, "2026Q4")


# ---- coefficients ----------------------------------------------------------------------------------------------------


def test_coefficients_are_the_contracts_until_edited():
    assert numbers_of(stressed(unemployment=3)).shift == pytest.approx(0.30)
    assert numbers_of(stressed(unemployment=3, beta_unemployment=0.18)).shift == pytest.approx(0.54)
    assert numbers_of(stressed(unemployment=3, gdp=-4, beta_gdp=-0.05)).shift == pytest.approx(0.50)
    assert numbers_of(stressed(preset=FED, beta_unemployment=0)).shift == 0


def test_variable_without_a_coefficient_moves_nothing_and_plays_no_part():
    assert numbers_of(stressed(gdp=-10, rate=5)).shift == 0
    assert played(stressed(gdp=-10, rate=5)) == []
    assert played(stressed(preset=FED)) == [("unemployment",)]
    assert played(stressed(preset=FED, beta_gdp=-0.01)) == [("unemployment",), ("gdp",)]


# ---- whom ------------------------------------------------------------------------------------------------------------


def test_shocks_may_be_applied_to_any_band_of_any_segment():
    for segment in CONTRACT.segments:
        for band in range(CONTRACT.band_count(segment)):
            text = f"{segment.name}:{band}"
            assert whom(CONTRACT, text) == (segment, band)
            assert numbers_of(stressed(balances=5, who=text)).who == (segment.name, band)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("limit_band:5", "Credit limit has the bands 0 to 4; '5' was given."),
        ("limit_band:-1", "Credit limit has the bands 0 to 4; '-1' was given."),
        ("limit_band:", "Credit limit has the bands 0 to 4; '' was given."),
        ("limit_band", "Credit limit has the bands 0 to 4; '' was given."),
        ("limit_band:1:2", "Credit limit has the bands 0 to 4; '1:2' was given."),
        ("use_band:6", "Share of the limit used now has the bands 0 to 5; '6' was given."),
        ("limit_band:²", "Credit limit has the bands 0 to 4; '²' was given."),
        ("limit_band:" + "9" * 100, "Credit limit has the bands 0 to 4;"),
        ("age:1", "There is no segment 'age'. There are: limit_band, status_band, use_band."),
    ],
)
def test_band_that_there_is_not_is_told_with_those_there_are(text: str, told: str):
    with pytest.raises(BadInput) as caught:
        BookScenario().with_value(CONTRACT, WHO, text)
    assert told in str(caught.value)


def test_without_a_shock_nobody_is_told_from_the_others():
    numbers = numbers_of(stressed(who="limit_band:1", share=10, unemployment=3))
    assert numbers.struck == numbers_of(BookScenario()).struck
    assert numbers_of(stressed(who="limit_band:1", balances=5)).struck != numbers_of(stressed(balances=5)).struck


# ---- values that cannot be -------------------------------------------------------------------------------------------

BAD = [
    ("balances", "101", "Balances must be -50 to 100 %; 101 was given."),
    ("balances", "nan", "Balances is missing. Enter a value from -50 to 100 %."),
    ("balances", "inf", "Balances must be -50 to 100 %; inf was given."),
    ("balances", "much", "Balances must be a number; 'much' was given."),
    ("balances", "", "Balances must be a number; '' was given."),
    ("later", "-1", "One more month late must be 0 to 50 % of customers; -1 was given."),
    ("limits", "-60", "Credit limits must be -50 to 50 %; -60 was given."),
    ("payments", "1e999", "Payments must be -100 to 50 %; inf was given."),
    ("share", "0", "Share of these customers must be 1 to 100 %; 0 was given."),
    ("share", "nan", "Share of these customers must be 1 to 100 %; nan was given."),
    ("share", "half", "Share of these customers must be a number; 'half' was given."),
    ("who", "limit_band:7", "Credit limit has the bands 0 to 4; '7' was given."),
    ("who", "sex:1", "There is no segment 'sex'. There are: limit_band, status_band, use_band."),
    ("preset", "fed_1999", "There is no stress preset 'fed_1999'. There are: fed_2026_severely_adverse"),
    ("severity", "50", "Severity and the point of the path need a preset. Choose one first."),
    ("point", "2026Q4", "Severity and the point of the path need a preset. Choose one first."),
    ("unemployment", "16", "Unemployment must be -5 to 15 pp; 16 was given."),
    ("gdp", "-21", "Gross domestic product must be -20 to 10 %; -21 was given."),
    ("rate", "low", "Short-term interest rate must be a number; 'low' was given."),
    ("method", "both", "Method must be coefficients or factor; 'both' was given."),
    ("factor", "-5", "State of the economy must be -4 to 2 standard deviations; -5 was given."),
    ("beta_unemployment", "1.5", "Coefficient of unemployment must be -1 to 1; 1.5 was given."),
    ("overlay_pd", "301", "Overlay on PD must be -90 to 300 %; 301 was given."),
    ("overlay_lgd", "-101", "Overlay on loss given default must be -100 to 100 points; -101 was given."),
    ("overlay_owner", "x" * 201, "Owner of the overlay may be 200 characters long; 201 were given."),
    ("overlay_reason", "y" * 5000, "Reason of the overlay may be 200 characters long; 5000 were given."),
    ("overlay_until", "soon", "A date must be written as 2026-12-31; 'soon' was given."),
    ("overlay_until", "2026-02-30", "A date must be written as 2026-12-31; '2026-02-30' was given."),
    ("lgd", "90", "Loss given default must be 0 to 1 (a fraction: 35 % is 0.35); 90 was given."),
    ("margin_months", "0", "Margin horizon must be 1 to 120 months; 0 was given."),
    (
        "annual_default_rate",
        "0",
        "Default rate of the book, one year must be 0.001 to 0.5 (a fraction: 35 % is 0.35); 0 was given.",
    ),
    ("correlation", "1", "Correlation with the economy must be 0.001 to 0.5 (a fraction: 35 % is 0.35); 1 was given."),
    ("limit_loss", "1e16", "Limit of loss must be"),
    ("limit_loss", "low", "Limit of loss must be a number; 'low' was given."),
]


@pytest.mark.parametrize(("name", "text", "told"), BAD)
def test_bad_value_in_the_address_is_left_out_and_told(name: str, text: str, told: str):
    found, complaints = BookScenario.from_query(CONTRACT, {name: text, "ccf": "0.7"})
    assert found == stressed(ccf=0.7)
    assert len(complaints) == 1
    assert complaints[0].startswith(told)
    assert complaints[0].endswith(" The address was read without it.")


@pytest.mark.parametrize(("name", "text", "told"), BAD)
def test_bad_value_is_refused_in_the_same_words(name: str, text: str, told: str):
    with pytest.raises((BadInput, BookError)) as caught:
        BookScenario().with_value(CONTRACT, name, text)
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    "name", ["sex", "age", "limit", "customer", "bill", "", "Balances", "beta_lgd", "limit_profit"]
)
def test_what_nobody_may_assume_is_refused_and_left_out_of_the_address(name: str):
    with pytest.raises(NotEditable, match=f"'{name}' is nothing that can be assumed about the book"):
        BookScenario().with_value(CONTRACT, name, 1.0)
    told = f"{name!r} in the address is nothing that can be assumed here; it was left out."
    assert BookScenario.from_query(CONTRACT, {name: "1"}) == (BookScenario(), [told])


def test_text_may_be_200_characters_and_loses_the_blanks_around_it():
    assert stressed(overlay_owner="  " + "x" * LONGEST + " \n").get(CONTRACT, OWNER) == "x" * LONGEST
    assert stressed(overlay_owner="   ") == BookScenario()
    with pytest.raises(OutOfRange, match="200 characters long; 201 were given"):
        stressed(overlay_owner="x" * (LONGEST + 1))


# ---- the address -----------------------------------------------------------------------------------------------------


@given(stresses(most=10))
def test_scenario_survives_the_address(stress: BookScenario):
    assert BookScenario.from_query(CONTRACT, stress.to_query()) == (stress, [])


def test_address_reads_as_people_would_write_it():
    stress = stressed(preset=FED, severity=80, balances=20, who="limit_band:2", lgd=0.9, limit_loss=6e8)
    assert stress.to_query() == {
        "balances": "20",
        "who": "limit_band:2",
        "preset": FED,
        "severity": "80",
        "lgd": "0.9",
        "limit_loss": "600000000",
    }
    assert BookScenario().to_query() == {}


def test_order_of_the_address_does_not_matter():
    query = {"severity": "80", "lgd": "0.9", "point": "2026Q4", "balances": "20", "preset": FED}
    assert BookScenario.from_query(CONTRACT, query) == (
        stressed(balances=20, preset=FED, severity=80, point="2026Q4", lgd=0.9),
        [],
    )


def test_address_that_is_not_shown_carries_and_reads_nothing():
    assert stressed(balances=20).to_query(shown=False) == {}
    assert BookScenario.from_query(CONTRACT, {"balances": "20", "wages": "1"}, shown=False) == (BookScenario(), [])


def test_good_values_beside_bad_ones_are_kept():
    query = {"preset": FED, "point": "1999Q1", "severity": "50", "balances": "x", "wages": "1", "lgd": "0.9"}
    found, complaints = BookScenario.from_query(CONTRACT, query)
    assert found == stressed(preset=FED, severity=50, lgd=0.9)
    assert len(complaints) == 3
    assert f"{preset(FED).title} has no point '1999Q1'. There are: 2026Q1, " in " ".join(complaints)


TEXTS = st.text(max_size=250) | st.sampled_from(["5", "-0", "1e-400", "0x1", FED, "2026Q4", "factor", "use_band:1"])


@given(st.dictionaries(st.sampled_from([*parts(CONTRACT), "sex", "x"]), TEXTS))
def test_no_address_whatsoever_brings_the_reader_down(query: dict[str, str]):
    stress, complaints = BookScenario.from_query(CONTRACT, query)
    assert all(complaints)
    numbers_of(stress)
    assert set(dict(stress.values)) <= set(query) | set(ECONOMY)


# ---- the overlay -----------------------------------------------------------------------------------------------------


def test_overlay_with_owner_reason_and_expiry_is_applied():
    numbers = numbers_of(stressed(**OVERLAY, overlay_lgd=5))
    assert numbers.pd_overlay == pytest.approx(1.1)
    assert numbers.lgd_overlay == pytest.approx(0.05)
    assert overlay_lacks(CONTRACT, stressed(**OVERLAY), TODAY) == ""
    assert played(stressed(**OVERLAY)) == [(OVERLAY_PD, OVERLAY_LGD)]


@pytest.mark.parametrize(
    ("without", "told"),
    [
        ({OWNER}, "it needs an owner."),
        ({REASON}, "it needs a reason."),
        ({UNTIL}, "it needs a date until which it is valid."),
        ({OWNER, REASON}, "it needs an owner and a reason."),
        ({OWNER, REASON, UNTIL}, "it needs an owner and a reason and a date until which it is valid."),
    ],
)
def test_overlay_that_nobody_answers_for_is_not_applied_and_says_what_it_needs(without: set[str], told: str):
    stress = stressed(**{name: value for name, value in OVERLAY.items() if name not in without}, overlay_lgd=5)
    numbers = numbers_of(stress)
    assert (numbers.pd_overlay, numbers.lgd_overlay) == (1.0, 0.0)
    assert overlay_lacks(CONTRACT, stress, TODAY) == f"The overlay is not applied: {told}"
    assert played(stress) == []


def test_overlay_is_applied_to_the_last_day_and_not_after():
    last = stressed(**OVERLAY | {UNTIL: TODAY.isoformat()})
    assert layers(CONTRACT, last, TODAY).pd_overlay == pytest.approx(1.1)
    tomorrow = TODAY + timedelta(days=1)
    assert layers(CONTRACT, last, tomorrow).pd_overlay == 1
    told = f"The overlay is not applied: it was valid until {TODAY.isoformat()}."
    assert overlay_lacks(CONTRACT, last, tomorrow) == told
    assert players(CONTRACT, last, tomorrow) == ()


def test_nothing_is_asked_of_an_overlay_of_nothing():
    assert overlay_lacks(CONTRACT, stressed(overlay_owner="Somebody", overlay_until="1999-01-01"), TODAY) == ""


# ---- the levers in use -----------------------------------------------------------------------------------------------


def in_use(stress: BookScenario) -> set[str]:
    """The levers that a reader of the page would say are used."""
    numbers = numbers_of(stress)
    used = {name for name, _ in numbers.shocks}
    if stress.get(CONTRACT, METHOD) == FACTOR:
        used |= {FACTOR} if numbers.factor else set()
    else:
        by = changes(CONTRACT, stress)
        used |= {name for name in ECONOMY if by[name] and stress.number(CONTRACT, BETA + name)}
    if numbers.pd_overlay != 1 or numbers.lgd_overlay:
        used |= {OVERLAY_PD, OVERLAY_LGD}
    standing = {each.name: each.default for each in CONTRACT.assumptions}
    return used | {name for name, value in numbers.assumptions if value != standing[name]}


@given(stresses(most=30))
def test_every_lever_in_use_belongs_to_one_player_and_no_other_does_and_there_are_at_most_six(stress: BookScenario):
    found = players(CONTRACT, stress, TODAY)
    names = [name for each in found for name in each.names]
    assert sorted(names) == sorted(in_use(stress))
    assert len(found) <= MOST_PLAYERS
    layer = (
        dict.fromkeys(SHOCKS, "customers") | dict.fromkeys(ASSUMED, "assumption") | dict.fromkeys(ECONOMY, "economy")
    )
    layer |= {FACTOR: "economy", OVERLAY_PD: "overlay", OVERLAY_LGD: "overlay"}
    assert all(layer[name] == each.layer for each in found for name in each.names)


def test_six_levers_are_told_apart():
    stress = stressed(limits=5, balances=20, payments=-10, unemployment=3, lgd=0.9, ccf=0.6)
    assert played(stress) == [("limits",), ("balances",), ("payments",), ("unemployment",), ("lgd",), ("ccf",)]


def test_beyond_six_levers_the_assumptions_count_as_one_then_the_economy_then_the_shocks():
    four = {"limits": 5, "balances": 20, "payments": -10, "later": 3}
    assert played(stressed(**four, unemployment=3, lgd=0.9, ccf=0.6)) == [
        ("limits",),
        ("balances",),
        ("payments",),
        ("later",),
        ("unemployment",),
        ("lgd", "ccf"),
    ]
    economy = {"unemployment": 3, "gdp": -3, "beta_gdp": -0.1}
    assert played(stressed(**four, **economy, lgd=0.9, ccf=0.6)) == [
        ("limits",),
        ("balances",),
        ("payments",),
        ("later",),
        ("unemployment", "gdp"),
        ("lgd", "ccf"),
    ]
    found = players(CONTRACT, stressed(**four, **economy, **OVERLAY, lgd=0.9, ccf=0.6), TODAY)
    assert found == (
        Player(("limits", "balances", "payments", "later"), "customers"),
        Player(("unemployment", "gdp"), "economy"),
        Player((OVERLAY_PD, OVERLAY_LGD), "overlay"),
        Player(("lgd", "ccf"), "assumption"),
    )


def test_limits_of_the_appetite_and_whom_shocks_hit_are_no_levers():
    assert played(stressed(limit_loss=1e6, who="limit_band:1", share=50)) == []


@given(stresses(), st.data())
def test_scenario_with_all_its_levers_is_the_scenario(stress: BookScenario, data: st.DataObject):
    used = sorted(in_use(stress))
    assert layers(CONTRACT, stress.only(CONTRACT, set(used)), TODAY) == numbers_of(stress)
    some = set(data.draw(st.permutations(used)))
    some -= set(data.draw(st.lists(st.sampled_from(used), max_size=3))) if used else set()
    assert in_use(stress.only(CONTRACT, some)) <= some
    assert in_use(stress.only(CONTRACT, set())) == set()


def test_who_is_hit_stays_with_a_shock_taken_alone():
    alone = stressed(balances=20, lgd=0.9, who="limit_band:1", share=50).only(CONTRACT, {"balances"})
    assert alone == stressed(balances=20, who="limit_band:1", share=50)


# ---- weighted scenarios ----------------------------------------------------------------------------------------------


def test_weighted_scenarios_keep_every_assumption_but_the_economy():
    stress = stressed(balances=20, lgd=0.9, preset=FED, severity=50, point="2026Q4", weight_as_is=60)
    stress = stress.with_value(CONTRACT, f"weight_{FED}", 30).with_value(CONTRACT, f"weight_{BOE}", 10)
    found = weighted(CONTRACT, stress)
    assert [(name, weight) for name, weight, _ in found] == [(AS_IS, 0.6), (FED, 0.3), (BOE, 0.1)]
    alone = [stressed(balances=20, lgd=0.9), stressed(balances=20, lgd=0.9, preset=FED)]
    assert [numbers_of(each) for _, _, each in found[:2]] == [numbers_of(each) for each in alone]
    by_hand = stressed(unemployment=3, gdp=-1, beta_gdp=-0.1, weight_as_is=100)
    by_factor = stressed(method=FACTOR, factor=-2, weight_as_is=100)
    for each in (by_hand, by_factor):
        assert [numbers_of(now) for *_, now in weighted(CONTRACT, each)] == [numbers_of(BookScenario())]


@pytest.mark.parametrize(
    ("values", "sum_of"), [({}, "0"), ({"weight_as_is": 60}, "60"), ({"weight_as_is": 99.9}, "99.9")]
)
def test_weights_that_do_not_sum_to_one_are_told(values: dict[str, float], sum_of: str):
    with pytest.raises(OutOfRange) as caught:
        weighted(CONTRACT, stressed(**values))
    assert str(caught.value) == f"The weights must sum to 100 %; they sum to {sum_of} %."


def test_contract_without_economy_shocks_and_appetite_still_takes_assumptions(contract: Contract):
    bare = contract.model_copy(update={"shocks": (), "economy": (), "appetite": ()})
    stress = BookScenario().with_value(bare, "lgd", 0.9)
    assert dict(layers(bare, stress, TODAY).assumptions)["lgd"] == 0.9
    assert layers(bare, stress, TODAY).shift == 0
    with pytest.raises(NotEditable):
        BookScenario().with_value(bare, "balances", 5)
    assert SHARE in parts(bare)
