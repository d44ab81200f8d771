"""Numbers as people and programs write them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.files.numbers import Habit, figure_of, figures, habit_of, settled, votes


@pytest.mark.parametrize(
    ("text", "value", "sign"),
    [
        ("1,234.50", 1234.5, ""),
        ("1.234,50", 1234.5, ""),
        ("1'234.50", 1234.5, ""),
        ("1’234.50", 1234.5, ""),
        ("1 234,50", 1234.5, ""),
        ("1,23,456", 123_456, ""),
        ("12,34,567.5", 1_234_567.5, ""),
        ("1.250.000", 1_250_000, ""),
        ("1,250,000", 1_250_000, ""),
        ("0,333", 0.333, ""),
        ("0.333", 0.333, ""),
        ("(1,200.50)", -1200.5, ""),
        ("-$1,200", -1200, "$"),
        ("$-1,200", -1200, "$"),
        ("($1,200)", -1200, "$"),
        ("$(1,200)", -1200, "$"),
        ("- 5", -5, ""),
        ("1200-", -1200, ""),
        ("1200 CR", -1200, ""),
        ("1200 DR", 1200, ""),
        ("−1200", -1200, ""),
        ("–1200", -1200, ""),
        ("+3", 3, ""),
        ("12k", 12, ""),
        ("$ 1.2", 1.2, "$"),
        ("€ 1.200", 1200, "€"),
        ("1.200,50 €", 1200.5, "€"),
        ("EUR 12", 12, "€"),
        ("CHF 1'200.-", 1200, "CHF"),
        ("Rs. 1,20,000", 120_000, "₹"),
        ("Rs.1200", 1200, "₹"),
        ("$.50", 0.5, "$"),
        ("< 1", 0, ""),
        ("<600", 599, ""),
        ("<0.5", 0.4, ""),
        (">10", 11, ""),
        ("≥10", 10, ""),
        ("10+", 10, ""),
        ("10+ years", 10, "years"),
        ("< 1 year", 0, "years"),
        ("more than 5 years", 6, "years"),
        ("36 months", 36, "months"),
        ("36 mths.", 36, "months"),
        ("3yrs 2mon", 38, "months"),
        ("13.5%", 13.5, "%"),
        ("13,5 %", 13.5, "%"),
        ("(5)%", -5, "%"),
        ("1.2E+05", 1.2e5, ""),
        ("1,2e5", 1.2e5, ""),
        ("R 12 500", 12_500, "R"),
        ("'42", 42, ""),
    ],
)
def test_a_text_means_one_number(text: str, value: float, sign: str) -> None:
    found = figures([text])
    assert found.read("").tolist() == pytest.approx([value])
    assert found.sign.tolist() == [sign]


@pytest.mark.parametrize(("text", "point", "comma"), [("26.072", 26.072, 26_072), ("1,234", 1234, 1.234)])
def test_a_text_may_mean_two_numbers(text: str, point: float, comma: float) -> None:
    found = figures([text])
    assert found.either.tolist() == [True]
    assert (found.read(".")[0], found.read(",")[0]) == (point, comma)
    assert np.isnan(found.read("")[0])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "abc",
        "12e",
        "0x10",
        "1_000",
        "٣",
        "=1",
        "12 34",
        "12,34,56",
        "1.23.567",
        "544xx",
        "$0-$5k",
        "5 (est.)",
        "--5",
        "-(5)",
        "<5+",
        "$5 €",
        "R3299",
        "12b",
        "A1",
        "1-2",
        "10:30",
        "17.08.2006",
        "2020-01-02",
        "inf",
        "nan",
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert not figures([text]).known[0]


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["repr", "e", "f"]))
def test_a_plain_number_is_read_as_python_reads_it(value: float, form: str) -> None:
    text = repr(value) if form == "repr" else format(value, form)
    found = figures([text])
    assert found.point.tolist() == [float(text)]


@given(st.text(max_size=12))
def test_plain_texts_and_others_are_read_alike(text: str) -> None:
    """The fast way and the slow one agree."""
    line = " ".join(text.split())
    fast, slow = figures([line]), figure_of(line)
    if fast.known[0] and not fast.sign[0] and slow is not None:
        assert slow[:2] == pytest.approx((fast.point[0], fast.comma[0]), nan_ok=True)


def decided(texts: list[str], habit: Habit, recorded: str = "") -> str:
    found = figures(texts)
    return settled(votes(found, texts, np.ones(len(texts), np.int64)), habit, recorded)  # type: ignore[arg-type]


THREE = [f"{k}.{k * 10 % 1000:03d}" for k in range(11, 60)]


@pytest.mark.parametrize(
    ("texts", "habit", "expected"),
    [
        ([*THREE, "1.250.000"], Habit(",", "."), ","),  # millions are parted
        ([*THREE, "998"], Habit(",", ","), ","),  # the file's other cells have decimal commas
        ([*THREE, "0.5"], Habit(",", ","), "."),  # decimals that are no thousands
        ([*THREE], Habit(".", "."), "."),  # an English file
        ([*THREE], Habit(".", ".", trimmed=True), ""),  # one that leaves out zeros elsewhere
        ([*THREE], Habit(",", "."), ""),  # decimal points where cells are parted by semicolons
        ([*THREE], Habit(",", ""), ""),
        ([*THREE, "1234"], Habit(",", ","), ""),  # thousands are not parted in it
        ([each.replace(".", ",") for each in THREE], Habit(".", ""), "."),
        (["1,234", "689"], Habit(".", ""), ""),  # too few
        (["1,234", "12,5"], Habit(".", "."), ","),
    ],
)
def test_the_column_and_its_file_decide_where_decimals_begin(texts: list[str], habit: Habit, expected: str) -> None:
    assert decided(texts, habit) == expected


def test_what_was_recorded_holds_until_the_cells_speak_against_it() -> None:
    assert decided(["26.072"], Habit(",", "."), ",") == ","
    assert decided(["26.072"], Habit(",", ""), "usual") == ","
    assert decided(["26.072"], Habit(".", ""), "usual") == "."
    assert decided(["26.072", "0.5"], Habit(",", ""), ",") == "."


def test_a_file_shows_its_habits_by_what_can_be_read_in_one_way_only() -> None:
    english, german = ["0.5", "12.25"] * 20, ["0,5", "12,25"] * 20
    assert habit_of([english, ["26.072"]], ";") == Habit(",", ".", True)
    assert habit_of([german], ";") == Habit(",", ",", True)
    assert habit_of([german, english], ",") == Habit(".", "", True)
    assert habit_of([["0.50", "0.25"] * 20], ",") == Habit(".", ".", False)
    assert habit_of([["word", "26.072"]], "") == Habit("", "", True)  # nothing in it keeps a zero
