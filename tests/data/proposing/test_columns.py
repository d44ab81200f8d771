"""What a whole column is taken for, what that took, and what is asked of it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from data.files.numbers import Habit, habit_of
from data.proposing import hints
from data.proposing.columns import RecognisedCells, habit_of_file, recognise

N = 400
RNG = np.random.default_rng(5)
AMOUNTS = RNG.integers(1_000, 99_000, N)
THOUSANDS = [f"{each:,}".replace(",", ".") for each in AMOUNTS]
DAYS = pd.DatetimeIndex(pd.Timestamp("2013-01-01") + pd.to_timedelta(RNG.integers(0, 2500, N), "D"))
ENGLISH, SEMICOLONS = Habit("."), Habit(",")


def column(name: str, cells: Sequence[object], habit: Habit = ENGLISH) -> RecognisedCells:
    return recognise(pd.Series(list(cells), name=name), habit)


def told(cells: RecognisedCells) -> str:
    return "; ".join(cells.changes)


# ---- points and commas ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("habit", "asked"),
    [
        (Habit(",", ","), False),  # the file's decimals stand behind commas
        (Habit(",", ""), True),
        (Habit(",", "."), True),  # cells parted by semicolons, and other decimals behind points
        (Habit(".", ".", trimmed=True), True),  # other decimals have no zeros at their ends, these have
        (Habit(".", ""), True),  # the name speaks of money
    ],
)
def test_points_between_thousands_are_seen_and_asked_about_where_the_file_leaves_a_doubt(
    habit: Habit, asked: bool
) -> None:
    found = column("income", THOUSANDS, habit)
    assert found.values.tolist() == AMOUNTS.tolist()
    assert "points read as thousands separators" in told(found)
    assert bool(found.asked) is asked
    assert not asked or "could be" in found.asked


def test_a_column_without_a_telling_name_is_asked_about_where_nothing_else_shows_how_decimals_are_written() -> None:
    assert column("foo", THOUSANDS, habit_of([THOUSANDS], ",")).asked
    assert not column("foo", THOUSANDS, habit_of([THOUSANDS, ["0.50", "0.25"] * 20], ",")).asked


def test_one_cell_of_millions_is_enough() -> None:
    found = column("x", [*THOUSANDS, "1.250.000"], Habit(",", "."))
    assert found.values[-1] == 1_250_000
    assert found.asked == ""


@pytest.mark.parametrize("cells", [[f"{each / 1000:.3f}" for each in AMOUNTS], [f"{k / 8}" for k in range(8, 400)]])
def test_decimals_of_an_english_file_stay_decimals(cells: list[str]) -> None:
    found = column("factor", cells)
    assert found.values.tolist() == [float(each) for each in cells]
    assert found.asked == ""


def test_a_file_of_points_as_thousands_is_seen_from_its_other_columns() -> None:
    frame = pd.DataFrame({"amount": THOUSANDS, "ratio": [f"0,{each}" for each in AMOUNTS]})
    habit = habit_of_file(frame, ";")
    assert recognise(frame["amount"], habit).values.tolist() == AMOUNTS.tolist()
    assert recognise(frame["ratio"], habit).values.max() < 1


def test_commas_between_thousands_of_an_english_file_are_told_and_not_asked_about() -> None:
    found = column("income", [f"{each:,}" for each in AMOUNTS])
    assert found.values.tolist() == AMOUNTS.tolist()
    assert (found.asked, told(found)) == ("", "commas read as thousands separators")


# ---- odd words ------------------------------------------------------------------------------------------------------


def mixed(numbers: Sequence[object], *words: str, every: int = 12) -> list[str]:
    return [words[k // every % len(words)] if k % every == 0 else str(each) for k, each in enumerate(numbers)]


@pytest.mark.parametrize(
    "word", ["#DIV/0!", "#REF!", "#N/A", "n.a.", "unknown", "Not available", "?", "k.A.", "#WERT!"]
)
@pytest.mark.parametrize("every", [3, 12, 100])
def test_words_that_say_that_there_is_no_value_are_gaps_however_often_they_stand(word: str, every: int) -> None:
    found = column("debt", mixed(AMOUNTS, word, every=every))
    assert found.kind == "numbers"
    assert np.isnan(found.values).sum() == len(range(0, N, every))
    assert found.asked == ""
    assert f"cells that are no numbers ({word}) count as missing" in told(found)


@pytest.mark.parametrize("every", [3, 8, 16])
def test_a_few_odd_words_among_numbers_are_gaps_and_asked_about(every: int) -> None:
    found = column("debt", mixed(AMOUNTS, "thin file", "frozen", every=every))
    assert found.kind == "numbers"
    assert found.reading.gaps == ("frozen", "thin file")
    assert "thin file (" in found.asked
    assert found.asked.endswith("count as missing: does it mean something?")


@pytest.mark.parametrize(
    "cells",
    [
        ["1", "2", "3", "A", "B"] * 80,  # grades
        [f"b{each % 40}" for each in AMOUNTS],
        ["02139", "10001"] * 200,  # names of places
        ["0-5k", "5k-10k", "10k+"] * 130,
        [f"R{each}" for each in AMOUNTS],
    ],
)
def test_words_stay_words(cells: list[str]) -> None:
    assert column("x", cells).kind == "words"


def test_amounts_in_several_currencies_are_left_out_and_told() -> None:
    found = column("income", [f"{'$€'[k % 2]}{each}" for k, each in enumerate(AMOUNTS)])
    assert found.kind == "odd"
    assert found.why == "its numbers carry different signs: $, €"


@pytest.mark.parametrize(
    ("cells", "third", "said"),
    [
        (["$5", "$6", "($1,200.00)"], -1200, "1 cell read with brackets as minus"),
        (["5", "6", "1,200.00-"], -1200, "1 cell read with a minus behind as minus"),
        (["12k", "13k", "1.2m"], 1.2e6, "k, m and the like multiplied out"),
        (["3 years", "4 months", "2 years"], 24, "years turned into months"),
        (["35%", "36%", "13.5%"], 0.135, "percent divided by 100"),
    ],
)
def test_signs_are_read_and_told(cells: list[str], third: float, said: str) -> None:
    found = column("x", cells)
    assert found.values[2] == pytest.approx(third)
    assert said in told(found)


def test_a_bound_is_asked_about() -> None:
    found = column("emp_length", ["< 1 year", "1 year", "10+ years"] * 100)
    assert (found.values[:3].tolist(), found.unit) == ([0, 1, 10], "years")
    assert found.asked == "< 1 year was taken for 0; 10+ years was taken for 10"


@pytest.mark.parametrize(("name", "value", "unit"), [("term", 36, "months"), ("loan amount", 36e6, "")])
def test_what_36m_means_is_decided_by_the_name_and_asked_about(name: str, value: float, unit: str) -> None:
    found = column(name, ["36m", "60m", "12m", "24m"] * 100)
    assert (found.values[0], found.unit) == (value, unit)
    assert found.asked.startswith("m was taken for")


# ---- days -----------------------------------------------------------------------------------------------------------

SERIALS = (DAYS - pd.Timestamp("1899-12-30")).days


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("issued", [int(each.strftime("%Y%m%d")) for each in DAYS]),
        ("issued", [each.strftime("%Y%m%d") for each in DAYS]),
        ("x", [int(each.strftime("%Y%m")) for each in DAYS]),
        ("issue_date", list(SERIALS)),
        ("issue_date", [str(each) for each in SERIALS]),
        ("origDate", [each + 0.25 for each in SERIALS]),
        ("created_at", [int(each.timestamp()) for each in DAYS]),
        ("timestamp", [int(each.timestamp()) * 1000 for each in DAYS]),
        ("x", [each.strftime("%d/%m/%Y") for each in DAYS]),
        ("x", [each.strftime("%m/%d/%y") for each in DAYS]),
        ("x", [each.strftime("%Y-%m-%dT%H:%M:%S.000Z") for each in DAYS]),
        ("date", [each.strftime("%m.%Y") for each in DAYS]),
        ("date", [each.strftime("%d%m%Y") for each in DAYS]),
        ("date", [each.strftime("%m/%y") for each in DAYS]),
        ("date", [int(each.strftime("%m%Y")) for each in DAYS]),
        ("orig_dt", [int(each.strftime("%Y%j")) for each in DAYS]),
        ("issue_date", [f"{each},5" for each in SERIALS]),
        ("issue_date", [each.to_pydatetime() if each.day % 2 else k for each, k in zip(DAYS, SERIALS, strict=True)]),
        ("issue_date", [f"{each:%Y-%m-%d}" if each.day % 2 else str(k) for each, k in zip(DAYS, SERIALS, strict=True)]),
        ("x", [each.date() for each in DAYS]),
        ("x", [each.to_pydatetime() for each in DAYS]),
        ("x", mixed(DAYS.strftime("%Y-%m-%d"), "unknown", "n/a", "9999-12-31", every=200)),
    ],
)
def test_days_are_seen_in_every_layout(name: str, cells: list[object]) -> None:
    found = column(name, cells)
    assert found.kind == "days"
    there = ~np.isnan(found.values)
    assert there.sum() >= N - 2
    assert found.values[there].tolist() == DAYS.year[there].tolist()


@pytest.mark.parametrize("name", ["balance", "days_since_open", "paid to date", "balance_at_date", "amount"])
def test_numbers_that_could_be_serials_are_none_where_the_name_says_no_day(name: str) -> None:
    assert column(name, list(SERIALS)).kind == "numbers"


def test_days_counted_from_an_unknown_day_are_left_out_and_told() -> None:
    found = column("issue_date", list((DAYS - pd.Timestamp("1960-01-01")).days))
    assert found.kind == "odd"
    assert "count days from one that is not known" in found.why


@pytest.mark.parametrize(
    "cells",
    [
        [f"{each.year}/{each.year % 100 + 1}" for each in DAYS],
        [f"FY{each:%y}" for each in DAYS],
        [f"{each:%Y-%j}" for each in DAYS],
        [f"week {each:%V of %y}" for each in DAYS],
        mixed([f"{each:%Y~%m}" for each in DAYS], "unknown", "", every=9),
        [int(f"{each:%y%m}") for each in DAYS],
        [f"{each:%y%m%d}" for each in DAYS],
    ],
)
def test_days_in_a_layout_that_is_not_known_are_left_out_and_told(cells: list[object]) -> None:
    found = column("orig_date", cells)
    assert found.kind == "odd"
    assert "its name speaks of a day" in found.why
    assert column("grade", cells).kind in ("numbers", "words")


def test_words_and_years_stay_what_they_are_whatever_day_the_name_speaks_of() -> None:
    assert column("date_of_contact", ["morning", "noon", "later"] * 133).kind == "words"
    assert column("issue_date", [1990 + k % 30 for k in range(N)]).kind == "numbers"


@pytest.mark.parametrize("layout", ["%H:%M", "%H:%M:%S", "%I:%M %p"])
def test_times_of_the_day_are_left_out_and_told(layout: str) -> None:
    times = pd.date_range("2020-01-01", periods=N, freq="7min")
    found = column("applied", mixed(list(times.strftime(layout)), "", every=50))
    assert found.kind == "odd"
    assert "times of the day" in found.why
    assert column("x", ["1:2", "3:4", "99:10"] * 133).kind == "words"


@pytest.mark.parametrize("name", ["Betrag", "Kreditbetrag", "Einkommen", "montant", "importe", "revenu"])
def test_names_of_amounts_are_known_in_the_tongues_that_write_points_between_thousands(name: str) -> None:
    found = column(name, THOUSANDS, Habit(".", ""))
    assert found.values.tolist() == AMOUNTS.tolist()
    assert "could be" in found.asked


@pytest.mark.parametrize("filler", ["9999-12-31", "0001-01-01", "0000-00-00"])
def test_days_that_mean_none_are_missing(filler: str) -> None:
    found = column("maturity", mixed(DAYS.strftime("%Y-%m-%d"), filler, every=5))
    assert found.kind == "days"
    assert np.isnan(found.values).sum() == 80
    assert "80" in told(found)


@pytest.mark.parametrize("name", ["issue_d", "origination date", "OrigDate", "date opened", "opened_on", "startdatum"])
def test_a_name_speaks_of_a_day(name: str) -> None:
    assert hints.dated(name)


@pytest.mark.parametrize("name", ["last update", "candidate", "paid to date", "balance at date", "days late", ""])
def test_a_name_that_merely_sounds_like_it_speaks_of_none(name: str) -> None:
    assert not hints.dated(name)
