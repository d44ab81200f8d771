"""Goals that are proposed before anybody has set one: round numbers beside what the book itself shows."""

from math import ceil, floor, inf, isfinite, log10

DIGITS = 2  # of a proposed goal


def proposed_goal(value: float, *, at_most: bool, low: float = -inf, high: float = inf) -> float:
    """The next round number that is better than ``value``: below it where a goal is ``at_most``, else above; the next
    one that ``value`` itself keeps where nothing between ``low`` and ``high`` is better.

    >>> proposed_goal(0.187, at_most=True)
    0.18
    >>> proposed_goal(0.187, at_most=False)
    0.19
    >>> proposed_goal(0.187, at_most=False, high=0.188)
    0.18
    """
    if not isfinite(value) or value == 0:
        return 0.0
    power = floor(log10(abs(value))) - DIGITS + 1
    steps = round(value / 10.0**power, 9)
    better, kept = (ceil(steps) - 1, ceil(steps)) if at_most else (floor(steps) + 1, floor(steps))
    found = round(better * 10.0**power, max(0, -power))
    if low <= found <= high:
        return found
    return round(kept * 10.0**power, max(0, -power))


def goal_step(goal: float) -> float:
    """By how much a proposed goal is moved: one of its last digit; 1 where there is none."""
    if not isfinite(goal) or goal == 0:
        return 1.0
    power = floor(log10(abs(goal))) - DIGITS + 1
    return round(10.0**power, max(0, -power))
