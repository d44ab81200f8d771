"""Goals proposed from what a book shows."""

import pytest

from model.whatif.goals import proposed_goal


@pytest.mark.parametrize(
    ("value", "at_most", "ends", "goal"),
    [
        (0.2213, True, (0.0, 1.0), 0.22),
        (0.22, True, (0.0, 1.0), 0.21),
        (0.8112, False, (0.0, 1.0), 0.82),
        (1.0, False, (0.0, 1.0), 1.0),
        (1_863_000.0, False, (-1e6, 1.87e6), 1_800_000.0),
        (-437_000.0, False, (-1e6, 1e6), -430_000.0),
        (0.00373, True, (0.0, 1.0), 0.0037),
        (0.0, True, (0.0, 1.0), 0.0),
        (float("nan"), True, (0.0, 1.0), 0.0),
    ],
)
def test_a_goal_is_round_and_a_little_better_than_the_book_where_anything_is(
    value: float, at_most: bool, ends: tuple[float, float], goal: float
) -> None:
    assert proposed_goal(value, at_most=at_most, low=ends[0], high=ends[1]) == goal
