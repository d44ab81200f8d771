"""Names of bars: whole, in as many lines as there is room for."""

from model.report.charts import BREAK, bar_names, bars_along

LONG = "Number of instalment credit lines with a balance today"


def test_a_long_name_of_a_bar_is_told_whole_in_several_lines() -> None:
    axis = bar_names(["Age", LONG], 158)
    assert axis["tickvals"] == ["Age", LONG]
    lines = axis["ticktext"][1].split(BREAK)
    assert " ".join(lines).split() == LONG.split()
    assert max(map(len, lines)) * 6.6 <= 158
    assert "tickfont" in axis  # three lines are higher than a row


def test_a_word_longer_than_the_room_is_parted_instead_of_cut() -> None:
    word = "months_since_the_most_recent_inquiry_of_all"
    (told,) = bar_names([word], 120)["ticktext"]
    assert told.replace(BREAK, "").strip() == word


def test_short_names_are_left_to_the_chart() -> None:
    axes = bars_along(["Age", "Term"], (-1.0, 2.0), 158)
    assert "tickvals" not in axes["yaxis"]
    assert axes["yaxis"]["autorange"] == "reversed"
    assert (axes["xaxis"]["range"], axes["xaxis"]["zeroline"]) == ([-1.0, 2.0], True)
