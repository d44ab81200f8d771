"""Days as people and programs write them."""

import numpy as np
import pytest

from data.files.days import numbered, plausible, year_comes_first, years_in, years_of


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2020-10-01", 2020),
        ("2020-10-01T00:00:00Z", 2020),
        ("2020-10-01 14:05:06.123456", 2020),
        ("2020-10-01T00:00:00+02:00", 2020),
        ("2020/10/01", 2020),
        ("2020.10.01", 2020),
        ("17.08.2006", 2006),
        ("1.1.2019 00:00", 2019),
        ("10/31/2019", 2019),
        ("31/10/2019", 2019),
        ("10/30/2020 2:05:00 PM", 2020),
        ("31/10/19", 2019),
        ("1/2/68", 2068),
        ("1/2/69", 1969),
        ("2019-10", 2019),
        ("10/2019", 2019),
        ("Oct-15", 2015),
        ("Oct-2015", 2015),
        ("15-Oct-15", 2015),
        ("15 October 2015", 2015),
        ("October 15, 2015", 2015),
        ("Thu, 15 Oct 2015 10:00:00 GMT", 2015),
        ("30-Okt-2020", 2020),
        ("5. März 2015", 2015),
        ("12 août 2014", 2014),
        ("2020-W05", 2020),
        ("2020-W05-1", 2020),
        ("2020Q1", 2020),
        ("Q1 2020", 2020),
        ("20201030T101500Z", 2020),
        ("22DEC2018:14:05:00", 2018),
        ("22DEC2018:14:05:00.000", 2018),
        ("22-DEC-18 12.00.00.000000 AM", 2018),
        ("22/12/2018 11:05:00 a. m.", 2018),
        ("2018年12月22日", 2018),
        ("2018年3月", 2018),
        ("2018_12", 2018),
        ("2018_12_22", 2018),
        ("FY2018", 2018),
        ("2018H2", 2018),
        ("H1 2018", 2018),
        ("2018M03", 2018),
        ("9999-12-31", 9999),
        ("0001-01-01", 1),
        ("0000-00-00", 0),
        ("1900-01-00", 0),
        ("2020-13-01", 2020),
    ],
)
def test_the_year_of_a_day_is_read(text: str, year: float) -> None:
    assert years_of([text]).tolist() == [year]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "word",
        "12-34",
        "3-5",
        "marketing-15",
        "1/2/3",
        "32.01.2020",
        "2020-14-31",
        "13/13/2020",
        "10:30",
        "2015",
        "V1.2.3",
        "may be",
        "12.2015",
        "2020-W60",
        "12/18",
        "2018M13",
        "2018H3",
        "2018年13月",
        "2018_13",
    ],
)
def test_what_is_no_day_has_no_year(text: str) -> None:
    assert np.isnan(years_of([text])[0])


def test_a_year_of_two_digits_may_come_first() -> None:
    texts = ["99/12/31", "15/02/03"]
    assert year_comes_first(texts)
    assert not year_comes_first(["31/12/99", "15/02/03"])
    assert years_of(texts, year_first=True).tolist() == [1999, 2015]
    assert years_of(["31/12/99", "15/02/03"]).tolist() == [1999, 2003]


def test_years_that_no_record_speaks_of_are_missing() -> None:
    found = plausible(np.array([9999.0, 1, 0, 1899, 1900, 2100, 2101]))
    assert np.isnan(found).tolist() == [True, True, True, True, False, False, True]


MANY_MONTHS = [2015 * 100 + month for month in range(1, 13)]


@pytest.mark.parametrize(
    ("values", "name", "how", "year"),
    [
        ([20201030, 20200101], "", "yyyymmdd", 2020),
        ([20201030, 99991231, 0], "", "yyyymmdd", 2020),
        (MANY_MONTHS, "", "yyyymm", 2015),
        ([201501, 201512], "monthly", "yyyymm", 2015),
        ([201501, 201512], "named", "yyyymm", 2015),
        ([30102020, 1022020], "named", "ddmmyyyy", 2020),
        ([10302020, 1022020], "named", "mmddyyyy", 2020),
        ([122018, 12019], "named", "mmyyyy", 2018),
        ([2018356, 2019001], "named", "yyyyddd", 2018),
        ([20201030101500], "named", "yyyymmddhhmmss", 2020),
        ([42436, 42771.25], "named", "serial", 2016),
        ([1457308800], "timed", "seconds", 2016),
        ([1457308800000], "timed", "milliseconds", 2016),
        ([1457308800000000000], "timed", "nanoseconds", 2016),
    ],
)
def test_numbers_mean_days_where_calendar_or_name_say_so(values: list[float], name: str, how: str, year: int) -> None:
    given = np.array(values, float)
    assert numbered(given, name == "named", name == "timed", name == "monthly") == how
    assert years_in(given[:1], how)[0] == year  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values",
    [
        [201501, 201512],
        [42436, 42771],
        [1457308800],
        [20201330, 20200101],
        [200000, 201500, 205000],
        [5, 7],
        [122018, 12019],
        [2018356, 2019001],
    ],
)
def test_numbers_mean_no_days_where_nothing_says_so(values: list[float]) -> None:
    assert numbered(np.array(values, float), named=False, timed=False) == ""
