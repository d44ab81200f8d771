"""How the figures of a page are told: on a slow machine a slow page is told from one that is only run slowly."""

from tests.bench_page import BARE_NUMBER, Figure, line


def test_a_time_is_held_against_a_bare_page_of_the_same_machine():
    quick = Figure("numbers", 125.0, "ms", 130, (BARE_NUMBER, BARE_NUMBER))
    assert line(quick).endswith("125 ms  at most 130 ms, 1.58 × a bare page, at most 1.65")
    slow_machine = Figure("numbers", 174.0, "ms", 130, (2 * BARE_NUMBER, BARE_NUMBER))
    assert line(slow_machine).endswith("at most 130 ms  OVER, 1.10 × a bare page, at most 1.65")
    slow_page = Figure("numbers", 174.0, "ms", 130, (BARE_NUMBER, BARE_NUMBER))
    assert line(slow_page).endswith("2.20 × a bare page, at most 1.65  OVER")


def test_what_nothing_is_promised_of_is_told_without_a_bound():
    assert line(Figure("bytes", 17.0, "kB")).split() == ["bytes", "17", "kB"]
