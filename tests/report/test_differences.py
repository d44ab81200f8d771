"""Whether something changed, and by how much: one rule, decided on the numbers and not on what is left of them."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from model.report import numbers
from model.report.numbers import BASIS_POINTS, MINUS, NBSP, SHARE, UNROUNDED, Difference, Unit, difference_of

SIZES = {"bn": 1e9, "m": 1e6, "": 1.0}
AMOUNTS = st.floats(-1e12, 1e12).filter(lambda amount: amount == 0 or abs(amount) > 1e-6)
CHANGES = st.one_of(AMOUNTS, st.floats(-1e6, 1e6), st.floats(-10, 10), st.just(0.0))


def value(text: str) -> float:
    """The number that an amount or a difference in NT$ is read as."""
    text = text.removesuffix(UNROUNDED)
    found = re.fullmatch(rf"([+{MINUS}]?)NT\${NBSP}([\d,.]+)(?:{NBSP}(bn|m))?", text)
    assert found is not None, text
    return float(found[2].replace(",", "")) * SIZES[found[3] or ""] * (-1 if found[1] == MINUS else 1)


@given(AMOUNTS, CHANGES)
def test_a_change_of_an_amount_is_told_exactly_where_there_is_one_and_with_its_sign(base: float, by: float) -> None:
    now = base + by
    found = Difference.of(base, now)
    told = found.money("NT$")
    if not difference_of(base, now):
        assert told == ""
        return
    assert told[0] == ("+" if now > base else MINUS)
    assert value(told) != 0


@given(AMOUNTS, CHANGES)
def test_a_change_is_that_of_the_amounts_shown_or_told_by_itself(base: float, by: float) -> None:
    found = Difference.of(base, base + by)
    ends = [value(found.unit.text(each, "NT$")) for each in (found.base, found.now)]
    told = value(found.money("NT$") or f"NT${NBSP}0")
    if found.fine == found.unit and all(found.unit.rounded(each) or not each for each in (found.base, found.now)):
        assert told == pytest.approx(ends[1] - ends[0], abs=found.unit.place / 100)
    elif found.fine != found.unit:
        assert found.fine.place < found.unit.place
        assert told == pytest.approx(by, abs=found.fine.place + 1e-12 * abs(base))


@given(
    st.one_of(
        st.tuples(AMOUNTS, CHANGES, st.none()),
        st.tuples(st.floats(0, 1), st.floats(-0.002, 0.002), st.just(SHARE)),
        st.tuples(st.integers(0, 100).map(lambda k: (k + 0.5) / 1000), st.floats(-1e-5, 1e-5), st.just(SHARE)),
        st.tuples(st.floats(0, 1e4), st.floats(-2, 2), st.just(BASIS_POINTS)),
    )
)
def test_a_difference_is_that_of_the_numbers_shown_or_they_look_alike_or_it_says_that_it_is_not_rounded(
    given_: tuple[float, float, Unit | None],
) -> None:
    base, by, unit = given_
    found = Difference.of(base, base + by, unit)
    shown = found.unit.rounded(found.now) - found.unit.rounded(found.base)
    for told in (found.money("NT$"), found.points(), found.plain()):
        if not found.exact:
            assert told == ""
        elif found.fine == found.unit:
            assert found.shown == pytest.approx(shown, abs=10.0**-found.unit.digits / 100)
            assert not told.endswith(UNROUNDED)
        else:
            assert told.endswith(UNROUNDED) == (shown != 0)


def test_numbers_on_two_sides_of_an_edge_of_rounding_are_told_so() -> None:
    assert Difference.of(0.10349, 0.10351, SHARE).points() == f"+0.002{NBSP}points before rounding"


@given(AMOUNTS, CHANGES)
def test_millions_and_billions_are_told_no_more_than_a_tenth_off(base: float, by: float) -> None:
    found = Difference.of(base, base + by)
    assume(found.unit.size >= 1e6 and found.fine.size >= 1e6)
    assert value(found.money("NT$") or f"NT${NBSP}0") == pytest.approx(found.exact, rel=0.1)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_change_of_a_share_is_told_exactly_where_there_is_one_and_with_its_sign(base: float, now: float) -> None:
    told = Difference.of(base, now, SHARE).points()
    assert bool(told) == bool(difference_of(base, now))
    if told:
        assert told[0] == ("+" if now > base else MINUS)
        assert float(re.sub(r"[^\d.]", "", told)) != 0


@given(st.floats(0, 1e4), st.floats(0, 1e4))
def test_a_change_in_basis_points_is_told_exactly_where_there_is_one(base: float, now: float) -> None:
    told = Difference.of(base, now, BASIS_POINTS).plain()
    assert bool(told) == bool(difference_of(base, now))
    assert not told or told[0] == ("+" if now > base else MINUS)


@given(st.floats(200, 900), st.floats(200, 900))
def test_a_change_of_a_score_is_told_exactly_where_there_is_one(base: float, now: float) -> None:
    told = numbers.score_change(base, now)
    assert bool(told) == bool(difference_of(base, now))
    assert not told or (told[0] == ("+" if now > base else MINUS) and float(told[1:]) != 0)


@given(AMOUNTS, st.lists(st.one_of(st.floats(-1e8, 1e8), st.floats(-1e4, 1e4)), min_size=1, max_size=6))
def test_parts_as_shown_add_up_to_the_change_beside_them(base: float, parts: list[float]) -> None:
    found = Difference.of(base, base + sum(parts))
    unit, shown = found.parts(parts)
    ends = found.unit.rounded(found.now) - found.unit.rounded(found.base)
    total = ends * found.unit.size if unit == found.unit else found.shown * found.fine.size
    assert sum(shown) * unit.size == pytest.approx(total, abs=len(parts) * unit.place / 100 + 1e-9 * abs(base))


@given(
    st.sampled_from([(44_044_500, 44_073_036), (0.1234, 0.1236), (0.12345, 0.12395), (1_000, 1_000.5)]),
    st.lists(st.floats(-3, 3), min_size=1, max_size=5),
)
def test_parts_add_up_to_the_change_that_is_told_unless_both_numbers_look_alike(
    ends: tuple[float, float], shares: list[float]
) -> None:
    base, now = ends
    found = Difference.of(base, now, SHARE if now < 1 else None)
    parts = [share * (now - base) for share in shares]
    unit, shown = found.parts([*parts, now - base - sum(parts)])
    alike = found.unit.rounded(base) == found.unit.rounded(now)
    if not alike or unit != found.unit:
        assert sum(shown) * unit.size == pytest.approx(found.shown * found.fine.size, abs=unit.place / 100)


@pytest.mark.parametrize(
    ("base", "now", "told"),
    [
        (382_144_000, 382_099_352, ("382 m", "382 m", f"{MINUS}NT$ 44,648")),
        (59_712_000, 59_667_352, ("59.7 m", "59.7 m", f"{MINUS}NT$ 44,648")),
        (465_300_000, 467_700_000, ("465.3 m", "467.7 m", "+NT$ 2.4 m")),
        (465_300_000, 750_400_000, ("465 m", "750 m", "+NT$ 285 m")),
        (13_214_400_000, 13_214_800_000, ("13.2 bn", "13.2 bn", "+NT$ 400,000")),
        (5_100, 5_103, ("5,100", "5,103", "+NT$ 3")),
        (5_100, 5_100.25, ("5,100.0", "5,100.2", "+NT$ 0.2")),
        (0, 0.3, ("0", "0.3", "+NT$ 0.3")),
    ],
)
def test_a_small_change_has_the_digits_it_needs(base: float, now: float, told: tuple[str, str, str]) -> None:
    found = Difference.of(base, now)
    ends = [found.unit.text(each, "NT$") for each in (base, now)]
    assert [text.replace(NBSP, " ") for text in (*ends, found.money("NT$"))] == [
        f"NT$ {told[0]}",
        f"NT$ {told[1]}",
        told[2],
    ]


@given(AMOUNTS, st.sampled_from([Unit(1e9, 2, f"{NBSP}bn"), Unit(1e6, 0, f"{NBSP}m"), Unit(1.0, 0, "")]))
def test_an_amount_of_a_unit_of_the_currency_or_more_is_never_told_as_nothing(amount: float, unit: Unit) -> None:
    assert bool(value(unit.text(amount, "NT$"))) or abs(amount) <= 0.5


@given(AMOUNTS)
def test_an_amount_alone_reads_the_same_whichever_way_it_is_asked_for(amount: float) -> None:
    assert numbers.money(amount, "NT$") == Unit.of(amount).text(amount, "NT$")
