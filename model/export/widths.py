"""How wide the columns of a table are on paper and on slides, where nothing can be scrolled."""

from collections.abc import Sequence
from math import ceil

MOST_LETTERS = 30  # of a column, before others have theirs


def least_widths(rows: Sequence[Sequence[str]], *, letter: float, margin: float) -> list[float]:
    """How wide the columns must be for what cannot be parted."""
    columns = [[line for row in rows for line in row[k].split("\n")] for k in range(len(rows[0]))]
    return [margin + letter * max(len(part) for line in each for part in line.split(" ")) for each in columns]


def column_widths(rows: Sequence[Sequence[str]], *, wide: float, letter: float, margin: float) -> list[float]:
    """Widths that together are ``wide``, where a ``letter`` is so wide and texts have so much ``margin``: what cannot
    be parted stays whole where there is room, and the room beyond that goes to columns with longer lines."""
    least = least_widths(rows, letter=letter, margin=margin)
    if sum(least) > wide:
        return [wide * each / sum(least) for each in least]
    longest = [max(len(line) for row in rows for line in row[k].split("\n")) for k in range(len(rows[0]))]
    wanted = [margin + letter * min(each, MOST_LETTERS) for each in longest]
    more = [max(want - low, 0.0) + 0.01 for want, low in zip(wanted, least, strict=True)]
    return [low + (wide - sum(least)) * own / sum(more) for low, own in zip(least, more, strict=True)]


def row_lines(row: Sequence[str], widths: Sequence[float], *, letter: float, margin: float) -> int:
    """How many lines a row takes in columns of these ``widths``."""
    room = [max(width - margin, letter) for width in widths]
    return max(
        sum(ceil(letter * len(line) / own) or 1 for line in text.split("\n"))
        for text, own in zip(row, room, strict=True)
    )
